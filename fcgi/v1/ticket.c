/* Partner withdrawal tickets (seed tickets; api exchange-v1, section 6). */
#include <stdio.h>

#include "fcgi/app.h"
#include "fcgi/fields.h"
#include "fcgi/routes.h"
#include "identity/otp_device.h"
#include "identity/rights.h"
#include "identity/user.h"
#include "ticket/ticket.h"

#define TICKET_KEY_TEXT_MAX 128 /* code points of a key as presented */
#define OTP_TEXT_MAX 16         /* code points of a one-time password as presented */
#define LIST_PAGE_MAX 1000000

static struct ticket_actor actor_of(const struct request *request)
{
    return (struct ticket_actor){.user_id = request->caller.user_id,
                                 .request_key = request->caller.request_key,
                                 .trace = request->id};
}

/* Says which parameter a refusal of the domain is about. */
static enum err name_field(struct request *request, enum err rc)
{
    if (rc == ERR_PARTNER_UNKNOWN)
        return request_fail(request, "partner", rc);
    if (rc == ERR_CURRENCY_DISABLED)
        return request_fail(request, "currency", rc);
    if (rc == ERR_OTP_REQUIRED || rc == ERR_OTP_INVALID)
        return request_fail(request, "otp", rc);
    return rc;
}

struct create_params {
    const char *partner;
    const struct currency *currency;
    const char *otp;
};

#define AT(member) offsetof(struct create_params, member)
static const struct field create_fields[] = {
    {.name = "partner", .type = FIELD_TEXT, .required = true, .min = 1, .offset = AT(partner)},
    {.name = "currency", .type = FIELD_CURRENCY, .required = true, .offset = AT(currency)},
    {.name = "otp", .type = FIELD_TEXT, .max = OTP_TEXT_MAX, .offset = AT(otp)},
};
#undef AT

static enum err handle_create(struct request *request, struct reply *reply)
{
    struct create_params params = {.otp = ""};
    struct ticket_order order = {0};
    struct ticket_created created;
    struct ticket_actor actor = actor_of(request);
    char id[UUID_TEXT_SIZE];

    enum err rc = FIELDS_READ(request, create_fields, &params);
    if (rc == ERR_OK)
        rc = fields_amount(request, "amount", params.currency, &order.amount);
    if (rc == ERR_OK && params.otp[0] != '\0')
        rc = otp_device_check(request->db, request->app->master_key, actor.user_id, params.otp,
                              &order.otp.device_id, &order.otp.step);
    if (rc == ERR_OK) {
        order.partner = params.partner;
        rc = ticket_create(request->db, request->app->master_key, &actor, &order, &created);
    }
    if (rc != ERR_OK)
        return request->err_field == NULL ? name_field(request, rc) : rc;
    uuid_format(&created.id, id);
    reply->value = json_object_new_object();
    reply_text(reply->value, "ticket", id);
    reply_text(reply->value, "key", created.key);
    reply_text(reply->value, "partner_url", created.url[0] == '\0' ? NULL : created.url);
    json_object_object_add(reply->value, "amount", reply_money(created.amount));
    return ERR_OK;
}

static void add_date(struct json_object *object, const char *key, int64_t date)
{
    json_object_object_add(object, key, date == 0 ? NULL : json_object_new_int64(date));
}

static struct json_object *ticket_object(const struct ticket *ticket)
{
    struct json_object *object = json_object_new_object();
    char id[UUID_TEXT_SIZE];

    uuid_format(&ticket->id, id);
    reply_text(object, "ticket", id);
    reply_text(object, "partner", ticket->partner_id);
    reply_text(object, "status", ticket->status);
    json_object_object_add(object, "amount", reply_money(ticket->amount));
    add_date(object, "created", ticket->created);
    add_date(object, "expires", ticket->expires);
    add_date(object, "settled", ticket->settled);
    reply_text(object, "description", ticket->description[0] == '\0' ? NULL : ticket->description);
    reply_text(object, "reason", ticket->reason[0] == '\0' ? NULL : ticket->reason);
    return object;
}

static void add_update(void *arg, int64_t date, const char *status, const char *message)
{
    struct json_object *object = json_object_new_object();
    reply_int(object, "date", date);
    reply_text(object, "status", status);
    reply_text(object, "message", message);
    json_object_array_add(arg, object);
}

/* The ticket with its updates: what every call but create and list answers. */
static enum err reply_ticket(struct request *request, struct reply *reply,
                             const struct ticket *ticket)
{
    struct json_object *updates = json_object_new_array();

    reply->value = ticket_object(ticket);
    json_object_object_add(reply->value, "updates", updates);
    if (ticket->updates == 0)
        return ERR_OK;
    return ticket_updates(request->db, &ticket->id, add_update, updates);
}

/* What all calls about one ticket may carry; each table names those that its call knows. */
struct ticket_params {
    struct uuid ticket;
    const char *key;
    const char *text;
    int64_t status;
    bool with_status;
};

#define AT(member) offsetof(struct ticket_params, member)
#define FIELD_TICKET                                                                 \
    {                                                                                \
        .name = "ticket", .type = FIELD_UUID, .required = true, .offset = AT(ticket) \
    }
#define FIELD_KEY                                                                                  \
    {                                                                                              \
        .name = "key", .type = FIELD_TEXT, .required = true, .min = 1, .max = TICKET_KEY_TEXT_MAX, \
        .offset = AT(key)                                                                          \
    }
#define FIELD_WORDS(called)                                                                     \
    {                                                                                           \
        .name = called, .type = FIELD_TEXT, .required = true, .min = 1, .max = TICKET_TEXT_MAX, \
        .offset = AT(text)                                                                      \
    }

static const struct field cancel_fields[] = {FIELD_TICKET};
static const struct field info_fields[] = {FIELD_TICKET, FIELD_KEY};
static const struct field settle_fields[] = {FIELD_TICKET, FIELD_KEY, FIELD_WORDS("description")};
static const struct field reason_fields[] = {FIELD_TICKET, FIELD_KEY, FIELD_WORDS("reason")};
static const struct field update_fields[] = {
    FIELD_TICKET,
    FIELD_KEY,
    FIELD_WORDS("message"),
    {.name = "status",
     .type = FIELD_CHOICE,
     .offset = AT(status),
     .given_offset = AT(with_status),
     .choices = ticket_update_statuses,
     .detail = "should be processing, completed or failed"},
};
#undef AT

static enum err handle_cancel(struct request *request, struct reply *reply)
{
    struct ticket_params params = {0};
    struct ticket_actor actor = actor_of(request);
    struct ticket ticket;

    enum err rc = FIELDS_READ(request, cancel_fields, &params);
    if (rc == ERR_OK)
        rc = ticket_cancel(request->db, &actor, &params.ticket, &ticket);
    return rc == ERR_OK ? reply_ticket(request, reply, &ticket) : rc;
}

struct verification {
    struct json_object *methods, *dates;
};

static void add_verification(void *arg, const char *method, int64_t date)
{
    struct verification *verification = arg;
    json_object_array_add(verification->methods, json_object_new_string(method));
    reply_int(verification->dates, method, date);
}

/* Who withdraws and how they were verified: what the customer agreed to disclose. */
static enum err add_customer(struct request *request, struct json_object *object,
                             int64_t customer_id)
{
    struct user user;
    struct verification verification;
    char uuid[UUID_TEXT_SIZE];

    enum err rc = user_by_id(request->db, customer_id, &user);
    if (rc != ERR_OK)
        return rc;
    verification.methods = json_object_new_array();
    verification.dates = json_object_new_object();
    rc = user_verifications(request->db, customer_id, add_verification, &verification);

    struct json_object *person = json_object_new_object(), *state = json_object_new_object();
    uuid_format(&user.uuid, uuid);
    reply_text(person, "login", user.login);
    reply_text(person, "email", user.email);
    reply_text(person, "id", uuid);
    reply_bool(state, "verified", json_object_array_length(verification.methods) > 0);
    reply_text(state, "level", user.level);
    json_object_object_add(state, "methods", verification.methods);
    json_object_object_add(state, "dates", verification.dates);
    json_object_object_add(object, "user", person);
    json_object_object_add(object, "verification", state);
    return rc;
}

static enum err handle_ticket_info(struct request *request, struct reply *reply)
{
    struct ticket_params params = {0};
    struct ticket_actor actor = actor_of(request);
    struct ticket ticket;
    char id[UUID_TEXT_SIZE], return_url[1024];

    enum err rc = FIELDS_READ(request, info_fields, &params);
    if (rc == ERR_OK)
        rc = ticket_info(request->db, &actor, &params.ticket, params.key, &ticket);
    if (rc == ERR_OK)
        rc = reply_ticket(request, reply, &ticket);
    if (rc == ERR_OK)
        rc = add_customer(request, reply->value, ticket.customer_id);
    if (rc != ERR_OK)
        return rc;
    uuid_format(&ticket.id, id);
    snprintf(return_url, sizeof(return_url), "%s/account#ticket-%s",
             request->app->config.site_base_url, id);
    reply_text(reply->value, "return_url", return_url);
    return ERR_OK;
}

static enum err handle_settle(struct request *request, struct reply *reply)
{
    struct ticket_params params = {0};
    struct ticket_actor actor = actor_of(request);
    struct ticket ticket;

    enum err rc = FIELDS_READ(request, settle_fields, &params);
    if (rc == ERR_OK)
        rc = ticket_settle(request->db, &actor, &params.ticket, params.key, params.text, &ticket);
    return rc == ERR_OK ? reply_ticket(request, reply, &ticket) : rc;
}

static enum err handle_update(struct request *request, struct reply *reply)
{
    struct ticket_params params = {0};
    struct ticket_actor actor = actor_of(request);
    struct ticket ticket;

    enum err rc = FIELDS_READ(request, update_fields, &params);
    if (rc == ERR_OK)
        rc = ticket_update(request->db, &actor, &params.ticket, params.key, params.text,
                           params.with_status ? ticket_update_statuses[params.status] : NULL,
                           &ticket);
    return rc == ERR_OK ? reply_ticket(request, reply, &ticket) : rc;
}

static enum err handle_reject(struct request *request, struct reply *reply)
{
    struct ticket_params params = {0};
    struct ticket_actor actor = actor_of(request);
    struct ticket ticket;

    enum err rc = FIELDS_READ(request, reason_fields, &params);
    if (rc == ERR_OK)
        rc = ticket_reject(request->db, &actor, &params.ticket, params.key, params.text, &ticket);
    return rc == ERR_OK ? reply_ticket(request, reply, &ticket) : rc;
}

static enum err handle_refund(struct request *request, struct reply *reply)
{
    struct ticket_params params = {0};
    struct ticket_actor actor = actor_of(request);
    struct ticket ticket;

    enum err rc = FIELDS_READ(request, reason_fields, &params);
    if (rc == ERR_OK)
        rc = ticket_refund(request->db, &actor, &params.ticket, params.key, params.text, &ticket);
    return rc == ERR_OK ? reply_ticket(request, reply, &ticket) : rc;
}

struct list_params {
    int64_t status;
    bool with_status;
    int64_t since;
    int64_t page;
};

#define AT(member) offsetof(struct list_params, member)
static const struct field list_fields[] = {
    {.name = "status",
     .type = FIELD_CHOICE,
     .offset = AT(status),
     .given_offset = AT(with_status),
     .choices = ticket_statuses},
    {.name = "since", .type = FIELD_DATE, .offset = AT(since)},
    {.name = "page", .type = FIELD_INT, .min = 1, .max = LIST_PAGE_MAX, .offset = AT(page)},
};
#undef AT

static void add_ticket(void *arg, const struct ticket *ticket)
{
    json_object_array_add(arg, ticket_object(ticket));
}

static enum err handle_list(struct request *request, struct reply *reply)
{
    struct list_params params = {.page = 1};
    struct ticket_page page = {0};
    char records[24];

    enum err rc = FIELDS_READ(request, list_fields, &params);
    if (rc != ERR_OK)
        return rc;
    struct ticket_filter filter = {
        .status = params.with_status ? ticket_statuses[params.status] : NULL,
        .since = params.since,
        .page = params.page,
    };
    struct json_object *tickets = json_object_new_array();
    rc = ticket_list(request->db, request->caller.user_id, &filter, add_ticket, tickets, &page);
    if (rc != ERR_OK) {
        json_object_put(tickets);
        return rc;
    }
    snprintf(records, sizeof(records), "%llu", (unsigned long long)page.records);
    reply->value = json_object_new_object();
    reply_text(reply->value, "records", records);
    json_object_object_add(reply->value, "result", tickets);
    reply_int(reply->value, "current_page", page.current);
    reply_int(reply->value, "max_page", page.max);
    reply_int(reply->value, "max_results", page.size);
    return ERR_OK;
}

#define TICKET_ROUTE(name, right, function, words, takes)                                         \
    {                                                                                             \
        .methods = METHOD_POST, .path = "/api/1/generic/ticket/" name, .face = FACE_V1,           \
        .auth = AUTH_V1, .rights = (right), .handler = (function), .help = words, .params = takes \
    }

static const struct route rows[] = {
    TICKET_ROUTE("create", RIGHT_WITHDRAW, handle_create,
                 "Opens a withdrawal through a partner and holds its amount.",
                 "partner* amount amount_int currency* otp"),
    TICKET_ROUTE("cancel", RIGHT_WITHDRAW, handle_cancel,
                 "Customer: takes an open ticket back; the money is available again.", "ticket*"),
    TICKET_ROUTE("info", RIGHT_PARTNER, handle_ticket_info,
                 "Partner: the ticket, its customer and how they were verified.", "ticket* key*"),
    TICKET_ROUTE("settle", RIGHT_PARTNER, handle_settle,
                 "Partner: takes the ticket over and is credited.", "ticket* key* description*"),
    TICKET_ROUTE("update", RIGHT_PARTNER, handle_update,
                 "Partner: tells the customer news of a settled ticket.",
                 "ticket* key* message* status"),
    TICKET_ROUTE("reject", RIGHT_PARTNER, handle_reject,
                 "Partner: declines an open ticket; the money goes back.", "ticket* key* reason*"),
    TICKET_ROUTE("refund", RIGHT_PARTNER, handle_refund,
                 "Partner: pays a settled ticket back to the customer.", "ticket* key* reason*"),
    TICKET_ROUTE("list", RIGHT_WITHDRAW | RIGHT_PARTNER, handle_list,
                 "The caller's tickets as customer or partner, newest first.", "status since page"),
};
ROUTE_TABLE(routes_v1_ticket, rows);
