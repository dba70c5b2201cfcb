#include <string.h>

#include "base/text.h"
#include "market/change.h"

#define PLACE_ARGS 9 /* of market_place, market_place_in and market_try_place */
#define CANCEL_ARGS 2
#define ARGS_MAX (MARKET_BATCH_MAX * PLACE_ARGS)
#define SQL_MAX (16 << 10)

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

/* Reads one word: ok, or why the change was refused. False where there is none. */
static bool read_word(const char **words, struct market_outcome *out)
{
    char word[64];
    size_t len = strcspn(*words, " ");

    if (len == 0 || len >= sizeof(word))
        return false;
    memcpy(word, *words, len);
    word[len] = '\0';
    *words += len + ((*words)[len] == ' ');
    out->rc = strcmp(word, "ok") == 0 ? ERR_OK : err_from_id(word);
    out->known = !err_is_bug(out->rc);
    return true;
}

void market_change_together(struct db *db, const struct market_change *changes, size_t count,
                            struct market_outcome *out)
{
    struct text sql = TEXT(SQL_MAX);
    struct db_arg args[ARGS_MAX];
    struct db_rows rows = {0};
    size_t used = 0;
    bool resent = false;

    text_puts(&sql, "BEGIN NOT ATOMIC "
                    "DECLARE told VARCHAR(4000) CHARACTER SET ascii DEFAULT ''; "
                    "DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END; "
                    "START TRANSACTION; ");
    for (size_t i = 0; i < count; i++) {
        text_puts(&sql, changes[i].cancel
                            ? "CALL market_try_cancel(?, ?, told); "
                            : "CALL market_try_place(?, ?, ?, ?, ?, ?, ?, ?, ?, told); ");
        used += write_args(&changes[i], &args[used]);
        out[i] = (struct market_outcome){.rc = ERR_DB};
    }
    text_puts(&sql, "COMMIT; SELECT told; END");
    enum err rc = db_txn_call(db, text_string(&sql), (struct db_args){.list = args, .count = used},
                              &rows, &resent);
    /* A second sending meets what the first one did, and cannot tell it from a replay. */
    if (rc == ERR_OK && !resent && db_next(&rows)) {
        const char *words = db_get_text(&rows, 0);
        for (size_t i = 0; i < count && read_word(&words, &out[i]); i++)
            continue;
    }
    db_rows_free(&rows);
    text_free(&sql);
}
