/* desk payouts | payout | key | keys | revoke | caller | visits: affiliates and robots. */
#include <string.h>

#include "base/text.h"
#include "crypto/crypto.h"
#include "desk/key.h"
#include "desk/partner.h"
#include "tools/tellerctl/ctl.h"
#include "tools/tellerctl/desk.h"

static const char *const payout_words[] = {"waiting", "paid", "cancelled", "withdrawn"};

static void write_payout(void *arg, const struct desk_payout *payout)
{
    struct writer *json = arg;

    writer_object(json, NULL);
    writer_int(json, "id", payout->id);
    writer_int(json, "partner", payout->partner_id);
    writer_text(json, "status", payout_words[payout->status]);
    ctl_amount(json, "taken", payout->original);
    ctl_amount(json, "to_pay", payout->pay);
    writer_text(json, "system", payout->code);
    writer_some_text(json, "account", payout->account);
    writer_some_text(json, "note", payout->note);
    ctl_date(json, "created", payout->created);
    ctl_date(json, "changed", payout->changed);
    writer_end(json);
}

static int run_payouts(struct ctl *ctl)
{
    struct desk_payout_filter filter = {.waiting = ctl_option(ctl, "all") == NULL};

    if (ctl_connect(ctl) != ERR_OK)
        return CTL_FAILED;
    struct writer *json = ctl_result(ctl);
    writer_list(json, NULL);
    enum err rc = desk_payout_list(ctl->db, &filter, write_payout, json);
    writer_end(json);
    if (rc != ERR_OK)
        return ctl_fail(ctl, rc, NULL);
    ctl_print(ctl);
    return CTL_DONE;
}

static int run_payout(struct ctl *ctl)
{
    bool cancel = strcmp(ctl->args[1], "cancel") == 0;
    struct desk_payout payout;
    int64_t id;

    if (!text_to_number(ctl->args[0], 1, INT64_MAX, &id))
        return ctl_fail(ctl, ERR_INVALID, ctl->args[0]);
    if (!cancel && strcmp(ctl->args[1], "paid") != 0)
        return ctl_fail_words(ctl, ERR_INVALID, "a payout is ended by paid or cancel");
    if (ctl_connect(ctl) != ERR_OK)
        return CTL_FAILED;
    enum err rc = desk_payout_end(ctl->db, id, 0, cancel ? DESK_PAYOUT_CANCELLED : DESK_PAYOUT_PAID,
                                  ctl_operator(), ctl_option(ctl, "note"), "", &payout);
    if (rc != ERR_OK)
        return ctl_fail(ctl, rc, ctl->args[0]);
    write_payout(ctl_result(ctl), &payout);
    ctl_print(ctl);
    return CTL_DONE;
}

/* Reads "a,b" as bits of methods; all where it is not given. */
static enum err read_methods(struct ctl *ctl, uint64_t *out)
{
    const char *at = ctl_option(ctl, "methods");

    *out = at == NULL ? DESK_METHODS_ALL : 0;
    while (at != NULL) {
        size_t len = strcspn(at, ",");
        uint64_t bit = 0;
        for (unsigned i = 0; i < DESK_METHOD_COUNT; i++)
            if (strlen(desk_method_names[i]) == len && memcmp(desk_method_names[i], at, len) == 0)
                bit = UINT64_C(1) << i;
        if (bit == 0) {
            ctl_fail(ctl, ERR_INVALID, "methods");
            return ERR_INVALID;
        }
        *out |= bit;
        at = at[len] == '\0' ? NULL : at + len + 1;
    }
    return ERR_OK;
}

static void write_key(struct writer *json, const struct desk_key *key, const char *secret)
{
    writer_object(json, NULL);
    writer_text(json, "login", key->login);
    if (secret != NULL)
        writer_text(json, "key", secret);
    writer_int(json, "user", key->user_id);
    writer_list(json, "methods");
    for (unsigned i = 0; i < DESK_METHOD_COUNT; i++)
        if ((key->methods >> i & 1) != 0)
            writer_text(json, NULL, desk_method_names[i]);
    writer_end(json);
    writer_text(json, "networks", key->networks);
    ctl_date(json, "created", key->created);
    ctl_date(json, "revoked", key->revoked);
    writer_end(json);
}

/* The user of --user, or 0: the system. */
static enum err read_user(struct ctl *ctl, int64_t *out)
{
    const char *login = ctl_option(ctl, "user");
    struct user user = {0};

    enum err rc = login == NULL ? ERR_OK : ctl_user(ctl, login, &user);
    *out = user.id;
    return rc;
}

static int run_key(struct ctl *ctl)
{
    const char *networks = ctl_option(ctl, "networks"), *field = NULL;
    char secret[DESK_LOGIN_SIZE];
    struct desk_key key;
    uint64_t methods;
    int64_t user_id;

    if (read_methods(ctl, &methods) != ERR_OK)
        return CTL_USAGE;
    if (ctl_connect(ctl) != ERR_OK || read_user(ctl, &user_id) != ERR_OK)
        return CTL_FAILED;
    enum err rc = desk_key_add(ctl->db, user_id, methods, networks == NULL ? "" : networks,
                               ctl_operator(), &key, secret, &field);
    if (rc != ERR_OK)
        return ctl_fail(ctl, rc, field);
    write_key(ctl_result(ctl), &key, secret);
    ctl_print(ctl);
    crypto_wipe(secret, sizeof(secret));
    return CTL_DONE;
}

static void list_key(void *arg, const struct desk_key *key)
{
    write_key(arg, key, NULL);
}

static int run_keys(struct ctl *ctl)
{
    if (ctl_connect(ctl) != ERR_OK)
        return CTL_FAILED;
    struct writer *json = ctl_result(ctl);
    writer_list(json, NULL);
    enum err rc = desk_key_list(ctl->db, -1, list_key, json);
    writer_end(json);
    if (rc != ERR_OK)
        return ctl_fail(ctl, rc, NULL);
    ctl_print(ctl);
    return CTL_DONE;
}

static int run_revoke(struct ctl *ctl)
{
    int64_t user_id;

    if (ctl_connect(ctl) != ERR_OK || read_user(ctl, &user_id) != ERR_OK)
        return CTL_FAILED;
    enum err rc = desk_key_revoke(ctl->db, user_id, ctl->args[0], ctl_operator());
    if (rc != ERR_OK)
        return ctl_fail(ctl, rc, ctl->args[0]);
    struct writer *json = ctl_result(ctl);
    writer_object(json, NULL);
    writer_text(json, "revoked", ctl->args[0]);
    writer_end(json);
    ctl_print(ctl);
    return CTL_DONE;
}

static int run_caller(struct ctl *ctl)
{
    bool allowed = ctl_option(ctl, "no") == NULL;
    struct user user;

    if (ctl_connect(ctl) != ERR_OK || ctl_user(ctl, ctl->args[0], &user) != ERR_OK)
        return CTL_FAILED;
    enum err rc = desk_api_user_set(ctl->db, user.id, allowed, ctl_operator());
    if (rc != ERR_OK)
        return ctl_fail(ctl, rc, ctl->args[0]);
    struct writer *json = ctl_result(ctl);
    writer_object(json, NULL);
    writer_text(json, "user", user.login);
    writer_bool(json, "may_call", allowed);
    writer_end(json);
    ctl_print(ctl);
    return CTL_DONE;
}

static void write_call(void *arg, const struct desk_call *call)
{
    struct writer *json = arg;

    writer_object(json, NULL);
    ctl_date(json, "at", call->at);
    writer_text(json, "login", call->login);
    writer_text(json, "method", call->method);
    writer_text(json, "ip", call->ip);
    writer_text(json, "params", call->params);
    writer_text(json, "result", call->result);
    writer_end(json);
}

static int run_calls(struct ctl *ctl)
{
    const struct desk_call_filter filter = {.login = ctl_option(ctl, "login"),
                                            .ip = ctl_option(ctl, "ip")};

    if (ctl_connect(ctl) != ERR_OK)
        return CTL_FAILED;
    struct writer *json = ctl_result(ctl);
    writer_list(json, NULL);
    enum err rc = desk_call_list(ctl->db, &filter, write_call, json);
    writer_end(json);
    if (rc != ERR_OK)
        return ctl_fail(ctl, rc, NULL);
    ctl_print(ctl);
    return CTL_DONE;
}

const struct ctl_command desk_people_commands[] = {
    {.group = "desk",
     .verb = "payouts",
     .args = "",
     .help = "Lists affiliates' payouts that wait.",
     .options = {{"all", NULL, "those that have ended as well", .required = false}},
     .run = run_payouts},
    {.group = "desk",
     .verb = "payout",
     .args = "ID END",
     .help = "Ends a payout that waits: paid or cancel.",
     .options = {{"note", "TEXT", "kept with it", .required = false}},
     .run = run_payout},
    {.group = "desk",
     .verb = "key",
     .args = "",
     .help = "Makes a robot's login and key; the key is shown once.",
     .options = {{"user", "LOGIN", "whose it is; the system's own where left out",
                  .required = false},
                 {"methods", "METHOD", "what it may call; everything where left out",
                  .required = false, .repeats = true},
                 {"networks", "LIST", "addresses that may call; any where left out",
                  .required = false, .repeats = true}},
     .run = run_key},
    {.group = "desk", .verb = "keys", .args = "", .help = "Lists robots' keys.", .run = run_keys},
    {.group = "desk",
     .verb = "revoke",
     .args = "LOGIN",
     .help = "Ends a robot's key for good.",
     .options = {{"user", "LOGIN", "whose it is; the system's own where left out",
                  .required = false}},
     .run = run_revoke},
    {.group = "desk",
     .verb = "caller",
     .args = "USER",
     .help = "Lets a user's keys call while the API is for selected users only.",
     .options = {{"no", NULL, "no longer", .required = false}},
     .run = run_caller},
    {.group = "desk",
     .verb = "calls",
     .args = "",
     .help = "Shows the log of robots' calls, where it is switched on.",
     .options = {{"login", "LOGIN", "only of that key", .required = false},
                 {"ip", "ADDRESS", "only from there", .required = false}},
     .run = run_calls},
    {0},
};
