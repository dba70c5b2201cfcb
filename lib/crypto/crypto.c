/* Start-up, random numbers, comparison and wiping; hash.c, seal.c and password.c have the rest. */
#include "crypto/crypto.h"

#include <errno.h>
#include <gcrypt.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/clock.h"
#include "base/log.h"

/* The first version with Argon2 and GCM-SIV. */
#define GCRYPT_NEEDED "1.10.0"

enum err crypto_start(void)
{
    if (gcry_control(GCRYCTL_INITIALIZATION_FINISHED_P))
        return ERR_OK;
    gcry_control(GCRYCTL_NO_FIPS_MODE);
    if (gcry_check_version(GCRYPT_NEEDED) == NULL)
        return ERR_CRYPTO;
    /* Secrets live in our own buffers, so the library's locked pool would stay empty. */
    gcry_control(GCRYCTL_DISABLE_SECMEM, 0);
    gcry_control(GCRYCTL_INITIALIZATION_FINISHED, 0);
    return ERR_OK;
}

/* From the kernel on each call: there is no state in the process that a fork would duplicate or a
 * core dump would show, and for the sizes that we use it is some 25 times as fast as the library's
 * own generator. */
void crypto_random(void *out, size_t len)
{
    uint8_t *bytes = out;
    while (len > 0) {
        ssize_t got = getrandom(bytes, len, 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0) {
            /* Going on without randomness would hand out guessable secrets. */
            log_line(LOG_LEVEL_BUG, "random", "errno=%d", errno);
            abort();
        }
        bytes += got;
        len -= (size_t)got;
    }
}

/* Sets the version and the variant of RFC 9562. */
static void mark_uuid(struct uuid *id, unsigned version)
{
    id->bytes[6] = (uint8_t)((id->bytes[6] & 0x0f) | version << 4);
    id->bytes[8] = (uint8_t)((id->bytes[8] & 0x3f) | 0x80);
}

struct uuid crypto_uuid4(void)
{
    struct uuid id;
    crypto_random(id.bytes, sizeof(id.bytes));
    mark_uuid(&id, 4);
    return id;
}

struct uuid crypto_uuid7(void)
{
    /* In 4096ths of a millisecond. The ids of a thread only rise, even where the clock goes back. */
    static _Thread_local uint64_t last;
    struct uuid id;

    uint64_t now_us = (uint64_t)clock_now_us();
    uint64_t now = (now_us / 1000) << 12 | (now_us % 1000) * 4096 / 1000;
    last = now > last ? now : last + 1;
    for (int i = 0; i < 6; i++)
        id.bytes[i] = (uint8_t)(last >> (52 - 8 * i));
    id.bytes[6] = (uint8_t)(last >> 8 & 0x0f);
    id.bytes[7] = (uint8_t)last;
    crypto_random(id.bytes + 8, sizeof(id.bytes) - 8);
    mark_uuid(&id, 7);
    return id;
}

bool crypto_equal(const void *a, const void *b, size_t len)
{
    const volatile uint8_t *left = a;
    const volatile uint8_t *right = b;
    uint8_t difference = 0;
    for (size_t i = 0; i < len; i++)
        difference = (uint8_t)(difference | (left[i] ^ right[i]));
    return difference == 0;
}

void crypto_wipe(void *data, size_t len)
{
    explicit_bzero(data, len);
}
