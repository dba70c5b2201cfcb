/* One request as a handler sees it: parameters parsed once, the caller known, a place for what went
 * wrong. */
#ifndef FCGI_SERVER_REQUEST_H
#define FCGI_SERVER_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/actor.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/id.h"
#include "identity/caller.h"
#include "json/field.h"

struct db;
struct matcher_client;
struct route;
struct face;
struct auth;
struct app;

#define REQUEST_MAX_PARAMS 64      /* parameters of query and body together */
#define REQUEST_MAX_CAPTURES 4     /* {names} in a path pattern */
#define REQUEST_BODY_CAP (1 << 20) /* bytes; a route may ask for less */

struct request {
    struct app *app;                /* what the process holds: database, keys, configuration */
    size_t slot;                    /* its place among those in hand: below APP_SLOTS */
    struct db *db;                  /* its own handle; NULL where the route needs none */
    struct matcher_client *matcher; /* its own, to the matcher */
    const struct face *face;        /* whose contract the caller speaks */
    const struct route *route;      /* the row that matched, or NULL */
    const struct auth *proven;      /* how the caller has proved who they are, or NULL */
    const char *method;
    char *path;         /* decoded and normalised (router_path), or NULL where it was refused */
    const char *query;  /* as it was sent, "" where there is none */
    const char *id;     /* request id, from the web server (REQUEST_ID) or our own */
    const char *remote; /* the client's address as text, "" where unknown */
    bool https;
    bool raw, pretty;    /* ?raw, ?pretty (v1) */
    const uint8_t *body; /* exact bytes: what a signature covers */
    size_t body_len;
    struct value params; /* an object: query, form and JSON members end up here alike. Calls by API
                            key have parameters from the signed body only */
    size_t param_count;  /* that were sent, names with brackets counted one by one */
    bool json;           /* the body is JSON */
    bool listing;        /* the handler of a list is at work */
    struct {
        const char *name;
        const char *value;
    } captures[REQUEST_MAX_CAPTURES]; /* from the path pattern: generic/x/{id} */
    size_t capture_count;
    struct caller caller; /* who is calling; zero where the route is public */
    const char
        *err_field;  /* the parameter that the error is about, or NULL; static or request-lived */
    int64_t retry_s; /* seconds until a refused guess may be made again; 0: nothing is said of it */
    const char *err_detail; /* replaces the registry's text where set; static or request-lived */
    struct field_reader reader; /* of the field table; its faults, where a face shows them all */
    struct arena arena;         /* decoded parameters live here: request_alloc */
    char *const *env;           /* CGI variables, for request_env alone */
    char own_id[33];            /* where the server gave no request id */
};

/* A CGI variable ("HTTP_REST_KEY"), or NULL. */
const char *request_env(const struct request *request, const char *name);

/* The header of that name ("Rest-Key"), or NULL where there is none.
 * Returns ERR_REPEATED with the header as the field: there are two of it, which a web server and we
 * might choose from differently; Rest_Key is the same header to CGI. */
MUST_USE enum err request_header(struct request *request, const char *name, const char **value);

/* The parameter of that name, or NULL; one that is null counts as absent. */
const struct value *request_param(const struct request *request, const char *name);

/* The captured path piece of that name, or NULL. */
const char *request_capture(const struct request *request, const char *name);

/* The caller as a domain wants to know them; what it points to lives as long as the request. */
struct actor request_actor(const struct request *request);

/* Notes which parameter `rc` is about, and gives `rc` back, so that a handler says
 * `return request_fail(r, "amount", ERR_EMPTY);`
 * field  static or request-lived; NULL for none */
MUST_USE enum err request_fail(struct request *request, const char *field, enum err rc);

/* The same with words of its own.
 * detail  "should be ask or bid": static or request-lived; NULL for the registry's text */
MUST_USE enum err request_fail_text(struct request *request, const char *field, enum err rc,
                                    const char *detail);

/* What follows is for the dispatcher, the parsers and their tests. */

struct FCGX_Stream;

/* Starts over: method, path, query, id, address, ?raw and ?pretty from the CGI variables. The
 * memory of the request before is reused.
 * app  may be NULL in tests
 * env  "NAME=value", NULL-terminated, or NULL for none; they outlive the request */
void request_start(struct request *request, struct app *app, char *const *env);

/* Reads the body, whole.
 * cap  the most bytes
 * Returns ERR_TOO_LARGE, ERR_MALFORMED where it ends before
 * CONTENT_LENGTH, ERR_NO_MEMORY. */
MUST_USE enum err request_read(struct request *request, struct FCGX_Stream *in, size_t cap);

/* Sets the path anew, as the client sent it (router_path). */
void request_set_path(struct request *request, bool merge_slashes);

/* Turns body and query into parameters, body first, as far as the face reads them; where the route's
 * caller signs the body, the query is left out. GET and HEAD have no body, whatever was sent.
 * request  with its face and route
 * Errors: ERR_CONTENT_TYPE, ERR_MALFORMED, ERR_NOT_UTF8, ERR_TOO_DEEP, ERR_TOO_MANY_PARAMS,
 * ERR_REPEATED with the name of what is there twice, ERR_NO_MEMORY. */
MUST_USE enum err request_parse(struct request *request);

/* Adds a parameter of a form.
 * name, text  must live as long as the request; `len` bytes with a NUL behind them
 * Returns ERR_TOO_MANY_PARAMS, ERR_REPEATED, ERR_TOO_DEEP, ERR_NO_MEMORY. */
MUST_USE enum err request_add_param(struct request *request, const char *name, const char *text,
                                    size_t len);

/* Memory that lives as long as the request, or NULL. */
void *request_alloc(struct request *request, size_t size);

/* A copy of `len` bytes with a NUL behind them, that lives as long as the request; or NULL. */
char *request_copy(struct request *request, const void *data, size_t len);

/* Gives everything back. */
void request_free(struct request *request);

#endif
