/* Nonces and tonces. */
#include "identity/nonce.h"

#include <string.h>

#include "tests/unit/unit.h"

static void test_nonce(void)
{
    static const struct {
        const char *text, *expected; /* NULL: refused */
    } rows[] = {
        {"0", "0"},
        {"000", "0"},
        {"1", "1"},
        {"007", "7"},
        {"1364669160478556", "1364669160478556"},
        {"1332899401.87", "1332899401.87"},
        {"1332899401.870", "1332899401.87"},
        {"5.0", "5"},
        {"5.000000000000000000", "5"},
        {"0.000000000000000001", "0.000000000000000001"},
        {"00.50", "0.5"},
        {"9223372036854775807.999999999999999999", "9223372036854775807.999999999999999999"},
        {"9223372036854775808", "9223372036854775808"},
        {"09223372036854775808.0", "9223372036854775808"},
        {"0000000000000000000000000000000000000000000000000000000000000000012", "12"},
        {"9223372036854775808.000000000000000001", NULL},
        {"9223372036854775809", NULL},
        {"9999999999999999999", NULL},
        {"10000000000000000000", NULL},
        {"1.0000000000000000001", NULL},
        {"1.0000000000000000000", NULL},
        {"", NULL},
        {".", NULL},
        {"1.", NULL},
        {".5", NULL},
        {"1.2.3", NULL},
        {"-1", NULL},
        {"+1", NULL},
        {" 1", NULL},
        {"1 ", NULL},
        {"1e5", NULL},
        {"0x10", NULL},
        {"1,5", NULL},
        {"\xd9\xa1", NULL},
    };
    char out[NONCE_TEXT_SIZE];
    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        enum err rc = nonce_parse(rows[i].text, strlen(rows[i].text), out);
        UNIT_CHECK(rows[i].text, rc == (rows[i].expected == NULL ? ERR_NONCE_INVALID : ERR_OK));
        if (rc == ERR_OK && rows[i].expected != NULL)
            UNIT_SAME(rows[i].text, out, rows[i].expected);
    }
    UNIT_CHECK("NUL inside", nonce_parse("1\0002", 3, out) == ERR_NONCE_INVALID);
}

static void test_tonce(void)
{
    static const struct {
        const char *text;
        int64_t expected; /* -1: refused */
    } rows[] = {
        {"0", 0},
        {"1364669160478556", INT64_C(1364669160478556)},
        {"0001", 1},
        {"999999999999999999", INT64_C(999999999999999999)},
        {"1000000000000000000", -1},
        {"99999999999999999999999", -1},
        {"", -1},
        {"1.5", -1},
        {"-1", -1},
        {"1e15", -1},
        {" 1", -1},
    };
    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        int64_t at_us = -1;
        enum err rc = nonce_parse_tonce(rows[i].text, strlen(rows[i].text), &at_us);
        UNIT_CHECK(rows[i].text, rc == (rows[i].expected < 0 ? ERR_NONCE_INVALID : ERR_OK));
        UNIT_CHECK(rows[i].text, at_us == rows[i].expected);
    }
}

static const struct test_case cases[] = {
    {"nonce", test_nonce},
    {"tonce", test_tonce},
    {NULL, NULL},
};
const struct test_suite suite_nonce = {.name = "nonce", .cases = cases};
