/* Tokens' calls and events by vectors. */
#include "chain/erc20.h"

#include <string.h>

#include "base/encode.h"
#include "crypto/crypto.h"
#include "money/decimal.h"
#include "tests/unit/unit.h"

#define ZEROS_12 "000000000000000000000000"
#define FROM "f39fd6e51aad88f6f4ce6ab8827279cfffb92266"
#define TO "3c44cdddb6a900fa2b585dd299e03d12fa4293bc"
#define AMOUNT "000000000000000000000000000000000000000000000000000000000016e360" /* 1,500,000 */
#define TRANSFER "ddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef"
#define ONES "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
#define ZERO "0000000000000000000000000000000000000000000000000000000000000000"
#define ONE "0000000000000000000000000000000000000000000000000000000000000001"

static void test_calls(void)
{
    struct ethereum_address to = {{0}}, read;
    uint8_t call[ERC20_TRANSFER_SIZE], topic[ERC20_WORD_SIZE], hash[KECCAK256_SIZE];
    __int128 units;

    unit_bytes(TO, to.bytes, sizeof(to.bytes));
    erc20_transfer_call(&to, 1500000, call);
    UNIT_HEX("transfer", call, sizeof(call), "a9059cbb" ZEROS_12 TO AMOUNT);
    UNIT_CHECK("read", erc20_transfer_call_read((struct bytes){call, sizeof(call)}, &read, &units));
    UNIT_CHECK("read", units == 1500000 && ethereum_address_equal(&read, &to));
    erc20_transfer_call(&to, DECIMAL_MAX, call);
    UNIT_CHECK("most",
               erc20_transfer_call_read((struct bytes){call, sizeof(call)}, &read, &units) &&
                   units == DECIMAL_MAX);
    erc20_balance_of_call(&to, call);
    UNIT_HEX("balanceOf", call, ERC20_BALANCE_OF_SIZE, "70a08231" ZEROS_12 TO);
    erc20_address_topic(&to, topic);
    UNIT_HEX("topic", topic, sizeof(topic), ZEROS_12 TO);
    /* Selectors and topics are hashes of what they are called. */
    crypto_keccak256("transfer(address,uint256)", 25, hash);
    UNIT_HEX("selector", hash, 4, "a9059cbb");
    crypto_keccak256("balanceOf(address)", 18, hash);
    UNIT_HEX("selector", hash, 4, "70a08231");
    crypto_keccak256("decimals()", 10, hash);
    UNIT_HEX("selector", hash, 4, &ERC20_DECIMALS_CALL[2]);
    crypto_keccak256("Transfer(address,address,uint256)", 33, hash);
    UNIT_HEX("topic", hash, sizeof(hash), &ERC20_TRANSFER_TOPIC[2]);
}

static void test_calls_refused(void)
{
    static const struct {
        const char *name, *data;
    } rows[] = {
        {"nothing", ""},
        {"approve", "095ea7b3" ZEROS_12 TO AMOUNT},
        {"cut off", "a9059cbb" ZEROS_12 TO "000000"},
        {"longer", "a9059cbb" ZEROS_12 TO AMOUNT "00"},
        {"padding", "a9059cbb"
                    "000000000000000000000001" TO AMOUNT},
        {"too much", "a9059cbb" ZEROS_12 TO ONES},
    };
    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        uint8_t data[128];
        struct bytes in = {data, unit_bytes(rows[i].data, data, sizeof(data))};
        struct ethereum_address to;
        __int128 units;
        UNIT_CHECK(rows[i].name, !erc20_transfer_call_read(in, &to, &units));
    }
}

static void test_returned(void)
{
    static const struct {
        const char *name, *data;
        enum err number;
        bool accepted;
    } rows[] = {
        {"true", ONE, ERR_OK, true},
        {"false", ZERO, ERR_OK, false},
        {"nothing", "", ERR_AMOUNT_FORMAT, true},
        {"2", "0000000000000000000000000000000000000000000000000000000000000002", ERR_OK, false},
        {"one byte", "01", ERR_AMOUNT_FORMAT, false},
        {"two words", ZERO ONE, ERR_AMOUNT_FORMAT, false},
        {"most", "000000000000000000000000000000004b3b4ca85a86c47a098a223fffffffff", ERR_OK, false},
        {"more", "000000000000000000000000000000004b3b4ca85a86c47a098a224000000000",
         ERR_AMOUNT_RANGE, false},
        {"all ones", ONES, ERR_AMOUNT_RANGE, false},
    };
    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        uint8_t data[64];
        struct bytes in = {data, unit_bytes(rows[i].data, data, sizeof(data))};
        __int128 value;
        UNIT_CHECK(rows[i].name, erc20_number(in, &value) == rows[i].number);
        UNIT_CHECK(rows[i].name, erc20_accepted(in) == rows[i].accepted);
    }
}

/* A Transfer, and the events that look like one. */
static void test_events(void)
{
    static const struct {
        const char *name, *topics, *data;
        bool good;
    } rows[] = {
        {"transfer", TRANSFER ZEROS_12 FROM ZEROS_12 TO, AMOUNT, true},
        {"ERC-721", TRANSFER ZEROS_12 FROM ZEROS_12 TO AMOUNT, "", false},
        {"nothing indexed", TRANSFER, ZEROS_12 FROM ZEROS_12 TO AMOUNT, false},
        {"two topics", TRANSFER ZEROS_12 FROM, AMOUNT, false},
        {"approval",
         "8c5be1e5ebec7d5bd14f71427d1e84f3dd0314c0f7b2291e5b200ac8c7c3b925" ZEROS_12 FROM ZEROS_12
             TO,
         AMOUNT, false},
        {"nothing is sent", TRANSFER ZEROS_12 FROM ZEROS_12 TO, ZERO, false},
        {"too much", TRANSFER ZEROS_12 FROM ZEROS_12 TO, ONES, false},
        {"padding", TRANSFER "010000000000000000000000" FROM ZEROS_12 TO, AMOUNT, false},
        {"no data", TRANSFER ZEROS_12 FROM ZEROS_12 TO, "", false},
        {"no topics", "", AMOUNT, false},
    };
    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        uint8_t topics[128], data[128];
        struct bytes in = {topics, unit_bytes(rows[i].topics, topics, sizeof(topics))};
        struct bytes rest = {data, unit_bytes(rows[i].data, data, sizeof(data))};
        struct erc20_transfer read;

        UNIT_CHECK(rows[i].name, erc20_transfer_read(in, rest, &read) == rows[i].good);
        if (!rows[i].good)
            continue;
        UNIT_HEX("from", read.from.bytes, sizeof(read.from.bytes), FROM);
        UNIT_HEX("to", read.to.bytes, sizeof(read.to.bytes), TO);
        UNIT_CHECK("units", read.units == 1500000);
    }
}

static const struct test_case cases[] = {
    {"calls", test_calls},
    {"other calls", test_calls_refused},
    {"what calls return", test_returned},
    {"events", test_events},
    {NULL, NULL},
};
const struct test_suite suite_erc20 = {.name = "erc20", .cases = cases};
