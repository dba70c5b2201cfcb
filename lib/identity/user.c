/* Users in the database. */
#include "identity/user.h"

#include <string.h>

#include "base/text.h"
#include "crypto/crypto.h"

const char *const user_levels[] = {"none", "basic", "full", NULL};

/* True for UTF-8 that shows what it is: no white space, controls, or marks that turn or hide
 * letters (U+2000 to U+207F). */
static bool is_plain(const char *text)
{
    const unsigned char *p = (const unsigned char *)text;

    if (!text_is_utf8(text, strlen(text)))
        return false;
    for (; *p != '\0'; p++) {
        if (*p <= ' ' || *p == 0x7f)
            return false;
        if (p[0] == 0xc2 && p[1] <= 0xa0)
            return false;
        if (p[0] == 0xe2 && (p[1] == 0x80 || p[1] == 0x81))
            return false;
    }
    return true;
}

/* A login holds no @, so that it is never taken for somebody's e-mail address. */
static bool login_ok(const char *login)
{
    return *login != '\0' && is_plain(login) && strchr(login, '@') == NULL &&
           text_utf8_length(login, strlen(login)) <= USER_LOGIN_MAX;
}

static bool email_ok(const char *email)
{
    const char *at = strchr(email, '@');
    return at != NULL && at != email && at[1] != '\0' && strchr(at + 1, '@') == NULL &&
           strpbrk(email, "<>,;:\"\\") == NULL && is_plain(email) &&
           strlen(email) <= USER_EMAIL_MAX;
}

static bool level_ok(const char *level)
{
    for (size_t i = 0; user_levels[i] != NULL; i++)
        if (strcmp(level, user_levels[i]) == 0)
            return true;
    return false;
}

enum err user_add(struct db *db, const char *login, const char *email, const char *password,
                  const char *level, int64_t *user_id)
{
    char hash[PASSWORD_HASH_SIZE];
    struct uuid uuid = crypto_uuid4();
    struct db_rows rows = {0};
    enum err rc;

    if (!login_ok(login) || !email_ok(email) || !level_ok(level))
        return ERR_INVALID;
    if (password != NULL) {
        size_t len = strlen(password);
        if (len < USER_PASSWORD_MIN || len > USER_PASSWORD_MAX)
            return ERR_OUT_OF_RANGE;
        if ((rc = crypto_password_hash(password, len, hash)) != ERR_OK)
            return rc;
    }
    rc = db_txn_call(db, "CALL user_add(?, ?, ?, ?, ?)",
                     DB_ARGS(db_uuid(&uuid), db_text(login), db_text(email),
                             db_text(password == NULL ? NULL : hash), db_text(level)),
                     &rows, NULL);
    if (rc == ERR_OK && db_next(&rows))
        *user_id = db_get_i64(&rows, 0);
    db_rows_free(&rows);
    return rc;
}

void user_read(const struct db_rows *rows, struct user *out)
{
    *out = (struct user){.id = db_get_i64(rows, 0),
                         .uuid = db_get_uuid(rows, 1),
                         .otp_required = db_get_u64(rows, 6) != 0,
                         .enabled = db_get_u64(rows, 7) != 0};
    text_copy(out->login, sizeof(out->login), db_get_text(rows, 2));
    text_copy(out->email, sizeof(out->email), db_get_text(rows, 3));
    text_copy(out->level, sizeof(out->level), db_get_text(rows, 4));
    text_copy(out->language, sizeof(out->language), db_get_text(rows, 5));
    text_copy(out->created, sizeof(out->created), db_get_text(rows, 8));
    text_copy(out->last_login, sizeof(out->last_login), db_get_text(rows, 9));
    text_copy(out->roles, sizeof(out->roles), db_get_text(rows, 10));
}

static enum err find(struct db *db, const char *sql, struct db_args args, struct user *out)
{
    struct db_rows rows = {0};
    enum err rc = db_run(db, sql, args, &rows);
    if (rc == ERR_OK && !db_next(&rows))
        rc = ERR_NOT_FOUND;
    if (rc == ERR_OK)
        user_read(&rows, out);
    db_rows_free(&rows);
    return rc;
}

enum err user_by_login(struct db *db, const char *login, struct user *out)
{
    if (!text_is_utf8(login, strlen(login)))
        return ERR_NOT_FOUND;
    return find(db,
                strchr(login, '@') == NULL
                    ? "SELECT " USER_COLUMNS " FROM user AS u WHERE u.login = ?"
                    : "SELECT " USER_COLUMNS " FROM user AS u WHERE u.email = ?",
                DB_ARGS(db_text(login)), out);
}

enum err user_login_hash(struct db *db, const char *login, uint8_t out[SHA256_SIZE])
{
    struct db_rows rows = {0};
    size_t len = strlen(login);

    while (len > 0 && login[len - 1] == ' ') /* padding, which comparisons do not see */
        len--;
    if (!text_is_utf8(login, len)) {
        crypto_sha256(login, len, out);
        return ERR_OK;
    }
    enum err rc =
        db_run(db, "SELECT WEIGHT_STRING(CONVERT(? USING utf8mb4) COLLATE utf8mb4_unicode_ci)",
               DB_ARGS(db_textn(login, len)), &rows);
    if (rc == ERR_OK && db_next(&rows)) {
        const void *weight = db_get_blob(&rows, 0, &len);
        crypto_sha256(weight == NULL ? "" : weight, weight == NULL ? 0 : len, out);
    }
    db_rows_free(&rows);
    return rc;
}

enum err user_by_id(struct db *db, int64_t id, struct user *out)
{
    return find(db, "SELECT " USER_COLUMNS " FROM user AS u WHERE u.id = ?", DB_ARGS(db_i64(id)),
                out);
}

enum err user_password_hash(struct db *db, int64_t user_id, char out[PASSWORD_HASH_SIZE])
{
    struct db_rows rows = {0};
    enum err rc =
        db_run(db, "SELECT password_hash FROM user WHERE id = ?", DB_ARGS(db_i64(user_id)), &rows);
    out[0] = '\0';
    if (rc == ERR_OK && db_next(&rows))
        text_copy(out, PASSWORD_HASH_SIZE, db_get_text(&rows, 0));
    db_rows_free(&rows);
    return rc;
}

enum err user_verifications(struct db *db, int64_t user_id,
                            void (*row)(void *arg, const char *method, int64_t date), void *arg)
{
    struct db_rows rows = {0};
    enum err rc = db_run(db,
                         "SELECT method, UNIX_TIMESTAMP(verified_at) DIV 1 FROM user_verification "
                         "WHERE user_id = ? ORDER BY verified_at, method",
                         DB_ARGS(db_i64(user_id)), &rows);
    while (rc == ERR_OK && db_next(&rows))
        row(arg, db_get_text(&rows, 0), db_get_i64(&rows, 1));
    db_rows_free(&rows);
    return rc;
}
