/* Markets and trades for tests of market data. */
#include "tests/db/markets.h"

#include <stdio.h>
#include <string.h>

struct markets markets;

static struct market add_market(uint8_t id, const char *code)
{
    struct market market = {.id = id,
                            .item = currency_by_code("BTC", 3),
                            .currency = currency_by_code(code, strlen(code))};
    const struct market_rules rules = {.item = market.item,
                                       .currency = market.currency,
                                       .amount_step = {1, market.item},
                                       .price_step = {1, market.currency},
                                       .min_amount = {1000000, market.item}};
    DB_GIVES(market_add(markets.scratch.app, &rules), ERR_OK);
    snprintf(market.code, sizeof(market.code), "BTC%s", code);
    return market;
}

bool markets_open(void)
{
    if (!scratch_make(&markets.scratch) ||
        scratch_migrate(&markets.scratch, NULL, NULL, NULL) != ERR_OK)
        return false;
    market_reset();
    markets.usd = add_market(1, "USD");
    markets.eur = add_market(2, "EUR");
    markets.jpy = add_market(3, "JPY");
    scratch_run(markets.scratch.app, "UPDATE market SET status = 'open'");
    return true;
}

int64_t markets_plant(const struct market *market, int64_t at_us, int64_t price, int64_t amount)
{
    int64_t tid = at_us + market->id;
    DB_GIVES(
        db_run(
            markets.scratch.app,
            "INSERT INTO journal (kind, user_id, request_key) VALUES ('trade', 1, CONCAT('t:', ?))",
            DB_ARGS(db_i64(tid)), NULL),
        ERR_OK);
    DB_GIVES(
        db_run(markets.scratch.app,
               "INSERT INTO trade (market_id, tid, journal_id, bid_id, ask_id, buyer_id, "
               "seller_id, taker, at_market, price, amount, spent, earned, buyer_fee, seller_fee) "
               "SELECT ?, ?, id, 0, 0, 1, 1, 'ask', 1, ?, ?, 0, 0, 0, 0 FROM journal "
               "WHERE user_id = 1 AND request_key = CONCAT('t:', ?)",
               DB_ARGS(db_u64(market->id), db_i64(tid), db_i64(price), db_i64(amount), db_i64(tid)),
               NULL),
        ERR_OK);
    return tid;
}
