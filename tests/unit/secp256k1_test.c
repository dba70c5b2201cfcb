/* Keys and signatures by vectors. */
#include "crypto/secp256k1.h"

#include <string.h>

#include "tests/unit/unit.h"

#define ORDER "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141"
#define BELOW_ORDER "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364140"
#define ZERO "0000000000000000000000000000000000000000000000000000000000000000"
#define ONE "0000000000000000000000000000000000000000000000000000000000000001"
#define GENERATOR "0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798"

static void test_secret(void)
{
    static const struct {
        const char *secret;
        const char *public; /* NULL: no key */
    } rows[] = {
        {ZERO, NULL},
        {ORDER, NULL},
        {ONE, GENERATOR},
        {BELOW_ORDER, "0379be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798"},
        {"ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80",
         "038318535b54105d4a7aae60c08fc45f9687181b4fdfc625bd1a753fa7397fed75"},
    };
    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        uint8_t secret[EC_SECRET_SIZE], public[EC_PUBLIC_SIZE];
        struct ec_signature signature;
        enum err expected = rows[i].public != NULL ? ERR_OK : ERR_CRYPTO;

        unit_bytes(rows[i].secret, secret, sizeof(secret));
        UNIT_CHECK(rows[i].secret, ec_secret_valid(secret) == (expected == ERR_OK));
        UNIT_CHECK(rows[i].secret, ec_public(secret, public) == expected);
        UNIT_CHECK(rows[i].secret, ec_sign(secret, secret, &signature) == expected);
        if (rows[i].public != NULL)
            UNIT_HEX(rows[i].secret, public, sizeof(public), rows[i].public);
    }
}

static void test_point(void)
{
    static const struct {
        const char *public;
        const char *point; /* NULL: not on the curve */
    } rows[] = {
        {"038318535b54105d4a7aae60c08fc45f9687181b4fdfc625bd1a753fa7397fed75",
         "048318535b54105d4a7aae60c08fc45f9687181b4fdfc625bd1a753fa7397fed753547f11ca8696646f2f3ac"
         "b08e31016afac23e630c5d11f59f61fef57b0d2aa5"},
        {"020000000000000000000000000000000000000000000000000000000000000005", NULL},
        {"0479be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798", NULL},
        {"02fffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2f",
         NULL}, /* x is no less than p */
    };
    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        uint8_t public[EC_PUBLIC_SIZE], point[EC_POINT_SIZE];

        unit_bytes(rows[i].public, public, sizeof(public));
        UNIT_CHECK(rows[i].public,
                   ec_point(public, point) == (rows[i].point != NULL ? ERR_OK : ERR_CRYPTO));
        if (rows[i].point != NULL)
            UNIT_HEX(rows[i].public, point, sizeof(point), rows[i].point);
    }
}

/* A secret and its public key stay a pair whatever is added to both. */
static void test_add(void)
{
    static const struct {
        const char *secret, *tweak;
        enum err expected;
    } rows[] = {
        {ONE, ONE, ERR_OK},
        {ONE, ZERO, ERR_OK},
        {ONE, BELOW_ORDER, ERR_CRYPTO}, /* the sum is 0 */
        {ONE, ORDER, ERR_CRYPTO},
        {"ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80",
         "59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d", ERR_OK},
    };
    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        uint8_t secret[EC_SECRET_SIZE], tweak[32], public[EC_PUBLIC_SIZE], pair[EC_PUBLIC_SIZE];

        unit_bytes(rows[i].secret, secret, sizeof(secret));
        unit_bytes(rows[i].tweak, tweak, sizeof(tweak));
        UNIT_CHECK(rows[i].tweak, ec_public(secret, public) == ERR_OK);
        UNIT_CHECK(rows[i].tweak, ec_secret_add(secret, tweak) == rows[i].expected);
        UNIT_CHECK(rows[i].tweak, ec_public_add(public, tweak) == rows[i].expected);
        if (rows[i].expected == ERR_OK)
            UNIT_CHECK(rows[i].tweak, ec_public(secret, pair) == ERR_OK &&
                                          memcmp(pair, public, sizeof(pair)) == 0);
    }
}

/* EIP-155's example, BIP-143's, and what bcoin signs for a key of elevens. */
static void test_sign(void)
{
    static const struct {
        const char *secret, *hash, *der;
    } rows[] = {
        {"4646464646464646464646464646464646464646464646464646464646464646",
         "daf5a779ae972f972197303d7b574746c7ef83eadac0f2791ad23db92e4c8e53",
         "3044022028ef61340bd939bc2195fe537567866003e1a15d3c71ff63e1590620aa636276022067cbe9d8997f7"
         "6"
         "1aecb703304b3800ccf555c9f3dc64214b297fb1966a3b6d83"},
        {"619c335025c7f4012e556c2a58b2506e30b8511b53ade95ea316fd8c3286feb9",
         "c37af31116d1b27caf68aae9e3ac82f1477929014d5b917657d0eb49478cb670",
         "304402203609e17b84f6a7d30c80bfa610b5b4542f32a8a0d5447a12fb1366d7f01cc44a0220573a954c45183"
         "3"
         "1561406f90300e8f3358f51928d43c212a8caed02de67eebee"},
        {"1111111111111111111111111111111111111111111111111111111111111111",
         "df98f2d5a8b97eabe06ec766411f38c0ba0667dd2902b7ece48ea0130e800e23",
         "3045022100aa00940b8a0d87229cd4924436683ebe5000880271f58dcc1a55ec3b0a8dc8f102207d84e42170a"
         "c"
         "5750a285779961512a1ac4fa46f82dc047c3c9b82d55172a7522"},
    };
    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        const char *row = rows[i].hash;
        uint8_t secret[EC_SECRET_SIZE], hash[32], der[EC_DER_MAX];
        uint8_t public[EC_PUBLIC_SIZE], signer[EC_PUBLIC_SIZE];
        struct ec_signature signature;

        unit_bytes(rows[i].secret, secret, sizeof(secret));
        unit_bytes(row, hash, sizeof(hash));
        UNIT_CHECK(row, ec_public(secret, public) == ERR_OK);
        UNIT_CHECK(row, ec_sign(secret, hash, &signature) == ERR_OK);
        UNIT_HEX(row, der, ec_der(&signature, der), rows[i].der);
        UNIT_CHECK(row, ec_verify(public, hash, &signature));
        UNIT_CHECK(row, ec_recover(&signature, hash, signer) == ERR_OK &&
                            memcmp(signer, public, sizeof(signer)) == 0);
        hash[31] ^= 1;
        UNIT_CHECK(row, !ec_verify(public, hash, &signature));
        UNIT_CHECK(row, ec_recover(&signature, hash, signer) != ERR_OK ||
                            memcmp(signer, public, sizeof(signer)) != 0);
    }
}

/* n - s in place of s is a signature as well, and nobody relays it. */
static void test_refused(void)
{
    static const struct {
        const char *name, *r, *s;
        uint8_t recovery;
        bool fine;
    } rows[] = {
        {"as signed", "28ef61340bd939bc2195fe537567866003e1a15d3c71ff63e1590620aa636276",
         "67cbe9d8997f761aecb703304b3800ccf555c9f3dc64214b297fb1966a3b6d83", 0, true},
        {"high s", "28ef61340bd939bc2195fe537567866003e1a15d3c71ff63e1590620aa636276",
         "98341627668089e51348fccfb4c7ff31c55912f2d2e47ef09652acf665fad3be", 1, false},
        {"no such key", "28ef61340bd939bc2195fe537567866003e1a15d3c71ff63e1590620aa636276",
         "67cbe9d8997f761aecb703304b3800ccf555c9f3dc64214b297fb1966a3b6d83", 4, false},
        {"r is 0", ZERO, "67cbe9d8997f761aecb703304b3800ccf555c9f3dc64214b297fb1966a3b6d83", 0,
         false},
        {"s is 0", "28ef61340bd939bc2195fe537567866003e1a15d3c71ff63e1590620aa636276", ZERO, 0,
         false},
        {"r is the order", ORDER,
         "67cbe9d8997f761aecb703304b3800ccf555c9f3dc64214b297fb1966a3b6d83", 0, false},
    };
    static const char text[] = "daf5a779ae972f972197303d7b574746c7ef83eadac0f2791ad23db92e4c8e53";
    uint8_t hash[32], public[EC_PUBLIC_SIZE], secret[EC_SECRET_SIZE], signer[EC_PUBLIC_SIZE];

    memset(secret, 0x46, sizeof(secret));
    unit_bytes(text, hash, sizeof(hash));
    UNIT_CHECK("key", ec_public(secret, public) == ERR_OK);
    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        struct ec_signature signature = {.recovery = rows[i].recovery};
        unit_bytes(rows[i].r, signature.r, sizeof(signature.r));
        unit_bytes(rows[i].s, signature.s, sizeof(signature.s));
        UNIT_CHECK(rows[i].name, (ec_recover(&signature, hash, signer) == ERR_OK) == rows[i].fine);
        signature.recovery &= 3;
        UNIT_CHECK(rows[i].name,
                   ec_verify(public, hash, &signature) == (rows[i].fine || rows[i].recovery == 4));
    }
}

static const struct test_case cases[] = {
    {"secrets and their public keys", test_secret},
    {"points", test_point},
    {"adding to keys", test_add},
    {"signatures, byte for byte", test_sign},
    {"what is no signature", test_refused},
    {NULL, NULL},
};
const struct test_suite suite_secp256k1 = {.name = "secp256k1", .cases = cases};
