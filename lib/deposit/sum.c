/* Sums over deposits. */
#include "deposit/sum.h"

enum err deposit_sum_read(struct db *db, const char *rail, const struct currency *currency,
                          struct deposit_sum *out)
{
    struct db_rows rows = {0};

    *out = (struct deposit_sum){0};
    enum err rc = db_run(
        db,
        "SELECT COALESCE(SUM(IF(state = 'completed', amount, 0)), 0), COALESCE(SUM(IF(state = "
        "'completed', chain_amount, 0)), 0), COALESCE(SUM(IF(state IN ('pending', 'withhold') AND "
        "height IS NOT NULL, chain_amount, 0)), 0) FROM deposit WHERE rail = ? AND currency_id = ?",
        DB_ARGS(db_text(rail), db_u64(currency->id)), &rows);
    if (rc == ERR_OK && db_next(&rows)) {
        out->credited = db_get_i128(&rows, 0);
        out->credited_units = db_get_i128(&rows, 1);
        out->waiting_units = db_get_i128(&rows, 2);
    }
    db_rows_free(&rows);
    return rc;
}
