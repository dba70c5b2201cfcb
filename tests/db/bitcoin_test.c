/* Bitcoin's coins: what a block means for us, forward and back, and which coins may be spent. */
#include <stdio.h>
#include <string.h>

#include "base/encode.h"
#include "ledger/ledger.h"
#include "rail/bitcoin_store.h"
#include "rail/bitcoin_watch.h"

#include "tests/db/db.h"

#define HEIGHT 1000
#define CONFIRMATIONS 3

static uint8_t next_mark; /* makes transactions differ from those of other tests */

static const uint8_t ours[] = {0, 20, 'o', 'u', 'r', 's'}, hot[] = {0, 20, 'h', 'o', 't'};
static const uint8_t strange[] = {0, 20, 's'};

/* A script P2WPKH whose hash begins with some letters. */
static struct bytes script(const uint8_t *begin, size_t len, uint8_t out[22])
{
    memset(out, 0, 22);
    memcpy(out, begin, len);
    return (struct bytes){out, 22};
}

/* What is read with: two addresses, one of user 77 and one of the hot wallet. */
struct reading_case {
    struct bitcoin_set scripts, coins;
    struct rail_asset asset;
    struct bitcoin_scan scan;
    uint8_t ours[22], hot[22], strange[22];
};

static void open_case(struct reading_case *c)
{
    struct bitcoin_entry entry = {.index = 5, .user_id = 77};

    *c = (struct reading_case){.asset = {.currency = currency_by_code("BTC", 3),
                                         .decimals = 8,
                                         .confirmations = CONFIRMATIONS,
                                         .deposits = true}};
    c->asset.min_deposit = (struct amount){1000, c->asset.currency};
    DB_CHECK(bitcoin_key_of_script(script(ours, sizeof(ours), c->ours), &entry.key));
    DB_GIVES(bitcoin_set_add(&c->scripts, &entry), ERR_OK);
    entry = (struct bitcoin_entry){0};
    DB_CHECK(bitcoin_key_of_script(script(hot, sizeof(hot), c->hot), &entry.key));
    DB_GIVES(bitcoin_set_add(&c->scripts, &entry), ERR_OK);
    script(strange, sizeof(strange), c->strange);
    c->scan = (struct bitcoin_scan){.scripts = &c->scripts, .coins = &c->coins, .asset = &c->asset};
}

static void close_case(struct reading_case *c)
{
    bitcoin_scan_free(&c->scan);
    bitcoin_set_free(&c->scripts);
    bitcoin_set_free(&c->coins);
}

/* A transaction that spends an output of `from` (NULL: a coinbase) and pays three outputs. */
static void make_tx(const struct reading_case *c, const uint8_t *from, int64_t value,
                    struct bitcoin_input *input, struct bitcoin_output outputs[3],
                    struct bitcoin_tx *out)
{
    *input = (struct bitcoin_input){.sequence = BITCOIN_SEQUENCE};
    if (from != NULL)
        memcpy(input->id, from, sizeof(input->id));
    outputs[0] = (struct bitcoin_output){.value = value, .script = {c->ours, 22}};
    outputs[1] = (struct bitcoin_output){.value = value + 1, .script = {c->strange, 22}};
    outputs[2] = (struct bitcoin_output){.value = value + 2, .script = {c->hot, 22}};
    *out = (struct bitcoin_tx){.version = 2,
                               .inputs = input,
                               .input_count = 1,
                               .outputs = outputs,
                               .output_count = 3,
                               .lock_time = ++next_mark};
}

static void test_set(void)
{
    struct bitcoin_set set = {0};
    uint8_t id[BITCOIN_ID_SIZE] = {0};

    struct bitcoin_key key = bitcoin_key_of_output(id, 1);
    DB_CHECK(bitcoin_set_find(&set, &key) == NULL);
    for (uint32_t i = 0; i < 1000; i++) {
        id[0] = (uint8_t)(i % 7); /* many begin alike */
        const struct bitcoin_entry entry = {.key = bitcoin_key_of_output(id, i), .index = i};
        DB_GIVES(bitcoin_set_add(&set, &entry), ERR_OK);
        DB_GIVES(bitcoin_set_add(&set, &entry), ERR_OK);
    }
    DB_CHECK(set.count == 1000);
    for (uint32_t i = 0; i < 1000; i++) {
        id[0] = (uint8_t)(i % 7);
        key = bitcoin_key_of_output(id, i);
        const struct bitcoin_entry *found = bitcoin_set_find(&set, &key);
        DB_CHECK(found != NULL && found->index == i);
    }
    key = bitcoin_key_of_output(id, 1000);
    DB_CHECK(bitcoin_set_find(&set, &key) == NULL);
    bitcoin_set_clear(&set);
    key = bitcoin_key_of_output(id, 999);
    DB_CHECK(bitcoin_set_find(&set, &key) == NULL);
    bitcoin_set_free(&set);
}

static void test_amounts(void)
{
    struct currency four = {.decimals = 4}, ten = {.decimals = 10};
    struct rail_asset asset = {.currency = &four};
    int64_t satoshis;

    DB_CHECK(bitcoin_amount(&asset, 123456789).units == 12345);
    DB_CHECK(bitcoin_satoshis(&four, 12345, &satoshis) && satoshis == 123450000);
    asset.currency = &ten;
    DB_CHECK(bitcoin_amount(&asset, 7).units == 700);
    DB_CHECK(bitcoin_satoshis(&ten, 700, &satoshis) && satoshis == 7);
    DB_CHECK(!bitcoin_satoshis(&ten, 701, &satoshis));
    DB_CHECK(!bitcoin_satoshis(&ten, -100, &satoshis));
    DB_CHECK(!bitcoin_satoshis(&four, (__int128)BITCOIN_MONEY_MAX, &satoshis));
}

static void test_scan(void)
{
    struct reading_case c;
    struct bitcoin_input input;
    struct bitcoin_output outputs[3];
    struct bitcoin_tx tx;
    uint8_t first[BITCOIN_ID_SIZE];
    const uint8_t stranger[BITCOIN_ID_SIZE] = {1};

    open_case(&c);
    make_tx(&c, NULL, 5000, &input, outputs, &tx);
    DB_GIVES(bitcoin_tx_id(&tx, first), ERR_OK);
    DB_GIVES(bitcoin_scan_tx(&c.scan, &tx), ERR_OK);
    DB_CHECK(c.scan.payments.count == 1 && c.scan.moves.count == 2);
    const struct deposit_payment *paid = &c.scan.payments.list[0];
    DB_CHECK(paid->index == 5 && paid->user_id == 77 && paid->amount.units == 5000);
    DB_CHECK(paid->needed == BITCOIN_MATURE + 1 && paid->withhold == NULL); /* it was mined */
    DB_CHECK(paid->txid[0] == first[31] && paid->txid[31] == first[0]);
    const struct bitcoin_move *moves = c.scan.moves.list;
    DB_CHECK(moves[0].coinbase && moves[0].value == 5000 && moves[0].raw.len > 0);
    DB_CHECK(moves[1].index == 0 && moves[1].output == 2 && moves[1].raw.len == 0);
    /* The next transaction of the block spends what the first has paid, and pays too little. */
    make_tx(&c, first, 999, &input, outputs, &tx);
    bitcoin_scan_clear(&c.scan);
    DB_GIVES(bitcoin_scan_tx(&c.scan, &tx), ERR_OK);
    DB_CHECK(c.scan.moves.count == 3 && moves[0].spent);
    DB_CHECK(memcmp(moves[0].id, first, sizeof(first)) == 0 && moves[0].output == 0);
    DB_CHECK(c.scan.payments.count == 0); /* what we send is change, and no deposit */
    /* A stranger's, that pays too little; and one that waits, which is no coin yet. */
    make_tx(&c, stranger, 999, &input, outputs, &tx);
    bitcoin_scan_clear(&c.scan);
    DB_GIVES(bitcoin_scan_tx(&c.scan, &tx), ERR_OK);
    DB_CHECK(c.scan.moves.count == 2 && c.scan.payments.count == 1);
    DB_CHECK(c.scan.payments.list[0].withhold != NULL && c.scan.payments.list[0].needed == 3);
    c.scan.pool = true;
    bitcoin_scan_clear(&c.scan);
    DB_GIVES(bitcoin_scan_tx(&c.scan, &tx), ERR_OK);
    DB_CHECK(c.scan.payments.count == 1 && c.scan.moves.count == 0);
    close_case(&c);
}

static enum err commit_packet(struct db *db, void *arg)
{
    return db_packet_commit(db, arg, NULL, 0);
}

static void commit(struct db_packet *packet)
{
    DB_GIVES(db_txn(test_db, commit_packet, packet, NULL), ERR_OK);
}

/* Takes a block with the transactions that were scanned. */
static void take_moves(struct reading_case *c, uint64_t height)
{
    struct db_packet packet = DB_PACKET(BITCOIN_PACKET_MAX);

    bitcoin_moves_add(&packet, &c->scan.moves, height);
    commit(&packet);
    bitcoin_scan_clear(&c->scan);
}

/* How many coins of a transaction may be spent at a height. */
static size_t spendable(const uint8_t id[BITCOIN_ID_SIZE], uint64_t tip)
{
    struct arena arena = {0};
    struct bitcoin_own *list;
    size_t count, found = 0;

    DB_GIVES(bitcoin_coins_free(test_db, tip, CONFIRMATIONS, &arena, &list, &count), ERR_OK);
    for (size_t i = 0; i < count; i++)
        found += memcmp(list[i].coin.id, id, BITCOIN_ID_SIZE) == 0;
    arena_free(&arena);
    return found;
}

static void test_coins(void)
{
    struct reading_case c;
    struct bitcoin_input input;
    struct bitcoin_output outputs[3];
    struct bitcoin_tx tx;
    struct bytes sources[2];
    struct bitcoin_own own = {0};
    struct arena arena = {0};
    uint8_t mined[BITCOIN_ID_SIZE], paid[BITCOIN_ID_SIZE];
    size_t count;

    open_case(&c);
    make_tx(&c, NULL, 50000, &input, outputs, &tx);
    DB_GIVES(bitcoin_tx_id(&tx, mined), ERR_OK);
    DB_GIVES(bitcoin_scan_tx(&c.scan, &tx), ERR_OK);
    take_moves(&c, HEIGHT);
    DB_CHECK(spendable(mined, HEIGHT + BITCOIN_MATURE - 1) == 0);
    DB_CHECK(spendable(mined, HEIGHT + BITCOIN_MATURE) == 2);
    memcpy(own.coin.id, mined, sizeof(mined));
    DB_GIVES(bitcoin_sources(test_db, &own, 1, &arena, sources, &count), ERR_OK);
    DB_CHECK(count == 1 && sources[0].len > 0);
    arena_free(&arena);
    /* Spent in a later block by one that pays us. */
    make_tx(&c, mined, 40000, &input, outputs, &tx);
    DB_GIVES(bitcoin_tx_id(&tx, paid), ERR_OK);
    DB_GIVES(bitcoin_coins_load(test_db, &c.coins), ERR_OK);
    DB_GIVES(bitcoin_scan_tx(&c.scan, &tx), ERR_OK);
    take_moves(&c, HEIGHT + 200);
    DB_CHECK(spendable(mined, HEIGHT + 300) == 1);
    DB_CHECK(spendable(paid, HEIGHT + 201) == 0 && spendable(paid, HEIGHT + 202) == 2);
    /* The block is gone, and comes again one later: as if it had been there at once. */
    struct db_packet packet = DB_PACKET(BITCOIN_PACKET_MAX);
    bitcoin_moves_back(&packet, HEIGHT + 200);
    commit(&packet);
    DB_CHECK(spendable(mined, HEIGHT + 300) == 2 && spendable(paid, HEIGHT + 300) == 0);
    DB_GIVES(bitcoin_coins_load(test_db, &c.coins), ERR_OK);
    DB_GIVES(bitcoin_scan_tx(&c.scan, &tx), ERR_OK);
    take_moves(&c, HEIGHT + 201);
    DB_CHECK(spendable(mined, HEIGHT + 300) == 1 && spendable(paid, HEIGHT + 203) == 2);
    close_case(&c);
}

static const struct test_case cases[] = {
    {"a set finds what was added, however alike", test_set},
    {"satoshis and amounts", test_amounts},
    {"what a transaction means for us", test_scan},
    {"coins, forward and back, and which may be spent", test_coins},
    {NULL, NULL},
};

const struct test_suite suite_bitcoin = {.name = "bitcoin", .cases = cases};
