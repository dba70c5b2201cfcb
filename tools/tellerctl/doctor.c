/* doctor: is this installation sound? Each check says what it found and how to mend it. */
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto/master_key.h"
#include "db/canary.h"
#include "db/migrate.h"
#include "db/schema_check.h"
#include "identity/api_key.h"
#include "net/mail.h"
#include "tools/tellerctl/ctl.h"
#include "tools/tellerctl/doctor.h"
#include "watch/cluster.h"
#include "watch/watch.h"

#define WORKERS_USER "teller" /* where that is a user of this machine */
#define RELAY_TIMEOUT_MS 5000 /* how long a mail relay is waited for */

struct doctor {
    struct ctl *ctl;
    struct writer *findings;
    size_t wrong;
};

static void report(struct doctor *doctor, const char *check, bool good, const char *found,
                   const char *mend)
{
    struct writer *json = doctor->findings;
    writer_object(json, NULL);
    writer_text(json, "check", check);
    writer_bool(json, "ok", good);
    writer_text(json, "found", found);
    writer_text(json, "mend", good ? NULL : mend);
    writer_end(json);
    doctor->wrong += !good;
}

static void take_finding(void *arg, const struct finding *finding)
{
    report(arg, finding->check, finding->good, finding->found, finding->mend);
}

static void check_secret_file(struct doctor *doctor, const char *check, const char *path)
{
    struct stat info;
    char found[600], mend[600];

    if (path[0] == '\0') {
        report(doctor, check, true, "none is used", "");
        return;
    }
    if (stat(path, &info) != 0) {
        snprintf(found, sizeof(found), "%s cannot be read", path);
        snprintf(mend, sizeof(mend), "create %s, or name another file in the configuration", path);
        report(doctor, check, false, found, mend);
        return;
    }
    unsigned mode = (unsigned)info.st_mode & 07777;
    snprintf(found, sizeof(found), "%s has mode %04o", path, mode);
    snprintf(mend, sizeof(mend), "chmod 600 %s", path);
    report(doctor, check, (mode & 027) == 0, found, mend);
}

static void check_key(struct doctor *doctor)
{
    uint8_t key[SEAL_KEY_SIZE];
    struct text problem = TEXT(1024);
    bool good = master_key_load(&doctor->ctl->config, key) == ERR_OK;

    crypto_wipe(key, sizeof(key));
    if (!good)
        master_key_problem(&doctor->ctl->config, &problem);
    report(doctor, "master key", good, good ? "256 bits" : text_string(&problem),
           "for a new installation: openssl rand -hex 32 >KEY_FILE; chmod 600 KEY_FILE. An old "
           "one's key must come from its backup");
    text_free(&problem);
}

/* Where root asks, who may read everything: whether the user can of whom the workers are. */
struct reader {
    struct doctor *doctor;
    const char *name;
};

static void take_read(void *arg, const struct finding *finding)
{
    const struct reader *reader = arg;
    char check[128];

    snprintf(check, sizeof(check), "%s, read by %s", finding->check, reader->name);
    report(reader->doctor, check, finding->good, finding->found, finding->mend);
}

static void check_readers(struct doctor *doctor)
{
    const char *name = ctl_option(doctor->ctl, "as");
    struct reader reader = {.doctor = doctor, .name = name != NULL ? name : WORKERS_USER};
    const struct passwd *user = getpwnam(reader.name);

    if (geteuid() != 0 || (user == NULL && name == NULL))
        return;
    bool become = user != NULL && initgroups(user->pw_name, user->pw_gid) == 0 &&
                  setegid(user->pw_gid) == 0 && seteuid(user->pw_uid) == 0;
    if (become)
        watch_secrets(&doctor->ctl->config, take_read, &reader);
    else
        report(doctor, "workers' user", false, reader.name,
               "name a user of this machine with --as");
    if (seteuid(0) != 0 || setegid(0) != 0 || setgroups(0, NULL) != 0)
        abort();
}

static void check_site(struct doctor *doctor)
{
    const char *url = doctor->ctl->config.site_base_url;
    report(doctor, "base_url", strncmp(url, "https://", strlen("https://")) == 0, url,
           "set base_url in [site] to an https:// address");
}

/* Asks the relay whether it would take mail from us: TLS and password as they will be used. */
static void check_relay(struct doctor *doctor)
{
    const struct config *config = &doctor->ctl->config;
    struct mail_outcome outcome = {.problem = ""};
    struct mail_config mail;
    enum err rc = mail_configure(config, &mail);

    if (rc != ERR_OK) {
        report(doctor, "mail relay", false, "relay, user or password_file cannot be used",
               "in [mail] set relay to smtp://HOST:PORT or smtps://HOST:PORT, or to nothing, and "
               "user and password_file both or none of them");
    } else if (mail.relay[0] == '\0') {
        report(doctor, "mail relay", true, "none: no mail is sent", "");
    } else {
        if (mail.timeout_ms > RELAY_TIMEOUT_MS)
            mail.timeout_ms = RELAY_TIMEOUT_MS;
        rc = mail_check(&mail, &outcome);
        report(doctor, "mail relay", rc == ERR_OK, rc == ERR_OK ? mail.relay : outcome.problem,
               "see that the relay runs, offers STARTTLS where require_tls or user is set, has a "
               "certificate that ca_file in [net] believes, and knows the user");
    }
    crypto_wipe(&mail, sizeof(mail));
}

/* One value that the database gives for `sql`, "" for NULL. ERR_OK with false where it cannot be
 * read. */
static bool ask(struct db *db, const char *sql, char *out, size_t size)
{
    struct db_rows rows = {0};
    enum err rc = db_run(db, sql, DB_NO_ARGS, &rows);
    const char *value = rc == ERR_OK && db_next(&rows) ? db_get_text(&rows, 0) : NULL;
    snprintf(out, size, "%s", rc != ERR_OK ? db_problem(db) : value != NULL ? value : "");
    db_rows_free(&rows);
    return rc == ERR_OK;
}

/* A table that a cluster would not replicate, or not as it is; the nonces are so by choice. */
#define UNFIT_TABLE                                                                              \
    "t.table_schema = DATABASE() AND t.table_type = 'BASE TABLE' AND t.table_name NOT REGEXP "   \
    "'^api_key_(nonce|tonce)_[0-9]+$' AND (t.engine <> 'InnoDB' OR NOT EXISTS (SELECT 1 FROM "   \
    "information_schema.statistics AS s WHERE s.table_schema = t.table_schema AND s.table_name " \
    "= t.table_name AND s.index_name = 'PRIMARY'))"

/* A check that is a question to the database: `good` is SQL that gives 1 where all is well, `found`
 * what to show. */
static const struct question {
    const char *check, *good, *found, *mend;
} questions[] = {
    {"durable commits", "SELECT @@global.innodb_flush_log_at_trx_commit = 1",
     "SELECT CONCAT('innodb_flush_log_at_trx_commit = ', "
     "@@global.innodb_flush_log_at_trx_commit)",
     "set innodb_flush_log_at_trx_commit = 1 in the server's configuration"},
    {"strict mode",
     "SELECT @@global.sql_mode LIKE '%STRICT_ALL_TABLES%' OR @@global.sql_mode LIKE "
     "'%STRICT_TRANS_TABLES%'",
     "SELECT CONCAT('sql_mode = ', @@global.sql_mode)",
     "add STRICT_ALL_TABLES to sql_mode in the server's configuration"},
    {"repair of nonce tables", "SELECT @@global.myisam_recover_options <> 'OFF'",
     "SELECT CONCAT('myisam_recover_options = ', @@global.myisam_recover_options)",
     "set myisam_recover_options = BACKUP,QUICK in the server's configuration"},
    {"nonces written through", "SELECT @@global.delay_key_write <> 'ALL'",
     "SELECT CONCAT('delay_key_write = ', @@global.delay_key_write)",
     "set delay_key_write = ON in the server's configuration"},
    {"tables that a cluster can keep",
     "SELECT COUNT(*) = 0 FROM information_schema.tables AS t WHERE " UNFIT_TABLE,
     "SELECT COALESCE(GROUP_CONCAT(t.table_name ORDER BY t.table_name SEPARATOR ', '), 'all are "
     "InnoDB with a primary key, but for the nonces') FROM information_schema.tables AS t "
     "WHERE " UNFIT_TABLE,
     "tables that are none of Teller's belong into another database"},
    {"no rights on the server",
     "SELECT COUNT(*) = 0 FROM information_schema.user_privileges "
     "WHERE privilege_type <> 'USAGE'",
     "SELECT COALESCE(GROUP_CONCAT(DISTINCT privilege_type SEPARATOR ', '), 'none') FROM "
     "information_schema.user_privileges WHERE privilege_type <> 'USAGE'",
     "REVOKE ALL PRIVILEGES, GRANT OPTION FROM the application's user, then tellerctl migrate"},
    {"no right to change tables",
     "SELECT (SELECT COUNT(*) FROM information_schema.schema_privileges) = 0 AND NOT EXISTS "
     "(SELECT 1 FROM information_schema.table_privileges WHERE privilege_type NOT IN ('SELECT', "
     "'INSERT', 'UPDATE', 'DELETE') OR is_grantable = 'YES')",
     "SELECT COALESCE(GROUP_CONCAT(DISTINCT privilege_type SEPARATOR ', '), 'none') FROM "
     "(SELECT privilege_type FROM information_schema.schema_privileges UNION SELECT "
     "privilege_type FROM information_schema.table_privileges) AS rights_held",
     "revoke from the application's user everything but SELECT, INSERT, UPDATE and DELETE on "
     "tables"},
    {"no right to change the ledger",
     "SELECT NOT EXISTS (SELECT 1 FROM information_schema.table_privileges WHERE table_schema = "
     "DATABASE() AND table_name IN ('journal', 'entry', 'schema_migration') AND privilege_type NOT "
     "IN ('SELECT', IF(table_name = 'schema_migration', 'SELECT', 'INSERT')))",
     "SELECT COALESCE(GROUP_CONCAT(CONCAT(privilege_type, ' on ', table_name) SEPARATOR ', '), "
     "'none') FROM information_schema.table_privileges WHERE table_schema = DATABASE() AND "
     "table_name IN ('journal', 'entry', 'schema_migration')",
     "REVOKE UPDATE, DELETE ON journal, entry and schema_migration FROM the application's user"},
};

static bool single_user(const struct config *config)
{
    return strcmp(config->database_user, config->database_owner_user) == 0;
}

static void check_questions(struct doctor *doctor, struct db *db)
{
    char good[256], found[1024];
    for (size_t i = 0; i < sizeof(questions) / sizeof(questions[0]); i++) {
        if (strncmp(questions[i].check, "no right", strlen("no right")) == 0 &&
            single_user(&doctor->ctl->config))
            continue; /* one user for both owns the tables */
        bool asked = ask(db, questions[i].good, good, sizeof(good)) &&
                     ask(db, questions[i].found, found, sizeof(found));
        report(doctor, questions[i].check, asked && strcmp(good, "1") == 0, asked ? found : good,
               questions[i].mend);
    }
}

/* As the owner where that is possible, who sees the text of routines. False where it is not as this program
 * needs it. */
static bool check_schema(struct doctor *doctor, struct db *db)
{
    struct text wrong = TEXT(2048), problem = TEXT(2048);
    enum err rc = schema_check(db, doctor->ctl->config.schema_directory, &wrong, &problem);

    bool good = rc == ERR_OK && wrong.len == 0;

    report(doctor, "schema", good,
           rc != ERR_OK     ? text_string(&problem)
           : wrong.len == 0 ? "current, with all its routines"
                            : text_string(&wrong),
           "tellerctl migrate; where it is newer than the program, install the newer one");
    text_free(&problem);
    text_free(&wrong);
    return good;
}

/* What a migration will need, before one fails half way. */
static void check_owner(struct doctor *doctor, struct db *owner)
{
    struct text problem = TEXT(2048);
    enum err rc = migrate_look(owner, !single_user(&doctor->ctl->config), &problem);

    report(doctor, "ready to migrate", rc == ERR_OK,
           rc == ERR_OK ? "binary log, cluster and the owner's rights" : text_string(&problem),
           text_string(&problem));
    text_free(&problem);
}

/* Whether what is sealed can be opened. */
static void check_canary(struct doctor *doctor, struct db *db)
{
    uint8_t key[SEAL_KEY_SIZE];
    enum err rc = master_key_load(&doctor->ctl->config, key);

    if (rc == ERR_OK)
        rc = canary_check(db, key);
    crypto_wipe(key, sizeof(key));
    report(doctor, "master key of this database", rc == ERR_OK,
           rc == ERR_OK          ? "opens what it sealed"
           : rc == ERR_NOT_FOUND ? "nothing was sealed yet"
           : rc == ERR_CRYPTO    ? "is not the one that the database was sealed with"
                                 : err_text(rc),
           rc == ERR_NOT_FOUND ? "tellerctl migrate"
                               : "put back the key from the backup that belongs to this database");
}

/* Opens a connection and asks something; NULL where that fails, which is reported. */
static struct db *check_connection(struct doctor *doctor, const char *check, bool owner)
{
    struct db *db = NULL;
    char user[256];
    enum err rc = db_open_config(&doctor->ctl->config, owner, &db);
    bool good = rc == ERR_OK && ask(db, "SELECT CURRENT_USER()", user, sizeof(user));

    report(doctor, check, good, rc != ERR_OK ? "its password file cannot be used" : user,
           "see that the server runs, and socket, user and password file in [database]; tellerctl "
           "migrate "
           "gives the application's user its rights");
    if (good)
        return db;
    db_close(db);
    return NULL;
}

/* Nonces in tables as the configuration has them. */
static void check_nonces(struct doctor *doctor, struct db *db)
{
    bool replicated = doctor->ctl->config.database_replicate_nonces;
    int64_t wrong = 0;
    bool good = api_key_nonces_check(db, replicated, &wrong) == ERR_OK && wrong == 0;

    report(doctor, "nonce tables", good,
           !good        ? "they are not as replicate_nonces in [database] says"
           : replicated ? "replicated: each signed call waits for the disk"
                        : "fast: not replicated, their floors are",
           "tellerctl migrate");
}

int ctl_doctor(struct ctl *ctl)
{
    struct doctor doctor = {.ctl = ctl, .findings = ctl_result(ctl)};
    const struct config *config = &ctl->config;

    writer_list(doctor.findings, NULL);
    report(&doctor, "configuration", true,
           ctl->config_path != NULL ? ctl->config_path : getenv("TELLER_CONFIG"), "");
    check_site(&doctor);
    check_secret_file(&doctor, "key file", config->security_key_file);
    check_key(&doctor);
    check_secret_file(&doctor, "password file", config->database_password_file);
    check_secret_file(&doctor, "owner's password file", config->database_owner_password_file);
    check_secret_file(&doctor, "mail password file", config->mail_password_file);
    check_readers(&doctor);
    check_relay(&doctor);
    doctor_nodes(config, take_finding, &doctor);
    struct db *owner = check_connection(&doctor, "owner's connection", true);
    if (owner != NULL)
        check_owner(&doctor, owner);
    ctl->db = check_connection(&doctor, "application's connection", false);
    struct db *either = owner != NULL ? owner : ctl->db;
    bool current = false;
    if (either != NULL) {
        current = check_schema(&doctor, either);
        check_canary(&doctor, either);
    }
    if (ctl->db != NULL) {
        check_nonces(&doctor, ctl->db);
        check_questions(&doctor, ctl->db);
        watch_cluster(ctl->db, config, take_finding, &doctor);
        if (current) {
            watch_all(ctl->db, &ctl->config, take_finding, &doctor);
            doctor_wallets(&ctl->config, ctl->db, take_finding, &doctor);
        }
    }
    db_close(owner);
    writer_end(doctor.findings);
    ctl_print(ctl);
    return doctor.wrong == 0 ? CTL_DONE : CTL_FAILED;
}
