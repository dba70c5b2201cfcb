/* What nodes say, and offers for gas. */
#include "chain/node_answer.h"

#include "chain/ethereum_fee.h"
#include "money/decimal.h"
#include "tests/unit/unit.h"

static void test_ethereum(void)
{
    static const struct {
        const char *message;
        enum node_answer expected;
    } rows[] = {
        {"transaction already imported", NODE_KNOWN},
        {"already known", NODE_KNOWN},
        {"nonce too low", NODE_SPENT},
        {"nonce too low: next nonce 5, tx nonce 3", NODE_SPENT},
        {"replacement transaction underpriced", NODE_CHEAP},
        {"transaction underpriced: gas tip cap 0, minimum needed 1", NODE_CHEAP},
        {"max fee per gas less than block base fee", NODE_CHEAP},
        {"transaction gas price below minimum: gas tip cap 1, minimum needed 1000000", NODE_CHEAP},
        {"Insufficient funds for gas * price + value", NODE_FUNDS},
        {"insufficient funds for gas * price + value: balance 0, tx cost 1", NODE_FUNDS},
        {"intrinsic gas too low: gas 20000, minimum needed 21000", NODE_REFUSED},
        {"intrinsic gas too high -- tx.gas_limit > env.block.gas_limit", NODE_REFUSED},
        {"exceeds block gas limit", NODE_REFUSED},
        {"transaction gas limit too high (cap: 16777216, tx: 16777217)", NODE_REFUSED},
        {"max priority fee per gas higher than max fee per gas", NODE_REFUSED},
        {"invalid chain id for signer", NODE_REFUSED},
        {"invalid sender: invalid chain id for signer: have 1 want 31337", NODE_REFUSED},
        {"only replay-protected (EIP-155) transactions allowed over RPC", NODE_REFUSED},
        {"Failed to decode transaction", NODE_REFUSED},
        {"Empty transaction data", NODE_REFUSED},
        {"rlp: expected input list for types.LegacyTx", NODE_REFUSED},
        {"tx fee (2.00 ether) exceeds the configured cap (1.00 ether)", NODE_REFUSED},
        {"Internal error", NODE_UNKNOWN},
        {"", NODE_UNKNOWN},
    };
    for (size_t i = 0; i < TEST_COUNT(rows); i++)
        UNIT_CHECK(rows[i].message, ethereum_answer(rows[i].message) == rows[i].expected);
}

static void test_bitcoin(void)
{
    static const struct {
        int code;
        const char *message;
        enum node_answer expected;
    } rows[] = {
        {-27, "Transaction outputs already in utxo set", NODE_KNOWN},
        {-27, "Transaction already in block chain", NODE_KNOWN},
        {-26, "txn-already-in-mempool", NODE_KNOWN},
        {-25, "bad-txns-inputs-missingorspent", NODE_SPENT},
        {-26, "bad-txns-inputs-spent", NODE_SPENT},
        {-26, "txn-mempool-conflict", NODE_SPENT},
        {-26,
         "insufficient fee, rejecting replacement 1234; new feerate 0.00001 <= old feerate 0.00002",
         NODE_CHEAP},
        {-26, "min relay fee not met, 0 < 144", NODE_CHEAP},
        {-26, "mempool min fee not met, 144 < 500", NODE_CHEAP},
        {-26, "mandatory-script-verify-flag-failed (Signature must be zero)", NODE_REFUSED},
        {-26, "bad-txns-in-belowout, value in (0.01) < value out (0.02)", NODE_REFUSED},
        {-26, "dust", NODE_REFUSED},
        {-25, "Fee exceeds maximum configured by user (e.g. -maxtxfee, maxfeerate)", NODE_REFUSED},
        {-22, "TX decode failed. Make sure the tx has at least one input.", NODE_REFUSED},
        {-26, "bad-txns-premature-spend-of-coinbase, tried to spend coinbase at depth 5",
         NODE_UNKNOWN},
        {-28, "Loading block index...", NODE_UNKNOWN},
        {-32603, "Internal error", NODE_UNKNOWN},
        {0, "", NODE_UNKNOWN},
    };
    for (size_t i = 0; i < TEST_COUNT(rows); i++)
        UNIT_CHECK(rows[i].message,
                   bitcoin_answer(rows[i].code, rows[i].message) == rows[i].expected);
}

#define GWEI INT64_C(1000000000)

static void test_fee(void)
{
    static const struct {
        const char *name;
        int64_t base_fee, tip;
        uint64_t gas;
        int64_t fee_max, old_max, old_tip; /* old_max 0: a first offer */
        enum err expected;
        int64_t max_fee, new_tip;
    } rows[] = {
        {"first", 10 * GWEI, GWEI, 21000, 21000 * 50 * GWEI, 0, 0, ERR_OK, 21 * GWEI, GWEI},
        {"less room", 10 * GWEI, GWEI, 21000, 21000 * 15 * GWEI, 0, 0, ERR_OK, 15 * GWEI, GWEI},
        {"just enough", 10 * GWEI, GWEI, 21000, 21000 * 11 * GWEI, 0, 0, ERR_OK, 11 * GWEI, GWEI},
        {"not enough", 10 * GWEI, GWEI, 21000, 21000 * 11 * GWEI - 1, 0, 0, ERR_FEE_CAP, 0, 0},
        {"nothing to be paid", 0, 0, 21000, 0, 0, 0, ERR_OK, 0, 0},
        {"no gas", 10 * GWEI, GWEI, 0, GWEI, 0, 0, ERR_OUT_OF_RANGE, 0, 0},
        {"negative", -1, GWEI, 21000, GWEI, 0, 0, ERR_OUT_OF_RANGE, 0, 0},
        {"negative cap", 1, GWEI, 21000, -GWEI, 0, 0, ERR_OUT_OF_RANGE, 0, 0},
        {"raised by an eighth", 1, 1, 21000, 21000 * 50 * GWEI, 8 * GWEI, 800, ERR_OK, 9 * GWEI,
         900},
        {"rounded up", 1, 1, 21000, 21000 * 50 * GWEI, 7, 1, ERR_OK, 8, 2},
        {"what is usual now", 20 * GWEI, 5 * GWEI, 21000, 21000 * 99 * GWEI, 8 * GWEI, GWEI, ERR_OK,
         45 * GWEI, 5 * GWEI},
        {"up to the cap", 20 * GWEI, 5 * GWEI, 21000, 21000 * 30 * GWEI, 8 * GWEI, GWEI, ERR_OK,
         30 * GWEI, 5 * GWEI},
        {"the cap is in the way", 1, 1, 21000, 21000 * 8 * GWEI, 8 * GWEI, GWEI, ERR_FEE_CAP, 0, 0},
        {"the block is too dear", 20 * GWEI, 1, 21000, 21000 * 19 * GWEI, 8 * GWEI, GWEI,
         ERR_FEE_CAP, 0, 0},
    };
    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        struct ethereum_market market = {rows[i].base_fee, rows[i].tip, rows[i].gas,
                                         rows[i].fee_max};
        struct ethereum_fee fee = {rows[i].old_max, rows[i].old_tip};
        enum err rc = rows[i].old_max == 0 ? ethereum_fee_make(&market, &fee)
                                           : ethereum_fee_raise(&market, &fee, &fee);

        UNIT_CHECK(rows[i].name, rc == rows[i].expected);
        if (rc != ERR_OK)
            continue;
        UNIT_CHECK(rows[i].name, fee.max_fee == rows[i].max_fee);
        UNIT_CHECK(rows[i].name, fee.tip == rows[i].new_tip);
        UNIT_CHECK(rows[i].name, fee.max_fee * rows[i].gas <= rows[i].fee_max);
    }
}

/* The largest numbers there are. */
static void test_fee_range(void)
{
    struct ethereum_market market = {DECIMAL_MAX / 4, DECIMAL_MAX, UINT64_MAX, DECIMAL_MAX};
    struct ethereum_fee fee = {DECIMAL_MAX / 2, DECIMAL_MAX};

    UNIT_CHECK("first", ethereum_fee_make(&market, &fee) == ERR_FEE_CAP);
    UNIT_CHECK("raised", ethereum_fee_raise(&market, &fee, &fee) == ERR_FEE_CAP);
    market.gas = 1;
    market.tip = 0;
    UNIT_CHECK("first", ethereum_fee_make(&market, &fee) == ERR_OK && fee.max_fee > 0);
    market.base_fee++;
    UNIT_CHECK("base fee", ethereum_fee_make(&market, &fee) == ERR_OUT_OF_RANGE);
    market.base_fee = 0;
    fee.max_fee = DECIMAL_MAX;
    UNIT_CHECK("old fee", ethereum_fee_raise(&market, &fee, &fee) == ERR_OUT_OF_RANGE);
}

static const struct test_case cases[] = {
    {"nodes of Ethereum", test_ethereum},
    {"nodes of Bitcoin", test_bitcoin},
    {"offers for gas", test_fee},
    {"offers out of range", test_fee_range},
    {NULL, NULL},
};
const struct test_suite suite_node_answer = {.name = "node_answer", .cases = cases};
