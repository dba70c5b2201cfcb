/* The user's API keys. */
#include <stdio.h>
#include <string.h>

#include "fcgi/server/app.h"
#include "fcgi/server/fields.h"
#include "fcgi/site/face.h"
#include "identity/api_key.h"
#include "identity/otp_device.h"
#include "identity/rights.h"
#include "identity/user.h"

#define RIGHTS_TEXT_MAX 256
#define RIGHTS_MAX 16    /* in one list */
#define NETWORKS_MAX 128 /* in one list: more do not fit API_KEY_NETWORKS_MAX */
#define WORD_MAX 64      /* code points of a right or a network */

/* A list of text as a list of JSON, empty items left out. */
static void write_split(struct writer *json, const char *key, const char *list)
{
    writer_list(json, key);
    while (*list != '\0') {
        size_t len = strcspn(list, ",");
        writer_bytes(json, NULL, list, len);
        list += len + (list[len] == ',');
    }
    writer_end(json);
}

/* secret  NULL: it was shown when the key was made */
static void write_key(struct writer *json, const struct api_key *key, const char *secret)
{
    writer_object(json, NULL);
    writer_int(json, "id", key->id);
    writer_uuid(json, "key", &key->public_key);
    writer_text(json, "face", key->face);
    reply_rights(json, "rights", rights_of(key->face), key->rights);
    write_split(json, "networks", key->networks);
    writer_int(json, "created", key->created);
    writer_date(json, "last_used", key->last_used);
    writer_bool(json, "revoked", key->revoked);
    if (secret != NULL)
        writer_text(json, "secret", secret);
    writer_end(json);
}

static void add_key(void *arg, const struct api_key *key)
{
    write_key(arg, key, NULL);
}

static enum err handle_list(struct request *request, struct reply *reply)
{
    struct writer *json = &reply->writer;

    writer_object(json, NULL);
    writer_list(json, "keys");
    enum err rc = api_key_list(request->db, request->caller.user_id, add_key, json);
    writer_end(json);
    writer_end(json);
    return rc;
}

/* What a key may do and from where, as it is sent and as it is kept. */
struct key_params {
    int64_t face;
    struct field_list rights, networks; /* of const char * */
    const char *otp;
    struct uuid key;
};

struct access {
    unsigned rights;
    char networks[API_KEY_NETWORKS_MAX + 1];
};

static const struct field word = {
    .type = FIELD_TEXT, .max = WORD_MAX, .size = sizeof(const char *)};

#define AT(member) offsetof(struct key_params, member)
#define FIELD_ACCESS                                                                \
    {.name = "rights",                                                              \
     .type = FIELD_LIST,                                                            \
     .required = true,                                                              \
     .max = RIGHTS_MAX,                                                             \
     .item = &word,                                                                 \
     .offset = AT(rights)},                                                         \
    {                                                                               \
        .name = "networks", .type = FIELD_LIST, .max = NETWORKS_MAX, .item = &word, \
        .offset = AT(networks)                                                      \
    }
#define FIELD_OTP                                                                 \
    {                                                                             \
        .name = "otp", .type = FIELD_TEXT, .max = OTP_TEXT_MAX, .offset = AT(otp) \
    }
#define FIELD_PUBLIC_KEY                                                             \
    {                                                                                \
        .name = "key", .type = FIELD_UUID, .place = FIELD_IN_PATH, .required = true, \
        .offset = AT(key)                                                            \
    }

static const struct field create_fields[] = {
    {.name = "face",
     .type = FIELD_CHOICE,
     .required = true,
     .offset = AT(face),
     .choices = api_key_faces},
    FIELD_OTP,
    FIELD_ACCESS,
};
static const struct field change_fields[] = {FIELD_PUBLIC_KEY, FIELD_OTP, FIELD_ACCESS};
static const struct field revoke_fields[] = {FIELD_PUBLIC_KEY};
#undef AT

/* Joins the words of a list with commas, as they are kept. An empty one is refused here, under the
 * list's name, as it always was: joined alone it would read as a list of none, which for networks
 * means everywhere. */
static enum err join(struct request *request, const char *name, const struct field_list *list,
                     char *out, size_t size)
{
    const char *const *words = list->items;
    size_t len = 0;

    out[0] = '\0';
    for (size_t i = 0; i < list->count; i++) {
        if (*words[i] == '\0' || strchr(words[i], ',') != NULL)
            return request_fail(request, name, ERR_INVALID);
        len += (size_t)snprintf(out + len, size - len, "%s%s", i > 0 ? "," : "", words[i]);
        if (len >= size)
            return request_fail(request, name, ERR_TOO_LONG);
    }
    return ERR_OK;
}

static enum err read_access(struct request *request, const struct key_params *params,
                            const char *face, struct access *out)
{
    char rights[RIGHTS_TEXT_MAX];
    const char *field = NULL;

    enum err rc = join(request, "rights", &params->rights, rights, sizeof(rights));
    if (rc != ERR_OK)
        return rc;
    if (!rights_parse(rights_of(face), rights, &out->rights))
        return request_fail_text(request, "rights", ERR_INVALID,
                                 "should be one or more of the known rights");
    rc = join(request, "networks", &params->networks, out->networks, sizeof(out->networks));
    if (rc != ERR_OK)
        return rc;
    rc = api_key_check_access(face, out->rights, out->networks, &field);
    return rc == ERR_OK ? ERR_OK : request_fail(request, field, rc);
}

/* Takes the one-time password where the account has one: a stolen session is not enough to make a
 * key, nor to let one do more. */
enum err site_take_otp(struct request *request, const char *otp)
{
    struct user user;
    enum err rc = user_by_id(request->db, request->caller.user_id, &user);
    if (rc != ERR_OK || !user.otp_required)
        return rc;
    rc = otp[0] == '\0' ? ERR_OTP_REQUIRED
                        : otp_device_use(request->db, request->app->master_key, user.id, otp);
    return rc == ERR_OK ? ERR_OK : request_fail(request, "otp", rc);
}

/* Keys of the viewer API are for accounts that have one (api wallet, B3). */
static enum err need_otp(struct request *request)
{
    struct user user;
    enum err rc = user_by_id(request->db, request->caller.user_id, &user);
    if (rc != ERR_OK || user.otp_required)
        return rc;
    return request_fail_text(request, "otp", ERR_OTP_REQUIRED,
                             "is required: set up a one-time password first");
}

/* Reads what a key is to be allowed, all of it checked before the one-time password is used up. */
static enum err read_order(struct request *request, const struct key_params *params,
                           const char *face, struct access *access)
{
    enum err rc = read_access(request, params, face, access);
    if (rc == ERR_OK && strcmp(face, "wallet") == 0)
        rc = need_otp(request);
    return rc == ERR_OK ? site_take_otp(request, params->otp) : rc;
}

static enum err handle_create(struct request *request, struct reply *reply)
{
    struct key_params params = {.otp = ""};
    struct access access = {.rights = 0};
    struct api_key key;
    char secret[API_KEY_SECRET_TEXT_SIZE];
    const char *field = NULL;

    enum err rc = FIELDS_READ(request, &params);
    const char *face = api_key_faces[params.face];
    if (rc == ERR_OK)
        rc = read_order(request, &params, face, &access);
    if (rc != ERR_OK)
        return rc;
    rc = api_key_add(request->db, request->app->master_key, request->caller.user_id, face,
                     access.rights, access.networks, &key, secret, &field);
    if (rc != ERR_OK)
        return request_fail(request, field, rc);
    write_key(&reply->writer, &key, secret);
    crypto_wipe(secret, sizeof(secret));
    return ERR_OK;
}

static enum err handle_change(struct request *request, struct reply *reply)
{
    struct key_params params = {.otp = ""};
    struct access access = {.rights = 0};
    struct api_key key;
    const char *field = NULL;

    enum err rc = FIELDS_READ(request, &params);
    if (rc == ERR_OK)
        rc = api_key_find(request->db, request->caller.user_id, &params.key, &key);
    if (rc == ERR_OK)
        rc = read_order(request, &params, key.face, &access);
    if (rc != ERR_OK)
        return rc;
    rc = api_key_change(request->db, request->caller.user_id, &params.key, key.face, access.rights,
                        access.networks, &field);
    if (rc != ERR_OK)
        return request_fail(request, field, rc);
    writer_object(&reply->writer, NULL);
    writer_end(&reply->writer);
    return ERR_OK;
}

static enum err handle_revoke(struct request *request, struct reply *reply)
{
    struct key_params params = {0};

    enum err rc = FIELDS_READ(request, &params);
    if (rc == ERR_OK)
        rc = api_key_revoke(request->db, request->caller.user_id, &params.key);
    if (rc != ERR_OK)
        return rc;
    writer_object(&reply->writer, NULL);
    writer_end(&reply->writer);
    return ERR_OK;
}

#define TABLE(rows) FIELD_TABLE(rows, struct key_params)

static const struct route rows[] = {
    {.methods = METHOD_GET,
     .path = "/site/keys",
     .auth = &auth_session,
     .rights = SITE_LOOK,
     .effect = EFFECT_READS,
     .handler = handle_list,
     .help = "The user's API keys, newest first."},
    {.methods = METHOD_POST,
     .path = "/site/keys",
     .auth = &auth_session,
     .rights = SITE_SECURITY,
     .effect = EFFECT_CHANGES,
     .handler = handle_create,
     .help = "Makes an API key; its secret is shown this once.",
     .fields = TABLE(create_fields)},
    {.methods = METHOD_POST,
     .path = "/site/keys/{key}",
     .auth = &auth_session,
     .rights = SITE_SECURITY,
     .effect = EFFECT_CHANGES,
     .handler = handle_change,
     .help = "Changes what an API key may do and from where, from its next call on.",
     .fields = TABLE(change_fields)},
    {.methods = METHOD_DELETE,
     .path = "/site/keys/{key}",
     .auth = &auth_session,
     .rights = SITE_SECURITY,
     .effect = EFFECT_CHANGES,
     .handler = handle_revoke,
     .help = "Revokes an API key at once.",
     .fields = TABLE(revoke_fields)},
};
ROUTE_TABLE(routes_site_keys, rows);
