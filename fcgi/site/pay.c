/* The payment page's calls. Who holds an order's id may see it; that is how buyers arrive. */
#include <string.h>

#include "base/clock.h"
#include "fcgi/app.h"
#include "fcgi/fields.h"
#include "fcgi/idempotency.h"
#include "fcgi/orders.h"
#include "fcgi/routes.h"
#include "identity/otp_device.h"
#include "identity/qr.h"

static bool is_status(const struct checkout_order *order, const char *status)
{
    return strcmp(order->status, status) == 0;
}

/* Where the buyer of an order in this state goes: only ever a URL that the merchant gave when the
 * order was made; "" for nowhere. */
static const char *way_out(const struct checkout_order *order)
{
    if (is_status(order, "open") || is_status(order, "partial"))
        return "";
    if (is_status(order, "cancelled") || is_status(order, "closed"))
        return order->return_failure;
    return order->return_success;
}

/* An order as its buyer sees it. */
static struct json_object *order_object(const struct checkout_order *order, const char *redirect)
{
    struct json_object *object = json_object_new_object();
    char id[UUID_TEXT_SIZE];

    uuid_format(&order->id, id);
    reply_text(object, "transaction", id);
    reply_text(object, "merchant", order->merchant);
    reply_text(object, "description", order->description);
    reply_text(object, "status", order->status);
    json_object_object_add(object, "amount", reply_money(order->amount));
    json_object_object_add(object, "paid", reply_money(order->paid));
    json_object_object_add(object, "refunded", reply_money(order->refunded));
    json_object_object_add(object, "missing", reply_money(order->missing));
    reply_bool(object, "partial_allowed", !order->instant_only && !order->multipay);
    reply_bool(object, "multipay", order->multipay);
    reply_date(object, "created", order->created);
    reply_date(object, "expires", order->expires);
    /* The page counts down by our clock, not by its own. */
    reply_int(object, "now", clock_now_us() / 1000000);
    reply_text(object, "redirect", redirect[0] == '\0' ? NULL : redirect);
    return object;
}

struct order_params {
    struct uuid id;
};

static const struct field order_fields[] = {
    {.name = "id",
     .type = FIELD_UUID,
     .required = true,
     .offset = offsetof(struct order_params, id)},
};

/* The page's own address, for a phone. */
static enum err add_qr(const struct request *request, struct json_object *object,
                       const struct uuid *id)
{
    char url[ORDERS_URL_SIZE];
    struct text svg = TEXT(QR_SVG_MAX);

    orders_payment_url(request, id, url);
    enum err rc = qr_svg(url, &svg);
    if (rc == ERR_OK)
        reply_text(object, "qr_svg", text_string(&svg));
    text_free(&svg);
    return rc;
}

static enum err handle_view(struct request *request, struct reply *reply)
{
    struct order_params params;
    struct checkout_order order;

    enum err rc = FIELDS_READ(request, order_fields, &params);
    if (rc == ERR_OK)
        rc = checkout_view(request->db, &params.id, &order);
    if (rc != ERR_OK)
        return rc;
    reply->value = order_object(&order, way_out(&order));
    return add_qr(request, reply->value, &order.id);
}

struct pay_params {
    struct uuid id;
    const char *otp;
};

#define AT(member) offsetof(struct pay_params, member)
static const struct field pay_fields[] = {
    {.name = "id", .type = FIELD_UUID, .required = true, .offset = AT(id)},
    {.name = "otp", .type = FIELD_TEXT, .max = OTP_TEXT_MAX, .offset = AT(otp)},
};
#undef AT

/* What is to be paid. */
struct payment {
    struct pay_params params;
    struct amount amount;
    bool with_amount; /* else all that is missing */
    struct uuid id;   /* of the payment made */
    struct checkout_order order;
};

static enum err read_payment(struct request *request, struct payment *payment)
{
    enum err rc = idempotency_take(request);
    if (rc == ERR_OK)
        rc = FIELDS_READ(request, pay_fields, &payment->params);
    payment->with_amount = orders_amount_given(request);
    if (rc == ERR_OK && payment->with_amount) /* it is in the order's currency */
        rc = checkout_view(request->db, &payment->params.id, &payment->order);
    if (rc == ERR_OK && payment->with_amount)
        rc = fields_amount(request, "amount", payment->order.amount.currency, &payment->amount);
    return rc;
}

/* The key of a request that was done before is answered first: its one-time password is used up. */
static enum err pay(struct request *request, struct payment *payment)
{
    const struct pay_params *params = &payment->params;
    const struct amount *amount = payment->with_amount ? &payment->amount : NULL;
    struct checkout_actor actor = orders_actor(request);
    int64_t device = 0, step = 0;

    actor.repeatable = true;
    if (params->otp[0] != '\0') {
        enum err rc = checkout_paid_before(request->db, &actor, &params->id, amount, &payment->id,
                                           &payment->order);
        if (rc != ERR_NOT_FOUND)
            return rc;
        rc = otp_device_check(request->db, request->app->master_key, actor.user_id, params->otp,
                              &device, &step);
        if (rc != ERR_OK)
            return rc;
    }
    return checkout_pay(request->db, &actor, &params->id, amount, device, step, &payment->id,
                        &payment->order);
}

/* Says which input a refusal of the domain is about. */
static enum err name_field(struct request *request, enum err rc)
{
    if (rc == ERR_OTP_REQUIRED || rc == ERR_OTP_INVALID)
        return request_fail(request, "otp", rc);
    if (rc == ERR_ORDER_OVERPAID || rc == ERR_ORDER_WHOLE)
        return request_fail(request, "amount", rc);
    return rc;
}

static enum err handle_pay(struct request *request, struct reply *reply)
{
    struct payment payment = {.params = {.otp = ""}};
    char id[UUID_TEXT_SIZE];

    enum err rc = read_payment(request, &payment);
    if (rc != ERR_OK)
        return rc;
    rc = pay(request, &payment);
    if (rc != ERR_OK)
        return name_field(request, rc);
    /* One who paid a multipay order is done, the order is not. */
    reply->value =
        order_object(&payment.order, payment.order.multipay ? payment.order.return_success
                                                            : way_out(&payment.order));
    uuid_format(&payment.id, id);
    reply_text(reply->value, "payment_id", id);
    return ERR_OK;
}

static enum err handle_cancel(struct request *request, struct reply *reply)
{
    struct order_params params;
    struct checkout_order order;
    struct checkout_actor actor = orders_actor(request);

    enum err rc = FIELDS_READ(request, order_fields, &params);
    if (rc == ERR_OK)
        rc = checkout_cancel(request->db, &actor, &params.id, false, &order);
    if (rc == ERR_ORDER_OTHER_PAYER && actor.user_id == 0)
        return ERR_SESSION_MISSING; /* perhaps it was they who paid */
    if (rc != ERR_OK)
        return rc;
    reply->value = order_object(&order, order.return_failure);
    return ERR_OK;
}

static const struct route rows[] = {
    {.methods = METHOD_GET,
     .path = "/site/pay/{id}",
     .face = FACE_SITE,
     .auth = AUTH_NONE,
     .handler = handle_view,
     .help = "An order as its buyer sees it; redirect is where a buyer who is done goes.",
     .params = ""},
    {.methods = METHOD_POST,
     .path = "/site/pay/{id}",
     .face = FACE_SITE,
     .auth = AUTH_SESSION,
     .csrf = CSRF_TOKEN,
     .handler = handle_pay,
     .help = "Pays an order, or a part of it, from the balance; header Idempotency-Key names the "
             "attempt.",
     .params = "amount amount_int otp"},
    {.methods = METHOD_POST,
     .path = "/site/pay/{id}/cancel",
     .face = FACE_SITE,
     .auth = AUTH_ANYBODY,
     .csrf = CSRF_TOKEN,
     .handler = handle_cancel,
     .help = "Buyer: ends an order that nobody else paid a part of; what was paid goes back.",
     .params = ""},
};
ROUTE_TABLE(routes_site_pay, rows);
