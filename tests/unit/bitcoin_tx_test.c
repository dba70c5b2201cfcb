/* Transactions of Bitcoin: BIP-143's examples, the first block, and what is refused. */
#include "chain/bitcoin_tx.h"

#include <string.h>

#include "chain/bitcoin_sign.h"
#include "tests/unit/unit.h"

/* One input of 0.01 that pays 0.0099 to a P2WPKH and 0.00005 to a P2PKH. */
#define UNSIGNED                                                                               \
    "0100000001aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa0100000000fdff" \
    "ffff02301b0f0000000000160014751e76e8199196d454941c45d1b3a323f1433bd688130000000000001976" \
    "a914751e76e8199196d454941c45d1b3a323f1433bd688ac00000000"
#define KEY "1111111111111111111111111111111111111111111111111111111111111111"
#define KEY_HASH "fc7250a211deddc70ee5a2738de5f07817351cef"

/* BIP-143's examples. */
#define NATIVE                                                                                 \
    "0100000002fff7f7881a8099afa6940d42d1e7f6362bec38171ea3edf433541db4e4ad969f0000000000eeff" \
    "ffffef51e1b804cc89d182d279655c3aa89e815b1b309fe287d9b2b55d57b90ec68a0100000000ffffffff02" \
    "202cb206000000001976a9148280b37df378db99f66f85c95a783a76ac7a6d5988ac9093510d000000001976" \
    "a9143bde42dbee7e4dbe6a21b2d50ce2f0167faa815988ac11000000"
#define NESTED                                                                                 \
    "0100000001db6b1b20aa0fd7b23880be2ecbd4a98130974cf4748fb66092ac4d3ceb1a54770100000000feff" \
    "ffff02b8b4eb0b000000001976a914a457b684d7f0d539a46a45bbc043f35b59d0d96388ac0008af2f000000" \
    "001976a914fd270b1ee6abcaea97fea7ad0402e8bd8ad6d77c88ac92040000"
#define NESTED_SIGNED                                                                          \
    "01000000000101db6b1b20aa0fd7b23880be2ecbd4a98130974cf4748fb66092ac4d3ceb1a547701000000"   \
    "1716001479091972186c449eb1ded22b78e40d009bdf0089feffffff02b8b4eb0b000000001976a914a457b6" \
    "84d7f0d539a46a45bbc043f35b59d0d96388ac0008af2f000000001976a914fd270b1ee6abcaea97fea7ad04" \
    "02e8bd8ad6d77c88ac02473044022047ac8e878352d3ebbde1c94ce3a10d057c24175747116f8288e5d794d1" \
    "2d482f0220217f36a485cae903c713331d877c1f64677e3622ad4010726870540656fe9dcb012103ad1d8e89" \
    "212f0b92c74d23bb710c00662ad1470198ac48c43f7d6f93a2a2687392040000"
#define NATIVE_SIGNED                                                                            \
    "01000000000102fff7f7881a8099afa6940d42d1e7f6362bec38171ea3edf433541db4e4ad969f0000000049"   \
    "4830450221008b9d1dc26ba6a9cb62127b02742fa9d754cd3bebf337f7a55d114c8e5cdd30be022040529b19"   \
    "4ba3f9281a99f2b1c0a19c0489bc22ede944ccf4ecbab4cc618ef3ed01eeffffffef51e1b804cc89d182d279"   \
    "655c3aa89e815b1b309fe287d9b2b55d57b90ec68a0100000000ffffffff02202cb206000000001976a91482"   \
    "80b37df378db99f66f85c95a783a76ac7a6d5988ac9093510d000000001976a9143bde42dbee7e4dbe6a21b2"   \
    "d50ce2f0167faa815988ac000247304402203609e17b84f6a7d30c80bfa610b5b4542f32a8a0d5447a12fb13"   \
    "66d7f01cc44a0220573a954c4518331561406f90300e8f3358f51928d43c212a8caed02de67eebee0121025476" \
    "c2e83188368da1ff3e292e7acafcdb3566bb0ad253f62fc70f07aeee635711000000"

/* What bcoin and BIP-143 sign, byte for byte. */
static void test_sign(void)
{
    static const struct {
        const char *name, *unsigned_raw, *key, *script;
        size_t input;
        int64_t value;
        const char *sighash;
        const char *got_script, *got_witness; /* of the input */
        const char *id, *witness_id;          /* NULL: not known */
        size_t vsize;
    } rows[] = {
        {"P2PKH", UNSIGNED, KEY, "76a914" KEY_HASH "88ac", 0, 1000000,
         "c1c6d10e8e0e3ff74e733a7d8bfe8047c5a355eff7af24aa273c43b74308a127",
         "47304402206581365b02d56d8554f61c1d1daf527e5c2ba5bcd08769c9763ffa31d482df31022068c42b27d60"
         "9"
         "d363a851a92f9947033fd08662b13e675df99dec8cc4f42cd97c01"
         "21034f355bdcb7cc0af728ef3cceb9615d90684bb5b2ca5f859ab0f0b704075871aa",
         "", "2e817bda707ff7b504200d67dc445701b804a6e3bcda398708a1c522c8ef7325", NULL, 0},
        {"P2WPKH", UNSIGNED, KEY, "0014" KEY_HASH, 0, 1000000,
         "df98f2d5a8b97eabe06ec766411f38c0ba0667dd2902b7ece48ea0130e800e23", "",
         "02483045022100aa00940b8a0d87229cd4924436683ebe5000880271f58dcc1a55ec3b0a8dc8f102207d84e42"
         "1"
         "70ac5750a285779961512a1ac4fa46f82dc047c3c9b82d55172a752201"
         "21034f355bdcb7cc0af728ef3cceb9615d90684bb5b2ca5f859ab0f0b704075871aa",
         "f4a195d54ff35fa8028a9c2a56698350e0ef2e63032da4588b70d5d6db9e78db",
         "41b1f06c8457f0caf60b00945f05e77605491e5b9f80bdb35f030ee0bb53f6aa", 144},
        {"BIP-143, P2WPKH", NATIVE,
         "619c335025c7f4012e556c2a58b2506e30b8511b53ade95ea316fd8c3286feb9",
         "00141d0f172a0ecb48aee1be1f2687d2963ae33f71a1", 1, 600000000,
         "c37af31116d1b27caf68aae9e3ac82f1477929014d5b917657d0eb49478cb670", "",
         "0247304402203609e17b84f6a7d30c80bfa610b5b4542f32a8a0d5447a12fb1366d7f01cc44a0220573a954c4"
         "5"
         "18331561406f90300e8f3358f51928d43c212a8caed02de67eebee01"
         "21025476c2e83188368da1ff3e292e7acafcdb3566bb0ad253f62fc70f07aeee6357",
         NULL, NULL, 0},
        {"BIP-143, nested", NESTED,
         "eb696a065ef48a2192da5b28b694f87544b30fae8327c4510137a922f32c6dcf",
         "a9144733f37cf4db86fbc2efed2500b4f4e49f31202387", 0, 1000000000,
         "64f3b0f4dd2bb3aa1ce8566d220cc74dda9df97d8490cc81d89d735c92e59fb6",
         "16001479091972186c449eb1ded22b78e40d009bdf0089",
         "02473044022047ac8e878352d3ebbde1c94ce3a10d057c24175747116f8288e5d794d12d482f0220217f36a48"
         "5"
         "cae903c713331d877c1f64677e3622ad4010726870540656fe9dcb01"
         "2103ad1d8e89212f0b92c74d23bb710c00662ad1470198ac48c43f7d6f93a2a26873",
         NULL, NULL, 0},
    };
    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        const char *name = rows[i].name;
        uint8_t raw[1024] = {0}, script[64] = {0}, secret[EC_SECRET_SIZE], hash[SHA256_SIZE];
        uint8_t public[EC_PUBLIC_SIZE];
        char id[BITCOIN_ID_TEXT_SIZE];
        struct arena arena = {0};
        struct bitcoin_script code;
        struct bitcoin_tx tx;
        struct bitcoin_output spent = {
            .value = rows[i].value,
            .script = {script, unit_bytes(rows[i].script, script, sizeof(script))}};
        struct bytes in = {raw, unit_bytes(rows[i].unsigned_raw, raw, sizeof(raw))};

        UNIT_CHECK(name, bitcoin_tx_read(in, &arena, &tx) == ERR_OK);
        unit_bytes(rows[i].key, secret, sizeof(secret));
        UNIT_CHECK(name, ec_public(secret, public) == ERR_OK);
        UNIT_CHECK(name, bitcoin_script_of_key(BITCOIN_P2PKH, public, &code) == ERR_OK);
        if (bitcoin_script_kind(spent.script) == BITCOIN_P2PKH)
            UNIT_CHECK(name, bitcoin_sighash_legacy(&tx, rows[i].input, bitcoin_script_bytes(&code),
                                                    hash) == ERR_OK);
        else
            UNIT_CHECK(name,
                       bitcoin_sighash_witness(&tx, rows[i].input, bitcoin_script_bytes(&code),
                                               spent.value, hash) == ERR_OK);
        UNIT_HEX(name, hash, sizeof(hash), rows[i].sighash);
        UNIT_CHECK(name, bitcoin_sign_input(&tx, rows[i].input, &spent, secret, &arena) == ERR_OK);
        const struct bitcoin_input *input = &tx.inputs[rows[i].input];
        UNIT_HEX(name, input->script.data, input->script.len, rows[i].got_script);
        UNIT_HEX(name, input->witness.data, input->witness.len, rows[i].got_witness);
        if (rows[i].id != NULL) {
            UNIT_CHECK(name, bitcoin_tx_id(&tx, hash) == ERR_OK);
            bitcoin_id_format(hash, id);
            UNIT_SAME(name, id, rows[i].id);
        }
        if (rows[i].witness_id != NULL) {
            UNIT_CHECK(name, bitcoin_tx_witness_id(&tx, hash) == ERR_OK);
            bitcoin_id_format(hash, id);
            UNIT_SAME(name, id, rows[i].witness_id);
            UNIT_CHECK(name, bitcoin_tx_vsize(&tx) == rows[i].vsize);
        }
        if (strcmp(rows[i].unsigned_raw, NESTED) == 0) {
            struct text out = TEXT(4096);
            bitcoin_tx_write(&tx, true, &out);
            UNIT_HEX(name, out.data, out.len, NESTED_SIGNED);
            text_free(&out);
        }
        /* A script that is not the key's is not signed for. */
        script[spent.script.len / 2] ^= 1;
        UNIT_CHECK(name,
                   bitcoin_sign_input(&tx, rows[i].input, &spent, secret, &arena) == ERR_INVALID);
        arena_free(&arena);
    }
}

/* The first block's transaction, and what else was ever mined. */
#define GENESIS                                                                                \
    "01000000010000000000000000000000000000000000000000000000000000000000000000ffffffff4d04ff" \
    "ff001d0104455468652054696d65732030332f4a616e2f32303039204368616e63656c6c6f72206f6e206272" \
    "696e6b206f66207365636f6e64206261696c6f757420666f722062616e6b73ffffffff0100f2052a01000000" \
    "434104678afdb0fe5548271967f1a67130b7105cd6a828e03909a67962e0ea1f61deb649f6bc3f4cef38c4f3" \
    "5504e51ec112de5c384df7ba0b8d578a4c702b6bf11d5fac00000000"

static void test_read(void)
{
    static const struct {
        const char *name, *raw;
        size_t inputs, outputs, vsize;
        const char *id; /* NULL: not known */
    } rows[] = {
        {"genesis", GENESIS, 1, 1, 204,
         "4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b"},
        {"unsigned", UNSIGNED, 1, 2, 116, NULL},
        {"native", NATIVE, 2, 2, 160, NULL},
        {"native, signed", NATIVE_SIGNED, 2, 2, 261, NULL},
        {"nested, signed", NESTED_SIGNED, 1, 2, 170,
         "ef48d9d0f595052e0f8cdcf825f7a5e50b6a388a81f206f3f4846e5ecd7a0c23"},
    };
    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        const char *name = rows[i].name;
        uint8_t raw[1024] = {0}, id[BITCOIN_ID_SIZE], again[BITCOIN_ID_SIZE];
        char text[BITCOIN_ID_TEXT_SIZE];
        struct arena arena = {0};
        struct text out = TEXT(4096);
        struct bitcoin_tx tx;
        struct bytes in = {raw, unit_bytes(rows[i].raw, raw, sizeof(raw))};

        UNIT_CHECK(name, bitcoin_tx_read(in, &arena, &tx) == ERR_OK);
        UNIT_CHECK(name, tx.input_count == rows[i].inputs && tx.output_count == rows[i].outputs);
        UNIT_CHECK(name, bitcoin_tx_vsize(&tx) == rows[i].vsize);
        bitcoin_tx_write(&tx, true, &out);
        UNIT_HEX(name, out.data, out.len, rows[i].raw);
        UNIT_CHECK(name, bitcoin_tx_id(&tx, id) == ERR_OK);
        bitcoin_id_format(id, text);
        if (rows[i].id != NULL)
            UNIT_SAME(name, text, rows[i].id);
        UNIT_CHECK(name, bitcoin_id_parse(text, strlen(text), again) &&
                             memcmp(id, again, sizeof(id)) == 0);
        for (size_t cut = 0; cut < in.len; cut++)
            UNIT_CHECK(name, bitcoin_tx_read((struct bytes){raw, cut}, &arena, &tx) ==
                                 ERR_TRANSACTION_FORM);
        raw[in.len++] = 0;
        UNIT_CHECK(name, bitcoin_tx_read(in, &arena, &tx) == ERR_TRANSACTION_FORM);
        text_free(&out);
        arena_free(&arena);
    }
}

#define INPUT "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa01000000"
#define OUTPUT "301b0f000000000000"

static void test_refused(void)
{
    static const struct {
        const char *name, *raw;
        bool fine;
    } rows[] = {
        {"the least", "0100000001" INPUT "00fdffffff01" OUTPUT "00000000", true},
        {"no inputs", "01000000000100000000", false},
        {"no inputs, with witnesses", "01000000000100" OUTPUT "00000000", false},
        {"no outputs", "0100000001" INPUT "00fdffffff0000000000", false},
        {"another flag", "01000000000201" INPUT "00fdffffff01" OUTPUT "0000000000", false},
        {"witnesses without any", "01000000000101" INPUT "00fdffffff01" OUTPUT "0000000000", false},
        {"a witness", "01000000000101" INPUT "00fdffffff01" OUTPUT "010000000000", true},
        {"a length too long", "01000000fd0100" INPUT "00fdffffff01" OUTPUT "00000000", false},
        {"a script's too", "0100000001" INPUT "fd0000fdffffff01" OUTPUT "00000000", false},
        {"a count that cannot be", "01000000feffffffff" INPUT "00fdffffff01" OUTPUT "00000000",
         false},
        {"a script that cannot be", "0100000001" INPUT "ffffffffffffffffff" OUTPUT "00000000",
         false},
        {"all there is",
         "0100000001" INPUT "00fdffffff01"
         "0040075af07507000000000000",
         true},
        {"more than there is",
         "0100000001" INPUT "00fdffffff01"
         "0140075af07507000000000000",
         false},
        {"less than nothing",
         "0100000001" INPUT "00fdffffff01"
         "ffffffffffffffff0000000000",
         false},
    };
    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        uint8_t raw[256] = {0};
        struct arena arena = {0};
        struct bitcoin_tx tx;
        struct bytes in = {raw, unit_bytes(rows[i].raw, raw, sizeof(raw))};
        UNIT_CHECK(rows[i].name, bitcoin_tx_read(in, &arena, &tx) ==
                                     (rows[i].fine ? ERR_OK : ERR_TRANSACTION_FORM));
        arena_free(&arena);
    }
    uint8_t id[BITCOIN_ID_SIZE];
    UNIT_CHECK("short id", !bitcoin_id_parse("aa", 2, id));
}

/* The first block: its header, one transaction and nothing more. */
static void test_block(void)
{
    static const char block[] =
        "0100000000000000000000000000000000000000000000000000000000000000000000003ba3edfd7a7b12b2"
        "7ac72c3e67768f617fc81bc3888a51323a9fb8aa4b1e5e4a29ab5f49ffff001d1dac2b7c01" GENESIS;
    uint8_t raw[512] = {0};
    char text[BITCOIN_ID_TEXT_SIZE];
    struct arena arena = {0};
    struct bitcoin_block header;
    struct bitcoin_tx tx;
    struct bytes in = {raw, unit_bytes(block, raw, sizeof(raw))};

    UNIT_CHECK("header", bitcoin_block_take(&in, &header) == ERR_OK && header.tx_count == 1);
    bitcoin_id_format(header.id, text);
    UNIT_SAME("id", text, "000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f");
    bitcoin_id_format(header.parent, text);
    UNIT_SAME("parent", text, "0000000000000000000000000000000000000000000000000000000000000000");
    UNIT_CHECK("transaction", bitcoin_tx_take(&in, &arena, &tx) == ERR_OK && in.len == 0);
    in = (struct bytes){raw, 80};
    UNIT_CHECK("cut off", bitcoin_block_take(&in, &header) == ERR_TRANSACTION_FORM);
    arena_free(&arena);
}

static const struct test_case cases[] = {
    {"signing, byte for byte", test_sign},
    {"there and back", test_read},
    {"what is refused", test_refused},
    {"blocks", test_block},
    {NULL, NULL},
};
const struct test_suite suite_bitcoin_tx = {.name = "bitcoin_tx", .cases = cases};
