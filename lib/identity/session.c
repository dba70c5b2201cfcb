#include "identity/session.h"

#include <string.h>

#include "base/encode.h"
#include "identity/attempt.h"
#include "identity/otp_device.h"

/* Brings a ticket into its one form and gives what is stored of it. False where it is no ticket. */
static bool hash_ticket(const char *ticket, char canonical[UUID_TEXT_SIZE],
                        uint8_t hash[SHA256_SIZE])
{
    struct uuid id;
    if (!uuid_parse(ticket, strlen(ticket), &id))
        return false;
    uuid_format(&id, canonical);
    crypto_sha256(canonical, UUID_TEXT_SIZE - 1, hash);
    return true;
}

/* The token that shows that a change comes from our own pages: who knows only the cookie's name
 * cannot make it, and it needs no storage. */
static enum err make_csrf(const uint8_t master[SEAL_KEY_SIZE], const char *ticket,
                          char out[SESSION_CSRF_SIZE])
{
    static const char purpose[] = "csrf";
    char data[sizeof(purpose) + UUID_TEXT_SIZE], encoded[BASE64_SIZE(SHA256_SIZE)];
    uint8_t mac[SHA256_SIZE];
    size_t len = strlen(ticket);

    memcpy(data, purpose, sizeof(purpose) - 1);
    memcpy(data + sizeof(purpose) - 1, ticket, len);
    enum err rc = crypto_hmac_sha256(master, SEAL_KEY_SIZE, data, sizeof(purpose) - 1 + len, mac);
    if (rc != ERR_OK)
        return rc;
    base64url_encode(mac, sizeof(mac), encoded);
    memcpy(out, encoded, SESSION_CSRF_SIZE);
    return ERR_OK;
}

/* What guesses are counted by: the login in one spelling, so that neither case nor the e-mail
 * address nor another accent gives a fresh start. */
static void hash_login(const char *login, uint8_t out[SHA256_SIZE])
{
    char lower[USER_EMAIL_MAX * 4 + 1];
    size_t len = 0;
    for (; len < sizeof(lower) && login[len] != '\0'; len++)
        lower[len] =
            login[len] >= 'A' && login[len] <= 'Z' ? (char)(login[len] | 0x20) : login[len];
    crypto_sha256(lower, len, out);
}

/* Checks a password with the same work whether or not there is a user to check it against. */
static enum err check_password(struct db *db, int64_t user_id, const char *password, bool *matches)
{
    char hash[PASSWORD_HASH_SIZE] = "";
    size_t len = strlen(password);
    enum err rc = ERR_OK;

    *matches = false;
    if (user_id != 0)
        rc = user_password_hash(db, user_id, hash);
    if (rc == ERR_OK)
        rc = hash[0] == '\0' ? crypto_password_hash(password, len, hash)
                             : crypto_password_check(password, len, hash, matches);
    crypto_wipe(hash, sizeof(hash));
    return rc;
}

/* Who the login and password belong to, with wrong guesses counted. */
static enum err authenticate(struct db *db, const char *login, const char *password,
                             struct user *user)
{
    uint8_t subject[SHA256_SIZE];
    struct attempt attempt = {.kind = "login", .subject = subject, .subject_len = sizeof(subject)};
    bool matches;
    enum err rc = user_by_login(db, login, user);

    if (rc == ERR_NOT_FOUND)
        *user = (struct user){0};
    else if (rc != ERR_OK)
        return rc;
    hash_login(user->id == 0 ? login : user->login, subject);
    if ((rc = attempt_check(db, &attempt, LOGIN_MAX_FAILURES)) != ERR_OK)
        return rc;
    if (strlen(password) > USER_PASSWORD_MAX)
        return ERR_LOGIN_FAILED; /* nobody's: users cannot have such a one */
    if ((rc = check_password(db, user->id, password, &matches)) != ERR_OK)
        return rc;
    if (!matches) {
        rc = attempt_failed(db, &attempt, LOGIN_FAILURE_WINDOW_S);
        return rc == ERR_OK ? ERR_LOGIN_FAILED : rc;
    }
    if (!user->enabled)
        return ERR_USER_DISABLED;
    return attempt_clear(db, &attempt);
}

enum err session_unlock(struct db *db, const struct user *user)
{
    uint8_t subject[SHA256_SIZE];
    hash_login(user->login, subject);
    enum err rc = attempt_clear(
        db, &(struct attempt){.kind = "login", .subject = subject, .subject_len = sizeof(subject)});
    return rc == ERR_OK ? otp_device_unlock(db, user->id) : rc;
}

enum err session_open(struct db *db, const uint8_t master[SEAL_KEY_SIZE], const char *login,
                      const char *password, const char *otp, int64_t timeout_s, struct session *out)
{
    uint8_t hash[SHA256_SIZE];
    struct uuid ticket = crypto_uuid4();
    enum err rc = authenticate(db, login, password, &out->user);

    if (rc == ERR_OK && out->user.otp_required)
        rc = otp == NULL || *otp == '\0' ? ERR_OTP_REQUIRED
                                         : otp_device_use(db, master, out->user.id, otp);
    if (rc != ERR_OK)
        return rc;
    uuid_format(&ticket, out->ticket);
    crypto_sha256(out->ticket, UUID_TEXT_SIZE - 1, hash);
    out->timeout_s = timeout_s;
    if ((rc = make_csrf(master, out->ticket, out->csrf)) != ERR_OK)
        return rc;
    return db_txn_call(
        db, "CALL session_add(?, ?, ?)",
        DB_ARGS(db_blob(hash, sizeof(hash)), db_i64(out->user.id), db_i64(timeout_s)), NULL, NULL);
}

/* Moves the end on, so that a session in use does not end. */
static enum err prolong(struct db *db, const uint8_t hash[SHA256_SIZE])
{
    return db_run(db,
                  "UPDATE session SET expires_at = NOW(6) + INTERVAL timeout_s SECOND "
                  "WHERE token_hash = ? AND expires_at > NOW(6)",
                  DB_ARGS(db_blob(hash, SHA256_SIZE)), NULL);
}

enum err session_check(struct db *db, const uint8_t master[SEAL_KEY_SIZE], const char *ticket,
                       struct session *out)
{
    uint8_t hash[SHA256_SIZE];
    struct db_rows rows = {0};
    bool stale = false;

    if (!hash_ticket(ticket, out->ticket, hash))
        return ERR_SESSION_EXPIRED;
    /* The end is moved on only once a tenth of the time has passed: reading costs no write. */
    enum err rc = db_run(db,
                         "SELECT " USER_COLUMNS ", s.timeout_s, "
                         "s.expires_at < NOW(6) + INTERVAL s.timeout_s * 0.9 SECOND "
                         "FROM session AS s JOIN user AS u ON u.id = s.user_id "
                         "WHERE s.token_hash = ? AND s.expires_at > NOW(6)",
                         DB_ARGS(db_blob(hash, sizeof(hash))), &rows);
    if (rc == ERR_OK && !db_next(&rows))
        rc = ERR_SESSION_EXPIRED;
    if (rc == ERR_OK) {
        user_read(&rows, &out->user);
        out->timeout_s = db_get_i64(&rows, USER_COLUMN_COUNT);
        stale = db_get_u64(&rows, USER_COLUMN_COUNT + 1) != 0;
        if (!out->user.enabled)
            rc = ERR_USER_DISABLED;
    }
    db_rows_free(&rows);
    if (rc == ERR_OK && stale)
        rc = prolong(db, hash);
    return rc == ERR_OK ? make_csrf(master, out->ticket, out->csrf) : rc;
}

enum err session_close(struct db *db, const char *ticket)
{
    char canonical[UUID_TEXT_SIZE];
    uint8_t hash[SHA256_SIZE];

    if (!hash_ticket(ticket, canonical, hash))
        return ERR_OK;
    return db_txn_call(db, "DELETE FROM session WHERE token_hash = ?",
                       DB_ARGS(db_blob(hash, sizeof(hash))), NULL, NULL);
}
