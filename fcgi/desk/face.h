/* The rows of the desk's user API, and what its handlers share. */
#ifndef FCGI_DESK_FACE_H
#define FCGI_DESK_FACE_H

#include "desk/desk.h"
#include "desk/key.h"
#include "fcgi/auth/auth.h"
#include "fcgi/server/route.h"

/* In what the envelopes of methods differ (api desk, A2): bits of a row's shape. */
enum {
    SHAPE_INT = 1,    /* error is a number */
    SHAPE_FIELDS = 2, /* error_fields is there */
    SHAPE_WORD = 4,   /* data is a word, "" where it fails */
    SHAPE_CREATE = 8, /* a direction that there is not is an error in what was sent */
    SHAPE_PAYOUT = 16 /* error is a number where it fails */
};

#define DESK_TABLES(X) X(routes_desk_direction) X(routes_desk_bid) X(routes_desk_partner)

#define X(table) extern const struct route_table table;
DESK_TABLES(X)
#undef X

/* A row: its method of the API, what else its envelope shows, EFFECT_ word. Clients call by GET where they
 * send nothing, and by POST; the query is never read. */
#define DESK_ROUTE(name, bits, does, function, takes, words)                                       \
    {                                                                                              \
        .methods = METHOD_GET | METHOD_POST, .path = "/api/userapi/v1/" #name, .auth = &auth_desk, \
        .effect = EFFECT_##does, .shape = (bits), .handler = (function), .fields = (takes),        \
        .help = (words)                                                                            \
    }

/* "en" or "ru": what the caller reads. */
const char *desk_language(const struct request *request);

/* A number that was sent as text: 0 where there is none, or something else. */
uint64_t desk_number(const char *text);

/* The same of a moment in unix seconds, as clock_for_db has it. */
int64_t desk_moment(const char *text);

/* An amount that was sent as text: 0 where it is none. A comma counts as a point. */
struct rate desk_figure(const char *text);

/* Takes the board, where exchanges are possible now: ERR_DESK_MAINTENANCE with the operator's words. */
MUST_USE enum err desk_open_board(struct request *request, const struct desk_board **board);

/* Ends a board's use and gives `rc` back. */
enum err desk_give_back(const struct desk_board *board, enum err rc);

/* Members: a rate as text; the address of something on this site, where what begins with "http" stays as it
 * is, and "" as well. */
void desk_add_rate(struct writer *json, const char *key, struct rate rate);
void desk_add_link(const struct request *request, struct writer *json, const char *key,
                   const char *path);

#endif
