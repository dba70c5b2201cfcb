/* The demo sites' side of Teller's API: signed v1 calls over HTTP, and the signature of what Teller
 * sends to us.
 *
 * The demo plays outside sites: they share no database and no secret with Teller, only their API
 * key. */
#ifndef DEMO_TELLER_H
#define DEMO_TELLER_H

#include <json-c/json.h>
#include <stdbool.h>

/* One name and value of a form; the value is NUL-terminated and not yet encoded. */
struct teller_param {
    const char *name;
    const char *value;
};

/* Where Teller is and who we are there. The strings must stay valid. */
struct teller {
    const char *url;      /* "http://127.0.0.1:8080", without a slash at the end */
    const char *key_file; /* {"key": ..., "secret": ...} as `tellerctl key add --json` prints it;
                             read at each call, so that a new key needs no restart */
};

/* What a call came to. Exactly one of `value` and `error` is set. */
struct teller_answer {
    struct json_object *value; /* what "return" held; owned */
    char error[80];            /* Teller's token, or "unreachable", "no_key_file" */
    char message[256];         /* for a person */
};

/* Calls POST <url>/api/1/<method> with `params` and a fresh tonce, signed with the key of the file.
 * True where Teller answered with success. The caller frees with teller_answer_free in any case.
 * Blocks for at most 10 s. */
bool teller_call(const struct teller *teller, const char *method, const struct teller_param *params,
                 size_t count, struct teller_answer *answer);

void teller_answer_free(struct teller_answer *answer);

/* True where `sign` (header Rest-Sign) is the signature of exactly these bytes under our key, and
 * `key` (header Rest-Key) names it. Both are NUL-terminated and may be anything. */
bool teller_verify(const struct teller *teller, const char *key, const char *sign, const void *body,
                   size_t len);

#endif
