/* Rails: the ways on which money leaves, and what goes on them.
 *
 * A rail is a row (name, switches, assets), which operators set, and where a program of ours sends on it a
 * struct payout_rail of that name, which is registered at the start of a process. One that nobody has
 * registered is worked by hand: operators send, and say so. */
#ifndef PAYOUT_RAIL_H
#define PAYOUT_RAIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/config.h"
#include "base/err.h"
#include "base/id.h"
#include "db/packet.h"
#include "money/amount.h"

#define RAIL_NAME_MAX 32
#define RAIL_ADDRESS_MAX 255   /* bytes of an address, or of a memo */
#define RAIL_CONTRACT_MAX 128  /* bytes */
#define RAIL_REFERENCE_MAX 160 /* bytes of printable ASCII */
#define RAIL_WORDS_SIZE 256    /* of a rail's words about an outcome */
#define RAIL_BATCH_MAX 100     /* payouts that a rail is given at once */
#define RAILS_MAX 16           /* that may be registered */

#define RAIL_INTERNAL "Internal" /* to another user of the house */

enum rail_kind { RAIL_ON_CHAIN, RAIL_OFF_CHAIN, RAIL_IN_HOUSE, RAIL_KINDS };

/* Their words, as on the wire and in the database: on_chain, off_chain, internal. */
extern const char *const rail_kind_names[RAIL_KINDS];

struct rail {
    char name[RAIL_NAME_MAX + 1];
    enum rail_kind kind;
    char outside[RAIL_NAME_MAX + 1]; /* account.rail of its external accounts; "" internal */
    uint64_t confirmations;
    bool paused;  /* nothing begins to be sent */
    bool by_hand; /* nobody registered for it in this process */
};

/* A currency on a rail. */
struct rail_asset {
    char rail[RAIL_NAME_MAX + 1];
    enum rail_kind kind;
    const struct currency *currency;
    struct uuid guid;                     /* as on the wire */
    char contract[RAIL_CONTRACT_MAX + 1]; /* of the token; "": the rail's own coin */
    uint64_t decimals;                    /* of the smallest unit there */
    struct amount min_deposit, min_withdrawal, fee;
    uint64_t confirmations;
    bool deposits, withdrawals, memo_needed, paused;
};

/* Calls `row` for each rail, by name. */
MUST_USE enum err rail_list(struct db *db, void (*row)(void *arg, const struct rail *rail),
                            void *arg);

/* One rail. ERR_RAIL_UNKNOWN. */
MUST_USE enum err rail_by_name(struct db *db, const char *name, struct rail *out);

/* Calls `row` for each asset, by rail and currency.
 * rail      NULL: of all
 * currency  NULL: any */
MUST_USE enum err rail_assets(struct db *db, const char *rail, const struct currency *currency,
                              void (*row)(void *arg, const struct rail_asset *asset), void *arg);

/* How many digits behind the point an amount may have there: the currency's, or the rail's where these are
 * fewer. */
unsigned rail_asset_scale(const struct rail_asset *asset);

/* What became of a payout, as its rail says it. */
enum rail_answer {
    RAIL_LATER, /* it was certainly not sent, and may be: again after retry_s */
    RAIL_REFUSED, /* it was certainly not sent and never will be, or was undone: the money goes back */
    RAIL_DOUBTFUL,  /* it may have been sent: ask again after retry_s */
    RAIL_SENT,      /* it is under way: ask again after retry_s */
    RAIL_CONFIRMED, /* it has arrived */
    RAIL_RETURNED   /* it was sent and came back: the money goes back */
};

struct rail_outcome {
    enum rail_answer answer;
    char reference[RAIL_REFERENCE_MAX + 1]; /* the rail's name of what was sent; "": as before */
    uint64_t confirmations;                 /* with RAIL_SENT and RAIL_CONFIRMED */
    char words[RAIL_WORDS_SIZE];            /* for operators: why; "" */
    int64_t retry_s;                        /* 0: as is usual (RAIL_RETRY_S) */
    struct amount
        cost; /* with RAIL_CONFIRMED: what the rail itself took of the hot wallet, which the house
                           bears (purpose LEDGER_COST); currency NULL: nothing */
};

#define RAIL_RETRY_S 5

struct payout;

/* What a program that sends on a rail registers. All but `name` and `check` is for tools/pay alone. */
struct payout_rail {
    const char *name; /* rail.name */

    /* Whether money may be sent there, in the transaction of whoever asks for a payout: it may read (`db`
     * has a transaction open), and has no effect.
     * address, memo  as typed; memo "" for none
     * out            out, the spelling that is kept and shown
     * Returns ERR_PAYOUT_ADDRESS, ERR_PAYOUT_OWN_ADDRESS, ERR_PAYOUT_MEMO; errors of db_run. */
    enum err (*check)(struct db *db, const struct currency *currency, const char *address,
                      const char *memo, char out[RAIL_ADDRESS_MAX + 1]);

    /* Makes what sending needs: connections to a node, to the signer.
     * self  out, passed to the rest; `close` ends it
     * Returns ERR_NOT_FOUND where the configuration has none: the rail is off; ERR_CONFIG. */
    enum err (*open)(const struct config *config, void **self);
    void (*close)(void *self);

    /* Sends payouts that are `sending`, in their order: the caller has committed that, and is the only one
     * who sends on this rail. Whatever could be sent twice after a crash (raw bytes, nonces, coins) is
     * committed first, in a transaction with payout_fence for each payout.
     * outcomes  out, one for each; they come as RAIL_DOUBTFUL
     * Errors are those of the database: then each payout is in doubt. */
    enum err (*send)(void *self, struct db *db, const struct payout *payouts, size_t count,
                     struct rail_outcome *outcomes);

    /* Says what became of payouts that are unknown or sent: RAIL_LATER only where nothing of a payout was
     * ever committed under its fence, since then nothing can have been sent, nor will be.
     * Errors are those of the database: they are asked about again. */
    enum err (*ask)(void *self, struct db *db, const struct payout *payouts, size_t count,
                    struct rail_outcome *outcomes);

    /* What else is to be done on the rail by who has its lease, once a round: bytes broadcast again, what is
     * stuck replaced. May be NULL. */
    enum err (*tend)(void *self, struct db *db);
};

/* Registers a rail, once at the start of a process (lib/house); the same again changes nothing.
 * rail  static storage */
void payout_rail_register(const struct payout_rail *rail);

/* The one of that name, or NULL: that is worked by hand. */
const struct payout_rail *payout_rail_find(const char *name);

/* Adds to the packet in which a rail commits what it is about to send: that the payout is still `sending`
 * in this attempt. Else nothing behind it is done, and the packet fails with ERR_PAYOUT_STATE: somebody has
 * taken over, and it must not be sent. */
void payout_fence(struct db_packet *packet, const struct payout *payout);

#endif
