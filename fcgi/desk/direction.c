/* What can be exchanged, and the calculator (api desk, A5, A6): test, get_direction_currencies,
 * get_directions, get_direction, get_calc. */
#include <stdio.h>
#include <string.h>

#include "fcgi/desk/face.h"
#include "fcgi/server/fields.h"

#define LABEL_MAX 32     /* bytes of "option65535" */
#define FEE_TEXT_MAX 512 /* bytes of the words for the fees of a side */

/* --- test ------------------------------------------------------------------------------------------ */

struct test_params {
    const char *partner_id;
};

static const struct field test_fields[] = {
    {.name = "partner_id", .type = FIELD_TEXT, .offset = offsetof(struct test_params, partner_id)},
};

static enum err handle_test(struct request *request, struct reply *reply)
{
    struct test_params params = {0};

    enum err rc = FIELDS_READ(request, &params);
    if (rc != ERR_OK)
        return rc;
    struct writer *json = &reply->writer;
    writer_object(json, NULL);
    writer_text(json, "ip", request->remote);
    writer_int(json, "user_id", request->caller.user_id);
    writer_text(json, "locale", strcmp(desk_language(request), "ru") == 0 ? "ru_RU" : "en_US");
    writer_int(json, "partner_id", (int64_t)desk_number(params.partner_id));
    writer_end(json);
    return ERR_OK;
}

/* --- lists ----------------------------------------------------------------------------------------- */

struct direction_params {
    const char *direction_id, *give, *get;
    const char *amount, *action, *cd;
};

#define AT(member) offsetof(struct direction_params, member)
#define FIELD_PAIR                                                        \
    {.name = "currency_id_give", .type = FIELD_TEXT, .offset = AT(give)}, \
    {                                                                     \
        .name = "currency_id_get", .type = FIELD_TEXT, .offset = AT(get)  \
    }
#define TAKES(rows) FIELD_TABLE(rows, struct direction_params)

static const struct field pair_fields[] = {FIELD_PAIR};

typedef enum err board_answer(struct request *request, const struct desk_board *board,
                              const struct direction_params *params, struct reply *reply);

/* Reads the parameters, opens the board and has it answered.
 * open  desk_open_board; or desk_board_take's like, where maintenance is told in another way */
static enum err with_board(struct request *request, struct reply *reply,
                           enum err (*open)(struct request *request,
                                            const struct desk_board **board),
                           board_answer *answer)
{
    struct direction_params params = {0};
    const struct desk_board *board;

    enum err rc = FIELDS_READ(request, &params);
    if (rc == ERR_OK)
        rc = open(request, &board);
    return rc == ERR_OK ? desk_give_back(board, answer(request, board, &params, reply)) : rc;
}

/* The board, also in maintenance. */
static enum err take_board(struct request *request, const struct desk_board **board)
{
    return desk_board_take(request->db, board);
}

static bool is_wanted(const struct desk_direction *direction, uint64_t give, uint64_t get)
{
    return desk_is_shown(direction, DESK_FOR_API) && (give == 0 || direction->give->id == give) &&
           (get == 0 || direction->get->id == get);
}

static void add_system(const struct request *request, struct writer *json,
                       const struct desk_system *system)
{
    writer_object(json, NULL);
    writer_digits(json, "id", (int64_t)system->id);
    writer_text(json, "title", system->name);
    desk_add_link(request, json, "logo", system->logo);
    writer_end(json);
}

/* The payment systems of one side of the directions that are wanted, each once, in the order of the
 * board. */
static enum err list_side(struct request *request, const struct desk_board *board, bool give_side,
                          const struct direction_params *params, struct writer *json)
{
    uint64_t give = desk_number(params->give), get = desk_number(params->get);
    bool *wanted = request_alloc(request, board->system_count + 1);

    if (wanted == NULL)
        return ERR_NO_MEMORY;
    memset(wanted, 0, board->system_count + 1);
    for (size_t i = 0; i < board->direction_count; i++) {
        const struct desk_direction *direction = &board->directions[i];
        const struct desk_system *system = give_side ? direction->give : direction->get;
        if (is_wanted(direction, give, get))
            wanted[system - board->systems] = true;
    }
    writer_list(json, give_side ? "give" : "get");
    for (size_t i = 0; i < board->system_count; i++)
        if (wanted[i])
            add_system(request, json, &board->systems[i]);
    writer_end(json);
    return ERR_OK;
}

static enum err list_currencies(struct request *request, const struct desk_board *board,
                                const struct direction_params *params, struct reply *reply)
{
    writer_object(&reply->writer, NULL);
    enum err rc = list_side(request, board, true, params, &reply->writer);
    if (rc == ERR_OK)
        rc = list_side(request, board, false, params, &reply->writer);
    writer_end(&reply->writer);
    return rc;
}

static enum err handle_currencies(struct request *request, struct reply *reply)
{
    return with_board(request, reply, desk_open_board, list_currencies);
}

static void add_direction(const struct request *request, struct writer *json,
                          const struct desk_direction *direction)
{
    writer_object(json, NULL);
    writer_digits(json, "direction_id", (int64_t)direction->id);
    writer_digits(json, "currency_give_id", (int64_t)direction->give->id);
    writer_text(json, "currency_give_title", direction->give->name);
    desk_add_link(request, json, "currency_give_logo", direction->give->logo);
    writer_digits(json, "currency_get_id", (int64_t)direction->get->id);
    writer_text(json, "currency_get_title", direction->get->name);
    desk_add_link(request, json, "currency_get_logo", direction->get->logo);
    writer_end(json);
}

static enum err list_directions(struct request *request, const struct desk_board *board,
                                const struct direction_params *params, struct reply *reply)
{
    uint64_t give = desk_number(params->give), get = desk_number(params->get);

    writer_list(&reply->writer, NULL);
    for (size_t i = 0; i < board->direction_count; i++)
        if (is_wanted(&board->directions[i], give, get))
            add_direction(request, &reply->writer, &board->directions[i]);
    writer_end(&reply->writer);
    return ERR_OK;
}

static enum err handle_directions(struct request *request, struct reply *reply)
{
    return with_board(request, reply, desk_open_board, list_directions);
}

/* --- one direction --------------------------------------------------------------------------------- */

/* Figures of a calculation, which get_direction and get_calc show alike. */
static void add_sums(struct writer *json, const struct desk_direction *direction,
                     const struct desk_sums *sums)
{
    char give[FEE_TEXT_MAX], get[FEE_TEXT_MAX];

    desk_fee_text(sums->sum1, sums->sum1dc, sums->sum1c, direction->give->name, give, sizeof(give));
    desk_fee_text(sums->sum2, sums->sum2dc, sums->sum2c, direction->get->name, get, sizeof(get));
    writer_short(json, "reserve", (struct amount){direction->reserve, direction->get->currency});
    desk_add_rate(json, "course_give", sums->course_give);
    desk_add_rate(json, "course_get", sums->course_get);
    writer_short(json, "sum_give", sums->sum1);
    writer_short(json, "sum_give_com", sums->sum1c);
    writer_short(json, "sum_get", sums->sum2);
    writer_short(json, "sum_get_com", sums->sum2c);
    writer_text(json, "com_give", give);
    writer_text(json, "com_get", get);
}

/* A limit, or "no". */
static void add_limit(struct writer *json, const char *key, __int128 units,
                      const struct currency *currency)
{
    if (units < 0)
        writer_text(json, key, "no");
    else
        writer_short(json, key, (struct amount){units, currency});
}

static void add_limits(struct writer *json, const struct desk_terms *terms)
{
    add_limit(json, "min_give", terms->give.min, terms->give.currency);
    add_limit(json, "max_give", terms->give.max, terms->give.currency);
    add_limit(json, "min_get", terms->get.min, terms->get.currency);
    add_limit(json, "max_get", terms->get.max, terms->get.currency);
}

static void begin_field(struct writer *json, const char *name, const char *type, const char *label,
                        bool required, const char *tooltip)
{
    writer_object(json, name);
    writer_text(json, "name", name);
    writer_text(json, "type", type);
    writer_text(json, "label", label);
    writer_int(json, "req", required ? 1 : 0);
    writer_text(json, "tooltip", tooltip);
}

static void end_field(struct writer *json, bool in_calc)
{
    writer_int(json, "cd", in_calc ? 1 : 0);
    writer_end(json);
}

/* What may be selected, by the number that is sent for it. */
static void add_options(const struct request *request, const struct desk_board *board,
                        const struct desk_field *field, struct writer *json)
{
    const char *language = desk_language(request);

    writer_object(json, "options");
    writer_text(json, "0", strcmp(language, "ru") == 0 ? "Не выбрано" : "No selected");
    for (uint64_t i = 1; i <= field->options; i++) {
        char name[LABEL_MAX];
        snprintf(name, sizeof(name), "option%llu", (unsigned long long)i);
        writer_text(json, name + strlen("option"),
                    desk_text(board, DESK_TEXT_FIELD, field->number, name, language));
    }
    writer_end(json);
}

/* The account of a side. */
static void add_account(const struct request *request, const struct desk_board *board,
                        const struct desk_system *system, bool give, struct writer *json)
{
    const char *language = desk_language(request);
    const char *label =
        desk_text(board, DESK_TEXT_SYSTEM, system->id, give ? "give_label" : "get_label", language);
    const char *hint =
        desk_text(board, DESK_TEXT_SYSTEM, system->id, give ? "give_hint" : "get_hint", language);

    if (!(give ? system->account_give : system->account_get))
        return;
    begin_field(json, give ? "account1" : "account2", "text",
                label[0] == '\0' ? system->name : label, true, hint);
    end_field(json, false);
}

/* The fields whose names begin with a prefix: cfgive, cfget, or cf with its number right behind. */
static void add_fields(const struct request *request, const struct desk_board *board,
                       const struct desk_direction *direction, const char *prefix,
                       struct writer *json)
{
    const char *language = desk_language(request);
    size_t len = strlen(prefix);

    for (size_t i = 0; i < direction->field_count; i++) {
        const struct desk_field *field = &direction->fields[i];
        if (strncmp(field->name, prefix, len) != 0 || field->name[len] < '0' ||
            field->name[len] > '9')
            continue;
        begin_field(json, field->name, field->type,
                    desk_text(board, DESK_TEXT_FIELD, field->number, "label", language),
                    field->required,
                    desk_text(board, DESK_TEXT_FIELD, field->number, "tooltip", language));
        if (strcmp(field->type, "select") == 0)
            add_options(request, board, field, json);
        end_field(json, field->in_calc);
    }
}

static void add_info(const struct request *request, const struct desk_board *board,
                     const struct desk_direction *direction, struct writer *json)
{
    const char *language = desk_language(request);
    uint64_t id = direction->id;

    writer_object(json, "info");
    writer_text(json, "timeline_text",
                desk_text(board, DESK_TEXT_DIRECTION, id, "timeline", language));
    writer_text(json, "frozen_text",
                direction->state == DESK_FROZEN
                    ? desk_text(board, DESK_TEXT_DIRECTION, id, "frozen", language)
                    : "");
    writer_text(json, "before_button_text",
                desk_text(board, DESK_TEXT_DIRECTION, id, "before_button", language));
    writer_end(json);
}

static void add_all_fields(const struct request *request, const struct desk_board *board,
                           const struct desk_direction *direction, struct writer *json)
{
    writer_object(json, "give_fields");
    add_account(request, board, direction->give, true, json);
    add_fields(request, board, direction, "cfgive", json);
    writer_end(json);
    writer_object(json, "get_fields");
    add_account(request, board, direction->get, false, json);
    add_fields(request, board, direction, "cfget", json);
    writer_end(json);
    writer_object(json, "dir_fields");
    add_fields(request, board, direction, "cf", json);
    writer_end(json);
}

/* Hidden from this caller: the operator's words for why, where there are some. */
static enum err refuse_hidden(struct request *request, const struct desk_board *board,
                              uint64_t direction_id)
{
    const char *words =
        board->maintenance
            ? desk_text(board, DESK_TEXT_DESK, 0, "maintenance", desk_language(request))
            : desk_text(board, DESK_TEXT_DIRECTION, direction_id, "hidden", desk_language(request));
    char *copy = words[0] == '\0' ? NULL : request_copy(request, words, strlen(words));
    return request_fail_text(request, NULL, ERR_DESK_DIRECTION, copy);
}

/* By its id, by its pair, or the first that there is. */
static const struct desk_direction *find(const struct desk_board *board,
                                         const struct direction_params *params)
{
    if (params->direction_id != NULL)
        return desk_direction_of(board, desk_number(params->direction_id));
    if (params->give != NULL || params->get != NULL)
        return desk_direction_pair(board, desk_number(params->give), desk_number(params->get));
    for (size_t i = 0; i < board->direction_count; i++)
        if (desk_is_shown(&board->directions[i], DESK_FOR_API))
            return &board->directions[i];
    return NULL;
}

static void write_direction(const struct request *request, const struct desk_board *board,
                            const struct desk_direction *direction, const struct desk_sums *sums,
                            struct writer *json)
{
    char path[2 * DESK_CODE_MAX + 32];

    snprintf(path, sizeof(path), "/exchange-%s_to_%s", direction->give->code, direction->get->code);
    writer_object(json, NULL);
    writer_digits(json, "id", (int64_t)direction->id);
    desk_add_link(request, json, "url", path);
    writer_text(json, "currency_code_give", direction->give->currency->code);
    writer_text(json, "currency_code_get", direction->get->currency->code);
    add_sums(json, direction, sums);
    add_limits(json, &direction->terms);
    add_info(request, board, direction, json);
    add_all_fields(request, board, direction, json);
    writer_end(json);
}

/* Nothing can be calculated where there never was a rate: then all figures are zero. */
static enum err example(const struct desk_direction *direction, struct desk_sums *sums)
{
    struct amount give = {0, direction->give->currency}, get = {0, direction->get->currency};
    *sums = (struct desk_sums){
        .sum1 = give, .sum1dc = give, .sum1c = give, .sum2 = get, .sum2dc = get, .sum2c = get};
    if (direction->frozen == DESK_NO_RATE)
        return ERR_OK;
    return desk_calc(&direction->terms, DESK_SUM1, (struct rate){0}, sums);
}

static enum err show_direction(struct request *request, const struct desk_board *board,
                               const struct direction_params *params, struct reply *reply)
{
    const struct desk_direction *direction = find(board, params);
    struct desk_sums sums;

    if (board->maintenance)
        return refuse_hidden(request, board, 0);
    if (direction == NULL) {
        writer_list(&reply->writer, NULL);
        writer_end(&reply->writer);
        return ERR_OK;
    }
    if (!desk_is_shown(direction, DESK_FOR_API))
        return refuse_hidden(request, board, direction->id);
    enum err rc = example(direction, &sums);
    if (rc == ERR_OK)
        write_direction(request, board, direction, &sums, &reply->writer);
    return rc;
}

static const struct field direction_fields[] = {
    {.name = "direction_id", .type = FIELD_TEXT, .offset = AT(direction_id)},
    FIELD_PAIR,
};

static enum err handle_direction(struct request *request, struct reply *reply)
{
    return with_board(request, reply, take_board, show_direction);
}

/* --- the calculator -------------------------------------------------------------------------------- */

static const struct field calc_fields[] = {
    {.name = "direction_id", .type = FIELD_TEXT, .offset = AT(direction_id)},
    {.name = "calc_amount", .type = FIELD_TEXT, .offset = AT(amount)},
    {.name = "calc_action", .type = FIELD_TEXT, .offset = AT(action)},
    {.name = "cd", .type = FIELD_TEXT, .offset = AT(cd)},
};

/* What is none counts as the first. */
static enum desk_action action_of(const char *text)
{
    uint64_t action = desk_number(text);
    return action >= DESK_SUM1 && action <= DESK_SUM2DC ? (enum desk_action)action : DESK_SUM1;
}

static enum err calculate(struct request *request, const struct desk_board *board,
                          const struct direction_params *params, struct reply *reply)
{
    const struct desk_direction *direction =
        desk_direction_of(board, desk_number(params->direction_id));
    struct desk_sums sums;

    if (board->maintenance || direction == NULL || !desk_is_shown(direction, DESK_FOR_API) ||
        direction->frozen == DESK_NO_RATE)
        return refuse_hidden(request, board, direction == NULL ? 0 : direction->id);
    enum err rc =
        desk_calc(&direction->terms, action_of(params->action), desk_figure(params->amount), &sums);
    if (rc != ERR_OK)
        return rc;
    struct writer *json = &reply->writer;
    writer_object(json, NULL);
    writer_text(json, "currency_code_give", direction->give->currency->code);
    writer_text(json, "currency_code_get", direction->get->currency->code);
    add_sums(json, direction, &sums);
    add_limits(json, &direction->terms);
    writer_text(json, "changed", sums.changed ? "1" : "0");
    writer_end(json);
    return ERR_OK;
}

static enum err handle_calc(struct request *request, struct reply *reply)
{
    return with_board(request, reply, take_board, calculate);
}

static const struct route rows[] = {
    DESK_ROUTE(test, SHAPE_INT, READS, handle_test, FIELD_TABLE(test_fields, struct test_params),
               "Who is calling: for robots to see that their key works."),
    DESK_ROUTE(get_direction_currencies, SHAPE_INT, READS, handle_currencies, TAKES(pair_fields),
               "Payment systems that can be given and got."),
    DESK_ROUTE(get_directions, SHAPE_INT, READS, handle_directions, TAKES(pair_fields),
               "Directions that can be exchanged."),
    DESK_ROUTE(get_direction, 0, READS, handle_direction, TAKES(direction_fields),
               "A direction with its rate, limits, texts and fields."),
    DESK_ROUTE(get_calc, 0, READS, handle_calc, TAKES(calc_fields),
               "The calculator: from one figure of an exchange to all of them."),
};
ROUTE_TABLE(routes_desk_direction, rows);
