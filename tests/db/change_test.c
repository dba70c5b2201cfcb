/* Changes of the book that share a transaction: each is whole or not there, in their order. */
#include "market/change.h"

#include <string.h>

#include "base/text.h"
#include "tests/db/place.h"

static struct place place; /* one market for all; each test has traders of its own */

static struct market_change place_change(int64_t user, struct asked asked)
{
    struct market_change change = {.user_id = user,
                                   .oid = crypto_uuid4(),
                                   .market_id = place.market->id,
                                   .side = asked.side,
                                   .with_price = asked.price != 0,
                                   .price = asked.price,
                                   .with_stop = asked.stop != 0,
                                   .stop = asked.stop,
                                   .amount = asked.amount,
                                   .fiat_fee = asked.fiat_fee};
    text_copy(change.trace, sizeof(change.trace), "test");
    return change;
}

static struct market_change cancel_change(int64_t user, struct uuid oid)
{
    return (struct market_change){.user_id = user, .oid = oid, .kind = MARKET_CANCEL};
}

static void test_together(void)
{
    struct market_outcome out[MARKET_BATCH_MAX];

    place_open(&place, "CZK", 1, 10);
    place_give(place.alice, place_items(&place, 2 * BTC));
    place_give(place.bob, place_money(&place, 1000 * USD));
    struct market_change changes[] = {
        place_change(place.alice, place_ask(BTC, 100 * USD)),
        place_change(place.bob, place_bid(BTC / 2, 100 * USD)),
        place_change(place.bob, place_bid(CENTIBTC - 1, 100 * USD)),
        place_change(place.bob, place_bid(CENTIBTC, 100 * USD + 5)),
        place_change(place.bob, place_bid(BTC, 90 * USD)),
        cancel_change(place.alice, (struct uuid){.bytes = {1}}),
        place_change(place.bob, place_bid(BTC, 80 * USD)),
        cancel_change(place.bob, (struct uuid){.bytes = {0}}),
        place_change(place.bob, place_bid(20 * BTC, 70 * USD)),
    };
    static const enum err expected[] = {
        ERR_OK,         ERR_OK,       ERR_ORDER_AMOUNT_LOW,
        ERR_PRICE_STEP, ERR_REPLAYED, ERR_ORDER_UNKNOWN,
        ERR_OK,         ERR_OK,       ERR_OK,
    };
    changes[4].oid = changes[0].oid; /* somebody else's id: as a request that was sent twice */
    changes[7].oid = changes[6].oid; /* placed just before */
    market_change_together(place_scratch.app, changes, TEST_COUNT(changes), out);
    for (size_t i = 0; i < TEST_COUNT(changes); i++)
        DB_CHECK(out[i].known && out[i].rc == expected[i]);
    DB_CHECK(place_trades(&place) == 1);
    DB_CHECK(place_stands(&place, place.alice, changes[0].oid, "open", BTC / 2, BTC / 2));
    DB_CHECK(place_stands(&place, place.bob, changes[1].oid, "done", 0, 0));
    DB_CHECK(place_stands(&place, place.bob, changes[6].oid, "cancelled", BTC, 0));
    /* What was refused or taken back holds nothing: all that is left pays for the last one. */
    DB_CHECK(place_level(&place, MARKET_BID, 90 * USD) == 0);
    DB_CHECK(place_level(&place, MARKET_BID, 80 * USD) == 0);
    DB_CHECK(place_column(&place, place.bob, false, "balance") -
                 place_column(&place, place.bob, false, "reserved") <
             USD);
    /* Made again, all of them are known to have been made. */
    market_change_together(place_scratch.app, changes, TEST_COUNT(changes), out);
    DB_CHECK(out[0].rc == ERR_REPLAYED && out[1].rc == ERR_REPLAYED &&
             out[7].rc == ERR_ORDER_UNKNOWN);
    DB_CHECK(place_trades(&place) == 1);
}

static void test_full_batch(void)
{
    struct market_change changes[MARKET_BATCH_MAX];
    struct market_outcome out[MARKET_BATCH_MAX];

    place.bob = place_user();
    place_give(place.bob, place_money(&place, MARKET_BATCH_MAX * USD));
    for (size_t i = 0; i < MARKET_BATCH_MAX; i++)
        changes[i] = place_change(place.bob, place_bid(BTC, USD));
    market_change_together(place_scratch.app, changes, MARKET_BATCH_MAX, out);
    for (size_t i = 0; i < MARKET_BATCH_MAX; i++)
        DB_CHECK(out[i].known && out[i].rc == ERR_OK);
    DB_CHECK(place_level(&place, MARKET_BID, USD) == MARKET_BATCH_MAX * BTC);
    DB_CHECK(place_column(&place, place.bob, false, "reserved") == MARKET_BATCH_MAX * USD);
}

#define MANY 6000 /* more than fits into one packet to the database */

static void place_many(int64_t user, struct asked asked, int64_t price_step)
{
    struct market_change changes[MARKET_BATCH_MAX];
    struct market_outcome out[MARKET_BATCH_MAX];
    bool placed = true;

    for (int made = 0; made < MANY;) {
        size_t count = 0;
        for (; count < MARKET_BATCH_MAX && made < MANY; count++, made++) {
            changes[count] = place_change(user, asked);
            changes[count].price += made * price_step;
        }
        market_change_together(place_scratch.app, changes, count, out);
        for (size_t i = 0; i < count; i++)
            placed = placed && out[i].known && out[i].rc == ERR_OK;
    }
    DB_CHECK(placed);
}

/* One order goes through all levels of a side, and sets off as many stop orders. */
static void test_many(void)
{
    const struct db_args market = DB_ARGS(db_u64(place.market->id));
    int64_t stopper = place_user(), before = place_trades(&place);
    struct asked stop = place_bid(CENTIBTC, 150 * USD);

    place.alice = place_user();
    place.bob = place_user();
    place_give(place.alice, place_items(&place, (int64_t)MANY * CENTIBTC));
    place_give(place.bob, place_money(&place, INT64_C(1000000) * USD));
    place_many(place.alice, place_ask(CENTIBTC, 200 * USD), 10);
    stop.stop = 150 * USD;
    place_many(stopper, stop, 0);
    /* Half a bitcoin is left from the first test. */
    struct uuid oid =
        place_order(&place, place.bob, place_bid((int64_t)MANY * CENTIBTC + BTC / 2, 300 * USD));
    DB_CHECK(place_stands(&place, place.bob, oid, "done", 0, 0));
    DB_CHECK(place_trades(&place) == before + MANY + 1);
    DB_CHECK(place_number("SELECT COUNT(*) FROM market_level WHERE market_id = ? AND side = 'ask'",
                          market) == 0);
    DB_CHECK(place_number("SELECT COUNT(*) FROM market_stop WHERE market_id = ?", market) == 0);
    DB_CHECK(place_number("SELECT COUNT(*) FROM market_wait WHERE market_id = ? AND free = -1",
                          market) == MANY);
    /* Nobody has money for those set off: each is tried once. */
    int64_t tried = 0;
    for (int64_t more; (more = place_wake()) > 0;)
        tried += more;
    DB_CHECK(tried == MANY);
}

/* How many live orders the user's accounts count, which is how many there are. */
static int64_t live_orders(int64_t user)
{
    int64_t counted = place_number("SELECT SUM(live_orders) FROM account WHERE owner_id = ?",
                                   DB_ARGS(db_i64(user)));
    DB_CHECK(counted == place_number("SELECT COUNT(*) FROM market_order WHERE user_id = ? AND "
                                     "ended_at IS NULL",
                                     DB_ARGS(db_i64(user))));
    return counted;
}

/* A user has at most so many live orders, whatever state they are in and however they end. */
static void test_limit(void)
{
    struct market_outcome out[3];
    struct asked stop = place_bid(BTC, 500 * USD);
    struct place own;

    place_open(&own, "SEK", 1, 10);
    place_give(own.alice, place_items(&own, 10 * BTC));
    place_give(own.bob, place_money(&own, 20 * USD));
    stop.stop = 500 * USD;
    market_orders_limit(3);
    struct uuid open = place_order(&own, own.bob, place_bid(BTC, 2 * USD));
    place_order(&own, own.bob, stop);
    place_order(&own, own.bob, place_ask(BTC, 400 * USD)); /* without money: invalid */
    DB_GIVES(place_try(&own, own.bob, place_bid(BTC, 2 * USD)), ERR_TOO_MANY_ORDERS);
    DB_CHECK(live_orders(own.bob) == 3);
    place_order(&own, own.alice, place_ask(BTC, 300 * USD)); /* others have room */

    /* A part of it is sold to, then all: only then it is at its end. */
    place_order(&own, own.alice, place_ask(BTC / 2, 2 * USD));
    DB_GIVES(place_try(&own, own.bob, place_bid(BTC, 2 * USD)), ERR_TOO_MANY_ORDERS);
    place_order(&own, own.alice, place_ask(BTC / 2, 2 * USD));
    DB_CHECK(place_stands(&own, own.bob, open, "done", 0, 0) && live_orders(own.bob) == 2);
    DB_CHECK(live_orders(own.alice) == 1);

    /* In one transaction: the one taken back makes room for one. */
    struct market_change changes[] = {place_change(own.bob, place_bid(BTC, USD)),
                                      place_change(own.bob, place_bid(BTC, USD)),
                                      place_change(own.bob, place_bid(BTC, USD))};
    changes[1] = cancel_change(own.bob, changes[0].oid);
    changes[0].market_id = changes[2].market_id = own.market->id;
    market_change_together(place_scratch.app, changes, TEST_COUNT(changes), out);
    DB_CHECK(out[0].rc == ERR_OK && out[1].rc == ERR_OK && out[2].rc == ERR_OK);
    changes[0].oid = crypto_uuid4();
    changes[1] = changes[0];
    changes[1].oid = crypto_uuid4();
    market_change_together(place_scratch.app, changes, 2, out);
    DB_CHECK(out[0].rc == ERR_TOO_MANY_ORDERS && out[1].rc == ERR_TOO_MANY_ORDERS);

    /* His ask would meet his own bid, which goes: there is room all the same only beforehand. */
    DB_GIVES(place_try(&own, own.bob, place_ask(CENTIBTC, USD)), ERR_TOO_MANY_ORDERS);
    market_orders_limit(4);
    place_give(own.bob, place_items(&own, BTC));
    place_order(&own, own.bob, (struct asked){.side = MARKET_ASK, .amount = CENTIBTC});
    DB_CHECK(live_orders(own.bob) <= 4);

    /* In one transaction the second one finds what the first has taken. */
    int64_t carol = place_user();
    for (size_t i = 0; i < 2; i++) {
        changes[i] = place_change(carol, place_bid(BTC, USD));
        changes[i].market_id = own.market->id;
    }
    market_orders_limit(1);
    market_change_together(place_scratch.app, changes, 2, out);
    DB_CHECK(out[0].rc == ERR_OK && out[1].rc == ERR_TOO_MANY_ORDERS);
    DB_CHECK(live_orders(carol) == 1);
    market_orders_limit(MARKET_ORDERS_MAX);
}

/* From 2 BTC in 30 days on, 0.2 %: what a change of the same transaction trades counts for the next. */
static void test_fee_step(void)
{
    struct market_outcome out[5];
    struct place own;

    place_open(&own, "PLN", 1, 1);
    DB_GIVES(market_fee_set(place_scratch.app, own.market, place_items(&own, 2 * BTC), "0.2"),
             ERR_OK);
    place_give(own.alice, place_items(&own, 4 * BTC));
    place_give(own.bob, place_money(&own, 400 * USD));
    struct market_change changes[] = {
        place_change(own.alice, place_ask(4 * BTC, 100 * USD)),
        place_change(own.bob, place_bid(BTC, 100 * USD)),
        place_change(own.bob, place_bid(BTC - 1, 100 * USD)),
        place_change(own.bob, place_bid(CENTIBTC, 90 * USD)),
        place_change(own.bob, place_bid(CENTIBTC, 100 * USD)),
    };
    for (size_t i = 0; i < TEST_COUNT(changes); i++)
        changes[i].market_id = own.market->id;
    market_change_together(place_scratch.app, changes, TEST_COUNT(changes), out);
    for (size_t i = 0; i < TEST_COUNT(changes); i++) {
        DB_CHECK(out[i].known && out[i].rc == ERR_OK);
        DB_CHECK(place_number("SELECT CAST(fee_percent * 1000 AS SIGNED) FROM market_order WHERE "
                              "oid = ?",
                              DB_ARGS(db_uuid(&changes[i].oid))) == 600);
    }
    /* All had 2 BTC less one unit at most. Now the step is passed: by alice before, by carol within. */
    int64_t carol = place_user();
    place_give(carol, place_money(&own, 400 * USD));
    struct market_change crossing[] = {
        place_change(carol, place_bid(CENTIBTC, 100 * USD)),
        place_change(carol, place_bid(BTC * 19 / 10, 100 * USD)),
        place_change(own.alice, place_ask(BTC, 100 * USD)),
        place_change(carol, place_bid(BTC * 9 / 100, 100 * USD)),
        place_change(carol, place_bid(CENTIBTC, 50 * USD)),
    };
    static const int64_t crossed[] = {600, 600, 200, 600, 200}; /* exactly 2 BTC before the last */
    place_give(own.alice, place_items(&own, BTC));
    for (size_t i = 0; i < TEST_COUNT(crossing); i++)
        crossing[i].market_id = own.market->id;
    market_change_together(place_scratch.app, crossing, TEST_COUNT(crossing), out);
    for (size_t i = 0; i < TEST_COUNT(crossing); i++) {
        DB_CHECK(out[i].known && out[i].rc == ERR_OK);
        DB_CHECK(place_number("SELECT CAST(fee_percent * 1000 AS SIGNED) FROM market_order WHERE "
                              "oid = ?",
                              DB_ARGS(db_uuid(&crossing[i].oid))) == crossed[i]);
    }
}

#define REFUSES(word) "SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = '" word "'"

/* What goes first decides whether its own change is made, and nothing about the others. */
static void test_first(void)
{
    struct market_outcome out[3];

    place.bob = place_user();
    place_give(place.bob, place_money(&place, 3 * USD));
    struct market_change changes[3];
    for (size_t i = 0; i < TEST_COUNT(changes); i++)
        changes[i] = place_change(place.bob, place_bid(BTC, USD));
    text_copy(changes[0].first, MARKET_FIRST_SIZE, REFUSES("login_error_key_changed"));
    text_copy(changes[1].first, MARKET_FIRST_SIZE, "DO 0");
    text_copy(changes[2].first, MARKET_FIRST_SIZE, REFUSES("login_error_invalid_nonce"));
    market_change_together(place_scratch.app, changes, TEST_COUNT(changes), out);
    DB_CHECK(out[0].known && out[0].rc == ERR_KEY_CHANGED);
    DB_CHECK(out[1].known && out[1].rc == ERR_OK);
    DB_CHECK(out[2].known && out[2].rc == ERR_NONCE_INVALID);
    DB_CHECK(place_column(&place, place.bob, false, "reserved") == USD);
}

/* A nonce that another process may have used for us is not held against us; any other is. */
static void test_doubt(void)
{
    struct db *db = place_scratch.app;

    db_defer(db, REFUSES("login_error_invalid_nonce"), DB_NO_ARGS);
    DB_GIVES(db_txn_call(db, "DO 0", DB_NO_ARGS, NULL, NULL), ERR_NONCE_INVALID);
    db_defer(db, REFUSES("login_error_invalid_nonce"), DB_NO_ARGS);
    db_deferred_sent(db, false);
    DB_GIVES(db_txn_call(db, "DO 0", DB_NO_ARGS, NULL, NULL), ERR_OK);
    db_defer(db, REFUSES("login_error_key_changed"), DB_NO_ARGS);
    db_deferred_sent(db, false);
    DB_GIVES(db_txn_call(db, "DO 0", DB_NO_ARGS, NULL, NULL), ERR_KEY_CHANGED);
    db_defer(db, REFUSES("login_error_invalid_nonce"), DB_NO_ARGS);
    DB_CHECK(!db_deferred_done(db) && *db_deferred(db) != '\0');
    db_deferred_sent(db, true);
    DB_CHECK(db_deferred_done(db) && *db_deferred(db) == '\0');
    DB_GIVES(db_flush_deferred(db), ERR_OK);
}

/* Where there is no transaction nothing is known of any. */
static void test_failed(void)
{
    struct market_change changes[2] = {cancel_change(1, (struct uuid){.bytes = {2}}),
                                       cancel_change(1, (struct uuid){.bytes = {3}})};
    const struct db_params nowhere = {.socket = "/nonexistent/mysqld.sock", .user = "nobody"};
    struct market_outcome out[2] = {{.known = true}, {.known = true}};
    struct db *db;

    DB_GIVES(db_open(&nowhere, &db), ERR_OK);
    market_change_together(db, changes, TEST_COUNT(changes), out);
    DB_CHECK(!out[0].known && !out[1].known);
    db_close(db);
}

/* Without a matcher, or where none listens, a change is made alone. */
static void test_no_matcher(void)
{
    struct matcher_client *matcher;
    char path[200];
    bool resent = true;

    place.bob = place_user();
    place_give(place.bob, place_money(&place, 2 * USD));
    struct market_change change = place_change(place.bob, place_bid(BTC, USD));
    DB_GIVES(matcher_client_open("/nonexistent/match.sock", &matcher), ERR_OK);
    DB_GIVES(market_change(place_scratch.app, matcher, &change, &resent), ERR_OK);
    DB_CHECK(!resent && place_stands(&place, place.bob, change.oid, "open", BTC, BTC));
    matcher_client_close(matcher);
    change.oid = crypto_uuid4();
    DB_GIVES(matcher_client_open("", &matcher), ERR_OK);
    DB_GIVES(market_change(place_scratch.app, matcher, &change, &resent), ERR_OK);
    matcher_client_close(matcher);
    memset(path, 'x', sizeof(path) - 1);
    path[sizeof(path) - 1] = '\0';
    DB_GIVES(matcher_client_open(path, &matcher), ERR_TOO_LONG);
    matcher_client_close(matcher);
}

static const struct test_case tests[] = {
    {"several changes, some of them refused", test_together},
    {"as many as fit", test_full_batch},
    {"more than a packet holds", test_many},
    {"no more live orders than a user may have", test_limit},
    {"a step of the fees within one transaction", test_fee_step},
    {"a statement that goes first", test_first},
    {"a nonce of which nobody knows", test_doubt},
    {"a transaction that cannot be", test_failed},
    {"no matcher", test_no_matcher},
    {NULL, NULL},
};
const struct test_suite suite_change = {
    .name = "change", .cases = tests, .start = place_start, .end = place_end};
