/* BIP-32 by its vectors. */
#include "chain/hd_key.h"

#include <string.h>

#include "tests/unit/unit.h"

static struct hd_key master_of(const char *seed_hex)
{
    uint8_t seed[HD_SEED_MAX];
    struct hd_key master;
    size_t len = unit_bytes(seed_hex, seed, sizeof(seed));
    UNIT_CHECK(seed_hex, hd_from_seed(seed, len, &master) == ERR_OK);
    return master;
}

static struct hd_key at_path(const struct hd_key *from, const char *path_text)
{
    struct hd_path path;
    struct hd_key key;
    UNIT_CHECK(path_text, hd_path_parse(path_text, strlen(path_text), &path));
    UNIT_CHECK(path_text, hd_derive(from, &path, &key) == ERR_OK);
    return key;
}

#define SEED_1 "000102030405060708090a0b0c0d0e0f"
#define SEED_2                                                         \
    "fffcf9f6f3f0edeae7e4e1dedbd8d5d2cfccc9c6c3c0bdbab7b4b1aeaba8a5a2" \
    "9f9c999693908d8a8784817e7b7875726f6c696663605d5a5754514e4b484542"
#define SEED_3                                                         \
    "4b381541583be4423346c643850da4b320e46a87ae3d2a4e6da11eba819cd4ac" \
    "ba45d239319ac14f863b8d5ab5a0d0c64d2e8a1e7d1457df2e5a3c51c73235be"
#define SEED_4 "3ddd5602285899a946114506157c7997e5444528f3003f6134712147db19b678"

/* The vectors of BIP-32; an empty one is not in what we have of them. */
static void test_vectors(void)
{
    static const struct {
        const char *seed, *path, *public, *secret;
    } rows[] = {
        {SEED_1, "m",
         "xpub661MyMwAqRbcFtXgS5sYJABqqG9YLmC4Q1Rdap9gSE8NqtwybGhePY2gZ29ESFjqJoCu1Rupje8YtGqsefD26"
         "5TMg7usUDFdp6W1EGMcet8",
         "xprv9s21ZrQH143K3QTDL4LXw2F7HEK3wJUD2nW2nRk4stbPy6cq3jPPqjiChkVvvNKmPGJxWUtg6LnF5kejMRNNU"
         "3TGtRBeJgk33yuGBxrMPHi"},
        {SEED_1, "m/0'",
         "xpub68Gmy5EdvgibQVfPdqkBBCHxA5htiqg55crXYuXoQRKfDBFA1WEjWgP6LHhwBZeNK1VTsfTFUHCdrfp1bgwQ9"
         "xv5ski8PX9rL2dZXvgGDnw",
         "xprv9uHRZZhk6KAJC1avXpDAp4MDc3sQKNxDiPvvkX8Br5ngLNv1TxvUxt4cV1rGL5hj6KCesnDYUhd7oWgT11eZG"
         "7XnxHrnYeSvkzY7d2bhkJ7"},
        {SEED_1, "m/0'/1",
         "xpub6ASuArnXKPbfEwhqN6e3mwBcDTgzisQN1wXN9BJcM47sSikHjJf3UFHKkNAWbWMiGj7Wf5uMash7SyYq527Hq"
         "ck2AxYysAA7xmALppuCkwQ",
         "xprv9wTYmMFdV23N2TdNG573QoEsfRrWKQgWeibmLntzniatZvR9BmLnvSxqu53Kw1UmYPxLgboyZQaXwTCg8MSY3"
         "H2EU4pWcQDnRnrVA1xe8fs"},
        {SEED_1, "m/0'/1/2'",
         "xpub6D4BDPcP2GT577Vvch3R8wDkScZWzQzMMUm3PWbmWvVJrZwQY4VUNgqFJPMM3No2dFDFGTsxxpG5uJh7n7epu"
         "4trkrX7x7DogT5Uv6fcLW5",
         "xprv9z4pot5VBttmtdRTWfWQmoH1taj2axGVzFqSb8C9xaxKymcFzXBDptWmT7FwuEzG3ryjH4ktypQSAewRiNMjA"
         "NTtpgP4mLTj34bhnZX7UiM"},
        {SEED_1, "m/0'/1/2'/2",
         "xpub6FHa3pjLCk84BayeJxFW2SP4XRrFd1JYnxeLeU8EqN3vDfZmbqBqaGJAyiLjTAwm6ZLRQUMv1ZACTj37sR62c"
         "fN7fe5JnJ7dh8zL4fiyLHV",
         "xprvA2JDeKCSNNZky6uBCviVfJSKyQ1mDYahRjijr5idH2WwLsEd4Hsb2Tyh8RfQMuPh7f7RtyzTtdrbdqqsunu5M"
         "m3wDvUAKRHSC34sJ7in334"},
        {SEED_1, "m/0'/1/2'/2/1000000000",
         "xpub6H1LXWLaKsWFhvm6RVpEL9P4KfRZSW7abD2ttkWP3SSQvnyA8FSVqNTEcYFgJS2UaFcxupHiYkro49S8yGasT"
         "vXEYBVPamhGW6cFJodrTHy",
         "xprvA41z7zogVVwxVSgdKUHDy1SKmdb533PjDz7J6N6mV6uS3ze1ai8FHa8kmHScGpWmj4WggLyQjgPie1rFSruoU"
         "ihUZREPSL39UNdE3BBDu76"},
        {SEED_2, "m",
         "xpub661MyMwAqRbcFW31YEwpkMuc5THy2PSt5bDMsktWQcFF8syAmRUapSCGu8ED9W6oDMSgv6Zz8idoc4a6mr8BD"
         "zTJY47LJhkJ8UB7WEGuduB",
         "xprv9s21ZrQH143K31xYSDQpPDxsXRTUcvj2iNHm5NUtrGiGG5e2DtALGdso3pGz6ssrdK4PFmM8NSpSBHNqPqm55"
         "Qn3LqFtT2emdEXVYsCzC2U"},
        {SEED_2, "m/0",
         "xpub69H7F5d8KSRgmmdJg2KhpAK8SR3DjMwAdkxj3ZuxV27CprR9LgpeyGmXUbC6wb7ERfvrnKZjXoUmmDznezpbZ"
         "b7ap6r1D3tgFxHmwMkQTPH",
         "xprv9vHkqa6EV4sPZHYqZznhT2NPtPCjKuDKGY38FBWLvgaDx45zo9WQRUT3dKYnjwih2yJD9mkrocEZXo1ex8G81"
         "dwSM1fwqWpWkeS3v86pgKt"},
        {SEED_2, "m/0/2147483647'",
         "xpub6ASAVgeehLbnwdqV6UKMHVzgqAG8Gr6riv3Fxxpj8ksbH9ebxaEyBLZ85ySDhKiLDBrQSARLq1uNRts8RuJiH"
         "jaDMBU4Zn9h8LZNnBC5y4a",
         "xprv9wSp6B7kry3Vj9m1zSnLvN3xH8RdsPP1Mh7fAaR7aRLcQMKTR2vidYEeEg2mUCTAwCd6vnxVrcjfy2kRgVsFa"
         "wNzmjuHc2YmYRmagcEPdU9"},
        {SEED_2, "m/0/2147483647'/1",
         "xpub6DF8uhdarytz3FWdA8TvFSvvAh8dP3283MY7p2V4SeE2wyWmG5mg5EwVvmdMVCQcoNJxGoWaU9DCWh89LojfZ"
         "537wTfunKau47EL2dhHKon",
         "xprv9zFnWC6h2cLgpmSA46vutJzBcfJ8yaJGg8cX1e5StJh45BBciYTRXSd25UEPVuesF9yog62tGAQtHjXajPPdb"
         "RCHuWS6T8XA2ECKADdw4Ef"},
        {SEED_2, "m/0/2147483647'/1/2147483646'",
         "xpub6ERApfZwUNrhLCkDtcHTcxd75RbzS1ed54G1LkBUHQVHQKqhMkhgbmJbZRkrgZw4koxb5JaHWkY4ALHY2grBG"
         "RjaDMzQLcgJvLJuZZvRcEL",
         "xprvA1RpRA33e1JQ7ifknakTFpgNXPmW2YvmhqLQYMmrj4xJXXWYpDPS3xz7iAxn8L39njGVyuoseXzU6rcxFLJ8H"
         "FsTjSyQbLYnMpCqE2VbFWc"},
        {SEED_2, "m/0/2147483647'/1/2147483646'/2",
         "xpub6FnCn6nSzZAw5Tw7cgR9bi15UV96gLZhjDstkXXxvCLsUXBGXPdSnLFbdpq8p9HmGsApME5hQTZ3emM2rnY5a"
         "gb9rXpVGyy3bdW6EEgAtqt",
         "xprvA2nrNbFZABcdryreWet9Ea4LvTJcGsqrMzxHx98MMrotbir7yrKCEXw7nadnHM8Dq38EGfSh6dqA9QWTyefML"
         "EcBYJUuekgW4BYPJcr9E7j"},
        {SEED_3, "m", "",
         "xprv9s21ZrQH143K25QhxbucbDDuQ4naNntJRi4KUfWT7xo4EKsHt2QJDu7KXp1A3u7Bi1j8ph3EGsZ9Xvz9dGuVr"
         "tHHs7pXeTzjuxBrCmmhgC6"},
        {SEED_3, "m/0'", "",
         "xprv9uPDJpEQgRQfDcW7BkF7eTya6RPxXeJCqCJGHuCJ4GiRVLzkTXBAJMu2qaMWPrS7AANYqdq6vcBcBUdJCVVFc"
         "eUvJFjaPdGZ2y9WACViL4L"},
        {SEED_4, "m/0'/1'", "",
         "xprv9xJocDuwtYCMNAo3Zw76WENQeAS6WGXQ55RCy7tDJ8oALr4FWkuVoHJeHVAcAqiZLE7Je3vZJHxspZdFHfnBE"
         "jHqU5hG1Jaj32dVoS6XLT1"},
    };
    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        struct hd_key master = master_of(rows[i].seed), again;
        struct hd_key key = at_path(&master, rows[i].path);
        enum hd_network network;
        char text[BASE58_TEXT_SIZE];

        hd_format(&key, HD_MAIN, text);
        UNIT_SAME(rows[i].path, text, rows[i].secret);
        UNIT_CHECK(rows[i].path, hd_parse(text, strlen(text), &network, &again) == ERR_OK);
        UNIT_CHECK(rows[i].path, network == HD_MAIN && again.has_secret &&
                                     memcmp(again.public, key.public, sizeof(key.public)) == 0);
        hd_public(&key, &key);
        if (rows[i].public[0] == '\0')
            continue;
        hd_format(&key, HD_MAIN, text);
        UNIT_SAME(rows[i].path, text, rows[i].public);
        UNIT_CHECK(rows[i].path, hd_parse(text, strlen(text), &network, &again) == ERR_OK);
        hd_format(&again, HD_MAIN, text);
        UNIT_SAME(rows[i].path, text, rows[i].public);
    }
}

/* Seeds of mnemonics (BIP-39): "test ... junk", which development nodes use, and "abandon ... about". */
#define SEED_TEST                                                      \
    "9dfc3c64c2f8bede1533b6a79f8570e5943e0b8fd1cf77107adf7b72cef42185" \
    "d564a3aee24cab43f80e3c4538087d70fc824eabbad596a23c97b6ee8322ccc0"
#define SEED_ABANDON                                                   \
    "5eb00bbddcf069084889a8ab9155568165f5c453ccb85e70811aaed6f6da5fc1" \
    "9a5ac40b389cd370d086206dec8aa6c43daea6690f20ad3d8d48b2d2ce9e38e4"

static void test_secrets(void)
{
    static const struct {
        const char *seed, *path, *secret;
    } rows[] = {
        {SEED_TEST, "m", "ada5f7928ef8f684afa7b06929b5d1f653e486b52077ba9d798eded96c851ade"},
        {SEED_TEST, "m/44'/60'/0'/0/0",
         "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"},
        {SEED_TEST, "m/44'/60'/0'/0/1",
         "59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d"},
        {SEED_TEST, "m/44'/60'/0'/0/2",
         "5de4111afa1a4b94908f83103eb1f1706367c2e68ca870fc3fb9a804cdab365a"},
        {SEED_TEST, "m/44'/60'/0'/0/3",
         "7c852118294e51e653712a81e05800f419141751be58f605c371e15141b007a6"},
        {SEED_TEST, "m/44'/60'/0'/0/9",
         "2a871d0798f97d79848a013d4936a73bf4cc922c825d33c1cf7073dff6d409c6"},
        {SEED_1, "m/0'/1/2'/2/1000000000",
         "471b76e389e528d6de6d816857e012c5455051cad6660850e58372a6c3e6e7c8"},
        {SEED_4, "m/0'", "00d948e9261e41362a688b916f297121ba6bfb2274a3575ac0e456551dfd7f7e"},
        {SEED_4, "m/0'/1'", "3a2086edd7d9df86c3487a5905a1712a9aa664bce8cc268141e07549eaa8661d"},
    };
    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        struct hd_key master = master_of(rows[i].seed);
        struct hd_key key = at_path(&master, rows[i].path);
        UNIT_HEX(rows[i].path, key.secret, sizeof(key.secret), rows[i].secret);
    }
    struct hd_key master = master_of(SEED_TEST);
    UNIT_HEX("chain code", master.chain_code, sizeof(master.chain_code),
             "a6001a33d7f033eb872b5e95587fe2053a2df53d546ba932637f2ab7a8cff940");
}

/* BIP-84's own keys, of "abandon ... about". */
static void test_bip84(void)
{
    static const struct {
        const char *path, *public;
    } rows[] = {
        {"m/84'/0'/0'/0/0", "0330d54fd0dd420a6e5f8d3624f5f3482cae350f79d5f0753bf5beef9c2d91af3c"},
        {"m/84'/0'/0'/0/1", "03e775fd51f0dfb8cd865d9ff1cca2a158cf651fe997fdc9fee9c1d3b5e995ea77"},
        {"m/84'/0'/0'/1/0", "03025324888e429ab8e3dbaf1f7802648b9cd01e9b418485c5fa4c1b9b5700e1a6"},
    };
    struct hd_key master = master_of(SEED_ABANDON);

    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        struct hd_key key = at_path(&master, rows[i].path);
        UNIT_HEX(rows[i].path, key.public, sizeof(key.public), rows[i].public);
    }
}

/* Public keys alone lead to the same children as the secrets do, and to no hardened one. */
static void test_watching(void)
{
    static const char text[] = "xpub6DyUKdwoLWmUJ4Tn9Bbsdtx7B5Ws18mEN19e5HT52ikE53FiUheSQXrZUNPovqf"
                               "yKmw4579A1Mm3GXXKM39N64u"
                               "ooBfJ4tNAzFsEbodRTx4";
    struct hd_key master = master_of(SEED_TEST), watching, child;
    enum hd_network network;

    UNIT_CHECK("xpub", hd_parse(text, strlen(text), &network, &watching) == ERR_OK);
    UNIT_CHECK("no secret", !watching.has_secret);
    for (uint32_t i = 0; i < 5; i++) {
        char path[HD_PATH_SIZE];
        struct hd_path steps = {.steps = {HD_HARDENED + 44, HD_HARDENED + 60, HD_HARDENED, 0, i},
                                .count = 5};
        struct hd_key with_secret;

        hd_path_format(&steps, path);
        UNIT_CHECK(path, hd_derive(&master, &steps, &with_secret) == ERR_OK);
        UNIT_CHECK(path, hd_child(&watching, i, &child) == ERR_OK);
        hd_public(&with_secret, &with_secret);
        char one[BASE58_TEXT_SIZE], other[BASE58_TEXT_SIZE];
        hd_format(&with_secret, HD_TEST, one);
        hd_format(&child, HD_TEST, other);
        UNIT_SAME(path, one, other);
        UNIT_CHECK(path, memcmp(one, "tpub", 4) == 0);
    }
    UNIT_CHECK("hardened", hd_child(&watching, HD_HARDENED, &child) == ERR_INVALID);
    watching.depth = UINT8_MAX;
    UNIT_CHECK("too deep", hd_child(&watching, 0, &child) == ERR_INVALID);
}

/* What BIP-32 calls invalid (its vector 5), made by changing one byte of a good key. */
static void test_refused(void)
{
    static const struct {
        const char *name;
        bool secret;
        size_t at;
        uint8_t byte;
    } rows[] = {
        {"another version", false, 3, 0x1f},
        {"the version of a secret", false, 3, 0xe4},
        {"master key with a parent", true, 8, 1},
        {"master key with an index", true, 12, 1},
        {"secret without a zero in front", true, 45, 1},
        {"uncompressed key", false, 45, 4},
        {"key without its prefix", false, 45, 0},
    };
    struct hd_key master = master_of(SEED_1), key;
    char text[BASE58_TEXT_SIZE];
    uint8_t data[BASE58_MAX];
    enum hd_network network;
    size_t len;

    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        key = master;
        if (!rows[i].secret)
            hd_public(&key, &key);
        hd_format(&key, HD_MAIN, text);
        UNIT_CHECK(rows[i].name, base58_decode(text, strlen(text), data, &len) == ERR_OK);
        data[rows[i].at] = rows[i].byte;
        if (i == 1)
            data[2] = 0xad;
        base58_encode(data, len, text);
        UNIT_CHECK(rows[i].name, hd_parse(text, strlen(text), &network, &key) == ERR_INVALID);
    }
    memset(data + 45, 0, 33); /* secret 0 */
    hd_format(&master, HD_MAIN, text);
    UNIT_CHECK("length", base58_decode(text, strlen(text), data, &len) == ERR_OK);
    memset(data + 46, 0xff, 32);
    base58_encode(data, len, text);
    UNIT_CHECK("secret past the order",
               hd_parse(text, strlen(text), &network, &key) == ERR_INVALID);
    memset(data + 46, 0, 32);
    base58_encode(data, len, text);
    UNIT_CHECK("secret 0", hd_parse(text, strlen(text), &network, &key) == ERR_INVALID);
    base58_encode(data, len - 1, text);
    UNIT_CHECK("too short", hd_parse(text, strlen(text), &network, &key) == ERR_INVALID);
    hd_format(&master, HD_MAIN, text);
    text[50] = text[50] == 'a' ? 'b' : 'a';
    UNIT_CHECK("mistyped", hd_parse(text, strlen(text), &network, &key) == ERR_CHECKSUM);
    UNIT_CHECK("short seed", hd_from_seed(data, HD_SEED_MIN - 1, &key) == ERR_INVALID);
    UNIT_CHECK("long seed", hd_from_seed(data, HD_SEED_MAX + 1, &key) == ERR_INVALID);
}

static void test_paths(void)
{
    static const struct {
        const char *text;
        bool good;
    } rows[] = {
        {"m", true},
        {"m/0", true},
        {"m/84'/0'/0'/1/5", true},
        {"m/2147483647'/2147483647'/2147483647'/2147483647'/2147483647'/2147483647'/2147483647'/"
         "2147483647'/2147483647'/2147483647'",
         true},
        {"", false},
        {"/0", false},
        {"M/0", false},
        {"m/", false},
        {"m//0", false},
        {"m/0/", false},
        {"m/00", false},
        {"m/01", false},
        {"m/-1", false},
        {"m/+1", false},
        {"m/ 1", false},
        {"m/1h", false},
        {"m/1''", false},
        {"m/'", false},
        {"m0", false},
        {"m/2147483648", false},
        {"m/4294967296", false},
        {"m/99999999999999999999999999", false},
        {"m/0/0/0/0/0/0/0/0/0/0/0", false},
    };
    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        struct hd_path path;
        char text[HD_PATH_SIZE];
        bool good = hd_path_parse(rows[i].text, strlen(rows[i].text), &path);

        UNIT_CHECK(rows[i].text, good == rows[i].good);
        if (!good)
            continue;
        hd_path_format(&path, text);
        UNIT_SAME(rows[i].text, text, rows[i].text);
    }
}

static const struct test_case cases[] = {
    {"BIP-32's vectors", test_vectors},
    {"secrets", test_secrets},
    {"BIP-84's keys", test_bip84},
    {"public keys alone", test_watching},
    {"what is no key", test_refused},
    {"paths", test_paths},
    {NULL, NULL},
};
const struct test_suite suite_hd_key = {.name = "hd_key", .cases = cases};
