/* Bids by key (api desk, A5, A7): create_bid, bid_info, cancel_bid, pay_bid, success_bid. */
#include "fcgi/desk/bid.h"

#include <stdio.h>
#include <string.h>

#include "fcgi/server/app.h"
#include "fcgi/server/fields.h"
#include "fcgi/views/desk.h"

#define WORDS_MAX 512 /* bytes of what is said of a field */

/* --- a bid on the wire ----------------------------------------------------------------------------- */

static bool may(const struct desk_bid *bid, enum desk_status to)
{
    return bid->status != to && desk_status_may(DESK_CUSTOMER, bid->status, to);
}

/* How to pay: the direction's own words, or the payment system's, or the house's account alone. */
static const char *instruction_of(const struct desk_board *board, const struct desk_bid *bid,
                                  const char *language)
{
    const struct desk_system *system = desk_system_of(board, bid->give_id);
    const char *own =
        desk_text(board, DESK_TEXT_DIRECTION, bid->direction_id, "instruction", language);
    const char *general = desk_text(board, DESK_TEXT_SYSTEM, bid->give_id, "instruction", language);

    if (own[0] != '\0')
        return own;
    return general[0] != '\0' || system == NULL ? general : system->pay_account;
}

static void add_actions(const struct request *request, const struct desk_board *board,
                        const struct desk_bid *bid, struct writer *json)
{
    bool open = bid->status == DESK_STATUS_new || bid->status == DESK_STATUS_techpay;
    bool by_order = strcmp(bid->pay_in, "checkout") == 0;
    char path[DESK_ORDER_PATH_SIZE];

    writer_object(json, "api_actions");
    writer_text(json, "type", !open ? "finished" : by_order ? "link" : "default");
    writer_text(json, "cancel", may(bid, DESK_STATUS_cancel) ? "api" : "disabled");
    if (open && desk_order_path(bid, path))
        desk_add_link(request, json, "pay", path);
    else
        writer_text(json, "pay", !by_order && may(bid, DESK_STATUS_payed) ? "api" : "disabled");
    writer_short(json, "pay_amount", bid->sum1dc);
    writer_text(json, "instruction",
                open ? instruction_of(board, bid, desk_language(request)) : "");
    writer_end(json);
}

static void write_bid(const struct request *request, const struct desk_board *board,
                      const struct desk_bid *bid, struct writer *json)
{
    char path[64];

    snprintf(path, sizeof(path), "/exchange/bid/%s", bid->hash);
    writer_object(json, NULL);
    desk_add_link(request, json, "url", path);
    writer_digits(json, "id", bid->id);
    writer_text(json, "hash", bid->hash);
    writer_text(json, "status", desk_status_names[bid->status]);
    writer_text(json, "status_title", desk_status_title(bid->status, desk_language(request)));
    writer_text(json, "psys_give", bid->give_name);
    writer_text(json, "psys_get", bid->get_name);
    writer_text(json, "currency_code_give", bid->sum1.currency->code);
    writer_text(json, "currency_code_get", bid->sum2.currency->code);
    writer_short(json, "amount_give", bid->sum1dc);
    writer_short(json, "amount_get", bid->sum2c);
    writer_text(json, "course_give", bid->course_give);
    writer_text(json, "course_get", bid->course_get);
    add_actions(request, board, bid, json);
    writer_end(json);
}

/* --- create_bid ------------------------------------------------------------------------------------ */

struct create_params {
    const char *direction_id, *amount, *action, *partner_id, *api_id, *callback_url;
    const char *account1, *account2;
};

#define AT(member) offsetof(struct create_params, member)
#define TEXT_FIELD(field, member, cap)                                          \
    {                                                                           \
        .name = (field), .type = FIELD_TEXT, .max = (cap), .offset = AT(member) \
    }

/* And the fields of the direction: cf1, cfgive8 ... */
static const struct field create_fields[] = {
    TEXT_FIELD("direction_id", direction_id, 0),
    TEXT_FIELD("calc_amount", amount, 0),
    TEXT_FIELD("calc_action", action, 0),
    TEXT_FIELD("partner_id", partner_id, 0),
    TEXT_FIELD("api_id", api_id, DESK_API_ID_MAX),
    TEXT_FIELD("callback_url", callback_url, 2000),
    TEXT_FIELD("account1", account1, DESK_ACCOUNT_MAX),
    TEXT_FIELD("account2", account2, DESK_ACCOUNT_MAX),
};

/* What clients read of a limit is in the element's text, `min.: 10 USD`. */
static void word_limit(const struct desk_problem *problem, char out[WORDS_MAX])
{
    char digits[AMOUNT_TEXT_SIZE];
    desk_amount_text(problem->limit, digits);
    snprintf(out, WORDS_MAX,
             "<span class=\"js_amount\" data-id=\"%s\" data-val=\"%s\">%s: %s %s</span>",
             problem->field, digits, problem->complaint == DESK_BELOW_MIN ? "min." : "max.", digits,
             problem->limit.currency->code);
}

static void word_problem(const struct desk_problem *problem, size_t language, char out[WORDS_MAX])
{
    static const char *const words[][2] = {
        [DESK_BAD_ACCOUNT] = {"invalid account number", "неверный номер счета"},
        [DESK_BAD_FIELD] = {"field is filled with errors", "поле заполнено с ошибками"},
        [DESK_NOT_SELECTED] = {"value is not selected", "значение не выбрано"},
        [DESK_NOT_POSITIVE] = {"amount must be greater than 0", "сумма должна быть больше 0"},
    };
    if (problem->complaint == DESK_BELOW_MIN || problem->complaint == DESK_ABOVE_MAX)
        word_limit(problem, out);
    else
        text_copy(out, WORDS_MAX, words[problem->complaint][language]);
}

/* Problems become the faults of the request, which error_fields shows: as many as there is room for. */
static enum err tell_problems(struct request *request, const struct desk_problems *problems)
{
    struct field_reader *reader = &request->reader;
    size_t language = strcmp(desk_language(request), "ru") == 0 ? 1 : 0;

    reader->fault_count = 0;
    for (size_t i = 0; i < problems->count && i < FIELD_FAULTS_MAX; i++) {
        const struct desk_problem *problem = &problems->list[i];
        char words[WORDS_MAX];
        word_problem(problem, language, words);
        struct field_fault *fault = &reader->faults[reader->fault_count++];
        *fault = (struct field_fault){
            .rc = ERR_DESK_FIELDS,
            .path = request_copy(request, problem->field, strlen(problem->field)),
            .detail = request_copy(request, words, strlen(words))};
        if (fault->path == NULL || fault->detail == NULL)
            return ERR_NO_MEMORY;
    }
    return ERR_DESK_FIELDS;
}

static enum err create(struct request *request, const struct desk_board *board,
                       const struct create_params *params, struct reply *reply)
{
    struct desk_field_value values[REQUEST_MAX_PARAMS];
    struct desk_problems problems = {.count = 0};
    struct desk_bid bid;
    uint64_t action = desk_number(params->action);
    const struct desk_wish wish = {
        .direction_id = desk_number(params->direction_id),
        .action =
            action >= DESK_SUM1 && action <= DESK_SUM2DC ? (enum desk_action)action : DESK_SUM1,
        .named = desk_figure(params->amount),
        .account1 = params->account1,
        .account2 = params->account2,
        .fields = values,
        .field_count = desk_read_fields(request, values),
        .access = DESK_FOR_API,
        .key_id = request->caller.api_key_id,
        .user_id = request->caller.user_id,
        .partner_id = (int64_t)desk_number(params->partner_id),
        .api_id = params->api_id,
        .callback_url = params->callback_url,
        .language = desk_language(request),
        .ip = request->remote,
        .browser = request_env(request, "HTTP_USER_AGENT"),
        .user_hash = "",
    };

    enum err rc = desk_bid_create(request->db, &wish, request->id, &problems, &bid);
    if (rc == ERR_DESK_FIELDS)
        rc = tell_problems(request, &problems);
    if (rc == ERR_OK)
        write_bid(request, board, &bid, &reply->writer);
    return rc;
}

static enum err handle_create(struct request *request, struct reply *reply)
{
    struct create_params params = {0};
    const struct desk_board *board;

    enum err rc = FIELDS_READ(request, &params);
    if (rc == ERR_OK)
        rc = desk_open_board(request, &board);
    if (rc != ERR_OK)
        return rc;
    return desk_give_back(board, create(request, board, &params, reply));
}

/* --- one bid --------------------------------------------------------------------------------------- */

struct bid_params {
    const char *id, *hash;
};

static const struct field bid_fields[] = {
    {.name = "id", .type = FIELD_TEXT, .offset = offsetof(struct bid_params, id)},
    {.name = "hash", .type = FIELD_TEXT, .offset = offsetof(struct bid_params, hash)},
};

/* Only bids of this very key; the id wins where both are sent. */
static enum err read_name(struct request *request, struct desk_bid_name *out)
{
    struct bid_params params = {0};

    enum err rc = FIELDS_READ(request, &params);
    if (rc != ERR_OK)
        return rc;
    *out = (struct desk_bid_name){.id = (int64_t)desk_number(params.id),
                                  .hash = params.hash,
                                  .key_id = request->caller.api_key_id};
    return out->id == 0 && (out->hash == NULL || out->hash[0] == '\0') ? ERR_DESK_BID : ERR_OK;
}

static enum err handle_info(struct request *request, struct reply *reply)
{
    struct desk_bid_name name;
    const struct desk_board *board;
    struct desk_bid bid;

    enum err rc = desk_open_board(request, &board);
    if (rc != ERR_OK)
        return rc;
    rc = read_name(request, &name);
    if (rc == ERR_OK)
        rc = desk_bid_view(request->db, &name, &bid);
    if (rc == ERR_OK)
        write_bid(request, board, &bid, &reply->writer);
    return desk_give_back(board, rc);
}

/* Sets a status, as the customer; a bid that has it already is answered alike. */
static enum err move_to(struct request *request, struct reply *reply, enum desk_status to)
{
    struct desk_move move = {
        .who = DESK_CUSTOMER, .to = to, .user_id = request->caller.user_id, .trace = request->id};
    const struct desk_board *board;
    struct desk_bid bid = {0};

    enum err rc = desk_open_board(request, &board);
    if (rc != ERR_OK)
        return rc;
    desk_board_give(board);
    rc = read_name(request, &move.name);
    if (rc == ERR_OK)
        rc = desk_bid_move(request->db, &move, &bid);
    if (rc == ERR_OK)
        writer_text(&reply->writer, NULL, desk_status_names[bid.status]);
    return rc;
}

static enum err handle_cancel(struct request *request, struct reply *reply)
{
    return move_to(request, reply, DESK_STATUS_cancel);
}

static enum err handle_pay(struct request *request, struct reply *reply)
{
    return move_to(request, reply, DESK_STATUS_payed);
}

static enum err handle_success(struct request *request, struct reply *reply)
{
    return move_to(request, reply, DESK_STATUS_success);
}

/* --- get_exchanges --------------------------------------------------------------------------------- */

#define LIST_AT(member) offsetof(struct desk_list_params, member)
static const struct field list_fields[] = {
    {.name = "start_time", .type = FIELD_TEXT, .offset = LIST_AT(start_time)},
    {.name = "end_time", .type = FIELD_TEXT, .offset = LIST_AT(end_time)},
    {.name = "ip", .type = FIELD_TEXT, .offset = LIST_AT(ip)},
    {.name = "id", .type = FIELD_TEXT, .offset = LIST_AT(id)},
    {.name = "hash", .type = FIELD_TEXT, .offset = LIST_AT(hash)},
    {.name = "api_id", .type = FIELD_TEXT, .offset = LIST_AT(api_id)},
    {.name = "status_history", .type = FIELD_TEXT, .offset = LIST_AT(status_history)},
    {.name = "limit", .type = FIELD_TEXT, .offset = LIST_AT(limit)},
    {.name = "offset", .type = FIELD_TEXT, .offset = LIST_AT(offset)},
};

static enum err handle_exchanges(struct request *request, struct reply *reply)
{
    struct desk_list_params params = {0};
    struct desk_bid_filter filter = {.key_id = request->caller.api_key_id};

    enum err rc = FIELDS_READ(request, &params);
    return rc == ERR_OK ? desk_list_bids(request, reply, &params, &filter, false) : rc;
}

#define BID_TABLE FIELD_TABLE(bid_fields, struct bid_params)

static const struct route rows[] = {
    DESK_ROUTE(create_bid, SHAPE_FIELDS | SHAPE_CREATE, CHANGES, handle_create,
               FIELD_TABLE(create_fields, struct create_params),
               "Opens a bid, which holds its payout; again with its api_id it is the same bid."),
    DESK_ROUTE(bid_info, SHAPE_FIELDS, READS, handle_info, BID_TABLE,
               "A bid of this key, and how it is paid."),
    DESK_ROUTE(cancel_bid, SHAPE_WORD, CHANGES, handle_cancel, BID_TABLE,
               "Gives a bid up that is not paid."),
    DESK_ROUTE(pay_bid, SHAPE_WORD, CHANGES, handle_pay, BID_TABLE, "Says that a bid is paid."),
    DESK_ROUTE(success_bid, SHAPE_WORD, CHANGES, handle_success, BID_TABLE,
               "Says that a bid is done."),
    DESK_ROUTE(get_exchanges, 0, LISTS, handle_exchanges,
               FIELD_TABLE(list_fields, struct desk_list_params),
               "Bids of this key, the newest change first."),
};
ROUTE_TABLE(routes_desk_bid, rows);
