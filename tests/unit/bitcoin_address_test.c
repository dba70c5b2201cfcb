/* Addresses of Bitcoin: each vector of BIP-173 and BIP-350, base58, and accounts. */
#include "chain/bitcoin_address.h"

#include <string.h>

#include "chain/hd_key.h"
#include "tests/unit/unit.h"

#define LONG_32                                                                           \
    "an83characterlonghumanreadablepartthatcontainsthenumber1andtheexcludedcharactersbio" \
    "1tt5tgs"
#define LONG_32M                                                                          \
    "an83characterlonghumanreadablepartthatcontainsthetheexcludedcharactersbioandnumber1" \
    "1sg7hg6"

/* The strings of BIP-173 and BIP-350. */
static void test_bech32(void)
{
    static const struct {
        const char *text;
        enum bech32_kind kind;
        const char *proper; /* NULL: the same */
    } rows[] = {
        {"A12UEL5L", BECH32, "a12uel5l"},
        {"a12uel5l", BECH32, NULL},
        {LONG_32, BECH32, NULL},
        {"abcdef1qpzry9x8gf2tvdw0s3jn54khce6mua7lmqqqxw", BECH32, NULL},
        {"split1checkupstagehandshakeupstreamerranterredcaperred2y9e3w", BECH32, NULL},
        {"?1ezyfcl", BECH32, NULL},
        {"A1LQFN3A", BECH32M, "a1lqfn3a"},
        {"a1lqfn3a", BECH32M, NULL},
        {LONG_32M, BECH32M, NULL},
        {"abcdef1l7aum6echk45nj3s0wdvt2fg8x9yrzpqzd3ryx", BECH32M, NULL},
        {"split1checkupstagehandshakeupstreamerranterredcaperredlc445v", BECH32M, NULL},
        {"?1v759aa", BECH32M, NULL},
    };
    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        struct bech32 value;
        char text[BECH32_TEXT_SIZE];

        UNIT_CHECK(rows[i].text,
                   bech32_decode(rows[i].text, strlen(rows[i].text), &value) == ERR_OK);
        UNIT_CHECK(rows[i].text, value.kind == rows[i].kind);
        bech32_encode(&value, text);
        UNIT_SAME(rows[i].text, text, rows[i].proper != NULL ? rows[i].proper : rows[i].text);
    }
}

static void test_no_bech32(void)
{
    static const struct {
        const char *text;
        enum err expected;
    } rows[] = {
        {"pzry9x0s0muk", ERR_INVALID},
        {"1pzry9x0s0muk", ERR_INVALID},
        {"10a06t8", ERR_INVALID},
        {"1qzzfhee", ERR_INVALID},
        {"x1b4n0q5v", ERR_INVALID},
        {"li1dgmt3", ERR_INVALID},
        {"A1G7SGD8", ERR_CHECKSUM},
        {"A12uEL5L", ERR_INVALID},
        {"M1VUXWEZ", ERR_CHECKSUM},
        {"16plkw9", ERR_INVALID},
        {"1p2gdwpf", ERR_INVALID},
        {"y1b0jsk6g", ERR_INVALID},
        {"lt1igcx5c0", ERR_INVALID},
        {"in1muywd", ERR_INVALID},
        {"mm1crxm3i", ERR_INVALID},
        {"qyrz8wqd2c9m", ERR_INVALID},
        {"\x20"
         "1nwldj5",
         ERR_INVALID},
        {"\x7f"
         "1axkwrx",
         ERR_INVALID},
        {"\x80"
         "1eym55h",
         ERR_INVALID},
        {"an84" LONG_32, ERR_INVALID},
        {"", ERR_INVALID},
    };
    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        struct bech32 value;
        UNIT_CHECK(rows[i].text,
                   bech32_decode(rows[i].text, strlen(rows[i].text), &value) == rows[i].expected);
    }
}

#define HASH "751e76e8199196d454941c45d1b3a323f1433bd6"

/* Addresses and their scripts: base58's, and all of BIP-173 and BIP-350 that are still good. */
static void test_addresses(void)
{
    static const struct {
        enum bitcoin_network network;
        enum bitcoin_kind kind;
        const char *text, *script;
        const char *proper; /* NULL: the same */
    } rows[] = {
        {BITCOIN_MAIN, BITCOIN_P2PKH, "1BgGZ9tcN4rm9KBzDn7KprQz87SZ26SAMH", "76a914" HASH "88ac",
         NULL},
        {BITCOIN_TEST, BITCOIN_P2PKH, "mrCDrCybB6J1vRfbwM5hemdJz73FwDBC8r", "76a914" HASH "88ac",
         NULL},
        {BITCOIN_REGTEST, BITCOIN_P2PKH, "mrCDrCybB6J1vRfbwM5hemdJz73FwDBC8r", "76a914" HASH "88ac",
         NULL},
        {BITCOIN_MAIN, BITCOIN_P2SH, "3JvL6Ymt8MVWiCNHC7oWU6nLeHNJKLZGLN",
         "a914bcfeb728b584253d5f3f70bcb780e9ef218a68f487", NULL},
        {BITCOIN_TEST, BITCOIN_P2SH, "2NAUYAHhujozruyzpsFRP63mbrdaU5wnEpN",
         "a914bcfeb728b584253d5f3f70bcb780e9ef218a68f487", NULL},
        {BITCOIN_MAIN, BITCOIN_P2PKH, "1111111111111111111114oLvT2",
         "76a914000000000000000000000000000000000000000088ac", NULL},
        {BITCOIN_TEST, BITCOIN_P2PKH, "mfWxJ45yp2SFn7UciZyNpvDKrzbhyfKrY8",
         "76a914000000000000000000000000000000000000000088ac", NULL},
        {BITCOIN_MAIN, BITCOIN_P2SH, "31h1vYVSYuKP6AhS86fbRdMw9XHieotbST",
         "a914000000000000000000000000000000000000000087", NULL},
        {BITCOIN_MAIN, BITCOIN_P2PKH, "11111111111111111111BZbvjr",
         "76a914000000000000000000000000000000000000000188ac", NULL},
        {BITCOIN_MAIN, BITCOIN_P2PKH, "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa",
         "76a91462e907b15cbf27d5425399ebf6f0fb50ebb88f1888ac", NULL},
        {BITCOIN_MAIN, BITCOIN_P2SH, "3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy",
         "a914b472a266d0bd89c13706a4132ccfb16f7c3b9fcb87", NULL},
        {BITCOIN_TEST, BITCOIN_P2SH, "2MzQwSSnBHWHqSAqtTVQ6v47XtaisrJa1Vc",
         "a9144e9f39ca4688ff102128ea4ccda34105324305b087", NULL},
        {BITCOIN_TEST, BITCOIN_P2PKH, "mipcBbFg9gMiCh81Kj8tqqdgoZub1ZJRfn",
         "76a914243f1394f44554f4ce3fd68649c19adc483ce92488ac", NULL},
        {BITCOIN_REGTEST, BITCOIN_P2PKH, "n4XmX91N5FfccY678vaG1ELNtXh6skVES7",
         "76a914fc7250a211deddc70ee5a2738de5f07817351cef88ac", NULL},
        {BITCOIN_REGTEST, BITCOIN_P2WPKH, "bcrt1ql3e9pgs3mmwuwrh95fecme0s0qtn2880hlwwpw",
         "0014fc7250a211deddc70ee5a2738de5f07817351cef", NULL},
        {BITCOIN_MAIN, BITCOIN_P2WPKH, "BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4", "0014" HASH,
         "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"},
        {BITCOIN_MAIN, BITCOIN_P2WPKH, "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4", "0014" HASH,
         NULL},
        {BITCOIN_TEST, BITCOIN_P2WPKH, "tb1qw508d6qejxtdg4y5r3zarvary0c5xw7kxpjzsx", "0014" HASH,
         NULL},
        {BITCOIN_REGTEST, BITCOIN_P2WPKH, "bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080",
         "0014" HASH, NULL},
        {BITCOIN_MAIN, BITCOIN_P2WSH,
         "bc1qrp33g0q5c5txsp9arysrx4k6zdkfs4nce4xj0gdcccefvpysxf3qccfmv3",
         "00201863143c14c5166804bd19203356da136c985678cd4d27a1b8c6329604903262", NULL},
        {BITCOIN_TEST, BITCOIN_P2WSH,
         "tb1qrp33g0q5c5txsp9arysrx4k6zdkfs4nce4xj0gdcccefvpysxf3q0sl5k7",
         "00201863143c14c5166804bd19203356da136c985678cd4d27a1b8c6329604903262", NULL},
        {BITCOIN_TEST, BITCOIN_P2WSH,
         "tb1qqqqqp399et2xygdj5xreqhjjvcmzhxw4aywxecjdzew6hylgvsesrxh6hy",
         "0020000000c4a5cad46221b2a187905e5266362b99d5e91c6ce24d165dab93e86433", NULL},
        {BITCOIN_MAIN, BITCOIN_P2TR,
         "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0",
         "512079be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798", NULL},
        {BITCOIN_REGTEST, BITCOIN_P2TR,
         "bcrt1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqc8gma6",
         "512079be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798", NULL},
        {BITCOIN_TEST, BITCOIN_P2TR,
         "tb1pqqqqp399et2xygdj5xreqhjjvcmzhxw4aywxecjdzew6hylgvsesf3hn0c",
         "5120000000c4a5cad46221b2a187905e5266362b99d5e91c6ce24d165dab93e86433", NULL},
        {BITCOIN_MAIN, BITCOIN_WITNESS,
         "bc1pw508d6qejxtdg4y5r3zarvary0c5xw7kw508d6qejxtdg4y5r3zarvary0c5xw7kt5nd6y",
         "5128" HASH HASH, NULL},
        {BITCOIN_MAIN, BITCOIN_WITNESS, "BC1SW50QGDZ25J", "6002751e", "bc1sw50qgdz25j"},
        {BITCOIN_MAIN, BITCOIN_WITNESS, "bc1zw508d6qejxtdg4y5r3zarvaryvaxxpcs",
         "5210751e76e8199196d454941c45d1b3a323", NULL},
    };
    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        enum bitcoin_kind kind = BITCOIN_OTHER;
        struct bitcoin_script script = {{0}, 0};
        char text[BITCOIN_ADDRESS_SIZE];

        UNIT_CHECK(rows[i].text,
                   bitcoin_address_parse(rows[i].network, rows[i].text, strlen(rows[i].text), &kind,
                                         &script) == ERR_OK);
        UNIT_CHECK(rows[i].text, kind == rows[i].kind);
        UNIT_HEX(rows[i].text, script.bytes, script.len, rows[i].script);
        UNIT_CHECK(rows[i].text, bitcoin_script_kind(bitcoin_script_bytes(&script)) == kind);
        UNIT_CHECK(rows[i].text,
                   bitcoin_address_format(rows[i].network, bitcoin_script_bytes(&script), text));
        UNIT_SAME(rows[i].text, text, rows[i].proper != NULL ? rows[i].proper : rows[i].text);
    }
}

static void test_no_addresses(void)
{
    static const struct {
        enum bitcoin_network network;
        const char *text;
        enum err expected;
    } rows[] = {
        {BITCOIN_MAIN, "", ERR_ADDRESS},
        {BITCOIN_MAIN, "1", ERR_ADDRESS},
        {BITCOIN_MAIN, "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNb", ERR_CHECKSUM},
        {BITCOIN_MAIN, "11A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa", ERR_CHECKSUM},
        {BITCOIN_MAIN, "1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN0", ERR_ADDRESS},
        {BITCOIN_MAIN, "1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVNl", ERR_ADDRESS},
        {BITCOIN_MAIN, " 1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa", ERR_ADDRESS},
        {BITCOIN_MAIN, "3QJmnh", ERR_ADDRESS},
        /* a key, which somebody has pasted */
        {BITCOIN_MAIN, "KwDiBf89QgGbjEhKnhXJuH7LrciVrZi3qYjgd9M7rFU73sVHnoWn", ERR_ADDRESS},
        {BITCOIN_MAIN, "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", ERR_ADDRESS},
        /* Litecoin, and bcoin's own idea of regtest */
        {BITCOIN_MAIN, "ltc1qw508d6qejxtdg4y5r3zarvary0c5xw7kgmn4n9", ERR_ADDRESS},
        {BITCOIN_REGTEST, "RKxTdfmtxtfLDKZBgx6SvNkBtNu9jRYnLh", ERR_ADDRESS},
        {BITCOIN_REGTEST, "Gb5Eb8cPZJnRhVy8zxo2UEmJQvsRoWoLHx", ERR_ADDRESS},
        {BITCOIN_TEST, "1BgGZ9tcN4rm9KBzDn7KprQz87SZ26SAMH", ERR_ADDRESS_NETWORK},
        {BITCOIN_MAIN, "2NAUYAHhujozruyzpsFRP63mbrdaU5wnEpN", ERR_ADDRESS_NETWORK},
        {BITCOIN_MAIN, "tb1qw508d6qejxtdg4y5r3zarvary0c5xw7kxpjzsx", ERR_ADDRESS_NETWORK},
        {BITCOIN_REGTEST, "tb1qw508d6qejxtdg4y5r3zarvary0c5xw7kxpjzsx", ERR_ADDRESS_NETWORK},
        {BITCOIN_TEST, "bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080", ERR_ADDRESS_NETWORK},
        /* BIP-173 */
        {BITCOIN_MAIN, "tc1qw508d6qejxtdg4y5r3zarvary0c5xw7kg3g4ty", ERR_ADDRESS},
        {BITCOIN_MAIN, "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t5", ERR_CHECKSUM},
        {BITCOIN_MAIN, "BC13W508D6QEJXTDG4Y5R3ZARVARY0C5XW7KN40WF2", ERR_ADDRESS},
        {BITCOIN_MAIN, "bc1rw5uspcuh", ERR_ADDRESS},
        {BITCOIN_MAIN,
         "bc10w508d6qejxtdg4y5r3zarvary0c5xw7kw508d6qejxtdg4y5r3zarvary0c5xw7kw5rljs90",
         ERR_ADDRESS},
        {BITCOIN_MAIN, "BC1QR508D6QEJXTDG4Y5R3ZARVARYV98GJ9P", ERR_ADDRESS},
        {BITCOIN_TEST, "tb1qrp33g0q5c5txsp9arysrx4k6zdkfs4nce4xj0gdcccefvpysxf3q0sL5k7",
         ERR_ADDRESS},
        {BITCOIN_MAIN, "bc1zw508d6qejxtdg4y5r3zarvaryvqyzf3du", ERR_ADDRESS},
        {BITCOIN_TEST, "tb1qrp33g0q5c5txsp9arysrx4k6zdkfs4nce4xj0gdcccefvpysxf3pjxtptv",
         ERR_ADDRESS},
        {BITCOIN_MAIN, "bc1gmk9yu", ERR_ADDRESS},
        /* BIP-350 */
        {BITCOIN_MAIN, "tc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vq5zuyut",
         ERR_ADDRESS},
        {BITCOIN_MAIN, "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqh2y7hd",
         ERR_ADDRESS},
        {BITCOIN_TEST, "tb1z0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqglt7rf",
         ERR_ADDRESS},
        {BITCOIN_MAIN, "BC1S0XLXVLHEMJA6C4DQV22UAPCTQUPFHLXM9H8Z3K2E72Q4K9HCZ7VQ54WELL",
         ERR_ADDRESS},
        {BITCOIN_MAIN, "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kemeawh", ERR_ADDRESS},
        {BITCOIN_TEST, "tb1q0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vq24jc47",
         ERR_ADDRESS},
        {BITCOIN_MAIN, "bc1p38j9r5y49hruaue7wxjce0updqjuyyx0kh56v8s25huc6995vvpql3jow4",
         ERR_ADDRESS},
        {BITCOIN_MAIN, "BC130XLXVLHEMJA6C4DQV22UAPCTQUPFHLXM9H8Z3K2E72Q4K9HCZ7VQ7ZWS8R",
         ERR_ADDRESS},
        {BITCOIN_MAIN, "bc1pw5dgrnzv", ERR_ADDRESS},
        {BITCOIN_MAIN,
         "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7v8n0nx0muaewav253zgeav",
         ERR_ADDRESS},
        {BITCOIN_TEST, "tb1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vq47Zagq",
         ERR_ADDRESS},
        {BITCOIN_MAIN, "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7v07qwwzcrf",
         ERR_ADDRESS},
        {BITCOIN_TEST, "tb1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vpggkg4j",
         ERR_ADDRESS},
        /* what BIP-350 took back of BIP-173 */
        {BITCOIN_MAIN, "bc1pw508d6qejxtdg4y5r3zarvary0c5xw7kw508d6qejxtdg4y5r3zarvary0c5xw7k7grplx",
         ERR_ADDRESS},
        {BITCOIN_MAIN, "BC1SW50QA3JX3S", ERR_ADDRESS},
        {BITCOIN_MAIN, "bc1zw508d6qejxtdg4y5r3zarvaryvg6kdaj", ERR_ADDRESS},
    };
    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        enum bitcoin_kind kind;
        struct bitcoin_script script;
        UNIT_CHECK(rows[i].text,
                   bitcoin_address_parse(rows[i].network, rows[i].text, strlen(rows[i].text), &kind,
                                         &script) == rows[i].expected);
    }
}

/* Scripts without an address. */
static void test_scripts(void)
{
    static const struct {
        const char *name, *script;
    } rows[] = {
        {"empty", ""},
        {"a note (OP_RETURN)", "6a0548656c6c6f"},
        {"a key (P2PK)", "2103c9f4836b9a4f77fc0d81f7bcb01b7f1b35916864b9476c241ce9fc198bd25432ac"},
        {"version 0 of another length", "0015" HASH "00"},
        {"another push", "76a913" HASH "88ac"},
        {"longer", "76a914" HASH "88ac00"},
        {"P2SH cut off", "a914" HASH},
        {"version 17", "6114" HASH},
        {"41 bytes", "5129" HASH HASH "00"},
    };
    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        uint8_t script[64];
        char text[BITCOIN_ADDRESS_SIZE];
        struct bytes in = {script, unit_bytes(rows[i].script, script, sizeof(script))};
        UNIT_CHECK(rows[i].name, bitcoin_script_kind(in) == BITCOIN_OTHER);
        UNIT_CHECK(rows[i].name, !bitcoin_address_format(BITCOIN_MAIN, in, text));
    }
}

/* The accounts of BIP-44, BIP-49 and BIP-84, of the mnemonic "abandon ... about". */
static void test_accounts(void)
{
    static const struct {
        const char *path;
        enum bitcoin_network network;
        enum bitcoin_kind kind;
        const char *address;
    } rows[] = {
        {"m/44'/0'/0'/0/0", BITCOIN_MAIN, BITCOIN_P2PKH, "1LqBGSKuX5yYUonjxT5qGfpUsXKYYWeabA"},
        {"m/49'/0'/0'/0/0", BITCOIN_MAIN, BITCOIN_P2SH, "37VucYSaXLCAsxYyAPfbSi9eh4iEcbShgf"},
        {"m/84'/0'/0'/0/0", BITCOIN_MAIN, BITCOIN_P2WPKH,
         "bc1qcr8te4kr609gcawutmrza0j4xv80jy8z306fyu"},
        {"m/84'/0'/0'/0/1", BITCOIN_MAIN, BITCOIN_P2WPKH,
         "bc1qnjg0jd8228aq7egyzacy8cys3knf9xvrerkf9g"},
        {"m/84'/0'/0'/1/0", BITCOIN_MAIN, BITCOIN_P2WPKH,
         "bc1q8c6fshw2dlwun7ekn9qwf37cu2rn755upcp6el"},
        {"m/84'/1'/0'/0/0", BITCOIN_REGTEST, BITCOIN_P2WPKH,
         "bcrt1q6rz28mcfaxtmd6v789l9rrlrusdprr9pz3cppk"},
    };
    static const char seed_hex[] =
        "5eb00bbddcf069084889a8ab9155568165f5c453ccb85e70811aaed6f6da5fc19a5ac40b389cd370d086206dec"
        "8aa6c43daea6690f20ad3d8d48b2d2ce9e38e4";
    uint8_t seed[HD_SEED_MAX];
    struct hd_key master, key;
    struct bitcoin_script script;

    UNIT_CHECK("seed",
               hd_from_seed(seed, unit_bytes(seed_hex, seed, sizeof(seed)), &master) == ERR_OK);
    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        struct hd_path path;
        char text[BITCOIN_ADDRESS_SIZE];

        UNIT_CHECK(rows[i].path, hd_path_parse(rows[i].path, strlen(rows[i].path), &path));
        UNIT_CHECK(rows[i].path, hd_derive(&master, &path, &key) == ERR_OK);
        UNIT_CHECK(rows[i].path,
                   bitcoin_script_of_key(rows[i].kind, key.public, &script) == ERR_OK);
        UNIT_CHECK(rows[i].path,
                   bitcoin_address_format(rows[i].network, bitcoin_script_bytes(&script), text));
        UNIT_SAME(rows[i].path, text, rows[i].address);
    }
    UNIT_CHECK("taproot", bitcoin_script_of_key(BITCOIN_P2TR, key.public, &script) == ERR_INVALID);
}

static const struct test_case cases[] = {
    {"Bech32", test_bech32},
    {"what is no Bech32", test_no_bech32},
    {"addresses", test_addresses},
    {"what is no address", test_no_addresses},
    {"scripts without an address", test_scripts},
    {"accounts", test_accounts},
    {NULL, NULL},
};
const struct test_suite suite_bitcoin_address = {.name = "bitcoin_address", .cases = cases};
