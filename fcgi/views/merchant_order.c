/* Merchant orders as JSON, and the calls that v1 and the site share. */
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

void orders_write_created(struct writer *json, const char *key, const struct request *request,
                          const struct uuid *id)
{
    char url[ORDERS_URL_SIZE];

    orders_payment_url(request, id, url);
    writer_object(json, key);
    writer_uuid(json, "transaction", id);
    writer_text(json, "payment_url", url);
    writer_end(json);
}

static void write_data(struct writer *json, const struct checkout_order *order)
{
    char base64[BASE64_SIZE(CHECKOUT_DATA_MAX)];
    const char *data = (const char *)order->data;

    if (order->has_data && text_is_utf8(data, order->data_len))
        writer_bytes(json, "data", data, order->data_len);
    else
        writer_null(json, "data");
    base64_encode(order->data, order->data_len, base64);
    writer_text(json, "data_base64", order->has_data ? base64 : NULL);
}

/* Begins an order's object, which goes on. */
static void begin_order(struct writer *json, const struct request *request,
                        const struct checkout_order *order)
{
    char payment_url[ORDERS_URL_SIZE];

    orders_payment_url(request, &order->id, payment_url);
    writer_object(json, NULL);
    writer_uuid(json, "transaction", &order->id);
    writer_text(json, "payment_url", payment_url);
    writer_text(json, "status", order->status);
    writer_money(json, "amount", order->amount);
    writer_money(json, "paid", order->paid);
    writer_money(json, "refunded", order->refunded);
    writer_money(json, "missing", order->missing);
    writer_text(json, "description", order->description);
    writer_some_text(json, "return_success", order->return_success);
    writer_some_text(json, "return_failure", order->return_failure);
    writer_some_text(json, "ipn", order->ipn_url);
    write_data(json, order);
    writer_bool(json, "autosell", order->autosell);
    writer_bool(json, "email", order->wants_mail);
    writer_bool(json, "instant_only", order->instant_only);
    writer_bool(json, "multipay", order->multipay);
    writer_date(json, "created", order->created);
    writer_date(json, "expires", order->expires);
    writer_date(json, "completed", order->paid_at);
    writer_date(json, "ended", order->ended);
}

static const struct field list_fields[] = {PAGE_FIELDS(checkout_statuses)};
FIELD_TABLE_OF(orders_list_params, list_fields, struct page_params);

struct list {
    const struct request *request;
    struct page_rows *rows;
};

static void add_order(void *arg, const struct checkout_order *order)
{
    const struct list *list = arg;
    struct writer *json = page_row(list->rows);
    begin_order(json, list->request, order);
    writer_end(json);
}

enum err orders_list(struct request *request, struct page_rows *rows)
{
    struct page_params params = {.page = 1};
    struct list list = {request, rows};

    enum err rc = FIELDS_READ(request, &params);
    if (rc != ERR_OK)
        return rc;
    struct checkout_filter filter = {
        .status = params.with_status ? checkout_statuses[params.status] : NULL,
        .since = params.since,
        .page = params.page,
    };
    return checkout_list(request->db, request->caller.user_id, &filter, add_order, &list,
                         &rows->page);
}

/* What autosell made of a payment, or null. */
static void write_sale(struct writer *json, const struct checkout_payment *payment)
{
    if (payment->sold.currency == NULL) {
        writer_null(json, "autosell");
        return;
    }
    writer_object(json, "autosell");
    writer_money(json, "sold", payment->sold);
    writer_money(json, "earned", payment->earned);
    writer_end(json);
}

void orders_write_kept(struct writer *json, const struct checkout_kept *kept)
{
    const struct amount none = {.currency = NULL};

    writer_money(json, "amount", kept->amount);
    writer_text(json, "reason", checkout_kept_word(kept->reason));
    writer_money(json, "reference", kept->reference.units > 0 ? kept->reference : none);
    writer_money(json, "floor", kept->floor.units > 0 ? kept->floor : none);
}

/* What autosell kept of a payment, or null. */
static void write_kept(struct writer *json, const struct checkout_kept *kept)
{
    if (kept->amount.currency == NULL) {
        writer_null(json, "autosell_kept");
        return;
    }
    writer_object(json, "autosell_kept");
    orders_write_kept(json, kept);
    writer_end(json);
}

static void add_payment(void *arg, const struct checkout_payment *payment)
{
    struct writer *json = arg;

    writer_object(json, NULL);
    writer_uuid(json, "payment_id", &payment->id);
    writer_text(json, "payer", payment->payer);
    writer_money(json, "amount", payment->amount);
    writer_money(json, "refunded", payment->refunded);
    writer_int(json, "date", payment->date);
    write_sale(json, payment);
    write_kept(json, &payment->kept);
    writer_end(json);
}

static void add_notification(void *arg, const struct notify_event *event)
{
    struct writer *json = arg;

    writer_object(json, NULL);
    writer_uuid(json, "event", &event->uuid);
    writer_text(json, "channel", event->channel);
    writer_text(json, "status", event->status);
    writer_int(json, "date", event->at);
    writer_text(json, "state", event->state);
    writer_int(json, "attempts", event->attempts);
    writer_date(json, "delivered", event->delivered);
    writer_end(json);
}

/* The order with its payments, and what its merchant was told of it, newest first. */
static enum err reply_order(struct request *request, struct reply *reply,
                            const struct checkout_order *order)
{
    struct writer *json = &reply->writer;
    struct feed_filter filter = {.subject = &order->id, .page = 1};
    struct page page;

    begin_order(json, request, order);
    writer_list(json, "payments");
    enum err rc =
        checkout_payments(request->db, &order->id, order->amount.currency, add_payment, json);
    writer_end(json);
    writer_list(json, "notifications");
    if (rc == ERR_OK)
        rc = feed_list(request->db, order->merchant_id, &filter, add_notification, json, &page);
    writer_end(json);
    writer_end(json);
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
