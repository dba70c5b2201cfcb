#include "fcgi/views/ticket.h"

#include "base/page.h"
#include "fcgi/server/app.h"
#include "fcgi/server/fields.h"
#include "identity/otp_device.h"

/* Says which parameter a refusal of the domain is about. */
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

enum err tickets_open(struct request *request, const struct actor *actor,
                      struct ticket_request *order, const char *otp, struct ticket_created *out)
{
    const uint8_t *master = request->app->master_key;
    enum err rc = ERR_OK;

    if (otp[0] != '\0')
        rc = otp_device_check(request->db, master, actor->user_id, otp, &order->otp);
    if (rc == ERR_OK)
        rc = ticket_create(request->db, master, actor, order, out);
    return rc == ERR_OK ? ERR_OK : name_field(request, rc);
}

struct json_object *tickets_created(const struct ticket_created *created)
{
    struct json_object *object = json_object_new_object();
    char id[UUID_TEXT_SIZE];

    uuid_format(&created->id, id);
    reply_text(object, "ticket", id);
    reply_text(object, "key", created->key);
    reply_text(object, "partner_url", created->url[0] == '\0' ? NULL : created->url);
    reply_add(object, "amount", reply_money(created->amount));
    return object;
}

struct json_object *tickets_object(const struct ticket *ticket, struct json_object *partner)
{
    struct json_object *object = json_object_new_object();
    char id[UUID_TEXT_SIZE];

    uuid_format(&ticket->id, id);
    reply_text(object, "ticket", id);
    reply_add(object, "partner", partner);
    reply_text(object, "status", ticket->status);
    reply_add(object, "amount", reply_money(ticket->amount));
    reply_date(object, "created", ticket->created);
    reply_date(object, "expires", ticket->expires);
    reply_date(object, "settled", ticket->settled);
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

enum err tickets_add_updates(struct request *request, struct json_object *object,
                             const struct uuid *id, uint64_t count)
{
    struct json_object *updates = json_object_new_array();

    reply_add(object, "updates", updates);
    return count == 0 ? ERR_OK : ticket_updates(request->db, id, add_update, updates);
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
    {.name = "page", .type = FIELD_INT, .min = 1, .max = PAGE_MAX, .offset = AT(page)},
};
#undef AT
FIELD_TABLE_OF(tickets_list_params, list_fields, struct list_params);

enum err tickets_read_filter(struct request *request, enum ticket_side side,
                             struct ticket_filter *out)
{
    struct list_params params = {.page = 1};
    enum err rc = FIELDS_READ(request, &params);

    *out =
        (struct ticket_filter){.side = side,
                               .status = params.with_status ? ticket_statuses[params.status] : NULL,
                               .since = params.since,
                               .page = params.page};
    return rc;
}
