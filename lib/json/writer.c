/* Writing JSON: escapes, commas and indents, and the values that the core has. */
#include "json/writer.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "money/display.h"

#define INDENT 4         /* spaces per level, as PHP's pretty print */
#define DOUBLE_DIGITS 17 /* as many as any double needs to be told from its neighbours */
#define DOUBLE_TEXT_SIZE 32
#define PLAIN_BELOW 1e15 /* doubles from 1 to here are written without an exponent */

/* One code point of valid UTF-8; steps `*p` over it. */
static unsigned long next_point(const unsigned char **p)
{
    const unsigned char *s = *p;
    if (s[0] < 0xe0) {
        *p += 2;
        return (s[0] & 0x1fu) << 6 | (s[1] & 0x3fu);
    }
    if (s[0] < 0xf0) {
        *p += 3;
        return (s[0] & 0x0fu) << 12 | (s[1] & 0x3fu) << 6 | (s[2] & 0x3fu);
    }
    *p += 4;
    return (s[0] & 0x07ul) << 18 | (s[1] & 0x3ful) << 12 | (s[2] & 0x3ful) << 6 | (s[3] & 0x3ful);
}

/* \uXXXX */
static void put_unit(struct text *out, unsigned long unit)
{
    const uint8_t bytes[] = {(uint8_t)(unit >> 8), (uint8_t)unit};
    text_add(out, "\\u", 2);
    text_hex(out, bytes, sizeof(bytes));
}

static void put_point(struct text *out, unsigned long point)
{
    if (point < 0x10000) {
        put_unit(out, point);
        return;
    }
    point -= 0x10000;
    put_unit(out, 0xd800 + (point >> 10));
    put_unit(out, 0xdc00 + (point & 0x3ff));
}

static void put_control(struct text *out, unsigned char c)
{
    static const char plain[] = "\b\f\n\r\t";
    static const char letters[] = "bfnrt";
    const char *found = strchr(plain, c);
    if (c != 0 && found != NULL)
        text_addf(out, "\\%c", letters[found - plain]);
    else
        put_unit(out, c);
}

/* How many of the bytes stand for themselves in JSON, from the first one on. */
static size_t plain_length(struct writer_style style, const unsigned char *p, size_t len)
{
    size_t n = 0;
    while (n < len && p[n] >= 0x20 && p[n] < 0x80 && p[n] != '"' && p[n] != '\\' &&
           (p[n] != '/' || style.plain_slashes))
        n++;
    return n;
}

/* The inside of a string, from its first byte that does not stand for itself. */
static void put_escaped(struct text *out, struct writer_style style, const unsigned char *p,
                        const unsigned char *end)
{
    bool utf8 = true, checked = false;
    while (p < end) {
        if (*p >= 0x80 && !checked) {
            /* A NUL before it is no UTF-8 for text_is_utf8, so only what follows is looked at. */
            utf8 = text_is_utf8((const char *)p, (size_t)(end - p));
            checked = true;
        }
        if (*p >= 0x80 && utf8) {
            const unsigned char *start = p;
            unsigned long point = next_point(&p);
            if (style.plain_utf8)
                text_add(out, start, (size_t)(p - start));
            else
                put_point(out, point);
        } else if (*p >= 0x80) {
            text_puts(out, "\\ufffd");
            p++;
        } else if (*p < 0x20) {
            put_control(out, *p++);
        } else {
            text_putc(out, '\\');
            text_putc(out, (char)*p++);
        }
        size_t plain = plain_length(style, p, (size_t)(end - p));
        text_add(out, p, plain);
        p += plain;
    }
}

/* A string with its quotes. */
static void put_string(struct writer *writer, const char *string, size_t len)
{
    const unsigned char *p = (const unsigned char *)string;
    size_t plain = plain_length(writer->style, p, len);
    bool whole = plain == len;
    char *start = text_extend(writer->out, 1 + plain + whole);

    if (start == NULL)
        return;
    *start = '"';
    memcpy(start + 1, p, plain);
    if (whole) {
        start[1 + plain] = '"';
    } else {
        put_escaped(writer->out, writer->style, p + plain, p + len);
        text_putc(writer->out, '"');
    }
}

static void put_break(struct writer *writer)
{
    if (!writer->pretty)
        return;
    text_putc(writer->out, '\n');
    for (unsigned i = 0; i < writer->depth * INDENT; i++)
        text_putc(writer->out, ' ');
}

/* What comes in front of a value: the comma, and its key. */
static void begin_value(struct writer *writer, const char *key)
{
    if (writer->announced) {
        writer->announced = false;
        return;
    }
    if (writer->depth > 0) {
        if (writer->filled)
            text_putc(writer->out, ',');
        put_break(writer);
        writer->filled = true;
    }
    if (key == NULL)
        return;
    put_string(writer, key, strlen(key));
    text_putc(writer->out, ':');
    if (writer->pretty)
        text_putc(writer->out, ' ');
}

void writer_key(struct writer *writer, const char *key)
{
    begin_value(writer, key);
    writer->announced = true;
}

static void open_value(struct writer *writer, const char *key, bool object)
{
    begin_value(writer, key);
    if (writer->depth == WRITER_MAX_DEPTH)
        abort(); /* our bug: values are not nested by what a caller sends */
    uint64_t bit = UINT64_C(1) << writer->depth++;
    writer->objects = object ? writer->objects | bit : writer->objects & ~bit;
    writer->filled = false;
    text_putc(writer->out, object ? '{' : '[');
}

void writer_object(struct writer *writer, const char *key)
{
    open_value(writer, key, true);
}

void writer_list(struct writer *writer, const char *key)
{
    open_value(writer, key, false);
}

void writer_end(struct writer *writer)
{
    struct text *out = writer->out;

    if (writer->depth == 0)
        abort(); /* our bug */
    bool object = (writer->objects >> --writer->depth & 1) != 0;
    if (writer->filled) {
        put_break(writer);
    } else if (object && writer->style.empty_map_as_list && !out->full) {
        out->data[out->len - 1] = '[';
        object = false;
    }
    text_putc(out, object ? '}' : ']');
    writer->filled = true;
}

static void put_plain(struct writer *writer, const char *key, const char *text)
{
    begin_value(writer, key);
    text_puts(writer->out, text);
}

void writer_null(struct writer *writer, const char *key)
{
    put_plain(writer, key, "null");
}

void writer_bool(struct writer *writer, const char *key, bool value)
{
    put_plain(writer, key, value ? "true" : "false");
}

void writer_raw(struct writer *writer, const char *key, const char *text)
{
    put_plain(writer, key, text);
}

void writer_number(struct writer *writer, const char *key, const char *digits)
{
    put_plain(writer, key, digits);
}

void writer_int(struct writer *writer, const char *key, int64_t value)
{
    char digits[DECIMAL_TEXT_SIZE];
    int128_format(value, digits);
    put_plain(writer, key, digits);
}

void writer_double(struct writer *writer, const char *key, double value)
{
    char digits[DOUBLE_TEXT_SIZE] = "null";
    bool plain = fabs(value) >= 1 && fabs(value) < PLAIN_BELOW;
    int whole = 1; /* digits before the point */
    for (int64_t rest = plain ? (int64_t)fabs(value) : 0; rest >= 10; rest /= 10)
        whole++;
    for (int count = 1; isfinite(value) && count <= DOUBLE_DIGITS; count++) {
        if (plain)
            snprintf(digits, sizeof(digits), "%.*f", count > whole ? count - whole : 0, value);
        else
            snprintf(digits, sizeof(digits), "%.*g", count, value);
        if (strtod(digits, NULL) == value)
            break;
    }
    put_plain(writer, key, digits);
}

void writer_bytes(struct writer *writer, const char *key, const char *bytes, size_t len)
{
    begin_value(writer, key);
    put_string(writer, bytes, len);
}

void writer_text(struct writer *writer, const char *key, const char *value)
{
    if (value == NULL)
        writer_null(writer, key);
    else
        writer_bytes(writer, key, value, strlen(value));
}

void writer_some_text(struct writer *writer, const char *key, const char *value)
{
    writer_text(writer, key, value == NULL || value[0] == '\0' ? NULL : value);
}

void writer_digits(struct writer *writer, const char *key, int64_t value)
{
    char digits[DECIMAL_TEXT_SIZE];
    int128_format(value, digits);
    writer_text(writer, key, digits);
}

void writer_uuid(struct writer *writer, const char *key, const struct uuid *value)
{
    char text[UUID_TEXT_SIZE];
    uuid_format(value, text);
    writer_text(writer, key, text);
}

void writer_date(struct writer *writer, const char *key, int64_t date)
{
    if (date == 0)
        writer_null(writer, key);
    else
        writer_int(writer, key, date);
}

void writer_words(struct writer *writer, const char *key, const char *const *words)
{
    writer_list(writer, key);
    for (; *words != NULL; words++)
        writer_text(writer, NULL, *words);
    writer_end(writer);
}

void writer_mean(struct writer *writer, const char *key, struct amount amount, struct rate value)
{
    char digits[AMOUNT_TEXT_SIZE], display[DISPLAY_SIZE];

    writer_object(writer, key);
    decimal_format(value.coefficient, value.scale, digits);
    writer_text(writer, "value", digits);
    writer_units(writer, "value_int", amount);
    display_full(amount, display);
    writer_text(writer, "display", display);
    display_short(amount, display);
    writer_text(writer, "display_short", display);
    writer_text(writer, "currency", amount.currency->code);
    writer_end(writer);
}

void writer_money(struct writer *writer, const char *key, struct amount amount)
{
    if (amount.currency == NULL)
        writer_null(writer, key);
    else
        writer_mean(writer, key, amount, (struct rate){amount.units, amount.currency->decimals});
}

void writer_units(struct writer *writer, const char *key, struct amount amount)
{
    char digits[AMOUNT_TEXT_SIZE];
    amount_format_units(amount, digits);
    writer_text(writer, key, digits);
}

static void format_short(struct amount amount, char out[AMOUNT_TEXT_SIZE])
{
    struct rate rate = {.coefficient = amount.units, .scale = amount.currency->decimals};
    rate_format(rate, out);
}

void writer_short(struct writer *writer, const char *key, struct amount amount)
{
    char digits[AMOUNT_TEXT_SIZE];
    format_short(amount, digits);
    writer_text(writer, key, digits);
}

void writer_short_number(struct writer *writer, const char *key, struct amount amount)
{
    char digits[AMOUNT_TEXT_SIZE];
    format_short(amount, digits);
    writer_number(writer, key, digits);
}
