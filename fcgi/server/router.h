/* From a path to a route row: literal paths by hash, paths with {captures} by comparing segments.
 */
#ifndef FCGI_SERVER_ROUTER_H
#define FCGI_SERVER_ROUTER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "fcgi/server/route.h"

#define ROUTER_MAX_PATH 1024    /* bytes of a raw path */
#define ROUTER_MAX_ROWS 512     /* rows without captures */
#define ROUTER_MAX_PATTERNS 192 /* rows with captures */
#define ROUTER_MAX_SEGMENTS 12  /* of a path with captures */
#define ROUTER_SLOTS (2 * ROUTER_MAX_ROWS)

struct face;

/* A segment of a pattern: letters, or a capture between letters, which may be none: "ab-{id}.xml". */
struct router_segment {
    char *name;              /* of the capture, owned; NULL: the segment is `head` alone */
    const char *head, *tail; /* inside the row's path */
    size_t head_len, tail_len;
};

/* A pattern cut into segments. */
struct router_pattern {
    const struct route *route;
    const struct face *face;
    size_t count;
    struct router_segment segments[ROUTER_MAX_SEGMENTS];
};

/* A path without captures. */
struct router_row {
    const struct route *route; /* NULL: a free place */
    const struct face *face;
};

struct router {
    struct router_row slots[ROUTER_SLOTS]; /* open addressing by the hash of the path */
    size_t row_count;
    struct router_pattern patterns[ROUTER_MAX_PATTERNS];
    size_t pattern_count;
};

/* A piece of the path that a {name} took. */
struct router_capture {
    const char *name;  /* owned by the router */
    const char *value; /* inside the path, not terminated */
    size_t len;
};

struct router_result {
    const struct route *route; /* NULL where no row serves this path with this method */
    unsigned allowed;          /* METHOD_ bits of all rows with this path; 0 = no such path */
    struct router_capture captures[REQUEST_MAX_CAPTURES];
    size_t capture_count;
};

/* Decodes and normalises the path of a request line (without its query): strict percent-decoding,
 * one trailing slash dropped.
 * raw            `len` bytes
 * merge_slashes  doubled slashes count as one
 * out            out, len + 1 bytes
 * False for anything that could be read in two ways: control characters, an encoded slash, a
 * backslash, dot segments, doubled slashes that are not merged, bytes that are not UTF-8, more than
 * ROUTER_MAX_PATH bytes. */
bool router_path(const char *raw, size_t len, bool merge_slashes, char *out);

/* Adds the rows of a face's table, which must stay where they are.
 * problem  out, static words where it fails
 * row      out, the culprit then
 * Returns ERR_INTERNAL where a row is not usable: route_problem, bad path, the same path and method
 * twice, table full, no memory. */
MUST_USE enum err router_add(struct router *router, const struct face *face,
                             const struct route_table *table, const char **problem,
                             const struct route **row);

/* Looks up a path that router_path made among a face's rows. Literal rows win over patterns, earlier
 * patterns over later ones.
 * method  one METHOD_ bit, or 0 for a method that nobody serves
 * path    must outlive the result, whose captures point into it
 * out     out */
void router_find(const struct router *router, const struct face *face, unsigned method,
                 const char *path, struct router_result *out);

/* The bit of an HTTP method ("HEAD" counts as GET), or 0. */
unsigned router_method(const char *name);

/* Gives back what router_add allocated. */
void router_free(struct router *router);

#endif
