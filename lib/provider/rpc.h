/* JSON-RPC to a node that the configuration names: Ethereum's (2.0), and Bitcoin's, which says 2.0 or nothing. */
#ifndef PROVIDER_RPC_H
#define PROVIDER_RPC_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"
#include "net/provider.h"
#include "provider/guard.h"
#include "json/value.h"
#include "json/writer.h"

#define RPC_ANSWER_MAX (16 << 20) /* bytes: twice a full block of Bitcoin, in hexadecimal */
#define RPC_VALUES_MAX 200000     /* in one answer: some 10,000 transactions or events */
#define RPC_CONNECT_MS 3000
#define RPC_MESSAGE_SIZE 256

/* Where a node is. The strings are the caller's. */
struct rpc_node {
    struct provider_client *client;
    const char *url;
    const char *authorization; /* a header, "Authorization: Basic ..."; NULL: none */
    const char *request_id;    /* passed on; NULL: none */
    int timeout_ms;
    struct provider_guard *guard; /* asked before each call, and told how it ended; NULL: none */
};

enum rpc_result {
    RPC_ANSWERED, /* `result` is what it says, null included */
    RPC_REFUSED,  /* it says no: code and message */
    RPC_UNSENT,   /* it has not got the question; or its guard lets none through */
    RPC_LOST,     /* whether it has is not known, or its answer is none */
};

struct rpc_reply {
    enum rpc_result outcome;
    const struct value *result; /* in the arena */
    int code;
    char message[RPC_MESSAGE_SIZE];
    struct arena arena;
};

/* Begins the parameters of a call, a list, in an empty text: write its items, then writer_end. */
struct writer rpc_params(struct text *out);

/* Asks, and waits for the answer (base/wait.h).
 * params  a JSON list; NULL: an empty one
 * out     out, to be given back by rpc_reply_free in any case
 * Returns ERR_INVALID, ERR_NO_MEMORY, ERR_IO: then `outcome` is RPC_UNSENT or RPC_LOST. */
MUST_USE enum err rpc_call(const struct rpc_node *node, const char *method,
                           const struct text *params, struct rpc_reply *out);

/* As rpc_call, for what only reads: any outcome but an answer is ERR_NO_ANSWER, and logged. */
MUST_USE enum err rpc_read(const struct rpc_node *node, const char *method,
                           const struct text *params, struct rpc_reply *out);

void rpc_reply_free(struct rpc_reply *reply);

#endif
