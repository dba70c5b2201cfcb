/* Market data as JSON: figures that a test on the wire cannot choose. */
#include "fcgi/views/market.h"

#include <string.h>

#include "tests/unit/unit.h"

/* A mean price of a ticker, as it is written. */
static void check_mean(const char *row, const char *currency, struct rate mean,
                       const char *expected)
{
    struct market market = {.item = unit_currency("BTC"), .currency = unit_currency(currency)};
    struct market_ticker ticker = {
        .day = {.traded = true, .avg = mean, .vwap = mean, .volume.currency = market.item}};
    struct text out = TEXT(4096), member = TEXT(4096);
    struct writer writer = {.out = &out};

    writer_object(&writer, NULL);
    market_write_ticker(&writer, &market, &ticker);
    writer_end(&writer);
    text_addf(&member, "\"avg\":%s,\"vwap\":%s,", expected, expected);
    UNIT_CHECK(row, strstr(text_string(&out), text_string(&member)) != NULL);
    text_free(&out);
    text_free(&member);
}

static void test_means(void)
{
    /* The first two are the examples of seed exchange-v1. */
    check_mean("avg", "USD", (struct rate){.coefficient = 5561119626, .scale = 9},
               "{\"value\":\"5.561119626\",\"value_int\":\"556112\",\"display\":\"$5.56112\","
               "\"display_short\":\"$5.56\",\"currency\":\"USD\"}");
    check_mean("vwap", "USD", (struct rate){.coefficient = 5610480461, .scale = 9},
               "{\"value\":\"5.610480461\",\"value_int\":\"561048\",\"display\":\"$5.61048\","
               "\"display_short\":\"$5.61\",\"currency\":\"USD\"}");
    check_mean("zeros", "USD", (struct rate){.coefficient = 100500000000, .scale = 9},
               "{\"value\":\"100.50000\",\"value_int\":\"10050000\",\"display\":\"$100.50000\","
               "\"display_short\":\"$100.50\",\"currency\":\"USD\"}");
    check_mean("some zeros", "USD", (struct rate){.coefficient = 100500001500, .scale = 9},
               "{\"value\":\"100.5000015\",\"value_int\":\"10050000\",\"display\":\"$100.50000\","
               "\"display_short\":\"$100.50\",\"currency\":\"USD\"}");
    check_mean(
        "half", "JPY", (struct rate){.coefficient = 10000005000, .scale = 7},
        "{\"value\":\"1000.0005\",\"value_int\":\"1000001\",\"display\":\"\\u00a51,000.001\","
        "\"display_short\":\"\\u00a51,000.00\",\"currency\":\"JPY\"}");
}

static void check_trade(const char *row, struct market_trade trade, const char *expected)
{
    struct text out = TEXT(4096);
    struct writer writer = {.out = &out};

    market_write_trade(&writer, &trade);
    UNIT_SAME(row, text_string(&out), expected);
    text_free(&out);
}

static void test_trades(void)
{
    struct market_trade trade = {
        .tid = 1366034751500724,
        .price = {.units = 9796898, .currency = unit_currency("USD")},
        .amount = {.units = 10789, .currency = unit_currency("BTC")},
        .type = MARKET_BID,
        .primary = true,
    };
    check_trade("limit", trade,
                "{\"date\":1366034751,\"price\":\"97.96898\",\"amount\":\"0.00010789\","
                "\"price_int\":\"9796898\",\"amount_int\":\"10789\",\"tid\":\"1366034751500724\","
                "\"price_currency\":\"USD\",\"item\":\"BTC\",\"trade_type\":\"bid\","
                "\"primary\":\"Y\",\"properties\":\"limit\"}");
    trade.type = MARKET_ASK;
    trade.at_market = true;
    trade.primary = false;
    trade.price.units = 7300000;
    trade.amount.units = 200000000;
    check_trade("market of another currency", trade,
                "{\"date\":1366034751,\"price\":\"73\",\"amount\":\"2\","
                "\"price_int\":\"7300000\",\"amount_int\":\"200000000\","
                "\"tid\":\"1366034751500724\",\"price_currency\":\"USD\",\"item\":\"BTC\","
                "\"trade_type\":\"ask\",\"primary\":\"N\","
                "\"properties\":\"market,mixed_currency\"}");
}

static const struct test_case cases[] = {
    {"mean prices", test_means},
    {"trades", test_trades},
    {NULL, NULL},
};
const struct test_suite suite_market_json = {.name = "market_json", .cases = cases};
