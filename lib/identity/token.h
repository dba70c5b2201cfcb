/* Tokens of the viewer API: a JWT (RFC 7519) signed with HS256, which a client makes anew for each call (api wallet, B2). It
 * names the key and the moment, and nothing of what is asked for. Pure. */
#ifndef IDENTITY_TOKEN_H
#define IDENTITY_TOKEN_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/id.h"
#include "crypto/crypto.h"

#define TOKEN_MAX 2048    /* bytes of a token */
#define TOKEN_WINDOW_S 30 /* seconds around its nonce in which it is good, where it does not say */
#define TOKEN_WINDOW_MAX_S 60 /* at most: a longer recv_window counts as this */

struct token {
    const char *text;         /* what is signed, exactly as it was sent: inside the token */
    size_t len;               /* bytes of it */
    uint8_t mac[SHA256_SIZE]; /* the signature as sent */
    struct uuid key;          /* claim sub: the public key */
    int64_t nonce_ns;         /* claim nonce: nanoseconds since 1970 */
    int64_t window_s;         /* claim recv_window */
};

/* Reads a token; nothing of it is proven yet. Its parts may be of either base64 alphabet, with padding or
 * without; claims stand in any order, nonce and recv_window are texts or numbers, and unknown claims do not
 * count.
 * arena  for what is read on the way
 * text   `len` bytes
 * out    out, points into text
 * Returns ERR_TOKEN_INVALID, ERR_NO_MEMORY. */
MUST_USE enum err token_read(struct arena *arena, const char *text, size_t len, struct token *out);

/* Whether it was signed with that secret.
 * secret  `len` bytes
 * Returns ERR_TOKEN_INVALID, ERR_CRYPTO. */
MUST_USE enum err token_check(const struct token *token, const void *secret, size_t len);

/* Whether it is of now.
 * now_us  microseconds since 1970
 * Returns ERR_TOKEN_EXPIRED. */
MUST_USE enum err token_check_time(const struct token *token, int64_t now_us);

#endif
