/* user add | show; role add | remove; otp remove; unlock */
#include <stdio.h>
#include <string.h>

#include "identity/otp_device.h"
#include "identity/session.h"
#include "tools/tellerctl/ctl.h"

/* Begins a user's object, which goes on. */
static struct writer *begin_user(struct ctl *ctl, const struct user *user)
{
    struct writer *json = ctl_result(ctl);

    writer_object(json, NULL);
    writer_text(json, "login", user->login);
    writer_uuid(json, "id", &user->uuid);
    writer_text(json, "email", user->email);
    writer_text(json, "level", user->level);
    writer_text(json, "roles", user->roles);
    writer_bool(json, "otp_required", user->otp_required);
    writer_bool(json, "enabled", user->enabled);
    writer_text(json, "created", user->created);
    writer_some_text(json, "last_login", user->last_login);
    return json;
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
    writer_end(begin_user(ctl, &user));
    ctl_print(ctl);
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
    struct writer *json = arg;

    writer_object(json, NULL);
    writer_text(json, "method", method);
    writer_int(json, "date", date);
    writer_end(json);
}

static int run_show(struct ctl *ctl)
{
    struct user user;

    if (ctl_connect(ctl) != ERR_OK || ctl_user(ctl, ctl->args[0], &user) != ERR_OK)
        return CTL_FAILED;
    struct writer *json = begin_user(ctl, &user);
    writer_list(json, "verification");
    enum err rc = user_verifications(ctl->db, user.id, add_verification, json);
    writer_end(json);
    writer_end(json);
    if (rc != ERR_OK)
        return ctl_fail(ctl, rc, db_problem(ctl->db));
    ctl_print(ctl);
    return CTL_DONE;
}

/* Gives or takes a role. */
static int change_role(struct ctl *ctl, enum err (*change)(struct db *, int64_t, const char *))
{
    struct user user;

    if (ctl_connect(ctl) != ERR_OK || ctl_user(ctl, ctl->args[0], &user) != ERR_OK)
        return CTL_FAILED;
    enum err rc = change(ctl->db, user.id, ctl->args[1]);
    if (rc == ERR_INVALID)
        return ctl_fail_words(ctl, rc, "role is user, viewer or operator");
    if (rc == ERR_OK)
        rc = user_by_id(ctl->db, user.id, &user);
    if (rc != ERR_OK)
        return ctl_fail(ctl, rc, db_problem(ctl->db));
    writer_end(begin_user(ctl, &user));
    ctl_print(ctl);
    return CTL_DONE;
}

static int run_role_add(struct ctl *ctl)
{
    return change_role(ctl, role_give);
}

static int run_role_remove(struct ctl *ctl)
{
    return change_role(ctl, role_take);
}

static int run_unlock(struct ctl *ctl)
{
    struct user user;

    if (ctl_connect(ctl) != ERR_OK || ctl_user(ctl, ctl->args[0], &user) != ERR_OK)
        return CTL_FAILED;
    enum err rc = session_unlock(ctl->db, &user);
    if (rc != ERR_OK)
        return ctl_fail(ctl, rc, db_problem(ctl->db));
    struct writer *json = ctl_result(ctl);
    writer_object(json, NULL);
    writer_text(json, "unlocked", user.login);
    writer_end(json);
    ctl_print(ctl);
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
    struct writer *json = ctl_result(ctl);
    writer_object(json, NULL);
    writer_text(json, "removed", user.login);
    writer_end(json);
    ctl_print(ctl);
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
    {.group = "role",
     .verb = "add",
     .args = "LOGIN ROLE",
     .help = "Gives a user a role: user, viewer or operator.",
     .run = run_role_add},
    {.group = "role",
     .verb = "remove",
     .args = "LOGIN ROLE",
     .help = "Takes a role; with none a user can do nothing but sign in and out.",
     .run = run_role_remove},
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
