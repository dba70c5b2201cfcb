/* Deposits: each user's address on a chain, what was paid to it, and what became of it.
 *
 *     pending -> completed      it has the confirmations that it needs, and is credited to the user's fund account
 *     withhold -> pending       too little, or of a token that does not do what it says: an operator decides
 *     pending, completed -> cancelled   its block is gone from the chain; what was credited is taken back
 *     cancelled -> pending      and it came back
 *
 * Whoever follows a chain writes by deposit/follow.h. Seed: withdrawals; api/wallet, B7. */
#ifndef DEPOSIT_DEPOSIT_H
#define DEPOSIT_DEPOSIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/id.h"
#include "db/db.h"
#include "ledger/audit.h"
#include "money/amount.h"

#define DEPOSIT_RAIL_SIZE 33     /* a rail's name with its NUL */
#define DEPOSIT_ADDRESS_SIZE 101 /* an address with its NUL */
#define DEPOSIT_PATH_SIZE 33     /* a signer's account, "m/44'/60'/0'", with its NUL */
#define DEPOSIT_XPUB_SIZE 113
#define DEPOSIT_TXID_SIZE 32
#define DEPOSIT_TXID_TEXT_SIZE 67 /* with 0x where the chain writes one, and a NUL */
#define DEPOSIT_NOTE_SIZE 1021    /* 255 code points and a NUL */

/* How a chain's addresses are made of an extended public key, and written. */
enum deposit_format {
    DEPOSIT_ETHEREUM,
    DEPOSIT_BITCOIN,
    DEPOSIT_BITCOIN_TEST,
    DEPOSIT_BITCOIN_REGTEST,
    DEPOSIT_FORMATS
};

/* The words of deposit_rail.format, by enum deposit_format. */
extern const char *const deposit_formats[DEPOSIT_FORMATS];

/* A chain with addresses. */
struct deposit_rail {
    char rail[DEPOSIT_RAIL_SIZE];
    enum deposit_format format;
    char path[DEPOSIT_PATH_SIZE]; /* the signer's account: addresses are at path/0/index */
    char xpub[DEPOSIT_XPUB_SIZE];
    uint64_t addresses; /* how many were given */
    bool follows;       /* a first block was followed: */
    uint64_t height;    /* the last one */
};

/* Sets a chain up with the public key of the signer's account, so that addresses need no signer. The address of
 * index 0 is the house's own, so that what people put into the hot wallet is credited to the house.
 * rail  a-z 0-9 . _ -
 * path, xpub  as signer_xpub has them
 * Returns ERR_INVALID for a name, path or key that is none, ERR_CHECKSUM; ERR_DEPOSIT_KEY where the chain has
 * another key or format already: addresses that were given would be lost. The same again changes nothing. */
MUST_USE enum err deposit_rail_set(struct db *db, const char *rail, enum deposit_format format,
                                   const char *path, const char *xpub);

/* Reads a chain's row. ERR_DEPOSIT_RAIL where it is not set up. */
MUST_USE enum err deposit_rail_read(struct db *db, const char *rail, struct deposit_rail *out);

/* Writes the address of an index; 0 is the hot wallet's.
 * Returns ERR_CRYPTO for one index in 2^127, which has none; ERR_OUT_OF_RANGE from 2^31 on. */
MUST_USE enum err deposit_derive(const struct deposit_rail *rail, uint64_t index,
                                 char out[DEPOSIT_ADDRESS_SIZE]);

struct deposit_address {
    uint64_t index; /* last step of its path */
    int64_t user_id;
    char address[DEPOSIT_ADDRESS_SIZE];
};

/* The user's address on a chain, the same for all its currencies; made when it is first asked for.
 * Returns ERR_DEPOSIT_RAIL. */
MUST_USE enum err deposit_address_take(struct db *db, const char *rail, int64_t user_id,
                                       struct deposit_address *out);

/* Whose an address is. ERR_NOT_FOUND where it is nobody's here.
 * address  as the chain's own format writes it (EIP-55) */
MUST_USE enum err deposit_address_find(struct db *db, const char *rail, const char *address,
                                       struct deposit_address *out);

/* Calls `each` for the addresses from an index on, in order; an error of its ends it. */
MUST_USE enum err deposit_address_each(struct db *db, const char *rail, uint64_t first,
                                       enum err (*each)(void *arg,
                                                        const struct deposit_address *address),
                                       void *arg);

enum deposit_state {
    DEPOSIT_PENDING,
    DEPOSIT_COMPLETED,
    DEPOSIT_WITHHOLD,
    DEPOSIT_CANCELLED,
    DEPOSIT_STATES
};

/* As the API writes them, PENDING ..., and as the database does, by enum deposit_state. */
extern const char *const deposit_states[DEPOSIT_STATES];
extern const char *const deposit_state_words[DEPOSIT_STATES];

struct deposit {
    int64_t id;
    struct uuid uuid;
    char rail[DEPOSIT_RAIL_SIZE];
    char txid[DEPOSIT_TXID_TEXT_SIZE]; /* as the chain's explorers write it */
    uint64_t output;
    int64_t user_id;
    char address[DEPOSIT_ADDRESS_SIZE];
    struct amount amount;
    uint64_t confirms, needed;
    enum deposit_state state;
    char note[DEPOSIT_NOTE_SIZE];    /* "" where there is nothing to say */
    int64_t inserted_us, updated_us; /* microseconds since 1970 */
    int64_t confirmed_us;            /* 0: never */
};

struct deposit_filter {
    int64_t user_id;                 /* 0: anybody's, for operators */
    const char *rail;                /* NULL: any */
    const struct currency *currency; /* NULL: any */
    int state;                       /* enum deposit_state; -1: any */
    int64_t before;                  /* only ids below it; 0: from the newest on */
    int64_t limit;                   /* at most so many */
};

/* Calls `row` for deposits, the newest first. What it gets lives during the call.
 * Returns as db_run. */
MUST_USE enum err deposit_list(struct db *db, const struct deposit_filter *filter,
                               void (*row)(void *arg, const struct deposit *deposit), void *arg);

/* One of a user's (0: anybody's) by id. ERR_NOT_FOUND. */
MUST_USE enum err deposit_find(struct db *db, int64_t user_id, int64_t id, struct deposit *out);

/* An operator lets a withheld one be credited, once it has its confirmations.
 * Returns ERR_NOT_FOUND, ERR_DEPOSIT_STATE, also where it is worth nothing. */
MUST_USE enum err deposit_release(struct db *db, int64_t id);

/* How many deposits wait for an operator, and how many users owe what vanished after they had spent it. */
MUST_USE enum err deposit_trouble(struct db *db, uint64_t *withheld, uint64_t *owing);

extern const struct audit deposit_audit;

#endif
