/* Texts, numbers, dates, codes: the types of single values and what each of them refuses. */
#include "json/field_value.h"

#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/id.h"
#include "base/text.h"

#define DAY_S 86400
#define DATE_MAX_S 253402300799 /* 9999-12-31 23:59:59 */

bool field_value_is_empty(const struct value *value)
{
    return value->len == 0 && value->type != VALUE_OBJECT && value->type != VALUE_LIST;
}

/* Digits only, with an optional minus in front where `negative`. */
static enum err parse_int(const struct value *value, bool negative, int64_t *out)
{
    bool minus = negative && value->len > 0 && value->text[0] == '-';
    int64_t n = 0;
    bool over = false;
    if (value->len == (size_t)minus)
        return ERR_INVALID;
    for (size_t i = minus; i < value->len; i++) {
        char c = value->text[i];
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
static bool has_shape(const struct value *value, const char *shape)
{
    if (value->len != strlen(shape))
        return false;
    for (size_t i = 0; i < value->len; i++) {
        bool digit = value->text[i] >= '0' && value->text[i] <= '9';
        if (shape[i] == '0' ? !digit : value->text[i] != shape[i])
            return false;
    }
    return true;
}

static int64_t digits_at(const struct value *value, size_t at, size_t count)
{
    int64_t n = 0;
    for (size_t i = at; i < at + count; i++)
        n = n * 10 + (value->text[i] - '0');
    return n;
}

static enum err parse_date(const struct value *value, int64_t *out)
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

static enum err read_text(const struct field *field, const struct value *value, void *target)
{
    int64_t max = field->max == 0 ? FIELD_TEXT_MAX : field->max;
    if (!text_is_utf8(value->text, value->len))
        return ERR_NOT_UTF8;
    int64_t points = (int64_t)text_utf8_length(value->text, value->len);
    if (points < field->min)
        return points == 0 ? ERR_EMPTY : ERR_OUT_OF_RANGE;
    if (points > max)
        return ERR_TOO_LONG;
    *(const char **)target = value->text;
    return ERR_OK;
}

static enum err read_bytes(const struct field *field, const struct value *value, void *target)
{
    if ((int64_t)value->len < field->min)
        return value->len == 0 ? ERR_EMPTY : ERR_OUT_OF_RANGE;
    if (field->max != 0 && (int64_t)value->len > field->max)
        return ERR_TOO_LONG;
    *(struct field_bytes *)target = (struct field_bytes){.data = value->text, .len = value->len};
    return ERR_OK;
}

static enum err read_int(const struct field *field, const struct value *value, void *target)
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

static bool is_word(const struct value *value, const char *word)
{
    return value->len == strlen(word) && memcmp(value->text, word, value->len) == 0;
}

/* Programs print booleans in many ways: True, FALSE, yes, on. */
static enum err read_bool(const struct value *value, bool *target)
{
    static const char *const words[] = {"0", "1", "false", "true", "no", "yes", "off", "on"};
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (value->len == strlen(words[i]) && strncasecmp(value->text, words[i], value->len) == 0) {
            *target = i % 2 == 1;
            return ERR_OK;
        }
    return ERR_INVALID;
}

static enum err read_currency(const struct value *value, const struct currency **target)
{
    const struct currency *currency = currency_by_code(value->text, value->len);
    if (currency == NULL)
        return ERR_CURRENCY_UNKNOWN;
    *target = currency;
    return ERR_OK;
}

static enum err read_choice(const struct field *field, const struct value *value, int64_t *target)
{
    for (int64_t i = 0; field->choices[i] != NULL; i++) {
        if (is_word(value, field->choices[i])) {
            *target = i;
            return ERR_OK;
        }
    }
    return ERR_INVALID;
}

static enum err read_date(const struct value *value, int64_t *target)
{
    enum err rc = parse_date(value, target);
    if (rc == ERR_OK)
        *target = clock_for_db(*target, 0);
    return rc;
}

/* The first second behind a day or a moment. */
static enum err read_until(const struct value *value, int64_t *target)
{
    bool is_day = has_shape(value, "0000-00-00");
    enum err rc = parse_date(value, target);
    if (rc == ERR_OK)
        *target = clock_for_db(*target + (is_day ? DAY_S : 1), 1);
    return rc;
}

static enum err read_decimal(const struct field *field, const struct value *value,
                             struct rate *target)
{
    unsigned scale, most = field->max == 0 ? RATE_MAX_SCALE : (unsigned)field->max;
    enum err rc = decimal_parse(value->text, value->len, most, &target->coefficient, &scale);
    if (rc == ERR_OK)
        target->scale = (uint8_t)scale;
    return rc;
}

enum err field_value_read(const struct field *field, const struct value *value, void *target)
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
        return uuid_parse(value->text, value->len, target) ? ERR_OK : ERR_NOT_UUID;
    case FIELD_DATE:
        return read_date(value, target);
    case FIELD_UNTIL:
        return read_until(value, target);
    case FIELD_DECIMAL:
        return read_decimal(field, value, target);
    case FIELD_CURRENCY:
        return read_currency(value, target);
    case FIELD_CHOICE:
        return read_choice(field, value, target);
    case FIELD_AMOUNT:
    case FIELD_OBJECT:
    case FIELD_LIST:
        break; /* json/field.c reads them */
    }
    return ERR_INTERNAL;
}

enum err field_value_amount(const struct value *value, bool units, const struct currency *currency,
                            bool may_be_zero, struct amount *out)
{
    if (value->type == VALUE_OBJECT || value->type == VALUE_LIST)
        return ERR_AMOUNT_FORMAT;
    bool minus = value->text[0] == '-';
    const char *text = value->text + minus;
    size_t len = value->len - minus;
    enum err rc = units ? amount_parse_units(text, len, currency, out)
                        : amount_parse(text, len, currency, out);
    if (rc == ERR_EMPTY)
        rc = ERR_AMOUNT_FORMAT;
    if (rc != ERR_AMOUNT_FORMAT && minus)
        rc = ERR_AMOUNT_NOT_POSITIVE;
    if (rc == ERR_OK && (out->units < 0 || (out->units == 0 && !may_be_zero)))
        rc = ERR_AMOUNT_NOT_POSITIVE;
    return rc;
}
