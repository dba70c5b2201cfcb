/* Field tables: types, ranges, and the words for what is wrong. */
#include "fcgi/server/fields.h"

#include <stdio.h>
#include <string.h>

#include "tests/unit/unit.h"

struct target {
    const char *text;
    struct field_bytes bytes;
    int64_t number;
    bool flag, given;
    struct uuid id;
    const struct currency *currency;
};

static const char *const choices[] = {"ask", "bid", "none", NULL};

#define AT(member) .offset = offsetof(struct target, member)
static const struct field text_field = {
    .name = "t", .type = FIELD_TEXT, .required = true, .min = 1, .max = 5, AT(text)};
static const struct field long_field = {.name = "t", .type = FIELD_TEXT, AT(text)};
static const struct field bytes_field = {
    .name = "t", .type = FIELD_BYTES, .min = 2, .max = 3, AT(bytes)};
static const struct field int_field = {
    .name = "t", .type = FIELD_INT, .required = true, .min = -2, .max = 100, AT(number)};
static const struct field big_field = {.name = "t", .type = FIELD_INT, AT(number)};
static const struct field bool_field = {.name = "t", .type = FIELD_BOOL, AT(flag)};
static const struct field uuid_field = {.name = "t", .type = FIELD_UUID, AT(id)};
static const struct field date_field = {.name = "t", .type = FIELD_DATE, AT(number)};
static const struct field currency_field = {.name = "t", .type = FIELD_CURRENCY, AT(currency)};
static const struct field choice_field = {
    .name = "t", .type = FIELD_CHOICE, .choices = choices, AT(number)};
static const struct field words_field = {.name = "t",
                                         .type = FIELD_CHOICE,
                                         .choices = choices,
                                         .detail = "should be a side",
                                         AT(number)};

static struct request request;

static void give(const char *name, const char *value, size_t len)
{
    request_free(&request);
    if (value != NULL && request_add_param(&request, name, value, len, NULL) != ERR_OK)
        UNIT_CHECK(name, false);
}

static void test_values(void)
{
    static const struct {
        const char *name;
        const struct field *field;
        const char *value;
        enum err rc;
        int64_t number;
    } rows[] = {
        {"text", &text_field, "abc", ERR_OK, 0},
        {"text of 5 points", &text_field, "\u20ac\u20ac\u20ac\u20ac\u20ac", ERR_OK, 0},
        {"text of 6 points", &text_field, "abcdef", ERR_TOO_LONG, 0},
        {"text empty", &text_field, "", ERR_EMPTY, 0},
        {"text missing", &text_field, NULL, ERR_MISSING, 0},
        {"text broken", &text_field, "\xff", ERR_NOT_UTF8, 0},
        {"optional missing", &long_field, NULL, ERR_OK, 0},
        {"optional empty", &long_field, "", ERR_OK, 0},
        {"bytes", &bytes_field, "\xff\xfe", ERR_OK, 0},
        {"bytes short", &bytes_field, "a", ERR_OUT_OF_RANGE, 0},
        {"bytes long", &bytes_field, "abcd", ERR_TOO_LONG, 0},
        {"int", &int_field, "42", ERR_OK, 42},
        {"int negative", &int_field, "-2", ERR_OK, -2},
        {"int low", &int_field, "-3", ERR_OUT_OF_RANGE, 0},
        {"int high", &int_field, "101", ERR_OUT_OF_RANGE, 0},
        {"int words", &int_field, "abc", ERR_INVALID, 0},
        {"int plus", &int_field, "+1", ERR_INVALID, 0},
        {"int space", &int_field, " 1", ERR_INVALID, 0},
        {"int point", &int_field, "1.0", ERR_INVALID, 0},
        {"int minus", &int_field, "-", ERR_INVALID, 0},
        {"int empty", &int_field, "", ERR_EMPTY, 0},
        {"int largest", &big_field, "9223372036854775807", ERR_OK, INT64_MAX},
        {"int overflow", &big_field, "9223372036854775808", ERR_OUT_OF_RANGE, 0},
        {"int below", &big_field, "-1", ERR_OUT_OF_RANGE, 0},
        {"int huge and wrong", &big_field, "99999999999999999999x", ERR_INVALID, 0},
        {"optional int empty", &big_field, "", ERR_OK, 0},
        {"bool 1", &bool_field, "1", ERR_OK, 0},
        {"bool false", &bool_field, "false", ERR_OK, 0},
        {"bool yes", &bool_field, "yes", ERR_INVALID, 0},
        {"uuid", &uuid_field, "01234567-89ab-CDEF-0123-456789abcdef", ERR_OK, 0},
        {"uuid short", &uuid_field, "01234567", ERR_NOT_UUID, 0},
        {"date seconds", &date_field, "1234567890", ERR_OK, 1234567890},
        {"date day", &date_field, "2012-08-03", ERR_OK, 1343952000},
        {"date time", &date_field, "2012-02-01 23:32:11", ERR_OK, 1328139131},
        {"date epoch", &date_field, "1970-01-01", ERR_OK, 0},
        {"date leap day", &date_field, "2000-02-29", ERR_OK, 951782400},
        {"date no leap day", &date_field, "1900-02-29", ERR_NOT_DATE, 0},
        {"date month 13", &date_field, "2012-13-01", ERR_NOT_DATE, 0},
        {"date day 31", &date_field, "2012-04-31", ERR_NOT_DATE, 0},
        {"date hour 24", &date_field, "2012-04-30 24:00:00", ERR_NOT_DATE, 0},
        {"date far", &date_field, "253402300800", ERR_NOT_DATE, 0},
        {"date words", &date_field, "yesterday", ERR_NOT_DATE, 0},
        {"date with T", &date_field, "2012-04-30T01:00:00", ERR_NOT_DATE, 0},
        {"currency", &currency_field, "USD", ERR_OK, 0},
        {"currency lower", &currency_field, "usd", ERR_CURRENCY_UNKNOWN, 0},
        {"choice", &choice_field, "bid", ERR_OK, 1},
        {"choice wrong", &choice_field, "Bid", ERR_INVALID, 0},
    };
    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        struct target target = {0};
        give("t", rows[i].value, rows[i].value == NULL ? 0 : strlen(rows[i].value));
        enum err rc = fields_read(&request, rows[i].field, 1, &target);
        UNIT_SAME(rows[i].name, err_id(rc), err_id(rows[i].rc));
        UNIT_CHECK(rows[i].name, target.number == rows[i].number);
        if (rc != ERR_OK)
            UNIT_SAME(rows[i].name, request.err_field, "t");
    }
    request_free(&request);
}

static void test_targets(void)
{
    struct target target = {0};
    struct field given = long_field;
    give("t", "a\0b", 3);
    UNIT_SAME("NUL in text", err_id(fields_read(&request, &text_field, 1, &target)), "not_utf8");
    given.given_offset = offsetof(struct target, given);
    give("x", "1", 1);
    UNIT_CHECK("absent", fields_read(&request, &given, 1, &target) == ERR_OK && !target.given);
    give("t", "word", 4);
    UNIT_CHECK("there", fields_read(&request, &given, 1, &target) == ERR_OK && target.given);
    UNIT_SAME("text", target.text, "word");
    give("t", "a\xff", 2);
    UNIT_CHECK("bytes", fields_read(&request, &bytes_field, 1, &target) == ERR_OK &&
                            target.bytes.len == 2 && memcmp(target.bytes.data, "a\xff", 2) == 0);
    give("t", "BTC", 3);
    UNIT_CHECK("currency", fields_read(&request, &currency_field, 1, &target) == ERR_OK &&
                               target.currency == unit_currency("BTC"));
    give("t", "true", 4);
    UNIT_CHECK("bool", fields_read(&request, &bool_field, 1, &target) == ERR_OK && target.flag);
    request.captures[0].name = "t";
    request.captures[0].value = "0";
    request.capture_count = 1;
    UNIT_CHECK("a capture wins",
               fields_read(&request, &bool_field, 1, &target) == ERR_OK && !target.flag);
    request_free(&request);
}

static void test_words(void)
{
    struct target target = {0};
    struct json_object *array = json_object_new_array();
    give("t", "x", 1);
    UNIT_SAME("choices", err_id(fields_read(&request, &choice_field, 1, &target)),
              "invalid_parameter");
    UNIT_SAME("choices", request.err_detail, "should be ask, bid or none");
    UNIT_SAME("own words", err_id(fields_read(&request, &words_field, 1, &target)),
              "invalid_parameter");
    UNIT_SAME("own words", request.err_detail, "should be a side");
    request_free(&request);
    UNIT_CHECK("array", request_add_param(&request, "t", "[]", 2, array) == ERR_OK);
    UNIT_SAME("array", err_id(fields_read(&request, &text_field, 1, &target)), "invalid_parameter");
    json_object_put(array);
    request_free(&request);
}

static void test_amount(void)
{
    static const struct {
        const char *decimal, *units; /* NULL: absent */
        enum err rc;
        const char *field, *result;
    } rows[] = {
        {"12.5", NULL, ERR_OK, NULL, "12.50000"},
        {NULL, "1250000", ERR_OK, NULL, "12.50000"},
        {"12.5", "1250000", ERR_OK, NULL, "12.50000"},
        {"", "1250000", ERR_OK, NULL, "12.50000"},
        {"12.5", "", ERR_OK, NULL, "12.50000"},
        {"12.5", "1250001", ERR_AMOUNT_DISAGREES, "amount", NULL},
        {NULL, NULL, ERR_MISSING, "amount", NULL},
        {"", "", ERR_MISSING, "amount", NULL},
        {"0", NULL, ERR_AMOUNT_NOT_POSITIVE, "amount", NULL},
        {"0.00000", NULL, ERR_AMOUNT_NOT_POSITIVE, "amount", NULL},
        {NULL, "0", ERR_AMOUNT_NOT_POSITIVE, "amount_int", NULL},
        {"-1", NULL, ERR_AMOUNT_NOT_POSITIVE, "amount", NULL},
        {NULL, "-5", ERR_AMOUNT_NOT_POSITIVE, "amount_int", NULL},
        {"-", NULL, ERR_AMOUNT_FORMAT, "amount", NULL},
        {"-x", NULL, ERR_AMOUNT_FORMAT, "amount", NULL},
        {"--1", NULL, ERR_AMOUNT_FORMAT, "amount", NULL},
        {"abc", NULL, ERR_AMOUNT_FORMAT, "amount", NULL},
        {"1e3", NULL, ERR_AMOUNT_FORMAT, "amount", NULL},
        {"1.123456", NULL, ERR_AMOUNT_DIGITS, "amount", NULL},
        {NULL, "1.5", ERR_AMOUNT_FORMAT, "amount_int", NULL},
        {"999999999999999999999999999999999999999999", NULL, ERR_AMOUNT_RANGE, "amount", NULL},
    };
    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        char name[96], text[AMOUNT_TEXT_SIZE];
        struct amount amount;
        const char *decimal = rows[i].decimal, *units = rows[i].units;
        snprintf(name, sizeof(name), "%s / %s", decimal == NULL ? "-" : decimal,
                 units == NULL ? "-" : units);
        give("amount", decimal, decimal == NULL ? 0 : strlen(decimal));
        if (units != NULL)
            UNIT_CHECK(name, request_add_param(&request, "amount_int", units, strlen(units),
                                               NULL) == ERR_OK);
        enum err rc = fields_amount(&request, "amount", unit_currency("USD"), &amount);
        UNIT_SAME(name, err_id(rc), err_id(rows[i].rc));
        if (rc == ERR_OK) {
            amount_format(amount, text);
            UNIT_SAME(name, text, rows[i].result);
        } else {
            UNIT_SAME(name, request.err_field, rows[i].field);
        }
    }
    request_free(&request);
}

static const struct test_case cases[] = {
    {"values of each type", test_values},
    {"targets", test_targets},
    {"words for wrong values", test_words},
    {"amounts", test_amount},
    {NULL, NULL},
};
const struct test_suite suite_fields = {.name = "fields", .cases = cases};
