/* Every route table of the worker. A handler file ends with ROUTE_TABLE(routes_..., rows); its name
 * goes here. */
#ifndef FCGI_ROUTES_H
#define FCGI_ROUTES_H

#include "fcgi/server/route.h"

#define ROUTE_TABLES(X)            \
    X(routes_health)               \
    X(routes_v1_account)           \
    X(routes_v1_market)            \
    X(routes_v1_merchant_order)    \
    X(routes_v1_order)             \
    X(routes_v1_stream)            \
    X(routes_v1_ticket)            \
    X(routes_identity_session)     \
    X(routes_site_account)         \
    X(routes_site_currencies)      \
    X(routes_site_history)         \
    X(routes_site_keys)            \
    X(routes_site_market)          \
    X(routes_site_merchant_orders) \
    X(routes_site_otp)             \
    X(routes_site_partners)        \
    X(routes_site_pay)             \
    X(routes_site_tickets)         \
    X(routes_v1_merchant_event)    \
    X(routes_site_merchant_events)

#define X(name) extern const struct route_table name;
ROUTE_TABLES(X)
#undef X

/* All of them, in the order above. */
extern const struct route_table *const route_tables[];
extern const size_t route_table_count;

#endif
