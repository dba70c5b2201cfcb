/* Tokens on Ethereum (ERC-20, EIP-20): the calls that a wallet makes and the events that it reads. A token's
 * contract is a stranger's program: what it answers is read strictly, and whether money moved is told by
 * balances, not by it. */
#ifndef CHAIN_ERC20_H
#define CHAIN_ERC20_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "chain/bytes.h"
#include "chain/ethereum_address.h"

#define ERC20_WORD_SIZE 32
#define ERC20_TRANSFER_SIZE 68   /* bytes of a call transfer(address,uint256) */
#define ERC20_BALANCE_OF_SIZE 36 /* of balanceOf(address) */

/* The first topic of the event Transfer(address,address,uint256), as eth_getLogs wants it. */
#define ERC20_TRANSFER_TOPIC "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef"
/* The call decimals(), which has no parameters. */
#define ERC20_DECIMALS_CALL "0x313ce567"

struct erc20_transfer {
    struct ethereum_address from, to;
    __int128 units; /* of the token's smallest unit */
};

/* Writes the call that sends `units` (not negative) to `to`. */
void erc20_transfer_call(const struct ethereum_address *to, __int128 units,
                         uint8_t out[ERC20_TRANSFER_SIZE]);

/* Reads such a call. False for any other, for padding that is not zero and past DECIMAL_MAX. */
bool erc20_transfer_call_read(struct bytes data, struct ethereum_address *to, __int128 *units);

/* Writes the call that asks for the balance of `owner`. */
void erc20_balance_of_call(const struct ethereum_address *owner,
                           uint8_t out[ERC20_BALANCE_OF_SIZE]);

/* Reads the number that a call returned. ERR_AMOUNT_FORMAT where it is not one word (no contract stands
 * there, or it is no token), ERR_AMOUNT_RANGE past DECIMAL_MAX. */
MUST_USE enum err erc20_number(struct bytes returned, __int128 *out);

/* Whether a transfer that was tried (eth_call) would be one: it returned true, or nothing at all, as
 * tokens from before the standard do. */
bool erc20_accepted(struct bytes returned);

/* Reads an event.
 * topics  words of ERC20_WORD_SIZE bytes, one behind the other, as many as the log has
 * data    what the log has beside them
 * False where it is not exactly a Transfer with two indexed addresses: one of a token with ids (ERC-721)
 * has four topics, old tokens have one. ERC-20 lets anybody send 0 from anybody: such an event is no
 * payment, and false as well. So is an amount past DECIMAL_MAX. */
bool erc20_transfer_read(struct bytes topics, struct bytes data, struct erc20_transfer *out);

/* The topic by which logs are searched for an address. */
void erc20_address_topic(const struct ethereum_address *address, uint8_t out[ERC20_WORD_SIZE]);

#endif
