/* Pages of lists. */
#include "base/page.h"

#include "tests/unit/unit.h"

static void test_pages(void)
{
    static const struct {
        const char *name;
        uint64_t records;
        int64_t current, size, max, offset;
    } rows[] = {
        {"no rows: one empty page", 0, 1, 50, 1, 0},
        {"one row", 1, 1, 50, 1, 0},
        {"a full page", 50, 1, 50, 1, 0},
        {"one row more", 51, 2, 50, 2, 50},
        {"past the end", 51, 9, 50, 2, 400},
        {"pages of one row", 3, 3, 1, 3, 2},
        {"the highest page", 1, PAGE_MAX, 50, 1, 49999950},
    };
    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        struct page page = page_of(rows[i].records, rows[i].current, rows[i].size);
        UNIT_CHECK(rows[i].name, page.records == rows[i].records && page.size == rows[i].size);
        UNIT_CHECK(rows[i].name, page.current == rows[i].current && page.max == rows[i].max);
        UNIT_CHECK(rows[i].name, page_offset(&page) == rows[i].offset);
    }
}

static const struct test_case cases[] = {
    {"pages", test_pages},
    {NULL, NULL},
};
const struct test_suite suite_page = {.name = "page", .cases = cases};
