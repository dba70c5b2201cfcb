/* Affiliates by their own key (api desk, A5, A10): what they earned, whom they sent, how they are paid. */
#include <stdio.h>
#include <string.h>

#include "desk/partner.h"
#include "fcgi/desk/bid.h"
#include "fcgi/server/fields.h"

/* The system's own keys are of nobody. */
static enum err need_partner(struct request *request)
{
    static const char *const words[] = {"no partner id", "нет id партнера"};
    size_t language = strcmp(desk_language(request), "ru") == 0 ? 1 : 0;
    return request->caller.user_id != 0
               ? ERR_OK
               : request_fail_text(request, NULL, ERR_DESK_PARTNERS, words[language]);
}

/* Every user may send others: one who never did has nothing. */
static enum err view_partner(struct request *request, struct desk_partner *out)
{
    enum err rc = need_partner(request);
    if (rc == ERR_OK)
        rc = desk_partner_view(request->db, request->caller.user_id, out);
    if (rc != ERR_NOT_FOUND)
        return rc;
    rc = desk_partner_join(request->db, request->caller.user_id);
    return rc == ERR_OK ? desk_partner_view(request->db, request->caller.user_id, out) : rc;
}

/* --- get_partner_info ------------------------------------------------------------------------------ */

static void add_item(void *arg, const struct desk_payout_item *item)
{
    struct writer *json = arg;
    char digits[AMOUNT_TEXT_SIZE], commission[AMOUNT_TEXT_SIZE + 2];
    struct rate percent = {0};

    if (rate_parse(item->percent, strlen(item->percent), &percent) != ERR_OK)
        return; /* a decimal of the database's own */
    rate_format(percent, digits);
    snprintf(commission, sizeof(commission), "%s%%", digits);
    writer_object(json, NULL);
    writer_digits(json, "id", (int64_t)item->system_id);
    writer_text(json, "title", item->name);
    writer_text(json, "comission", commission); /* as clients know it */
    writer_short(json, "amount", item->amount);
    writer_end(json);
}

static enum err handle_info(struct request *request, struct reply *reply)
{
    struct writer *json = &reply->writer;
    struct desk_partner partner;

    enum err rc = view_partner(request, &partner);
    if (rc != ERR_OK)
        return rc;
    writer_object(json, NULL);
    writer_digits(json, "partner_id", partner.user_id);
    writer_short(json, "balance", partner.balance);
    writer_short(json, "min_payout", partner.min_payout);
    writer_list(json, "items");
    rc = desk_payout_items(request->db, request->caller.user_id, add_item, json);
    writer_end(json);
    writer_end(json);
    return rc;
}

/* --- lists ----------------------------------------------------------------------------------------- */

#define AT(member) offsetof(struct desk_list_params, member)
#define FIELD(word)                                           \
    {                                                         \
        .name = #word, .type = FIELD_TEXT, .offset = AT(word) \
    }

static const struct field link_fields[] = {FIELD(start_time), FIELD(end_time), FIELD(ip),
                                           FIELD(limit), FIELD(offset)};
static const struct field exchange_fields[] = {
    FIELD(start_time), FIELD(end_time),       FIELD(ip),    FIELD(id),
    FIELD(hash),       FIELD(status_history), FIELD(limit), FIELD(offset)};
static const struct field payout_fields[] = {FIELD(start_time), FIELD(end_time), FIELD(id),
                                             FIELD(limit), FIELD(offset)};

/* A list that begins with its first item: without one it is []. */
struct items {
    struct writer *json;
    bool begun;
};

static void begin_item(struct items *items)
{
    if (!items->begun) {
        writer_object(items->json, NULL);
        writer_list(items->json, "items");
    }
    items->begun = true;
    writer_object(items->json, NULL);
}

static void end_items(struct items *items)
{
    if (!items->begun)
        writer_list(items->json, NULL);
    else
        writer_end(items->json);
    writer_end(items->json);
}

static void add_visit(void *arg, const struct desk_visit *visit)
{
    struct items *items = arg;
    struct writer *json = items->json;

    begin_item(items);
    writer_digits(json, "id", visit->id);
    desk_add_moment(json, visit->at);
    writer_text(json, "browser", visit->browser);
    writer_text(json, "ip", visit->ip);
    writer_text(json, "referrer", visit->referrer);
    writer_text(json, "user_hash", visit->user_hash);
    writer_text(json, "query_string", visit->query);
    writer_end(json);
}

static enum err handle_links(struct request *request, struct reply *reply)
{
    struct desk_list_params params = {0};
    struct items items = {.json = &reply->writer};

    enum err rc = FIELDS_READ(request, &params);
    if (rc == ERR_OK)
        rc = need_partner(request);
    const struct desk_visit_filter filter = {.partner_id = request->caller.user_id,
                                             .since = desk_moment(params.start_time),
                                             .until = desk_moment(params.end_time),
                                             .ip = params.ip,
                                             .limit = desk_limit(params.limit),
                                             .offset = (int64_t)desk_number(params.offset)};
    if (rc == ERR_OK)
        rc = desk_visit_list(request->db, &filter, add_visit, &items);
    if (rc == ERR_OK)
        end_items(&items);
    return rc;
}

static enum err handle_exchanges(struct request *request, struct reply *reply)
{
    struct desk_list_params params = {0};
    struct desk_bid_filter filter = {.partner_id = request->caller.user_id};

    enum err rc = FIELDS_READ(request, &params);
    if (rc == ERR_OK)
        rc = need_partner(request);
    return rc == ERR_OK ? desk_list_bids(request, reply, &params, &filter, true) : rc;
}

static void add_payout(void *arg, const struct desk_payout *payout)
{
    struct items *items = arg;
    struct writer *json = items->json;

    begin_item(items);
    writer_digits(json, "id", payout->id);
    desk_add_moment(json, payout->created);
    writer_int(json, "method_id", (int64_t)payout->system_id);
    writer_text(json, "account", payout->account);
    writer_short(json, "pay_amount", payout->pay);
    writer_text(json, "pay_currency_code", payout->pay.currency->code);
    writer_short(json, "original_amount", payout->original);
    writer_text(json, "original_currency_code", payout->original.currency->code);
    writer_digits(json, "status", (int64_t)payout->status);
    writer_end(json);
}

static enum err handle_payouts(struct request *request, struct reply *reply)
{
    struct desk_list_params params = {0};
    struct items items = {.json = &reply->writer};

    enum err rc = FIELDS_READ(request, &params);
    if (rc == ERR_OK)
        rc = need_partner(request);
    const struct desk_payout_filter filter = {.partner_id = request->caller.user_id,
                                              .id = (int64_t)desk_number(params.id),
                                              .since = desk_moment(params.start_time),
                                              .until = desk_moment(params.end_time),
                                              .limit = desk_limit(params.limit),
                                              .offset = (int64_t)desk_number(params.offset)};
    if (rc == ERR_OK)
        rc = desk_payout_list(request->db, &filter, add_payout, &items);
    if (rc == ERR_OK)
        end_items(&items);
    return rc;
}

/* --- add_partner_payout ---------------------------------------------------------------------------- */

struct payout_params {
    const char *method_id, *account;
};

static const struct field add_fields[] = {
    {.name = "method_id", .type = FIELD_TEXT, .offset = offsetof(struct payout_params, method_id)},
    {.name = "account",
     .type = FIELD_TEXT,
     .max = DESK_ACCOUNT_MAX,
     .offset = offsetof(struct payout_params, account)},
};

static enum err handle_add_payout(struct request *request, struct reply *reply)
{
    struct payout_params params = {.account = ""};
    struct writer *json = &reply->writer;
    struct desk_payout payout;

    enum err rc = FIELDS_READ(request, &params);
    if (rc == ERR_OK)
        rc = need_partner(request);
    if (rc == ERR_OK)
        rc = desk_payout_add(request->db, request->caller.user_id, desk_number(params.method_id),
                             params.account, request->id, &payout);
    if (rc != ERR_OK)
        return rc;
    writer_object(json, NULL);
    writer_digits(json, "payout_id", payout.id);
    writer_end(json);
    return ERR_OK;
}

#define LIST_OF(rows) FIELD_TABLE(rows, struct desk_list_params)

static const struct route rows[] = {
    DESK_ROUTE(get_partner_info, 0, CHANGES, handle_info, NULL,
               "The affiliate's balance, and what it would bring in each payment system."),
    DESK_ROUTE(get_partner_links, 0, LISTS, handle_links, LIST_OF(link_fields),
               "Visits by the affiliate's links, newest first."),
    DESK_ROUTE(get_partner_exchanges, 0, LISTS, handle_exchanges, LIST_OF(exchange_fields),
               "Bids of those whom the affiliate sent, the newest change first."),
    DESK_ROUTE(get_partner_payouts, 0, LISTS, handle_payouts, LIST_OF(payout_fields),
               "The affiliate's payouts, newest first."),
    DESK_ROUTE(add_partner_payout, SHAPE_PAYOUT, CHANGES, handle_add_payout,
               FIELD_TABLE(add_fields, struct payout_params),
               "Asks for the affiliate's whole balance to be paid out."),
};
ROUTE_TABLE(routes_desk_partner, rows);
