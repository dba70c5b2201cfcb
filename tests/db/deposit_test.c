/* Deposits: addresses, and what happens to payments while a chain grows and is reorganised. */
#include <stdio.h>
#include <string.h>

#include "base/encode.h"
#include "chain/hd_key.h"
#include "deposit/follow.h"
#include "ledger/ledger.h"
#include "ledger/post.h"

#include "tests/db/db.h"

#define NEEDED 3
#define ETHEREUM_ACCOUNT "m/44'/60'/0'"
#define BITCOIN_ACCOUNT "m/84'/1'/0'"
#define SEED_TEST                                                      \
    "9dfc3c64c2f8bede1533b6a79f8570e5943e0b8fd1cf77107adf7b72cef42185" \
    "d564a3aee24cab43f80e3c4538087d70fc824eabbad596a23c97b6ee8322ccc0"
#define SEED_ABANDON                                                   \
    "5eb00bbddcf069084889a8ab9155568165f5c453ccb85e70811aaed6f6da5fc1" \
    "9a5ac40b389cd370d086206dec8aa6c43daea6690f20ad3d8d48b2d2ce9e38e4"

/* A chain of a test's own, with a user who has an address on it. */
struct chain_case {
    char rail[DB_TEST_NAME_SIZE];
    const struct currency *currency;
    int64_t user;
    struct deposit_address address;
    uint64_t height;
    uint8_t branch; /* the first byte of its hashes */
};

static void write_xpub(const char *seed_text, const char *account, enum hd_network network,
                       char out[BASE58_TEXT_SIZE])
{
    uint8_t seed[64];
    struct hd_path path;
    struct hd_key key;

    DB_CHECK(hex_decode(seed_text, strlen(seed_text), seed, sizeof(seed)));
    DB_CHECK(hd_path_parse(account, strlen(account), &path));
    DB_GIVES(hd_from_seed(seed, sizeof(seed), &key), ERR_OK);
    DB_GIVES(hd_derive(&key, &path, &key), ERR_OK);
    hd_public(&key, &key);
    hd_format(&key, network, out);
}

static void make_hash(uint8_t branch, uint64_t height, uint8_t out[DEPOSIT_HASH_SIZE])
{
    memset(out, branch, DEPOSIT_HASH_SIZE);
    snprintf((char *)out, DEPOSIT_HASH_SIZE, "%c%llu", branch, (unsigned long long)height);
}

/* A block behind the last one, on the case's branch. */
static struct deposit_block next_block(struct chain_case *c)
{
    struct deposit_block last = {0}, block;

    DB_GIVES(deposit_last_block(test_db, c->rail, &last), ERR_OK);
    block = (struct deposit_block){.height = last.height + 1};
    make_hash(c->branch, block.height, block.hash);
    memcpy(block.parent, last.hash, sizeof(block.parent));
    return block;
}

static void open_case(struct chain_case *c)
{
    char xpub[BASE58_TEXT_SIZE];
    struct deposit_block first = {.height = 10};

    *c = (struct chain_case){.branch = 'a', .currency = currency_by_code("BTC", 3)};
    db_test_name("eth", c->rail);
    c->rail[DEPOSIT_RAIL_SIZE - 1] = '\0';
    c->user = db_test_user(NULL, NULL);
    write_xpub(SEED_TEST, ETHEREUM_ACCOUNT, HD_MAIN, xpub);
    DB_GIVES(deposit_rail_set(test_db, c->rail, DEPOSIT_ETHEREUM, ETHEREUM_ACCOUNT, xpub), ERR_OK);
    DB_GIVES(deposit_address_take(test_db, c->rail, c->user, &c->address), ERR_OK);
    make_hash(c->branch, first.height, first.hash);
    DB_GIVES(deposit_begin(test_db, c->rail, &first), ERR_OK);
}

static struct deposit_payment payment(const struct chain_case *c, uint8_t txid, int64_t units)
{
    struct deposit_payment made = {.index = c->address.index,
                                   .user_id = c->user,
                                   .amount = {units, c->currency},
                                   .chain_units = (__int128)units * 10000000000,
                                   .needed = NEEDED};
    memset(made.txid, txid, sizeof(made.txid));
    return made;
}

/* So many blocks, the first of which pays. */
static void grow(struct chain_case *c, unsigned count, const struct deposit_payment *paid)
{
    for (unsigned i = 0; i < count; i++) {
        struct deposit_block block = next_block(c);
        size_t pays = i == 0 && paid != NULL;
        DB_GIVES(deposit_take_block(test_db, c->rail, &block, paid, pays), ERR_OK);
    }
}

static void shrink(struct chain_case *c, unsigned count)
{
    struct deposit_block last;

    for (unsigned i = 0; i < count; i++) {
        DB_GIVES(deposit_last_block(test_db, c->rail, &last), ERR_OK);
        DB_GIVES(deposit_give_block(test_db, c->rail, &last), ERR_OK);
    }
}

static int64_t balance(const struct chain_case *c, const char *purpose)
{
    return db_test_number("SELECT COALESCE((SELECT balance FROM account WHERE owner_id = ? AND "
                          "purpose = ? AND currency_id = ?), 0)",
                          DB_ARGS(db_i64(c->user), db_text(purpose), db_u64(c->currency->id)));
}

static void keep_deposit(void *arg, const struct deposit *deposit)
{
    *(struct deposit *)arg = *deposit;
}

/* The case's deposit of last, which has to be in that state with so many confirmations. */
static struct deposit expect_deposit(const struct chain_case *c, enum deposit_state state,
                                     uint64_t confirms, unsigned line)
{
    struct deposit deposit = {0};
    const struct deposit_filter filter = {.user_id = c->user, .state = -1, .limit = 1};
    char words[200];

    DB_GIVES(deposit_list(test_db, &filter, keep_deposit, &deposit), ERR_OK);
    snprintf(words, sizeof(words), "%s with %llu confirmations, expected %s with %llu",
             deposit_states[deposit.state], (unsigned long long)deposit.confirms,
             deposit_states[state], (unsigned long long)confirms);
    db_test_check(deposit.id != 0 && deposit.state == state && deposit.confirms == confirms, words,
                  __FILE__, line);
    return deposit;
}
#define EXPECT(c, state, confirms) (void)expect_deposit(c, state, confirms, __LINE__)

static uint64_t complete(struct chain_case *c)
{
    uint64_t count = 0;
    DB_GIVES(deposit_complete(test_db, c->rail, &count), ERR_OK);
    return count;
}

static uint64_t settle(struct chain_case *c)
{
    uint64_t count = 0;
    DB_GIVES(deposit_pool(test_db, c->rail, NULL, 0), ERR_OK);
    DB_GIVES(deposit_settle(test_db, c->rail, &count), ERR_OK);
    return count;
}

static void say(void *arg, const char *words)
{
    (void)arg;
    db_test_check(false, words, __FILE__, __LINE__);
}

static void check_books(void)
{
    struct audit_report report = {.difference = say};
    DB_GIVES(audit_run(test_db, &ledger_audit, &report), ERR_OK);
    DB_GIVES(audit_run(test_db, &deposit_audit, &report), ERR_OK);
}

static enum err keep_address(void *arg, const struct deposit_address *address)
{
    struct deposit_address *last = arg;
    DB_CHECK(address->index > last->index);
    *last = *address;
    return ERR_OK;
}

static void test_addresses(void)
{
    struct chain_case c;
    char xpub[BASE58_TEXT_SIZE], other[BASE58_TEXT_SIZE];
    struct deposit_address again, second, found, last = {0};
    struct deposit_rail rail;

    open_case(&c);
    write_xpub(SEED_TEST, ETHEREUM_ACCOUNT, HD_MAIN, xpub);
    write_xpub(SEED_ABANDON, ETHEREUM_ACCOUNT, HD_MAIN, other);
    DB_GIVES(deposit_rail_set(test_db, c.rail, DEPOSIT_ETHEREUM, ETHEREUM_ACCOUNT, xpub), ERR_OK);
    DB_GIVES(deposit_rail_set(test_db, c.rail, DEPOSIT_ETHEREUM, ETHEREUM_ACCOUNT, other),
             ERR_DEPOSIT_KEY);
    DB_GIVES(deposit_rail_set(test_db, c.rail, DEPOSIT_BITCOIN, ETHEREUM_ACCOUNT, xpub),
             ERR_DEPOSIT_KEY);
    DB_GIVES(deposit_rail_set(test_db, c.rail, DEPOSIT_BITCOIN_TEST, ETHEREUM_ACCOUNT, xpub),
             ERR_INVALID);
    DB_GIVES(deposit_rail_set(test_db, c.rail, DEPOSIT_ETHEREUM, "m/44'", xpub), ERR_INVALID);
    DB_GIVES(deposit_rail_set(test_db, "Ether Eum", DEPOSIT_ETHEREUM, ETHEREUM_ACCOUNT, xpub),
             ERR_INVALID);
    xpub[20] = xpub[20] == 'a' ? 'b' : 'a';
    DB_GIVES(deposit_rail_set(test_db, c.rail, DEPOSIT_ETHEREUM, ETHEREUM_ACCOUNT, xpub),
             ERR_CHECKSUM);
    DB_GIVES(deposit_address_take(test_db, "nowhere", c.user, &again), ERR_DEPOSIT_RAIL);

    /* accounts #1 and #2 of the well-known seed; #0 is the hot wallet */
    DB_CHECK(c.address.index == 1 &&
             strcmp(c.address.address, "0x70997970C51812dc3A010C7d01b50e0d17dc79C8") == 0);
    DB_GIVES(deposit_address_take(test_db, c.rail, c.user, &again), ERR_OK);
    DB_CHECK(again.index == 1 && again.user_id == c.user);
    DB_GIVES(deposit_address_take(test_db, c.rail, db_test_user(NULL, NULL), &second), ERR_OK);
    DB_CHECK(strcmp(second.address, "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC") == 0);
    DB_GIVES(deposit_address_find(test_db, c.rail, second.address, &found), ERR_OK);
    DB_CHECK(found.user_id == second.user_id && found.index == 2);
    DB_GIVES(deposit_address_find(test_db, c.rail, "0x3c44", &found), ERR_NOT_FOUND);
    DB_GIVES(deposit_address_each(test_db, c.rail, 1, keep_address, &last), ERR_OK);
    DB_CHECK(last.index == 2);
    DB_GIVES(deposit_rail_read(test_db, c.rail, &rail), ERR_OK);
    DB_CHECK(rail.format == DEPOSIT_ETHEREUM && rail.addresses == 2 && rail.height == 10);

    DB_GIVES(
        deposit_address_find(test_db, c.rail, "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266", &found),
        ERR_OK);
    DB_CHECK(found.user_id == LEDGER_HOUSE && found.index == 0);

    /* the same of Bitcoin */
    write_xpub(SEED_ABANDON, BITCOIN_ACCOUNT, HD_TEST, xpub);
    text_copy(rail.xpub, sizeof(rail.xpub), xpub);
    rail.format = DEPOSIT_BITCOIN_REGTEST;
    DB_GIVES(deposit_derive(&rail, 0, second.address), ERR_OK);
    DB_CHECK(strcmp(second.address, "bcrt1q6rz28mcfaxtmd6v789l9rrlrusdprr9pz3cppk") == 0);
}

static void test_life(void)
{
    struct chain_case c;
    struct deposit_block block, first = {.height = 20};
    struct deposit deposit;

    open_case(&c);
    struct deposit_payment paid = payment(&c, 0xa1, 500);
    DB_GIVES(deposit_begin(test_db, c.rail, &first), ERR_OK); /* follows already */
    block = next_block(&c);
    block.height++;
    DB_GIVES(deposit_take_block(test_db, c.rail, &block, &paid, 1), ERR_DEPOSIT_MOVED);
    block.height--;
    block.parent[0] = 'b';
    DB_GIVES(deposit_take_block(test_db, c.rail, &block, &paid, 1), ERR_DEPOSIT_FORK);
    block.parent[0] = 'a';
    DB_GIVES(deposit_take_block(test_db, c.rail, &block, &paid, 1), ERR_OK);
    DB_GIVES(deposit_take_block(test_db, c.rail, &block, &paid, 1), ERR_DEPOSIT_MOVED);
    EXPECT(&c, DEPOSIT_PENDING, 1);
    DB_CHECK(complete(&c) == 0);
    grow(&c, NEEDED - 2, NULL);
    DB_CHECK(complete(&c) == 0 && balance(&c, "fund") == 0);
    grow(&c, 1, NULL);
    DB_CHECK(complete(&c) == 1);
    DB_CHECK(complete(&c) == 0 && balance(&c, "fund") == 500);
    deposit = expect_deposit(&c, DEPOSIT_COMPLETED, NEEDED, __LINE__);
    DB_CHECK(deposit.confirmed_us > 0 && deposit.amount.units == 500 &&
             strncmp(deposit.txid, "0xa1a1", 6) == 0 &&
             strcmp(deposit.address, c.address.address) == 0);
    DB_GIVES(deposit_find(test_db, c.user + 1, deposit.id, &deposit), ERR_NOT_FOUND);
    DB_GIVES(deposit_find(test_db, c.user, deposit.id, &deposit), ERR_OK);
    DB_CHECK(settle(&c) == 0);
    check_books();
}

/* A block that is replaced: the payment is in the new branch, later, or not at all, or comes back. */
static void test_reorganised(void)
{
    struct chain_case c;

    open_case(&c);
    struct deposit_payment paid = payment(&c, 0xb1, 700);
    grow(&c, NEEDED, &paid);
    DB_CHECK(complete(&c) == 1);
    shrink(&c, NEEDED);
    EXPECT(&c, DEPOSIT_COMPLETED, 0);
    c.branch = 'b';
    grow(&c, 1, NULL);
    grow(&c, NEEDED, &paid);
    DB_CHECK(settle(&c) == 0 && complete(&c) == 0 && balance(&c, "fund") == 700);
    EXPECT(&c, DEPOSIT_COMPLETED, NEEDED);

    shrink(&c, NEEDED);
    c.branch = 'c';
    grow(&c, NEEDED, NULL);
    DB_CHECK(settle(&c) == 1);
    DB_CHECK(settle(&c) == 0 && balance(&c, "fund") == 0);
    EXPECT(&c, DEPOSIT_CANCELLED, 0);
    check_books();
    grow(&c, NEEDED, &paid);
    EXPECT(&c, DEPOSIT_PENDING, NEEDED);
    DB_CHECK(complete(&c) == 1 && balance(&c, "fund") == 700);

    /* one that was not credited yet is cancelled without a journal; what pays something else is another */
    struct deposit_payment second = payment(&c, 0xb2, 50), changed = payment(&c, 0xb2, 60);
    grow(&c, 1, &second);
    EXPECT(&c, DEPOSIT_PENDING, 1);
    shrink(&c, 1);
    c.branch = 'd';
    grow(&c, NEEDED, &changed);
    DB_CHECK(settle(&c) == 0 && complete(&c) == 1 && balance(&c, "fund") == 760);
    DB_CHECK(db_test_number("SELECT COUNT(*) FROM deposit WHERE user_id = ? AND state = "
                            "'cancelled' AND amount = 50",
                            DB_ARGS(db_i64(c.user))) == 1);
    struct deposit_block last = {0};
    DB_GIVES(deposit_give_block(test_db, c.rail, &last), ERR_DEPOSIT_MOVED);
    check_books();
}

/* Money that leaves a user's fund account. */
struct spending {
    int64_t user, from, to;
    struct amount amount;
    char key[DB_TEST_NAME_SIZE];
};

static enum err spend_in(struct db *db, void *arg)
{
    struct spending *spending = arg;
    struct amount back = spending->amount;
    const struct actor actor = {
        .user_id = spending->user, .request_key = spending->key, .trace = "test"};
    struct ledger_posting posting = ledger_posting("test", &actor, NULL);
    struct db_packet packet = DB_PACKET(65536);

    back.units = -back.units;
    enum err rc =
        ledger_account_need(db, spending->user, back.currency, "fund", "", &spending->from);
    if (rc == ERR_OK)
        rc = ledger_account_need(db, spending->user, back.currency, "available", "", &spending->to);
    ledger_leg(&posting, spending->from, back, "out", NULL);
    ledger_leg(&posting, spending->to, spending->amount, "in", NULL);
    if (rc == ERR_OK)
        rc = ledger_post(&packet, &posting);
    if (rc == ERR_OK)
        rc = db_packet_commit(db, &packet, NULL, 0);
    ledger_posting_free(&posting);
    db_packet_free(&packet);
    return rc;
}

/* What was spent cannot be taken back: it is owed, and the next deposits pay it first. */
static void test_spent(void)
{
    struct chain_case c;

    open_case(&c);
    struct deposit_payment paid = payment(&c, 0xc1, 900), small = payment(&c, 0xc2, 250),
                           large = payment(&c, 0xc3, 1000);
    grow(&c, NEEDED, &paid);
    DB_CHECK(complete(&c) == 1);
    struct spending spending = {.user = c.user, .amount = {600, c.currency}};
    db_test_name("spend", spending.key);
    DB_GIVES(db_txn(test_db, spend_in, &spending, NULL), ERR_OK);
    shrink(&c, NEEDED);
    c.branch = 'b';
    grow(&c, NEEDED + 1, NULL);
    uint64_t withheld = 0, owing = 0, owing_before = 0;
    DB_GIVES(deposit_trouble(test_db, &withheld, &owing_before), ERR_OK);
    DB_CHECK(settle(&c) == 1);
    DB_CHECK(balance(&c, "fund") == 0 && balance(&c, "owed") == -600 &&
             balance(&c, "available") == 600);
    DB_GIVES(deposit_trouble(test_db, &withheld, &owing), ERR_OK);
    DB_CHECK(owing == owing_before + 1);
    DB_CHECK(db_test_number("SELECT enabled FROM user WHERE id = ?", DB_ARGS(db_i64(c.user))) == 0);
    check_books();
    grow(&c, 1, &small);
    grow(&c, NEEDED, &large);
    DB_CHECK(complete(&c) == 2);
    DB_CHECK(balance(&c, "owed") == 0 && balance(&c, "fund") == 650);
    check_books();
}

static void test_pool(void)
{
    struct chain_case c;

    open_case(&c);
    struct deposit_payment waits = payment(&c, 0xd1, 30);
    DB_GIVES(deposit_pool(test_db, c.rail, &waits, 1), ERR_OK);
    EXPECT(&c, DEPOSIT_PENDING, 0);
    DB_CHECK(complete(&c) == 0);
    DB_GIVES(deposit_pool(test_db, c.rail, NULL, 0), ERR_OK);
    EXPECT(&c, DEPOSIT_CANCELLED, 0);
    DB_GIVES(deposit_pool(test_db, c.rail, &waits, 1), ERR_OK);
    EXPECT(&c, DEPOSIT_PENDING, 0);
    grow(&c, 1, &waits);
    DB_GIVES(deposit_pool(test_db, c.rail, &waits, 1), ERR_OK); /* a node that has it in both */
    EXPECT(&c, DEPOSIT_PENDING, 1);
    DB_GIVES(deposit_pool(test_db, c.rail, NULL, 0), ERR_OK);
    EXPECT(&c, DEPOSIT_PENDING, 1);
    grow(&c, NEEDED, NULL);
    DB_CHECK(complete(&c) == 1 && balance(&c, "fund") == 30);
    check_books();
}

static void test_withheld(void)
{
    struct chain_case c;

    open_case(&c);
    struct deposit_payment odd = payment(&c, 0xe1, 40), nothing = payment(&c, 0xe2, 0);
    odd.withhold = "Less than the least deposit";
    nothing.withhold = "Worth nothing here";
    nothing.chain_units = 5;
    grow(&c, NEEDED, &odd);
    DB_CHECK(complete(&c) == 0);
    struct deposit deposit = expect_deposit(&c, DEPOSIT_WITHHOLD, NEEDED, __LINE__);
    DB_CHECK(strcmp(deposit.note, odd.withhold) == 0);
    DB_GIVES(deposit_release(test_db, deposit.id), ERR_OK);
    DB_GIVES(deposit_release(test_db, deposit.id), ERR_DEPOSIT_STATE);
    DB_GIVES(deposit_release(test_db, deposit.id + 1000000), ERR_NOT_FOUND);
    DB_CHECK(complete(&c) == 1 && balance(&c, "fund") == 40);
    grow(&c, NEEDED, &nothing);
    deposit = expect_deposit(&c, DEPOSIT_WITHHOLD, NEEDED, __LINE__);
    DB_GIVES(deposit_release(test_db, deposit.id), ERR_DEPOSIT_STATE);
    check_books();
}

/* More than one transaction's worth, of one user and of many. */
static void test_many(void)
{
    struct chain_case c;
    static struct deposit_payment list[2 * DEPOSIT_BATCH + 1];
    struct deposit_address other;

    open_case(&c);
    DB_GIVES(deposit_address_take(test_db, c.rail, db_test_user(NULL, NULL), &other), ERR_OK);
    for (size_t i = 0; i < TEST_COUNT(list); i++) {
        list[i] = payment(&c, 0xf1, 1 + (int64_t)i);
        list[i].output = i;
        if (i % 2 == 1) {
            list[i].index = other.index;
            list[i].user_id = other.user_id;
        }
    }
    struct deposit_block block = next_block(&c);
    DB_GIVES(deposit_take_block(test_db, c.rail, &block, list, TEST_COUNT(list)), ERR_OK);
    grow(&c, NEEDED, NULL);
    DB_CHECK(complete(&c) == TEST_COUNT(list));
    DB_CHECK(balance(&c, "fund") == 51 * 51);
    check_books();
}

static const struct test_case cases[] = {
    {"addresses follow from the signer's public key", test_addresses},
    {"a deposit is credited with its last confirmation", test_life},
    {"a reorganisation moves it, takes it back, brings it back", test_reorganised},
    {"what vanished after it was spent is owed", test_spent},
    {"what waits in the pool is pending", test_pool},
    {"what is withheld waits for an operator", test_withheld},
    {"many are credited in few transactions", test_many},
    {NULL, NULL},
};

const struct test_suite suite_deposit = {.name = "deposit", .cases = cases};
