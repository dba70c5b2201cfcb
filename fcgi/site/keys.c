/* The user's API keys. */
#include <string.h>

#include "fcgi/server/app.h"
#include "fcgi/server/fields.h"
#include "fcgi/site/face.h"
#include "identity/api_key.h"
#include "identity/otp_device.h"
#include "identity/rights.h"
#include "identity/user.h"

#define RIGHTS_TEXT_MAX 256

/* A list of text as a JSON array, empty items left out. */
static struct json_object *split(const char *list)
{
    struct json_object *array = json_object_new_array();
    while (*list != '\0') {
        size_t len = strcspn(list, ",");
        json_object_array_add(array, json_object_new_string_len(list, (int)len));
        list += len + (list[len] == ',');
    }
    return array;
}

static struct json_object *key_object(const struct api_key *key)
{
    struct json_object *object = json_object_new_object();
    char public_key[UUID_TEXT_SIZE];

    uuid_format(&key->public_key, public_key);
    reply_int(object, "id", key->id);
    reply_text(object, "key", public_key);
    reply_text(object, "face", key->face);
    reply_add(object, "rights", reply_rights(key->rights));
    reply_add(object, "networks", split(key->networks));
    reply_int(object, "created", key->created);
    reply_date(object, "last_used", key->last_used);
    reply_bool(object, "revoked", key->revoked);
    return object;
}

static void add_key(void *arg, const struct api_key *key)
{
    json_object_array_add(arg, key_object(key));
}

static enum err handle_list(struct request *request, struct reply *reply)
{
    struct json_object *list = json_object_new_array();

    reply->value = json_object_new_object();
    reply_add(reply->value, "keys", list);
    return api_key_list(request->db, request->caller.user_id, add_key, list);
}

/* Joins the strings of an array parameter with commas. An absent one is empty. */
static enum err read_list(struct request *request, const char *name, char *out, size_t size)
{
    const struct param *param = request_param(request, name);
    struct text joined = TEXT(size - 1);
    enum err rc = ERR_OK;

    out[0] = '\0';
    if (param == NULL)
        return ERR_OK;
    if (!json_object_is_type(param->json, json_type_array))
        return request_fail_text(request, name, ERR_INVALID, "should be a list");
    size_t count = json_object_array_length(param->json);
    for (size_t i = 0; rc == ERR_OK && i < count; i++) {
        struct json_object *item = json_object_array_get_idx(param->json, i);
        const char *string = json_object_get_string(item);
        if (!json_object_is_type(item, json_type_string) || *string == '\0' ||
            strlen(string) != (size_t)json_object_get_string_len(item) || strchr(string, ','))
            rc = request_fail(request, name, ERR_INVALID);
        else
            text_addf(&joined, "%s%s", i > 0 ? "," : "", string);
    }
    if (rc == ERR_OK && joined.full)
        rc = request_fail(request, name, ERR_TOO_LONG);
    if (rc == ERR_OK)
        text_copy(out, size, text_string(&joined));
    text_free(&joined);
    return rc;
}

/* What a key may do and from where. */
struct access {
    unsigned rights;
    char networks[API_KEY_NETWORKS_MAX + 1];
};

static enum err read_access(struct request *request, struct access *out)
{
    char rights[RIGHTS_TEXT_MAX];
    const char *field = NULL;

    if (request_param(request, "rights") == NULL)
        return request_fail(request, "rights", ERR_MISSING);
    enum err rc = read_list(request, "rights", rights, sizeof(rights));
    if (rc != ERR_OK)
        return rc;
    if (!rights_parse(rights, &out->rights))
        return request_fail_text(request, "rights", ERR_INVALID,
                                 "should be one or more of the known rights");
    rc = read_list(request, "networks", out->networks, sizeof(out->networks));
    if (rc != ERR_OK)
        return rc;
    rc = api_key_check_access(out->rights, out->networks, &field);
    return rc == ERR_OK ? ERR_OK : request_fail(request, field, rc);
}

struct key_params {
    int64_t face;
    const char *otp;
    struct uuid key;
};

#define AT(member) offsetof(struct key_params, member)
#define FIELD_OTP                                                                 \
    {                                                                             \
        .name = "otp", .type = FIELD_TEXT, .max = OTP_TEXT_MAX, .offset = AT(otp) \
    }
#define FIELD_PUBLIC_KEY                                                       \
    {                                                                          \
        .name = "key", .type = FIELD_UUID, .required = true, .offset = AT(key) \
    }

static const struct field create_fields[] = {
    {.name = "face",
     .type = FIELD_CHOICE,
     .required = true,
     .offset = AT(face),
     .choices = api_key_faces},
    FIELD_OTP,
};
static const struct field change_fields[] = {FIELD_PUBLIC_KEY, FIELD_OTP};
static const struct field revoke_fields[] = {FIELD_PUBLIC_KEY};
#undef AT

/* Takes the one-time password where the account has one: a stolen session is not enough to make a
 * key, nor to let one do more. */
static enum err take_otp(struct request *request, const char *otp)
{
    struct user user;
    enum err rc = user_by_id(request->db, request->caller.user_id, &user);
    if (rc != ERR_OK || !user.otp_required)
        return rc;
    rc = otp[0] == '\0' ? ERR_OTP_REQUIRED
                        : otp_device_use(request->db, request->app->master_key, user.id, otp);
    return rc == ERR_OK ? ERR_OK : request_fail(request, "otp", rc);
}

/* Reads what a key is to be allowed, all of it checked before the one-time password is used up. */
static enum err read_order(struct request *request, const struct field *fields, size_t count,
                           struct key_params *params, struct access *access)
{
    enum err rc = fields_read(request, fields, count, params);
    if (rc == ERR_OK)
        rc = read_access(request, access);
    return rc == ERR_OK ? take_otp(request, params->otp) : rc;
}

#define READ_ORDER(request, table, params, access) \
    read_order((request), (table), sizeof(table) / sizeof((table)[0]), (params), (access))

static enum err handle_create(struct request *request, struct reply *reply)
{
    struct key_params params = {.otp = ""};
    struct access access = {.rights = 0};
    struct api_key key;
    char secret[API_KEY_SECRET_TEXT_SIZE];
    const char *field = NULL;

    enum err rc = READ_ORDER(request, create_fields, &params, &access);
    if (rc != ERR_OK)
        return rc;
    rc = api_key_add(request->db, request->app->master_key, request->caller.user_id,
                     api_key_faces[params.face], access.rights, access.networks, &key, secret,
                     &field);
    if (rc != ERR_OK)
        return request_fail(request, field, rc);
    reply->value = key_object(&key);
    reply_text(reply->value, "secret", secret);
    crypto_wipe(secret, sizeof(secret));
    return ERR_OK;
}

static enum err handle_change(struct request *request, struct reply *reply)
{
    struct key_params params = {.otp = ""};
    struct access access = {.rights = 0};
    const char *field = NULL;

    enum err rc = READ_ORDER(request, change_fields, &params, &access);
    if (rc != ERR_OK)
        return rc;
    rc = api_key_change(request->db, request->caller.user_id, &params.key, access.rights,
                        access.networks, &field);
    if (rc != ERR_OK)
        return request_fail(request, field, rc);
    reply->value = json_object_new_object();
    return ERR_OK;
}

static enum err handle_revoke(struct request *request, struct reply *reply)
{
    struct key_params params = {0};

    enum err rc = FIELDS_READ(request, revoke_fields, &params);
    if (rc == ERR_OK)
        rc = api_key_revoke(request->db, request->caller.user_id, &params.key);
    if (rc != ERR_OK)
        return rc;
    reply->value = json_object_new_object();
    return ERR_OK;
}

static const struct route rows[] = {
    {.methods = METHOD_GET,
     .path = "/site/keys",
     .auth = &auth_session,
     .effect = EFFECT_READS,
     .handler = handle_list,
     .help = "The user's API keys, newest first.",
     .params = ""},
    {.methods = METHOD_POST,
     .path = "/site/keys",
     .auth = &auth_session,
     .effect = EFFECT_CHANGES,
     .handler = handle_create,
     .help = "Makes an API key; its secret is shown this once.",
     .params = "face* rights* networks otp"},
    {.methods = METHOD_POST,
     .path = "/site/keys/{key}",
     .auth = &auth_session,
     .effect = EFFECT_CHANGES,
     .handler = handle_change,
     .help = "Changes what an API key may do and from where, from its next call on.",
     .params = "rights* networks otp"},
    {.methods = METHOD_DELETE,
     .path = "/site/keys/{key}",
     .auth = &auth_session,
     .effect = EFFECT_CHANGES,
     .handler = handle_revoke,
     .help = "Revokes an API key at once.",
     .params = ""},
};
ROUTE_TABLE(routes_site_keys, rows);
