/* Who may pay the user out. */
#include "fcgi/site/face.h"
#include "ticket/ticket.h"

static void add_partner(void *arg, const struct ticket_partner *partner)
{
    struct json_object *object = json_object_new_object();
    reply_text(object, "id", partner->id);
    reply_text(object, "name", partner->name);
    reply_text(object, "url", partner->url[0] == '\0' ? NULL : partner->url);
    reply_bool(object, "verified_only", partner->verified_only);
    reply_int(object, "ttl_seconds", partner->ttl_s);
    reply_bool(object, "eligible", partner->eligible);
    json_object_array_add(arg, object);
}

static enum err handle_partners(struct request *request, struct reply *reply)
{
    struct json_object *list = json_object_new_array();

    reply->value = json_object_new_object();
    reply_add(reply->value, "partners", list);
    return ticket_partners(request->db, request->caller.user_id, add_partner, list);
}

static const struct route rows[] = {
    {.methods = METHOD_GET,
     .path = "/site/partners",
     .auth = &auth_session,
     .effect = EFFECT_READS,
     .handler = handle_partners,
     .help = "The withdrawal partners, and which of them the user may choose."},
};
ROUTE_TABLE(routes_site_partners, rows);
