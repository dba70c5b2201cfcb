/* From a page's number to its rows. */
#include "base/page.h"

struct page page_of(uint64_t records, int64_t current, int64_t size)
{
    return (struct page){.records = records,
                         .current = current,
                         .max = records == 0 ? 1 : (int64_t)((records - 1) / (uint64_t)size) + 1,
                         .size = size};
}

int64_t page_offset(const struct page *page)
{
    return (page->current - 1) * page->size;
}
