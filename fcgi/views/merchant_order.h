/* Merchants' orders on the wire: what v1 and the site say and read alike. */
#ifndef FCGI_VIEWS_MERCHANT_ORDER_H
#define FCGI_VIEWS_MERCHANT_ORDER_H

#include "checkout/checkout.h"
#include "fcgi/server/reply.h"
#include "fcgi/server/request.h"
#include "fcgi/views/page.h"
#include "json/field.h"

#define ORDERS_URL_SIZE 512 /* a payment page's URL with its NUL */

/* Where the buyer is to be sent: base_url/pay/<transaction>. */
void orders_payment_url(const struct request *request, const struct uuid *id,
                        char out[ORDERS_URL_SIZE]);

/* The answer to whoever made an order: transaction, payment_url. */
void orders_write_created(struct writer *json, const char *key, const struct request *request,
                          const struct uuid *id);

/* The members of an object that says what autosell kept of a payment: amount, reason, and for one whole
 * coin reference and floor. */
void orders_write_kept(struct writer *json, const struct checkout_kept *kept);

/* What the calls below take; `path` where the transaction is a part of the path. */
extern const struct field_table orders_list_params, orders_one_params, orders_one_path_params,
    orders_refund_params, orders_refund_path_params;

/* Reads status, since and page, and writes that page of the caller's orders, as their merchant sees them:
 * everything but payments and notifications. `data` is null where it is no text; data_base64 always holds
 * its bytes. */
MUST_USE enum err orders_list(struct request *request, struct page_rows *rows);

/* Handlers of the merchant's calls about the order that the parameter `transaction` names. All answer
 * the order with its payments and notifications. Errors as the domain's, the field named. */
MUST_USE enum err orders_details(struct request *request, struct reply *reply);
MUST_USE enum err orders_cancel(struct request *request, struct reply *reply);
MUST_USE enum err orders_refund(struct request *request, struct reply *reply);

#endif
