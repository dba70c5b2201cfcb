/* Notifications: what a delivery says, how it is signed, and the outbox it comes from (api exchange-v1, section 5).
 *
 * The events are written by the procedures of the domains, in their own transactions. Here they are worded, signed, claimed
 * and recorded. Delivering them is tools/ipn.
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

#define NOTIFY_RETRY_S 1800 /* seconds between tries, where the configuration says nothing else */
#define NOTIFY_BODY_MAX (32 << 10) /* bytes of a form-encoded body */
#define NOTIFY_ANSWER_KEPT 4096    /* bytes of an answer that are kept */
#define NOTIFY_DATA_MAX 4096
#define NOTIFY_SECRET_SIZE 32      /* bytes of a whsec_ secret */
#define NOTIFY_SECRET_TEXT_SIZE 64 /* "whsec_" and base64 and a NUL */

/* One event as claimed or listed. */
struct notify_event {
    int64_t id;
    struct uuid uuid; /* webhook-id */
    int64_t merchant_id;
    struct uuid subject; /* the transaction */
    struct uuid payment;
    bool has_payment;
    char status[17]; /* paid, partial, cancelled, closed, refunded, test */
    const struct currency *currency;
    bool has_amount, has_partial;
    struct amount amount, valid, pending, total;
    uint8_t data[NOTIFY_DATA_MAX];
    size_t data_len;
    bool has_data;
    int64_t api_key_id;
    char url[2001];
    char endpoint[300];
    int64_t at;       /* unix seconds */
    uint32_t attempt; /* this try's number */
    char merchant[257], email[255];
};

/* The form-encoded body: id, payment_id, status, amount, currency, method, date, data, amount_valid, amount_pending,
 * amount_total where they apply, aonce. The same for every try. */
void notify_body(const struct notify_event *event, struct text *out);

/* "MTGOXBTC" for BTC, "MTGOX<CUR>" otherwise. */
void notify_method(const struct currency *currency, char out[16]);

/* Rest-Sign: base64(HMAC-SHA512(decoded API secret, body)). */
/* Standard Webhooks: "v1,<base64(HMAC-SHA256(secret, id.timestamp.body))>" for each secret, with spaces between. */

/* True where an answer acknowledges: 2xx and a body that begins with [OK] after white space. */
bool notify_acknowledges(int status, const void *answer, size_t len);

#endif
