/* The rows of the viewer API, and what its handlers share. */
#ifndef FCGI_WALLET_FACE_H
#define FCGI_WALLET_FACE_H

#include "fcgi/auth/auth.h"
#include "fcgi/server/route.h"
#include "identity/rights.h"
#include "wallet/wallet.h"

/* In what the envelopes of calls differ (api wallet, B4): bits of a row's shape. */
enum {
    SHAPE_LIST = 1,      /* {code, data, page_token}, without message */
    SHAPE_SUBMITTED = 2, /* message says that a request was submitted */
    SHAPE_BARE = 4       /* no envelope */
};

/* Moving money between one's own accounts: allowed to keys that may see balances (api wallet, B3), but
 * to no user who may only look. No scope of its own. */
#define WALLET_MOVE (1u << 10)
#define WALLET_ALL ((1u << 11) - 1)

/* What a key with those scopes may do. */
unsigned wallet_rights(unsigned scopes);

#define WALLET_TABLES(X)        \
    X(routes_wallet_public)     \
    X(routes_wallet_account)    \
    X(routes_wallet_deposit)    \
    X(routes_wallet_withdrawal) \
    X(routes_wallet_transfer)

#define X(table) extern const struct route_table table;
WALLET_TABLES(X)
#undef X

/* Two rows: clients know each call below both paths. */
#define WALLET_ROUTES(below, ...)                  \
    {.path = "/api/v3/viewer" below, __VA_ARGS__}, \
    {                                              \
        .path = "/viewer" below, __VA_ARGS__       \
    }

#endif
