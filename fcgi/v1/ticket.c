/* Partner withdrawal tickets (seed tickets; api exchange-v1, section 6). */
#include <stdio.h>
#include <string.h>

#include "fcgi/server/app.h"
#include "fcgi/server/fields.h"
#include "fcgi/v1/face.h"
#include "fcgi/v1/page.h"
#include "fcgi/views/ticket.h"
#include "identity/rights.h"
#include "identity/user.h"

#define TICKET_KEY_TEXT_MAX 128 /* code points of a key as presented */

static enum err handle_create(struct request *request, struct reply *reply)
{
    struct tickets_order_params params = {.otp = ""};
    struct ticket_created created;
    struct actor actor = request_actor(request);

    enum err rc = FIELDS_READ(request, &params);
    if (rc != ERR_OK)
        return rc;
    struct ticket_request order = {.partner = params.partner, .amount = params.amount};
    rc = tickets_open(request, &actor, &order, params.otp, &created);
    if (rc == ERR_OK)
        tickets_write_created(&reply->writer, NULL, &created, false);
    return rc;
}

/* Begins a ticket's object, which goes on. */
static void begin_ticket(struct writer *json, const struct ticket *ticket)
{
    writer_object(json, NULL);
    writer_uuid(json, "ticket", &ticket->id);
    writer_text(json, "partner", ticket->partner_id);
    tickets_write_members(json, ticket);
}

/* The same with the ticket's updates. */
static enum err begin_with_updates(struct request *request, struct reply *reply,
                                   const struct ticket *ticket)
{
    begin_ticket(&reply->writer, ticket);
    return tickets_write_updates(request, &reply->writer, &ticket->id, ticket->updates);
}

/* The ticket with its updates: what every call but create and list answers. */
static enum err reply_ticket(struct request *request, struct reply *reply,
                             const struct ticket *ticket)
{
    enum err rc = begin_with_updates(request, reply, ticket);
    writer_end(&reply->writer);
    return rc;
}

/* What all calls about one ticket may carry; each table names those that its call knows. */
struct ticket_params {
    struct uuid ticket;
    const char *key;
    const char *text;
    int64_t status;
    bool with_status;
};

#define AT(member) offsetof(struct ticket_params, member)
#define FIELD_TICKET                                                                 \
    {                                                                                \
        .name = "ticket", .type = FIELD_UUID, .required = true, .offset = AT(ticket) \
    }
#define FIELD_KEY                                                                                  \
    {                                                                                              \
        .name = "key", .type = FIELD_TEXT, .required = true, .min = 1, .max = TICKET_KEY_TEXT_MAX, \
        .offset = AT(key)                                                                          \
    }
#define FIELD_WORDS(called)                                                                     \
    {                                                                                           \
        .name = called, .type = FIELD_TEXT, .required = true, .min = 1, .max = TICKET_TEXT_MAX, \
        .offset = AT(text)                                                                      \
    }

static const struct field create_fields[] = {TICKETS_ORDER_FIELDS};
static const struct field cancel_fields[] = {FIELD_TICKET};
static const struct field info_fields[] = {FIELD_TICKET, FIELD_KEY};
static const struct field settle_fields[] = {FIELD_TICKET, FIELD_KEY, FIELD_WORDS("description")};
static const struct field reason_fields[] = {FIELD_TICKET, FIELD_KEY, FIELD_WORDS("reason")};
static const struct field update_fields[] = {
    FIELD_TICKET,
    FIELD_KEY,
    FIELD_WORDS("message"),
    {.name = "status",
     .type = FIELD_CHOICE,
     .offset = AT(status),
     .given_offset = AT(with_status),
     .choices = ticket_update_statuses,
     .detail = "should be processing, completed or failed"},
};
#undef AT

static enum err handle_cancel(struct request *request, struct reply *reply)
{
    struct ticket_params params = {0};
    struct actor actor = request_actor(request);
    struct ticket ticket;

    enum err rc = FIELDS_READ(request, &params);
    if (rc == ERR_OK)
        rc = ticket_cancel(request->db, &actor, &params.ticket, &ticket);
    return rc == ERR_OK ? reply_ticket(request, reply, &ticket) : rc;
}

/* The ways in which a customer was verified, in the request's memory: they are told twice. */
struct verification {
    const char *method;
    int64_t date;
    struct verification *next;
};

struct verifications {
    struct request *request;
    struct verification *first, **end;
    enum err rc;
};

static void add_verification(void *arg, const char *method, int64_t date)
{
    struct verifications *known = arg;
    struct verification *row = request_alloc(known->request, sizeof(*row));
    const char *copy = request_copy(known->request, method, strlen(method));

    if (row == NULL || copy == NULL) {
        known->rc = ERR_NO_MEMORY;
        return;
    }
    *row = (struct verification){.method = copy, .date = date};
    *known->end = row;
    known->end = &row->next;
}

static void write_verifications(struct writer *json, const char *level,
                                const struct verification *first)
{
    writer_object(json, "verification");
    writer_bool(json, "verified", first != NULL);
    writer_text(json, "level", level);
    writer_list(json, "methods");
    for (const struct verification *row = first; row != NULL; row = row->next)
        writer_text(json, NULL, row->method);
    writer_end(json);
    writer_object(json, "dates");
    for (const struct verification *row = first; row != NULL; row = row->next)
        writer_int(json, row->method, row->date);
    writer_end(json);
    writer_end(json);
}

/* Who withdraws and how they were verified: what the customer agreed to disclose. */
static enum err write_customer(struct request *request, struct writer *json, int64_t customer_id)
{
    struct user user;
    struct verifications known = {.request = request, .end = &known.first, .rc = ERR_OK};

    enum err rc = user_by_id(request->db, customer_id, &user);
    if (rc == ERR_OK)
        rc = user_verifications(request->db, customer_id, add_verification, &known);
    if (rc == ERR_OK)
        rc = known.rc;
    if (rc != ERR_OK)
        return rc;
    writer_object(json, "user");
    writer_text(json, "login", user.login);
    writer_text(json, "email", user.email);
    writer_uuid(json, "id", &user.uuid);
    writer_end(json);
    write_verifications(json, user.level, known.first);
    return ERR_OK;
}

static enum err handle_ticket_info(struct request *request, struct reply *reply)
{
    struct ticket_params params = {0};
    struct actor actor = request_actor(request);
    struct ticket ticket = {0};
    char id[UUID_TEXT_SIZE], return_url[1024];

    enum err rc = FIELDS_READ(request, &params);
    if (rc == ERR_OK)
        rc = ticket_info(request->db, &actor, &params.ticket, params.key, &ticket);
    if (rc == ERR_OK)
        rc = begin_with_updates(request, reply, &ticket);
    if (rc == ERR_OK)
        rc = write_customer(request, &reply->writer, ticket.customer_id);
    if (rc != ERR_OK)
        return rc;
    uuid_format(&ticket.id, id);
    snprintf(return_url, sizeof(return_url), "%s/account#ticket-%s",
             request->app->config.site_base_url, id);
    writer_text(&reply->writer, "return_url", return_url);
    writer_end(&reply->writer);
    return ERR_OK;
}

static enum err handle_settle(struct request *request, struct reply *reply)
{
    struct ticket_params params = {0};
    struct actor actor = request_actor(request);
    struct ticket ticket;

    enum err rc = FIELDS_READ(request, &params);
    if (rc == ERR_OK)
        rc = ticket_settle(request->db, &actor, &params.ticket, params.key, params.text, &ticket);
    return rc == ERR_OK ? reply_ticket(request, reply, &ticket) : rc;
}

static enum err handle_update(struct request *request, struct reply *reply)
{
    struct ticket_params params = {0};
    struct actor actor = request_actor(request);
    struct ticket ticket;

    enum err rc = FIELDS_READ(request, &params);
    if (rc == ERR_OK)
        rc = ticket_update(request->db, &actor, &params.ticket, params.key, params.text,
                           params.with_status ? ticket_update_statuses[params.status] : NULL,
                           &ticket);
    return rc == ERR_OK ? reply_ticket(request, reply, &ticket) : rc;
}

static enum err handle_reject(struct request *request, struct reply *reply)
{
    struct ticket_params params = {0};
    struct actor actor = request_actor(request);
    struct ticket ticket;

    enum err rc = FIELDS_READ(request, &params);
    if (rc == ERR_OK)
        rc = ticket_reject(request->db, &actor, &params.ticket, params.key, params.text, &ticket);
    return rc == ERR_OK ? reply_ticket(request, reply, &ticket) : rc;
}

static enum err handle_refund(struct request *request, struct reply *reply)
{
    struct ticket_params params = {0};
    struct actor actor = request_actor(request);
    struct ticket ticket;

    enum err rc = FIELDS_READ(request, &params);
    if (rc == ERR_OK)
        rc = ticket_refund(request->db, &actor, &params.ticket, params.key, params.text, &ticket);
    return rc == ERR_OK ? reply_ticket(request, reply, &ticket) : rc;
}

static void add_ticket(void *arg, const struct ticket *ticket)
{
    struct writer *json = page_row(arg);
    begin_ticket(json, ticket);
    writer_end(json);
}

static enum err handle_list(struct request *request, struct reply *reply)
{
    struct ticket_filter filter;
    struct page_rows rows = v1_page(reply);

    enum err rc = tickets_read_filter(request, TICKET_SIDE_EITHER, &filter);
    if (rc == ERR_OK)
        rc = ticket_list(request->db, request->caller.user_id, &filter, add_ticket, &rows,
                         &rows.page);
    if (rc == ERR_OK)
        v1_page_end(&rows);
    return rc;
}

#define TICKET_ROUTE(name, right, does, function, words, takes)                           \
    {                                                                                     \
        .methods = METHOD_POST, .path = "/api/1/generic/ticket/" name, .auth = &auth_v1,  \
        .rights = (right), .effect = EFFECT_##does, .handler = (function), .help = words, \
        .fields = (takes)                                                                 \
    }

#define TABLE(rows) FIELD_TABLE(rows, struct ticket_params)

static const struct route rows[] = {
    TICKET_ROUTE("create", RIGHT_WITHDRAW, CHANGES, handle_create,
                 "Opens a withdrawal through a partner and holds its amount.",
                 FIELD_TABLE(create_fields, struct tickets_order_params)),
    TICKET_ROUTE("cancel", RIGHT_WITHDRAW, CHANGES, handle_cancel,
                 "Customer: takes an open ticket back; the money is available again.",
                 TABLE(cancel_fields)),
    {.methods = METHOD_POST,
     .path = "/api/1/generic/ticket/info",
     .auth = &auth_v1,
     .rights = RIGHT_PARTNER,
     .effect = EFFECT_READS,
     .pool = POOL_MAIN, /* a wrong key is counted */
     .handler = handle_ticket_info,
     .help = "Partner: the ticket, its customer and how they were verified.",
     .fields = TABLE(info_fields)},
    TICKET_ROUTE("settle", RIGHT_PARTNER, CHANGES, handle_settle,
                 "Partner: takes the ticket over and is credited.", TABLE(settle_fields)),
    TICKET_ROUTE("update", RIGHT_PARTNER, CHANGES, handle_update,
                 "Partner: tells the customer news of a settled ticket.", TABLE(update_fields)),
    TICKET_ROUTE("reject", RIGHT_PARTNER, CHANGES, handle_reject,
                 "Partner: declines an open ticket; the money goes back.", TABLE(reason_fields)),
    TICKET_ROUTE("refund", RIGHT_PARTNER, CHANGES, handle_refund,
                 "Partner: pays a settled ticket back to the customer.", TABLE(reason_fields)),
    TICKET_ROUTE("list", RIGHT_WITHDRAW | RIGHT_PARTNER, LISTS, handle_list,
                 "The caller's tickets as customer or partner, newest first.",
                 &tickets_list_params),
};
ROUTE_TABLE(routes_v1_ticket, rows);
