/* partner add, partner set */
#include <stdio.h>
#include <string.h>

#include "ticket/ticket.h"
#include "tools/tellerctl/ctl.h"

#define TTL_DEFAULT_S 86400
#define DIGITS(number) DIGITS_(number)
#define DIGITS_(number) #number

/* Says what is wrong with a partner, by the name of what was given. */
static int fail(struct ctl *ctl, enum err rc)
{
    switch ((int)rc) {
    case ERR_INVALID:
        return ctl_fail(ctl, rc,
                        "id (1 to " DIGITS(TICKET_PARTNER_ID_MAX) " of a-z A-Z 0-9 . _ -)");
    case ERR_EMPTY:
    case ERR_TOO_LONG:
    case ERR_NOT_UTF8:
        return ctl_fail(ctl, rc, "name (1 to " DIGITS(TICKET_PARTNER_NAME_MAX) " characters)");
    case ERR_URL:
        return ctl_fail(
            ctl, rc,
            "url (plain, without a fragment, at most " DIGITS(TICKET_PARTNER_URL_MAX) " bytes)");
    case ERR_OUT_OF_RANGE:
        return ctl_fail(ctl, rc, "ttl (seconds, at most 31 days)");
    case ERR_USER_EXISTS:
        return ctl_fail_words(ctl, rc, "this user is the account of another partner");
    default:
        return ctl_fail(ctl, rc, ctl->args[0]);
    }
}

/* The seconds of --ttl, `otherwise` where it is not given; what is no number is out of range. */
static int64_t read_ttl(const struct ctl *ctl, int64_t otherwise)
{
    const char *ttl = ctl_option(ctl, "ttl");
    int64_t ttl_s = otherwise;

    return ttl == NULL || text_to_number(ttl, 0, INT64_MAX, &ttl_s) ? ttl_s : -1;
}

/* Prints the partner as it is now. */
static int print_partner(struct ctl *ctl)
{
    struct ticket_partner partner;
    struct user user = {0};
    int64_t user_id = 0;
    enum err rc = ticket_partner_by_id(ctl->db, ctl->args[0], &user_id, &partner);

    if (rc == ERR_OK)
        rc = user_by_id(ctl->db, user_id, &user);
    if (rc != ERR_OK)
        return fail(ctl, rc);
    struct writer *json = ctl_result(ctl);
    writer_object(json, NULL);
    writer_text(json, "id", partner.id);
    writer_text(json, "user", user.login);
    writer_text(json, "name", partner.name);
    writer_some_text(json, "url", partner.url);
    writer_bool(json, "verified_only", partner.verified_only);
    writer_int(json, "ttl_seconds", partner.ttl_s);
    writer_end(json);
    ctl_print(ctl);
    return CTL_DONE;
}

static int run_add(struct ctl *ctl)
{
    const char *id = ctl->args[0], *name = ctl_option(ctl, "name"), *url = ctl_option(ctl, "url");
    struct user user;

    if (ctl_connect(ctl) != ERR_OK || ctl_user(ctl, ctl_option(ctl, "user"), &user) != ERR_OK)
        return CTL_FAILED;
    enum err rc =
        ticket_partner_add(ctl->db, id, user.id, name != NULL ? name : id, url != NULL ? url : "",
                           ctl_option(ctl, "verified-only") != NULL, read_ttl(ctl, TTL_DEFAULT_S));
    return rc == ERR_OK ? print_partner(ctl) : fail(ctl, rc);
}

static int run_set(struct ctl *ctl)
{
    bool verified_only = ctl_option(ctl, "verified-only") != NULL,
         everybody = ctl_option(ctl, "everybody") != NULL;
    int64_t ttl_s = read_ttl(ctl, 0);
    const struct ticket_partner_change change = {
        .name = ctl_option(ctl, "name"),
        .url = ctl_option(ctl, "url"),
        .verified_only = verified_only || everybody ? &verified_only : NULL,
        .ttl_s = ctl_option(ctl, "ttl") != NULL ? &ttl_s : NULL,
    };

    if (verified_only && everybody)
        return ctl_fail_words(ctl, ERR_INVALID, "--verified-only or --everybody, not both");
    if (change.name == NULL && change.url == NULL && change.verified_only == NULL &&
        change.ttl_s == NULL)
        return ctl_fail_words(ctl, ERR_MISSING,
                              "what is to change? See `tellerctl partner set --help`");
    if (ctl_connect(ctl) != ERR_OK)
        return CTL_FAILED;
    enum err rc = ticket_partner_set(ctl->db, ctl->args[0], &change);
    return rc == ERR_OK ? print_partner(ctl) : fail(ctl, rc);
}

const struct ctl_command partner_commands[] = {
    {.group = "partner",
     .verb = "add",
     .args = "ID",
     .help = "Makes a partner through whom customers withdraw.",
     .options = {{"user", "LOGIN", "whose account is credited", .required = true},
                 {"url", "URL", "where customers are sent; nowhere where left out",
                  .required = false},
                 {"name", "NAME", "for people; the id where left out", .required = false},
                 {"verified-only", NULL, "serves verified customers only", .required = false},
                 {"ttl", "SECONDS", "until an unsettled ticket expires; one day where left out",
                  .required = false}},
     .run = run_add},
    {.group = "partner",
     .verb = "set",
     .args = "ID",
     .help = "Changes what is named of a partner; the rest, and its user, stay.",
     .options = {{"url", "URL", "where customers are sent; '' for nowhere", .required = false},
                 {"name", "NAME", "for people", .required = false},
                 {"verified-only", NULL, "serves verified customers only", .required = false},
                 {"everybody", NULL, "serves those that are not verified too", .required = false},
                 {"ttl", "SECONDS", "until an unsettled ticket expires", .required = false}},
     .run = run_set},
    {0},
};
