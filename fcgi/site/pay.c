/* The payment page's calls. Who holds an order's id may see it; that is how buyers arrive. */
#include <string.h>

#include "base/clock.h"
#include "fcgi/server/app.h"
#include "fcgi/server/fields.h"
#include "fcgi/site/face.h"
#include "fcgi/views/merchant_order.h"
#include "identity/otp_device.h"
#include "identity/qr.h"
#include "market/convert.h"
#include "sale/sale.h"

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

/* Begins an order as its buyer sees it; its object goes on. */
static void begin_order(struct writer *json, const struct checkout_order *order,
                        const char *redirect)
{
    writer_object(json, NULL);
    writer_uuid(json, "transaction", &order->id);
    writer_text(json, "merchant", order->merchant);
    writer_text(json, "description", order->description);
    writer_text(json, "status", order->status);
    writer_money(json, "amount", order->amount);
    writer_money(json, "paid", order->paid);
    writer_money(json, "refunded", order->refunded);
    writer_money(json, "missing", order->missing);
    writer_bool(json, "partial_allowed", !order->instant_only && !order->multipay);
    writer_bool(json, "multipay", order->multipay);
    writer_date(json, "created", order->created);
    writer_date(json, "expires", order->expires);
    /* The page counts down by our clock, not by its own. */
    writer_int(json, "now", clock_now_us() / 1000000);
    writer_some_text(json, "redirect", redirect);
}

struct order_params {
    struct uuid id;
};

static const struct field order_fields[] = {
    {.name = "id",
     .type = FIELD_UUID,
     .place = FIELD_IN_PATH,
     .required = true,
     .offset = offsetof(struct order_params, id)},
};

/* The page's own address, for a phone. */
static enum err write_qr(const struct request *request, struct writer *json, const struct uuid *id)
{
    char url[ORDERS_URL_SIZE];
    struct text svg = TEXT(QR_SVG_MAX);

    orders_payment_url(request, id, url);
    enum err rc = qr_svg(url, &svg);
    if (rc == ERR_OK)
        writer_text(json, "qr_svg", text_string(&svg));
    text_free(&svg);
    return rc;
}

static enum err handle_view(struct request *request, struct reply *reply)
{
    struct order_params params = {0};
    struct checkout_order order;

    enum err rc = FIELDS_READ(request, &params);
    if (rc == ERR_OK)
        rc = checkout_view(request->db, &params.id, &order);
    if (rc != ERR_OK)
        return rc;
    begin_order(&reply->writer, &order, way_out(&order));
    rc = write_qr(request, &reply->writer, &order.id);
    writer_end(&reply->writer);
    return rc;
}

struct pay_params {
    struct uuid id;
    const char *otp;
    struct uuid quote;
    bool with_quote;
    struct field_amount amount;
};

#define AT(member) offsetof(struct pay_params, member)
static const struct field pay_fields[] = {
    {.name = "id", .type = FIELD_UUID, .place = FIELD_IN_PATH, .required = true, .offset = AT(id)},
    {.name = "otp", .type = FIELD_TEXT, .max = OTP_TEXT_MAX, .offset = AT(otp)},
    {.name = "quote", .type = FIELD_UUID, .offset = AT(quote), .given_offset = AT(with_quote)},
    {.name = "amount", .type = FIELD_AMOUNT, .offset = AT(amount)},
};
#undef AT

/* What is to be paid. A quote says how much; else it is the amount, or all that is missing. */
struct payment {
    struct pay_params params;
    struct amount amount;
    struct sale_request request;
    struct sale sale;
};

/* Reads an optional amount in the order's currency; `given` is NULL where there is none. */
static enum err read_amount(struct request *request, const struct field_amount *asked,
                            const struct checkout_order *order, struct amount *amount,
                            const struct amount **given)
{
    *given = asked->filled ? amount : NULL;
    return asked->filled ? fields_amount(request, asked, order->amount.currency, amount) : ERR_OK;
}

static enum err read_payment(struct request *request, struct payment *payment)
{
    struct sale_request *sale = &payment->request;

    enum err rc = FIELDS_READ(request, &payment->params);
    if (rc == ERR_OK)
        rc = checkout_view(request->db, &payment->params.id, &payment->sale.order);
    if (rc != ERR_OK)
        return rc;
    *sale =
        (struct sale_request){.master = request->app->master_key, .actor = request_actor(request)};
    if (!payment->params.with_quote)
        return read_amount(request, &payment->params.amount, &payment->sale.order, &payment->amount,
                           &sale->amount);
    sale->quote = &payment->params.quote;
    return ERR_OK;
}

/* The key of a request that was done before is answered first: its one-time password is used up. */
static enum err pay(struct request *request, struct payment *payment)
{
    struct sale_request *sale = &payment->request;

    if (payment->params.otp[0] != '\0') {
        enum err rc = sale_paid_before(request->db, sale, &payment->sale);
        if (rc != ERR_NOT_FOUND)
            return rc;
        rc = otp_device_check(request->db, request->app->master_key, sale->actor.user_id,
                              payment->params.otp, &sale->otp);
        if (rc != ERR_OK)
            return rc;
    }
    return sale_pay(request->db, sale, &payment->sale);
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
    const struct sale *sale = &payment.sale;
    struct writer *json = &reply->writer;

    enum err rc = read_payment(request, &payment);
    if (rc != ERR_OK)
        return rc;
    rc = pay(request, &payment);
    if (rc != ERR_OK)
        return name_field(request, rc);
    /* One who paid a multipay order is done, the order is not. */
    begin_order(json, &sale->order,
                sale->order.multipay ? sale->order.return_success : way_out(&sale->order));
    writer_uuid(json, "payment_id", &sale->payment);
    writer_money(json, "taken", sale->exchanged ? sale->taken : (struct amount){0});
    writer_money(json, "kept", sale->exchanged ? sale->kept : (struct amount){0});
    writer_end(json);
    return ERR_OK;
}

struct quote_params {
    struct uuid id;
    const struct currency *currency;
    struct field_amount amount;
};

#define AT(member) offsetof(struct quote_params, member)
static const struct field quote_fields[] = {
    {.name = "id", .type = FIELD_UUID, .place = FIELD_IN_PATH, .required = true, .offset = AT(id)},
    {.name = "currency", .type = FIELD_CURRENCY, .required = true, .offset = AT(currency)},
    {.name = "amount", .type = FIELD_AMOUNT, .offset = AT(amount)},
};
#undef AT

static enum err handle_quote(struct request *request, struct reply *reply)
{
    struct quote_params params = {0};
    struct checkout_order order;
    struct checkout_quote quote;
    struct amount amount;
    const struct amount *given = NULL;
    struct writer *json = &reply->writer;

    enum err rc = FIELDS_READ(request, &params);
    if (rc == ERR_OK)
        rc = checkout_view(request->db, &params.id, &order);
    if (rc == ERR_OK)
        rc = read_amount(request, &params.amount, &order, &amount, &given);
    if (rc != ERR_OK)
        return rc;
    rc = sale_quote(request->db, request->caller.user_id, &params.id, given, params.currency,
                    &quote);
    if (rc == ERR_MARKET_UNKNOWN)
        return request_fail(request, "currency", rc);
    if (rc != ERR_OK)
        return name_field(request, rc);
    writer_object(json, NULL);
    writer_uuid(json, "quote", &quote.id);
    writer_money(json, "amount", quote.amount);
    writer_money(json, "cost", quote.cost);
    writer_date(json, "expires", quote.expires);
    writer_int(json, "now", clock_now_us() / 1000000);
    writer_end(json);
    return ERR_OK;
}

/* Writes a wallet where there is something in it. */
static enum err write_wallet(struct request *request, struct writer *json,
                             const struct currency *currency)
{
    struct amount free;

    enum err rc = market_free(request->db, request->caller.user_id, currency, &free);
    if (rc != ERR_OK || free.units <= 0)
        return rc;
    writer_object(json, NULL);
    writer_text(json, "currency", currency->code);
    writer_money(json, "free", free);
    writer_end(json);
    return ERR_OK;
}

static enum err handle_wallets(struct request *request, struct reply *reply)
{
    bool convertible[CURRENCY_MAX_COUNT] = {false};
    struct writer *json = &reply->writer;
    struct order_params params = {0};
    struct checkout_order order;

    enum err rc = FIELDS_READ(request, &params);
    if (rc == ERR_OK)
        rc = checkout_view(request->db, &params.id, &order);
    if (rc == ERR_OK)
        rc = market_convertible(request->db, order.amount.currency, convertible);
    writer_object(json, NULL);
    writer_list(json, "wallets");
    for (size_t i = 0; rc == ERR_OK && currency_at(i) != NULL; i++)
        if (convertible[i])
            rc = write_wallet(request, json, currency_at(i));
    writer_end(json);
    writer_end(json);
    return rc;
}

static enum err handle_cancel(struct request *request, struct reply *reply)
{
    struct order_params params = {0};
    struct checkout_order order;
    struct actor actor = request_actor(request);

    enum err rc = FIELDS_READ(request, &params);
    if (rc == ERR_OK)
        rc = checkout_cancel(request->db, &actor, &params.id, false, &order);
    if (rc == ERR_ORDER_OTHER_PAYER && actor.user_id == 0)
        return ERR_SESSION_MISSING; /* perhaps it was they who paid */
    if (rc != ERR_OK)
        return rc;
    begin_order(&reply->writer, &order, order.return_failure);
    writer_end(&reply->writer);
    return ERR_OK;
}

#define ONE_ORDER FIELD_TABLE(order_fields, struct order_params)

static const struct route rows[] = {
    {.methods = METHOD_GET,
     .path = "/site/pay/{id}",
     .auth = &auth_public,
     .effect = EFFECT_READS,
     .handler = handle_view,
     .help = "An order as its buyer sees it; redirect is where a buyer who is done goes.",
     .fields = ONE_ORDER},
    {.methods = METHOD_POST,
     .path = "/site/pay/{id}",
     .auth = &auth_session,
     .rights = SITE_PAY,
     .effect = EFFECT_CHANGES,
     .needs_key = true,
     .handler = handle_pay,
     .help =
         "Pays an order, or a part of it, from the balance, or by a quote with other money; header "
         "Idempotency-Key names the attempt.",
     .fields = FIELD_TABLE(pay_fields, struct pay_params)},
    {.methods = METHOD_POST,
     .path = "/site/pay/{id}/quote",
     .auth = &auth_session,
     .rights = SITE_PAY,
     .effect = EFFECT_CHANGES,
     .handler = handle_quote,
     .help =
         "What paying an order, or a part of it, with other money costs at the market; good for "
         "60 s.",
     .fields = FIELD_TABLE(quote_fields, struct quote_params)},
    {.methods = METHOD_GET,
     .path = "/site/pay/{id}/wallets",
     .auth = &auth_session,
     .rights = SITE_LOOK,
     .effect = EFFECT_READS,
     .handler = handle_wallets,
     .help = "The user's wallets that the market can change into an order's currency.",
     .fields = ONE_ORDER},
    {.methods = METHOD_POST,
     .path = "/site/pay/{id}/cancel",
     .auth = &auth_session_optional,
     .effect = EFFECT_CHANGES,
     .handler = handle_cancel,
     .help = "Buyer: ends an order that nobody else paid a part of; what was paid goes back.",
     .fields = ONE_ORDER},
};
ROUTE_TABLE(routes_site_pay, rows);
