#include <string.h>

#include "base/text.h"
#include "market/change.h"

#define PLACE_ARGS 9 /* of market_place, market_place_in and market_try_place */
#define CANCEL_ARGS 2
#define ARGS_MAX (MARKET_BATCH_MAX * PLACE_ARGS)
#define SQL_MAX (32 << 10)

static struct db_arg units_if(bool given, __int128 units)
{
    return given ? db_i128(units) : db_null();
}

/* Gives the number of arguments. */
static size_t write_args(const struct market_change *change, struct db_arg args[PLACE_ARGS])
{
    args[0] = db_i64(change->user_id);
    args[1] = db_uuid(&change->oid);
    if (change->cancel)
        return CANCEL_ARGS;
    args[2] = db_text(change->trace);
    args[3] = db_u64(change->market_id);
    args[4] = db_text(market_side_name(change->side));
    args[5] = units_if(change->with_price, change->price);
    args[6] = units_if(change->with_stop, change->stop);
    args[7] = db_i128(change->amount);
    args[8] = db_u64(change->fiat_fee);
    return PLACE_ARGS;
}

enum err market_change_alone(struct db *db, const struct market_change *change, bool *resent)
{
    struct db_arg args[PLACE_ARGS];
    size_t count = write_args(change, args);

    return db_txn_call(db,
                       change->cancel ? "CALL market_cancel(?, ?)"
                                      : "CALL market_place(?, ?, ?, ?, ?, ?, ?, ?, ?)",
                       (struct db_args){.list = args, .count = count}, NULL, resent);
}

enum err market_change_in(struct db *db, const struct market_change *change)
{
    struct db_arg args[PLACE_ARGS];
    size_t count = write_args(change, args);

    return db_run(db, "CALL market_place_in(?, ?, ?, ?, ?, ?, ?, ?, ?)",
                  (struct db_args){.list = args, .count = count}, NULL);
}

/* Writes SQL that lets a change's first statement run, and puts its refusal, where there is one, into
 * the variable told_N. */
static void write_first(struct text *sql, const struct market_change *change, size_t n)
{
    if (change->first[0] == '\0')
        return;
    text_addf(sql,
              "BEGIN DECLARE EXIT HANDLER FOR SQLSTATE '45000' "
              "GET DIAGNOSTICS CONDITION 1 told_%zu = MESSAGE_TEXT; %s; END; ",
              n, change->first);
}

/* The same for the change itself, unless it has been refused already. */
static void write_change(struct text *sql, const struct market_change *change, size_t n)
{
    text_addf(sql, "IF told_%zu = '' THEN CALL %s, told_%zu); END IF; ", n,
              change->cancel ? "market_try_cancel(?, ?"
                             : "market_try_place(?, ?, ?, ?, ?, ?, ?, ?, ?",
              n);
}

/* Several statements as one. The first statements are none of the transaction's: what they do stays
 * done. Afterwards told_0, told_1 ... hold "ok", or why the change was refused. */
static void write_batch(struct text *sql, const struct market_change *changes, size_t count)
{
    text_puts(sql, "BEGIN NOT ATOMIC ");
    for (size_t i = 0; i < count; i++)
        text_addf(sql, "%s%zu", i == 0 ? "DECLARE told_" : ", told_", i);
    text_puts(sql, " VARCHAR(64) CHARACTER SET ascii DEFAULT ''; "
                   "DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END; ");
    for (size_t i = 0; i < count; i++)
        write_first(sql, &changes[i], i);
    text_puts(sql, "START TRANSACTION; ");
    for (size_t i = 0; i < count; i++)
        write_change(sql, &changes[i], i);
    text_puts(sql, "COMMIT; ");
    for (size_t i = 0; i < count; i++)
        text_addf(sql, "%s%zu", i == 0 ? "SELECT told_" : ", told_", i);
    text_puts(sql, "; END");
}

void market_change_together(struct db *db, const struct market_change *changes, size_t count,
                            struct market_outcome *out)
{
    struct text sql = TEXT(SQL_MAX);
    struct db_arg args[ARGS_MAX];
    struct db_rows rows = {0};
    size_t used = 0;

    for (size_t i = 0; i < count; i++) {
        used += write_args(&changes[i], &args[used]);
        out[i] = (struct market_outcome){.rc = ERR_DB};
    }
    write_batch(&sql, changes, count);
    enum err rc = db_txn_call_once(db, text_string(&sql),
                                   (struct db_args){.list = args, .count = used}, &rows);
    if (rc == ERR_OK && db_next(&rows)) {
        for (size_t i = 0; i < count; i++) {
            const char *told = db_get_text(&rows, (unsigned)i);
            out[i].rc = strcmp(told, "ok") == 0 ? ERR_OK : err_from_id(told);
            out[i].known = !err_is_bug(out[i].rc);
        }
    }
    db_rows_free(&rows);
    text_free(&sql);
}
