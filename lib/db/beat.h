/* That the jobs are alive: each notes that it has done all that was due, and doctor and /health/deep look
 * how long ago that was. */
#ifndef DB_BEAT_H
#define DB_BEAT_H

#include <stdint.h>

#include "db/db.h"

#define BEAT_NEVER INT64_C(-1)

/* Notes that `job` has done all that was due; several times in a few seconds it does nothing. A process
 * notes for one job. What goes wrong with it does not concern the job, and shows as its absence.
 * job  the name of the program */
void beat_note(struct db *db, const char *job);

/* Reads how long ago that was.
 * age_s  out, seconds, or BEAT_NEVER
 * Returns as db_run. */
MUST_USE enum err beat_age(struct db *db, const char *job, int64_t *age_s);

#endif
