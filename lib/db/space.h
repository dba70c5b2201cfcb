/* The room that is left for the database's files, where they lie on this machine. A server that has none
 * lets a write to a MyISAM table wait a minute at a time; so nothing is sent to it that writes. */
#ifndef DB_SPACE_H
#define DB_SPACE_H

#include <stdbool.h>
#include <stdint.h>

#define SPACE_LEAST_BYTES (INT64_C(16) << 20) /* with less no change is begun */

/* A file system. */
struct space {
    uint64_t free_bytes; /* for whoever is not root */
    uint64_t all_bytes;
};

/* Measures the file system of a directory.
 * directory  "" for one that is not on this machine
 * Returns false where it cannot be seen from here. */
bool space_measure(const char *directory, struct space *out);

/* Whether less than SPACE_LEAST_BYTES is left there; false where that cannot be seen. Looked at a few
 * times a second only. */
bool space_is_short(const char *directory);

#endif
