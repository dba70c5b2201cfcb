/* Addresses of Bitcoin on each network, and Bech32 under them: what is read is written again as the same text
 * in lower case. */
#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "chain/bitcoin_address.h"
#include "crypto/crypto.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds)
        abort();
}

/* Base58 is told by its case; Bech32 is written in lower case. */
static void must_be(const char *text, const uint8_t *data, size_t size, bool any_case)
{
    must(strlen(text) == size);
    for (size_t i = 0; i < size; i++)
        must(text[i] == (any_case ? tolower(data[i]) : data[i]));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    char again[BITCOIN_ADDRESS_SIZE];
    struct bech32 value;

    must(crypto_start() == ERR_OK);
    if (bech32_decode(text, size, &value) == ERR_OK) {
        bech32_encode(&value, again);
        must_be(again, data, size, true);
    }
    for (int network = BITCOIN_MAIN; network <= BITCOIN_REGTEST; network++) {
        enum bitcoin_kind kind;
        struct bitcoin_script script;
        if (bitcoin_address_parse((enum bitcoin_network)network, text, size, &kind, &script) !=
            ERR_OK)
            continue;
        must(kind != BITCOIN_OTHER && script.len <= BITCOIN_SCRIPT_MAX);
        must(bitcoin_script_kind(bitcoin_script_bytes(&script)) == kind);
        must(bitcoin_address_format((enum bitcoin_network)network, bitcoin_script_bytes(&script),
                                    again));
        must_be(again, data, size, kind != BITCOIN_P2PKH && kind != BITCOIN_P2SH);
    }
    return 0;
}
