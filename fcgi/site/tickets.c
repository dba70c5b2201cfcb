/* The user's withdrawal tickets. */
#include <stdio.h>

#include "fcgi/app.h"
#include "fcgi/fields.h"
#include "fcgi/idempotency.h"
#include "fcgi/routes.h"
#include "identity/otp_device.h"
#include "ticket/ticket.h"

#define OTP_TEXT_MAX 16
#define LIST_PAGE_MAX 1000000

static struct ticket_actor actor_of(const struct request *request)
{
    return (struct ticket_actor){.user_id = request->caller.user_id,
                                 .request_key = request->caller.request_key,
                                 .trace = request->id};
}

static void add_date(struct json_object *object, const char *key, int64_t date)
{
    json_object_object_add(object, key, date == 0 ? NULL : json_object_new_int64(date));
}

/* A ticket as its customer sees it; the updates are added by who asks for them. */
static struct json_object *ticket_object(const struct ticket *ticket)
{
    struct json_object *object = json_object_new_object(), *partner = json_object_new_object();
    char id[UUID_TEXT_SIZE];

    uuid_format(&ticket->id, id);
    reply_text(partner, "id", ticket->partner_id);
    reply_text(partner, "name", ticket->partner_name);
    reply_text(object, "ticket", id);
    json_object_object_add(object, "partner", partner);
    reply_text(object, "status", ticket->status);
    json_object_object_add(object, "amount", reply_money(ticket->amount));
    add_date(object, "created", ticket->created);
    add_date(object, "expires", ticket->expires);
    add_date(object, "settled", ticket->settled);
    reply_text(object, "description", ticket->description[0] == '\0' ? NULL : ticket->description);
    reply_text(object, "reason", ticket->reason[0] == '\0' ? NULL : ticket->reason);
    return object;
}

static void add_update(void *arg, int64_t date, const char *status, const char *message)
{
    struct json_object *object = json_object_new_object();
    reply_int(object, "date", date);
    reply_text(object, "status", status);
    reply_text(object, "message", message);
    json_object_array_add(arg, object);
}

static enum err add_updates(struct request *request, struct json_object *object,
                            const struct uuid *id, uint64_t count)
{
    struct json_object *updates = json_object_new_array();
    json_object_object_add(object, "updates", updates);
    return count == 0 ? ERR_OK : ticket_updates(request->db, id, add_update, updates);
}

/* One page of tickets while it is read: the updates follow once the list is through. */
struct list {
    struct json_object *tickets;
    size_t count;
    struct {
        struct json_object *object;
        struct uuid id;
        uint64_t updates;
    } rows[TICKET_PAGE];
};

static void add_ticket(void *arg, const struct ticket *ticket)
{
    struct list *list = arg;
    struct json_object *object = ticket_object(ticket);

    json_object_array_add(list->tickets, object);
    list->rows[list->count].object = object;
    list->rows[list->count].id = ticket->id;
    list->rows[list->count++].updates = ticket->updates;
}

struct list_params {
    int64_t status;
    bool with_status;
    int64_t since;
    int64_t page;
};

#define AT(member) offsetof(struct list_params, member)
static const struct field list_fields[] = {
    {.name = "status",
     .type = FIELD_CHOICE,
     .offset = AT(status),
     .given_offset = AT(with_status),
     .choices = ticket_statuses},
    {.name = "since", .type = FIELD_DATE, .offset = AT(since)},
    {.name = "page", .type = FIELD_INT, .min = 1, .max = LIST_PAGE_MAX, .offset = AT(page)},
};
#undef AT

static enum err handle_list(struct request *request, struct reply *reply)
{
    struct list_params params = {.page = 1};
    struct list list = {.count = 0};
    struct ticket_page page = {0};

    enum err rc = FIELDS_READ(request, list_fields, &params);
    if (rc != ERR_OK)
        return rc;
    struct ticket_filter filter = {
        .side = TICKET_SIDE_CUSTOMER,
        .status = params.with_status ? ticket_statuses[params.status] : NULL,
        .since = params.since,
        .page = params.page,
    };
    reply->value = json_object_new_object();
    list.tickets = json_object_new_array();
    json_object_object_add(reply->value, "tickets", list.tickets);
    rc = ticket_list(request->db, request->caller.user_id, &filter, add_ticket, &list, &page);
    for (size_t i = 0; rc == ERR_OK && i < list.count; i++)
        rc = add_updates(request, list.rows[i].object, &list.rows[i].id, list.rows[i].updates);
    reply_int(reply->value, "current_page", page.current);
    reply_int(reply->value, "max_page", page.max);
    reply_int(reply->value, "records", (int64_t)page.records);
    return rc;
}

struct create_params {
    const char *partner;
    const struct currency *currency;
    const char *otp;
    bool accept_terms;
};

#define AT(member) offsetof(struct create_params, member)
static const struct field create_fields[] = {
    {.name = "partner", .type = FIELD_TEXT, .required = true, .min = 1, .offset = AT(partner)},
    {.name = "currency", .type = FIELD_CURRENCY, .required = true, .offset = AT(currency)},
    {.name = "otp", .type = FIELD_TEXT, .max = OTP_TEXT_MAX, .offset = AT(otp)},
    {.name = "accept_terms", .type = FIELD_BOOL, .offset = AT(accept_terms)},
};
#undef AT

static enum err read_order(struct request *request, struct create_params *params,
                           struct ticket_order *order)
{
    enum err rc = idempotency_take(request);
    if (rc == ERR_OK)
        rc = FIELDS_READ(request, create_fields, params);
    if (rc == ERR_OK)
        rc = fields_amount(request, "amount", params->currency, &order->amount);
    if (rc == ERR_OK && !params->accept_terms)
        return request_fail(request, "accept_terms", ERR_TERMS);
    order->partner = params->partner;
    return rc;
}

/* The key of a request that was done before is answered first: its one-time password is used up. */
static enum err create(struct request *request, const struct create_params *params,
                       struct ticket_order *order, struct ticket_created *created)
{
    const uint8_t *master = request->app->master_key;
    struct ticket_actor actor = actor_of(request);

    actor.repeatable = true;
    enum err rc = ticket_created_before(request->db, master, &actor, order, created);
    if (rc != ERR_NOT_FOUND)
        return rc;
    rc = params->otp[0] == '\0' ? ERR_OK
                                : otp_device_check(request->db, master, actor.user_id, params->otp,
                                                   &order->otp.device_id, &order->otp.step);
    return rc == ERR_OK ? ticket_create(request->db, master, &actor, order, created) : rc;
}

/* Says which input a refusal of the domain is about. */
static enum err name_field(struct request *request, enum err rc)
{
    if (rc == ERR_PARTNER_UNKNOWN)
        return request_fail(request, "partner", rc);
    if (rc == ERR_CURRENCY_DISABLED)
        return request_fail(request, "currency", rc);
    if (rc == ERR_OTP_REQUIRED || rc == ERR_OTP_INVALID)
        return request_fail(request, "otp", rc);
    return rc;
}

static void reply_created(struct reply *reply, const struct ticket_created *created)
{
    char id[UUID_TEXT_SIZE];

    uuid_format(&created->id, id);
    reply->value = json_object_new_object();
    reply_text(reply->value, "ticket", id);
    reply_text(reply->value, "key", created->key);
    reply_text(reply->value, "partner_url", created->url[0] == '\0' ? NULL : created->url);
    json_object_object_add(reply->value, "amount", reply_money(created->amount));
    add_date(reply->value, "expires", created->expires);
}

static enum err handle_create(struct request *request, struct reply *reply)
{
    struct create_params params = {.otp = ""};
    struct ticket_order order = {0};
    struct ticket_created created;

    enum err rc = read_order(request, &params, &order);
    if (rc != ERR_OK)
        return rc;
    rc = create(request, &params, &order, &created);
    if (rc != ERR_OK)
        return name_field(request, rc);
    reply_created(reply, &created);
    return ERR_OK;
}

struct ticket_params {
    struct uuid ticket;
};

static const struct field ticket_fields[] = {
    {.name = "ticket",
     .type = FIELD_UUID,
     .required = true,
     .offset = offsetof(struct ticket_params, ticket)},
};

static enum err handle_continue(struct request *request, struct reply *reply)
{
    struct ticket_params params;
    struct ticket_created created;

    enum err rc = FIELDS_READ(request, ticket_fields, &params);
    if (rc == ERR_OK)
        rc = ticket_continue(request->db, request->app->master_key, request->caller.user_id,
                             &params.ticket, &created);
    if (rc != ERR_OK)
        return rc;
    reply_created(reply, &created);
    return ERR_OK;
}

static enum err handle_cancel(struct request *request, struct reply *reply)
{
    struct ticket_params params;
    struct ticket_actor actor = actor_of(request);
    struct ticket ticket;

    enum err rc = FIELDS_READ(request, ticket_fields, &params);
    if (rc == ERR_OK)
        rc = ticket_cancel(request->db, &actor, &params.ticket, &ticket);
    if (rc != ERR_OK)
        return rc;
    reply->value = ticket_object(&ticket);
    return add_updates(request, reply->value, &ticket.id, ticket.updates);
}

static const struct route rows[] = {
    {.methods = METHOD_GET,
     .path = "/site/tickets",
     .face = FACE_SITE,
     .auth = AUTH_SESSION,
     .handler = handle_list,
     .help = "The user's withdrawal tickets with their updates, newest first.",
     .params = "status since page"},
    {.methods = METHOD_POST,
     .path = "/site/tickets",
     .face = FACE_SITE,
     .auth = AUTH_SESSION,
     .csrf = CSRF_TOKEN,
     .handler = handle_create,
     .help = "Opens a withdrawal through a partner; header Idempotency-Key names the attempt.",
     .params = "partner* amount amount_int currency* otp accept_terms*"},
    {.methods = METHOD_POST,
     .path = "/site/tickets/{ticket}/continue",
     .face = FACE_SITE,
     .auth = AUTH_SESSION,
     .csrf = CSRF_TOKEN,
     .handler = handle_continue,
     .help = "The user's open ticket with its key, to be handed to the partner again.",
     .params = ""},
    {.methods = METHOD_POST,
     .path = "/site/tickets/{ticket}/cancel",
     .face = FACE_SITE,
     .auth = AUTH_SESSION,
     .csrf = CSRF_TOKEN,
     .handler = handle_cancel,
     .help = "Takes an open ticket back; the money is available again.",
     .params = ""},
};
ROUTE_TABLE(routes_site_tickets, rows);
