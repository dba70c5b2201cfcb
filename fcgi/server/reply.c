#include "fcgi/server/reply.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "identity/rights.h"

#define LATE_MAX 512 /* bytes that reply_late takes */

/* What reply_money and reply_mean are until they are written. */
struct money {
    struct amount amount;
    struct rate value;
};

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

void reply_add(struct json_object *object, const char *key, struct json_object *value)
{
    json_object_object_add_ex(object, key, value,
                              JSON_C_OBJECT_ADD_KEY_IS_NEW | JSON_C_OBJECT_ADD_CONSTANT_KEY);
}

void reply_text(struct json_object *object, const char *key, const char *value)
{
    reply_add(object, key, value == NULL ? NULL : json_object_new_string(value));
}

void reply_int(struct json_object *object, const char *key, int64_t value)
{
    reply_add(object, key, json_object_new_int64(value));
}

void reply_bool(struct json_object *object, const char *key, bool value)
{
    reply_add(object, key, json_object_new_boolean(value));
}

void reply_number(struct json_object *object, const char *key, const char *digits)
{
    reply_add(object, key, json_object_new_double_s(strtod(digits, NULL), digits));
}

void reply_date(struct json_object *object, const char *key, int64_t date)
{
    reply_add(object, key, date == 0 ? NULL : json_object_new_int64(date));
}

struct json_object *reply_rights(unsigned rights)
{
    struct json_object *list = json_object_new_array();
    for (size_t i = 0; rights_names[i] != NULL; i++)
        if ((rights & (1u << i)) != 0)
            json_object_array_add(list, json_object_new_string(rights_names[i]));
    return list;
}

struct json_object *reply_late(const void *data, size_t size, reply_write *write)
{
    if (size > LATE_MAX)
        abort(); /* our bug */
    struct json_object *late = json_object_new_string_len(data, (int)size);
    if (late != NULL)
        json_object_set_userdata(late, (void *)write, NULL);
    return late;
}

static void write_money(struct writer *writer, const void *data)
{
    const struct money *money = data;
    writer_money(writer, money->amount, money->value);
}

struct json_object *reply_mean(struct amount amount, struct rate value)
{
    const struct money money = {.amount = amount, .value = value};
    return reply_late(&money, sizeof(money), write_money);
}

struct json_object *reply_money(struct amount amount)
{
    return reply_mean(amount, (struct rate){amount.units, amount.currency->decimals});
}

/* A string, or what reply_late put there. */
static void write_string(struct writer *writer, struct json_object *value)
{
    const char *bytes = json_object_get_string(value);
    size_t len = (size_t)json_object_get_string_len(value);
    reply_write *write = (reply_write *)json_object_get_userdata(value);
    _Alignas(max_align_t) char data[LATE_MAX];

    if (write == NULL) {
        writer_string(writer, bytes, len);
        return;
    }
    memcpy(data, bytes, len);
    write(writer, data);
}

/* json-c keeps whole numbers from INT64_MIN to UINT64_MAX, and cuts what it is asked for to fit. */
static void write_int(struct writer *writer, struct json_object *value)
{
    char digits[DECIMAL_TEXT_SIZE];
    int64_t number = json_object_get_int64(value);
    int128_format(number < 0 ? number : (__int128)json_object_get_uint64(value), digits);
    writer_plain(writer, digits);
}

static void write_value(struct writer *writer, struct json_object *value);

static void write_object(struct writer *writer, struct json_object *object)
{
    writer_open(writer, '{');
    json_object_object_foreach(object, key, member)
    {
        writer_key(writer, key);
        write_value(writer, member);
    }
    writer_close(writer, '}');
}

static void write_array(struct writer *writer, struct json_object *array)
{
    size_t count = json_object_array_length(array);
    writer_open(writer, '[');
    for (size_t i = 0; i < count; i++) {
        writer_item(writer);
        write_value(writer, json_object_array_get_idx(array, i));
    }
    writer_close(writer, ']');
}

static void write_value(struct writer *writer, struct json_object *value)
{
    switch (json_object_get_type(value)) {
    case json_type_null:
        writer_plain(writer, "null");
        break;
    case json_type_boolean:
        writer_plain(writer, json_object_get_boolean(value) ? "true" : "false");
        break;
    case json_type_int:
        write_int(writer, value);
        break;
    case json_type_double: /* by the text that reply_number gave it */
        writer_plain(writer, json_object_to_json_string_ext(value, JSON_C_TO_STRING_PLAIN));
        break;
    case json_type_string:
        write_string(writer, value);
        break;
    case json_type_object:
        write_object(writer, value);
        break;
    case json_type_array:
        write_array(writer, value);
        break;
    }
}

void reply_json_as(struct json_object *value, struct writer_style style, bool pretty,
                   struct text *out)
{
    struct writer writer = {.out = out, .pretty = pretty, .style = style};
    write_value(&writer, value);
}

void reply_json(struct json_object *value, bool pretty, struct text *out)
{
    reply_json_as(value, (struct writer_style){0}, pretty, out);
}
