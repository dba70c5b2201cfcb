/* Which addresses may be called. */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/http.h"
#include "tests/unit/unit.h"

static bool allowed(const char *text, bool allow_loopback)
{
    uint8_t address[16];
    int family = strchr(text, ':') == NULL ? AF_INET : AF_INET6;
    if (inet_pton(family, text, address) != 1)
        abort();
    return http_address_allowed(family, address, allow_loopback);
}

/* First and last of each refused network, and their neighbours that are public. */
static void test_borders(void)
{
    static const struct {
        const char *before, *first, *last, *after; /* NULL: a refused network is beside it */
    } rows[] = {
        {NULL, "0.0.0.0", "0.255.255.255", "1.0.0.0"},
        {"9.255.255.255", "10.0.0.0", "10.255.255.255", "11.0.0.0"},
        {"100.63.255.255", "100.64.0.0", "100.127.255.255", "100.128.0.0"},
        {"126.255.255.255", "127.0.0.0", "127.255.255.255", "128.0.0.0"},
        {"168.63.129.15", "168.63.129.16", "168.63.129.16", "168.63.129.17"},
        {"169.253.255.255", "169.254.0.0", "169.254.255.255", "169.255.0.0"},
        {"172.15.255.255", "172.16.0.0", "172.31.255.255", "172.32.0.0"},
        {"191.255.255.255", "192.0.0.0", "192.0.0.255", "192.0.1.0"},
        {"192.0.1.255", "192.0.2.0", "192.0.2.255", "192.0.3.0"},
        {"192.88.98.255", "192.88.99.0", "192.88.99.255", "192.88.100.0"},
        {"192.167.255.255", "192.168.0.0", "192.168.255.255", "192.169.0.0"},
        {"198.17.255.255", "198.18.0.0", "198.19.255.255", "198.20.0.0"},
        {"198.51.99.255", "198.51.100.0", "198.51.100.255", "198.51.101.0"},
        {"203.0.112.255", "203.0.113.0", "203.0.113.255", "203.0.114.0"},
        {"223.255.255.255", "224.0.0.0", "255.255.255.255", NULL},
        {NULL, "::", "1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "2000::"},
        {"2000:ffff:ffff:ffff::", "2001::", "2001:1ff:ffff:ffff::1", "2001:200::"},
        {"2001:db7:ffff::", "2001:db8::", "2001:db8:ffff:ffff::1", "2001:db9::"},
        {"2001:ffff:ffff::", "2002::", "2002:ffff:ffff::1", "2003::"},
        {"3ffd:ffff::", "3ffe::", "3fff:fff:ffff::1", "3fff:1000::"},
        {"3fff:ffff::", "4000::", "ffff:ffff::1", NULL},
    };
    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        for (int loopback = 0; loopback < 2; loopback++) {
            bool is_loopback = loopback && strncmp(rows[i].first, "127", 3) == 0;
            UNIT_CHECK(rows[i].first, rows[i].before == NULL || allowed(rows[i].before, loopback));
            UNIT_CHECK(rows[i].first, allowed(rows[i].first, loopback) == is_loopback);
            UNIT_CHECK(rows[i].last, allowed(rows[i].last, loopback) == is_loopback);
            UNIT_CHECK(rows[i].last, rows[i].after == NULL || allowed(rows[i].after, loopback));
        }
    }
}

/* An IPv4 address inside an IPv6 one. */
static void test_embedded(void)
{
    static const struct {
        const char *address;
        bool expected, with_loopback;
    } rows[] = {
        {"::ffff:8.8.8.8", true, true},
        {"::ffff:127.0.0.1", false, true},
        {"::ffff:10.0.0.1", false, false},
        {"::ffff:169.254.169.254", false, false},
        {"::ffff:0.0.0.0", false, false},
        {"64:ff9b::8.8.8.8", true, true},
        {"64:ff9b::127.0.0.1", false, false},
        {"64:ff9b::192.168.0.1", false, false},
        {"64:ff9b:0:1::8.8.8.8", false, false},
        {"64:ff9b:1::8.8.8.8", false, false},
        {"::8.8.8.8", false, false},
        {"::127.0.0.1", false, false},
        {"::ffff:0:8.8.8.8", false, false},
        {"2002:808:808::1", false, false},
        {"2001:0:808:808::1", false, false},
        {"::1", false, true},
        {"::", false, false},
        {"::2", false, false},
        {"fe80::1", false, false},
        {"fec0::1", false, false},
        {"fd00:ec2::254", false, false},
        {"ff02::1", false, false},
        {"2606:4700::1111", true, true},
    };
    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        UNIT_CHECK(rows[i].address, allowed(rows[i].address, false) == rows[i].expected);
        UNIT_CHECK(rows[i].address, allowed(rows[i].address, true) == rows[i].with_loopback);
    }
    UNIT_CHECK("another family", !http_address_allowed(AF_UNIX, "/run/x.sock", true));
}

static const struct test_case cases[] = {
    {"borders", test_borders},
    {"embedded IPv4", test_embedded},
    {NULL, NULL},
};
const struct test_suite suite_net_address = {.name = "net address", .cases = cases};
