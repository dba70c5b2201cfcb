/* For the files of this folder: transfers of curl that give up the turn while they wait (base/wait.h).
 * Several requests of one worker may share a struct turns; each waits for its own transfer and moves
 * all of them on. */
#ifndef NET_TURNS_H
#define NET_TURNS_H

#include <curl/curl.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

/* A transfer in flight; its easy handle is the caller's. */
struct turns_transfer {
    CURL *easy;
    bool ended;
    CURLcode code; /* once it has */
};

struct turns;

/* connections  kept open at most
 * out          owned by the caller: turns_close. ERR_NO_MEMORY, ERR_IO where descriptors are out. */
MUST_USE enum err turns_open(int connections, struct turns **out);

/* Runs a transfer to its end, by the time-outs that its handle has; others go on meanwhile.
 * ERR_NO_MEMORY, ERR_IO: it was not run, or not to its end. */
MUST_USE enum err turns_run(struct turns *turns, struct turns_transfer *transfer);

/* Nothing may be in flight. NULL is fine. */
void turns_close(struct turns *turns);

#endif
