/* The route row: the single source of what the worker serves. Every handler file ends with its
 * rows. */
#ifndef FCGI_SERVER_ROUTE_H
#define FCGI_SERVER_ROUTE_H

#include <stddef.h>

#include "base/err.h"
#include "fcgi/server/reply.h"
#include "fcgi/server/request.h"

/* A wire face: how errors and successes are worded. */
enum face { FACE_V1, FACE_SITE, FACE_IDENTITY, FACE_PLAIN };

/* How the caller proves who they are. */
enum auth {
    AUTH_NONE,
    AUTH_V1,       /* Rest-Key and Rest-Sign (api/exchange-v1, section 2) */
    AUTH_SESSION,  /* session ticket in header or cookie */
    AUTH_OPTIONAL, /* the same where there is one, else nobody: caller.user_id is 0 */
};

/* What a change must show beside the cookie. Callers with a ticket header never need a token. */
enum csrf { CSRF_NONE, CSRF_TOKEN };

/* What caches may do. */
enum cache { CACHE_NO_STORE, CACHE_PUBLIC_1S };

/* Methods, as bits. */
enum { METHOD_GET = 1, METHOD_POST = 2, METHOD_PUT = 4, METHOD_DELETE = 8 };

typedef enum err route_handler(struct request *request, struct reply *reply);

struct route {
    unsigned methods; /* METHOD_ bits; GET includes HEAD */
    const char *path; /* "/api/1/generic/ticket/create"; {name} captures one segment. v1: without
                         public/private */
    enum face face;
    enum auth auth;
    unsigned
        rights; /* RIGHT_ bits (identity/rights.h) of which the caller needs one; 0 = any caller */
    enum csrf csrf;
    enum cache cache;
    bool offline;    /* answers without the database: request->db may be NULL */
    size_t body_cap; /* bytes; 0 = REQUEST_BODY_CAP */
    route_handler *handler;
    const char *help; /* one line, required */
    const char *
        params; /* "partner* amount amount_int currency* otp": names, * = required; "" where none */
};

/* A handler file's rows. */
struct route_table {
    const struct route *rows;
    size_t count;
};

#define ROUTE_TABLE(name, array) \
    const struct route_table name = {.rows = (array), .count = sizeof(array) / sizeof((array)[0])}

#endif
