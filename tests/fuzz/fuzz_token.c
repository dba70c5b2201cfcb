/* Tokens of the viewer API: what is accepted lies inside the input, in its bounds, and is read the same again. */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "identity/token.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena = {0};
    const char *text = (const char *)data;
    struct token token, again;

    if (token_read(&arena, text, size, &token) == ERR_OK) {
        must(token.text == text && token.len < size && text[token.len] == '.');
        must(token.nonce_ns > 0 && token.window_s > 0 && token.window_s <= TOKEN_WINDOW_MAX_S);
        must(token_read(&arena, text, size, &again) == ERR_OK);
        must(memcmp(token.mac, again.mac, sizeof(token.mac)) == 0 &&
             token.nonce_ns == again.nonce_ns);
        must(token_check(&token, "x", 1) != ERR_OK || token_check(&again, "x", 1) == ERR_OK);
    }
    arena_free(&arena);
    return 0;
}
