/* Tokens of the viewer API. */
#include "identity/token.h"

#include <string.h>

#include "tests/unit/unit.h"

#define SECRET "testsecret"
#define NONCE_NS INT64_C(1527665262168391000)

/* As one client writes it; and in the other alphabet, padded, with the claims in another order and numbers. */
#define PLAIN                                                                                   \
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9."                                                     \
    "eyJ0eXBlIjoiT3BlbkFQSVYyIiwic3ViIjoiNWMxZDQwYTItN2QyYy00ZDU0LWIzZTUtM2YxYzhhMWI5ZjEwIiwib" \
    "m9uY2UiOiIxNTI3NjY1MjYyMTY4MzkxMDAwIn0.4cQQK04dEII0COm83KhPOqiXtF-oSsESn-EvkL9E44A"
#define PADDED                                                                                  \
    "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9."                                                     \
    "eyJyZWN2X3dpbmRvdyI6IjUwIiwibm9uY2UiOjE1Mjc2NjUyNjIxNjgzOTEwMDAsInN1YiI6IjVjMWQ0MGEyLTdkM" \
    "mMtNGQ1NC1iM2U1LTNmMWM4YTFiOWYxMCIsInR5cGUiOiJPcGVuQVBJIiwieCI6IsO/w74/PiJ9."              \
    "C+U1kURRZIGmZ7K81sbxSXbmINlJsLt0q3p1fNlEnDQ="

static enum err read_token(const char *text, struct token *out)
{
    struct arena arena = {0};
    enum err rc = token_read(&arena, text, strlen(text), out);
    arena_free(&arena);
    return rc;
}

static void test_vectors(void)
{
    static const struct {
        const char *text;
        int64_t window_s;
    } rows[] = {{PLAIN, TOKEN_WINDOW_S}, {PADDED, 50}};
    struct uuid key;

    UNIT_CHECK("key", uuid_parse("5c1d40a2-7d2c-4d54-b3e5-3f1c8a1b9f10", 36, &key));
    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        struct token token;
        UNIT_CHECK(rows[i].text, read_token(rows[i].text, &token) == ERR_OK);
        UNIT_CHECK(rows[i].text, memcmp(&token.key, &key, sizeof(key)) == 0);
        UNIT_CHECK(rows[i].text, token.nonce_ns == NONCE_NS);
        UNIT_CHECK(rows[i].text, token.window_s == rows[i].window_s);
        UNIT_CHECK(rows[i].text, token_check(&token, SECRET, strlen(SECRET)) == ERR_OK);
        UNIT_CHECK(rows[i].text, token_check(&token, "testsecreT", 10) == ERR_TOKEN_INVALID);
        token.mac[31] ^= 1;
        UNIT_CHECK(rows[i].text, token_check(&token, SECRET, strlen(SECRET)) == ERR_TOKEN_INVALID);
    }
}

/* The window is open at both ends. */
static void test_time(void)
{
    static const struct {
        int64_t off_us;
        enum err expected;
    } rows[] = {
        {0, ERR_OK},
        {29999999, ERR_OK},
        {-29999999, ERR_OK},
        {30000000, ERR_TOKEN_EXPIRED},
        {-30000000, ERR_TOKEN_EXPIRED},
        {INT64_C(-1527665262168391), ERR_TOKEN_EXPIRED},
    };
    struct token token;

    UNIT_CHECK("read", read_token(PLAIN, &token) == ERR_OK);
    for (size_t i = 0; i < TEST_COUNT(rows); i++)
        UNIT_CHECK("time",
                   token_check_time(&token, NONCE_NS / 1000 + rows[i].off_us) == rows[i].expected);
}

/* Unsigned parts: base64 of {"alg":"none"} and the like. */
static void test_refused(void)
{
    static const char *const rows[] = {
        "",
        ".",
        "..",
        "a.b",
        "e30.e30.",
        "e30.e30.4cQQK04dEII0COm83KhPOqiXtF-oSsESn-EvkL9E44A",
        "eyJhbGciOiJub25lIn0.e30.4cQQK04dEII0COm83KhPOqiXtF-oSsESn-EvkL9E44A",
        "eyJhbGciOiJIUzI1NiJ9.e30.4cQQK04dEII0COm83KhPOqiXtF-oSsESn-EvkL9E44A",
        "eyJhbGciOiJIUzI1NiJ9.W10.4cQQK04dEII0COm83KhPOqiXtF-oSsESn-EvkL9E44A",
        "eyJhbGciOiJIUzI1NiJ9.e30.4cQQ",
        "!!!.e30.4cQQK04dEII0COm83KhPOqiXtF-oSsESn-EvkL9E44A",
    };
    static char long_text[TOKEN_MAX + 200];
    struct token token;

    for (size_t i = 0; i < TEST_COUNT(rows); i++)
        UNIT_CHECK(rows[i], read_token(rows[i], &token) == ERR_TOKEN_INVALID);
    memset(long_text, 'A', sizeof(long_text) - 1);
    long_text[1000] = long_text[2000] = '.';
    UNIT_CHECK("too long", read_token(long_text, &token) == ERR_TOKEN_INVALID);
}

static const struct test_case cases[] = {
    {"vectors", test_vectors}, {"time", test_time}, {"refused", test_refused}, {NULL, NULL}};
const struct test_suite suite_token = {.name = "token", .cases = cases};
