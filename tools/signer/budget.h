/* What was signed for today, kept in a file, so that neither a restart nor a kill opens a new budget.
 *
 * A line is appended, and on the disk, before a signature is handed out:
 *
 *     DAY KEY LIMIT UNITS
 *
 * KEY is a hash of what can be spent only once: the sender and nonce of Ethereum, the coins of Bitcoin. Of
 * several transactions with one key at most one is ever mined: a repeated request costs nothing, and a
 * replacement costs what it sends more than the dearest before it. */
#ifndef TOOLS_SIGNER_BUDGET_H
#define TOOLS_SIGNER_BUDGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/text.h"
#include "crypto/crypto.h"
#include "tools/signer/policy.h"

#define BUDGET_RECORDS_MAX 100000 /* of a day; more are not signed for */
#define BUDGET_CHARGES_MAX 2

/* What a transaction takes from one limit. */
struct budget_charge {
    const struct policy_limit *limit;
    __int128 units;
};

#define BUDGET_CHAINS 4096

struct budget_record {
    uint8_t key[SHA256_SIZE];
    char name[POLICY_NAME_SIZE]; /* of the limit */
    __int128 units;
    uint32_t next; /* the record before it in its chain, counted from 1; 0: none */
};

struct budget_sum {
    char name[POLICY_NAME_SIZE];
    __int128 units;
};

struct budget {
    const char *path;
    int fd;      /* locked for the life of the process; -1: closed */
    int64_t day; /* since 1970, UTC; a clock that goes back does not take it along */
    bool stale;  /* what the file holds is of days before */
    struct budget_record *records; /* of that day; owned */
    size_t count, room;
    uint32_t chains[BUDGET_CHAINS]; /* by the key's first bytes: the last record, counted from 1 */
    struct budget_sum sums[2 * POLICY_LIMITS_MAX]; /* of that day, by limit */
    size_t sum_count;
};

/* Opens the file and reads what counts today. A line that a kill cut off is taken away: its signature was
 * not handed out.
 * path  must outlive the budget
 * Returns ERR_CONFIG where it is not there, damaged, or another signer's; ERR_IO, ERR_NO_MEMORY. Call
 * budget_close in any case. */
MUST_USE enum err budget_open(const char *path, struct budget *out, struct text *problem);

/* Charges all or nothing; what it returns is on the disk.
 * Returns ERR_OVER_DAILY_LIMIT, ERR_IO: then nothing may be signed, and after ERR_IO nothing ever
 * again by this process. */
MUST_USE enum err budget_charge(struct budget *budget, const uint8_t key[SHA256_SIZE],
                                const struct budget_charge *charges, size_t count);

void budget_close(struct budget *budget);

#endif
