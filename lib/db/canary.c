/* The sealed words that tell a right master key from a wrong one. */
#include "db/canary.h"

#include <string.h>

static const char words[] = "the key is right";

#define WHERE "seal_canary/1"

_Static_assert(CANARY_SIZE == sizeof(words) + SEAL_OVERHEAD, "the words are of that size");

/* Whether the table is there: before the first migration it is not. */
static bool is_there(struct db *db)
{
    struct db_rows rows = {0};
    enum err rc = db_run(db,
                         "SELECT 1 FROM information_schema.tables WHERE table_schema = DATABASE() "
                         "AND table_name = 'seal_canary'",
                         DB_NO_ARGS, &rows);
    bool there = rc == ERR_OK && rows.count == 1;

    db_rows_free(&rows);
    return there;
}

enum err canary_read(struct db *db, uint8_t sealed[CANARY_SIZE])
{
    struct db_rows rows = {0};
    size_t len = 0;

    if (!is_there(db))
        return ERR_NOT_FOUND;
    enum err rc = db_run(db, "SELECT sealed FROM seal_canary WHERE id = 1", DB_NO_ARGS, &rows);

    if (rc == ERR_OK && !db_next(&rows))
        rc = ERR_NOT_FOUND;
    if (rc == ERR_OK) {
        const void *bytes = db_get_blob(&rows, 0, &len);
        rc = len == CANARY_SIZE ? ERR_OK : ERR_CRYPTO;
        if (rc == ERR_OK)
            memcpy(sealed, bytes, CANARY_SIZE);
    }
    db_rows_free(&rows);
    return rc;
}

bool canary_opens(const uint8_t key[SEAL_KEY_SIZE], const uint8_t sealed[CANARY_SIZE])
{
    char opened[sizeof(words)];

    return crypto_unseal(key, WHERE, sealed, CANARY_SIZE, opened) == ERR_OK &&
           memcmp(opened, words, sizeof(words)) == 0;
}

enum err canary_check(struct db *db, const uint8_t key[SEAL_KEY_SIZE])
{
    uint8_t sealed[CANARY_SIZE];
    enum err rc = canary_read(db, sealed);

    return rc == ERR_OK && !canary_opens(key, sealed) ? ERR_CRYPTO : rc;
}

enum err canary_write(struct db *db, const uint8_t key[SEAL_KEY_SIZE])
{
    uint8_t sealed[CANARY_SIZE];
    enum err rc = canary_check(db, key);

    if (rc != ERR_NOT_FOUND)
        return rc;
    rc = crypto_seal(key, WHERE, words, sizeof(words), sealed);
    if (rc == ERR_OK)
        rc = db_txn_call(db,
                         "INSERT INTO seal_canary (id, sealed) VALUES (1, ?) "
                         "ON DUPLICATE KEY UPDATE id = id",
                         DB_ARGS(db_blob(sealed, sizeof(sealed))), NULL, NULL);
    return rc == ERR_OK ? canary_check(db, key) : rc; /* somebody else's may have been first */
}

enum err canary_refuses(const struct config *config, const uint8_t key[SEAL_KEY_SIZE],
                        struct text *problem)
{
    struct db *db = NULL;
    bool refused =
        db_open_config(config, false, &db) == ERR_OK && canary_check(db, key) == ERR_CRYPTO;

    db_close(db);
    if (refused)
        text_addf(problem,
                  "%s: is not the key that this database was sealed with: put back the one that "
                  "belongs to it",
                  config->security_key_file);
    return refused ? ERR_CRYPTO : ERR_OK;
}
