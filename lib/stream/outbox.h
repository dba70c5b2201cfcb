/* The outbox of the live stream: what the publisher (tools/stream) reads, and whose turn it is.
 *
 * Whatever changes a book or posts a journal writes its rows in the same transaction (table
 * stream_event). Their ids rise within a market as its transactions follow each other; a row whose
 * transaction ends late is read late, never skipped: what was read is deleted by id, one by one.
 */
#ifndef STREAM_OUTBOX_H
#define STREAM_OUTBOX_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/id.h"
#include "base/text.h"
#include "db/db.h"
#include "market/line.h"
#include "money/amount.h"
#include "notify/stream_event.h"
#include "stream/channel.h"

/* What a row tells. */
enum stream_kind {
    STREAM_LEVEL,   /* a level of the book changed */
    STREAM_ORDER,   /* an order is new or changed */
    STREAM_REMOVED, /* an order ended */
    STREAM_TRADED,  /* a fill */
    STREAM_LINE,    /* a line of a wallet's history */
    STREAM_PAYOUT,  /* a payout came to another state, or has more confirmations */
};

/* A row. Amounts and strings hold what the kind has; strings live during the call. */
struct stream_row {
    enum stream_kind kind;
    int64_t id;    /* stream_event.id; the lines of one posting share it with its trade */
    int64_t at_us; /* when, microseconds since 1970 */
    bool stale;    /* older than STREAM_STALE_S */
    const struct stream_market *market; /* NULL with STREAM_LINE and STREAM_PAYOUT */
    bool is_ask;         /* LEVEL, ORDER: its side; TRADED: of the order that set it off */
    struct amount price; /* LEVEL, ORDER, TRADED; currency NULL = at any price */
    struct amount stop;  /* ORDER: of the trade that sets it off; currency NULL = none */
    struct amount
        amount; /* LEVEL: the change, signed; ORDER: what remains; TRADED; LINE: never negative */
    struct amount total; /* LEVEL: after it; ORDER: the funded part; LINE: the balance after it */
    const char *word;    /* ORDER: its status; REMOVED: why; LINE: its type, NULL for none */
    const char *info;    /* LINE: as the history says it; not that of a trade */
    const struct market_line
        *trade;         /* LINE: what it is of, from its owner's side; NULL: no trade */
    struct uuid order;  /* ORDER, REMOVED: market_order.oid; LINE: what it is about */
    bool has_ref;       /* LINE: `order` holds it */
    struct uuid user;   /* ORDER, REMOVED, LINE, PAYOUT: whose; TRADED: the buyer */
    struct uuid seller; /* TRADED */
    int64_t date;       /* ORDER: when it was placed, unix seconds */
    int64_t tid;        /* TRADED */
    bool at_market;     /* TRADED: the order that set it off named no price */
    int64_t account;    /* LINE: account.id */
    uint64_t seq;       /* LINE: entry.seq */
    int64_t
        payout; /* PAYOUT: payout.id; `word` is its state, `info` its reference or "", `order` its uuid */
    uint64_t confirmations; /* PAYOUT */
};

/* Calls `row` for what the oldest rows of the outbox tell, in order of id; a posting's trade comes
 * before its lines.
 * markets, count  as stream_markets gave them
 * limit           rows of the outbox
 * row             must not use `db`
 * read            out, the ids of the rows, with commas between, for stream_delete (notify/stream_event.h); "" where there is
 *                 none
 * Returns ERR_NOT_FOUND where a market is not among `markets`: read them again; ERR_NO_MEMORY,
 * ERR_DB_AWAY, ERR_DB. */
MUST_USE enum err stream_read(struct db *db, const struct stream_market *markets, size_t count,
                              int64_t limit, void (*row)(void *arg, const struct stream_row *row),
                              void *arg, struct text *read);

/* Whose turn it is. */
struct stream_turn {
    bool mine;
    bool over;    /* it was taken from a run that did not give it back */
    bool pending; /* there is something to tell */
};

/* Takes the turn to publish, or keeps it: one publisher at a time keeps the order of the messages.
 * owner    names this run
 * lease_s  seconds for which it is this run's
 * out      out; zero where it fails */
MUST_USE enum err stream_turn_take(struct db *db, const struct uuid *owner, int64_t lease_s,
                                   struct stream_turn *out);

/* Gives the turn back where it is this run's. */
MUST_USE enum err stream_turn_leave(struct db *db, const struct uuid *owner);

#endif
