#include "fcgi/views/merchant_order.h"

#include <stdio.h>

#include "base/encode.h"
#include "base/text.h"
#include "fcgi/server/app.h"
#include "fcgi/server/fields.h"
#include "notify/feed.h"

void orders_payment_url(const struct request *request, const struct uuid *id,
                        char out[ORDERS_URL_SIZE])
{
    char text[UUID_TEXT_SIZE];

    uuid_format(id, text);
    snprintf(out, ORDERS_URL_SIZE, "%s/pay/%s", request->app->config.site_base_url, text);
}

struct json_object *orders_created(const struct request *request, const struct uuid *id)
{
    struct json_object *object = json_object_new_object();
    char text[UUID_TEXT_SIZE], url[ORDERS_URL_SIZE];

    uuid_format(id, text);
    orders_payment_url(request, id, url);
    reply_text(object, "transaction", text);
    reply_text(object, "payment_url", url);
    return object;
}

static void add_optional(struct json_object *object, const char *key, const char *text)
{
    reply_text(object, key, text[0] == '\0' ? NULL : text);
}

static void add_data(struct json_object *object, const struct checkout_order *order)
{
    char base64[BASE64_SIZE(CHECKOUT_DATA_MAX)];
    const char *data = (const char *)order->data;
    bool is_text = order->has_data && text_is_utf8(data, order->data_len);

    reply_add(object, "data",
              is_text ? json_object_new_string_len(data, (int)order->data_len) : NULL);
    base64_encode(order->data, order->data_len, base64);
    reply_text(object, "data_base64", order->has_data ? base64 : NULL);
}

struct json_object *orders_object(const struct request *request, const struct checkout_order *order)
{
    struct json_object *object = json_object_new_object();
    char id[UUID_TEXT_SIZE], payment_url[ORDERS_URL_SIZE];

    uuid_format(&order->id, id);
    orders_payment_url(request, &order->id, payment_url);
    reply_text(object, "transaction", id);
    reply_text(object, "payment_url", payment_url);
    reply_text(object, "status", order->status);
    reply_add(object, "amount", reply_money(order->amount));
    reply_add(object, "paid", reply_money(order->paid));
    reply_add(object, "refunded", reply_money(order->refunded));
    reply_add(object, "missing", reply_money(order->missing));
    reply_text(object, "description", order->description);
    add_optional(object, "return_success", order->return_success);
    add_optional(object, "return_failure", order->return_failure);
    add_optional(object, "ipn", order->ipn_url);
    add_data(object, order);
    reply_bool(object, "autosell", order->autosell);
    reply_bool(object, "email", order->wants_mail);
    reply_bool(object, "instant_only", order->instant_only);
    reply_bool(object, "multipay", order->multipay);
    reply_date(object, "created", order->created);
    reply_date(object, "expires", order->expires);
    reply_date(object, "completed", order->paid_at);
    reply_date(object, "ended", order->ended);
    return object;
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
     .choices = checkout_statuses},
    {.name = "since", .type = FIELD_DATE, .offset = AT(since)},
    {.name = "page", .type = FIELD_INT, .min = 1, .max = PAGE_MAX, .offset = AT(page)},
};
#undef AT
FIELD_TABLE_OF(orders_list_params, list_fields, struct list_params);

struct list {
    const struct request *request;
    struct json_object *orders;
};

static void add_order(void *arg, const struct checkout_order *order)
{
    const struct list *list = arg;
    json_object_array_add(list->orders, orders_object(list->request, order));
}

enum err orders_list(struct request *request, struct json_object *orders, struct page *page)
{
    struct list_params params = {.page = 1};
    struct list list = {request, orders};

    enum err rc = FIELDS_READ(request, &params);
    if (rc != ERR_OK)
        return rc;
    struct checkout_filter filter = {
        .status = params.with_status ? checkout_statuses[params.status] : NULL,
        .since = params.since,
        .page = params.page,
    };
    return checkout_list(request->db, request->caller.user_id, &filter, add_order, &list, page);
}

/* What autosell made of a payment, or NULL. */
static struct json_object *sale_object(const struct checkout_payment *payment)
{
    if (payment->sold.currency == NULL)
        return NULL;
    struct json_object *object = json_object_new_object();
    reply_add(object, "sold", reply_money(payment->sold));
    reply_add(object, "earned", reply_money(payment->earned));
    return object;
}

static void add_payment(void *arg, const struct checkout_payment *payment)
{
    struct json_object *object = json_object_new_object();
    char id[UUID_TEXT_SIZE];

    uuid_format(&payment->id, id);
    reply_text(object, "payment_id", id);
    reply_text(object, "payer", payment->payer);
    reply_add(object, "amount", reply_money(payment->amount));
    reply_add(object, "refunded", reply_money(payment->refunded));
    reply_int(object, "date", payment->date);
    reply_add(object, "autosell", sale_object(payment));
    json_object_array_add(arg, object);
}

static void add_notification(void *arg, const struct notify_event *event)
{
    struct json_object *object = json_object_new_object();
    char id[UUID_TEXT_SIZE];

    uuid_format(&event->uuid, id);
    reply_text(object, "event", id);
    reply_text(object, "channel", event->channel);
    reply_text(object, "status", event->status);
    reply_int(object, "date", event->at);
    reply_text(object, "state", event->state);
    reply_int(object, "attempts", event->attempts);
    reply_add(object, "delivered",
              event->delivered == 0 ? NULL : json_object_new_int64(event->delivered));
    json_object_array_add(arg, object);
}

/* The order with its payments, and what its merchant was told of it, newest first. */
static enum err reply_order(struct request *request, struct reply *reply,
                            const struct checkout_order *order)
{
    struct json_object *payments = json_object_new_array(),
                       *notifications = json_object_new_array();
    struct feed_filter filter = {.subject = &order->id, .page = 1};
    struct page page;

    reply->value = orders_object(request, order);
    reply_add(reply->value, "payments", payments);
    reply_add(reply->value, "notifications", notifications);
    enum err rc =
        checkout_payments(request->db, &order->id, order->amount.currency, add_payment, payments);
    if (rc == ERR_OK)
        rc = feed_list(request->db, order->merchant_id, &filter, add_notification, notifications,
                       &page);
    return rc;
}

struct order_params {
    struct uuid transaction;
    struct uuid payment;
    bool with_payment;
    const char *reason;
    struct field_amount amount;
};

#define AT(member) offsetof(struct order_params, member)
#define FIELD_TRANSACTION(where)                                                       \
    {                                                                                  \
        .name = "transaction", .type = FIELD_UUID, .place = (where), .required = true, \
        .offset = AT(transaction)                                                      \
    }
#define FIELDS_REFUND                                                                             \
    {.name = "payment_id",                                                                        \
     .type = FIELD_UUID,                                                                          \
     .offset = AT(payment),                                                                       \
     .given_offset = AT(with_payment)},                                                           \
        {.name = "reason", .type = FIELD_TEXT, .max = CHECKOUT_REASON_MAX, .offset = AT(reason)}, \
    {                                                                                             \
        .name = "amount", .type = FIELD_AMOUNT, .offset = AT(amount)                              \
    }

static const struct field one_fields[] = {FIELD_TRANSACTION(FIELD_IN_PARAMS)};
static const struct field one_path_fields[] = {FIELD_TRANSACTION(FIELD_IN_PATH)};
static const struct field refund_fields[] = {FIELD_TRANSACTION(FIELD_IN_PARAMS), FIELDS_REFUND};
static const struct field refund_path_fields[] = {FIELD_TRANSACTION(FIELD_IN_PATH), FIELDS_REFUND};
#undef AT
FIELD_TABLE_OF(orders_one_params, one_fields, struct order_params);
FIELD_TABLE_OF(orders_one_path_params, one_path_fields, struct order_params);
FIELD_TABLE_OF(orders_refund_params, refund_fields, struct order_params);
FIELD_TABLE_OF(orders_refund_path_params, refund_path_fields, struct order_params);

enum err orders_details(struct request *request, struct reply *reply)
{
    struct order_params params = {0};
    struct checkout_order order;

    enum err rc = FIELDS_READ(request, &params);
    if (rc == ERR_OK)
        rc = checkout_view_own(request->db, request->caller.user_id, &params.transaction, &order);
    return rc == ERR_OK ? reply_order(request, reply, &order) : rc;
}

enum err orders_cancel(struct request *request, struct reply *reply)
{
    struct order_params params = {0};
    struct checkout_order order;
    struct actor actor = request_actor(request);

    enum err rc = FIELDS_READ(request, &params);
    if (rc == ERR_OK)
        rc = checkout_cancel(request->db, &actor, &params.transaction, true, &order);
    return rc == ERR_OK ? reply_order(request, reply, &order) : rc;
}

enum err orders_refund(struct request *request, struct reply *reply)
{
    struct order_params params = {.reason = ""};
    struct checkout_order order;
    struct actor actor = request_actor(request);
    struct amount amount;

    enum err rc = FIELDS_READ(request, &params);
    if (rc == ERR_OK)
        rc = checkout_view_own(request->db, actor.user_id, &params.transaction, &order);
    if (rc == ERR_OK && params.amount.filled)
        rc = fields_amount(request, &params.amount, order.amount.currency, &amount);
    if (rc == ERR_OK)
        rc = checkout_refund(request->db, &actor, &params.transaction,
                             params.with_payment ? &params.payment : NULL,
                             params.amount.filled ? &amount : NULL, params.reason, &order);
    return rc == ERR_OK ? reply_order(request, reply, &order) : rc;
}
