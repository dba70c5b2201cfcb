/* All markets in a page's order. */
#include "market/board.h"

#include <string.h>

#include "base/text.h"

static void copy_percent(char out[MARKET_PERCENT_SIZE], const char *text)
{
    text_copy(out, MARKET_PERCENT_SIZE, text);
    if (strchr(out, '.') == NULL)
        return;
    size_t len = strlen(out);
    while (out[len - 1] == '0')
        out[--len] = '\0';
    if (out[len - 1] == '.')
        out[--len] = '\0';
}

enum err market_board(struct db *db, int64_t user_id,
                      void (*row)(void *arg, const struct market_summary *summary), void *arg)
{
    struct db_rows rows = {0};

    enum err rc =
        db_run(db,
               "SELECT CONCAT(i.code, c.code), m.status = 'halted', m.last_price, "
               "market_fee(?, m.item_id, m.fee_schedule) FROM market AS m "
               "JOIN currency AS i ON i.id = m.item_id JOIN currency AS c ON c.id = m.currency_id "
               "ORDER BY m.id",
               DB_ARGS(db_i64(user_id)), &rows);
    while (rc == ERR_OK && db_next(&rows)) {
        struct market_summary summary = {.halted = db_get_u64(&rows, 1) != 0};
        const char *code = db_get_text(&rows, 0);
        rc = market_find(db, code, strlen(code), &summary.market);
        if (rc == ERR_MARKET_UNKNOWN) { /* made within the second in which we do not read again */
            rc = market_refresh(db);
            if (rc == ERR_OK)
                rc = market_find(db, code, strlen(code), &summary.market);
        }
        if (rc != ERR_OK)
            break;
        if (!db_is_null(&rows, 2))
            summary.last = (struct amount){db_get_i128(&rows, 2), summary.market->currency};
        copy_percent(summary.fee_percent, db_get_text(&rows, 3));
        row(arg, &summary);
    }
    db_rows_free(&rows);
    return rc;
}
