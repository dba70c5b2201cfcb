/* Digests, MACs, sealing and passwords by published vectors. */
#include "crypto/crypto.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/encode.h"
#include "tests/unit/unit.h"

/* Compares bytes with their hex text. */
static void check_hex(const char *row, const uint8_t *got, size_t len, const char *expected)
{
    char text[HEX_SIZE(64)];
    hex_encode(got, len, text);
    UNIT_SAME(row, text, expected);
}

static void test_sha256(void)
{
    static const struct {
        const char *data;
        const char *expected; /* FIPS 180-4 examples */
    } rows[] = {
        {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
    };
    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        uint8_t out[SHA256_SIZE];
        crypto_sha256(rows[i].data, strlen(rows[i].data), out);
        check_hex(rows[i].data, out, sizeof(out), rows[i].expected);
    }
}

/* Bytes that count up, of the lengths around one block: what ethers 6 gives. */
static void test_keccak(void)
{
    static const struct {
        size_t len;
        const char *expected;
    } rows[] = {
        {0, "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"},
        {1, "bc36789e7a1e281436464229828f817d6612f7b477d66591ff96a9e064bcc98a"},
        {135, "cbdfd9dee5faad3818d6b06f95a219fd290b0e1706f6a82e5a595b9ce9faca62"},
        {136, "7ce759f1ab7f9ce437719970c26b0a66ff11fe3e38e17df89cf5d29c7d7f807e"},
        {137, "ac73d4fae68b8453f764007c1a20ce95994187861f0c3227a3a8e99a73a3b1db"},
        {272, "fdf2ec49e749960d3c8521a0219af8d03e30e2b3bf19bd16150ee0eaf133d66e"},
        {1000, "aca79e4146e30eb1c733f6d6060d72471c36ea4e01ebf45d7f4916249c2bbd82"},
    };
    uint8_t data[1000], out[KECCAK256_SIZE];

    for (size_t i = 0; i < sizeof(data); i++)
        data[i] = (uint8_t)i;
    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        crypto_keccak256(data, rows[i].len, out);
        check_hex(rows[i].expected, out, sizeof(out), rows[i].expected);
    }
    crypto_keccak256("abc", 3, out);
    check_hex("abc", out, sizeof(out),
              "4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45");
}

/* The genesis block's header and the key 1, as every node knows them. */
static void test_bitcoin_hashes(void)
{
    static const char header[] =
        "0100000000000000000000000000000000000000000000000000000000000000000000003ba3edfd7a7b12b2"
        "7ac72c3e67768f617fc81bc3888a51323a9fb8aa4b1e5e4a29ab5f49ffff001d1dac2b7c";
    static const char key[] = "0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798";
    uint8_t data[80], out[SHA256_SIZE];

    UNIT_CHECK("header", hex_decode(header, strlen(header), data, sizeof(data)));
    crypto_hash256(data, sizeof(data), out);
    check_hex("hash256", out, sizeof(out),
              "6fe28c0ab6f1b372c1a6a246ae63f74f931e8365e15a089c68d6190000000000");
    UNIT_CHECK("key", hex_decode(key, strlen(key), data, 33));
    crypto_hash160(data, 33, out);
    check_hex("hash160", out, HASH160_SIZE, "751e76e8199196d454941c45d1b3a323f1433bd6");
}

/* RFC 2202 (SHA-1) and RFC 4231 (SHA-256, SHA-512); a key or text of one repeated byte is given by
 * that byte and the length. */
static void test_hmac(void)
{
    static const struct {
        const char *row;
        const char *key;
        size_t key_len;
        const char *data;
        size_t data_len;
        char key_fill;
        char data_fill;
        const char *sha1;
        const char *sha256;
        const char *sha512;
    } rows[] = {
        {"case 1", NULL, 20, "Hi There", 8, 0x0b, 0, "b617318655057264e28bc0b6fb378c8ef146be00",
         "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
         "87aa7cdea5ef619d4ff0b4241a1d6cb02379f4e2ce4ec2787ad0b30545e17cde"
         "daa833b7d6b8a702038b274eaea3f4e4be9d914eeb61f1702e696c203a126854"},
        {"case 2", "Jefe", 4, "what do ya want for nothing?", 28, 0, 0,
         "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79",
         "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
         "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554"
         "9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737"},
        {"case 3", NULL, 20, NULL, 50, '\xaa', '\xdd', "125d7342b9ac11cd91a39af48aa17b4f63f175d3",
         "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe",
         "fa73b0089d56a284efb0f0756c890be9b1b5dbdd8ee81a3655f83e33b2279d39"
         "bf3e848279a722c806b485a47e67c807b946a337bee8942674278859e13292fb"},
        {"long key", NULL, 131, "Test Using Larger Than Block-Size Key - Hash Key First", 54,
         '\xaa', 0, NULL, "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
         "80b24263c7c1a3ebb71493c1dd7be8b49b46d1f41b4aeec1121b013783f8f352"
         "6b56d037e05f2598bd0fd2215d6a1e5295e64f73f63f0aec8b915a985d786598"},
        {"nothing at all", "", 0, "", 0, 0, 0, "fbdb1d1b18aa6c08324b7d64b71fb76370690e1d",
         "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad",
         "b936cee86c9f87aa5d3c6f2e84cb5a4239a5fe50480a6ec66b70ab5b1f4ac673"
         "0c6c515421b327ec1d69402e53dfb49ad7381eb067b338fd7b0cb22247225d47"},
    };
    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        char key[131];
        char data[64];
        uint8_t out[SHA512_SIZE];
        memset(key, rows[i].key_fill, sizeof(key));
        memset(data, rows[i].data_fill, sizeof(data));
        if (rows[i].key != NULL)
            memcpy(key, rows[i].key, rows[i].key_len);
        if (rows[i].data != NULL)
            memcpy(data, rows[i].data, rows[i].data_len);
        if (rows[i].sha1 != NULL) {
            UNIT_CHECK(rows[i].row, crypto_hmac_sha1(key, rows[i].key_len, data, rows[i].data_len,
                                                     out) == ERR_OK);
            check_hex(rows[i].row, out, SHA1_SIZE, rows[i].sha1);
        }
        UNIT_CHECK(rows[i].row,
                   crypto_hmac_sha256(key, rows[i].key_len, data, rows[i].data_len, out) == ERR_OK);
        check_hex(rows[i].row, out, SHA256_SIZE, rows[i].sha256);
        UNIT_CHECK(rows[i].row,
                   crypto_hmac_sha512(key, rows[i].key_len, data, rows[i].data_len, out) == ERR_OK);
        check_hex(rows[i].row, out, SHA512_SIZE, rows[i].sha512);
    }
}

static void test_equal(void)
{
    static const struct {
        const char *a;
        const char *b;
        size_t len;
        bool same;
    } rows[] = {
        {"abc", "abc", 3, true}, {"abc", "abd", 3, false}, {"abc", "bbc", 3, false},
        {"abc", "abd", 2, true}, {"", "", 0, true},        {"\x80", "\x00", 1, false},
    };
    for (size_t i = 0; i < TEST_COUNT(rows); i++)
        UNIT_CHECK(rows[i].b, crypto_equal(rows[i].a, rows[i].b, rows[i].len) == rows[i].same);
    char secret[] = "secret";
    crypto_wipe(secret, sizeof(secret));
    UNIT_CHECK("wiped", crypto_equal(secret, "\0\0\0\0\0\0\0", sizeof(secret)));
}

static void test_random(void)
{
    uint8_t a[32] = {0};
    uint8_t b[32] = {0};
    uint8_t large[1000] = {0};
    unsigned seen[256] = {0};
    unsigned kinds = 0;

    crypto_random(a, sizeof(a));
    crypto_random(b, sizeof(b));
    UNIT_CHECK("differ", memcmp(a, b, sizeof(a)) != 0);
    memset(a, 7, sizeof(a));
    crypto_random(a, 0);
    UNIT_CHECK("none", a[0] == 7);
    crypto_random(large, sizeof(large));
    for (size_t i = 0; i < sizeof(large); i++)
        kinds += seen[large[i]]++ == 0;
    UNIT_CHECK("spread", kinds > 200); /* 250 expected; less than 200 does not happen */
}

static void test_uuid(void)
{
    struct uuid last = crypto_uuid7();
    for (int i = 0; i < 100; i++) {
        struct uuid four = crypto_uuid4();
        struct uuid seven = crypto_uuid7();
        UNIT_CHECK("version 4", four.bytes[6] >> 4 == 4 && four.bytes[8] >> 6 == 2);
        UNIT_CHECK("version 7", seven.bytes[6] >> 4 == 7 && seven.bytes[8] >> 6 == 2);
        UNIT_CHECK("rises within a millisecond", memcmp(seven.bytes, last.bytes, 8) > 0);
        last = seven;
    }
    int64_t ms = 0;
    for (int i = 0; i < 6; i++)
        ms = ms << 8 | last.bytes[i];
    int64_t age_ms = clock_now_us() / 1000 - ms;
    UNIT_CHECK("time of day", age_ms >= 0 && age_ms < 60000);
}

/* RFC 8452 appendix C.2: key 01 00.., nonce 03 00... */
static void test_seal_vectors(void)
{
    static const struct {
        const char *plain;
        const char *sealed;
    } rows[] = {
        {"", "07f5f4169bbf55a8400cd47ea6fd400f"},
        {"0100000000000000", "c2ef328e5c71c83b843122130f7364b761e0b97427e3df28"},
    };
    static const uint8_t key[SEAL_KEY_SIZE] = {1};
    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        uint8_t sealed[64] = {3};
        uint8_t plain[32];
        size_t len = strlen(rows[i].sealed) / 2;
        UNIT_CHECK(rows[i].sealed,
                   hex_decode(rows[i].sealed, 2 * len, sealed + SEAL_NONCE_SIZE, len));
        UNIT_CHECK(rows[i].sealed,
                   crypto_unseal(key, "", sealed, SEAL_NONCE_SIZE + len, plain) == ERR_OK);
        check_hex(rows[i].sealed, plain, strlen(rows[i].plain) / 2, rows[i].plain);
    }
}

static void test_seal_round_trip(void)
{
    uint8_t key[SEAL_KEY_SIZE];
    uint8_t data[100];
    uint8_t sealed[100 + SEAL_OVERHEAD];
    uint8_t again[100 + SEAL_OVERHEAD];
    uint8_t out[100];

    crypto_random(key, sizeof(key));
    crypto_random(data, sizeof(data));
    for (size_t len = 0; len <= sizeof(data); len++) {
        char row[32];
        snprintf(row, sizeof(row), "%zu bytes", len);
        UNIT_CHECK(row, crypto_seal(key, "api_key/17", data, len, sealed) == ERR_OK);
        UNIT_CHECK(row, crypto_seal(key, "api_key/17", data, len, again) == ERR_OK);
        UNIT_CHECK(row, memcmp(sealed, again, len + SEAL_OVERHEAD) != 0);
        memset(out, 0, sizeof(out));
        UNIT_CHECK(row,
                   crypto_unseal(key, "api_key/17", sealed, len + SEAL_OVERHEAD, out) == ERR_OK);
        UNIT_CHECK(row, memcmp(out, data, len) == 0);
    }
}

static void test_seal_tampered(void)
{
    uint8_t key[SEAL_KEY_SIZE] = {1, 2, 3};
    uint8_t other_key[SEAL_KEY_SIZE] = {1, 2, 4};
    uint8_t sealed[16 + SEAL_OVERHEAD];
    uint8_t out[64];

    UNIT_CHECK("seal", crypto_seal(key, "api_key/17", "sixteen bytes ok", 16, sealed) == ERR_OK);
    for (size_t i = 0; i < sizeof(sealed); i++) {
        char row[32];
        snprintf(row, sizeof(row), "byte %zu", i);
        sealed[i] ^= 0x40;
        UNIT_CHECK(row,
                   crypto_unseal(key, "api_key/17", sealed, sizeof(sealed), out) == ERR_CRYPTO);
        sealed[i] ^= 0x40;
    }
    for (size_t len = 0; len < sizeof(sealed); len++)
        UNIT_CHECK("cut", crypto_unseal(key, "api_key/17", sealed, len, out) == ERR_CRYPTO);
    UNIT_CHECK("elsewhere",
               crypto_unseal(key, "api_key/18", sealed, sizeof(sealed), out) == ERR_CRYPTO);
    UNIT_CHECK("other key",
               crypto_unseal(other_key, "api_key/17", sealed, sizeof(sealed), out) == ERR_CRYPTO);
    UNIT_CHECK("whole", crypto_unseal(key, "api_key/17", sealed, sizeof(sealed), out) == ERR_OK);
    UNIT_CHECK("whole", memcmp(out, "sixteen bytes ok", 16) == 0);
}

/* The two hashes were made by the reference implementation's command line program. */
static void test_password_check(void)
{
#define SALT "c2FsdHNhbHRzYWx0c2FsdA"
#define HASH "AdweBLwcflnNX2HVW8i1Mtu7frrn4Ki7h/rYSGuU7Is"
#define HEAD "$argon2id$v=19$m=19456,t=2,p=1$"
    static const struct {
        const char *row;
        const char *password;
        const char *hash;
        enum err rc;
        bool matches;
    } rows[] = {
        {"right", "correct horse", HEAD SALT "$" HASH, ERR_OK, true},
        {"wrong", "correct hors", HEAD SALT "$" HASH, ERR_OK, false},
        {"empty", "", HEAD SALT "$" HASH, ERR_OK, false},
        {"another cost", "correct horse",
         "$argon2id$v=19$m=64,t=3,p=2$c2FsdHNhbHRzYWx0c2FsdA$Ja+"
         "CnHG1QJ4zHxfh3iSUWz3gSGhzP0DYHKhwJ8sa7S0",
         ERR_OK, true},
        {"other salt", "correct horse", HEAD "c2FsdHNhbHRzYWx0c2FsdB$" HASH, ERR_CRYPTO, false},
        {"no text", "x", "", ERR_CRYPTO, false},
        {"no hash", "x", HEAD SALT, ERR_CRYPTO, false},
        {"short hash", "x",
         HEAD SALT "$"
                   "AdweBLwcflnNX2HVW8i1Mtu7frrn4Ki7h/rYSGuU7I",
         ERR_CRYPTO, false},
        {"long hash", "x", HEAD SALT "$" HASH "A", ERR_CRYPTO, false},
        {"padded", "x", HEAD SALT "$" HASH "=", ERR_CRYPTO, false},
        {"space for a digit", "x",
         HEAD SALT "$"
                   " dweBLwcflnNX2HVW8i1Mtu7frrn4Ki7h/rYSGuU7Is",
         ERR_CRYPTO, false},
        {"argon2i", "x", "$argon2i$v=19$m=19456,t=2,p=1$" SALT "$" HASH, ERR_CRYPTO, false},
        {"version", "x", "$argon2id$v=16$m=19456,t=2,p=1$" SALT "$" HASH, ERR_CRYPTO, false},
        {"too dear", "x", "$argon2id$v=19$m=9999999,t=2,p=1$" SALT "$" HASH, ERR_CRYPTO, false},
        {"too long", "x", "$argon2id$v=19$m=19456,t=999,p=1$" SALT "$" HASH, ERR_CRYPTO, false},
        {"too wide", "x", "$argon2id$v=19$m=19456,t=2,p=99$" SALT "$" HASH, ERR_CRYPTO, false},
        {"no memory", "x", "$argon2id$v=19$m=0,t=2,p=1$" SALT "$" HASH, ERR_CRYPTO, false},
        {"no passes", "x", "$argon2id$v=19$m=19456,t=0,p=1$" SALT "$" HASH, ERR_CRYPTO, false},
        {"no lanes", "x", "$argon2id$v=19$m=19456,t=2,p=0$" SALT "$" HASH, ERR_CRYPTO, false},
        {"leading zero", "x", "$argon2id$v=19$m=019456,t=2,p=1$" SALT "$" HASH, ERR_CRYPTO, false},
        {"plus sign", "x", "$argon2id$v=19$m=+19456,t=2,p=1$" SALT "$" HASH, ERR_CRYPTO, false},
        {"minus sign", "x", "$argon2id$v=19$m=-19456,t=2,p=1$" SALT "$" HASH, ERR_CRYPTO, false},
    };
    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        bool matches = false;
        enum err rc = crypto_password_check(rows[i].password, strlen(rows[i].password),
                                            rows[i].hash, &matches);
        UNIT_SAME(rows[i].row, err_id(rc), err_id(rows[i].rc));
        UNIT_CHECK(rows[i].row, matches == rows[i].matches);
    }
}

static void test_password_hash(void)
{
    char hash[PASSWORD_HASH_SIZE];
    char again[PASSWORD_HASH_SIZE];
    bool matches = false;

    UNIT_CHECK("hash", crypto_password_hash("pa\0ss", 5, hash) == ERR_OK);
    UNIT_CHECK("form", strncmp(hash, HEAD, strlen(HEAD)) == 0 && strlen(hash) == strlen(HEAD) + 66);
    UNIT_CHECK("unpadded", strchr(hash, '=') == hash + 11); /* that of v=19 */
    UNIT_CHECK("unpadded", strchr(hash + strlen(HEAD), '=') == NULL);
    UNIT_CHECK("check", crypto_password_check("pa\0ss", 5, hash, &matches) == ERR_OK && matches);
    UNIT_CHECK("NUL", crypto_password_check("pa\0sx", 5, hash, &matches) == ERR_OK && !matches);
    UNIT_CHECK("empty", crypto_password_hash("", 0, again) == ERR_EMPTY);
    UNIT_CHECK("twice", crypto_password_hash("pa\0ss", 5, again) == ERR_OK);
    UNIT_CHECK("salted", strcmp(hash, again) != 0);
}

static void test_start(void)
{
    UNIT_CHECK("again", crypto_start() == ERR_OK);
}

static const struct test_case cases[] = {
    {"start", test_start},
    {"SHA-256", test_sha256},
    {"Keccak-256", test_keccak},
    {"hashes of Bitcoin", test_bitcoin_hashes},
    {"HMAC", test_hmac},
    {"compare and wipe", test_equal},
    {"random", test_random},
    {"UUIDs", test_uuid},
    {"sealing: vectors", test_seal_vectors},
    {"sealing: there and back", test_seal_round_trip},
    {"sealing: changed", test_seal_tampered},
    {"passwords: checking", test_password_check},
    {"passwords: hashing", test_password_hash},
    {NULL, NULL},
};
const struct test_suite suite_crypto = {.name = "crypto", .cases = cases};
