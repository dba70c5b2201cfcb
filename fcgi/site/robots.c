/* The keys of a user's robots at the exchange desk, and what they called. */
#include <stdio.h>
#include <string.h>

#include "desk/desk.h"
#include "desk/key.h"
#include "fcgi/server/fields.h"
#include "fcgi/site/face.h"
#include "identity/otp_device.h"
#include "identity/user.h"

#define WORD_MAX 64
#define PAGE_ROWS 50 /* of the log */

static void write_methods(struct writer *json, const char *key, uint64_t methods)
{
    writer_list(json, key);
    for (unsigned i = 0; i < DESK_METHOD_COUNT; i++)
        if ((methods >> i & 1) != 0)
            writer_text(json, NULL, desk_method_names[i]);
    writer_end(json);
}

static void write_networks(struct writer *json, const char *list)
{
    writer_list(json, "networks");
    while (*list != '\0') {
        size_t len = strcspn(list, ",");
        writer_bytes(json, NULL, list, len);
        list += len + (list[len] == ',');
    }
    writer_end(json);
}

/* secret  NULL: it was shown when the key was made */
static void write_key(struct writer *json, const struct desk_key *key, const char *secret)
{
    writer_object(json, NULL);
    writer_text(json, "login", key->login);
    if (secret != NULL)
        writer_text(json, "key", secret);
    write_methods(json, "methods", key->methods);
    write_networks(json, key->networks);
    writer_date(json, "created", key->created);
    writer_date(json, "revoked", key->revoked);
    writer_end(json);
}

static void add_key(void *arg, const struct desk_key *key)
{
    write_key(arg, key, NULL);
}

static enum err handle_list(struct request *request, struct reply *reply)
{
    struct writer *json = &reply->writer;
    const struct desk_board *board;
    uint64_t methods = 0;
    bool open = false;

    enum err rc = desk_api_offer(request->db, request->caller.user_id, &methods, &open);
    if (rc == ERR_OK)
        rc = desk_board_take(request->db, &board);
    if (rc != ERR_OK)
        return rc;
    writer_object(json, NULL);
    writer_bool(json, "open", open);
    writer_bool(json, "logs_calls", board->logs_calls);
    desk_board_give(board);
    write_methods(json, "methods", methods);
    writer_list(json, "keys");
    rc = desk_key_list(request->db, request->caller.user_id, add_key, json);
    writer_end(json);
    writer_end(json);
    return rc;
}

/* What a key may call and from where. */
struct robot_params {
    struct field_list methods, networks; /* of const char * */
    const char *otp, *login;
};

static const struct field word = {
    .type = FIELD_TEXT, .max = WORD_MAX, .size = sizeof(const char *)};

#define AT(member) offsetof(struct robot_params, member)
#define FIELD_ACCESS                                                              \
    {.name = "methods",                                                           \
     .type = FIELD_LIST,                                                          \
     .required = true,                                                            \
     .max = DESK_METHOD_COUNT,                                                    \
     .item = &word,                                                               \
     .offset = AT(methods)},                                                      \
        {.name = "networks",                                                      \
         .type = FIELD_LIST,                                                      \
         .max = API_KEY_MAX_NETWORKS,                                             \
         .item = &word,                                                           \
         .offset = AT(networks)},                                                 \
    {                                                                             \
        .name = "otp", .type = FIELD_TEXT, .max = OTP_TEXT_MAX, .offset = AT(otp) \
    }
#define FIELD_LOGIN                                                                    \
    {                                                                                  \
        .name = "login", .type = FIELD_TEXT, .place = FIELD_IN_PATH, .required = true, \
        .max = DESK_LOGIN_SIZE - 1, .offset = AT(login)                                \
    }

static const struct field create_fields[] = {FIELD_ACCESS};
static const struct field change_fields[] = {FIELD_LOGIN, FIELD_ACCESS};
static const struct field revoke_fields[] = {FIELD_LOGIN};
#undef AT

static enum err read_methods(struct request *request, const struct field_list *list, uint64_t *out)
{
    const char *const *words = list->items;

    *out = 0;
    for (size_t i = 0; i < list->count; i++) {
        uint64_t bit = 0;
        for (unsigned j = 0; j < DESK_METHOD_COUNT; j++)
            if (strcmp(words[i], desk_method_names[j]) == 0)
                bit = UINT64_C(1) << j;
        if (bit == 0)
            return request_fail(request, "methods", ERR_INVALID);
        *out |= bit;
    }
    return ERR_OK;
}

/* Networks joined with commas, as they are kept. */
static enum err read_networks(struct request *request, const struct field_list *list,
                              char out[API_KEY_NETWORKS_MAX + 1])
{
    const char *const *words = list->items;
    size_t len = 0;

    out[0] = '\0';
    for (size_t i = 0; i < list->count; i++) {
        if (*words[i] == '\0' || strchr(words[i], ',') != NULL)
            return request_fail(request, "networks", ERR_INVALID);
        len += (size_t)snprintf(out + len, API_KEY_NETWORKS_MAX + 1 - len, "%s%s", i > 0 ? "," : "",
                                words[i]);
        if (len > API_KEY_NETWORKS_MAX)
            return request_fail(request, "networks", ERR_TOO_LONG);
    }
    return ERR_OK;
}

/* What is asked for, as the domain takes it, with who asks: their login, for the record. */
struct order {
    struct robot_params params;
    uint64_t methods;
    char networks[API_KEY_NETWORKS_MAX + 1];
    struct user user;
};

static enum err read_order(struct request *request, struct order *order)
{
    order->params = (struct robot_params){.otp = ""};
    enum err rc = FIELDS_READ(request, &order->params);
    if (rc == ERR_OK)
        rc = read_methods(request, &order->params.methods, &order->methods);
    if (rc == ERR_OK)
        rc = read_networks(request, &order->params.networks, order->networks);
    if (rc == ERR_OK)
        rc = user_by_id(request->db, request->caller.user_id, &order->user);
    return rc == ERR_OK ? site_take_otp(request, order->params.otp) : rc;
}

static enum err handle_create(struct request *request, struct reply *reply)
{
    struct order order;
    struct desk_key key;
    char secret[DESK_LOGIN_SIZE];
    const char *field = NULL;

    enum err rc = read_order(request, &order);
    if (rc != ERR_OK)
        return rc;
    rc = desk_key_add(request->db, order.user.id, order.methods, order.networks, order.user.login,
                      &key, secret, &field);
    if (rc != ERR_OK)
        return request_fail(request, field, rc);
    write_key(&reply->writer, &key, secret);
    crypto_wipe(secret, sizeof(secret));
    return ERR_OK;
}

static void write_nothing(struct reply *reply)
{
    writer_object(&reply->writer, NULL);
    writer_end(&reply->writer);
}

static enum err handle_change(struct request *request, struct reply *reply)
{
    struct order order;
    const char *field = NULL;

    enum err rc = read_order(request, &order);
    if (rc != ERR_OK)
        return rc;
    rc = desk_key_change(request->db, order.user.id, order.params.login, order.methods,
                         order.networks, order.user.login, &field);
    if (rc != ERR_OK)
        return request_fail(request, field, rc);
    write_nothing(reply);
    return ERR_OK;
}

static enum err handle_revoke(struct request *request, struct reply *reply)
{
    struct robot_params params = {.otp = ""};
    struct user user;

    enum err rc = FIELDS_READ(request, &params);
    if (rc == ERR_OK)
        rc = user_by_id(request->db, request->caller.user_id, &user);
    if (rc == ERR_OK)
        rc = desk_key_revoke(request->db, user.id, params.login, user.login);
    if (rc == ERR_OK)
        write_nothing(reply);
    return rc;
}

/* --- the log of calls ------------------------------------------------------------------------------ */

struct log_params {
    int64_t offset;
    const char *login;
};

static const struct field log_fields[] = {
    {.name = "offset", .type = FIELD_INT, .offset = offsetof(struct log_params, offset)},
    {.name = "login",
     .type = FIELD_TEXT,
     .max = DESK_LOGIN_SIZE - 1,
     .offset = offsetof(struct log_params, login)},
};

struct log {
    struct writer *json;
    int64_t rows;
};

static void add_call(void *arg, const struct desk_call *call)
{
    struct log *log = arg;
    struct writer *json = log->json;

    if (++log->rows > PAGE_ROWS)
        return; /* it says that there are more */
    writer_object(json, NULL);
    writer_date(json, "at", call->at);
    writer_text(json, "login", call->login);
    writer_text(json, "method", call->method);
    writer_text(json, "ip", call->ip);
    writer_text(json, "headers", call->headers);
    writer_text(json, "params", call->params);
    writer_text(json, "result", call->result);
    writer_end(json);
}

static enum err handle_calls(struct request *request, struct reply *reply)
{
    struct log_params params = {0};
    struct log log = {.json = &reply->writer};

    enum err rc = FIELDS_READ(request, &params);
    if (rc != ERR_OK)
        return rc;
    const struct desk_call_filter filter = {
        .user_id = request->caller.user_id,
        .login = params.login == NULL || params.login[0] == '\0' ? NULL : params.login,
        .limit = PAGE_ROWS + 1,
        .offset = params.offset};
    writer_object(log.json, NULL);
    writer_list(log.json, "items");
    rc = desk_call_list(request->db, &filter, add_call, &log);
    writer_end(log.json);
    writer_bool(log.json, "more", log.rows > PAGE_ROWS);
    writer_end(log.json);
    return rc;
}

#define TABLE(rows) FIELD_TABLE(rows, struct robot_params)

static const struct route rows[] = {
    {.methods = METHOD_GET,
     .path = "/site/robots",
     .auth = &auth_session,
     .rights = SITE_LOOK,
     .effect = EFFECT_READS,
     .handler = handle_list,
     .help = "The keys of the user's robots at the exchange desk, and what such keys may do."},
    {.methods = METHOD_GET,
     .path = "/site/robots/calls",
     .auth = &auth_session,
     .rights = SITE_LOOK,
     .effect = EFFECT_READS,
     .pool = POOL_LIST,
     .handler = handle_calls,
     .help = "What the user's robots called, newest first, where calls are logged.",
     .fields = FIELD_TABLE(log_fields, struct log_params)},
    {.methods = METHOD_POST,
     .path = "/site/robots",
     .auth = &auth_session,
     .rights = SITE_SECURITY,
     .effect = EFFECT_CHANGES,
     .handler = handle_create,
     .help = "Makes a robot's login and key; the key is shown this once.",
     .fields = TABLE(create_fields)},
    {.methods = METHOD_POST,
     .path = "/site/robots/{login}",
     .auth = &auth_session,
     .rights = SITE_SECURITY,
     .effect = EFFECT_CHANGES,
     .handler = handle_change,
     .help = "Changes what a robot's key may call and from where.",
     .fields = TABLE(change_fields)},
    {.methods = METHOD_DELETE,
     .path = "/site/robots/{login}",
     .auth = &auth_session,
     .rights = SITE_SECURITY,
     .effect = EFFECT_CHANGES,
     .handler = handle_revoke,
     .help = "Ends a robot's key at once.",
     .fields = TABLE(revoke_fields)},
};
ROUTE_TABLE(routes_site_robots, rows);
