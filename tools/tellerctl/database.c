/* migrate and config, and the table of the commands about the whole database. */
#include "tools/tellerctl/database.h"

#include <stdlib.h>
#include <string.h>

#include "crypto/master_key.h"
#include "db/canary.h"
#include "db/migrate.h"
#include "identity/api_key.h"
#include "tools/tellerctl/doctor.h"

void ctl_word(void *arg, const char *word)
{
    struct ctl_words *words = arg;
    writer_text(&words->writer, NULL, word);
    words->count++;
}

void ctl_words_begin(struct ctl_words *words, struct ctl *ctl)
{
    *words = (struct ctl_words){.text = TEXT(CTL_RESULT_MAX), .writer = *ctl_result(ctl)};
    words->writer.out = &words->text;
    writer_list(&words->writer, NULL);
}

void ctl_words_end(struct ctl_words *words, struct writer *json, const char *key)
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
    struct ctl_words applied;
    enum err rc = db_open_config(&ctl->config, true, &ctl->db);

    if (rc != ERR_OK)
        return ctl_fail(ctl, rc, ctl->config.database_owner_password_file);
    ctl_words_begin(&applied, ctl);
    rc = ctl_migrate(ctl, ctl->db, ctl_word, &applied, &problem);
    writer_object(json, NULL);
    ctl_words_end(&applied, json, "applied");
    writer_end(json);
    if (rc == ERR_OK || applied.count > 0)
        ctl_print(ctl);
    int status = rc == ERR_OK        ? CTL_DONE
                 : rc == ERR_DB_AWAY ? ctl_fail(ctl, rc, text_string(&problem))
                                     : ctl_fail_words(ctl, rc, text_string(&problem));
    text_free(&problem);
    return status;
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
                  "takes older journals as given: `next` of an audit that found nothing, or UTC; "
                  "where left out, those of closed months",
                  .required = false},
                 {"all", NULL, "takes none as given", .required = false},
                 {"closed", NULL, "proves by their hashes that closed months are what they were",
                  .required = false}},
     .run = ctl_audit},
    {.group = "close",
     .args = "",
     .help = "Seals each month that is over by a hash, once an audit of it is clean.",
     .options = {{"until", "TIME", "closes what is older than that in one, at least 10 minutes ago",
                  .required = false}},
     .run = ctl_close},
    {.group = "archive",
     .args = "",
     .help = "Moves what nothing happens to any more to compressed tables, as the schema's owner.",
     .options = {{"older", "DAYS", "what ended so long ago, at least and by itself 90",
                  .required = false},
                 {"for", "SECONDS", "as long as that; until all has moved where left out",
                  .required = false}},
     .run = ctl_archive},
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
