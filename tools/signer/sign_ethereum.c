/* Transactions of Ethereum: coins to an account, or tokens by transfer(). Any other call is refused. */
#include <string.h>

#include "base/encode.h"
#include "base/log.h"
#include "chain/erc20.h"
#include "chain/ethereum_tx.h"
#include "crypto/crypto.h"
#include "money/decimal.h"
#include "tools/signer/request.h"

struct ethereum_request {
    struct own_path path, to; /* `to` only where is_own */
    bool is_own;              /* the money stays with us */
    uint8_t data[ETHEREUM_TX_MAX];
    struct ethereum_tx tx;
    struct ethereum_address sender, payee;
    const struct policy_limit *coin, *token; /* NULL: no token is sent */
    __int128 units, fee;                     /* of the token or coin; wei */
};

static enum err read_request(const struct signer *signer, char *const *words,
                             struct ethereum_request *out)
{
    size_t len = strlen(words[1]);

    enum err rc = own_path_parse(signer->policy, words[0], strlen(words[0]), &out->path);
    out->is_own = strcmp(words[2], "-") != 0;
    if (rc == ERR_OK && out->is_own)
        rc = own_path_parse(signer->policy, words[2], strlen(words[2]), &out->to);
    if (rc == ERR_OK &&
        (out->path.chain != POLICY_ETHEREUM || (out->is_own && out->to.chain != POLICY_ETHEREUM)))
        rc = ERR_INVALID;
    if (rc != ERR_OK)
        return rc;
    if (len / 2 > sizeof(out->data) || !hex_decode(words[1], len, out->data, len / 2))
        return ERR_TRANSACTION_FORM;
    return ethereum_tx_read_unsigned((struct bytes){out->data, len / 2}, &out->tx);
}

/* Who gets what. */
static enum err find_payment(const struct signer *signer, struct ethereum_request *request)
{
    const struct ethereum_tx *tx = &request->tx;

    request->coin = policy_find(signer->policy, POLICY_ETHEREUM, tx->chain_id, NULL);
    if (request->coin == NULL)
        return ERR_CURRENCY_UNKNOWN;
    request->payee = tx->to;
    request->units = tx->value;
    if (tx->data.len > 0) {
        if (!erc20_transfer_call_read(tx->data, &request->payee, &request->units) || tx->value != 0)
            return ERR_TRANSACTION_FORM;
        request->token = policy_find(signer->policy, POLICY_ETHEREUM, tx->chain_id, &tx->to);
        if (request->token == NULL)
            return ERR_CURRENCY_UNKNOWN;
    }
    /* Tokens that are sent to their own contract are lost, as is what nobody gets. */
    if (ethereum_address_is_zero(&request->payee) ||
        (request->token != NULL && ethereum_address_equal(&request->payee, &tx->to)))
        return ERR_ADDRESS;
    return ethereum_tx_fee(tx, &request->fee) == ERR_OK ? ERR_OK : ERR_FEE_CAP;
}

static enum err address_at(const struct signer *signer, const struct own_path *path,
                           struct ethereum_address *out)
{
    struct hd_key key;
    enum err rc = hd_derive(signer->master, &path->path, &key);

    if (rc == ERR_OK)
        rc = ethereum_address_of_key(key.public, out);
    crypto_wipe(&key, sizeof(key));
    return rc;
}

static enum err check_own(const struct signer *signer, const struct ethereum_request *request)
{
    struct ethereum_address own;
    enum err rc = address_at(signer, &request->to, &own);

    return rc == ERR_OK && !ethereum_address_equal(&own, &request->payee) ? ERR_INVALID : rc;
}

/* A nonce is spent once: see budget.h. */
static void budget_key(const struct ethereum_request *request, uint8_t out[SHA256_SIZE])
{
    struct text input = TEXT(128);

    text_addf(&input, "ethereum %llu %llu ", (unsigned long long)request->tx.chain_id,
              (unsigned long long)request->tx.nonce);
    text_hex(&input, request->sender.bytes, sizeof(request->sender.bytes));
    crypto_sha256(text_string(&input), input.len, out);
    text_free(&input);
}

static enum err charge(const struct signer *signer, const struct ethereum_request *request)
{
    const struct policy_limit *limit = request->token != NULL ? request->token : request->coin;
    __int128 sent = request->is_own ? 0 : request->units;
    struct budget_charge charges[BUDGET_CHARGES_MAX] = {{request->coin, request->fee},
                                                        {request->token, sent}};
    uint8_t key[SHA256_SIZE];

    if (request->fee > request->coin->fee_per_request)
        return ERR_FEE_CAP;
    if (sent > limit->per_request)
        return ERR_OVER_SINGLE_LIMIT;
    /* Both are below DECIMAL_MAX: the sum fits. */
    if (request->token == NULL)
        charges[0].units += sent;
    budget_key(request, key);
    return budget_charge(signer->budget, key, charges, request->token != NULL ? 2 : 1);
}

static enum err sign(const struct signer *signer, const struct ethereum_request *request,
                     struct text *answer)
{
    uint8_t hash[KECCAK256_SIZE];
    struct text raw = TEXT(2 * ETHEREUM_TX_MAX);
    struct hd_key key;

    enum err rc = hd_derive(signer->master, &request->path.path, &key);
    if (rc == ERR_OK)
        rc = ethereum_tx_sign(&request->tx, key.secret, &raw, hash);
    crypto_wipe(&key, sizeof(key));
    if (rc == ERR_OK) {
        text_hex(answer, raw.data, raw.len);
        text_putc(answer, ' ');
        text_hex(answer, hash, sizeof(hash));
    }
    text_free(&raw);
    return rc;
}

static void log_signed(const struct ethereum_request *request)
{
    char from[ETHEREUM_ADDRESS_TEXT_SIZE], to[ETHEREUM_ADDRESS_TEXT_SIZE];
    char units[DECIMAL_TEXT_SIZE], fee[DECIMAL_TEXT_SIZE];
    const struct policy_limit *limit = request->token != NULL ? request->token : request->coin;

    ethereum_address_format(&request->sender, from);
    ethereum_address_format(&request->payee, to);
    int128_format(request->units, units);
    int128_format(request->fee, fee);
    log_line(LOG_LEVEL_INFO, "signed", "limit=%s from=%s nonce=%llu to=%s own=%s units=%s fee=%s",
             limit->name, from, (unsigned long long)request->tx.nonce, to,
             request->is_own ? "yes" : "no", units, fee);
}

enum err sign_ethereum(struct signer *signer, char *const *words, size_t count, struct text *answer)
{
    struct ethereum_request request = {.token = NULL};

    if (count != 3)
        return ERR_MALFORMED;
    enum err rc = read_request(signer, words, &request);
    if (rc == ERR_OK)
        rc = find_payment(signer, &request);
    if (rc == ERR_OK && request.is_own)
        rc = check_own(signer, &request);
    if (rc == ERR_OK)
        rc = address_at(signer, &request.path, &request.sender);
    if (rc == ERR_OK)
        rc = charge(signer, &request);
    if (rc == ERR_OK)
        rc = sign(signer, &request, answer);
    if (rc == ERR_OK)
        log_signed(&request);
    return rc;
}
