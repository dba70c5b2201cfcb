/* key add | list | revoke */
#include <string.h>

#include "base/clock.h"
#include "crypto/master_key.h"
#include "identity/api_key.h"
#include "identity/rights.h"
#include "tools/tellerctl/ctl.h"

static struct json_object *words_of(unsigned rights)
{
    struct json_object *list = json_object_new_array();
    for (unsigned i = 0; rights_names[i] != NULL; i++)
        if (rights & (1u << i))
            json_object_array_add(list, json_object_new_string(rights_names[i]));
    return list;
}

static void add_date(struct json_object *object, const char *name, int64_t unix_s)
{
    char date[CLOCK_TEXT_SIZE];
    if (unix_s != 0)
        clock_format(unix_s, date);
    ctl_text(object, name, unix_s == 0 ? NULL : date);
}

static struct json_object *describe(const struct api_key *key, const char *secret)
{
    struct json_object *object = json_object_new_object();
    char id[UUID_TEXT_SIZE];

    uuid_format(&key->public_key, id);
    ctl_text(object, "key", id);
    if (secret != NULL)
        ctl_text(object, "secret", secret);
    ctl_text(object, "face", key->face);
    json_object_object_add(object, "rights", words_of(key->rights));
    ctl_text(object, "networks", key->networks);
    if (secret == NULL) {
        add_date(object, "created", key->created);
        add_date(object, "last_used", key->last_used);
        ctl_bool(object, "revoked", key->revoked);
    }
    return object;
}

static int add_key(struct ctl *ctl, const uint8_t master[SEAL_KEY_SIZE], unsigned rights)
{
    struct user user;
    struct api_key key;
    char secret[API_KEY_SECRET_TEXT_SIZE];
    const char *networks = ctl_option(ctl, "ip"), *field = NULL;

    if (ctl_connect(ctl) != ERR_OK || ctl_user(ctl, ctl->args[0], &user) != ERR_OK)
        return CTL_FAILED;
    enum err rc = api_key_add(ctl->db, master, user.id, ctl_option(ctl, "face"), rights,
                              networks != NULL ? networks : "", &key, secret, &field);
    if (rc != ERR_OK)
        return ctl_fail(ctl, rc, field);
    ctl_print(ctl, describe(&key, secret));
    crypto_wipe(secret, sizeof(secret));
    return CTL_DONE;
}

static int run_add(struct ctl *ctl)
{
    uint8_t master[SEAL_KEY_SIZE];
    unsigned rights;

    if (!rights_parse(ctl_option(ctl, "rights"), &rights))
        return ctl_fail(ctl, ERR_INVALID, "rights");
    if (master_key_load(&ctl->config, master) != ERR_OK) {
        struct text problem = TEXT(1024);
        master_key_problem(&ctl->config, &problem);
        int status = ctl_fail_words(ctl, ERR_CONFIG, text_string(&problem));
        text_free(&problem);
        return status;
    }
    int status = add_key(ctl, master, rights);
    crypto_wipe(master, sizeof(master));
    return status;
}

static void add_row(void *arg, const struct api_key *key)
{
    json_object_array_add(arg, describe(key, NULL));
}

static int run_list(struct ctl *ctl)
{
    struct user user;

    if (ctl_connect(ctl) != ERR_OK || ctl_user(ctl, ctl->args[0], &user) != ERR_OK)
        return CTL_FAILED;
    struct json_object *rows = json_object_new_array();
    enum err rc = api_key_list(ctl->db, user.id, add_row, rows);
    if (rc != ERR_OK) {
        json_object_put(rows);
        return ctl_fail(ctl, rc, db_problem(ctl->db));
    }
    ctl_print(ctl, rows);
    return CTL_DONE;
}

static int run_revoke(struct ctl *ctl)
{
    struct user user;
    struct uuid key;

    if (!uuid_parse(ctl->args[1], strlen(ctl->args[1]), &key))
        return ctl_fail(ctl, ERR_NOT_UUID, ctl->args[1]);
    if (ctl_connect(ctl) != ERR_OK || ctl_user(ctl, ctl->args[0], &user) != ERR_OK)
        return CTL_FAILED;
    enum err rc = api_key_revoke(ctl->db, user.id, &key);
    if (rc != ERR_OK)
        return ctl_fail(ctl, rc, ctl->args[1]);
    struct json_object *object = json_object_new_object();
    ctl_text(object, "key", ctl->args[1]);
    ctl_bool(object, "revoked", true);
    ctl_print(ctl, object);
    return CTL_DONE;
}

const struct ctl_command key_commands[] = {
    {.group = "key",
     .verb = "add",
     .args = "LOGIN",
     .help = "Makes an API key; its secret is shown this once.",
     .options = {{"face", "FACE", "v1, desk or wallet", .required = true},
                 {"rights", "A,B", "get_info, trade, deposit, withdraw, merchant, partner",
                  .required = true},
                 {"ip", "CIDR", "an address or network it may be used from; any where left out",
                  .repeats = true}},
     .run = run_add},
    {.group = "key",
     .verb = "list",
     .args = "LOGIN",
     .help = "Lists a user's API keys, newest first.",
     .run = run_list},
    {.group = "key",
     .verb = "revoke",
     .args = "LOGIN KEY",
     .help = "Ends an API key at once.",
     .run = run_revoke},
    {0},
};
