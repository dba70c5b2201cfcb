/* The words of nodes, by what they mean: the first row that fits counts. */
#include "chain/node_answer.h"

#include <stddef.h>
#include <string.h>

struct words {
    const char *part; /* of the message, in any case */
    enum node_answer means;
};

/* anvil 1.7; go-ethereum, core/txpool/errors.go and validation.go, core/error.go. */
static const struct words ethereum_words[] = {
    {"already imported", NODE_KNOWN},
    {"already known", NODE_KNOWN},
    {"nonce too low", NODE_SPENT},
    {"underpriced", NODE_CHEAP},
    {"less than block base fee", NODE_CHEAP},
    {"gas price below minimum", NODE_CHEAP},
    {"insufficient funds", NODE_FUNDS},
    {"intrinsic gas too", NODE_REFUSED},
    {"block gas limit", NODE_REFUSED},
    {"(cap: ", NODE_REFUSED},
    {"exceeds the configured cap", NODE_REFUSED},
    {"higher than max fee per gas", NODE_REFUSED},
    {"invalid chain id", NODE_REFUSED},
    {"invalid sender", NODE_REFUSED},
    {"only replay-protected", NODE_REFUSED},
    {"failed to decode", NODE_REFUSED},
    {"empty transaction data", NODE_REFUSED},
    {"rlp: ", NODE_REFUSED},
};

/* Of code -25 and -26. */
static const struct words bitcoin_words[] = {
    {"missingorspent", NODE_SPENT},        {"inputs-spent", NODE_SPENT},
    {"txn-mempool-conflict", NODE_SPENT},  {"txn-already-in-mempool", NODE_KNOWN},
    {"txn-already-known", NODE_KNOWN},     {"insufficient fee", NODE_CHEAP},
    {"min relay fee not met", NODE_CHEAP}, {"min fee not met", NODE_CHEAP},
    {"insufficient priority", NODE_CHEAP}, {"too-long-mempool-chain", NODE_UNKNOWN},
    {"non-final", NODE_UNKNOWN},           {"premature-spend", NODE_UNKNOWN},
};

#define BITCOIN_INPUTS \
    (-25) /* RPC_TRANSACTION_ERROR: the coins are not there, or the fee is absurd */
#define BITCOIN_RULES (-26)    /* RPC_TRANSACTION_REJECTED */
#define BITCOIN_IN_CHAIN (-27) /* RPC_TRANSACTION_ALREADY_IN_CHAIN */
#define BITCOIN_DECODE (-22)   /* RPC_DESERIALIZATION_ERROR */

static enum node_answer find_words(const struct words *words, size_t count, const char *message,
                                   enum node_answer otherwise)
{
    for (size_t i = 0; i < count; i++)
        if (strcasestr(message, words[i].part) != NULL)
            return words[i].means;
    return otherwise;
}

enum node_answer ethereum_answer(const char *message)
{
    return find_words(ethereum_words, sizeof(ethereum_words) / sizeof(ethereum_words[0]), message,
                      NODE_UNKNOWN);
}

enum node_answer bitcoin_answer(int code, const char *message)
{
    switch (code) {
    case BITCOIN_IN_CHAIN:
        return NODE_KNOWN;
    case BITCOIN_DECODE:
        return NODE_REFUSED;
    case BITCOIN_INPUTS:
    case BITCOIN_RULES:
        return find_words(bitcoin_words, sizeof(bitcoin_words) / sizeof(bitcoin_words[0]), message,
                          NODE_REFUSED);
    default:
        return NODE_UNKNOWN;
    }
}
