/* Which URLs are taken. */
#include <stdio.h>
#include <string.h>

#include "net/http.h"
#include "tests/unit/unit.h"

static void test_accepted(void)
{
    static const char *const rows[][2] = {
        {"http://shop.example/ipn.php", "shop.example:80"},
        {"https://shop.example/ipn.php?a=1&b[]=2", "shop.example:443"},
        {"HTTPS://Shop.Example", "shop.example:443"},
        {"http://shop.example:8080", "shop.example:8080"},
        {"http://shop.example:080/", "shop.example:80"},
        {"https://shop.example:65535?x", "shop.example:65535"},
        {"http://shop.example:1/", "shop.example:1"},
        {"http://my_shop.example/", "my_shop.example:80"},
        {"http://xn--bcher-kva.example/", "xn--bcher-kva.example:80"},
        {"http://intranet/", "intranet:80"},
        {"http://3com.example/", "3com.example:80"},
        {"http://a.b-c.d1/%7Ex/;v=1,2/(y)'*+!$@:~", "a.b-c.d1:80"},
        {"http://h/a?b=http://c@d/?e", "h:80"},
        {"http://8.8.8.8/", "8.8.8.8:80"},
        {"http://0x08.010.2056/", "8.8.8.8:80"},
        {"http://134744072/", "8.8.8.8:80"},
        {"http://127.1:81/", "127.0.0.1:81"},
        {"https://[2001:DB8:0:0:0:0:0:1]/", "[2001:db8::1]:443"},
        {"http://[::FFFF:8.8.8.8]:81", "[::ffff:8.8.8.8]:81"},
        {"http://[0:0:0:0:0:0:0:1]/", "[::1]:80"},
    };
    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        char endpoint[HTTP_ENDPOINT_SIZE];
        UNIT_CHECK(rows[i][0], http_url_check(rows[i][0], endpoint) == ERR_OK);
        UNIT_SAME(rows[i][0], endpoint, rows[i][1]);
    }
}

/* tests/net/ssrf_test.c has many more. */
static void test_refused(void)
{
    static const char *const rows[] = {
        "",
        "http",
        "http://",
        "https://",
        "http:///x",
        "http:/h/",
        "http:h",
        "//h/",
        "h/",
        "ftp://h/",
        "javascript:alert(1)",
        "data:,x",
        "file:///etc/passwd",
        "httpss://h/",
        " http://h/",
        "http://h/ ",
        "http://h/a b",
        "http://h/\t",
        "http://h/\r\nX: y",
        "http://h\x01/",
        "http://h/\x7f",
        "http://h\\/",
        "http://h/\\",
        "http://h/#",
        "http://h#/",
        "http://h/\"",
        "http://h/<",
        "http://h/>",
        "http://h/^",
        "http://h/`",
        "http://h/{x}",
        "http://h/|",
        "http://\xc3\xbc.example/",
        "http://h/\xc3\xbc",
        "http://u@h/",
        "http://u:p@h/",
        "http://@h/",
        "http://:80/",
        "http://h:/",
        "http://h:0/",
        "http://h:00000/",
        "http://h:65536/",
        "http://h:123456/",
        "http://h:-1/",
        "http://h:8o/",
        "http://h:80:80/",
        "http://h%2e/",
        "http://%68/",
        "http://h./",
        "http://.h/",
        "http://a..b/",
        "http://h.:80/",
        "http://-h/",
        "http://h-/",
        "http://a.-b.c/",
        "http://a b/",
        "http://a,b/",
        "http://a;b/",
        "http://a!/",
        "http://(a)/",
        "http://1.2.3.4.5/",
        "http://1.2.3.256/",
        "http://4294967296/",
        "http://a.1/",
        "http://a.0x1/",
        "http://a.0x/",
        "http://[::1/",
        "http://::1/",
        "http://[]/",
        "http://[:]/",
        "http://[::1%25lo]/",
        "http://[fe80::1%lo]/",
        "http://[1.2.3.4]/",
        "http://[::1]a/",
        "http://[::1]:/",
        "http://[::1]:0/",
        "http://[h]/",
        "http://[::12345]/",
    };
    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        char endpoint[HTTP_ENDPOINT_SIZE];
        UNIT_CHECK(rows[i], http_url_check(rows[i], endpoint) == ERR_URL);
        UNIT_SAME(rows[i], endpoint, "");
    }
}

/* Written by people; tests/http/v1_merchant.test.mjs has more. */
static void test_ascii(void)
{
    static const struct {
        const char *url;
        enum err rc;
        const char *ascii;
    } rows[] = {
        {"http://shop.example/a b%20?#", ERR_OK, "http://shop.example/a b%20?#"},
        {"HTTP://Shop.Example:80", ERR_OK, "HTTP://Shop.Example:80"},
        {"http://B\u00fccher.example:80/\u00fc?\u00e4", ERR_OK,
         "http://xn--bcher-kva.example:80/%C3%BC?%C3%A4"},
        {"http://stra\u00dfe.example", ERR_OK, "http://xn--strae-oqa.example"},
        {"http://\uff11\uff12\uff17.0.0.1/", ERR_OK, "http://127.0.0.1/"},
        {"http://a\u2100b/", ERR_URL_HOST, ""}, /* a/c in one character */
        {"http://\u00fc..example/", ERR_URL_HOST, ""},
        {"http://\u00fc@h/", ERR_URL_HOST, ""},
        {"http://\xff/", ERR_URL_HOST, ""},
        {"ftp://\u00fc/", ERR_URL, ""},
    };
    char out[HTTP_URL_SIZE], url[HTTP_URL_MAX + 10];
    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        UNIT_CHECK(rows[i].url, http_url_ascii(rows[i].url, out) == rows[i].rc);
        UNIT_SAME(rows[i].url, out, rows[i].ascii);
    }
    snprintf(url, sizeof(url), "http://h/%0*d\u00fc", HTTP_URL_MAX - 15, 0);
    UNIT_CHECK("2000 bytes", http_url_ascii(url, out) == ERR_OK && strlen(out) == HTTP_URL_MAX);
    snprintf(url, sizeof(url), "http://h/%0*d\u00fc", HTTP_URL_MAX - 14, 0);
    UNIT_CHECK("2001 bytes", http_url_ascii(url, out) == ERR_TOO_LONG);
}

static void test_lengths(void)
{
    char endpoint[HTTP_ENDPOINT_SIZE], url[HTTP_URL_MAX + 10], label[64];

    UNIT_CHECK("NULL", http_url_check(NULL, endpoint) == ERR_URL);
    memset(url, 'x', sizeof(url));
    memcpy(url, "http://h/", 9);
    url[HTTP_URL_MAX] = '\0';
    UNIT_CHECK("2000 bytes", http_url_check(url, endpoint) == ERR_OK);
    url[HTTP_URL_MAX] = 'x';
    url[HTTP_URL_MAX + 1] = '\0';
    UNIT_CHECK("2001 bytes", http_url_check(url, endpoint) == ERR_URL);

    memset(label, 'a', 63);
    label[63] = '\0';
    snprintf(url, sizeof(url), "http://%s/", label);
    UNIT_CHECK("label of 63", http_url_check(url, endpoint) == ERR_OK);
    snprintf(url, sizeof(url), "http://%sa/", label);
    UNIT_CHECK("label of 64", http_url_check(url, endpoint) == ERR_URL);
    snprintf(url, sizeof(url), "https://%s.%s.%s.%.61s:65535/", label, label, label, label);
    UNIT_CHECK("name of 253", http_url_check(url, endpoint) == ERR_OK);
    UNIT_CHECK("name of 253", strlen(endpoint) == 253 + 6);
    snprintf(url, sizeof(url), "https://%s.%s.%s.%.62s/", label, label, label, label);
    UNIT_CHECK("name of 254", http_url_check(url, endpoint) == ERR_URL);
}

static const struct test_case cases[] = {
    {"accepted", test_accepted},
    {"refused", test_refused},
    {"as people write them", test_ascii},
    {"lengths", test_lengths},
    {NULL, NULL},
};
const struct test_suite suite_net_url = {.name = "net url", .cases = cases};
