/* node: asks a chain's node through lib/provider, and prints what it says as words.
 *   usage: node URL AUTHORIZATION|- ethereum facts ADDRESS BLOCK | send RAW HASH | receipt HASH
 *                                   | estimate FROM TO DATA | call FROM TO DATA | transfers BLOCK
 *                                   | payments FIRST LAST TOKEN PAYEE
 *          node URL AUTHORIZATION|- bitcoin facts HEIGHT | raw ID | send RAW ID
 * An error is printed as "error ID", with exit status 1. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/encode.h"
#include "chain/ethereum_hex.h"
#include "crypto/crypto.h"
#include "money/decimal.h"
#include "provider/bitcoin.h"
#include "provider/ethereum.h"

#define RAW_MAX (1 << 20)

static uint8_t raw[RAW_MAX];

static const char *const answers[] = {
    [NODE_KNOWN] = "known", [NODE_SPENT] = "spent",     [NODE_CHEAP] = "cheap",
    [NODE_FUNDS] = "funds", [NODE_REFUSED] = "refused", [NODE_UNKNOWN] = "unknown",
};

static _Noreturn void usage(void)
{
    fputs("usage: see the head of tests/support/node.c\n", stderr);
    exit(2);
}

static struct bytes bytes_of(const char *text)
{
    size_t len = strlen(text) / 2;
    if (len > RAW_MAX || !hex_decode(text, strlen(text), raw, len))
        usage();
    return (struct bytes){raw, len};
}

static struct ethereum_address address_of(const char *text)
{
    struct ethereum_address address;
    if (ethereum_address_parse(text, strlen(text), &address) != ERR_OK)
        usage();
    return address;
}

static void hash_of(const char *text, uint8_t out[32])
{
    if (!hex_decode(text, strlen(text), out, 32))
        usage();
}

static void id_of(const char *text, uint8_t out[BITCOIN_ID_SIZE])
{
    if (!bitcoin_id_parse(text, strlen(text), out))
        usage();
}

static void print_hex(const void *data, size_t len)
{
    struct text text = TEXT(2 * RAW_MAX);
    text_hex(&text, data, len);
    printf(" %s", text_string(&text));
    text_free(&text);
}

static void print_number(__int128 value)
{
    char text[DECIMAL_TEXT_SIZE];
    int128_format(value, text);
    printf(" %s", text);
}

/* --- Ethereum ----------------------------------------------------------------------------------- */

static enum err ethereum_facts(const struct rpc_node *node, char **words)
{
    struct ethereum_address account = address_of(words[0]);
    struct ethereum_block block = {0};
    uint64_t chain = 0, height = 0, nonce = 0, number = strtoull(words[1], NULL, 10);
    __int128 tip = 0, balance = 0;
    bool code = false;

    enum err rc = ethereum_chain_id(node, &chain);
    if (rc == ERR_OK)
        rc = ethereum_height(node, &height);
    if (rc == ERR_OK)
        rc = ethereum_tip(node, &tip);
    if (rc == ERR_OK)
        rc = ethereum_nonce(node, &account, true, &nonce);
    if (rc == ERR_OK)
        rc = ethereum_has_code(node, &account, &code);
    if (rc == ERR_OK)
        rc = ethereum_block(node, number, &block);
    if (rc == ERR_OK)
        rc = ethereum_balance(node, &account, number, &balance);
    if (rc != ERR_OK)
        return rc;
    printf("%" PRIu64 " %" PRIu64 " %" PRIu64 " %s", chain, height, nonce, code ? "code" : "plain");
    print_number(tip);
    print_number(balance);
    print_hex(block.hash, sizeof(block.hash));
    print_hex(block.parent, sizeof(block.parent));
    print_number(block.base_fee);
    return ERR_OK;
}

static enum err ethereum_sent(const struct rpc_node *node, char **words)
{
    uint8_t hash[32];
    enum node_answer answer;

    hash_of(words[1], hash);
    enum err rc = ethereum_send(node, bytes_of(words[0]), hash, &answer);
    if (rc == ERR_OK)
        fputs(answers[answer], stdout);
    return rc;
}

static enum err ethereum_became(const struct rpc_node *node, char **words)
{
    struct ethereum_receipt receipt = {0};
    uint8_t hash[32];

    hash_of(words[0], hash);
    enum err rc = ethereum_receipt(node, hash, &receipt);
    if (rc != ERR_OK)
        return rc;
    printf("%s %" PRIu64, receipt.succeeded ? "succeeded" : "failed", receipt.block);
    print_hex(receipt.block_hash, sizeof(receipt.block_hash));
    print_number(receipt.fee);
    return ERR_OK;
}

static enum err ethereum_tried(const struct rpc_node *node, char **words, bool call)
{
    struct ethereum_address from = address_of(words[0]), to = address_of(words[1]);
    uint8_t returned[ETHEREUM_RETURNED_MAX];
    uint64_t gas = 0;
    size_t len = 0;

    enum err rc = call ? ethereum_call(node, &from, &to, bytes_of(words[2]), returned, &len)
                       : ethereum_estimate(node, &from, &to, 0, bytes_of(words[2]), &gas);
    if (rc == ERR_OK && call)
        print_hex(returned, len);
    else if (rc == ERR_OK)
        printf("%" PRIu64, gas);
    return rc;
}

static enum err print_transfer(void *arg, const struct ethereum_transfer *transfer)
{
    (void)arg;
    print_hex(transfer->hash, sizeof(transfer->hash));
    print_hex(transfer->from.bytes, sizeof(transfer->from.bytes));
    print_hex(transfer->to.bytes, sizeof(transfer->to.bytes));
    print_number(transfer->value);
    return ERR_OK;
}

static enum err ethereum_transferred(const struct rpc_node *node, char **words)
{
    struct ethereum_block block = {0};
    return ethereum_transfers(node, strtoull(words[0], NULL, 10), &block, print_transfer, NULL);
}

static enum err print_payment(void *arg, const struct ethereum_log *log)
{
    (void)arg;
    printf("%" PRIu64 " %" PRIu64, log->block, log->index);
    print_hex(log->tx, sizeof(log->tx));
    print_hex(log->token.bytes, sizeof(log->token.bytes));
    print_hex(log->transfer.from.bytes, sizeof(log->transfer.from.bytes));
    print_hex(log->transfer.to.bytes, sizeof(log->transfer.to.bytes));
    print_number(log->transfer.units);
    putchar(' ');
    return ERR_OK;
}

static enum err ethereum_paid(const struct rpc_node *node, char **words)
{
    struct ethereum_address token = address_of(words[2]), payee = address_of(words[3]);
    const struct ethereum_search search = {.first = strtoull(words[0], NULL, 10),
                                           .last = strtoull(words[1], NULL, 10),
                                           .tokens = &token,
                                           .payees = &payee,
                                           .token_count = 1,
                                           .payee_count = 1};
    return ethereum_payments(node, &search, print_payment, NULL);
}

static enum err ethereum_asked(const struct rpc_node *node, const char *what, char **words,
                               int count)
{
    if (strcmp(what, "facts") == 0 && count == 2)
        return ethereum_facts(node, words);
    if (strcmp(what, "send") == 0 && count == 2)
        return ethereum_sent(node, words);
    if (strcmp(what, "receipt") == 0 && count == 1)
        return ethereum_became(node, words);
    if (strcmp(what, "transfers") == 0 && count == 1)
        return ethereum_transferred(node, words);
    if (strcmp(what, "payments") == 0 && count == 4)
        return ethereum_paid(node, words);
    if ((strcmp(what, "call") == 0 || strcmp(what, "estimate") == 0) && count == 3)
        return ethereum_tried(node, words, what[0] == 'c');
    usage();
}

/* --- Bitcoin ------------------------------------------------------------------------------------ */

static enum err print_waiting(void *arg, const uint8_t id[BITCOIN_ID_SIZE])
{
    char text[BITCOIN_ID_TEXT_SIZE];

    (void)arg;
    bitcoin_id_format(id, text);
    printf(" %s", text);
    return ERR_OK;
}

/* The ids of a block's transactions, reckoned from its bytes. */
static enum err print_block(const struct text *bytes, const uint8_t id[BITCOIN_ID_SIZE])
{
    struct bytes in = {(const uint8_t *)bytes->data, bytes->len};
    struct arena arena = {0};
    struct bitcoin_block block = {.tx_count = 0};
    struct bitcoin_tx tx;
    uint8_t tx_id[BITCOIN_ID_SIZE];

    enum err rc = bitcoin_block_take(&in, &block);
    if (rc == ERR_OK && memcmp(block.id, id, sizeof(block.id)) != 0)
        rc = ERR_INTERNAL;
    for (uint64_t i = 0; rc == ERR_OK && i < block.tx_count; i++) {
        rc = bitcoin_tx_take(&in, &arena, &tx);
        if (rc == ERR_OK)
            rc = bitcoin_tx_id(&tx, tx_id);
        if (rc == ERR_OK)
            rc = print_waiting(NULL, tx_id);
    }
    arena_free(&arena);
    return rc == ERR_OK && in.len > 0 ? ERR_INTERNAL : rc;
}

static enum err bitcoin_facts(const struct rpc_node *node, char **words)
{
    struct text bytes = TEXT(BITCOIN_BLOCK_MAX);
    uint8_t id[BITCOIN_ID_SIZE];
    uint32_t height = 0;
    int64_t rate = 0;

    enum err rc = bitcoin_height(node, &height);
    if (rc == ERR_OK)
        rc = bitcoin_block_id(node, (uint32_t)strtoul(words[0], NULL, 10), id);
    if (rc == ERR_OK)
        rc = bitcoin_block(node, id, &bytes);
    if (rc == ERR_OK) {
        printf("%" PRIu32, height);
        print_waiting(NULL, id);
        rc = print_block(&bytes, id);
    }
    if (rc == ERR_OK) {
        fputs(" |", stdout);
        rc = bitcoin_pool(node, print_waiting, NULL);
    }
    if (rc == ERR_OK) {
        rc = bitcoin_fee_rate(node, 6, &rate);
        printf(" | %s", rc == ERR_NOT_FOUND ? "unknown" : "");
        rc = rc == ERR_NOT_FOUND ? ERR_OK : rc;
    }
    text_free(&bytes);
    return rc;
}

static enum err bitcoin_raw(const struct rpc_node *node, char **words)
{
    struct text bytes = TEXT(BITCOIN_BLOCK_MAX);
    uint8_t id[BITCOIN_ID_SIZE];

    id_of(words[0], id);
    enum err rc = bitcoin_raw_tx(node, id, &bytes);
    if (rc == ERR_OK)
        print_hex(bytes.data, bytes.len);
    text_free(&bytes);
    return rc;
}

static enum err bitcoin_sent(const struct rpc_node *node, char **words)
{
    uint8_t id[BITCOIN_ID_SIZE];
    enum node_answer answer;

    id_of(words[1], id);
    enum err rc = bitcoin_send(node, bytes_of(words[0]), id, &answer);
    if (rc == ERR_OK)
        fputs(answers[answer], stdout);
    return rc;
}

static enum err bitcoin_asked(const struct rpc_node *node, const char *what, char **words,
                              int count)
{
    if (strcmp(what, "facts") == 0 && count == 1)
        return bitcoin_facts(node, words);
    if (strcmp(what, "raw") == 0 && count == 1)
        return bitcoin_raw(node, words);
    if (strcmp(what, "send") == 0 && count == 2)
        return bitcoin_sent(node, words);
    usage();
}

int main(int argc, char **argv)
{
    const struct provider_config config = {.user_agent = "Teller", .connections = 1};
    struct provider_client *client;

    if (argc < 5 || crypto_start() != ERR_OK || provider_start(&config, &client) != ERR_OK)
        usage();
    const struct rpc_node node = {.client = client,
                                  .url = argv[1],
                                  .authorization = strcmp(argv[2], "-") == 0 ? NULL : argv[2],
                                  .timeout_ms = 10000};
    enum err rc = strcmp(argv[3], "ethereum") == 0
                      ? ethereum_asked(&node, argv[4], argv + 5, argc - 5)
                      : bitcoin_asked(&node, argv[4], argv + 5, argc - 5);
    if (rc != ERR_OK)
        printf("error %s", err_id(rc));
    putchar('\n');
    provider_stop(client);
    return rc == ERR_OK ? 0 : 1;
}
