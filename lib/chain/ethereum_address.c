/* Ethereum's addresses: text, checksum, of a key, of a contract. */
#include "chain/ethereum_address.h"

#include <string.h>

#include "base/encode.h"
#include "chain/rlp.h"
#include "crypto/crypto.h"

#define DIGITS (ETHEREUM_ADDRESS_TEXT_SIZE - 3)

void ethereum_address_format(const struct ethereum_address *address,
                             char out[ETHEREUM_ADDRESS_TEXT_SIZE])
{
    uint8_t hash[KECCAK256_SIZE];

    out[0] = '0';
    out[1] = 'x';
    char *digits = out + 2;
    hex_encode(address->bytes, sizeof(address->bytes), digits);
    crypto_keccak256(digits, DIGITS, hash);
    for (size_t i = 0; i < DIGITS; i++) {
        bool high = hash[i / 2] >> (i % 2 == 0 ? 7 : 3) & 1;
        if (high && digits[i] >= 'a')
            digits[i] = (char)(digits[i] - 'a' + 'A');
    }
}

enum err ethereum_address_parse(const char *text, size_t len, struct ethereum_address *out)
{
    struct ethereum_address address;
    char proper[ETHEREUM_ADDRESS_TEXT_SIZE];
    bool lower = false, upper = false;

    if (len != DIGITS + 2 || text[0] != '0' || text[1] != 'x' ||
        !hex_decode(text + 2, DIGITS, address.bytes, sizeof(address.bytes)))
        return ERR_ADDRESS;
    for (size_t i = 2; i < len; i++) {
        lower = lower || text[i] >= 'a';
        upper = upper || (text[i] >= 'A' && text[i] <= 'F');
    }
    ethereum_address_format(&address, proper);
    if (lower && upper && memcmp(proper, text, len) != 0)
        return ERR_CHECKSUM;
    *out = address;
    return ERR_OK;
}

enum err ethereum_address_of_key(const uint8_t public[EC_PUBLIC_SIZE], struct ethereum_address *out)
{
    uint8_t point[EC_POINT_SIZE], hash[KECCAK256_SIZE];

    if (ec_point(public, point) != ERR_OK)
        return ERR_CRYPTO;
    crypto_keccak256(point + 1, sizeof(point) - 1, hash);
    memcpy(out->bytes, hash + sizeof(hash) - sizeof(out->bytes), sizeof(out->bytes));
    return ERR_OK;
}

void ethereum_address_of_contract(const struct ethereum_address *sender, uint64_t nonce,
                                  struct ethereum_address *out)
{
    struct text input = TEXT(64);
    uint8_t hash[KECCAK256_SIZE];

    rlp_add(&input, sender->bytes, sizeof(sender->bytes));
    rlp_add_number(&input, nonce);
    rlp_close_list(&input, 0);
    crypto_keccak256(text_string(&input), input.len, hash);
    memcpy(out->bytes, hash + sizeof(hash) - sizeof(out->bytes), sizeof(out->bytes));
    text_free(&input);
}

bool ethereum_address_is_zero(const struct ethereum_address *address)
{
    static const struct ethereum_address zero;
    return ethereum_address_equal(address, &zero);
}

bool ethereum_address_equal(const struct ethereum_address *a, const struct ethereum_address *b)
{
    return memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}
