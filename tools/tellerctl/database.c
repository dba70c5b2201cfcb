/* migrate, audit, config; doctor, backup and restore have files of their own. */
#include "tools/tellerctl/database.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "crypto/master_key.h"
#include "db/canary.h"
#include "db/migrate.h"
#include "identity/api_key.h"
#include "ledger/audit.h"
#include "tools/tellerctl/doctor.h"

#define JOURNAL_DIGITS_MAX 18

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

/* A moment as an operator writes it, in unix seconds. */
static bool read_moment(const char *text, int64_t *unix_s)
{
    char whole[sizeof("YYYY-MM-DD HH:MM:SS.ffffff")];
    int64_t us;
    size_t len = strlen(text);
    bool day = len == strlen("YYYY-MM-DD");

    if (!day && len != strlen("YYYY-MM-DD HH:MM:SS"))
        return false;
    snprintf(whole, sizeof(whole), "%s%s.000000", text, day ? " 00:00:00" : "");
    if (!clock_parse_us(whole, &us))
        return false;
    *unix_s = us / 1000000;
    return true;
}

/* The first journal that is not taken as given: 0, all of them are looked at. */
static int read_since(struct ctl *ctl, int64_t *journal_id)
{
    const char *since = ctl_option(ctl, "since");
    int64_t unix_s;

    *journal_id = 0;
    if (since == NULL)
        return CTL_DONE;
    if (since[0] != '\0' && strlen(since) <= JOURNAL_DIGITS_MAX &&
        strspn(since, "0123456789") == strlen(since)) {
        *journal_id = strtoll(since, NULL, 10);
        return CTL_DONE;
    }
    if (!read_moment(since, &unix_s))
        return ctl_fail(ctl, ERR_NOT_DATE, "since");
    enum err rc = audit_first_since(ctl->db, unix_s, journal_id);
    return rc == ERR_OK ? CTL_DONE : ctl_fail(ctl, rc, db_problem(ctl->db));
}

/* Where the next audit may begin: what was under way when this one looked is looked at again. */
static enum err find_next(struct db *db, int64_t *journal_id)
{
    return audit_first_since(db, clock_now_us() / 1000000 - AUDIT_UNDER_WAY_S, journal_id);
}

/* An audit on its way: figures as they come, and what is wrong. */
struct found {
    struct writer *json;
    struct words words;
};

static void add_difference(void *arg, const char *words)
{
    struct found *found = arg;
    add_word(&found->words, words);
}

static void add_count(void *arg, const char *name, uint64_t count)
{
    struct found *found = arg;
    writer_int(found->json, name, (int64_t)count);
}

int ctl_audit(struct ctl *ctl)
{
    struct found found = {.json = ctl_result(ctl)};
    struct audit_report report = {
        .difference = add_difference, .counted = add_count, .arg = &found};
    int64_t next;

    if (ctl_connect(ctl) != ERR_OK)
        return CTL_FAILED;
    db_patience(ctl->db, AUDIT_ANSWER_S);
    int status = read_since(ctl, &report.since);
    if (status != CTL_DONE)
        return status;
    begin_words(&found.words, ctl);
    writer_object(found.json, NULL);
    enum err rc = find_next(ctl->db, &next);
    if (rc == ERR_OK)
        rc = audit_run_all(ctl->db, &report);
    if (rc != ERR_OK) {
        text_free(&found.words.text);
        return ctl_fail(ctl, rc, db_problem(ctl->db));
    }
    writer_int(found.json, "next", next);
    writer_int(found.json, "differences", (int64_t)report.differences);
    end_words(&found.words, found.json, "findings");
    writer_end(found.json);
    ctl_print(ctl);
    return report.differences == 0 ? CTL_DONE : CTL_FAILED;
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
     .options = {{"since", "TIME|JOURNAL",
                  "takes older journals as given: `next` of an audit that found nothing, or UTC",
                  .required = false}},
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
