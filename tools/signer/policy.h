/* What the signer may do: its configuration file, which nobody but its operator writes.
 *
 *     [signer]
 *     seed_file = /var/lib/teller-signer/seed       sealed, by teller-signer --init
 *     key_file = /etc/teller/signer.key             64 hexadecimal digits, the signer's alone
 *     spent_file = /var/lib/teller-signer/spent     what was signed for today
 *     bitcoin_network = main                        main, test or regtest
 *
 *     [limit.ether]                                 a name that says in the log what it is about
 *     chain = ethereum                              or bitcoin
 *     chain_id = 1                                  of ethereum only
 *     token = 0x...                                 of a token only; without it the limit is the coin's
 *     decimals = 18
 *     per_request = 5                               what one transaction may send to others
 *     per_day = 20                                  what a day (UTC) may; of a coin, with all fees
 *     fee_per_request = 0.05                        of a coin only: the most that a transaction may cost
 *
 * What has no limit is not signed. Tokens pay their fees from the coin of their chain, which therefore
 * needs a limit as well. */
#ifndef TOOLS_SIGNER_POLICY_H
#define TOOLS_SIGNER_POLICY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/text.h"
#include "chain/bitcoin_address.h"
#include "chain/ethereum_address.h"

#define POLICY_LIMITS_MAX 64
#define POLICY_NAME_SIZE 33
#define POLICY_PATH_SIZE 512

enum policy_chain { POLICY_UNSET, POLICY_BITCOIN, POLICY_ETHEREUM };

/* Amounts are whole smallest units. */
struct policy_limit {
    char name[POLICY_NAME_SIZE]; /* letters, digits, '-' and '_' */
    enum policy_chain chain;
    uint64_t chain_id; /* of Ethereum; 0 on Bitcoin */
    bool is_token;
    struct ethereum_address token;
    unsigned decimals;
    __int128 per_request, per_day;
    __int128 fee_per_request; /* of a coin */
};

struct policy {
    char seed_file[POLICY_PATH_SIZE], key_file[POLICY_PATH_SIZE], spent_file[POLICY_PATH_SIZE];
    enum bitcoin_network network;
    struct policy_limit limits[POLICY_LIMITS_MAX];
    size_t count;
};

/* Reads the file.
 * problem  out, what is wrong: "FILE:LINE: words"
 * Returns ERR_CONFIG. */
MUST_USE enum err policy_load(const char *path, struct policy *out, struct text *problem);

/* The limit of a chain's coin, or of a token on it (not NULL). NULL where there is none. */
const struct policy_limit *policy_find(const struct policy *policy, enum policy_chain chain,
                                       uint64_t chain_id, const struct ethereum_address *token);

#endif
