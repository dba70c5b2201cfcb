/* Tickets as JSON, and what opening and listing them reads. */
#include "fcgi/views/ticket.h"

#include "base/page.h"
#include "fcgi/server/app.h"
#include "fcgi/server/fields.h"
#include "fcgi/views/page.h"
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
    enum err rc = ERR_NOT_FOUND;

    /* A request that was done before is answered first: its one-time password is used up. */
    if (actor->repeatable)
        rc = ticket_created_before(request->db, master, actor, order, out);
    if (rc != ERR_NOT_FOUND)
        return rc;
    rc = ERR_OK;
    if (otp[0] != '\0')
        rc = otp_device_check(request->db, master, actor->user_id, otp, &order->otp);
    if (rc == ERR_OK)
        rc = ticket_create(request->db, master, actor, order, out);
    return rc == ERR_OK ? ERR_OK : name_field(request, rc);
}

void tickets_write_created(struct writer *json, const char *key,
                           const struct ticket_created *created, bool expires)
{
    writer_object(json, key);
    writer_uuid(json, "ticket", &created->id);
    writer_text(json, "key", created->key);
    writer_some_text(json, "partner_url", created->url);
    writer_money(json, "amount", created->amount);
    if (expires)
        writer_date(json, "expires", created->expires);
    writer_end(json);
}

void tickets_write_members(struct writer *json, const struct ticket *ticket)
{
    writer_text(json, "status", ticket->status);
    writer_money(json, "amount", ticket->amount);
    writer_date(json, "created", ticket->created);
    writer_date(json, "expires", ticket->expires);
    writer_date(json, "settled", ticket->settled);
    writer_some_text(json, "description", ticket->description);
    writer_some_text(json, "reason", ticket->reason);
}

static void add_update(void *arg, int64_t date, const char *status, const char *message)
{
    struct writer *json = arg;

    writer_object(json, NULL);
    writer_int(json, "date", date);
    writer_text(json, "status", status);
    writer_text(json, "message", message);
    writer_end(json);
}

enum err tickets_write_updates(struct request *request, struct writer *json, const struct uuid *id,
                               uint64_t count)
{
    writer_list(json, "updates");
    enum err rc = count == 0 ? ERR_OK : ticket_updates(request->db, id, add_update, json);
    writer_end(json);
    return rc;
}

static const struct field list_fields[] = {PAGE_FIELDS(ticket_statuses)};
FIELD_TABLE_OF(tickets_list_params, list_fields, struct page_params);

enum err tickets_read_filter(struct request *request, enum ticket_side side,
                             struct ticket_filter *out)
{
    struct page_params params = {.page = 1};
    enum err rc = FIELDS_READ(request, &params);

    *out =
        (struct ticket_filter){.side = side,
                               .status = params.with_status ? ticket_statuses[params.status] : NULL,
                               .since = params.since,
                               .page = params.page};
    return rc;
}
