/* What somebody asks for, checked against the direction. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "desk/store.h"
#include "json/writer.h"

#define DIGEST_TEXT_MAX (DESK_FIELDS_TEXT_MAX + 16384)

static void complain(struct desk_problems *problems, const char *field,
                     enum desk_complaint complaint)
{
    struct desk_problem *problem = &problems->list[problems->count];

    if (problems->count == DESK_PROBLEMS_MAX)
        return;
    problems->count++;
    *problem = (struct desk_problem){.complaint = complaint};
    text_copy(problem->field, sizeof(problem->field), field);
}

static void complain_limit(struct desk_problems *problems, const char *field,
                           enum desk_complaint complaint, __int128 units,
                           const struct currency *currency)
{
    complain(problems, field, complaint);
    problems->list[problems->count - 1].limit = (struct amount){units, currency};
}

static const char *named_field(enum desk_action action)
{
    switch (action) {
    case DESK_SUM2:
    case DESK_SUM2DC:
        return "sum2";
    case DESK_SUM1C:
        return "sum1c";
    case DESK_SUM2C:
        return "sum2c";
    case DESK_SUM1:
    case DESK_SUM1DC:
        break;
    }
    return "sum1";
}

static void check_side(const struct desk_side *side, const char *field, struct amount sum,
                       struct desk_problems *problems)
{
    if (side->min >= 0 && sum.units < side->min)
        complain_limit(problems, field, DESK_BELOW_MIN, side->min, side->currency);
    else if (side->max >= 0 && sum.units > side->max)
        complain_limit(problems, field, DESK_ABOVE_MAX, side->max, side->currency);
}

static enum err check_sums(const struct desk_direction *direction, const struct desk_wish *wish,
                           struct desk_sums *sums, struct desk_problems *problems)
{
    size_t before = problems->count;

    if (wish->named.coefficient <= 0) {
        complain(problems, named_field(wish->action), DESK_NOT_POSITIVE);
        return ERR_OK;
    }
    enum err rc = desk_calc(&direction->terms, wish->action, wish->named, sums);
    if (rc != ERR_OK)
        return rc;
    check_side(&direction->terms.give, "sum1", sums->sum1, problems);
    check_side(&direction->terms.get, "sum2", sums->sum2, problems);
    /* so little that nothing is left of it */
    if (problems->count == before && (sums->sum1.units == 0 || sums->sum2c.units == 0))
        complain(problems, sums->sum1.units == 0 ? "sum1" : "sum2", DESK_NOT_POSITIVE);
    return ERR_OK;
}

static void check_account(const struct desk_system *system, bool asked, const char *field,
                          const char *value, struct desk_problems *problems)
{
    if (asked && (value == NULL || desk_rule_check(system->account_rule, system->account_min,
                                                   system->account_max, value) != DESK_FITS))
        complain(problems, field, DESK_BAD_ACCOUNT);
}

static const char *value_of(const struct desk_wish *wish, const char *name)
{
    for (size_t i = 0; i < wish->field_count; i++)
        if (strcmp(wish->fields[i].name, name) == 0)
            return wish->fields[i].value;
    return "";
}

/* Whether a field that was filled in is as it should be. */
static bool is_filled_well(const struct desk_field *field, const char *value)
{
    int64_t number;

    if (strcmp(field->type, "select") == 0)
        return text_to_number(value, 0, (int64_t)field->options, &number);
    if (strcmp(field->type, "checkbox") == 0)
        return strcmp(value, "0") == 0 || strcmp(value, "1") == 0 || strcmp(value, "on") == 0;
    if (strcmp(field->type, "textarea") == 0)
        return text_is_utf8(value, strlen(value)) &&
               text_utf8_length(value, strlen(value)) <= DESK_FIELD_VALUE_MAX;
    return desk_rule_check(field->rule, 1, DESK_FIELD_VALUE_MAX, value) == DESK_FITS;
}

static void check_field(const struct desk_field *field, const char *value,
                        struct desk_problems *problems)
{
    bool select = strcmp(field->type, "select") == 0;
    bool chosen =
        value[0] != '\0' && !(strcmp(field->type, "text") != 0 &&
                              strcmp(field->type, "textarea") != 0 && strcmp(value, "0") == 0);

    if (field->required && !chosen)
        complain(problems, field->name, select ? DESK_NOT_SELECTED : DESK_BAD_FIELD);
    else if (value[0] != '\0' && !is_filled_well(field, value))
        complain(problems, field->name, DESK_BAD_FIELD);
}

static void check_fields(const struct desk_direction *direction, const struct desk_wish *wish,
                         struct desk_problems *problems, struct text *out)
{
    struct writer writer = {.out = out, .style = {.plain_slashes = true, .plain_utf8 = true}};

    writer_object(&writer, NULL);
    for (size_t i = 0; i < direction->field_count; i++) {
        const struct desk_field *field = &direction->fields[i];
        const char *value = value_of(wish, field->name);
        check_field(field, value, problems);
        if (value[0] != '\0')
            writer_text(&writer, field->name, value);
    }
    writer_end(&writer);
}

enum err wish_check(const struct desk_direction *direction, const struct desk_wish *wish,
                    struct desk_sums *sums, struct desk_problems *problems, struct text *fields)
{
    problems->count = 0;
    check_account(direction->give, direction->give->account_give, "account1", wish->account1,
                  problems);
    check_account(direction->get, direction->get->account_get, "account2", wish->account2,
                  problems);
    check_fields(direction, wish, problems, fields);
    enum err rc = check_sums(direction, wish, sums, problems);
    if (rc == ERR_OUT_OF_RANGE) {
        complain(problems, named_field(wish->action), DESK_BAD_FIELD);
        rc = ERR_OK;
    }
    if (rc != ERR_OK)
        return rc;
    return problems->count > 0 || fields->full ? ERR_DESK_FIELDS : ERR_OK;
}

static void add_part(struct text *out, const char *value)
{
    text_addf(out, "%zu:", value == NULL ? 0 : strlen(value));
    text_puts(out, value == NULL ? "" : value);
}

void wish_digest(const struct desk_wish *wish, const struct text *fields, uint8_t out[SHA256_SIZE])
{
    struct text asked = TEXT(DIGEST_TEXT_MAX);
    char named[AMOUNT_TEXT_SIZE];

    rate_format(wish->named, named);
    text_addf(&asked, "%llu %d %lld ", (unsigned long long)wish->direction_id, (int)wish->action,
              (long long)wish->partner_id);
    add_part(&asked, named);
    add_part(&asked, wish->account1);
    add_part(&asked, wish->account2);
    add_part(&asked, wish->callback_url);
    add_part(&asked, text_string(fields));
    crypto_sha256(text_string(&asked), asked.len, out);
    text_free(&asked);
}

void random_word(char *out, size_t size)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    size_t len = 0;
    uint8_t byte;

    while (len + 1 < size) {
        crypto_random(&byte, 1);
        if (byte < 4 * (sizeof(letters) - 1)) /* so that each has the same chance */
            out[len++] = letters[byte % (sizeof(letters) - 1)];
    }
    out[len] = '\0';
}
