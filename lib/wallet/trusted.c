/* Trusted addresses. */
#include <string.h>

#include "base/text.h"
#include "db/columns.h"
#include "db/statement.h"
#include "wallet/store.h"
#include "wallet/withdrawal.h"

#define SQL_MAX 4096

bool wallet_store_is_rail(const char *name)
{
    size_t len = strlen(name);
    return len >= 1 && len <= RAIL_NAME_MAX &&
           strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-") == len;
}

enum err wallet_store_check_trusted(struct db *db, const struct payout *payout)
{
    struct db_rows rows = {0};

    if (payout->kind == RAIL_IN_HOUSE)
        return ERR_OK;
    enum err rc =
        db_run(db,
               "SELECT 1 FROM wallet_setting AS s WHERE s.user_id = ? AND s.trusted_only "
               "AND NOT EXISTS (SELECT 1 FROM wallet_trusted AS t WHERE t.user_id = "
               "s.user_id AND t.rail = ? AND t.address = ? AND t.memo = ?)",
               DB_ARGS(db_i64(payout->user_id), db_blob(payout->rail, strlen(payout->rail)),
                       db_text(payout->address), db_text(payout->memo)),
               &rows);
    if (rc == ERR_OK && db_next(&rows))
        rc = ERR_ADDRESS_UNTRUSTED;
    db_rows_free(&rows);
    return rc;
}

static enum err check_label(const char *label)
{
    size_t len = strlen(label);

    if (len == 0)
        return ERR_EMPTY;
    if (!text_is_utf8(label, len))
        return ERR_NOT_UTF8;
    return text_utf8_length(label, len) > WALLET_LABEL_MAX ? ERR_TOO_LONG : ERR_OK;
}

static void note_way(void *arg, const struct rail_asset *asset)
{
    bool *there = arg;
    *there = asset->kind != RAIL_IN_HOUSE;
}

/* The address as its rail keeps it. */
static enum err check_address(struct db *db, const struct currency *currency,
                              struct wallet_trusted *trusted)
{
    const struct payout_rail *rail = payout_rail_find(trusted->rail);
    char kept[RAIL_ADDRESS_MAX + 1];
    bool there = false;

    if (!wallet_store_is_rail(trusted->rail))
        return ERR_RAIL_UNKNOWN;
    enum err rc = rail_assets(db, trusted->rail, currency, note_way, &there);
    if (rc == ERR_OK && !there)
        rc = ERR_RAIL_UNKNOWN;
    if (rc != ERR_OK || rail == NULL)
        return rc;
    rc = rail->check(db, currency, trusted->address, trusted->memo, kept);
    if (rc == ERR_OK)
        text_copy(trusted->address, sizeof(trusted->address), kept);
    return rc;
}

static const struct db_column columns[] = {
    DB_COLUMN("t.id", struct wallet_trusted, id),
    DB_COLUMN("t.label", struct wallet_trusted, label),
    DB_COLUMN("t.rail", struct wallet_trusted, rail),
    DB_COLUMN("t.address", struct wallet_trusted, address),
    DB_COLUMN("t.memo", struct wallet_trusted, memo),
};

static enum err find_label(struct db *db, int64_t user_id, const char *label,
                           struct wallet_trusted *out)
{
    struct text sql = TEXT(SQL_MAX);
    struct db_rows rows = {0};

    db_select(&sql, columns, DB_COUNT(columns));
    statement_add(&sql, "FROM wallet_trusted AS t WHERE t.user_id = ? AND t.label = ?",
                  DB_ARGS(db_i64(user_id), db_text(label)));
    enum err rc = db_run(db, text_string(&sql), DB_NO_ARGS, &rows);
    if (rc == ERR_OK && !db_read(&rows, columns, DB_COUNT(columns), out))
        rc = ERR_NOT_FOUND;
    db_rows_free(&rows);
    text_free(&sql);
    return rc;
}

/* Adds it where there is room and its label is free. */
static enum err insert(struct db *db, int64_t user_id, const struct wallet_trusted *trusted)
{
    struct db_rows rows = {0};
    enum err rc = db_run(db,
                         "INSERT INTO wallet_trusted (user_id, label, rail, address, memo) SELECT "
                         "?, ?, ?, ?, ? FROM (SELECT COUNT(*) AS count FROM wallet_trusted WHERE "
                         "user_id = ?) AS have WHERE have.count < ? ON DUPLICATE KEY UPDATE "
                         "wallet_trusted.id = wallet_trusted.id",
                         DB_ARGS(db_i64(user_id), db_text(trusted->label), db_text(trusted->rail),
                                 db_text(trusted->address), db_text(trusted->memo), db_i64(user_id),
                                 db_u64(WALLET_TRUSTED_MAX)),
                         &rows);
    db_rows_free(&rows);
    return rc;
}

enum err wallet_trust(struct db *db, int64_t user_id, const struct currency *currency,
                      struct wallet_trusted *trusted)
{
    struct wallet_trusted found;

    enum err rc = check_label(trusted->label);
    if (rc == ERR_OK)
        rc = check_address(db, currency, trusted);
    if (rc == ERR_OK)
        rc = insert(db, user_id, trusted);
    if (rc == ERR_OK)
        rc = find_label(db, user_id, trusted->label, &found);
    if (rc != ERR_OK)
        return rc == ERR_NOT_FOUND ? ERR_TRUSTED_FULL : rc;
    if (strcmp(found.rail, trusted->rail) != 0 || strcmp(found.address, trusted->address) != 0 ||
        strcmp(found.memo, trusted->memo) != 0)
        return ERR_TRUSTED_LABEL;
    *trusted = found;
    return ERR_OK;
}

enum err wallet_distrust(struct db *db, int64_t user_id, int64_t id)
{
    struct db_rows rows = {0};
    enum err rc = db_run(db, "DELETE FROM wallet_trusted WHERE user_id = ? AND id = ?",
                         DB_ARGS(db_i64(user_id), db_i64(id)), &rows);
    if (rc == ERR_OK && rows.affected == 0)
        rc = ERR_NOT_FOUND;
    db_rows_free(&rows);
    return rc;
}

enum err wallet_trusted_list(struct db *db, int64_t user_id,
                             void (*row)(void *arg, const struct wallet_trusted *trusted),
                             void *arg, bool *only)
{
    struct text sql = TEXT(SQL_MAX);
    struct db_rows rows = {0};
    struct wallet_trusted trusted;

    enum err rc = db_run(db, "SELECT trusted_only FROM wallet_setting WHERE user_id = ?",
                         DB_ARGS(db_i64(user_id)), &rows);
    *only = rc == ERR_OK && db_next(&rows) && db_get_u64(&rows, 0) != 0;
    db_rows_free(&rows);
    db_select(&sql, columns, DB_COUNT(columns));
    statement_add(&sql, "FROM wallet_trusted AS t WHERE t.user_id = ? ORDER BY t.label",
                  DB_ARGS(db_i64(user_id)));
    if (rc == ERR_OK)
        rc = db_run(db, text_string(&sql), DB_NO_ARGS, &rows);
    while (rc == ERR_OK && db_read(&rows, columns, DB_COUNT(columns), &trusted))
        row(arg, &trusted);
    db_rows_free(&rows);
    text_free(&sql);
    return rc;
}

enum err wallet_trusted_only(struct db *db, int64_t user_id, bool only)
{
    return db_run(db,
                  "INSERT INTO wallet_setting (user_id, trusted_only) VALUES (?, ?) ON DUPLICATE "
                  "KEY UPDATE trusted_only = VALUES(trusted_only)",
                  DB_ARGS(db_i64(user_id), db_u64(only)), NULL);
}
