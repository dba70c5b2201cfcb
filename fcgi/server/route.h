/* The route row: the single source of what the worker serves. Every handler file ends with its rows,
 * from which come the router, the web server's maps (routes_nginx.c), OpenAPI (openapi.c), the table of
 * routes and the tests that walk them all. */
#ifndef FCGI_SERVER_ROUTE_H
#define FCGI_SERVER_ROUTE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "fcgi/server/reply.h"
#include "fcgi/server/request.h"
#include "json/field.h"

/* A way to prove who is calling. */
struct auth {
    const char *name; /* "api key": in the table of routes */
    /* Fills request->caller; NULL: everybody may call. It may queue a part of its check with db_defer:
     * where that says ERR_KEY_CHANGED, `forget` is called and everything is done once more. */
    enum err (*check)(struct request *request);
    void (*forget)(struct request *request); /* NULL where nothing is remembered */
    bool needs_no_db; /* as a gate (struct face) it does without the database */
    bool signs_body;  /* parameters come from the signed body alone, never from the query */
    bool optional;    /* callers without proof are let in as nobody: caller.user_id is 0 */
    const char *scheme, *header, *help; /* in OpenAPI: its name, the header, a sentence */
};

/* No proof is asked for. A row says so in words: one that forgets it is refused at start. */
extern const struct auth auth_public;

/* Whether a call changes something. What does is guarded against other sites' forms (CSRF), is never
 * kept in a cache, and goes to a pool whose workers may write. */
enum effect { EFFECT_UNSAID, EFFECT_READS, EFFECT_CHANGES };

/* The workers that take a call (nginx/teller.conf.in says what each pool is for). */
enum pool {
    POOL_BY_EFFECT, /* POOL_READ for what reads, POOL_MAIN for what changes */
    POOL_MAIN,
    POOL_READ,
    POOL_LIST, /* reads that may take long: pages of a history */
    POOL_ORDER,
    POOL_LOGIN,
    POOL_EVENTS,
    POOL_COUNT
};

/* For macros of rows that take the word behind EFFECT_: reads pages of a list. */
#define EFFECT_LISTS EFFECT_READS, .pool = POOL_LIST

/* What caches may do. */
enum cache { CACHE_NO_STORE, CACHE_PUBLIC_1S };

/* Methods, as bits. */
enum { METHOD_GET = 1, METHOD_POST = 2, METHOD_PUT = 4, METHOD_DELETE = 8 };

typedef enum err route_handler(struct request *request, struct reply *reply);

struct route {
    unsigned methods; /* METHOD_ bits; GET includes HEAD */
    const char *path; /* "/api/1/generic/ticket/create"; {name} captures a segment, or what is
                                between fixed letters of one: "/rates/{id}.xml" */
    const struct auth *auth; /* required */
    unsigned rights;    /* bits of the face's rights of which the caller needs one; 0: any caller */
    enum effect effect; /* required */
    enum pool pool;
    enum cache cache;
    bool needs_key;   /* a change that its caller names: header Idempotency-Key */
    bool needs_no_db; /* answers without the database: request->db may be NULL */
    size_t body_cap;  /* bytes; 0 = REQUEST_BODY_CAP */
    const struct field_table
        *fields; /* what it takes, FIELD_TABLE; NULL for nothing but captures */
    const char
        *content_type; /* of its answers, where it is not the face's; errors have the face's */
    unsigned shape;    /* bits of its face's own, for the envelope: 0 where all rows are alike */
    route_handler *handler;
    const char *help; /* one line, required */
};

/* A handler file's rows; its face names the table (struct face, tables). */
struct route_table {
    const struct route *rows;
    size_t count;
};

#define ROUTE_TABLE(name, array) \
    const struct route_table name = {.rows = (array), .count = sizeof(array) / sizeof((array)[0])}

/* The pool of a row, where it does not say it itself. */
enum pool route_pool(const struct route *route);

/* "read": the name of a pool. Static storage. */
const char *route_pool_name(enum pool pool);

#define ROUTE_NAME_MAX 64 /* of a parameter, with its NUL */

/* Calls `visit` with each name by which a parameter of the row may be sent, which lives no longer than the
 * call. */
typedef void route_visit(const char *name, void *arg);
void route_each_parameter(const struct route *route, route_visit *visit, void *arg);

/* What is wrong with a row by itself, in static words, or NULL. */
const char *route_problem(const struct route *route);

#endif
