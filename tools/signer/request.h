/* The signer's protocol: one line in, one line out.
 *
 *     ping                                          ok
 *     address PATH                                  ok ADDRESS
 *     xpub ACCOUNT                                  ok XPUB
 *     sign ethereum PATH UNSIGNED TO                ok RAW HASH
 *     sign bitcoin UNSIGNED PATHS PREVIOUS CHANGE   ok RAW TXID
 *
 * and for anything else `error CODE WORDS`, the code being one of lib/base/err.h.
 *
 * Words are separated by one space. PATH is m/44'/60'/A'/C/I (Ethereum), or m/44'|49'|84'/COIN'/A'/C/I
 * (Bitcoin: P2PKH, nested and native P2WPKH), COIN 0 on the main chain and 1 elsewhere; ACCOUNT the first
 * three steps of one. UNSIGNED is hexadecimal: what ethereum_tx_unsigned writes, or a transaction of Bitcoin
 * without scripts. TO is the path of an own address, if the money stays here, or `-`. PATHS has one path for
 * each input, by commas; PREVIOUS the transactions that they spend from, whole and in any order, since only
 * they prove what an input is worth; CHANGE the outputs that stay here, as NUMBER:PATH by commas, or `-`.
 *
 * The signer reads every field itself: who asks does not say what is to be hashed. */
#ifndef TOOLS_SIGNER_REQUEST_H
#define TOOLS_SIGNER_REQUEST_H

#include "base/err.h"
#include "base/text.h"
#include "chain/hd_key.h"
#include "tools/signer/budget.h"
#include "tools/signer/policy.h"

#define REQUEST_MAX (4 << 20) /* bytes of a line */
#define ANSWER_MAX (1 << 20)
#define WORDS_MAX 6

struct signer {
    const struct policy *policy;
    const struct hd_key *master;
    struct budget *budget;
};

/* Answers one request.
 * line    `len` bytes without their line end; changed
 * answer  out, with a line end; empty before
 */
void request_answer(struct signer *signer, char *line, size_t len, struct text *answer);

/* What the paths of the protocol may be, and what they are for. */
struct own_path {
    struct hd_path path;
    enum policy_chain chain;
    enum bitcoin_kind kind; /* of Bitcoin */
};

/* Reads a path of five steps that this signer's policy knows. ERR_INVALID for any other. */
MUST_USE enum err own_path_parse(const struct policy *policy, const char *text, size_t len,
                                 struct own_path *out);

/* The two that sign.
 * words, count  behind `sign CHAIN`
 * answer        out, "RAW HASH"
 * Returns ERR_MALFORMED, ERR_TRANSACTION_FORM, ERR_INVALID (a path or script that is not ours, or bytes that
 * are none), ERR_ADDRESS (nobody, or nobody in particular, would be paid), ERR_CURRENCY_UNKNOWN (there is no
 * limit for it), ERR_OVER_SINGLE_LIMIT, ERR_FEE_CAP, ERR_OVER_DAILY_LIMIT, ERR_IO, ERR_NO_MEMORY. */
MUST_USE enum err sign_ethereum(struct signer *signer, char *const *words, size_t count,
                                struct text *answer);
MUST_USE enum err sign_bitcoin(struct signer *signer, char *const *words, size_t count,
                               struct text *answer);

#endif
