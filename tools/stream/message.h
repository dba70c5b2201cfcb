/* The messages of the live stream as JSON (api exchange-v1, section 7):
 *
 *     {"op":"private","channel":UUID,"channel_name":"depth.BTCUSD","origin":"broadcast",
 *      "private":"depth","depth":{...},"stamp":"1364669160478556","id":"4711-0"}
 *
 * The `id` is ours: the outbox row that it tells of and the message's number among those that the row
 * makes. It is the same where a message is sent again, and the same on both channels of a fill's
 * traders.
 */
#ifndef TOOLS_STREAM_MESSAGE_H
#define TOOLS_STREAM_MESSAGE_H

#include <json-c/json.h>

#include "base/text.h"
#include "stream/outbox.h"

#define MESSAGE_ID_SIZE 48

/* What a message is wrapped in. */
struct envelope {
    const struct uuid *channel; /* its id in the API */
    const char *channel_name;   /* "ticker.BTCUSD"; "user" for a private one */
    const char *type;           /* "ticker": names the member that holds the content */
    int64_t at_us;              /* microseconds since 1970 */
    const char *id;
};

/* The contents, owned by the caller. */

/* depth: {price, type, type_str, volume, price_int, volume_int, item, currency, now,
 * total_volume_int} */
struct json_object *message_level(const struct stream_row *row);

/* trade: {type, date, amount, price, amount_int, price_int, item, price_currency, tid, trade_type,
 * primary, properties} */
struct json_object *message_trade(const struct stream_row *row);

/* user_order of an order that lives: {oid, currency, item, type, amount, effective_amount, price,
 * stop, status, date}; price and stop only where it has them */
struct json_object *message_order(const struct stream_row *row);

/* user_order of one that ended: {oid, reason} */
struct json_object *message_removed(const struct stream_row *row);

/* wallet: {op, amount, info, ref, balance} */
struct json_object *message_line(const struct stream_row *row);

/* lag: {qid, stamp, age} */
struct json_object *message_lag(int64_t age_us, int64_t now_us);

/* Adds a message's text.
 * content  one of the above, not given up */
void message_write(const struct envelope *envelope, struct json_object *content, struct text *out);

#endif
