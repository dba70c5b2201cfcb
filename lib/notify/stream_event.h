/* The live stream's outbox: rows that are written with what they tell, and deleted once they are told.
 * NOTIFY_SQL_STREAM_INSERT (notify/sql.h) writes them; lib/stream reads them with what they tell of. */
#ifndef NOTIFY_STREAM_EVENT_H
#define NOTIFY_STREAM_EVENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/text.h"
#include "db/db.h"

#define STREAM_STALE_S 3600 /* what is older is not worth telling: nobody waits for it any more */

/* Whether there is anything to tell. */
MUST_USE enum err stream_pending(struct db *db, bool *pending);

/* Deletes rows.
 * read  their ids, with commas between, as stream_read has listed them */
MUST_USE enum err stream_delete(struct db *db, const struct text *read);

/* Deletes the oldest rows where they are stale, for where no publisher runs.
 * limit    at most so many
 * removed  out, how many */
MUST_USE enum err stream_clear(struct db *db, int64_t limit, int64_t *removed);

/* For how many seconds the oldest row has been waiting to be told; 0 where none does.
 * age_s  out */
MUST_USE enum err stream_overdue(struct db *db, int64_t *age_s);

#endif
