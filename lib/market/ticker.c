/* Tickers: means rounded, and nothing where nothing traded. */
#include "market/ticker.h"

#include "market/data_store.h"

#define MINUTE_S 60
#define HOUR_S 3600

/* The first multiple of `step` at or after `value`. */
static int64_t round_up(int64_t value, int64_t step)
{
    return (value + step - 1) / step * step;
}

enum err market_prices(struct db *db, const struct market *market, struct market_prices *out)
{
    struct rate from = {0}, to = {0};
    struct amount orig;

    enum err rc = market_store_prices(db, market, out);
    if (rc == ERR_OK)
        rc = market_store_newest(db, market, &orig, &from, &to);
    if (rc != ERR_OK)
        return rc;
    out->last_orig = out->last_all = orig;
    if (orig.currency == NULL || orig.currency == market->currency)
        return ERR_OK;
    return rate_apply(orig, to, from, market->currency, ROUND_HALF_UP, &out->last_all);
}

enum err market_summary(struct db *db, const struct market *market, int64_t since_us,
                        struct market_summary *out)
{
    int64_t minute = round_up((since_us + 999999) / 1000000, MINUTE_S);
    return market_store_summary(db, market, since_us, minute, round_up(minute, HOUR_S), out);
}

enum err market_ticker(struct db *db, const struct market *market, struct market_ticker *out)
{
    enum err rc = market_prices(db, market, &out->prices);
    if (rc != ERR_OK)
        return rc;
    return market_summary(db, market, out->prices.now_us - MARKET_WINDOW_S * INT64_C(1000000),
                          &out->day);
}
