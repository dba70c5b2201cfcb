/* Neither gcrypt nor nettle has this hash. They have its permutation; what differs from SHA3-256 is
 * one byte of the padding. */
#include <nettle/sha3.h>
#include <string.h>

#include "crypto/crypto.h"

#define RATE 136    /* bytes that one permutation takes in: 1600 bits less twice 256 */
#define PADDING 1   /* FIPS 202 has 6 */
#define LAST 0x80   /* the end of the padding, in the last byte of the block */
#define LANE_SIZE 8 /* bytes, least significant first */

static void absorb(struct sha3_state *state, const uint8_t block[RATE])
{
    for (size_t i = 0; i < RATE; i++)
        state->a[i / LANE_SIZE] ^= (uint64_t)block[i] << i % LANE_SIZE * 8;
    sha3_permute(state);
}

void crypto_keccak256(const void *data, size_t len, uint8_t out[KECCAK256_SIZE])
{
    struct sha3_state state = {0};
    uint8_t last[RATE] = {0};
    const uint8_t *bytes = data;

    for (; len >= RATE; len -= RATE, bytes += RATE)
        absorb(&state, bytes);
    if (len > 0)
        memcpy(last, bytes, len);
    last[len] |= PADDING;
    last[RATE - 1] |= LAST;
    absorb(&state, last);
    for (size_t i = 0; i < KECCAK256_SIZE; i++)
        out[i] = (uint8_t)(state.a[i / LANE_SIZE] >> i % LANE_SIZE * 8);
}
