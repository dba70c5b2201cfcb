/* The configuration's reader: lines of INI into a typed struct, and what is wrong with them in
 * words. */
#include "base/config.h"

#include <errno.h>
#include <fcntl.h>
#include <ini.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LINE_MAX_BYTES 1000
#define NAME_MAX_BYTES 64 /* longer names are not compared with known ones */

enum type { TYPE_STRING, TYPE_BOOL, TYPE_INT };

/* The sections as they are written. */
#define SECTION_database "database"
#define SECTION_security "security"
#define SECTION_site "site"
#define SECTION_net "net"
#define SECTION_mail "mail"
#define SECTION_ipn "ipn"
#define SECTION_stream "stream"
#define SECTION_market "market"
#define SECTION_provider_ethereum "provider.ethereum"
#define SECTION_provider_bitcoin "provider.bitcoin"
#define SECTION_signer "signer"
#define SECTION_schema "schema"
#define SECTION_log "log"

/* The type column of a number's row, INT(least, most), as members of struct key. */
#define TYPE_INT(from, to) TYPE_INT, .least = (from), .most = (to)

static const struct key {
    const char *section;
    const char *name;
    enum type type;
    const char *fallback; /* NULL: must be set */
    size_t offset;        /* of the member in struct config */
    int least, most;      /* of TYPE_INT */
} keys[CONFIG_KEY_COUNT] = {
#define X(sect, key, kind, text)                          \
    [CONFIG_##sect##_##key] = {.section = SECTION_##sect, \
                               .name = #key,              \
                               .type = TYPE_##kind,       \
                               .fallback = text,          \
                               .offset = offsetof(struct config, sect##_##key)},
    CONFIG_KEYS(X)
#undef X
};

/* What the parser's callbacks share. */
struct reader {
    FILE *file;
    const char *path;
    unsigned line;
    struct config *config;
    struct text *problem;
    enum err rc;
};

static void *member_of(const struct config *config, const struct key *key)
{
    return (char *)(uintptr_t)config + key->offset;
}

static bool parse_bool(const char *value, bool *out)
{
    static const struct {
        const char *word;
        bool meaning;
    } words[] = {{"yes", true}, {"true", true},   {"1", true},
                 {"no", false}, {"false", false}, {"0", false}};
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (strcmp(value, words[i].word) == 0) {
            *out = words[i].meaning;
            return true;
        }
    }
    return false;
}

static bool parse_int(const struct key *key, const char *value, int *out)
{
    int64_t number;
    if (!text_to_number(value, key->least, key->most, &number))
        return false;
    *out = (int)number;
    return true;
}

/* Converts and stores one value. ERR_CONFIG where it has not the key's type. */
static enum err set_value(struct config *config, const struct key *key, const char *value)
{
    switch (key->type) {
    case TYPE_STRING: {
        char **member = member_of(config, key);
        *member = strdup(value);
        return *member == NULL ? ERR_NO_MEMORY : ERR_OK;
    }
    case TYPE_BOOL:
        return parse_bool(value, member_of(config, key)) ? ERR_OK : ERR_CONFIG;
    case TYPE_INT:
        return parse_int(key, value, member_of(config, key)) ? ERR_OK : ERR_CONFIG;
    }
    return ERR_INTERNAL;
}

/* Adds what a value of the key has to be. */
static void add_type(struct text *out, const struct key *key)
{
    switch (key->type) {
    case TYPE_STRING:
        text_puts(out, "text");
        break;
    case TYPE_BOOL:
        text_puts(out, "yes or no");
        break;
    case TYPE_INT:
        text_addf(out, "a whole number from %d to %d", key->least, key->most);
        break;
    }
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Edit distance (Levenshtein) of two names: changes, insertions and deletions of one character. */
static size_t distance(const char *a, const char *b)
{
    size_t row[NAME_MAX_BYTES + 1];
    size_t len = strlen(b);

    if (len > NAME_MAX_BYTES || strlen(a) > NAME_MAX_BYTES)
        return SIZE_MAX;
    for (size_t j = 0; j <= len; j++)
        row[j] = j;
    for (size_t i = 1; a[i - 1] != '\0'; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= len; j++) {
            size_t change = diagonal + (a[i - 1] != b[j - 1]);
            diagonal = row[j];
            row[j] = least(change, least(row[j], row[j - 1]) + 1);
        }
    }
    return row[len];
}

/* The known section, or key of the known `section`, that is most like `name`. */
static const char *nearest(const char *section, const char *name)
{
    const char *best = NULL;
    size_t best_distance = 0;
    for (size_t i = 0; i < CONFIG_KEY_COUNT; i++) {
        if (section != NULL && strcmp(keys[i].section, section) != 0)
            continue;
        const char *candidate = section == NULL ? keys[i].section : keys[i].name;
        size_t d = distance(name, candidate);
        if (best == NULL || d < best_distance) {
            best = candidate;
            best_distance = d;
        }
    }
    return best;
}

static bool is_section(const char *name)
{
    for (size_t i = 0; i < CONFIG_KEY_COUNT; i++)
        if (strcmp(keys[i].section, name) == 0)
            return true;
    return false;
}

static const struct key *find_key(const char *section, const char *name)
{
    for (size_t i = 0; i < CONFIG_KEY_COUNT; i++)
        if (strcmp(keys[i].section, section) == 0 && strcmp(keys[i].name, name) == 0)
            return &keys[i];
    return NULL;
}

/* Starts the first problem's text with its place; later ones follow from it and are dropped. */
static bool start_problem(struct reader *reader, enum err rc)
{
    if (reader->rc != ERR_OK)
        return false;
    reader->rc = rc;
    text_addf(reader->problem, "%s:%u: ", reader->path, reader->line);
    return true;
}

static void refuse_unknown(struct reader *reader, const char *section, const char *name)
{
    if (!start_problem(reader, ERR_CONFIG))
        return;
    if (section[0] == '\0')
        text_addf(reader->problem, "key \"%s\" stands before the first [section]", name);
    else if (!is_section(section))
        text_addf(reader->problem, "unknown section [%s], the nearest is [%s]", section,
                  nearest(NULL, section));
    else
        text_addf(reader->problem, "unknown key \"%s\" in [%s], the nearest is \"%s\"", name,
                  section, nearest(section, name));
}

/* inih calls this for each key; 0 stops the parser. */
static int on_key(void *arg, const char *section, const char *name, const char *value)
{
    struct reader *reader = arg;
    const struct key *key = find_key(section, name);

    if (key == NULL) {
        refuse_unknown(reader, section, name);
        return 0;
    }
    bool *seen = &reader->config->from_file[key - keys];
    if (*seen) {
        if (start_problem(reader, ERR_CONFIG))
            text_addf(reader->problem, "\"%s\" in [%s] is set twice", name, section);
        return 0;
    }
    enum err rc = set_value(reader->config, key, value);
    if (rc != ERR_OK) {
        if (start_problem(reader, rc)) {
            text_addf(reader->problem, "\"%s\" in [%s] should be ", name, section);
            add_type(reader->problem, key);
            text_addf(reader->problem, ", not \"%s\"", value);
        }
        return 0;
    }
    *seen = true;
    return 1;
}

/* fgets for inih that counts lines (the library keeps the number to itself) and refuses those that
 * it would split. */
static char *read_line(char *out, int size, void *arg)
{
    struct reader *reader = arg;

    if (reader->rc != ERR_OK || fgets(out, size, reader->file) == NULL)
        return NULL;
    reader->line++;
    if (strchr(out, '\n') == NULL && !feof(reader->file)) {
        if (start_problem(reader, ERR_CONFIG))
            text_addf(reader->problem, "the line is too long (at most %d bytes), or holds a NUL",
                      LINE_MAX_BYTES);
        return NULL;
    }
    return out;
}

/* The library's switches are process-wide; nothing else in the house uses it. */
static void set_up_inih(void)
{
    ini_use_stack = false; /* its lines on the stack end at 200 bytes */
    ini_allow_realloc = false;
    ini_initial_alloc = LINE_MAX_BYTES + 2; /* line end and NUL */
    ini_max_line = LINE_MAX_BYTES + 2;
    ini_allow_multiline = false;
    ini_allow_inline_comments = true;
    ini_allow_no_value = false;
    ini_stop_on_first_error = true;
}

static void parse_file(struct reader *reader)
{
    set_up_inih();
    int line = ini_parse_stream(read_line, reader, on_key, reader);
    if (line == -2) {
        if (start_problem(reader, ERR_NO_MEMORY))
            text_puts(reader->problem, "out of memory");
    } else if (line != 0 && start_problem(reader, ERR_CONFIG)) {
        text_puts(reader->problem, "neither [section], key=value nor a comment");
    } else if (ferror(reader->file) && start_problem(reader, ERR_CONFIG)) {
        text_puts(reader->problem, "cannot be read");
    }
}

/* Whether the file leaves a key without the value that it must have. */
static bool is_missing(const struct config *config, const struct key *key)
{
    if (key->fallback != NULL)
        return false;
    const char *const *member = member_of(config, key);
    return !config->from_file[key - keys] || (key->type == TYPE_STRING && (*member)[0] == '\0');
}

/* Names a key that must be set: the first after the file, further ones after a comma. */
static void add_missing(struct text *problem, const char *path, const struct key *key,
                        size_t before)
{
    if (before == 0)
        text_addf(problem, "%s: ", path);
    text_addf(problem, "%s\"%s\" in [%s]", before == 0 ? "" : ", ", key->name, key->section);
}

/* Gives every key that the file left out its default, and complains about all that have none, in one
 * sentence. */
static enum err fill_defaults(struct config *config, const char *path, struct text *problem)
{
    size_t missing = 0;
    enum err rc = ERR_OK;

    for (size_t i = 0; i < CONFIG_KEY_COUNT && rc == ERR_OK; i++)
        if (is_missing(config, &keys[i]))
            add_missing(problem, path, &keys[i], missing++);
        else if (!config->from_file[i])
            rc = set_value(config, &keys[i], keys[i].fallback);
    if (missing == 0 || rc != ERR_OK)
        return rc;
    text_puts(problem, " must be set");
    return ERR_CONFIG;
}

enum err config_load(const char *path, struct config *config, struct text *problem)
{
    *config = (struct config){0};
    text_clear(problem);
    if (path == NULL)
        path = getenv("TELLER_CONFIG");
    bool named = path != NULL && path[0] != '\0';
    if (!named)
        path = CONFIG_DEFAULT_PATH;
    struct reader reader = {
        .file = fopen(path, "re"), .path = path, .config = config, .problem = problem};
    if (reader.file == NULL) {
        text_addf(problem, "%s: %s%s", path, strerror(errno),
                  named ? "" : "; give --config FILE or set TELLER_CONFIG to name another file");
        return ERR_CONFIG;
    }
    parse_file(&reader);
    fclose(reader.file);
    return reader.rc != ERR_OK ? reader.rc : fill_defaults(config, path, problem);
}

void config_each(const struct config *config,
                 void (*row)(void *arg, const char *key, const char *value, const char *origin),
                 void *arg)
{
    char name[2 * NAME_MAX_BYTES], number[16];

    for (size_t i = 0; i < CONFIG_KEY_COUNT; i++) {
        const void *member = member_of(config, &keys[i]);
        const char *value = "";
        switch (keys[i].type) {
        case TYPE_STRING:
            value = *(const char *const *)member;
            break;
        case TYPE_BOOL:
            value = *(const bool *)member ? "yes" : "no";
            break;
        case TYPE_INT:
            snprintf(number, sizeof(number), "%d", *(const int *)member);
            value = number;
            break;
        }
        snprintf(name, sizeof(name), "%s.%s", keys[i].section, keys[i].name);
        row(arg, name, value, config->from_file[i] ? "file" : "default");
    }
}

void config_free(struct config *config)
{
    for (size_t i = 0; i < CONFIG_KEY_COUNT; i++)
        if (keys[i].type == TYPE_STRING)
            free(*(char **)member_of(config, &keys[i]));
    *config = (struct config){0};
}

/* Fills `out` from the file up to `size` bytes or its end; the number of bytes, or -1. */
static ssize_t read_all(int file, char *out, size_t size)
{
    size_t have = 0;
    while (have < size) {
        ssize_t got = read(file, out + have, size - have);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -1;
        if (got == 0)
            break;
        have += (size_t)got;
    }
    return (ssize_t)have;
}

enum err config_secret(const char *path, char *out, size_t size)
{
    struct stat info;
    enum err rc = ERR_CONFIG;
    int file = -1;

    memset(out, 0, size);
    if (path[0] == '\0')
        return ERR_OK;
    file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0 || fstat(file, &info) != 0 || (info.st_mode & S_IRWXO) != 0)
        goto out;
    ssize_t got = read_all(file, out, size);
    if (got < 0)
        goto out;
    char *end = memchr(out, '\n', (size_t)got);
    if (end == NULL && (size_t)got == size) /* no room for the NUL: the line may go on */
        goto out;
    size_t len = end == NULL ? (size_t)got : (size_t)(end - out);
    memset(out + len, 0, size - len);
    if (len > 0 && out[len - 1] == '\r')
        out[--len] = '\0';
    if (strlen(out) == len)
        rc = ERR_OK;
out:
    if (rc != ERR_OK)
        explicit_bzero(out, size);
    if (file >= 0)
        close(file);
    return rc;
}

void config_secret_problem(const char *path, struct text *problem)
{
    char first;
    struct stat info;
    int file = open(path, O_RDONLY | O_CLOEXEC);

    if (file < 0 || fstat(file, &info) != 0)
        text_addf(problem, "%s: cannot be read by user %d: %s", path, (int)geteuid(),
                  strerror(errno));
    else if ((info.st_mode & S_IRWXO) != 0)
        text_addf(problem, "%s: is open to others (mode %04o): chmod 600", path,
                  (unsigned)info.st_mode & 07777);
    else if (read(file, &first, 1) < 0)
        text_addf(problem, "%s: %s", path, strerror(errno));
    else
        text_addf(problem, "%s: its first line is not what is wanted", path);
    if (file >= 0)
        close(file);
}
