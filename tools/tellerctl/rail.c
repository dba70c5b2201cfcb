/* rail list | set | pause | resume | asset | rules | rule | unrule: the ways on which money leaves, and what has
 * operators look at it. */
#include <string.h>

#include "base/text.h"
#include "payout/operate.h"
#include "tools/tellerctl/ctl.h"

#define PAIRS_MAX 16

/* A property that is given as NAME=VALUE. */
struct pair {
    char *name, *value;
};

struct pairs {
    char text[4097];
    struct pair list[PAIRS_MAX];
    size_t count;
};

/* Cuts "a=1,b=2"; says what is wrong with it. */
static int cut_pairs(struct ctl *ctl, struct pairs *pairs)
{
    const char *given = ctl_option(ctl, "set");

    *pairs = (struct pairs){0};
    text_copy(pairs->text, sizeof(pairs->text), given == NULL ? "" : given);
    for (char *at = pairs->text; at != NULL && *at != '\0';) {
        char *next = strchr(at, ','), *equals = strchr(at, '=');
        if (equals == NULL || (next != NULL && next < equals) || pairs->count == PAIRS_MAX)
            return ctl_fail_words(ctl, ERR_INVALID, "--set takes NAME=VALUE");
        *equals = '\0';
        if (next != NULL)
            *next++ = '\0';
        pairs->list[pairs->count++] = (struct pair){at, equals + 1};
        at = next;
    }
    return CTL_DONE;
}

/* The value of a property, which is then known; NULL where it is not given. */
static const char *take_pair(struct pairs *pairs, const char *name)
{
    for (size_t i = 0; i < pairs->count; i++)
        if (pairs->list[i].name != NULL && strcmp(pairs->list[i].name, name) == 0) {
            pairs->list[i].name = NULL;
            return pairs->list[i].value;
        }
    return NULL;
}

/* What nobody has taken is no property. */
static int refuse_rest(struct ctl *ctl, const struct pairs *pairs)
{
    for (size_t i = 0; i < pairs->count; i++)
        if (pairs->list[i].name != NULL)
            return ctl_fail_words(ctl, ERR_INVALID, "no such property, or one given twice");
    return CTL_DONE;
}

/* The value of a property as a whole number, a flag, an amount: their place, or NULL where it is not given.
 * An error is said, and kept in *status. */
static const int64_t *take_number(struct ctl *ctl, struct pairs *pairs, const char *name,
                                  int64_t *room, int *status)
{
    const char *value = take_pair(pairs, name);

    if (value == NULL)
        return NULL;
    if (!text_to_number(value, -1, UINT32_MAX, room))
        *status = ctl_fail(ctl, ERR_OUT_OF_RANGE, name);
    return room;
}

static const bool *take_flag(struct ctl *ctl, struct pairs *pairs, const char *name, bool *room,
                             int *status)
{
    const char *value = take_pair(pairs, name);

    if (value == NULL)
        return NULL;
    *room = strcmp(value, "yes") == 0;
    if (!*room && strcmp(value, "no") != 0)
        *status = ctl_fail_words(ctl, ERR_INVALID, "a flag is yes or no");
    return room;
}

static const struct amount *take_amount(struct ctl *ctl, struct pairs *pairs, const char *name,
                                        const struct currency *currency, struct amount *room,
                                        int *status)
{
    const char *value = take_pair(pairs, name);

    if (value == NULL)
        return NULL;
    enum err rc = amount_parse(value, strlen(value), currency, room);
    if (rc != ERR_OK)
        *status = ctl_fail(ctl, rc, name);
    return room;
}

static void write_rail(void *arg, const struct rail *rail)
{
    struct writer *json = arg;

    writer_object(json, NULL);
    writer_text(json, "rail", rail->name);
    writer_text(json, "kind", rail_kind_names[rail->kind]);
    writer_text(json, "outside", rail->outside);
    writer_int(json, "confirmations", (int64_t)rail->confirmations);
    writer_bool(json, "paused", rail->paused);
    writer_bool(json, "by_hand", rail->by_hand);
    writer_end(json);
}

static int run_list(struct ctl *ctl)
{
    if (ctl_connect(ctl) != ERR_OK)
        return CTL_FAILED;
    struct writer *json = ctl_result(ctl);
    writer_list(json, NULL);
    enum err rc = rail_list(ctl->db, write_rail, json);
    writer_end(json);
    if (rc != ERR_OK)
        return ctl_fail(ctl, rc, NULL);
    ctl_print(ctl);
    return CTL_DONE;
}

static int print_rail(struct ctl *ctl, enum err rc)
{
    struct rail rail;

    if (rc == ERR_OK)
        rc = rail_by_name(ctl->db, ctl->args[0], &rail);
    if (rc != ERR_OK)
        return ctl_fail(ctl, rc, ctl->args[0]);
    write_rail(ctl_result(ctl), &rail);
    ctl_print(ctl);
    return CTL_DONE;
}

static int run_set(struct ctl *ctl)
{
    struct pairs pairs;
    int64_t confirmations;
    int status = cut_pairs(ctl, &pairs);

    if (status != CTL_DONE)
        return status;
    const struct rail_change change = {
        .kind = take_pair(&pairs, "kind"),
        .outside = take_pair(&pairs, "outside"),
        .confirmations = take_number(ctl, &pairs, "confirmations", &confirmations, &status)};
    if (status == CTL_DONE)
        status = refuse_rest(ctl, &pairs);
    if (status == CTL_DONE && ctl_connect(ctl) != ERR_OK)
        status = CTL_FAILED;
    return status != CTL_DONE
               ? status
               : print_rail(ctl, rail_set(ctl->db, ctl_operator(), ctl->args[0], &change, NULL));
}

static int pause_rail(struct ctl *ctl, bool paused)
{
    return ctl_connect(ctl) == ERR_OK
               ? print_rail(ctl, rail_pause(ctl->db, ctl_operator(), ctl->args[0], paused))
               : CTL_FAILED;
}

static int run_pause(struct ctl *ctl)
{
    return pause_rail(ctl, true);
}

static int run_resume(struct ctl *ctl)
{
    return pause_rail(ctl, false);
}

static void write_asset(void *arg, const struct rail_asset *asset)
{
    struct writer *json = arg;

    writer_object(json, NULL);
    writer_text(json, "rail", asset->rail);
    writer_text(json, "currency", asset->currency->code);
    writer_some_text(json, "contract", asset->contract);
    writer_int(json, "decimals", (int64_t)asset->decimals);
    ctl_amount(json, "min_deposit", asset->min_deposit);
    ctl_amount(json, "min_withdrawal", asset->min_withdrawal);
    ctl_amount(json, "fee", asset->fee);
    writer_int(json, "confirmations", (int64_t)asset->confirmations);
    writer_bool(json, "deposits", asset->deposits);
    writer_bool(json, "withdrawals", asset->withdrawals);
    writer_bool(json, "memo_needed", asset->memo_needed);
    writer_end(json);
}

static int run_assets(struct ctl *ctl)
{
    if (ctl_connect(ctl) != ERR_OK)
        return CTL_FAILED;
    struct writer *json = ctl_result(ctl);
    writer_list(json, NULL);
    enum err rc = rail_assets(ctl->db, ctl_option(ctl, "rail"), NULL, write_asset, json);
    writer_end(json);
    if (rc != ERR_OK)
        return ctl_fail(ctl, rc, NULL);
    ctl_print(ctl);
    return CTL_DONE;
}

static int set_asset(struct ctl *ctl, const struct currency *currency, struct pairs *pairs)
{
    struct amount least, most, fee;
    int64_t decimals, confirmations;
    bool deposits, withdrawals, memo;
    int status = CTL_DONE;
    const struct asset_change change = {
        .contract = take_pair(pairs, "contract"),
        .decimals = take_number(ctl, pairs, "decimals", &decimals, &status),
        .min_deposit = take_amount(ctl, pairs, "min_deposit", currency, &least, &status),
        .min_withdrawal = take_amount(ctl, pairs, "min_withdrawal", currency, &most, &status),
        .fee = take_amount(ctl, pairs, "fee", currency, &fee, &status),
        .confirmations = take_number(ctl, pairs, "confirmations", &confirmations, &status),
        .deposits = take_flag(ctl, pairs, "deposits", &deposits, &status),
        .withdrawals = take_flag(ctl, pairs, "withdrawals", &withdrawals, &status),
        .memo_needed = take_flag(ctl, pairs, "memo_needed", &memo, &status)};

    if (status == CTL_DONE)
        status = refuse_rest(ctl, pairs);
    if (status != CTL_DONE)
        return status;
    enum err rc = rail_asset_set(ctl->db, ctl_operator(), ctl->args[0], currency, &change, NULL);
    if (rc == ERR_OK)
        rc = rail_assets(ctl->db, ctl->args[0], currency, write_asset, ctl_result(ctl));
    if (rc != ERR_OK)
        return ctl_fail(ctl, rc, ctl->args[0]);
    ctl_print(ctl);
    return CTL_DONE;
}

static int run_asset(struct ctl *ctl)
{
    const struct currency *currency;
    struct pairs pairs;
    int status = cut_pairs(ctl, &pairs);

    if (status != CTL_DONE)
        return status;
    if (ctl_connect(ctl) != ERR_OK)
        return CTL_FAILED;
    return ctl_currency(ctl, ctl->args[1], &currency) == ERR_OK ? set_asset(ctl, currency, &pairs)
                                                                : CTL_USAGE;
}

static void write_rule(void *arg, const struct payout_rule *rule)
{
    struct writer *json = arg;

    writer_object(json, NULL);
    writer_int(json, "id", rule->id);
    writer_text(json, "kind", rule->kind);
    writer_some_text(json, "rail", rule->rail);
    writer_text(json, "currency", rule->currency == NULL ? NULL : rule->currency->code);
    writer_some_text(json, "level", rule->level);
    if (rule->currency != NULL && rule->units != 0)
        ctl_amount(json, "amount", (struct amount){rule->units, rule->currency});
    else
        writer_null(json, "amount");
    writer_int(json, "times", rule->times);
    writer_int(json, "period", rule->period_s);
    writer_int(json, "approvals", rule->approvals);
    writer_end(json);
}

static int run_rules(struct ctl *ctl)
{
    if (ctl_connect(ctl) != ERR_OK)
        return CTL_FAILED;
    struct writer *json = ctl_result(ctl);
    writer_list(json, NULL);
    enum err rc = payout_rules(ctl->db, write_rule, json);
    writer_end(json);
    if (rc != ERR_OK)
        return ctl_fail(ctl, rc, NULL);
    ctl_print(ctl);
    return CTL_DONE;
}

/* The parts of a rule; the amount is read once its currency is known. */
static int read_rule(struct ctl *ctl, struct pairs *pairs, struct payout_rule *rule)
{
    const char *rail = take_pair(pairs, "rail"), *level = take_pair(pairs, "level"),
               *code = take_pair(pairs, "currency");
    struct amount amount = {0};
    int status = CTL_DONE;

    *rule = (struct payout_rule){.approvals = 1};
    text_copy(rule->kind, sizeof(rule->kind), ctl->args[0]);
    text_copy(rule->rail, sizeof(rule->rail), rail == NULL ? "" : rail);
    text_copy(rule->level, sizeof(rule->level), level == NULL ? "" : level);
    if (code != NULL && ctl_currency(ctl, code, &rule->currency) != ERR_OK)
        return CTL_USAGE;
    (void)take_number(ctl, pairs, "times", &rule->times, &status);
    (void)take_number(ctl, pairs, "period", &rule->period_s, &status);
    (void)take_number(ctl, pairs, "approvals", &rule->approvals, &status);
    if (rule->currency != NULL)
        (void)take_amount(ctl, pairs, "amount", rule->currency, &amount, &status);
    rule->units = amount.units;
    return status == CTL_DONE ? refuse_rest(ctl, pairs) : status;
}

static int run_rule(struct ctl *ctl)
{
    struct pairs pairs;
    struct payout_rule rule;
    int status = cut_pairs(ctl, &pairs);

    if (status == CTL_DONE && ctl_connect(ctl) != ERR_OK)
        status = CTL_FAILED;
    if (status == CTL_DONE)
        status = read_rule(ctl, &pairs, &rule);
    if (status != CTL_DONE)
        return status;
    enum err rc = payout_rule_add(ctl->db, ctl_operator(), &rule, &rule.id);
    if (rc != ERR_OK)
        return ctl_fail(ctl, rc, ctl->args[0]);
    write_rule(ctl_result(ctl), &rule);
    ctl_print(ctl);
    return CTL_DONE;
}

static int run_unrule(struct ctl *ctl)
{
    int64_t id;

    if (!text_to_number(ctl->args[0], 1, UINT32_MAX, &id))
        return ctl_fail(ctl, ERR_INVALID, ctl->args[0]);
    if (ctl_connect(ctl) != ERR_OK)
        return CTL_FAILED;
    enum err rc = payout_rule_remove(ctl->db, ctl_operator(), id);
    if (rc != ERR_OK)
        return ctl_fail(ctl, rc, ctl->args[0]);
    struct writer *json = ctl_result(ctl);
    writer_object(json, NULL);
    writer_int(json, "removed", id);
    writer_end(json);
    ctl_print(ctl);
    return CTL_DONE;
}

const struct ctl_command rail_commands[] = {
    {.group = "rail",
     .verb = "list",
     .args = "",
     .help = "Lists the ways on which money leaves.",
     .run = run_list},
    {.group = "rail",
     .verb = "set",
     .args = "RAIL",
     .help = "Makes a rail or changes it: kind (on_chain, off_chain), outside, confirmations.",
     .options = {{"set", "NAME=VALUE", "a property", .required = false, .repeats = true}},
     .run = run_set},
    {.group = "rail",
     .verb = "pause",
     .args = "RAIL",
     .help = "Panic switch: from now on nothing begins to be sent on a rail.",
     .run = run_pause},
    {.group = "rail",
     .verb = "resume",
     .args = "RAIL",
     .help = "Sends on a rail again.",
     .run = run_resume},
    {.group = "rail",
     .verb = "assets",
     .args = "",
     .help = "Lists which currencies go on which rail.",
     .options = {{"rail", "RAIL", "only its", .required = false}},
     .run = run_assets},
    {.group = "rail",
     .verb = "asset",
     .args = "RAIL CUR",
     .help = "Puts a currency on a rail, or changes how it goes there.",
     .options = {{"set", "NAME=VALUE", "a property, as `rail assets` shows it", .required = false,
                  .repeats = true}},
     .run = run_asset},
    {.group = "rail",
     .verb = "rules",
     .args = "",
     .help = "Lists what has operators look at a payout before it is sent.",
     .run = run_rules},
    {.group = "rail",
     .verb = "rule",
     .args = "KIND",
     .help = "Adds a rule: all, amount, new_address or velocity.",
     .options = {{"set", "NAME=VALUE",
                  "rail, currency, level, amount, times, period (seconds), approvals (1, 2)",
                  .required = false, .repeats = true}},
     .run = run_rule},
    {.group = "rail",
     .verb = "unrule",
     .args = "ID",
     .help = "Takes a rule away.",
     .run = run_unrule},
    {0},
};
