/* Volumes and everybody's fees, as a process keeps them. */
#include <string.h>

#include "base/text.h"
#include "market/trader.h"
#include "money/decimal.h"

#define MAX_FEES 32 /* rows of everybody's schedule */
#define VOLUMES_KEPT 1024
#define DAY_SIZE sizeof("YYYY-MM-DD")

/* Everybody's trading fees, the lowest volume first: read once. */
static struct {
    __int128 from; /* bitcoins traded in 30 days, in smallest units */
    char percent[MARKET_PERCENT_SIZE];
} fees[MAX_FEES];
static size_t fee_count;

/* What users traded in 30 days, each in the place that their id gives. A trade books entries to the
 * trader's accounts (match.c posts every fill to both sides) and a day that is over leaves the sum:
 * where neither happened it is not summed up again, which would cost a sixth of all that `info`
 * does. */
static struct volume {
    int64_t user_id;
    uint64_t entries;
    char today[DAY_SIZE];
    __int128 units;
} volumes[VOLUMES_KEPT];

static enum err load_fees(struct db *db)
{
    struct db_rows rows = {0};

    if (fee_count > 0)
        return ERR_OK;
    enum err rc = db_run(db,
                         "SELECT min_volume, percent FROM trade_fee WHERE market_id = 0 "
                         "ORDER BY min_volume",
                         DB_NO_ARGS, &rows);
    if (rc == ERR_OK && (rows.count == 0 || rows.count > MAX_FEES))
        rc = ERR_CONFIG;
    size_t count = 0;
    while (rc == ERR_OK && db_next(&rows)) {
        fees[count].from = db_get_i128(&rows, 0);
        decimal_copy_short(fees[count].percent, sizeof(fees[count].percent), db_get_text(&rows, 1));
        count++;
    }
    fee_count = count;
    db_rows_free(&rows);
    return rc;
}

/* What those pay who traded that much. */
static const char *fee_for(__int128 volume)
{
    size_t i = fee_count - 1;
    while (i > 0 && fees[i].from > volume)
        i--;
    return fees[i].percent;
}

/* The bitcoins that the user of `now` traded in 30 days (UTC), as market_fee counts them. */
static enum err find_volume(struct db *db, struct volume *now)
{
    struct volume *kept = &volumes[now->user_id % VOLUMES_KEPT];
    struct db_rows rows = {0};

    if (now->entries == 0) /* never traded */
        return ERR_OK;
    if (kept->user_id == now->user_id && kept->entries == now->entries &&
        strcmp(kept->today, now->today) == 0) {
        now->units = kept->units;
        return ERR_OK;
    }
    enum err rc = db_run(db,
                         "SELECT SUM(volume) FROM trader_volume WHERE user_id = ? AND "
                         "item_id = 1 /* bitcoin */ AND day > UTC_DATE() - INTERVAL 30 DAY",
                         DB_ARGS(db_i64(now->user_id)), &rows);
    if (rc == ERR_OK && db_next(&rows)) {
        now->units = db_get_i128(&rows, 0);
        *kept = *now;
    }
    db_rows_free(&rows);
    return rc;
}

enum err market_trader(struct db *db, int64_t user_id, uint64_t entries, const char *today,
                       struct market_trader *out)
{
    struct volume volume = {.user_id = user_id, .entries = entries};

    text_copy(volume.today, sizeof(volume.today), today);
    enum err rc = load_fees(db);
    if (rc == ERR_OK)
        rc = find_volume(db, &volume);
    if (rc != ERR_OK)
        return rc;
    out->volume = (struct amount){.units = volume.units, .currency = currency_by_code("BTC", 3)};
    text_copy(out->fee_percent, sizeof(out->fee_percent), fee_for(volume.units));
    return ERR_OK;
}
