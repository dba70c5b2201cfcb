/* Robots' keys: checking a call, and the keys in use as this process remembers them. */
#include "desk/key.h"

#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "crypto/crypto.h"
#include "db/columns.h"
#include "db/statement.h"
#include "desk/store.h"
#include "identity/networks.h"
#include "identity/sql.h"

const char *const desk_method_names[DESK_METHOD_COUNT] = {
#define X(name) [DESK_METHOD_##name] = #name,
    DESK_METHODS(X)
#undef X
};

/* A key with what a check looks at. */
struct known_key {
    struct desk_key key;
    uint8_t secret_hash[SHA256_SIZE];
    char mode[9];            /* of the desk: off, all, selected */
    uint64_t user_methods;   /* that users' keys may have */
    bool selected, disabled; /* its user may call in mode selected; may not do anything */
    int64_t read_us;         /* 0: an empty place */
};

static struct known_key known[DESK_KEY_CACHE];

#define KEY_COLUMNS                                                                     \
    DB_COLUMN("k.id", struct known_key, key.id),                                        \
        DB_COLUMN("k.login", struct known_key, key.login),                              \
        DB_COLUMN("k.user_id", struct known_key, key.user_id),                          \
        DB_COLUMN("k.methods", struct known_key, key.methods),                          \
        DB_COLUMN("k.networks", struct known_key, key.networks),                        \
        DB_COLUMN("UNIX_TIMESTAMP(k.created_at) DIV 1", struct known_key, key.created), \
        DB_COLUMN("UNIX_TIMESTAMP(k.revoked_at) DIV 1", struct known_key, key.revoked)

static const struct db_column list_columns[] = {KEY_COLUMNS};

static const struct db_column check_columns[] = {
    KEY_COLUMNS,
    DB_COLUMN("k.secret_hash", struct known_key, secret_hash),
    DB_COLUMN("c.api_mode", struct known_key, mode),
    DB_COLUMN("c.user_methods", struct known_key, user_methods),
    DB_COLUMN("EXISTS (SELECT 1 FROM desk_api_user AS a WHERE a.user_id = k.user_id)",
              struct known_key, selected),
    DB_COLUMN("COALESCE(NOT " IDENTITY_SQL_ENABLED("k.user_id") ", FALSE)", struct known_key,
              disabled),
};

/* Where a key is remembered: one place for each login, which others may take. */
static struct known_key *place_of(const char *login)
{
    uint32_t hash = 2166136261u;

    for (; *login != '\0'; login++)
        hash = (hash ^ (uint8_t)*login) * 16777619u;
    return &known[hash % DESK_KEY_CACHE];
}

static enum err read_key(struct db *db, const char *login, struct known_key *out)
{
    struct text sql = TEXT(DESK_SQL_MAX);
    struct db_rows rows = {0};

    db_select(&sql, check_columns, DB_COUNT(check_columns));
    statement_add(&sql,
                  "FROM desk_key AS k JOIN desk_setting AS c ON c.id = 1 WHERE k.login = ? AND "
                  "k.revoked_at IS NULL",
                  DB_ARGS(db_text(login)));
    enum err rc = db_run(db, text_string(&sql), DB_NO_ARGS, &rows);
    if (rc == ERR_OK && !db_read(&rows, check_columns, DB_COUNT(check_columns), out))
        rc = ERR_DESK_API_DISABLED;
    db_rows_free(&rows);
    text_free(&sql);
    return rc;
}

/* The key of that login, from memory or from the database. */
static enum err find_key(struct db *db, const char *login, struct known_key *out)
{
    struct known_key *place = place_of(login);
    int64_t now_us = clock_mono_us();

    if (place->read_us != 0 && now_us - place->read_us < DESK_KEY_AGE_MS * 1000 &&
        strcmp(place->key.login, login) == 0) {
        *out = *place;
        return ERR_OK;
    }
    *out = (struct known_key){0};
    enum err rc = read_key(db, login, out);
    if (rc == ERR_OK) {
        out->read_us = now_us;
        *place_of(login) = *out;
    }
    return rc;
}

void desk_key_forget(void)
{
    memset(known, 0, sizeof(known));
}

void key_forget(const char *login)
{
    *place_of(login) = (struct known_key){0};
}

/* Whether the key may call at all. */
static enum err check_key(const struct known_key *found, const char *key)
{
    uint8_t hash[SHA256_SIZE];

    crypto_sha256(key, strlen(key), hash);
    bool right = crypto_equal(hash, found->secret_hash, sizeof(hash));
    bool open = strcmp(found->mode, "all") == 0 ||
                (strcmp(found->mode, "selected") == 0 && found->selected);
    return right && open && !found->disabled ? ERR_OK : ERR_DESK_API_DISABLED;
}

static bool may_call(const struct known_key *found, const char *method)
{
    uint64_t allowed = found->key.methods;

    if (found->key.user_id != 0)
        allowed &= found->user_methods;
    for (unsigned i = 0; i < DESK_METHOD_COUNT; i++)
        if (strcmp(desk_method_names[i], method) == 0)
            return (allowed >> i & 1) != 0;
    return false;
}

enum err desk_key_check(struct db *db, const char *login, const char *key, const char *address,
                        const char *method, struct desk_caller *out)
{
    struct known_key found;

    if (login == NULL || key == NULL || !is_random_word(login) || !is_random_word(key))
        return ERR_DESK_API_DISABLED;
    enum err rc = find_key(db, login, &found);
    if (rc == ERR_OK)
        rc = check_key(&found, key);
    if (rc != ERR_OK)
        return rc;
    if (!networks_hold(found.key.networks, address))
        return ERR_DESK_IP_BLOCKED;
    if (!may_call(&found, method))
        return ERR_DESK_METHOD;
    *out = (struct desk_caller){.key_id = found.key.id, .user_id = found.key.user_id};
    return ERR_OK;
}

enum err desk_key_list(struct db *db, int64_t user_id,
                       void (*row)(void *arg, const struct desk_key *key), void *arg)
{
    struct text sql = TEXT(DESK_SQL_MAX);
    struct db_rows rows = {0};
    struct known_key key;

    db_select(&sql, list_columns, DB_COUNT(list_columns));
    statement_add(&sql, "FROM desk_key AS k WHERE ? < 0 OR k.user_id <=> ? ORDER BY k.id DESC",
                  DB_ARGS(db_i64(user_id), user_id == 0 ? db_null() : db_i64(user_id)));
    enum err rc = db_run(db, text_string(&sql), DB_NO_ARGS, &rows);
    while (rc == ERR_OK && db_read(&rows, list_columns, DB_COUNT(list_columns), &key))
        row(arg, &key.key);
    db_rows_free(&rows);
    text_free(&sql);
    return rc;
}
