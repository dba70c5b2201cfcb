/* The life of an order: waiting for money or a price, cancelled, asked for twice; a trade taken back;
 * and the audit of it all. */
#include <stdio.h>
#include <string.h>

#include "ledger/ledger.h"
#include "tests/db/place.h"

/* Of what is asked for, the book shows what there is money for; the rest waits for money. */
static void test_funding(void)
{
    struct place place;

    place_open(&place, "DKK", 1, 1);
    place_give(place.bob, place_money(&place, 15 * USD / 10));
    struct uuid part = place_order(&place, place.bob, place_bid(BTC, 10 * USD));
    DB_CHECK(place_stands(&place, place.bob, part, "open", BTC, 15 * CENTIBTC));
    DB_CHECK(place_level(&place, MARKET_BID, 10 * USD) == 15 * CENTIBTC);
    struct uuid none = place_order(&place, place.bob, place_bid(BTC, 9 * USD));
    DB_CHECK(place_stands(&place, place.bob, none, "invalid", BTC, 0));
    DB_CHECK(place_level(&place, MARKET_BID, 9 * USD) == 0);
    DB_CHECK(place_wake() == 0); /* nothing came */
    place_give(place.bob, place_money(&place, 9 * USD));
    DB_CHECK(place_wake() == 2); /* the older one takes what it lacks */
    DB_CHECK(place_stands(&place, place.bob, part, "open", BTC, BTC));
    DB_CHECK(place_stands(&place, place.bob, none, "open", BTC, 5555555));
    DB_CHECK(place_level(&place, MARKET_BID, 10 * USD) == BTC);

    /* One that trades up its funded part is hidden again, and comes back with money. */
    place_give(place.alice, place_items(&place, 2 * BTC));
    place_order(&place, place.alice, place_ask(BTC + 5555555, 9 * USD));
    DB_CHECK(place_stands(&place, place.bob, part, "done", 0, 0));
    DB_CHECK(place_stands(&place, place.bob, none, "invalid", BTC - 5555555, 0));
    place_order(&place, place.alice, place_ask(CENTIBTC, 8 * USD));
    place_give(place.bob, place_money(&place, 9 * USD));
    DB_CHECK(place_wake() == 1); /* it meets the ask */
    DB_CHECK(place_stands(&place, place.bob, none, "open", BTC - 5555555 - CENTIBTC,
                          BTC - 5555555 - CENTIBTC));
    DB_CHECK(place_wake() == 0);

    /* Less than the market's least amount is not worth showing. */
    int64_t carol = place_user();
    place_give(carol, place_items(&place, CENTIBTC - 1));
    struct uuid crumbs = place_order(&place, carol, place_ask(BTC, 50 * USD));
    DB_CHECK(place_stands(&place, carol, crumbs, "invalid", BTC, 0));
}

static void test_stops(void)
{
    struct place place;
    int64_t age_us = -1, length = -1;

    place_open(&place, "HKD", 1, 1);
    place_give(place.alice, place_items(&place, 4 * BTC));
    place_give(place.bob, place_money(&place, 1000 * USD));
    struct asked asked = place_bid(BTC, 120 * USD);
    asked.stop = 110 * USD;
    struct uuid stop = place_order(&place, place.bob, asked);
    DB_CHECK(place_stands(&place, place.bob, stop, "stop", BTC, 0));
    DB_CHECK(place.order.stop.units == 110 * USD && place.order.price.units == 120 * USD);
    DB_CHECK(place_column(&place, place.bob, false, "reserved") == 0);
    asked = place_ask(BTC, 0);
    asked.stop = 90 * USD;
    struct uuid loss = place_order(&place, place.alice, asked);

    place_order(&place, place.alice, place_ask(CENTIBTC, 100 * USD));
    place_order(&place, place.bob, place_bid(CENTIBTC, 100 * USD));
    DB_CHECK(place_stands(&place, place.bob, stop, "stop", BTC, 0));
    DB_GIVES(market_lag(place_scratch.app, &age_us, &length), ERR_OK);
    DB_CHECK(age_us == 0 && length == 0);
    place_order(&place, place.alice, place_ask(CENTIBTC, 110 * USD));
    place_order(&place, place.bob, place_bid(CENTIBTC, 110 * USD));
    DB_CHECK(place_stands(&place, place.bob, stop, "pending", BTC, 0));
    DB_GIVES(market_lag(place_scratch.app, &age_us, &length), ERR_OK);
    DB_CHECK(age_us > 0 && length == 1);
    DB_CHECK(place_wake() == 1);
    DB_CHECK(place_stands(&place, place.bob, stop, "open", BTC, BTC));
    DB_CHECK(place_level(&place, MARKET_BID, 120 * USD) == BTC);

    /* A fall sets off the ask without a price: it takes what bids there are, and ends. */
    struct uuid deep = place_order(&place, place.bob, place_bid(BTC / 2, 80 * USD));
    place_order(&place, place.alice, place_ask(BTC + BTC / 4, 80 * USD));
    DB_CHECK(place_stands(&place, place.alice, loss, "pending", BTC, 0));
    DB_CHECK(place_wake() == 1);
    DB_CHECK(place_stands(&place, place.alice, loss, "cancelled", 3 * BTC / 4, 0));
    DB_CHECK(place_stands(&place, place.bob, deep, "done", 0, 0));

    /* One whose price was reached before it came does not wait. */
    asked = place_bid(CENTIBTC, 70 * USD);
    asked.stop = 80 * USD;
    stop = place_order(&place, place.bob, asked);
    DB_CHECK(place_stands(&place, place.bob, stop, "open", CENTIBTC, CENTIBTC));
}

static void test_halted(void)
{
    struct place place;

    place_open(&place, "NOK", 1, 1);
    struct uuid poor = place_order(&place, place.bob, place_bid(BTC, USD));
    DB_GIVES(market_halt(place_scratch.app, place.market, true), ERR_OK);
    place_give(place.bob, place_money(&place, 2 * USD));
    DB_CHECK(place_wake() == 0);
    DB_CHECK(place_stands(&place, place.bob, poor, "invalid", BTC, 0));
    DB_GIVES(market_halt(place_scratch.app, place.market, false), ERR_OK);
    DB_CHECK(place_wake() == 1);
    DB_CHECK(place_stands(&place, place.bob, poor, "open", BTC, BTC));
    DB_GIVES(market_halt(place_scratch.app, place.market, true), ERR_OK);
    DB_GIVES(market_cancel(place_scratch.app, NULL, place.bob, &poor), ERR_OK);
}

static void test_replay(void)
{
    struct place place;
    struct uuid first, again;

    place_open(&place, "PLN", 1, 1);
    place_give(place.bob, place_money(&place, 3 * USD));
    struct actor who = place_actor(place.bob);
    DB_GIVES(place_try_as(&place, &who, place_bid(BTC, USD), &first), ERR_OK);
    DB_CHECK((first.bytes[6] & 0xf0) == 0x40 && (first.bytes[8] & 0xc0) == 0x80);
    DB_GIVES(place_try_as(&place, &who, place_bid(BTC, USD), &again), ERR_REPLAYED);
    who.repeatable = true;
    DB_GIVES(place_try_as(&place, &who, place_bid(BTC, USD), &again), ERR_OK);
    DB_CHECK(memcmp(&first, &again, sizeof(first)) == 0);
    DB_GIVES(place_try_as(&place, &who, place_bid(BTC, 2 * USD), &again), ERR_IDEMPOTENCY_CONFLICT);
    DB_GIVES(place_try_as(&place, &who, place_ask(BTC, USD), &again), ERR_IDEMPOTENCY_CONFLICT);
    DB_CHECK(place_column(&place, place.bob, false, "reserved") == USD);

    /* Also where the first sending would be refused now. */
    DB_GIVES(market_halt(place_scratch.app, place.market, true), ERR_OK);
    DB_GIVES(place_try_as(&place, &who, place_bid(BTC, USD), &again), ERR_OK);
    DB_CHECK(memcmp(&first, &again, sizeof(first)) == 0);
    struct actor other = who;
    other.user_id = place.alice;
    DB_GIVES(place_try_as(&place, &other, place_bid(BTC, USD), &again), ERR_MARKET_HALTED);
    DB_GIVES(market_halt(place_scratch.app, place.market, false), ERR_OK);
    DB_GIVES(place_try_as(&place, &other, place_bid(BTC, USD), &again), ERR_OK);
    DB_CHECK(memcmp(&first, &again, sizeof(first)) != 0);
}

/* Two placements in one transaction of the caller's, which may still take both back. */
static enum err place_two(struct db *db, void *arg)
{
    struct place *place = arg;
    struct amount price = place_money(place, USD);
    struct market_placement placement = {.market = place->market,
                                         .side = MARKET_BID,
                                         .amount = place_items(place, BTC),
                                         .price = &price};
    struct actor who = place_actor(place->bob);
    enum err rc = market_place_in(db, test_master, &who, &placement, &place->oid);
    return rc == ERR_OK ? market_place_in(db, test_master, &who, &placement, &place->oid) : rc;
}

static void test_inside(void)
{
    struct place place;

    place_open(&place, "RUB", 1, 1);
    place_give(place.bob, place_money(&place, 3 * USD));
    DB_GIVES(db_txn(place_scratch.app, place_two, &place, NULL), ERR_REPLAYED);
    DB_GIVES(market_order_view(place_scratch.app, place.bob, &place.oid, &place.order),
             ERR_ORDER_UNKNOWN);
    DB_CHECK(place_column(&place, place.bob, false, "reserved") == 0);
}

static void count_order(void *arg, const struct market_order *order)
{
    (void)order;
    ++*(int *)arg;
}

static void test_cancel(void)
{
    struct place place;
    struct uuid unknown = crypto_uuid4();
    struct asked asked;
    int live = 0;

    place_open(&place, "SEK", 1, 1);
    place_give(place.bob, place_money(&place, 5000));
    place_give(place.alice, place_items(&place, 1 * BTC));
    struct uuid open = place_order(&place, place.bob, place_bid(BTC, 4000));
    struct uuid part = place_order(&place, place.bob, place_bid(BTC, 2000));
    struct uuid invalid = place_order(&place, place.bob, place_bid(BTC, 1900));
    asked = place_bid(BTC, 3000);
    asked.stop = 4100;
    struct uuid stop = place_order(&place, place.bob, asked);
    asked.stop = 3000;
    DB_CHECK(place_stands(&place, place.bob, part, "open", BTC, BTC / 2));
    DB_GIVES(market_orders(place_scratch.app, place.bob, count_order, &live), ERR_OK);
    DB_CHECK(live == 4);
    place_order(&place, place.alice, place_ask(CENTIBTC, 4000)); /* a trade at 4000 ... */
    asked = place_bid(BTC, 3000);
    asked.stop = 4200;
    struct uuid pending = place_order(&place, place.bob, asked);
    place_order(&place, place.alice, place_ask(CENTIBTC, 4200));
    int64_t carol = place_user();
    place_give(carol, place_money(&place, 1000));
    place_order(&place, carol,
                place_bid(CENTIBTC, 4200)); /* ... and one at 4200, which sets both off */
    DB_CHECK(place_stands(&place, place.bob, pending, "pending", BTC, 0));

    DB_GIVES(market_cancel(place_scratch.app, NULL, place.alice, &open), ERR_ORDER_UNKNOWN);
    DB_GIVES(market_cancel(place_scratch.app, NULL, place.bob, &unknown), ERR_ORDER_UNKNOWN);
    struct uuid *const orders[] = {&open, &part, &invalid, &stop, &pending};
    for (size_t i = 0; i < TEST_COUNT(orders); i++) {
        DB_GIVES(market_cancel(place_scratch.app, NULL, place.bob, orders[i]), ERR_OK);
        DB_GIVES(market_order_view(place_scratch.app, place.bob, orders[i], &place.order), ERR_OK);
        DB_CHECK(strcmp(place.order.status, "cancelled") == 0 && place.order.funded.units == 0);
        DB_GIVES(market_cancel(place_scratch.app, NULL, place.bob, orders[i]), ERR_ORDER_UNKNOWN);
    }
    live = 0;
    DB_GIVES(market_orders(place_scratch.app, place.bob, count_order, &live), ERR_OK);
    DB_CHECK(live == 0 && place_column(&place, place.bob, false, "reserved") == 0);
    DB_CHECK(place_number("SELECT COUNT(*) FROM market_wait WHERE market_id = ?",
                          DB_ARGS(db_u64(place.market->id))) == 0);
    asked = place_ask(CENTIBTC, 9000);
    asked.stop = 100;
    stop = place_order(&place, place.alice, asked);
    DB_GIVES(market_cancel(place_scratch.app, NULL, place.alice, &stop), ERR_OK);
    DB_CHECK(place_number("SELECT stops FROM market WHERE id = ?",
                          DB_ARGS(db_u64(place.market->id))) == 0);
}

static void test_void(void)
{
    struct place place;

    place_open(&place, "THB", 1, 1);
    place_give(place.alice, place_items(&place, BTC));
    place_give(place.bob, place_money(&place, 200 * USD));
    place_order(&place, place.alice, place_ask(BTC, 100 * USD));
    place_order(&place, place.bob, place_bid(BTC, 100 * USD));
    int64_t tid =
        place_number("SELECT last_tid FROM market WHERE id = ?", DB_ARGS(db_u64(place.market->id)));
    DB_CHECK(place_has(&place, place.bob, BTC - 600000, 100 * USD));
    DB_GIVES(market_void(place_scratch.app, tid + 100, "wrong"), ERR_TRADE_UNKNOWN);
    DB_GIVES(market_void(place_scratch.app, tid, "\xff"), ERR_NOT_UTF8);

    /* Money in an order is not free to go back. */
    struct uuid order = place_order(&place, place.bob, place_ask(BTC - 600000, 500 * USD));
    DB_GIVES(market_void(place_scratch.app, tid, "spent"), ERR_INSUFFICIENT_FUNDS);
    DB_GIVES(market_cancel(place_scratch.app, NULL, place.bob, &order), ERR_OK);
    DB_GIVES(market_void(place_scratch.app, tid, "A slip of the finger"), ERR_OK);
    DB_CHECK(place_has(&place, place.alice, BTC, 0) && place_has(&place, place.bob, 0, 200 * USD));
    DB_CHECK(place_house(&place, "fee") == 0);
    DB_GIVES(market_void(place_scratch.app, tid, "again"), ERR_TRADE_VOIDED);
}

struct findings {
    const char *words; /* looked for */
    unsigned count, with_words;
};

static void see(void *arg, const char *words)
{
    struct findings *findings = arg;
    findings->count++;
    findings->with_words += findings->words != NULL && strstr(words, findings->words) != NULL;
    if (findings->words == NULL)
        fprintf(stderr, "%s\n", words);
}

static struct findings audit(const char *words)
{
    struct findings findings = {.words = words};
    struct audit_report report = {.difference = see, .arg = &findings};

    DB_GIVES(audit_run(place_scratch.owner, &market_audit, &report), ERR_OK);
    if (words == NULL)
        DB_GIVES(audit_run(place_scratch.owner, &ledger_audit, &report), ERR_OK);
    DB_CHECK(report.differences == findings.count);
    return findings;
}

#define ONE_OPEN "WHERE status = 'open' ORDER BY id LIMIT 1"

/* A statement that plants a difference, one that takes it away, and what the audit says. */
static const struct {
    const char *plant, *undo, *words;
} plants[] = {
    {"UPDATE account SET reserved = reserved + 7 WHERE owner_id > 1",
     "UPDATE account SET reserved = reserved - 7 WHERE owner_id > 1", "its live orders hold "},
    {"UPDATE market_order SET hold = hold + 7 " ONE_OPEN,
     "UPDATE market_order SET hold = hold - 7 " ONE_OPEN, ": holds "},
    {"UPDATE market_order SET gain_account = gain_account + 1000000",
     "UPDATE market_order SET gain_account = gain_account - 1000000", "are not its owner's"},
    {"UPDATE market_order SET book_rank = book_rank + 1 " ONE_OPEN,
     "UPDATE market_order SET book_rank = book_rank - 1 " ONE_OPEN, ", in the book "},
    {"UPDATE market_order SET book_rank = 5 WHERE status = 'invalid'",
     "UPDATE market_order SET book_rank = NULL WHERE status = 'invalid'", ", in the book "},
    {"UPDATE market_order SET ended_at = NULL WHERE status = 'done'",
     "UPDATE market_order SET ended_at = created_at WHERE status = 'done'", ", ended not"},
    {"INSERT INTO market_order_archive SELECT * FROM market_order WHERE status = 'done'",
     "TRUNCATE market_order_archive", ", done): in the archive and not, "},
    {"UPDATE market_level SET amount = amount + 7", "UPDATE market_level SET amount = amount - 7",
     ", its orders make "},
    {"UPDATE market_level SET head = head + 1000000",
     "UPDATE market_level SET head = head - 1000000", ", its first is "},
    {"INSERT INTO market_level SELECT market_id, 'ask', price, amount, head, changed_at FROM "
     "market_level WHERE side = 'bid'",
     "DELETE a FROM market_level AS a JOIN market_level AS b ON b.market_id = a.market_id AND "
     "b.price = a.price AND b.side = 'bid' WHERE a.side = 'ask'",
     " above an ask at "},
    {"UPDATE market_wait SET account_id = account_id + 1000000",
     "UPDATE market_wait SET account_id = account_id - 1000000", ", waits: 0"},
    {"UPDATE market_wait SET account_id = account_id + 1000000",
     "UPDATE market_wait SET account_id = account_id - 1000000", " waits and is none"},
    {"UPDATE market_stop SET price = price + 7", "UPDATE market_stop SET price = price - 7",
     ": waits for a price: 0"},
    {"UPDATE market SET stops = stops + 1", "UPDATE market SET stops = stops - 1",
     " stop orders, there are "},
    {"UPDATE market_order SET amount = amount + 7 WHERE status = 'done'",
     "UPDATE market_order SET amount = amount - 7 WHERE status = 'done'",
     " remain, its trades make "},
    {"UPDATE trade SET buyer_id = buyer_id + 1000000",
     "UPDATE trade SET buyer_id = buyer_id - 1000000", ": its orders do not make it"},
    {"UPDATE trade SET spent = spent + 7", "UPDATE trade SET spent = spent - 7", ": spent "},
    {"UPDATE trade SET seller_fee = seller_fee + 1", "UPDATE trade SET seller_fee = seller_fee - 1",
     ", not there: fee of the ask"},
    {"UPDATE entry SET type = 'in' WHERE type = 'earned'",
     "UPDATE entry AS e JOIN trade AS t ON t.journal_id = e.journal_id AND t.earned = e.amount "
     "SET e.type = 'earned' WHERE e.type = 'in'",
     ", not there: earned, not made: others"},
    {"UPDATE journal SET kind = 'credit' WHERE kind = 'trade' LIMIT 1",
     "UPDATE journal AS j JOIN trade AS t ON t.journal_id = j.id SET j.kind = 'trade'", ""},
    {"UPDATE trade SET voided_at = NULL",
     "UPDATE trade AS t JOIN journal AS j ON j.request_key = CONCAT('trade_void:', t.tid) "
     "SET t.voided_at = j.at",
     " (stands)"},
    {"UPDATE trade AS t LEFT JOIN journal AS j ON j.request_key = CONCAT('trade_void:', t.tid) "
     "SET t.voided_at = NOW(6) WHERE j.id IS NULL",
     "UPDATE trade AS t LEFT JOIN journal AS j ON j.request_key = CONCAT('trade_void:', t.tid) "
     "SET t.voided_at = NULL WHERE j.id IS NULL",
     " and was not"},
    {"UPDATE market SET last_price = last_price + 7",
     "UPDATE market SET last_price = last_price - 7", ", the newest is "},
    {"UPDATE market_candle SET turnover = turnover + 7 WHERE span_s = 60",
     "UPDATE market_candle SET turnover = turnover - 7 WHERE span_s = 60", ": candle of 60 s"},
    {"UPDATE market_candle SET close = close + 7 WHERE span_s = 3600",
     "UPDATE market_candle SET close = close - 7 WHERE span_s = 3600", ": candle of 3600 s"},
    {"UPDATE trader_volume SET volume = volume + 7", "UPDATE trader_volume SET volume = volume - 7",
     ": volume "},
};

static void test_audit(void)
{
    struct place place;

    /* What the tests above leave, and a stop order. */
    place_open(&place, "JPY", 1, 1);
    struct asked asked = place_bid(BTC, 5);
    asked.stop = 9;
    place_order(&place, place.bob, asked);
    DB_CHECK(audit(NULL).count == 0);
    scratch_run(place_scratch.owner, "DROP TRIGGER entry_is_final");
    scratch_run(place_scratch.owner, "DROP TRIGGER journal_is_final");
    scratch_run(place_scratch.owner, "SET check_constraint_checks = OFF");
    for (size_t i = 0; i < TEST_COUNT(plants); i++) {
        scratch_run(place_scratch.owner, plants[i].plant);
        struct findings found = audit(plants[i].words);
        db_test_check(found.with_words > 0, plants[i].plant, __FILE__, __LINE__);
        scratch_run(place_scratch.owner, plants[i].undo);
        found = audit(NULL);
        db_test_check(found.count == 0, plants[i].undo, __FILE__, __LINE__);
    }
}

static const struct test_case tests[] = {
    {"funded in part, or not at all", test_funding},
    {"stop orders", test_stops},
    {"a halted market", test_halted},
    {"a request sent again", test_replay},
    {"within another transaction", test_inside},
    {"cancelling, whatever the status", test_cancel},
    {"a trade taken back", test_void},
    {"a planted difference for each check", test_audit},
    {NULL, NULL},
};
const struct test_suite suite_market = {
    .name = "market", .cases = tests, .start = place_start, .end = place_end};
