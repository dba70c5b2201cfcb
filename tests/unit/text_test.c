/* The growing text, UTF-8 and numbers. */
#include "base/text.h"

#include <string.h>

#include "tests/unit/unit.h"

static void test_build(void)
{
    struct text text = TEXT(1000);

    UNIT_SAME("new", text_string(&text), "");
    text_add(&text, "abcdef", 3);
    text_puts(&text, "-");
    text_putc(&text, 'x');
    text_addf(&text, "%d/%s", 42, "y");
    text_hex(&text, "\x00\x7f\xff", 3);
    text_puts(&text, "");
    memcpy(text_extend(&text, 2), "zz", 2);
    UNIT_SAME("built", text_string(&text), "abc-x42/y007fffzz");
    UNIT_CHECK("built", text.len == strlen(text.data) && !text.full);

    size_t room = text.room;
    text_clear(&text);
    UNIT_SAME("cleared", text_string(&text), "");
    UNIT_CHECK("cleared", text.len == 0 && text.room == room);
    for (int i = 0; i < 250; i++)
        text_puts(&text, "1234");
    UNIT_CHECK("to the brim", text.len == 1000 && !text.full);
    text_free(&text);
    UNIT_CHECK("freed", text.data == NULL && text.max == 1000);
    text_puts(&text, "again");
    UNIT_SAME("after free", text_string(&text), "again");
    text_free(&text);
}

/* What does not fit is left out as a whole, and said. */
static void test_cap(void)
{
    static const struct {
        const char *row;
        size_t max;
        size_t have;
        bool fits;
    } rows[] = {
        {"add, room", 8, 4, true},
        {"add, full", 7, 4, false},
        {"nothing fits", 0, 0, false},
    };
    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        for (int how = 0; how < 4; how++) {
            struct text text = TEXT(rows[i].max);
            for (size_t n = 0; n < rows[i].have; n++)
                text_putc(&text, '.');
            if (how == 0)
                text_puts(&text, "abcd");
            else if (how == 1)
                text_addf(&text, "%04d", 7);
            else if (how == 2)
                text_hex(&text, "ab", 2);
            else
                UNIT_CHECK(rows[i].row, (text_extend(&text, 4) != NULL) == rows[i].fits);
            UNIT_CHECK(rows[i].row, text.full == !rows[i].fits);
            UNIT_CHECK(rows[i].row, text.len == rows[i].have + (rows[i].fits ? 4 : 0));
            UNIT_CHECK(rows[i].row, text_string(&text)[text.len] == '\0');
            text_clear(&text);
            UNIT_CHECK(rows[i].row, !text.full);
            text_free(&text);
        }
    }
}

static void test_utf8(void)
{
    static const struct {
        const char *row;
        const char *data;
        size_t len;
        bool valid;
        size_t points; /* where valid */
    } rows[] = {
        {"empty", "", 0, true, 0},
        {"ascii", "abc", 3, true, 3},
        {"two bytes", "\xc2\x80\xdf\xbf", 4, true, 2},
        {"three bytes", "\xe0\xa0\x80\xe2\x82\xac\xef\xbf\xbf", 9, true, 3},
        {"four bytes", "\xf0\x90\x80\x80\xf4\x8f\xbf\xbf", 8, true, 2},
        {"around surrogates", "\xed\x9f\xbf\xee\x80\x80", 6, true, 2},
        {"NUL", "a\0b", 3, false, 0},
        {"lone continuation", "\x80", 1, false, 0},
        {"overlong 2", "\xc0\x80", 2, false, 0},
        {"overlong 2 high", "\xc1\xbf", 2, false, 0},
        {"overlong 3", "\xe0\x9f\xbf", 3, false, 0},
        {"overlong 4", "\xf0\x8f\xbf\xbf", 4, false, 0},
        {"surrogate low", "\xed\xa0\x80", 3, false, 0},
        {"surrogate high", "\xed\xbf\xbf", 3, false, 0},
        {"past the end", "\xf4\x90\x80\x80", 4, false, 0},
        {"five bytes", "\xf8\x88\x80\x80\x80", 5, false, 0},
        {"ff", "\xff", 1, false, 0},
        {"cut 2", "\xc2", 1, false, 0},
        {"cut 3", "\xe2\x82", 2, false, 0},
        {"cut 4", "\xf0\x9f\x92", 3, false, 0},
        {"bad third", "\xe2\x82\x41", 3, false, 0},
        {"bad fourth", "\xf0\x9f\x92\xc2", 4, false, 0},
    };
    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        UNIT_CHECK(rows[i].row, text_is_utf8(rows[i].data, rows[i].len) == rows[i].valid);
        if (rows[i].valid)
            UNIT_CHECK(rows[i].row, text_utf8_length(rows[i].data, rows[i].len) == rows[i].points);
    }
}

static void test_copy(void)
{
    static const struct {
        const char *string;
        size_t size;
        const char *expected;
    } rows[] = {
        {"abc", 8, "abc"}, {"abc", 4, "abc"}, {"abcd", 4, "abc"},
        {"abc", 1, ""},    {"", 8, ""},       {NULL, 8, ""},
    };
    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        char out[8] = "#######";
        text_copy(out, rows[i].size, rows[i].string);
        UNIT_SAME(rows[i].expected, out, rows[i].expected);
    }
}

static void test_number(void)
{
    static const struct {
        const char *string;
        int64_t least, most;
        bool valid;
        int64_t expected;
    } rows[] = {
        {"0", 0, 9, true, 0},
        {"9", 1, 9, true, 9},
        {"007", 1, 9, true, 7},
        {"-3", -3, 9, true, -3},
        {"9223372036854775807", 0, INT64_MAX, true, INT64_MAX},
        {"10", 1, 9, false, 0},
        {"0", 1, 9, false, 0},
        {"-4", -3, 9, false, 0},
        {"-0", 0, 9, false, 0},
        {"9223372036854775808", 0, INT64_MAX, false, 0},
        {"", 0, 9, false, 0},
        {"-", -3, 9, false, 0},
        {"+1", 0, 9, false, 0},
        {" 1", 0, 9, false, 0},
        {"1 ", 0, 9, false, 0},
        {"1x", 0, 9, false, 0},
        {"0x1", 0, 9, false, 0},
    };
    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        int64_t number = 42;
        UNIT_CHECK(rows[i].string, text_to_number(rows[i].string, rows[i].least, rows[i].most,
                                                  &number) == rows[i].valid);
        UNIT_CHECK(rows[i].string, number == (rows[i].valid ? rows[i].expected : 42));
    }
}

static const struct test_case cases[] = {
    {"building", test_build}, {"copying", test_copy},   {"the cap", test_cap},
    {"UTF-8", test_utf8},     {"numbers", test_number}, {NULL, NULL},
};
const struct test_suite suite_text = {.name = "text", .cases = cases};
