/* The affiliate's page: the link, whom it brought, what that earned, and how it is paid out. */
#include <stdio.h>
#include <string.h>

#include "desk/partner.h"
#include "fcgi/server/app.h"
#include "fcgi/server/fields.h"
#include "fcgi/site/face.h"

#define LANGUAGE "en" /* of the pages */
#define PAGE_ROWS 20  /* of a list */

/* --- the affiliate --------------------------------------------------------------------------------- */

/* A payment system that the balance could be paid in now. */
struct items {
    struct writer *json;
    const struct desk_board *board;
};

static void add_item(void *arg, const struct desk_payout_item *item)
{
    const struct items *items = arg;
    const struct desk_system *system = desk_system_of(items->board, item->system_id);
    struct writer *json = items->json;

    if (system == NULL)
        return; /* it is newer than the board */
    writer_object(json, NULL);
    writer_int(json, "id", (int64_t)item->system_id);
    writer_text(json, "name", item->name);
    writer_text(json, "currency", item->amount.currency->code);
    writer_short(json, "amount", item->amount);
    writer_bool(json, "to_balance", strcmp(system->pay_out, "balance") == 0);
    writer_text(json, "label",
                desk_text(items->board, DESK_TEXT_SYSTEM, system->id, "get_label", LANGUAGE));
    writer_text(json, "hint",
                desk_text(items->board, DESK_TEXT_SYSTEM, system->id, "get_hint", LANGUAGE));
    writer_end(json);
}

static void write_percent(struct writer *json, const char *key, const char *percent)
{
    struct rate rate = {0};
    char digits[AMOUNT_TEXT_SIZE] = "0";

    if (rate_parse(percent, strlen(percent), &rate) == ERR_OK)
        rate_format(rate, digits);
    writer_text(json, key, digits);
}

static enum err write_partner(struct request *request, struct writer *json,
                              const struct desk_partner *partner)
{
    struct items items = {.json = json};
    char link[300];

    enum err rc = desk_board_take(request->db, &items.board);
    if (rc != ERR_OK)
        return rc;
    snprintf(link, sizeof(link), "%s/?rid=%lld", request->app->config.site_base_url,
             (long long)partner->user_id);
    writer_object(json, NULL);
    writer_bool(json, "joined", true);
    writer_text(json, "link", link);
    writer_text(json, "currency", partner->balance.currency->code);
    writer_short(json, "balance", partner->balance);
    writer_short(json, "min_payout", partner->min_payout);
    writer_bool(json, "payable",
                partner->balance.units > 0 && partner->balance.units >= partner->min_payout.units);
    write_percent(json, "percent", partner->percent);
    writer_short(json, "turnover", partner->turnover);
    writer_int(json, "visits", (int64_t)partner->visits);
    writer_int(json, "bids", (int64_t)partner->bids);
    writer_int(json, "done", (int64_t)partner->done);
    writer_list(json, "payable_in");
    rc = desk_payout_items(request->db, partner->user_id, add_item, &items);
    writer_end(json);
    writer_end(json);
    desk_board_give(items.board);
    return rc;
}

static enum err handle_view(struct request *request, struct reply *reply)
{
    struct desk_partner partner;

    enum err rc = desk_partner_view(request->db, request->caller.user_id, &partner);
    if (rc == ERR_OK)
        return write_partner(request, &reply->writer, &partner);
    if (rc != ERR_NOT_FOUND)
        return rc;
    writer_object(&reply->writer, NULL);
    writer_bool(&reply->writer, "joined", false);
    writer_end(&reply->writer);
    return ERR_OK;
}

static enum err handle_join(struct request *request, struct reply *reply)
{
    struct desk_partner partner;

    enum err rc = desk_partner_join(request->db, request->caller.user_id);
    if (rc == ERR_OK)
        rc = desk_partner_view(request->db, request->caller.user_id, &partner);
    return rc == ERR_OK ? write_partner(request, &reply->writer, &partner) : rc;
}

/* --- lists ----------------------------------------------------------------------------------------- */

struct list_params {
    int64_t offset;
};

static const struct field list_fields[] = {
    {.name = "offset", .type = FIELD_INT, .offset = offsetof(struct list_params, offset)},
};

/* A page of rows, and whether there are more behind it. */
struct page_of {
    struct writer *json;
    int64_t rows;
};

/* Begins the next row; false where it is only there to show that there are more. */
static bool begin_row(struct page_of *page)
{
    if (++page->rows > PAGE_ROWS)
        return false;
    writer_object(page->json, NULL);
    return true;
}

static void add_visit(void *arg, const struct desk_visit *visit)
{
    struct page_of *page = arg;

    if (!begin_row(page))
        return;
    writer_date(page->json, "at", visit->at);
    writer_text(page->json, "browser", visit->browser);
    writer_text(page->json, "ip", visit->ip);
    writer_text(page->json, "referrer", visit->referrer);
    writer_text(page->json, "query", visit->query);
    writer_end(page->json);
}

static void add_bid(void *arg, const struct desk_bid *bid)
{
    struct page_of *page = arg;
    struct writer *json = page->json;

    if (!begin_row(page))
        return;
    writer_digits(json, "id", bid->id);
    writer_date(json, "at", bid->changed);
    writer_text(json, "give", bid->give_name);
    writer_text(json, "get", bid->get_name);
    writer_short(json, "amount", bid->sum1dc);
    writer_text(json, "currency", bid->sum1.currency->code);
    writer_text(json, "status", desk_status_names[bid->status]);
    writer_text(json, "title", desk_status_title(bid->status, LANGUAGE));
    if (bid->reward.currency == NULL)
        writer_null(json, "reward");
    else
        writer_short(json, "reward", bid->reward);
    writer_end(json);
}

static void add_payout(void *arg, const struct desk_payout *payout)
{
    static const char *const words[] = {"waiting", "paid", "cancelled", "withdrawn"};
    struct page_of *page = arg;
    struct writer *json = page->json;

    if (!begin_row(page))
        return;
    writer_digits(json, "id", payout->id);
    writer_date(json, "at", payout->created);
    writer_text(json, "system", payout->code);
    writer_text(json, "account", payout->account);
    writer_short(json, "taken", payout->original);
    writer_text(json, "taken_currency", payout->original.currency->code);
    writer_short(json, "paid", payout->pay);
    writer_text(json, "paid_currency", payout->pay.currency->code);
    writer_text(json, "status", words[payout->status]);
    writer_text(json, "note", payout->note);
    writer_end(json);
}

/* What a list asks of the domain. */
typedef enum err list_reader(struct request *request, int64_t offset, struct page_of *page);

static enum err read_visits(struct request *request, int64_t offset, struct page_of *page)
{
    const struct desk_visit_filter filter = {
        .partner_id = request->caller.user_id, .limit = PAGE_ROWS + 1, .offset = offset};
    return desk_visit_list(request->db, &filter, add_visit, page);
}

static enum err read_bids(struct request *request, int64_t offset, struct page_of *page)
{
    const struct desk_bid_filter filter = {
        .partner_id = request->caller.user_id, .limit = PAGE_ROWS + 1, .offset = offset};
    return desk_bid_list(request->db, &filter, add_bid, page);
}

static enum err read_payouts(struct request *request, int64_t offset, struct page_of *page)
{
    const struct desk_payout_filter filter = {
        .partner_id = request->caller.user_id, .limit = PAGE_ROWS + 1, .offset = offset};
    return desk_payout_list(request->db, &filter, add_payout, page);
}

/* {"items":[...],"more":false} */
static enum err write_list(struct request *request, struct reply *reply, list_reader *read)
{
    struct list_params params = {0};
    struct page_of page = {.json = &reply->writer};

    enum err rc = FIELDS_READ(request, &params);
    if (rc != ERR_OK)
        return rc;
    writer_object(page.json, NULL);
    writer_list(page.json, "items");
    rc = read(request, params.offset, &page);
    writer_end(page.json);
    writer_bool(page.json, "more", page.rows > PAGE_ROWS);
    writer_end(page.json);
    return rc;
}

static enum err handle_visits(struct request *request, struct reply *reply)
{
    return write_list(request, reply, read_visits);
}

static enum err handle_bids(struct request *request, struct reply *reply)
{
    return write_list(request, reply, read_bids);
}

static enum err handle_payouts(struct request *request, struct reply *reply)
{
    return write_list(request, reply, read_payouts);
}

/* --- payouts --------------------------------------------------------------------------------------- */

struct payout_params {
    int64_t system, payout;
    const char *account;
};

static const struct field ask_fields[] = {
    {.name = "system",
     .type = FIELD_INT,
     .required = true,
     .min = 1,
     .offset = offsetof(struct payout_params, system)},
    {.name = "account",
     .type = FIELD_TEXT,
     .max = DESK_ACCOUNT_MAX,
     .offset = offsetof(struct payout_params, account)},
};
static const struct field end_fields[] = {
    {.name = "payout",
     .type = FIELD_INT,
     .place = FIELD_IN_PATH,
     .required = true,
     .min = 1,
     .offset = offsetof(struct payout_params, payout)},
};

static void write_payout(struct reply *reply, const struct desk_payout *payout)
{
    struct page_of page = {.json = &reply->writer};
    add_payout(&page, payout);
}

static enum err handle_ask(struct request *request, struct reply *reply)
{
    struct payout_params params = {.account = ""};
    struct desk_payout payout;

    enum err rc = FIELDS_READ(request, &params);
    if (rc == ERR_OK)
        rc = desk_payout_add(request->db, request->caller.user_id, (uint64_t)params.system,
                             params.account, request->id, &payout);
    if (rc == ERR_DESK_PAYOUT_ACCOUNT)
        return request_fail(request, "account", rc);
    if (rc == ERR_DESK_PAYOUT_SYSTEM || rc == ERR_DESK_PAYOUT_RESERVE)
        return request_fail(request, "system", rc);
    if (rc == ERR_OK)
        write_payout(reply, &payout);
    return rc;
}

static enum err handle_withdraw(struct request *request, struct reply *reply)
{
    struct payout_params params = {0};
    struct desk_payout payout;

    enum err rc = FIELDS_READ(request, &params);
    if (rc == ERR_OK)
        rc = desk_payout_end(request->db, params.payout, request->caller.user_id,
                             DESK_PAYOUT_WITHDRAWN, NULL, NULL, request->id, &payout);
    if (rc == ERR_OK)
        write_payout(reply, &payout);
    return rc;
}

#define LIST_ROUTE(name, function, words)                                                      \
    {                                                                                          \
        .methods = METHOD_GET, .path = "/site/affiliate/" name, .auth = &auth_session,         \
        .rights = SITE_LOOK, .effect = EFFECT_READS, .pool = POOL_LIST, .handler = (function), \
        .fields = FIELD_TABLE(list_fields, struct list_params), .help = (words)                \
    }

static const struct route rows[] = {
    {.methods = METHOD_GET,
     .path = "/site/affiliate",
     .auth = &auth_session,
     .rights = SITE_LOOK,
     .effect = EFFECT_READS,
     .handler = handle_view,
     .help = "The affiliate's link, balance, and what it would bring in each payment system."},
    {.methods = METHOD_POST,
     .path = "/site/affiliate",
     .auth = &auth_session,
     .rights = SITE_AFFILIATE,
     .effect = EFFECT_CHANGES,
     .handler = handle_join,
     .help = "Makes the user an affiliate; one who is one stays it."},
    LIST_ROUTE("visits", handle_visits, "Visits by the affiliate's link, newest first."),
    LIST_ROUTE("exchanges", handle_bids,
               "Exchanges of those whom the affiliate sent, the newest change first."),
    LIST_ROUTE("payouts", handle_payouts, "The affiliate's payouts, newest first."),
    {.methods = METHOD_POST,
     .path = "/site/affiliate/payouts",
     .auth = &auth_session,
     .rights = SITE_AFFILIATE,
     .effect = EFFECT_CHANGES,
     .handler = handle_ask,
     .help = "Asks for the affiliate's whole balance to be paid out.",
     .fields = FIELD_TABLE(ask_fields, struct payout_params)},
    {.methods = METHOD_POST,
     .path = "/site/affiliate/payouts/{payout}/cancel",
     .auth = &auth_session,
     .rights = SITE_AFFILIATE,
     .effect = EFFECT_CHANGES,
     .handler = handle_withdraw,
     .help = "Takes back a payout that waits.",
     .fields = FIELD_TABLE(end_fields, struct payout_params)},
};
ROUTE_TABLE(routes_site_affiliate, rows);
