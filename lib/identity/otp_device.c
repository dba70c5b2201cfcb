/* The devices in the database: each step is spent once, and guesses are counted. */
#include "identity/otp_device.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/encode.h"
#include "base/text.h"
#include "identity/attempt.h"
#include "identity/request.h"
#include "json/writer.h"

#define WHERE_SIZE (sizeof("otp_device/") + UUID_TEXT_SIZE)
#define SUBJECT_SIZE 24 /* a user id as text */

const char *const otp_device_kinds[] = {"totp", "hotp", NULL};

/* What of a device is needed to check a code. */
struct stored {
    int64_t id;
    enum otp_kind kind;
    bool active;
    int64_t counter; /* last accepted step or counter; -1 = none */
    uint8_t secret[OTP_SECRET_SIZE];
};

/* What the sealed secret is bound to, so that it cannot be moved to another device's row. */
static void format_where(const struct uuid *serial, char out[WHERE_SIZE])
{
    char text[UUID_TEXT_SIZE];
    uuid_format(serial, text);
    snprintf(out, WHERE_SIZE, "otp_device/%s", text);
}

/* A device on its way into the database. */
struct adding {
    const uint8_t *master;
    int64_t user_id;
    const char *kind;
    struct uuid serial;
};

/* Keeps what makes the device: {"id","serial","key"}. */
static enum err add_in(struct db *db, void *arg, struct text *reply)
{
    const struct adding *adding = arg;
    struct writer json = {.out = reply};
    uint8_t secret[OTP_SECRET_SIZE], sealed[OTP_SECRET_SIZE + SEAL_OVERHEAD];
    char where[WHERE_SIZE], hex[HEX_SIZE(OTP_SECRET_SIZE)];
    struct db_rows rows = {0};

    crypto_random(secret, sizeof(secret));
    hex_encode(secret, sizeof(secret), hex);
    format_where(&adding->serial, where);
    enum err rc = crypto_seal(adding->master, where, secret, sizeof(secret), sealed);
    if (rc == ERR_OK)
        rc = db_run(db, "CALL otp_device_add(?, ?, ?, ?)",
                    DB_ARGS(db_i64(adding->user_id), db_uuid(&adding->serial),
                            db_text(adding->kind), db_blob(sealed, sizeof(sealed))),
                    &rows);
    if (rc == ERR_OK && db_next(&rows)) {
        writer_object(&json, NULL);
        writer_int(&json, "id", db_get_i64(&rows, 0));
        writer_uuid(&json, "serial", &adding->serial);
        writer_text(&json, "key", hex);
        writer_end(&json);
    }
    db_rows_free(&rows);
    crypto_wipe(secret, sizeof(secret));
    crypto_wipe(hex, sizeof(hex));
    return rc;
}

struct added {
    int64_t id;
    struct uuid serial;
    const char *key;
};

#define AT(member) offsetof(struct added, member)
static const struct field added_fields[] = {
    {.name = "id", .type = FIELD_INT, .required = true, .offset = AT(id)},
    {.name = "serial", .type = FIELD_UUID, .required = true, .offset = AT(serial)},
    {.name = "key", .type = FIELD_TEXT, .required = true, .offset = AT(key)},
};
#undef AT

static enum err read_added(const struct text *kept, const char *kind, struct otp_device *out)
{
    struct arena arena = {0};
    struct added added = {.key = ""};

    enum err rc = request_kept(&arena, kept, FIELD_TABLE(added_fields, struct added), &added);
    if (rc == ERR_OK) {
        *out = (struct otp_device){.id = added.id, .serial = added.serial};
        text_copy(out->kind, sizeof(out->kind), kind);
        if (!hex_decode(added.key, strlen(added.key), out->secret, sizeof(out->secret)))
            rc = ERR_CRYPTO;
    }
    arena_free(&arena);
    return rc;
}

enum err otp_device_add(struct db *db, const uint8_t master[SEAL_KEY_SIZE],
                        const struct actor *actor, const char *kind, struct otp_device *out)
{
    struct adding adding = {
        .master = master, .user_id = actor->user_id, .kind = kind, .serial = crypto_uuid4()};
    struct text kept = TEXT(REQUEST_REPLY_MAX);

    if (strcmp(kind, otp_device_kinds[OTP_TOTP]) != 0 &&
        strcmp(kind, otp_device_kinds[OTP_HOTP]) != 0)
        return ERR_INVALID;
    enum err rc =
        request_once(db, master, actor, "otp_device_add", &adding.serial, add_in, &adding, &kept);
    if (rc == ERR_OK)
        rc = read_added(&kept, kind, out);
    text_wipe(&kept);
    return rc;
}

static enum err read_device(const uint8_t master[SEAL_KEY_SIZE], const struct db_rows *rows,
                            struct stored *out)
{
    char where[WHERE_SIZE];
    size_t len;
    struct uuid serial = db_get_uuid(rows, 1);
    const void *sealed = db_get_blob(rows, 3, &len);

    out->id = db_get_i64(rows, 0);
    out->kind = strcmp(db_get_text(rows, 2), otp_device_kinds[OTP_TOTP]) == 0 ? OTP_TOTP : OTP_HOTP;
    out->counter = db_get_i64(rows, 4);
    out->active = db_get_u64(rows, 5) != 0;
    if (len != OTP_SECRET_SIZE + SEAL_OVERHEAD)
        return ERR_CRYPTO;
    format_where(&serial, where);
    return crypto_unseal(master, where, sealed, len, out->secret);
}

/* The user's one device that was not removed. ERR_NOT_FOUND. */
static enum err find(struct db *db, const uint8_t master[SEAL_KEY_SIZE], int64_t user_id,
                     struct stored *out)
{
    struct db_rows rows = {0};
    enum err rc = db_run(db,
                         "SELECT id, serial, kind, secret_sealed, counter, status = 'active' "
                         "FROM otp_device WHERE user_id = ? AND status <> 'removed' "
                         "ORDER BY status = 'active' DESC, id DESC LIMIT 1",
                         DB_ARGS(db_i64(user_id)), &rows);
    if (rc == ERR_OK && !db_next(&rows))
        rc = ERR_NOT_FOUND;
    if (rc == ERR_OK)
        rc = read_device(master, &rows, out);
    db_rows_free(&rows);
    return rc;
}

/* The step that `code` is right for, later than the last accepted one. */
static enum err match(const struct stored *device, const char *code, int64_t *step)
{
    uint64_t next;
    enum err rc;

    switch (device->kind) {
    case OTP_TOTP:
        return otp_check_totp(device->secret, sizeof(device->secret), code,
                              clock_now_us() / 1000000, device->counter, step);
    case OTP_HOTP:
        rc = otp_check_hotp(device->secret, sizeof(device->secret), code,
                            (uint64_t)(device->counter + 1), &next);
        if (rc == ERR_OK)
            *step = (int64_t)next - 1;
        return rc;
    }
    return ERR_INTERNAL;
}

/* What is counted of a user's wrong codes. */
static struct attempt guess_of(int64_t user_id, char subject[SUBJECT_SIZE])
{
    int len = snprintf(subject, SUBJECT_SIZE, "%lld", (long long)user_id);
    return (struct attempt){.kind = "otp",
                            .subject = subject,
                            .subject_len = (size_t)len,
                            .max = OTP_MAX_FAILURES,
                            .first_wait_s = OTP_FAILURE_WINDOW_S,
                            .window_s = OTP_FAILURE_WINDOW_S};
}

enum err otp_device_unlock(struct db *db, int64_t user_id)
{
    char subject[SUBJECT_SIZE];
    struct attempt attempt = guess_of(user_id, subject);
    return attempt_clear(db, &attempt);
}

/* Checks `code` against the device that was found; the guess is counted before it is looked at. */
static enum err check(struct db *db, int64_t user_id, const struct stored *device, const char *code,
                      int64_t *step)
{
    char subject[SUBJECT_SIZE];
    struct attempt attempt = guess_of(user_id, subject);
    int64_t retry_s;
    enum err rc = attempt_begin(db, &attempt, &retry_s);

    if (rc == ERR_OK)
        rc = match(device, code, step);
    return rc == ERR_OK ? attempt_right(db, &attempt) : rc;
}

enum err otp_device_check(struct db *db, const uint8_t master[SEAL_KEY_SIZE], int64_t user_id,
                          const char *code, struct otp_step *out)
{
    struct stored device;
    enum err rc = find(db, master, user_id, &device);
    if (rc == ERR_NOT_FOUND || (rc == ERR_OK && !device.active))
        rc = ERR_OTP_INVALID;
    if (rc == ERR_OK)
        rc = check(db, user_id, &device, code, &out->step);
    if (rc == ERR_OK)
        out->device_id = device.id;
    crypto_wipe(&device, sizeof(device));
    return rc;
}

/* Runs the procedure `call`, which uses a step up. */
static enum err spend(struct db *db, const char *call, int64_t user_id, int64_t device_id,
                      int64_t step)
{
    bool resent;
    enum err rc = db_txn_call(db, call, DB_ARGS(db_i64(user_id), db_i64(device_id), db_i64(step)),
                              NULL, &resent);
    /* Sent twice because the first answer was lost: the first one used it up. */
    return rc == ERR_OTP_INVALID && resent ? ERR_OK : rc;
}

/* Checks a code of the active (or else of the pending) device and runs `call` with its step. */
static enum err check_and_spend(struct db *db, const uint8_t master[SEAL_KEY_SIZE], int64_t user_id,
                                const char *code, bool active, enum err absent, const char *call)
{
    struct stored device;
    int64_t step;
    enum err rc = find(db, master, user_id, &device);
    if (rc == ERR_NOT_FOUND || (rc == ERR_OK && device.active != active))
        rc = absent;
    if (rc == ERR_OK)
        rc = check(db, user_id, &device, code, &step);
    if (rc == ERR_OK)
        rc = spend(db, call, user_id, device.id, step);
    crypto_wipe(&device, sizeof(device));
    return rc;
}

enum err otp_device_use(struct db *db, const uint8_t master[SEAL_KEY_SIZE], int64_t user_id,
                        const char *code)
{
    return check_and_spend(db, master, user_id, code, true, ERR_OTP_INVALID,
                           "CALL otp_device_use(?, ?, ?)");
}

enum err otp_device_confirm(struct db *db, const uint8_t master[SEAL_KEY_SIZE], int64_t user_id,
                            const char *code)
{
    return check_and_spend(db, master, user_id, code, false, ERR_OTP_NONE_PENDING,
                           "CALL otp_device_activate(?, ?, ?)");
}

enum err otp_device_remove(struct db *db, const uint8_t master[SEAL_KEY_SIZE], int64_t user_id,
                           const char *code)
{
    return check_and_spend(db, master, user_id, code, true, ERR_NOT_FOUND,
                           "CALL otp_device_remove(?, ?, ?)");
}

enum err otp_device_drop(struct db *db, int64_t user_id)
{
    struct db_rows rows = {0};
    enum err rc = db_txn_call(db, "CALL otp_device_drop(?)", DB_ARGS(db_i64(user_id)), &rows, NULL);
    if (rc == ERR_OK && db_next(&rows) && db_get_u64(&rows, 0) == 0)
        rc = ERR_NOT_FOUND;
    db_rows_free(&rows);
    return rc;
}

enum err otp_device_active(struct db *db, int64_t user_id, char kind[5])
{
    struct db_rows rows = {0};
    enum err rc =
        db_run(db, "SELECT kind FROM otp_device WHERE user_id = ? AND status = 'active' LIMIT 1",
               DB_ARGS(db_i64(user_id)), &rows);
    kind[0] = '\0';
    if (rc == ERR_OK && db_next(&rows))
        text_copy(kind, 5, db_get_text(&rows, 0));
    db_rows_free(&rows);
    return rc;
}
