/* Pieces of SQL about orders for the statements of others, which thereby name no table of ours. */
#ifndef CHECKOUT_SQL_H
#define CHECKOUT_SQL_H

/* The orders of a service, to be named as a table. */
#define CHECKOUT_SQL_ORDERS_OF(service)                                                         \
    "(SELECT id, merchant_id, currency_id, amount, paid, refunded, status FROM checkout_order " \
    "WHERE service = '" service "')"

#endif
