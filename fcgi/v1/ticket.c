/* Partner withdrawal tickets (seed tickets; api exchange-v1, section 6). */
#include <stdio.h>

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
        reply->value = tickets_created(&created);
    return rc;
}

static struct json_object *ticket_object(const struct ticket *ticket)
{
    return tickets_object(ticket, json_object_new_string(ticket->partner_id));
}

/* The ticket with its updates: what every call but create and list answers. */
static enum err reply_ticket(struct request *request, struct reply *reply,
                             const struct ticket *ticket)
{
    reply->value = ticket_object(ticket);
    return tickets_add_updates(request, reply->value, &ticket->id, ticket->updates);
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

struct verification {
    struct json_object *methods, *dates;
};

static void add_verification(void *arg, const char *method, int64_t date)
{
    struct verification *verification = arg;
    json_object_array_add(verification->methods, json_object_new_string(method));
    json_object_object_add(verification->dates, method, json_object_new_int64(date));
}

/* Who withdraws and how they were verified: what the customer agreed to disclose. */
static enum err add_customer(struct request *request, struct json_object *object,
                             int64_t customer_id)
{
    struct user user;
    struct verification verification;
    char uuid[UUID_TEXT_SIZE];

    enum err rc = user_by_id(request->db, customer_id, &user);
    if (rc != ERR_OK)
        return rc;
    verification.methods = json_object_new_array();
    verification.dates = json_object_new_object();
    rc = user_verifications(request->db, customer_id, add_verification, &verification);

    struct json_object *person = json_object_new_object(), *state = json_object_new_object();
    uuid_format(&user.uuid, uuid);
    reply_text(person, "login", user.login);
    reply_text(person, "email", user.email);
    reply_text(person, "id", uuid);
    reply_bool(state, "verified", json_object_array_length(verification.methods) > 0);
    reply_text(state, "level", user.level);
    reply_add(state, "methods", verification.methods);
    reply_add(state, "dates", verification.dates);
    reply_add(object, "user", person);
    reply_add(object, "verification", state);
    return rc;
}

static enum err handle_ticket_info(struct request *request, struct reply *reply)
{
    struct ticket_params params = {0};
    struct actor actor = request_actor(request);
    struct ticket ticket;
    char id[UUID_TEXT_SIZE], return_url[1024];

    enum err rc = FIELDS_READ(request, &params);
    if (rc == ERR_OK)
        rc = ticket_info(request->db, &actor, &params.ticket, params.key, &ticket);
    if (rc == ERR_OK)
        rc = reply_ticket(request, reply, &ticket);
    if (rc == ERR_OK)
        rc = add_customer(request, reply->value, ticket.customer_id);
    if (rc != ERR_OK)
        return rc;
    uuid_format(&ticket.id, id);
    snprintf(return_url, sizeof(return_url), "%s/account#ticket-%s",
             request->app->config.site_base_url, id);
    reply_text(reply->value, "return_url", return_url);
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
    json_object_array_add(arg, ticket_object(ticket));
}

static enum err handle_list(struct request *request, struct reply *reply)
{
    struct ticket_filter filter;
    struct page page;

    enum err rc = tickets_read_filter(request, TICKET_SIDE_EITHER, &filter);
    if (rc != ERR_OK)
        return rc;
    struct json_object *tickets = json_object_new_array();
    rc = ticket_list(request->db, request->caller.user_id, &filter, add_ticket, tickets, &page);
    if (rc == ERR_OK)
        reply->value = v1_page(&page, tickets);
    else
        json_object_put(tickets);
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
