/* The rails: those that programs of ours work, their rows and assets, and the internal one. */
#include "payout/rail.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "db/columns.h"
#include "db/statement.h"
#include "identity/user.h"
#include "payout/send.h"
#include "payout/store.h"

#define SQL_MAX 8192

const char *const rail_kind_names[RAIL_KINDS] = {"on_chain", "off_chain", "internal"};

/* A user of the house, by their number or their e-mail address: kept as the number. */
static enum err check_customer(struct db *db, const struct currency *currency, const char *address,
                               const char *memo, char out[RAIL_ADDRESS_MAX + 1])
{
    struct user user;
    int64_t id;
    enum err rc = ERR_PAYOUT_ADDRESS;

    (void)currency, (void)memo;
    if (text_to_number(address, LEDGER_HOUSE + 1, INT64_MAX, &id))
        rc = user_by_id(db, id, &user);
    else if (strchr(address, '@') != NULL)
        rc = user_by_login(db, address, &user);
    if (rc == ERR_NOT_FOUND || (rc == ERR_OK && (!user.enabled || user.id == LEDGER_HOUSE)))
        return ERR_PAYOUT_ADDRESS;
    if (rc == ERR_OK)
        snprintf(out, RAIL_ADDRESS_MAX + 1, "%lld", (long long)user.id);
    return rc;
}

static const struct payout_rail internal = {.name = RAIL_INTERNAL, .check = check_customer};

static const struct payout_rail *rails[RAILS_MAX] = {&internal};

void payout_rail_register(const struct payout_rail *rail)
{
    size_t i = 0;

    while (i < RAILS_MAX && rails[i] != NULL && rails[i] != rail)
        i++;
    if (i == RAILS_MAX)
        abort(); /* our bug */
    rails[i] = rail;
}

const struct payout_rail *payout_rail_at(size_t place)
{
    return place < RAILS_MAX ? rails[place] : NULL;
}

const struct payout_rail *payout_rail_find(const char *name)
{
    for (size_t i = 0; i < RAILS_MAX && rails[i] != NULL; i++)
        if (strcmp(rails[i]->name, name) == 0)
            return rails[i];
    return NULL;
}

/* A rail as it is read, with its kind from 1. */
struct rail_row {
    struct rail rail;
    int64_t kind;
};

static const struct db_column rail_columns[] = {
    DB_COLUMN("r.name", struct rail_row, rail.name),
    DB_COLUMN("r.kind + 0", struct rail_row, kind),
    DB_COLUMN("r.outside", struct rail_row, rail.outside),
    DB_COLUMN("r.confirmations", struct rail_row, rail.confirmations),
    DB_COLUMN("r.paused", struct rail_row, rail.paused),
};

static enum err read_rails(struct db *db, const char *where, struct db_args args,
                           void (*row)(void *arg, const struct rail *rail), void *arg)
{
    struct text sql = TEXT(SQL_MAX);
    struct db_rows rows = {0};
    struct rail_row read;

    db_select(&sql, rail_columns, DB_COUNT(rail_columns));
    statement_add(&sql, where, args);
    enum err rc = db_run(db, text_string(&sql), DB_NO_ARGS, &rows);
    while (rc == ERR_OK && db_read(&rows, rail_columns, DB_COUNT(rail_columns), &read)) {
        read.rail.kind = (enum rail_kind)(read.kind - 1);
        read.rail.by_hand = payout_rail_find(read.rail.name) == NULL;
        row(arg, &read.rail);
    }
    db_rows_free(&rows);
    text_free(&sql);
    return rc;
}

enum err rail_list(struct db *db, void (*row)(void *arg, const struct rail *rail), void *arg)
{
    return read_rails(db, "FROM rail AS r ORDER BY r.name", DB_NO_ARGS, row, arg);
}

static void keep_rail(void *arg, const struct rail *rail)
{
    *(struct rail *)arg = *rail;
}

enum err rail_by_name(struct db *db, const char *name, struct rail *out)
{
    *out = (struct rail){0};
    enum err rc =
        read_rails(db, "FROM rail AS r WHERE r.name = ?", DB_ARGS(db_text(name)), keep_rail, out);
    return rc == ERR_OK && out->name[0] == '\0' ? ERR_RAIL_UNKNOWN : rc;
}

/* An asset as it is read. */
struct asset_row {
    struct rail_asset asset;
    int64_t kind;
};

static const struct db_column asset_columns[] = {
    DB_COLUMN("a.rail", struct asset_row, asset.rail),
    DB_COLUMN("r.kind + 0", struct asset_row, kind),
    DB_COLUMN("a.currency_id", struct asset_row, asset.currency),
    DB_COLUMN("a.guid", struct asset_row, asset.guid),
    DB_COLUMN("a.contract", struct asset_row, asset.contract),
    DB_COLUMN("a.decimals", struct asset_row, asset.decimals),
    DB_COLUMN("a.currency_id", struct asset_row, asset.min_deposit.currency),
    DB_COLUMN("a.min_deposit", struct asset_row, asset.min_deposit.units),
    DB_COLUMN("a.currency_id", struct asset_row, asset.min_withdrawal.currency),
    DB_COLUMN("a.min_withdrawal", struct asset_row, asset.min_withdrawal.units),
    DB_COLUMN("a.currency_id", struct asset_row, asset.fee.currency),
    DB_COLUMN("a.fee", struct asset_row, asset.fee.units),
    DB_COLUMN("COALESCE(a.confirmations, r.confirmations)", struct asset_row, asset.confirmations),
    DB_COLUMN("a.deposits", struct asset_row, asset.deposits),
    DB_COLUMN("a.withdrawals", struct asset_row, asset.withdrawals),
    DB_COLUMN("a.memo_needed", struct asset_row, asset.memo_needed),
    DB_COLUMN("r.paused", struct asset_row, asset.paused),
};

enum err rail_assets(struct db *db, const char *rail, const struct currency *currency,
                     void (*row)(void *arg, const struct rail_asset *asset), void *arg)
{
    struct text sql = TEXT(SQL_MAX);
    struct db_rows rows = {0};
    struct asset_row read;

    db_select(&sql, asset_columns, DB_COUNT(asset_columns));
    text_puts(&sql, "FROM rail_asset AS a JOIN rail AS r ON r.name = a.rail WHERE TRUE");
    if (rail != NULL)
        statement_add(&sql, " AND a.rail = ?", DB_ARGS(db_text(rail)));
    if (currency != NULL)
        statement_add(&sql, " AND a.currency_id = ?", DB_ARGS(db_u64(currency->id)));
    text_puts(&sql, " ORDER BY a.rail, a.currency_id");
    enum err rc = db_run(db, text_string(&sql), DB_NO_ARGS, &rows);
    while (rc == ERR_OK && db_read(&rows, asset_columns, DB_COUNT(asset_columns), &read)) {
        read.asset.kind = (enum rail_kind)(read.kind - 1);
        row(arg, &read.asset);
    }
    db_rows_free(&rows);
    text_free(&sql);
    return rc;
}

unsigned rail_asset_scale(const struct rail_asset *asset)
{
    unsigned own = asset->currency->decimals;

    return asset->decimals < own ? (unsigned)asset->decimals : own;
}
