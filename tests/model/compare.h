/* Comparing the market with the reference: both tell what they know as lines of text, which must be
 * the same lines. */
#ifndef TESTS_MODEL_COMPARE_H
#define TESTS_MODEL_COMPARE_H

#include "base/text.h"
#include "tests/model/exchange.h"

/* What the last step touched, and the markets, whose last trade's id tells of one that should not be.
 * last_tids  of the markets before the step
 * False, printed, where something differs. */
bool compare_step(struct exchange *exchange, const struct ref *ref,
                  const int64_t last_tids[REF_MARKETS]);

/* The whole book, everything that waits, every live order and every account; candles and volumes
 * from `since_us` on. */
bool compare_book(struct exchange *exchange, const struct ref *ref, int64_t since_us);

/* Every order, trade, ticket, candle and volume as well. */
bool compare_everything(struct exchange *exchange, const struct ref *ref);

/* Adds each trade of the market as a line. False where the database does not tell. */
bool compare_trades(struct exchange *exchange, struct text *lines);

#endif
