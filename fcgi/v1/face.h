/* The rows of the exchange's API, file by file. A handler file ends with
 * ROUTE_TABLE(routes_v1_..., rows); its name goes here. */
#ifndef FCGI_V1_FACE_H
#define FCGI_V1_FACE_H

#include "fcgi/auth/auth.h"
#include "fcgi/server/route.h"

#define V1_TABLES(X)            \
    X(routes_v1_account)        \
    X(routes_v1_bitcoin)        \
    X(routes_v1_market)         \
    X(routes_v1_merchant_order) \
    X(routes_v1_order)          \
    X(routes_v1_request)        \
    X(routes_v1_stream)         \
    X(routes_v1_ticket)         \
    X(routes_v1_merchant_event)

#define X(table) extern const struct route_table table;
V1_TABLES(X)
#undef X

#endif
