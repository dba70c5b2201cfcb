/* Long division between bytes and digits of base 58. */
#include "chain/base58.h"

#include <string.h>

#include "crypto/crypto.h"

#define CHECKSUM_SIZE 4
#define WHOLE_MAX (BASE58_MAX + CHECKSUM_SIZE)

static const char alphabet[] = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

/* number = number * base + digit; false where it does not fit. */
static bool push_digit(uint8_t *number, size_t size, unsigned base, unsigned digit)
{
    unsigned carry = digit;
    for (size_t i = size; i-- > 0;) {
        carry += number[i] * base;
        number[i] = (uint8_t)carry;
        carry >>= 8;
    }
    return carry == 0;
}

/* number = number / 58; gives what is left. */
static unsigned pop_digit(uint8_t *number, size_t size)
{
    unsigned rest = 0;
    for (size_t i = 0; i < size; i++) {
        rest = rest << 8 | number[i];
        number[i] = (uint8_t)(rest / 58);
        rest %= 58;
    }
    return rest;
}

static size_t zeros_in_front(const uint8_t *data, size_t len)
{
    size_t zeros = 0;
    while (zeros < len && data[zeros] == 0)
        zeros++;
    return zeros;
}

void base58_encode(const void *data, size_t len, char out[BASE58_TEXT_SIZE])
{
    uint8_t whole[WHOLE_MAX], digest[SHA256_SIZE];
    char digits[BASE58_TEXT_SIZE];
    size_t at = sizeof(digits);

    crypto_hash256(data, len, digest);
    if (len > 0)
        memcpy(whole, data, len);
    memcpy(whole + len, digest, CHECKSUM_SIZE);
    len += CHECKSUM_SIZE;
    /* Each byte of zeros in front is a digit by itself. */
    size_t zeros = zeros_in_front(whole, len);
    digits[--at] = '\0';
    for (size_t start = zeros; (start += zeros_in_front(whole + start, len - start)) < len;)
        digits[--at] = alphabet[pop_digit(whole + start, len - start)];
    memset(out, alphabet[0], zeros);
    memcpy(out + zeros, digits + at, sizeof(digits) - at);
    crypto_wipe(whole, sizeof(whole));
    crypto_wipe(digits, sizeof(digits));
}

/* Reads the digits as one big number, at the end of `whole`. */
static bool read_digits(const char *text, size_t len, uint8_t whole[WHOLE_MAX])
{
    for (size_t i = 0; i < len; i++) {
        const char *digit = text[i] == '\0' ? NULL : strchr(alphabet, text[i]);
        if (digit == NULL || !push_digit(whole, WHOLE_MAX, 58, (unsigned)(digit - alphabet)))
            return false;
    }
    return true;
}

enum err base58_decode(const char *text, size_t text_len, uint8_t out[BASE58_MAX], size_t *len)
{
    uint8_t whole[WHOLE_MAX] = {0}, digest[SHA256_SIZE];
    size_t zeros = 0;
    enum err rc = ERR_INVALID;

    while (zeros < text_len && text[zeros] == alphabet[0])
        zeros++;
    if (text_len >= BASE58_TEXT_SIZE || !read_digits(text, text_len, whole))
        goto out;
    size_t size = zeros + WHOLE_MAX - zeros_in_front(whole, WHOLE_MAX);
    if (size < CHECKSUM_SIZE || size > WHOLE_MAX)
        goto out;
    const uint8_t *start = whole + WHOLE_MAX - size;
    crypto_hash256(start, size - CHECKSUM_SIZE, digest);
    rc = ERR_CHECKSUM;
    if (memcmp(digest, whole + WHOLE_MAX - CHECKSUM_SIZE, CHECKSUM_SIZE) == 0) {
        *len = size - CHECKSUM_SIZE;
        memcpy(out, start, *len);
        rc = ERR_OK;
    }
out:
    crypto_wipe(whole, sizeof(whole));
    return rc;
}
