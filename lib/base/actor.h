/* Who asks for a change, and the name under which they do: what a domain hands on to the ledger.
 * Plain data, on the ground floor, so that every folder can take it. */
#ifndef BASE_ACTOR_H
#define BASE_ACTOR_H

#include <stdbool.h>
#include <stdint.h>

struct actor {
    int64_t user_id;
    const char *request_key; /* unique per user: see struct caller */
    const char *trace;       /* request id for the logs */
    bool repeatable;         /* the caller's own key: the same again gives the same answer */
    const uint8_t *digest;   /* SHA-256 of what is asked for, kept with a repeatable request so that
                                its key is refused for anything else; NULL: not kept */
};

#endif
