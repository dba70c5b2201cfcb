/* API keys, nonces and tonces against the database. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/encode.h"
#include "identity/api_key.h"
#include "identity/rights.h"
#include "identity/sweep.h"
#include "tests/db/db.h"
#include "tests/db/scratch.h"

#define RIGHTS (RIGHT_GET_INFO | RIGHT_WITHDRAW)

static struct api_key new_key(int64_t user_id, char secret[API_KEY_SECRET_TEXT_SIZE])
{
    struct api_key key = {0};
    const char *field = NULL;
    DB_GIVES(api_key_add(test_db, test_master, user_id, "v1", RIGHTS, "", &key, secret, &field),
             ERR_OK);
    return key;
}

static enum err lookup(const struct api_key *key, const struct api_key_secret **out)
{
    return api_key_lookup(test_db, test_master, &key->public_key, "v1", out);
}

/* One signed call: what the worker sends in front of it. */
static enum err use(const struct api_key *key, uint32_t version, const char *nonce, int64_t tonce)
{
    if (nonce != NULL)
        api_key_use_nonce(test_db, key->id, version, nonce);
    else
        api_key_use_tonce(test_db, key->id, version, tonce);
    return db_flush_deferred(test_db);
}

static void test_add(void)
{
    static const struct {
        const char *face;
        unsigned rights;
        const char *networks, *field;
    } rows[] = {
        {"v2", RIGHTS, "", "face"},
        {"", RIGHTS, "", "face"},
        {"v1", 0, "", "rights"},
        {"v1", 1u << 31, "", "rights"},
        {"v1", RIGHTS, "10.0.0.0/33", "networks"},
        {"v1", RIGHTS, "example.org", "networks"},
    };
    char secret[API_KEY_SECRET_TEXT_SIZE];
    int64_t user_id = db_test_user(NULL, NULL);
    struct api_key key;

    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        const char *field = "";
        DB_GIVES(api_key_add(test_db, test_master, user_id, rows[i].face, rows[i].rights,
                             rows[i].networks, &key, secret, &field),
                 ERR_INVALID);
        DB_CHECK(strcmp(field, rows[i].field) == 0);
    }
    const char *field = "";
    DB_GIVES(api_key_add(test_db, test_master, INT64_MAX, "v1", RIGHTS, "", &key, secret, &field),
             ERR_NOT_FOUND);
    DB_GIVES(api_key_add(test_db, test_master, user_id, "desk", RIGHTS, "10.1.2.3/8, ::1", &key,
                         secret, &field),
             ERR_OK);
    DB_CHECK(strcmp(key.networks, "10.0.0.0/8,::1") == 0 && strcmp(key.face, "desk") == 0);
    DB_CHECK(key.user_id == user_id && key.rights == RIGHTS && key.version == 1 && !key.revoked);
}

static void test_secret(void)
{
    char secret[API_KEY_SECRET_TEXT_SIZE];
    uint8_t bytes[API_KEY_SECRET_SIZE], other_master[SEAL_KEY_SIZE] = {1};
    size_t len = sizeof(bytes);
    struct api_key key = new_key(db_test_user(NULL, NULL), secret);
    const struct api_key_secret *found = NULL, *again = NULL;

    DB_CHECK(base64_decode(secret, strlen(secret), bytes, &len) && len == sizeof(bytes));
    DB_GIVES(api_key_lookup(test_db, other_master, &key.public_key, "v1", &found), ERR_CRYPTO);
    DB_GIVES(lookup(&key, &found), ERR_OK);
    DB_CHECK(found->key.id == key.id && found->secret_len == len &&
             memcmp(found->secret, bytes, len) == 0);
    DB_GIVES(lookup(&key, &again), ERR_OK);
    DB_CHECK(again == found); /* from memory */
    DB_GIVES(api_key_lookup(test_db, test_master, &key.public_key, "desk", &again),
             ERR_KEY_INVALID);
    struct uuid unknown = crypto_uuid4();
    DB_GIVES(api_key_lookup(test_db, test_master, &unknown, "v1", &again), ERR_KEY_INVALID);
    DB_CHECK(db_test_number("SELECT INSTR(secret_sealed, ?) FROM api_key WHERE id = ?",
                            DB_ARGS(db_blob(bytes, 8), db_i64(key.id))) == 0);
    /* A sealed secret is worth nothing in the row of another key. */
    struct api_key thief = new_key(db_test_user(NULL, NULL), secret);
    db_test_number("UPDATE api_key AS a JOIN api_key AS b ON b.id = ? "
                   "SET a.secret_sealed = b.secret_sealed WHERE a.id = ?",
                   DB_ARGS(db_i64(key.id), db_i64(thief.id)));
    DB_GIVES(lookup(&thief, &again), ERR_CRYPTO);
}

static void test_change(void)
{
    char secret[API_KEY_SECRET_TEXT_SIZE];
    int64_t owner = db_test_user(NULL, NULL), stranger = db_test_user(NULL, NULL);
    struct api_key key = new_key(owner, secret);
    const struct api_key_secret *found = NULL;
    const char *field = NULL;

    DB_GIVES(lookup(&key, &found), ERR_OK);
    DB_GIVES(use(&key, 1, "1", 0), ERR_OK);
    DB_GIVES(api_key_change(test_db, stranger, &key.public_key, "v1", RIGHT_TRADE, "", &field),
             ERR_NOT_FOUND);
    DB_GIVES(api_key_change(test_db, owner, &key.public_key, "v1", RIGHT_TRADE, "::/0", &field),
             ERR_OK);
    DB_GIVES(use(&key, 1, "2", 0), ERR_KEY_CHANGED);
    api_key_forget(&key.public_key);
    DB_GIVES(lookup(&key, &found), ERR_OK);
    DB_CHECK(found->key.version == 2 && found->key.rights == RIGHT_TRADE &&
             strcmp(found->key.networks, "::/0") == 0);
    DB_GIVES(use(&key, 2, "2", 0), ERR_OK);

    db_test_number("UPDATE user SET enabled = FALSE WHERE id = ?", DB_ARGS(db_i64(owner)));
    DB_GIVES(use(&key, 2, "3", 0), ERR_KEY_CHANGED);
    api_key_forget(&key.public_key);
    DB_GIVES(lookup(&key, &found), ERR_KEY_INVALID);
    db_test_number("UPDATE user SET enabled = TRUE WHERE id = ?", DB_ARGS(db_i64(owner)));

    DB_GIVES(api_key_revoke(test_db, stranger, &key.public_key), ERR_NOT_FOUND);
    DB_GIVES(api_key_revoke(test_db, owner, &key.public_key), ERR_OK);
    DB_GIVES(api_key_revoke(test_db, owner, &key.public_key), ERR_NOT_FOUND);
    DB_GIVES(use(&key, 3, "3", 0), ERR_KEY_CHANGED);
    DB_GIVES(lookup(&key, &found), ERR_KEY_INVALID);
    DB_GIVES(api_key_change(test_db, owner, &key.public_key, "v1", RIGHT_TRADE, "", &field),
             ERR_NOT_FOUND);
}

struct seen {
    int count;
    struct api_key keys[4];
};

static void see(void *arg, const struct api_key *key)
{
    struct seen *seen = arg;
    if (seen->count < 4)
        seen->keys[seen->count++] = *key;
}

static void test_list(void)
{
    char secret[API_KEY_SECRET_TEXT_SIZE];
    int64_t user_id = db_test_user(NULL, NULL), now_s = clock_now_us() / 1000000;
    struct api_key first = new_key(user_id, secret), second = new_key(user_id, secret);
    struct seen seen = {0};

    DB_GIVES(use(&second, 1, "1", 0), ERR_OK);
    DB_GIVES(api_key_revoke(test_db, user_id, &first.public_key), ERR_OK);
    DB_GIVES(api_key_list(test_db, user_id, see, &seen), ERR_OK);
    DB_CHECK(seen.count == 2 && seen.keys[0].id == second.id && seen.keys[1].id == first.id);
    DB_CHECK(seen.keys[1].revoked && seen.keys[1].last_used == 0 && !seen.keys[0].revoked);
    DB_CHECK(seen.keys[0].last_used > now_s - 60 && seen.keys[0].created > now_s - 60);
}

static void test_nonces(void)
{
    static const struct {
        const char *nonce;
        enum err expected;
    } rows[] = {
        {"0", ERR_OK},
        {"0", ERR_NONCE_INVALID},
        {"1", ERR_OK},
        {"1", ERR_NONCE_INVALID},
        {"0.5", ERR_NONCE_INVALID},
        {"1.000000000000000001", ERR_OK},
        {"1.000000000000000001", ERR_NONCE_INVALID},
        {"1332899401.87", ERR_OK},
        {"1332899401.869", ERR_NONCE_INVALID},
        {"1364669160478556", ERR_OK},
        {"9223372036854775807.999999999999999999", ERR_OK},
        {"9223372036854775808", ERR_OK},
        {"9223372036854775808", ERR_NONCE_INVALID},
    };
    char secret[API_KEY_SECRET_TEXT_SIZE];
    int64_t user_id = db_test_user(NULL, NULL);
    struct api_key key = new_key(user_id, secret), other = new_key(user_id, secret);

    for (size_t i = 0; i < TEST_COUNT(rows); i++)
        DB_GIVES(use(&key, 1, rows[i].nonce, 0), rows[i].expected);
    DB_GIVES(use(&other, 1, "1", 0), ERR_OK); /* counted per key */
}

/* Its nonce table may lose a key's row with the machine: the next nonce makes it anew. */
static void test_lost_nonce(void)
{
    char secret[API_KEY_SECRET_TEXT_SIZE], sql[160];
    struct api_key key = new_key(db_test_user(NULL, NULL), secret);

    DB_GIVES(use(&key, 1, "5", 0), ERR_OK);
    snprintf(sql, sizeof(sql), "DELETE FROM api_key_nonce_%d WHERE key_id = ?", (int)(key.id & 31));
    for (int round = 0; round < 2; round++) {
        const char *next = round == 0 ? "7.25" : "8";
        DB_CHECK(db_test_number(sql, DB_ARGS(db_i64(key.id))) == 1);
        DB_GIVES(use(&key, 1, NULL, clock_now_us()), ERR_OK);
        DB_GIVES(use(&key, 1, next, 0), ERR_OK);
        DB_GIVES(use(&key, 1, next, 0), ERR_NONCE_INVALID);
        DB_GIVES(use(&key, 1, "6", 0), ERR_NONCE_INVALID);
    }
    snprintf(sql, sizeof(sql),
             "SELECT COUNT(*) FROM api_key_nonce_%d WHERE key_id = ? "
             "AND used_at > NOW(6) - INTERVAL 1 MINUTE",
             (int)(key.id & 31));
    DB_CHECK(db_test_number(sql, DB_ARGS(db_i64(key.id))) == 1);
    DB_GIVES(use(&key, 1, "9", 0), ERR_OK);
}

static void forget_nonce(const struct api_key *key)
{
    char sql[160];
    snprintf(sql, sizeof(sql), "DELETE FROM api_key_nonce_%d WHERE key_id = ?",
             (int)(key->id & 31));
    DB_CHECK(db_test_number(sql, DB_ARGS(db_i64(key->id))) == 1);
}

/* On another node, whose table never had the row, no nonce up to the floor counts as fresh. */
static void test_nonce_floor(void)
{
    char secret[API_KEY_SECRET_TEXT_SIZE];
    struct api_key key = new_key(db_test_user(NULL, NULL), secret);
    int64_t removed;

    DB_GIVES(use(&key, 1, "5", 0), ERR_OK);
    DB_GIVES(use(&key, 1, "7.5", 0), ERR_OK);
    DB_GIVES(identity_sweep(test_db, 100000, &removed), ERR_OK);
    forget_nonce(&key);
    DB_GIVES(use(&key, 1, "5", 0), ERR_NONCE_INVALID);
    DB_GIVES(use(&key, 1, "7.5", 0), ERR_NONCE_INVALID);
    DB_GIVES(use(&key, 1, "7.51", 0), ERR_OK);
    DB_GIVES(use(&key, 1, "7.51", 0), ERR_NONCE_INVALID);
    /* The floor never falls. */
    forget_nonce(&key);
    DB_GIVES(use(&key, 1, "8", 0), ERR_OK);
    DB_GIVES(identity_sweep(test_db, 100000, &removed), ERR_OK);
    forget_nonce(&key);
    DB_GIVES(use(&key, 1, "7.51", 0), ERR_NONCE_INVALID);
    DB_GIVES(use(&key, 1, "8.0", 0), ERR_NONCE_INVALID);
    DB_GIVES(use(&key, 1, "9", 0), ERR_OK);
}

/* The first key of a database of its own. */
static enum err use_in(struct db *db, const char *nonce)
{
    api_key_use_nonce(db, 1, 1, nonce);
    return db_flush_deferred(db);
}

/* Nonces in tables that a cluster replicates, and back: they are taken by the same rules, and kept. */
static void test_replicated_nonces(void)
{
    struct scratch scratch = {0};
    int64_t wrong = -1;

    if (!scratch_make(&scratch) || scratch_migrate(&scratch, NULL, NULL, NULL) != ERR_OK) {
        db_test_check(false, "a database of its own", __FILE__, __LINE__);
        scratch_drop(&scratch);
        return;
    }
    scratch_run(scratch.owner,
                "INSERT INTO api_key (id, public_key, user_id, face, rights, networks, "
                "secret_sealed) VALUES (1, REPEAT('k', 16), 1, 'v1', 1, '', 's')");
    DB_GIVES(api_key_nonces_check(scratch.app, false, &wrong), ERR_OK);
    DB_CHECK(wrong == 0);
    DB_GIVES(use_in(scratch.app, "5"), ERR_OK);
    for (int i = 0; i < 2; i++) {
        bool replicated = i == 0;
        DB_GIVES(api_key_nonces_convert(scratch.owner, replicated), ERR_OK);
        DB_GIVES(api_key_nonces_check(scratch.app, replicated, &wrong), ERR_OK);
        DB_CHECK(wrong == 0);
        DB_GIVES(api_key_nonces_check(scratch.app, !replicated, &wrong), ERR_OK);
        DB_CHECK(wrong == 64);
        DB_GIVES(use_in(scratch.app, "5"), ERR_NONCE_INVALID);
        DB_GIVES(use_in(scratch.app, replicated ? "6" : "7"), ERR_OK);
        DB_GIVES(use_in(scratch.app, "6"), ERR_NONCE_INVALID);
    }
    scratch_drop(&scratch);
}

/* What is cleared away is not forgotten while it could still be sent again. */
static void test_swept_tonces(void)
{
    char secret[API_KEY_SECRET_TEXT_SIZE];
    struct api_key key = new_key(db_test_user(NULL, NULL), secret);
    int64_t removed, at_us = clock_now_us() - 9000000;

    DB_GIVES(use(&key, 1, NULL, at_us), ERR_OK);
    DB_GIVES(identity_sweep(test_db, 100000, &removed), ERR_OK);
    DB_GIVES(use(&key, 1, NULL, at_us), ERR_NONCE_INVALID);
    char sql[128]; /* its age, too, refuses it before long: the row itself must be there */
    snprintf(sql, sizeof(sql),
             "SELECT COUNT(*) FROM api_key_tonce_%d WHERE key_id = ? AND tonce = ?",
             (int)(key.id % 32));
    DB_CHECK(db_test_number(sql, DB_ARGS(db_i64(key.id), db_i64(at_us))) == 1);
}

static void test_tonces(void)
{
    char secret[API_KEY_SECRET_TEXT_SIZE];
    int64_t user_id = db_test_user(NULL, NULL), now_us = clock_now_us();
    struct api_key key = new_key(user_id, secret), other = new_key(user_id, secret);

    DB_GIVES(use(&key, 1, NULL, now_us), ERR_OK);
    DB_GIVES(use(&key, 1, NULL, now_us), ERR_NONCE_INVALID);
    DB_GIVES(use(&other, 1, NULL, now_us), ERR_OK);
    DB_GIVES(use(&key, 1, NULL, now_us - 5000000), ERR_OK); /* in any order */
    DB_GIVES(use(&key, 1, NULL, now_us + 5000000), ERR_OK);
    DB_GIVES(use(&key, 1, NULL, now_us - 11000000), ERR_NONCE_INVALID);
    DB_GIVES(use(&key, 1, NULL, now_us + 30000000), ERR_NONCE_INVALID);
    DB_GIVES(use(&key, 1, NULL, 0), ERR_NONCE_INVALID);
    DB_GIVES(use(&key, 1, NULL, INT64_C(999999999999999999)), ERR_NONCE_INVALID);
    DB_GIVES(use(&key, 1, "1", 0), ERR_OK); /* nonces start where they like */
    DB_GIVES(use(&key, 2, NULL, now_us + 1), ERR_KEY_CHANGED);
}

/* More keys than the worker remembers: each is still itself. */
static void test_cache(void)
{
    enum { KEYS = API_KEY_CACHE + 16 };
    static struct api_key keys[KEYS];
    char secret[API_KEY_SECRET_TEXT_SIZE];
    int64_t user_id = db_test_user(NULL, NULL);
    const struct api_key_secret *found;
    size_t right = 0;

    for (size_t i = 0; i < KEYS; i++)
        keys[i] = new_key(user_id, secret);
    for (int round = 0; round < 2; round++)
        for (size_t i = 0; i < KEYS; i++)
            right += lookup(&keys[i], &found) == ERR_OK && found->key.id == keys[i].id;
    DB_CHECK(right == 2 * KEYS);
}

static const struct test_case tests[] = {
    {"making a key", test_add},
    {"secrets", test_secret},
    {"change and revoke", test_change},
    {"list", test_list},
    {"nonces", test_nonces},
    {"a lost nonce", test_lost_nonce},
    {"the floor of a nonce", test_nonce_floor},
    {"replicated nonces", test_replicated_nonces},
    {"tonces", test_tonces},
    {"tonces that were swept", test_swept_tonces},
    {"cache", test_cache},
    {NULL, NULL},
};
const struct test_suite suite_api_key = {.name = "api_key", .cases = tests};
