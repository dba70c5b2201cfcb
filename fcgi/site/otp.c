/* Setting up and removing the one-time password. */
#include <stdio.h>

#include "base/encode.h"
#include "fcgi/server/app.h"
#include "fcgi/server/fields.h"
#include "fcgi/site/face.h"
#include "identity/otp_device.h"
#include "identity/qr.h"
#include "identity/session.h"
#include "identity/user.h"

#define URI_MAX 2048

struct add_params {
    int64_t kind;
};

static const struct field add_fields[] = {
    {.name = "kind",
     .type = FIELD_CHOICE,
     .required = true,
     .offset = offsetof(struct add_params, kind),
     .choices = otp_device_kinds},
};

/* Everything by which a device can be set up: by hand, by link, by picture. */
static enum err reply_device(const struct request *request, struct reply *reply,
                             const struct otp_device *device, enum otp_kind kind, const char *login)
{
    struct writer *json = &reply->writer;
    char name[32], base32[BASE32_SIZE(OTP_SECRET_SIZE)];
    struct text uri = TEXT(URI_MAX), svg = TEXT(QR_SVG_MAX);

    enum err rc = otp_uri(kind, request->app->config.site_name, login, device->secret, 0, &uri);
    if (rc == ERR_OK)
        rc = qr_svg(text_string(&uri), &svg);
    if (rc == ERR_OK) {
        snprintf(name, sizeof(name), "OTP#%lld", (long long)device->id);
        base32_encode(device->secret, sizeof(device->secret), base32);
        writer_object(json, NULL);
        writer_uuid(json, "serial", &device->serial);
        writer_text(json, "name", name);
        writer_text(json, "key_base32", base32);
        writer_text(json, "uri", text_string(&uri));
        writer_text(json, "qr_svg", text_string(&svg));
        writer_end(json);
        crypto_wipe(base32, sizeof(base32));
        crypto_wipe(uri.data, uri.len);
        crypto_wipe(svg.data, svg.len);
    }
    text_free(&uri);
    text_free(&svg);
    return rc;
}

static enum err handle_add(struct request *request, struct reply *reply)
{
    struct add_params params = {0};
    const struct actor actor = request_actor(request);
    struct otp_device device;
    struct user user;

    enum err rc = FIELDS_READ(request, &params);
    if (rc == ERR_OK)
        rc = user_by_id(request->db, request->caller.user_id, &user);
    if (rc == ERR_OK)
        rc = otp_device_add(request->db, request->app->master_key, &actor,
                            otp_device_kinds[params.kind], &device);
    if (rc != ERR_OK)
        return rc;
    rc = reply_device(request, reply, &device, (enum otp_kind)params.kind, user.login);
    crypto_wipe(&device, sizeof(device));
    return rc;
}

/* {"enabled": whether a one-time password is asked for from now on} */
static void reply_enabled(struct reply *reply, bool enabled)
{
    writer_object(&reply->writer, NULL);
    writer_bool(&reply->writer, "enabled", enabled);
    writer_end(&reply->writer);
}

struct code_params {
    const char *code;
};

static const struct field code_fields[] = {
    {.name = "code",
     .type = FIELD_TEXT,
     .required = true,
     .min = 1,
     .max = OTP_TEXT_MAX,
     .offset = offsetof(struct code_params, code)},
};

struct confirm_params {
    const char *code, *password;
};

static const struct field confirm_fields[] = {
    {.name = "code",
     .type = FIELD_TEXT,
     .required = true,
     .min = 1,
     .max = OTP_TEXT_MAX,
     .offset = offsetof(struct confirm_params, code)},
    {.name = "password",
     .type = FIELD_TEXT,
     .required = true,
     .min = 1,
     .max = USER_PASSWORD_MAX,
     .offset = offsetof(struct confirm_params, password)},
};

/* The password is asked for again: a stolen session must not be able to guard the account with a device
 * of the thief's. */
static enum err handle_confirm(struct request *request, struct reply *reply)
{
    struct confirm_params params = {0};
    int64_t user_id = request->caller.user_id, retry_s;

    enum err rc = FIELDS_READ(request, &params);
    if (rc != ERR_OK)
        return rc;
    rc = session_password_check(request->db, user_id, params.password, &retry_s);
    if (rc == ERR_LOGIN_FAILED)
        return request_fail_text(request, "password", ERR_INVALID, "is wrong");
    if (rc == ERR_TOO_MANY_ATTEMPTS)
        reply_header(reply, "Retry-After", "%lld", (long long)retry_s);
    if (rc == ERR_OK)
        rc = otp_device_confirm(request->db, request->app->master_key, user_id, params.code);
    if (rc != ERR_OK)
        return request_fail(request, rc == ERR_OTP_INVALID ? "code" : NULL, rc);
    reply_enabled(reply, true);
    return ERR_OK;
}

static enum err handle_remove(struct request *request, struct reply *reply)
{
    struct code_params params = {0};
    enum err rc = FIELDS_READ(request, &params);
    if (rc != ERR_OK)
        return rc;
    rc = otp_device_remove(request->db, request->app->master_key, request->caller.user_id,
                           params.code);
    if (rc != ERR_OK)
        return request_fail(request, rc == ERR_OTP_INVALID ? "code" : NULL, rc);
    reply_enabled(reply, false);
    return ERR_OK;
}

static const struct route rows[] = {
    {.methods = METHOD_POST,
     .path = "/site/otp",
     .auth = &auth_session,
     .rights = SITE_SECURITY,
     .effect = EFFECT_CHANGES,
     .handler = handle_add,
     .help = "Begins to set up a one-time password: key, link and QR code, shown this once.",
     .fields = FIELD_TABLE(add_fields, struct add_params)},
    {.methods = METHOD_POST,
     .path = "/site/otp/confirm",
     .auth = &auth_session,
     .rights = SITE_SECURITY,
     .effect = EFFECT_CHANGES,
     .handler = handle_confirm,
     .help = "Turns the one-time password on, against its first code and the password.",
     .fields = FIELD_TABLE(confirm_fields, struct confirm_params)},
    {.methods = METHOD_DELETE,
     .path = "/site/otp",
     .auth = &auth_session,
     .rights = SITE_SECURITY,
     .effect = EFFECT_CHANGES,
     .handler = handle_remove,
     .help = "Turns the one-time password off, against one more code.",
     .fields = FIELD_TABLE(code_fields, struct code_params)},
};
ROUTE_TABLE(routes_site_otp, rows);
