/* Orders in the market as callers ask for them. */
#include "fcgi/views/placement.h"

#include "fcgi/server/fields.h"

const char *const placement_types[] = {[MARKET_BID] = "bid", [MARKET_ASK] = "ask", NULL};

/* A price where there is one: `out` is where it goes, `*price` then points to it. */
static enum err read_price(struct request *request, const struct field_amount *asked,
                           const struct market *market, struct amount *out,
                           const struct amount **price)
{
    *price = asked->there ? out : NULL;
    return asked->there ? fields_amount(request, asked, market->currency, out) : ERR_OK;
}

enum err placement_make(struct request *request, const struct placement_params *params,
                        const struct market *market, struct placement *out)
{
    struct market_placement *order = &out->order;

    *out = (struct placement){.order = {.market = market,
                                        .side = (enum market_side)params->type,
                                        .fiat_fee = params->fiat_fee}};
    enum err rc = fields_amount(request, &params->amount, market->item, &order->amount);
    if (rc == ERR_OK)
        rc = read_price(request, &params->price, market, &out->price, &order->price);
    if (rc == ERR_OK)
        rc = read_price(request, &params->stop, market, &out->stop, &order->stop);
    return rc;
}

enum err placement_fail(struct request *request, const struct placement *placement, enum err rc)
{
    const struct market_placement *order = &placement->order;
    bool price_fits =
        order->price == NULL || order->price->units % order->market->price_step.units == 0;

    if (rc == ERR_ORDER_AMOUNT_LOW || rc == ERR_AMOUNT_STEP || rc == ERR_AMOUNT_RANGE)
        return request_fail(request, "amount", rc);
    return rc == ERR_PRICE_STEP ? request_fail(request, price_fits ? "stop" : "price", rc) : rc;
}
