/* API keys in the database, and the cache of those in use. */
#include "identity/api_key.h"

#include <stdio.h>
#include <string.h>

#include "base/encode.h"
#include "base/text.h"
#include "identity/networks.h"
#include "identity/rights.h"

/* The cache: sets of a few slots, so that two busy keys do not drive each other out. */
#define CACHE_WAYS 4
#define CACHE_SETS (API_KEY_CACHE / CACHE_WAYS)

struct cache_set {
    struct api_key_secret slots[CACHE_WAYS]; /* free where key.id is 0 */
    unsigned next;                           /* the slot that the next key takes */
};

static struct cache_set cache[CACHE_SETS];

const char *const api_key_faces[] = {"v1", "desk", "wallet", NULL};

/* What the sealed secret is bound to, so that it cannot be moved to another key's row. */
#define WHERE_SIZE (sizeof("api_key/") + UUID_TEXT_SIZE)

static void format_where(const struct uuid *public_key, char out[WHERE_SIZE])
{
    char text[UUID_TEXT_SIZE];
    uuid_format(public_key, text);
    snprintf(out, WHERE_SIZE, "api_key/%s", text);
}

static bool face_ok(const char *face)
{
    for (size_t i = 0; api_key_faces[i] != NULL; i++)
        if (strcmp(face, api_key_faces[i]) == 0)
            return true;
    return false;
}

/* At least one right, and none that has no name. */
static bool rights_ok(const char *face, unsigned rights)
{
    const char *const *names = rights_of(face);
    unsigned all = 0;
    for (unsigned i = 0; names[i] != NULL; i++)
        all |= 1u << i;
    return rights != 0 && (rights & ~all) == 0;
}

/* Checks what a key may do and from where; the list comes out in its canonical form. */
static enum err check_access(const char *face, unsigned rights, const char *networks,
                             char canonical[API_KEY_NETWORKS_MAX + 1], const char **field)
{
    size_t most = strcmp(face, "wallet") == 0 ? API_KEY_MAX_WALLET : API_KEY_MAX_NETWORKS;

    if (!rights_ok(face, rights)) {
        *field = "rights";
        return ERR_INVALID;
    }
    if (!networks_normalise(networks, most, canonical, API_KEY_NETWORKS_MAX + 1)) {
        *field = "networks";
        return ERR_INVALID;
    }
    return ERR_OK;
}

enum err api_key_check_access(const char *face, unsigned rights, const char *networks,
                              const char **field)
{
    char canonical[API_KEY_NETWORKS_MAX + 1];
    return check_access(face, rights, networks, canonical, field);
}

#define NONCE_TABLES 32 /* schema: api_key_nonce_0 to _31 and so on, by key id */

#define KEY_COLUMNS                                                            \
    "k.id, k.public_key, k.user_id, k.face, k.rights, k.networks, k.version, " \
    "UNIX_TIMESTAMP(k.created_at) DIV 1,"                                      \
    "k.revoked_at IS NOT NULL"
#define KEY_COLUMN_COUNT 9

static void read_key(const struct db_rows *rows, struct api_key *out)
{
    *out = (struct api_key){.id = db_get_i64(rows, 0),
                            .public_key = db_get_uuid(rows, 1),
                            .user_id = db_get_i64(rows, 2),
                            .rights = (unsigned)db_get_u64(rows, 4),
                            .version = (uint32_t)db_get_u64(rows, 6),
                            .created = db_get_i64(rows, 7),
                            .revoked = db_get_u64(rows, 8) != 0};
    text_copy(out->face, sizeof(out->face), db_get_text(rows, 3));
    text_copy(out->networks, sizeof(out->networks), db_get_text(rows, 5));
}

static enum err insert(struct db *db, const struct uuid *public_key, int64_t user_id,
                       const char *face, unsigned rights, const char *networks,
                       const uint8_t *sealed, size_t sealed_len, struct api_key *out)
{
    struct db_rows rows = {0};
    enum err rc =
        db_txn_call(db, "CALL api_key_add(?, ?, ?, ?, ?, ?)",
                    DB_ARGS(db_uuid(public_key), db_i64(user_id), db_text(face), db_u64(rights),
                            db_text(networks), db_blob(sealed, sealed_len)),
                    &rows, NULL);
    if (rc == ERR_OK && db_next(&rows))
        read_key(&rows, out);
    db_rows_free(&rows);
    return rc;
}

enum err api_key_add(struct db *db, const uint8_t master[SEAL_KEY_SIZE], int64_t user_id,
                     const char *face, unsigned rights, const char *networks, struct api_key *out,
                     char secret[API_KEY_SECRET_TEXT_SIZE], const char **field)
{
    uint8_t bytes[API_KEY_SECRET_SIZE], sealed[API_KEY_SECRET_SIZE + SEAL_OVERHEAD];
    char canonical[API_KEY_NETWORKS_MAX + 1], where[WHERE_SIZE];
    struct uuid public_key = crypto_uuid4();

    if (!face_ok(face)) {
        *field = "face";
        return ERR_INVALID;
    }
    enum err rc = check_access(face, rights, networks, canonical, field);
    if (rc != ERR_OK)
        return rc;
    crypto_random(bytes, sizeof(bytes));
    format_where(&public_key, where);
    rc = crypto_seal(master, where, bytes, sizeof(bytes), sealed);
    if (rc == ERR_OK)
        rc = insert(db, &public_key, user_id, face, rights, canonical, sealed, sizeof(sealed), out);
    if (rc == ERR_OK)
        base64_encode(bytes, sizeof(bytes), secret);
    crypto_wipe(bytes, sizeof(bytes));
    return rc;
}

enum err api_key_find(struct db *db, int64_t user_id, const struct uuid *public_key,
                      struct api_key *out)
{
    struct db_rows rows = {0};
    enum err rc = db_run(db,
                         "SELECT " KEY_COLUMNS " FROM api_key AS k WHERE k.public_key = ? "
                         "AND k.user_id = ? AND k.revoked_at IS NULL",
                         DB_ARGS(db_uuid(public_key), db_i64(user_id)), &rows);
    if (rc == ERR_OK && !db_next(&rows))
        rc = ERR_NOT_FOUND;
    if (rc == ERR_OK)
        read_key(&rows, out);
    db_rows_free(&rows);
    return rc;
}

enum err api_key_change(struct db *db, int64_t user_id, const struct uuid *public_key,
                        const char *face, unsigned rights, const char *networks, const char **field)
{
    char canonical[API_KEY_NETWORKS_MAX + 1];
    enum err rc = check_access(face, rights, networks, canonical, field);
    if (rc != ERR_OK)
        return rc;
    return db_txn_call(
        db, "CALL api_key_change(?, ?, ?, ?)",
        DB_ARGS(db_i64(user_id), db_uuid(public_key), db_u64(rights), db_text(canonical)), NULL,
        NULL);
}

enum err api_key_revoke(struct db *db, int64_t user_id, const struct uuid *public_key)
{
    bool resent;
    enum err rc = db_txn_call(db, "CALL api_key_revoke(?, ?)",
                              DB_ARGS(db_i64(user_id), db_uuid(public_key)), NULL, &resent);
    /* Sent twice because the first answer was lost: the first one revoked it. */
    return rc == ERR_NOT_FOUND && resent ? ERR_OK : rc;
}

/* When a key was last used: nonce tables are many, so that calls do not wait for each other. */
static enum err read_last_use(struct db *db, struct api_key *key)
{
    struct db_rows rows = {0};
    struct text sql = TEXT(256);

    text_addf(&sql, "SELECT UNIX_TIMESTAMP(used_at) DIV 1 FROM api_key_nonce_%d WHERE key_id = ?",
              (int)(key->id % NONCE_TABLES));
    enum err rc = db_run(db, text_string(&sql), DB_ARGS(db_i64(key->id)), &rows);
    if (rc == ERR_OK && db_next(&rows))
        key->last_used = db_get_i64(&rows, 0);
    db_rows_free(&rows);
    text_free(&sql);
    return rc;
}

enum err api_key_list(struct db *db, int64_t user_id,
                      void (*row)(void *arg, const struct api_key *key), void *arg)
{
    struct db_rows rows = {0};
    struct api_key key;
    enum err rc = db_run(
        db, "SELECT " KEY_COLUMNS " FROM api_key AS k WHERE k.user_id = ? ORDER BY k.id DESC",
        DB_ARGS(db_i64(user_id)), &rows);
    while (rc == ERR_OK && db_next(&rows)) {
        read_key(&rows, &key);
        rc = read_last_use(db, &key);
        if (rc == ERR_OK)
            row(arg, &key);
    }
    db_rows_free(&rows);
    return rc;
}

bool api_key_address_allowed(const char *networks, const char *address)
{
    return networks_hold(networks, address);
}

/* Public keys are random, so any of their bits spread them well. */
static struct cache_set *cache_set_of(const struct uuid *public_key)
{
    return &cache[(public_key->bytes[0] | public_key->bytes[1] << 8) % CACHE_SETS];
}

static struct api_key_secret *cache_find(const struct uuid *public_key)
{
    struct cache_set *set = cache_set_of(public_key);
    for (size_t i = 0; i < CACHE_WAYS; i++) {
        struct api_key_secret *slot = &set->slots[i];
        if (slot->key.id != 0 &&
            memcmp(&slot->key.public_key, public_key, sizeof(*public_key)) == 0)
            return slot;
    }
    return NULL;
}

/* The slot for a key that was read; what was in it is gone. A key has one slot: another request may
 * have read it while this one waited. */
static struct api_key_secret *cache_take(const struct uuid *public_key)
{
    struct cache_set *set = cache_set_of(public_key);
    struct api_key_secret *slot = cache_find(public_key);
    if (slot == NULL) {
        slot = &set->slots[set->next];
        set->next = (set->next + 1) % CACHE_WAYS;
    }
    crypto_wipe(slot, sizeof(*slot));
    return slot;
}

static enum err unseal(const uint8_t master[SEAL_KEY_SIZE], const struct db_rows *rows,
                       struct api_key_secret *out)
{
    char where[WHERE_SIZE];
    size_t len;
    const void *sealed = db_get_blob(rows, KEY_COLUMN_COUNT, &len);

    if (len != sizeof(out->secret) + SEAL_OVERHEAD)
        return ERR_CRYPTO;
    format_where(&out->key.public_key, where);
    out->secret_len = sizeof(out->secret);
    return crypto_unseal(master, where, sealed, len, out->secret);
}

static enum err load(struct db *db, const uint8_t master[SEAL_KEY_SIZE],
                     const struct uuid *public_key, struct api_key_secret **out)
{
    struct db_rows rows = {0};
    enum err rc = db_run(db,
                         "SELECT " KEY_COLUMNS ", k.secret_sealed, " ROLES_COLUMN
                         " FROM api_key AS k JOIN user AS u ON u.id = k.user_id "
                         "WHERE k.public_key = ? AND k.revoked_at IS NULL AND u.enabled",
                         DB_ARGS(db_uuid(public_key)), &rows);
    if (rc == ERR_OK && !db_next(&rows))
        rc = ERR_KEY_INVALID;
    if (rc == ERR_OK) {
        *out = cache_take(public_key);
        read_key(&rows, &(*out)->key);
        text_copy((*out)->roles, sizeof((*out)->roles), db_get_text(&rows, KEY_COLUMN_COUNT + 1));
        rc = unseal(master, &rows, *out);
        if (rc != ERR_OK)
            crypto_wipe(*out, sizeof(**out));
    }
    db_rows_free(&rows);
    return rc;
}

enum err api_key_lookup(struct db *db, const uint8_t master[SEAL_KEY_SIZE],
                        const struct uuid *public_key, const char *face,
                        const struct api_key_secret **out)
{
    struct api_key_secret *slot = cache_find(public_key);
    if (slot == NULL) {
        enum err rc = load(db, master, public_key, &slot);
        if (rc != ERR_OK)
            return rc;
    }
    if (strcmp(slot->key.face, face) != 0)
        return ERR_KEY_INVALID;
    *out = slot;
    return ERR_OK;
}

static void defer_use(struct db *db, int64_t id, uint32_t version, struct db_arg nonce,
                      struct db_arg tonce)
{
    char sql[64];
    snprintf(sql, sizeof(sql), "CALL api_key_use_%d(?, ?, ?, ?)", (int)(id % NONCE_TABLES));
    db_defer(db, sql, DB_ARGS(db_i64(id), db_u64(version), nonce, tonce));
}

void api_key_use_nonce(struct db *db, int64_t id, uint32_t version, const char *nonce)
{
    defer_use(db, id, version, db_decimal(nonce), db_null());
}

void api_key_use_tonce(struct db *db, int64_t id, uint32_t version, int64_t tonce_us)
{
    defer_use(db, id, version, db_null(), db_i64(tonce_us));
}

void api_key_use_token(struct db *db, int64_t id, uint32_t version, int64_t nonce_ns)
{
    char sql[64];
    snprintf(sql, sizeof(sql), "CALL api_key_token_%d(?, ?, ?)", (int)(id % NONCE_TABLES));
    db_defer(db, sql,
             DB_ARGS(db_i64(id), db_u64(version), nonce_ns == 0 ? db_null() : db_i64(nonce_ns)));
}

void api_key_forget(const struct uuid *public_key)
{
    struct api_key_secret *slot = cache_find(public_key);
    if (slot != NULL)
        crypto_wipe(slot, sizeof(*slot));
}

enum err api_key_signer(struct db *db, const uint8_t master[SEAL_KEY_SIZE], int64_t id,
                        struct api_key_secret *out)
{
    struct db_rows rows = {0};
    enum err rc =
        db_run(db, "SELECT " KEY_COLUMNS ", k.secret_sealed FROM api_key AS k WHERE k.id = ?",
               DB_ARGS(db_i64(id)), &rows);
    if (rc == ERR_OK && !db_next(&rows))
        rc = ERR_NOT_FOUND;
    if (rc == ERR_OK) {
        read_key(&rows, &out->key);
        rc = unseal(master, &rows, out);
    }
    db_rows_free(&rows);
    return rc;
}
