/* The outbox read back: an event on its way to somebody, its signatures, and the secrets that sign.
 *
 * event.h writes events, format.h says how they are worded and what acknowledges them, outbox.h is the
 * retrier's side, feed.h that of whoever is told. Delivering is tools/ipn. */
#ifndef NOTIFY_NOTIFY_H
#define NOTIFY_NOTIFY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/actor.h"
#include "base/err.h"
#include "base/id.h"
#include "base/text.h"
#include "crypto/crypto.h"
#include "db/archive.h"
#include "db/db.h"
#include "identity/sql.h"
#include "money/amount.h"

#define NOTIFY_BODY_MAX (32 << 10) /* bytes of a form-encoded body */
#define NOTIFY_ANSWER_KEPT 4096    /* bytes of an answer that are kept */
#define NOTIFY_DATA_MAX 4096
#define NOTIFY_PAYLOAD_MAX 8192 /* bytes of an event's payload */
#define NOTIFY_URL_MAX 2000
#define NOTIFY_ENDPOINT_SIZE 301   /* "host:port" and a NUL */
#define NOTIFY_SECRET_SIZE 32      /* bytes of a whsec_ secret */
#define NOTIFY_SECRET_TEXT_SIZE 64 /* "whsec_" and base64 and a NUL */
#define NOTIFY_SECRETS_MAX 4       /* that sign at once: the newest ones */
#define NOTIFY_METHOD_SIZE 16
#define NOTIFY_OVERLAP_S 86400 /* how long a rotated secret goes on signing */

#define NOTIFY_CHECKOUT "checkout" /* the topic whose payload is read into the amounts below */

/* One delivery of the outbox with its event. */
struct notify_event {
    int64_t id;       /* of the delivery: the aonce */
    struct uuid uuid; /* of the delivery: webhook-id */
    int64_t owner_id;
    uint64_t seq; /* the owner's cursor */
    char topic[25];
    char status[25];     /* what happened: paid, partial, cancelled, closed, refunded, test */
    char channel[5];     /* feed, post, mail */
    char format[25];     /* see format.h */
    struct uuid subject; /* the transaction */
    struct uuid payment; /* the part that is told of */
    bool has_payment;
    char payload[NOTIFY_PAYLOAD_MAX + 1]; /* JSON */
    const struct currency *currency; /* with topic NOTIFY_CHECKOUT, as all that follows to data */
    bool has_amount, has_partial;
    struct amount amount, valid, pending, total; /* the last three where has_partial */
    uint8_t data[NOTIFY_DATA_MAX];
    size_t data_len;
    bool has_data;
    int64_t api_key_id;           /* 0 = none */
    char url[NOTIFY_URL_MAX + 1]; /* "" = none */
    char endpoint[NOTIFY_ENDPOINT_SIZE];
    char state[10];    /* none, pending, delivered, failed */
    int64_t at;        /* unix seconds */
    int64_t since;     /* unix seconds: made, or replayed */
    uint32_t attempts; /* begun so far; of a claimed one, this try's number */
    int64_t next;      /* unix seconds of the next try; 0 = none, or it waits for an earlier one */
    int64_t delivered; /* unix seconds; 0 = not */
    bool paused;
    char merchant[257]; /* the owner's login */
    char email[321];    /* and address */
};

/* The channel as callers know it: feed, mail, or the format of what is posted ("ipn"). */
const char *notify_channel(const struct notify_event *event);

/* The secrets of an owner that sign now, newest first. */
struct notify_secrets {
    size_t count;
    uint8_t bytes[NOTIFY_SECRETS_MAX][NOTIFY_SECRET_SIZE];
};

/* "MTGOXBTC" for BTC, "MTGOX<CUR>" otherwise. */
void notify_method(const struct currency *currency, char out[NOTIFY_METHOD_SIZE]);

/* The format "ipn" (api exchange-v1, section 5): form-encoded id, payment_id, status, amount, currency,
 * method, date, data, amount_valid, amount_pending, amount_total where they apply, aonce. The bytes are
 * those of PHP's urlencode (a space is +, only letters, digits and -._ stay), so that a shop that
 * encodes again gets the same. An order without a payment has a payment_id that is its own.
 * Acknowledged by a status of 2xx and a body that begins with [OK] after white space, a byte-order mark
 * before it or not. */
enum err ipn_write_body(const struct notify_event *event, struct text *out);
bool ipn_acknowledges(int status, const void *answer, size_t len);

/* Rest-Sign: base64(HMAC-SHA512(API secret, body)). out holds BASE64_SIZE(SHA512_SIZE). */
#define NOTIFY_REST_SIGN_SIZE 89
MUST_USE enum err notify_rest_sign(const void *secret, size_t secret_len, const struct text *body,
                                   char out[NOTIFY_REST_SIGN_SIZE]);

/* What the Standard Webhooks signature covers: "<id>.<timestamp>.<body>". `out` is cleared first. */
void notify_signed_bytes(const struct uuid *id, int64_t timestamp, const struct text *body,
                         struct text *out);

/* Standard Webhooks: "v1,<base64(HMAC-SHA256(secret, signed bytes))>" for each secret, with spaces
 * between. `out` is cleared first. */
MUST_USE enum err notify_webhook_sign(const struct notify_secrets *secrets,
                                      const struct text *signed_bytes, struct text *out);

/* "whsec_<base64>". */
void notify_secret_format(const uint8_t secret[NOTIFY_SECRET_SIZE],
                          char out[NOTIFY_SECRET_TEXT_SIZE]);

/* Overwrites each occurrence of `secret` (NUL-terminated, at least 8 bytes) in an answer with
 * asterisks: a shop that prints its settings must not leave them in our database. */
void notify_redact(char *answer, size_t len, const char *secret);

/* The owner's secrets that sign now; makes one where there is none.
 * master  the process's master key, under which they are stored */
MUST_USE enum err notify_secrets(struct db *db, const uint8_t master[SEAL_KEY_SIZE],
                                 int64_t owner_id, struct notify_secrets *out);

/* A new secret; the ones before go on signing for NOTIFY_OVERLAP_S. Once by the name of the request
 * (request_once); asked for again, where the actor may, it is the same secret.
 * text           out, to be shown once
 * overlap_until  out, unix seconds */
MUST_USE enum err notify_secret_rotate(struct db *db, const uint8_t master[SEAL_KEY_SIZE],
                                       const struct actor *actor,
                                       char text[NOTIFY_SECRET_TEXT_SIZE], int64_t *overlap_until);

/* For the store files of this folder: what an event is read from, and its columns with their names. */
#define NOTIFY_FROM                                                               \
    "delivery AS d JOIN event AS e ON e.id = d.event_id JOIN " IDENTITY_SQL_USERS \
    " AS u ON u.id = d.owner_id"
#define NOTIFY_COLUMN_LIST(X)                                                            \
    X(UUID, "d.uuid")                                                                    \
    X(OWNER, "d.owner_id")                                                               \
    X(SEQ, "e.seq")                                                                      \
    X(TOPIC, "e.topic")                                                                  \
    X(KIND, "e.kind")                                                                    \
    X(CHANNEL, "d.channel")                                                              \
    X(FORMAT, "d.format")                                                                \
    X(SUBJECT, "d.subject")                                                              \
    X(REF, "e.ref")                                                                      \
    X(PAYLOAD, "e.payload")                                                              \
    X(API_KEY, "d.api_key_id")                                                           \
    X(URL, "d.url")                                                                      \
    X(ENDPOINT, "d.endpoint")                                                            \
    X(STATE, "d.state")                                                                  \
    X(AT, "UNIX_TIMESTAMP(e.at) DIV 1")                                                  \
    X(SINCE, "UNIX_TIMESTAMP(d.since) DIV 1")                                            \
    X(ATTEMPTS, "d.attempts")                                                            \
    X(NEXT, "UNIX_TIMESTAMP(d.next_at) DIV 1")                                           \
    X(DELIVERED, "UNIX_TIMESTAMP(d.delivered_at) DIV 1")                                 \
    X(LOGIN, "u.login")                                                                  \
    X(EMAIL, "u.email")                                                                  \
    X(PAUSED, "EXISTS (SELECT 1 FROM endpoint_pause AS p WHERE p.endpoint = d.endpoint " \
              "AND p.owner_id IN (1, d.owner_id))")
#define NOTIFY_COLUMN_SQL(name, sql) ", " sql
#define NOTIFY_COLUMNS "d.id" NOTIFY_COLUMN_LIST(NOTIFY_COLUMN_SQL)
void notify_read_event(const struct db_rows *rows, struct notify_event *out);

/* The tries of deliveries that were acknowledged. */
extern const struct archive notify_archive;

#endif
