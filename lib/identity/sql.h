/* Pieces of SQL about users for the statements of others, which thereby name no table of ours. */
#ifndef IDENTITY_SQL_H
#define IDENTITY_SQL_H

/* Users, as far as others show them; to be named as a table: "FROM " IDENTITY_SQL_USERS " AS u". The
 * server merges it into the statement around it, so that it costs nothing. */
#define IDENTITY_SQL_USERS                                                                      \
    "(SELECT id, uuid, login, email, level, language, otp_required, created_at, last_login_at " \
    "FROM user)"

/* Expressions of `user`, which is SQL for a user.id itself. */
#define IDENTITY_SQL_LOGIN(user) \
    "(SELECT login FROM user AS named_user WHERE named_user.id = " user ")"
#define IDENTITY_SQL_LEVEL(user) \
    "(SELECT level FROM user AS levelled_user WHERE levelled_user.id = " user ")"
#define IDENTITY_SQL_OTP_REQUIRED(user) \
    "(SELECT otp_required FROM user AS guarded_user WHERE guarded_user.id = " user ")"

#define IDENTITY_SQL_ENABLED(user) \
    "(SELECT enabled FROM user AS enabled_user WHERE enabled_user.id = " user ")"

/* A statement that lets a user in no more, neither by password nor by key: user.id. */
#define IDENTITY_SQL_SHUT_OUT "UPDATE user SET enabled = FALSE WHERE id = ?"

/* A statement that uses up the one-time password of a user, or fails with ERR_OTP_REQUIRED or
 * ERR_OTP_INVALID: user.id, whether one is required, otp_device.id or NULL, its step or NULL. */
#define IDENTITY_SQL_OTP_USE "CALL otp_use(?, ?, ?, ?)"

#endif
