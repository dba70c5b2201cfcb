/* The whsec_ secrets of owners, as they are stored. */
#include <stdio.h>
#include <string.h>

#include "notify/notify.h"

#define SEALED_SIZE (NOTIFY_SECRET_SIZE + SEAL_OVERHEAD)
#define WHERE_SIZE (sizeof("webhook_secret/") + UUID_TEXT_SIZE)

/* What a sealed secret is bound to, so that it cannot be moved to another row. */
static void format_where(const struct uuid *uuid, char out[WHERE_SIZE])
{
    char text[UUID_TEXT_SIZE];
    uuid_format(uuid, text);
    snprintf(out, WHERE_SIZE, "webhook_secret/%s", text);
}

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
        rc = db_txn_call(db, "CALL webhook_secret_add(?, ?, ?, ?, ?)",
                         DB_ARGS(db_i64(owner_id), db_uuid(&uuid), db_blob(sealed, sizeof(sealed)),
                                 db_u64(rotate), db_i64(NOTIFY_OVERLAP_S)),
                         &rows, NULL);
    if (rc == ERR_OK && db_next(&rows))
        *overlap_until = db_get_i64(&rows, 0);
    db_rows_free(&rows);
    return rc;
}

enum err notify_secret_rotate(struct db *db, const uint8_t master[SEAL_KEY_SIZE], int64_t owner_id,
                              char text[NOTIFY_SECRET_TEXT_SIZE], int64_t *overlap_until)
{
    uint8_t secret[NOTIFY_SECRET_SIZE];
    enum err rc = add(db, master, owner_id, true, secret, overlap_until);

    if (rc == ERR_OK)
        notify_secret_format(secret, text);
    crypto_wipe(secret, sizeof(secret));
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

enum err notify_secrets(struct db *db, const uint8_t master[SEAL_KEY_SIZE], int64_t owner_id,
                        struct notify_secrets *out)
{
    uint8_t secret[NOTIFY_SECRET_SIZE];
    int64_t overlap_until;
    enum err rc = load(db, master, owner_id, out);

    if (rc != ERR_OK || out->count > 0)
        return rc;
    rc = add(db, master, owner_id, false, secret, &overlap_until);
    crypto_wipe(secret, sizeof(secret));
    /* Somebody else may have been first: what is stored counts. */
    return rc == ERR_OK ? load(db, master, owner_id, out) : rc;
}
