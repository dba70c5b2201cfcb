/* The queued statement of a handle, which goes in front of the next one, and when nothing is sent. */
#include "base/clock.h"
#include "base/log.h"
#include "db/handle.h"
#include "db/space.h"
#include "db/statement.h"

/* Until when no queued statement is sent: one has just waited in vain. */
static int64_t stalled_until_us;

bool db_is_stalled(void)
{
    return clock_mono_us() < stalled_until_us;
}

void deferred_stalls(void)
{
    log_line(LOG_LEVEL_WARNING, "db_stalled", "ms=%d", DB_DEFERRED_MS);
    stalled_until_us = clock_mono_us() + DB_DEFERRED_MS * INT64_C(1000);
}

enum err handle_refuse(struct db *db, const struct sending *sending)
{
    bool deferred = db->deferred.len > 0;

    if (deferred && db_is_stalled()) {
        text_clear(&db->problem);
        text_puts(&db->problem, "the server did not answer a moment ago");
        return ERR_DB_AWAY;
    }
    if (!(deferred || db->txn != TXN_NONE || sending->commits) ||
        !space_is_short(db->connection->data_directory))
        return ERR_OK;
    text_clear(&db->problem);
    text_addf(&db->problem, "the disk is full: %s", db->connection->data_directory);
    return ERR_DB_FULL;
}

void db_defer(struct db *db, const char *sql, struct db_args args)
{
    statement_check(sql);
    text_clear(&db->deferred);
    statement_add(&db->deferred, sql, args);
    db->deferred_done = db->deferred_doubtful = false;
}

enum err db_flush_deferred(struct db *db)
{
    return db->deferred.len == 0 ? ERR_OK : db_run(db, "", DB_NO_ARGS, NULL);
}

const char *db_deferred(const struct db *db)
{
    return text_string(&db->deferred);
}

void db_deferred_sent(struct db *db, bool certain)
{
    db->deferred_doubtful = !certain;
    if (certain) {
        text_clear(&db->deferred);
        db->deferred_done = true;
    }
}

void db_forget_deferred(struct db *db)
{
    text_clear(&db->deferred);
}

bool db_deferred_done(const struct db *db)
{
    return db->deferred_done;
}
