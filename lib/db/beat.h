/* That the jobs are alive: each notes that it has done all that was due, and doctor and /health/deep look
 * how long ago that was. */
#ifndef DB_BEAT_H
#define DB_BEAT_H

#include <stdbool.h>
#include <stdint.h>

#include "db/db.h"

#define BEAT_NEVER INT64_C(-1)
#define BEAT_WRITERS_SIZE 512 /* bytes of names */

/* Notes that `job` has done all that was due, and at which node of a cluster; several times in a few seconds it does nothing. A process
 * notes for one job. What goes wrong with it does not concern the job, and shows as its absence.
 * job  the name of the program */
void beat_note(struct db *db, const char *job);

/* Reads how long ago that was.
 * age_s  out, seconds, or BEAT_NEVER
 * Returns as db_run. */
MUST_USE enum err beat_age(struct db *db, const char *job, int64_t *age_s);

/* Reads which nodes of a cluster the jobs wrote to during the last minute.
 * names  out, the one that was last written to; or all that were written to by turns, with commas
 *        between them; "" where no job wrote
 * one    out, false where two were written to by turns: one that took over from another is no second one
 * Returns as db_run. */
MUST_USE enum err beat_writers(struct db *db, char names[BEAT_WRITERS_SIZE], bool *one);

#endif
