/* Notifications: what a delivery says and how it is signed (api exchange-v1, section 5).
 *
 * The events are written by the procedures of the domains, in their own transactions. Here they are
 * worded and signed; outbox.h is the retrier's side of them, feed.h the merchant's. Delivering them
 * is tools/ipn.
 */
#ifndef NOTIFY_NOTIFY_H
#define NOTIFY_NOTIFY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/id.h"
#include "base/text.h"
#include "crypto/crypto.h"
#include "db/db.h"
#include "money/amount.h"

#define NOTIFY_BODY_MAX (32 << 10) /* bytes of a form-encoded body */
#define NOTIFY_ANSWER_KEPT 4096    /* bytes of an answer that are kept */
#define NOTIFY_DATA_MAX 4096
#define NOTIFY_URL_MAX 2000
#define NOTIFY_ENDPOINT_SIZE 301   /* "host:port" and a NUL */
#define NOTIFY_SECRET_SIZE 32      /* bytes of a whsec_ secret */
#define NOTIFY_SECRET_TEXT_SIZE 64 /* "whsec_" and base64 and a NUL */
#define NOTIFY_SECRETS_MAX 4       /* that sign at once: the newest ones */
#define NOTIFY_METHOD_SIZE 16
#define NOTIFY_OVERLAP_S 86400 /* how long a rotated secret goes on signing */

/* One event of the outbox. */
struct notify_event {
    int64_t id;       /* the aonce */
    struct uuid uuid; /* webhook-id */
    int64_t merchant_id;
    uint64_t seq;        /* the merchant's cursor */
    char channel[5];     /* feed, ipn, mail */
    struct uuid subject; /* the transaction */
    struct uuid payment;
    bool has_payment;
    char status[17]; /* paid, partial, cancelled, closed, refunded, test */
    const struct currency *currency;
    bool has_amount, has_partial;
    struct amount amount, valid, pending, total; /* the last three where has_partial */
    uint8_t data[NOTIFY_DATA_MAX];
    size_t data_len;
    bool has_data;
    int64_t api_key_id;
    char url[NOTIFY_URL_MAX + 1]; /* "" = none */
    char endpoint[NOTIFY_ENDPOINT_SIZE];
    char state[10];    /* none, pending, delivered */
    int64_t at;        /* unix seconds */
    uint32_t attempts; /* begun so far; of a claimed one, this try's number */
    int64_t next;      /* unix seconds of the next try; 0 = none, or it waits for an earlier one */
    int64_t delivered; /* unix seconds; 0 = not */
    bool paused;
    char merchant[257]; /* login */
    char email[321];
};

/* The secrets of a merchant that sign now, newest first. */
struct notify_secrets {
    size_t count;
    uint8_t bytes[NOTIFY_SECRETS_MAX][NOTIFY_SECRET_SIZE];
};

/* "MTGOXBTC" for BTC, "MTGOX<CUR>" otherwise. */
void notify_method(const struct currency *currency, char out[NOTIFY_METHOD_SIZE]);

/* The form-encoded body: id, payment_id, status, amount, currency, method, date, data, amount_valid,
 * amount_pending, amount_total where they apply, aonce. The same bytes for every try. `out` is
 * cleared first. */
void notify_body(const struct notify_event *event, struct text *out);

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

/* True where an answer acknowledges: 2xx and a body that begins with [OK] after white space. */
bool notify_acknowledges(int status, const void *answer, size_t len);

/* Overwrites each occurrence of `secret` (NUL-terminated, at least 8 bytes) in an answer with
 * asterisks: a shop that prints its settings must not leave them in our database. */
void notify_redact(char *answer, size_t len, const char *secret);

/* The merchant's secrets that sign now; makes one where there is none.
 * master  the process's master key, under which they are stored */
MUST_USE enum err notify_secrets(struct db *db, const uint8_t master[SEAL_KEY_SIZE],
                                 int64_t merchant_id, struct notify_secrets *out);

/* A new secret; the ones before go on signing for NOTIFY_OVERLAP_S.
 * text  out, to be shown once  overlap_until  out, unix seconds */
MUST_USE enum err notify_secret_rotate(struct db *db, const uint8_t master[SEAL_KEY_SIZE],
                                       int64_t merchant_id, char text[NOTIFY_SECRET_TEXT_SIZE],
                                       int64_t *overlap_until);

/* For the store files of this folder: the columns of an event, in the order of notify_read_event. */
#define NOTIFY_COLUMNS                                                                          \
    "e.id, e.uuid, e.merchant_id, e.seq, e.channel, e.subject, e.payment, e.status, "           \
    "e.currency_id, e.amount, e.valid, e.pending, e.total, e.data, e.api_key_id, e.url, "       \
    "e.endpoint, e.state, UNIX_TIMESTAMP(e.at) DIV 1, e.attempts, "                             \
    "UNIX_TIMESTAMP(e.next_at) DIV 1, UNIX_TIMESTAMP(e.delivered_at) DIV 1, u.login, u.email, " \
    "EXISTS (SELECT 1 FROM endpoint_pause AS p WHERE p.endpoint = e.endpoint "                  \
    "AND p.merchant_id IN (1, e.merchant_id))"
void notify_read_event(const struct db_rows *rows, struct notify_event *out);

#endif
