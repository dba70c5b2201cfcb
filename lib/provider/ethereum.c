/* The calls of a node of Ethereum, and its answers read strictly. */
#include "provider/ethereum.h"

#include <string.h>

#include "base/log.h"
#include "chain/ethereum_hex.h"
#include "money/decimal.h"
#include "provider/ethereum_json.h"

#define DATA_TEXT_MAX ETHEREUM_DATA_TEXT_MAX

/* The object of a call. */
static void put_call(struct writer *params, const struct ethereum_address *from,
                     const struct ethereum_address *to, __int128 value, struct bytes data)
{
    writer_object(params, NULL);
    ethereum_json_put_address(params, "from", from);
    ethereum_json_put_address(params, "to", to);
    ethereum_json_put_quantity(params, "value", value);
    ethereum_json_put_data(params, "data", data);
    writer_end(params);
}

/* --- answers ---------------------------------------------------------------------------------- */

/* A call whose whole answer is a number. */
static enum err ask_quantity(const struct rpc_node *node, const char *method,
                             const struct text *params, __int128 *out)
{
    struct rpc_reply reply;
    enum err rc = rpc_read(node, method, params, &reply);

    if (rc == ERR_OK)
        rc = ethereum_json_read_quantity(reply.result, DECIMAL_MAX, out);
    rpc_reply_free(&reply);
    return rc;
}

static enum err ask_u64(const struct rpc_node *node, const char *method, const struct text *params,
                        uint64_t *out)
{
    __int128 number;
    enum err rc = ask_quantity(node, method, params, &number);

    if (rc == ERR_OK && number > (__int128)UINT64_MAX)
        rc = ERR_NO_ANSWER;
    if (rc == ERR_OK)
        *out = (uint64_t)number;
    return rc;
}

/* --- the chain ---------------------------------------------------------------------------------- */

enum err ethereum_chain_id(const struct rpc_node *node, uint64_t *out)
{
    return ask_u64(node, "eth_chainId", NULL, out);
}

enum err ethereum_height(const struct rpc_node *node, uint64_t *out)
{
    return ask_u64(node, "eth_blockNumber", NULL, out);
}

enum err ethereum_tip(const struct rpc_node *node, __int128 *out)
{
    return ask_quantity(node, "eth_maxPriorityFeePerGas", NULL, out);
}

/* Asks for a block; whole: with its transactions. */
static enum err ask_block(const struct rpc_node *node, uint64_t number, bool whole,
                          struct rpc_reply *reply, struct ethereum_block *out)
{
    struct text text = TEXT(256);
    struct writer params = rpc_params(&text);

    ethereum_json_put_quantity(&params, NULL, number);
    writer_bool(&params, NULL, whole);
    writer_end(&params);
    enum err rc = rpc_read(node, "eth_getBlockByNumber", &text, reply);
    if (rc == ERR_OK && reply->result->type == VALUE_NULL)
        rc = ERR_NOT_FOUND;
    if (rc == ERR_OK)
        rc = ethereum_json_read_u64(value_member(reply->result, "number"), &out->number);
    if (rc == ERR_OK && out->number != number)
        rc = ERR_NO_ANSWER;
    if (rc == ERR_OK)
        rc = ethereum_json_read_hash(value_member(reply->result, "hash"), out->hash);
    if (rc == ERR_OK)
        rc = ethereum_json_read_hash(value_member(reply->result, "parentHash"), out->parent);
    if (rc == ERR_OK)
        rc = ethereum_json_read_quantity(value_member(reply->result, "baseFeePerGas"), DECIMAL_MAX,
                                         &out->base_fee);
    text_free(&text);
    return rc;
}

enum err ethereum_block(const struct rpc_node *node, uint64_t number, struct ethereum_block *out)
{
    struct rpc_reply reply;
    enum err rc = ask_block(node, number, false, &reply, out);

    rpc_reply_free(&reply);
    return rc;
}

/* Reads a transaction; one that pays nothing, or makes a contract, has value 0. */
static enum err read_paying(const struct value *value, struct ethereum_transfer *out)
{
    const struct value *to = value_member(value, "to");

    out->value = 0;
    if (to == NULL || to->type == VALUE_NULL)
        return ERR_OK;
    enum err rc = ethereum_json_read_address(to, &out->to);
    if (rc == ERR_OK)
        rc = ethereum_json_read_address(value_member(value, "from"), &out->from);
    if (rc == ERR_OK)
        rc = ethereum_json_read_hash(value_member(value, "hash"), out->hash);
    if (rc == ERR_OK)
        rc = ethereum_json_read_quantity(value_member(value, "value"), DECIMAL_MAX, &out->value);
    return rc;
}

enum err ethereum_transfers(const struct rpc_node *node, uint64_t number,
                            struct ethereum_block *block,
                            enum err (*each)(void *arg, const struct ethereum_transfer *transfer),
                            void *arg)
{
    struct rpc_reply reply;
    enum err rc = ask_block(node, number, true, &reply, block);
    const struct value *list = rc == ERR_OK ? value_member(reply.result, "transactions") : NULL;

    if (rc == ERR_OK && (list == NULL || list->type != VALUE_LIST))
        rc = ERR_NO_ANSWER;
    const struct value *value = rc == ERR_OK ? list->first : NULL;
    for (; rc == ERR_OK && value != NULL; value = value->next) {
        struct ethereum_transfer transfer;
        rc = read_paying(value, &transfer);
        if (rc == ERR_OK && transfer.value > 0)
            rc = each(arg, &transfer);
    }
    rpc_reply_free(&reply);
    return rc;
}

/* Asks for a number of an account, at a block of that name or (NULL) number. */
static enum err ask_account(const struct rpc_node *node, const char *method,
                            const struct ethereum_address *account, const char *name,
                            uint64_t block, __int128 *out)
{
    struct text text = TEXT(256);
    struct writer params = rpc_params(&text);

    ethereum_json_put_address(&params, NULL, account);
    if (name != NULL)
        writer_text(&params, NULL, name);
    else
        ethereum_json_put_quantity(&params, NULL, block);
    writer_end(&params);
    enum err rc = ask_quantity(node, method, &text, out);
    text_free(&text);
    return rc;
}

static enum err ask_nonce(const struct rpc_node *node, const struct ethereum_address *account,
                          const char *name, uint64_t block, uint64_t *out)
{
    __int128 count = 0;
    enum err rc = ask_account(node, "eth_getTransactionCount", account, name, block, &count);

    if (rc == ERR_OK && count > (__int128)UINT64_MAX)
        rc = ERR_NO_ANSWER;
    if (rc == ERR_OK)
        *out = (uint64_t)count;
    return rc;
}

enum err ethereum_nonce(const struct rpc_node *node, const struct ethereum_address *account,
                        bool pending, uint64_t *out)
{
    return ask_nonce(node, account, pending ? "pending" : "latest", 0, out);
}

enum err ethereum_nonce_at(const struct rpc_node *node, const struct ethereum_address *account,
                           uint64_t block, uint64_t *out)
{
    return ask_nonce(node, account, NULL, block, out);
}

enum err ethereum_balance(const struct rpc_node *node, const struct ethereum_address *account,
                          uint64_t block, __int128 *out)
{
    return ask_account(node, "eth_getBalance", account, NULL, block, out);
}

enum err ethereum_has_code(const struct rpc_node *node, const struct ethereum_address *address,
                           bool *out)
{
    struct text text = TEXT(256);
    struct writer params = rpc_params(&text);
    struct rpc_reply reply;

    ethereum_json_put_address(&params, NULL, address);
    writer_text(&params, NULL, "latest");
    writer_end(&params);
    enum err rc = rpc_read(node, "eth_getCode", &text, &reply);
    if (rc == ERR_OK && (reply.result->type != VALUE_TEXT || reply.result->len < 2))
        rc = ERR_NO_ANSWER;
    if (rc == ERR_OK)
        *out = strcmp(reply.result->text, "0x") != 0;
    rpc_reply_free(&reply);
    text_free(&text);
    return rc;
}

/* --- calls -------------------------------------------------------------------------------------- */

/* Asks what a transaction would do: a refusal is about it, not about the node. */
static enum err ask_trial(const struct rpc_node *node, const char *method,
                          const struct text *params, struct rpc_reply *reply)
{
    enum err rc = rpc_call(node, method, params, reply);

    if (rc == ERR_OK && reply->outcome == RPC_REFUSED) {
        log_line(LOG_LEVEL_INFO, "trial_refused", "method=%s code=%d message=\"%s\"", method,
                 reply->code, reply->message);
        return ERR_INVALID;
    }
    return rc == ERR_OK && reply->outcome != RPC_ANSWERED ? ERR_NO_ANSWER : rc;
}

/* Calls a contract with parameters that are whole. */
static enum err ask_contract(const struct rpc_node *node, const struct text *params,
                             uint8_t out[ETHEREUM_RETURNED_MAX], size_t *len)
{
    struct rpc_reply reply;

    enum err rc = ask_trial(node, "eth_call", params, &reply);
    if (rc == ERR_OK && reply.result->type != VALUE_TEXT)
        rc = ERR_NO_ANSWER;
    if (rc == ERR_OK)
        rc = ethereum_data_parse(reply.result->text, reply.result->len, out, ETHEREUM_RETURNED_MAX,
                                 len);
    rpc_reply_free(&reply);
    return rc;
}

enum err ethereum_call(const struct rpc_node *node, const struct ethereum_address *from,
                       const struct ethereum_address *to, struct bytes data,
                       uint8_t out[ETHEREUM_RETURNED_MAX], size_t *len)
{
    struct text text = TEXT(DATA_TEXT_MAX);
    struct writer params = rpc_params(&text);

    put_call(&params, from, to, 0, data);
    writer_text(&params, NULL, "latest");
    writer_end(&params);
    enum err rc = ask_contract(node, &text, out, len);
    text_free(&text);
    return rc;
}

enum err ethereum_token_balance(const struct rpc_node *node, const struct ethereum_address *token,
                                const struct ethereum_address *owner, uint64_t block, __int128 *out)
{
    struct text text = TEXT(DATA_TEXT_MAX);
    struct writer params = rpc_params(&text);
    uint8_t call[ERC20_BALANCE_OF_SIZE], returned[ETHEREUM_RETURNED_MAX];
    size_t len = 0;

    erc20_balance_of_call(owner, call);
    put_call(&params, owner, token, 0, (struct bytes){call, sizeof(call)});
    ethereum_json_put_quantity(&params, NULL, block);
    writer_end(&params);
    enum err rc = ask_contract(node, &text, returned, &len);
    if (rc == ERR_OK && erc20_number((struct bytes){returned, len}, out) != ERR_OK)
        rc = ERR_INVALID;
    text_free(&text);
    return rc;
}

enum err ethereum_estimate(const struct rpc_node *node, const struct ethereum_address *from,
                           const struct ethereum_address *to, __int128 value, struct bytes data,
                           uint64_t *out)
{
    struct text text = TEXT(DATA_TEXT_MAX);
    struct writer params = rpc_params(&text);
    struct rpc_reply reply;

    put_call(&params, from, to, value, data);
    writer_end(&params);
    enum err rc = ask_trial(node, "eth_estimateGas", &text, &reply);
    if (rc == ERR_OK)
        rc = ethereum_json_read_u64(reply.result, out);
    rpc_reply_free(&reply);
    text_free(&text);
    return rc;
}

/* --- transactions ------------------------------------------------------------------------------- */

/* Whether the node's yes is about these bytes. */
static enum node_answer check_hash(const struct value *result,
                                   const uint8_t hash[ETHEREUM_HASH_SIZE])
{
    uint8_t taken[ETHEREUM_HASH_SIZE];
    return ethereum_json_read_hash(result, taken) == ERR_OK &&
                   memcmp(taken, hash, sizeof(taken)) == 0
               ? NODE_KNOWN
               : NODE_UNKNOWN;
}

enum err ethereum_send(const struct rpc_node *node, struct bytes raw,
                       const uint8_t hash[ETHEREUM_HASH_SIZE], enum node_answer *out)
{
    struct text text = TEXT(DATA_TEXT_MAX);
    struct writer params = rpc_params(&text);
    struct rpc_reply reply;

    ethereum_json_put_data(&params, NULL, raw);
    writer_end(&params);
    enum err rc = rpc_call(node, "eth_sendRawTransaction", &text, &reply);
    *out = reply.outcome == RPC_ANSWERED  ? check_hash(reply.result, hash)
           : reply.outcome == RPC_REFUSED ? ethereum_answer(reply.message)
                                          : NODE_UNKNOWN;
    if (reply.outcome == RPC_REFUSED)
        log_line(LOG_LEVEL_WARNING, "send_refused", "code=%d message=\"%s\"", reply.code,
                 reply.message);
    rpc_reply_free(&reply);
    text_free(&text);
    return rc;
}

static enum err read_receipt(const struct value *value, struct ethereum_receipt *out)
{
    __int128 price = 0;
    uint64_t status = 0, gas = 0;

    enum err rc = ethereum_json_read_u64(value_member(value, "status"), &status);
    if (rc == ERR_OK)
        rc = ethereum_json_read_u64(value_member(value, "blockNumber"), &out->block);
    if (rc == ERR_OK)
        rc = ethereum_json_read_hash(value_member(value, "blockHash"), out->block_hash);
    if (rc == ERR_OK)
        rc = ethereum_json_read_u64(value_member(value, "gasUsed"), &gas);
    if (rc == ERR_OK)
        rc = ethereum_json_read_quantity(value_member(value, "effectiveGasPrice"), DECIMAL_MAX,
                                         &price);
    if (rc == ERR_OK && (status > 1 || __builtin_mul_overflow(price, (__int128)gas, &out->fee)))
        rc = ERR_NO_ANSWER;
    out->succeeded = status == 1;
    return rc;
}

enum err ethereum_receipt(const struct rpc_node *node, const uint8_t hash[ETHEREUM_HASH_SIZE],
                          struct ethereum_receipt *out)
{
    struct text text = TEXT(256);
    struct writer params = rpc_params(&text);
    struct rpc_reply reply;

    ethereum_json_put_data(&params, NULL, (struct bytes){hash, ETHEREUM_HASH_SIZE});
    writer_end(&params);
    enum err rc = rpc_read(node, "eth_getTransactionReceipt", &text, &reply);
    if (rc == ERR_OK)
        rc = reply.result->type == VALUE_NULL ? ERR_NOT_FOUND : read_receipt(reply.result, out);
    rpc_reply_free(&reply);
    text_free(&text);
    return rc;
}
