/* Whether everything that has to run does: for doctor and /health/deep. A composition: it asks each domain
 * what is late. */
#ifndef WATCH_WATCH_H
#define WATCH_WATCH_H

#include <stdbool.h>

#include "base/config.h"
#include "db/db.h"

/* What one check found. The strings live during the call only. */
struct finding {
    const char *check;
    bool good;
    const char *found; /* in words */
    const char *mend;  /* what to do where it is not good */
};

typedef void finding_row(void *arg, const struct finding *finding);

/* Looks at the disk, the clocks, the jobs and what waits for them, the sockets of matcher and stream, and
 * the certificate's end. Waits for nothing but the database.
 * db   of either user
 * row  called for each check
 * arg  passed to it
 * What cannot be asked is a finding. */
void watch_all(struct db *db, const struct config *config, finding_row *row, void *arg);

/* Whether this user can read the secrets that the workers need: key and passwords.
 * row  called for each file that is named, once */
void watch_secrets(const struct config *config, finding_row *row, void *arg);

#endif
