/* The steps of an archive, and which there are. */
#include "db/archive.h"

#include <stdlib.h>

#include "db/packet.h"

#define PACKET_ROOM 8192

static const struct archive *registered[ARCHIVES_MAX];
static size_t registered_count;

void archive_register(const struct archive *archive)
{
    for (size_t i = 0; i < registered_count; i++)
        if (registered[i] == archive)
            return;
    if (registered_count == ARCHIVES_MAX)
        abort(); /* our bug */
    registered[registered_count++] = archive;
}

const struct archive *const *archives(size_t *count)
{
    *count = registered_count;
    return registered;
}

static enum err read_number(struct db *db, const char *sql, int64_t first, int64_t second,
                            int64_t *out)
{
    struct db_rows rows = {0};
    enum err rc = db_run(db, sql, DB_ARGS(db_i64(first), db_i64(second)), &rows);

    *out = rc == ERR_OK && db_next(&rows) ? db_get_i64(&rows, 0) : 0;
    db_rows_free(&rows);
    return rc;
}

/* One step on its way. */
struct moving {
    const struct archive *archive;
    const struct archive_step *step;
    int64_t last;
};

static enum err move_rows(struct db *db, void *arg)
{
    const struct moving *moving = arg;
    struct db_packet packet = DB_PACKET(PACKET_ROOM);
    struct db_arg cursor = db_i64(moving->step->cursor), last = db_i64(moving->last);

    db_packet_add(&packet, moving->archive->copy,
                  DB_ARGS(cursor, last, db_i64(moving->step->before_s)));
    db_packet_add(&packet, moving->archive->remove, DB_ARGS(cursor, last));
    return db_packet_commit(db, &packet, NULL, 0);
}

enum err archive_step(struct db *db, const struct archive *archive, struct archive_step *step)
{
    struct moving moving = {.archive = archive, .step = step};
    int64_t before = 0, behind = 0;
    bool resent; /* what an earlier try has moved is not there to be moved */

    enum err rc = read_number(db, archive->last, step->cursor, ARCHIVE_STEP, &moving.last);
    step->more = rc == ERR_OK && moving.last != 0;
    if (!step->more)
        return rc;
    rc = read_number(db, archive->count, step->cursor, moving.last, &before);
    if (rc == ERR_OK)
        rc = db_txn(db, move_rows, &moving, &resent);
    if (rc == ERR_OK)
        rc = read_number(db, archive->count, step->cursor, moving.last, &behind);
    if (rc != ERR_OK)
        return rc;
    step->moved += (uint64_t)(behind - before);
    step->cursor = moving.last;
    return ERR_OK;
}
