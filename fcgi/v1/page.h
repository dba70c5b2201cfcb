/* The page object of the v1 face: {records, result, current_page, max_page, max_results}; records is text
 * (api exchange-v1, wallet/history). */
#ifndef FCGI_V1_PAGE_H
#define FCGI_V1_PAGE_H

#include "fcgi/server/reply.h"
#include "fcgi/views/page.h"

/* The rows of a page that is the value of a reply. */
struct page_rows v1_page(struct reply *reply);

/* Ends it, behind its last row. */
void v1_page_end(struct page_rows *rows);

#endif
