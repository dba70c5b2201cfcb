/* Public trades. */
#include "market/trades.h"

#include <string.h>

#include "market/data_store.h"

/* Where the trades come from: the market itself, and those whose prices are converted. */
struct origin {
    struct rate own; /* of the market's currency */
    struct market_source sources[MARKET_MAX_COUNT];
    size_t count;
};

static const struct market_source *find_source(const struct origin *origin, uint64_t id)
{
    for (size_t i = 0; i < origin->count; i++)
        if (origin->sources[i].id == id)
            return &origin->sources[i];
    return NULL;
}

/* The current row of market_store_trades. */
static enum err read_trade(const struct db_rows *rows, const struct market *market,
                           const struct origin *origin, struct market_trade *out)
{
    const struct market_source *source = find_source(origin, db_get_u64(rows, 0));
    *out = (struct market_trade){
        .tid = db_get_i64(rows, 1),
        .price = {.units = db_get_i128(rows, 2), .currency = market->currency},
        .amount = {.units = db_get_i128(rows, 3), .currency = market->item},
        .type = strcmp(db_get_text(rows, 4), "bid") == 0 ? MARKET_BID : MARKET_ASK,
        .at_market = db_get_u64(rows, 5) != 0,
        .primary = source == NULL};
    if (source == NULL)
        return ERR_OK;
    struct amount price = {.units = out->price.units, .currency = source->currency};
    return rate_apply(price, origin->own, source->per_dollar, market->currency, ROUND_HALF_UP,
                      &out->price);
}

enum err market_trades(struct db *db, const struct market *market,
                       const struct market_trade_filter *filter,
                       void (*row)(void *arg, const struct market_trade *trade), void *arg)
{
    struct origin origin = {.count = 0};
    struct db_rows rows = {0};
    struct market_trade trade;
    uint8_t ids[MARKET_MAX_COUNT];
    size_t count = 0;
    enum err rc = ERR_OK;

    if (filter->converted)
        rc = market_store_sources(db, market, &origin.own, origin.sources, &origin.count);
    if (filter->primary)
        ids[count++] = market->id;
    for (size_t i = 0; i < origin.count && count < MARKET_MAX_COUNT; i++)
        ids[count++] = origin.sources[i].id;
    if (rc != ERR_OK || count == 0)
        return rc;
    rc = market_store_trades(db, ids, count, filter, &rows);
    while (rc == ERR_OK && db_next(&rows)) {
        rc = read_trade(&rows, market, &origin, &trade);
        if (rc == ERR_OK)
            row(arg, &trade);
    }
    db_rows_free(&rows);
    return rc;
}
