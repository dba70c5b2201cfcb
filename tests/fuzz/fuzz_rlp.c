/* RLP: what can be read is written again in the same bytes, however deep; and so are transactions. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "chain/ethereum_tx.h"
#include "chain/rlp.h"
#include "crypto/crypto.h"

#define DEEPEST 64
#define ROOM (1 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds)
        abort();
}

/* Copies the items of `in` to `out`; false where one of them is none. */
static bool copy_items(struct bytes in, struct text *out, int depth)
{
    struct rlp_item item;

    while (in.len > 0) {
        if (!rlp_take(&in, &item))
            return false;
        if (item.is_list) {
            size_t start = out->len;
            if (depth == DEEPEST || !copy_items(item.content, out, depth + 1))
                return false;
            rlp_close_list(out, start);
        } else {
            rlp_add(out, item.content.data, item.content.len);
        }
    }
    return true;
}

static void check_transaction(struct bytes in, struct text *out)
{
    struct ethereum_tx tx, again;
    struct ethereum_address sender;
    uint8_t hash[KECCAK256_SIZE];

    text_clear(out);
    if (ethereum_tx_read_unsigned(in, &tx) == ERR_OK) {
        must(ethereum_tx_unsigned(&tx, out) == ERR_OK);
        must(bytes_equal(in, (struct bytes){(const uint8_t *)out->data, out->len}));
    }
    text_clear(out);
    if (ethereum_tx_read(in, &tx, &sender, hash) == ERR_OK) {
        must(ethereum_tx_unsigned(&tx, out) == ERR_OK);
        must(ethereum_tx_read_unsigned((struct bytes){(const uint8_t *)out->data, out->len},
                                       &again) == ERR_OK);
        must(ethereum_tx_equal(&tx, &again));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes in = {data, size};
    struct text out = TEXT(ROOM);

    must(crypto_start() == ERR_OK);
    if (size <= ROOM / 2 && copy_items(in, &out, 0))
        must(bytes_equal(in, (struct bytes){(const uint8_t *)text_string(&out), out.len}));
    check_transaction(in, &out);
    text_free(&out);
    return 0;
}
