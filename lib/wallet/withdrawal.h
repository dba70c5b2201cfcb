/* Withdrawals of customers: which way one goes, and which addresses its owner trusts. What becomes of it then is
 * payout/payout.h's (seed withdrawals; api wallet, B6). */
#ifndef WALLET_WITHDRAWAL_H
#define WALLET_WITHDRAWAL_H

#include "identity/otp.h"
#include "payout/payout.h"
#include "wallet/wallet.h"

#define WALLET_SERVICE "wallet" /* payout.service */

struct wallet_order {
    const char *guid;    /* names it among the user's */
    struct amount total; /* that leaves FUND; the fee comes out of it */
    const char *address; /* as typed; internal: a customer's id or e-mail address */
    const char *memo;    /* "": none */
    const char
        *gateway; /* "": the only one on which the asset leaves; internal for what can be no address
                             of a chain: an e-mail address, or digits alone */
    struct otp_step otp; /* device_id 0: none */
    bool otp_needed;     /* refused without one where the account has one */
};

/* Asks for a withdrawal, once under its guid.
 * out       out, what became of it; also of one that was asked for before
 * repeated  out: that it was
 * Returns ERR_INVALID (guid), ERR_GATEWAY_MISSING where there are several, ERR_ADDRESS_UNTRUSTED,
 * ERR_OTP_REQUIRED, ERR_OTP_INVALID; as payout_request_in and db_txn. */
MUST_USE enum err wallet_withdraw(struct db *db, const struct actor *actor,
                                  const struct wallet_order *order, struct payout *out,
                                  bool *repeated);

/* The user's withdrawal by its guid, or by its id in digits. ERR_PAYOUT_NOT_FOUND. */
MUST_USE enum err wallet_withdrawal_find(struct db *db, int64_t user_id, const char *name,
                                         struct payout *out);

#define WALLET_LABEL_MAX 64    /* code points */
#define WALLET_TRUSTED_MAX 100 /* addresses of one user */

/* An address that its owner has put down. */
struct wallet_trusted {
    int64_t id;
    char label[WALLET_LABEL_MAX * 4 + 1]; /* unique among the user's */
    char rail[RAIL_NAME_MAX + 1];
    char address[RAIL_ADDRESS_MAX + 1], memo[RAIL_ADDRESS_MAX + 1];
};

/* Puts an address down; what is sent of it again under the same label changes nothing.
 * trusted  in, out: the address in the spelling that its rail keeps
 * Returns ERR_EMPTY, ERR_TOO_LONG, ERR_NOT_UTF8 (label), ERR_RAIL_UNKNOWN, ERR_PAYOUT_ADDRESS and the like,
 * ERR_TRUSTED_LABEL where the label is another's, ERR_TRUSTED_FULL. */
MUST_USE enum err wallet_trust(struct db *db, int64_t user_id, const struct currency *currency,
                               struct wallet_trusted *trusted);

/* Takes one off. ERR_NOT_FOUND. */
MUST_USE enum err wallet_distrust(struct db *db, int64_t user_id, int64_t id);

/* Calls `row` for each, by label.
 * only  out, whether withdrawals go to no others */
MUST_USE enum err wallet_trusted_list(struct db *db, int64_t user_id,
                                      void (*row)(void *arg, const struct wallet_trusted *trusted),
                                      void *arg, bool *only);

/* Sets whether withdrawals go to these alone; those to other customers are not looked at. */
MUST_USE enum err wallet_trusted_only(struct db *db, int64_t user_id, bool only);

#endif
