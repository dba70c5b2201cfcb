/* The rules of orders and payments: what is checked before the database is asked, and what a repeat
 * gets. */
#include "checkout/checkout.h"

#include <string.h>

#include "base/text.h"
#include "checkout/store.h"
#include "crypto/crypto.h"
#include "identity/request.h"
#include "money/decimal.h"
#include "money/rate.h"

#define FEE_MAX_SCALE 6 /* decimals of a percentage */

const char *const checkout_statuses[] = {"open",     "partial",   "paid",   "partly_refunded",
                                         "refunded", "cancelled", "closed", NULL};

bool checkout_return_url_ok(const char *url)
{
    size_t len = strnlen(url, CHECKOUT_URL_MAX + 1), scheme = 0;
    if (strncasecmp(url, "http://", 7) == 0)
        scheme = 7;
    else if (strncasecmp(url, "https://", 8) == 0)
        scheme = 8;
    /* No host, or one that browsers and others read differently. */
    if (scheme == 0 || strcspn(url + scheme, "/\\?#@:") == 0 || len > CHECKOUT_URL_MAX)
        return false;
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)url[i] <= ' ' || url[i] == 0x7f)
            return false;
    return text_is_utf8(url, len);
}

enum err checkout_create(struct db *db, const struct actor *actor,
                         const struct checkout_request *request, struct uuid *id)
{
    bool resent = false;

    *id = crypto_uuid7();
    enum err rc = checkout_store_create(db, actor, request, id, &resent);
    if (rc == ERR_REPLAYED && (resent || actor->repeatable))
        rc = checkout_store_created(db, actor, id);
    return rc;
}

enum err checkout_view_own(struct db *db, int64_t merchant_id, const struct uuid *id,
                           struct checkout_order *out)
{
    enum err rc = checkout_view(db, id, out);
    return rc == ERR_OK && out->merchant_id != merchant_id ? ERR_ORDER_UNKNOWN : rc;
}

/* True where what was posted is what is asked for now; amount NULL: whatever there was. */
static bool done_was(const struct checkout_done *done, const char *kind, const struct uuid *id,
                     const struct amount *amount)
{
    return strcmp(done->kind, kind) == 0 &&
           memcmp(done->order.bytes, id->bytes, sizeof(id->bytes)) == 0 &&
           (amount == NULL || amount->units == done->units);
}

enum err checkout_paid_before(struct db *db, const struct actor *actor, const struct uuid *id,
                              const struct amount *amount, struct uuid *payment,
                              struct checkout_order *out)
{
    struct checkout_done done;
    enum err rc = checkout_store_done(db, actor, &done);
    if (rc != ERR_OK)
        return rc;
    if (!done_was(&done, "checkout_pay", id, amount))
        return ERR_IDEMPOTENCY_CONFLICT;
    if ((rc = request_check(db, actor)) != ERR_OK)
        return rc;
    *payment = done.payment;
    return checkout_view(db, id, out);
}

enum err checkout_pay(struct db *db, const struct actor *actor, const struct uuid *id,
                      const struct amount *amount, const struct otp_step *otp, struct uuid *payment,
                      struct checkout_order *out)
{
    bool resent = false;

    *payment = crypto_uuid7();
    enum err rc = checkout_store_pay(db, actor, id, payment, amount, otp, out, &resent);
    if (rc == ERR_OK || !(resent || actor->repeatable))
        return rc;
    /* Whatever it is refused for now may be what its first sending did: the order is paid, the money
     * spent, the code used up. */
    enum err before = checkout_paid_before(db, actor, id, amount, payment, out);
    return before == ERR_NOT_FOUND ? rc : before;
}

/* The same for a refund. */
static enum err refunded_before(struct db *db, const struct actor *actor, const struct uuid *id,
                                const struct amount *amount, struct checkout_order *out)
{
    struct checkout_done done;
    enum err rc = checkout_store_done(db, actor, &done);
    if (rc != ERR_OK)
        return rc;
    if (!done_was(&done, "checkout_refund", id, amount))
        return ERR_IDEMPOTENCY_CONFLICT;
    if ((rc = request_check(db, actor)) != ERR_OK)
        return rc;
    return checkout_view(db, id, out);
}

enum err checkout_cancel(struct db *db, const struct actor *actor, const struct uuid *id,
                         bool as_merchant, struct checkout_order *out)
{
    bool resent = false;
    enum err rc = checkout_store_cancel(db, actor, id, as_merchant, out, &resent);
    /* An unpaid order leaves no journal: only its state tells. */
    return rc == ERR_ORDER_CANCELLED && resent ? checkout_view(db, id, out) : rc;
}

enum err checkout_refund(struct db *db, const struct actor *actor, const struct uuid *id,
                         const struct uuid *payment, const struct amount *amount,
                         const char *reason, struct checkout_order *out)
{
    bool resent = false;
    enum err rc = checkout_store_refund(db, actor, id, payment, amount, reason, out, &resent);
    if (rc == ERR_OK || !(resent || actor->repeatable))
        return rc;
    enum err before = refunded_before(db, actor, id, amount, out);
    return before == ERR_NOT_FOUND ? rc : before;
}

enum err checkout_fee_set(struct db *db, int64_t merchant_id, const char *percent,
                          struct amount fixed)
{
    char plain[AMOUNT_TEXT_SIZE];
    __int128 coefficient;
    unsigned scale;
    enum err rc = decimal_parse(percent, strlen(percent), FEE_MAX_SCALE, &coefficient, &scale);
    if (rc != ERR_OK)
        return rc;
    if (coefficient >= 100 * decimal_power(scale))
        return ERR_OUT_OF_RANGE;
    if (fixed.units < 0)
        return ERR_AMOUNT_NOT_POSITIVE;
    rate_format((struct rate){.coefficient = coefficient, .scale = (uint8_t)scale}, plain);
    return checkout_store_fee(db, merchant_id, plain, fixed);
}
