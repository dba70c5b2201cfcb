/* The idkey of the private channel. */
#include "identity/idkey.h"

#include <string.h>

#include "base/encode.h"
#include "tests/unit/unit.h"

#define NOW INT64_C(1364669160)

static const uint8_t master[SEAL_KEY_SIZE] = "0123456789abcdef0123456789abcde";
static const uint8_t other_master[SEAL_KEY_SIZE] = "0123456789abcdef0123456789abcdf";
static const struct uuid user = {{0xd5, 0xf0, 0x67, 0x80, 0x30, 0xa8, 0x4a, 0x48, 0xa2, 0xf8, 0x7e,
                                  0xd1, 0x81, 0xb4, 0xa1, 0x3f}};

static enum err check(const char *text, int64_t now_s)
{
    struct uuid found = {{0}};
    int64_t expires_s = 0;
    enum err rc = idkey_check(master, text, strlen(text), now_s, &found, &expires_s);
    UNIT_CHECK(text, (memcmp(&found, &user, sizeof(user)) == 0) == (rc == ERR_OK));
    UNIT_CHECK(text, expires_s == (rc == ERR_OK ? NOW + IDKEY_LIFE_S : 0));
    return rc;
}

static void test_good(void)
{
    static const struct {
        const char *name;
        int64_t at;
        enum err expected;
    } rows[] = {
        {"at once", NOW, ERR_OK},
        {"its last second", NOW + IDKEY_LIFE_S - 1, ERR_OK},
        {"its end", NOW + IDKEY_LIFE_S, ERR_IDKEY_EXPIRED},
        {"long after", NOW * 2, ERR_IDKEY_EXPIRED},
        {"a clock that is wrong", -1, ERR_IDKEY_EXPIRED},
    };
    char key[IDKEY_SIZE];
    uint8_t raw[56];
    size_t len = sizeof(raw);
    static const uint8_t expiry[8] = {0, 0, 0, 0, 0x51, 0x58, 0x84, 0x68}; /* NOW + a day */

    UNIT_CHECK("make", idkey_make(master, &user, NOW, key) == ERR_OK);
    UNIT_CHECK("length", strlen(key) == 75);
    for (size_t i = 0; i < TEST_COUNT(rows); i++)
        UNIT_CHECK(rows[i].name, check(key, rows[i].at) == rows[i].expected);
    UNIT_CHECK("base64", base64_decode(key, strlen(key), raw, &len) && len == sizeof(raw));
    UNIT_CHECK("uuid first", memcmp(raw, user.bytes, 16) == 0);
    UNIT_CHECK("then the end", memcmp(raw + 16, expiry, sizeof(expiry)) == 0);
}

/* Every bit counts: whose it is, until when, and the MAC. */
static void test_forged(void)
{
    char key[IDKEY_SIZE], forged[BASE64_SIZE(56)];
    uint8_t raw[56];
    size_t len = sizeof(raw);

    UNIT_CHECK("make", idkey_make(master, &user, NOW, key) == ERR_OK);
    UNIT_CHECK("base64", base64_decode(key, strlen(key), raw, &len));
    for (size_t bit = 0; bit < sizeof(raw) * 8; bit++) {
        raw[bit / 8] ^= (uint8_t)(1 << bit % 8);
        base64_encode(raw, sizeof(raw), forged);
        forged[IDKEY_SIZE - 1] = '\0';
        UNIT_CHECK(forged, check(forged, NOW) == ERR_IDKEY_INVALID);
        raw[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    UNIT_CHECK("another installation's", idkey_make(other_master, &user, NOW, key) == ERR_OK);
    UNIT_CHECK("another installation's", check(key, NOW) == ERR_IDKEY_INVALID);
}

/* Another user's opens that user's channel, and no other. */
static void test_other_user(void)
{
    static const struct uuid other = {{1}};
    char key[IDKEY_SIZE], others[IDKEY_SIZE], mixed[IDKEY_SIZE];
    struct uuid found;
    int64_t expires_s;

    UNIT_CHECK("make", idkey_make(master, &user, NOW, key) == ERR_OK);
    UNIT_CHECK("make", idkey_make(master, &other, NOW, others) == ERR_OK);
    UNIT_CHECK("other's",
               idkey_check(master, others, strlen(others), NOW, &found, &expires_s) == ERR_OK);
    UNIT_CHECK("other's", memcmp(&found, &other, sizeof(other)) == 0);
    /* 24 bytes are 32 characters: the one's claim under the other's MAC. */
    memcpy(mixed, key, 32);
    memcpy(mixed + 32, others + 32, IDKEY_SIZE - 32);
    UNIT_CHECK("mixed", check(mixed, NOW) == ERR_IDKEY_INVALID);
}

static void test_text(void)
{
    char key[IDKEY_SIZE], changed[IDKEY_SIZE + 2];
    struct uuid found;
    int64_t expires_s;

    UNIT_CHECK("make", idkey_make(master, &user, NOW, key) == ERR_OK);
    for (size_t len = 0; len < IDKEY_SIZE - 1; len++)
        UNIT_CHECK("truncated",
                   idkey_check(master, key, len, NOW, &found, &expires_s) == ERR_IDKEY_INVALID);
    memcpy(changed, key, IDKEY_SIZE);
    memcpy(changed + IDKEY_SIZE - 1, "=", 2);
    UNIT_CHECK("padded", check(changed, NOW) == ERR_IDKEY_INVALID);
    memcpy(changed + 1, key, IDKEY_SIZE);
    changed[0] = ' ';
    UNIT_CHECK("white space", check(changed, NOW) == ERR_IDKEY_INVALID);
    memcpy(changed, key, IDKEY_SIZE);
    changed[5] = ' ';
    UNIT_CHECK("a character missing", check(changed, NOW) == ERR_IDKEY_INVALID);
    changed[5] = '-';
    UNIT_CHECK("another alphabet", check(changed, NOW) == ERR_IDKEY_INVALID);
}

static const struct test_case cases[] = {
    {"good for a day", test_good},
    {"forged", test_forged},
    {"another user's", test_other_user},
    {"broken text", test_text},
    {NULL, NULL},
};
const struct test_suite suite_idkey = {.name = "idkey", .cases = cases};
