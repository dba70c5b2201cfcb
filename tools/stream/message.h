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

#include "base/text.h"
#include "market/ticker.h"
#include "stream/outbox.h"
#include "json/writer.h"

#define MESSAGE_ID_SIZE 48

/* What a message is wrapped in. */
struct envelope {
    const struct uuid *channel; /* its id in the API */
    const char *channel_name;   /* "ticker.BTCUSD"; "user" for a private one */
    const char *type;           /* "ticker": names the member that holds the content */
    int64_t at_us;              /* microseconds since 1970 */
    const char *id;
};

/* What a message tells of an event.
 * data  a struct stream_row, but for the last two */
typedef void message_content(struct writer *json, const void *data);

/* depth: {price, type, type_str, volume, price_int, volume_int, item, currency, now,
 * total_volume_int} */
message_content message_level;

/* trade: {type, date, amount, price, amount_int, price_int, item, price_currency, tid, trade_type,
 * primary, properties} */
message_content message_trade;

/* user_order of an order that lives: {oid, currency, item, type, amount, effective_amount, price,
 * stop, status, date}; price and stop only where it has them */
message_content message_order;

/* user_order of one that ended: {oid, reason} */
message_content message_removed;

/* wallet: {op, amount, info, ref, balance} */
message_content message_line;

/* payout: {id, uuid, state, confirmations, reference}; reference null while there is none */
message_content message_payout;

/* lag: {qid, stamp, age}, of a struct lag */
struct lag {
    int64_t age_us, now_us;
};
message_content message_lag;

/* ticker: what the HTTP call gives, and the item; of a struct ticker_row */
struct ticker_row {
    const struct market *market;
    const struct market_ticker *ticker;
};
message_content message_ticker;

/* Adds a message's text.
 * content, data  one of the above and what it is of */
void message_write(const struct envelope *envelope, message_content *content, const void *data,
                   struct text *out);

#endif
