/* A page of a list while it is written. How many rows there are is known before the first of them, so that
 * a face may say it in front of the rows or behind. */
#ifndef FCGI_VIEWS_PAGE_H
#define FCGI_VIEWS_PAGE_H

#include <stddef.h>

#include "base/page.h"
#include "json/field.h"
#include "json/writer.h"

/* What lists by status are asked for. */
struct page_params {
    int64_t status;
    bool with_status;
    int64_t since;
    int64_t page;
};

/* Its rows; `choices` are the statuses. */
#define PAGE_FIELDS(choices_)                                                                 \
    {.name = "status",                                                                        \
     .type = FIELD_CHOICE,                                                                    \
     .offset = offsetof(struct page_params, status),                                          \
     .given_offset = offsetof(struct page_params, with_status),                               \
     .choices = (choices_)},                                                                  \
        {.name = "since", .type = FIELD_DATE, .offset = offsetof(struct page_params, since)}, \
    {                                                                                         \
        .name = "page", .type = FIELD_INT, .min = 1, .max = PAGE_MAX,                         \
        .offset = offsetof(struct page_params, page)                                          \
    }

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
