/* The demo shop's book on disk. */
#include "tools/demo/shop_book.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/encode.h"

#define LINE_MAX_BYTES (32 * 1024)

/* Decodes a form-encoded part into `to`, which has room for it. Gives the number of bytes. */
static size_t decode(const char *from, size_t len, char *to)
{
    size_t out = 0;
    for (size_t i = 0; i < len; i++) {
        if (from[i] == '%' && i + 2 < len && hex_decode(from + i + 1, 2, to + out, 1)) {
            i += 2;
            out++;
        } else {
            to[out++] = from[i] == '+' ? ' ' : from[i];
        }
    }
    return out;
}

/* The fields of a form-encoded body as an object. */
static struct json_object *parse(const char *body, size_t len)
{
    struct json_object *fields = json_object_new_object();
    char *name = malloc(len + 1), *value = malloc(len + 1);

    for (size_t at = 0; name != NULL && value != NULL && at < len;) {
        const char *part = body + at;
        const char *next = memchr(part, '&', len - at);
        size_t part_len = next != NULL ? (size_t)(next - part) : len - at;
        const char *equals = memchr(part, '=', part_len);
        size_t name_len = equals != NULL ? (size_t)(equals - part) : part_len;
        name[decode(part, name_len, name)] = '\0';
        if (equals != NULL && *name != '\0') {
            size_t value_len = decode(equals + 1, part_len - name_len - 1, value);
            json_object_object_add(fields, name, json_object_new_string_len(value, (int)value_len));
        }
        at += part_len + 1;
    }
    free(name);
    free(value);
    return fields;
}

static const char *member(struct json_object *object, const char *name)
{
    struct json_object *value = NULL;
    return json_object_object_get_ex(object, name, &value) ? json_object_get_string(value) : "";
}

/* Calls `row` with each line's object. */
static void each_line(FILE *file, void (*row)(void *arg, struct json_object *line), void *arg)
{
    char line[LINE_MAX_BYTES];
    while (fgets(line, sizeof line, file) != NULL) {
        struct json_object *object = json_tokener_parse(line);
        if (object != NULL)
            row(arg, object);
        json_object_put(object);
    }
}

/* What the book holds already about one notification. */
struct known {
    const char *aonce;
    int refused;
    bool entered;
};

static void look(void *arg, struct json_object *line)
{
    struct known *known = arg;
    if (strcmp(member(line, "aonce"), known->aonce) != 0)
        return;
    if (json_object_object_get_ex(line, "refused", NULL))
        known->refused++;
    else
        known->entered = true;
}

/* One line, on the disk before we say so. */
static bool append(FILE *file, struct json_object *line)
{
    const char *text = json_object_to_json_string_ext(line, JSON_C_TO_STRING_PLAIN);
    return strlen(text) + 2 < LINE_MAX_BYTES && fseek(file, 0, SEEK_END) == 0 &&
           fprintf(file, "%s\n", text) > 0 && fflush(file) == 0 && fsync(fileno(file)) == 0;
}

bool shop_book_enter(const char *path, const char *body, size_t len, int refusals, bool *accepted)
{
    struct json_object *fields = parse(body, len);
    struct known known = {.aonce = member(fields, "aonce")};
    bool good = false;
    int descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    FILE *file = descriptor >= 0 ? fdopen(descriptor, "r+") : NULL;

    if (file == NULL || known.aonce[0] == '\0' || member(fields, "id")[0] == '\0' ||
        member(fields, "status")[0] == '\0' || flock(descriptor, LOCK_EX) != 0)
        goto out;
    each_line(file, look, &known);
    *accepted = known.entered || known.refused >= refusals;
    if (!*accepted) {
        struct json_object *refusal = json_object_new_object();
        json_object_object_add(refusal, "refused", json_object_new_int(known.refused + 1));
        json_object_object_add(refusal, "aonce", json_object_new_string(known.aonce));
        good = append(file, refusal);
        json_object_put(refusal);
    } else {
        good = known.entered || append(file, fields);
    }
out:
    if (file != NULL)
        fclose(file); /* lets go of the lock as well */
    else if (descriptor >= 0)
        close(descriptor);
    json_object_put(fields);
    return good;
}

struct search {
    const char *data;
    struct json_object *found;
};

static void collect(void *arg, struct json_object *line)
{
    struct search *search = arg;
    if (strcmp(member(line, "data"), search->data) == 0)
        json_object_array_add(search->found, json_object_get(line));
}

struct json_object *shop_book_find(const char *path, const char *data)
{
    struct search search = {.data = data, .found = json_object_new_array()};
    FILE *file = fopen(path, "re");
    if (file != NULL) {
        each_line(file, collect, &search);
        fclose(file);
    }
    return search.found;
}
