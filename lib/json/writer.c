#include "json/writer.h"

#include <string.h>

#include "money/display.h"

#define INDENT 4 /* spaces per level, as PHP's pretty print */

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

void writer_string(struct writer *writer, const char *string, size_t len)
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
    for (int i = 0; i < writer->depth * INDENT; i++)
        text_putc(writer->out, ' ');
}

void writer_open(struct writer *writer, char bracket)
{
    text_putc(writer->out, bracket);
    writer->depth++;
    writer->empty = true;
}

void writer_close(struct writer *writer, char bracket)
{
    struct text *out = writer->out;
    writer->depth--;
    if (!writer->empty) {
        put_break(writer);
    } else if (bracket == '}' && writer->style.empty_map_as_list && !out->full) {
        out->data[out->len - 1] = '[';
        bracket = ']';
    }
    text_putc(out, bracket);
    writer->empty = false;
}

void writer_item(struct writer *writer)
{
    if (!writer->empty)
        text_putc(writer->out, ',');
    put_break(writer);
    writer->empty = false;
}

void writer_key(struct writer *writer, const char *key)
{
    writer_item(writer);
    writer_string(writer, key, strlen(key));
    text_putc(writer->out, ':');
    if (writer->pretty)
        text_putc(writer->out, ' ');
}

void writer_plain(struct writer *writer, const char *text)
{
    text_puts(writer->out, text);
}

void writer_text(struct writer *writer, const char *key, const char *value)
{
    writer_key(writer, key);
    writer_string(writer, value, strlen(value));
}

void writer_int(struct writer *writer, const char *key, int64_t value)
{
    char digits[DECIMAL_TEXT_SIZE];
    int128_format(value, digits);
    writer_key(writer, key);
    text_puts(writer->out, digits);
}

void writer_money(struct writer *writer, struct amount amount, struct rate value)
{
    char digits[AMOUNT_TEXT_SIZE], display[DISPLAY_SIZE];

    writer_open(writer, '{');
    decimal_format(value.coefficient, value.scale, digits);
    writer_text(writer, "value", digits);
    amount_format_units(amount, digits);
    writer_text(writer, "value_int", digits);
    display_full(amount, display);
    writer_text(writer, "display", display);
    display_short(amount, display);
    writer_text(writer, "display_short", display);
    writer_text(writer, "currency", amount.currency->code);
    writer_close(writer, '}');
}

void writer_amount(struct writer *writer, const char *key, struct amount amount)
{
    writer_key(writer, key);
    writer_money(writer, amount, (struct rate){amount.units, amount.currency->decimals});
}
