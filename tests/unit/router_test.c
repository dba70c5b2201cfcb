/* Paths: decoding, normalising, and which row they lead to. */
#include "fcgi/server/router.h"

#include <stdio.h>
#include <string.h>

#include "tests/unit/unit.h"

static void test_path(void)
{
    static const struct {
        const char *raw, *path; /* NULL: refused */
    } rows[] = {
        {"/", "/"},
        {"/a/b", "/a/b"},
        {"/a/b/", "/a/b"},
        {"/a%2Db", "/a-b"},
        {"/a/%7bx%7D", "/a/{x}"},
        {"/\xc3\xa9", "/\xc3\xa9"},
        {"/%c3%a9", "/\xc3\xa9"},
        {"/api/1/generic/private/info/", "/api/1/generic/private/info"},
        {"/a/...", "/a/..."},
        {"", NULL},
        {"a", NULL},
        {"//", NULL},
        {"/a//b", NULL},
        {"/a/b//", NULL},
        {"/a/.", NULL},
        {"/a/../b", NULL},
        {"/a/%2e%2e/b", NULL},
        {"/a%2fb", NULL},
        {"/a%2Fb", NULL},
        {"/a\\b", NULL},
        {"/a%5cb", NULL},
        {"/a%00", NULL},
        {"/a%0a", NULL},
        {"/a\x7f", NULL},
        {"/a%7f", NULL},
        {"/a%", NULL},
        {"/a%4", NULL},
        {"/a%zz", NULL},
        {"/%ff", NULL},
        {"/%c0%af", NULL},
    };
    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        char out[64];
        bool good = router_path(rows[i].raw, strlen(rows[i].raw), false, out);
        UNIT_SAME(rows[i].raw, good ? out : "refused",
                  rows[i].path == NULL ? "refused" : rows[i].path);
    }
    char raw[ROUTER_MAX_PATH + 2], out[ROUTER_MAX_PATH + 3];
    memset(raw, 'a', sizeof(raw));
    raw[0] = '/';
    UNIT_CHECK("longest", router_path(raw, ROUTER_MAX_PATH, false, out));
    UNIT_CHECK("too long", !router_path(raw, ROUTER_MAX_PATH + 1, false, out));
}

static void test_merged(void)
{
    static const struct {
        const char *raw, *path; /* NULL: refused */
    } rows[] = {
        {"/a//b", "/a/b"}, {"//a///b//", "/a/b"}, {"//", "/"},
        {"/a/b", "/a/b"},  {"/a//../b", NULL},    {"/a%2f/b", NULL},
    };
    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        char out[64];
        bool good = router_path(rows[i].raw, strlen(rows[i].raw), true, out);
        UNIT_SAME(rows[i].raw, good ? out : "refused",
                  rows[i].path == NULL ? "refused" : rows[i].path);
    }
}

static enum err handler(struct request *request, struct reply *reply)
{
    (void)request;
    (void)reply;
    return ERR_OK;
}

#define ROW(verbs, pattern)                                                                  \
    {                                                                                        \
        .methods = (verbs), .path = (pattern), .auth = &auth_public, .effect = EFFECT_READS, \
        .handler = handler, .help = "test"                                                   \
    }

static const struct route rows[] = {
    ROW(METHOD_GET, "/keys"),
    ROW(METHOD_POST, "/keys"),
    ROW(METHOD_POST, "/keys/{key}"),
    ROW(METHOD_DELETE, "/keys/{key}"),
    ROW(METHOD_POST, "/tickets/{ticket}/cancel"),
    ROW(METHOD_GET | METHOD_POST, "/tickets/all/cancel"),
    ROW(METHOD_GET, "/api/1/{scope}/ticker"),
    ROW(METHOD_GET, "/{a}/{b}/{c}/{d}"),
    ROW(METHOD_GET, "/rates/{id}.xml"),
    ROW(METHOD_GET, "/rates/ab-{id}"),
    ROW(METHOD_GET, "/rate_card{id}"),
};
static const struct route_table table = {.rows = rows, .count = TEST_COUNT(rows)};
static struct router router;

static void test_find(void)
{
    static const struct {
        unsigned method;
        const char *path;
        int row; /* index, or -1 */
        unsigned allowed;
        const char *capture; /* the first */
    } finds[] = {
        {METHOD_GET, "/keys", 0, METHOD_GET, NULL},
        {METHOD_POST, "/keys", 1, METHOD_POST, NULL},
        {METHOD_DELETE, "/keys", -1, METHOD_GET | METHOD_POST, NULL},
        {0, "/keys", -1, METHOD_GET | METHOD_POST, NULL},
        {METHOD_DELETE, "/keys/k1", 3, METHOD_DELETE, "k1"},
        {METHOD_GET, "/keys/k1", -1, METHOD_POST | METHOD_DELETE, NULL},
        {METHOD_POST, "/tickets/t/cancel", 4, METHOD_POST, "t"},
        {METHOD_POST, "/tickets/all/cancel", 5, METHOD_GET | METHOD_POST, NULL},
        {METHOD_GET, "/api/1/BTCUSD/ticker", 6, METHOD_GET, "BTCUSD"},
        {METHOD_GET, "/w/x/y/z", 7, METHOD_GET, "w"},
        {METHOD_GET, "/rates/7.xml", 8, METHOD_GET, "7"},
        {METHOD_GET, "/rates/a.xml.xml", 8, METHOD_GET, "a.xml"},
        {METHOD_GET, "/rates/ab-7", 9, METHOD_GET, "7"},
        {METHOD_GET, "/rates/ab-7.xml", 8, METHOD_GET, "ab-7"},
        {METHOD_GET, "/rate_card:all", 10, METHOD_GET, ":all"},
        {METHOD_GET, "/rates/.xml", -1, 0, NULL},
        {METHOD_GET, "/rates/ab-", -1, 0, NULL},
        {METHOD_GET, "/rates/7.XML", -1, 0, NULL},
        {METHOD_GET, "/rate_card", -1, 0, NULL},
        {METHOD_GET, "/", -1, 0, NULL},
        {METHOD_GET, "/key", -1, 0, NULL},
        {METHOD_GET, "/keysx", -1, 0, NULL},
        {METHOD_GET, "/tickets/t", -1, 0, NULL},
        {METHOD_POST, "/tickets/t/cancel/x/y", -1, 0, NULL},
    };
    const char *problem;
    const struct route *row;
    UNIT_CHECK("table", router_add(&router, NULL, &table, &problem, &row) == ERR_OK);
    for (size_t i = 0; i < TEST_COUNT(finds); i++) {
        struct router_result result;
        router_find(&router, NULL, finds[i].method, finds[i].path, &result);
        const struct route *expected = finds[i].row < 0 ? NULL : &rows[finds[i].row];
        UNIT_CHECK(finds[i].path, result.route == expected);
        UNIT_CHECK(finds[i].path, expected != NULL ? (result.allowed & finds[i].allowed) != 0
                                                   : result.allowed == finds[i].allowed);
        UNIT_CHECK(finds[i].path, (result.capture_count > 0) == (finds[i].capture != NULL));
        if (finds[i].capture != NULL)
            UNIT_CHECK(finds[i].path, result.captures[0].len == strlen(finds[i].capture) &&
                                          memcmp(result.captures[0].value, finds[i].capture,
                                                 result.captures[0].len) == 0);
    }
    router_free(&router);
}

static const struct auth somebody = {.name = "somebody"};

static void test_bad_rows(void)
{
    static const struct {
        const char *name;
        struct route row;
    } bad[] = {
        {"relative path", ROW(METHOD_GET, "keys")},
        {"doubled slash", ROW(METHOD_GET, "/a//b")},
        {"no method", ROW(0, "/a")},
        {"taken", ROW(METHOD_GET | METHOD_PUT, "/keys")},
        {"open brace", ROW(METHOD_GET, "/a/{b")},
        {"empty name", ROW(METHOD_GET, "/a/{}")},
        {"too many captures", ROW(METHOD_GET, "/{a}/{b}/{c}/{d}/{e}")},
        {"two captures in a segment", ROW(METHOD_GET, "/a/{b}-{c}")},
        {"letters behind an open brace", ROW(METHOD_GET, "/a/x{b.xml")},
        {"no help",
         {.methods = METHOD_GET,
          .path = "/a",
          .auth = &auth_public,
          .effect = EFFECT_READS,
          .handler = handler,
          .help = ""}},
        {"no handler",
         {.methods = METHOD_GET,
          .path = "/a",
          .auth = &auth_public,
          .effect = EFFECT_READS,
          .help = "x"}},
        {"no caller",
         {.methods = METHOD_GET,
          .path = "/a",
          .effect = EFFECT_READS,
          .handler = handler,
          .help = "x"}},
        {"no effect",
         {.methods = METHOD_GET,
          .path = "/a",
          .auth = &auth_public,
          .handler = handler,
          .help = "x"}},
        {"a change among reads",
         {.methods = METHOD_GET,
          .path = "/a",
          .auth = &auth_public,
          .effect = EFFECT_CHANGES,
          .pool = POOL_READ,
          .handler = handler,
          .help = "x"}},
        {"a change that is kept",
         {.methods = METHOD_GET,
          .path = "/a",
          .auth = &auth_public,
          .effect = EFFECT_CHANGES,
          .cache = CACHE_PUBLIC_1S,
          .handler = handler,
          .help = "x"}},
        {"somebody's own, kept for everybody",
         {.methods = METHOD_GET,
          .path = "/a",
          .auth = &somebody,
          .effect = EFFECT_READS,
          .cache = CACHE_PUBLIC_1S,
          .handler = handler,
          .help = "x"}},
    };
    for (size_t i = 0; i < TEST_COUNT(bad); i++) {
        const char *problem;
        const struct route *row;
        const struct route_table one = {.rows = &bad[i].row, .count = 1};
        UNIT_CHECK("table", router_add(&router, NULL, &table, &problem, &row) == ERR_OK);
        UNIT_CHECK(bad[i].name, router_add(&router, NULL, &one, &problem, &row) == ERR_INTERNAL &&
                                    problem != NULL && row == &bad[i].row);
        router_free(&router);
    }
}

static void test_method(void)
{
    UNIT_CHECK("GET", router_method("GET") == METHOD_GET);
    UNIT_CHECK("HEAD", router_method("HEAD") == METHOD_GET);
    UNIT_CHECK("DELETE", router_method("DELETE") == METHOD_DELETE);
    UNIT_CHECK("lower case", router_method("get") == 0);
    UNIT_CHECK("unknown", router_method("TRACE") == 0 && router_method("") == 0);
}

static const struct test_case cases[] = {
    {"paths", test_path},      {"slashes merged", test_merged},
    {"rows found", test_find}, {"rows refused", test_bad_rows},
    {"methods", test_method},  {NULL, NULL},
};
const struct test_suite suite_router = {.name = "router", .cases = cases};
