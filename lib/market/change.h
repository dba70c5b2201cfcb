/* A change of the book that somebody asks for, and the ways to have it made: by the matcher,
 * which makes what comes in at the same time in one transaction (tools/match), or by oneself.
 *
 * A change of the book locks its market, so that changes are made one after the other. Made one
 * by one, each pays for a commit, and for being woken when its turn comes; made together, all of
 * them pay once. Each is still whole or not there: what is refused is so before anything is done
 * for it, and nobody is answered before the commit.
 *
 * The matcher only saves time. Where it is not there or does not know what became of a change,
 * who asked makes it by itself, under the same id: what was done meanwhile is met again. */
#ifndef MARKET_CHANGE_H
#define MARKET_CHANGE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/id.h"
#include "db/db.h"
#include "market/order.h"

#define MARKET_FIRST_SIZE 160 /* of a statement and a NUL */
#define MARKET_TRACE_SIZE 65  /* a request id, at most 64 bytes, and a NUL */
#define MARKET_BATCH_MAX 32   /* changes of one transaction: the last one waits for all of them */

enum market_change_kind {
    MARKET_PLACE,  /* a new order */
    MARKET_CANCEL, /* its owner takes an order back */
    MARKET_RETRY,  /* an order that waits is tried once more, by nobody: it may have money now */
};

/* Holds no pointers: it is sent to the matcher as it is. */
struct market_change {
    enum market_change_kind kind;
    int64_t user_id;
    struct uuid oid;
    /* What follows is for an order to be placed. */
    bool with_price, with_stop, fiat_fee; /* as of struct market_placement */
    uint8_t market_id;
    enum market_side side;
    __int128 price, stop, amount; /* smallest units */
    char trace[MARKET_TRACE_SIZE];
    char first[MARKET_FIRST_SIZE]; /* statement (db_defer) that must succeed before; "": none */
};

/* What becomes of a change that the matcher was asked for. */
struct market_outcome {
    bool known;  /* false: whoever asked has to find out, by making it */
    enum err rc; /* of market_change_alone */
};

/* Makes a change as a transaction of its own.
 * resent  out, as for db_txn
 * Returns as market_place and market_cancel; a retry of an order that waits no longer, or whose
 * market is halted, is ERR_ORDER_UNKNOWN. */
MUST_USE enum err market_change_alone(struct db *db, const struct market_change *change,
                                      bool *resent);

/* Makes a change inside the caller's transaction (db_txn). */
MUST_USE enum err market_change_in(struct db *db, const struct market_change *change);

/* Makes changes in one transaction, in their order, each or nothing of it; where a change's first
 * statement is refused, that is its outcome.
 * count  1 to MARKET_BATCH_MAX
 * out    out, one for each; none is known where the transaction has failed, or where the first
 *        statements could not be run: some may have been, and each change's maker knows how to deal
 *        with that */
void market_change_together(struct db *db, const struct market_change *changes, size_t count,
                            struct market_outcome *out);

/* What goes through the matcher's socket: this, and a struct market_outcome back. At most one
 * question of a connection is under way. */
struct matcher_question {
    uint32_t format; /* MATCHER_FORMAT: worker and matcher may be of different versions */
    struct market_change change;
};
#define MATCHER_FORMAT 3 /* to be raised with each change of a struct above, and new errors */

struct matcher_client;

/* A line to the matcher that listens at `socket`; it is connected when first needed, and again after
 * it was lost.
 * socket  path of a socket; "" where there is none; copied
 * out     out, owned by the caller: matcher_client_close
 * Returns ERR_TOO_LONG, ERR_NO_MEMORY. */
MUST_USE enum err matcher_client_open(const char *socket, struct matcher_client **out);

/* Ends the line. NULL is fine. */
void matcher_client_close(struct matcher_client *matcher);

/* Has a change made by the matcher, or makes it alone. What is queued in `db` (db_defer) goes first, as
 * a part of it. The process may go on with others until the answer is there (base/wait.h).
 * matcher  NULL: alone; of nobody else until it returns
 * resent  out, whether it was asked for twice, as for db_txn_call
 * Returns as market_change_alone. */
MUST_USE enum err market_change(struct db *db, struct matcher_client *matcher,
                                const struct market_change *change, bool *resent);

#endif
