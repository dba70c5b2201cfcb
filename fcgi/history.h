/* Reading the parameters of a history and writing its lines: the same for v1 and the site. */
#ifndef FCGI_HISTORY_H
#define FCGI_HISTORY_H

#include "fcgi/request.h"
#include "ledger/ledger.h"

#define HISTORY_PAGE_MAX 1000000 /* the highest page that may be asked for */

/* Reads currency (required), type, date_start, date_end and page into `out`. A date_end without a
 * time of day means the end of that day. Errors as fields_read, the field named. */
MUST_USE enum err history_read_filter(struct request *request, struct ledger_filter *out);

/* The class of what a line is about, as the third-party clients know it ("Money_Ticket"), or NULL. */
const char *history_link_class(const struct ledger_line *line);

#endif
