/* Runs mariadb-dump and mariadb. */
#include "tools/tellerctl/dump.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define SECRET_SIZE 512
#define OPTIONS_MAX 4096
#define WORDS_MAX 1000 /* bytes of what a program says that are passed on */
#define NOT_FOUND_STATUS 127

static const char definer[] = "DEFINER=";

/* One run of a client program. */
struct client {
    int options;       /* its option file: user, password, where the server is */
    char defaults[64]; /* the argument that names it */
    int said;          /* what it writes to standard error */
    pid_t pid;
};

/* A value of an option file, in quotes. */
static void add_option(struct text *out, const char *name, const char *value)
{
    text_addf(out, "%s = \"", name);
    for (; *value != '\0'; value++) {
        if (*value == '"' || *value == '\\')
            text_putc(out, '\\');
        text_putc(out, *value);
    }
    text_puts(out, "\"\n");
}

static void add_options(struct text *out, const struct config *config, const char *password)
{
    text_puts(out, "[client]\n");
    add_option(out, "user", config->database_owner_user);
    if (password[0] != '\0')
        add_option(out, "password", password);
    if (config->database_host[0] != '\0') {
        add_option(out, "host", config->database_host);
        text_addf(out, "port = %d\nprotocol = tcp\n", config->database_port);
        if (config->database_ca_file[0] != '\0') {
            add_option(out, "ssl-ca", config->database_ca_file);
            text_puts(out, "ssl-verify-server-cert\n");
        }
    } else {
        add_option(out, "socket", config->database_socket);
    }
}

static bool write_all(int file, const char *data, size_t len)
{
    while (len > 0) {
        ssize_t done = write(file, data, len);
        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0)
            return false;
        data += done;
        len -= (size_t)done;
    }
    return true;
}

/* The options are in a file in memory: a command line and an environment can be seen by others. */
static enum err prepare(struct client *client, const struct config *config, struct text *problem)
{
    char password[SECRET_SIZE];
    struct text options = TEXT(OPTIONS_MAX);
    enum err rc = config_secret(config->database_owner_password_file, password, sizeof(password));

    *client = (struct client){.options = memfd_create("options", 0),
                              .said = memfd_create("said", MFD_CLOEXEC)};
    if (rc != ERR_OK) {
        config_secret_problem(config->database_owner_password_file, problem);
    } else {
        add_options(&options, config, password);
        /* A file that everybody may write would not be read. */
        if (options.full || client->said < 0 || fchmod(client->options, S_IRUSR | S_IWUSR) != 0 ||
            !write_all(client->options, text_string(&options), options.len))
            rc = ERR_IO;
    }
    explicit_bzero(password, sizeof(password));
    if (options.data != NULL)
        explicit_bzero(options.data, options.room);
    text_free(&options);
    return rc;
}

/* Starts `words` (a program, a place for the name of the option file, arguments, NULL). */
static enum err start(struct client *client, const char **words, int in, int out)
{
    snprintf(client->defaults, sizeof(client->defaults), "--defaults-file=/proc/self/fd/%d",
             client->options);
    words[1] = client->defaults;
    client->pid = fork();
    if (client->pid != 0)
        return client->pid > 0 ? ERR_OK : ERR_IO;
    if (dup2(in, STDIN_FILENO) >= 0 && dup2(out, STDOUT_FILENO) >= 0 &&
        dup2(client->said, STDERR_FILENO) >= 0)
        execvp(words[0], (char *const *)words);
    _exit(NOT_FOUND_STATUS);
}

/* Waits for the program, and says what it said where it failed. */
static enum err finish(struct client *client, const char *name, struct text *problem)
{
    char words[WORDS_MAX];
    int status = 0;

    while (waitpid(client->pid, &status, 0) < 0)
        if (errno != EINTR)
            return ERR_IO;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return ERR_OK;
    if (WIFEXITED(status) && WEXITSTATUS(status) == NOT_FOUND_STATUS) {
        text_addf(problem, "%s is not there: install the package mariadb-client", name);
        return ERR_CONFIG;
    }
    ssize_t len = pread(client->said, words, sizeof(words), 0);
    while (len > 0 && words[len - 1] == '\n')
        len--;
    text_addf(problem, "%s failed: ", name);
    for (ssize_t i = 0; i < len; i++)
        text_putc(problem, words[i] == '\n' ? ' ' : words[i]);
    return ERR_IO;
}

static void clean_up(struct client *client)
{
    if (client->options >= 0)
        close(client->options);
    if (client->said >= 0)
        close(client->said);
}

enum err dump_write(const struct config *config, int file, struct text *problem)
{
    /* No LOCK TABLES and no DROP TABLE in it: what it is restored into is empty and nobody else's. */
    const char *words[] = {"mariadb-dump",         NULL,
                           "--single-transaction", "--quick",
                           "--routines",           "--triggers",
                           "--hex-blob",           "--no-tablespaces",
                           "--skip-add-locks",     "--skip-add-drop-table",
                           "--skip-dump-date",     "--default-character-set=utf8mb4",
                           config->database_name,  NULL};
    struct client client;
    enum err rc = prepare(&client, config, problem);

    if (rc == ERR_OK)
        rc = start(&client, words, STDIN_FILENO, file);
    if (rc == ERR_OK)
        rc = finish(&client, words[0], problem);
    clean_up(&client);
    return rc;
}

/* Steps over `quoted` in backticks; NULL where there is none. */
static const char *skip_name(const char *at, const char *end)
{
    if (at >= end || *at != '`')
        return NULL;
    for (at++; at < end; at++) {
        if (*at != '`')
            continue;
        if (at + 1 == end || at[1] != '`')
            return at + 1;
        at++;
    }
    return NULL;
}

/* Where "DEFINER=`user`@`host`" stands in a line that makes something, and its end; NULL where there
 * is none. What is data never begins a line with CREATE. */
static const char *find_definer(const char *line, const char *end, const char **behind)
{
    static const char *const makes[] = {"CREATE ", "/*!50003 CREATE*/ "};

    for (size_t i = 0; i < sizeof(makes) / sizeof(makes[0]); i++) {
        size_t len = strlen(makes[i]);
        if ((size_t)(end - line) <= len || memcmp(line, makes[i], len) != 0)
            continue;
        const char *at = memmem(line, (size_t)(end - line), definer, strlen(definer));
        const char *host = at != NULL ? skip_name(at + strlen(definer), end) : NULL;
        if (host != NULL && host < end && *host == '@' &&
            (*behind = skip_name(host + 1, end)) != NULL)
            return at;
    }
    return NULL;
}

/* One line, as it is to be run here. */
static bool feed_line(int file, const char *line, const char *end)
{
    static const char alters[] = "ALTER DATABASE "; /* by name: the one that the dump is of */
    const char *behind, *at;

    if ((size_t)(end - line) > strlen(alters) && memcmp(line, alters, strlen(alters)) == 0)
        return true;
    at = find_definer(line, end, &behind);
    if (at == NULL)
        return write_all(file, line, (size_t)(end - line));
    return write_all(file, line, (size_t)(at - line)) &&
           write_all(file, behind, (size_t)(end - behind));
}

static bool feed(int file, const char *dump, size_t len)
{
    const char *end = dump + len;
    bool good = true;

    for (const char *line = dump; good && line < end;) {
        const char *newline = memchr(line, '\n', (size_t)(end - line));
        const char *next = newline != NULL ? newline + 1 : end;
        good = feed_line(file, line, next);
        line = next;
    }
    return good;
}

enum err dump_load(const struct config *config, const char *dump, size_t len, struct text *problem)
{
    const char *words[] = {"mariadb",
                           NULL,
                           "--batch",
                           "--binary-mode",
                           "--default-character-set=utf8mb4",
                           config->database_name,
                           NULL};
    const struct sigaction ignore = {.sa_handler = SIG_IGN};
    struct client client;
    int ends[2] = {-1, -1};
    enum err rc = prepare(&client, config, problem);

    if (rc == ERR_OK && pipe2(ends, O_CLOEXEC) != 0)
        rc = ERR_IO;
    if (rc == ERR_OK)
        rc = start(&client, words, ends[0], STDERR_FILENO);
    if (rc == ERR_OK) {
        sigaction(SIGPIPE, &ignore, NULL); /* it stops reading at the first error, and says which */
        close(ends[0]);
        ends[0] = -1;
        bool fed = feed(ends[1], dump, len);
        close(ends[1]);
        ends[1] = -1;
        rc = finish(&client, words[0], problem);
        rc = rc == ERR_OK && !fed ? ERR_IO : rc;
    }
    for (size_t i = 0; i < 2; i++)
        if (ends[i] >= 0)
            close(ends[i]);
    clean_up(&client);
    return rc;
}
