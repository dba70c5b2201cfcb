/* What the exchange page shows before there is a bid: directions, one of them, and the calculator. */
#include <stdio.h>
#include <string.h>

#include "desk/desk.h"
#include "fcgi/server/fields.h"
#include "fcgi/site/face.h"

#define LANGUAGE "en" /* of the pages */
#define FEE_TEXT_MAX 512
#define OPTION_MAX 32 /* bytes of "option65535" */

static enum err give_back(const struct desk_board *board, enum err rc)
{
    desk_board_give(board);
    return rc;
}

/* --- directions ------------------------------------------------------------------------------------ */

static void write_system(struct writer *json, const char *key, const struct desk_system *system)
{
    writer_object(json, key);
    writer_text(json, "code", system->code);
    writer_text(json, "name", system->name);
    writer_text(json, "currency", system->currency->code);
    writer_end(json);
}

static enum err handle_directions(struct request *request, struct reply *reply)
{
    struct writer *json = &reply->writer;
    const struct desk_board *board;

    enum err rc = desk_board_take(request->db, &board);
    if (rc != ERR_OK)
        return rc;
    writer_object(json, NULL);
    writer_bool(json, "maintenance", board->maintenance);
    writer_text(json, "notice", desk_text(board, DESK_TEXT_DESK, 0, "maintenance", LANGUAGE));
    writer_text(json, "terms", desk_text(board, DESK_TEXT_DESK, 0, "terms", LANGUAGE));
    writer_list(json, "directions");
    for (size_t i = 0; i < board->direction_count; i++) {
        const struct desk_direction *direction = &board->directions[i];
        if (!desk_is_shown(direction, DESK_FOR_SITE))
            continue;
        writer_object(json, NULL);
        writer_int(json, "id", (int64_t)direction->id);
        write_system(json, "give", direction->give);
        write_system(json, "get", direction->get);
        writer_end(json);
    }
    writer_end(json);
    writer_end(json);
    return give_back(board, ERR_OK);
}

/* --- one direction --------------------------------------------------------------------------------- */

struct direction_params {
    int64_t direction, action;
    struct rate amount;
};

static const struct field direction_fields[] = {
    {.name = "direction",
     .type = FIELD_INT,
     .required = true,
     .min = 1,
     .offset = offsetof(struct direction_params, direction)},
};

/* A limit, or null. */
static void write_limit(struct writer *json, const char *key, __int128 units,
                        const struct currency *currency)
{
    if (units < 0)
        writer_null(json, key);
    else
        writer_short(json, key, (struct amount){units, currency});
}

/* The account that a side asks for, or null. */
static void write_account(struct writer *json, const char *key, const struct desk_board *board,
                          const struct desk_system *system, bool give)
{
    const char *label =
        desk_text(board, DESK_TEXT_SYSTEM, system->id, give ? "give_label" : "get_label", LANGUAGE);
    if (!(give ? system->account_give : system->account_get)) {
        writer_null(json, key);
        return;
    }
    writer_object(json, key);
    writer_text(json, "label", label[0] == '\0' ? system->name : label);
    writer_text(
        json, "hint",
        desk_text(board, DESK_TEXT_SYSTEM, system->id, give ? "give_hint" : "get_hint", LANGUAGE));
    writer_end(json);
}

static void write_field(struct writer *json, const struct desk_board *board,
                        const struct desk_field *field)
{
    writer_object(json, NULL);
    writer_text(json, "name", field->name);
    writer_text(json, "type", field->type);
    writer_text(json, "label", desk_text(board, DESK_TEXT_FIELD, field->number, "label", LANGUAGE));
    writer_text(json, "hint",
                desk_text(board, DESK_TEXT_FIELD, field->number, "tooltip", LANGUAGE));
    writer_bool(json, "required", field->required);
    writer_list(json, "options");
    for (uint64_t i = 1; i <= field->options; i++) {
        char name[OPTION_MAX];
        snprintf(name, sizeof(name), "option%llu", (unsigned long long)i);
        writer_text(json, NULL, desk_text(board, DESK_TEXT_FIELD, field->number, name, LANGUAGE));
    }
    writer_end(json);
    writer_end(json);
}

static void write_direction(struct writer *json, const struct desk_board *board,
                            const struct desk_direction *direction)
{
    const struct desk_terms *terms = &direction->terms;

    writer_object(json, NULL);
    writer_int(json, "id", (int64_t)direction->id);
    write_system(json, "give", direction->give);
    write_system(json, "get", direction->get);
    writer_bool(json, "frozen", direction->state == DESK_FROZEN || board->maintenance);
    writer_text(json, "frozen_text",
                desk_text(board, DESK_TEXT_DIRECTION, direction->id, "frozen", LANGUAGE));
    writer_text(json, "timeline",
                desk_text(board, DESK_TEXT_DIRECTION, direction->id, "timeline", LANGUAGE));
    writer_short(json, "reserve", (struct amount){direction->reserve, direction->get->currency});
    write_limit(json, "min_give", terms->give.min, terms->give.currency);
    write_limit(json, "max_give", terms->give.max, terms->give.currency);
    write_limit(json, "min_get", terms->get.min, terms->get.currency);
    write_limit(json, "max_get", terms->get.max, terms->get.currency);
    write_account(json, "account1", board, direction->give, true);
    write_account(json, "account2", board, direction->get, false);
    writer_list(json, "fields");
    for (size_t i = 0; i < direction->field_count; i++)
        write_field(json, board, &direction->fields[i]);
    writer_end(json);
    writer_end(json);
}

/* The direction, where the site may show it: ERR_DESK_DIRECTION. */
static enum err take_direction(struct request *request, int64_t id, const struct desk_board **board,
                               const struct desk_direction **direction)
{
    enum err rc = desk_board_take(request->db, board);
    if (rc != ERR_OK)
        return rc;
    *direction = desk_direction_of(*board, (uint64_t)id);
    if (*direction == NULL || !desk_is_shown(*direction, DESK_FOR_SITE))
        return give_back(*board, request_fail(request, "direction", ERR_DESK_DIRECTION));
    return ERR_OK;
}

static enum err handle_direction(struct request *request, struct reply *reply)
{
    struct direction_params params = {0};
    const struct desk_board *board;
    const struct desk_direction *direction;

    enum err rc = FIELDS_READ(request, &params);
    if (rc == ERR_OK)
        rc = take_direction(request, params.direction, &board, &direction);
    if (rc != ERR_OK)
        return rc;
    write_direction(&reply->writer, board, direction);
    return give_back(board, ERR_OK);
}

/* --- the calculator -------------------------------------------------------------------------------- */

static const struct field calc_fields[] = {
    {.name = "direction",
     .type = FIELD_INT,
     .required = true,
     .min = 1,
     .offset = offsetof(struct direction_params, direction)},
    {.name = "amount",
     .type = FIELD_DECIMAL,
     .required = true,
     .max = RATE_MAX_SCALE,
     .offset = offsetof(struct direction_params, amount)},
    {.name = "action",
     .type = FIELD_INT,
     .min = DESK_SUM1,
     .max = DESK_SUM2DC,
     .offset = offsetof(struct direction_params, action)},
};

static void write_sums(struct writer *json, const struct desk_direction *direction,
                       const struct desk_sums *sums)
{
    char fee[FEE_TEXT_MAX], digits[AMOUNT_TEXT_SIZE];

    writer_object(json, NULL);
    writer_short(json, "give", sums->sum1);
    writer_short(json, "give_total", sums->sum1c);
    writer_short(json, "get", sums->sum2);
    writer_short(json, "get_total", sums->sum2c);
    desk_fee_text(sums->sum1, sums->sum1dc, sums->sum1c, direction->give->name, fee, sizeof(fee));
    writer_text(json, "give_fee", fee);
    desk_fee_text(sums->sum2, sums->sum2dc, sums->sum2c, direction->get->name, fee, sizeof(fee));
    writer_text(json, "get_fee", fee);
    rate_format(sums->course_give, digits);
    writer_text(json, "course_give", digits);
    rate_format(sums->course_get, digits);
    writer_text(json, "course_get", digits);
    writer_bool(json, "changed", sums->changed);
    writer_bool(json, "reserved", sums->sum2.units <= direction->reserve);
    writer_end(json);
}

static enum err handle_calc(struct request *request, struct reply *reply)
{
    struct direction_params params = {.action = DESK_SUM1};
    const struct desk_board *board;
    const struct desk_direction *direction;
    struct desk_sums sums;

    enum err rc = FIELDS_READ(request, &params);
    if (rc == ERR_OK)
        rc = take_direction(request, params.direction, &board, &direction);
    if (rc != ERR_OK)
        return rc;
    if (direction->frozen == DESK_NO_RATE)
        return give_back(board, ERR_DESK_DIRECTION_OFF);
    rc = desk_calc(&direction->terms, (enum desk_action)params.action, params.amount, &sums);
    if (rc == ERR_OK)
        write_sums(&reply->writer, direction, &sums);
    else
        rc = request_fail(request, "amount", rc);
    return give_back(board, rc);
}

static const struct route rows[] = {
    {.methods = METHOD_GET,
     .path = "/site/desk/directions",
     .auth = &auth_public,
     .effect = EFFECT_READS,
     .cache = CACHE_PUBLIC_1S,
     .handler = handle_directions,
     .help = "What the exchange page offers, and whether anything is exchanged now."},
    {.methods = METHOD_GET,
     .path = "/site/desk/direction",
     .auth = &auth_public,
     .effect = EFFECT_READS,
     .handler = handle_direction,
     .help = "One direction: limits, reserve, texts and what a bid asks for.",
     .fields = FIELD_TABLE(direction_fields, struct direction_params)},
    {.methods = METHOD_GET,
     .path = "/site/desk/calc",
     .auth = &auth_public,
     .effect = EFFECT_READS,
     .handler = handle_calc,
     .help = "The calculator of the exchange page; action as calc_action of the user API.",
     .fields = FIELD_TABLE(calc_fields, struct direction_params)},
};
ROUTE_TABLE(routes_site_desk, rows);
