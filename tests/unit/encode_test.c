/* Encodings by the vectors of RFC 4648, and what decoders refuse. */
#include "base/encode.h"

#include <string.h>

#include "tests/unit/unit.h"

/* RFC 4648 section 10, and bytes that need the last two digits of the alphabets. */
static void test_encode(void)
{
    static const struct {
        const char *data;
        const char *hex;
        const char *base64;
        const char *base64url;
        const char *base32;
    } rows[] = {
        {"", "", "", "", ""},
        {"f", "66", "Zg==", "Zg", "MY"},
        {"fo", "666f", "Zm8=", "Zm8", "MZXQ"},
        {"foo", "666f6f", "Zm9v", "Zm9v", "MZXW6"},
        {"foob", "666f6f62", "Zm9vYg==", "Zm9vYg", "MZXW6YQ"},
        {"fooba", "666f6f6261", "Zm9vYmE=", "Zm9vYmE", "MZXW6YTB"},
        {"foobar", "666f6f626172", "Zm9vYmFy", "Zm9vYmFy", "MZXW6YTBOI"},
        {"\xfb\xff\xfe", "fbfffe", "+//+", "-__-", "7P774"},
    };
    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        size_t len = strlen(rows[i].data);
        char text[32];
        char back[8] = {0};
        size_t back_len = sizeof(back);

        hex_encode(rows[i].data, len, text);
        UNIT_SAME(rows[i].hex, text, rows[i].hex);
        UNIT_CHECK(rows[i].hex, hex_decode(text, strlen(text), back, len));
        UNIT_CHECK(rows[i].hex, memcmp(back, rows[i].data, len) == 0);
        base64_encode(rows[i].data, len, text);
        UNIT_SAME(rows[i].hex, text, rows[i].base64);
        UNIT_CHECK(rows[i].hex, base64_decode(text, strlen(text), back, &back_len));
        UNIT_CHECK(rows[i].hex, back_len == len && memcmp(back, rows[i].data, len) == 0);
        base64url_encode(rows[i].data, len, text);
        UNIT_SAME(rows[i].hex, text, rows[i].base64url);
        base32_encode(rows[i].data, len, text);
        UNIT_SAME(rows[i].hex, text, rows[i].base32);
    }
}

static void test_hex_decode(void)
{
    static const struct {
        const char *text;
        size_t len; /* bytes wanted */
        bool valid;
    } rows[] = {
        {"00ff", 2, true}, {"00Ff", 2, true},  {"", 0, true},      {"00f", 2, false},
        {"00f", 1, false}, {"00ff", 1, false}, {"00ff", 3, false}, {"0g", 1, false},
        {"g0", 1, false},  {" 0", 1, false},   {"0x", 1, false},   {"/:", 1, false},
        {"@G", 1, false},  {"`g", 1, false},
    };
    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        uint8_t out[4];
        UNIT_CHECK(rows[i].text, hex_decode(rows[i].text, strlen(rows[i].text), out, rows[i].len) ==
                                     rows[i].valid);
    }
}

static void test_base64_decode(void)
{
    static const struct {
        const char *text;
        size_t room;
        const char *expected; /* NULL: refused */
    } rows[] = {
        {"Zm9vYmE=", 5, "fooba"},
        {"Zm9vYmE", 5, "fooba"},
        {"Zm9vYg==", 4, "foob"},
        {"Zm9vYg", 4, "foob"},
        {" Zm9v\r\n YmE=\t", 5, "fooba"},
        {"Zm9vYg= =", 4, "foob"},
        {"", 0, ""},
        {"  ", 0, ""},
        {"Zm9vYmE=", 4, NULL},
        {"Zg", 0, NULL},
        {"Z", 8, NULL},
        {"Zm9vY", 8, NULL},
        {"Zg=", 8, NULL},
        {"Zg===", 8, NULL},
        {"Zm8==", 8, NULL},
        {"Zm9v=", 8, NULL},
        {"=", 8, NULL},
        {"====", 8, NULL},
        {"Zg==Zg==", 8, NULL},
        {"Zm9v-_", 8, NULL},
        {"Zm9v.A==", 8, NULL},
        {"Zm9v\x80", 8, NULL},
        {"Zh==", 8, NULL}, /* left-over bits */
        {"Zm9=", 8, NULL},
    };
    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        char out[8];
        size_t len = rows[i].room;
        bool valid = base64_decode(rows[i].text, strlen(rows[i].text), out, &len);
        UNIT_CHECK(rows[i].text, valid == (rows[i].expected != NULL));
        if (valid && rows[i].expected != NULL)
            UNIT_CHECK(rows[i].text,
                       len == strlen(rows[i].expected) && memcmp(out, rows[i].expected, len) == 0);
    }
}

/* A signature header that a client has folded after 76 characters: 64 bytes in 88 characters. */
static void test_folded_header(void)
{
    uint8_t mac[64];
    uint8_t back[64];
    char text[BASE64_SIZE(64)];
    char folded[BASE64_SIZE(64) + 2];
    size_t len = sizeof(back);

    for (size_t i = 0; i < sizeof(mac); i++)
        mac[i] = (uint8_t)(i * 37);
    base64_encode(mac, sizeof(mac), text);
    UNIT_CHECK("length", strlen(text) == 88);
    memcpy(folded, text, 76);
    folded[76] = ' ';
    memcpy(folded + 77, text + 76, 12);
    folded[89] = ' ';
    UNIT_CHECK("folded", base64_decode(folded, 90, back, &len) && len == sizeof(mac));
    UNIT_CHECK("folded", memcmp(back, mac, sizeof(mac)) == 0);
}

static const struct test_case cases[] = {
    {"encoding", test_encode},
    {"reading hex", test_hex_decode},
    {"reading base64", test_base64_decode},
    {"a folded header", test_folded_header},
    {NULL, NULL},
};
const struct test_suite suite_encode = {.name = "encode", .cases = cases};
