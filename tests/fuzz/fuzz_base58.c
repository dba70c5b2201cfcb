/* Base58Check, and the keys and paths of BIP-32 that are written in it: one spelling for each value. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "chain/hd_key.h"
#include "crypto/crypto.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds)
        abort();
}

static void must_be(const char *text, const uint8_t *data, size_t size)
{
    must(strlen(text) == size && memcmp(text, data, size) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    uint8_t *value = malloc(BASE58_MAX); /* on the heap, so that one byte too many is seen */
    char again[BASE58_TEXT_SIZE], path_again[HD_PATH_SIZE];
    enum hd_network network;
    struct hd_key key;
    struct hd_path path;
    size_t len;

    must(value != NULL && crypto_start() == ERR_OK);
    enum err rc = base58_decode(text, size, value, &len);
    if (rc == ERR_OK) {
        must(len <= BASE58_MAX);
        base58_encode(value, len, again);
        must_be(again, data, size);
    } else {
        must(rc == ERR_INVALID || rc == ERR_CHECKSUM);
    }
    if (hd_parse(text, size, &network, &key) == ERR_OK) {
        hd_format(&key, network, again);
        must_be(again, data, size);
    }
    if (hd_path_parse(text, size, &path)) {
        hd_path_format(&path, path_again);
        must_be(path_again, data, size);
    }
    free(value);
    return 0;
}
