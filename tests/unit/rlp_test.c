/* RLP by vectors, refusals included. */
#include "chain/rlp.h"

#include <string.h>

#include "tests/unit/unit.h"

#define ROOM 2048

static void test_strings(void)
{
    static const struct {
        const char *data, *expected;
    } rows[] = {
        {"", "80"},     {"00", "00"},       {"7f", "7f"},
        {"80", "8180"}, {"0400", "820400"}, {"646f67", "83646f67"},
    };
    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        struct text out = TEXT(ROOM);
        uint8_t data[16];
        struct bytes in, content;

        size_t len = unit_bytes(rows[i].data, data, sizeof(data));
        rlp_add(&out, data, len);
        UNIT_HEX(rows[i].data, text_string(&out), out.len, rows[i].expected);
        in = (struct bytes){(const uint8_t *)out.data, out.len};
        UNIT_CHECK(rows[i].data, rlp_take_string(&in, &content) && in.len == 0);
        UNIT_CHECK(rows[i].data, bytes_equal(content, (struct bytes){data, len}));
        text_free(&out);
    }
}

/* Where the length gets a length of its own, and a second byte. */
static void test_lengths(void)
{
    static const struct {
        size_t len;
        size_t head_len;
        const char *head;
    } rows[] = {
        {55, 1, "b7"}, {56, 2, "b838"}, {255, 2, "b8ff"}, {256, 3, "b90100"}, {1024, 3, "b90400"},
    };
    uint8_t data[1024];

    memset(data, 'a', sizeof(data));
    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        struct text out = TEXT(ROOM);
        struct bytes in, content;

        rlp_add(&out, data, rows[i].len);
        UNIT_HEX(rows[i].head, text_string(&out), rows[i].head_len, rows[i].head);
        UNIT_CHECK(rows[i].head, out.len == rows[i].len + rows[i].head_len);
        in = (struct bytes){(const uint8_t *)out.data, out.len};
        UNIT_CHECK(rows[i].head, rlp_take_string(&in, &content) && content.len == rows[i].len);
        text_free(&out);
    }
}

static void test_lists(void)
{
    struct text out = TEXT(ROOM);

    rlp_close_list(&out, 0);
    UNIT_HEX("empty", text_string(&out), out.len, "c0");
    text_clear(&out);
    rlp_add(&out, "cat", 3);
    rlp_add(&out, "dog", 3);
    rlp_close_list(&out, 0);
    UNIT_HEX("two", text_string(&out), out.len, "c88363617483646f67");
    text_clear(&out);
    /* [[], [[]], [[], [[]]]] */
    rlp_close_list(&out, 0);
    rlp_close_list(&out, 1);
    rlp_close_list(&out, 1);
    size_t third = out.len;
    rlp_close_list(&out, out.len);
    size_t inner = out.len;
    rlp_close_list(&out, inner);
    rlp_close_list(&out, inner);
    rlp_close_list(&out, third);
    rlp_close_list(&out, 0);
    UNIT_HEX("nested", text_string(&out), out.len, "c7c0c1c0c3c0c1c0");
    text_clear(&out);
    for (int i = 0; i < 56; i++)
        rlp_add_number(&out, 1);
    rlp_close_list(&out, 0);
    UNIT_CHECK("long", out.len == 58 && memcmp(out.data, "\xf8\x38\x01", 3) == 0);
    text_free(&out);
    out = TEXT(4);
    rlp_add(&out, "1234", 4);
    rlp_close_list(&out, 0);
    UNIT_CHECK("no room", out.full);
    text_free(&out);
}

static void test_numbers(void)
{
    static const struct {
        const char *row;
        __int128 value;
        const char *expected;
    } rows[] = {
        {"0", 0, "80"},
        {"1", 1, "01"},
        {"127", 127, "7f"},
        {"128", 128, "8180"},
        {"1024", 1024, "820400"},
        {"10^18", 1000000000000000000, "880de0b6b3a7640000"},
        {"2^64", (__int128)1 << 64, "89010000000000000000"},
    };
    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        struct text out = TEXT(ROOM);
        __int128 value;

        rlp_add_number(&out, rows[i].value);
        UNIT_HEX(rows[i].row, text_string(&out), out.len, rows[i].expected);
        struct bytes in = {(const uint8_t *)out.data, out.len}, again = in;
        UNIT_CHECK(rows[i].row,
                   rlp_take_number(&in, rows[i].value, &value) && value == rows[i].value);
        if (rows[i].value > 0)
            UNIT_CHECK(rows[i].row, !rlp_take_number(&again, rows[i].value - 1, &value));
        text_free(&out);
    }
}

/* One spelling for each item: what is longer than it has to be is refused, as is what is cut off. */
static void test_refused(void)
{
    static const struct {
        const char *data;
        size_t zeros; /* behind it */
    } rows[] = {
        {"", 0},
        {"8100", 0},
        {"817f", 0},
        {"b800", 0},
        {"f800", 0},
        {"b90037", 55},
        {"b83761", 0},
        {"83646f", 0},
        {"c28363", 0},
        {"b837", 55},
        {"f837", 55},
        {"bfffffffffffffffff", 0},
        {"ffffffffffffffffff", 0},
        {"b8", 0},
        {"c1", 0},
        {"bf00000000000000ff", 255},
    };
    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        uint8_t data[300] = {0};
        size_t len = unit_bytes(rows[i].data, data, sizeof(data)) + rows[i].zeros;
        struct bytes in = {data, len}, list;
        struct rlp_item item;

        /* The list of c28363 is whole; what is in it is cut off. */
        if (strcmp(rows[i].data, "c28363") == 0)
            UNIT_CHECK(rows[i].data, rlp_take_list(&in, &list) && !rlp_take(&list, &item));
        else
            UNIT_CHECK(rows[i].data, !rlp_take(&in, &item) && in.len == len);
    }
}

/* The wrong kind of item, and numbers with zeros in front. */
static void test_kinds(void)
{
    static const struct {
        const char *data;
        bool string, list, number;
    } rows[] = {
        {"80", true, false, true},
        {"05", true, false, true},
        {"c0", false, true, false},
        {"00", true, false, false},
        {"820001", true, false, false},
        {"820100", true, false, true},
        {"910102030405060708090a0b0c0d0e0f1011", true, false, false},
    };
    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        uint8_t data[32];
        struct bytes whole = {data, unit_bytes(rows[i].data, data, sizeof(data))}, in, out;
        __int128 value;

        in = whole;
        UNIT_CHECK(rows[i].data, rlp_take_string(&in, &out) == rows[i].string);
        in = whole;
        UNIT_CHECK(rows[i].data, rlp_take_list(&in, &out) == rows[i].list);
        in = whole;
        UNIT_CHECK(rows[i].data, rlp_take_number(&in, 1000, &value) == rows[i].number);
    }
}

static const struct test_case cases[] = {
    {"strings", test_strings},
    {"lengths", test_lengths},
    {"lists", test_lists},
    {"numbers", test_numbers},
    {"refused", test_refused},
    {"kinds", test_kinds},
    {NULL, NULL},
};
const struct test_suite suite_rlp = {.name = "rlp", .cases = cases};
