/* backup and restore. A backup is a directory:
 *   database.sql  what mariadb-dump wrote, of one moment
 *   backup.json   written last: what it is of, its size and SHA-256, and the sealed words that tell
 *                 whether a master key is the one that opens what is sealed in it
 *   master.key    with --with-key only */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/encode.h"
#include "base/version.h"
#include "crypto/master_key.h"
#include "db/canary.h"
#include "db/migrate.h"
#include "tools/tellerctl/database.h"
#include "tools/tellerctl/dump.h"
#include "json/value.h"

#define FORMAT "1"
#define DUMP "database.sql"
#define MANIFEST "backup.json"
#define KEY "master.key"
#define DIRECTORY_MAX 3900 /* with a name behind it within PATH_SIZE */
#define PATH_SIZE 4000
#define PROBLEM_MAX 4096
#define MANIFEST_MAX 4096

/* A file of the backup, in memory. */
struct mapping {
    void *data; /* NULL where there is none */
    size_t len;
};

static void name_file(char out[PATH_SIZE], const char *directory, const char *name)
{
    snprintf(out, PATH_SIZE, "%s/%s", directory, name);
}

static enum err fail_io(const char *path, struct text *problem)
{
    text_addf(problem, "%s: %s", path, strerror(errno));
    return ERR_IO;
}

static void unmap(struct mapping *mapping)
{
    if (mapping->data != NULL)
        munmap(mapping->data, mapping->len);
    *mapping = (struct mapping){0};
}

static enum err map(const char *path, struct mapping *out, struct text *problem)
{
    struct stat info;
    int file = open(path, O_RDONLY | O_CLOEXEC);
    void *data = MAP_FAILED;

    *out = (struct mapping){0};
    if (file >= 0 && fstat(file, &info) == 0 && info.st_size > 0)
        data = mmap(NULL, (size_t)info.st_size, PROT_READ, MAP_PRIVATE, file, 0);
    enum err rc = data == MAP_FAILED ? fail_io(path, problem) : ERR_OK;
    if (rc == ERR_OK)
        *out = (struct mapping){.data = data, .len = (size_t)info.st_size};
    if (file >= 0)
        close(file);
    return rc;
}

/* Makes a file that only its owner reads, with what `write_to` puts into it, for good. */
static enum err make_file(const char *path, enum err (*write_to)(void *arg, int file), void *arg,
                          struct text *problem)
{
    int file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR);
    enum err rc = file < 0 ? fail_io(path, problem) : write_to(arg, file);

    if (rc == ERR_OK && fsync(file) != 0)
        rc = fail_io(path, problem);
    if (file >= 0)
        close(file);
    return rc;
}

/* One run of `backup`. */
struct backup {
    struct ctl *ctl;
    const char *directory;
    struct text *problem;
};

static enum err put_dump(void *arg, int file)
{
    const struct backup *backup = arg;
    return dump_write(&backup->ctl->config, file, backup->problem);
}

static enum err put_text(void *arg, int file)
{
    const char *text = arg;
    size_t len = strlen(text);
    return write(file, text, len) == (ssize_t)len ? ERR_OK : ERR_IO;
}

/* The key as its file holds it. */
static enum err put_key(void *arg, int file)
{
    char hex[HEX_SIZE(SEAL_KEY_SIZE)];
    uint8_t key[SEAL_KEY_SIZE];
    enum err rc = master_key_load(arg, key);

    hex_encode(key, sizeof(key), hex);
    if (rc == ERR_OK)
        rc = put_text(hex, file);
    crypto_wipe(key, sizeof(key));
    crypto_wipe(hex, sizeof(hex));
    return rc;
}

/* Adds what the backup is of. */
static void describe(struct text *out, const struct config *config, const struct mapping *dump,
                     const uint8_t sealed[CANARY_SIZE])
{
    struct writer json = {.out = out, .pretty = true, .style = {.plain_slashes = true}};
    char digest_hex[HEX_SIZE(SHA256_SIZE)], sealed_hex[HEX_SIZE(CANARY_SIZE)];
    uint8_t digest[SHA256_SIZE];

    crypto_sha256(dump->data, dump->len, digest);
    hex_encode(digest, sizeof(digest), digest_hex);
    hex_encode(sealed, CANARY_SIZE, sealed_hex);
    writer_object(&json, NULL);
    writer_text(&json, "format", FORMAT);
    writer_text(&json, "program", TELLER_VERSION);
    writer_text(&json, "database", config->database_name);
    ctl_date(&json, "made", clock_now_us() / 1000000);
    writer_int(&json, "bytes", (int64_t)dump->len);
    writer_text(&json, "sha256", digest_hex);
    writer_text(&json, "sealed", sealed_hex);
    writer_end(&json);
    text_putc(out, '\n');
}

/* Writes what makes the directory a backup. */
static enum err put_manifest(struct backup *backup)
{
    char path[PATH_SIZE];
    uint8_t sealed[CANARY_SIZE];
    struct text manifest = TEXT(MANIFEST_MAX);
    struct mapping dump;
    enum err rc = canary_read(backup->ctl->db, sealed);

    if (rc == ERR_NOT_FOUND)
        text_puts(backup->problem, "nothing was sealed yet: run tellerctl migrate");
    else if (rc != ERR_OK)
        text_puts(backup->problem, db_problem(backup->ctl->db));
    name_file(path, backup->directory, DUMP);
    if (rc != ERR_OK || (rc = map(path, &dump, backup->problem)) != ERR_OK)
        return rc;
    describe(&manifest, &backup->ctl->config, &dump, sealed);
    name_file(path, backup->directory, MANIFEST);
    rc = make_file(path, put_text, (void *)(uintptr_t)text_string(&manifest), backup->problem);
    text_free(&manifest);
    unmap(&dump);
    return rc;
}

/* What is not whole is no backup. */
static void remove_all(const char *directory)
{
    static const char *const names[] = {DUMP, KEY, MANIFEST};
    char path[PATH_SIZE];

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        name_file(path, directory, names[i]);
        (void)unlink(path);
    }
    (void)rmdir(directory);
}

static enum err fill(struct backup *backup, bool with_key)
{
    char path[PATH_SIZE];

    name_file(path, backup->directory, DUMP);
    enum err rc = make_file(path, put_dump, backup, backup->problem);
    name_file(path, backup->directory, KEY);
    if (rc == ERR_OK && with_key)
        rc = make_file(path, put_key, &backup->ctl->config, backup->problem);
    return rc == ERR_OK ? put_manifest(backup) : rc;
}

static enum err check_length(const char *directory, struct text *problem)
{
    if (strlen(directory) <= DIRECTORY_MAX)
        return ERR_OK;
    text_addf(problem, "the directory's name is longer than %d bytes", DIRECTORY_MAX);
    return ERR_TOO_LONG;
}

int ctl_backup(struct ctl *ctl)
{
    struct text problem = TEXT(PROBLEM_MAX);
    struct backup backup = {.ctl = ctl, .directory = ctl->args[0], .problem = &problem};
    bool with_key = ctl_option(ctl, "with-key") != NULL;

    if (ctl_connect(ctl) != ERR_OK)
        return CTL_FAILED;
    enum err rc = check_length(backup.directory, &problem);
    if (rc == ERR_OK && mkdir(backup.directory, S_IRWXU) != 0)
        rc = fail_io(backup.directory, &problem);
    else if (rc == ERR_OK && (rc = fill(&backup, with_key)) != ERR_OK)
        remove_all(backup.directory);
    if (rc == ERR_OK) {
        struct writer *json = ctl_result(ctl);
        writer_object(json, NULL);
        writer_text(json, "backup", backup.directory);
        writer_text(json, "key_file", ctl->config.security_key_file);
        writer_text(json, "key",
                    with_key ? "is in the backup, which opens everything: keep it safe"
                             : "is not in the backup: keep a copy of it apart");
        writer_end(json);
        ctl_print(ctl);
    }
    int status = rc == ERR_OK ? CTL_DONE : ctl_fail_words(ctl, rc, text_string(&problem));
    text_free(&problem);
    return status;
}

/* --- restore --------------------------------------------------------------------------------------- */

/* What the manifest says under that name; "" for nothing. */
static const char *read_word(const struct value *manifest, const char *name)
{
    const struct value *value = value_member(manifest, name);
    return value != NULL && value->type == VALUE_TEXT ? value->text : "";
}

/* Whether the dump is the one that the manifest is about. */
static enum err check_dump(const struct value *manifest, const struct mapping *dump,
                           struct text *problem)
{
    char hex[HEX_SIZE(SHA256_SIZE)];
    uint8_t digest[SHA256_SIZE];

    if (strcmp(read_word(manifest, "format"), FORMAT) != 0) {
        text_puts(problem, MANIFEST " is of another version of this program");
        return ERR_INVALID;
    }
    crypto_sha256(dump->data, dump->len, digest);
    hex_encode(digest, sizeof(digest), hex);
    if (strcmp(hex, read_word(manifest, "sha256")) == 0)
        return ERR_OK;
    text_puts(problem, DUMP " is damaged: its SHA-256 is not the one in " MANIFEST);
    return ERR_INVALID;
}

/* Whether our key opens what is sealed in the dump. */
static enum err check_key(const struct config *config, const struct value *manifest,
                          struct text *problem)
{
    const char *hex = read_word(manifest, "sealed");
    uint8_t key[SEAL_KEY_SIZE], sealed[CANARY_SIZE];
    enum err rc = master_key_load(config, key);

    if (rc != ERR_OK) {
        master_key_problem(config, problem);
    } else if (!hex_decode(hex, strlen(hex), sealed, sizeof(sealed)) ||
               !canary_opens(key, sealed)) {
        text_addf(
            problem,
            "%s: is not the key of this backup, and what is sealed opens with no other: put it "
            "there first (a backup made --with-key holds it as " KEY ")",
            config->security_key_file);
        rc = ERR_CONFIG;
    }
    crypto_wipe(key, sizeof(key));
    return rc;
}

static enum err check_empty(struct db *owner, struct text *problem)
{
    struct db_rows rows = {0};
    enum err rc =
        db_run(owner,
               "SELECT (SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = "
               "DATABASE()) + (SELECT COUNT(*) FROM information_schema.routines WHERE "
               "routine_schema = DATABASE())",
               DB_NO_ARGS, &rows);

    if (rc == ERR_OK && db_next(&rows) && db_get_u64(&rows, 0) != 0) {
        text_puts(problem,
                  "the database is not empty: restore only into one that was just created");
        rc = ERR_INVALID;
    }
    db_rows_free(&rows);
    return rc;
}

/* Loads the dump into the empty database, and makes it this program's: routines, rights, collation. */
static enum err load(struct ctl *ctl, const struct mapping *dump, struct text *problem)
{
    struct db *owner = NULL;
    const struct config *config = &ctl->config;
    bool one_user = strcmp(config->database_user, config->database_owner_user) == 0;
    enum err rc = db_open_config(config, true, &owner);

    if (rc != ERR_OK)
        config_secret_problem(config->database_owner_password_file, problem);
    else if ((rc = check_empty(owner, problem)) == ERR_OK &&
             (rc = migrate_look(owner, !one_user, problem)) == ERR_OK &&
             (rc = migrate_set_collation(owner)) == ERR_OK) {
        rc = dump_load(config, dump->data, dump->len, problem);
        if (rc == ERR_OK)
            rc = ctl_migrate(ctl, owner, NULL, NULL, problem);
        else
            text_puts(problem, " (drop the database and create it again before another try)");
    }
    if (rc != ERR_OK && problem->len == 0)
        text_puts(problem, db_problem(owner));
    db_close(owner);
    return rc;
}

static enum err read_manifest(struct arena *arena, const char *directory, struct value **out,
                              struct text *problem)
{
    char path[PATH_SIZE];
    struct text unread = TEXT(PROBLEM_MAX);
    struct mapping file = {0};
    const char *where;

    name_file(path, directory, MANIFEST);
    enum err rc = map(path, &file, &unread);
    if (rc == ERR_OK)
        rc = value_parse(arena, file.data, file.len, out, &where);
    if (rc != ERR_OK) {
        text_addf(problem, "%s cannot be read: this is no backup, or not all of one", path);
        rc = ERR_INVALID;
    }
    unmap(&file);
    text_free(&unread);
    return rc;
}

/* Checks a backup and loads it. */
static enum err restore_from(struct ctl *ctl, const struct value *manifest, const char *directory,
                             struct text *problem)
{
    char path[PATH_SIZE];
    struct mapping dump = {0};

    name_file(path, directory, DUMP);
    enum err rc = map(path, &dump, problem);
    if (rc == ERR_OK)
        rc = check_dump(manifest, &dump, problem);
    if (rc == ERR_OK)
        rc = check_key(&ctl->config, manifest, problem);
    if (rc == ERR_OK)
        rc = load(ctl, &dump, problem);
    unmap(&dump);
    return rc;
}

static enum err restore(struct ctl *ctl, const char *directory, struct text *problem)
{
    struct arena arena = {0};
    struct value *manifest = NULL;
    enum err rc = check_length(directory, problem);

    if (rc == ERR_OK)
        rc = read_manifest(&arena, directory, &manifest, problem);
    if (rc == ERR_OK)
        rc = restore_from(ctl, manifest, directory, problem);
    arena_free(&arena);
    return rc;
}

int ctl_restore(struct ctl *ctl)
{
    struct text problem = TEXT(PROBLEM_MAX);
    enum err rc = restore(ctl, ctl->args[0], &problem);
    int status = rc == ERR_OK ? ctl_audit(ctl) : ctl_fail_words(ctl, rc, text_string(&problem));

    text_free(&problem);
    return status;
}
