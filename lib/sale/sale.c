/* Paying an order, with money changed at the market where it is needed, in one transaction. */
#include "sale/sale.h"

#include <stdio.h>
#include <string.h>

#include "checkout/exchange.h"
#include "market/convert.h"
#include "money/rate.h"

/* What a quote adds to the cost of now, in percent, so that it outlives small moves of the price. */
static const struct rate margin = {.coefficient = 5, .scale = 1}, hundred = {.coefficient = 100},
                         one = {.coefficient = 1};

/* A payment with the market's part in it. */
struct work {
    const struct sale_request *request;
    struct sale *sale;
    char key[UUID_TEXT_SIZE + 8];        /* names its market orders */
    struct market_conversion conversion; /* no legs without a quote */
    struct checkout_autosell autosell;   /* as the merchant chose, where the order wants it */
    struct market selling;               /* where; with `sells` alone */
    bool sells;
};

/* Whether what an order earns is to be sold, and where. A merchant whose market is not there or
 * halted keeps the coins. */
static enum err find_selling(struct db *db, struct work *work)
{
    const struct checkout_order *order = &work->sale->order;

    if (!order->autosell)
        return ERR_OK;
    enum err rc = checkout_autosell(db, order->merchant_id, &work->autosell);
    if (rc == ERR_OK)
        rc = market_of_item(db, order->amount.currency, work->autosell.currency, &work->selling);
    work->sells = rc == ERR_OK;
    return rc == ERR_MARKET_UNKNOWN ? ERR_OK : rc;
}

/* By which markets the money of the quote becomes that of the order. */
static enum err find_route(struct db *db, struct work *work)
{
    const struct sale_request *request = work->request;
    struct checkout_quote quote;

    if (request->quote == NULL)
        return ERR_OK;
    enum err rc = checkout_quote_view(db, request->actor.user_id, &work->sale->order.id,
                                      request->quote, &quote);
    return rc == ERR_OK
               ? market_route(db, quote.cost.currency, quote.amount.currency, &work->conversion)
               : rc;
}

static enum err lock_markets(struct db *db, struct work *work)
{
    struct market *markets[MARKET_LEGS_MAX + 1];
    size_t count = 0;

    for (size_t i = 0; i < work->conversion.count; i++)
        markets[count++] = &work->conversion.legs[i].market;
    if (work->sells)
        markets[count++] = &work->selling;
    enum err rc = market_lock_in(db, markets, count);
    for (size_t i = 0; rc == ERR_OK && i < work->conversion.count; i++)
        if (work->conversion.legs[i].market.halted)
            rc = ERR_MARKET_HALTED;
    return rc;
}

static struct actor trader(const struct work *work, int64_t user_id)
{
    return (struct actor){
        .user_id = user_id, .request_key = work->key, .trace = work->request->actor.trace};
}

/* Checks under the locks that the market does it for the quote's cost, and that it is there. */
static enum err check_cost(struct db *db, struct work *work, const struct checkout_quote *quote)
{
    int64_t user_id = work->request->actor.user_id;
    struct amount cost = {0}, free = {0};

    enum err rc = market_convert_cost(db, user_id, &work->conversion, quote->amount, &cost);
    if (rc == ERR_NO_LIQUIDITY || rc == ERR_ORDER_AMOUNT_LOW ||
        (rc == ERR_OK && cost.units > quote->cost.units))
        return ERR_QUOTE_EXCEEDED;
    if (rc == ERR_OK)
        rc = market_free(db, user_id, cost.currency, &free);
    return rc == ERR_OK && free.units < quote->cost.units ? ERR_INSUFFICIENT_FUNDS : rc;
}

/* Changes the buyer's money by the quote. */
static enum err exchange_in(struct db *db, struct work *work, struct checkout_quote *quote,
                            struct market_sums *sums)
{
    const struct sale_request *request = work->request;
    struct actor buyer = trader(work, request->actor.user_id);

    enum err rc =
        checkout_quote_take_in(db, buyer.user_id, &work->sale->order.id, request->quote, quote);
    if (rc == ERR_OK)
        rc = check_cost(db, work, quote);
    if (rc != ERR_OK)
        return rc;
    rc = market_convert_in(db, request->master, &buyer, &work->conversion, sums);
    if (rc == ERR_NO_LIQUIDITY || (rc == ERR_OK && sums->given.units > quote->cost.units))
        rc = ERR_QUOTE_EXCEEDED;
    return rc;
}

/* Keeps what the buyer changed, for the answer to the same request sent again. */
static enum err keep_exchange_in(struct db *db, struct work *work,
                                 const struct checkout_quote *quote, const struct market_sums *sums)
{
    struct sale *sale = work->sale;
    struct checkout_exchange exchange = {.payment = sale->payment,
                                         .party = CHECKOUT_PAYER,
                                         .given = sums->given,
                                         .gained = sums->gained,
                                         .quote = *work->request->quote};

    sale->exchanged = true;
    sale->taken = sums->given;
    enum err rc = amount_sub(sums->gained, quote->amount, &sale->kept);
    return rc == ERR_OK ? checkout_exchange_add_in(db, &exchange) : rc;
}

/* What the buyer paid for one coin, fee included, in the market where it is sold now; 0 where they
 * did not. */
static enum err quoted_price(const struct work *work, const struct market_sums *bought,
                             struct amount *price)
{
    const struct market_conversion *way = &work->conversion;
    struct rate coins = {.coefficient = bought->gained.units,
                         .scale = work->selling.item->decimals};

    *price = (struct amount){.units = 0, .currency = work->selling.currency};
    if (way->count != 1 || way->legs[0].market.id != work->selling.id)
        return ERR_OK;
    return rate_apply(bought->given, one, coins, price->currency, ROUND_DOWN, price);
}

/* The least price that the merchant's coins are sold at. Whoever bids for them may have made the last
 * trade as well, so that the price that the payer paid counts where it is higher.
 * kept  out, its reference and floor, and its reason where nothing says what the floor is */
static enum err find_floor(struct db *db, const struct work *work, const struct market_sums *bought,
                           bool *found, struct checkout_kept *kept)
{
    struct rate part = {.coefficient = AUTOSELL_BELOW_ANY - work->autosell.below_percent};
    struct amount none = {.units = 0, .currency = work->selling.currency}, quoted = none;

    enum err rc = market_reference(db, &work->selling, &kept->reference);
    if (rc == ERR_OK)
        rc = quoted_price(work, bought, &quoted);
    if (rc == ERR_OK && quoted.units > kept->reference.units)
        kept->reference = quoted;
    *found = kept->reference.units > 0 || part.coefficient == 0;
    kept->reason = CHECKOUT_KEPT_NO_REFERENCE;
    kept->floor = none;
    return rc == ERR_OK
               ? rate_apply(kept->reference, part, hundred, none.currency, ROUND_UP, &kept->floor)
               : rc;
}

static enum checkout_kept_reason kept_reason(enum market_unsold unsold)
{
    switch (unsold) {
    case MARKET_UNSOLD_HALTED:
        return CHECKOUT_KEPT_HALTED;
    case MARKET_UNSOLD_NO_BIDS:
        return CHECKOUT_KEPT_NO_BIDS;
    case MARKET_UNSOLD_PRICE:
        return CHECKOUT_KEPT_PRICE;
    case MARKET_UNSOLD_NOTHING:
    case MARKET_UNSOLD_TOO_LITTLE:
        break;
    }
    return CHECKOUT_KEPT_TOO_LITTLE;
}

/* Sells what the payment earned its merchant, and writes down what of it.
 * kept  out, the rest, with its reason */
static enum err sell_in(struct db *db, struct work *work, struct amount net,
                        const struct market_sums *bought, struct checkout_kept *kept)
{
    struct actor merchant = trader(work, work->sale->order.merchant_id);
    enum market_unsold unsold = MARKET_UNSOLD_NOTHING;
    struct market_sums sums;
    bool found = false;

    enum err rc = find_floor(db, work, bought, &found, kept);
    if (rc != ERR_OK || !found)
        return rc;
    rc = market_sell_in(db, work->request->master, &merchant, &work->selling, net, kept->floor,
                        &sums, &unsold);
    if (rc != ERR_OK)
        return rc;
    kept->reason = kept_reason(unsold);
    kept->amount.units = unsold == MARKET_UNSOLD_NOTHING ? 0 : net.units - sums.given.units;
    if (sums.given.units == 0)
        return ERR_OK;
    struct checkout_exchange exchange = {.payment = work->sale->payment,
                                         .party = CHECKOUT_MERCHANT,
                                         .given = sums.given,
                                         .gained = sums.gained};
    return checkout_exchange_add_in(db, &exchange);
}

/* Autosell of a payment: sells, and keeps what is not sold with the reason.
 * net     what the merchant has of it; 0 while the order is paid in part
 * bought  by the payer's quote; zero without one */
static enum err autosell_in(struct db *db, struct work *work, struct amount net,
                            const struct market_sums *bought)
{
    const struct checkout_order *order = &work->sale->order;
    struct checkout_kept kept = {.payment = work->sale->payment,
                                 .order = order->id,
                                 .amount = net,
                                 .reason = CHECKOUT_KEPT_NO_MARKET};

    if (net.units == 0)
        return ERR_OK;
    enum err rc = work->sells ? sell_in(db, work, net, bought, &kept) : ERR_OK;
    return rc == ERR_OK && kept.amount.units > 0
               ? checkout_kept_add_in(db, order->merchant_id, work->request->actor.trace, &kept)
               : rc;
}

/* The transaction. */
static enum err pay_in(struct db *db, void *arg)
{
    struct work *work = arg;
    const struct sale_request *request = work->request;
    const struct amount *amount = request->amount;
    struct checkout_quote quote = {0};
    struct market_sums sums = {0};
    struct amount net = {0};

    enum err rc = lock_markets(db, work);
    if (rc == ERR_OK && request->quote != NULL) {
        rc = exchange_in(db, work, &quote, &sums);
        amount = &quote.amount;
    }
    if (rc == ERR_OK)
        rc = checkout_pay_in(db, &request->actor, &work->sale->order, &work->sale->payment, amount,
                             &request->otp, &net);
    if (rc == ERR_OK && request->quote != NULL)
        rc = keep_exchange_in(db, work, &quote, &sums);
    return rc == ERR_OK && work->sale->order.autosell ? autosell_in(db, work, net, &sums) : rc;
}

/* A lost connection leaves the outcome unknown. What was done nevertheless refuses to be done again,
 * by its request key, and is found by it. */
static enum err pay_at_market(struct db *db, struct work *work)
{
    struct sale *sale = work->sale;
    char payment[UUID_TEXT_SIZE];
    bool resent;

    sale->payment = crypto_uuid7();
    uuid_format(&sale->payment, payment);
    snprintf(work->key, sizeof(work->key), "pay:%s", payment);
    enum err rc = db_txn(db, pay_in, work, &resent);
    return rc == ERR_OK ? checkout_view(db, &sale->order.id, &sale->order) : rc;
}

/* The market has no part in it. */
static enum err pay_plainly(struct db *db, const struct sale_request *request, struct sale *sale)
{
    struct actor actor = request->actor;
    struct uuid id = sale->order.id;

    actor.repeatable = false; /* sale_pay looks for itself, and for the quote too */
    return checkout_pay(db, &actor, &id, request->amount, &request->otp, &sale->payment,
                        &sale->order);
}

enum err sale_pay(struct db *db, const struct sale_request *request, struct sale *sale)
{
    struct work work = {.request = request, .sale = sale};

    sale->exchanged = false;
    enum err rc = find_selling(db, &work);
    if (rc == ERR_OK)
        rc = find_route(db, &work);
    if (rc == ERR_OK && (work.conversion.count > 0 || sale->order.autosell))
        rc = pay_at_market(db, &work);
    else if (rc == ERR_OK)
        rc = pay_plainly(db, request, sale);
    if (rc == ERR_OK)
        return rc;
    /* Whatever it is refused for now may be what its first sending did: the order is paid, the quote
     * used, the money spent. */
    enum err before = sale_paid_before(db, request, sale);
    return before == ERR_NOT_FOUND ? rc : before;
}

enum err sale_paid_before(struct db *db, const struct sale_request *request, struct sale *sale)
{
    const struct amount *amount = request->quote == NULL ? request->amount : NULL;
    struct uuid id = sale->order.id;
    struct checkout_exchange exchange;

    enum err rc =
        checkout_paid_before(db, &request->actor, &id, amount, &sale->payment, &sale->order);
    if (rc != ERR_OK)
        return rc;
    rc = checkout_exchange_view(db, &sale->payment, &exchange, &sale->kept);
    sale->exchanged = rc == ERR_OK;
    if (rc == ERR_NOT_FOUND)
        return request->quote == NULL ? ERR_OK : ERR_IDEMPOTENCY_CONFLICT;
    if (rc != ERR_OK)
        return rc;
    sale->taken = exchange.given;
    return request->quote != NULL &&
                   memcmp(request->quote->bytes, exchange.quote.bytes, sizeof(exchange.quote)) == 0
               ? ERR_OK
               : ERR_IDEMPOTENCY_CONFLICT;
}

enum err sale_quote(struct db *db, int64_t user_id, const struct uuid *order,
                    const struct amount *amount, const struct currency *currency,
                    struct checkout_quote *out)
{
    struct market_conversion conversion = {.count = 0};
    struct amount cost = {.currency = currency}, extra = cost;

    enum err rc = checkout_payable(db, user_id, order, amount, &out->amount);
    if (rc == ERR_OK)
        rc = market_route(db, currency, out->amount.currency, &conversion);
    if (rc == ERR_OK)
        rc = market_convert_cost(db, user_id, &conversion, out->amount, &cost);
    if (rc == ERR_OK)
        rc = rate_apply(cost, margin, hundred, cost.currency, ROUND_UP, &extra);
    if (rc == ERR_OK)
        rc = amount_add(cost, extra, &out->cost);
    return rc == ERR_OK ? checkout_quote_add(db, user_id, order, out) : rc;
}
