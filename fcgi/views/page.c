/* Counting the rows of a page while they are written. */
#include "fcgi/views/page.h"

struct writer *page_row(struct page_rows *rows)
{
    if (!rows->begun && rows->begin != NULL)
        rows->begin(rows->writer, &rows->page);
    rows->begun = true;
    return rows->writer;
}

void page_counts(struct writer *writer, const struct page *page)
{
    writer_int(writer, "current_page", page->current);
    writer_int(writer, "max_page", page->max);
    writer_int(writer, "records", (int64_t)page->records);
}
