/* The rows of the pages' calls, file by file. A handler file ends with ROUTE_TABLE(routes_site_..., rows);
 * its name goes here. */
#ifndef FCGI_SITE_FACE_H
#define FCGI_SITE_FACE_H

#include "fcgi/auth/auth.h"
#include "fcgi/server/route.h"

#define SITE_TABLES(X)               \
    X(routes_site_account)           \
    X(routes_site_currencies)        \
    X(routes_site_history)           \
    X(routes_site_keys)              \
    X(routes_site_market)            \
    X(routes_site_merchant_autosell) \
    X(routes_site_merchant_orders)   \
    X(routes_site_otp)               \
    X(routes_site_partners)          \
    X(routes_site_pay)               \
    X(routes_site_request)           \
    X(routes_site_tickets)           \
    X(routes_site_merchant_events)

#define X(table) extern const struct route_table table;
SITE_TABLES(X)
#undef X

#endif
