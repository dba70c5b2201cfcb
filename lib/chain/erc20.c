/* Call data and events of tokens, in the ABI's words of 32 bytes. */
#include "chain/erc20.h"

#include <string.h>

#include "money/decimal.h"

#define SELECTOR_SIZE 4 /* of a function: the first bytes of the hash of its signature */
#define PADDING (ERC20_WORD_SIZE - ETHEREUM_ADDRESS_SIZE)
#define TOPICS 3

static const uint8_t transfer_selector[SELECTOR_SIZE] = {0xa9, 0x05, 0x9c, 0xbb};
static const uint8_t balance_of_selector[SELECTOR_SIZE] = {0x70, 0xa0, 0x82, 0x31};
static const uint8_t transfer_topic[ERC20_WORD_SIZE] = {
    0xdd, 0xf2, 0x52, 0xad, 0x1b, 0xe2, 0xc8, 0x9b, 0x69, 0xc2, 0xb0, 0x68, 0xfc, 0x37, 0x8d, 0xaa,
    0x95, 0x2b, 0xa7, 0xf1, 0x63, 0xc4, 0xa1, 0x16, 0x28, 0xf5, 0x5a, 0x4d, 0xf5, 0x23, 0xb3, 0xef};

void erc20_address_topic(const struct ethereum_address *address, uint8_t out[ERC20_WORD_SIZE])
{
    memset(out, 0, PADDING);
    memcpy(out + PADDING, address->bytes, sizeof(address->bytes));
}

static void put_number(__int128 value, uint8_t out[ERC20_WORD_SIZE])
{
    memset(out, 0, ERC20_WORD_SIZE);
    for (int i = ERC20_WORD_SIZE - 1; value > 0; i--, value >>= 8)
        out[i] = (uint8_t)value;
}

static bool get_address(const uint8_t word[ERC20_WORD_SIZE], struct ethereum_address *out)
{
    static const uint8_t zeros[PADDING];
    memcpy(out->bytes, word + PADDING, sizeof(out->bytes));
    return memcmp(word, zeros, PADDING) == 0;
}

void erc20_transfer_call(const struct ethereum_address *to, __int128 units,
                         uint8_t out[ERC20_TRANSFER_SIZE])
{
    memcpy(out, transfer_selector, SELECTOR_SIZE);
    erc20_address_topic(to, out + SELECTOR_SIZE);
    put_number(units, out + SELECTOR_SIZE + ERC20_WORD_SIZE);
}

bool erc20_transfer_call_read(struct bytes data, struct ethereum_address *to, __int128 *units)
{
    return data.len == ERC20_TRANSFER_SIZE &&
           memcmp(data.data, transfer_selector, SELECTOR_SIZE) == 0 &&
           get_address(data.data + SELECTOR_SIZE, to) &&
           erc20_number(
               (struct bytes){data.data + SELECTOR_SIZE + ERC20_WORD_SIZE, ERC20_WORD_SIZE},
               units) == ERR_OK;
}

void erc20_balance_of_call(const struct ethereum_address *owner, uint8_t out[ERC20_BALANCE_OF_SIZE])
{
    memcpy(out, balance_of_selector, SELECTOR_SIZE);
    erc20_address_topic(owner, out + SELECTOR_SIZE);
}

enum err erc20_number(struct bytes returned, __int128 *out)
{
    unsigned __int128 value = 0;

    if (returned.len != ERC20_WORD_SIZE)
        return ERR_AMOUNT_FORMAT;
    for (size_t i = 0; i < ERC20_WORD_SIZE; i++) {
        if (value >> 120 != 0)
            return ERR_AMOUNT_RANGE;
        value = value << 8 | returned.data[i];
    }
    if (value > (unsigned __int128)DECIMAL_MAX)
        return ERR_AMOUNT_RANGE;
    *out = (__int128)value;
    return ERR_OK;
}

bool erc20_accepted(struct bytes returned)
{
    __int128 value;
    return returned.len == 0 || (erc20_number(returned, &value) == ERR_OK && value == 1);
}

bool erc20_transfer_read(struct bytes topics, struct bytes data, struct erc20_transfer *out)
{
    return topics.len == TOPICS * sizeof(transfer_topic) &&
           memcmp(topics.data, transfer_topic, sizeof(transfer_topic)) == 0 &&
           get_address(topics.data + ERC20_WORD_SIZE, &out->from) &&
           get_address(topics.data + 2 * ERC20_WORD_SIZE, &out->to) &&
           erc20_number(data, &out->units) == ERR_OK && out->units > 0;
}
