/* Base58Check by vectors. */
#include "chain/base58.h"

#include <string.h>

#include "tests/unit/unit.h"

/* Addresses and keys (WIF) as Bitcoin's programs write them: version, then what it stands for. */
static void test_both_ways(void)
{
    static const struct {
        const char *text, *data;
    } rows[] = {
        {"1BgGZ9tcN4rm9KBzDn7KprQz87SZ26SAMH", "00751e76e8199196d454941c45d1b3a323f1433bd6"},
        {"3JvL6Ymt8MVWiCNHC7oWU6nLeHNJKLZGLN", "05bcfeb728b584253d5f3f70bcb780e9ef218a68f4"},
        {"mrCDrCybB6J1vRfbwM5hemdJz73FwDBC8r", "6f751e76e8199196d454941c45d1b3a323f1433bd6"},
        {"2NAUYAHhujozruyzpsFRP63mbrdaU5wnEpN", "c4bcfeb728b584253d5f3f70bcb780e9ef218a68f4"},
        {"1111111111111111111114oLvT2", "000000000000000000000000000000000000000000"},
        {"11111111111111111111BZbvjr", "000000000000000000000000000000000000000001"},
        {"1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa", "0062e907b15cbf27d5425399ebf6f0fb50ebb88f18"},
        {"KwDiBf89QgGbjEhKnhXJuH7LrciVrZi3qYjgd9M7rFU73sVHnoWn",
         "80000000000000000000000000000000000000000000000000000000000000000101"},
        {"cMahea7zqjxrtgAbB7LSGbcQUr1uX1ojuat9jZodMN87JcbXMTcA",
         "ef000000000000000000000000000000000000000000000000000000000000000101"},
        {"5HpHagT65TZzG1PH3CSu63k8DbpvD8s5ip4nEB3kEsreAnchuDf",
         "800000000000000000000000000000000000000000000000000000000000000001"},
        {"cN9spWsvaxA8taS7DFMxnk1yJD2gaF2PX1npuTpy3vuZFJdwavaw",
         "ef111111111111111111111111111111111111111111111111111111111111111101"},
        {"3QJmnh", ""},
    };
    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        uint8_t data[BASE58_MAX];
        char text[BASE58_TEXT_SIZE];
        size_t len;

        UNIT_CHECK(rows[i].text,
                   base58_decode(rows[i].text, strlen(rows[i].text), data, &len) == ERR_OK);
        UNIT_HEX(rows[i].text, data, len, rows[i].data);
        base58_encode(data, len, text);
        UNIT_SAME(rows[i].text, text, rows[i].text);
    }
}

/* The longest text: nothing but the highest bytes. */
static void test_longest(void)
{
    uint8_t data[BASE58_MAX], again[BASE58_MAX];
    char text[BASE58_TEXT_SIZE];
    size_t len;

    for (int fill = 0; fill <= 0xff; fill += 0xff) {
        memset(data, fill, sizeof(data));
        base58_encode(data, sizeof(data), text);
        UNIT_CHECK(text, base58_decode(text, strlen(text), again, &len) == ERR_OK);
        UNIT_CHECK(text, len == sizeof(data) && memcmp(again, data, len) == 0);
    }
}

static void test_refused(void)
{
    static const struct {
        const char *text;
        enum err expected;
    } rows[] = {
        {"", ERR_INVALID},
        {"1", ERR_INVALID},
        {"1111", ERR_CHECKSUM},
        {"1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNb", ERR_CHECKSUM},
        {"11A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa", ERR_CHECKSUM},
        {"A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa", ERR_CHECKSUM},
        {"1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN0", ERR_INVALID}, /* 0, O, I and l are no digits */
        {"1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVNl", ERR_INVALID},
        {"1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVNO", ERR_INVALID},
        {" 1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa", ERR_INVALID},
        {"1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa\n", ERR_INVALID},
        {"zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz"
         "zzz"
         "zzzzzzzzzzzzzzzzzzzzzz",
         ERR_INVALID},
        {"11111111111111111111111111111111111111111111111111111111111111111111111111111111111111111"
         "11"
         "111111111111111111111",
         ERR_INVALID},
    };
    uint8_t data[BASE58_MAX];
    size_t len;

    for (size_t i = 0; i < TEST_COUNT(rows); i++)
        UNIT_CHECK(rows[i].text, base58_decode(rows[i].text, strlen(rows[i].text), data, &len) ==
                                     rows[i].expected);
    /* The bytes count, not the NUL behind them. */
    UNIT_CHECK("NUL",
               base58_decode("1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa", 35, data, &len) == ERR_INVALID);
}

static const struct test_case cases[] = {
    {"there and back", test_both_ways},
    {"the longest", test_longest},
    {"what is refused", test_refused},
    {NULL, NULL},
};
const struct test_suite suite_base58 = {.name = "base58", .cases = cases};
