/* A chain's smallest units and ours, either of which may be the smaller. */
#include "money/decimal.h"
#include "rail/units.h"

#include "tests/unit/unit.h"

static const struct currency here[] = {{.id = 1, .code = "A", .decimals = 18},
                                       {.id = 2, .code = "B", .decimals = 5}};

static void test_in(void)
{
    static const struct {
        const char *name;
        size_t currency;
        uint64_t decimals;
        int64_t chain, units;
        enum err rc;
    } rows[] = {
        {"the same", 0, 18, 123456789, 123456789, ERR_OK},
        {"ours are smaller", 1, 2, 7, 7000, ERR_OK},
        {"none at all", 1, 0, 3, 300000, ERR_OK},
        {"the chain's are smaller: what is less is left out", 1, 8, 123999, 123, ERR_OK},
        {"less than one of ours", 0, 24, 999999, 0, ERR_OK},
        {"one of ours", 0, 24, 1000000, 1, ERR_OK},
        {"so small that nothing is one of ours", 1, 255, INT64_MAX, 0, ERR_OK},
        {"more than an amount can be", 0, 0, INT64_MAX, 9223372036854775807, ERR_OK},
    };
    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        const struct rail_asset asset = {.currency = &here[rows[i].currency],
                                         .decimals = rows[i].decimals};
        struct amount out = {0};
        enum err rc = rail_units_in(&asset, rows[i].chain, &out);
        bool scaled = rows[i].decimals == 0 && rows[i].currency == 0;
        UNIT_CHECK(rows[i].name, rc == rows[i].rc && out.currency == asset.currency);
        UNIT_CHECK(rows[i].name,
                   out.units == (__int128)rows[i].units * (scaled ? decimal_power(18) : 1));
    }
    const struct rail_asset whole = {.currency = &here[0], .decimals = 0};
    struct amount out;
    UNIT_CHECK("overflow", rail_units_in(&whole, DECIMAL_MAX, &out) == ERR_OVERFLOW);
}

static void test_out(void)
{
    static const struct {
        const char *name;
        size_t currency;
        uint64_t decimals;
        int64_t units, chain;
        enum err rc;
    } rows[] = {
        {"the same", 0, 18, 5, 5, ERR_OK},
        {"the chain's are smaller", 1, 8, 123, 123000, ERR_OK},
        {"ours are smaller, and it is exact", 1, 2, 7000, 7, ERR_OK},
        {"ours are smaller, and it is not", 1, 2, 7001, 0, ERR_AMOUNT_DIGITS},
        {"whole ones alone", 1, 0, 300000, 3, ERR_OK},
        {"so small that it does not fit", 1, 60, 1, 0, ERR_OVERFLOW},
    };
    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        const struct amount amount = {rows[i].units, &here[rows[i].currency]};
        __int128 chain = 0;
        enum err rc = rail_units_out(rows[i].decimals, amount, &chain);
        UNIT_CHECK(rows[i].name, rc == rows[i].rc && (rc != ERR_OK || chain == rows[i].chain));
    }
}

static const struct test_case cases[] = {
    {"from the chain", test_in},
    {"to the chain", test_out},
    {NULL, NULL},
};
const struct test_suite suite_rail_units = {.name = "rail_units", .cases = cases};
