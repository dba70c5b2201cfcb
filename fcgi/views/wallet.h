/* What the viewer API and the site share of the wallet: writing withdrawals, deposits and addresses, and asking for
 * withdrawals. */
#ifndef FCGI_VIEWS_WALLET_H
#define FCGI_VIEWS_WALLET_H

#include "deposit/deposit.h"
#include "fcgi/server/reply.h"
#include "fcgi/server/request.h"
#include "wallet/withdrawal.h"

/* A member: a moment as "2018-03-15T16:13:45.610463Z".
 * at_us  microseconds since 1970; 0 is null */
void wallets_add_time(struct writer *json, const char *key, int64_t at_us);

/* What names a transfer or a withdrawal: checks the form, and names the request by it, so that it can be
 * found again. ERR_INVALID, the field named.
 * kind  "t" for transfers, "p" for withdrawals */
MUST_USE enum err wallets_name_request(struct request *request, const char *kind, const char *guid);

/* PENDING, COMPLETED, FAILED or CANCELLED: what the API says of a state. */
const char *wallets_state(enum payout_state state);

/* A withdrawal as the API shows it, key by key (seed withdrawals). */
void wallets_write_withdrawal(struct writer *json, const char *key, const struct payout *payout);

/* A deposit as the API shows it. */
void wallets_write_deposit(struct writer *json, const char *key, const struct deposit *deposit);

/* What another customer has sent, as a deposit of the caller's. */
void wallets_write_received(struct writer *json, const char *key, const struct payout *payout);

/* Asks for a withdrawal, and names the parameter that a refusal is about. Errors: as wallet_withdraw. */
MUST_USE enum err wallets_withdraw(struct request *request, const struct wallet_order *order,
                                   struct payout *out);

/* Whether deposits of an asset on a gateway are possible now: switched on, and the chain has addresses here.
 * out  out; may be asset->deposits */
MUST_USE enum err wallets_takes_deposits(struct request *request, const struct rail_asset *asset,
                                         bool *out);

/* An address to which an asset can be sent. */
struct wallets_address {
    char rail[RAIL_NAME_MAX + 1];
    struct rail_asset asset;
    struct deposit_address address;
};

#define WALLETS_ADDRESSES_MAX 16

/* The caller's addresses for an asset, made where they are missing, one for each gateway that takes deposits
 * now.
 * out    room for WALLETS_ADDRESSES_MAX
 * count  out */
MUST_USE enum err wallets_addresses(struct request *request, const struct currency *currency,
                                    struct wallets_address *out, size_t *count);

#endif
