/* pay: makes a payment as the house does, from coins and a fee to bytes that are signed, over the signer's
 * socket, and prints "RAW ID".
 *   usage: pay SOCKET xpub ACCOUNT
 *          pay SOCKET ethereum PATH SENDER CHAIN_ID NONCE TO WEI
 *          pay SOCKET bitcoin RATE FEE_MAX TO SATOSHIS CHANGE_PATH CHANGE PATH:INDEX:PREVIOUS...
 * Addresses of Bitcoin are those of regtest. An error is printed as "error ID", with exit status 1. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/encode.h"
#include "chain/bitcoin_plan.h"
#include "crypto/crypto.h"
#include "net/signer.h"

#define COINS_MAX 16
#define GWEI 1000000000

static int usage(void)
{
    fputs("usage: see the head of tests/support/pay.c\n", stderr);
    return 2;
}

static int64_t number(const char *text)
{
    int64_t value = 0;
    if (!text_to_number(text, 0, INT64_MAX, &value))
        exit(usage());
    return value;
}

static struct ethereum_address ethereum(const char *text)
{
    struct ethereum_address address;
    if (ethereum_address_parse(text, strlen(text), &address) != ERR_OK)
        exit(usage());
    return address;
}

static struct bitcoin_script bitcoin(const char *text)
{
    struct bitcoin_script script = {.len = 0};
    enum bitcoin_kind kind;
    if (bitcoin_address_parse(BITCOIN_REGTEST, text, strlen(text), &kind, &script) != ERR_OK)
        exit(usage());
    return script;
}

static void print_hex(const void *data, size_t len, char end)
{
    struct text text = TEXT(1 << 20);
    text_hex(&text, data, len);
    printf("%s%c", text_string(&text), end);
    text_free(&text);
}

static enum err pay_ethereum(struct signer_client *client, char **words)
{
    struct ethereum_address sender = ethereum(words[1]);
    struct ethereum_tx tx = {.type = ETHEREUM_TX_1559,
                             .chain_id = (uint64_t)number(words[2]),
                             .nonce = (uint64_t)number(words[3]),
                             .max_fee = 3 * (__int128)GWEI,
                             .tip = GWEI,
                             .gas = 21000,
                             .to = ethereum(words[4]),
                             .value = number(words[5])};
    struct text raw = TEXT(ETHEREUM_TX_MAX);
    uint8_t hash[KECCAK256_SIZE];

    enum err rc = signer_ethereum(client, words[0], &sender, &tx, NULL, &raw, hash);
    if (rc == ERR_OK) {
        print_hex(raw.data, raw.len, ' ');
        print_hex(hash, sizeof(hash), '\n');
    }
    text_free(&raw);
    return rc;
}

/* Coins, and what the signer needs to know of them. */
struct purse {
    struct arena arena;
    struct bitcoin_coin coins[COINS_MAX];
    const char *paths[COINS_MAX];
    struct bytes previous[COINS_MAX];
    size_t count;
};

/* Reads PATH:INDEX:PREVIOUS. */
static void add_coin(struct purse *purse, char *text)
{
    struct bitcoin_coin *coin = &purse->coins[purse->count];
    struct bitcoin_tx tx;

    purse->paths[purse->count] = strsep(&text, ":");
    coin->index = (uint32_t)number(text != NULL ? strsep(&text, ":") : "");
    size_t len = text != NULL ? strlen(text) / 2 : 0;
    uint8_t *raw = arena_alloc(&purse->arena, len + 1);
    if (raw == NULL || text == NULL || !hex_decode(text, strlen(text), raw, len))
        exit(usage());
    purse->previous[purse->count] = (struct bytes){raw, len};
    if (bitcoin_tx_read(purse->previous[purse->count], &purse->arena, &tx) != ERR_OK ||
        bitcoin_tx_id(&tx, coin->id) != ERR_OK || coin->index >= tx.output_count)
        exit(usage());
    coin->value = tx.outputs[coin->index].value;
    coin->kind = bitcoin_script_kind(tx.outputs[coin->index].script);
    purse->count++;
}

/* Paths and transactions of the coins that a plan has chosen. */
static void list_chosen(const struct purse *purse, const struct bitcoin_plan *plan,
                        const char *paths[COINS_MAX], struct bytes previous[COINS_MAX])
{
    for (size_t i = 0; i < plan->coin_count; i++)
        for (size_t j = 0; j < purse->count; j++)
            if (memcmp(plan->coins[i].id, purse->coins[j].id, BITCOIN_ID_SIZE) == 0) {
                paths[i] = purse->paths[j];
                previous[i] = purse->previous[j];
            }
}

static enum err pay_bitcoin(struct signer_client *client, char **words, int count)
{
    static struct purse purse;
    struct bitcoin_script to = bitcoin(words[2]), change = bitcoin(words[5]);
    struct bitcoin_output output = {number(words[3]), bitcoin_script_bytes(&to)};
    struct bitcoin_order order = {&output, 1, bitcoin_script_bytes(&change), number(words[0]),
                                  number(words[1])};
    struct signer_change back = {1, words[4]};
    const char *paths[COINS_MAX];
    struct bytes previous[COINS_MAX];
    struct text raw = TEXT(1 << 20);
    uint8_t id[BITCOIN_ID_SIZE];
    char id_text[BITCOIN_ID_TEXT_SIZE];
    struct bitcoin_plan plan;
    struct bitcoin_tx tx;

    for (int i = 6; i < count && purse.count < COINS_MAX; i++)
        add_coin(&purse, words[i]);
    enum err rc = bitcoin_plan_make(&order, purse.coins, purse.count, &purse.arena, &plan);
    if (rc == ERR_OK)
        rc = bitcoin_plan_build(&order, &plan, &purse.arena, &tx);
    if (rc == ERR_OK) {
        list_chosen(&purse, &plan, paths, previous);
        const struct signer_coins coins = {paths, previous, plan.coin_count, &back,
                                           plan.change > 0 ? 1 : 0};
        rc = signer_bitcoin(client, &tx, &coins, &raw, id);
    }
    if (rc == ERR_OK) {
        print_hex(raw.data, raw.len, ' ');
        bitcoin_id_format(id, id_text);
        printf("%s\n", id_text);
    }
    text_free(&raw);
    arena_free(&purse.arena);
    return rc;
}

static enum err show_xpub(struct signer_client *client, const char *account)
{
    char xpub[BASE58_TEXT_SIZE];
    enum err rc = signer_xpub(client, account, xpub);
    if (rc == ERR_OK)
        puts(xpub);
    return rc;
}

int main(int argc, char **argv)
{
    struct signer_client *client;

    if (argc < 4 || crypto_start() != ERR_OK)
        return usage();
    enum err rc = signer_client_open(argv[1], &client);
    if (rc == ERR_OK && strcmp(argv[2], "xpub") == 0 && argc == 4)
        rc = show_xpub(client, argv[3]);
    else if (rc == ERR_OK && strcmp(argv[2], "ethereum") == 0 && argc == 9)
        rc = pay_ethereum(client, argv + 3);
    else if (rc == ERR_OK && strcmp(argv[2], "bitcoin") == 0 && argc >= 10)
        rc = pay_bitcoin(client, argv + 3, argc - 3);
    else if (rc == ERR_OK)
        rc = ERR_MALFORMED;
    if (rc != ERR_OK)
        printf("error %s\n", err_id(rc));
    signer_client_close(client);
    return rc == ERR_OK ? 0 : 1;
}
