#include "fcgi/reply.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "identity/rights.h"
#include "money/display.h"

#define INDENT 4 /* spaces per level, as PHP's pretty print */

void reply_header(struct reply *reply, const char *name, const char *format, ...)
{
    if (reply->header_count == REPLY_MAX_HEADERS) {
        log_line(LOG_LEVEL_BUG, "reply", "problem=too_many_headers header=%s", name);
        return;
    }
    char *value = reply->headers[reply->header_count].value;
    size_t size = sizeof(reply->headers[0].value);
    va_list args;
    va_start(args, format);
    int len = vsnprintf(value, size, format, args);
    va_end(args);
    bool plain = len >= 0 && (size_t)len < size;
    for (const char *p = value; plain && *p != '\0'; p++)
        plain = (unsigned char)*p >= 0x20 && *p != 0x7f;
    if (!plain) {
        log_line(LOG_LEVEL_BUG, "reply", "problem=header_value header=%s", name);
        return;
    }
    reply->headers[reply->header_count++].name = name;
}

/* Adds a member; a value that could not be made becomes null rather than vanishing. */
static void add(struct json_object *object, const char *key, struct json_object *value)
{
    json_object_object_add(object, key, value);
}

void reply_text(struct json_object *object, const char *key, const char *value)
{
    add(object, key, value == NULL ? NULL : json_object_new_string(value));
}

void reply_int(struct json_object *object, const char *key, int64_t value)
{
    add(object, key, json_object_new_int64(value));
}

void reply_bool(struct json_object *object, const char *key, bool value)
{
    add(object, key, json_object_new_boolean(value));
}

void reply_number(struct json_object *object, const char *key, const char *digits)
{
    add(object, key, json_object_new_double_s(strtod(digits, NULL), digits));
}

void reply_date(struct json_object *object, const char *key, int64_t date)
{
    add(object, key, date == 0 ? NULL : json_object_new_int64(date));
}

struct json_object *reply_rights(unsigned rights)
{
    struct json_object *list = json_object_new_array();
    for (size_t i = 0; rights_names[i] != NULL; i++)
        if ((rights & (1u << i)) != 0)
            json_object_array_add(list, json_object_new_string(rights_names[i]));
    return list;
}

struct json_object *reply_money(struct amount amount)
{
    char text[AMOUNT_TEXT_SIZE], display[DISPLAY_SIZE];
    struct json_object *money = json_object_new_object();
    amount_format(amount, text);
    reply_text(money, "value", text);
    amount_format_units(amount, text);
    reply_text(money, "value_int", text);
    display_full(amount, display);
    reply_text(money, "display", display);
    display_short(amount, display);
    reply_text(money, "display_short", display);
    reply_text(money, "currency", amount.currency->code);
    return money;
}

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

static void put_point(struct text *out, unsigned long point)
{
    if (point < 0x10000) {
        text_addf(out, "\\u%04lx", point);
        return;
    }
    point -= 0x10000;
    text_addf(out, "\\u%04lx\\u%04lx", 0xd800 + (point >> 10), 0xdc00 + (point & 0x3ff));
}

static void put_control(struct text *out, unsigned char c)
{
    static const char plain[] = "\b\f\n\r\t";
    static const char letters[] = "bfnrt";
    const char *found = strchr(plain, c);
    if (c != 0 && found != NULL)
        text_addf(out, "\\%c", letters[found - plain]);
    else
        text_addf(out, "\\u%04x", c);
}

static void put_string(struct text *out, const char *string, size_t len)
{
    const unsigned char *p = (const unsigned char *)string;
    const unsigned char *end = p + len;
    bool utf8 = true, checked = false;
    text_putc(out, '"');
    while (p < end) {
        const unsigned char *start = p;
        while (p < end && *p >= 0x20 && *p < 0x80 && *p != '"' && *p != '\\' && *p != '/')
            p++;
        text_add(out, start, (size_t)(p - start));
        if (p == end)
            break;
        if (*p >= 0x80 && !checked) {
            /* A NUL before it is no UTF-8 for text_is_utf8, so only what follows is looked at. */
            utf8 = text_is_utf8((const char *)p, (size_t)(end - p));
            checked = true;
        }
        if (*p >= 0x80 && utf8) {
            put_point(out, next_point(&p));
        } else if (*p >= 0x80) {
            text_puts(out, "\\ufffd");
            p++;
        } else if (*p < 0x20) {
            put_control(out, *p++);
        } else {
            text_putc(out, '\\');
            text_putc(out, (char)*p++);
        }
    }
    text_putc(out, '"');
}

/* depth < 0 is the compact form. */
static void put_break(struct text *out, int depth)
{
    if (depth < 0)
        return;
    text_putc(out, '\n');
    for (int i = 0; i < depth * INDENT; i++)
        text_putc(out, ' ');
}

static void put_value(struct json_object *value, int depth, struct text *out);

static void put_object(struct json_object *object, int depth, struct text *out)
{
    int inner = depth < 0 ? -1 : depth + 1;
    bool first = true;
    text_putc(out, '{');
    json_object_object_foreach(object, key, member)
    {
        if (!first)
            text_putc(out, ',');
        first = false;
        put_break(out, inner);
        put_string(out, key, strlen(key));
        text_puts(out, depth < 0 ? ":" : ": ");
        put_value(member, inner, out);
    }
    if (!first)
        put_break(out, depth);
    text_putc(out, '}');
}

static void put_array(struct json_object *array, int depth, struct text *out)
{
    int inner = depth < 0 ? -1 : depth + 1;
    size_t count = json_object_array_length(array);
    text_putc(out, '[');
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            text_putc(out, ',');
        put_break(out, inner);
        put_value(json_object_array_get_idx(array, i), inner, out);
    }
    if (count > 0)
        put_break(out, depth);
    text_putc(out, ']');
}

static void put_value(struct json_object *value, int depth, struct text *out)
{
    switch (json_object_get_type(value)) {
    case json_type_null:
        text_puts(out, "null");
        break;
    case json_type_boolean:
        text_puts(out, json_object_get_boolean(value) ? "true" : "false");
        break;
    case json_type_double: /* by the text that reply_number gave it */
    case json_type_int:
        text_puts(out, json_object_to_json_string_ext(value, JSON_C_TO_STRING_PLAIN));
        break;
    case json_type_string:
        put_string(out, json_object_get_string(value), (size_t)json_object_get_string_len(value));
        break;
    case json_type_object:
        put_object(value, depth, out);
        break;
    case json_type_array:
        put_array(value, depth, out);
        break;
    }
}

void reply_json(struct json_object *value, bool pretty, struct text *out)
{
    put_value(value, pretty ? 0 : -1, out);
}
