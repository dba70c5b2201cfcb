/* Comma-separated values. */
#include "tools/tellerctl/csv.h"

#include <string.h>

/* Whether a spreadsheet would take a cell for a formula. */
static bool is_formula(const char *cell)
{
    return cell[0] != '\0' && strchr("=+-@", cell[0]) != NULL;
}

size_t csv_cut(char *line, char *cells[], size_t most)
{
    size_t count = 0;
    char *from = line;

    line[strcspn(line, "\r\n")] = '\0';
    while (count < most) {
        bool quoted = *from == '"';
        char *to = from += quoted;
        cells[count++] = to;
        while (*from != '\0' && (quoted || *from != ',')) {
            if (quoted && *from == '"') {
                from++;
                if (*from != '"') {
                    quoted = false;
                    continue;
                }
            }
            *to++ = *from++;
        }
        bool last = *from == '\0';
        *to = '\0';
        if (cells[count - 1][0] == '\'' && is_formula(cells[count - 1] + 1))
            cells[count - 1]++;
        if (last)
            break;
        from++;
    }
    return count;
}

void csv_add(struct text *out, const char *cell)
{
    if (out->len > 0 && text_string(out)[out->len - 1] != '\n')
        text_putc(out, ',');
    text_puts(out, is_formula(cell) ? "\"'" : "\"");
    for (; *cell != '\0'; cell++) {
        if (*cell == '"')
            text_putc(out, '"');
        text_putc(out, *cell == '\n' || *cell == '\r' ? ' ' : *cell);
    }
    text_putc(out, '"');
}

void csv_end(struct text *out)
{
    text_putc(out, '\n');
}
