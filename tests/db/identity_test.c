/* Users, sessions and one-time passwords against the database. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "identity/attempt.h"
#include "identity/otp_device.h"
#include "identity/session.h"
#include "identity/sweep.h"
#include "identity/user.h"
#include "tests/db/db.h"

#define ACTOR(user) (&(struct actor[]){db_test_actor(user)}[0])

#define PASSWORD "correct horse"
#define TIMEOUT_S 900

static void test_users(void)
{
    char login[DB_TEST_NAME_SIZE], other[DB_TEST_NAME_SIZE], email[96], upper[DB_TEST_NAME_SIZE];
    int64_t id = db_test_user(NULL, login), another = 0;
    struct user user;

    snprintf(email, sizeof(email), "%s@example.org", login);
    snprintf(upper, sizeof(upper), "TEST%s", login + 4);
    DB_GIVES(user_by_login(test_db, upper, &user), ERR_OK);
    DB_CHECK(user.id == id && strcmp(user.login, login) == 0 && strcmp(user.email, email) == 0);
    DB_CHECK(strcmp(user.level, "none") == 0 && user.enabled && !user.otp_required);
    DB_CHECK(strlen(user.created) == 19 && user.last_login[0] == '\0');
    DB_GIVES(user_by_login(test_db, email, &user), ERR_OK);
    DB_CHECK(user.id == id);
    DB_GIVES(user_by_id(test_db, id, &user), ERR_OK);
    DB_GIVES(user_by_id(test_db, INT64_MAX, &user), ERR_NOT_FOUND);
    DB_GIVES(user_by_login(test_db, "nobody-at-all", &user), ERR_NOT_FOUND);
    DB_GIVES(user_by_login(test_db, "\xff", &user), ERR_NOT_FOUND);

    db_test_name("test", other);
    DB_GIVES(user_add(test_db, upper, "other@example.org", NULL, "none", &another),
             ERR_USER_EXISTS);
    DB_GIVES(user_add(test_db, other, email, NULL, "none", &another), ERR_USER_EXISTS);
    DB_CHECK(!db_in_txn(test_db));
}

static void test_user_forms(void)
{
    static const struct {
        const char *login, *email, *password, *level;
        enum err expected;
    } rows[] = {
        {"", "a@example.org", NULL, "none", ERR_INVALID},
        {"two words", "a@example.org", NULL, "none", ERR_INVALID},
        {"at@sign", "a@example.org", NULL, "none", ERR_INVALID},
        {"line\n", "a@example.org", NULL, "none", ERR_INVALID},
        {"bad\xff", "a@example.org", NULL, "none", ERR_INVALID},
        {"turn\xe2\x80\xae", "a@example.org", NULL, "none", ERR_INVALID},
        {"nbsp\xc2\xa0", "a@example.org", NULL, "none", ERR_INVALID},
        {"ok-login", "no-at", NULL, "none", ERR_INVALID},
        {"ok-login", "@example.org", NULL, "none", ERR_INVALID},
        {"ok-login", "a@", NULL, "none", ERR_INVALID},
        {"ok-login", "a@b@c", NULL, "none", ERR_INVALID},
        {"ok-login", "<a@b>", NULL, "none", ERR_INVALID},
        {"ok-login", "a@example.org", NULL, "some", ERR_INVALID},
        {"ok-login", "a@example.org", "short", "none", ERR_OUT_OF_RANGE},
        {"0123456789012345678901234567890123456789012345678901234567890123x", "a@example.org", NULL,
         "none", ERR_INVALID},
    };
    int64_t id;
    for (size_t i = 0; i < TEST_COUNT(rows); i++)
        DB_GIVES(
            user_add(test_db, rows[i].login, rows[i].email, rows[i].password, rows[i].level, &id),
            rows[i].expected);
}

static void count_operator(void *arg, const char *method, int64_t date)
{
    int64_t now_s = clock_now_us() / 1000000;
    if (strcmp(method, "operator") == 0 && date > now_s - 60 && date < now_s + 60)
        ++*(int *)arg;
}

static void test_verification(void)
{
    char login[DB_TEST_NAME_SIZE], email[96];
    int64_t id = 0;
    int found = 0;

    db_test_name("zo\xc3\xab", login); /* any letters */
    snprintf(email, sizeof(email), "%s@example.org", login + 5);
    DB_GIVES(user_add(test_db, login, email, NULL, "full", &id), ERR_OK);
    DB_GIVES(user_verifications(test_db, id, count_operator, &found), ERR_OK);
    DB_CHECK(found == 1);
    found = 0;
    DB_GIVES(user_verifications(test_db, db_test_user(NULL, NULL), count_operator, &found), ERR_OK);
    DB_CHECK(found == 0);
}

static int64_t retry_s; /* what the last sign-in said */

static enum err sign_in_from(const char *address, const char *login, const char *password,
                             const char *otp, struct session *out)
{
    const struct session_login typed = {.name = login,
                                        .password = password,
                                        .otp = otp,
                                        .address = address,
                                        .timeout_s = TIMEOUT_S};
    return session_open(test_db, test_master, &typed, out, &retry_s);
}

static enum err sign_in(const char *login, const char *password, struct session *out)
{
    return sign_in_from("192.0.2.1", login, password, "", out);
}

static void test_sign_in(void)
{
    char login[DB_TEST_NAME_SIZE], email[96], mute[DB_TEST_NAME_SIZE];
    int64_t id = db_test_user(PASSWORD, login);
    struct session session, again;
    uint8_t hash[SHA256_SIZE];

    db_test_user(NULL, mute);
    snprintf(email, sizeof(email), "%s@example.org", login);
    DB_GIVES(sign_in(login, PASSWORD, &session), ERR_OK);
    DB_CHECK(session.user.id == id && strlen(session.ticket) == 36 && strlen(session.csrf) == 43);
    DB_GIVES(sign_in(email, PASSWORD, &again), ERR_OK);
    DB_CHECK(strcmp(session.ticket, again.ticket) != 0 && strcmp(session.csrf, again.csrf) != 0);
    crypto_sha256(session.ticket, 36, hash);
    DB_CHECK(db_test_number("SELECT COUNT(*) FROM session WHERE token_hash = ? AND user_id = ?",
                            DB_ARGS(db_blob(hash, sizeof(hash)), db_i64(id))) == 1);
    DB_CHECK(db_test_number("SELECT last_login_at > NOW(6) - INTERVAL 60 SECOND FROM user "
                            "WHERE id = ?",
                            DB_ARGS(db_i64(id))) == 1);

    DB_GIVES(sign_in(login, PASSWORD "x", &again), ERR_LOGIN_FAILED);
    DB_GIVES(sign_in(login, "", &again), ERR_LOGIN_FAILED);
    DB_GIVES(sign_in("nobody-at-all", PASSWORD, &again), ERR_LOGIN_FAILED);
    DB_GIVES(sign_in(mute, PASSWORD, &again), ERR_LOGIN_FAILED);
    DB_GIVES(sign_in("house", PASSWORD, &again), ERR_LOGIN_FAILED);
    db_test_number("UPDATE user SET enabled = FALSE WHERE id = ?", DB_ARGS(db_i64(id)));
    DB_GIVES(sign_in(login, PASSWORD "x", &again), ERR_LOGIN_FAILED);
    DB_GIVES(sign_in(login, PASSWORD, &again), ERR_USER_DISABLED);
    DB_GIVES(session_check(test_db, test_master, session.ticket, &again), ERR_USER_DISABLED);
    db_test_number("DELETE FROM attempt WHERE kind = 'login'", DB_NO_ARGS);
}

static void guess_all(const char *address, const char *login, const char *spelled)
{
    struct session session;
    for (int i = 0; i < LOGIN_MAX_FAILURES; i++)
        DB_GIVES(
            sign_in_from(address, i % 2 == 0 ? login : spelled, "wrong password", "", &session),
            ERR_LOGIN_FAILED);
}

/* Moves every wait so far into the past. */
static void wait_is_over(void)
{
    db_test_number("UPDATE attempt SET blocked_until = NOW(6) WHERE kind = 'login'", DB_NO_ARGS);
}

/* Guesses are counted by what was typed, however it is spelled, and by address. */
static void test_guesses(void)
{
    char login[DB_TEST_NAME_SIZE], spelled[DB_TEST_NAME_SIZE + 4];
    struct session session;
    struct user user;

    db_test_user(PASSWORD, login);
    snprintf(spelled, sizeof(spelled), "T\xc3\xa9ST%s", login + 4);
    DB_GIVES(sign_in(login, "wrong password", &session), ERR_LOGIN_FAILED);
    DB_GIVES(sign_in(login, PASSWORD, &session), ERR_OK); /* forgets the wrong ones */
    guess_all("192.0.2.1", login, spelled);
    DB_GIVES(sign_in(login, PASSWORD, &session), ERR_TOO_MANY_ATTEMPTS);
    DB_CHECK(retry_s > LOGIN_FIRST_WAIT_S - 30 && retry_s <= LOGIN_FIRST_WAIT_S);
    DB_GIVES(sign_in_from("192.0.2.2", login, PASSWORD, "", &session), ERR_OK); /* the owner's */

    wait_is_over();
    DB_GIVES(sign_in(login, "wrong password", &session), ERR_LOGIN_FAILED);
    DB_GIVES(sign_in(login, PASSWORD, &session), ERR_TOO_MANY_ATTEMPTS); /* twice as long */
    DB_CHECK(retry_s > 2 * LOGIN_FIRST_WAIT_S - 30 && retry_s <= 2 * LOGIN_FIRST_WAIT_S);
    for (int i = 0; i < 5; i++) {
        wait_is_over();
        DB_GIVES(sign_in(login, "wrong password", &session), ERR_LOGIN_FAILED);
    }
    DB_GIVES(sign_in(login, PASSWORD, &session), ERR_TOO_MANY_ATTEMPTS);
    DB_CHECK(retry_s > LOGIN_FAILURE_WINDOW_S - 30 && retry_s <= LOGIN_FAILURE_WINDOW_S);
    DB_GIVES(user_by_login(test_db, login, &user), ERR_OK);
    DB_GIVES(session_unlock(test_db, &user), ERR_OK);
    DB_GIVES(sign_in(login, PASSWORD, &session), ERR_OK);

    /* A provider's customer has a whole /64: it is one address. */
    guess_all("2001:db8::1", login, spelled);
    DB_GIVES(sign_in_from("2001:db8::2", login, PASSWORD, "", &session), ERR_TOO_MANY_ATTEMPTS);
    DB_GIVES(sign_in_from("2001:db8:0:1::1", login, PASSWORD, "", &session), ERR_OK);
}

/* Nobody learns from the count whether there is such a user: missing and present ones, and their other
 * spellings, are refused alike. */
static void test_guesses_tell_nothing(void)
{
    char present[DB_TEST_NAME_SIZE], missing[DB_TEST_NAME_SIZE], spelled[DB_TEST_NAME_SIZE + 4];
    const char *const logins[] = {present, missing};
    struct session session;

    db_test_user(PASSWORD, present);
    db_test_name("test", missing);
    for (size_t i = 0; i < 2; i++) {
        snprintf(spelled, sizeof(spelled), "t\xc3\xa9st%s", logins[i] + 4);
        guess_all("192.0.2.3", logins[i], spelled);
        DB_GIVES(sign_in_from("192.0.2.3", logins[i], "wrong password", "", &session),
                 ERR_TOO_MANY_ATTEMPTS);
        DB_GIVES(sign_in_from("192.0.2.3", spelled, "wrong password", "", &session),
                 ERR_TOO_MANY_ATTEMPTS);
        DB_GIVES(sign_in_from("192.0.2.3", logins[i], "wrong password", "123456", &session),
                 ERR_TOO_MANY_ATTEMPTS);
        DB_CHECK(retry_s > 0);
    }
}

static int64_t expires_us(const char *ticket)
{
    return db_test_number("SELECT CAST(UNIX_TIMESTAMP(expires_at) * 1000000 AS SIGNED) "
                          "FROM session WHERE token_hash = UNHEX(SHA2(?, 256))",
                          DB_ARGS(db_text(ticket)));
}

static void set_left(const char *ticket, int64_t left_s)
{
    db_test_number("UPDATE session SET expires_at = NOW(6) + INTERVAL ? SECOND "
                   "WHERE token_hash = UNHEX(SHA2(?, 256))",
                   DB_ARGS(db_i64(left_s), db_text(ticket)));
}

static void test_sessions(void)
{
    char login[DB_TEST_NAME_SIZE], upper[UUID_TEXT_SIZE];
    int64_t id = db_test_user(PASSWORD, login), before;
    struct session session, checked;

    DB_GIVES(sign_in(login, PASSWORD, &session), ERR_OK);
    before = expires_us(session.ticket);
    DB_GIVES(session_check(test_db, test_master, session.ticket, &checked), ERR_OK);
    DB_CHECK(checked.user.id == id && checked.timeout_s == TIMEOUT_S);
    DB_CHECK(strcmp(checked.csrf, session.csrf) == 0);
    DB_CHECK(expires_us(session.ticket) == before); /* a read costs no write */
    set_left(session.ticket, TIMEOUT_S / 2);
    DB_GIVES(session_check(test_db, test_master, session.ticket, &checked), ERR_OK);
    DB_CHECK(expires_us(session.ticket) >= before); /* moved on */

    for (size_t i = 0; i < sizeof(upper); i++)
        upper[i] = session.ticket[i] >= 'a' ? (char)(session.ticket[i] - 32) : session.ticket[i];
    DB_GIVES(session_check(test_db, test_master, upper, &checked), ERR_OK);
    DB_CHECK(strcmp(checked.ticket, session.ticket) == 0);
    DB_GIVES(session_check(test_db, test_master, "", &checked), ERR_SESSION_EXPIRED);
    DB_GIVES(session_check(test_db, test_master, "00000000-0000-4000-8000-000000000000", &checked),
             ERR_SESSION_EXPIRED);

    set_left(session.ticket, 0);
    DB_GIVES(session_check(test_db, test_master, session.ticket, &checked), ERR_SESSION_EXPIRED);
    DB_GIVES(sign_in(login, PASSWORD, &session), ERR_OK);
    DB_GIVES(session_close(test_db, session.ticket), ERR_OK);
    DB_GIVES(session_check(test_db, test_master, session.ticket, &checked), ERR_SESSION_EXPIRED);
    DB_GIVES(session_close(test_db, session.ticket), ERR_OK);
    DB_GIVES(session_close(test_db, "no ticket"), ERR_OK);
}

static void code_at(const struct otp_device *device, int64_t counter, char out[OTP_CODE_SIZE])
{
    DB_GIVES(otp_code(device->secret, sizeof(device->secret), (uint64_t)counter, out), ERR_OK);
}

static bool otp_required(int64_t user_id)
{
    struct user user = {0};
    DB_GIVES(user_by_id(test_db, user_id, &user), ERR_OK);
    return user.otp_required;
}

static void test_totp(void)
{
    char login[DB_TEST_NAME_SIZE], code[OTP_CODE_SIZE], next[OTP_CODE_SIZE], kind[5];
    int64_t id = db_test_user(PASSWORD, login);
    struct otp_device first, device;
    struct session session;

    DB_GIVES(otp_device_confirm(test_db, test_master, id, "000000"), ERR_OTP_NONE_PENDING);
    DB_GIVES(otp_device_add(test_db, test_master, ACTOR(id), "sms", &device), ERR_INVALID);
    DB_GIVES(otp_device_add(test_db, test_master, ACTOR(INT64_MAX), "totp", &device),
             ERR_NOT_FOUND);
    DB_GIVES(otp_device_add(test_db, test_master, ACTOR(id), "totp", &first), ERR_OK);
    DB_GIVES(otp_device_add(test_db, test_master, ACTOR(id), "totp", &device), ERR_OK);

    int64_t step = clock_now_us() / 1000000 / OTP_STEP_SECONDS;
    code_at(&first, step, code);
    DB_GIVES(otp_device_confirm(test_db, test_master, id, code), ERR_OTP_INVALID); /* replaced */
    code_at(&device, step, code);
    code_at(&device, step + 1, next);
    DB_GIVES(otp_device_active(test_db, id, kind), ERR_OK);
    DB_CHECK(kind[0] == '\0' && !otp_required(id));
    DB_GIVES(otp_device_confirm(test_db, test_master, id, code), ERR_OK);
    DB_GIVES(otp_device_active(test_db, id, kind), ERR_OK);
    DB_CHECK(strcmp(kind, "totp") == 0 && otp_required(id));
    DB_GIVES(otp_device_add(test_db, test_master, ACTOR(id), "hotp", &first), ERR_OTP_EXISTS);
    DB_GIVES(otp_device_confirm(test_db, test_master, id, next), ERR_OTP_NONE_PENDING);

    DB_GIVES(sign_in(login, PASSWORD, &session), ERR_OTP_REQUIRED);
    DB_GIVES(sign_in_from("192.0.2.1", login, PASSWORD, code, &session),
             ERR_OTP_INVALID); /* each code works once */
    DB_GIVES(sign_in_from("192.0.2.1", login, "wrong password", next, &session), ERR_LOGIN_FAILED);
    DB_GIVES(sign_in_from("192.0.2.1", login, PASSWORD, next, &session), ERR_OK);
}

static void test_hotp(void)
{
    char code[OTP_CODE_SIZE];
    int64_t id = db_test_user(NULL, NULL);
    struct otp_device device;
    struct otp_step found;

    DB_GIVES(otp_device_use(test_db, test_master, id, "000000"), ERR_OTP_INVALID);
    DB_GIVES(otp_device_add(test_db, test_master, ACTOR(id), "hotp", &device), ERR_OK);
    code_at(&device, 0, code);
    DB_GIVES(otp_device_use(test_db, test_master, id, code), ERR_OTP_INVALID); /* pending */
    DB_GIVES(otp_device_remove(test_db, test_master, id, code), ERR_NOT_FOUND);
    DB_GIVES(otp_device_confirm(test_db, test_master, id, code), ERR_OK);
    DB_GIVES(otp_device_use(test_db, test_master, id, code), ERR_OTP_INVALID);
    code_at(&device, 4, code);
    DB_GIVES(otp_device_check(test_db, test_master, id, code, &found), ERR_OK);
    DB_CHECK(found.device_id == device.id && found.step == 4);
    DB_GIVES(otp_device_use(test_db, test_master, id, code), ERR_OK); /* a check uses nothing up */
    code_at(&device, 3, code);
    DB_GIVES(otp_device_use(test_db, test_master, id, code), ERR_OTP_INVALID); /* passed over */
    /* Of two that were checked at the same time, the one with the lower step comes last. */
    for (int64_t step = 0; step <= found.step; step++)
        DB_GIVES(db_txn_call(test_db, "CALL otp_device_use(?, ?, ?)",
                             DB_ARGS(db_i64(id), db_i64(device.id), db_i64(step)), NULL, NULL),
                 ERR_OTP_INVALID);
    code_at(&device, 4 + OTP_HOTP_LOOK_AHEAD + 2, code);
    DB_GIVES(otp_device_use(test_db, test_master, id, code), ERR_OTP_INVALID);
    code_at(&device, 5, code);
    DB_GIVES(otp_device_remove(test_db, test_master, id, code), ERR_OK);
    DB_CHECK(!otp_required(id));
    DB_GIVES(otp_device_add(test_db, test_master, ACTOR(id), "totp", &device), ERR_OK);
}

static void test_otp_guesses(void)
{
    char code[OTP_CODE_SIZE];
    int64_t id = db_test_user(NULL, NULL);
    struct otp_device device;

    DB_GIVES(otp_device_add(test_db, test_master, ACTOR(id), "hotp", &device), ERR_OK);
    for (int i = 0; i < OTP_MAX_FAILURES; i++)
        DB_GIVES(otp_device_confirm(test_db, test_master, id, "12345"), ERR_OTP_INVALID);
    code_at(&device, 0, code);
    DB_GIVES(otp_device_confirm(test_db, test_master, id, code), ERR_TOO_MANY_ATTEMPTS);
}

/* What was guessed long ago counts no more: two wrong ones in a row have to wait, not two ever. */
static void test_guesses_forgotten(void)
{
    struct attempt attempt = {.kind = "otp",
                              .subject = "forgotten",
                              .subject_len = 9,
                              .max = 2,
                              .first_wait_s = 60,
                              .window_s = 100};

    DB_GIVES(attempt_begin(test_db, &attempt, &retry_s), ERR_OK);
    db_test_number("UPDATE attempt SET ends_at = NOW(6) WHERE subject = 'forgotten'", DB_NO_ARGS);
    DB_GIVES(attempt_begin(test_db, &attempt, &retry_s), ERR_OK);
    DB_GIVES(attempt_begin(test_db, &attempt, &retry_s), ERR_OK);
    DB_GIVES(attempt_begin(test_db, &attempt, &retry_s), ERR_TOO_MANY_ATTEMPTS);
    DB_CHECK(retry_s > 0 && retry_s <= 60);
    DB_GIVES(attempt_clear(test_db, &attempt), ERR_OK);
}

static void test_sweep(void)
{
    char login[DB_TEST_NAME_SIZE];
    struct session ended, running, checked;
    struct attempt attempt = {.kind = "otp", .subject = "sweep", .subject_len = 5, .max = 1};
    int64_t removed = 0, at_us = clock_now_us();

    db_test_user(PASSWORD, login);
    DB_GIVES(sign_in(login, PASSWORD, &ended), ERR_OK);
    DB_GIVES(sign_in(login, PASSWORD, &running), ERR_OK);
    set_left(ended.ticket, -1);
    DB_GIVES(attempt_begin(test_db, &attempt, &retry_s), ERR_OK);
    db_test_number("INSERT INTO api_key_tonce_0 (tonce, key_id) VALUES (?, 0), (?, 0)",
                   DB_ARGS(db_i64(at_us - 120000000), db_i64(at_us)));
    DB_GIVES(identity_sweep(test_db, 100000, &removed), ERR_OK);
    DB_CHECK(removed >= 3);
    DB_CHECK(db_test_number("SELECT COUNT(*) FROM session WHERE token_hash = UNHEX(SHA2(?, 256))",
                            DB_ARGS(db_text(ended.ticket))) == 0);
    DB_CHECK(db_test_number("SELECT COUNT(*) FROM api_key_tonce_0 WHERE key_id = 0 AND tonce = ?",
                            DB_ARGS(db_i64(at_us))) == 1);
    DB_CHECK(db_test_number("SELECT COUNT(*) FROM api_key_tonce_0 WHERE key_id = 0 AND tonce = ?",
                            DB_ARGS(db_i64(at_us - 120000000))) == 0);
    DB_GIVES(session_check(test_db, test_master, running.ticket, &checked), ERR_OK);
}

static const struct test_case tests[] = {
    {"users", test_users},
    {"what a user may be called", test_user_forms},
    {"verification", test_verification},
    {"sign in", test_sign_in},
    {"guessed passwords", test_guesses},
    {"counting guesses tells nothing", test_guesses_tell_nothing},
    {"sessions", test_sessions},
    {"TOTP", test_totp},
    {"HOTP", test_hotp},
    {"guessed one-time passwords", test_otp_guesses},
    {"guesses of long ago", test_guesses_forgotten},
    {"clearing away", test_sweep},
    {NULL, NULL},
};
const struct test_suite suite_identity = {.name = "identity", .cases = tests};
