/* Block after block, forward and back, and then what waits. */
#include "rail/bitcoin_watch.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "provider/bitcoin.h"
#include "provider/node.h"
#include "rail/bitcoin_store.h"

/* The transactions of the pool that were read, each with what it pays to us. */
struct pool {
    struct bitcoin_set known;         /* outputs 0 of those that wait and were read */
    struct bitcoin_payments payments; /* of theirs */
};

struct watch {
    const struct config *config;
    struct node node;
    struct bitcoin_set scripts; /* of the addresses that were given so far */
    uint64_t next_index;        /* behind the last of them */
    struct bitcoin_set coins;
    struct rail_asset asset;
    struct text raw;
    struct pool pool;
    struct rail_followed *done; /* of the round */
};

static enum err watch_open(const struct config *config, struct text *problem, void **self)
{
    struct watch *watch = calloc(1, sizeof(*watch));
    enum bitcoin_network network;

    *self = watch;
    if (watch == NULL)
        return ERR_NO_MEMORY;
    watch->config = config;
    watch->raw = (struct text)TEXT(BITCOIN_BLOCK_MAX);
    enum err rc = node_bitcoin(config, &watch->node, problem);
    if (rc != ERR_OK || node_bitcoin_network(config, &network))
        return rc;
    text_puts(problem, "network is main, test or regtest");
    return ERR_CONFIG;
}

static void watch_close(void *self)
{
    struct watch *watch = self;

    if (watch == NULL)
        return;
    bitcoin_set_free(&watch->scripts);
    bitcoin_set_free(&watch->coins);
    bitcoin_set_free(&watch->pool.known);
    free(watch->pool.payments.list);
    text_free(&watch->raw);
    node_close(&watch->node);
    free(watch);
}

/* --- addresses ---------------------------------------------------------------------------------- */

static enum err add_address(struct watch *watch, enum bitcoin_network network,
                            const struct deposit_address *address)
{
    struct bitcoin_entry entry = {.index = (uint32_t)address->index, .user_id = address->user_id};
    struct bitcoin_script script;
    enum bitcoin_kind kind;

    enum err rc =
        bitcoin_address_parse(network, address->address, strlen(address->address), &kind, &script);
    if (rc != ERR_OK || !bitcoin_key_of_script(bitcoin_script_bytes(&script), &entry.key))
        return ERR_INTERNAL;
    return bitcoin_set_add(&watch->scripts, &entry);
}

/* What deposit_address_each passes on. */
struct loading {
    struct watch *watch;
    enum bitcoin_network network;
};

static enum err take_address(void *arg, const struct deposit_address *address)
{
    const struct loading *loading = arg;

    enum err rc = add_address(loading->watch, loading->network, address);
    if (rc == ERR_OK)
        loading->watch->next_index = address->index + 1;
    return rc;
}

/* Adds the addresses that were given since, the hot wallet's (index 0) among the first. What was read before
 * this pays to none that was given later, unless somebody knew it before. */
static enum err load_addresses(struct watch *watch, struct db *db)
{
    struct loading loading = {.watch = watch};

    if (!node_bitcoin_network(watch->config, &loading.network))
        return ERR_CONFIG;
    return deposit_address_each(db, BITCOIN_CHAIN, watch->next_index, take_address, &loading);
}

static void take_asset(void *arg, const struct rail_asset *asset)
{
    if (asset->contract[0] == '\0')
        *(struct rail_asset *)arg = *asset;
}

static enum err load_asset(struct watch *watch, struct db *db)
{
    watch->asset.currency = NULL;
    enum err rc = rail_assets(db, BITCOIN_RAIL, NULL, take_asset, &watch->asset);
    return rc == ERR_OK && watch->asset.currency == NULL ? ERR_RAIL_UNKNOWN : rc;
}

/* --- blocks ------------------------------------------------------------------------------------- */

/* What a block means for our coins, for the transaction that takes it. */
struct coins_of_block {
    const struct bitcoin_moves *moves; /* NULL: it is given back */
    uint64_t height;
};

static void add_coins(void *arg, struct db_packet *packet)
{
    const struct coins_of_block *of = arg;

    if (of->moves == NULL)
        bitcoin_moves_back(packet, of->height);
    else
        bitcoin_moves_add(packet, of->moves, of->height);
}

static enum err write_block(struct watch *watch, struct db *db, uint32_t height,
                            struct bitcoin_scan *scan)
{
    const struct bytes raw = {(const uint8_t *)watch->raw.data, watch->raw.len};
    struct coins_of_block coins = {.moves = &scan->moves, .height = height};
    const struct deposit_also also = {.add = add_coins, .arg = &coins};
    struct deposit_block block = {.height = height, .also = &also};
    struct bitcoin_block read;

    enum err rc = bitcoin_scan_block(scan, raw, &read);
    if (rc == ERR_TRANSACTION_FORM) {
        log_line(LOG_LEVEL_WARNING, "block_unread", "height=%" PRIu32, height);
        return ERR_NO_ANSWER;
    }
    if (rc != ERR_OK)
        return rc;
    bitcoin_turn(read.id, block.hash);
    bitcoin_turn(read.parent, block.parent);
    rc = deposit_take_block(db, BITCOIN_CHAIN, &block, scan->payments.list, scan->payments.count);
    if (rc == ERR_OK) {
        watch->done->blocks++;
        watch->done->seen += scan->payments.count;
    }
    return rc;
}

/* Takes the block at a height of the node's chain, whose addresses and coins are read after the block: what
 * it spends and pays is known by then. */
static enum err take_block(struct watch *watch, struct db *db, uint32_t height)
{
    struct bitcoin_scan scan = {
        .scripts = &watch->scripts, .coins = &watch->coins, .asset = &watch->asset};
    uint8_t id[BITCOIN_ID_SIZE];

    text_clear(&watch->raw);
    enum err rc = bitcoin_block_id(&watch->node.rpc, height, id);
    if (rc == ERR_OK)
        rc = bitcoin_block(&watch->node.rpc, id, &watch->raw);
    if (rc == ERR_OK)
        rc = load_addresses(watch, db);
    if (rc == ERR_OK)
        rc = bitcoin_coins_load(db, &watch->coins);
    if (rc == ERR_OK)
        rc = write_block(watch, db, height, &scan);
    bitcoin_scan_free(&scan);
    return rc == ERR_NOT_FOUND ? ERR_DEPOSIT_MOVED : rc; /* the chain has changed meanwhile */
}

static enum err give_block(struct watch *watch, struct db *db, const struct deposit_block *last)
{
    struct coins_of_block coins = {.height = last->height};
    const struct deposit_also also = {.add = add_coins, .arg = &coins};
    struct deposit_block block = *last;

    log_line(LOG_LEVEL_WARNING, "block_gone", "rail=bitcoin height=%" PRIu64, last->height);
    block.also = &also;
    enum err rc = deposit_give_block(db, BITCOIN_CHAIN, &block);
    watch->done->given_back += rc == ERR_OK;
    return rc;
}

/* Begins behind the last block of the node's chain. */
static enum err begin(struct watch *watch, struct db *db, uint32_t height)
{
    struct deposit_block block = {.height = height};
    uint8_t id[BITCOIN_ID_SIZE];

    enum err rc = bitcoin_block_id(&watch->node.rpc, height, id);
    if (rc != ERR_OK)
        return rc;
    bitcoin_turn(id, block.hash);
    return deposit_begin(db, BITCOIN_CHAIN, &block);
}

/* One step along the chain.
 * done  out: we are at the node's end, or it is behind us and has to catch up */
static enum err step(struct watch *watch, struct db *db, bool *done)
{
    struct deposit_block last;
    uint8_t id[BITCOIN_ID_SIZE], hash[BITCOIN_ID_SIZE];
    uint32_t height;

    enum err rc = bitcoin_height(&watch->node.rpc, &height);
    if (rc != ERR_OK)
        return rc;
    rc = deposit_last_block(db, BITCOIN_CHAIN, &last);
    if (rc == ERR_NOT_FOUND)
        return begin(watch, db, height);
    if (rc != ERR_OK)
        return rc;
    *done = height < last.height;
    if (*done) {
        log_line(LOG_LEVEL_WARNING, "node_behind",
                 "chain=bitcoin height=%" PRIu32 " followed=%" PRIu64, height, last.height);
        return ERR_OK;
    }
    rc = bitcoin_block_id(&watch->node.rpc, (uint32_t)last.height, id);
    if (rc != ERR_OK)
        return rc == ERR_NOT_FOUND ? ERR_DEPOSIT_MOVED : rc;
    bitcoin_turn(id, hash);
    if (memcmp(hash, last.hash, sizeof(hash)) != 0)
        return give_block(watch, db, &last);
    *done = height == last.height;
    return *done ? ERR_OK : take_block(watch, db, (uint32_t)last.height + 1);
}

/* Follows to the end.
 * done  out, whether it was reached: not where it is to stop */
static enum err walk(struct watch *watch, struct db *db, bool (*stopping)(void), bool *done)
{
    enum err rc = ERR_OK;

    *done = false;
    while (rc == ERR_OK && !*done && !stopping()) {
        rc = step(watch, db, done);
        if (rc == ERR_DEPOSIT_MOVED || rc == ERR_DEPOSIT_FORK)
            rc = ERR_OK; /* another copy was faster, or the node has changed its mind: look again */
    }
    return rc;
}

/* --- the pool ----------------------------------------------------------------------------------- */

/* The pool as it is now. */
struct pool_look {
    struct watch *watch;
    uint8_t (*ids)[BITCOIN_ID_SIZE]; /* owned */
    size_t count, room;
    struct pool next;
    unsigned reads;
    bool whole; /* each of them was read */
};

static enum err take_id(void *arg, const uint8_t id[BITCOIN_ID_SIZE])
{
    struct pool_look *look = arg;

    if (look->count == look->room) {
        size_t room = look->room == 0 ? 64 : 2 * look->room;
        void *grown = realloc(look->ids, room * sizeof(*look->ids));
        if (grown == NULL)
            return ERR_NO_MEMORY;
        look->ids = grown;
        look->room = room;
    }
    memcpy(look->ids[look->count++], id, BITCOIN_ID_SIZE);
    return ERR_OK;
}

/* Reads a transaction that waits, and what it pays to us. */
static enum err read_waiting(struct pool_look *look, const uint8_t id[BITCOIN_ID_SIZE],
                             struct bitcoin_scan *scan)
{
    struct watch *watch = look->watch;
    struct bitcoin_tx tx;

    text_clear(&watch->raw);
    enum err rc = bitcoin_raw_tx(&watch->node.rpc, id, &watch->raw);
    if (rc != ERR_OK)
        return rc;
    const struct bytes raw = {(const uint8_t *)watch->raw.data, watch->raw.len};
    rc = bitcoin_tx_read(raw, &scan->arena, &tx);
    return rc == ERR_OK ? bitcoin_scan_tx(scan, &tx) : rc;
}

/* Takes over what was known of a transaction. */
static enum err copy_known(const struct pool *from, const uint8_t id[BITCOIN_ID_SIZE],
                           struct bitcoin_payments *to)
{
    uint8_t txid[BITCOIN_ID_SIZE];

    bitcoin_turn(id, txid);
    for (size_t i = 0; i < from->payments.count; i++)
        if (memcmp(from->payments.list[i].txid, txid, sizeof(txid)) == 0) {
            enum err rc = bitcoin_payments_add(to, &from->payments.list[i]);
            if (rc != ERR_OK)
                return rc;
        }
    return ERR_OK;
}

static enum err look_at(struct pool_look *look, const uint8_t id[BITCOIN_ID_SIZE],
                        struct bitcoin_scan *scan)
{
    const struct bitcoin_entry entry = {.key = bitcoin_key_of_output(id, 0)};
    enum err rc;

    if (bitcoin_set_find(&look->watch->pool.known, &entry.key) != NULL) {
        rc = copy_known(&look->watch->pool, id, &scan->payments);
    } else if (look->reads++ >= BITCOIN_POOL_READS_PER_ROUND) {
        look->whole = false;
        return ERR_OK;
    } else {
        rc = read_waiting(look, id, scan);
    }
    if (rc == ERR_NOT_FOUND || rc == ERR_TRANSACTION_FORM)
        return ERR_OK; /* it waits no longer */
    return rc == ERR_OK ? bitcoin_set_add(&look->next.known, &entry) : rc;
}

static enum err read_pool(struct pool_look *look, struct db *db)
{
    struct watch *watch = look->watch;
    struct bitcoin_scan scan = {
        .scripts = &watch->scripts, .coins = &watch->coins, .asset = &watch->asset, .pool = true};

    enum err rc = bitcoin_pool(&watch->node.rpc, take_id, look);
    if (rc == ERR_OK)
        rc = load_addresses(watch, db);
    if (rc == ERR_OK)
        rc = bitcoin_coins_load(db, &watch->coins);
    for (size_t i = 0; rc == ERR_OK && i < look->count; i++)
        rc = look_at(look, look->ids[i], &scan);
    look->next.payments = scan.payments;
    scan.payments = (struct bitcoin_payments){0};
    bitcoin_scan_free(&scan);
    return rc;
}

/* Whether the node's chain ends where we have followed it to: else what has left the pool may have been
 * mined, and would be taken for gone. */
static enum err is_at_end(struct watch *watch, struct db *db, bool *out)
{
    struct deposit_block last;
    uint8_t id[BITCOIN_ID_SIZE], hash[BITCOIN_ID_SIZE];
    uint32_t height = 0;

    *out = false;
    enum err rc = deposit_last_block(db, BITCOIN_CHAIN, &last);
    if (rc == ERR_OK)
        rc = bitcoin_height(&watch->node.rpc, &height);
    if (rc != ERR_OK || height != last.height)
        return rc;
    rc = bitcoin_block_id(&watch->node.rpc, height, id);
    if (rc != ERR_OK)
        return rc == ERR_NOT_FOUND ? ERR_OK : rc;
    bitcoin_turn(id, hash);
    *out = memcmp(hash, last.hash, sizeof(hash)) == 0;
    return ERR_OK;
}

static enum err look_at_pool(struct watch *watch, struct db *db)
{
    struct pool_look look = {.watch = watch, .whole = true};
    bool at_end = false;

    enum err rc = read_pool(&look, db);
    if (rc == ERR_OK) {
        struct pool before = watch->pool;
        watch->pool = look.next;
        look.next = before;
    }
    if (rc == ERR_OK && look.whole)
        rc = is_at_end(watch, db, &at_end);
    if (rc == ERR_OK && at_end)
        rc = deposit_pool(db, BITCOIN_CHAIN, watch->pool.payments.list, watch->pool.payments.count);
    bitcoin_set_free(&look.next.known);
    free(look.next.payments.list);
    free(look.ids);
    return rc;
}

/* --- a round ------------------------------------------------------------------------------------ */

static enum err credit(struct watch *watch, struct db *db)
{
    uint64_t count = 0;

    enum err rc = deposit_settle(db, BITCOIN_CHAIN, &count);
    if (rc == ERR_OK)
        watch->done->taken_back += count;
    do {
        if (rc == ERR_OK)
            rc = deposit_complete(db, BITCOIN_CHAIN, &count);
        if (rc == ERR_OK)
            watch->done->credited += count;
    } while (rc == ERR_OK && count == DEPOSIT_BATCH);
    return rc;
}

static enum err watch_follow(void *self, struct db *db, bool (*stopping)(void),
                             struct rail_followed *done)
{
    struct watch *watch = self;
    bool at_end = false;

    watch->done = done;
    enum err rc = load_asset(watch, db);
    if (rc == ERR_OK)
        rc = walk(watch, db, stopping, &at_end);
    if (rc != ERR_OK || !at_end)
        return rc;
    rc = look_at_pool(watch, db);
    return rc == ERR_OK ? credit(watch, db) : rc;
}

const struct rail_watcher bitcoin_watcher = {
    .name = "bitcoin", .open = watch_open, .close = watch_close, .follow = watch_follow};
