/* Bids of the exchange page: whoever knows a bid's hash sees it, says that it is paid, or gives it up. */
#include <stdio.h>
#include <string.h>

#include "desk/bid.h"
#include "desk/partner.h"
#include "fcgi/server/cookie.h"
#include "fcgi/server/fields.h"
#include "fcgi/site/face.h"
#include "fcgi/views/desk.h"
#include "identity/qr.h"

#define LANGUAGE "en" /* of the pages */
#define WORDS_MAX 160 /* bytes of what is said of a field */

/* --- a bid ----------------------------------------------------------------------------------------- */

static bool may(const struct desk_bid *bid, enum desk_status to)
{
    return bid->status != to && desk_status_may(DESK_CUSTOMER, bid->status, to);
}

static void write_side(struct writer *json, const char *key, const char *name, const char *code,
                       struct amount amount, const char *account)
{
    writer_object(json, key);
    writer_text(json, "name", name);
    writer_text(json, "code", code);
    writer_short(json, "amount", amount);
    writer_text(json, "currency", amount.currency->code);
    writer_text(json, "account", account);
    writer_end(json);
}

/* What a wallet reads of a code: the house's address, of Bitcoin with the amount (BIP 21). null where the
 * account is no address, or the bid is not to be paid any more. */
static void write_code(struct writer *json, const struct desk_system *system,
                       const struct desk_bid *bid)
{
    struct text svg = TEXT(QR_SVG_MAX);
    char digits[AMOUNT_TEXT_SIZE], uri[sizeof(system->pay_account) + AMOUNT_TEXT_SIZE + 32] = "";
    bool open = (desk_payable >> bid->status & 1) != 0;

    if (open && system != NULL && strcmp(system->account_rule, "bitcoin") == 0) {
        desk_amount_text(bid->sum1c, digits);
        snprintf(uri, sizeof(uri), "bitcoin:%s?amount=%s", system->pay_account, digits);
    } else if (open && system != NULL && strcmp(system->account_rule, "ethereum") == 0) {
        snprintf(uri, sizeof(uri), "ethereum:%s", system->pay_account);
    }
    if (uri[0] != '\0' && system->pay_account[0] != '\0' && qr_svg(uri, &svg) == ERR_OK)
        writer_text(json, "qr_svg", text_string(&svg));
    else
        writer_null(json, "qr_svg");
    text_free(&svg);
}

/* How to pay: the direction's words, or the payment system's; and the house's account. */
static void write_instruction(struct writer *json, const struct desk_board *board,
                              const struct desk_bid *bid)
{
    const struct desk_system *system = desk_system_of(board, bid->give_id);
    const char *own =
        desk_text(board, DESK_TEXT_DIRECTION, bid->direction_id, "instruction", LANGUAGE);
    const char *general = desk_text(board, DESK_TEXT_SYSTEM, bid->give_id, "instruction", LANGUAGE);

    writer_text(json, "instruction", own[0] != '\0' ? own : general);
    writer_text(json, "pay_account", system == NULL ? "" : system->pay_account);
    write_code(json, system, bid);
}

static enum err write_bid(struct request *request, struct reply *reply, const struct desk_bid *bid)
{
    struct writer *json = &reply->writer;
    const struct desk_board *board;
    char path[DESK_ORDER_PATH_SIZE];

    enum err rc = desk_board_take(request->db, &board);
    if (rc != ERR_OK)
        return rc;
    writer_object(json, NULL);
    writer_text(json, "hash", bid->hash);
    writer_digits(json, "id", bid->id);
    writer_text(json, "status", desk_status_names[bid->status]);
    writer_text(json, "title", desk_status_title(bid->status, LANGUAGE));
    write_side(json, "give", bid->give_name, bid->give_code, bid->sum1c, bid->account1);
    write_side(json, "get", bid->get_name, bid->get_code, bid->sum2c, bid->account2);
    write_instruction(json, board, bid);
    bool balance = strcmp(bid->pay_in, "balance") == 0;
    writer_bool(json, "from_balance", balance);
    writer_bool(json, "may_pay",
                may(bid, DESK_STATUS_payed) &&
                    (strcmp(bid->pay_in, "hand") == 0 ||
                     (balance && request->caller.user_id == bid->user_id)));
    if (desk_order_path(bid, path))
        writer_text(json, "pay_link", path);
    else
        writer_null(json, "pay_link");
    writer_bool(json, "may_cancel", may(bid, DESK_STATUS_cancel));
    writer_date(json, "created", bid->created);
    writer_date(json, "changed", bid->changed);
    writer_date(json, "expires", bid->expires);
    writer_date(json, "now", board->at);
    writer_end(json);
    desk_board_give(board);
    return ERR_OK;
}

/* --- making one ------------------------------------------------------------------------------------ */

struct wish_params {
    int64_t direction, action;
    struct rate amount;
    const char *account1, *account2;
};

#define AT(member) offsetof(struct wish_params, member)
/* And the further fields of the direction: cf6, cfgive8 ... */
static const struct field wish_fields[] = {
    {.name = "direction", .type = FIELD_INT, .required = true, .min = 1, .offset = AT(direction)},
    {.name = "amount",
     .type = FIELD_DECIMAL,
     .required = true,
     .max = RATE_MAX_SCALE,
     .offset = AT(amount)},
    {.name = "action",
     .type = FIELD_INT,
     .min = DESK_SUM1,
     .max = DESK_SUM2DC,
     .offset = AT(action)},
    {.name = "account1", .type = FIELD_TEXT, .max = DESK_ACCOUNT_MAX, .offset = AT(account1)},
    {.name = "account2", .type = FIELD_TEXT, .max = DESK_ACCOUNT_MAX, .offset = AT(account2)},
};

/* The first thing that is wrong, at its field; amounts are one field of the page. */
static enum err tell_problem(struct request *request, const struct desk_problem *problem)
{
    static const char *const words[] = {
        [DESK_BAD_ACCOUNT] = "is not such an account",
        [DESK_BAD_FIELD] = "is not filled in rightly",
        [DESK_NOT_SELECTED] = "is not selected",
        [DESK_NOT_POSITIVE] = "must be greater than 0",
        [DESK_BELOW_MIN] = "is below the least, ",
        [DESK_ABOVE_MAX] = "is above the most, ",
    };
    struct text message = TEXT(WORDS_MAX);
    char digits[AMOUNT_TEXT_SIZE];
    bool sum = strncmp(problem->field, "sum", 3) == 0;

    text_puts(&message, words[problem->complaint]);
    if (problem->complaint == DESK_BELOW_MIN || problem->complaint == DESK_ABOVE_MAX) {
        desk_amount_text(problem->limit, digits);
        text_addf(&message, "%s %s", digits, problem->limit.currency->code);
    }
    const char *field = request_copy(request, sum ? "amount" : problem->field,
                                     sum ? strlen("amount") : strlen(problem->field));
    const char *detail = request_copy(request, text_string(&message), message.len);
    text_free(&message);
    return request_fail_text(request, field, ERR_DESK_FIELDS, detail);
}

static enum err handle_create(struct request *request, struct reply *reply)
{
    struct wish_params params = {.action = DESK_SUM1};
    struct desk_field_value values[REQUEST_MAX_PARAMS];
    struct desk_problems problems = {.count = 0};
    struct desk_bid bid;
    char visitor[DESK_HASH_SIZE], user_hash[DESK_VISITOR_HASH_SIZE];

    enum err rc = FIELDS_READ(request, &params);
    if (rc != ERR_OK)
        return rc;
    cookie_find(request, SITE_VISITOR, visitor, sizeof(visitor));
    desk_visitor_hash(visitor, user_hash);
    const struct desk_wish wish = {
        .direction_id = (uint64_t)params.direction,
        .action = (enum desk_action)params.action,
        .named = params.amount,
        .account1 = params.account1,
        .account2 = params.account2,
        .fields = values,
        .field_count = desk_read_fields(request, values),
        .access = DESK_FOR_SITE,
        .user_id = request->caller.user_id,
        .language = LANGUAGE,
        .ip = request->remote,
        .user_hash = user_hash,
    };
    rc = desk_bid_create(request->db, &wish, request->id, &problems, &bid);
    if (rc == ERR_DESK_FIELDS && problems.count > 0)
        return tell_problem(request, &problems.list[0]);
    return rc == ERR_OK ? write_bid(request, reply, &bid) : rc;
}

/* --- what becomes of it ---------------------------------------------------------------------------- */

struct hash_params {
    const char *hash;
};

static const struct field hash_fields[] = {
    {.name = "hash",
     .type = FIELD_TEXT,
     .required = true,
     .min = 1,
     .max = DESK_HASH_SIZE - 1,
     .offset = offsetof(struct hash_params, hash)},
};

/* Hashes are letters and digits: anything else is the hash of no bid. */
static enum err read_hash(struct request *request, struct desk_bid_name *out)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    struct hash_params params = {.hash = ""};

    enum err rc = FIELDS_READ(request, &params);
    if (rc != ERR_OK)
        return rc;
    *out = (struct desk_bid_name){.hash = params.hash};
    return strspn(params.hash, letters) == DESK_HASH_SIZE - 1
               ? ERR_OK
               : request_fail(request, "hash", ERR_DESK_BID);
}

static enum err handle_view(struct request *request, struct reply *reply)
{
    struct desk_bid_name name;
    struct desk_bid bid;

    enum err rc = read_hash(request, &name);
    if (rc == ERR_OK)
        rc = desk_bid_view(request->db, &name, &bid);
    return rc == ERR_OK ? write_bid(request, reply, &bid) : rc;
}

static enum err move_to(struct request *request, struct reply *reply, enum desk_status to)
{
    struct desk_move move = {
        .who = DESK_CUSTOMER, .to = to, .user_id = request->caller.user_id, .trace = request->id};
    struct desk_bid bid;

    enum err rc = read_hash(request, &move.name);
    if (rc == ERR_OK)
        rc = desk_bid_move(request->db, &move, &bid);
    return rc == ERR_OK ? write_bid(request, reply, &bid) : rc;
}

static enum err handle_pay(struct request *request, struct reply *reply)
{
    return move_to(request, reply, DESK_STATUS_payed);
}

static enum err handle_cancel(struct request *request, struct reply *reply)
{
    return move_to(request, reply, DESK_STATUS_cancel);
}

#define BID_ROUTE(method, route_path, does, function, takes, words)                     \
    {                                                                                   \
        .methods = METHOD_##method, .path = "/site/desk/" route_path,                   \
        .auth = &auth_session_optional, .effect = EFFECT_##does, .handler = (function), \
        .fields = (takes), .help = (words)                                              \
    }
#define HASH_TABLE FIELD_TABLE(hash_fields, struct hash_params)

static const struct route rows[] = {
    BID_ROUTE(POST, "bids", CHANGES, handle_create, FIELD_TABLE(wish_fields, struct wish_params),
              "Opens a bid, by somebody who need not be signed in."),
    BID_ROUTE(GET, "bid", READS, handle_view, HASH_TABLE, "A bid, to whoever knows its hash."),
    BID_ROUTE(POST, "bid/pay", CHANGES, handle_pay, HASH_TABLE, "Says that a bid is paid."),
    BID_ROUTE(POST, "bid/cancel", CHANGES, handle_cancel, HASH_TABLE,
              "Gives a bid up that is not paid."),
};
ROUTE_TABLE(routes_site_desk_bid, rows);
