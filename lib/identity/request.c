/* request_result: recording requests, finding them again, and the replies that are kept with them. */
#include "identity/request.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"

#define WHERE_SIZE 160 /* "request_result/" with user id and key */
#define SEALED_MAX (REQUEST_REPLY_MAX + SEAL_OVERHEAD)

/* Whether a recorded digest is for what is asked for now. Without one, on either side, nothing is known
 * to differ. */
static bool same_digest(const void *recorded, size_t len, const uint8_t *asked)
{
    return recorded == NULL || asked == NULL ||
           (len == SHA256_SIZE && memcmp(recorded, asked, SHA256_SIZE) == 0);
}

enum err request_find_by(struct db *db, const char *sql, int64_t user_id, const char *key,
                         struct request_done *out)
{
    struct db_rows rows = {0};

    enum err rc = db_run(db, sql, DB_ARGS(db_i64(user_id), db_text(key)), &rows);
    if (rc == ERR_OK && !db_next(&rows))
        rc = ERR_NOT_FOUND;
    if (rc == ERR_OK) {
        *out = (struct request_done){.has_ref = !db_is_null(&rows, 1),
                                     .ref = db_get_uuid(&rows, 1),
                                     .at = db_get_i64(&rows, 2)};
        text_copy(out->operation, sizeof(out->operation), db_get_text(&rows, 0));
    }
    db_rows_free(&rows);
    return rc;
}

enum err request_find(struct db *db, const uint8_t master[SEAL_KEY_SIZE], int64_t user_id,
                      const char *key, struct request_done *out)
{
    (void)master;
    return request_find_by(db,
                           "SELECT operation, ref, UNIX_TIMESTAMP(at) DIV 1 FROM request_result "
                           "WHERE user_id = ? AND request_key = ?",
                           user_id, key, out);
}

enum err request_check(struct db *db, const struct actor *actor)
{
    struct db_rows rows = {0};
    enum err rc =
        db_run(db, "SELECT digest FROM request_result WHERE user_id = ? AND request_key = ?",
               DB_ARGS(db_i64(actor->user_id), db_text(actor->request_key)), &rows);
    if (rc == ERR_OK && db_next(&rows)) {
        size_t len;
        const void *digest = db_get_blob(&rows, 0, &len);
        if (!same_digest(digest, len, actor->digest))
            rc = ERR_IDEMPOTENCY_CONFLICT;
    }
    db_rows_free(&rows);
    return rc;
}

#define RECORD_SQL "CALL request_record(?, ?, ?, ?, ?)"
#define RECORD_ARGS(actor, operation, ref)                                               \
    DB_ARGS(db_i64((actor)->user_id), db_text((actor)->request_key), db_text(operation), \
            db_uuid(ref), db_blob((actor)->digest, SHA256_SIZE))

void request_record_add(struct db_packet *packet, const struct actor *actor, const char *operation,
                        const struct uuid *ref)
{
    db_packet_add(packet, RECORD_SQL, RECORD_ARGS(actor, operation, ref));
}

enum err request_record(struct db *db, const struct actor *actor, const char *operation,
                        const struct uuid *ref)
{
    return db_run(db, RECORD_SQL, RECORD_ARGS(actor, operation, ref), NULL);
}

/* What a kept reply is bound to, so that it cannot be moved to another request's row. */
static void format_where(const struct actor *actor, char out[WHERE_SIZE])
{
    snprintf(out, WHERE_SIZE, "request_result/%lld/%s", (long long)actor->user_id,
             actor->request_key);
}

/* Seals `reply` into the record that the transaction has just made. */
static enum err keep_reply(struct db *db, const uint8_t master[SEAL_KEY_SIZE],
                           const struct actor *actor, const struct text *reply)
{
    struct text sealed = TEXT(SEALED_MAX);
    char where[WHERE_SIZE];

    if (reply->full)
        return ERR_TOO_LONG;
    uint8_t *room = (uint8_t *)text_extend(&sealed, reply->len + SEAL_OVERHEAD);
    format_where(actor, where);
    enum err rc =
        room == NULL ? ERR_NO_MEMORY : crypto_seal(master, where, reply->data, reply->len, room);
    if (rc == ERR_OK)
        rc = db_run(
            db,
            "UPDATE request_result SET reply_sealed = ? "
            "WHERE user_id = ? AND request_key = ?",
            DB_ARGS(db_blob(room, sealed.len), db_i64(actor->user_id), db_text(actor->request_key)),
            NULL);
    text_free(&sealed);
    return rc;
}

/* Adds the reply in the current row, if there is one. */
static enum err open_reply(const uint8_t master[SEAL_KEY_SIZE], const struct actor *actor,
                           const struct db_rows *rows, unsigned col, struct text *reply)
{
    char where[WHERE_SIZE];
    size_t len;
    const void *sealed = db_get_blob(rows, col, &len);

    text_clear(reply);
    if (sealed == NULL)
        return ERR_OK;
    if (len < SEAL_OVERHEAD)
        return ERR_CRYPTO;
    char *room = text_extend(reply, len - SEAL_OVERHEAD);
    if (room == NULL)
        return ERR_NO_MEMORY;
    format_where(actor, where);
    return crypto_unseal(master, where, sealed, len, room);
}

enum err request_reply(struct db *db, const uint8_t master[SEAL_KEY_SIZE],
                       const struct actor *actor, const char *operation, struct text *reply)
{
    struct db_rows rows = {0};
    enum err rc = db_run(db,
                         "SELECT operation, digest, reply_sealed FROM request_result "
                         "WHERE user_id = ? AND request_key = ?",
                         DB_ARGS(db_i64(actor->user_id), db_text(actor->request_key)), &rows);
    if (rc == ERR_OK && !db_next(&rows))
        rc = ERR_NOT_FOUND;
    if (rc == ERR_OK) {
        size_t len;
        const void *digest = db_get_blob(&rows, 1, &len);
        bool same = strcmp(db_get_text(&rows, 0), operation) == 0 &&
                    same_digest(digest, len, actor->digest);
        rc = same ? open_reply(master, actor, &rows, 2, reply) : ERR_IDEMPOTENCY_CONFLICT;
    }
    db_rows_free(&rows);
    return rc;
}

/* What the transaction of request_once does. */
struct once {
    const uint8_t *master;
    const struct actor *actor;
    const char *operation;
    const struct uuid *ref;
    enum err (*work)(struct db *db, void *arg, struct text *reply);
    void *arg;
    struct text *reply;
};

static enum err record_and_work(struct db *db, void *arg)
{
    const struct once *once = arg;

    text_clear(once->reply);
    enum err rc = request_record(db, once->actor, once->operation, once->ref);
    if (rc == ERR_OK)
        rc = once->work(db, once->arg, once->reply);
    return rc == ERR_OK && once->reply->len > 0
               ? keep_reply(db, once->master, once->actor, once->reply)
               : rc;
}

enum err request_once(struct db *db, const uint8_t master[SEAL_KEY_SIZE], const struct actor *actor,
                      const char *operation, const struct uuid *ref,
                      enum err (*work)(struct db *db, void *arg, struct text *reply), void *arg,
                      struct text *reply)
{
    struct once once = {master, actor, operation, ref, work, arg, reply};
    bool resent = false;

    enum err rc = db_txn(db, record_and_work, &once, &resent);
    if (rc != ERR_REPLAYED || !(resent || actor->repeatable))
        return rc;
    rc = request_reply(db, master, actor, operation, reply);
    /* Not recorded: another row bears the name, for something else. */
    return rc == ERR_NOT_FOUND ? ERR_IDEMPOTENCY_CONFLICT : rc;
}

enum err request_kept(struct arena *arena, const struct text *kept, const struct field_table *table,
                      void *target)
{
    struct field_reader reader = {.arena = arena};
    struct value *root;
    const char *where;

    enum err rc = value_parse(arena, text_string(kept), kept->len, &root, &where);
    if (rc == ERR_OK)
        rc = field_read(&reader, table, root, target);
    return rc == ERR_OK || rc == ERR_NO_MEMORY ? rc : ERR_CRYPTO;
}
