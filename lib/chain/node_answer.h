/* What a node means that does not say yes to a transaction: anvil and geth by their words, since their codes
 * differ; bcoin and Bitcoin Core by code and words.
 *
 * None of it says that a transaction will never be mined: another node may have it. Money goes back only once
 * the chain has spent its nonce, or one of its coins, on something else. */
#ifndef CHAIN_NODE_ANSWER_H
#define CHAIN_NODE_ANSWER_H

enum node_answer {
    NODE_KNOWN,   /* these bytes are in the pool or in a block: as good as yes */
    NODE_SPENT,   /* nonce or coins are spent, by this transaction or another: look by its hash */
    NODE_CHEAP,   /* the fee does not suffice now, or not to take another one's place */
    NODE_FUNDS,   /* the account cannot pay for it */
    NODE_REFUSED, /* not these bytes, whenever they come */
    NODE_UNKNOWN, /* anything else: whether it was taken is not known */
};

/* The error of eth_sendRawTransaction. `message` is NUL-terminated. */
enum node_answer ethereum_answer(const char *message);

/* The error of sendrawtransaction. */
enum node_answer bitcoin_answer(int code, const char *message);

#endif
