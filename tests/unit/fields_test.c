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
static const struct field until_field = {.name = "t", .type = FIELD_UNTIL, AT(number)};
static const struct field currency_field = {.name = "t", .type = FIELD_CURRENCY, AT(currency)};
static const struct field choice_field = {
    .name = "t", .type = FIELD_CHOICE, .choices = choices, AT(number)};
static const struct field words_field = {.name = "t",
                                         .type = FIELD_CHOICE,
                                         .choices = choices,
                                         .detail = "should be a side",
                                         AT(number)};

static struct request request;

static struct route route = {.path = "/t"};

/* Reads one row, as a handler does. */
static enum err read_one(const struct field *field, struct target *target)
{
    struct field_table table = {field, 1, sizeof(*target)};
    route.fields = &table;
    request.route = &route;
    request.reader.fault_count = 0;
    return FIELDS_READ(&request, target);
}

static void give(const char *name, const char *value, size_t len)
{
    request_start(&request, NULL, NULL);
    if (value != NULL && request_add_param(&request, name, value, len) != ERR_OK)
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
        {"bool of any case", &bool_field, "FALSE", ERR_OK, 0},
        {"bool no", &bool_field, "no", ERR_OK, 0},
        {"bool off", &bool_field, "Off", ERR_OK, 0},
        {"bool words", &bool_field, "oui", ERR_INVALID, 0},
        {"bool number", &bool_field, "2", ERR_INVALID, 0},
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
        {"date past the database's", &date_field, "9999-12-31", ERR_OK, 2147483646},
        {"date before it", &date_field, "1969-12-31", ERR_OK, 0},
        {"until before it", &until_field, "1969-12-31", ERR_OK, 1},
        {"until past it", &until_field, "253402300799", ERR_OK, 2147483646},
        {"until a day", &until_field, "2012-08-03", ERR_OK, 1344038400},
        {"until a moment", &until_field, "2012-08-03 00:00:00", ERR_OK, 1343952001},
        {"currency", &currency_field, "USD", ERR_OK, 0},
        {"currency lower", &currency_field, "usd", ERR_CURRENCY_UNKNOWN, 0},
        {"choice", &choice_field, "bid", ERR_OK, 1},
        {"choice wrong", &choice_field, "Bid", ERR_INVALID, 0},
    };
    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        struct target target = {0};
        give("t", rows[i].value, rows[i].value == NULL ? 0 : strlen(rows[i].value));
        enum err rc = read_one(rows[i].field, &target);
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
    UNIT_SAME("NUL in text", err_id(read_one(&text_field, &target)), "not_utf8");
    given.given_offset = offsetof(struct target, given);
    give("x", "1", 1);
    UNIT_CHECK("absent", read_one(&given, &target) == ERR_OK && !target.given);
    give("t", "word", 4);
    UNIT_CHECK("there", read_one(&given, &target) == ERR_OK && target.given);
    UNIT_SAME("text", target.text, "word");
    give("t", "a\xff", 2);
    UNIT_CHECK("bytes", read_one(&bytes_field, &target) == ERR_OK && target.bytes.len == 2 &&
                            memcmp(target.bytes.data, "a\xff", 2) == 0);
    give("t", "BTC", 3);
    UNIT_CHECK("currency", read_one(&currency_field, &target) == ERR_OK &&
                               target.currency == unit_currency("BTC"));
    give("t", "true", 4);
    UNIT_CHECK("bool", read_one(&bool_field, &target) == ERR_OK && target.flag);
    static const char *const yes[] = {"True", "yes", "ON", "1"};
    for (size_t i = 0; i < TEST_COUNT(yes); i++) {
        target.flag = false;
        give("t", yes[i], strlen(yes[i]));
        UNIT_CHECK(yes[i], read_one(&bool_field, &target) == ERR_OK && target.flag);
    }
    request_free(&request);
}

static void test_words(void)
{
    struct target target = {0};
    struct value list = {.type = VALUE_LIST, .name = "t", .text = ""};
    give("t", "x", 1);
    UNIT_SAME("choices", err_id(read_one(&choice_field, &target)), "invalid_parameter");
    UNIT_SAME("choices", request.err_detail, "should be ask, bid or none");
    UNIT_SAME("own words", err_id(read_one(&words_field, &target)), "invalid_parameter");
    UNIT_SAME("own words", request.err_detail, "should be a side");
    give("t", NULL, 0);
    value_append(&request.params, &list);
    UNIT_SAME("a list is no text", err_id(read_one(&text_field, &target)), "invalid_parameter");
    request_free(&request);
}

/* Captures and headers are found where they are, and nowhere else. */
static void test_places(void)
{
    static const char *const once[] = {"HTTP_THE_KEY=7", NULL};
    static const char *const twice[] = {"HTTP_THE_KEY=7", "HTTP_THE_KEY=8", NULL};
    static const struct field path = {
        .name = "t", .type = FIELD_INT, .place = FIELD_IN_PATH, .required = true, AT(number)};
    static const struct field header = {.name = "The-Key",
                                        .type = FIELD_INT,
                                        .place = FIELD_IN_HEADER,
                                        .required = true,
                                        AT(number)};
    struct target target = {0};

    give("t", "1", 1);
    UNIT_SAME("a parameter is no capture", err_id(read_one(&path, &target)), "missing_parameter");
    request.captures[0].name = "t";
    request.captures[0].value = "5";
    request.capture_count = 1;
    UNIT_CHECK("capture", read_one(&path, &target) == ERR_OK && target.number == 5);
    UNIT_SAME("no header", err_id(read_one(&header, &target)), "missing_parameter");
    request_start(&request, NULL, (char *const *)once);
    UNIT_CHECK("header", read_one(&header, &target) == ERR_OK && target.number == 7);
    request_start(&request, NULL, (char *const *)twice);
    UNIT_SAME("header twice", err_id(read_one(&header, &target)), "repeated_parameter");
    UNIT_SAME("header twice", request.err_field, "The-Key");
    request_free(&request);
}

struct amounts {
    const struct currency *currency;
    struct amount amount;
    struct field_amount later;
};

#define AMOUNT_ROW(called, member, by)                                              \
    {                                                                               \
        .name = (called), .type = FIELD_AMOUNT, .required = true, .currency = (by), \
        .offset = offsetof(struct amounts, member)                                  \
    }

static const struct field amount_rows[] = {
    {.name = "currency", .type = FIELD_CURRENCY, .offset = offsetof(struct amounts, currency)},
    AMOUNT_ROW("amount", amount, "currency"),
};
static const struct field later_rows[] = {AMOUNT_ROW("amount", later, NULL)};

/* The same amount, by the currency that a field names and by one that is found out later. */
static void read_amounts(const char *name, enum err wanted, const char *field, const char *result)
{
    struct amounts target = {0};
    char text[AMOUNT_TEXT_SIZE];

    request.route = &route;
    for (int later = 0; later < 2; later++) {
        route.fields = later == 1 ? FIELD_TABLE(later_rows, struct amounts)
                                  : FIELD_TABLE(amount_rows, struct amounts);
        request.reader.fault_count = 0;
        enum err rc = FIELDS_READ(&request, &target);
        if (later == 1) {
            UNIT_CHECK(name, rc == ERR_OK);
            rc = fields_amount(&request, &target.later, unit_currency("USD"), &target.amount);
        }
        UNIT_SAME(name, err_id(rc), err_id(wanted));
        if (rc == ERR_OK) {
            amount_format(target.amount, text);
            UNIT_SAME(name, text, result);
        } else {
            UNIT_SAME(name, request.err_field, field);
        }
    }
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
        {".5", NULL, ERR_OK, NULL, "0.50000"},
        {"12.", NULL, ERR_OK, NULL, "12.00000"},
        {"12.5000000000", NULL, ERR_OK, NULL, "12.50000"},
        {"5.0E-5", NULL, ERR_OK, NULL, "0.00005"},
        {"1.0E+3", NULL, ERR_OK, NULL, "1000.00000"},
        {NULL, "530000.0", ERR_OK, NULL, "5.30000"},
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
        {"+1", NULL, ERR_AMOUNT_FORMAT, "amount", NULL},
        {" 1", NULL, ERR_AMOUNT_FORMAT, "amount", NULL},
        {"1,000", NULL, ERR_AMOUNT_FORMAT, "amount", NULL},
        {"Infinity", NULL, ERR_AMOUNT_FORMAT, "amount", NULL},
        {"abc", NULL, ERR_AMOUNT_FORMAT, "amount", NULL},
        {"1.123456", NULL, ERR_AMOUNT_DIGITS, "amount", NULL},
        {"5.0E-6", NULL, ERR_AMOUNT_DIGITS, "amount", NULL},
        {NULL, "1.5", ERR_AMOUNT_FORMAT, "amount_int", NULL},
        {"999999999999999999999999999999999999999999", NULL, ERR_AMOUNT_RANGE, "amount", NULL},
        {"1e99", NULL, ERR_AMOUNT_RANGE, "amount", NULL},
    };
    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        char name[96];
        const char *decimal = rows[i].decimal, *units = rows[i].units;
        snprintf(name, sizeof(name), "%s / %s", decimal == NULL ? "-" : decimal,
                 units == NULL ? "-" : units);
        give("amount", decimal, decimal == NULL ? 0 : strlen(decimal));
        UNIT_CHECK(name, request_add_param(&request, "currency", "USD", 3) == ERR_OK);
        if (units != NULL)
            UNIT_CHECK(name,
                       request_add_param(&request, "amount_int", units, strlen(units)) == ERR_OK);
        read_amounts(name, rows[i].rc, rows[i].field, rows[i].result);
    }
    request_free(&request);
}

struct item {
    const char *name;
    struct amount price;
    const struct currency *currency;
    struct rate share;
};

struct order {
    const char *kind, *card, *iban;
    struct item main;
    struct field_list items, tags;
    bool with_card, with_iban;
};

#define IN(type, member) offsetof(struct type, member)
static const struct field item_rows[] = {
    {.name = "name", .type = FIELD_TEXT, .required = true, .min = 1, .offset = IN(item, name)},
    {.name = "currency", .type = FIELD_CURRENCY, .required = true, .offset = IN(item, currency)},
    {.name = "price", .type = FIELD_AMOUNT, .currency = "currency", .offset = IN(item, price)},
    {.name = "share", .type = FIELD_DECIMAL, .max = 3, .offset = IN(item, share)},
};
FIELD_TABLE_OF(item_table, item_rows, struct item);
static const struct field item_field = {
    .type = FIELD_OBJECT, .fields = &item_table, .size = sizeof(struct item)};
static const struct field tag_field = {
    .type = FIELD_CHOICE, .choices = choices, .size = sizeof(int64_t)};
static const struct field order_rows[] = {
    {.name = "kind", .type = FIELD_TEXT, .offset = IN(order, kind)},
    {.name = "card",
     .type = FIELD_TEXT,
     .offset = IN(order, card),
     .given_offset = IN(order, with_card),
     .one_of = "means"},
    {.name = "iban",
     .type = FIELD_TEXT,
     .required = true,
     .offset = IN(order, iban),
     .when = "kind",
     .is = "bank",
     .one_of = "means"},
    {.name = "main", .type = FIELD_OBJECT, .fields = &item_table, .offset = IN(order, main)},
    {.name = "items",
     .type = FIELD_LIST,
     .item = &item_field,
     .min = 1,
     .max = 3,
     .offset = IN(order, items)},
    {.name = "tags", .type = FIELD_LIST, .item = &tag_field, .max = 2, .offset = IN(order, tags)},
};

/* Reads a JSON document by the table of orders; gives its faults as "path: error; ". */
static const char *faults_of(const char *json, bool all, struct order *order)
{
    static char words[512];
    struct value *root;
    const char *where;
    size_t len = 0;

    request_start(&request, NULL, NULL);
    if (value_parse(&request.arena, json, strlen(json), &root, &where) != ERR_OK)
        return "not JSON";
    struct field_reader reader = {.arena = &request.arena, .all = all};
    *order = (struct order){.kind = ""};
    enum err rc = field_read(&reader, FIELD_TABLE(order_rows, struct order), root, order);
    words[0] = '\0';
    for (size_t i = 0; i < reader.fault_count; i++)
        len += (size_t)snprintf(words + len, sizeof(words) - len, "%s: %s; ", reader.faults[i].path,
                                err_id(reader.faults[i].rc));
    return (rc == ERR_OK) == (reader.fault_count == 0) ? words : "rc and faults disagree";
}

#define ITEM "{\"name\":\"a\",\"currency\":\"USD\""

static void test_nested(void)
{
    static const struct {
        const char *json, *first, *all;
    } rows[] = {
        {"{\"card\":\"x\"}", "", ""},
        {"{}", "card: missing_parameter; ", "card: missing_parameter; "},
        {"{\"kind\":\"bank\"}", "iban: missing_parameter; ",
         "iban: missing_parameter; card: missing_parameter; "},
        {"{\"kind\":\"bank\",\"iban\":\"1\"}", "", ""},
        {"{\"card\":\"x\",\"items\":[]}", "items: empty; ", "items: empty; "},
        {"{\"card\":\"x\",\"items\":{}}", "items: invalid_parameter; ",
         "items: invalid_parameter; "},
        {"{\"card\":\"x\",\"items\":[1]}", "items[0]: invalid_parameter; ",
         "items[0]: invalid_parameter; "},
        {"{\"card\":\"x\",\"items\":[" ITEM "}," ITEM "}," ITEM "}," ITEM "}]}",
         "items: too_long; ", "items: too_long; "},
        {"{\"card\":\"x\",\"items\":[" ITEM "}," ITEM
         ",\"price\":\"x\"},{}],\"tags\":[\"bid\",\"x\"]}",
         "items[1].price: amount_format; ",
         "items[1].price: amount_format; items[2].name: missing_parameter; "
         "items[2].currency: missing_parameter; tags[1]: invalid_parameter; "},
        {"{\"card\":\"x\",\"main\":{\"name\":\"\"}}", "main.name: empty; ",
         "main.name: empty; main.currency: missing_parameter; "},
        {"{\"card\":\"x\",\"main\":7}", "main: invalid_parameter; ", "main: invalid_parameter; "},
        {"{\"card\":\"x\",\"main\":" ITEM ",\"share\":0.1234}}", "main.share: amount_digits; ",
         "main.share: amount_digits; "},
    };
    struct order order;
    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        UNIT_SAME(rows[i].json, faults_of(rows[i].json, false, &order), rows[i].first);
        UNIT_SAME(rows[i].json, faults_of(rows[i].json, true, &order), rows[i].all);
    }
    request_free(&request);
}

static void test_nested_targets(void)
{
    struct order order = {0};
    UNIT_SAME("good",
              faults_of("{\"card\":\"c\",\"main\":" ITEM ",\"share\":\".125\"},\"items\":[" ITEM
                        ",\"price_int\":7}," ITEM ",\"price\":2}],\"tags\":[\"none\",\"ask\"]}",
                        false, &order),
              "");
    const struct item *items = order.items.items;
    const int64_t *tags = order.tags.items;
    UNIT_CHECK("list of objects", order.items.count == 2 && items[0].price.units == 7 &&
                                      items[1].price.units == 200000);
    UNIT_CHECK("list of choices", order.tags.count == 2 && tags[0] == 2 && tags[1] == 0);
    UNIT_SAME("object", order.main.name, "a");
    UNIT_CHECK("decimal", order.main.share.coefficient == 125 && order.main.share.scale == 3);
    UNIT_CHECK("given", order.with_card);
    request_free(&request);
}

/* What a form says in brackets is what JSON nests. */
static void test_nested_form(void)
{
    static const char *const pairs[][2] = {
        {"card", "c"},           {"items[0][name]", "a"},       {"items[0][currency]", "USD"},
        {"items[1][name]", "b"}, {"items[1][currency]", "XXX"}, {"tags[]", "bid"},
        {"tags[]", "ask"},
    };
    const struct route form = {.path = "/t", .fields = FIELD_TABLE(order_rows, struct order)};
    struct order order = {.kind = ""};

    request_start(&request, NULL, NULL);
    for (size_t i = 0; i < TEST_COUNT(pairs); i++)
        UNIT_CHECK(pairs[i][0], request_add_param(&request, pairs[i][0], pairs[i][1],
                                                  strlen(pairs[i][1])) == ERR_OK);
    request.route = &form;
    UNIT_SAME("form", err_id(FIELDS_READ(&request, &order)), "unknown_currency");
    UNIT_SAME("form", request.err_field, "items[1].currency");
    UNIT_SAME("twice", err_id(request_add_param(&request, "items[0][name]", "c", 1)),
              "repeated_parameter");
    UNIT_SAME("object and list", err_id(request_add_param(&request, "tags[x]", "c", 1)),
              "repeated_parameter");
    request_free(&request);
}

static const struct test_case cases[] = {
    {"values of each type", test_values},
    {"targets", test_targets},
    {"words for wrong values", test_words},
    {"captures and headers", test_places},
    {"amounts", test_amount},
    {"objects, lists, groups: faults by path", test_nested},
    {"objects and lists: targets", test_nested_targets},
    {"objects and lists in forms", test_nested_form},
    {NULL, NULL},
};
const struct test_suite suite_fields = {.name = "fields", .cases = cases};
