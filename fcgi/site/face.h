/* The rows of the pages' calls, file by file. A handler file ends with ROUTE_TABLE(routes_site_..., rows);
 * its name goes here. */
#ifndef FCGI_SITE_FACE_H
#define FCGI_SITE_FACE_H

#include "fcgi/auth/auth.h"
#include "fcgi/server/route.h"

/* Rights on the pages' calls, as bits. */
enum {
    SITE_LOOK = 1,       /* sees the account and what belongs to it */
    SITE_WITHDRAW = 2,   /* opens withdrawals, and takes them back */
    SITE_TRADE = 4,      /* places orders in the market, and takes them back */
    SITE_PAY = 8,        /* pays merchants' orders */
    SITE_MERCHANT = 16,  /* ends and refunds orders, and manages notifications */
    SITE_SECURITY = 32,  /* makes API keys and one-time passwords */
    SITE_AFFILIATE = 64, /* sends others to the exchange desk, and is paid for it */
    SITE_ALL = 127
};

/* Takes the one-time password where the account has one, before a key is made or changed.
 * otp  as sent, "" where it was not
 * Errors, named at the field "otp": ERR_OTP_REQUIRED, ERR_OTP_INVALID. */
MUST_USE enum err site_take_otp(struct request *request, const char *otp);

#define SITE_VISITOR "visitor" /* the cookie of who came by an affiliate's link */

#define SITE_TABLES(X)               \
    X(routes_site_account)           \
    X(routes_site_affiliate)         \
    X(routes_site_currencies)        \
    X(routes_site_desk)              \
    X(routes_site_desk_bid)          \
    X(routes_site_history)           \
    X(routes_site_keys)              \
    X(routes_site_market)            \
    X(routes_site_merchant_autosell) \
    X(routes_site_merchant_orders)   \
    X(routes_site_otp)               \
    X(routes_site_partners)          \
    X(routes_site_pay)               \
    X(routes_site_request)           \
    X(routes_site_robots)            \
    X(routes_site_tickets)           \
    X(routes_site_visit)             \
    X(routes_site_wallet)            \
    X(routes_site_wallet_change)     \
    X(routes_site_merchant_events)

#define X(table) extern const struct route_table table;
SITE_TABLES(X)
#undef X

#endif
