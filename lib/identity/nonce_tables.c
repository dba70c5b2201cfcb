/* The tables of nonces: which engine they are in. */
#include "base/text.h"
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

/* Each node of a cluster has rows of its own in a table that is not replicated. If it were changed where it
 * is, they would differ for good, and the first change of one that others lack would throw nodes out. So
 * that a new one is filled from here. */
struct step {
    const char *words[3]; /* with the table's name between them */
};
static const struct step copying[] = {
    {{"DROP TABLE IF EXISTS nonces_new, nonces_old"}},
    {{"CREATE TABLE nonces_new LIKE ", ""}},
    {{"ALTER TABLE nonces_new ENGINE = InnoDB ROW_FORMAT = DYNAMIC"}},
    {{"INSERT INTO nonces_new SELECT * FROM ", ""}},
    {{"RENAME TABLE ", " TO nonces_old, nonces_new TO ", ""}},
    {{"DROP TABLE nonces_old"}},
};
static const struct step back[] = {{{"ALTER TABLE ", " ENGINE = MyISAM ROW_FORMAT = FIXED"}}};

static enum err take(struct db *owner, const struct step *step, const char *table)
{
    struct text sql = TEXT(256);

    text_puts(&sql, step->words[0]);
    for (size_t i = 1; i < 3 && step->words[i] != NULL; i++)
        text_addf(&sql, "%s%s", table, step->words[i]);
    enum err rc = db_run(owner, text_string(&sql), DB_NO_ARGS, NULL);
    text_free(&sql);
    return rc;
}

static enum err convert(struct db *owner, bool wanted, const char *table)
{
    const struct step *step = wanted ? copying : back;
    const struct step *end = step + (wanted ? sizeof(copying) : sizeof(back)) / sizeof(*step);
    enum err rc = ERR_OK;

    for (; rc == ERR_OK && step < end; step++)
        rc = take(owner, step, table);
    return rc;
}

enum err api_key_nonces_convert(struct db *owner, bool wanted)
{
    struct db_rows rows = {0};
    enum err rc = db_run(owner, "SELECT table_name " TABLES, DB_ARGS(db_u64(wanted)), &rows);

    while (rc == ERR_OK && db_next(&rows))
        rc = convert(owner, wanted, db_get_text(&rows, 0));
    db_rows_free(&rows);
    return rc;
}
