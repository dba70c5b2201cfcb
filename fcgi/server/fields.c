#include "fcgi/server/fields.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"

#define DAY_S 86400
#define DATE_MAX_S 253402300799 /* 9999-12-31 23:59:59 */
#define CHOICES_MAX 300         /* bytes of "should be a, b or c" */

/* A parameter's bytes, wherever it came from. */
struct value {
    const char *data;
    size_t len;
};

/* The capture or parameter of that name. `*nested` where it is a JSON object or array. */
static bool find(const struct request *request, const char *name, struct value *out, bool *nested)
{
    const char *capture = request_capture(request, name);
    *nested = false;
    if (capture != NULL) {
        *out = (struct value){.data = capture, .len = strlen(capture)};
        return true;
    }
    const struct param *param = request_param(request, name);
    if (param == NULL)
        return false;
    *out = (struct value){.data = param->value, .len = param->value_len};
    *nested = json_object_is_type(param->json, json_type_object) ||
              json_object_is_type(param->json, json_type_array);
    return true;
}

/* Digits only, with an optional minus in front where `negative`. */
static enum err parse_int(struct value value, bool negative, int64_t *out)
{
    bool minus = negative && value.len > 0 && value.data[0] == '-';
    int64_t n = 0;
    bool over = false;
    if (value.len == (size_t)minus)
        return ERR_INVALID;
    for (size_t i = minus; i < value.len; i++) {
        char c = value.data[i];
        if (c < '0' || c > '9')
            return ERR_INVALID;
        over = over || __builtin_mul_overflow(n, 10, &n) ||
               __builtin_add_overflow(n, minus ? '0' - c : c - '0', &n);
    }
    if (over)
        return ERR_OUT_OF_RANGE;
    *out = n;
    return ERR_OK;
}

/* Days from 1970-01-01 to a date of the Gregorian calendar. */
static int64_t days_from_date(int64_t year, int64_t month, int64_t day)
{
    /* Years that begin in March put the leap day last. */
    int64_t y = month <= 2 ? year - 1 : year;
    int64_t m = month <= 2 ? month + 9 : month - 3;
    return 365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day - 1 - 719468;
}

static bool date_exists(int64_t year, int64_t month, int64_t day)
{
    static const int lengths[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    if (year < 1 || month < 1 || month > 12 || day < 1 || day > lengths[month - 1])
        return false;
    return leap || month != 2 || day < 29;
}

/* Compares with a shape in which 0 stands for any digit. */
static bool has_shape(struct value value, const char *shape)
{
    if (value.len != strlen(shape))
        return false;
    for (size_t i = 0; i < value.len; i++) {
        bool digit = value.data[i] >= '0' && value.data[i] <= '9';
        if (shape[i] == '0' ? !digit : value.data[i] != shape[i])
            return false;
    }
    return true;
}

static int64_t digits_at(struct value value, size_t at, size_t count)
{
    int64_t n = 0;
    for (size_t i = at; i < at + count; i++)
        n = n * 10 + (value.data[i] - '0');
    return n;
}

static enum err parse_date(struct value value, int64_t *out)
{
    bool with_time = has_shape(value, "0000-00-00 00:00:00");
    if (!with_time && !has_shape(value, "0000-00-00")) {
        int64_t number;
        if (parse_int(value, false, &number) != ERR_OK || number > DATE_MAX_S)
            return ERR_NOT_DATE;
        *out = number;
        return ERR_OK;
    }
    int64_t year = digits_at(value, 0, 4), month = digits_at(value, 5, 2);
    int64_t day = digits_at(value, 8, 2);
    if (!date_exists(year, month, day))
        return ERR_NOT_DATE;
    int64_t seconds = 0;
    if (with_time) {
        int64_t hour = digits_at(value, 11, 2), minute = digits_at(value, 14, 2);
        int64_t second = digits_at(value, 17, 2);
        if (hour > 23 || minute > 59 || second > 59)
            return ERR_NOT_DATE;
        seconds = hour * 3600 + minute * 60 + second;
    }
    *out = days_from_date(year, month, day) * DAY_S + seconds;
    return ERR_OK;
}

static enum err read_text(const struct field *field, struct value value, void *target)
{
    int64_t max = field->max == 0 ? FIELD_TEXT_MAX : field->max;
    if (!text_is_utf8(value.data, value.len))
        return ERR_NOT_UTF8;
    int64_t points = (int64_t)text_utf8_length(value.data, value.len);
    if (points < field->min)
        return points == 0 ? ERR_EMPTY : ERR_OUT_OF_RANGE;
    if (points > max)
        return ERR_TOO_LONG;
    *(const char **)target = value.data;
    return ERR_OK;
}

static enum err read_bytes(const struct field *field, struct value value, void *target)
{
    if ((int64_t)value.len < field->min)
        return value.len == 0 ? ERR_EMPTY : ERR_OUT_OF_RANGE;
    if (field->max != 0 && (int64_t)value.len > field->max)
        return ERR_TOO_LONG;
    *(struct field_bytes *)target = (struct field_bytes){.data = value.data, .len = value.len};
    return ERR_OK;
}

static enum err read_int(const struct field *field, struct value value, void *target)
{
    int64_t n;
    enum err rc = parse_int(value, true, &n);
    if (rc != ERR_OK)
        return rc;
    if (n < field->min || (field->max != 0 && n > field->max))
        return ERR_OUT_OF_RANGE;
    *(int64_t *)target = n;
    return ERR_OK;
}

static bool is_word(struct value value, const char *word)
{
    return value.len == strlen(word) && memcmp(value.data, word, value.len) == 0;
}

static enum err read_bool(struct value value, bool *target)
{
    bool yes = is_word(value, "1") || is_word(value, "true");
    if (!yes && !is_word(value, "0") && !is_word(value, "false"))
        return ERR_INVALID;
    *target = yes;
    return ERR_OK;
}

static enum err read_currency(struct value value, const struct currency **target)
{
    const struct currency *currency = currency_by_code(value.data, value.len);
    if (currency == NULL)
        return ERR_CURRENCY_UNKNOWN;
    *target = currency;
    return ERR_OK;
}

static enum err read_choice(const struct field *field, struct value value, int64_t *target)
{
    for (int64_t i = 0; field->choices[i] != NULL; i++) {
        if (is_word(value, field->choices[i])) {
            *target = i;
            return ERR_OK;
        }
    }
    return ERR_INVALID;
}

static enum err read_value(const struct field *field, struct value value, void *target)
{
    switch (field->type) {
    case FIELD_TEXT:
        return read_text(field, value, target);
    case FIELD_BYTES:
        return read_bytes(field, value, target);
    case FIELD_INT:
        return read_int(field, value, target);
    case FIELD_BOOL:
        return read_bool(value, target);
    case FIELD_UUID:
        return uuid_parse(value.data, value.len, target) ? ERR_OK : ERR_NOT_UUID;
    case FIELD_DATE:
        return parse_date(value, target);
    case FIELD_CURRENCY:
        return read_currency(value, target);
    case FIELD_CHOICE:
        return read_choice(field, value, target);
    }
    return ERR_INTERNAL;
}

/* "should be ask or bid", made of the choices. */
static const char *choices_words(struct request *request, const struct field *field)
{
    char *words = request_alloc(request, CHOICES_MAX);
    if (words == NULL)
        return NULL;
    size_t len = (size_t)snprintf(words, CHOICES_MAX, "should be ");
    for (size_t i = 0; field->choices[i] != NULL && len < CHOICES_MAX; i++) {
        const char *joint = i == 0 ? "" : field->choices[i + 1] == NULL ? " or " : ", ";
        len += (size_t)snprintf(words + len, CHOICES_MAX - len, "%s%s", joint, field->choices[i]);
    }
    return words;
}

static enum err fail(struct request *request, const struct field *field, enum err rc)
{
    const char *detail = NULL;
    if (rc == ERR_INVALID || rc == ERR_OUT_OF_RANGE)
        detail = field->detail;
    if (rc == ERR_INVALID && detail == NULL && field->type == FIELD_CHOICE)
        detail = choices_words(request, field);
    return request_fail_text(request, field->name, rc, detail);
}

static enum err read_field(struct request *request, const struct field *field, void *target)
{
    struct value value;
    bool nested;
    bool found = find(request, field->name, &value, &nested);
    bool may_be_empty = field->type == FIELD_TEXT || field->type == FIELD_BYTES;
    if (!found)
        return field->required ? fail(request, field, ERR_MISSING) : ERR_OK;
    /* Web forms send filters that nobody filled in. */
    if (value.len == 0 && !may_be_empty)
        return field->required ? fail(request, field, ERR_EMPTY) : ERR_OK;
    enum err rc = nested ? ERR_INVALID : read_value(field, value, (char *)target + field->offset);
    if (rc != ERR_OK)
        return fail(request, field, rc);
    if (field->given_offset != 0)
        *(bool *)((char *)target + field->given_offset) = true;
    return ERR_OK;
}

enum err fields_read(struct request *request, const struct field *fields, size_t count,
                     void *target)
{
    for (size_t i = 0; i < count; i++) {
        enum err rc = read_field(request, &fields[i], target);
        if (rc != ERR_OK)
            return rc;
    }
    return ERR_OK;
}

typedef enum err parse_amount(const char *text, size_t len, const struct currency *currency,
                              struct amount *out);

/* Reads one of the two spellings. `*given` is false where it is absent or empty. */
static enum err read_amount(struct request *request, const char *name, parse_amount *parse,
                            const struct currency *currency, struct amount *out, bool *given)
{
    struct value value;
    bool nested;
    *given = find(request, name, &value, &nested) && value.len > 0;
    if (!*given)
        return ERR_OK;
    bool minus = value.data[0] == '-';
    enum err rc =
        nested ? ERR_AMOUNT_FORMAT : parse(value.data + minus, value.len - minus, currency, out);
    if (rc == ERR_EMPTY)
        rc = ERR_AMOUNT_FORMAT;
    if (rc != ERR_AMOUNT_FORMAT && minus)
        rc = ERR_AMOUNT_NOT_POSITIVE;
    if (rc == ERR_OK && out->units <= 0)
        rc = ERR_AMOUNT_NOT_POSITIVE;
    return rc == ERR_OK ? ERR_OK : request_fail(request, name, rc);
}

/* "amount_int" for "amount", or NULL where there is no memory. */
static char *units_name_of(struct request *request, const char *name)
{
    size_t len = strlen(name) + sizeof("_int");
    char *units_name = request_alloc(request, len);
    if (units_name != NULL)
        snprintf(units_name, len, "%s_int", name);
    return units_name;
}

static enum err fail_disagreeing(struct request *request, const char *name, const char *units_name)
{
    size_t size = strlen(name) + strlen(units_name) + sizeof(" and  disagree");
    char *words = request_alloc(request, size);
    if (words != NULL)
        snprintf(words, size, "%s and %s disagree", name, units_name);
    return request_fail_text(request, name, ERR_AMOUNT_DISAGREES, words);
}

enum err fields_amount(struct request *request, const char *name, const struct currency *currency,
                       struct amount *out)
{
    struct amount decimal = {0}, units = {0};
    bool has_decimal, has_units;
    char *units_name = units_name_of(request, name);
    if (units_name == NULL)
        return ERR_NO_MEMORY;
    enum err rc = read_amount(request, name, amount_parse, currency, &decimal, &has_decimal);
    if (rc == ERR_OK)
        rc = read_amount(request, units_name, amount_parse_units, currency, &units, &has_units);
    if (rc != ERR_OK)
        return rc;
    if (!has_decimal && !has_units)
        return request_fail(request, name, ERR_MISSING);
    if (has_decimal && has_units && decimal.units != units.units)
        return fail_disagreeing(request, name, units_name);
    *out = has_decimal ? decimal : units;
    return ERR_OK;
}

enum err fields_amount_if_given(struct request *request, const char *name,
                                const struct currency *currency, struct amount *out, bool *given)
{
    const char *units_name = units_name_of(request, name);
    if (units_name == NULL)
        return ERR_NO_MEMORY;
    *given = request_param(request, name) != NULL || request_param(request, units_name) != NULL;
    return *given ? fields_amount(request, name, currency, out) : ERR_OK;
}
