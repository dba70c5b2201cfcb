/* The table of currencies. */
#include "money/currency.h"

#include <stdio.h>
#include <string.h>

#include "tests/unit/unit.h"

static void test_lookup(void)
{
    static const struct {
        const char *code;
        size_t len;
        uint16_t id; /* 0: none */
    } rows[] = {
        {"BTC", 3, 1},       {"USD", 3, 2},           {"BTCUSD", 3, 1}, {"btc", 3, 0},
        {"BT", 2, 0},        {"BTC", 4, 0},           {"", 0, 0},       {"XXX", 3, 0},
        {"BTCUSDEUR", 9, 0}, {"BTCUSDEURGBP", 12, 0},
    };
    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        const struct currency *found = currency_by_code(rows[i].code, rows[i].len);
        UNIT_CHECK(rows[i].code, (found == NULL ? 0 : found->id) == rows[i].id);
        if (found != NULL)
            UNIT_CHECK(rows[i].code, currency_by_id(rows[i].id) == found);
    }
    UNIT_CHECK("id 0", currency_by_id(0) == NULL);
    UNIT_CHECK("id 9", currency_by_id(9) == NULL);
    UNIT_CHECK("first", currency_at(0) == unit_currency("BTC"));
    UNIT_CHECK("last", currency_at(7) == unit_currency("WEI"));
    UNIT_CHECK("past the end", currency_at(8) == NULL && currency_at(SIZE_MAX) == NULL);
}

static void test_add(void)
{
    static const struct {
        const char *row;
        struct currency currency;
        bool accepted;
    } rows[] = {
        {"shortest", {.id = 100, .code = "A"}, true},
        {"longest", {.id = 101, .code = "ABCDEF12", .decimals = 18, .display_decimals = 18}, true},
        {"id 0", {.id = 0, .code = "NEW"}, false},
        {"id taken", {.id = 1, .code = "NEW"}, false},
        {"code taken", {.id = 102, .code = "USD"}, false},
        {"no code", {.id = 102, .code = ""}, false},
        {"small letters", {.id = 102, .code = "Usd"}, false},
        {"code too long", {.id = 102, .code = "ABCDEFGHI"}, false}, /* no NUL */
        {"decimals", {.id = 102, .code = "NEW", .decimals = 19}, false},
        {"display", {.id = 102, .code = "NEW", .decimals = 2, .display_decimals = 3}, false},
    };
    for (size_t i = 0; i < TEST_COUNT(rows); i++)
        UNIT_CHECK(rows[i].row, currency_add(&rows[i].currency) == rows[i].accepted);

    struct currency open = {.id = 103, .code = "OPEN"};
    memset(open.symbol, 'x', sizeof(open.symbol));
    UNIT_CHECK("symbol without NUL", !currency_add(&open));
    open.symbol[0] = '\0';
    memset(open.name, 'x', sizeof(open.name));
    UNIT_CHECK("name without NUL", !currency_add(&open));
    unit_load_currencies();
}

static void test_full(void)
{
    currency_reset();
    UNIT_CHECK("empty", currency_at(0) == NULL);
    for (unsigned i = 0; i <= CURRENCY_MAX_COUNT; i++) {
        struct currency currency = {.id = (uint16_t)(i + 1)};
        snprintf(currency.code, sizeof(currency.code), "C%u", i);
        UNIT_CHECK(currency.code, currency_add(&currency) == (i < CURRENCY_MAX_COUNT));
    }
    unit_load_currencies();
    UNIT_CHECK("reloaded", currency_at(8) == NULL);
}

static const struct test_case cases[] = {
    {"finding", test_lookup},
    {"adding", test_add},
    {"a full table", test_full},
    {NULL, NULL},
};
const struct test_suite suite_currency = {.name = "currency", .cases = cases};
