/* Payments with the market's part in them: paying with other money, and autosell. Amounts are worked
 * out by hand beside the cases; everybody trades at 0.6 %. */
#include "sale/sale.h"

#include <stdio.h>
#include <string.h>

#include "checkout/exchange.h"
#include "identity/api_key.h"
#include "identity/rights.h"
#include "ledger/ledger.h"
#include "ledger/slip.h"
#include "market/convert.h"
#include "market/market.h"
#include "market/order.h"
#include "tests/db/db.h"

#define BTC 100000000 /* smallest units of one */
#define COIN 100000   /* smallest units of one dollar, be it Hong Kong's or Singapore's */
#define MILLI (BTC / 1000)
#define MARKETS 2

/* A merchant, a buyer with plenty of money of one kind, and the order between them. */
struct sale_case {
    int64_t merchant, buyer, trader;
    struct checkout_request order;
    struct sale sale;
    struct checkout_quote quote;
    struct actor actor; /* the buyer */
    char key[DB_TEST_NAME_SIZE];
};

static const struct market *markets[MARKETS]; /* BTCHKD, BTCSGD */

static struct amount money(const char *code, int64_t units)
{
    return (struct amount){.units = units, .currency = currency_by_code(code, strlen(code))};
}

static void credit(int64_t user_id, const char *code, int64_t units)
{
    DB_GIVES(ledger_credit(test_db, user_id, money(code, units), "Money"), ERR_OK);
}

static int64_t balance(int64_t user_id, const char *code)
{
    return db_test_number("SELECT COALESCE(SUM(balance), 0) FROM account WHERE owner_id = ? AND "
                          "purpose = 'available' AND currency_id = ?",
                          DB_ARGS(db_i64(user_id), db_u64(money(code, 0).currency->id)));
}

static int64_t orders_of(int64_t user_id)
{
    return db_test_number("SELECT COUNT(*) FROM market_order WHERE user_id = ?",
                          DB_ARGS(db_i64(user_id)));
}

/* An open market of bitcoins without orders. */
static const struct market *open_market(const char *code)
{
    struct market_rules rules = {.item = money("BTC", 0).currency,
                                 .currency = money(code, 0).currency,
                                 .amount_step = money("BTC", MILLI),
                                 .price_step = money(code, 1),
                                 .min_amount = money("BTC", 10 * MILLI)};
    const struct market *market = NULL;
    struct db_rows rows = {0};

    enum err rc = market_add(test_db, &rules);
    DB_CHECK(rc == ERR_OK || rc == ERR_MARKET_EXISTS);
    DB_GIVES(market_between(test_db, rules.item, rules.currency, &market), ERR_OK);
    DB_GIVES(market_halt(test_db, market, false), ERR_OK);
    DB_GIVES(
        db_run(test_db,
               "SELECT user_id, oid FROM market_order WHERE market_id = ? AND ended_at IS NULL",
               DB_ARGS(db_u64(market->id)), &rows),
        ERR_OK);
    while (db_next(&rows)) {
        struct uuid oid = db_get_uuid(&rows, 1);
        DB_GIVES(market_cancel(test_db, NULL, db_get_i64(&rows, 0), &oid), ERR_OK);
    }
    db_rows_free(&rows);
    return market;
}

/* Places an order of `user_id` in a market, at so many whole dollars. */
static void place(int64_t user_id, size_t market, enum market_side side, int64_t amount,
                  int64_t price)
{
    char key[DB_TEST_NAME_SIZE];
    struct amount at = {.units = price * COIN, .currency = markets[market]->currency};
    struct actor actor = {.user_id = user_id, .request_key = key, .trace = "test"};
    struct market_placement placement = {
        .market = markets[market], .side = side, .amount = money("BTC", amount), .price = &at};
    struct uuid oid;

    db_test_name("o:", key);
    DB_GIVES(market_place(test_db, NULL, test_master, &actor, &placement, &oid), ERR_OK);
}

static void name_request(struct sale_case *c)
{
    db_test_name("i:", c->key);
    c->actor = (struct actor){
        .user_id = c->buyer, .request_key = c->key, .trace = "test", .repeatable = true};
}

/* Empty books, and an order of so much. */
static void open_case(struct sale_case *c, const char *code, int64_t units)
{
    char secret[API_KEY_SECRET_TEXT_SIZE];
    struct api_key key = {0};
    const char *field = NULL;

    markets[0] = open_market("HKD");
    markets[1] = open_market("SGD");
    *c = (struct sale_case){.merchant = db_test_user(NULL, NULL),
                            .buyer = db_test_user(NULL, NULL),
                            .trader = db_test_user(NULL, NULL)};
    DB_GIVES(api_key_add(test_db, test_master, c->merchant, "v1", RIGHT_MERCHANT, "", &key, secret,
                         &field),
             ERR_OK);
    credit(c->trader, "BTC", INT64_C(100) * BTC);
    credit(c->trader, "HKD", INT64_C(100000) * COIN);
    credit(c->trader, "SGD", INT64_C(100000) * COIN);
    c->order = (struct checkout_request){.api_key_id = key.id,
                                         .amount = money(code, units),
                                         .return_success = "https://shop.example/",
                                         .ttl_s = CHECKOUT_TTL_DEFAULT_S};
}

static void make_order(struct sale_case *c)
{
    char key[DB_TEST_NAME_SIZE];
    struct actor merchant = {.user_id = c->merchant, .request_key = key, .trace = "test"};
    struct uuid id;

    db_test_name("m:", key);
    DB_GIVES(checkout_create(test_db, &merchant, &c->order, &id), ERR_OK);
    DB_GIVES(checkout_view(test_db, &id, &c->sale.order), ERR_OK);
    name_request(c);
}

static enum err quote(struct sale_case *c, const char *code)
{
    return sale_quote(test_db, c->buyer, &c->sale.order.id, NULL, money(code, 0).currency,
                      &c->quote);
}

static enum err pay(struct sale_case *c, bool by_quote)
{
    struct sale_request request = {
        .master = test_master, .actor = c->actor, .quote = by_quote ? &c->quote.id : NULL};
    return sale_pay(test_db, &request, &c->sale);
}

/* Two asks: 0.2 BTC at 100, 0.4 at 110. */
static void offer(struct sale_case *c)
{
    place(c->trader, 0, MARKET_ASK, 400 * MILLI, 110);
    place(c->trader, 0, MARKET_ASK, 200 * MILLI, 100);
}

/* Two bids: 0.2 BTC at 100, 1 at 90. */
static void bid(struct sale_case *c)
{
    place(c->trader, 0, MARKET_BID, 1000 * MILLI, 90);
    place(c->trader, 0, MARKET_BID, 200 * MILLI, 100);
}

/* 0.2 BTC at 100 cost 20 and a fee of 0.12; 0.3 at 110 cost 33 and 0.198. */
#define BUY_COST 5331800
#define BUY_QUOTE 5358459 /* and 0.5 %, 26659 */

static void test_buy(void)
{
    struct sale_case c;

    open_case(&c, "BTC", 500 * MILLI);
    offer(&c);
    credit(c.buyer, "HKD", 6000000);
    make_order(&c);
    DB_GIVES(quote(&c, "HKD"), ERR_OK);
    DB_CHECK(c.quote.amount.units == 500 * MILLI && c.quote.cost.units == BUY_QUOTE);
    DB_CHECK(c.quote.expires > c.sale.order.created);
    DB_GIVES(pay(&c, true), ERR_OK);
    DB_CHECK(strcmp(c.sale.order.status, "paid") == 0 && c.sale.exchanged);
    DB_CHECK(c.sale.taken.units == BUY_COST && c.sale.kept.units == 0);
    DB_CHECK(balance(c.buyer, "HKD") == 6000000 - BUY_COST && balance(c.buyer, "BTC") == 0);
    DB_CHECK(balance(c.merchant, "BTC") == 500 * MILLI);
    DB_CHECK(db_test_number("SELECT COUNT(*) FROM checkout_quote WHERE id = ?",
                            DB_ARGS(db_uuid(&c.quote.id))) == 0);
}

/* 0.2 BTC at 100 bring 19.88, at 90 30.12 are missing: 30.30182 before the fee, 0.33668689 BTC;
 * together 0.53668689, by the step 0.537, which brings 19.88 + 30.33 - 0.18198 = 50.02802. */
#define SELL_COST (537 * MILLI)
#define SELL_QUOTE 53968500 /* and 0.5 %, 268500 */
#define SELL_KEPT 2802

static void test_sell(void)
{
    struct sale_case c;

    open_case(&c, "HKD", 50 * COIN);
    bid(&c);
    credit(c.buyer, "BTC", BTC);
    make_order(&c);
    DB_GIVES(quote(&c, "BTC"), ERR_OK);
    DB_CHECK(c.quote.cost.units == SELL_QUOTE);
    DB_GIVES(pay(&c, true), ERR_OK);
    DB_CHECK(c.sale.taken.units == SELL_COST && c.sale.kept.units == SELL_KEPT);
    DB_CHECK(balance(c.buyer, "BTC") == BTC - SELL_COST && balance(c.buyer, "HKD") == SELL_KEPT);
    DB_CHECK(balance(c.merchant, "HKD") == 50 * COIN);
}

/* What is sold is the least that is enough, where the sum before the fee is not whole: 7654 units want
 * 7700.2 before the fee; 7700 (0.011 BTC at 7 dollars), less a fee of 46.2, are 7654. One unit more
 * wants another step. */
static void test_sell_exact(void)
{
    static const struct {
        int64_t price, units, steps, kept;
    } rows[] = {{7, 7654, 11, 0},
                {7, 7655, 12, 695},
                {7, 7653, 11, 1},
                /* 3300.00001 before the fee: a 300th of the smallest unit more than 0.011 BTC. */
                {300000, 328020001, 12, 29819999}};
    struct sale_case c;

    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        open_case(&c, "HKD", rows[i].units);
        place(c.trader, 0, MARKET_BID, 100 * MILLI, rows[i].price);
        credit(c.buyer, "BTC", BTC);
        make_order(&c);
        DB_GIVES(quote(&c, "BTC"), ERR_OK);
        DB_GIVES(pay(&c, true), ERR_OK);
        DB_CHECK(c.sale.taken.units == rows[i].steps * MILLI);
        DB_CHECK(c.sale.kept.units == rows[i].kept && balance(c.buyer, "HKD") == rows[i].kept);
    }
}

/* The 0.537 BTC from above at 10: 5.37 and a fee of 0.03222. */
static void test_two_markets(void)
{
    struct sale_case c;

    open_case(&c, "HKD", 50 * COIN);
    bid(&c);
    place(c.trader, 1, MARKET_ASK, BTC, 10);
    credit(c.buyer, "SGD", 10 * COIN);
    make_order(&c);
    DB_GIVES(quote(&c, "SGD"), ERR_OK);
    DB_CHECK(c.quote.cost.units == 542924); /* 540222 and 2701.11 */
    DB_GIVES(pay(&c, true), ERR_OK);
    DB_CHECK(c.sale.taken.units == 540222 && c.sale.kept.units == SELL_KEPT);
    DB_CHECK(balance(c.buyer, "SGD") == 10 * COIN - 540222 && balance(c.buyer, "BTC") == 0);
    DB_CHECK(balance(c.buyer, "HKD") == SELL_KEPT);
}

/* An amount between two steps: 0.0105 BTC are bought as 0.011, and the rest stays the buyer's. */
static void test_step(void)
{
    struct sale_case c;

    open_case(&c, "BTC", 10 * MILLI + MILLI / 2);
    offer(&c);
    credit(c.buyer, "HKD", 2 * COIN);
    make_order(&c);
    DB_GIVES(quote(&c, "HKD"), ERR_OK);
    DB_GIVES(pay(&c, true), ERR_OK);
    DB_CHECK(c.sale.taken.units == 110660 && c.sale.kept.units == MILLI / 2); /* 1.1 and 0.0066 */
    DB_CHECK(balance(c.buyer, "BTC") == MILLI / 2);
}

/* One's own order in the way is neither counted nor met, but cancelled. */
static void test_own_order(void)
{
    struct sale_case c;

    open_case(&c, "BTC", 500 * MILLI);
    offer(&c);
    credit(c.buyer, "HKD", 6000000);
    credit(c.buyer, "BTC", 300 * MILLI);
    place(c.buyer, 0, MARKET_ASK, 300 * MILLI, 90);
    make_order(&c);
    DB_GIVES(quote(&c, "HKD"), ERR_OK);
    DB_CHECK(c.quote.cost.units == BUY_QUOTE);
    DB_GIVES(pay(&c, true), ERR_OK);
    DB_CHECK(c.sale.taken.units == BUY_COST && balance(c.buyer, "BTC") == 300 * MILLI);
    DB_CHECK(db_test_number("SELECT SUM(reserved) FROM account WHERE owner_id = ?",
                            DB_ARGS(db_i64(c.buyer))) == 0);
}

static void test_quote_refused(void)
{
    struct sale_case c;
    struct amount more = money("BTC", 500 * MILLI + 1);

    open_case(&c, "BTC", 500 * MILLI);
    make_order(&c);
    DB_GIVES(quote(&c, "HKD"), ERR_NO_LIQUIDITY);
    place(c.trader, 0, MARKET_ASK, 499 * MILLI, 100);
    DB_GIVES(quote(&c, "HKD"), ERR_NO_LIQUIDITY);
    DB_GIVES(quote(&c, "BTC"), ERR_MARKET_UNKNOWN);
    DB_GIVES(quote(&c, "RUB"), ERR_MARKET_UNKNOWN);
    DB_GIVES(market_halt(test_db, markets[0], true), ERR_OK);
    DB_GIVES(market_halt(test_db, markets[1], true), ERR_OK);
    DB_GIVES(quote(&c, "HKD"), ERR_MARKET_HALTED);
    DB_GIVES(
        sale_quote(test_db, c.buyer, &c.sale.order.id, &more, money("HKD", 0).currency, &c.quote),
        ERR_ORDER_OVERPAID);
    DB_GIVES(
        sale_quote(test_db, c.merchant, &c.sale.order.id, NULL, money("HKD", 0).currency, &c.quote),
        ERR_ORDER_OWN);
    c.order.amount = money("BTC", 9 * MILLI);
    make_order(&c);
    DB_GIVES(market_halt(test_db, markets[0], false), ERR_OK);
    DB_GIVES(quote(&c, "HKD"), ERR_ORDER_AMOUNT_LOW);
}

/* Whatever refuses leaves the quote, the money and the book as they were. */
static void refuses(struct sale_case *c, enum err expected)
{
    int64_t before = balance(c->buyer, "HKD");

    name_request(c);
    DB_GIVES(pay(c, true), expected);
    DB_CHECK(orders_of(c->buyer) == 0 && balance(c->buyer, "HKD") == before);
    DB_CHECK(db_test_number("SELECT COUNT(*) FROM checkout_payment WHERE order_id = ?",
                            DB_ARGS(db_uuid(&c->sale.order.id))) == 0);
}

static void test_pay_refused(void)
{
    struct sale_case c;

    open_case(&c, "BTC", 500 * MILLI);
    offer(&c);
    credit(c.buyer, "HKD", BUY_QUOTE - 1);
    make_order(&c);
    DB_GIVES(quote(&c, "HKD"), ERR_OK);
    refuses(&c, ERR_INSUFFICIENT_FUNDS);
    credit(c.buyer, "HKD", 1);

    /* The last step of the transaction, with the trades behind it. */
    db_test_number("UPDATE user SET otp_required = TRUE WHERE id = ?", DB_ARGS(db_i64(c.buyer)));
    refuses(&c, ERR_OTP_REQUIRED);
    db_test_number("UPDATE user SET otp_required = FALSE WHERE id = ?", DB_ARGS(db_i64(c.buyer)));

    DB_GIVES(market_halt(test_db, markets[0], true), ERR_OK);
    refuses(&c, ERR_MARKET_HALTED);
    DB_GIVES(market_halt(test_db, markets[0], false), ERR_OK);

    int64_t buyer = c.buyer;
    c.buyer = db_test_user(NULL, NULL);
    refuses(&c, ERR_QUOTE_UNKNOWN);
    c.buyer = buyer;

    db_test_number("UPDATE checkout_quote SET expires_at = NOW(6) WHERE id = ?",
                   DB_ARGS(db_uuid(&c.quote.id)));
    refuses(&c, ERR_QUOTE_EXPIRED);
    db_test_number("UPDATE checkout_quote SET expires_at = NOW(6) + INTERVAL 9 SECOND WHERE id = ?",
                   DB_ARGS(db_uuid(&c.quote.id)));

    /* Somebody buys 0.1 BTC of the best price: 0.1 x 100 become 0.1 x 110, 1.006 more. */
    place(c.merchant, 0, MARKET_BID, 100 * MILLI, 100);
    credit(c.merchant, "HKD", 10 * COIN);
    place(c.merchant, 0, MARKET_BID, 100 * MILLI, 100);
    refuses(&c, ERR_QUOTE_EXCEEDED);
    markets[0] = open_market("HKD");
    refuses(&c, ERR_QUOTE_EXCEEDED);
    offer(&c);
    name_request(&c);
    DB_GIVES(pay(&c, true), ERR_OK);
    DB_CHECK(c.sale.taken.units == BUY_COST);
}

/* The quote is the bound, not the buyer's money: who has ten times as much is taken no more than it. */
static void test_price_moved(void)
{
    static const int64_t prices[] = {107, 120, 1000};
    struct sale_case c;

    for (size_t i = 0; i < TEST_COUNT(prices); i++) {
        open_case(&c, "BTC", 500 * MILLI);
        offer(&c);
        credit(c.buyer, "HKD", INT64_C(10) * BUY_QUOTE);
        make_order(&c);
        DB_GIVES(quote(&c, "HKD"), ERR_OK);
        markets[0] = open_market("HKD");
        place(c.trader, 0, MARKET_ASK, BTC, prices[i]);
        refuses(&c, ERR_QUOTE_EXCEEDED);
    }
}

static void test_ended_order(void)
{
    struct sale_case c;

    open_case(&c, "BTC", 500 * MILLI);
    offer(&c);
    credit(c.buyer, "HKD", 6000000);
    make_order(&c);
    DB_GIVES(quote(&c, "HKD"), ERR_OK);
    db_test_number("UPDATE checkout_order SET expires_at = NOW(6) WHERE id = ?",
                   DB_ARGS(db_uuid(&c.sale.order.id)));
    refuses(&c, ERR_ORDER_CLOSED);
    DB_GIVES(quote(&c, "HKD"), ERR_ORDER_CLOSED);
}

/* The same request again gives the same answer; a quote pays once. */
static void test_repeated(void)
{
    struct sale_case c;

    open_case(&c, "BTC", 100 * MILLI);
    c.order.multipay = true;
    offer(&c);
    credit(c.buyer, "HKD", 100 * COIN);
    make_order(&c);
    DB_GIVES(quote(&c, "HKD"), ERR_OK);
    DB_GIVES(pay(&c, true), ERR_OK);
    struct uuid first = c.sale.payment;
    DB_GIVES(pay(&c, true), ERR_OK);
    DB_CHECK(memcmp(&first, &c.sale.payment, sizeof(first)) == 0);
    DB_CHECK(c.sale.exchanged && c.sale.taken.units == 1006000 && c.sale.kept.units == 0);

    struct checkout_quote used = c.quote;
    DB_GIVES(quote(&c, "HKD"), ERR_OK);
    DB_GIVES(pay(&c, true), ERR_IDEMPOTENCY_CONFLICT);
    c.quote = used;
    name_request(&c);
    DB_GIVES(pay(&c, true), ERR_QUOTE_UNKNOWN);
    DB_CHECK(balance(c.buyer, "HKD") == 100 * COIN - 1006000 && orders_of(c.buyer) == 1);
}

static void test_quote_sweep(void)
{
    struct sale_case c;
    int64_t removed = 0;

    open_case(&c, "BTC", 500 * MILLI);
    offer(&c);
    make_order(&c);
    DB_GIVES(quote(&c, "HKD"), ERR_OK);
    struct checkout_quote kept = c.quote;
    DB_GIVES(quote(&c, "HKD"), ERR_OK);
    db_test_number("UPDATE checkout_quote SET expires_at = NOW(6) - INTERVAL ? SECOND WHERE id = ?",
                   DB_ARGS(db_i64(CHECKOUT_QUOTE_KEEP_S + 1), db_uuid(&c.quote.id)));
    db_test_number("UPDATE checkout_quote SET expires_at = NOW(6) - INTERVAL ? SECOND WHERE id = ?",
                   DB_ARGS(db_i64(CHECKOUT_QUOTE_KEEP_S - 60), db_uuid(&kept.id)));
    DB_GIVES(checkout_quote_sweep(test_db, 1000, &removed), ERR_OK);
    DB_GIVES(checkout_quote_view(test_db, c.buyer, &c.sale.order.id, &c.quote.id, &c.quote),
             ERR_QUOTE_UNKNOWN);
    DB_GIVES(checkout_quote_view(test_db, c.buyer, &c.sale.order.id, &kept.id, &kept), ERR_OK);
}

/* What autosell made of the only payment of the order; -1 where it sold nothing. */
static void sold(const struct sale_case *c, int64_t *given, int64_t *gained)
{
    struct db_rows rows = {0};
    DB_GIVES(db_run(test_db,
                    "SELECT given, gained FROM checkout_exchange WHERE payment_id = ? AND "
                    "party = 'merchant'",
                    DB_ARGS(db_uuid(&c->sale.payment)), &rows),
             ERR_OK);
    bool found = db_next(&rows);
    *given = found ? db_get_i64(&rows, 0) : -1;
    *gained = found ? db_get_i64(&rows, 1) : -1;
    db_rows_free(&rows);
}

/* The merchant sells for Hong Kong dollars, down to so many percent below the market. */
static void sells_below(const struct sale_case *c, int64_t percent)
{
    struct checkout_autosell choice = {.currency = money("HKD", 0).currency,
                                       .below_percent = percent};
    DB_GIVES(checkout_autosell_set(test_db, c->merchant, &choice), ERR_OK);
}

/* Makes an order of a merchant who pays 1 % and sells at any price. */
static void autosell(struct sale_case *c, void (*book)(struct sale_case *), int64_t units)
{
    open_case(c, "BTC", units);
    c->order.autosell = true;
    DB_GIVES(checkout_fee_set(test_db, c->merchant, "1", money("BTC", 0)), ERR_OK);
    sells_below(c, AUTOSELL_BELOW_ANY);
    credit(c->buyer, "BTC", BTC);
    if (book != NULL)
        book(c);
    make_order(c);
}

static void bid_little(struct sale_case *c)
{
    place(c->trader, 0, MARKET_BID, 200 * MILLI, 100);
}

static void halt(struct sale_case *c)
{
    bid(c);
    DB_GIVES(market_halt(test_db, markets[0], true), ERR_OK);
}

static void test_autosell(void)
{
    static const struct {
        void (*book)(struct sale_case *);
        int64_t amount, given, gained, kept;
    } rows[] = {
        /* 0.495 BTC: 19.88 for 0.2 at 100, 26.55 - 0.1593 for the rest at 90 */
        {bid, 500 * MILLI, 495 * MILLI, 4627070, 0},
        /* 0.09999 less 0.0009999 is 0.0989901: 0.098 is sold at 100, 9.8 - 0.0588 */
        {bid, 9999000, 98 * MILLI, 974120, 99010},
        {bid_little, 500 * MILLI, 200 * MILLI, 1988000, 295 * MILLI},
        {NULL, 500 * MILLI, -1, -1, 495 * MILLI},
        {halt, 500 * MILLI, -1, -1, 495 * MILLI},
        {bid, 10 * MILLI, -1, -1, 10 * MILLI - MILLI / 10},
    };
    struct sale_case c;
    int64_t given, gained;

    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        autosell(&c, rows[i].book, rows[i].amount);
        DB_GIVES(pay(&c, false), ERR_OK);
        DB_CHECK(strcmp(c.sale.order.status, "paid") == 0 && !c.sale.exchanged);
        sold(&c, &given, &gained);
        DB_CHECK(given == rows[i].given && gained == rows[i].gained);
        DB_CHECK(balance(c.merchant, "BTC") == rows[i].kept);
        DB_CHECK(balance(c.merchant, "HKD") == (gained < 0 ? 0 : gained));
        DB_CHECK(balance(c.buyer, "BTC") == BTC - rows[i].amount);
    }
}

/* What was traded in the first market happened so many hours earlier. */
static void hours_pass(int64_t hours)
{
    static const char *const moves[] = {
        "UPDATE market_candle SET at = at - ? * 3600 WHERE market_id = ? ORDER BY at",
        "UPDATE trade SET tid = tid - ? * 3600000000 WHERE market_id = ? ORDER BY tid",
        "UPDATE market SET last_tid = GREATEST(last_tid - ? * 3600000000, 0) WHERE id = ?"};

    for (size_t i = 0; i < TEST_COUNT(moves); i++)
        DB_GIVES(db_run(test_db, moves[i], DB_ARGS(db_i64(hours), db_u64(markets[0]->id)), NULL),
                 ERR_OK);
}

/* An hour in which the least that can be was traded, at so many dollars. */
static void trade_hour(const struct sale_case *c, int64_t price)
{
    int64_t other = db_test_user(NULL, NULL);

    credit(other, "HKD", 1000 * COIN);
    hours_pass(1);
    place(c->trader, 0, MARKET_ASK, 10 * MILLI, price);
    place(other, 0, MARKET_BID, 10 * MILLI, price);
}

struct kept_row {
    int64_t amount, reference, floor; /* amount -1: nothing was kept */
    char reason[16];
};

static struct kept_row kept(const struct sale_case *c)
{
    struct kept_row row = {.amount = -1};
    struct db_rows rows = {0};

    DB_GIVES(db_run(test_db,
                    "SELECT amount, COALESCE(reference, 0), COALESCE(floor, 0), reason "
                    "FROM checkout_kept WHERE payment_id = ?",
                    DB_ARGS(db_uuid(&c->sale.payment)), &rows),
             ERR_OK);
    if (db_next(&rows)) {
        row.amount = db_get_i64(&rows, 0);
        row.reference = db_get_i64(&rows, 1);
        row.floor = db_get_i64(&rows, 2);
        snprintf(row.reason, sizeof(row.reason), "%s", db_get_text(&rows, 3));
    }
    db_rows_free(&rows);
    return row;
}

#define QUIET \
    (MARKET_REFERENCE_DAYS * 24 + 1) /* hours after which nothing that was traded counts */

/* 0.495 BTC are to be sold; bids by price and thousandths of a bitcoin, hours by their price. */
static void test_autosell_floor(void)
{
    static const struct {
        int64_t hours[5], bids[2][2], below, given, kept, reference, floor;
        const char *reason;
    } rows[] = {
        {{100, 100, 100}, {{90, 500}}, 10, 495, -1, 0, 0, ""},
        {{100, 100, 100}, {{89, 500}}, 10, -1, 495, 100, 90, "price"},
        {{100, 100, 100}, {{89, 500}}, 11, 495, -1, 0, 0, ""},
        {{100, 100, 100}, {{99, 500}}, 0, -1, 495, 100, 100, "price"},
        {{100, 100, 100}, {{95, 200}, {89, 500}}, 10, 200, 295, 100, 90, "price"},
        {{100, 100, 100}, {{95, 200}}, 10, 200, 295, 100, 90, "no_bids"},
        {{100, 100, 100}, {{95, 9}}, 10, -1, 495, 100, 90, "no_bids"}, /* below the least amount */
        {{100, 100, 100}, {{0, 0}}, 10, -1, 495, 100, 90, "no_bids"},
        /* An accomplice trades with himself at next to nothing, in one hour and in a second one. */
        {{100, 100, 100, 1}, {{1, 500}}, 10, -1, 495, 100, 90, "price"},
        {{100, 100, 1, 1}, {{1, 500}}, 10, -1, 495, 100, 90, "price"},
        {{100, 100, 100, 130}, {{116, 500}}, 10, -1, 495, 130, 117, "price"},
        {{90, 100, 110}, {{98, 500}}, 10, -1, 495, 110, 99, "price"},
        {{110, 100, 90}, {{90, 500}}, 10, 495, -1, 0, 0, ""},
        /* Nothing says what is fair. */
        {{0}, {{100, 500}}, 10, -1, 495, 0, 0, "no_reference"},
        {{100, 100}, {{100, 500}}, 10, -1, 495, 0, 0, "no_reference"},
        {{1}, {{1, 500}}, 99, -1, 495, 0, 0, "no_reference"},
        {{0}, {{1, 500}}, AUTOSELL_BELOW_ANY, 495, -1, 0, 0, ""},
    };
    struct sale_case c;
    int64_t given, gained;

    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        autosell(&c, NULL, 500 * MILLI);
        hours_pass(QUIET);
        for (size_t n = 0; rows[i].hours[n] != 0; n++)
            trade_hour(&c, rows[i].hours[n]);
        for (size_t n = 0; n < 2 && rows[i].bids[n][1] >= 10; n++)
            place(c.trader, 0, MARKET_BID, rows[i].bids[n][1] * MILLI, rows[i].bids[n][0]);
        sells_below(&c, rows[i].below);
        int64_t before = balance(c.merchant, "BTC");
        DB_GIVES(pay(&c, false), ERR_OK);
        sold(&c, &given, &gained);
        struct kept_row row = kept(&c);
        int64_t moved = given < 0 ? 0 : given;
        DB_CHECK(given == (rows[i].given < 0 ? -1 : rows[i].given * MILLI));
        DB_CHECK(row.amount == (rows[i].kept < 0 ? -1 : rows[i].kept * MILLI));
        DB_CHECK(row.reference == rows[i].reference * COIN && row.floor == rows[i].floor * COIN);
        DB_CHECK(strcmp(row.reason, rows[i].reason) == 0);
        DB_CHECK(balance(c.merchant, "BTC") == before + 495 * MILLI - moved);
        DB_CHECK(balance(c.merchant, "HKD") == (gained < 0 ? 0 : gained));
    }
}

/* Where the market says nothing, what the payer paid by a quote does: 0.1 BTC for 10.06. */
static void test_autosell_quoted(void)
{
    static const struct {
        int64_t bid, given;
    } rows[] = {{91, 99 * MILLI}, {90, -1}};
    struct sale_case c;
    int64_t given, gained;

    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        autosell(&c, NULL, 100 * MILLI);
        hours_pass(QUIET);
        sells_below(&c, AUTOSELL_BELOW_DEFAULT);
        place(c.trader, 0, MARKET_ASK, 100 * MILLI, 100);
        place(c.trader, 0, MARKET_BID, 100 * MILLI, rows[i].bid);
        credit(c.buyer, "HKD", 100 * COIN);
        DB_GIVES(quote(&c, "HKD"), ERR_OK);
        DB_GIVES(pay(&c, true), ERR_OK);
        sold(&c, &given, &gained);
        struct kept_row row = kept(&c);
        DB_CHECK(given == rows[i].given);
        DB_CHECK(row.amount == (given < 0 ? 99 * MILLI : -1));
        DB_CHECK(given >= 0 || (row.reference == 10060000 && row.floor == 9054000));
    }
}

static void keep_list(void *arg, const struct checkout_kept *one)
{
    struct checkout_kept *last = arg;
    *last = *one;
}

/* What is kept for other reasons, as its list and the order say it. */
static void test_autosell_kept(void)
{
    struct checkout_kept last = {.amount = {.units = 0}};
    struct sale_case c;

    autosell(&c, halt, 500 * MILLI);
    DB_GIVES(pay(&c, false), ERR_OK);
    DB_GIVES(checkout_kept_list(test_db, c.merchant, keep_list, &last), ERR_OK);
    DB_CHECK(last.reason == CHECKOUT_KEPT_NO_MARKET && last.amount.units == 495 * MILLI);
    DB_CHECK(last.amount.currency == money("BTC", 0).currency && last.floor.currency == NULL);
    DB_CHECK(memcmp(&last.payment, &c.sale.payment, sizeof(last.payment)) == 0 &&
             memcmp(&last.order, &c.sale.order.id, sizeof(last.order)) == 0);

    autosell(&c, bid, 10 * MILLI);
    DB_GIVES(pay(&c, false), ERR_OK);
    DB_GIVES(pay(&c, false), ERR_OK); /* again: one answer, one line */
    DB_CHECK(strcmp(kept(&c).reason, "too_little") == 0);
    DB_CHECK(db_test_number("SELECT COUNT(*) FROM entry AS e JOIN account AS a ON a.id = "
                            "e.account_id WHERE a.owner_id = ? AND e.amount = 0 AND e.info = "
                            "'Kept by autosell: 0.00990000 BTC, the market takes no order so "
                            "small'",
                            DB_ARGS(db_i64(c.merchant))) == 1);

    struct checkout_autosell choice = {.below_percent = AUTOSELL_BELOW_ANY + 1};
    DB_GIVES(checkout_autosell_set(test_db, c.merchant, &choice), ERR_OUT_OF_RANGE);
    choice.below_percent = -1;
    DB_GIVES(checkout_autosell_set(test_db, c.merchant, &choice), ERR_OUT_OF_RANGE);
    DB_GIVES(checkout_autosell(test_db, c.buyer, &choice), ERR_OK);
    DB_CHECK(choice.currency == NULL && choice.below_percent == AUTOSELL_BELOW_DEFAULT);
}

/* In parts: nothing is sold before it is whole, then all of it. */
static void test_autosell_parts(void)
{
    struct sale_case c;
    struct amount part = money("BTC", 100 * MILLI);
    int64_t given, gained;

    autosell(&c, bid, 500 * MILLI);
    struct sale_request request = {.master = test_master, .actor = c.actor, .amount = &part};
    DB_GIVES(sale_pay(test_db, &request, &c.sale), ERR_OK);
    DB_CHECK(strcmp(c.sale.order.status, "partial") == 0 && orders_of(c.merchant) == 0);
    name_request(&c);
    DB_GIVES(pay(&c, false), ERR_OK);
    sold(&c, &given, &gained);
    DB_CHECK(given == 495 * MILLI && gained == 4627070);
    DB_GIVES(pay(&c, false), ERR_OK); /* again: the same answer */
    DB_CHECK(orders_of(c.merchant) == 1 && balance(c.merchant, "HKD") == 4627070);
}

/* Paid in Hong Kong dollars and sold for them: the buyer meets the asks, the merchant the bids. */
static void test_both(void)
{
    struct sale_case c;
    int64_t given, gained;

    autosell(&c, bid, 500 * MILLI);
    offer(&c); /* the trader's bid at 100 is in its way, and cancelled */
    place(c.trader, 0, MARKET_BID, 500 * MILLI, 95);
    credit(c.buyer, "HKD", 6000000);
    DB_GIVES(quote(&c, "HKD"), ERR_OK);
    DB_GIVES(pay(&c, true), ERR_OK);
    DB_CHECK(c.sale.taken.units == BUY_COST && balance(c.buyer, "BTC") == BTC);
    sold(&c, &given, &gained);
    DB_CHECK(given == 495 * MILLI && gained == 4674285); /* 47.025 less 0.28215 */
    DB_CHECK(balance(c.merchant, "HKD") == 4674285 && balance(c.merchant, "BTC") == 0);
}

static void look_for_exchange(void *arg, const char *words)
{
    bool *found = arg;
    *found = *found || strstr(words, " gave ") != NULL || strstr(words, "autosell kept") != NULL;
}

static bool audit_finds(void)
{
    bool found = false;
    struct audit_report report = {.difference = look_for_exchange, .arg = &found};

    DB_GIVES(audit_run(test_db, &checkout_audit, &report), ERR_OK);
    return found;
}

static void test_audit(void)
{
    static const struct {
        const char *damage, *repair;
    } rows[] = {
        {"UPDATE checkout_exchange SET gained = gained - 1 WHERE party = 'payer' AND payment_id = "
         "?",
         "UPDATE checkout_exchange SET gained = gained + 1 WHERE party = 'payer' AND payment_id = "
         "?"},
        {"UPDATE checkout_exchange SET given = given + 5000001 "
         "WHERE party = 'merchant' AND payment_id = ?",
         "UPDATE checkout_exchange SET given = given - 5000001 "
         "WHERE party = 'merchant' AND payment_id = ?"},
        {"UPDATE checkout_order SET autosell = FALSE "
         "WHERE id = (SELECT order_id FROM checkout_payment WHERE id = ?)",
         "UPDATE checkout_order SET autosell = TRUE "
         "WHERE id = (SELECT order_id FROM checkout_payment WHERE id = ?)"},
    };
    struct sale_case c;

    autosell(&c, bid, 500 * MILLI);
    place(c.trader, 0, MARKET_ASK, 500 * MILLI, 110);
    credit(c.buyer, "HKD", 6000000);
    DB_GIVES(quote(&c, "HKD"), ERR_OK);
    DB_GIVES(pay(&c, true), ERR_OK);
    DB_CHECK(!audit_finds());
    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        db_test_number(rows[i].damage, DB_ARGS(db_uuid(&c.sale.payment)));
        DB_CHECK(audit_finds());
        db_test_number(rows[i].repair, DB_ARGS(db_uuid(&c.sale.payment)));
        DB_CHECK(!audit_finds());
    }
}

static void test_audit_kept(void)
{
    struct sale_case c;

    autosell(&c, NULL, 500 * MILLI);
    DB_GIVES(pay(&c, false), ERR_OK);
    DB_CHECK(!audit_finds());
    db_test_number("UPDATE checkout_kept SET amount = amount + 5000001 WHERE payment_id = ?",
                   DB_ARGS(db_uuid(&c.sale.payment)));
    DB_CHECK(audit_finds());
    db_test_number("UPDATE checkout_kept SET amount = amount - 5000001 WHERE payment_id = ?",
                   DB_ARGS(db_uuid(&c.sale.payment)));
}

static const struct test_case cases[] = {
    {"dollars buy exactly the bitcoins that are missing", test_buy},
    {"bitcoins are sold for at least what is missing", test_sell},
    {"what is sold is the least that is enough", test_sell_exact},
    {"dollars pay other dollars through bitcoins", test_two_markets},
    {"what a step brings too much stays the buyer's", test_step},
    {"the buyer's own order is left out and cancelled", test_own_order},
    {"what cannot be quoted", test_quote_refused},
    {"what refuses a payment by quote leaves nothing behind", test_pay_refused},
    {"a quote bounds what is taken from whoever has more", test_price_moved},
    {"an order that ended meanwhile", test_ended_order},
    {"a quote pays once, a repeated request is answered", test_repeated},
    {"old quotes are swept", test_quote_sweep},
    {"autosell: full, thin, empty, halted, too little", test_autosell},
    {"autosell: not below the floor, and nothing without one", test_autosell_floor},
    {"autosell: the floor by what a quote paid", test_autosell_quoted},
    {"autosell: what is kept is listed, with the reason", test_autosell_kept},
    {"autosell waits until the order is whole", test_autosell_parts},
    {"paid with other money and sold at once", test_both},
    {"the audit finds what was changed too little or too much", test_audit},
    {"the audit finds what autosell cannot have kept", test_audit_kept},
    {NULL, NULL},
};

const struct test_suite suite_sale = {.name = "sale", .cases = cases};
