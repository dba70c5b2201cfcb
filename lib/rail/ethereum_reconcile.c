/* Ethereum's side of rail reconcile. */
#include <stdlib.h>
#include <string.h>

#include "deposit/sum.h"
#include "ledger/sql.h"
#include "rail/ethereum_send.h"
#include "rail/reconcile.h"
#include "rail/units.h"

/* One comparison of all currencies at one block. */
struct comparing {
    struct ethereum self; /* without a signer: nothing is sent */
    struct db *db;
    struct ethereum_book book;
    uint64_t height;
    __int128 left[ETHEREUM_ASSETS_MAX]; /* what has left by that block and is not booked */
};

static struct ethereum_asset *asset_of(struct comparing *comparing, const struct currency *currency)
{
    struct ethereum_assets *assets = &comparing->self.assets;

    for (size_t i = 0; i < assets->count; i++)
        if (assets->list[i].asset.currency == currency)
            return &assets->list[i];
    return NULL;
}

static void add_left(struct comparing *comparing, const struct ethereum_asset *asset,
                     __int128 units)
{
    if (asset != NULL)
        comparing->left[asset - comparing->self.assets.list] += units;
}

/* --- what the chain has ------------------------------------------------------------------------- */

static enum err balance_at(const struct comparing *comparing, const struct ethereum_asset *asset,
                           const struct ethereum_address *account, __int128 *sum)
{
    const struct rpc_node *node = &comparing->self.node.rpc;
    __int128 units = 0;

    enum err rc = asset->is_token ? ethereum_token_balance(node, &asset->token, account,
                                                           comparing->height, &units)
                                  : ethereum_balance(node, account, comparing->height, &units);
    *sum += units;
    return rc == ERR_INVALID ? ERR_NO_ANSWER : rc;
}

static enum err sum_chain(const struct comparing *comparing, const struct ethereum_asset *asset,
                          __int128 *out)
{
    *out = 0;
    enum err rc = balance_at(comparing, asset, &comparing->self.hot, out);
    for (size_t i = 0; rc == ERR_OK && i < comparing->book.count; i++)
        rc = balance_at(comparing, asset, &comparing->book.list[i], out);
    return rc;
}

/* --- what has left and is not booked ------------------------------------------------------------- */

/* An open send that is in a block: its gas, and what it paid to others. */
static enum err add_open(struct comparing *comparing, const struct ethereum_send *send)
{
    uint8_t hash[ETHEREUM_HASH_SIZE];
    struct ethereum_receipt receipt;
    enum err rc = ERR_NOT_FOUND;

    for (uint64_t version = send->versions; rc == ERR_NOT_FOUND && version > 0; version--) {
        rc = ethereum_version_hash(comparing->db, send->id, version, hash);
        if (rc == ERR_OK)
            rc = ethereum_receipt(&comparing->self.node.rpc, hash, &receipt);
    }
    if (rc != ERR_OK || receipt.block > comparing->height)
        return rc == ERR_NOT_FOUND ? ERR_OK : rc;
    add_left(comparing, ethereum_asset_find(&comparing->self.assets, NULL), receipt.fee);
    if (receipt.succeeded && send->kind == ETHEREUM_PAYOUT)
        add_left(comparing, asset_of(comparing, send->currency), send->amount);
    return ERR_OK;
}

static enum err add_all_open(struct comparing *comparing)
{
    struct ethereum_send *list = calloc(ETHEREUM_SENDS_MAX, sizeof(*list));
    int64_t after = 0;
    size_t count = 0;
    enum err rc = list == NULL ? ERR_NO_MEMORY : ERR_OK;

    do {
        if (rc == ERR_OK)
            rc = ethereum_sends(comparing->db, "s.state = 'open' AND s.id > ? ORDER BY s.id",
                                DB_ARGS(db_i64(after)), list, ETHEREUM_SENDS_MAX, &count);
        for (size_t i = 0; rc == ERR_OK && i < count; i++) {
            rc = add_open(comparing, &list[i]);
            after = list[i].id;
        }
    } while (rc == ERR_OK && count == ETHEREUM_SENDS_MAX);
    free(list);
    return rc;
}

/* Payouts that are done on the chain and not confirmed yet. */
struct unconfirmed {
    struct comparing *comparing;
    enum err rc;
};

static void add_unconfirmed(void *arg, const struct payout *payout)
{
    struct unconfirmed *unconfirmed = arg;
    struct comparing *comparing = unconfirmed->comparing;
    struct ethereum_send send;
    size_t count = 0;

    if (unconfirmed->rc != ERR_OK)
        return;
    unconfirmed->rc = ethereum_sends(comparing->db, "s.payout_id = ? AND s.state = 'done'",
                                     DB_ARGS(db_i64(payout->id)), &send, 1, &count);
    if (unconfirmed->rc == ERR_OK && count == 1)
        add_left(comparing, asset_of(comparing, send.currency), send.amount);
}

static enum err add_all_unconfirmed(struct comparing *comparing)
{
    struct unconfirmed unconfirmed = {.comparing = comparing};
    const struct payout_filter filter = {
        .rail = ETHEREUM_RAIL,
        .states = 1u << PAYOUT_STATE_SENDING | 1u << PAYOUT_STATE_UNKNOWN | 1u << PAYOUT_STATE_SENT,
        .limit = PAYOUT_LIST_MAX};

    enum err rc = payout_list(comparing->db, &filter, add_unconfirmed, &unconfirmed);
    return rc == ERR_OK ? unconfirmed.rc : rc;
}

/* Gas that was less than the smallest unit of the coin's currency. */
static enum err add_unbooked_gas(struct comparing *comparing)
{
    const struct ethereum_asset *coin = ethereum_asset_find(&comparing->self.assets, NULL);
    struct db_rows rows = {0};
    __int128 units = 0;

    if (coin == NULL)
        return ERR_OK;
    enum err rc = db_run(comparing->db,
                         "SELECT COALESCE(SUM(fee), 0), COALESCE(SUM(booked), 0), "
                         "COALESCE(MAX(height), 0) FROM ethereum_send WHERE state <> 'open'",
                         DB_NO_ARGS, &rows);
    if (rc == ERR_OK && db_next(&rows)) {
        if (db_get_u64(&rows, 2) > comparing->height)
            rc = ERR_DEPOSIT_MOVED;
        const struct amount booked = {db_get_i128(&rows, 1), coin->asset.currency};
        if (rc == ERR_OK)
            rc = rail_units_out(coin->asset.decimals, booked, &units);
        if (rc == ERR_OK)
            add_left(comparing, coin, db_get_i128(&rows, 0) - units);
    }
    db_rows_free(&rows);
    return rc;
}

/* --- what the books say ------------------------------------------------------------------------- */

static enum err sum_books(struct comparing *comparing, const struct ethereum_asset *asset,
                          __int128 *out)
{
    struct db_rows rows = {0};
    struct deposit_sum sum;
    struct amount ours = {.currency = asset->asset.currency};
    __int128 booked = 0;

    enum err rc = deposit_sum_read(comparing->db, ETHEREUM_OUTSIDE, ours.currency, &sum);
    if (rc == ERR_OK)
        rc = db_run(comparing->db,
                    "SELECT " LEDGER_SQL_RAIL_BALANCE("1", "external", "asked.currency",
                                                      "'" ETHEREUM_OUTSIDE "'") " FROM (SELECT ? "
                                                                                "AS currency) AS "
                                                                                "asked",
                    DB_ARGS(db_u64(ours.currency->id)), &rows);
    if (rc == ERR_OK) /* what was credited is counted as the chain has it */
        ours.units = (db_next(&rows) ? -db_get_i128(&rows, 0) : 0) - sum.credited;
    db_rows_free(&rows);
    if (rc == ERR_OK)
        rc = rail_units_out(asset->asset.decimals, ours, &booked);
    *out = booked + sum.credited_units + sum.waiting_units -
           comparing->left[asset - comparing->self.assets.list];
    return rc;
}

static enum err compare(struct comparing *comparing,
                        void (*row)(void *arg, const struct rail_balance *balance), void *arg)
{
    enum err rc = add_all_open(comparing);

    if (rc == ERR_OK)
        rc = add_all_unconfirmed(comparing);
    if (rc == ERR_OK)
        rc = add_unbooked_gas(comparing);
    for (size_t i = 0; rc == ERR_OK && i < comparing->self.assets.count; i++) {
        const struct ethereum_asset *asset = &comparing->self.assets.list[i];
        struct rail_balance balance = {.rail = ETHEREUM_RAIL,
                                       .currency = asset->asset.currency,
                                       .decimals = asset->asset.decimals,
                                       .height = comparing->height};
        rc = sum_chain(comparing, asset, &balance.chain);
        if (rc == ERR_OK)
            rc = sum_books(comparing, asset, &balance.books);
        if (rc == ERR_OK)
            row(arg, &balance);
    }
    return rc;
}

enum err ethereum_reconcile(const struct config *config, struct db *db,
                            void (*row)(void *arg, const struct rail_balance *balance), void *arg,
                            struct text *problem)
{
    struct comparing *comparing = calloc(1, sizeof(*comparing));
    struct deposit_block last = {0};

    if (comparing == NULL)
        return ERR_NO_MEMORY;
    comparing->db = db;
    comparing->self.chain_id = (uint64_t)config->provider_ethereum_chain_id;
    enum err rc = node_ethereum(config, &comparing->self.node, problem);
    if (rc == ERR_OK)
        rc = ethereum_look(&comparing->self, db);
    if (rc == ERR_OK)
        rc = ethereum_book_read(&comparing->book, db, ETHEREUM_OUTSIDE);
    if (rc == ERR_OK)
        rc = deposit_last_block(db, ETHEREUM_OUTSIDE, &last);
    comparing->height = last.height;
    if (rc == ERR_OK)
        rc = compare(comparing, row, arg);
    node_close(&comparing->self.node);
    ethereum_book_free(&comparing->book);
    free(comparing);
    return rc;
}
