/* One delivery, ready to be sent: body, headers, signatures. The retrier sends it, the merchant's
 * page explains it. */
#ifndef NOTIFY_DELIVERY_H
#define NOTIFY_DELIVERY_H

#include "identity/api_key.h"
#include "notify/format.h"

#define DELIVERY_HEADERS 8 /* and a NULL */
#define DELIVERY_HEADER_MAX 640

struct delivery {
    struct text body;
    struct text signed_bytes; /* what webhook-signature covers */
    char header_text[DELIVERY_HEADERS][DELIVERY_HEADER_MAX];
    const char *headers[DELIVERY_HEADERS + 1]; /* "Name: value", NULL-terminated */
    size_t header_count;
    const struct format *format;
    struct notify_secrets secrets; /* none where the format does not sign with them */
    struct api_key_secret key;
};

/* What a process that makes many deliveries remembers for a moment. Zero it; wipe it after use. */
#define DELIVERY_CACHE_SLOTS 256
struct delivery_cache {
    struct {
        int64_t owner_id; /* 0 = free */
        int64_t read_us;  /* of clock_mono_us */
        struct notify_secrets secrets;
    } secrets[DELIVERY_CACHE_SLOTS];
    struct {
        int64_t id; /* 0 = free */
        struct api_key_secret key;
    } keys[DELIVERY_CACHE_SLOTS];
};

/* Words and signs an event in its format.
 * cache      NULL: nothing is remembered
 * timestamp  unix seconds, of this try
 * out        a zeroed delivery, or one used before: its memory is used again; see delivery_free
 * ERR_NOT_FOUND where the API key that signs is gone, ERR_CRYPTO, ERR_INTERNAL where the format is not
 * registered here, or what its writer says. */
MUST_USE enum err delivery_prepare(struct db *db, const uint8_t master[SEAL_KEY_SIZE],
                                   struct delivery_cache *cache, const struct notify_event *event,
                                   int64_t timestamp, struct delivery *out);

/* The value of one of its headers, or "". */
const char *delivery_header(const struct delivery *delivery, const char *name);

/* Takes the merchant's secrets out of an answer. */
void delivery_redact(const struct delivery *delivery, char *answer, size_t len);

/* A line for a shell that sends the same. `out` is cleared first. */
void delivery_curl(const struct delivery *delivery, const char *url, struct text *out);

/* Gives the memory back, without a secret in it. */
void delivery_free(struct delivery *delivery);

#endif
