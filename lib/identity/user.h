/* Users: who they are and how they were verified. */
#ifndef IDENTITY_USER_H
#define IDENTITY_USER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/id.h"
#include "crypto/crypto.h"
#include "db/db.h"
#include "identity/role.h"

#define USER_LOGIN_MAX 64   /* code points */
#define USER_EMAIL_MAX 254  /* bytes */
#define USER_PASSWORD_MIN 8 /* bytes */
#define USER_PASSWORD_MAX 256

struct user {
    int64_t id;
    struct uuid uuid;
    char login[257];
    char email[255];
    char level[8]; /* none, basic, full */
    char language[9];
    bool otp_required;
    bool enabled;
    char created[20]; /* YYYY-MM-DD HH:MM:SS, UTC */
    char last_login[20];
    char roles[ROLES_TEXT_SIZE]; /* with commas, by name; "" = none */
};

/* The verification levels, NULL-terminated. */
extern const char *const user_levels[];

/* Makes a user.
 * login     at most USER_LOGIN_MAX code points without white space and @
 * password  USER_PASSWORD_MIN to USER_PASSWORD_MAX bytes; NULL: cannot sign in
 * level     one of user_levels; one above none records the method "operator"
 * user_id   out
 * Returns ERR_INVALID (login or e-mail form, level), ERR_OUT_OF_RANGE (password length),
 * ERR_USER_EXISTS. */
MUST_USE enum err user_add(struct db *db, const char *login, const char *email,
                           const char *password, const char *level, int64_t *user_id);

/* A user by login, or by e-mail where it holds an @, in any case of letters.
 * out  out
 * Returns ERR_NOT_FOUND. */
MUST_USE enum err user_by_login(struct db *db, const char *login, struct user *out);

/* What was typed as a login or e-mail address, as one number: the same for all spellings that the
 * database takes for one (case, accents), whether or not there is such a user. */
MUST_USE enum err user_login_hash(struct db *db, const char *login, uint8_t out[SHA256_SIZE]);

/* A user by id. Returns ERR_NOT_FOUND. */
MUST_USE enum err user_by_id(struct db *db, int64_t id, struct user *out);

/* Reads the stored password hash; "" where the user has none. For session.c. */
MUST_USE enum err user_password_hash(struct db *db, int64_t user_id, char out[PASSWORD_HASH_SIZE]);

/* What a SELECT from `user AS u` names first, and how its current row is read, for queries that
 * join more. */
#define USER_COLUMNS                                                                   \
    "u.id, u.uuid, u.login, u.email, u.level, u.language, u.otp_required, u.enabled, " \
    "u.created_at, u.last_login_at, " ROLES_COLUMN
#define USER_COLUMN_COUNT 11

/* Reads the USER_COLUMNS of the current row. */
void user_read(const struct db_rows *rows, struct user *out);

/* Calls `row` for each way in which the user was verified; date in unix seconds. */
MUST_USE enum err user_verifications(struct db *db, int64_t user_id,
                                     void (*row)(void *arg, const char *method, int64_t date),
                                     void *arg);

#endif
