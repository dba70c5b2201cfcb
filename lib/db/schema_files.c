/* Reads the files of the schema. */
#include "db/schema_files.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SCRIPT_MAX (1 << 20) /* bytes of one file */
#define PATH_MAX_LEN 1024

void scripts_free(struct scripts *scripts)
{
    for (size_t i = 0; i < scripts->count; i++) {
        free(scripts->list[i].name);
        text_free(&scripts->list[i].sql);
    }
    free(scripts->list);
    *scripts = (struct scripts){0};
}

bool script_is_code(const struct script *script)
{
    return strncmp(script->name, "procedures/", strlen("procedures/")) == 0;
}

static int by_name(const void *a, const void *b)
{
    const struct script *left = a, *right = b;
    if (script_is_code(left) != script_is_code(right))
        return script_is_code(left) ? 1 : -1;
    return strcmp(left->name, right->name);
}

static enum err read_file(const char *path, struct text *out)
{
    char block[8192];
    size_t got;
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return ERR_CONFIG;
    while ((got = fread(block, 1, sizeof(block), file)) > 0)
        text_add(out, block, got);
    bool broken = ferror(file) != 0;
    fclose(file);
    return broken || out->full ? ERR_CONFIG : ERR_OK;
}

static enum err add_script(struct scripts *scripts, const char *directory, const char *prefix,
                           const char *file, struct text *problem)
{
    char path[PATH_MAX_LEN], name[PATH_MAX_LEN];
    if (snprintf(path, sizeof(path), "%s/%s%s", directory, prefix, file) >= (int)sizeof(path))
        return ERR_CONFIG;
    snprintf(name, sizeof(name), "%s%s", prefix, file);

    struct script *list = realloc(scripts->list, (scripts->count + 1) * sizeof(*list));
    if (list == NULL)
        return ERR_NO_MEMORY;
    scripts->list = list;
    struct script *script = &list[scripts->count];
    *script = (struct script){.name = strdup(name), .sql = TEXT(SCRIPT_MAX)};
    if (script->name == NULL)
        return ERR_NO_MEMORY;
    scripts->count++;
    enum err rc = read_file(path, &script->sql);
    if (rc != ERR_OK)
        text_addf(problem, "cannot read %s", path);
    crypto_sha256(text_string(&script->sql), script->sql.len, script->sha256);
    return rc;
}

static enum err read_directory(struct scripts *scripts, const char *directory, const char *prefix,
                               struct text *problem)
{
    char path[PATH_MAX_LEN];
    enum err rc = ERR_OK;

    if (snprintf(path, sizeof(path), "%s/%s", directory, prefix) >= (int)sizeof(path))
        return ERR_CONFIG;
    DIR *dir = opendir(path);
    if (dir == NULL) {
        text_addf(problem, "cannot read the directory %s", path);
        return ERR_CONFIG;
    }
    for (struct dirent *item; rc == ERR_OK && (item = readdir(dir)) != NULL;) {
        size_t len = strlen(item->d_name);
        if (len > 4 && strcmp(item->d_name + len - 4, ".sql") == 0)
            rc = add_script(scripts, directory, prefix, item->d_name, problem);
    }
    closedir(dir);
    return rc;
}

enum err scripts_read(struct scripts *scripts, const char *directory, struct text *problem)
{
    enum err rc = read_directory(scripts, directory, "", problem);
    if (rc == ERR_OK)
        rc = read_directory(scripts, directory, "procedures/", problem);
    if (rc == ERR_OK && scripts->count > 0)
        qsort(scripts->list, scripts->count, sizeof(*scripts->list), by_name);
    return rc;
}

/* Steps behind `word` where the text begins with it. */
static bool skip_word(const char **at, const char *word)
{
    size_t len = strlen(word);

    if (strncmp(*at, word, len) != 0)
        return false;
    *at += len;
    return true;
}

/* Whether the file drops it again further down: a helper of its own. */
static bool is_dropped(const char *rest, const struct routine_name *name)
{
    char drop[ROUTINE_NAME_SIZE + 32];

    snprintf(drop, sizeof(drop), "\nDROP %s %s;", name->function ? "FUNCTION" : "PROCEDURE",
             name->name);
    return strstr(rest, drop) != NULL;
}

bool script_next_routine(const char **at, struct routine_name *out)
{
    const char *line = *at;

    for (; line != NULL; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (!skip_word(&line, "CREATE OR REPLACE "))
            continue;
        out->function = skip_word(&line, "FUNCTION ");
        if (!out->function && !skip_word(&line, "PROCEDURE "))
            continue;
        size_t len = strcspn(line, "(< \n");
        out->family = line[len] == '<';
        if (len >= sizeof(out->name))
            continue;
        memcpy(out->name, line, len);
        out->name[len] = '\0';
        if (is_dropped(line, out))
            continue;
        *at = line;
        return true;
    }
    return false;
}

bool script_next_trigger(const char **at, struct trigger_text *out)
{
    static const char create[] = "\nCREATE TRIGGER ";
    const char *line = strstr(*at, create);

    if (line == NULL)
        return false;
    const char *name = line + strlen(create), *end = strchr(name, '\n');
    size_t len = strcspn(name, " \n");
    while (end != NULL && end[1] == ' ')
        end = strchr(end + 1, '\n');
    if (end == NULL)
        end = name + strlen(name);
    snprintf(out->name, sizeof(out->name), "%.*s", (int)len, name);
    out->body = line + strlen("\nCREATE ");
    out->len = (size_t)(end - out->body);
    *at = end;
    return true;
}

bool scripts_drop_trigger(const struct scripts *scripts, size_t from, const char *name)
{
    char drop[ROUTINE_NAME_SIZE + 32];

    snprintf(drop, sizeof(drop), "\nDROP TRIGGER %s;", name);
    for (size_t i = from + 1; i < scripts->count; i++)
        if (strstr(text_string(&scripts->list[i].sql), drop) != NULL)
            return true;
    return false;
}
