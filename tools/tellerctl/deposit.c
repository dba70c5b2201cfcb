/* deposit list | address | release */
#include <string.h>

#include "deposit/deposit.h"
#include "tools/tellerctl/ctl.h"

#define LIST_MAX 1000

static void add_deposit(void *arg, const struct deposit *deposit)
{
    struct writer *json = arg;

    writer_object(json, NULL);
    writer_int(json, "number", deposit->id);
    writer_int(json, "user", deposit->user_id);
    writer_text(json, "rail", deposit->rail);
    ctl_amount(json, "amount", deposit->amount);
    writer_text(json, "state",
                deposit->state < DEPOSIT_STATES ? deposit_states[deposit->state] : "");
    writer_int(json, "confirms", (int64_t)deposit->confirms);
    writer_int(json, "needed", (int64_t)deposit->needed);
    writer_text(json, "address", deposit->address);
    writer_text(json, "txid", deposit->txid);
    ctl_date(json, "date", deposit->inserted_us / 1000000);
    ctl_date(json, "confirmed", deposit->confirmed_us / 1000000);
    writer_text(json, "note", deposit->note);
    writer_end(json);
}

/* The state of a word; -1 for none; -2 where it is not one. */
static int read_state(const char *word)
{
    if (word == NULL)
        return -1;
    for (int state = 0; state < DEPOSIT_STATES; state++)
        if (strcmp(word, deposit_state_words[state]) == 0)
            return state;
    return -2;
}

static int run_list(struct ctl *ctl)
{
    const char *login = ctl_option(ctl, "user"), *before = ctl_option(ctl, "before");
    struct deposit_filter filter = {.rail = ctl_option(ctl, "rail"),
                                    .state = read_state(ctl_option(ctl, "state")),
                                    .limit = LIST_MAX};
    struct user user = {.id = 0};

    if (filter.state == -2)
        return ctl_fail(ctl, ERR_INVALID, "state");
    if (before != NULL && !text_to_number(before, 1, INT64_MAX, &filter.before))
        return ctl_fail(ctl, ERR_INVALID, "before");
    if (ctl_connect(ctl) != ERR_OK || (login != NULL && ctl_user(ctl, login, &user) != ERR_OK))
        return CTL_FAILED;
    filter.user_id = user.id;
    struct writer *json = ctl_result(ctl);
    writer_list(json, NULL);
    enum err rc = deposit_list(ctl->db, &filter, add_deposit, json);
    writer_end(json);
    if (rc != ERR_OK)
        return ctl_fail(ctl, rc, NULL);
    ctl_print(ctl);
    return CTL_DONE;
}

static int run_address(struct ctl *ctl)
{
    struct user user;
    struct deposit_address address;

    if (ctl_connect(ctl) != ERR_OK || ctl_user(ctl, ctl->args[0], &user) != ERR_OK)
        return CTL_FAILED;
    enum err rc = deposit_address_take(ctl->db, ctl->args[1], user.id, &address);
    if (rc != ERR_OK)
        return ctl_fail(ctl, rc, ctl->args[1]);
    struct writer *json = ctl_result(ctl);
    writer_object(json, NULL);
    writer_text(json, "rail", ctl->args[1]);
    writer_text(json, "address", address.address);
    writer_int(json, "index", (int64_t)address.index);
    writer_end(json);
    ctl_print(ctl);
    return CTL_DONE;
}

static int run_release(struct ctl *ctl)
{
    int64_t id;
    struct deposit deposit;

    if (!text_to_number(ctl->args[0], 1, INT64_MAX, &id))
        return ctl_fail(ctl, ERR_INVALID, ctl->args[0]);
    if (ctl_connect(ctl) != ERR_OK)
        return CTL_FAILED;
    enum err rc = deposit_release(ctl->db, id);
    if (rc == ERR_OK)
        rc = deposit_find(ctl->db, 0, id, &deposit);
    if (rc != ERR_OK)
        return ctl_fail(ctl, rc, ctl->args[0]);
    add_deposit(ctl_result(ctl), &deposit);
    ctl_print(ctl);
    return CTL_DONE;
}

const struct ctl_command deposit_commands[] = {
    {.group = "deposit",
     .verb = "list",
     .args = "",
     .help = "deposits, the newest first; those that are withheld wait for an operator",
     .options = {{.name = "user", .value = "LOGIN", .help = "of that user"},
                 {.name = "rail", .value = "RAIL", .help = "on that chain: ethereum, bitcoin"},
                 {.name = "state",
                  .value = "STATE",
                  .help = "pending, completed, withhold or cancelled"},
                 {.name = "before", .value = "NUMBER", .help = "only older ones"}},
     .run = run_list},
    {.group = "deposit",
     .verb = "address",
     .args = "LOGIN RAIL",
     .help = "a user's address on a chain, made where there is none yet",
     .run = run_address},
    {.group = "deposit",
     .verb = "release",
     .args = "NUMBER",
     .help = "let a withheld deposit be credited",
     .run = run_release},
    {0},
};
