/* The merchant's own orders. */
#include "fcgi/site/face.h"
#include "fcgi/views/merchant_order.h"

static enum err handle_list(struct request *request, struct reply *reply)
{
    struct writer *json = &reply->writer;
    struct page_rows rows = {.writer = json};

    writer_object(json, NULL);
    writer_list(json, "orders");
    enum err rc = orders_list(request, &rows);
    writer_end(json);
    page_counts(json, &rows.page);
    writer_end(json);
    return rc;
}

static const struct route rows[] = {
    {.methods = METHOD_GET,
     .path = "/site/merchant/orders",
     .auth = &auth_session,
     .rights = SITE_LOOK,
     .effect = EFFECT_READS,
     .pool = POOL_LIST,
     .handler = handle_list,
     .help = "The orders that the user made as a merchant, newest first.",
     .fields = &orders_list_params},
    {.methods = METHOD_GET,
     .path = "/site/merchant/orders/{transaction}",
     .auth = &auth_session,
     .rights = SITE_LOOK,
     .effect = EFFECT_READS,
     .handler = orders_details,
     .help = "An order of the user's as a merchant, with its payments and notifications.",
     .fields = &orders_one_path_params},
    {.methods = METHOD_POST,
     .path = "/site/merchant/orders/{transaction}/cancel",
     .auth = &auth_session,
     .rights = SITE_MERCHANT,
     .effect = EFFECT_CHANGES,
     .handler = orders_cancel,
     .help = "Merchant: ends an order that is not paid; what was paid goes back.",
     .fields = &orders_one_path_params},
    {.methods = METHOD_POST,
     .path = "/site/merchant/orders/{transaction}/refund",
     .auth = &auth_session,
     .rights = SITE_MERCHANT,
     .effect = EFFECT_CHANGES,
     .needs_key = true,
     .handler = orders_refund,
     .help = "Merchant: gives back what was paid, whole or in part; header Idempotency-Key names "
             "the attempt.",
     .fields = &orders_refund_path_params},
};
ROUTE_TABLE(routes_site_merchant_orders, rows);
