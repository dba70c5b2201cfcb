/* Websocket frames (RFC 6455, section 5) that pass by: where each ends and how long it is, without keeping
 * any. Followers of the stream have nothing to say, and a frame may announce 2^63 bytes. */
#ifndef STREAM_FRAME_H
#define STREAM_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FRAME_CLIENT_MAX 4096 /* bytes of a client's message, all its fragments together */
#define FRAME_CONTROL_MAX 125 /* bytes of a control frame (section 5.5) */
#define FRAME_HEADER_MAX 14
#define FRAME_CLOSE_SIZE 4 /* of what frame_close writes */

/* Status codes of section 7.4.1. */
enum frame_status { FRAME_GOOD = 0, FRAME_PROTOCOL_ERROR = 1002, FRAME_TOO_BIG = 1009 };

/* How far one direction of a connection is; zeroed at its beginning. */
struct frame_reader {
    uint8_t header[FRAME_HEADER_MAX];
    size_t have;      /* bytes of the header */
    uint64_t left;    /* bytes of content that are to come */
    bool in_content;  /* the header is whole */
    bool passes;      /* this frame is passed on */
    bool in_message;  /* the message in hand goes on in another frame */
    uint64_t message; /* bytes of the message in hand */
};

/* Takes bytes of a client and gives those that are for the server: control frames. Messages end here, and
 * what is too large is refused at its header, before anything of it is read.
 * data     `len` bytes
 * out      out, room for len + FRAME_HEADER_MAX bytes
 * out_len  out
 * Returns FRAME_GOOD, or with which status the connection is to be closed. */
enum frame_status frame_from_client(struct frame_reader *reader, const uint8_t *data, size_t len,
                                    uint8_t *out, size_t *out_len);

/* Follows bytes of the server up to the end of a frame.
 * Returns how many of them belong to the frame in hand: `len` where it goes on. */
size_t frame_from_server(struct frame_reader *reader, const uint8_t *data, size_t len);

/* True between two frames. */
bool frame_between(const struct frame_reader *reader);

/* Writes a server's close frame. */
void frame_close(enum frame_status status, uint8_t out[FRAME_CLOSE_SIZE]);

#endif
