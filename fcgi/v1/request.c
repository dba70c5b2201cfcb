/* What became of a signed call, by its nonce or tonce: for a caller whose reply was lost. */
#include <stdio.h>
#include <string.h>

#include "fcgi/v1/face.h"
#include "fcgi/views/request.h"
#include "identity/nonce.h"
#include "identity/rights.h"

static enum err handle_show(struct request *request, struct reply *reply)
{
    const char *nonce = request_capture(request, "nonce");
    long long key_id = request->caller.api_key_id;
    char digits[NONCE_TEXT_SIZE], name[CALLER_REQUEST_KEY_SIZE];
    int64_t at_us;

    if (nonce_parse(nonce, strlen(nonce), digits) != ERR_OK)
        return request_fail(request, "nonce", ERR_INVALID);
    snprintf(name, sizeof(name), "n%lld:%s", key_id, digits);
    enum err rc = requests_show(request, name, reply);
    if (rc != ERR_NOT_FOUND || nonce_parse_tonce(nonce, strlen(nonce), &at_us) != ERR_OK)
        return rc;
    snprintf(name, sizeof(name), "t%lld:%lld", key_id, (long long)at_us);
    return requests_show(request, name, reply);
}

static const struct route rows[] = {
    {.methods = METHOD_POST,
     .path = "/api/1/generic/request/{nonce}",
     .auth = &auth_v1,
     .effect = EFFECT_READS,
     .rights = RIGHT_ANY,
     .handler = handle_show,
     .help = "What was done by a call of this key with that nonce or tonce; not_found: nothing."},
};
ROUTE_TABLE(routes_v1_request, rows);
