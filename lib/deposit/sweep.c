/* What lies on users' addresses. */
#include "deposit/sweep.h"

#include "db/columns.h"
#include "db/statement.h"
#include "deposit/store.h"

static const struct db_column columns[] = {
    DB_COLUMN("d.path_index", struct deposit_unswept, index),
    DB_COLUMN("d.currency_id", struct deposit_unswept, currency),
    DB_COLUMN("SUM(d.chain_amount)", struct deposit_unswept, chain_units),
    DB_COLUMN("MAX(d.id)", struct deposit_unswept, last_id),
};

enum err deposit_unswept_list(struct db *db, const char *rail, const struct currency *coin,
                              __int128 least, struct deposit_unswept *list, size_t most,
                              size_t *count)
{
    struct text sql = TEXT(DEPOSIT_SQL_MAX);
    struct db_rows rows = {0};

    *count = 0;
    db_select(&sql, columns, DB_COUNT(columns));
    statement_add(&sql,
                  "FROM deposit AS d WHERE d.rail = ? AND NOT d.swept AND d.state = 'completed' "
                  "AND d.path_index > 0 GROUP BY d.path_index, d.currency_id HAVING d.currency_id "
                  "<> ? OR SUM(d.chain_amount) >= ? ORDER BY SUM(d.chain_amount) DESC LIMIT ?",
                  DB_ARGS(db_text(rail), db_u64(coin->id), db_i128(least), db_u64(most)));
    enum err rc = db_run(db, text_string(&sql), DB_NO_ARGS, &rows);
    while (rc == ERR_OK && *count < most &&
           db_read(&rows, columns, DB_COUNT(columns), &list[*count]))
        ++*count;
    db_rows_free(&rows);
    text_free(&sql);
    return rc;
}

void deposit_add_swept(struct db_packet *packet, const char *rail,
                       const struct deposit_unswept *unswept)
{
    db_packet_add(packet,
                  "UPDATE deposit SET swept = TRUE WHERE rail = ? AND NOT swept AND path_index = ? "
                  "AND state = 'completed' AND currency_id = ? AND id <= ?",
                  DB_ARGS(db_text(rail), db_u64(unswept->index), db_u64(unswept->currency->id),
                          db_i64(unswept->last_id)));
}
