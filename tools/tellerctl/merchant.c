/* merchant fee | autosell */
#include <stdlib.h>
#include <string.h>

#include "checkout/checkout.h"
#include "checkout/exchange.h"
#include "tools/tellerctl/ctl.h"

/* The merchant of that login; "default" stands for all without a fee of their own. */
static enum err find_merchant(struct ctl *ctl, const char *login, int64_t *id)
{
    struct user user = {.id = CHECKOUT_FEE_DEFAULT};
    enum err rc = strcmp(login, "default") == 0 ? ERR_OK : ctl_user(ctl, login, &user);
    *id = user.id;
    return rc;
}

static int run_fee(struct ctl *ctl)
{
    const char *login = ctl->args[0], *percent = ctl_option(ctl, "percent"),
               *fixed_text = ctl_option(ctl, "fixed");
    const struct currency *currency;
    struct amount fixed;
    int64_t id;

    if (ctl_connect(ctl) != ERR_OK)
        return CTL_FAILED;
    if (ctl_currency(ctl, ctl->args[1], &currency) != ERR_OK)
        return CTL_USAGE;
    enum err rc = amount_parse(fixed_text, strlen(fixed_text), currency, &fixed);
    if (rc != ERR_OK)
        return ctl_fail(ctl, rc, "fixed");
    if (find_merchant(ctl, login, &id) != ERR_OK)
        return CTL_FAILED;
    rc = checkout_fee_set(ctl->db, id, percent, fixed);
    if (rc != ERR_OK)
        return ctl_fail(ctl, rc, "percent");
    struct writer *json = ctl_result(ctl);
    writer_object(json, NULL);
    writer_text(json, "merchant", login);
    writer_text(json, "currency", currency->code);
    writer_text(json, "percent", percent);
    ctl_amount(json, "fixed", fixed);
    writer_end(json);
    ctl_print(ctl);
    return CTL_DONE;
}

/* Reads "--below" over what there is; anything but a whole number is out of range. */
static enum err read_below(const struct ctl *ctl, int64_t *below)
{
    const char *text = ctl_option(ctl, "below");

    if (text == NULL)
        return ERR_OK;
    size_t len = strlen(text);
    if (len == 0 || len > 3 || strspn(text, "0123456789") != len)
        return ERR_OUT_OF_RANGE;
    *below = strtol(text, NULL, 10);
    return ERR_OK;
}

static int run_autosell(struct ctl *ctl)
{
    const char *login = ctl->args[0], *code = ctl->args[1];
    const struct currency *currency = NULL;
    struct checkout_autosell choice;
    struct user user;

    if (ctl_connect(ctl) != ERR_OK)
        return CTL_FAILED;
    if (strcmp(code, "off") != 0 && ctl_currency(ctl, code, &currency) != ERR_OK)
        return CTL_USAGE;
    if (ctl_user(ctl, login, &user) != ERR_OK)
        return CTL_FAILED;
    enum err rc = checkout_autosell(ctl->db, user.id, &choice);
    choice.currency = currency;
    if (rc == ERR_OK)
        rc = read_below(ctl, &choice.below_percent);
    if (rc == ERR_OK)
        rc = checkout_autosell_set(ctl->db, user.id, &choice);
    if (rc != ERR_OK)
        return ctl_fail(ctl, rc, "below");
    struct writer *json = ctl_result(ctl);
    writer_object(json, NULL);
    writer_text(json, "merchant", login);
    writer_text(json, "currency", currency == NULL ? NULL : currency->code);
    writer_int(json, "below_percent", choice.below_percent);
    writer_end(json);
    ctl_print(ctl);
    return CTL_DONE;
}

const struct ctl_command merchant_commands[] = {
    {.group = "merchant",
     .verb = "fee",
     .args = "LOGIN|default CUR",
     .help =
         "Sets what a merchant, or each without a fee of their own, pays per completed payment.",
     .options = {{"percent", "P", "of what was paid, 0 to under 100", .required = true},
                 {"fixed", "AMOUNT", "on top", .required = true}},
     .run = run_fee},
    {.group = "merchant",
     .verb = "autosell",
     .args = "LOGIN CUR|off",
     .help =
         "Sets what a merchant's orders with autosell are sold for; off: what the first market of "
         "their coins trades them for.",
     .options = {{"below", "PERCENT",
                  "how far below the market's price it may sell, 0 to 100 (any price); 10 at first",
                  .required = false}},
     .run = run_autosell},
    {0},
};
