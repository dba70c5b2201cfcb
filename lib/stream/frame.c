/* Reads frame headers, and nothing else, of both directions of a websocket. */
#include "stream/frame.h"

#include <string.h>

enum { CONTINUATION = 0, TEXT = 1, BINARY = 2, CLOSE = 8, PING = 9, PONG = 10 };

#define FIN 0x80
#define MASKED 0x80
#define OPCODE 0x0f
#define RESERVED 0x70 /* of extensions, which nobody speaks here */
#define MASK_SIZE 4

/* Bytes of the length behind the first two of a header. */
static size_t length_size(const uint8_t *header)
{
    switch (header[1] & 0x7f) {
    case 126:
        return 2;
    case 127:
        return 8;
    default:
        return 0;
    }
}

/* Takes bytes of a header until it is whole, which it returns. */
static bool take_header(struct frame_reader *reader, const uint8_t **data, const uint8_t *end)
{
    size_t whole = 2;

    for (; *data < end; (*data)++) {
        reader->header[reader->have++] = **data;
        if (reader->have >= 2)
            whole = 2 + length_size(reader->header) +
                    ((reader->header[1] & MASKED) != 0 ? MASK_SIZE : 0);
        if (reader->have == whole) {
            (*data)++;
            return true;
        }
    }
    return false;
}

/* Begins the content of the frame whose header is whole. */
static void begin_content(struct frame_reader *reader)
{
    size_t bytes = length_size(reader->header);

    reader->left = bytes == 0 ? reader->header[1] & 0x7f : 0;
    for (size_t i = 0; i < bytes; i++)
        reader->left = reader->left << 8 | reader->header[2 + i];
    reader->in_content = true;
}

static void end_content(struct frame_reader *reader)
{
    if (reader->in_content && reader->left == 0) {
        reader->in_content = false;
        reader->have = 0;
    }
}

/* What a client's header says, against the rules of a frame and our limits. */
static enum frame_status judge(struct frame_reader *reader)
{
    bool last = (reader->header[0] & FIN) != 0;
    int opcode = reader->header[0] & OPCODE;

    reader->passes = opcode == CLOSE || opcode == PING || opcode == PONG;
    if ((reader->header[1] & MASKED) == 0 || (reader->header[0] & RESERVED) != 0)
        return FRAME_PROTOCOL_ERROR;
    if (reader->passes)
        return last && reader->left <= FRAME_CONTROL_MAX ? FRAME_GOOD : FRAME_PROTOCOL_ERROR;
    if (opcode != CONTINUATION && opcode != TEXT && opcode != BINARY)
        return FRAME_PROTOCOL_ERROR;
    if (reader->in_message != (opcode == CONTINUATION))
        return FRAME_PROTOCOL_ERROR;
    if (opcode != CONTINUATION)
        reader->message = 0;
    reader->in_message = !last;
    if (reader->left > FRAME_CLIENT_MAX - reader->message)
        return FRAME_TOO_BIG;
    reader->message += reader->left;
    return FRAME_GOOD;
}

/* Takes content; returns how much. */
static size_t take_content(struct frame_reader *reader, size_t len)
{
    size_t now = reader->left < len ? (size_t)reader->left : len;
    reader->left -= now;
    end_content(reader);
    return now;
}

enum frame_status frame_from_client(struct frame_reader *reader, const uint8_t *data, size_t len,
                                    uint8_t *out, size_t *out_len)
{
    const uint8_t *end = data + len;

    *out_len = 0;
    while (data < end) {
        if (reader->in_content) {
            bool passes = reader->passes;
            const uint8_t *from = data;
            data += take_content(reader, (size_t)(end - data));
            if (passes) {
                memcpy(out + *out_len, from, (size_t)(data - from));
                *out_len += (size_t)(data - from);
            }
        } else if (take_header(reader, &data, end)) {
            begin_content(reader);
            enum frame_status status = judge(reader);
            if (status != FRAME_GOOD)
                return status;
            if (reader->passes) {
                memcpy(out + *out_len, reader->header, reader->have);
                *out_len += reader->have;
            }
            end_content(reader);
        }
    }
    return FRAME_GOOD;
}

size_t frame_from_server(struct frame_reader *reader, const uint8_t *data, size_t len)
{
    const uint8_t *at = data, *end = data + len;

    while (at < end) {
        if (reader->in_content) {
            at += take_content(reader, (size_t)(end - at));
        } else if (take_header(reader, &at, end)) {
            begin_content(reader);
            end_content(reader);
        }
        if (frame_between(reader))
            break;
    }
    return (size_t)(at - data);
}

bool frame_between(const struct frame_reader *reader)
{
    return !reader->in_content && reader->have == 0;
}

void frame_close(enum frame_status status, uint8_t out[FRAME_CLOSE_SIZE])
{
    out[0] = FIN | CLOSE;
    out[1] = 2;
    out[2] = (uint8_t)((unsigned)status >> 8);
    out[3] = (uint8_t)status;
}
