/* wallet show */
#include "ledger/funds.h"
#include "tools/tellerctl/ctl.h"

static void add_funds(void *arg, const struct ledger_funds *funds)
{
    struct writer *json = arg;

    writer_object(json, NULL);
    writer_text(json, "currency", funds->fund.currency->code);
    ctl_amount(json, "fund", funds->fund);
    ctl_amount(json, "fund_locked", funds->fund_locked);
    ctl_amount(json, "spot", funds->spot);
    ctl_amount(json, "spot_locked", funds->spot_locked);
    writer_end(json);
}

static int run_show(struct ctl *ctl)
{
    struct user user;

    if (ctl_connect(ctl) != ERR_OK || ctl_user(ctl, ctl->args[0], &user) != ERR_OK)
        return CTL_FAILED;
    struct writer *json = ctl_result(ctl);
    writer_list(json, NULL);
    enum err rc = ledger_funds(ctl->db, user.id, NULL, add_funds, json);
    writer_end(json);
    if (rc != ERR_OK)
        return ctl_fail(ctl, rc, db_problem(ctl->db));
    ctl_print(ctl);
    return CTL_DONE;
}

const struct ctl_command wallet_commands[] = {
    {.group = "wallet",
     .verb = "show",
     .args = "LOGIN",
     .help = "Shows what a user has in FUND and in SPOT, and what of it is locked.",
     .run = run_show},
    {0},
};
