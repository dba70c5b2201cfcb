/* The user's withdrawal tickets. */
#include <stdio.h>

#include "fcgi/server/app.h"
#include "fcgi/server/fields.h"
#include "fcgi/site/face.h"
#include "fcgi/views/ticket.h"

/* A ticket as its customer sees it; the updates are added by who asks for them. */
static struct json_object *ticket_object(const struct ticket *ticket)
{
    struct json_object *partner = json_object_new_object();

    reply_text(partner, "id", ticket->partner_id);
    reply_text(partner, "name", ticket->partner_name);
    return tickets_object(ticket, partner);
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

static enum err handle_list(struct request *request, struct reply *reply)
{
    struct list list = {.count = 0};
    struct ticket_filter filter;
    struct page page = {0};

    enum err rc = tickets_read_filter(request, TICKET_SIDE_CUSTOMER, &filter);
    if (rc != ERR_OK)
        return rc;
    reply->value = json_object_new_object();
    list.tickets = json_object_new_array();
    reply_add(reply->value, "tickets", list.tickets);
    rc = ticket_list(request->db, request->caller.user_id, &filter, add_ticket, &list, &page);
    for (size_t i = 0; rc == ERR_OK && i < list.count; i++)
        rc = tickets_add_updates(request, list.rows[i].object, &list.rows[i].id,
                                 list.rows[i].updates);
    reply_int(reply->value, "current_page", page.current);
    reply_int(reply->value, "max_page", page.max);
    reply_int(reply->value, "records", (int64_t)page.records);
    return rc;
}

static const struct field create_fields[] = {
    TICKETS_ORDER_FIELDS,
    {.name = "accept_terms", .type = FIELD_BOOL, .offset = TICKETS_AT(accept_terms)},
};

static enum err read_order(struct request *request, struct ticket_request *order, const char **otp)
{
    struct tickets_order_params params = {.otp = ""};

    enum err rc = FIELDS_READ(request, &params);
    if (rc == ERR_OK && !params.accept_terms)
        rc = request_fail(request, "accept_terms", ERR_TERMS);
    *order = (struct ticket_request){.partner = params.partner, .amount = params.amount};
    *otp = params.otp;
    return rc;
}

static void reply_created(struct reply *reply, const struct ticket_created *created)
{
    reply->value = tickets_created(created);
    reply_date(reply->value, "expires", created->expires);
}

static enum err handle_create(struct request *request, struct reply *reply)
{
    struct ticket_request order;
    struct ticket_created created;
    const char *otp;

    enum err rc = read_order(request, &order, &otp);
    if (rc != ERR_OK)
        return rc;
    struct actor actor = request_actor(request);
    /* A request that was done before is answered first: its one-time password is used up. */
    rc = ticket_created_before(request->db, request->app->master_key, &actor, &order, &created);
    if (rc == ERR_NOT_FOUND)
        rc = tickets_open(request, &actor, &order, otp, &created);
    if (rc == ERR_OK)
        reply_created(reply, &created);
    return rc;
}

struct ticket_params {
    struct uuid ticket;
};

static const struct field ticket_fields[] = {
    {.name = "ticket",
     .type = FIELD_UUID,
     .place = FIELD_IN_PATH,
     .required = true,
     .offset = offsetof(struct ticket_params, ticket)},
};

static enum err handle_continue(struct request *request, struct reply *reply)
{
    struct ticket_params params = {0};
    struct ticket_created created;

    enum err rc = FIELDS_READ(request, &params);
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
    struct ticket_params params = {0};
    struct actor actor = request_actor(request);
    struct ticket ticket;

    enum err rc = FIELDS_READ(request, &params);
    if (rc == ERR_OK)
        rc = ticket_cancel(request->db, &actor, &params.ticket, &ticket);
    if (rc != ERR_OK)
        return rc;
    reply->value = ticket_object(&ticket);
    return tickets_add_updates(request, reply->value, &ticket.id, ticket.updates);
}

static const struct route rows[] = {
    {.methods = METHOD_GET,
     .path = "/site/tickets",
     .auth = &auth_session,
     .effect = EFFECT_READS,
     .pool = POOL_LIST,
     .handler = handle_list,
     .help = "The user's withdrawal tickets with their updates, newest first.",
     .fields = &tickets_list_params},
    {.methods = METHOD_POST,
     .path = "/site/tickets",
     .auth = &auth_session,
     .effect = EFFECT_CHANGES,
     .needs_key = true,
     .handler = handle_create,
     .help = "Opens a withdrawal through a partner; header Idempotency-Key names the attempt.",
     .fields = FIELD_TABLE(create_fields, struct tickets_order_params)},
    {.methods = METHOD_POST,
     .path = "/site/tickets/{ticket}/continue",
     .auth = &auth_session,
     .effect = EFFECT_CHANGES,
     .handler = handle_continue,
     .help = "The user's open ticket with its key, to be handed to the partner again.",
     .fields = FIELD_TABLE(ticket_fields, struct ticket_params)},
    {.methods = METHOD_POST,
     .path = "/site/tickets/{ticket}/cancel",
     .auth = &auth_session,
     .effect = EFFECT_CHANGES,
     .handler = handle_cancel,
     .help = "Takes an open ticket back; the money is available again.",
     .fields = FIELD_TABLE(ticket_fields, struct ticket_params)},
};
ROUTE_TABLE(routes_site_tickets, rows);
