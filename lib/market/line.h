/* What a trader's history says of a trade: its journal says nothing, so that a fill costs no more than
 * it must. */
#ifndef MARKET_LINE_H
#define MARKET_LINE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/id.h"
#include "base/text.h"
#include "ledger/history.h"
#include "market/market.h"

/* The trade that a line of history is of, as its owner knows it. */
struct market_line {
    int64_t tid;
    bool bought;                           /* the owner was the buyer */
    struct uuid oid;                       /* the owner's order */
    struct amount amount;                  /* of the item */
    struct amount price;                   /* for one whole item */
    char fee_percent[MARKET_PERCENT_SIZE]; /* of the owner's order, without trailing zeros */
    bool at_market;                        /* the order that came later named no price */
};

/* The words of a trade's line (api exchange-v1, wallet/history):
 * `BTC bought: [tid:1366034751500724] 0.01798220 BTC at $97.96898`, and for the line of a fee
 * ` (0.6% fee)` behind it.
 * type  of the line
 * out   out, the words are added */
void market_line_write(const struct market_line *trade, const char *type, struct text *out);

/* What the ledger's histories ask for journals of trades (struct ledger_line.known is a struct
 * market_line). */
extern const struct ledger_words market_words;

/* The trade of a line of history; NULL where it is of none. */
const struct market_line *market_line_of(const struct ledger_line *line);

/* The journal of a trade.
 * Returns ERR_TRADE_UNKNOWN, ERR_DB_AWAY, ERR_DB. */
MUST_USE enum err market_trade_journal(struct db *db, int64_t tid, int64_t *journal_id);

#endif
