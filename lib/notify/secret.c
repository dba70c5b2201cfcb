/* The whsec_ secrets of owners, as they are stored. */
#include <stdio.h>
#include <string.h>

#include "identity/request.h"
#include "notify/notify.h"
#include "json/writer.h"

#define SEALED_SIZE (NOTIFY_SECRET_SIZE + SEAL_OVERHEAD)
#define WHERE_SIZE (sizeof("webhook_secret/") + UUID_TEXT_SIZE)

/* What a sealed secret is bound to, so that it cannot be moved to another row. */
static void format_where(const struct uuid *uuid, char out[WHERE_SIZE])
{
    char text[UUID_TEXT_SIZE];
    uuid_format(uuid, text);
    snprintf(out, WHERE_SIZE, "webhook_secret/%s", text);
}

/* Inside a transaction. */
static enum err add(struct db *db, const uint8_t master[SEAL_KEY_SIZE], int64_t owner_id,
                    bool rotate, uint8_t secret[NOTIFY_SECRET_SIZE], int64_t *overlap_until)
{
    struct db_rows rows = {0};
    struct uuid uuid = crypto_uuid4();
    uint8_t sealed[SEALED_SIZE];
    char where[WHERE_SIZE];

    crypto_random(secret, NOTIFY_SECRET_SIZE);
    format_where(&uuid, where);
    enum err rc = crypto_seal(master, where, secret, NOTIFY_SECRET_SIZE, sealed);
    if (rc == ERR_OK)
        rc = db_run(db, "CALL webhook_secret_add(?, ?, ?, ?, ?)",
                    DB_ARGS(db_i64(owner_id), db_uuid(&uuid), db_blob(sealed, sizeof(sealed)),
                            db_u64(rotate), db_i64(NOTIFY_OVERLAP_S)),
                    &rows);
    if (rc == ERR_OK && db_next(&rows))
        *overlap_until = db_get_i64(&rows, 0);
    db_rows_free(&rows);
    return rc;
}

struct rotation {
    const uint8_t *master;
    int64_t owner_id;
};

/* Keeps what is answered: {"secret","overlap_until"}. */
static enum err rotate_in(struct db *db, void *arg, struct text *reply)
{
    const struct rotation *rotation = arg;
    struct writer json = {.out = reply};
    uint8_t secret[NOTIFY_SECRET_SIZE];
    char text[NOTIFY_SECRET_TEXT_SIZE];
    int64_t overlap_until = 0;

    enum err rc = add(db, rotation->master, rotation->owner_id, true, secret, &overlap_until);
    if (rc == ERR_OK) {
        notify_secret_format(secret, text);
        writer_object(&json, NULL);
        writer_text(&json, "secret", text);
        writer_int(&json, "overlap_until", overlap_until);
        writer_end(&json);
        crypto_wipe(text, sizeof(text));
    }
    crypto_wipe(secret, sizeof(secret));
    return rc;
}

struct rotated {
    const char *secret;
    int64_t overlap_until;
};

static const struct field rotated_fields[] = {
    {.name = "secret",
     .type = FIELD_TEXT,
     .required = true,
     .max = NOTIFY_SECRET_TEXT_SIZE - 1,
     .offset = offsetof(struct rotated, secret)},
    {.name = "overlap_until",
     .type = FIELD_INT,
     .required = true,
     .offset = offsetof(struct rotated, overlap_until)},
};

enum err notify_secret_rotate(struct db *db, const uint8_t master[SEAL_KEY_SIZE],
                              const struct actor *actor, char text[NOTIFY_SECRET_TEXT_SIZE],
                              int64_t *overlap_until)
{
    struct rotation rotation = {.master = master, .owner_id = actor->user_id};
    struct arena arena = {0};
    struct text kept = TEXT(REQUEST_REPLY_MAX);
    struct rotated rotated = {.secret = ""};

    enum err rc =
        request_once(db, master, actor, "secret_rotate", NULL, rotate_in, &rotation, &kept);
    if (rc == ERR_OK)
        rc = request_kept(&arena, &kept, FIELD_TABLE(rotated_fields, struct rotated), &rotated);
    if (rc == ERR_OK) {
        text_copy(text, NOTIFY_SECRET_TEXT_SIZE, rotated.secret);
        *overlap_until = rotated.overlap_until;
    }
    arena_free(&arena);
    text_wipe(&kept);
    return rc;
}

static enum err load(struct db *db, const uint8_t master[SEAL_KEY_SIZE], int64_t owner_id,
                     struct notify_secrets *out)
{
    struct db_rows rows = {0};
    char where[WHERE_SIZE];
    enum err rc = db_run(db,
                         "SELECT uuid, secret_sealed FROM webhook_secret WHERE owner_id = ? "
                         "AND (retires_at IS NULL OR retires_at > NOW(6)) "
                         "ORDER BY id DESC LIMIT ?",
                         DB_ARGS(db_i64(owner_id), db_u64(NOTIFY_SECRETS_MAX)), &rows);
    out->count = 0;
    while (rc == ERR_OK && db_next(&rows)) {
        struct uuid uuid = db_get_uuid(&rows, 0);
        size_t len;
        const void *sealed = db_get_blob(&rows, 1, &len);
        if (len != SEALED_SIZE) {
            rc = ERR_CRYPTO;
            break;
        }
        format_where(&uuid, where);
        rc = crypto_unseal(master, where, sealed, len, out->bytes[out->count++]);
    }
    db_rows_free(&rows);
    return rc;
}

struct first {
    const uint8_t *master;
    int64_t owner_id;
};

static enum err add_first(struct db *db, void *arg)
{
    const struct first *first = arg;
    uint8_t secret[NOTIFY_SECRET_SIZE];
    int64_t overlap_until;

    enum err rc = add(db, first->master, first->owner_id, false, secret, &overlap_until);
    crypto_wipe(secret, sizeof(secret));
    return rc;
}

enum err notify_secrets(struct db *db, const uint8_t master[SEAL_KEY_SIZE], int64_t owner_id,
                        struct notify_secrets *out)
{
    struct first first = {.master = master, .owner_id = owner_id};
    bool resent; /* one that is there is left as it is */
    enum err rc = load(db, master, owner_id, out);

    if (rc != ERR_OK || out->count > 0)
        return rc;
    rc = db_txn(db, add_first, &first, &resent);
    /* Somebody else may have been first: what is stored counts. */
    return rc == ERR_OK ? load(db, master, owner_id, out) : rc;
}
