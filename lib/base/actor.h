/* Who asks for a change, under which name, and what came of it. Plain data, on the ground floor, so
 * that every folder can take it. */
#ifndef BASE_ACTOR_H
#define BASE_ACTOR_H

#include <stdbool.h>
#include <stdint.h>

#include "base/id.h"

struct actor {
    int64_t user_id;
    const char *request_key; /* unique per user: see struct caller */
    const char *trace;       /* request id for the logs */
    bool repeatable;         /* the caller's own key: the same again gives the same answer */
    const uint8_t *digest;   /* SHA-256 of what is asked for, kept with a repeatable request so that
                                its key is refused for anything else; NULL: not kept */
};

#define REQUEST_OPERATION_SIZE 25 /* a word and a NUL */

/* What a request that was done is known by. */
struct request_done {
    char operation
        [REQUEST_OPERATION_SIZE]; /* "ticket_create": a journal's kind, or a word like it */
    bool has_ref;
    struct uuid ref; /* what it made or changed */
    int64_t at;      /* unix seconds */
};

#endif
