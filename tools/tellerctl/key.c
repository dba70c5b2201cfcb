/* key add | change | list | revoke */
#include <string.h>

#include "crypto/master_key.h"
#include "identity/api_key.h"
#include "identity/rights.h"
#include "tools/tellerctl/ctl.h"

static void write_rights(struct writer *json, const struct api_key *key)
{
    const char *const *names = rights_of(key->face);

    writer_list(json, "rights");
    for (unsigned i = 0; names[i] != NULL; i++)
        if (key->rights & (1u << i))
            writer_text(json, NULL, names[i]);
    writer_end(json);
}

/* secret  NULL where the key is not new */
static void write_key(struct writer *json, const struct api_key *key, const char *secret)
{
    writer_object(json, NULL);
    writer_uuid(json, "key", &key->public_key);
    if (secret != NULL)
        writer_text(json, "secret", secret);
    writer_text(json, "face", key->face);
    write_rights(json, key);
    writer_text(json, "networks", key->networks);
    if (secret == NULL) {
        ctl_date(json, "created", key->created);
        ctl_date(json, "last_used", key->last_used);
        writer_bool(json, "revoked", key->revoked);
    }
    writer_end(json);
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
    write_key(ctl_result(ctl), &key, secret);
    ctl_print(ctl);
    crypto_wipe(secret, sizeof(secret));
    return CTL_DONE;
}

static int run_add(struct ctl *ctl)
{
    uint8_t master[SEAL_KEY_SIZE];
    unsigned rights;

    if (!rights_parse(rights_of(ctl_option(ctl, "face")), ctl_option(ctl, "rights"), &rights))
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
    write_key(arg, key, NULL);
}

static int run_list(struct ctl *ctl)
{
    struct user user;

    if (ctl_connect(ctl) != ERR_OK || ctl_user(ctl, ctl->args[0], &user) != ERR_OK)
        return CTL_FAILED;
    struct writer *json = ctl_result(ctl);
    writer_list(json, NULL);
    enum err rc = api_key_list(ctl->db, user.id, add_row, json);
    writer_end(json);
    if (rc != ERR_OK)
        return ctl_fail(ctl, rc, db_problem(ctl->db));
    ctl_print(ctl);
    return CTL_DONE;
}

static int run_change(struct ctl *ctl)
{
    const char *networks = ctl_option(ctl, "ip"), *field = NULL;
    struct user user;
    struct uuid public_key;
    struct api_key key;
    unsigned rights;

    if (!uuid_parse(ctl->args[1], strlen(ctl->args[1]), &public_key))
        return ctl_fail(ctl, ERR_NOT_UUID, ctl->args[1]);
    if (ctl_connect(ctl) != ERR_OK || ctl_user(ctl, ctl->args[0], &user) != ERR_OK)
        return CTL_FAILED;
    enum err rc = api_key_find(ctl->db, user.id, &public_key, &key);
    if (rc != ERR_OK)
        return ctl_fail(ctl, rc, ctl->args[1]);
    if (!rights_parse(rights_of(key.face), ctl_option(ctl, "rights"), &rights))
        return ctl_fail(ctl, ERR_INVALID, "rights");
    rc = api_key_change(ctl->db, user.id, &public_key, key.face, rights,
                        networks != NULL ? networks : "", &field);
    if (rc == ERR_OK)
        rc = api_key_find(ctl->db, user.id, &public_key, &key);
    if (rc != ERR_OK)
        return ctl_fail(ctl, rc, field);
    write_key(ctl_result(ctl), &key, NULL);
    ctl_print(ctl);
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
    struct writer *json = ctl_result(ctl);
    writer_object(json, NULL);
    writer_text(json, "key", ctl->args[1]);
    writer_bool(json, "revoked", true);
    writer_end(json);
    ctl_print(ctl);
    return CTL_DONE;
}

#define RIGHTS_HELP                                                                               \
    "get_info, trade, deposit, withdraw, merchant, partner; of a wallet key its scopes, such as " \
    "View Deposit History"

const struct ctl_command key_commands[] = {
    {.group = "key",
     .verb = "add",
     .args = "LOGIN",
     .help = "Makes an API key; its secret is shown this once.",
     .options = {{"face", "FACE", "v1, desk or wallet", .required = true},
                 {"rights", "A,B", RIGHTS_HELP, .required = true},
                 {"ip", "CIDR", "an address or network it may be used from; any where left out",
                  .repeats = true}},
     .run = run_add},
    {.group = "key",
     .verb = "change",
     .args = "LOGIN KEY",
     .help = "Changes what an API key may do and from where, from its next call on.",
     .options = {{"rights", "A,B", RIGHTS_HELP, .required = true},
                 {"ip", "CIDR", "an address or network it may be used from; any where left out",
                  .repeats = true}},
     .run = run_change},
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
