/* market add | list | halt | resume | void | rate | fee */
#include "market/market.h"

#include <string.h>

#include "base/text.h"
#include "tools/tellerctl/ctl.h"

/* Least amount of an order where the operator names none: a hundredth of the item. */
#define MIN_AMOUNT_PART 100

static void write_market(struct writer *json, const struct market *market)
{
    writer_object(json, NULL);
    writer_text(json, "market", market->code);
    writer_text(json, "item", market->item->code);
    writer_text(json, "currency", market->currency->code);
    ctl_amount(json, "amount_step", market->amount_step);
    ctl_amount(json, "price_step", market->price_step);
    ctl_amount(json, "min_amount", market->min_amount);
    writer_bool(json, "halted", market->halted);
    writer_end(json);
}

/* Reads an option that is an amount; where it is not given `out` stays as it is. */
static enum err read_amount(struct ctl *ctl, const char *option, struct amount *out)
{
    const char *value = ctl_option(ctl, option);
    if (value == NULL)
        return ERR_OK;
    enum err rc = amount_parse(value, strlen(value), out->currency, out);
    if (rc == ERR_OK && out->units == 0)
        rc = ERR_AMOUNT_NOT_POSITIVE;
    if (rc != ERR_OK)
        ctl_fail(ctl, rc, option);
    return rc;
}

static enum err read_rules(struct ctl *ctl, struct market_rules *out)
{
    enum err rc = ctl_currency(ctl, ctl->args[0], &out->item);
    if (rc == ERR_OK)
        rc = ctl_currency(ctl, ctl->args[1], &out->currency);
    if (rc != ERR_OK)
        return rc;
    if (out->item == out->currency) {
        ctl_fail_words(ctl, ERR_INVALID, "a market is between two currencies");
        return ERR_INVALID;
    }
    __int128 least = decimal_power(out->item->decimals) / MIN_AMOUNT_PART;
    out->amount_step = (struct amount){.units = 1, .currency = out->item};
    out->price_step = (struct amount){.units = 1, .currency = out->currency};
    out->min_amount = (struct amount){.units = least > 0 ? least : 1, .currency = out->item};
    rc = read_amount(ctl, "amount-step", &out->amount_step);
    if (rc == ERR_OK)
        rc = read_amount(ctl, "price-step", &out->price_step);
    return rc == ERR_OK ? read_amount(ctl, "min", &out->min_amount) : rc;
}

/* What `market_list` is asked to find again. */
struct wanted {
    uint8_t id;
    struct writer *writer;
};

static void write_wanted(void *arg, const struct market *market)
{
    struct wanted *wanted = arg;
    if (market->id == wanted->id)
        write_market(wanted->writer, market);
}

/* The market as it is now. */
static int print_market(struct ctl *ctl, const struct market *market)
{
    struct wanted wanted = {.id = market->id, .writer = ctl_result(ctl)};
    enum err rc = market_list(ctl->db, write_wanted, &wanted);
    if (rc != ERR_OK)
        return ctl_fail(ctl, rc, db_problem(ctl->db));
    ctl_print(ctl);
    return CTL_DONE;
}

static int run_add(struct ctl *ctl)
{
    struct market_rules rules;
    const struct market *market;

    if (ctl_connect(ctl) != ERR_OK)
        return CTL_FAILED;
    if (read_rules(ctl, &rules) != ERR_OK)
        return CTL_USAGE;
    enum err rc = market_add(ctl->db, &rules);
    if (rc == ERR_OK)
        rc = market_between(ctl->db, rules.item, rules.currency, &market);
    return rc == ERR_OK ? print_market(ctl, market) : ctl_fail(ctl, rc, NULL);
}

static void add_market(void *arg, const struct market *market)
{
    write_market(arg, market);
}

static int run_list(struct ctl *ctl)
{
    if (ctl_connect(ctl) != ERR_OK)
        return CTL_FAILED;
    struct writer *json = ctl_result(ctl);
    writer_list(json, NULL);
    enum err rc = market_list(ctl->db, add_market, json);
    writer_end(json);
    if (rc != ERR_OK)
        return ctl_fail(ctl, rc, db_problem(ctl->db));
    ctl_print(ctl);
    return CTL_DONE;
}

/* The market that the first argument names; a failure is said. */
static enum err find_market(struct ctl *ctl, const struct market **out)
{
    const char *code = ctl->args[0];
    enum err rc = ctl_connect(ctl);
    if (rc != ERR_OK)
        return rc;
    rc = market_find(ctl->db, code, strlen(code), out);
    if (rc != ERR_OK)
        ctl_fail(ctl, rc, code);
    return rc;
}

static int set_halted(struct ctl *ctl, bool halted)
{
    const struct market *market;

    if (find_market(ctl, &market) != ERR_OK)
        return CTL_FAILED;
    enum err rc = market_halt(ctl->db, market, halted);
    return rc == ERR_OK ? print_market(ctl, market) : ctl_fail(ctl, rc, db_problem(ctl->db));
}

static int run_halt(struct ctl *ctl)
{
    return set_halted(ctl, true);
}

static int run_resume(struct ctl *ctl)
{
    return set_halted(ctl, false);
}

static int run_void(struct ctl *ctl)
{
    const char *tid_text = ctl->args[0], *note = ctl_option(ctl, "note");
    int64_t tid;

    if (!text_to_number(tid_text, 1, INT64_MAX, &tid))
        return ctl_fail(ctl, ERR_INVALID, tid_text);
    if (ctl_connect(ctl) != ERR_OK)
        return CTL_FAILED;
    enum err rc = market_void(ctl->db, tid, note);
    if (rc == ERR_INSUFFICIENT_FUNDS)
        return ctl_fail_words(ctl, rc, "somebody has spent what the trade gave them");
    if (rc != ERR_OK)
        return ctl_fail(ctl, rc, tid_text);
    struct writer *json = ctl_result(ctl);
    writer_object(json, NULL);
    writer_text(json, "tid", tid_text);
    writer_text(json, "note", note);
    writer_end(json);
    ctl_print(ctl);
    return CTL_DONE;
}

static int run_rate(struct ctl *ctl)
{
    const char *per_dollar = ctl->args[1];
    const struct currency *currency;

    if (ctl_connect(ctl) != ERR_OK)
        return CTL_FAILED;
    if (ctl_currency(ctl, ctl->args[0], &currency) != ERR_OK)
        return CTL_USAGE;
    enum err rc = market_rate_set(ctl->db, currency, per_dollar);
    if (rc != ERR_OK)
        return ctl_fail(ctl, rc, per_dollar);
    struct writer *json = ctl_result(ctl);
    writer_object(json, NULL);
    writer_text(json, "currency", currency->code);
    writer_text(json, "per_dollar", per_dollar);
    writer_end(json);
    ctl_print(ctl);
    return CTL_DONE;
}

static void add_fee(void *arg, bool own, struct amount volume, const char *percent)
{
    struct writer *json = arg;
    writer_object(json, NULL);
    ctl_amount(json, "from_volume", volume);
    writer_text(json, "percent", percent);
    writer_bool(json, "own", own);
    writer_end(json);
}

static int run_fee(struct ctl *ctl)
{
    const char *volume_text = ctl->args[1], *percent = ctl->args[2];
    const struct market *market;
    struct amount volume;

    if (find_market(ctl, &market) != ERR_OK)
        return CTL_FAILED;
    enum err rc = amount_parse(volume_text, strlen(volume_text), market->item, &volume);
    if (rc != ERR_OK)
        return ctl_fail(ctl, rc, volume_text);
    rc = market_fee_set(ctl->db, market, volume, percent);
    if (rc != ERR_OK)
        return ctl_fail(ctl, rc, percent);
    struct writer *json = ctl_result(ctl);
    writer_list(json, NULL);
    rc = market_fee_list(ctl->db, market, add_fee, json);
    writer_end(json);
    if (rc != ERR_OK)
        return ctl_fail(ctl, rc, db_problem(ctl->db));
    ctl_print(ctl);
    return CTL_DONE;
}

const struct ctl_command market_commands[] = {
    {.group = "market",
     .verb = "add",
     .args = "ITEM CUR",
     .help = "Makes a market in which ITEM is traded for CUR; it is halted until it is resumed.",
     .options = {{"amount-step", "AMOUNT",
                  "amounts are multiples of it; one smallest unit where "
                  "left out",
                  .required = false},
                 {"price-step", "PRICE",
                  "prices are multiples of it; one smallest unit where left "
                  "out",
                  .required = false},
                 {"min", "AMOUNT", "least amount of an order; 0.01 where left out",
                  .required = false}},
     .run = run_add},
    {.group = "market", .verb = "list", .args = "", .help = "Lists the markets.", .run = run_list},
    {.group = "market",
     .verb = "halt",
     .args = "MARKET",
     .help = "Stops trading in a market such as BTCUSD; orders can still be cancelled.",
     .run = run_halt},
    {.group = "market",
     .verb = "resume",
     .args = "MARKET",
     .help = "Lets a market trade.",
     .run = run_resume},
    {.group = "market",
     .verb = "void",
     .args = "TID",
     .help = "Takes a trade back: what it moved goes back, and it is no longer listed.",
     .options = {{"note", "TEXT", "what both histories say", .required = true}},
     .run = run_void},
    {.group = "market",
     .verb = "rate",
     .args = "CUR PER_DOLLAR",
     .help = "Sets how much of a currency a dollar is worth, to show trades of one currency in "
             "another.",
     .run = run_rate},
    {.group = "market",
     .verb = "fee",
     .args = "MARKET VOLUME PERCENT",
     .help = "Sets what a market's orders pay from a 30-day volume of their owner's on; begins a "
             "schedule of its own.",
     .run = run_fee},
    {0},
};
