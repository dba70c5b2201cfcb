/* Depth by price level, walked for a quote. */
#include "market/depth.h"

#include "market/data_store.h"
#include "market/ticker.h"

#define WALK_PAGE 100 /* levels that are read at a time */

/* The best price of a side, or what stands in for it. */
static struct amount price_of(struct amount best, const struct market_prices *prices,
                              struct amount other)
{
    if (best.currency != NULL)
        return best;
    return prices->last_local.currency != NULL ? prices->last_local : other;
}

static struct market_filter filter_of(const struct market_prices *prices)
{
    struct amount low = price_of(prices->buy, prices, prices->sell);
    struct amount high = price_of(prices->sell, prices, prices->buy);
    if (low.currency == NULL)
        return (struct market_filter){.set = false};
    /* A tenth, rounded up, so that a level at exactly 10 % is always in. */
    __int128 below = (low.units + 9) / 10, above = (high.units + 9) / 10;
    low.units -= below;
    high.units = high.units > DECIMAL_MAX - above ? DECIMAL_MAX : high.units + above;
    return (struct market_filter){.set = true, .min = low, .max = high};
}

enum err market_depth(struct db *db, const struct market *market, struct market_filter *filter,
                      void (*row)(void *arg, const struct market_level *level), void *arg)
{
    struct market_prices prices;
    enum err rc = market_store_prices(db, market, &prices);
    if (rc != ERR_OK)
        return rc;
    *filter = filter_of(&prices);
    if (!filter->set)
        return ERR_OK;
    return market_store_levels(db, market, filter->min.units, filter->max.units, row, arg);
}

enum err market_full_depth(struct db *db, const struct market *market,
                           void (*row)(void *arg, const struct market_level *level), void *arg)
{
    return market_store_levels(db, market, 0, DECIMAL_MAX, row, arg);
}

enum err market_walk(struct db *db, const struct market *market, enum market_side side,
                     bool (*row)(void *arg, const struct market_level *level), void *arg)
{
    struct db_rows rows = {0};
    __int128 beyond = side == MARKET_BID ? DECIMAL_MAX : 0;
    bool more = true;
    enum err rc = ERR_OK;

    while (rc == ERR_OK && more) {
        rc = market_store_side(db, market, side, beyond, WALK_PAGE, &rows);
        more = rc == ERR_OK && rows.count == WALK_PAGE;
        while (rc == ERR_OK && db_next(&rows)) {
            struct market_level level = market_store_level(&rows, market);
            beyond = level.price.units;
            if (!row(arg, &level)) {
                more = false;
                break;
            }
        }
    }
    db_rows_free(&rows);
    return rc;
}

struct quote {
    struct amount left, total;
    enum rounding rounding;
    enum err rc;
};

static bool take_level(void *arg, const struct market_level *level)
{
    struct quote *quote = arg;
    const struct rate one = {.coefficient = 1};
    struct amount part = quote->left, cost;
    struct rate price = {.coefficient = level->price.units,
                         .scale = level->price.currency->decimals};

    if (part.units > level->amount.units)
        part = level->amount;
    quote->rc = rate_apply(part, price, one, level->price.currency, quote->rounding, &cost);
    if (quote->rc == ERR_OK)
        quote->rc = amount_add(quote->total, cost, &quote->total);
    if (quote->rc == ERR_OK)
        quote->rc = amount_sub(quote->left, part, &quote->left);
    return quote->rc == ERR_OK && quote->left.units > 0;
}

enum err market_quote(struct db *db, const struct market *market, enum market_side side,
                      struct amount amount, struct amount *total)
{
    bool buys = side == MARKET_BID;
    struct quote quote = {.left = amount,
                          .total = {.currency = market->currency},
                          .rounding = buys ? ROUND_UP : ROUND_DOWN};
    enum err rc = market_walk(db, market, buys ? MARKET_ASK : MARKET_BID, take_level, &quote);
    if (rc == ERR_OK)
        rc = quote.rc;
    if (rc == ERR_OK && quote.left.units > 0)
        rc = ERR_NO_LIQUIDITY;
    if (rc == ERR_OK)
        *total = quote.total;
    return rc;
}
