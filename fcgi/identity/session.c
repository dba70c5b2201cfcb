/* Sign in, check, sign out (api payments, section 0). */
#include <stdio.h>
#include <string.h>

#include "fcgi/auth/auth.h"
#include "fcgi/auth/session.h"
#include "fcgi/server/app.h"
#include "fcgi/server/cookie.h"
#include "fcgi/server/fields.h"
#include "identity/otp_device.h"
#include "identity/session.h"

#define LOGIN_BODY_CAP 4096

struct login_params {
    const char *username, *email, *password, *otp;
    int64_t timeout_s;
};

#define AT(member) offsetof(struct login_params, member)
static const struct field login_fields[] = {
    {.name = "username", .type = FIELD_TEXT, .max = USER_EMAIL_MAX, .offset = AT(username)},
    {.name = "email", .type = FIELD_TEXT, .max = USER_EMAIL_MAX, .offset = AT(email)},
    {.name = "password",
     .type = FIELD_TEXT,
     .required = true,
     .min = 1,
     .max = USER_PASSWORD_MAX,
     .offset = AT(password)},
    {.name = "otp", .type = FIELD_TEXT, .max = OTP_TEXT_MAX, .offset = AT(otp)},
    {.name = "timeout",
     .type = FIELD_INT,
     .min = 1,
     .max = SESSION_TIMEOUT_MAX_S,
     .offset = AT(timeout_s)},
};
#undef AT

static void write_roles(struct writer *json, const char *roles)
{
    writer_list(json, "roles");
    while (*roles != '\0') {
        size_t len = strcspn(roles, ",");
        writer_bytes(json, NULL, roles, len);
        roles += len + (roles[len] == ',');
    }
    writer_end(json);
}

/* ticket  NULL prints null */
static void write_session(struct writer *json, const struct session *session, const char *ticket)
{
    char id[sizeof(session->user.email) + 64];

    snprintf(id, sizeof(id), "urn:authenticateit:user:email:%s", session->user.email);
    writer_object(json, NULL);
    writer_null(json, "current_participant");
    writer_text(json, "id", id);
    writer_null(json, "merged_user");
    writer_list(json, "modules");
    writer_end(json);
    writer_text(json, "name", session->user.login);
    write_roles(json, session->user.roles);
    writer_text(json, "ticket", ticket);
    writer_text(json, "csrf", session->csrf);
    writer_end(json);
}

static enum err handle_open(struct request *request, struct reply *reply)
{
    struct login_params params = {
        .username = "", .email = "", .otp = "", .timeout_s = SESSION_TIMEOUT_DEFAULT_S};
    struct session session;

    /* A form of another site must not sign its visitor in as somebody else: forms cannot be JSON. */
    if (!request->json)
        return ERR_CONTENT_TYPE;
    if (!cookie_possible(request))
        return ERR_HTTPS_NEEDED;
    enum err rc = FIELDS_READ(request, &params);
    if (rc != ERR_OK)
        return rc;
    const char *login = params.username[0] != '\0' ? params.username : params.email;
    if (login[0] == '\0')
        return request_fail(request, "username", ERR_MISSING);
    rc = session_open(request->db, request->app->master_key,
                      &(struct session_login){.name = login,
                                              .password = params.password,
                                              .otp = params.otp,
                                              .address = request->remote,
                                              .timeout_s = params.timeout_s},
                      &session, &request->retry_s);
    if (rc == ERR_TOO_MANY_ATTEMPTS && request->retry_s > 0)
        reply_header(reply, "Retry-After", "%lld", (long long)request->retry_s);
    if (rc == ERR_OTP_REQUIRED || rc == ERR_OTP_INVALID)
        return request_fail(request, "otp", rc);
    if (rc != ERR_OK)
        return rc;
    session_set_cookie(request, reply, session.ticket);
    write_session(&reply->writer, &session, session.ticket);
    crypto_wipe(&session, sizeof(session));
    return ERR_OK;
}

static enum err handle_check(struct request *request, struct reply *reply)
{
    char ticket[UUID_TEXT_SIZE];
    bool by_cookie;
    struct session session;

    if (!session_ticket(request, ticket, &by_cookie))
        return ERR_SESSION_MISSING;
    enum err rc = session_check(request->db, request->app->master_key, ticket, &session);
    /* Scripts of a page must not read here what the HttpOnly cookie keeps from them. */
    if (rc == ERR_OK)
        write_session(&reply->writer, &session, by_cookie ? NULL : session.ticket);
    crypto_wipe(&session, sizeof(session));
    return rc;
}

static enum err handle_close(struct request *request, struct reply *reply)
{
    char ticket[UUID_TEXT_SIZE];
    bool by_cookie;

    if (!session_ticket(request, ticket, &by_cookie))
        return ERR_SESSION_MISSING;
    enum err rc = session_close(request->db, ticket);
    if (rc != ERR_OK)
        return rc;
    session_set_cookie(request, reply, NULL);
    writer_object(&reply->writer, NULL);
    writer_end(&reply->writer);
    return ERR_OK;
}

static const struct route rows[] = {
    {.methods = METHOD_POST,
     .path = "/identity-service/session",
     .auth = &auth_public,
     .effect = EFFECT_CHANGES,
     .pool = POOL_LOGIN,
     .body_cap = LOGIN_BODY_CAP,
     .handler = handle_open,
     .help = "Signs in: gives a ticket, and sets the session cookie.",
     .fields = FIELD_TABLE(login_fields, struct login_params)},
    {.methods = METHOD_GET,
     .path = "/identity-service/session",
     .auth = &auth_session,
     .effect = EFFECT_READS,
     .handler = handle_check,
     .help = "The session that the ticket belongs to; moves its end on."},
    {.methods = METHOD_DELETE,
     .path = "/identity-service/session",
     .auth = &auth_session,
     .effect = EFFECT_CHANGES,
     .handler = handle_close,
     .help = "Signs out: ends the session and clears the cookie."},
};
ROUTE_TABLE(routes_identity_session, rows);
