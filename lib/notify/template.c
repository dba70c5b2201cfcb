/* Reading and filling the templates of mails. */
#include "notify/template.h"

#include <ctype.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

static const char subject_word[] = "Subject: ";

/* A line of a template, without its end. */
struct line {
    const char *start;
    size_t len;
};

/* The line at *at, which moves behind it; false at the end. */
static bool next_line(const char **at, struct line *line)
{
    const char *end = strchr(*at, '\n');

    if (**at == '\0')
        return false;
    line->start = *at;
    line->len = end != NULL ? (size_t)(end - *at) : strlen(*at);
    *at += line->len + (end != NULL);
    return true;
}

/* The length of a name in braces at the start of the text, 0 where there is none. */
static size_t name_length(const char *text, size_t len)
{
    size_t name = 0;

    if (len < 3 || text[0] != '{')
        return 0;
    while (1 + name < len && (islower((unsigned char)text[1 + name]) || text[1 + name] == '_'))
        name++;
    return name > 0 && name <= TEMPLATE_NAME_MAX && 1 + name < len && text[1 + name] == '}' ? name
                                                                                            : 0;
}

static const struct template_value *find(const struct template_value *values, size_t count,
                                         const char *name, size_t len)
{
    for (size_t i = 0; i < count; i++)
        if (strlen(values[i].name) == len && memcmp(values[i].name, name, len) == 0)
            return &values[i];
    return NULL;
}

static void add_value(struct text *out, const char *value)
{
    for (; *value != '\0'; value++)
        text_putc(out, *value == '\n' || *value == '\r' ? ' ' : *value);
}

/* Adds a line with its values; without one of them nothing is added, and it gives false. */
static bool fill_line(struct text *out, struct line line, const struct template_value *values,
                      size_t count)
{
    struct text filled = TEXT(out->max);
    bool whole = true;

    for (size_t i = 0; i < line.len && whole;) {
        size_t name = name_length(line.start + i, line.len - i);
        if (name == 0) {
            text_putc(&filled, line.start[i++]);
            continue;
        }
        const struct template_value *value = find(values, count, line.start + i + 1, name);
        whole = value != NULL && value->value != NULL && value->value[0] != '\0';
        if (whole)
            add_value(&filled, value->value);
        i += name + 2;
    }
    if (whole)
        text_add(out, text_string(&filled), filled.len);
    out->full |= filled.full;
    text_free(&filled);
    return whole;
}

/* Says which name of the template nobody knows. */
static enum err check_names(const struct text *template, const struct template_value *names,
                            size_t count, struct text *problem)
{
    const char *text = text_string(template);

    for (size_t i = 0; i < template->len; i++) {
        size_t name = name_length(text + i, template->len - i);
        if (name > 0 && find(names, count, text + i + 1, name) == NULL) {
            text_addf(problem, "{%.*s} means nothing; there are", (int)name, text + i + 1);
            for (size_t n = 0; n < count; n++)
                text_addf(problem, " {%s}", names[n].name);
            return ERR_CONFIG;
        }
    }
    return ERR_OK;
}

static enum err check(const struct text *template, const struct template_value *names, size_t count,
                      struct text *problem)
{
    const char *at = text_string(template);
    struct line subject, empty;

    if (!text_is_utf8(at, template->len)) {
        text_puts(problem, "not UTF-8");
        return ERR_CONFIG;
    }
    if (!next_line(&at, &subject) || subject.len < sizeof(subject_word) ||
        memcmp(subject.start, subject_word, sizeof(subject_word) - 1) != 0 ||
        !next_line(&at, &empty) || empty.len != 0) {
        text_puts(problem, "the first line has to be \"Subject: ...\", the second one empty");
        return ERR_CONFIG;
    }
    return check_names(template, names, count, problem);
}

/* Reads a whole file. ERR_IO, ERR_TOO_LARGE. */
static enum err read_file(const char *path, struct text *out)
{
    char buffer[4096];
    ssize_t got;
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return ERR_IO;
    while ((got = read(fd, buffer, sizeof(buffer))) > 0)
        text_add(out, buffer, (size_t)got);
    close(fd);
    return got < 0 ? ERR_IO : out->full ? ERR_TOO_LARGE : ERR_OK;
}

enum err template_read(const char *path, const struct template_value *names, size_t count,
                       struct text *out, struct text *problem)
{
    text_clear(out);
    text_addf(problem, "%s: ", path);
    enum err rc = read_file(path, out);
    if (rc == ERR_OK)
        return check(out, names, count, problem);
    text_puts(problem, rc == ERR_IO ? "cannot be read" : "too long");
    return ERR_CONFIG;
}

void template_fill(const struct text *template, const struct template_value *values, size_t count,
                   struct text *subject, struct text *body)
{
    const char *at = text_string(template);
    struct line line;

    text_clear(subject);
    text_clear(body);
    if (next_line(&at, &line)) {
        line.start += sizeof(subject_word) - 1;
        line.len -= sizeof(subject_word) - 1;
        (void)fill_line(subject, line, values, count);
    }
    (void)next_line(&at, &line);
    while (next_line(&at, &line))
        if (fill_line(body, line, values, count))
            text_putc(body, '\n');
}
