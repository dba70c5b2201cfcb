/* Placing and cancelling orders. */
#include "market/order.h"

#include <string.h>

#include "base/text.h"
#include "market/change.h"
#include "market/store.h"

#define DOMAIN "market-order" /* what the master key is used for here */
#define REQUEST_MAX 256       /* bytes that an order's id is made from */

const char *market_side_name(enum market_side side)
{
    return side == MARKET_BID ? "bid" : "ask";
}

/* The id that this request's order has whenever it is sent: a uuid of version 4, whose bits only the
 * master key's holder can tell. */
static enum err make_oid(const uint8_t master[SEAL_KEY_SIZE], const struct actor *actor,
                         struct uuid *oid)
{
    struct text request = TEXT(REQUEST_MAX);
    uint8_t mac[SHA256_SIZE];

    text_addf(&request, DOMAIN "/%lld/%s", (long long)actor->user_id, actor->request_key);
    enum err rc = request.full
                      ? ERR_TOO_LONG
                      : crypto_hmac_sha256(master, SEAL_KEY_SIZE, request.data, request.len, mac);
    text_free(&request);
    if (rc != ERR_OK)
        return rc;
    memcpy(oid->bytes, mac, sizeof(oid->bytes));
    oid->bytes[6] = (uint8_t)(0x40 | (oid->bytes[6] & 0x0f));
    oid->bytes[8] = (uint8_t)(0x80 | (oid->bytes[8] & 0x3f));
    return ERR_OK;
}

/* The numbers that an order may have. Amount times price is kept below what 128 bits hold. */
static enum err check(const struct market_placement *placement)
{
    __int128 amount = placement->amount.units;
    const struct amount *price = placement->price, *stop = placement->stop;

    if (amount <= 0 || (price != NULL && price->units <= 0) || (stop != NULL && stop->units <= 0))
        return ERR_AMOUNT_NOT_POSITIVE;
    return price != NULL && amount > DECIMAL_MAX / price->units ? ERR_AMOUNT_RANGE : ERR_OK;
}

static struct market_change change_of(const struct actor *actor,
                                      const struct market_placement *placement,
                                      const struct uuid *oid)
{
    const struct amount *price = placement->price, *stop = placement->stop;
    struct market_change change = {
        .user_id = actor->user_id,
        .oid = *oid,
        .market_id = placement->market->id,
        .side = placement->side,
        .with_price = price != NULL,
        .with_stop = stop != NULL,
        .fiat_fee = placement->fiat_fee,
        .price = price != NULL ? price->units : 0,
        .stop = stop != NULL ? stop->units : 0,
        .amount = placement->amount.units,
    };
    text_copy(change.trace, sizeof(change.trace), actor->trace);
    return change;
}

/* A request that was sent before meets its order, whatever it is refused for now. */
static enum err placed_before(struct db *db, const struct market_placement *placement,
                              const struct uuid *oid, enum err refused)
{
    bool same = false;
    enum err rc = market_store_same(db, placement, oid, &same);
    if (rc == ERR_ORDER_UNKNOWN)
        return refused;
    return rc == ERR_OK && !same ? ERR_IDEMPOTENCY_CONFLICT : rc;
}

enum err market_place(struct db *db, struct matcher_client *matcher,
                      const uint8_t master[SEAL_KEY_SIZE], const struct actor *actor,
                      const struct market_placement *placement, struct uuid *oid)
{
    bool resent = false;

    enum err rc = check(placement);
    if (rc == ERR_OK)
        rc = make_oid(master, actor, oid);
    if (rc != ERR_OK)
        return rc;
    const struct market_change change = change_of(actor, placement, oid);
    rc = market_change(db, matcher, &change, &resent);
    return rc == ERR_OK || !(resent || actor->repeatable) ? rc
                                                          : placed_before(db, placement, oid, rc);
}

enum err market_place_in(struct db *db, const uint8_t master[SEAL_KEY_SIZE],
                         const struct actor *actor, const struct market_placement *placement,
                         struct uuid *oid)
{
    enum err rc = check(placement);
    if (rc == ERR_OK)
        rc = make_oid(master, actor, oid);
    if (rc != ERR_OK)
        return rc;
    const struct market_change change = change_of(actor, placement, oid);
    return market_change_in(db, &change);
}

enum err market_cancel(struct db *db, struct matcher_client *matcher, int64_t user_id,
                       const struct uuid *oid)
{
    const struct market_change change = {.user_id = user_id, .oid = *oid, .kind = MARKET_CANCEL};
    struct market_order order;
    bool resent = false;

    enum err rc = market_change(db, matcher, &change, &resent);
    if (rc != ERR_ORDER_UNKNOWN || !resent)
        return rc;
    /* Its first sending may have done it. */
    rc = market_order_view(db, user_id, oid, &order);
    return rc == ERR_OK && strcmp(order.status, "cancelled") != 0 ? ERR_ORDER_UNKNOWN : rc;
}

enum err market_request_find(struct db *db, const uint8_t master[SEAL_KEY_SIZE], int64_t user_id,
                             const char *key, struct request_done *out)
{
    const struct actor actor = {.user_id = user_id, .request_key = key, .trace = ""};
    struct market_order order;
    struct uuid oid;

    enum err rc = make_oid(master, &actor, &oid);
    if (rc == ERR_OK)
        rc = market_order_view(db, user_id, &oid, &order);
    if (rc != ERR_OK)
        return rc == ERR_ORDER_UNKNOWN ? ERR_NOT_FOUND : rc;
    *out = (struct request_done){.has_ref = true, .ref = oid, .at = order.created_us / 1000000};
    text_copy(out->operation, sizeof(out->operation), "order_add");
    return ERR_OK;
}
