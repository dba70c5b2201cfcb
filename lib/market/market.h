/* The markets: which pairs are traded, and by which rules (seed exchange-v1; api/exchange-v1,
 * sections 1, 3 and 4). What changes a book is match.c.
 */
#ifndef MARKET_MARKET_H
#define MARKET_MARKET_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "db/archive.h"
#include "db/db.h"
#include "ledger/audit.h"
#include "money/amount.h"

#define MARKET_CODE_SIZE (2 * CURRENCY_CODE_SIZE - 1) /* "BTCUSD" and a NUL */
#define MARKET_MAX_COUNT 99                           /* ids are 1 to 99: see trade.tid */
#define MARKET_PERCENT_SIZE 16                        /* any percentage with its NUL */

/* A pair, by rules that never change. A price is an amount of the currency for one whole item. */
struct market {
    uint8_t id;
    char code[MARKET_CODE_SIZE];
    const struct currency *item;
    const struct currency *currency;
    struct amount amount_step; /* of the item: amounts are multiples of it */
    struct amount price_step;  /* of the currency: prices are multiples of it */
    struct amount min_amount;  /* of the item: least amount of an order */
    bool halted;               /* as it was when the table was read: only the database knows */
};

/* Reads the table of markets anew: for who has just seen that there is one more. */
MUST_USE enum err market_refresh(struct db *db);

/* The market of a path's scope such as "BTCUSD". A process reads the table once and again where a
 * code is not in it (at most once a second), since markets are only ever added.
 * code  `len` bytes, upper case
 * out   out, valid as long as the process
 * Returns ERR_MARKET_UNKNOWN, ERR_DB_AWAY, ERR_DB. */
MUST_USE enum err market_find(struct db *db, const char *code, size_t len,
                              const struct market **out);

/* Empties the table, for a process that turns to another database. What market_find gave is void
 * then. */
void market_reset(void);

/* The market between two currencies, in the direction that is traded. Errors as market_find. */
MUST_USE enum err market_between(struct db *db, const struct currency *item,
                                 const struct currency *currency, const struct market **out);

/* The market of an id. Errors as market_find. */
MUST_USE enum err market_by_id(struct db *db, uint8_t id, const struct market **out);

/* Calls `row` for each market in order of id, freshly read.
 * row  must not use `db`
 * Returns ERR_DB_AWAY, ERR_DB. */
MUST_USE enum err market_list(struct db *db, void (*row)(void *arg, const struct market *market),
                              void *arg);

/* What an operator lays down for a new market. */
struct market_rules {
    const struct currency *item, *currency;
    struct amount amount_step, price_step, min_amount;
};

/* Makes a market, halted until it is resumed.
 * Returns ERR_MARKET_EXISTS; ERR_AMOUNT_NOT_POSITIVE where a step or the least amount is not greater
 * than zero; ERR_DB_AWAY, ERR_DB. */
MUST_USE enum err market_add(struct db *db, const struct market_rules *rules);

/* Halts a market (orders can be cancelled, nothing is placed and nothing trades) or resumes it.
 * Returns ERR_DB_AWAY, ERR_DB. */
MUST_USE enum err market_halt(struct db *db, const struct market *market, bool halted);

#define MARKET_FEE_MAX_SCALE 3   /* decimals of a percentage */
#define MARKET_RATE_MAX_SCALE 12 /* decimals of a rate */

/* Sets what a market's orders pay from now on, by what their owner traded of the item in 30 days.
 * A market without a schedule of its own goes by everybody's; its first row begins one, with
 * everybody's least fee below that row.
 * volume   from which the fee holds, of the item; 0 for the lowest row
 * percent  a plain decimal of 0 to under 100, of what an order receives
 * Returns ERR_OUT_OF_RANGE; as decimal_parse; ERR_DB_AWAY, ERR_DB_CONTENDED, ERR_DB. */
MUST_USE enum err market_fee_set(struct db *db, const struct market *market, struct amount volume,
                                 const char *percent);

/* Calls `row` for each row of the schedule that a market goes by, the lowest volume first.
 * own  whether it is the market's own
 * row  must not use `db`
 * Returns ERR_DB_AWAY, ERR_DB. */
MUST_USE enum err market_fee_list(struct db *db, const struct market *market,
                                  void (*row)(void *arg, bool own, struct amount volume,
                                              const char *percent),
                                  void *arg);

/* Sets what a currency is worth, for showing trades of one currency in another.
 * per_dollar  a plain decimal greater than 0: how much of it one US dollar is worth
 * Returns ERR_AMOUNT_NOT_POSITIVE; ERR_OUT_OF_RANGE past 18 digits, and for a dollar that is not
 * worth one; as decimal_parse; ERR_DB_AWAY, ERR_DB_CONTENDED, ERR_DB. */
MUST_USE enum err market_rate_set(struct db *db, const struct currency *currency,
                                  const char *per_dollar);

#define MARKET_NOTE_MAX 200 /* code points of an operator's note */

/* Takes a trade back: what its posting moved goes back in a new one, and it is no longer told.
 * note  at most MARKET_NOTE_MAX code points, shown in both histories
 * Returns ERR_TRADE_UNKNOWN, ERR_TRADE_VOIDED, ERR_INSUFFICIENT_FUNDS where somebody has spent what
 * they got; ERR_NOT_UTF8, ERR_TOO_LONG of the note; ERR_DB_AWAY, ERR_DB_CONTENDED, ERR_DB. */
MUST_USE enum err market_void(struct db *db, int64_t tid, const char *note);

/* Audit: orders against what they reserve, the book and the queues; trades against postings, candles
 * and volumes. */
extern const struct audit market_audit;

/* Orders that were cancelled without a fill. */
extern const struct archive market_archive;

#endif
