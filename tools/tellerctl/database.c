/* migrate, audit, config; doctor, backup and restore have files of their own. */
#include "tools/tellerctl/database.h"

#include <stdio.h>
#include <string.h>

#include "checkout/checkout.h"
#include "crypto/master_key.h"
#include "db/canary.h"
#include "db/migrate.h"
#include "desk/bid.h"
#include "identity/api_key.h"
#include "ledger/ledger.h"
#include "market/market.h"
#include "ticket/ticket.h"
#include "tools/tellerctl/doctor.h"

/* Words that come one by one, counted. */
struct words {
    struct writer writer; /* in their list */
    struct text text;
    size_t count;
};

static void add_word(void *arg, const char *word)
{
    struct words *words = arg;
    writer_text(&words->writer, NULL, word);
    words->count++;
}

/* Begins a list of words. */
static void begin_words(struct words *words, struct ctl *ctl)
{
    *words = (struct words){.text = TEXT(CTL_RESULT_MAX), .writer = *ctl_result(ctl)};
    words->writer.out = &words->text;
    writer_list(&words->writer, NULL);
}

/* Ends it, as a member of the result. */
static void end_words(struct words *words, struct writer *json, const char *key)
{
    writer_end(&words->writer);
    writer_raw(json, key, text_string(&words->text));
    text_free(&words->text);
}

enum err ctl_migrate(struct ctl *ctl, struct db *owner, void (*said)(void *arg, const char *file),
                     void *arg, struct text *problem)
{
    const struct config *config = &ctl->config;
    const struct migrate_user app = {.user = config->database_user,
                                     .hosts = config->database_user_hosts};
    bool one_user = strcmp(app.user, config->database_owner_user) == 0;
    uint8_t key[SEAL_KEY_SIZE];

    enum err rc =
        migrate_run(owner, config->schema_directory, one_user ? NULL : &app, said, arg, problem);
    if (rc == ERR_OK)
        rc = api_key_nonces_convert(owner, config->database_replicate_nonces);
    if (rc != ERR_OK)
        return rc;
    rc = master_key_load(config, key);
    if (rc != ERR_OK)
        master_key_problem(config, problem);
    else if ((rc = canary_write(owner, key)) == ERR_CRYPTO)
        text_puts(problem, "the master key is not the one that this database was sealed with");
    crypto_wipe(key, sizeof(key));
    return rc;
}

static int run_migrate(struct ctl *ctl)
{
    struct text problem = TEXT(4096);
    struct writer *json = ctl_result(ctl);
    struct words applied;
    enum err rc = db_open_config(&ctl->config, true, &ctl->db);

    if (rc != ERR_OK)
        return ctl_fail(ctl, rc, ctl->config.database_owner_password_file);
    begin_words(&applied, ctl);
    rc = ctl_migrate(ctl, ctl->db, add_word, &applied, &problem);
    writer_object(json, NULL);
    end_words(&applied, json, "applied");
    writer_end(json);
    if (rc == ERR_OK || applied.count > 0)
        ctl_print(ctl);
    int status = rc == ERR_OK        ? CTL_DONE
                 : rc == ERR_DB_AWAY ? ctl_fail(ctl, rc, text_string(&problem))
                                     : ctl_fail_words(ctl, rc, text_string(&problem));
    text_free(&problem);
    return status;
}

/* The ledger's books, then tickets, merchants' orders, the market and the desk against them. */
static enum err audit_all(struct ctl *ctl, struct words *words, struct writer *json,
                          uint64_t *differences)
{
    struct ledger_audit ledger = {0};
    uint64_t tickets = 0, ticket_differences = 0, orders = 0, order_differences = 0;
    uint64_t trades = 0, trade_differences = 0, bids = 0, bid_differences = 0;
    enum err rc = ledger_audit(ctl->db, add_word, words, &ledger);

    if (rc == ERR_OK)
        rc = ticket_audit(ctl->db, add_word, words, &tickets, &ticket_differences);
    if (rc == ERR_OK)
        rc = checkout_audit(ctl->db, add_word, words, &orders, &order_differences);
    if (rc == ERR_OK)
        rc = market_audit(ctl->db, add_word, words, &trades, &trade_differences);
    if (rc == ERR_OK)
        rc = desk_audit(ctl->db, add_word, words, &bids, &bid_differences);
    *differences = ledger.differences + ticket_differences + order_differences + trade_differences +
                   bid_differences;
    writer_object(json, NULL);
    writer_int(json, "journals", (int64_t)ledger.journals);
    writer_int(json, "entries", (int64_t)ledger.entries);
    writer_int(json, "accounts", (int64_t)ledger.accounts);
    writer_int(json, "tickets", (int64_t)tickets);
    writer_int(json, "orders", (int64_t)orders);
    writer_int(json, "trades", (int64_t)trades);
    writer_int(json, "bids", (int64_t)bids);
    writer_int(json, "differences", (int64_t)*differences);
    end_words(words, json, "findings");
    writer_end(json);
    return rc;
}

int ctl_audit(struct ctl *ctl)
{
    struct words words;
    uint64_t differences;

    if (ctl_connect(ctl) != ERR_OK)
        return CTL_FAILED;
    begin_words(&words, ctl);
    enum err rc = audit_all(ctl, &words, ctl_result(ctl), &differences);
    if (rc != ERR_OK)
        return ctl_fail(ctl, rc, db_problem(ctl->db));
    ctl_print(ctl);
    return differences == 0 ? CTL_DONE : CTL_FAILED;
}

static void add_key(void *arg, const char *key, const char *value, const char *origin)
{
    struct writer *json = arg;
    writer_object(json, NULL);
    writer_text(json, "key", key);
    writer_text(json, "value", value);
    writer_text(json, "origin", origin);
    writer_end(json);
}

static int run_config(struct ctl *ctl)
{
    struct writer *json = ctl_result(ctl);
    writer_list(json, NULL);
    config_each(&ctl->config, add_key, json);
    writer_end(json);
    ctl_print(ctl);
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
     .options =
         {{"as", "USER",
           "whose the workers are, and who therefore has to read the secrets; teller where left "
           "out and there is one",
           .required = false}},
     .run = ctl_doctor},
    {.group = "audit",
     .args = "",
     .help = "Recomputes every balance from the entries; exit 1 where something differs.",
     .run = ctl_audit},
    {.group = "backup",
     .args = "DIRECTORY",
     .help = "Writes the whole database, as it is at one moment, into a new directory.",
     .options = {{"with-key", NULL,
                  "the master key as well, in clear: such a backup opens everything",
                  .required = false}},
     .run = ctl_backup},
    {.group = "restore",
     .args = "DIRECTORY",
     .help = "Makes what a backup holds in an empty database, and audits it.",
     .run = ctl_restore},
    {.group = "config",
     .args = "",
     .help = "Prints every configuration value with its origin.",
     .run = run_config},
    {0},
};
