/* The writer: JSON of the wire, piece by piece, in each style. */
#include "json/writer.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "money/display.h"
#include "tests/unit/unit.h"

/* A piece of JSON that `write` makes, in a style. */
static void check_json(const char *name, void (*write)(struct writer *json), bool pretty,
                       struct writer_style style, const char *expected)
{
    struct text out = TEXT(4096);
    struct writer writer = {.out = &out, .pretty = pretty, .style = style};
    write(&writer);
    UNIT_SAME(name, text_string(&out), expected);
    UNIT_CHECK(name, writer.depth == 0 && !out.full);
    text_free(&out);
}

static void write_members(struct writer *json)
{
    writer_object(json, NULL);
    writer_text(json, "z", "first");
    writer_int(json, "a", INT64_MIN);
    writer_bool(json, "b", true);
    writer_number(json, "n", "0.600");
    writer_text(json, "none", NULL);
    writer_some_text(json, "empty_text", "");
    writer_date(json, "never", 0);
    writer_date(json, "once", 1);
    writer_digits(json, "digits", INT64_MAX);
    writer_list(json, "list");
    writer_end(json);
    writer_key(json, "empty");
    writer_object(json, NULL);
    writer_end(json);
    writer_end(json);
}

static void write_nested(struct writer *json)
{
    static const char *const words[] = {"a", "b", NULL};
    writer_list(json, NULL);
    writer_int(json, NULL, 1);
    writer_list(json, NULL);
    writer_object(json, NULL);
    writer_words(json, "w", words);
    writer_null(json, "x");
    writer_end(json);
    writer_end(json);
    writer_bool(json, NULL, false);
    writer_end(json);
}

static void write_null(struct writer *json)
{
    writer_null(json, NULL);
}

static void test_members(void)
{
    const struct writer_style lists = {.empty_map_as_list = true};
    check_json("members", write_members, false, (struct writer_style){0},
               "{\"z\":\"first\",\"a\":-9223372036854775808,\"b\":true,\"n\":0.600,\"none\":null,"
               "\"empty_text\":null,\"never\":null,\"once\":1,\"digits\":\"9223372036854775807\","
               "\"list\":[],\"empty\":{}}");
    check_json("nested", write_nested, false, lists,
               "[1,[{\"w\":[\"a\",\"b\"],\"x\":null}],false]");
    check_json("pretty", write_nested, true, (struct writer_style){0},
               "[\n    1,\n    [\n        {\n            \"w\": [\n                \"a\",\n"
               "                \"b\"\n            ],\n            \"x\": null\n        }\n    ],\n"
               "    false\n]");
    check_json("null", write_null, true, (struct writer_style){0}, "null");
}

static void write_empties(struct writer *json)
{
    writer_object(json, NULL);
    writer_object(json, "map");
    writer_end(json);
    writer_list(json, "list");
    writer_end(json);
    writer_object(json, "full");
    writer_null(json, "x");
    writer_end(json);
    writer_end(json);
}

static void test_empty_maps(void)
{
    const struct writer_style lists = {.empty_map_as_list = true};
    check_json("as maps", write_empties, false, (struct writer_style){0},
               "{\"map\":{},\"list\":[],\"full\":{\"x\":null}}");
    check_json("as lists", write_empties, false, lists,
               "{\"map\":[],\"list\":[],\"full\":{\"x\":null}}");
    check_json("as lists, pretty", write_empties, true, lists,
               "{\n    \"map\": [],\n    \"list\": [],\n    \"full\": {\n        \"x\": null\n    "
               "}\n}");
}

static void test_strings(void)
{
    static const struct {
        const char *text;
        size_t len;
        const char *json, *plain; /* as PHP writes it; with slashes and UTF-8 as they are */
    } rows[] = {
        {"http://x/y", 10, "\"http:\\/\\/x\\/y\"", "\"http://x/y\""},
        {"\"\\", 2, "\"\\\"\\\\\"", "\"\\\"\\\\\""},
        {"\b\f\n\r\t\x01\x1f", 7, "\"\\b\\f\\n\\r\\t\\u0001\\u001f\"",
         "\"\\b\\f\\n\\r\\t\\u0001\\u001f\""},
        {"\u00a0\u20ac\u00a3", 7, "\"\\u00a0\\u20ac\\u00a3\"", "\"\u00a0\u20ac\u00a3\""},
        {"\U0001f600", 4, "\"\\ud83d\\ude00\"", "\"\U0001f600\""},
        {"\U0010ffff\uffff", 7, "\"\\udbff\\udfff\\uffff\"", "\"\U0010ffff\uffff\""},
        {"\x7f", 1, "\"\x7f\"", "\"\x7f\""},
        {"a\xff", 2, "\"a\\ufffd\"", "\"a\\ufffd\""},
        {"a\0\u20ac", 5, "\"a\\u0000\\u20ac\"", "\"a\\u0000\u20ac\""},
    };
    for (size_t i = 0; i < TEST_COUNT(rows); i++)
        for (int plain = 0; plain < 2; plain++) {
            struct text out = TEXT(4096);
            struct writer writer = {.out = &out,
                                    .style = {.plain_slashes = plain, .plain_utf8 = plain}};
            writer_bytes(&writer, NULL, rows[i].text, rows[i].len);
            UNIT_SAME(rows[i].json, text_string(&out), plain ? rows[i].plain : rows[i].json);
            text_free(&out);
        }
}

/* As few digits as bring the same double back. */
static void test_doubles(void)
{
    static const struct {
        double value;
        const char *json;
    } rows[] = {
        {0, "0"},
        {-0.5, "-0.5"},
        {0.1, "0.1"},
        {1.0 / 3, "0.3333333333333333"},
        {0.1 + 0.2, "0.30000000000000004"},
        {100, "100"},
        {-1250.5, "-1250.5"},
        {999.9999999999999, "999.9999999999999"},
        {99999999999999.98, "99999999999999.98"},
        {1e15, "1e+15"},
        {1e-5, "1e-05"},
        {123456789.125, "123456789.125"},
        {1e300, "1e+300"},
        {5e-324, "5e-324"},
        {1.7976931348623157e308, "1.7976931348623157e+308"},
        {NAN, "null"},
        {-INFINITY, "null"},
    };
    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        struct text out = TEXT(64);
        struct writer writer = {.out = &out};
        writer_double(&writer, NULL, rows[i].value);
        UNIT_SAME(rows[i].json, text_string(&out), rows[i].json);
        UNIT_CHECK(rows[i].json,
                   !isfinite(rows[i].value) || strtod(text_string(&out), NULL) == rows[i].value);
        text_free(&out);
    }
}

static void write_money(struct writer *json)
{
    const struct amount amount = {.units = 20000000, .currency = unit_currency("BTC")};
    writer_list(json, NULL);
    writer_money(json, NULL, amount);
    writer_money(json, NULL, (struct amount){0});
    writer_units(json, NULL, amount);
    writer_short(json, NULL, amount);
    writer_short_number(json, NULL, amount);
    writer_end(json);
}

static void write_mean(struct writer *json)
{
    writer_mean(json, NULL, (struct amount){.units = 556112, .currency = unit_currency("USD")},
                (struct rate){.coefficient = 5561119626, .scale = 9});
}

static void test_money(void)
{
    check_json("BTC", write_money, false, (struct writer_style){0},
               "[{\"value\":\"0.20000000\",\"value_int\":\"20000000\","
               "\"display\":\"0.20000000\\u00a0BTC\",\"display_short\":\"0.20\\u00a0BTC\","
               "\"currency\":\"BTC\"},null,\"20000000\",\"0.2\",0.2]");
    check_json("mean", write_mean, false, (struct writer_style){0},
               "{\"value\":\"5.561119626\",\"value_int\":\"556112\",\"display\":\"$5.56112\","
               "\"display_short\":\"$5.56\",\"currency\":\"USD\"}");
}

/* Any amount is exact, at any size. */
static void test_exact_money(void)
{
    static const char *const codes[] = {"BTC", "USD", "JPY", "KRO", "WEI"};
    static const __int128 units[] = {0, 1, -1, 50000, -50000, 123456789, DECIMAL_MAX, -DECIMAL_MAX};

    for (size_t i = 0; i < TEST_COUNT(codes) * TEST_COUNT(units); i++) {
        struct amount amount = {.units = units[i % TEST_COUNT(units)],
                                .currency = unit_currency(codes[i / TEST_COUNT(units)])};
        char value[AMOUNT_TEXT_SIZE], whole[AMOUNT_TEXT_SIZE];
        struct text out = TEXT(4096), expected = TEXT(4096);
        struct writer writer = {.out = &out};
        writer_money(&writer, NULL, amount);
        amount_format(amount, value);
        amount_format_units(amount, whole);
        text_addf(&expected, "{\"value\":\"%s\",\"value_int\":\"%s\",", value, whole);
        UNIT_CHECK(amount.currency->code,
                   strncmp(text_string(&out), text_string(&expected), expected.len) == 0);
        text_free(&out);
        text_free(&expected);
    }
}

/* What does not fit is noticed, and nothing is written past the cap. */
static void test_full(void)
{
    for (size_t max = 0; max < 8; max++) {
        struct text out = TEXT(max);
        struct writer writer = {.out = &out, .style.empty_map_as_list = true};
        writer_object(&writer, NULL);
        writer_object(&writer, "ab");
        writer_end(&writer);
        writer_end(&writer);
        UNIT_CHECK("full", out.full && out.len <= max);
        text_free(&out);
    }
}

static const struct test_case cases[] = {
    {"members, items, indents", test_members},
    {"empty maps", test_empty_maps},
    {"strings", test_strings},
    {"doubles", test_doubles},
    {"money", test_money},
    {"money is exact", test_exact_money},
    {"the cap", test_full},
    {NULL, NULL},
};
const struct test_suite suite_writer = {.name = "writer", .cases = cases};
