/* Comma-separated values (RFC 4180), a line at a time. A cell that a spreadsheet would take for a formula has an
 * apostrophe in front of it, which is taken off when it is read. */
#ifndef TELLERCTL_CSV_H
#define TELLERCTL_CSV_H

#include <stddef.h>

#include "base/text.h"

/* Cuts a line, without line breaks inside, into its cells, in place. Gives how many, at most `most`: what is
 * behind them is left out. */
size_t csv_cut(char *line, char *cells[], size_t most);

/* Adds a cell in quotation marks, with a comma before it unless it is the first of its
 * line; line breaks become spaces. */
void csv_add(struct text *out, const char *cell);

/* Ends the line. */
void csv_end(struct text *out);

#endif
