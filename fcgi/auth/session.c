/* The ticket of a session, by header or by cookie; and the check of a caller who brings one. */
#include "fcgi/auth/session.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "crypto/crypto.h"
#include "fcgi/auth/auth.h"
#include "fcgi/server/app.h"
#include "fcgi/server/cookie.h"
#include "fcgi/server/face.h"
#include "identity/session.h"

#define COOKIE "session"

bool session_ticket(const struct request *request, char ticket[UUID_TEXT_SIZE], bool *by_cookie)
{
    const char *header = request_env(request, "HTTP_AUTHENTICATEIT_IDENTITY_TICKET");

    *by_cookie = header == NULL || *header == '\0';
    if (*by_cookie)
        return cookie_find(request, COOKIE, ticket, UUID_TEXT_SIZE);
    text_copy(ticket, UUID_TEXT_SIZE, strlen(header) < UUID_TEXT_SIZE ? header : "");
    return true;
}

void session_set_cookie(const struct request *request, struct reply *reply, const char *ticket)
{
    cookie_set(request, reply, COOKIE, ticket == NULL ? "" : ticket, "Strict",
               ticket == NULL ? 0 : -1);
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
