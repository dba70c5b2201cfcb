/* Lists that are shown page by page. */
#ifndef BASE_PAGE_H
#define BASE_PAGE_H

#include <stdint.h>

#define PAGE_MAX 1000000 /* the highest page that may be asked for */

/* Which page of how many. */
struct page {
    uint64_t records; /* rows in all */
    int64_t current;  /* from 1; may be past the last one */
    int64_t max;      /* the last one; 1 where there are no rows */
    int64_t size;     /* rows in a full page */
};

/* The page of that number.
 * records  rows in all
 * current  1 to PAGE_MAX
 * size     rows in a full page, at least 1 */
struct page page_of(uint64_t records, int64_t current, int64_t size);

/* Rows in front of the page. */
int64_t page_offset(const struct page *page);

#endif
