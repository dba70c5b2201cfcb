/* Transactions and blocks of Bitcoin: what is read is written again in the same bytes, and its size is what
 * fees are reckoned from. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "chain/bitcoin_tx.h"
#include "crypto/crypto.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds)
        abort();
}

static void check_transaction(struct bytes in, struct arena *arena)
{
    struct text whole = TEXT(BITCOIN_BLOCK_MAX), bare = TEXT(BITCOIN_BLOCK_MAX);
    struct bitcoin_tx tx;

    if (bitcoin_tx_read(in, arena, &tx) == ERR_OK) {
        bitcoin_tx_write(&tx, true, &whole);
        bitcoin_tx_write(&tx, false, &bare);
        must(bytes_equal(in, (struct bytes){(const uint8_t *)whole.data, whole.len}));
        must(bitcoin_tx_vsize(&tx) == (3 * bare.len + whole.len + 3) / 4);
    }
    text_free(&whole);
    text_free(&bare);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes in = {data, size};
    struct arena arena = {0};
    struct bitcoin_block block;
    struct bitcoin_tx tx;

    must(crypto_start() == ERR_OK);
    check_transaction(in, &arena);
    if (bitcoin_block_take(&in, &block) == ERR_OK)
        for (uint64_t i = 0; i < block.tx_count; i++)
            if (bitcoin_tx_take(&in, &arena, &tx) != ERR_OK)
                break;
    arena_free(&arena);
    return 0;
}
