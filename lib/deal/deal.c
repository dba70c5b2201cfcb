/* Bids and the orders that pay them: each is told what becomes of the other. */
#include "deal/deal.h"

#include <stdio.h>
#include <string.h>

#include "checkout/checkout.h"
#include "checkout/sql.h"
#include "desk/sql.h"

#define SERVICE "desk"
#define KEY_SIZE 64
#define WORDS_SIZE 80 /* bytes: two codes of DESK_CODE_MAX, and what is said of them */

/* The merchant, under a name that a bid's order gives once. */
static struct actor merchant(const struct desk_bid *bid, const char *what, const char *trace,
                             char key[KEY_SIZE])
{
    char id[UUID_TEXT_SIZE];

    uuid_format(&bid->uuid, id);
    snprintf(key, KEY_SIZE, "%s:%s", what, id);
    return (struct actor){.user_id = bid->merchant_id, .request_key = key, .trace = trace};
}

static const char *words(const struct desk_bid *bid, char out[WORDS_SIZE])
{
    snprintf(out, WORDS_SIZE, "Exchange: %s to %s", bid->give_code, bid->get_code);
    return out;
}

static enum err open_order(struct db *db, const struct desk_bid *bid, const char *trace)
{
    char key[KEY_SIZE], description[WORDS_SIZE];
    const struct actor actor = merchant(bid, "desk_order", trace, key);
    const struct checkout_request request = {.service = SERVICE,
                                             .amount = bid->sum1dc,
                                             .description = words(bid, description),
                                             .instant_only = true};

    return checkout_create_in(db, &actor, &request, &bid->uuid);
}

static enum err end_order(struct db *db, const struct desk_bid *bid, bool paid, const char *trace)
{
    char key[KEY_SIZE], reason[WORDS_SIZE];
    const struct actor actor = merchant(bid, "desk_refund", trace, key);

    return paid ? checkout_refund_in(db, &actor, &bid->uuid, words(bid, reason))
                : checkout_cancel_in(db, &actor, &bid->uuid);
}

/* A bid whose time is over is not paid any more. */
static enum err order_paid(struct db *db, const struct checkout_order *order, const char *trace)
{
    enum err rc = desk_bid_paid_in(db, &order->id, trace);
    return rc == ERR_DESK_ACTION ? ERR_ORDER_CLOSED : rc;
}

static enum err order_ended(struct db *db, const struct checkout_order *order, const char *trace)
{
    return desk_bid_unpaid_in(db, &order->id, trace);
}

void deal_register(void)
{
    static const struct desk_checkout orders = {.open = open_order, .end = end_order};
    static const struct checkout_service desk = {
        .name = SERVICE, .paid = order_paid, .ended = order_ended};

    desk_checkout_register(&orders);
    checkout_service_register(&desk);
}

bool deal_order(const struct desk_bid *bid, struct uuid *order)
{
    if (strcmp(bid->pay_in, "checkout") != 0 || bid->stage != DESK_STAGE_HELD)
        return false;
    *order = bid->uuid;
    return true;
}

static const char *const checks[] = {
    "SELECT CONCAT('bid ', b.id, ' of ', b.sum1dc, ' is ', b.stage, ', its order of ', "
    "COALESCE(o.amount, 'nothing'), ' is ', COALESCE(o.status, 'not there')) "
    "FROM " DESK_SQL_BIDS_BY_ORDER " AS b LEFT JOIN " CHECKOUT_SQL_ORDERS_OF(
        SERVICE) " AS o "
                 "ON o.id = b.uuid WHERE NOT (o.amount <=> b.sum1dc AND o.merchant_id <=> "
                 "b.merchant_id "
                 "AND o.currency_id <=> b.currency_id AND CASE b.stage WHEN 'held' THEN o.status "
                 "<=> 'open' "
                 "WHEN 'none' THEN COALESCE(o.status, '') IN ('cancelled', 'closed', 'refunded') "
                 "ELSE o.status <=> 'paid' END)",
    "SELECT CONCAT('order ', LOWER(HEX(o.id)), ' of ', o.amount, ' pays no bid') "
    "FROM " CHECKOUT_SQL_ORDERS_OF(SERVICE) " AS o LEFT JOIN " DESK_SQL_BIDS_BY_ORDER " AS b "
                                            "ON b.uuid = o.id WHERE b.id IS NULL",
};

const struct audit deal_audit = {AUDIT_CHECKS(checks)};
