/* What the load generator uses up: tickets to be settled, orders to be paid or cancelled, read from
 * "partner id key" lines, each given out once and to its partner only. */
#ifndef BENCH_POOL_H
#define BENCH_POOL_H

#include "tests/bench/measure.h"

struct ticket {
    char id[40], key[64];
};

/* The tickets of one partner. */
struct pool {
    char partner[33];
    struct ticket *tickets;
    size_t count, room, next;
};

static struct pool pools[BENCH_MAX_KEYS];
static size_t pool_count;

/* The partner's pool, made where there is none. */
static inline struct pool *pool_of(const char *partner)
{
    size_t i = 0;
    while (i < pool_count && strcmp(pools[i].partner, partner) != 0)
        i++;
    if (i == BENCH_MAX_KEYS)
        bench_fail("too many partners");
    if (i == pool_count) {
        pool_count++;
        snprintf(pools[i].partner, sizeof(pools[i].partner), "%s", partner);
    }
    return &pools[i];
}

static inline void pool_read(const char *path)
{
    struct ticket ticket;
    char partner[33];
    FILE *file = fopen(path, "re");
    if (file == NULL)
        bench_fail("%s: %s", path, strerror(errno));
    while (fscanf(file, "%32s %39s %63s", partner, ticket.id, ticket.key) == 3) {
        struct pool *pool = pool_of(partner);
        if (pool->count == pool->room) {
            pool->room = pool->room * 2 + 1024;
            pool->tickets = realloc(pool->tickets, pool->room * sizeof(*pool->tickets));
            if (pool->tickets == NULL)
                bench_fail("out of memory");
        }
        pool->tickets[pool->count++] = ticket;
    }
    fclose(file);
}

/* The partner's next ticket; NULL where none is left. */
static inline struct ticket *pool_next(const char *partner)
{
    struct pool *pool = pool_of(partner);
    return pool->next < pool->count ? &pool->tickets[pool->next++] : NULL;
}

#endif
