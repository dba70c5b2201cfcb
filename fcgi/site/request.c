/* What became of a change that was named by an Idempotency-Key. */
#include "fcgi/views/request.h"
#include "fcgi/server/idempotency.h"
#include "fcgi/site/face.h"

static enum err handle_show(struct request *request, struct reply *reply)
{
    const char *key = request_capture(request, "key");
    char name[CALLER_REQUEST_KEY_SIZE];

    enum err rc = idempotency_check(request, "key", key);
    if (rc != ERR_OK)
        return rc;
    idempotency_name(key, name);
    return requests_show(request, name, reply);
}

static const struct route rows[] = {
    {.methods = METHOD_GET,
     .path = "/site/request/{key}",
     .auth = &auth_session,
     .rights = SITE_LOOK,
     .effect = EFFECT_READS,
     .handler = handle_show,
     .help = "What was done under an Idempotency-Key of the user's, and its answer; 404: nothing."},
};
ROUTE_TABLE(routes_site_request, rows);
