/* Turning rows of the outbox into messages, in order. */
#include "tools/stream/batch.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const topic_types[] = {
    [STREAM_TICKER] = "ticker",
    [STREAM_DEPTH] = "depth",
    [STREAM_TRADE] = "trade",
    [STREAM_LAG] = "lag",
};

void batch_clear(struct batch *batch)
{
    batch->text.max = BATCH_TEXT_MAX;
    text_clear(&batch->text);
    batch->count = 0;
    batch->row_id = 0;
    batch->row_messages = 0;
    batch->failed = false;
}

/* The next message, with the text that is to be written to batch->text; NULL where memory is out. */
static struct batch_message *next_message(struct batch *batch)
{
    if (batch->count == batch->room) {
        size_t room = batch->room == 0 ? 256 : batch->room * 2;
        struct batch_message *more = realloc(batch->messages, room * sizeof(*more));
        if (more == NULL) {
            batch->failed = true;
            return NULL;
        }
        batch->messages = more;
        batch->room = room;
    }
    struct batch_message *message = &batch->messages[batch->count++];
    *message = (struct batch_message){.start = batch->text.len};
    return message;
}

static struct batch_message *add_message(struct batch *batch, const struct envelope *envelope,
                                         message_content *content, const void *data)
{
    struct batch_message *message = next_message(batch);
    if (message == NULL)
        return NULL;
    message_write(envelope, content, data, &batch->text);
    message->len = batch->text.len - message->start;
    batch->failed |= batch->text.full;
    return message;
}

/* The id of the row's next message. */
static const char *row_message_id(struct batch *batch, const struct stream_row *row,
                                  char out[MESSAGE_ID_SIZE])
{
    if (batch->row_id != row->id) {
        batch->row_id = row->id;
        batch->row_messages = 0;
    }
    snprintf(out, MESSAGE_ID_SIZE, "%" PRId64 "-%u", row->id, batch->row_messages++);
    return out;
}

void batch_add_public(struct batch *batch, const struct stream_market *market,
                      enum stream_topic topic, const char *id, int64_t at_us,
                      message_content *content, const void *data)
{
    char name[STREAM_NAME_SIZE];
    stream_public_name(market, topic, name);
    const struct envelope envelope = {.channel = &market->channels[topic],
                                      .channel_name = name,
                                      .type = topic_types[topic],
                                      .at_us = at_us,
                                      .id = id};
    struct batch_message *message = add_message(batch, &envelope, content, data);
    if (message != NULL)
        text_copy(message->name, sizeof(message->name), name);
}

/* To the two names that a user's private channel has for the idkeys that are good now. */
static void add_private(struct batch *batch, const struct stream_row *row, const struct uuid *user,
                        int64_t day, const char *type, message_content *content)
{
    char id[MESSAGE_ID_SIZE];
    const struct envelope envelope = {.channel = user,
                                      .channel_name = "user",
                                      .type = type,
                                      .at_us = row->at_us,
                                      .id = row_message_id(batch, row, id)};
    struct batch_message *message = add_message(batch, &envelope, content, row);
    if (message != NULL) {
        stream_private_name(user, day, message->name);
        message->account = row->account;
        message->seq = row->seq;
        struct batch_message copy = *message;
        struct batch_message *second = next_message(batch);
        if (second != NULL) {
            *second = copy;
            stream_private_name(user, day + 1, second->name);
        }
    }
}

static void add_trade(struct batch *batch, const struct stream_row *row, int64_t day)
{
    char id[MESSAGE_ID_SIZE];

    batch_add_public(batch, row->market, STREAM_TRADE, row_message_id(batch, row, id), row->at_us,
                     message_trade, row);
    add_private(batch, row, &row->user, day, "trade", message_trade);
    add_private(batch, row, &row->seller, day, "trade", message_trade);
}

void batch_add_row(struct batch *batch, const struct stream_row *row, int64_t day)
{
    char id[MESSAGE_ID_SIZE];

    if (row->stale) {
        batch->stale++;
        return;
    }
    switch (row->kind) {
    case STREAM_LEVEL:
        batch_add_public(batch, row->market, STREAM_DEPTH, row_message_id(batch, row, id),
                         row->at_us, message_level, row);
        break;
    case STREAM_TRADED:
        add_trade(batch, row, day);
        break;
    case STREAM_ORDER:
        add_private(batch, row, &row->user, day, "user_order", message_order);
        break;
    case STREAM_REMOVED:
        add_private(batch, row, &row->user, day, "user_order", message_removed);
        break;
    case STREAM_LINE:
        add_private(batch, row, &row->user, day, "wallet", message_line);
        break;
    case STREAM_PAYOUT:
        add_private(batch, row, &row->user, day, "payout", message_payout);
        break;
    }
}

/* A line's message with its place in the batch. */
struct place {
    const struct batch_message *message;
    size_t at;
};

static int compare(uint64_t a, uint64_t b)
{
    return (a > b) - (a < b);
}

static int by_channel_and_place(const void *a, const void *b)
{
    const struct place *left = a, *right = b;
    int account = compare((uint64_t)left->message->account, (uint64_t)right->message->account);
    int name = account != 0 ? account : strcmp(left->message->name, right->message->name);
    return name != 0 ? name : compare(left->at, right->at);
}

static int by_channel_and_seq(const void *a, const void *b)
{
    const struct batch_message *left = a, *right = b;
    int account = compare((uint64_t)left->account, (uint64_t)right->account);
    int name = account != 0 ? account : strcmp(left->name, right->name);
    return name != 0 ? name : compare(left->seq, right->seq);
}

void batch_sort_lines(struct batch *batch)
{
    struct place *places = calloc(batch->count + 1, sizeof(*places));
    struct batch_message *lines = calloc(batch->count + 1, sizeof(*lines));
    size_t count = 0;

    batch->failed |= places == NULL || lines == NULL;
    for (size_t i = 0; !batch->failed && i < batch->count; i++)
        if (batch->messages[i].account != 0) {
            places[count] = (struct place){.message = &batch->messages[i], .at = i};
            lines[count++] = batch->messages[i];
        }
    if (count > 1) {
        qsort(places, count, sizeof(*places), by_channel_and_place);
        qsort(lines, count, sizeof(*lines), by_channel_and_seq);
        for (size_t i = 0; i < count; i++)
            batch->messages[places[i].at] = lines[i];
    }
    free(places);
    free(lines);
}

enum err batch_publish(const struct batch *batch, struct pipeline *pipeline, size_t most,
                       size_t *from)
{
    char target[STREAM_NAME_SIZE + 32];
    enum err rc = batch->failed ? ERR_NO_MEMORY : ERR_OK;
    size_t taken, end = batch->count - *from < most ? batch->count : *from + most;

    for (size_t i = *from; rc == ERR_OK && i < end; i++) {
        const struct batch_message *message = &batch->messages[i];
        snprintf(target, sizeof(target), "/publish?channel=%s", message->name);
        rc = pipeline_add(pipeline, target, batch->text.data + message->start, message->len);
    }
    if (rc != ERR_OK)
        return rc;
    rc = pipeline_flush(pipeline, &taken);
    *from += taken;
    return rc;
}

void batch_free(struct batch *batch)
{
    text_free(&batch->text);
    free(batch->messages);
}
