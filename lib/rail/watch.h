/* Whoever follows a chain for deposits: tools/deposits calls each in turn. */
#ifndef RAIL_WATCH_H
#define RAIL_WATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/config.h"
#include "base/err.h"
#include "base/text.h"
#include "db/db.h"

/* What was done, added up. */
struct rail_followed {
    uint64_t blocks, given_back; /* followed; given back in reorganisations */
    uint64_t seen, credited, taken_back;
};

struct rail_watcher {
    const char *name; /* of its section: "ethereum" */

    /* Makes what following needs.
     * self     out, passed to the rest; `close` ends it
     * problem  out, what is wrong with the configuration
     * Returns ERR_NOT_FOUND where the configuration has no node of it, ERR_CONFIG, ERR_NO_MEMORY. */
    enum err (*open)(const struct config *config, struct text *problem, void **self);
    void (*close)(void *self);

    /* Follows the chain to its end, and credits and takes back what is due.
     * stopping  whether to leave the rest for later
     * Returns ERR_NO_ANSWER where the node is away, ERR_DEPOSIT_RAIL where no addresses are set up,
     * ERR_DEPOSIT_DEEP, ERR_CONFIG where it is another chain; errors of the database. */
    enum err (*follow)(void *self, struct db *db, bool (*stopping)(void),
                       struct rail_followed *done);
};

extern const struct rail_watcher ethereum_watcher;

#endif
