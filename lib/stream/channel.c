/* The names of the stream's channels. */
#include "stream/channel.h"

#include <inttypes.h>
#include <stdio.h>

void stream_public_name(const struct stream_market *market, enum stream_topic topic,
                        char out[STREAM_NAME_SIZE])
{
    const char *item = market->item->code;

    switch (topic) {
    case STREAM_TICKER:
    case STREAM_DEPTH:
        snprintf(out, STREAM_NAME_SIZE, "%s.%s%s", topic == STREAM_TICKER ? "ticker" : "depth",
                 item, market->currency->code);
        break;
    case STREAM_TRADE:
        snprintf(out, STREAM_NAME_SIZE, "trade.%s", item);
        break;
    case STREAM_LAG:
    case STREAM_TOPIC_COUNT:
        snprintf(out, STREAM_NAME_SIZE, "trade.lag");
        break;
    }
}

void stream_private_name(const struct uuid *user, int64_t day, char out[STREAM_NAME_SIZE])
{
    char uuid[UUID_TEXT_SIZE];

    uuid_format(user, uuid);
    snprintf(out, STREAM_NAME_SIZE, "user.%s.%" PRId64, uuid, day);
}
