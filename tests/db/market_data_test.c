/* Ticker, trades and candles against planted trades: the edges of the 24 hours, conversion, paging,
 * trades taken back. */
#include <stdio.h>

#include "identity/user.h"
#include "ledger/ledger.h"
#include "ledger/slip.h"
#include "market/candle.h"
#include "market/change.h"
#include "market/ticker.h"
#include "market/trades.h"
#include "tests/db/markets.h"

/* `count` trades of BTCUSD in the 26 hours from MARKETS_BASE_S on, at scattered moments. */
static void plant_many(int64_t count)
{
    DB_GIVES(db_run(markets.scratch.owner,
                    "INSERT INTO journal (kind, user_id, request_key) SELECT 'trade', 1, seq "
                    "FROM seq_1_to_10000 WHERE seq <= ?",
                    DB_ARGS(db_i64(count)), NULL),
             ERR_OK);
    DB_GIVES(
        db_run(
            markets.scratch.owner,
            "INSERT INTO trade (market_id, tid, journal_id, bid_id, ask_id, buyer_id, seller_id, "
            "taker, at_market, price, amount, spent, earned, buyer_fee, seller_fee) SELECT 1, "
            "(? * 10000 + MOD(seq * 48271000003, 936000000)) * 100 + 1, j.id, 0, 0, 1, 1, 'bid', "
            "0, 10000000 + MOD(seq * 7919, 100003), 1000000 + MOD(seq * 104729, 99999989), 0, 0, "
            "0, 0 FROM seq_1_to_10000 JOIN journal AS j ON j.user_id = 1 AND j.request_key = seq "
            "WHERE seq <= ?",
            DB_ARGS(db_i64(MARKETS_BASE_S), db_i64(count)), NULL),
        ERR_OK);
}

/* Candles of all trades, each made from them. */
static void make_candles(void)
{
    struct db_rows rows = {0};
    DB_GIVES(db_run(markets.scratch.app,
                    "SELECT DISTINCT market_id, 60, tid DIV 60000000 * 60 FROM trade UNION ALL "
                    "SELECT DISTINCT market_id, 3600, tid DIV 3600000000 * 3600 FROM trade",
                    DB_NO_ARGS, &rows),
             ERR_OK);
    while (db_next(&rows))
        DB_GIVES(db_run(markets.scratch.app, "CALL market_candle_again(?, ?, ?)",
                        DB_ARGS(db_i64(db_get_i64(&rows, 0)), db_i64(db_get_i64(&rows, 1)),
                                db_i64(db_get_i64(&rows, 2))),
                        NULL),
                 ERR_OK);
    db_rows_free(&rows);
}

/* Candles that differ from what the trades say. */
static int64_t wrong_candles(void)
{
    static const char *const sql =
        "SELECT COUNT(*) FROM (SELECT market_id, 60 AS span_s, tid DIV 60000000 * 60 AS at, "
        "MIN(tid) AS first, MAX(tid) AS last, MAX(price) AS high, MIN(price) AS low, "
        "SUM(amount) AS volume, SUM(amount * price) AS turnover, SUM(price) AS price_sum, "
        "COUNT(*) AS trades FROM trade WHERE voided_at IS NULL GROUP BY 1, 3 UNION ALL "
        "SELECT market_id, 3600, tid DIV 3600000000 * 3600, MIN(tid), MAX(tid), MAX(price), "
        "MIN(price), SUM(amount), SUM(amount * price), SUM(price), COUNT(*) FROM trade "
        "WHERE voided_at IS NULL GROUP BY 1, 3) AS t "
        "JOIN trade AS f ON f.market_id = t.market_id AND f.tid = t.first "
        "JOIN trade AS l ON l.market_id = t.market_id AND l.tid = t.last "
        "LEFT JOIN market_candle AS c ON c.market_id = t.market_id AND c.span_s = t.span_s AND "
        "c.at = t.at WHERE NOT "
        "(c.open, c.high, c.low, c.close, c.volume, c.turnover, c.price_sum, c.trades) <=> "
        "(f.price, t.high, t.low, l.price, t.volume, t.turnover, t.price_sum, t.trades)";
    return scratch_number(markets.scratch.app, sql);
}

/* value / divisor with four decimals more, rounded half up. */
static __int128 mean(__int128 value, __int128 divisor)
{
    return (2 * value * 10000 + divisor) / (2 * divisor);
}

/* Compares a summary with the sum over the trades themselves. */
static void check_summary(int64_t since_us)
{
    struct db_rows rows = {0};
    struct market_summary got;
    char message[128];

    enum err rc = market_summary(markets.scratch.app, &markets.usd, since_us, &got);
    DB_GIVES(rc, ERR_OK);
    DB_GIVES(db_run(markets.scratch.app,
                    "SELECT MAX(price), MIN(price), SUM(price), COUNT(*), SUM(amount * price), "
                    "SUM(amount) FROM trade WHERE market_id = 1 AND tid >= ? AND voided_at IS NULL",
                    DB_ARGS(db_i64(since_us)), &rows),
             ERR_OK);
    if (rc != ERR_OK || !db_next(&rows))
        return;
    __int128 count = db_get_i128(&rows, 3), volume = db_get_i128(&rows, 5);
    bool same = got.traded == (count > 0) && got.volume.units == volume;
    if (same && count > 0)
        same = got.high.units == db_get_i128(&rows, 0) && got.low.units == db_get_i128(&rows, 1) &&
               got.avg.scale == 9 && got.vwap.scale == 9 &&
               got.avg.coefficient == mean(db_get_i128(&rows, 2), count) &&
               got.vwap.coefficient == mean(db_get_i128(&rows, 4), volume);
    snprintf(message, sizeof(message), "summary since %lld", (long long)since_us);
    db_test_check(same, message, __FILE__, __LINE__);
    db_rows_free(&rows);
}

static void test_summary(void)
{
    static const int64_t edges_s[] = {0, 60, 3540, 3600, 3660, 43200, 86400, 90000};
    struct db_rows rows = {0};

    if (markets_open()) {
        plant_many(300);
        /* Around full minutes and hours: the last moment before, the first in, one after. */
        for (size_t i = 0; i < TEST_COUNT(edges_s); i++)
            for (int64_t off = -100; off <= 100; off += 100)
                markets_plant(&markets.usd, (MARKETS_BASE_S + edges_s[i]) * SECOND_US + off,
                              9990000 + off, 5000000 + off);
        make_candles();
        DB_CHECK(wrong_candles() == 0);
        DB_GIVES(
            db_run(markets.scratch.app, "SELECT tid FROM trade ORDER BY tid", DB_NO_ARGS, &rows),
            ERR_OK);
        DB_CHECK(rows.count == 300 + 3 * TEST_COUNT(edges_s));
        while (db_next(&rows))
            for (int64_t off = -1; off <= 1; off++)
                check_summary(db_get_i64(&rows, 0) + off);
        for (size_t i = 0; i < TEST_COUNT(edges_s); i++)
            for (int64_t off = -1; off <= 1; off++)
                check_summary((MARKETS_BASE_S + edges_s[i]) * SECOND_US + off);
        check_summary((MARKETS_BASE_S + 200000) * SECOND_US);
        db_rows_free(&rows);
    }
    scratch_drop(&markets.scratch);
}

static void test_ticker(void)
{
    struct market_ticker ticker;

    if (markets_open()) {
        DB_GIVES(market_ticker(markets.scratch.app, &markets.usd, &ticker), ERR_OK);
        DB_CHECK(!ticker.day.traded && ticker.day.volume.units == 0);
        DB_CHECK(ticker.prices.last_local.currency == NULL && ticker.prices.buy.currency == NULL &&
                 ticker.prices.last_all.currency == NULL && ticker.prices.sell.currency == NULL);
        int64_t edge_us = ticker.prices.now_us / 100 * 100 - MARKET_WINDOW_S * SECOND_US;
        markets_plant(&markets.usd, edge_us - 60 * SECOND_US, 700, 1);
        markets_plant(&markets.usd, edge_us + 60 * SECOND_US, 300, 2);
        markets_plant(&markets.usd, edge_us + 3600 * SECOND_US, 500, 4);
        make_candles();
        DB_GIVES(market_ticker(markets.scratch.app, &markets.usd, &ticker), ERR_OK);
        DB_CHECK(ticker.day.traded && ticker.day.volume.units == 6 &&
                 ticker.day.high.units == 500 && ticker.day.low.units == 300);
        DB_CHECK(ticker.day.avg.coefficient == 4000000);
        DB_CHECK(ticker.day.vwap.coefficient == mean(300 * 2 + 500 * 4, 6));
        DB_CHECK(ticker.prices.last_local.units == 500);
    }
    scratch_drop(&markets.scratch);
}

static void set_rate(const struct market *market, const char *per_dollar)
{
    DB_GIVES(db_run(markets.scratch.app,
                    "REPLACE INTO currency_rate (currency_id, per_dollar) VALUES (?, ?)",
                    DB_ARGS(db_u64(market->currency->id), db_decimal(per_dollar)), NULL),
             ERR_OK);
}

static bool is_amount(struct amount amount, const struct market *market, int64_t units)
{
    return amount.currency == market->currency && amount.units == units;
}

static void check_last(const struct market *market, int64_t local, const struct market *newest,
                       int64_t orig, int64_t all)
{
    struct market_prices prices;
    DB_GIVES(market_prices(markets.scratch.app, market, &prices), ERR_OK);
    DB_CHECK(is_amount(prices.last_local, market, local));
    DB_CHECK(is_amount(prices.last_orig, newest, orig));
    DB_CHECK(is_amount(prices.last_all, market, all));
}

struct listed {
    struct market_trade trades[8];
    size_t count;
};

static void keep_trade(void *arg, const struct market_trade *trade)
{
    struct listed *listed = arg;
    if (listed->count < TEST_COUNT(listed->trades))
        listed->trades[listed->count] = *trade;
    listed->count++;
}

static struct listed list_trades(const struct market *market, bool primary, bool converted)
{
    struct market_trade_filter filter = {
        .has_since = true, .since = 0, .primary = primary, .converted = converted};
    struct listed listed = {.count = 0};
    DB_GIVES(market_trades(markets.scratch.app, market, &filter, keep_trade, &listed), ERR_OK);
    return listed;
}

static void test_conversion(void)
{
    if (markets_open()) {
        markets_plant(&markets.usd, MARKETS_BASE_S * SECOND_US, 10000000, 1);
        markets_plant(&markets.eur, MARKETS_BASE_S * SECOND_US + 100, 10000002, 2);
        markets_plant(&markets.jpy, MARKETS_BASE_S * SECOND_US + 200, 15000000, 3);
        /* Dollars have a rate from the beginning, the others none. */
        check_last(&markets.usd, 10000000, &markets.usd, 10000000, 10000000);
        check_last(&markets.eur, 10000002, &markets.eur, 10000002, 10000002);
        DB_CHECK(list_trades(&markets.usd, true, true).count == 1);
        set_rate(&markets.eur, "0.8");
        check_last(&markets.usd, 10000000, &markets.eur, 10000002, 12500003); /* 12500002.5 */
        check_last(&markets.jpy, 15000000, &markets.jpy, 15000000, 15000000);
        set_rate(&markets.jpy, "150");
        check_last(&markets.usd, 10000000, &markets.jpy, 15000000,
                   10000000); /* three decimals to five */
        check_last(&markets.eur, 10000002, &markets.jpy, 15000000, 8000000);

        struct listed listed = list_trades(&markets.usd, true, true);
        const struct market_trade *trades = listed.trades;
        DB_CHECK(listed.count == 3 && trades[0].primary && !trades[1].primary &&
                 !trades[2].primary);
        DB_CHECK(is_amount(trades[0].price, &markets.usd, 10000000) && trades[0].amount.units == 1);
        DB_CHECK(is_amount(trades[1].price, &markets.usd, 12500003) && trades[1].amount.units == 2);
        DB_CHECK(is_amount(trades[2].price, &markets.usd, 10000000) && trades[2].amount.units == 3);
        DB_CHECK(trades[2].type == MARKET_ASK && trades[2].at_market);
        DB_CHECK(list_trades(&markets.usd, true, false).count == 1);
        DB_CHECK(list_trades(&markets.usd, false, true).count == 2);
        scratch_run(markets.scratch.app, "UPDATE trade SET voided_at = NOW(6) WHERE market_id = 3");
        check_last(&markets.usd, 10000000, &markets.eur, 10000002, 12500003);
        DB_CHECK(list_trades(&markets.usd, true, true).count == 2);
    }
    scratch_drop(&markets.scratch);
}

struct sheet {
    int64_t first, last;
    size_t count;
    bool rising;
};

static void turn_page(void *arg, const struct market_trade *trade)
{
    struct sheet *page = arg;
    page->rising =
        (page->count == 0 || trade->tid > page->last) && (page->count == 0 || page->rising);
    if (page->count++ == 0)
        page->first = trade->tid;
    page->last = trade->tid;
}

static void test_paging(void)
{
    struct market_trade_filter filter = {.has_since = true, .primary = true, .converted = true};
    struct sheet page = {.count = 0}, next = {.count = 0};

    if (markets_open()) {
        plant_many(MARKET_TRADES_MAX + 3);
        DB_GIVES(market_trades(markets.scratch.app, &markets.usd, &filter, turn_page, &page),
                 ERR_OK);
        DB_CHECK(page.count == MARKET_TRADES_MAX && page.rising);
        DB_CHECK(page.first == scratch_number(markets.scratch.app, "SELECT MIN(tid) FROM trade"));
        filter.since = page.last;
        DB_GIVES(market_trades(markets.scratch.app, &markets.usd, &filter, turn_page, &next),
                 ERR_OK);
        DB_CHECK(next.count == 3 && next.rising && next.first > page.last);
        DB_CHECK(next.last == scratch_number(markets.scratch.app, "SELECT MAX(tid) FROM trade"));
        /* All of them are older than a day. */
        next = (struct sheet){.count = 0};
        filter.has_since = false;
        DB_GIVES(market_trades(markets.scratch.app, &markets.usd, &filter, turn_page, &next),
                 ERR_OK);
        DB_CHECK(next.count == 0);
        int64_t now_us = scratch_number(
            markets.scratch.app, "SELECT CAST(UNIX_TIMESTAMP(NOW(6)) * 10000 AS SIGNED) * 100");
        markets_plant(&markets.usd, now_us - (MARKET_WINDOW_S + 60) * SECOND_US, 1, 1);
        int64_t tid =
            markets_plant(&markets.usd, now_us - (MARKET_WINDOW_S - 60) * SECOND_US, 1, 1);
        DB_GIVES(market_trades(markets.scratch.app, &markets.usd, &filter, turn_page, &next),
                 ERR_OK);
        DB_CHECK(next.count == 1 && next.first == tid);
    }
    scratch_drop(&markets.scratch);
}

struct chart {
    int64_t interval_s, last_at, trades;
    size_t count, wrong;
};

static void check_candle(void *arg, const struct market_candle *candle)
{
    struct chart *chart = arg;
    struct db_rows rows = {0};
    int64_t from = candle->at * SECOND_US, to = (candle->at + chart->interval_s) * SECOND_US;

    DB_GIVES(
        db_run(
            markets.scratch.owner,
            "SELECT MAX(price), MIN(price), SUM(amount), COUNT(*), "
            "(SELECT price FROM trade WHERE tid >= ? AND tid < ? ORDER BY tid LIMIT 1), "
            "(SELECT price FROM trade WHERE tid >= ? AND tid < ? ORDER BY tid DESC LIMIT 1) "
            "FROM trade WHERE tid >= ? AND tid < ?",
            DB_ARGS(db_i64(from), db_i64(to), db_i64(from), db_i64(to), db_i64(from), db_i64(to)),
            &rows),
        ERR_OK);
    bool right =
        db_next(&rows) && candle->at % chart->interval_s == 0 && candle->at > chart->last_at &&
        candle->high.units == db_get_i128(&rows, 0) && candle->low.units == db_get_i128(&rows, 1) &&
        candle->volume.units == db_get_i128(&rows, 2) && candle->trades == db_get_i64(&rows, 3) &&
        candle->open.units == db_get_i128(&rows, 4) && candle->close.units == db_get_i128(&rows, 5);
    db_rows_free(&rows);
    chart->wrong += !right;
    chart->last_at = candle->at;
    chart->trades += candle->trades;
    chart->count++;
}

static struct chart draw(int64_t interval_s, int64_t since)
{
    struct chart chart = {.interval_s = interval_s, .last_at = -1};
    DB_GIVES(
        market_candles(markets.scratch.app, &markets.usd, interval_s, since, check_candle, &chart),
        ERR_OK);
    DB_CHECK(chart.wrong == 0);
    return chart;
}

static void count_candle(void *arg, const struct market_candle *candle)
{
    struct chart *chart = arg;
    chart->last_at = candle->at;
    chart->trades += candle->trades;
    chart->count++;
}

static void test_candles(void)
{
    static const int64_t intervals_s[] = {60, 300, 900, 3600, 14400, 86400};

    if (markets_open()) {
        plant_many(700);
        make_candles();
        for (size_t i = 0; i < TEST_COUNT(intervals_s); i++) {
            struct chart chart = draw(intervals_s[i], 0);
            DB_CHECK(chart.trades == 700);
            /* A moment inside an interval means that interval. */
            struct chart rest = draw(intervals_s[i], chart.last_at + intervals_s[i] - 1);
            DB_CHECK(rest.count == 1 && rest.last_at == chart.last_at);
            DB_CHECK(draw(intervals_s[i], chart.last_at + intervals_s[i]).count == 0);
        }
        DB_CHECK(!market_interval_known(61) && !market_interval_known(0));
        /* Seven full candles too many, after the trades. */
        scratch_run(
            markets.scratch.owner,
            "INSERT INTO market_candle SELECT 1, 60, 1800000000 + seq * 60, 5, 6, 4, 5, 1, 5, "
            "5, 1 FROM seq_0_to_15104");
        struct chart full = {.count = 0};
        DB_GIVES(
            market_candles(markets.scratch.app, &markets.usd, 900, 1800000000, count_candle, &full),
            ERR_OK);
        DB_CHECK(full.count == MARKET_CANDLES_MAX && full.trades == 15 * MARKET_CANDLES_MAX);
        DB_CHECK(full.last_at == 1800000000 + 999 * 900);
        DB_GIVES(market_candles(markets.scratch.app, &markets.usd, 900, full.last_at + 900,
                                count_candle, &full),
                 ERR_OK);
        DB_CHECK(full.count == MARKET_CANDLES_MAX + 7);
    }
    scratch_drop(&markets.scratch);
}

static int64_t trader(void)
{
    static int count;
    char login[32], email[64];
    int64_t id = 0;

    snprintf(login, sizeof(login), "trader%d", ++count);
    snprintf(email, sizeof(email), "%s@example.org", login);
    DB_GIVES(user_add(markets.scratch.app, login, email, NULL, "none", &id), ERR_OK);
    DB_GIVES(ledger_credit(
                 markets.scratch.app, id,
                 (struct amount){.units = 10000000000000, .currency = markets.usd.currency}, "m"),
             ERR_OK);
    DB_GIVES(ledger_credit(markets.scratch.app, id,
                           (struct amount){.units = 100000000000, .currency = markets.usd.item},
                           "m"),
             ERR_OK);
    return id;
}

static void place(int64_t user, enum market_side side, int64_t price, int64_t amount)
{
    const struct market_change order = {.kind = MARKET_PLACE,
                                        .user_id = user,
                                        .oid = crypto_uuid4(),
                                        .market_id = markets.usd.id,
                                        .side = side,
                                        .with_price = true,
                                        .price = price,
                                        .amount = amount};
    DB_GIVES(market_change_alone(markets.scratch.app, &order, NULL), ERR_OK);
}

static void keep_tid(void *arg, int64_t tid)
{
    int64_t *last = arg;
    last[0]++;
    last[1] = tid;
}

static void void_newest(void)
{
    int64_t tid =
        scratch_number(markets.scratch.app, "SELECT MAX(tid) FROM trade WHERE voided_at IS NULL");
    DB_GIVES(market_void(markets.scratch.app, tid, "test"), ERR_OK);
}

static void test_taken_back(void)
{
    int64_t cancelled[2] = {0};

    if (markets_open()) {
        int64_t one = trader(), other = trader();
        for (int64_t i = 0; i < 40; i++) {
            place(one, MARKET_BID, 10000000 + i % 7 * 1000, 3000000 + i);
            place(other, MARKET_ASK, 10003000 - i % 5 * 1000, 2000000 + i);
        }
        int64_t trades = scratch_number(markets.scratch.app, "SELECT COUNT(*) FROM trade");
        DB_CHECK(trades > 20 && wrong_candles() == 0);
        int64_t newest = scratch_number(markets.scratch.app, "SELECT MAX(tid) FROM trade");
        void_newest();
        DB_CHECK(wrong_candles() == 0);
        DB_CHECK(list_trades(&markets.usd, true, true).count == (size_t)trades - 1);
        DB_GIVES(market_cancelled_trades(markets.scratch.app, &markets.usd, keep_tid, cancelled),
                 ERR_OK);
        DB_CHECK(cancelled[0] == 1 && cancelled[1] == newest);
        DB_GIVES(market_cancelled_trades(markets.scratch.app, &markets.eur, keep_tid, cancelled),
                 ERR_OK);
        DB_CHECK(cancelled[0] == 1);
        check_summary(0);
        /* Without a trade left, no candle is. */
        for (int64_t i = 1; i < trades; i++)
            void_newest();
        DB_CHECK(scratch_number(markets.scratch.app, "SELECT COUNT(*) FROM market_candle") == 0);
        DB_CHECK(list_trades(&markets.usd, true, true).count == 0);
        /* Longer ago than a month is not told. */
        scratch_run(markets.scratch.app, "UPDATE trade SET voided_at = NOW(6) - INTERVAL 32 DAY");
        DB_GIVES(market_cancelled_trades(markets.scratch.app, &markets.usd, keep_tid, cancelled),
                 ERR_OK);
        DB_CHECK(cancelled[0] == 1);
    }
    scratch_drop(&markets.scratch);
}

static const struct test_case cases[] = {
    {"the 24 hours, exact at every edge", test_summary},
    {"ticker", test_ticker},
    {"prices in other currencies", test_conversion},
    {"paging through trades", test_paging},
    {"candles of every interval", test_candles},
    {"trades taken back", test_taken_back},
    {NULL, NULL},
};
const struct test_suite suite_market_data = {.name = "market_data", .cases = cases};
