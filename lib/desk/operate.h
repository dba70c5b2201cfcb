/* What operators set: payment systems, directions, rates, feeds, fields and what holds for the desk, each a
 * row of properties that are given as text, checked by a table (operate_table.c). Every change leaves a
 * record in desk_change: who, what, before, after. */
#ifndef DESK_OPERATE_H
#define DESK_OPERATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/text.h"
#include "db/db.h"
#include "desk/desk.h"

#define DESK_PROPERTIES_MAX 48
#define DESK_KEY_SIZE 64 /* of a thing: "SBERRUB/BTC" */

/* What has properties, and how one is named. */
enum desk_thing {
    DESK_SYSTEMS,    /* by its code */
    DESK_DIRECTIONS, /* by the codes of its two systems, "SBERRUB/BTC" */
    DESK_RATES,      /* by its name */
    DESK_FEEDS,      /* by its name */
    DESK_FIELDS,     /* by its number */
    DESK_SETTINGS,   /* "desk" */
    DESK_PARTNERS,   /* by user.id */
    DESK_THINGS
};

/* Their words, "system", "direction" ... */
extern const char *const desk_thing_names[DESK_THINGS];

struct desk_property {
    const char *name, *value; /* value "" takes away what may be missing */
};

/* Makes a thing or changes what is named of it.
 * who    the operator, for the record; up to 64 characters
 * made   out, there was none before; may be NULL
 * field  out, with an error about a property: its name (as given or static); NULL otherwise
 * Errors: ERR_INVALID (the key; a value that does not fit or no such property: `field`),
 * ERR_MISSING (a new one needs it), ERR_NOT_FOUND (what the key or a value names is not there),
 * ERR_OUT_OF_RANGE, ERR_CURRENCY_UNKNOWN, amounts as amount_parse, ERR_DESK_EXISTS (another system has
 * that rail), ERR_DESK_ACTION (rail and currency of a system that is there). */
MUST_USE enum err desk_set(struct db *db, enum desk_thing thing, const char *key,
                           const struct desk_property *properties, size_t count, const char *who,
                           bool *made, const char **field);

/* Calls `row` for each thing, or the one of that key, as a JSON object of its properties with the key as
 * "key". ERR_NOT_FOUND where the key names none. */
MUST_USE enum err desk_list(struct db *db, enum desk_thing thing, const char *key,
                            void (*row)(void *arg, const char *json), void *arg);

/* Sets a text (desk_text) of a system, a direction, a field or the desk; words "" takes it away.
 * thing     DESK_SETTINGS for the desk's own
 * language  "en" or "ru"
 * Errors: ERR_INVALID, ERR_NOT_FOUND, ERR_NOT_UTF8, ERR_TOO_LONG. */
MUST_USE enum err desk_text_set(struct db *db, enum desk_thing thing, const char *key,
                                const char *name, const char *language, const char *words,
                                const char *who);

#define DESK_WORDS_MAX 20000 /* bytes of a text */

/* One record of what was done. */
struct desk_change {
    int64_t at; /* unix seconds */
    const char *who, *what, *subject;
    const char *was, *became; /* JSON; NULL: there was none, there is none any more */
};

/* Calls `row` for the newest records, at most `limit`.
 * what     system, direction, rate ... text, reserve, bid, payout, key, caller; NULL: any
 * subject  which one: a code, a number, a login; NULL: any */
MUST_USE enum err desk_change_list(struct db *db, const char *what, const char *subject,
                                   int64_t limit,
                                   void (*row)(void *arg, const struct desk_change *change),
                                   void *arg);

/* Fills or empties a reserve: from or to the outside of its rail. A reference makes it once.
 * amount     of the system's currency; above zero
 * out        false: fills
 * repeated   out, it was booked before, and nothing was done now; may be NULL
 * Errors: ERR_NOT_FOUND (no such system), ERR_AMOUNT_NOT_POSITIVE, ERR_CURRENCY_MISMATCH, ERR_INVALID
 * (reference: 1 to 64 of printable ASCII without spaces), ERR_DESK_RESERVE where there is less,
 * ERR_IDEMPOTENCY_CONFLICT. */
MUST_USE enum err desk_reserve_book(struct db *db, const char *code, struct amount amount, bool out,
                                    const char *reference, const char *who, bool *repeated);

/* A reserve with what is behind it. */
struct desk_reserve {
    char code[DESK_CODE_MAX + 1];
    struct amount available; /* for new bids */
    struct amount held;      /* by bids and payouts that are open */
    struct amount incoming;  /* paid for bids that are not done */
    struct amount outside; /* what has gone out more than came in, by the rail: to be compared with
                                its statement; below zero: came in */
};

/* Calls `row` for each payment system. */
MUST_USE enum err desk_reserves(struct db *db,
                                void (*row)(void *arg, const struct desk_reserve *reserve),
                                void *arg);

#endif
