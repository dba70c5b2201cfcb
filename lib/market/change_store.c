/* Making changes: locks, reading, matching and writing, alone, in somebody's transaction, or many
 * together. */
#include <string.h>

#include "base/text.h"
#include "market/book.h"
#include "market/change.h"

#define SQL_MAX (32 << 10)

/* Some changes that are made in one transaction. */
struct batch {
    const struct market_change *changes;
    size_t count;
    const enum err *before; /* of each: ERR_OK, or why it is not to be made */
    enum err *outcomes;
    int64_t orders_max; /* as of struct book */
};

static int64_t orders_max = MARKET_ORDERS_MAX;

void market_orders_limit(int64_t max)
{
    orders_max = max;
}

/* Makes them inside the transaction. */
static enum err make(struct db *db, const struct batch *batch)
{
    struct book book = {.db = db, .orders_max = batch->orders_max};

    book_read(&book, batch->changes, batch->count);
    for (size_t i = 0; i < batch->count && book.rc == ERR_OK; i++)
        batch->outcomes[i] =
            batch->before[i] == ERR_OK ? book_make(&book, &batch->changes[i]) : batch->before[i];
    enum err rc = book.rc == ERR_OK ? book_write(&book) : book.rc;
    book_free(&book);
    return rc;
}

static enum err make_all(struct db *db, void *arg)
{
    return make(db, arg);
}

/* One is refused by itself: nothing is left to be kept. */
static enum err make_one(struct db *db, void *arg)
{
    const struct batch *batch = arg;
    enum err rc = make(db, batch);

    return rc == ERR_OK ? batch->outcomes[0] : rc;
}

enum err market_change_alone(struct db *db, const struct market_change *change, bool *resent)
{
    enum err before = ERR_OK, outcome;
    struct batch batch = {.changes = change,
                          .count = 1,
                          .before = &before,
                          .outcomes = &outcome,
                          .orders_max = orders_max};

    return db_txn(db, make_one, &batch, resent);
}

enum err market_change_in(struct db *db, const struct market_change *change)
{
    enum err before = ERR_OK, outcome;
    struct batch batch = {.changes = change, .count = 1, .before = &before, .outcomes = &outcome};

    return make_one(db, &batch);
}

/* Writes SQL that lets a change's first statement run, and puts its refusal, where there is one, into
 * the variable told_N. */
static void write_first(struct text *sql, const struct market_change *change, size_t n)
{
    if (change->first[0] != '\0')
        text_addf(sql,
                  "BEGIN DECLARE EXIT HANDLER FOR SQLSTATE '45000' "
                  "GET DIAGNOSTICS CONDITION 1 told_%zu = MESSAGE_TEXT; %s; END; ",
                  n, change->first);
}

/* Runs the first statements, which are none of the transaction's: what they do stays done.
 * before  out, of each: ERR_OK, or its refusal */
static enum err run_first(struct db *db, const struct market_change *changes, size_t count,
                          enum err before[])
{
    struct text sql = TEXT(SQL_MAX);
    struct db_rows rows = {0};

    text_puts(&sql, "BEGIN NOT ATOMIC ");
    for (size_t i = 0; i < count; i++)
        text_addf(&sql, "%s%zu", i == 0 ? "DECLARE told_" : ", told_", i);
    text_puts(&sql, " VARCHAR(64) CHARACTER SET ascii DEFAULT ''; ");
    for (size_t i = 0; i < count; i++)
        write_first(&sql, &changes[i], i);
    for (size_t i = 0; i < count; i++)
        text_addf(&sql, "%s%zu", i == 0 ? "SELECT told_" : ", told_", i);
    text_puts(&sql, "; END");
    enum err rc = db_txn_call_once(db, text_string(&sql), DB_NO_ARGS, &rows);
    if (rc == ERR_OK && !db_next(&rows))
        rc = ERR_INTERNAL;
    for (size_t i = 0; rc == ERR_OK && i < count; i++) {
        const char *told = db_get_text(&rows, (unsigned)i);
        before[i] = *told == '\0' ? ERR_OK : err_from_id(told);
    }
    db_rows_free(&rows);
    text_free(&sql);
    return rc;
}

void market_change_together(struct db *db, const struct market_change *changes, size_t count,
                            struct market_outcome *out)
{
    enum err before[MARKET_BATCH_MAX] = {ERR_OK}, outcomes[MARKET_BATCH_MAX];
    struct batch batch = {.changes = changes,
                          .count = count,
                          .before = before,
                          .outcomes = outcomes,
                          .orders_max = orders_max};
    bool first = false;

    for (size_t i = 0; i < count; i++)
        first = first || changes[i].first[0] != '\0';
    enum err rc = first ? run_first(db, changes, count, before) : ERR_OK;
    if (rc == ERR_OK)
        rc = db_txn(db, make_all, &batch, NULL);
    for (size_t i = 0; i < count; i++)
        out[i] = rc == ERR_OK
                     ? (struct market_outcome){.known = !err_is_bug(outcomes[i]), .rc = outcomes[i]}
                     : (struct market_outcome){.rc = rc};
}
