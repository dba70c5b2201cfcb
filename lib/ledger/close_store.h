/* Closes as they are stored, for close.c alone. */
#ifndef LEDGER_CLOSE_STORE_H
#define LEDGER_CLOSE_STORE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"
#include "db/db.h"
#include "ledger/close.h"

#define CLOSE_PRINT_SIZE 8         /* bytes kept of an entry's hash */
#define CLOSE_PRINTS_MAX 1024      /* in one row; a part of CLOSE_ENTRIES_AT_ONCE */
#define CLOSE_SPANS_AT_ONCE 256    /* accounts read by one statement */
#define CLOSE_ENTRIES_AT_ONCE 8192 /* entries read by one statement */

/* The entries of an account in a close. */
struct close_span {
    int64_t account;
    uint64_t first, last;      /* entry.seq */
    uint64_t next;             /* of the entry that is to be read next */
    __int128 balance;          /* in front of the first one; behind what was read */
    uint8_t hash[SHA256_SIZE]; /* of the chain, the same */
    __int128 kept_balance;     /* what the close says of them: behind the last one */
    uint8_t kept_hash[SHA256_SIZE];
    bool differs; /* an entry was reported */
};

/* An entry as it is read. */
struct close_entry {
    int64_t account, journal;
    uint64_t seq;
    __int128 amount, balance;
    uint8_t hash[SHA256_SIZE]; /* of all that it and its journal say */
};

/* Who reads the entries of many spans, in the order of account and number. */
struct close_reader {
    struct db *db;
    struct audit_report *report; /* missing entries are differences */

    /* Called before the entries of some spans, or of a part of one, are read; may be NULL. */
    enum err (*begin)(struct close_reader *reader, const struct close_span *spans, size_t count);
    /* Called with each entry, before its hash is chained to that of its span. */
    enum err (*entry)(struct close_reader *reader, struct close_span *span,
                      const struct close_entry *entry);
    /* Called behind the last entry of each span. */
    enum err (*end)(struct close_reader *reader, const struct close_span *span);
};

/* Reads the spans that a statement gives (CLOSE_SPANS_SQL) from their first entries to their last.
 * Returns as db_run, or what a function of the reader's returned. */
MUST_USE enum err close_read(struct close_reader *reader, const char *sql, struct db_args args);

/* Adds a condition on `table`.account_id and a column: those of the spans' entries. */
void close_add_ranges(struct text *sql, const char *table, const char *column,
                      const struct close_span *spans, size_t count);

/* A difference in words, as printf has it. */
void close_report(struct audit_report *report, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The hash of a close, put together account by account in ascending order.
 * close_sum_begin   hash of the close before, zeros for the first one
 * close_sum_end     close->hash is filled from its other members */
void close_sum_begin(uint8_t sum[SHA256_SIZE], const uint8_t before[SHA256_SIZE]);
void close_sum_add(uint8_t sum[SHA256_SIZE], const struct close_span *span);
void close_sum_end(const uint8_t sum[SHA256_SIZE], struct ledger_close *close);

/* The close of that number; id 0 where there is none.
 * Returns as db_run. */
MUST_USE enum err close_find(struct db *db, int64_t id, struct ledger_close *out);

#endif
