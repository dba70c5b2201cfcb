/* partner add */
#include <string.h>

#include "ticket/ticket.h"
#include "tools/tellerctl/ctl.h"

#define TTL_DEFAULT_S 86400

static int run_add(struct ctl *ctl)
{
    const char *id = ctl->args[0], *name = ctl_option(ctl, "name"), *url = ctl_option(ctl, "url"),
               *ttl = ctl_option(ctl, "ttl");
    bool verified_only = ctl_option(ctl, "verified-only") != NULL;
    int64_t ttl_s = TTL_DEFAULT_S;
    struct user user;

    if (ttl != NULL && !text_to_number(ttl, 0, INT64_MAX, &ttl_s))
        ttl_s = -1; /* refused with those that are too long */
    if (ctl_connect(ctl) != ERR_OK || ctl_user(ctl, ctl_option(ctl, "user"), &user) != ERR_OK)
        return CTL_FAILED;
    enum err rc = ticket_partner_set(ctl->db, id, user.id, name != NULL ? name : id, url,
                                     verified_only, ttl_s);
    if (rc == ERR_USER_EXISTS)
        return ctl_fail_words(ctl, rc, "this user is the account of another partner");
    if (rc == ERR_OUT_OF_RANGE)
        return ctl_fail(ctl, rc, "ttl (seconds, at most 31 days)");
    if (rc != ERR_OK)
        return ctl_fail(ctl, rc, id);
    struct writer *json = ctl_result(ctl);
    writer_object(json, NULL);
    writer_text(json, "id", id);
    writer_text(json, "user", user.login);
    writer_text(json, "name", name != NULL ? name : id);
    writer_text(json, "url", url);
    writer_bool(json, "verified_only", verified_only);
    writer_int(json, "ttl_seconds", ttl_s);
    writer_end(json);
    ctl_print(ctl);
    return CTL_DONE;
}

const struct ctl_command partner_commands[] = {
    {.group = "partner",
     .verb = "add",
     .args = "ID",
     .help = "Makes a partner through whom customers withdraw, or changes one (not its user).",
     .options = {{"user", "LOGIN", "whose account is credited", .required = true},
                 {"url", "URL", "where customers are sent; nowhere where left out",
                  .required = false},
                 {"name", "NAME", "for people; the id where left out", .required = false},
                 {"verified-only", NULL, "serves verified customers only", .required = false},
                 {"ttl", "SECONDS", "until an unsettled ticket expires; one day where left out",
                  .required = false}},
     .run = run_add},
    {0},
};
