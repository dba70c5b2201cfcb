/* desk import: directions from a CSV file. */
#include <stdio.h>
#include <string.h>

#include "desk/operate.h"
#include "tools/tellerctl/csv.h"
#include "tools/tellerctl/ctl.h"
#include "tools/tellerctl/desk.h"

#define LINE_MAX_BYTES 8192

/* A CSV file under import: names of properties in its first line, the key first. */
struct import {
    struct ctl *ctl;
    char header[LINE_MAX_BYTES], line[LINE_MAX_BYTES];
    char *names[DESK_PROPERTIES_MAX + 1];
    size_t columns, number, made, changed;
};

/* One line; empty cells are left as they are. */
static int import_line(struct import *import)
{
    struct desk_property list[DESK_PROPERTIES_MAX];
    char *cells[DESK_PROPERTIES_MAX + 1];
    const char *field = NULL;
    char where[DESK_KEY_SIZE + 32];
    size_t count = 0;
    bool made = false;

    size_t cell_count = csv_cut(import->line, cells, DESK_PROPERTIES_MAX + 1);
    for (size_t i = 1; i < cell_count && i < import->columns; i++)
        if (cells[i][0] != '\0')
            list[count++] = (struct desk_property){import->names[i], cells[i]};
    enum err rc = desk_set(import->ctl->db, DESK_DIRECTIONS, cells[0], list, count, ctl_operator(),
                           &made, &field);
    if (made)
        import->made++;
    else
        import->changed++;
    snprintf(where, sizeof(where), "line %zu, %.*s", import->number, DESK_KEY_SIZE, cells[0]);
    return rc == ERR_OK ? CTL_DONE : desk_fail_property(import->ctl, rc, where, field);
}

static int import_file(struct import *import, FILE *file)
{
    int status = CTL_DONE;

    if (fgets(import->header, sizeof(import->header), file) == NULL)
        return ctl_fail_words(import->ctl, ERR_EMPTY, "the file is empty");
    import->columns = csv_cut(import->header, import->names, DESK_PROPERTIES_MAX + 1);
    if (strcmp(import->names[0], "direction") != 0)
        return ctl_fail_words(import->ctl, ERR_INVALID,
                              "the first line names the columns, of which the first is direction");
    import->number = 1;
    while (status == CTL_DONE && fgets(import->line, sizeof(import->line), file) != NULL) {
        import->number++;
        if (strchr(import->line, '\n') == NULL && !feof(file))
            return ctl_fail_words(import->ctl, ERR_TOO_LONG, "a line is too long");
        if (import->line[strspn(import->line, " \r\n")] != '\0')
            status = import_line(import);
    }
    return status;
}

int desk_import(struct ctl *ctl)
{
    static struct import import;
    FILE *file = fopen(ctl->args[0], "re");

    import = (struct import){.ctl = ctl};
    if (file == NULL)
        return ctl_fail(ctl, ERR_IO, ctl->args[0]);
    int status = ctl_connect(ctl) == ERR_OK ? import_file(&import, file) : CTL_FAILED;
    fclose(file);
    if (status != CTL_DONE)
        return status;
    struct writer *json = ctl_result(ctl);
    writer_object(json, NULL);
    writer_int(json, "made", (int64_t)import.made);
    writer_int(json, "changed", (int64_t)import.changed);
    writer_end(json);
    ctl_print(ctl);
    return CTL_DONE;
}
