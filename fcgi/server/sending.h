/* Replies that their peers take slowly. They are sent on beside the requests in hand, so that whoever reads
 * slowly holds up nobody; where they are too many, those that began first are let go. */
#ifndef FCGI_SERVER_SENDING_H
#define FCGI_SERVER_SENDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fcgi/server/record.h"

#define SENDING_COUNT_MAX 256        /* of one worker */
#define SENDING_BYTES_MAX (32 << 20) /* of all of them together */
#define SENDING_MAX_MS 15000         /* for one: who reads slower than that is let go */

struct sending {
    int fd;
    struct record_rest rest;
    int64_t until_us; /* of clock_mono_us */
    bool kept;        /* the web server kept the connection with us before */
    bool stays;       /* and may again, once the reply is sent */
};

/* In the order in which they began. */
struct sendings {
    struct sending row[SENDING_COUNT_MAX];
    size_t count, bytes;
};

/* Whether one more, with so many bytes left, needs the oldest to go first. */
bool sending_is_full(const struct sendings *sendings, size_t bytes);

/* Adds one, whose time begins; there is room.
 * one  copied; its rest is owned from now on */
void sending_add(struct sendings *sendings, const struct sending *one);

/* The one on that socket, or NULL. */
struct sending *sending_find(struct sendings *sendings, int fd);

/* Takes one out and gives its rest back. */
void sending_remove(struct sendings *sendings, struct sending *one);

/* The oldest, where its time is over at `now_us`, or NULL. */
struct sending *sending_late(struct sendings *sendings, int64_t now_us);

/* No longer than until the oldest one's time is over: `timeout_ms` (-1: for ever), or less. */
int sending_timeout(const struct sendings *sendings, int timeout_ms);

#endif
