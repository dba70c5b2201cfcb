/* Ethereum's values in JSON, and the search for events. */
#include "provider/ethereum_json.h"

#include <string.h>

#include "chain/ethereum_hex.h"

/* --- parameters --------------------------------------------------------------------------------- */

void ethereum_json_put_quantity(struct writer *params, const char *key, __int128 value)
{
    char text[ETHEREUM_QUANTITY_SIZE];
    ethereum_quantity_format(value, text);
    writer_text(params, key, text);
}

void ethereum_json_put_data(struct writer *params, const char *key, struct bytes data)
{
    struct text text = TEXT(ETHEREUM_DATA_TEXT_MAX);
    ethereum_data_add(&text, data);
    if (text.full)
        params->out->full = true;
    writer_text(params, key, text_string(&text));
    text_free(&text);
}

void ethereum_json_put_address(struct writer *params, const char *key,
                               const struct ethereum_address *address)
{
    ethereum_json_put_data(params, key, (struct bytes){address->bytes, sizeof(address->bytes)});
}

/* --- answers ------------------------------------------------------------------------------------ */

enum err ethereum_json_read_quantity(const struct value *value, __int128 most, __int128 *out)
{
    return value != NULL && value->type == VALUE_TEXT &&
                   ethereum_quantity_parse(value->text, value->len, most, out) == ERR_OK
               ? ERR_OK
               : ERR_NO_ANSWER;
}

enum err ethereum_json_read_u64(const struct value *value, uint64_t *out)
{
    __int128 number;
    enum err rc = ethereum_json_read_quantity(value, UINT64_MAX, &number);

    if (rc == ERR_OK)
        *out = (uint64_t)number;
    return rc;
}

enum err ethereum_json_read_hash(const struct value *value, uint8_t out[ETHEREUM_HASH_SIZE])
{
    size_t len;
    return value != NULL && value->type == VALUE_TEXT &&
                   ethereum_data_parse(value->text, value->len, out, ETHEREUM_HASH_SIZE, &len) ==
                       ERR_OK &&
                   len == ETHEREUM_HASH_SIZE
               ? ERR_OK
               : ERR_NO_ANSWER;
}

enum err ethereum_json_read_address(const struct value *value, struct ethereum_address *out)
{
    size_t len;
    return value != NULL && value->type == VALUE_TEXT &&
                   ethereum_data_parse(value->text, value->len, out->bytes, sizeof(out->bytes),
                                       &len) == ERR_OK &&
                   len == sizeof(out->bytes)
               ? ERR_OK
               : ERR_NO_ANSWER;
}

/* --- events ------------------------------------------------------------------------------------- */

static void put_search(struct writer *params, const struct ethereum_search *search)
{
    uint8_t topic[ERC20_WORD_SIZE];

    writer_object(params, NULL);
    ethereum_json_put_quantity(params, "fromBlock", search->first);
    ethereum_json_put_quantity(params, "toBlock", search->last);
    writer_list(params, "address");
    for (size_t i = 0; i < search->token_count; i++)
        ethereum_json_put_address(params, NULL, &search->tokens[i]);
    writer_end(params);
    writer_list(params, "topics");
    writer_text(params, NULL, ERC20_TRANSFER_TOPIC);
    writer_null(params, NULL);
    writer_list(params, NULL);
    for (size_t i = 0; i < search->payee_count; i++) {
        erc20_address_topic(&search->payees[i], topic);
        ethereum_json_put_data(params, NULL, (struct bytes){topic, sizeof(topic)});
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
        if (ethereum_json_read_hash(topic, topics + ERC20_WORD_SIZE * count++) != ERR_OK)
            return false;
    return erc20_transfer_read((struct bytes){topics, sizeof(topics)}, (struct bytes){data, len},
                               out);
}

static enum err read_log(const struct value *value, struct ethereum_log *out)
{
    enum err rc = ethereum_json_read_address(value_member(value, "address"), &out->token);
    if (rc == ERR_OK)
        rc = ethereum_json_read_u64(value_member(value, "blockNumber"), &out->block);
    if (rc == ERR_OK)
        rc = ethereum_json_read_hash(value_member(value, "blockHash"), out->block_hash);
    if (rc == ERR_OK)
        rc = ethereum_json_read_hash(value_member(value, "transactionHash"), out->tx);
    if (rc == ERR_OK)
        rc = ethereum_json_read_u64(value_member(value, "logIndex"), &out->index);
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
