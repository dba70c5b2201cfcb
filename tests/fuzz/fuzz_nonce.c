/* Nonce and tonce: what is accepted has one way to be written, and reads back as the same. */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "identity/nonce.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char out[NONCE_TEXT_SIZE], again[NONCE_TEXT_SIZE];
    int64_t at_us;

    if (nonce_parse((const char *)data, size, out) == ERR_OK) {
        size_t len = strlen(out);
        must(len > 0 && len < sizeof(out) && strspn(out, "0123456789.") == len);
        must(out[0] != '.' && out[len - 1] != '.');
        must(out[0] != '0' || len == 1 || out[1] == '.');
        must(nonce_parse(out, len, again) == ERR_OK && strcmp(out, again) == 0);
    }
    if (nonce_parse_tonce((const char *)data, size, &at_us) == ERR_OK)
        must(at_us >= 0 && at_us <= INT64_C(999999999999999999));
    return 0;
}
