/* Address lists. */
#include "identity/networks.h"

#include <string.h>

#include "tests/unit/unit.h"

#define MAX_ITEMS 4

static void test_normalise(void)
{
    static const struct {
        const char *list, *expected; /* NULL: refused */
    } rows[] = {
        {"", ""},
        {"  ", ""},
        {"192.0.2.7", "192.0.2.7"},
        {"192.0.2.7/32", "192.0.2.7"},
        {"10.1.2.3/8", "10.0.0.0/8"},
        {"10.1.2.3/0", "0.0.0.0/0"},
        {"255.255.255.255/31", "255.255.255.254/31"},
        {" 10.0.0.0/8 ,  ::1 ", "10.0.0.0/8,::1"},
        {"2001:DB8:0:0::1/32", "2001:db8::/32"},
        {"2001:db8::ffff/127", "2001:db8::fffe/127"},
        {"::/0", "::/0"},
        {"::ffff:192.0.2.7", "192.0.2.7"},
        {"::ffff:192.0.2.7/104", "192.0.0.0/8"},
        {"::ffff:0:0/95", "::fffe:0:0/95"},
        {"1.1.1.1,2.2.2.2,3.3.3.3,4.4.4.4", "1.1.1.1,2.2.2.2,3.3.3.3,4.4.4.4"},
        {"1.1.1.1,2.2.2.2,3.3.3.3,4.4.4.4,5.5.5.5", NULL},
        {"192.0.2.7/33", NULL},
        {"192.0.2.7/-1", NULL},
        {"192.0.2.7/", NULL},
        {"192.0.2.7/08", NULL},
        {"192.0.2.7/8 ", "192.0.0.0/8"},
        {"192.0.2.7/8/8", NULL},
        {"192.0.2.7/ 8", NULL},
        {"::1/129", NULL},
        {"::1/0000000001", NULL},
        {"192.0.2", NULL},
        {"192.0.2.256", NULL},
        {"192.0.2.07", NULL},
        {"localhost", NULL},
        {"fe80::1%eth0", NULL},
        {"192.0.2.7,", NULL},
        {",192.0.2.7", NULL},
        {"192.0.2.7;192.0.2.8", NULL},
        {"192.0.2.7 192.0.2.8", NULL},
        {"192.0.2.7\n", NULL},
        {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", NULL},
    };
    char out[128];
    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        bool ok = networks_normalise(rows[i].list, MAX_ITEMS, out, sizeof(out));
        UNIT_CHECK(rows[i].list, ok == (rows[i].expected != NULL));
        if (ok && rows[i].expected != NULL)
            UNIT_SAME(rows[i].list, out, rows[i].expected);
    }
}

static void test_room(void)
{
    char out[16];
    UNIT_CHECK("just fits", networks_normalise("192.168.100.100", 1, out, 16));
    UNIT_CHECK("one byte short", !networks_normalise("192.168.100.100", 1, out, 15));
    UNIT_CHECK("second item", !networks_normalise("1.1.1.1,192.0.2.100", 2, out, 16));
}

static void test_hold(void)
{
    static const struct {
        const char *list, *address;
        bool expected;
    } rows[] = {
        {"", "192.0.2.7", true},
        {"", "anything", true},
        {"192.0.2.7", "192.0.2.7", true},
        {"192.0.2.7", "192.0.2.8", false},
        {"192.0.2.7", "::ffff:192.0.2.7", true},
        {"10.0.0.0/8", "10.255.255.255", true},
        {"10.0.0.0/8", "11.0.0.0", false},
        {"10.0.0.0/8", "9.255.255.255", false},
        {"10.0.0.0/9", "10.128.0.0", false},
        {"0.0.0.0/0", "203.0.113.9", true},
        {"0.0.0.0/0", "2001:db8::1", false},
        {"::/0", "2001:db8::1", true},
        {"::1,192.0.2.0/24", "192.0.2.200", true},
        {"::1,192.0.2.0/24", "::1", true},
        {"::1,192.0.2.0/24", "::2", false},
        {"2001:db8::/33", "2001:db8:7fff::1", true},
        {"2001:db8::/33", "2001:db8:8000::1", false},
        {"192.0.2.7", "", false},
        {"192.0.2.7", "unix:", false},
        {"192.0.2.7", "192.0.2.7 ", false},
        {"192.0.2.7,broken", "192.0.2.7", false},
    };
    for (size_t i = 0; i < TEST_COUNT(rows); i++)
        UNIT_CHECK(rows[i].address,
                   networks_hold(rows[i].list, rows[i].address) == rows[i].expected);
}

static const struct test_case cases[] = {
    {"one form", test_normalise},
    {"room", test_room},
    {"address in list", test_hold},
    {NULL, NULL},
};
const struct test_suite suite_networks = {.name = "networks", .cases = cases};
