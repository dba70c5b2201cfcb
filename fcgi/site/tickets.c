/* The user's withdrawal tickets. */
#include "fcgi/server/app.h"
#include "fcgi/server/fields.h"
#include "fcgi/site/face.h"
#include "fcgi/views/page.h"
#include "fcgi/views/ticket.h"

/* A ticket as its customer sees it. */
static enum err write_ticket(struct request *request, struct writer *json,
                             const struct ticket *ticket)
{
    writer_object(json, NULL);
    writer_uuid(json, "ticket", &ticket->id);
    writer_object(json, "partner");
    writer_text(json, "id", ticket->partner_id);
    writer_text(json, "name", ticket->partner_name);
    writer_end(json);
    tickets_write_members(json, ticket);
    enum err rc = tickets_write_updates(request, json, &ticket->id, ticket->updates);
    writer_end(json);
    return rc;
}

/* One page of tickets while it is read: they are written once the list is through, since their updates are
 * read then. */
struct list {
    struct request *request;
    struct ticket *tickets[TICKET_PAGE]; /* in the request's memory */
    size_t count;
    enum err rc;
};

static void add_ticket(void *arg, const struct ticket *ticket)
{
    struct list *list = arg;
    struct ticket *copy = request_alloc(list->request, sizeof(*copy));

    if (copy == NULL) {
        list->rc = ERR_NO_MEMORY;
        return;
    }
    *copy = *ticket;
    list->tickets[list->count++] = copy;
}

static enum err handle_list(struct request *request, struct reply *reply)
{
    struct list list = {.request = request, .rc = ERR_OK};
    struct writer *json = &reply->writer;
    struct ticket_filter filter;
    struct page page = {0};

    enum err rc = tickets_read_filter(request, TICKET_SIDE_CUSTOMER, &filter);
    if (rc == ERR_OK)
        rc = ticket_list(request->db, request->caller.user_id, &filter, add_ticket, &list, &page);
    if (rc == ERR_OK)
        rc = list.rc;
    writer_object(json, NULL);
    writer_list(json, "tickets");
    for (size_t i = 0; rc == ERR_OK && i < list.count; i++)
        rc = write_ticket(request, json, list.tickets[i]);
    writer_end(json);
    page_counts(json, &page);
    writer_end(json);
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

static enum err handle_create(struct request *request, struct reply *reply)
{
    struct ticket_request order;
    struct ticket_created created;
    const char *otp;

    enum err rc = read_order(request, &order, &otp);
    if (rc != ERR_OK)
        return rc;
    struct actor actor = request_actor(request);
    rc = tickets_open(request, &actor, &order, otp, &created);
    if (rc == ERR_OK)
        tickets_write_created(&reply->writer, NULL, &created, true);
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
    tickets_write_created(&reply->writer, NULL, &created, true);
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
    return rc == ERR_OK ? write_ticket(request, &reply->writer, &ticket) : rc;
}

static const struct route rows[] = {
    {.methods = METHOD_GET,
     .path = "/site/tickets",
     .auth = &auth_session,
     .rights = SITE_LOOK,
     .effect = EFFECT_READS,
     .pool = POOL_LIST,
     .handler = handle_list,
     .help = "The user's withdrawal tickets with their updates, newest first.",
     .fields = &tickets_list_params},
    {.methods = METHOD_POST,
     .path = "/site/tickets",
     .auth = &auth_session,
     .rights = SITE_WITHDRAW,
     .effect = EFFECT_CHANGES,
     .needs_key = true,
     .handler = handle_create,
     .help = "Opens a withdrawal through a partner; header Idempotency-Key names the attempt.",
     .fields = FIELD_TABLE(create_fields, struct tickets_order_params)},
    {.methods = METHOD_POST,
     .path = "/site/tickets/{ticket}/continue",
     .auth = &auth_session,
     .rights = SITE_WITHDRAW,
     .effect = EFFECT_CHANGES,
     .handler = handle_continue,
     .help = "The user's open ticket with its key, to be handed to the partner again.",
     .fields = FIELD_TABLE(ticket_fields, struct ticket_params)},
    {.methods = METHOD_POST,
     .path = "/site/tickets/{ticket}/cancel",
     .auth = &auth_session,
     .rights = SITE_WITHDRAW,
     .effect = EFFECT_CHANGES,
     .handler = handle_cancel,
     .help = "Takes an open ticket back; the money is available again.",
     .fields = FIELD_TABLE(ticket_fields, struct ticket_params)},
};
ROUTE_TABLE(routes_site_tickets, rows);
