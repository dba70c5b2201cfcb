/* The user API's keys: API-LOGIN and API-KEY (api desk, A1, A3). */
#include <stdio.h>
#include <string.h>

#include "desk/key.h"
#include "fcgi/auth/auth.h"

#define MODULE "/api/userapi/v1" /* another module or version is as good as switched off */

/* The method that is called, or NULL where it is of another module. A path that cannot be read is no
 * method of any. */
static const char *method_of(const struct request *request)
{
    size_t len = sizeof(MODULE) - 1;
    if (request->path == NULL)
        return "";
    if (strncmp(request->path, MODULE, len) != 0)
        return NULL;
    const char *rest = request->path + len;
    return *rest == '/' ? rest + 1 : *rest == '\0' ? rest : NULL;
}

static enum err check_login(struct request *request)
{
    const char *method = method_of(request), *login, *key;
    struct desk_caller desk_caller;

    if (method == NULL || request_header(request, "API-LOGIN", &login) != ERR_OK ||
        request_header(request, "API-KEY", &key) != ERR_OK)
        return ERR_DESK_API_DISABLED;
    enum err rc = desk_key_check(request->db, login, key, request->remote, method, &desk_caller);
    if (rc != ERR_OK)
        return rc;
    struct caller *caller = &request->caller;
    caller->user_id = desk_caller.user_id;
    caller->api_key_id = desk_caller.key_id;
    snprintf(caller->request_key, sizeof(caller->request_key), "d%lld:%s",
             (long long)desk_caller.key_id, request->id);
    return ERR_OK;
}

const struct auth auth_desk = {
    .name = "robot",
    .check = check_login,
    .scheme = "deskKey",
    .header = "API-KEY",
    .help = "API-LOGIN and API-KEY, 32 letters and digits each; API-LANG is en_US or ru_RU",
};
