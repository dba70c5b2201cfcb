/* Candles from trades, by intervals. */
#include "market/candle.h"

#include "base/clock.h"
#include "market/data_store.h"

#define MINUTE_S 60
#define HOUR_S 3600

bool market_interval_known(int64_t interval_s)
{
    static const int64_t known[] = {60, 300, 900, 3600, 14400, 86400};
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (known[i] == interval_s)
            return true;
    return false;
}

/* Folds stored candles into those of a longer interval. */
struct fold {
    int64_t interval_s;
    struct market_candle candle; /* growing; no trades: none yet */
    size_t told;
    void (*row)(void *arg, const struct market_candle *candle);
    void *arg;
};

static void tell(struct fold *fold)
{
    if (fold->candle.trades > 0 && fold->told < MARKET_CANDLES_MAX) {
        fold->row(fold->arg, &fold->candle);
        fold->told++;
    }
}

static void add(void *arg, const struct market_candle *part)
{
    struct fold *fold = arg;
    struct market_candle *candle = &fold->candle;
    int64_t at = part->at - part->at % fold->interval_s;

    if (candle->trades == 0 || candle->at != at) {
        tell(fold);
        *candle = *part;
        candle->at = at;
        return;
    }
    if (part->high.units > candle->high.units)
        candle->high = part->high;
    if (part->low.units < candle->low.units)
        candle->low = part->low;
    candle->close = part->close;
    candle->volume.units += part->volume.units;
    candle->trades += part->trades;
}

enum err market_candles(struct db *db, const struct market *market, int64_t interval_s,
                        int64_t since, void (*row)(void *arg, const struct market_candle *candle),
                        void *arg)
{
    struct fold fold = {.interval_s = interval_s, .row = row, .arg = arg};
    int64_t span_s = interval_s < HOUR_S ? MINUTE_S : HOUR_S;

    if (!market_interval_known(interval_s))
        return ERR_INTERNAL;
    if (since < 0)
        since = clock_now_us() / 1000000 - (MARKET_CANDLES_MAX - 1) * interval_s;
    /* So many stored ones always make MARKET_CANDLES_MAX whole ones, or are all that there are. */
    int64_t limit = MARKET_CANDLES_MAX * (interval_s / span_s);
    enum err rc =
        market_store_candles(db, market, span_s, since - since % interval_s, limit, add, &fold);
    if (rc == ERR_OK)
        tell(&fold);
    return rc;
}
