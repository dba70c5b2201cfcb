/* All markets in a page's order. */
#include "market/board.h"

#include <string.h>

#include "money/decimal.h"

enum err market_board(struct db *db, int64_t user_id,
                      void (*row)(void *arg, const struct market_summary *summary), void *arg)
{
    struct db_rows rows = {0};

    enum err rc =
        db_run(db,
               "SELECT id, status = 'halted', last_price, market_fee(?, item_id, fee_schedule) "
               "FROM market ORDER BY id",
               DB_ARGS(db_i64(user_id)), &rows);
    while (rc == ERR_OK && db_next(&rows)) {
        struct market_summary summary = {.halted = db_get_u64(&rows, 1) != 0};
        uint8_t id = (uint8_t)db_get_u64(&rows, 0);
        rc = market_by_id(db, id, &summary.market);
        if (rc == ERR_MARKET_UNKNOWN) { /* made within the second in which we do not read again */
            rc = market_refresh(db);
            if (rc == ERR_OK)
                rc = market_by_id(db, id, &summary.market);
        }
        if (rc != ERR_OK)
            break;
        if (!db_is_null(&rows, 2))
            summary.last = (struct amount){db_get_i128(&rows, 2), summary.market->currency};
        decimal_copy_short(summary.fee_percent, sizeof(summary.fee_percent), db_get_text(&rows, 3));
        row(arg, &summary);
    }
    db_rows_free(&rows);
    return rc;
}
