/* migrate, audit, config; doctor has a file of its own. */
#include <stdio.h>
#include <string.h>

#include "checkout/checkout.h"
#include "crypto/master_key.h"
#include "db/canary.h"
#include "db/migrate.h"
#include "ledger/ledger.h"
#include "market/market.h"
#include "ticket/ticket.h"
#include "tools/tellerctl/ctl.h"
#include "tools/tellerctl/doctor.h"

static void add_word(void *arg, const char *word)
{
    json_object_array_add(arg, json_object_new_string(word));
}

/* The schema, then the sealed words that tell a wrong master key. */
static enum err migrate_and_seal(struct ctl *ctl, struct json_object *applied, struct text *problem)
{
    const struct config *config = &ctl->config;
    const struct migrate_user app = {.user = config->database_user,
                                     .hosts = config->database_user_hosts};
    bool one_user = strcmp(app.user, config->database_owner_user) == 0;
    uint8_t key[SEAL_KEY_SIZE];

    enum err rc = migrate_run(ctl->db, config->schema_directory, one_user ? NULL : &app, add_word,
                              applied, problem);
    if (rc != ERR_OK)
        return rc;
    rc = master_key_load(config, key);
    if (rc != ERR_OK)
        master_key_problem(config, problem);
    else if ((rc = canary_write(ctl->db, key)) == ERR_CRYPTO)
        text_puts(problem, "the master key is not the one that this database was sealed with");
    crypto_wipe(key, sizeof(key));
    return rc;
}

static int run_migrate(struct ctl *ctl)
{
    struct text problem = TEXT(4096);
    struct json_object *applied = json_object_new_array(), *result;
    enum err rc = db_open_config(&ctl->config, true, &ctl->db);

    if (rc != ERR_OK) {
        json_object_put(applied);
        return ctl_fail(ctl, rc, ctl->config.database_owner_password_file);
    }
    rc = migrate_and_seal(ctl, applied, &problem);
    result = json_object_new_object();
    json_object_object_add(result, "applied", applied);
    if (rc == ERR_OK || json_object_array_length(applied) > 0)
        ctl_print(ctl, result);
    else
        json_object_put(result);
    int status = rc == ERR_OK ? CTL_DONE : ctl_fail(ctl, rc, text_string(&problem));
    text_free(&problem);
    return status;
}

/* The ledger's books, then tickets, merchants' orders and the market against them. */
static enum err audit_all(struct ctl *ctl, struct json_object *words, struct json_object *result,
                          uint64_t *differences)
{
    struct ledger_audit ledger = {0};
    uint64_t tickets = 0, ticket_differences = 0, orders = 0, order_differences = 0;
    uint64_t trades = 0, trade_differences = 0;
    enum err rc = ledger_audit(ctl->db, add_word, words, &ledger);

    if (rc == ERR_OK)
        rc = ticket_audit(ctl->db, add_word, words, &tickets, &ticket_differences);
    if (rc == ERR_OK)
        rc = checkout_audit(ctl->db, add_word, words, &orders, &order_differences);
    if (rc == ERR_OK)
        rc = market_audit(ctl->db, add_word, words, &trades, &trade_differences);
    *differences = ledger.differences + ticket_differences + order_differences + trade_differences;
    ctl_int(result, "journals", (int64_t)ledger.journals);
    ctl_int(result, "entries", (int64_t)ledger.entries);
    ctl_int(result, "accounts", (int64_t)ledger.accounts);
    ctl_int(result, "tickets", (int64_t)tickets);
    ctl_int(result, "orders", (int64_t)orders);
    ctl_int(result, "trades", (int64_t)trades);
    ctl_int(result, "differences", (int64_t)*differences);
    json_object_object_add(result, "findings", words);
    return rc;
}

static int run_audit(struct ctl *ctl)
{
    uint64_t differences;

    if (ctl_connect(ctl) != ERR_OK)
        return CTL_FAILED;
    struct json_object *result = json_object_new_object();
    enum err rc = audit_all(ctl, json_object_new_array(), result, &differences);
    if (rc != ERR_OK) {
        json_object_put(result);
        return ctl_fail(ctl, rc, db_problem(ctl->db));
    }
    ctl_print(ctl, result);
    return differences == 0 ? CTL_DONE : CTL_FAILED;
}

static void add_key(void *arg, const char *key, const char *value, const char *origin)
{
    struct json_object *row = json_object_new_object();
    ctl_text(row, "key", key);
    ctl_text(row, "value", value);
    ctl_text(row, "origin", origin);
    json_object_array_add(arg, row);
}

static int run_config(struct ctl *ctl)
{
    struct json_object *rows = json_object_new_array();
    config_each(&ctl->config, add_key, rows);
    ctl_print(ctl, rows);
    return CTL_DONE;
}

const struct ctl_command database_commands[] = {
    {.group = "migrate",
     .args = "",
     .help = "Brings the schema up to date, as its owner; a second time does nothing.",
     .run = run_migrate},
    {.group = "doctor",
     .args = "",
     .help = "Checks the installation and says how to mend what is wrong; exit 1 where something "
             "is.",
     .run = ctl_doctor},
    {.group = "audit",
     .args = "",
     .help = "Recomputes every balance from the entries; exit 1 where something differs.",
     .run = run_audit},
    {.group = "config",
     .args = "",
     .help = "Prints every configuration value with its origin.",
     .run = run_config},
    {0},
};
