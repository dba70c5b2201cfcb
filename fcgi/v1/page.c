/* The page object of v1, begun and ended. */
#include "fcgi/v1/page.h"

static void begin(struct writer *json, const struct page *page)
{
    writer_object(json, NULL);
    writer_digits(json, "records", (int64_t)page->records);
    writer_list(json, "result");
}

struct page_rows v1_page(struct reply *reply)
{
    return (struct page_rows){.writer = &reply->writer, .begin = begin};
}

void v1_page_end(struct page_rows *rows)
{
    struct writer *json = page_row(rows);
    writer_end(json);
    writer_int(json, "current_page", rows->page.current);
    writer_int(json, "max_page", rows->page.max);
    writer_int(json, "max_results", rows->page.size);
    writer_end(json);
}
