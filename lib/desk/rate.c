/* Keeping rates: values that are taken over, and values that jumped. */
#include "desk/rate.h"

#include <gmp.h>
#include <stdio.h>
#include <string.h>

#include "db/statement.h"
#include "desk/calc.h"
#include "desk/store.h"

static void set_ratio(mpq_t out, const struct desk_worth *worth)
{
    char text[DECIMAL_TEXT_SIZE];
    mpq_t give;
    mpz_t power;

    mpq_init(give);
    mpz_init(power);
    int128_format(worth->get.coefficient, text);
    mpz_set_str(mpq_numref(out), text, 10);
    mpz_ui_pow_ui(mpq_denref(out), 10, worth->get.scale);
    mpq_canonicalize(out);
    int128_format(worth->give.coefficient, text);
    mpz_set_str(mpq_numref(give), text, 10);
    mpz_ui_pow_ui(mpq_denref(give), 10, worth->give.scale);
    mpq_canonicalize(give);
    mpq_div(out, out, give);
    mpz_clear(power);
    mpq_clear(give);
}

/* Whether a value differs from the one before by more than so many percent of it. */
static bool has_jumped(const struct desk_worth *before, const struct desk_worth *now,
                       struct rate max_jump)
{
    const struct desk_worth limit = {.give = {.coefficient = 100}, .get = max_jump};
    mpq_t old, new, most;

    mpq_inits(old, new, most, NULL);
    set_ratio(old, before);
    set_ratio(new, now);
    set_ratio(most, &limit);
    mpq_mul(most, most, old);
    mpq_sub(new, new, old);
    mpq_abs(new, new);
    bool jumped = mpq_cmp(new, most) > 0;
    mpq_clears(old, new, most, NULL);
    return jumped;
}

/* A value on its way. */
struct taking {
    int64_t id;
    const struct desk_worth *worth;
    bool jumped;
};

static bool parse(const char *text, struct rate *out)
{
    return text != NULL && rate_parse(text, strlen(text), out) == ERR_OK;
}

static enum err take_in(struct db *db, void *arg)
{
    struct taking *taking = arg;
    struct db_rows rows = {0};
    struct desk_worth before;
    struct rate max_jump;
    char give[AMOUNT_TEXT_SIZE], get[AMOUNT_TEXT_SIZE];

    enum err rc = db_run(db, "SELECT give, get, max_jump FROM desk_rate WHERE id = ? FOR UPDATE",
                         DB_ARGS(db_i64(taking->id)), &rows);
    if (rc == ERR_OK)
        rc = db_next(&rows) ? ERR_OK : ERR_NOT_FOUND;
    taking->jumped = rc == ERR_OK && parse(db_get_text(&rows, 0), &before.give) &&
                     parse(db_get_text(&rows, 1), &before.get) &&
                     parse(db_get_text(&rows, 2), &max_jump) &&
                     has_jumped(&before, taking->worth, max_jump);
    db_rows_free(&rows);
    if (rc != ERR_OK)
        return rc;
    rate_format(taking->worth->give, give);
    rate_format(taking->worth->get, get);
    if (taking->jumped)
        return db_run(db,
                      "UPDATE desk_rate SET jumped_give = ?, jumped_get = ?, jumped_at = NOW(6) "
                      "WHERE id = ?",
                      DB_ARGS(db_text(give), db_text(get), db_i64(taking->id)), NULL);
    /* The same value again is no change, but where it froze its directions until now. */
    return db_run(
        db,
        "UPDATE desk_rate SET changed_at = IF(give <=> ? AND get <=> ? AND jumped_at IS NULL "
        "AND COALESCE(at + INTERVAL max_age_s SECOND >= NOW(6), TRUE), changed_at, NOW(6)), "
        "give = ?, get = ?, at = NOW(6), jumped_give = NULL, jumped_get = NULL, "
        "jumped_at = NULL WHERE id = ?",
        DB_ARGS(db_text(give), db_text(get), db_text(give), db_text(get), db_i64(taking->id)),
        NULL);
}

static bool is_rate(struct rate rate)
{
    char text[AMOUNT_TEXT_SIZE];

    rate_format(rate, text);
    return rate.coefficient > 0 && rate.scale <= DESK_RATE_SCALE_MAX &&
           strlen(text) <= DESK_RATE_DIGITS_MAX + 1;
}

enum err desk_rate_take(struct db *db, int64_t id, const struct desk_worth *worth, bool *jumped)
{
    struct taking taking = {.id = id, .worth = worth};

    if (!is_rate(worth->give) || !is_rate(worth->get))
        return ERR_OUT_OF_RANGE;
    enum err rc = db_txn(db, take_in, &taking, NULL);
    if (jumped != NULL)
        *jumped = taking.jumped;
    return rc;
}

enum err desk_rate_markets(struct db *db, void (*row)(void *arg, int64_t id, const char *path),
                           void *arg)
{
    struct db_rows rows = {0};
    enum err rc =
        db_run(db, "SELECT id, path FROM desk_rate WHERE kind = 'market' AND path IS NOT NULL",
               DB_NO_ARGS, &rows);
    while (rc == ERR_OK && db_next(&rows))
        row(arg, db_get_i64(&rows, 0), db_get_text(&rows, 1));
    db_rows_free(&rows);
    return rc;
}

enum err desk_feed_overdue(struct db *db, int64_t *age_s)
{
    struct db_rows rows = {0};
    enum err rc = db_run(db,
                         "SELECT COALESCE(TIMESTAMPDIFF(SECOND, MIN(due_at), NOW(6)), 0) FROM "
                         "desk_feed WHERE due_at <= NOW(6)",
                         DB_NO_ARGS, &rows);

    *age_s = rc == ERR_OK && db_next(&rows) ? db_get_i64(&rows, 0) : 0;
    db_rows_free(&rows);
    return rc;
}
