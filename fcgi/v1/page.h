/* The page object of the v1 face. */
#ifndef FCGI_V1_PAGE_H
#define FCGI_V1_PAGE_H

#include "base/page.h"
#include "fcgi/server/reply.h"

/* {records, result, current_page, max_page, max_results}; records is text.
 * result  a JSON array of the page's rows; the object takes it over
 * Gives an object that the caller owns. Source: api exchange-v1, wallet/history. */
struct json_object *v1_page(const struct page *page, struct json_object *result);

#endif
