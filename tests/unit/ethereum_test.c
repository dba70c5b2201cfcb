/* Ethereum's addresses and transactions by vectors. */
#include <string.h>

#include "chain/ethereum_address.h"
#include "chain/ethereum_hex.h"
#include "chain/ethereum_tx.h"
#include "money/decimal.h"
#include "tests/unit/unit.h"

/* The first account of development nodes, and the second. */
#define KEY_0 "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"
#define ADDRESS_0 "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"
#define ADDRESS_1 "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"

static struct ethereum_address address_of(const char *text)
{
    struct ethereum_address address = {{0}};
    UNIT_CHECK(text, ethereum_address_parse(text, strlen(text), &address) == ERR_OK);
    return address;
}

/* The examples of EIP-55, and what people paste beside them. */
static void test_addresses(void)
{
    static const struct {
        const char *text;
        const char *proper; /* NULL: the same */
    } rows[] = {
        {"0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", NULL},
        {"0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359", NULL},
        {"0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB", NULL},
        {"0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb", NULL},
        {"0x52908400098527886E0F7030069857D2E4169EE7", NULL},
        {"0x8617E340B3D01FA5F11F306F4090FD50E238070D", NULL},
        {"0xde709f2102306220921060314715629080e2fb77", NULL},
        {"0x27b1fdb04752bbc536007a920d24acb045561c26", NULL},
        {"0x000000000000000000000000000000000000dEaD", NULL},
        {"0x0000000000000000000000000000000000000000", NULL},
        {ADDRESS_0, NULL},
        {ADDRESS_1, NULL},
        {"0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48", NULL},
        {"0xdAC17F958D2ee523a2206206994597C13D831ec7", NULL},
        {"0x6B175474E89094C44Da98b954EedeAC495271d0F", NULL},
        {"0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2", NULL},
        {"0xd8dA6BF26964aF9D7eEd9e03E53415D37aA96045", NULL},
        {"0x00000000219ab540356cBB839Cbe05303d7705Fa", NULL},
        {"0x1f9840a85d5aF5bf1D1762F925BDADdC4201F984", NULL},
        {"0x514910771AF9Ca656af840dff83E8264EcF986CA", NULL},
        {"0x2260FAC5E5542a773Aa44fBCfeDf7C193bc2C599", NULL},
        {"0x7a250d5630B4cF539739dF2C5dAcb4c659F2488D", NULL},
        {"0xBB9bc244D798123fDe783fCc1C72d3Bb8C189413", NULL},
        {"0x8464135c8F25Da09e49BC8782676a84730C318bC", NULL},
        {"0x5FbDB2315678afecb367f032d93F642f64180aa3", NULL},
        {"0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf", NULL},
        {"0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed",
         "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"},
        {"0x5AAEB6053F3E94C9B9A09F33669435E7EF1BEAED",
         "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"},
        {"0x000000000000000000000000000000000000dead",
         "0x000000000000000000000000000000000000dEaD"},
    };
    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        struct ethereum_address address = address_of(rows[i].text);
        char text[ETHEREUM_ADDRESS_TEXT_SIZE];

        ethereum_address_format(&address, text);
        UNIT_SAME(rows[i].text, text, rows[i].proper != NULL ? rows[i].proper : rows[i].text);
        UNIT_CHECK(text, ethereum_address_is_zero(&address) ==
                             (strspn(text, "0x") == ETHEREUM_ADDRESS_TEXT_SIZE - 1));
    }
}

static void test_no_addresses(void)
{
    static const struct {
        const char *text;
        enum err expected;
    } rows[] = {
        {"0x5aAeb6053F3E94C9b9A09f33669435E7Ef1Beaed", ERR_CHECKSUM},
        {"0x5AAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", ERR_CHECKSUM},
        {"0xF39Fd6e51aad88F6F4ce6aB8827279cffFb92266", ERR_CHECKSUM},
        {"0x000000000000000000000000000000000000Dead", ERR_CHECKSUM},
        {"0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAe", ERR_ADDRESS},
        {"0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAedd", ERR_ADDRESS},
        {"0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAeg", ERR_ADDRESS},
        {"0X5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", ERR_ADDRESS},
        {" 0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", ERR_ADDRESS},
        {"0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed ", ERR_ADDRESS},
        {"0x 5aeb6053F3E94C9b9A09f33669435E7Ef1BeAed", ERR_ADDRESS},
        {"5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", ERR_ADDRESS},
        {"XE7338O073KYGTWWZN0F2WZ0R8PX5ZPPZS", ERR_ADDRESS},
        {"vitalik.eth", ERR_ADDRESS},
        {"0xa0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48", ERR_CHECKSUM},
        {"0xDAC17F958D2ee523a2206206994597C13D831ec7", ERR_CHECKSUM},
        {"0x6b175474E89094C44Da98b954EedeAC495271d0F", ERR_CHECKSUM},
        {"0xc02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2", ERR_CHECKSUM},
        {"0xD8dA6BF26964aF9D7eEd9e03E53415D37aA96045", ERR_CHECKSUM},
        {"0x00000000219Ab540356cBB839Cbe05303d7705Fa", ERR_CHECKSUM},
        {"0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB49", ERR_CHECKSUM},
        {"0x0Ab86991c6218b36c1d19D4a2e9Eb0cE3606eB48", ERR_CHECKSUM},
        {"0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAe\xc3", ERR_ADDRESS},
        {"0x\xd0\xb0"
         "Aeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
         ERR_ADDRESS},
        {"ethereum:0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", ERR_ADDRESS},
        {"0x0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", ERR_ADDRESS},
        {"0x+aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", ERR_ADDRESS},
        {"TJRabPrwbZy45sbavfcjinPJC18kjpRTv8", ERR_ADDRESS},
        {"0x", ERR_ADDRESS},
        {"", ERR_ADDRESS},
        {"1BgGZ9tcN4rm9KBzDn7KprQz87SZ26SAMH", ERR_ADDRESS},
        {"bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4", ERR_ADDRESS},
    };
    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        struct ethereum_address address;
        UNIT_CHECK(rows[i].text, ethereum_address_parse(rows[i].text, strlen(rows[i].text),
                                                        &address) == rows[i].expected);
    }
}

static void test_accounts(void)
{
    static const struct {
        const char *secret, *address;
    } keys[] = {
        {"0000000000000000000000000000000000000000000000000000000000000001",
         "0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf"},
        {KEY_0, ADDRESS_0},
        {"59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d", ADDRESS_1},
        {"5de4111afa1a4b94908f83103eb1f1706367c2e68ca870fc3fb9a804cdab365a",
         "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC"},
        {"2a871d0798f97d79848a013d4936a73bf4cc922c825d33c1cf7073dff6d409c6",
         "0xa0Ee7A142d267C1f36714E4a8F75612F20a79720"},
    };
    static const struct {
        uint64_t nonce;
        const char *address;
    } contracts[] = {
        {0, "0x5FbDB2315678afecb367f032d93F642f64180aa3"},
        {127, "0x5fc748f1FEb28d7b76fa1c6B07D8ba2d5535177c"},
        {128, "0xB82008565FdC7e44609fA118A4a681E92581e680"},
        {256, "0x3C1Cb427D20F15563aDa8C249E71db76d7183B6c"},
    };
    struct ethereum_address address, sender = address_of(ADDRESS_0);
    char text[ETHEREUM_ADDRESS_TEXT_SIZE];

    for (size_t i = 0; i < TEST_COUNT(keys); i++) {
        uint8_t secret[EC_SECRET_SIZE], public[EC_PUBLIC_SIZE];
        unit_bytes(keys[i].secret, secret, sizeof(secret));
        UNIT_CHECK(keys[i].address, ec_public(secret, public) == ERR_OK);
        UNIT_CHECK(keys[i].address, ethereum_address_of_key(public, &address) == ERR_OK);
        ethereum_address_format(&address, text);
        UNIT_SAME(keys[i].address, text, keys[i].address);
    }
    for (size_t i = 0; i < TEST_COUNT(contracts); i++) {
        ethereum_address_of_contract(&sender, contracts[i].nonce, &address);
        ethereum_address_format(&address, text);
        UNIT_SAME(contracts[i].address, text, contracts[i].address);
    }
}

#define GWEI INT64_C(1000000000)
#define CALL                                                                             \
    "a9059cbb0000000000000000000000003c44cdddb6a900fa2b585dd299e03d12fa4293bc0000000000" \
    "00000000000000000000000000000000000000000000000016e360"

/* EIP-155's example, and what ethers signs and anvil mines. */
static const struct row {
    const char *name, *secret, *to, *data;
    enum ethereum_tx_type type;
    uint64_t chain_id, nonce, gas;
    int64_t max_fee, tip, value;
    const char *sighash; /* NULL: not known */
    const char *raw, *hash;
} rows[] = {
    {"EIP-155", "4646464646464646464646464646464646464646464646464646464646464646",
     "0x3535353535353535353535353535353535353535", "", ETHEREUM_TX_LEGACY, 1, 9, 21000, 20 * GWEI,
     0, 1000000000 * GWEI, "daf5a779ae972f972197303d7b574746c7ef83eadac0f2791ad23db92e4c8e53",
     "f86c098504a817c800825208943535353535353535353535353535353535353535880de0b6b3a76400008025a028"
     "ef61340bd939bc2195fe537567866003e1a15d3c71ff63e1590620aa636276a067cbe9d8997f761aecb703304b38"
     "00ccf555c9f3dc64214b297fb1966a3b6d83",
     "33469b22e9f636356c4160a87eb19df52b7412e8eac32a4a55ffe88ea8350788"},
    {"legacy", KEY_0, ADDRESS_1, "", ETHEREUM_TX_LEGACY, 31337, 0, 21000, 2 * GWEI, 0,
     1000000000 * GWEI, NULL,
     "f86d8084773594008252089470997970c51812dc3a010c7d01b50e0d17dc79c8880de0b6b3a76400008082f4f5a0"
     "a065f25625ee92f418f720274bdf633c4ef86074e18c48de2fc2d6a490ea1b5aa01363c2791edd58031b02bd65e9"
     "49c4dd6485ea7efa26a241ae02944e121406a7",
     "fd7368dc672482eee7adfd0e8d2bdad7d92592ede85248663298d33d832d3abf"},
    {"type 2", KEY_0, ADDRESS_1, "", ETHEREUM_TX_1559, 31337, 1, 21000, 3 * GWEI, GWEI, 123456789,
     "7f262191ced8280598795a4054f40978f30d476605ac228b9acf063f04d0257c",
     "02f870827a6901843b9aca0084b2d05e008252089470997970c51812dc3a010c7d01b50e0d17dc79c884075bcd15"
     "80c080a06cbe0280140d8d3f04b5586dcbd9492dbd7cfc38ef595b81404dd8479cf65e91a06bdfed586abd90c3a8"
     "c8ba640a3c46464d80bebf848aa8be6a45f1d8d615cba6",
     "42859d739613d260689fc4e0d371dc6e2683dc1f41d7e017271d812a0c5d7aef"},
    {"token", KEY_0, "0x8464135c8F25Da09e49BC8782676a84730C318bC", CALL, ETHEREUM_TX_1559, 31337, 2,
     100000, 3 * GWEI, GWEI, 0, NULL,
     "02f8b2827a6902843b9aca0084b2d05e00830186a0948464135c8f25da09e49bc8782676a84730c318bc80b84"
     "4" CALL
     "c080a0d349a6b95fe3a1e701bcde4455572c280d068abcbebcece1d0580b1e69350ac5a060e5069e5f69a90ba0b1"
     "7e044e6eaccf70b1ad3f51f1dfb318a15f5a7b29a74b",
     "951fae4b2ab8a5c8698aa262581ab3f4afd44a79db172655de04efd13738833f"},
    {"short s", KEY_0, ADDRESS_1, "", ETHEREUM_TX_1559, 31337, 73, 21000, 3 * GWEI, 1, 0,
     "9f13961144b7932dc4a0b58f9eff57780bcacb01796260c68b7a7e11272aad4e",
     "02f867827a69490184b2d05e008252089470997970c51812dc3a010c7d01b50e0d17dc79c88080c080a0e03d93ce"
     "4be6d874bfebc75f81e2a1cbee5ae7255e60e0c95778cd9dea99e7519f43c5def023505e14c3fd1a47e8a52a4877"
     "75550d339e4833030426317417b9",
     "adb7efe54f9bedd5997b8cb0470e692663241423460aad920c23c09969224fad"},
};

/* data  room for the call */
static struct ethereum_tx tx_of(const struct row *row, uint8_t data[128])
{
    return (struct ethereum_tx){.type = row->type,
                                .chain_id = row->chain_id,
                                .nonce = row->nonce,
                                .gas = row->gas,
                                .max_fee = row->max_fee,
                                .tip = row->tip,
                                .value = row->value,
                                .to = address_of(row->to),
                                .data = {data, unit_bytes(row->data, data, 128)}};
}

static void test_sign(void)
{
    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        const char *name = rows[i].name;
        uint8_t data[128], secret[EC_SECRET_SIZE], hash[KECCAK256_SIZE];
        struct ethereum_tx tx = tx_of(&rows[i], data), again;
        struct text raw = TEXT(ETHEREUM_TX_MAX);

        unit_bytes(rows[i].secret, secret, sizeof(secret));
        UNIT_CHECK(name, ethereum_tx_unsigned(&tx, &raw) == ERR_OK);
        crypto_keccak256(raw.data, raw.len, hash);
        if (rows[i].sighash != NULL)
            UNIT_HEX(name, hash, sizeof(hash), rows[i].sighash);
        UNIT_CHECK(name, ethereum_tx_read_unsigned(
                             (struct bytes){(const uint8_t *)raw.data, raw.len}, &again) == ERR_OK);
        UNIT_CHECK(name, ethereum_tx_equal(&tx, &again));
        text_clear(&raw);
        UNIT_CHECK(name, ethereum_tx_sign(&tx, secret, &raw, hash) == ERR_OK);
        UNIT_HEX(name, raw.data, raw.len, rows[i].raw);
        UNIT_HEX(name, hash, sizeof(hash), rows[i].hash);
        text_free(&raw);
    }
}

static void test_read(void)
{
    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        const char *name = rows[i].name;
        uint8_t data[128], raw[512], hash[KECCAK256_SIZE], secret[EC_SECRET_SIZE];
        uint8_t public[EC_PUBLIC_SIZE];
        struct ethereum_tx tx = tx_of(&rows[i], data), read;
        struct ethereum_address sender, expected;
        struct bytes in = {raw, unit_bytes(rows[i].raw, raw, sizeof(raw))};

        unit_bytes(rows[i].secret, secret, sizeof(secret));
        UNIT_CHECK(name, ec_public(secret, public) == ERR_OK &&
                             ethereum_address_of_key(public, &expected) == ERR_OK);
        UNIT_CHECK(name, ethereum_tx_read(in, &read, &sender, hash) == ERR_OK);
        UNIT_CHECK(name, ethereum_tx_equal(&tx, &read));
        UNIT_CHECK(name, ethereum_address_equal(&sender, &expected));
        UNIT_HEX(name, hash, sizeof(hash), rows[i].hash);
        for (size_t cut = 0; cut < in.len; cut++)
            UNIT_CHECK(name, ethereum_tx_read((struct bytes){raw, cut}, &read, &sender, hash) ==
                                 ERR_TRANSACTION_FORM);
        raw[in.len++] = 0;
        UNIT_CHECK(name, ethereum_tx_read(in, &read, &sender, hash) == ERR_TRANSACTION_FORM);
    }
}

/* What the development node takes and others do not, and what no wallet of ours makes. */
static void test_refused(void)
{
    static const struct {
        const char *name, *raw;
    } refused[] = {
        {"without a chain (v = 27)", "f86c098504a817c8008252089435353535353535353535353535353535353"
                                     "53535880de0b6b3a7640000801ba0"
                                     "28ef61340bd939bc2195fe537567866003e1a15d3c71ff63e1590620aa636"
                                     "276a067cbe9d8997f761aecb70330"
                                     "4b3800ccf555c9f3dc64214b297fb1966a3b6d83"},
        {"high s",
         "f86c098504a817c800825208943535353535353535353535353535353535353535880de0b6b3a7640000802"
         "6a028ef61340bd939bc2195fe537567866003e1a15d3c71ff63e1590620aa636276a098341627668089e51348"
         "fccfb4c7ff31e5d0eaf2d2e47ef0965b0af665fad3be"},
        {"s with a zero in front", "02f868827a69490184b2d05e008252089470997970c51812dc3a010c7d01b50"
                                   "e0d17dc79c88080c080a0e03d93"
                                   "ce4be6d874bfebc75f81e2a1cbee5ae7255e60e0c95778cd9dea99e751a0004"
                                   "3c5def023505e14c3fd1a47e8a5"
                                   "2a487775550d339e4833030426317417b9"},
        {"parity 2", "02f867827a69490184b2d05e008252089470997970c51812dc3a010c7d01b50e0d17dc79c8808"
                     "0c002a0e03d93"
                     "ce4be6d874bfebc75f81e2a1cbee5ae7255e60e0c95778cd9dea99e7519f43c5def023505e14c"
                     "3fd1a47e8a52a"
                     "487775550d339e4833030426317417b9"},
        {"new contract",
         "02f853827a69490184b2d05e00825208808080c080a0e03d93ce4be6d874bfebc75f81e2a1cbee5ae7255e60e"
         "0"
         "c95778cd9dea99e7519f43c5def023505e14c3fd1a47e8a52a487775550d339e4833030426317417b9"},
        {"access list", "02f868827a69490184b2d05e008252089470997970c51812dc3a010c7d01b50e0d17dc79c8"
                        "8080c1c080a0e03d"
                        "93ce4be6d874bfebc75f81e2a1cbee5ae7255e60e0c95778cd9dea99e7519f43c5def02350"
                        "5e14c3fd1a47e8a5"
                        "2a487775550d339e4833030426317417b9"},
        {"type 1", "01c0"},
        {"type 3", "03c0"},
        {"empty list", "c0"},
        {"string", "83646f67"},
        {"nothing", ""},
    };
    struct ethereum_tx tx;
    struct ethereum_address sender;
    uint8_t raw[512] = {0}, hash[KECCAK256_SIZE];

    for (size_t i = 0; i < TEST_COUNT(refused); i++) {
        struct bytes in = {raw, unit_bytes(refused[i].raw, raw, sizeof(raw))};
        UNIT_CHECK(refused[i].name,
                   ethereum_tx_read(in, &tx, &sender, hash) == ERR_TRANSACTION_FORM);
        UNIT_CHECK(refused[i].name, ethereum_tx_read_unsigned(in, &tx) == ERR_TRANSACTION_FORM);
    }
    /* The other parity is a stranger's signature: whoever reads it compares the sender. */
    struct bytes in = {raw, unit_bytes(rows[4].raw, raw, sizeof(raw))};
    struct ethereum_address expected = address_of(ADDRESS_0);
    raw[in.len - 66] = 1;
    UNIT_CHECK("other parity", ethereum_tx_read(in, &tx, &sender, hash) != ERR_OK ||
                                   !ethereum_address_equal(&sender, &expected));
}

static void test_range(void)
{
    static const struct {
        const char *name;
        uint64_t chain_id, nonce;
        __int128 max_fee, tip, value;
        enum ethereum_tx_type type;
        enum err expected;
    } fields[] = {
        {"fine", 1, 0, 2, 1, 0, ETHEREUM_TX_1559, ERR_OK},
        {"largest", ETHEREUM_CHAIN_MAX, UINT64_MAX - 1, DECIMAL_MAX, DECIMAL_MAX, DECIMAL_MAX,
         ETHEREUM_TX_1559, ERR_OK},
        {"largest legacy", ETHEREUM_CHAIN_MAX, UINT64_MAX - 1, DECIMAL_MAX, 0, DECIMAL_MAX,
         ETHEREUM_TX_LEGACY, ERR_OK},
        {"no chain", 0, 0, 2, 1, 0, ETHEREUM_TX_1559, ERR_OUT_OF_RANGE},
        {"chain", ETHEREUM_CHAIN_MAX + 1, 0, 2, 1, 0, ETHEREUM_TX_1559, ERR_OUT_OF_RANGE},
        {"nonce", 1, UINT64_MAX, 2, 1, 0, ETHEREUM_TX_1559, ERR_OUT_OF_RANGE},
        {"tip over fee", 1, 0, 1, 2, 0, ETHEREUM_TX_1559, ERR_OUT_OF_RANGE},
        {"legacy with tip", 1, 0, 2, 1, 0, ETHEREUM_TX_LEGACY, ERR_OUT_OF_RANGE},
        {"negative value", 1, 0, 2, 1, -1, ETHEREUM_TX_1559, ERR_OUT_OF_RANGE},
        {"negative fee", 1, 0, -1, -2, 0, ETHEREUM_TX_1559, ERR_OUT_OF_RANGE},
        {"value", 1, 0, 2, 1, DECIMAL_MAX + 1, ETHEREUM_TX_1559, ERR_OUT_OF_RANGE},
    };
    uint8_t secret[EC_SECRET_SIZE], hash[KECCAK256_SIZE];

    unit_bytes(KEY_0, secret, sizeof(secret));
    for (size_t i = 0; i < TEST_COUNT(fields); i++) {
        struct ethereum_tx tx = {.type = fields[i].type,
                                 .chain_id = fields[i].chain_id,
                                 .nonce = fields[i].nonce,
                                 .max_fee = fields[i].max_fee,
                                 .tip = fields[i].tip,
                                 .value = fields[i].value,
                                 .gas = 21000},
                           read;
        struct ethereum_address sender;
        struct text raw = TEXT(ETHEREUM_TX_MAX);

        UNIT_CHECK(fields[i].name, ethereum_tx_sign(&tx, secret, &raw, hash) == fields[i].expected);
        if (fields[i].expected == ERR_OK) {
            struct bytes in = {(const uint8_t *)raw.data, raw.len};
            UNIT_CHECK(fields[i].name, ethereum_tx_read(in, &read, &sender, hash) == ERR_OK);
            UNIT_CHECK(fields[i].name, ethereum_tx_equal(&tx, &read));
        }
        text_free(&raw);
    }
    struct ethereum_tx tx = {.max_fee = 3 * GWEI, .gas = 21000};
    __int128 fee;
    UNIT_CHECK("fee", ethereum_tx_fee(&tx, &fee) == ERR_OK && fee == 63000 * GWEI);
    tx.max_fee = DECIMAL_MAX;
    UNIT_CHECK("fee overflows", ethereum_tx_fee(&tx, &fee) == ERR_OVERFLOW);
}

static void test_quantities(void)
{
    static const struct {
        const char *text;
        enum err expected;
        __int128 value;
    } quantities[] = {
        {"0x0", ERR_OK, 0},
        {"0x400", ERR_OK, 1024},
        {"0xABcd", ERR_OK, 0xabcd},
        {"0xde0b6b3a7640000", ERR_OK, 1000000000 * GWEI},
        {"0x10000000000000000", ERR_OK, (__int128)1 << 64},
        {"0x4b3b4ca85a86c47a098a223fffffffff", ERR_OK, DECIMAL_MAX},
        {"0x4b3b4ca85a86c47a098a224000000000", ERR_AMOUNT_RANGE, 0},
        {"0x1ffffffffffffffffffffffffffffffff", ERR_AMOUNT_RANGE, 0},
        {"0x100000000000000000000000000000000000000000000000000000000000000000", ERR_AMOUNT_RANGE,
         0},
        {"0x", ERR_AMOUNT_FORMAT, 0},
        {"0x00", ERR_AMOUNT_FORMAT, 0},
        {"0x0400", ERR_AMOUNT_FORMAT, 0},
        {"400", ERR_AMOUNT_FORMAT, 0},
        {"0X400", ERR_AMOUNT_FORMAT, 0},
        {"0xg", ERR_AMOUNT_FORMAT, 0},
        {"-0x1", ERR_AMOUNT_FORMAT, 0},
        {"0x-1", ERR_AMOUNT_FORMAT, 0},
        {"0x1 ", ERR_AMOUNT_FORMAT, 0},
        {" 0x1", ERR_AMOUNT_FORMAT, 0},
        {"", ERR_AMOUNT_FORMAT, 0},
    };
    for (size_t i = 0; i < TEST_COUNT(quantities); i++) {
        const char *text = quantities[i].text;
        char again[ETHEREUM_QUANTITY_SIZE];
        __int128 value = -1;

        UNIT_CHECK(text, ethereum_quantity_parse(text, strlen(text), DECIMAL_MAX, &value) ==
                             quantities[i].expected);
        if (quantities[i].expected != ERR_OK) {
            UNIT_CHECK(text, value == -1);
            continue;
        }
        UNIT_CHECK(text, value == quantities[i].value);
        ethereum_quantity_format(value, again);
        if (strcmp(text, "0xABcd") != 0)
            UNIT_SAME(text, again, text);
        if (value > 0)
            UNIT_CHECK(text, ethereum_quantity_parse(text, strlen(text), value - 1, &value) ==
                                 ERR_AMOUNT_RANGE);
    }
}

static void test_data(void)
{
    static const struct {
        const char *text;
        enum err expected;
        size_t len;
    } data[] = {
        {"0x", ERR_OK, 0},
        {"0x00", ERR_OK, 1},
        {"0xabCD", ERR_OK, 2},
        {"0xabcdef01", ERR_OK, 4},
        {"0xabcdef0102", ERR_TOO_LARGE, 0},
        {"0xa", ERR_INVALID, 0},
        {"abcd", ERR_INVALID, 0},
        {"0xzz", ERR_INVALID, 0},
        {"0Xab", ERR_INVALID, 0},
        {"", ERR_INVALID, 0},
        {"0", ERR_INVALID, 0},
    };
    for (size_t i = 0; i < TEST_COUNT(data); i++) {
        uint8_t bytes[4] = {0};
        size_t len = 0;
        struct text again = TEXT(64);

        UNIT_CHECK(data[i].text, ethereum_data_parse(data[i].text, strlen(data[i].text), bytes,
                                                     sizeof(bytes), &len) == data[i].expected);
        UNIT_CHECK(data[i].text, len == data[i].len);
        ethereum_data_add(&again, (struct bytes){bytes, len});
        if (data[i].expected == ERR_OK)
            UNIT_CHECK(data[i].text, strcasecmp(text_string(&again), data[i].text) == 0);
        text_free(&again);
    }
}

static const struct test_case cases[] = {
    {"addresses", test_addresses},
    {"what is no address", test_no_addresses},
    {"accounts and contracts", test_accounts},
    {"signing, byte for byte", test_sign},
    {"reading", test_read},
    {"what is refused", test_refused},
    {"ranges", test_range},
    {"numbers of JSON-RPC", test_quantities},
    {"bytes of JSON-RPC", test_data},
    {NULL, NULL},
};
const struct test_suite suite_ethereum = {.name = "ethereum", .cases = cases};
