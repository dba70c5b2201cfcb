/* Depth, the walk over a side and quotes against planted levels. */
#include <stdio.h>
#include <string.h>

#include "market/depth.h"
#include "tests/db/markets.h"

struct book {
    struct market_level levels[512];
    size_t count, wanted;
};

static void keep_level(void *arg, const struct market_level *level)
{
    struct book *book = arg;
    if (book->count < TEST_COUNT(book->levels))
        book->levels[book->count++] = *level;
}

static bool walk_level(void *arg, const struct market_level *level)
{
    struct book *book = arg;
    keep_level(book, level);
    return book->count < book->wanted;
}

/* The levels that the depth lists, by side and price. */
static void check_depth(const char *expected)
{
    static struct book book;
    struct market_filter filter;
    struct text text = TEXT(4096);

    book.count = 0;
    DB_GIVES(market_depth(markets.scratch.app, &markets.usd, &filter, keep_level, &book), ERR_OK);
    if (filter.set)
        text_addf(&text, "%lld..%lld", (long long)filter.min.units, (long long)filter.max.units);
    for (size_t i = 0; i < book.count; i++)
        text_addf(&text, " %s %lld", market_side_name(book.levels[i].side),
                  (long long)book.levels[i].price.units);
    db_test_check(strcmp(text_string(&text), expected) == 0, text_string(&text), __FILE__,
                  __LINE__);
    text_free(&text);
}

static void set_levels(const char *rows)
{
    char sql[1024];
    scratch_run(markets.scratch.app, "DELETE FROM market_level");
    snprintf(
        sql, sizeof(sql),
        "INSERT INTO market_level (side, price, amount, market_id, head, changed_at) "
        "SELECT side, price, amount, 1, 0, '2024-01-02 03:04:05.678901' FROM "
        "(SELECT '' AS side, 0 AS price, 0 AS amount UNION ALL VALUES %s) AS l WHERE side <> ''",
        rows);
    scratch_run(markets.scratch.app, sql);
}

static void test_depth(void)
{
    static struct book book;

    if (markets_open()) {
        check_depth("");
        markets_plant(&markets.usd, MARKETS_BASE_S * SECOND_US, 10000000, 1);
        check_depth("9000000..11000000");
        set_levels("('bid', 10000000, 5), ('bid', 9000000, 6), ('bid', 8999999, 7), "
                   "('ask', 10100005, 1), ('ask', 11110006, 2), ('ask', 11110007, 3), ('bid', "
                   "9500000, 9)");
        check_depth(
            "9000000..11110006 ask 10100005 ask 11110006 bid 9000000 bid 9500000 bid 10000000");
        /* However far the sides are apart, the best of both are there. */
        set_levels("('bid', 100, 5), ('ask', 90000000, 1), ('bid', 89, 5)");
        check_depth("90..99000000 ask 90000000 bid 100");
        set_levels("('ask', 20000000, 1), ('ask', 22000000, 1), ('ask', 22000001, 1)");
        check_depth("9000000..22000000 ask 20000000 ask 22000000");
        scratch_run(markets.scratch.app, "UPDATE trade SET voided_at = NOW(6)");
        check_depth("18000000..22000000 ask 20000000 ask 22000000");
        DB_GIVES(market_full_depth(markets.scratch.app, &markets.usd, keep_level, &book), ERR_OK);
        DB_CHECK(book.count == 3 && book.levels[2].price.units == 22000001 &&
                 book.levels[0].amount.units == 1 &&
                 book.levels[0].changed_us == INT64_C(1704164645678901));
    }
    scratch_drop(&markets.scratch);
}

struct ends {
    int64_t count[2];          /* by side */
    int64_t first[2], last[2]; /* prices */
};

static void keep_ends(void *arg, const struct market_level *level)
{
    struct ends *ends = arg;
    if (ends->count[level->side]++ == 0)
        ends->first[level->side] = (int64_t)level->price.units;
    ends->last[level->side] = (int64_t)level->price.units;
}

static void test_most_levels(void)
{
    struct ends ends = {.count = {0}};

    if (markets_open()) {
        scratch_run(markets.scratch.owner,
                    "INSERT INTO market_level SELECT 1, 'ask', 20000 + seq, 1, 0, NOW(6) "
                    "FROM seq_1_to_10002");
        scratch_run(markets.scratch.owner,
                    "INSERT INTO market_level SELECT 1, 'bid', 20001 - seq, 1, 0, NOW(6) "
                    "FROM seq_1_to_10002");
        DB_GIVES(market_full_depth(markets.scratch.app, &markets.usd, keep_ends, &ends), ERR_OK);
        DB_CHECK(ends.count[MARKET_ASK] == MARKET_LEVELS_MAX &&
                 ends.count[MARKET_BID] == MARKET_LEVELS_MAX);
        DB_CHECK(ends.first[MARKET_ASK] == 20001 && ends.last[MARKET_ASK] == 30000);
        DB_CHECK(ends.first[MARKET_BID] == 10001 && ends.last[MARKET_BID] == 20000);
    }
    scratch_drop(&markets.scratch);
}

static void test_walk(void)
{
    static struct book book;

    if (markets_open()) {
        scratch_run(markets.scratch.owner,
                    "INSERT INTO market_level SELECT 1, 'ask', 20000 + seq, seq, 0, NOW(6) "
                    "FROM seq_1_to_250");
        scratch_run(markets.scratch.owner,
                    "INSERT INTO market_level SELECT 1, 'bid', 20001 - seq, seq, 0, NOW(6) "
                    "FROM seq_1_to_200");
        book = (struct book){.wanted = 1000};
        DB_GIVES(market_walk(markets.scratch.app, &markets.usd, MARKET_ASK, walk_level, &book),
                 ERR_OK);
        DB_CHECK(book.count == 250);
        for (size_t i = 0; i < book.count; i++)
            DB_CHECK(book.levels[i].price.units == 20001 + (int64_t)i &&
                     book.levels[i].amount.units == 1 + (int64_t)i);
        book = (struct book){.wanted = 1000};
        DB_GIVES(market_walk(markets.scratch.app, &markets.usd, MARKET_BID, walk_level, &book),
                 ERR_OK);
        DB_CHECK(book.count == 200 && book.levels[0].price.units == 20000 &&
                 book.levels[199].price.units == 19801);
        book = (struct book){.wanted = 7};
        DB_GIVES(market_walk(markets.scratch.app, &markets.usd, MARKET_ASK, walk_level, &book),
                 ERR_OK);
        DB_CHECK(book.count == 7);
        book = (struct book){.wanted = 7};
        DB_GIVES(market_walk(markets.scratch.app, &markets.eur, MARKET_ASK, walk_level, &book),
                 ERR_OK);
        DB_CHECK(book.count == 0);
    }
    scratch_drop(&markets.scratch);
}

static enum err quote(enum market_side side, int64_t amount, int64_t *units)
{
    struct amount total = {0};
    enum err rc =
        market_quote(markets.scratch.app, &markets.usd, side,
                     (struct amount){.units = amount, .currency = markets.usd.item}, &total);
    *units = (int64_t)total.units;
    return rc;
}

static void test_quote(void)
{
    int64_t units;

    if (markets_open()) {
        DB_GIVES(quote(MARKET_BID, 1, &units), ERR_NO_LIQUIDITY);
        set_levels(
            "('ask', 10000000, 100000000), ('ask', 10000001, 50000000), ('ask', 20000000, 1), "
            "('bid', 9999999, 100000000), ('bid', 9000000, 30000000)");
        DB_GIVES(quote(MARKET_BID, 100000000, &units), ERR_OK);
        DB_CHECK(units == 10000000);
        DB_GIVES(quote(MARKET_BID, 150000000, &units), ERR_OK);
        DB_CHECK(units == 10000000 + 5000001); /* 5000000.5, rounded up */
        DB_GIVES(quote(MARKET_BID, 150000001, &units), ERR_OK);
        DB_CHECK(units == 10000000 + 5000001 + 1);
        DB_GIVES(quote(MARKET_BID, 150000002, &units), ERR_NO_LIQUIDITY);
        DB_GIVES(quote(MARKET_ASK, 50000000, &units), ERR_OK);
        DB_CHECK(units == 4999999); /* 4999999.5, rounded down */
        DB_GIVES(quote(MARKET_ASK, 130000000, &units), ERR_OK);
        DB_CHECK(units == 9999999 + 2700000);
        DB_GIVES(quote(MARKET_ASK, 130000001, &units), ERR_NO_LIQUIDITY);
    }
    scratch_drop(&markets.scratch);
}

static const struct test_case cases[] = {
    {"depth near the price", test_depth},
    {"no more levels than are allowed", test_most_levels},
    {"walk over a side", test_walk},
    {"quote", test_quote},
    {NULL, NULL},
};
const struct test_suite suite_market_book = {.name = "market_book", .cases = cases};
