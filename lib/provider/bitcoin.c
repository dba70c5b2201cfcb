/* The calls of a node of Bitcoin, and its answers read strictly. */
#include "provider/bitcoin.h"

#include <string.h>

#include "base/encode.h"
#include "base/log.h"
#include "money/decimal.h"

#define BITCOIN_SCALE 8 /* decimals of its amounts in JSON */

static void put_id(struct writer *params, const uint8_t id[BITCOIN_ID_SIZE])
{
    char text[BITCOIN_ID_TEXT_SIZE];
    bitcoin_id_format(id, text);
    writer_text(params, NULL, text);
}

static enum err read_id(const struct value *value, uint8_t out[BITCOIN_ID_SIZE])
{
    return value->type == VALUE_TEXT && bitcoin_id_parse(value->text, value->len, out)
               ? ERR_OK
               : ERR_NO_ANSWER;
}

/* Adds bytes that are written in hexadecimal. */
static enum err add_hex(const struct value *value, struct text *out)
{
    if (value->type != VALUE_TEXT || value->len == 0 || value->len % 2 != 0)
        return ERR_NO_ANSWER;
    char *room = text_extend(out, value->len / 2);
    if (room == NULL)
        return ERR_NO_MEMORY;
    return hex_decode(value->text, value->len, room, value->len / 2) ? ERR_OK : ERR_NO_ANSWER;
}

/* As rpc_read, but a refusal says that there is no such thing: nodes disagree about the code. */
static enum err look_up(const struct rpc_node *node, const char *method, const struct text *params,
                        struct rpc_reply *reply)
{
    enum err rc = rpc_call(node, method, params, reply);

    if (rc != ERR_OK || reply->outcome == RPC_ANSWERED)
        return rc;
    return reply->outcome == RPC_REFUSED ? ERR_NOT_FOUND : ERR_NO_ANSWER;
}

enum err bitcoin_height(const struct rpc_node *node, uint32_t *out)
{
    struct rpc_reply reply;
    int64_t height;
    enum err rc = rpc_read(node, "getblockcount", NULL, &reply);

    if (rc == ERR_OK && (reply.result->type != VALUE_NUMBER ||
                         !text_to_number(reply.result->text, 0, UINT32_MAX, &height)))
        rc = ERR_NO_ANSWER;
    if (rc == ERR_OK)
        *out = (uint32_t)height;
    rpc_reply_free(&reply);
    return rc;
}

enum err bitcoin_block_id(const struct rpc_node *node, uint32_t height,
                          uint8_t out[BITCOIN_ID_SIZE])
{
    struct text text = TEXT(64);
    struct writer params = rpc_params(&text);
    struct rpc_reply reply;

    writer_int(&params, NULL, height);
    writer_end(&params);
    enum err rc = look_up(node, "getblockhash", &text, &reply);
    if (rc == ERR_OK)
        rc = read_id(reply.result, out);
    rpc_reply_free(&reply);
    text_free(&text);
    return rc;
}

enum err bitcoin_block(const struct rpc_node *node, const uint8_t id[BITCOIN_ID_SIZE],
                       struct text *out)
{
    struct text text = TEXT(128);
    struct writer params = rpc_params(&text);
    struct rpc_reply reply;

    put_id(&params, id);
    writer_int(&params, NULL, 0);
    writer_end(&params);
    enum err rc = look_up(node, "getblock", &text, &reply);
    if (rc == ERR_OK)
        rc = add_hex(reply.result, out);
    rpc_reply_free(&reply);
    text_free(&text);
    return rc;
}

enum err bitcoin_raw_tx(const struct rpc_node *node, const uint8_t id[BITCOIN_ID_SIZE],
                        struct text *out)
{
    struct text text = TEXT(128);
    struct writer params = rpc_params(&text);
    struct rpc_reply reply;

    put_id(&params, id);
    writer_end(&params);
    enum err rc = look_up(node, "getrawtransaction", &text, &reply);
    if (rc == ERR_OK)
        rc = add_hex(reply.result, out);
    rpc_reply_free(&reply);
    text_free(&text);
    return rc;
}

enum err bitcoin_pool(const struct rpc_node *node,
                      enum err (*each)(void *arg, const uint8_t id[BITCOIN_ID_SIZE]), void *arg)
{
    uint8_t id[BITCOIN_ID_SIZE];
    struct rpc_reply reply;
    enum err rc = rpc_read(node, "getrawmempool", NULL, &reply);

    if (rc == ERR_OK && reply.result->type != VALUE_LIST)
        rc = ERR_NO_ANSWER;
    const struct value *value = rc == ERR_OK ? reply.result->first : NULL;
    for (; rc == ERR_OK && value != NULL; value = value->next) {
        rc = read_id(value, id);
        if (rc == ERR_OK)
            rc = each(arg, id);
    }
    rpc_reply_free(&reply);
    return rc;
}

/* An amount in bitcoins as text, exactly. */
static enum err read_bitcoins(const struct value *value, int64_t *out)
{
    __int128 coefficient;
    unsigned scale;

    if (value->type != VALUE_NUMBER ||
        decimal_parse(value->text, value->len, BITCOIN_SCALE, &coefficient, &scale) != ERR_OK ||
        scale > BITCOIN_SCALE || coefficient > BITCOIN_MONEY_MAX)
        return ERR_NO_ANSWER;
    coefficient *= decimal_power(BITCOIN_SCALE - scale);
    if (coefficient > BITCOIN_MONEY_MAX)
        return ERR_NO_ANSWER;
    *out = (int64_t)coefficient;
    return ERR_OK;
}

/* Bitcoins per 1,000 vbytes; -1 and nothing at all are "not known". */
static enum err read_rate(const struct value *result, int64_t *out)
{
    const struct value *rate = value_member(result, "feerate");

    if (rate == NULL) /* bcoin's name */
        rate = value_member(result, "fee");
    if (rate == NULL || rate->type != VALUE_NUMBER || rate->text[0] == '-')
        return ERR_NOT_FOUND;
    return read_bitcoins(rate, out);
}

enum err bitcoin_unspent(const struct rpc_node *node, const uint8_t id[BITCOIN_ID_SIZE],
                         uint32_t output, int64_t *out)
{
    struct text text = TEXT(128);
    struct writer params = rpc_params(&text);
    struct rpc_reply reply;

    put_id(&params, id);
    writer_int(&params, NULL, output);
    writer_bool(&params, NULL, false); /* what waits to spend it does not count */
    writer_end(&params);
    enum err rc = rpc_read(node, "gettxout", &text, &reply);
    if (rc == ERR_OK && reply.result->type == VALUE_NULL)
        rc = ERR_NOT_FOUND;
    const struct value *value = rc == ERR_OK ? value_member(reply.result, "value") : NULL;
    if (rc == ERR_OK)
        rc = value == NULL ? ERR_NO_ANSWER : read_bitcoins(value, out);
    rpc_reply_free(&reply);
    text_free(&text);
    return rc;
}

enum err bitcoin_fee_rate(const struct rpc_node *node, unsigned blocks, int64_t *out)
{
    struct text text = TEXT(64);
    struct writer params = rpc_params(&text);
    struct rpc_reply reply;

    writer_int(&params, NULL, blocks);
    writer_end(&params);
    enum err rc = rpc_read(node, "estimatesmartfee", &text, &reply);
    if (rc == ERR_OK)
        rc = read_rate(reply.result, out);
    rpc_reply_free(&reply);
    text_free(&text);
    return rc;
}

enum err bitcoin_send(const struct rpc_node *node, struct bytes raw,
                      const uint8_t id[BITCOIN_ID_SIZE], enum node_answer *out)
{
    struct text text = TEXT(2 * BITCOIN_BLOCK_MAX), hex = TEXT(2 * BITCOIN_BLOCK_MAX);
    struct writer params = rpc_params(&text);
    uint8_t taken[BITCOIN_ID_SIZE];
    struct rpc_reply reply;

    text_hex(&hex, raw.data, raw.len);
    writer_text(&params, NULL, text_string(&hex));
    writer_end(&params);
    enum err rc = rpc_call(node, "sendrawtransaction", &text, &reply);
    *out = NODE_UNKNOWN;
    if (reply.outcome == RPC_ANSWERED && read_id(reply.result, taken) == ERR_OK &&
        memcmp(taken, id, sizeof(taken)) == 0)
        *out = NODE_KNOWN;
    if (reply.outcome == RPC_REFUSED) {
        *out = bitcoin_answer(reply.code, reply.message);
        log_line(LOG_LEVEL_WARNING, "send_refused", "code=%d message=\"%s\"", reply.code,
                 reply.message);
    }
    rpc_reply_free(&reply);
    text_free(&text);
    text_free(&hex);
    return rc;
}
