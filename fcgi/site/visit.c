/* Visits by affiliates' links, as any page tells them: the visitor is the affiliate's from then on. */
#include <string.h>

#include "desk/partner.h"
#include "fcgi/server/cookie.h"
#include "fcgi/server/fields.h"
#include "fcgi/site/face.h"

#define DAY_S 86400
#define REFERRER_MAX 2000

struct visit_params {
    int64_t rid;
    const char *referrer, *query;
};

#define AT(member) offsetof(struct visit_params, member)
static const struct field visit_fields[] = {
    {.name = "rid", .type = FIELD_INT, .required = true, .min = 1, .offset = AT(rid)},
    {.name = "referrer", .type = FIELD_TEXT, .max = REFERRER_MAX, .offset = AT(referrer)},
    {.name = "query", .type = FIELD_TEXT, .max = REFERRER_MAX, .offset = AT(query)},
};

/* What somebody else's page makes a browser send says nothing about where its user has been. */
static bool is_ours(const struct request *request)
{
    const char *site = request_env(request, "HTTP_SEC_FETCH_SITE");
    return site == NULL || strcmp(site, "same-origin") == 0;
}

static enum err handle_visit(struct request *request, struct reply *reply)
{
    struct visit_params params = {.referrer = "", .query = ""};
    const char *browser = request_env(request, "HTTP_USER_AGENT");
    char visitor[DESK_HASH_SIZE];
    uint64_t days = 0;

    enum err rc = FIELDS_READ(request, &params);
    if (rc == ERR_OK && !is_ours(request))
        rc = ERR_CSRF;
    if (rc != ERR_OK)
        return rc;
    cookie_find(request, SITE_VISITOR, visitor, sizeof(visitor));
    const struct desk_visit visit = {.partner_id = params.rid,
                                     .browser = browser == NULL ? "" : browser,
                                     .ip = request->remote,
                                     .referrer = params.referrer,
                                     .query = params.query};
    rc = desk_visit_add(request->db, &visit, visitor, &days);
    if (rc == ERR_NOT_FOUND)
        rc = request_fail(request, "rid", rc);
    if (rc != ERR_OK)
        return rc;
    if (cookie_possible(request))
        cookie_set(request, reply, SITE_VISITOR, visitor, "Lax", (int64_t)days * DAY_S);
    writer_object(&reply->writer, NULL);
    writer_end(&reply->writer);
    return ERR_OK;
}

static const struct route rows[] = {
    {.methods = METHOD_POST,
     .path = "/site/desk/visits",
     .auth = &auth_public,
     .effect = EFFECT_CHANGES,
     .handler = handle_visit,
     .help = "Tells of a visit by an affiliate's link; the visitor's cookie says whose they are.",
     .fields = FIELD_TABLE(visit_fields, struct visit_params)},
};
ROUTE_TABLE(routes_site_visit, rows);
