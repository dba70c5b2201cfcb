/* A page of a list while it is written. How many rows there are is known before the first of them, so that
 * a face may say it in front of the rows or behind. */
#ifndef FCGI_VIEWS_PAGE_H
#define FCGI_VIEWS_PAGE_H

#include "base/page.h"
#include "json/writer.h"

struct page_rows {
    struct writer *writer; /* in the list of the rows, once it has begun */
    /* Writes what stands in front of the rows, up to the beginning of their list; NULL where it is
     * written already. */
    void (*begin)(struct writer *writer, const struct page *page);
    struct page page; /* out of the domain's list, before its first row */
    bool begun;
};

/* Where the next row goes: an item of the list. After the last one it is called once more, so that the
 * list of a page without rows begins as well.
 * Returns rows->writer. */
struct writer *page_row(struct page_rows *rows);

/* Adds the members current_page, max_page and records, as the site's lists have them. */
void page_counts(struct writer *writer, const struct page *page);

#endif
