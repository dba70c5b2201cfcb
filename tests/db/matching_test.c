/* Who trades with whom, and what it costs to the last unit; what is refused. */
#include <stdio.h>
#include <string.h>

#include "ledger/ledger.h"
#include "tests/db/place.h"

static void test_markets(void)
{
    struct place place;
    const struct market *market;
    struct market_rules rules;

    place_open(&place, "USD", 10, 100);
    DB_CHECK(strcmp(place.market->code, "BTCUSD") == 0);
    rules = (struct market_rules){.item = place.market->item,
                                  .currency = place.market->currency,
                                  .amount_step = place_items(&place, 1),
                                  .price_step = place_money(&place, 1),
                                  .min_amount = place_items(&place, 1)};
    DB_GIVES(market_add(place_scratch.app, &rules), ERR_MARKET_EXISTS);
    rules.min_amount.units = 0;
    DB_GIVES(market_add(place_scratch.app, &rules), ERR_AMOUNT_NOT_POSITIVE);
    DB_GIVES(market_find(place_scratch.app, "BTCUSD", 6, &market), ERR_OK);
    DB_CHECK(market == place.market && market->amount_step.units == 10);
    DB_CHECK(market->price_step.units == 100 && market->min_amount.units == CENTIBTC);
    DB_GIVES(market_find(place_scratch.app, "BTCUS", 5, &market), ERR_MARKET_UNKNOWN);
    DB_GIVES(market_find(place_scratch.app, "USDBTC", 6, &market), ERR_MARKET_UNKNOWN);

    place_give(place.alice, place_money(&place, 100 * USD));
    DB_GIVES(place_try(&place, place.alice, place_bid(CENTIBTC + 5, 100)), ERR_AMOUNT_STEP);
    DB_GIVES(place_try(&place, place.alice, place_bid(CENTIBTC, 150)), ERR_PRICE_STEP);
    DB_GIVES(place_try(&place, place.alice,
                       (struct asked){.amount = CENTIBTC, .price = 100, .stop = 150}),
             ERR_PRICE_STEP);
    DB_GIVES(place_try(&place, place.alice, place_bid(CENTIBTC - 10, 100)), ERR_ORDER_AMOUNT_LOW);
    DB_GIVES(place_try(&place, place.alice, place_bid(0, 100)), ERR_AMOUNT_NOT_POSITIVE);
    DB_GIVES(place_try(&place, place.alice, place_bid(CENTIBTC, -100)), ERR_AMOUNT_NOT_POSITIVE);
    DB_GIVES(market_halt(place_scratch.app, place.market, true), ERR_OK);
    DB_GIVES(place_try(&place, place.alice, place_bid(CENTIBTC, 100)), ERR_MARKET_HALTED);
    DB_CHECK(place_number("SELECT COUNT(*) FROM market_order", DB_NO_ARGS) == 0);
}

/* Amounts that DECIMAL would not multiply exactly are refused; the largest that are taken count. */
static void test_large(void)
{
    struct place place;
    struct actor who;
    struct uuid oid;

    place_open(&place, "CHF", 1, 1);
    struct amount amount = place_items(&place, 1), price = place_money(&place, 10);
    struct market_placement placement = {
        .market = place.market, .side = MARKET_BID, .amount = amount, .price = &price};
    placement.amount.units = DECIMAL_MAX / 10 + 1;
    who = place_actor(place.alice);
    DB_GIVES(market_place(place_scratch.app, NULL, test_master, &who, &placement, &oid),
             ERR_AMOUNT_RANGE);
    placement.amount.units = DECIMAL_MAX / 10;
    DB_GIVES(market_place(place_scratch.app, NULL, test_master, &who, &placement, &oid), ERR_OK);
    placement.price = NULL;
    placement.amount.units = DECIMAL_MAX;
    who = place_actor(place.bob);
    DB_GIVES(market_place(place_scratch.app, NULL, test_master, &who, &placement, &oid), ERR_OK);
    place_give(place.bob, place_money(&place, 1000 * USD));
    DB_CHECK(place_wake() == 1);
    DB_GIVES(market_order_view(place_scratch.app, place.bob, &oid, &place.order), ERR_OK);
    DB_CHECK(strcmp(place.order.status, "cancelled") == 0); /* nobody sells */
}

/* Worked by hand: 0.01234567 at $97.96898 is $1.2094926973166; 0.6 % of what each side gets. */
static void test_rounding(void)
{
    struct place place;

    place_open(&place, "EUR", 1, 1);
    place_give(place.alice, place_items(&place, 2 * CENTIBTC));
    place_give(place.bob, place_money(&place, 100 * USD));
    struct uuid sold = place_order(&place, place.alice, place_ask(1234567, 9796898));
    DB_CHECK(place_stands(&place, place.alice, sold, "open", 1234567, 1234567));
    DB_CHECK(place_column(&place, place.alice, true, "reserved") == 1234567);
    struct uuid bought = place_order(&place, place.bob, place_bid(1234567, 9999999));
    DB_CHECK(place_stands(&place, place.alice, sold, "done", 0, 0));
    DB_CHECK(place_stands(&place, place.bob, bought, "done", 0, 0));
    DB_CHECK(place_has(&place, place.bob, 1234567 - 7407, 100 * USD - 120950));
    DB_CHECK(place_has(&place, place.alice, 2 * CENTIBTC - 1234567, 120949 - 725));
    DB_CHECK(place_house(&place, "fee") == 725 && place_house(&place, "rounding") == 1);
    DB_CHECK(place_column(&place, place.bob, false, "reserved") == 0);
    DB_CHECK(place_column(&place, place.alice, true, "reserved") == 0);

    /* The maker's price counts; the taker's better offer is not spent. */
    DB_CHECK(place_number("SELECT price FROM trade WHERE market_id = ?",
                          DB_ARGS(db_u64(place.market->id))) == 9796898);
}

/* A bid for 0.03 at $0.00033 holds one unit, however many fills it takes: 0.99 of one, rounded up.
 * The first two of 0.33 each cost nothing and earn nothing, the third costs the unit. */
static void test_small_fills(void)
{
    struct place place;

    place_open(&place, "GBP", 1, 1);
    place_give(place.bob, place_money(&place, 1));
    place_give(place.alice, place_items(&place, 3 * CENTIBTC));
    struct uuid bought = place_order(&place, place.bob, place_bid(3 * CENTIBTC, 33));
    DB_CHECK(place_stands(&place, place.bob, bought, "open", 3 * CENTIBTC, 3 * CENTIBTC));
    DB_CHECK(place_column(&place, place.bob, false, "reserved") == 1);
    place_order(&place, place.alice, place_ask(CENTIBTC, 33));
    DB_CHECK(place_has(&place, place.bob, CENTIBTC - 6000, 1));
    place_order(&place, place.alice, place_ask(CENTIBTC, 30));
    DB_CHECK(place_has(&place, place.bob, 2 * (CENTIBTC - 6000), 1));
    place_order(&place, place.alice, place_ask(CENTIBTC, 33));
    DB_CHECK(place_has(&place, place.bob, 3 * (CENTIBTC - 6000), 0));
    DB_CHECK(place_has(&place, place.alice, 0, 0) && place_house(&place, "rounding") == 1);
    DB_CHECK(place_stands(&place, place.bob, bought, "done", 0, 0));
}

/* The better price first, then the earlier order; what is left of the taker rests. */
static void test_partial_fills(void)
{
    struct place place;

    place_open(&place, "AUD", 1, 1);
    int64_t carol = place_user();
    place_give(place.alice, place_items(&place, 3 * BTC));
    place_give(carol, place_items(&place, BTC));
    place_give(place.bob, place_money(&place, 1000 * USD));
    struct uuid later = place_order(&place, place.alice, place_ask(BTC, 101 * USD));
    struct uuid first = place_order(&place, place.alice, place_ask(BTC, 100 * USD));
    struct uuid second = place_order(&place, carol, place_ask(BTC, 100 * USD));
    DB_CHECK(place_level(&place, MARKET_ASK, 100 * USD) == 2 * BTC);
    struct uuid taker = place_order(&place, place.bob, place_bid(BTC + BTC / 2, 100 * USD));
    DB_CHECK(place_stands(&place, place.bob, taker, "done", 0, 0));
    DB_CHECK(place_stands(&place, place.alice, first, "done", 0, 0));
    DB_CHECK(place_stands(&place, carol, second, "open", BTC / 2, BTC / 2));
    DB_CHECK(place_level(&place, MARKET_ASK, 100 * USD) == BTC / 2);

    taker = place_order(&place, place.bob, place_bid(3 * BTC, 102 * USD));
    DB_CHECK(place_stands(&place, carol, second, "done", 0, 0));
    DB_CHECK(place_stands(&place, place.alice, later, "done", 0, 0));
    DB_CHECK(place_stands(&place, place.bob, taker, "open", 3 * BTC / 2, 3 * BTC / 2));
    DB_CHECK(place_level(&place, MARKET_ASK, 101 * USD) == 0);
    DB_CHECK(place_level(&place, MARKET_BID, 102 * USD) == 3 * BTC / 2);
    DB_CHECK(place_column(&place, place.bob, false, "reserved") == 153 * USD);
    DB_CHECK(place_column(&place, place.bob, false, "balance") ==
             1000 * USD - 150 * USD - 151 * USD);
    DB_CHECK(place_trades(&place) == 4);
    DB_CHECK(place_number(
                 "SELECT COUNT(DISTINCT tid) FROM trade WHERE market_id = ? AND tid MOD 100 = ?",
                 DB_ARGS(db_u64(place.market->id), db_u64(place.market->id))) == 4);

    /* The smallest step apart there is no trade, from either side. */
    int64_t trades = place_trades(&place);
    struct uuid above = place_order(&place, place.alice, place_ask(CENTIBTC, 102 * USD + 1));
    DB_CHECK(place_stands(&place, place.alice, above, "open", CENTIBTC, CENTIBTC));
    place_give(carol, place_money(&place, 2 * USD));
    struct uuid below = place_order(&place, carol, place_bid(CENTIBTC, 102 * USD));
    DB_CHECK(place_stands(&place, carol, below, "open", CENTIBTC, CENTIBTC));
    DB_CHECK(place_trades(&place) == trades);
}

static void test_self_trade(void)
{
    struct place place;

    place_open(&place, "CAD", 1, 1);
    place_give(place.alice, place_items(&place, BTC));
    place_give(place.alice, place_money(&place, 1000 * USD));
    place_give(place.bob, place_items(&place, BTC));
    struct uuid own = place_order(&place, place.alice, place_ask(BTC, 100 * USD));
    struct uuid others = place_order(&place, place.bob, place_ask(BTC, 101 * USD));
    struct uuid dear = place_order(&place, place.alice, place_ask(CENTIBTC, 200 * USD));
    DB_CHECK(place_stands(&place, place.alice, dear, "invalid", CENTIBTC, 0));
    struct uuid taker = place_order(&place, place.alice, place_bid(BTC / 2, 101 * USD));
    DB_CHECK(place_stands(&place, place.alice, own, "cancelled", BTC, 0));
    DB_CHECK(place_stands(&place, place.bob, others, "open", BTC / 2, BTC / 2));
    DB_CHECK(place_stands(&place, place.alice, taker, "done", 0, 0));
    DB_CHECK(place_column(&place, place.alice, true, "reserved") == 0);
    DB_CHECK(place_number("SELECT COUNT(*) FROM stream_event WHERE word = 'self_trade'",
                          DB_NO_ARGS) == 1);
    DB_CHECK(place_wake() == 1); /* what the cancelled one gave back */
    DB_CHECK(place_stands(&place, place.alice, dear, "open", CENTIBTC, CENTIBTC));
}

/* prefer_fiat_fee: the buyer gets all bitcoins and pays 0.6 % of $100.00001 on top. */
static void test_fiat_fee(void)
{
    struct place place;
    struct asked asked = place_bid(BTC, 100 * USD + 1);

    place_open(&place, "NZD", 1, 1);
    asked.fiat_fee = true;
    place_give(place.bob, place_money(&place, 100 * USD + 1 + 60000));
    place_give(place.alice, place_items(&place, BTC));
    struct uuid oid = place_order(&place, place.bob, asked);
    DB_CHECK(place_stands(&place, place.bob, oid, "open", BTC, BTC));
    DB_CHECK(place_column(&place, place.bob, false, "reserved") == 100 * USD + 1 + 60000);
    place_order(&place, place.alice, place_ask(BTC / 2, 100 * USD));
    /* Half of it is $50.000005, and leaves a hold for as much, rounded up: so that it costs $50.00000,
     * and $0.30 of fee. */
    DB_CHECK(place_has(&place, place.bob, BTC / 2, 50 * USD + 1 + 30000));
    DB_CHECK(place_house(&place, "fee") == 30000 + 30000);
    place_order(&place, place.alice, place_ask(BTC / 2, 100 * USD));
    DB_CHECK(place_has(&place, place.bob, BTC, 0));

    /* An ask is not asked: its fee is in the currency anyway. */
    asked = place_ask(CENTIBTC, 100 * USD);
    asked.fiat_fee = true;
    oid = place_order(&place, place.bob, asked);
    DB_CHECK(place_number("SELECT fiat_fee FROM market_order WHERE oid = ?",
                          DB_ARGS(db_uuid(&oid))) == 0);
}

/* As far as the money goes, as far as the book goes; then the rest is over. */
static void test_market_orders(void)
{
    struct place place;

    place_open(&place, "SGD", 1, 1);
    place_give(place.alice, place_items(&place, 3 * BTC));
    place_give(place.bob, place_money(&place, 150 * USD));
    place_order(&place, place.alice, place_ask(BTC, 100 * USD));
    place_order(&place, place.alice, place_ask(BTC, 125 * USD));
    struct uuid oid = place_order(&place, place.bob, place_bid(2 * BTC, 0));
    DB_CHECK(
        place_stands(&place, place.bob, oid, "cancelled", 6 * BTC / 10, 0)); /* $50 bought 0.4 */
    DB_CHECK(place.order.price.currency == NULL);
    DB_CHECK(place_column(&place, place.bob, false, "balance") == 0);

    place_give(place.bob, place_money(&place, 1000 * USD));
    oid = place_order(&place, place.bob, place_bid(2 * BTC, 0));
    DB_CHECK(
        place_stands(&place, place.bob, oid, "cancelled", 14 * BTC / 10, 0)); /* 0.6 was for sale */
    DB_CHECK(place_level(&place, MARKET_ASK, 125 * USD) == 0);

    place_order(&place, place.bob, place_bid(BTC, 90 * USD));
    oid = place_order(&place, place.alice, place_ask(BTC / 2, 0));
    DB_CHECK(place_stands(&place, place.alice, oid, "done", 0, 0));
    int64_t carol = place_user();
    oid = place_order(&place, carol, place_ask(BTC / 2, 0));
    DB_CHECK(place_stands(&place, carol, oid, "invalid", BTC / 2, 0));
    place_give(carol, place_items(&place, BTC / 4));
    DB_CHECK(place_wake() == 1); /* sells what there is, and ends */
    DB_CHECK(place_stands(&place, carol, oid, "cancelled", BTC / 4, 0));
    DB_CHECK(place_number("SELECT SUM(at_market) FROM trade WHERE market_id = ?",
                          DB_ARGS(db_u64(place.market->id))) == 5);
}

/* What there is money for in part is cut to the market's step. */
static void test_step(void)
{
    struct place place;

    place_open(&place, "THB", CENTIBTC, 1);
    place_give(place.alice, place_items(&place, BTC + CENTIBTC + CENTIBTC / 2));
    place_give(place.bob, place_money(&place, 100 * USD + USD / 2));
    struct uuid ask = place_order(&place, place.alice, place_ask(2 * BTC, 300 * USD));
    DB_CHECK(place_stands(&place, place.alice, ask, "open", 2 * BTC, BTC + CENTIBTC));
    struct uuid bid = place_order(&place, place.bob, place_bid(2 * BTC, 100 * USD));
    DB_CHECK(place_stands(&place, place.bob, bid, "open", 2 * BTC, BTC));
}

/* From 2 BTC in 30 days on, 0.2 %: a schedule of the market's own; everybody's least below. */
static void test_fees(void)
{
    struct place place;

    place_open(&place, "CNY", 1, 1);
    struct amount two = place_items(&place, 2 * BTC);
    DB_GIVES(market_fee_set(place_scratch.app, place.market, two, "100"), ERR_OUT_OF_RANGE);
    DB_GIVES(market_fee_set(place_scratch.app, place.market, two, "0.2001"), ERR_AMOUNT_DIGITS);
    DB_GIVES(market_fee_set(place_scratch.app, place.market, two, "0.2"), ERR_OK);
    place_give(place.alice, place_items(&place, 3 * BTC));
    place_give(place.bob, place_money(&place, 1000 * USD));
    place_order(&place, place.alice, place_ask(2 * BTC, 100 * USD));
    place_order(&place, place.bob, place_bid(2 * BTC, 100 * USD));
    DB_CHECK(place_house(&place, "fee") == 200 * USD * 6 / 1000);
    place_order(&place, place.alice, place_ask(BTC, 100 * USD));
    place_order(&place, place.bob, place_bid(BTC, 100 * USD));
    DB_CHECK(place_house(&place, "fee") == 200 * USD * 6 / 1000 + 100 * USD * 2 / 1000);
    DB_CHECK(place_column(&place, place.bob, true, "balance") ==
             2 * BTC - 2 * BTC * 6 / 1000 + BTC - BTC * 2 / 1000);
    DB_GIVES(market_rate_set(place_scratch.app, place.market->currency, "0"),
             ERR_AMOUNT_NOT_POSITIVE);
    DB_GIVES(market_rate_set(place_scratch.app, place.market->currency, "6.2"), ERR_OK);
    DB_GIVES(market_rate_set(place_scratch.app, currency_by_code("USD", 3), "2"), ERR_OUT_OF_RANGE);
}

static const struct test_case tests[] = {
    {"markets, and what they refuse", test_markets},
    {"amounts that are too large", test_large},
    {"rounding of one fill", test_rounding},
    {"rounding over several fills", test_small_fills},
    {"price, then time; partial fills", test_partial_fills},
    {"an own order in the way", test_self_trade},
    {"fee in the currency", test_fiat_fee},
    {"orders without a price", test_market_orders},
    {"a funded part, and the step", test_step},
    {"a fee schedule, and rates", test_fees},
    {NULL, NULL},
};
const struct test_suite suite_matching = {
    .name = "matching", .cases = tests, .start = place_start, .end = place_end};
