/* Who may pay the user out. */
#include "fcgi/site/face.h"
#include "ticket/ticket.h"

static void add_partner(void *arg, const struct ticket_partner *partner)
{
    struct writer *json = arg;

    writer_object(json, NULL);
    writer_text(json, "id", partner->id);
    writer_text(json, "name", partner->name);
    writer_some_text(json, "url", partner->url);
    writer_bool(json, "verified_only", partner->verified_only);
    writer_int(json, "ttl_seconds", partner->ttl_s);
    writer_bool(json, "eligible", partner->eligible);
    writer_end(json);
}

static enum err handle_partners(struct request *request, struct reply *reply)
{
    struct writer *json = &reply->writer;

    writer_object(json, NULL);
    writer_list(json, "partners");
    enum err rc = ticket_partners(request->db, request->caller.user_id, add_partner, json);
    writer_end(json);
    writer_end(json);
    return rc;
}

static const struct route rows[] = {
    {.methods = METHOD_GET,
     .path = "/site/partners",
     .auth = &auth_session,
     .rights = SITE_LOOK,
     .effect = EFFECT_READS,
     .handler = handle_partners,
     .help = "The withdrawal partners, and which of them the user may choose."},
};
ROUTE_TABLE(routes_site_partners, rows);
