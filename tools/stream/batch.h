/* The messages of one batch, in the order in which they are published. */
#ifndef TOOLS_STREAM_BATCH_H
#define TOOLS_STREAM_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net/pipeline.h"
#include "tools/stream/message.h"

#define BATCH_TEXT_MAX (6 << 20) /* bytes of the messages of a batch */

/* A message to be published. */
struct batch_message {
    char name[STREAM_NAME_SIZE]; /* the channel's name inside */
    size_t start, len;           /* in the batch's text */
    int64_t account;             /* of a wallet's line; else 0 */
    uint64_t seq;
};

struct batch {
    struct text text;
    struct batch_message *messages; /* owned */
    size_t count, room;
    int64_t row_id; /* whose messages are counted by row_messages */
    unsigned row_messages;
    uint64_t stale; /* rows that were too old */
    bool failed;    /* memory ran out: nothing of it may be published */
};

/* Empties it, to be filled again. */
void batch_clear(struct batch *batch);

/* Adds what a row of the outbox tells.
 * day  days since 1970, of now: a private message goes to whose idkeys end today or tomorrow */
void batch_add_row(struct batch *batch, const struct stream_row *row, int64_t day);

/* Adds a message to a public channel.
 * content, data  as message_write */
void batch_add_public(struct batch *batch, const struct stream_market *market,
                      enum stream_topic topic, const char *id, int64_t at_us,
                      message_content *content, const void *data);

/* Brings the lines of each wallet into the order of its history. Postings get their ids before they
 * wait for each other's accounts, so that ids alone do not tell which was first. */
void batch_sort_lines(struct batch *batch);

/* Publishes messages from `*from` on.
 * most  at most so many
 * from  in and out: those before it have been taken
 * Returns ERR_NO_MEMORY; ERR_SERVER_FULL where nchan has no room for the next one; ERR_IO where it did not take
 * them all for another reason. */
MUST_USE enum err batch_publish(const struct batch *batch, struct pipeline *pipeline, size_t most,
                                size_t *from);

void batch_free(struct batch *batch);

#endif
