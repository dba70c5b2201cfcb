/* credit, debit, reverse, balance; currency list | enable | disable; limit set | list */
#include <stdio.h>
#include <string.h>

#include "ledger/ledger.h"
#include "ledger/operator.h"
#include "ledger/slip.h"
#include "tools/tellerctl/ctl.h"

static void write_wallet(struct writer *json, const struct ledger_wallet *wallet)
{
    writer_object(json, NULL);
    writer_text(json, "currency", wallet->available.currency->code);
    ctl_amount(json, "available", wallet->available);
    ctl_amount(json, "in_orders", wallet->reserved);
    ctl_amount(json, "held", wallet->held);
    writer_end(json);
}

static int print_balance(struct ctl *ctl, int64_t user_id)
{
    struct ledger_info info;
    enum err rc = ledger_info(ctl->db, user_id, &info);

    if (rc != ERR_OK)
        return ctl_fail(ctl, rc, db_problem(ctl->db));
    struct writer *json = ctl_result(ctl);
    writer_list(json, NULL);
    for (size_t i = 0; i < info.wallet_count; i++)
        write_wallet(json, &info.wallets[i]);
    writer_end(json);
    ctl_print(ctl);
    return CTL_DONE;
}

static int run_balance(struct ctl *ctl)
{
    struct user user;

    if (ctl_connect(ctl) != ERR_OK || ctl_user(ctl, ctl->args[0], &user) != ERR_OK)
        return CTL_FAILED;
    return print_balance(ctl, user.id);
}

/* Reads the user, currency and amount of a slip. 0, or the exit code. */
static int read_slip(struct ctl *ctl, struct ledger_slip *slip)
{
    struct user user;
    const struct currency *currency;

    if (ctl_connect(ctl) != ERR_OK)
        return CTL_FAILED;
    if (ctl_currency(ctl, ctl->args[1], &currency) != ERR_OK)
        return CTL_USAGE;
    enum err rc = amount_parse(ctl->args[2], strlen(ctl->args[2]), currency, &slip->amount);
    if (rc != ERR_OK)
        return ctl_fail(ctl, rc, ctl->args[2]);
    if (ctl_user(ctl, ctl->args[0], &user) != ERR_OK)
        return CTL_FAILED;
    slip->user_id = user.id;
    return CTL_DONE;
}

/* The reference given, or one that is made. */
static const char *slip_reference(struct ctl *ctl, char made[UUID_TEXT_SIZE])
{
    struct uuid random = crypto_uuid4();

    if (ctl_option(ctl, "reference") != NULL)
        return ctl_option(ctl, "reference");
    uuid_format(&random, made);
    return made;
}

/* What a slip that was not booked is about. */
static const char *slip_fault(const struct ctl *ctl, enum err rc, const char *reference)
{
    if (rc == ERR_INVALID || err_class(rc) == ERR_CLASS_BUSY) /* may have been done: by it again */
        return reference;
    return rc == ERR_TOO_LONG || rc == ERR_NOT_UTF8 ? "note" : ctl->args[2];
}

static int book(struct ctl *ctl, enum ledger_slip_kind kind)
{
    char made[UUID_TEXT_SIZE];
    struct ledger_slip slip = {
        .kind = kind, .rail = ctl_option(ctl, "rail"), .note = ctl_option(ctl, "note")};
    bool repeated;

    int status = read_slip(ctl, &slip);
    if (status != CTL_DONE)
        return status;
    slip.reference = slip_reference(ctl, made);
    enum err rc = ledger_book(ctl->db, &slip, &repeated);
    if (rc == ERR_IDEMPOTENCY_CONFLICT)
        return ctl_fail_words(ctl, rc, "this reference was booked for another user or amount");
    if (rc != ERR_OK)
        return ctl_fail(ctl, rc, slip_fault(ctl, rc, slip.reference));
    if (repeated)
        fprintf(stderr, "%s was booked before: nothing was done\n", slip.reference);
    else if (slip.reference == made)
        fprintf(stderr, "reference: %s\n", made);
    return print_balance(ctl, slip.user_id);
}

static int run_credit(struct ctl *ctl)
{
    return book(ctl, LEDGER_CREDIT);
}

static int run_debit(struct ctl *ctl)
{
    return book(ctl, LEDGER_DEBIT);
}

static int run_reverse(struct ctl *ctl)
{
    bool is_credit = strcmp(ctl->args[0], "credit") == 0, repeated;
    int64_t user_id = 0;

    if (!is_credit && strcmp(ctl->args[0], "debit") != 0)
        return ctl_fail_words(ctl, ERR_INVALID, "credit or debit is reversed");
    if (ctl_connect(ctl) != ERR_OK)
        return CTL_FAILED;
    enum err rc = ledger_reverse(ctl->db, is_credit ? LEDGER_CREDIT : LEDGER_DEBIT, ctl->args[1],
                                 ctl_option(ctl, "note"), &repeated, &user_id);
    if (rc != ERR_OK)
        return ctl_fail(ctl, rc, ctl->args[1]);
    if (repeated)
        fprintf(stderr, "%s was reversed before: nothing was done\n", ctl->args[1]);
    return print_balance(ctl, user_id);
}

static void add_currency(void *arg, const struct currency *currency, bool enabled)
{
    struct writer *json = arg;
    writer_object(json, NULL);
    writer_text(json, "currency", currency->code);
    writer_text(json, "name", currency->name);
    writer_int(json, "decimals", currency->decimals);
    writer_bool(json, "enabled", enabled);
    writer_end(json);
}

static int run_currency_list(struct ctl *ctl)
{
    if (ctl_connect(ctl) != ERR_OK)
        return CTL_FAILED;
    struct writer *json = ctl_result(ctl);
    writer_list(json, NULL);
    enum err rc = ledger_currencies(ctl->db, add_currency, json);
    writer_end(json);
    if (rc != ERR_OK)
        return ctl_fail(ctl, rc, db_problem(ctl->db));
    ctl_print(ctl);
    return CTL_DONE;
}

static int set_enabled(struct ctl *ctl, bool enabled)
{
    const struct currency *currency;

    if (ctl_connect(ctl) != ERR_OK)
        return CTL_FAILED;
    if (ctl_currency(ctl, ctl->args[0], &currency) != ERR_OK)
        return CTL_USAGE;
    enum err rc = ledger_currency_enable(ctl->db, currency, enabled);
    if (rc != ERR_OK)
        return ctl_fail(ctl, rc, db_problem(ctl->db));
    struct writer *json = ctl_result(ctl);
    writer_object(json, NULL);
    writer_text(json, "currency", currency->code);
    writer_bool(json, "enabled", enabled);
    writer_end(json);
    ctl_print(ctl);
    return CTL_DONE;
}

static int run_currency_enable(struct ctl *ctl)
{
    return set_enabled(ctl, true);
}

static int run_currency_disable(struct ctl *ctl)
{
    return set_enabled(ctl, false);
}

static void write_limit(struct writer *json, const char *name, const struct amount *limit)
{
    if (limit == NULL)
        writer_null(json, name);
    else
        ctl_amount(json, name, *limit);
}

static void add_limits(void *arg, const char *level, const struct ledger_limits_given *limits)
{
    struct writer *json = arg;
    writer_object(json, NULL);
    writer_text(json, "level", level);
    write_limit(json, "single", limits->single);
    write_limit(json, "daily", limits->daily);
    write_limit(json, "monthly", limits->monthly);
    writer_end(json);
}

static int print_limits(struct ctl *ctl, const struct currency *currency)
{
    struct writer *json = ctl_result(ctl);
    writer_list(json, NULL);
    enum err rc = ledger_limits_list(ctl->db, currency, add_limits, json);
    writer_end(json);
    if (rc != ERR_OK)
        return ctl_fail(ctl, rc, db_problem(ctl->db));
    ctl_print(ctl);
    return CTL_DONE;
}

static int run_limit_list(struct ctl *ctl)
{
    const struct currency *currency;

    if (ctl_connect(ctl) != ERR_OK)
        return CTL_FAILED;
    if (ctl_currency(ctl, ctl->args[0], &currency) != ERR_OK)
        return CTL_USAGE;
    return print_limits(ctl, currency);
}

/* Reads the option `name`: an amount, or "none" for no limit. */
static enum err read_limit(struct ctl *ctl, const char *name, const struct currency *currency,
                           struct amount *room, const struct amount **out)
{
    const char *value = ctl_option(ctl, name);

    *out = NULL;
    if (strcmp(value, "none") == 0)
        return ERR_OK;
    enum err rc = amount_parse(value, strlen(value), currency, room);
    if (rc != ERR_OK)
        ctl_fail(ctl, rc, name);
    *out = room;
    return rc;
}

static bool is_level(const char *level)
{
    for (size_t i = 0; user_levels[i] != NULL; i++)
        if (strcmp(user_levels[i], level) == 0)
            return true;
    return false;
}

static int run_limit_set(struct ctl *ctl)
{
    struct amount single, daily, monthly;
    struct ledger_limits_given limits;
    const struct currency *currency;

    if (!is_level(ctl->args[1]))
        return ctl_fail(ctl, ERR_INVALID, ctl->args[1]);
    if (ctl_connect(ctl) != ERR_OK)
        return CTL_FAILED;
    if (ctl_currency(ctl, ctl->args[0], &currency) != ERR_OK ||
        read_limit(ctl, "single", currency, &single, &limits.single) != ERR_OK ||
        read_limit(ctl, "daily", currency, &daily, &limits.daily) != ERR_OK ||
        read_limit(ctl, "monthly", currency, &monthly, &limits.monthly) != ERR_OK)
        return CTL_USAGE;
    enum err rc = ledger_limits_set(ctl->db, currency, ctl->args[1], &limits);
    if (rc != ERR_OK)
        return ctl_fail(ctl, rc, db_problem(ctl->db));
    return print_limits(ctl, currency);
}

const struct ctl_command money_commands[] = {
    {.group = "credit",
     .args = "LOGIN CUR AMOUNT",
     .help = "Credits a user from outside the house, e.g. for a deposit that arrived. The same "
             "reference again changes nothing.",
     .options = {{"note", "TEXT", "what the user's history says", .required = true},
                 {"reference", "REF", "makes it once; made and said where left out",
                  .required = false},
                 {"rail", "NAME", "which way it came; operator where left out", .required = false}},
     .run = run_credit},
    {.group = "debit",
     .args = "LOGIN CUR AMOUNT",
     .help = "Takes money of a user out of the house, e.g. for one that was paid out by hand.",
     .options = {{"note", "TEXT", "what the user's history says", .required = true},
                 {"reference", "REF", "makes it once; made and said where left out",
                  .required = false},
                 {"rail", "NAME", "which way it went; operator where left out", .required = false}},
     .run = run_debit},
    {.group = "reverse",
     .args = "credit|debit REF",
     .help = "Takes a credit or a debit back, once.",
     .options = {{"note", "TEXT", "what the user's history says", .required = true}},
     .run = run_reverse},
    {.group = "balance",
     .args = "LOGIN",
     .help =
         "Shows what a user has, what of it open orders hold, and what is held for tickets beside.",
     .run = run_balance},
    {.group = "currency",
     .verb = "list",
     .args = "",
     .help = "Lists the currencies.",
     .run = run_currency_list},
    {.group = "currency",
     .verb = "enable",
     .args = "CUR",
     .help = "Opens a currency for new business.",
     .run = run_currency_enable},
    {.group = "currency",
     .verb = "disable",
     .args = "CUR",
     .help = "Closes a currency for new business; what is under way goes on.",
     .run = run_currency_disable},
    {.group = "limit",
     .verb = "list",
     .args = "CUR",
     .help = "Lists the withdrawal limits of a currency.",
     .run = run_limit_list},
    {.group = "limit",
     .verb = "set",
     .args = "CUR LEVEL",
     .help = "Sets the withdrawal limits of a verification level; `none` is no limit.",
     .options = {{"single", "AMOUNT", "in one withdrawal", .required = true},
                 {"daily", "AMOUNT", "in one day (UTC)", .required = true},
                 {"monthly", "AMOUNT", "in one calendar month (UTC)", .required = true}},
     .run = run_limit_set},
    {0},
};
