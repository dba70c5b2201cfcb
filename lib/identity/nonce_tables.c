/* The tables of nonces: which engine they are in. */
#include <stdio.h>

#include "identity/api_key.h"

#define TABLES                                                                       \
    "FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name " \
    "REGEXP '^api_key_(nonce|tonce)_[0-9]+$' AND engine <> IF(?, 'InnoDB', 'MyISAM')"

enum err api_key_nonces_check(struct db *db, bool wanted, int64_t *wrong)
{
    struct db_rows rows = {0};
    enum err rc = db_run(db, "SELECT COUNT(*) " TABLES, DB_ARGS(db_u64(wanted)), &rows);

    if (rc == ERR_OK && db_next(&rows))
        *wrong = db_get_i64(&rows, 0);
    db_rows_free(&rows);
    return rc;
}

enum err api_key_nonces_convert(struct db *owner, bool wanted)
{
    struct db_rows rows = {0};
    char sql[160];
    enum err rc = db_run(owner, "SELECT table_name " TABLES, DB_ARGS(db_u64(wanted)), &rows);

    while (rc == ERR_OK && db_next(&rows)) {
        snprintf(sql, sizeof(sql), "ALTER TABLE %s ENGINE = %s", db_get_text(&rows, 0),
                 wanted ? "InnoDB ROW_FORMAT = DYNAMIC" : "MyISAM ROW_FORMAT = FIXED");
        rc = db_run(owner, sql, DB_NO_ARGS, NULL);
    }
    db_rows_free(&rows);
    return rc;
}
