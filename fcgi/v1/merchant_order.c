/* Merchant checkout (seed exchange-v1, Merchant System; api exchange-v1, section 5). */
#include <stdio.h>
#include <string.h>

#include "fcgi/server/app.h"
#include "fcgi/server/fields.h"
#include "fcgi/v1/face.h"
#include "fcgi/v1/page.h"
#include "fcgi/views/merchant_order.h"
#include "identity/rights.h"
#include "net/http.h"

#define CREATE_BODY_CAP (64 << 10)

struct create_params {
    const struct currency *currency;
    const char *return_success, *return_failure, *cancel_return;
    const char *description, *ipn;
    struct field_bytes data;
    bool autosell, email, instant_only, multipay;
    int64_t expires;
    bool with_expires;
    struct amount amount;
};

#define AT(member) offsetof(struct create_params, member)
static const struct field create_fields[] = {
    {.name = "currency", .type = FIELD_CURRENCY, .required = true, .offset = AT(currency)},
    {.name = "return_success",
     .type = FIELD_TEXT,
     .required = true,
     .min = 1,
     .offset = AT(return_success)},
    {.name = "return_failure", .type = FIELD_TEXT, .offset = AT(return_failure)},
    /* The name that some shops send in its place. */
    {.name = "cancel_return", .type = FIELD_TEXT, .offset = AT(cancel_return)},
    {.name = "description",
     .type = FIELD_TEXT,
     .max = CHECKOUT_DESCRIPTION_MAX,
     .offset = AT(description)},
    {.name = "ipn", .type = FIELD_TEXT, .offset = AT(ipn)},
    {.name = "data", .type = FIELD_BYTES, .max = CHECKOUT_DATA_MAX, .offset = AT(data)},
    {.name = "autosell", .type = FIELD_BOOL, .offset = AT(autosell)},
    {.name = "email", .type = FIELD_BOOL, .offset = AT(email)},
    {.name = "instant_only", .type = FIELD_BOOL, .offset = AT(instant_only)},
    {.name = "multipay", .type = FIELD_BOOL, .offset = AT(multipay)},
    {.name = "expires",
     .type = FIELD_INT,
     .min = CHECKOUT_TTL_MIN_S,
     .max = CHECKOUT_TTL_MAX_S,
     .offset = AT(expires),
     .given_offset = AT(with_expires),
     .detail = "should be seconds from now, 60 to 2678400"},
    {.name = "amount",
     .type = FIELD_AMOUNT,
     .required = true,
     .currency = "currency",
     .offset = AT(amount)},
};
#undef AT

/* Brings it into ASCII, as browsers do, so that what people read says which host it is. */
static enum err take_return_url(struct request *request, const char *name, const char **url)
{
    char ascii[HTTP_URL_SIZE];

    if (**url == '\0')
        return ERR_OK;
    enum err rc = http_url_ascii(*url, ascii);
    if (rc == ERR_OK && !checkout_return_url_ok(ascii))
        rc = ERR_URL;
    if (rc != ERR_OK)
        return request_fail(request, name, rc);
    *url = request_copy(request, ascii, strlen(ascii));
    return *url == NULL ? ERR_NO_MEMORY : ERR_OK;
}

static enum err take_urls(struct request *request, struct create_params *params,
                          char ipn[HTTP_URL_SIZE], char endpoint[HTTP_ENDPOINT_SIZE])
{
    const char *failure_name = "return_failure";
    if (params->return_failure[0] == '\0') {
        failure_name = "cancel_return";
        params->return_failure = params->cancel_return;
    }
    enum err rc = take_return_url(request, "return_success", &params->return_success);
    if (rc == ERR_OK)
        rc = take_return_url(request, failure_name, &params->return_failure);
    if (rc != ERR_OK || params->ipn[0] == '\0')
        return rc;
    rc = http_url_ascii(params->ipn, ipn);
    if (rc == ERR_OK)
        rc = http_url_check(ipn, endpoint);
    return rc == ERR_OK ? ERR_OK : request_fail(request, "ipn", rc);
}

/* An hour, unless the merchant says otherwise; what is paid again and again stays. */
static int64_t ttl_of(const struct create_params *params)
{
    if (params->with_expires)
        return params->expires;
    return params->multipay ? 0 : CHECKOUT_TTL_DEFAULT_S;
}

static enum err create(struct request *request, struct uuid *id)
{
    struct create_params params = {
        .return_failure = "", .cancel_return = "", .description = "", .ipn = ""};
    char ipn[HTTP_URL_SIZE] = "", endpoint[HTTP_ENDPOINT_SIZE] = "";
    struct actor actor = request_actor(request);

    enum err rc = FIELDS_READ(request, &params);
    if (rc == ERR_OK)
        rc = take_urls(request, &params, ipn, endpoint);
    if (rc != ERR_OK)
        return rc;
    struct checkout_request order = {
        .api_key_id = request->caller.api_key_id,
        .amount = params.amount,
        .description = params.description,
        .return_success = params.return_success,
        .return_failure = params.return_failure,
        .ipn_url = ipn,
        .ipn_endpoint = endpoint,
        .data = params.data.data,
        .data_len = params.data.len,
        .wants_mail = params.email,
        .autosell = params.autosell,
        .instant_only = params.instant_only,
        .multipay = params.multipay,
        .ttl_s = ttl_of(&params),
    };
    rc = checkout_create(request->db, &actor, &order, id);
    return rc == ERR_CURRENCY_DISABLED ? request_fail(request, "currency", rc) : rc;
}

static enum err handle_create(struct request *request, struct reply *reply)
{
    struct uuid id;

    enum err rc = create(request, &id);
    if (rc == ERR_OK)
        orders_write_created(&reply->writer, NULL, request, &id);
    return rc;
}

static enum err handle_list(struct request *request, struct reply *reply)
{
    struct page_rows rows = v1_page(reply);

    enum err rc = orders_list(request, &rows);
    if (rc == ERR_OK)
        v1_page_end(&rows);
    return rc;
}

#define ORDER_ROUTE(name, does, function, words, takes)                                          \
    {                                                                                            \
        .methods = METHOD_POST, .path = "/api/1/generic/merchant/order/" name, .auth = &auth_v1, \
        .rights = RIGHT_MERCHANT, .effect = EFFECT_##does, .handler = (function),                \
        .body_cap = CREATE_BODY_CAP, .help = words, .fields = (takes)                            \
    }

static const struct route rows[] = {
    ORDER_ROUTE("create", CHANGES, handle_create,
                "Makes an order and says where to send its buyer.",
                FIELD_TABLE(create_fields, struct create_params)),
    ORDER_ROUTE("details", READS, orders_details,
                "An order of the caller's with its payments and notifications.",
                &orders_one_params),
    ORDER_ROUTE("list", LISTS, handle_list, "The caller's orders, newest first.",
                &orders_list_params),
    ORDER_ROUTE("cancel", CHANGES, orders_cancel,
                "Ends an order that is not paid; what was paid goes back.", &orders_one_params),
    ORDER_ROUTE("refund", CHANGES, orders_refund,
                "Gives back what was paid, whole or in part, the newest payments first.",
                &orders_refund_params),
};
ROUTE_TABLE(routes_v1_merchant_order, rows);
