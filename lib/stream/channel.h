/* The channels of the live stream (api exchange-v1, section 7): the ids that the API gives them, and
 * the names that they have inside, between the publisher and nchan.
 *
 * The ids of the markets of bitcoins are those that clients know; every other one is made from the
 * channel's name. A client never sees a name inside, and reaches a channel only through the worker,
 * which checks what it asks for (fcgi/v1/stream.c).
 */
#ifndef STREAM_CHANNEL_H
#define STREAM_CHANNEL_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/id.h"
#include "db/db.h"
#include "money/currency.h"

#define STREAM_NAME_SIZE 64   /* bytes of a name with its NUL */
#define STREAM_MARKETS_MAX 99 /* markets that there can be: see market.id */
#define STREAM_DAY_S 86400    /* seconds for which a private channel has one name */

/* The public channels of a market; all markets of an item share its trades, and there is one lag. */
enum stream_topic { STREAM_TICKER, STREAM_DEPTH, STREAM_TRADE, STREAM_LAG, STREAM_TOPIC_COUNT };

/* A market, as far as its channels go. */
struct stream_market {
    uint8_t id; /* market.id */
    const struct currency *item, *currency;
    struct uuid channels[STREAM_TOPIC_COUNT];
};

/* Every market there is, in order of id.
 * out    out, room for STREAM_MARKETS_MAX
 * count  out
 * Returns ERR_DB_AWAY, ERR_DB. */
MUST_USE enum err stream_markets(struct db *db, struct stream_market *out, size_t *count);

/* The name of a market's channel, as the API says it too: "ticker.BTCUSD", "depth.BTCUSD",
 * "trade.BTC", "trade.lag". */
void stream_public_name(const struct stream_market *market, enum stream_topic topic,
                        char out[STREAM_NAME_SIZE]);

/* The name inside of a user's private channel, "user.<uuid>.<day>". It has another one each day, so
 * that an idkey opens it until the end of the day (UTC) in which it expires and no longer, however
 * long the connection lives.
 * day  days since 1970 */
void stream_private_name(const struct uuid *user, int64_t day, char out[STREAM_NAME_SIZE]);

#endif
