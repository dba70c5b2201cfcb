/* Who is calling, once they have proved it. */
#ifndef IDENTITY_CALLER_H
#define IDENTITY_CALLER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/id.h"
#include "crypto/crypto.h"

#define CALLER_REQUEST_KEY_SIZE 96

/* Filled by an authentication scheme; zero for a public call. */
struct caller {
    int64_t user_id;    /* 0 = nobody */
    int64_t api_key_id; /* 0 = not by API key */
    unsigned rights;    /* bits of the face: what the roles allow, and the API key */
    bool by_cookie;     /* the browser's session cookie: changes need a CSRF token */
    /* Names this request once and for ever, within the user: "n17:1364669160478556" (key 17,
     * nonce), "t17:..." (tonce), "i:<Idempotency-Key>", or "r:<random uuid>". Journals are unique
     * by it. */
    char request_key[CALLER_REQUEST_KEY_SIZE];
    bool
        repeatable; /* the same again gives the same answer: the key is the caller's own ("i:..."), or
                        the request was looked up by it and is known to be done */
    bool digested;               /* there is a digest */
    uint8_t digest[SHA256_SIZE]; /* of what is asked for, with a key of the caller's own */
    char csrf[44];               /* the session's CSRF token, "" for API keys */
};

#endif
