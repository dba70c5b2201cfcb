/* UUIDs. */
#include "base/id.h"

#include <string.h>

#include "tests/unit/unit.h"

static void test_round_trip(void)
{
    static const char *const rows[] = {
        "00000000-0000-0000-0000-000000000000",
        "dbf1dee9-4f2e-4a08-8cb7-748919a71b21",
        "ffffffff-ffff-ffff-ffff-ffffffffffff",
    };
    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        struct uuid id;
        char text[UUID_TEXT_SIZE];
        UNIT_CHECK(rows[i], uuid_parse(rows[i], strlen(rows[i]), &id));
        uuid_format(&id, text);
        UNIT_SAME(rows[i], text, rows[i]);
    }
}

static void test_bytes(void)
{
    struct uuid id;
    static const uint8_t expected[16] = {0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef,
                                         0xfe, 0xdc, 0xba, 0x98, 0x76, 0x54, 0x32, 0x10};
    UNIT_CHECK("capitals", uuid_parse("01234567-89AB-CDEF-FEDC-BA9876543210", 36, &id));
    UNIT_CHECK("capitals", memcmp(id.bytes, expected, sizeof(expected)) == 0);
}

static void test_refused(void)
{
    static const char *const rows[] = {
        "",
        "dbf1dee94f2e4a088cb7748919a71b21",
        "dbf1dee9-4f2e-4a08-8cb7-748919a71b2",
        "dbf1dee9-4f2e-4a08-8cb7-748919a71b211",
        "dbf1dee9-4f2e-4a08-8cb7-748919a71b2g",
        "{bf1dee9-4f2e-4a08-8cb7-748919a71b2}",
        "dbf1dee94-f2e-4a08-8cb7-748919a71b21",
        "dbf1dee9-4f2e-4a08-8cb7_748919a71b21",
        "dbf1dee9-4f2e-4a08-8cb7-748919a71b-1",
        " bf1dee9-4f2e-4a08-8cb7-748919a71b21",
    };
    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        struct uuid id = {.bytes = {42}};
        UNIT_CHECK(rows[i], !uuid_parse(rows[i], strlen(rows[i]), &id));
        UNIT_CHECK(rows[i], id.bytes[0] == 42);
    }
}

static const struct test_case cases[] = {
    {"text and back", test_round_trip},
    {"byte order", test_bytes},
    {"refused", test_refused},
    {NULL, NULL},
};
const struct test_suite suite_id = {.name = "id", .cases = cases};
