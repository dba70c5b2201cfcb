/* The calls of a node of Ethereum, and its answers read strictly. */
#include "provider/ethereum.h"

#include <string.h>

#include "base/log.h"
#include "chain/ethereum_hex.h"
#include "money/decimal.h"

#define DATA_TEXT_MAX (32 << 10)

/* --- parameters --------------------------------------------------------------------------------- */

static void put_quantity(struct writer *params, const char *key, __int128 value)
{
    char text[ETHEREUM_QUANTITY_SIZE];
    ethereum_quantity_format(value, text);
    writer_text(params, key, text);
}

static void put_data(struct writer *params, const char *key, struct bytes data)
{
    struct text text = TEXT(DATA_TEXT_MAX);
    ethereum_data_add(&text, data);
    if (text.full)
        params->out->full = true;
    writer_text(params, key, text_string(&text));
    text_free(&text);
}

static void put_address(struct writer *params, const char *key,
                        const struct ethereum_address *address)
{
    put_data(params, key, (struct bytes){address->bytes, sizeof(address->bytes)});
}

/* The object of a call. */
static void put_call(struct writer *params, const struct ethereum_address *from,
                     const struct ethereum_address *to, __int128 value, struct bytes data)
{
    writer_object(params, NULL);
    put_address(params, "from", from);
    put_address(params, "to", to);
    put_quantity(params, "value", value);
    put_data(params, "data", data);
    writer_end(params);
}

/* --- answers ------------------------------------------------------------------------------------ */

static enum err read_quantity(const struct value *value, __int128 most, __int128 *out)
{
    return value != NULL && value->type == VALUE_TEXT &&
                   ethereum_quantity_parse(value->text, value->len, most, out) == ERR_OK
               ? ERR_OK
               : ERR_NO_ANSWER;
}

static enum err read_u64(const struct value *value, uint64_t *out)
{
    __int128 number;
    enum err rc = read_quantity(value, UINT64_MAX, &number);

    if (rc == ERR_OK)
        *out = (uint64_t)number;
    return rc;
}

static enum err read_hash(const struct value *value, uint8_t out[ETHEREUM_HASH_SIZE])
{
    size_t len;
    return value != NULL && value->type == VALUE_TEXT &&
                   ethereum_data_parse(value->text, value->len, out, ETHEREUM_HASH_SIZE, &len) ==
                       ERR_OK &&
                   len == ETHEREUM_HASH_SIZE
               ? ERR_OK
               : ERR_NO_ANSWER;
}

/* A call whose whole answer is a number. */
static enum err ask_quantity(const struct rpc_node *node, const char *method,
                             const struct text *params, __int128 *out)
{
    struct rpc_reply reply;
    enum err rc = rpc_read(node, method, params, &reply);

    if (rc == ERR_OK)
        rc = read_quantity(reply.result, DECIMAL_MAX, out);
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

static enum err read_address(const struct value *value, struct ethereum_address *out)
{
    size_t len;
    return value != NULL && value->type == VALUE_TEXT &&
                   ethereum_data_parse(value->text, value->len, out->bytes, sizeof(out->bytes),
                                       &len) == ERR_OK &&
                   len == sizeof(out->bytes)
               ? ERR_OK
               : ERR_NO_ANSWER;
}

/* Asks for a block; whole: with its transactions. */
static enum err ask_block(const struct rpc_node *node, uint64_t number, bool whole,
                          struct rpc_reply *reply, struct ethereum_block *out)
{
    struct text text = TEXT(256);
    struct writer params = rpc_params(&text);

    put_quantity(&params, NULL, number);
    writer_bool(&params, NULL, whole);
    writer_end(&params);
    enum err rc = rpc_read(node, "eth_getBlockByNumber", &text, reply);
    if (rc == ERR_OK && reply->result->type == VALUE_NULL)
        rc = ERR_NOT_FOUND;
    if (rc == ERR_OK)
        rc = read_u64(value_member(reply->result, "number"), &out->number);
    if (rc == ERR_OK && out->number != number)
        rc = ERR_NO_ANSWER;
    if (rc == ERR_OK)
        rc = read_hash(value_member(reply->result, "hash"), out->hash);
    if (rc == ERR_OK)
        rc = read_hash(value_member(reply->result, "parentHash"), out->parent);
    if (rc == ERR_OK)
        rc = read_quantity(value_member(reply->result, "baseFeePerGas"), DECIMAL_MAX,
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
    enum err rc = read_address(to, &out->to);
    if (rc == ERR_OK)
        rc = read_address(value_member(value, "from"), &out->from);
    if (rc == ERR_OK)
        rc = read_hash(value_member(value, "hash"), out->hash);
    if (rc == ERR_OK)
        rc = read_quantity(value_member(value, "value"), DECIMAL_MAX, &out->value);
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

enum err ethereum_nonce(const struct rpc_node *node, const struct ethereum_address *account,
                        bool pending, uint64_t *out)
{
    struct text text = TEXT(256);
    struct writer params = rpc_params(&text);

    put_address(&params, NULL, account);
    writer_text(&params, NULL, pending ? "pending" : "latest");
    writer_end(&params);
    enum err rc = ask_u64(node, "eth_getTransactionCount", &text, out);
    text_free(&text);
    return rc;
}

enum err ethereum_balance(const struct rpc_node *node, const struct ethereum_address *account,
                          uint64_t block, __int128 *out)
{
    struct text text = TEXT(256);
    struct writer params = rpc_params(&text);

    put_address(&params, NULL, account);
    put_quantity(&params, NULL, block);
    writer_end(&params);
    enum err rc = ask_quantity(node, "eth_getBalance", &text, out);
    text_free(&text);
    return rc;
}

enum err ethereum_has_code(const struct rpc_node *node, const struct ethereum_address *address,
                           bool *out)
{
    struct text text = TEXT(256);
    struct writer params = rpc_params(&text);
    struct rpc_reply reply;

    put_address(&params, NULL, address);
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

enum err ethereum_call(const struct rpc_node *node, const struct ethereum_address *from,
                       const struct ethereum_address *to, struct bytes data,
                       uint8_t out[ETHEREUM_RETURNED_MAX], size_t *len)
{
    struct text text = TEXT(DATA_TEXT_MAX);
    struct writer params = rpc_params(&text);
    struct rpc_reply reply;

    put_call(&params, from, to, 0, data);
    writer_text(&params, NULL, "latest");
    writer_end(&params);
    enum err rc = ask_trial(node, "eth_call", &text, &reply);
    if (rc == ERR_OK && reply.result->type != VALUE_TEXT)
        rc = ERR_NO_ANSWER;
    if (rc == ERR_OK)
        rc = ethereum_data_parse(reply.result->text, reply.result->len, out, ETHEREUM_RETURNED_MAX,
                                 len);
    rpc_reply_free(&reply);
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
        rc = read_u64(reply.result, out);
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
    return read_hash(result, taken) == ERR_OK && memcmp(taken, hash, sizeof(taken)) == 0
               ? NODE_KNOWN
               : NODE_UNKNOWN;
}

enum err ethereum_send(const struct rpc_node *node, struct bytes raw,
                       const uint8_t hash[ETHEREUM_HASH_SIZE], enum node_answer *out)
{
    struct text text = TEXT(DATA_TEXT_MAX);
    struct writer params = rpc_params(&text);
    struct rpc_reply reply;

    put_data(&params, NULL, raw);
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

    enum err rc = read_u64(value_member(value, "status"), &status);
    if (rc == ERR_OK)
        rc = read_u64(value_member(value, "blockNumber"), &out->block);
    if (rc == ERR_OK)
        rc = read_hash(value_member(value, "blockHash"), out->block_hash);
    if (rc == ERR_OK)
        rc = read_u64(value_member(value, "gasUsed"), &gas);
    if (rc == ERR_OK)
        rc = read_quantity(value_member(value, "effectiveGasPrice"), DECIMAL_MAX, &price);
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

    put_data(&params, NULL, (struct bytes){hash, ETHEREUM_HASH_SIZE});
    writer_end(&params);
    enum err rc = rpc_read(node, "eth_getTransactionReceipt", &text, &reply);
    if (rc == ERR_OK)
        rc = reply.result->type == VALUE_NULL ? ERR_NOT_FOUND : read_receipt(reply.result, out);
    rpc_reply_free(&reply);
    text_free(&text);
    return rc;
}

/* --- events ------------------------------------------------------------------------------------- */

static void put_search(struct writer *params, const struct ethereum_search *search)
{
    uint8_t topic[ERC20_WORD_SIZE];

    writer_object(params, NULL);
    put_quantity(params, "fromBlock", search->first);
    put_quantity(params, "toBlock", search->last);
    writer_list(params, "address");
    for (size_t i = 0; i < search->token_count; i++)
        put_address(params, NULL, &search->tokens[i]);
    writer_end(params);
    writer_list(params, "topics");
    writer_text(params, NULL, ERC20_TRANSFER_TOPIC);
    writer_null(params, NULL);
    writer_list(params, NULL);
    for (size_t i = 0; i < search->payee_count; i++) {
        erc20_address_topic(&search->payees[i], topic);
        put_data(params, NULL, (struct bytes){topic, sizeof(topic)});
    }
    writer_end(params);
    writer_end(params);
    writer_end(params);
    writer_end(params);
}

/* The words of an event, one behind the other; what has more or fewer topics is none of ours. */
static bool read_transfer(const struct value *log, struct erc20_transfer *out)
{
    uint8_t topics[3 * ERC20_WORD_SIZE], data[ERC20_WORD_SIZE];
    const struct value *list = value_member(log, "topics"), *text = value_member(log, "data");
    size_t len, count = 0;

    if (list == NULL || list->type != VALUE_LIST || list->count != 3 || text == NULL ||
        ethereum_data_parse(text->text, text->len, data, sizeof(data), &len) != ERR_OK)
        return false;
    for (const struct value *topic = list->first; topic != NULL; topic = topic->next)
        if (read_hash(topic, topics + ERC20_WORD_SIZE * count++) != ERR_OK)
            return false;
    return erc20_transfer_read((struct bytes){topics, sizeof(topics)}, (struct bytes){data, len},
                               out);
}

static enum err read_log(const struct value *value, struct ethereum_log *out)
{
    enum err rc = read_address(value_member(value, "address"), &out->token);
    if (rc == ERR_OK)
        rc = read_u64(value_member(value, "blockNumber"), &out->block);
    if (rc == ERR_OK)
        rc = read_hash(value_member(value, "blockHash"), out->block_hash);
    if (rc == ERR_OK)
        rc = read_hash(value_member(value, "transactionHash"), out->tx);
    if (rc == ERR_OK)
        rc = read_u64(value_member(value, "logIndex"), &out->index);
    return rc;
}

/* True where a reorganisation has taken the event back. */
static bool is_removed(const struct value *log)
{
    const struct value *removed = value_member(log, "removed");
    return removed != NULL && strcmp(removed->text, "true") == 0;
}

enum err ethereum_payments(const struct rpc_node *node, const struct ethereum_search *search,
                           enum err (*each)(void *arg, const struct ethereum_log *log), void *arg)
{
    struct text text = TEXT(RPC_ANSWER_MAX);
    struct writer params = rpc_params(&text);
    struct rpc_reply reply;

    if (search->token_count == 0 || search->payee_count == 0)
        return ERR_INVALID;
    put_search(&params, search);
    enum err rc = rpc_read(node, "eth_getLogs", &text, &reply);
    if (rc == ERR_OK && reply.result->type != VALUE_LIST)
        rc = ERR_NO_ANSWER;
    const struct value *value = rc == ERR_OK ? reply.result->first : NULL;
    for (; rc == ERR_OK && value != NULL; value = value->next) {
        struct ethereum_log log;
        if (is_removed(value) || !read_transfer(value, &log.transfer))
            continue;
        rc = read_log(value, &log);
        if (rc == ERR_OK)
            rc = each(arg, &log);
    }
    rpc_reply_free(&reply);
    text_free(&text);
    return rc;
}
