/* payout list | show | approve | reject | sent | resolve: what operators do at single payouts. Sheets of rails
 * that are worked by hand are in payout_sheet.c, rails and rules in rail.c. */
#include <string.h>

#include "base/text.h"
#include "payout/operate.h"
#include "tools/tellerctl/ctl.h"
#include "tools/tellerctl/payout.h"

#define LIST_DEFAULT 100

static void write_members(struct writer *json, const struct payout *payout)
{
    writer_int(json, "id", payout->id);
    writer_text(json, "state", payout_state_names[payout->state]);
    writer_text(json, "rail", payout->rail);
    ctl_amount(json, "amount", payout->amount);
    ctl_amount(json, "fee", payout->fee);
    writer_text(json, "address", payout->address);
    writer_some_text(json, "memo", payout->memo);
    writer_int(json, "user", payout->user_id);
    writer_some_text(json, "reference", payout->reference);
    writer_some_text(json, "why", payout->why);
    ctl_date(json, "created", payout->created);
    ctl_date(json, "changed", payout->changed);
}

static void write_payout(void *arg, const struct payout *payout)
{
    writer_object(arg, NULL);
    write_members(arg, payout);
    writer_end(arg);
}

static int run_list(struct ctl *ctl)
{
    struct payout_filter filter = {.limit = LIST_DEFAULT, .rail = ctl_option(ctl, "rail")};
    const char *word = ctl_option(ctl, "state"), *limit = ctl_option(ctl, "limit"),
               *login = ctl_option(ctl, "user");
    enum payout_state state;
    struct user user = {0};

    if (word != NULL && !payout_state_find(word, &state))
        return ctl_fail(ctl, ERR_INVALID, "state");
    if (word != NULL)
        filter.states = UINT32_C(1) << state;
    if (limit != NULL && !text_to_number(limit, 1, PAYOUT_LIST_MAX, &filter.limit))
        return ctl_fail(ctl, ERR_OUT_OF_RANGE, "limit");
    if (ctl_connect(ctl) != ERR_OK || (login != NULL && ctl_user(ctl, login, &user) != ERR_OK))
        return CTL_FAILED;
    filter.user_id = user.id;
    struct writer *json = ctl_result(ctl);
    writer_list(json, NULL);
    enum err rc = payout_list(ctl->db, &filter, write_payout, json);
    writer_end(json);
    if (rc != ERR_OK)
        return ctl_fail(ctl, rc, NULL);
    ctl_print(ctl);
    return CTL_DONE;
}

static void write_state(void *arg, int64_t at, enum payout_state state, enum payout_who who,
                        const char *name, const char *note)
{
    struct writer *json = arg;

    writer_object(json, NULL);
    ctl_date(json, "at", at);
    writer_text(json, "state", payout_state_names[state]);
    writer_text(json, "by", payout_who_names[who]);
    writer_some_text(json, "name", name);
    writer_some_text(json, "note", note);
    writer_end(json);
}

static void write_approval(void *arg, int64_t at, const char *login, const char *note)
{
    struct writer *json = arg;

    writer_object(json, NULL);
    writer_text(json, "login", login);
    ctl_date(json, "at", at);
    writer_some_text(json, "note", note);
    writer_end(json);
}

/* A payout with all that is known of it. */
static int print_payout(struct ctl *ctl, const struct payout *payout)
{
    struct writer *json = ctl_result(ctl);

    writer_object(json, NULL);
    write_members(json, payout);
    writer_uuid(json, "uuid", &payout->uuid);
    writer_text(json, "service", payout->service);
    writer_text(json, "ref", payout->ref);
    writer_some_text(json, "note", payout->note);
    writer_int(json, "confirmations", (int64_t)payout->confirmations);
    writer_int(json, "attempts", (int64_t)payout->attempt);
    writer_int(json, "approvals_needed", (int64_t)payout->needed);
    ctl_date(json, "sent", payout->sent);
    ctl_date(json, "ended", payout->ended);
    writer_list(json, "approvals");
    enum err rc = payout_approvals(ctl->db, payout->id, write_approval, json);
    writer_end(json);
    writer_list(json, "history");
    if (rc == ERR_OK)
        rc = payout_history(ctl->db, payout->id, write_state, json);
    writer_end(json);
    writer_end(json);
    if (rc != ERR_OK)
        return ctl_fail(ctl, rc, ctl->args[0]);
    ctl_print(ctl);
    return CTL_DONE;
}

/* Reads the payout's number, and connects. */
static int begin(struct ctl *ctl, int64_t *id)
{
    if (!text_to_number(ctl->args[0], 1, INT64_MAX, id))
        return ctl_fail(ctl, ERR_INVALID, ctl->args[0]);
    return ctl_connect(ctl) == ERR_OK ? CTL_DONE : CTL_FAILED;
}

static const char *given_note(struct ctl *ctl)
{
    const char *note = ctl_option(ctl, "note");
    return note == NULL ? "" : note;
}

static int end(struct ctl *ctl, enum err rc, const struct payout *payout)
{
    return rc == ERR_OK ? print_payout(ctl, payout) : ctl_fail(ctl, rc, ctl->args[0]);
}

static int run_show(struct ctl *ctl)
{
    struct payout payout;
    int64_t id;
    int status = begin(ctl, &id);

    return status != CTL_DONE ? status : end(ctl, payout_by_id(ctl->db, 0, id, &payout), &payout);
}

static int run_approve(struct ctl *ctl)
{
    struct payout payout;
    struct user user;
    int64_t id;
    int status = begin(ctl, &id);

    if (status != CTL_DONE)
        return status;
    if (ctl_user(ctl, ctl_option(ctl, "as"), &user) != ERR_OK)
        return CTL_FAILED;
    return end(ctl, payout_approve(ctl->db, user.id, id, given_note(ctl), &payout), &payout);
}

static int run_reject(struct ctl *ctl)
{
    struct payout payout;
    int64_t id;
    int status = begin(ctl, &id);

    return status != CTL_DONE
               ? status
               : end(ctl, payout_reject(ctl->db, ctl_operator(), id, given_note(ctl), &payout),
                     &payout);
}

static int run_sent(struct ctl *ctl)
{
    struct payout payout;
    int64_t id;
    int status = begin(ctl, &id);

    return status != CTL_DONE ? status
                              : end(ctl,
                                    payout_settle(ctl->db, ctl_operator(), id, PAYOUT_STATE_SENT,
                                                  ctl->args[1], given_note(ctl), &payout),
                                    &payout);
}

static int run_resolve(struct ctl *ctl)
{
    const char *word = ctl_option(ctl, "to");
    enum payout_state to = PAYOUT_STATE_UNKNOWN;
    struct payout payout;
    int64_t id;

    if (word != NULL && !payout_state_find(word, &to))
        return ctl_fail(ctl, ERR_INVALID, "to");
    int status = begin(ctl, &id);
    if (status != CTL_DONE)
        return status;
    enum err rc = word == NULL
                      ? payout_ask_now(ctl->db, ctl_operator(), id, &payout)
                      : payout_settle(ctl->db, ctl_operator(), id, to, ctl_option(ctl, "reference"),
                                      given_note(ctl), &payout);
    return end(ctl, rc, &payout);
}

const struct ctl_command payout_commands[] = {
    {.group = "payout",
     .verb = "list",
     .args = "",
     .help = "Lists payouts, the newest first.",
     .options = {{"state", "STATE", "only those in it", .required = false},
                 {"rail", "RAIL", "only those on it", .required = false},
                 {"user", "LOGIN", "only theirs", .required = false},
                 {"limit", "N", "how many, 100", .required = false}},
     .run = run_list},
    {.group = "payout",
     .verb = "show",
     .args = "ID",
     .help = "Shows a payout with its history.",
     .run = run_show},
    {.group = "payout",
     .verb = "approve",
     .args = "ID",
     .help = "Approves a payout that waits; some need two different operators.",
     .options = {{"as", "LOGIN", "who approves: a user of the role operator", .required = true},
                 {"note", "TEXT", "kept with it", .required = false}},
     .run = run_approve},
    {.group = "payout",
     .verb = "reject",
     .args = "ID",
     .help = "Rejects a payout that was not begun to be sent: its money goes back.",
     .options = {{"note", "TEXT", "why", .required = true}},
     .run = run_reject},
    {.group = "payout",
     .verb = "sent",
     .args = "ID REFERENCE",
     .help = "Says that a payout of a rail worked by hand was sent.",
     .options = {{"note", "TEXT", "kept in its history", .required = false}},
     .run = run_sent},
    {.group = "payout",
     .verb = "resolve",
     .args = "ID",
     .help = "Says what became of a payout; without --to its rail is asked at once.",
     .options = {{"to", "STATE", "by hand: confirmed, failed, returned, sent", .required = false},
                 {"reference", "TEXT", "the rail's name of what was sent", .required = false},
                 {"note", "TEXT", "why", .required = false}},
     .run = run_resolve},
    {.group = "payout",
     .verb = "export",
     .args = "RAIL FILE",
     .help = "Takes what is approved on a rail worked by hand, and writes all that is to be sent "
             "as CSV.",
     .run = payout_export},
    {.group = "payout",
     .verb = "import",
     .args = "FILE",
     .help = "Settles an exported sheet whose columns state and reference were filled in: all rows "
             "or none.",
     .run = payout_import},
    {0},
};
