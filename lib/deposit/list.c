/* Deposits as their owners and operators see them. */
#include <string.h>

#include "db/columns.h"
#include "db/statement.h"
#include "deposit/store.h"
#include "ledger/sql.h"

#define MICROSECONDS(column) "CAST(UNIX_TIMESTAMP(" column ") * 1000000 AS SIGNED)"

const char *const deposit_states[DEPOSIT_STATES] = {
    [DEPOSIT_PENDING] = "PENDING",
    [DEPOSIT_COMPLETED] = "COMPLETED",
    [DEPOSIT_WITHHOLD] = "WITHHOLD",
    [DEPOSIT_CANCELLED] = "CANCELLED",
};

const char *const deposit_state_words[DEPOSIT_STATES] = {
    [DEPOSIT_PENDING] = "pending",
    [DEPOSIT_COMPLETED] = "completed",
    [DEPOSIT_WITHHOLD] = "withhold",
    [DEPOSIT_CANCELLED] = "cancelled",
};

/* A row with the word of its state. */
struct row {
    struct deposit deposit;
    char state[12];
};

static const struct db_column columns[] = {
    DB_COLUMN("d.id", struct row, deposit.id),
    DB_COLUMN("d.uuid", struct row, deposit.uuid),
    DB_COLUMN("d.rail", struct row, deposit.rail),
    DB_COLUMN("CONCAT(IF(r.format = 'ethereum', '0x', ''), LOWER(HEX(d.txid)))", struct row,
              deposit.txid),
    DB_COLUMN("d.output", struct row, deposit.output),
    DB_COLUMN("d.user_id", struct row, deposit.user_id),
    DB_COLUMN("a.address", struct row, deposit.address),
    DB_COLUMN("d.amount", struct row, deposit.amount.units),
    DB_COLUMN("d.currency_id", struct row, deposit.amount.currency),
    DB_COLUMN("IF(d.height IS NULL OR d.height > r.height, 0, r.height - d.height + 1)", struct row,
              deposit.confirms),
    DB_COLUMN("d.needed", struct row, deposit.needed),
    DB_COLUMN("d.state", struct row, state),
    DB_COLUMN("d.note", struct row, deposit.note),
    DB_COLUMN(MICROSECONDS("d.inserted_at"), struct row, deposit.inserted_us),
    DB_COLUMN(MICROSECONDS("d.updated_at"), struct row, deposit.updated_us),
    DB_COLUMN(MICROSECONDS("d.confirmed_at"), struct row, deposit.confirmed_us),
};

#define FROM_DEPOSITS                                                                           \
    "FROM deposit AS d JOIN deposit_rail AS r ON r.rail = d.rail JOIN deposit_address AS a ON " \
    "a.rail = d.rail AND a.path_index = d.path_index WHERE TRUE"

static bool next_deposit(struct db_rows *rows, struct row *row)
{
    *row = (struct row){0};
    if (!db_read(rows, columns, DB_COUNT(columns), row))
        return false;
    for (int state = 0; state < DEPOSIT_STATES; state++)
        if (strcmp(row->state, deposit_state_words[state]) == 0)
            row->deposit.state = (enum deposit_state)state;
    return true;
}

static void add_filter(struct text *sql, const struct deposit_filter *filter)
{
    if (filter->user_id != 0)
        statement_add(sql, " AND d.user_id = ?", DB_ARGS(db_i64(filter->user_id)));
    if (filter->rail != NULL)
        statement_add(sql, " AND d.rail = ?", DB_ARGS(db_text(filter->rail)));
    if (filter->currency != NULL)
        statement_add(sql, " AND d.currency_id = ?", DB_ARGS(db_u64(filter->currency->id)));
    if (filter->state >= 0 && filter->state < DEPOSIT_STATES)
        statement_add(sql, " AND d.state = ?",
                      DB_ARGS(db_text(deposit_state_words[filter->state])));
    if (filter->before != 0)
        statement_add(sql, " AND d.id < ?", DB_ARGS(db_i64(filter->before)));
}

enum err deposit_list(struct db *db, const struct deposit_filter *filter,
                      void (*row)(void *arg, const struct deposit *deposit), void *arg)
{
    struct text sql = TEXT(DEPOSIT_SQL_MAX);
    struct db_rows rows = {0};
    struct row read;

    db_select(&sql, columns, DB_COUNT(columns));
    text_puts(&sql, FROM_DEPOSITS);
    add_filter(&sql, filter);
    statement_add(&sql, " ORDER BY d.id DESC LIMIT ?", DB_ARGS(db_i64(filter->limit)));
    enum err rc = db_run(db, text_string(&sql), DB_NO_ARGS, &rows);
    while (rc == ERR_OK && next_deposit(&rows, &read))
        row(arg, &read.deposit);
    db_rows_free(&rows);
    text_free(&sql);
    return rc;
}

enum err deposit_find(struct db *db, int64_t user_id, int64_t id, struct deposit *out)
{
    const struct deposit_filter filter = {.user_id = user_id, .state = -1};
    struct text sql = TEXT(DEPOSIT_SQL_MAX);
    struct db_rows rows = {0};
    struct row read;

    db_select(&sql, columns, DB_COUNT(columns));
    text_puts(&sql, FROM_DEPOSITS);
    add_filter(&sql, &filter);
    statement_add(&sql, " AND d.id = ?", DB_ARGS(db_i64(id)));
    enum err rc = db_run(db, text_string(&sql), DB_NO_ARGS, &rows);
    if (rc == ERR_OK && !next_deposit(&rows, &read))
        rc = ERR_NOT_FOUND;
    if (rc == ERR_OK)
        *out = read.deposit;
    db_rows_free(&rows);
    text_free(&sql);
    return rc;
}

enum err deposit_release(struct db *db, int64_t id)
{
    struct deposit deposit;
    struct db_rows rows = {0};

    enum err rc = deposit_find(db, 0, id, &deposit);
    if (rc != ERR_OK)
        return rc;
    rc = db_txn_call(db,
                     "UPDATE deposit SET state = 'pending', note = NULL, updated_at = NOW(6) WHERE "
                     "id = ? AND state = 'withhold' AND amount > 0",
                     DB_ARGS(db_i64(id)), &rows, NULL);
    if (rc == ERR_OK && rows.affected != 1)
        rc = ERR_DEPOSIT_STATE;
    db_rows_free(&rows);
    return rc;
}

enum err deposit_trouble(struct db *db, uint64_t *withheld, uint64_t *owing)
{
    struct db_rows rows = {0};

    /* by chain, so that their index serves; who owes has a deposit that was credited and is gone */
    enum err rc = db_run(
        db,
        "SELECT (SELECT COUNT(*) FROM deposit_rail AS r JOIN deposit AS d ON d.rail = r.rail AND "
        "d.state = 'withhold'), (SELECT COUNT(DISTINCT d.user_id) FROM deposit_rail AS r JOIN "
        "deposit AS d ON d.rail = r.rail AND d.state IN ('pending', 'cancelled') AND d.credits > 0 "
        "JOIN " LEDGER_SQL_ACCOUNTS " AS a ON a.owner_id = d.user_id AND a.purpose = 'owed' AND "
        "a.balance < 0)",
        DB_NO_ARGS, &rows);
    if (rc == ERR_OK && db_next(&rows)) {
        *withheld = db_get_u64(&rows, 0);
        *owing = db_get_u64(&rows, 1);
    }
    db_rows_free(&rows);
    return rc;
}
