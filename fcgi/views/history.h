/* Reading the parameters of a history and its lines: the same for v1 and the site. */
#ifndef FCGI_VIEWS_HISTORY_H
#define FCGI_VIEWS_HISTORY_H

#include "fcgi/server/reply.h"
#include "fcgi/server/request.h"
#include "fcgi/views/page.h"
#include "ledger/history.h"
#include "json/field.h"

/* What a history takes: currency (required), type, date_start, date_end, trade_id and page. */
extern const struct field_table history_params;

/* The same; without currency, all of them together. */
extern const struct field_table history_all_params;

/* The page of the caller's history that the request asks for. A date_end without a time of day means the
 * end of that day.
 * add   called with `rows` and each line, newest first; writes it as its face does
 * rows  where they go; out, which page it is
 * Errors: as fields_read, the field named; ERR_DB_AWAY, ERR_DB. */
MUST_USE enum err history_read(struct request *request,
                               void (*add)(void *rows, const struct ledger_line *line),
                               struct page_rows *rows);

/* The class of what a line is about, as the third-party clients know it ("Money_Ticket"), or NULL.
 * Static storage. */
const char *history_link_class(const struct ledger_line *line);

/* True for the line of money that came back to its owner, which v1 has no other word for than deposit. */
bool history_is_refund(const struct ledger_line *line);

#endif
