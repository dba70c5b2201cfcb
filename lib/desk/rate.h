/* Rates: where each comes from, its last good value with its time, and how one becomes another. A value
 * that differs from the one before by more than the rate allows is kept aside: its directions are frozen
 * until a later one fits again or an operator sets the rate. So are those of a rate that is older than its
 * limit (desk/desk.h, enum desk_frozen). */
#ifndef DESK_RATE_H
#define DESK_RATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/text.h"
#include "db/db.h"
#include "money/rate.h"

#define DESK_FEED_BODY_MAX (8 << 20) /* bytes of an answer that are looked at */

/* So much of what is given is worth so much of what is got: both above zero. */
struct desk_worth {
    struct rate give, get;
};

/* What a feed says at a path. Numbers with more than DESK_RATE_SCALE_MAX decimals are cut there.
 * format  as desk_feed.format:
 *   ecb         the ECB's daily XML (eurofxref-daily.xml): the path is a currency, "USD": 1 euro is so much
 *   coinbase    exchange-rates as JSON: the path is a code of data.rates: 1 of data.currency is so much
 *   bestchange  XML of monitoring sites (rates/item): the path is "FROM/TO", in and out are taken
 *   json        any JSON: the path is the names of members and the numbers of items (from 0) with dots
 *               between, which lead to a number or a text that is one
 *   xml         any XML: the path is an XPath 1.0 expression, whose string is a number
 *   With json and xml the number is what 1 of what is given is worth; with "1/" in front of the path it is
 *   what is given for 1.
 * problem  out, appended to: in words, what was wrong
 * Errors: ERR_MALFORMED (not what the format says), ERR_NOT_FOUND (nothing at that path), ERR_INVALID (no
 * number above zero). */
MUST_USE enum err desk_feed_find(const char *format, const char *body, size_t len, const char *path,
                                 struct desk_worth *out, struct text *problem);

/* A feed that is to be fetched. */
struct desk_feed {
    int64_t id;
    char name[33], format[12], url[501];
};

/* Takes feeds that are due for lease_s seconds, each for one taker; at most `room`.
 * count  out, how many */
MUST_USE enum err desk_feed_take(struct db *db, int64_t lease_s, struct desk_feed list[],
                                 size_t room, size_t *count);

/* A feed's answer came: its rates are set, and it is due again after its time. A rate that is not in it
 * keeps its value and its time; the feed says so.
 * set  out, how many rates were */
MUST_USE enum err desk_feed_took(struct db *db, const struct desk_feed *feed, const char *body,
                                 size_t len, uint64_t *set);

/* A feed could not be fetched: it is due again after its time. */
MUST_USE enum err desk_feed_failed(struct db *db, const struct desk_feed *feed,
                                   const char *problem);

/* For how many seconds the feed that waits longest has been due; 0 where none is.
 * age_s  out */
MUST_USE enum err desk_feed_overdue(struct db *db, int64_t *age_s);

/* Calls `row` for each rate that follows our market. path: "ITEM/CURRENCY" where the item is given, or
 * "CURRENCY/ITEM". `row` must not use `db`. */
MUST_USE enum err desk_rate_markets(struct db *db,
                                    void (*row)(void *arg, int64_t id, const char *path),
                                    void *arg);

/* A value of now for a rate: taken over, or kept aside where it jumped.
 * jumped  out, it was kept aside; may be NULL
 * ERR_NOT_FOUND where the rate is gone; ERR_OUT_OF_RANGE where the value is not above zero or has more
 * than DESK_RATE_DIGITS_MAX digits. */
MUST_USE enum err desk_rate_take(struct db *db, int64_t id, const struct desk_worth *worth,
                                 bool *jumped);

#endif
