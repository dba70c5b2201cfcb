/* Signing in, and the sessions that come of it. */
#include "identity/session.h"

#include <stdio.h>
#include <string.h>

#include "base/encode.h"
#include "base/wait.h"
#include "identity/attempt.h"
#include "identity/networks.h"
#include "identity/otp_device.h"

#define IN_HAND_S 3         /* how long a sign-in may be in hand, under load */
#define IN_HAND_STEP_MS 100 /* between looks whether it was right */
#define IN_HAND_TRIES 30

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

/* What guesses are counted by: what was typed, in one spelling, and from where. It is the same for users
 * that there are and for others, so that counting tells nobody which there are; and a stranger uses up
 * their own guesses, not the owner's. The second way in has one count for all addresses. */
#define SUBJECT_SIZE (SHA256_SIZE + NETWORKS_GROUP_SIZE)

static struct attempt guess_of(const uint8_t subject[SUBJECT_SIZE])
{
    return (struct attempt){.kind = "login",
                            .subject = subject,
                            .subject_len = SUBJECT_SIZE,
                            .max = LOGIN_MAX_FAILURES,
                            .first_wait_s = LOGIN_FIRST_WAIT_S,
                            .window_s = LOGIN_FAILURE_WINDOW_S};
}

/* Whether the password is that user's, with the same work where there is no such user (id 0). */
static enum err password_matches(struct db *db, const struct user *user, const char *password,
                                 bool *matches)
{
    *matches = false;
    /* Users cannot have one that is too long. */
    return strlen(password) > USER_PASSWORD_MAX ? ERR_OK
                                                : check_password(db, user->id, password, matches);
}

/* The second way in, for an owner whose address has no guess left: password and one-time password
 * together, which nobody guesses. Whatever is wrong, the answer is that guesses are used up. */
static enum err enter_with_both(struct db *db, const uint8_t master[SEAL_KEY_SIZE],
                                const struct session_login *login, const struct user *user,
                                const uint8_t subject[SUBJECT_SIZE])
{
    uint8_t everywhere[SUBJECT_SIZE] = {0};
    struct attempt guess = guess_of(everywhere);
    int64_t retry_s;
    bool matches;

    memcpy(everywhere, subject, SHA256_SIZE);
    memset(everywhere + SHA256_SIZE, 0xff, NETWORKS_GROUP_SIZE);
    enum err rc = attempt_begin(db, &guess, &retry_s);
    if (rc == ERR_OK)
        rc = password_matches(db, user, login->password, &matches);
    if (rc == ERR_OK)
        rc = matches && user->enabled && user->otp_required
                 ? otp_device_use(db, master, user->id, login->otp)
                 : ERR_TOO_MANY_ATTEMPTS;
    if (rc == ERR_OTP_INVALID)
        rc = ERR_TOO_MANY_ATTEMPTS;
    return rc == ERR_OK ? attempt_clear(db, &guess) : rc;
}

/* The usual way in. */
static enum err enter(struct db *db, const uint8_t master[SEAL_KEY_SIZE],
                      const struct session_login *login, const struct user *user,
                      const struct attempt *guess)
{
    bool matches;
    enum err rc = password_matches(db, user, login->password, &matches);

    if (rc != ERR_OK || !matches)
        return rc == ERR_OK ? ERR_LOGIN_FAILED : rc;
    rc = attempt_clear(db, guess);
    if (rc == ERR_OK && !user->enabled)
        rc = ERR_USER_DISABLED;
    if (rc == ERR_OK && user->otp_required)
        rc = login->otp[0] == '\0' ? ERR_OTP_REQUIRED
                                   : otp_device_use(db, master, user->id, login->otp);
    return rc;
}

/* Counts a guess. Where it has to wait since just now, those that were counted before it may be in hand
 * and turn out right: programs that sign in many times at once are not to be refused. */
static enum err begin_guess(struct db *db, const struct attempt *guess, int64_t *retry_s)
{
    enum err rc = attempt_begin(db, guess, retry_s);
    for (int i = 0; i < IN_HAND_TRIES && rc == ERR_TOO_MANY_ATTEMPTS &&
                    *retry_s > LOGIN_FIRST_WAIT_S - IN_HAND_S && *retry_s <= LOGIN_FIRST_WAIT_S;
         i++) {
        wait_ms(IN_HAND_STEP_MS);
        rc = attempt_begin(db, guess, retry_s);
    }
    return rc;
}

/* Who signs in, with guesses counted. */
static enum err authenticate(struct db *db, const uint8_t master[SEAL_KEY_SIZE],
                             const struct session_login *login, struct user *user, int64_t *retry_s)
{
    uint8_t subject[SUBJECT_SIZE];
    const struct attempt guess = guess_of(subject);
    enum err rc = user_by_login(db, login->name, user);

    if (rc == ERR_NOT_FOUND)
        *user = (struct user){0};
    else if (rc != ERR_OK)
        return rc;
    rc = user_login_hash(db, login->name, subject);
    if (rc != ERR_OK)
        return rc;
    networks_group(login->address, subject + SHA256_SIZE);
    rc = begin_guess(db, &guess, retry_s);
    if (rc == ERR_TOO_MANY_ATTEMPTS && login->otp[0] != '\0')
        return enter_with_both(db, master, login, user, subject);
    return rc == ERR_OK ? enter(db, master, login, user, &guess) : rc;
}

/* Forgets the guesses at a login, from every address. */
static enum err forget_guesses(struct db *db, const char *login)
{
    uint8_t first[SUBJECT_SIZE] = {0}, last[SUBJECT_SIZE];
    enum err rc = user_login_hash(db, login, first);

    memcpy(last, first, SHA256_SIZE);
    memset(last + SHA256_SIZE, 0xff, NETWORKS_GROUP_SIZE);
    return rc == ERR_OK
               ? db_txn_call(db,
                             "DELETE FROM attempt WHERE kind = 'login' AND subject BETWEEN ? AND ?",
                             DB_ARGS(db_blob(first, sizeof(first)), db_blob(last, sizeof(last))),
                             NULL, NULL)
               : rc;
}

enum err session_unlock(struct db *db, const struct user *user)
{
    enum err rc = forget_guesses(db, user->login);
    if (rc == ERR_OK)
        rc = forget_guesses(db, user->email);
    return rc == ERR_OK ? otp_device_unlock(db, user->id) : rc;
}

enum err session_password_check(struct db *db, int64_t user_id, const char *password,
                                int64_t *retry_s)
{
    char subject[24];
    int len = snprintf(subject, sizeof(subject), "password/%lld", (long long)user_id);
    const struct attempt guess = {.kind = "login",
                                  .subject = subject,
                                  .subject_len = (size_t)len,
                                  .max = LOGIN_MAX_FAILURES,
                                  .first_wait_s = LOGIN_FIRST_WAIT_S,
                                  .window_s = LOGIN_FAILURE_WINDOW_S};
    const struct user user = {.id = user_id};
    bool matches = false;

    enum err rc = attempt_begin(db, &guess, retry_s);
    if (rc == ERR_OK)
        rc = password_matches(db, &user, password, &matches);
    if (rc == ERR_OK && !matches)
        rc = ERR_LOGIN_FAILED;
    return rc == ERR_OK ? attempt_clear(db, &guess) : rc;
}

enum err session_open(struct db *db, const uint8_t master[SEAL_KEY_SIZE],
                      const struct session_login *login, struct session *out, int64_t *retry_s)
{
    uint8_t hash[SHA256_SIZE];
    struct uuid ticket = crypto_uuid4();

    *retry_s = 0;
    enum err rc = authenticate(db, master, login, &out->user, retry_s);
    if (rc != ERR_OK)
        return rc;
    *retry_s = 0;
    uuid_format(&ticket, out->ticket);
    crypto_sha256(out->ticket, UUID_TEXT_SIZE - 1, hash);
    out->timeout_s = login->timeout_s;
    if ((rc = make_csrf(master, out->ticket, out->csrf)) != ERR_OK)
        return rc;
    return db_txn_call(
        db, "CALL session_add(?, ?, ?)",
        DB_ARGS(db_blob(hash, sizeof(hash)), db_i64(out->user.id), db_i64(login->timeout_s)), NULL,
        NULL);
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
