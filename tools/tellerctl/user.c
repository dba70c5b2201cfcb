/* user add | show; otp remove; unlock */
#include <stdio.h>
#include <string.h>

#include "identity/otp_device.h"
#include "identity/session.h"
#include "tools/tellerctl/ctl.h"

static struct json_object *describe(const struct user *user)
{
    struct json_object *object = json_object_new_object();
    char uuid[UUID_TEXT_SIZE];

    uuid_format(&user->uuid, uuid);
    ctl_text(object, "login", user->login);
    ctl_text(object, "id", uuid);
    ctl_text(object, "email", user->email);
    ctl_text(object, "level", user->level);
    ctl_bool(object, "otp_required", user->otp_required);
    ctl_bool(object, "enabled", user->enabled);
    ctl_text(object, "created", user->created);
    ctl_text(object, "last_login", user->last_login[0] == '\0' ? NULL : user->last_login);
    return object;
}

/* Reads the first line of standard input. ERR_OUT_OF_RANGE where it is too long, ERR_IO where there
 * is none. */
static enum err read_password(char *out, size_t size)
{
    if (fgets(out, (int)size, stdin) == NULL)
        return ERR_IO;
    size_t len = strcspn(out, "\n");
    if (len + 1 == size)
        return ERR_OUT_OF_RANGE;
    out[len] = '\0';
    return ERR_OK;
}

static int add_user(struct ctl *ctl, const char *password)
{
    struct user user;
    int64_t id;
    const char *level = ctl_option(ctl, "verified");

    if (ctl_connect(ctl) != ERR_OK)
        return CTL_FAILED;
    enum err rc = user_add(ctl->db, ctl->args[0], ctl_option(ctl, "email"), password,
                           level != NULL ? level : "none", &id);
    if (rc == ERR_INVALID)
        return ctl_fail(ctl, rc, "login, e-mail or level");
    if (rc == ERR_OUT_OF_RANGE)
        return ctl_fail(ctl, rc, "length of the password (8 to 256 bytes)");
    if (rc == ERR_OK)
        rc = user_by_id(ctl->db, id, &user);
    if (rc != ERR_OK)
        return ctl_fail(ctl, rc, ctl->args[0]);
    ctl_print(ctl, describe(&user));
    return CTL_DONE;
}

static int run_add(struct ctl *ctl)
{
    char password[USER_PASSWORD_MAX + 2];

    if (ctl_option(ctl, "password-stdin") == NULL)
        return add_user(ctl, NULL);
    enum err rc = read_password(password, sizeof(password));
    int status = rc == ERR_OK ? add_user(ctl, password) : ctl_fail(ctl, rc, "password");
    crypto_wipe(password, sizeof(password));
    return status;
}

static void add_verification(void *arg, const char *method, int64_t date)
{
    struct json_object *row = json_object_new_object();
    ctl_text(row, "method", method);
    ctl_int(row, "date", date);
    json_object_array_add(arg, row);
}

static int run_show(struct ctl *ctl)
{
    struct user user;

    if (ctl_connect(ctl) != ERR_OK || ctl_user(ctl, ctl->args[0], &user) != ERR_OK)
        return CTL_FAILED;
    struct json_object *object = describe(&user), *methods = json_object_new_array();
    json_object_object_add(object, "verification", methods);
    enum err rc = user_verifications(ctl->db, user.id, add_verification, methods);
    if (rc != ERR_OK) {
        json_object_put(object);
        return ctl_fail(ctl, rc, db_problem(ctl->db));
    }
    ctl_print(ctl, object);
    return CTL_DONE;
}

static int run_unlock(struct ctl *ctl)
{
    struct user user;

    if (ctl_connect(ctl) != ERR_OK || ctl_user(ctl, ctl->args[0], &user) != ERR_OK)
        return CTL_FAILED;
    enum err rc = session_unlock(ctl->db, &user);
    if (rc != ERR_OK)
        return ctl_fail(ctl, rc, db_problem(ctl->db));
    struct json_object *object = json_object_new_object();
    ctl_text(object, "unlocked", user.login);
    ctl_print(ctl, object);
    return CTL_DONE;
}

static int run_otp_remove(struct ctl *ctl)
{
    struct user user;

    if (ctl_connect(ctl) != ERR_OK || ctl_user(ctl, ctl->args[0], &user) != ERR_OK)
        return CTL_FAILED;
    enum err rc = otp_device_drop(ctl->db, user.id);
    if (rc == ERR_NOT_FOUND)
        return ctl_fail(ctl, rc, "one-time password");
    if (rc != ERR_OK)
        return ctl_fail(ctl, rc, db_problem(ctl->db));
    struct json_object *object = json_object_new_object();
    ctl_text(object, "removed", user.login);
    ctl_print(ctl, object);
    return CTL_DONE;
}

const struct ctl_command user_commands[] = {
    {.group = "user",
     .verb = "add",
     .args = "LOGIN",
     .help = "Adds a user; without a password they cannot sign in.",
     .options = {{"email", "E", "e-mail address", .required = true},
                 {"password-stdin", NULL, "read the password from the first line of standard input",
                  .required = false},
                 {"verified", "LEVEL", "none, basic or full; none where it is left out",
                  .required = false}},
     .run = run_add},
    {.group = "user",
     .verb = "show",
     .args = "LOGIN",
     .help = "Shows a user, by login or e-mail.",
     .run = run_show},
    {.group = "otp",
     .verb = "remove",
     .args = "LOGIN",
     .help = "Removes a user's one-time password without a code, for one who has lost the device.",
     .run = run_otp_remove},
    {.group = "unlock",
     .args = "LOGIN",
     .help = "Forgets the wrong passwords and one-time passwords counted against a user.",
     .run = run_unlock},
    {0},
};
