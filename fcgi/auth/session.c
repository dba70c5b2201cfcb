/* The session cookie: found among the request's cookies, set and cleared; and the check of a caller
 * who brings one. */
#include "fcgi/auth/session.h"

#include <stdio.h>
#include <string.h>

#include "crypto/crypto.h"
#include "fcgi/auth/auth.h"
#include "fcgi/server/app.h"
#include "fcgi/server/face.h"
#include "identity/session.h"

/* A __Host- cookie is sent over https only, to this very host only; browsers refuse it on http. */
static const char *cookie_name(const struct request *request)
{
    return request->https ? "__Host-session" : "session";
}

bool session_cookie_possible(const struct request *request)
{
    return request->https || request->app->config.site_allow_http;
}

/* Copies a ticket as sent; what is too long to be one becomes "", which is no ticket either. */
static void copy_ticket(const char *value, size_t len, char out[UUID_TEXT_SIZE])
{
    if (len >= UUID_TEXT_SIZE)
        len = 0;
    memcpy(out, value, len);
    out[len] = '\0';
}

/* Finds a cookie's value in a Cookie header (RFC 6265, section 5.4). */
static bool find_cookie(const char *header, const char *name, char out[UUID_TEXT_SIZE])
{
    size_t name_len = strlen(name);
    while (*header != '\0') {
        header += strspn(header, " ;");
        size_t len = strcspn(header, ";");
        if (len > name_len && strncmp(header, name, name_len) == 0 && header[name_len] == '=') {
            copy_ticket(header + name_len + 1, len - name_len - 1, out);
            return len > name_len + 1;
        }
        header += len;
    }
    return false;
}

bool session_ticket(const struct request *request, char ticket[UUID_TEXT_SIZE], bool *by_cookie)
{
    const char *header = request_env(request, "HTTP_AUTHENTICATEIT_IDENTITY_TICKET");
    const char *cookies = request_env(request, "HTTP_COOKIE");

    *by_cookie = false;
    if (header != NULL && *header != '\0') {
        copy_ticket(header, strlen(header), ticket);
        return true;
    }
    *by_cookie = true;
    return cookies != NULL && session_cookie_possible(request) &&
           find_cookie(cookies, cookie_name(request), ticket);
}

void session_set_cookie(const struct request *request, struct reply *reply, const char *ticket)
{
    reply_header(reply, "Set-Cookie", "%s=%s; Path=/; HttpOnly; SameSite=Strict%s%s",
                 cookie_name(request), ticket == NULL ? "" : ticket,
                 request->https ? "; Secure" : "", ticket == NULL ? "; Max-Age=0" : "");
}

static enum err check_session(struct request *request)
{
    struct caller *caller = &request->caller;
    struct session session;
    struct uuid once = crypto_uuid4();
    char ticket[UUID_TEXT_SIZE], name[UUID_TEXT_SIZE];
    bool by_cookie;

    if (!session_ticket(request, ticket, &by_cookie))
        return ERR_SESSION_MISSING;
    enum err rc = session_check(request->db, request->app->master_key, ticket, &session);
    if (rc == ERR_OK) {
        uuid_format(&once, name);
        caller->user_id = session.user.id;
        caller->rights = face_rights(request->face, session.user.roles);
        caller->by_cookie = by_cookie;
        snprintf(caller->request_key, sizeof(caller->request_key), "r:%s", name);
        memcpy(caller->csrf, session.csrf, sizeof(caller->csrf));
    }
    crypto_wipe(&session, sizeof(session));
    return rc;
}

static enum err check_optional(struct request *request)
{
    enum err rc = check_session(request);
    return rc == ERR_SESSION_MISSING || rc == ERR_SESSION_EXPIRED ? ERR_OK : rc;
}

#define SESSION_SCHEME                                               \
    .scheme = "session", .header = "authenticateit_identity_ticket", \
    .help = "or the session cookie; changes by cookie need the header X-CSRF-Token"

const struct auth auth_session = {.name = "session", .check = check_session, SESSION_SCHEME};
const struct auth auth_session_optional = {
    .name = "anybody", .check = check_optional, .optional = true, SESSION_SCHEME};
