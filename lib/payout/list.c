/* Payouts read by themselves, in lists, and with their histories. */
#include <string.h>

#include "base/text.h"
#include "identity/sql.h"
#include "payout/store.h"

static enum err read_one(struct db *db, const char *where, struct db_args args, struct payout *out)
{
    struct text sql = TEXT(PAYOUT_SQL_MAX);
    struct db_rows rows = {0};

    payout_store_select(&sql, "");
    statement_add(&sql, where, args);
    enum err rc = db_run(db, text_string(&sql), DB_NO_ARGS, &rows);
    if (rc == ERR_OK && !payout_store_next(&rows, out))
        rc = ERR_PAYOUT_NOT_FOUND;
    db_rows_free(&rows);
    text_free(&sql);
    return rc;
}

enum err payout_by_id(struct db *db, int64_t user_id, int64_t id, struct payout *out)
{
    return read_one(db,
                    user_id == 0 ? "WHERE p.id = ? AND ? = 0" : "WHERE p.id = ? AND p.user_id = ?",
                    DB_ARGS(db_i64(id), db_i64(user_id)), out);
}

enum err payout_by_ref(struct db *db, const char *service, int64_t user_id, const char *ref,
                       struct payout *out)
{
    return read_one(db, "WHERE p.service = ? AND p.user_id = ? AND p.ref = ?",
                    DB_ARGS(db_text(service), db_i64(user_id), db_text(ref)), out);
}

static void add_states(struct text *sql, uint32_t states)
{
    const char *before = " AND p.state IN (";

    for (unsigned i = 0; i < PAYOUT_STATES; i++)
        if ((states >> i & 1) != 0) {
            text_addf(sql, "%s'%s'", before, payout_state_names[i]);
            before = ", ";
        }
    text_puts(sql, ")");
}

static void add_filter(struct text *sql, const struct payout_filter *filter)
{
    text_puts(sql, "WHERE TRUE");
    if (filter->user_id != 0)
        statement_add(sql, " AND p.user_id = ?", DB_ARGS(db_i64(filter->user_id)));
    if (filter->to_user_id != 0)
        statement_add(sql, " AND p.to_user_id = ?", DB_ARGS(db_i64(filter->to_user_id)));
    if (filter->service != NULL)
        statement_add(sql, " AND p.service = ?", DB_ARGS(db_text(filter->service)));
    if (filter->rail != NULL)
        statement_add(sql, " AND p.rail = ?", DB_ARGS(db_text(filter->rail)));
    if (filter->kind != NULL)
        statement_add(sql, " AND p.rail IN (SELECT k.name FROM rail AS k WHERE k.kind = ?)",
                      DB_ARGS(db_text(rail_kind_names[*filter->kind])));
    if (filter->currency != NULL)
        statement_add(sql, " AND p.currency_id = ?", DB_ARGS(db_u64(filter->currency->id)));
    if (filter->before_id != 0)
        statement_add(sql, " AND p.id < ?", DB_ARGS(db_i64(filter->before_id)));
    if (filter->states != 0)
        add_states(sql, filter->states);
}

enum err payout_list(struct db *db, const struct payout_filter *filter,
                     void (*row)(void *arg, const struct payout *payout), void *arg)
{
    struct text sql = TEXT(PAYOUT_SQL_MAX);
    struct db_rows rows = {0};
    struct payout payout;

    if (filter->limit < 1 || filter->limit > PAYOUT_LIST_MAX)
        return ERR_OUT_OF_RANGE;
    /* what is oldest in a state is not to be found among all that ever were */
    payout_store_select(&sql, filter->oldest && filter->rail != NULL ? "FORCE INDEX (due)" : "");
    add_filter(&sql, filter);
    statement_add(&sql, filter->oldest ? " ORDER BY p.id LIMIT ?" : " ORDER BY p.id DESC LIMIT ?",
                  DB_ARGS(db_i64(filter->limit)));
    enum err rc = sql.full ? ERR_TOO_LARGE : db_run(db, text_string(&sql), DB_NO_ARGS, &rows);
    while (rc == ERR_OK && payout_store_next(&rows, &payout))
        row(arg, &payout);
    db_rows_free(&rows);
    text_free(&sql);
    return rc;
}

enum err payout_approvals(struct db *db, int64_t id,
                          void (*row)(void *arg, int64_t at, const char *login, const char *note),
                          void *arg)
{
    struct db_rows rows = {0};

    enum err rc = db_run(db,
                         "SELECT UNIX_TIMESTAMP(y.at) DIV 1, " IDENTITY_SQL_LOGIN(
                             "y.user_id") ", y.note FROM payout_approval AS y WHERE y.payout_id = "
                                          "? ORDER BY y.at, y.user_id",
                         DB_ARGS(db_i64(id)), &rows);
    while (rc == ERR_OK && db_next(&rows))
        row(arg, db_get_i64(&rows, 0), db_get_text(&rows, 1), db_get_text(&rows, 2));
    db_rows_free(&rows);
    return rc;
}

enum err payout_history(struct db *db, int64_t id,
                        void (*row)(void *arg, int64_t at, enum payout_state state,
                                    enum payout_who who, const char *name, const char *note),
                        void *arg)
{
    struct db_rows rows = {0};

    enum err rc = db_run(db,
                         "SELECT UNIX_TIMESTAMP(at) DIV 1, state + 0, who + 0, name, note FROM "
                         "payout_history WHERE payout_id = ? ORDER BY turn",
                         DB_ARGS(db_i64(id)), &rows);
    while (rc == ERR_OK && db_next(&rows))
        row(arg, db_get_i64(&rows, 0), (enum payout_state)(db_get_i64(&rows, 1) - 1),
            (enum payout_who)(db_get_i64(&rows, 2) - 1), db_get_text(&rows, 3),
            db_get_text(&rows, 4));
    db_rows_free(&rows);
    return rc;
}
