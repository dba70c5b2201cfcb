/* A row of replies, the oldest first. */
#include "fcgi/server/sending.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

bool sending_is_full(const struct sendings *sendings, size_t bytes)
{
    return sendings->count == SENDING_COUNT_MAX ||
           (sendings->count > 0 && sendings->bytes + bytes > SENDING_BYTES_MAX);
}

void sending_add(struct sendings *sendings, const struct sending *one)
{
    struct sending *place = &sendings->row[sendings->count++];

    *place = *one;
    place->until_us = clock_mono_us() + SENDING_MAX_MS * INT64_C(1000);
    sendings->bytes += one->rest.len;
}

struct sending *sending_find(struct sendings *sendings, int fd)
{
    for (size_t i = 0; i < sendings->count; i++)
        if (sendings->row[i].fd == fd)
            return &sendings->row[i];
    return NULL;
}

void sending_remove(struct sendings *sendings, struct sending *one)
{
    struct sending *end = sendings->row + sendings->count--;

    sendings->bytes -= one->rest.len;
    free(one->rest.data);
    memmove(one, one + 1, (size_t)(end - one - 1) * sizeof(*one));
}

struct sending *sending_late(struct sendings *sendings, int64_t now_us)
{
    bool late = sendings->count > 0 && sendings->row[0].until_us <= now_us;
    return late ? &sendings->row[0] : NULL;
}

int sending_timeout(const struct sendings *sendings, int timeout_ms)
{
    if (sendings->count == 0)
        return timeout_ms;
    int64_t left_ms = (sendings->row[0].until_us - clock_mono_us() + 999) / 1000;
    int own_ms = left_ms < 0 ? 0 : (int)left_ms;
    return timeout_ms < 0 || own_ms < timeout_ms ? own_ms : timeout_ms;
}
