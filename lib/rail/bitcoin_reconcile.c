/* Bitcoin's side of rail reconcile: coins as the node has them, the ledger's external account, and what is
 * between them. */
#include <stdlib.h>
#include <string.h>

#include "deposit/sum.h"
#include "ledger/sql.h"
#include "rail/bitcoin_wallet.h"
#include "rail/bitcoin_watch.h"
#include "rail/reconcile.h"
#include "rail/units.h"

#define PAGE_ROWS 500 /* payouts that are looked at together */
#define BITCOIN_DECIMALS 8

struct comparing {
    struct db *db;
    struct node node;
    struct rail_asset asset;
    uint64_t height;
};

static void take_asset(void *arg, const struct rail_asset *asset)
{
    if (asset->contract[0] == '\0')
        *(struct rail_asset *)arg = *asset;
}

/* --- the chain ---------------------------------------------------------------------------------- */

/* Whether the chain was followed to the node's end, and no further. ERR_DEPOSIT_MOVED where not. */
static enum err check_end(struct comparing *comparing)
{
    struct deposit_block last = {0};
    uint8_t id[BITCOIN_ID_SIZE], hash[BITCOIN_ID_SIZE];
    uint32_t height;

    enum err rc = deposit_last_block(comparing->db, BITCOIN_CHAIN, &last);
    if (rc == ERR_OK)
        rc = bitcoin_height(&comparing->node.rpc, &height);
    if (rc == ERR_OK)
        rc = bitcoin_block_id(&comparing->node.rpc, height, id);
    if (rc != ERR_OK)
        return rc;
    comparing->height = height;
    bitcoin_turn(id, hash);
    return height == last.height && memcmp(hash, last.hash, sizeof(hash)) == 0 ? ERR_OK
                                                                               : ERR_DEPOSIT_MOVED;
}

/* Adds up what the node says of each coin; one that it does not have is worth nothing. */
static enum err sum_chain(struct comparing *comparing, __int128 *out)
{
    struct db_rows rows = {0};
    uint8_t id[BITCOIN_ID_SIZE];
    size_t len;

    *out = 0;
    enum err rc = db_run(comparing->db,
                         "SELECT txid, output FROM bitcoin_coin WHERE height IS NOT NULL AND "
                         "spent_height IS NULL",
                         DB_NO_ARGS, &rows);
    while (rc == ERR_OK && db_next(&rows)) {
        int64_t value = 0;
        bitcoin_turn(db_get_blob(&rows, 0, &len), id);
        rc = bitcoin_unspent(&comparing->node.rpc, id, (uint32_t)db_get_u64(&rows, 1), &value);
        if (rc == ERR_NOT_FOUND)
            rc = ERR_OK;
        *out += value;
    }
    db_rows_free(&rows);
    return rc;
}

/* --- what has left and is not booked ------------------------------------------------------------- */

/* The payouts of a page: what became of them is read with the same connection. */
struct page {
    struct payout list[PAGE_ROWS];
    size_t count;
};

static void take_payout(void *arg, const struct payout *payout)
{
    struct page *page = arg;
    page->list[page->count++] = *payout;
}

static enum err add_left(struct comparing *comparing, const struct payout *payout, __int128 *left)
{
    struct bitcoin_fate fate;
    int64_t satoshis = 0;

    enum err rc = bitcoin_fate_read(comparing->db, payout->id, &fate);
    if (rc == ERR_NOT_FOUND)
        return ERR_OK;
    if (rc != ERR_OK || !fate.mined)
        return rc;
    if (!bitcoin_satoshis(payout->amount.currency, payout->amount.units, &satoshis))
        return ERR_INTERNAL;
    *left += satoshis + (fate.output == 0 ? fate.fee : 0);
    return ERR_OK;
}

static enum err sum_left(struct comparing *comparing, __int128 *out)
{
    struct page *page = malloc(sizeof(*page));
    struct payout_filter filter = {.rail = BITCOIN_RAIL,
                                   .states = UINT32_C(1) << PAYOUT_STATE_SENDING |
                                             UINT32_C(1) << PAYOUT_STATE_UNKNOWN |
                                             UINT32_C(1) << PAYOUT_STATE_SENT,
                                   .limit = PAGE_ROWS};
    enum err rc = page == NULL ? ERR_NO_MEMORY : ERR_OK;

    *out = 0;
    do {
        if (rc != ERR_OK)
            break;
        page->count = 0;
        rc = payout_list(comparing->db, &filter, take_payout, page);
        for (size_t i = 0; rc == ERR_OK && i < page->count; i++) {
            rc = add_left(comparing, &page->list[i], out);
            filter.before_id = page->list[i].id;
        }
    } while (rc == ERR_OK && page->count == PAGE_ROWS);
    free(page);
    return rc;
}

/* --- what the books say ------------------------------------------------------------------------- */

static enum err sum_books(struct comparing *comparing, __int128 *out)
{
    struct amount ours = {.currency = comparing->asset.currency};
    struct db_rows rows = {0};
    struct deposit_sum sum;
    __int128 booked = 0, left;

    enum err rc = deposit_sum_read(comparing->db, BITCOIN_CHAIN, ours.currency, &sum);
    if (rc == ERR_OK)
        rc = db_run(comparing->db,
                    "SELECT " LEDGER_SQL_RAIL_BALANCE("1", "external", "asked.currency",
                                                      "'" BITCOIN_CHAIN "'") " FROM (SELECT ? AS "
                                                                             "currency) AS asked",
                    DB_ARGS(db_u64(ours.currency->id)), &rows);
    if (rc == ERR_OK) /* what was credited is counted as the chain has it */
        ours.units = (db_next(&rows) ? -db_get_i128(&rows, 0) : 0) - sum.credited;
    db_rows_free(&rows);
    if (rc == ERR_OK)
        rc = rail_units_out(BITCOIN_DECIMALS, ours, &booked);
    if (rc == ERR_OK)
        rc = sum_left(comparing, &left);
    if (rc == ERR_OK)
        *out = booked + sum.credited_units + sum.waiting_units - left;
    return rc;
}

static enum err compare(struct comparing *comparing, struct rail_balance *balance)
{
    enum err rc = rail_assets(comparing->db, BITCOIN_RAIL, NULL, take_asset, &comparing->asset);

    if (rc == ERR_OK && comparing->asset.currency == NULL)
        rc = ERR_RAIL_UNKNOWN;
    if (rc == ERR_OK)
        rc = sum_chain(comparing, &balance->chain);
    if (rc == ERR_OK)
        rc = sum_books(comparing, &balance->books);
    if (rc == ERR_OK)
        rc = check_end(comparing); /* last: it did not move meanwhile */
    balance->currency = comparing->asset.currency;
    balance->height = comparing->height;
    return rc;
}

enum err bitcoin_reconcile(const struct config *config, struct db *db,
                           void (*row)(void *arg, const struct rail_balance *balance), void *arg,
                           struct text *problem)
{
    struct comparing comparing = {.db = db};
    struct rail_balance balance = {.rail = BITCOIN_RAIL, .decimals = BITCOIN_DECIMALS};

    enum err rc = node_bitcoin(config, &comparing.node, problem);
    if (rc == ERR_OK)
        rc = compare(&comparing, &balance);
    if (rc == ERR_OK)
        row(arg, &balance);
    node_close(&comparing.node);
    return rc;
}
