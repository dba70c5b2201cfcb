/* Making, changing and ending robots' keys. Each leaves a record of who did it, without the secret. */
#include <stdio.h>
#include <string.h>

#include "crypto/crypto.h"
#include "db/statement.h"
#include "desk/key.h"
#include "desk/store.h"
#include "identity/networks.h"
#include "identity/sql.h"

#define WHAT_KEY "key"
#define WHAT_CALLER "caller"
#define JSON_SIZE (API_KEY_NETWORKS_MAX + 512)

/* A change of a key on its way. */
struct turnkey {
    int64_t user_id;
    const char *login, *who;
    uint64_t methods;
    const char *networks; /* as given */
    const char *field;
    char canonical[API_KEY_NETWORKS_MAX + 1];
    uint8_t secret_hash[SHA256_SIZE];
    int64_t id, created;
};

static struct db_arg user_or_null(int64_t user_id)
{
    return user_id == 0 ? db_null() : db_i64(user_id);
}

/* What a key is allowed, for the record. */
static const char *access_json(uint64_t methods, const char *networks, char out[JSON_SIZE])
{
    struct text text = TEXT(JSON_SIZE);
    const char *comma = "";

    text_puts(&text, "{\"methods\":\"");
    for (unsigned i = 0; i < DESK_METHOD_COUNT; i++)
        if ((methods >> i & 1) != 0) {
            text_addf(&text, "%s%s", comma, desk_method_names[i]);
            comma = ",";
        }
    text_addf(&text, "\",\"networks\":\"%s\"}", networks);
    text_copy(out, JSON_SIZE, text_string(&text));
    text_free(&text);
    return out;
}

/* Brings the networks to their canonical form. */
static enum err check_access(struct db *db, struct turnkey *change)
{
    struct db_rows rows = {0};
    uint64_t allowed = DESK_METHODS_ALL;
    enum err rc = ERR_OK;

    if (change->user_id != 0)
        rc = db_run(db, "SELECT user_methods FROM desk_setting WHERE id = 1", DB_NO_ARGS, &rows);
    if (rc == ERR_OK && change->user_id != 0 && db_next(&rows))
        allowed = db_get_u64(&rows, 0);
    db_rows_free(&rows);
    if (rc != ERR_OK)
        return rc;
    change->field = NULL;
    if (change->methods == 0 || (change->methods & ~allowed) != 0)
        change->field = "methods";
    else if (!networks_normalise(change->networks, API_KEY_MAX_NETWORKS, change->canonical,
                                 sizeof(change->canonical)))
        change->field = "networks";
    return change->field == NULL ? ERR_OK : ERR_INVALID;
}

/* The user's keys are counted under a lock of theirs, so that two at once are not one too many. */
static enum err check_count(struct db *db, const struct turnkey *change)
{
    struct db_rows rows = {0};

    if (change->user_id == 0)
        return ERR_OK;
    enum err rc =
        db_run(db, "SELECT id FROM desk_key WHERE user_id = ? AND revoked_at IS NULL FOR UPDATE",
               DB_ARGS(db_i64(change->user_id)), &rows);
    if (rc == ERR_OK && rows.count >= DESK_KEYS_MAX)
        rc = ERR_DESK_KEYS;
    db_rows_free(&rows);
    return rc;
}

static enum err add_in(struct db *db, void *arg)
{
    struct turnkey *change = arg;
    struct db_packet packet = DB_PACKET(DESK_SQL_MAX);
    struct db_rows rows = {0};
    char json[JSON_SIZE];

    enum err rc = check_access(db, change);
    if (rc == ERR_OK)
        rc = check_count(db, change);
    if (rc != ERR_OK)
        return rc;
    db_packet_add_once(
        &packet,
        "INSERT INTO desk_key (login, secret_hash, user_id, methods, networks) SELECT ?, ?, ?, ?, "
        "? "
        "FROM (SELECT 1) AS one WHERE ? IS NULL OR " IDENTITY_SQL_LOGIN("?") " IS NOT NULL",
        DB_ARGS(db_text(change->login), db_blob(change->secret_hash, SHA256_SIZE),
                user_or_null(change->user_id), db_u64(change->methods), db_text(change->canonical),
                user_or_null(change->user_id), user_or_null(change->user_id)),
        ERR_REPLAYED);
    db_packet_expect(&packet, 1, ERR_NOT_FOUND);
    change_add(&packet, change->who, WHAT_KEY, change->login, NULL,
               access_json(change->methods, change->canonical, json));
    db_packet_add(&packet,
                  "SELECT id, UNIX_TIMESTAMP(created_at) DIV 1 FROM desk_key WHERE login = ?",
                  DB_ARGS(db_text(change->login)));
    rc = db_packet_commit(db, &packet, &rows, 1);
    if (rc == ERR_OK && db_next(&rows)) {
        change->id = db_get_i64(&rows, 0);
        change->created = db_get_i64(&rows, 1);
    }
    db_rows_free(&rows);
    return rc;
}

/* The answer of the first try was lost: the key is there. */
static enum err find_added(struct db *db, struct turnkey *change)
{
    struct db_rows rows = {0};
    enum err rc =
        db_run(db, "SELECT id, UNIX_TIMESTAMP(created_at) DIV 1 FROM desk_key WHERE login = ?",
               DB_ARGS(db_text(change->login)), &rows);

    if (rc == ERR_OK)
        rc = db_next(&rows) ? ERR_OK : ERR_INTERNAL;
    if (rc == ERR_OK) {
        change->id = db_get_i64(&rows, 0);
        change->created = db_get_i64(&rows, 1);
    }
    db_rows_free(&rows);
    return rc;
}

enum err desk_key_add(struct db *db, int64_t user_id, uint64_t methods, const char *networks,
                      const char *who, struct desk_key *out, char key[DESK_LOGIN_SIZE],
                      const char **field)
{
    struct turnkey change = {
        .user_id = user_id, .methods = methods, .networks = networks, .who = who};

    *out = (struct desk_key){.user_id = user_id, .methods = methods};
    random_word(out->login, sizeof(out->login));
    random_word(key, DESK_LOGIN_SIZE);
    crypto_sha256(key, strlen(key), change.secret_hash);
    change.login = out->login;
    enum err rc = db_txn(db, add_in, &change, NULL);
    if (rc == ERR_REPLAYED)
        rc = find_added(db, &change);
    out->id = change.id;
    out->created = change.created;
    text_copy(out->networks, sizeof(out->networks), change.canonical);
    *field = change.field;
    return rc;
}

/* Locks a key of that user that is not ended, and reads what it is allowed, for the record. */
static enum err lock_key(struct db *db, const struct turnkey *change, int64_t *id,
                         char was[JSON_SIZE])
{
    struct db_rows rows = {0};
    enum err rc = db_run(db,
                         "SELECT id, methods, networks FROM desk_key WHERE login = ? AND user_id "
                         "<=> ? AND revoked_at IS NULL FOR UPDATE",
                         DB_ARGS(db_text(change->login), user_or_null(change->user_id)), &rows);

    if (rc == ERR_OK)
        rc = db_next(&rows) ? ERR_OK : ERR_NOT_FOUND;
    if (rc == ERR_OK) {
        *id = db_get_i64(&rows, 0);
        access_json(db_get_u64(&rows, 1), db_get_text(&rows, 2), was);
    }
    db_rows_free(&rows);
    return rc;
}

static enum err change_in(struct db *db, void *arg)
{
    struct turnkey *change = arg;
    struct db_packet packet = DB_PACKET(DESK_SQL_MAX);
    char was[JSON_SIZE], became[JSON_SIZE];
    int64_t id = 0;

    enum err rc = check_access(db, change);
    if (rc == ERR_OK)
        rc = lock_key(db, change, &id, was);
    if (rc != ERR_OK)
        return rc;
    db_packet_add(&packet, "UPDATE desk_key SET methods = ?, networks = ? WHERE id = ?",
                  DB_ARGS(db_u64(change->methods), db_text(change->canonical), db_i64(id)));
    change_add(&packet, change->who, WHAT_KEY, change->login, was,
               access_json(change->methods, change->canonical, became));
    return db_packet_commit(db, &packet, NULL, 0);
}

enum err desk_key_change(struct db *db, int64_t user_id, const char *login, uint64_t methods,
                         const char *networks, const char *who, const char **field)
{
    struct turnkey change = {
        .user_id = user_id, .login = login, .methods = methods, .networks = networks, .who = who};

    *field = NULL;
    if (!is_random_word(login))
        return ERR_NOT_FOUND;
    enum err rc = db_txn(db, change_in, &change, NULL);
    *field = change.field;
    key_forget(login);
    return rc;
}

static enum err revoke_in(struct db *db, void *arg)
{
    struct turnkey *change = arg;
    struct db_packet packet = DB_PACKET(DESK_SQL_MAX);
    char was[JSON_SIZE];
    int64_t id = 0;

    enum err rc = lock_key(db, change, &id, was);
    if (rc != ERR_OK)
        return rc;
    db_packet_add(&packet, "UPDATE desk_key SET revoked_at = NOW(6) WHERE id = ?",
                  DB_ARGS(db_i64(id)));
    change_add(&packet, change->who, WHAT_KEY, change->login, was, NULL);
    return db_packet_commit(db, &packet, NULL, 0);
}

enum err desk_key_revoke(struct db *db, int64_t user_id, const char *login, const char *who)
{
    struct turnkey change = {.user_id = user_id, .login = login, .who = who};
    bool resent = false;

    if (!is_random_word(login))
        return ERR_NOT_FOUND;
    enum err rc = db_txn(db, revoke_in, &change, &resent);
    key_forget(login);
    return rc == ERR_NOT_FOUND && resent ? ERR_OK : rc; /* the first try's answer was lost */
}

enum err desk_api_offer(struct db *db, int64_t user_id, uint64_t *methods, bool *open)
{
    struct db_rows rows = {0};
    enum err rc =
        db_run(db,
               "SELECT user_methods, api_mode = 'all' OR (api_mode = 'selected' AND EXISTS "
               "(SELECT 1 FROM desk_api_user WHERE user_id = ?)) FROM desk_setting WHERE "
               "id = 1",
               DB_ARGS(db_i64(user_id)), &rows);

    if (rc == ERR_OK)
        rc = db_next(&rows) ? ERR_OK : ERR_INTERNAL;
    if (rc == ERR_OK) {
        *methods = db_get_u64(&rows, 0);
        *open = db_get_i64(&rows, 1) != 0;
    }
    db_rows_free(&rows);
    return rc;
}

/* Whether a user may call in mode `selected`. */
struct calling {
    int64_t user_id;
    const char *who;
    bool allowed;
};

static enum err set_caller_in(struct db *db, void *arg)
{
    const struct calling *calling = arg;
    struct db_packet packet = DB_PACKET(DESK_SQL_MAX);
    struct db_rows rows = {0};
    char subject[24];

    enum err rc = db_run(db,
                         "SELECT (SELECT COUNT(*) FROM desk_api_user WHERE user_id = ?) FROM "
                         "(SELECT 1) AS one WHERE " IDENTITY_SQL_LOGIN("?") " IS NOT NULL",
                         DB_ARGS(db_i64(calling->user_id), db_i64(calling->user_id)), &rows);
    if (rc == ERR_OK)
        rc = db_next(&rows) ? ERR_OK : ERR_NOT_FOUND;
    bool before = rc == ERR_OK && db_get_i64(&rows, 0) != 0;
    db_rows_free(&rows);
    if (rc != ERR_OK || before == calling->allowed)
        return rc;
    db_packet_add(&packet,
                  calling->allowed ? "INSERT INTO desk_api_user (user_id) VALUES (?) ON DUPLICATE "
                                     "KEY UPDATE user_id = user_id"
                                   : "DELETE FROM desk_api_user WHERE user_id = ?",
                  DB_ARGS(db_i64(calling->user_id)));
    snprintf(subject, sizeof(subject), "%lld", (long long)calling->user_id);
    change_add(&packet, calling->who, WHAT_CALLER, subject,
               before ? "{\"may_call\":true}" : "{\"may_call\":false}",
               before ? "{\"may_call\":false}" : "{\"may_call\":true}");
    return db_packet_commit(db, &packet, NULL, 0);
}

enum err desk_api_user_set(struct db *db, int64_t user_id, bool allowed, const char *who)
{
    struct calling calling = {.user_id = user_id, .allowed = allowed, .who = who};
    return db_txn(db, set_caller_in, &calling, NULL);
}
