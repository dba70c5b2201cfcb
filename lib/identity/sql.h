/* Pieces of SQL about users for the statements of others, which thereby name no table of ours. Each is
 * an expression of `user`, which is SQL for a user.id itself. */
#ifndef IDENTITY_SQL_H
#define IDENTITY_SQL_H

#define IDENTITY_SQL_LOGIN(user) \
    "(SELECT login FROM user AS named_user WHERE named_user.id = " user ")"
#define IDENTITY_SQL_LEVEL(user) \
    "(SELECT level FROM user AS levelled_user WHERE levelled_user.id = " user ")"
#define IDENTITY_SQL_OTP_REQUIRED(user) \
    "(SELECT otp_required FROM user AS guarded_user WHERE guarded_user.id = " user ")"

#define IDENTITY_SQL_ENABLED(user) \
    "(SELECT enabled FROM user AS enabled_user WHERE enabled_user.id = " user ")"

/* A statement that uses up the one-time password of a user, or fails with ERR_OTP_REQUIRED or
 * ERR_OTP_INVALID: user.id, whether one is required, otp_device.id or NULL, its step or NULL. */
#define IDENTITY_SQL_OTP_USE "CALL otp_use(?, ?, ?, ?)"

#endif
