/* Coin selection: rows for the choice, and what holds for any coins. */
#include "chain/bitcoin_plan.h"

#include <string.h>

#include "chain/bitcoin_sign.h"
#include "tests/unit/unit.h"

/* The scripts of one key, by kind. */
struct own {
    uint8_t secret[EC_SECRET_SIZE];
    struct bitcoin_script scripts[3]; /* P2PKH, P2SH, P2WPKH */
};

static struct own own_key(void)
{
    struct own own;
    uint8_t public[EC_PUBLIC_SIZE];

    memset(own.secret, 0x11, sizeof(own.secret));
    UNIT_CHECK("key", ec_public(own.secret, public) == ERR_OK);
    for (int kind = BITCOIN_P2PKH; kind <= BITCOIN_P2WPKH; kind++)
        UNIT_CHECK("script", bitcoin_script_of_key((enum bitcoin_kind)kind, public,
                                                   &own.scripts[kind]) == ERR_OK);
    return own;
}

static struct bitcoin_coin coin_of(unsigned number, int64_t value, enum bitcoin_kind kind)
{
    struct bitcoin_coin coin = {.index = number, .value = value, .kind = kind};
    memset(coin.id, (int)number, sizeof(coin.id));
    return coin;
}

/* Signs the plan's transaction and checks what always has to hold. */
static void check_plan(const char *row, const struct own *own, const struct bitcoin_order *order,
                       const struct bitcoin_plan *plan)
{
    struct arena arena = {0};
    struct bitcoin_tx tx;
    int64_t in = 0, out = 0;

    UNIT_CHECK(row, bitcoin_plan_build(order, plan, &arena, &tx) == ERR_OK);
    for (size_t i = 0; i < tx.input_count; i++) {
        const struct bitcoin_coin *coin = &plan->coins[i];
        struct bitcoin_output spent = {.value = coin->value,
                                       .script = bitcoin_script_bytes(&own->scripts[coin->kind])};
        in += coin->value;
        UNIT_CHECK(row, tx.inputs[i].sequence == BITCOIN_SEQUENCE);
        UNIT_CHECK(row, bitcoin_sign_input(&tx, i, &spent, own->secret, &arena) == ERR_OK);
    }
    for (size_t i = 0; i < tx.output_count; i++) {
        out += tx.outputs[i].value;
        UNIT_CHECK(row, tx.outputs[i].value >= bitcoin_dust(tx.outputs[i].script));
    }
    UNIT_CHECK(row, in - out == plan->fee);
    UNIT_CHECK(row, plan->fee <= order->fee_max);
    size_t vsize = bitcoin_tx_vsize(&tx);
    /* The estimate is never below, and above by no more than counts of lengths and short signatures. */
    UNIT_CHECK(row, plan->vsize >= vsize && plan->vsize <= vsize + 8 + 3 * tx.input_count);
    /* Rounded up, by less than one satoshi, unless the change was too little to come back. */
    int64_t exact = order->fee_rate * (int64_t)plan->vsize;
    UNIT_CHECK(row, plan->fee * 1000 >= exact);
    UNIT_CHECK(row, plan->change == 0 || plan->fee * 1000 < exact + 1000);
    UNIT_CHECK(row, tx.output_count == order->output_count + (plan->change > 0));
    arena_free(&arena);
}

static void test_dust(void)
{
    static const struct {
        const char *name, *script;
        int64_t expected; /* Bitcoin Core's */
    } rows[] = {
        {"P2PKH", "76a914751e76e8199196d454941c45d1b3a323f1433bd688ac", 546},
        {"P2SH", "a914bcfeb728b584253d5f3f70bcb780e9ef218a68f487", 540},
        {"P2WPKH", "0014751e76e8199196d454941c45d1b3a323f1433bd6", 294},
        {"P2WSH", "00201863143c14c5166804bd19203356da136c985678cd4d27a1b8c6329604903262", 330},
        {"P2TR", "512079be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798", 330},
    };
    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        uint8_t script[64];
        struct bytes in = {script, unit_bytes(rows[i].script, script, sizeof(script))};
        UNIT_CHECK(rows[i].name, bitcoin_dust(in) == rows[i].expected);
    }
}

/* Coins of one kind, and which of them are to be taken, by their values. */
static void test_choice(void)
{
    static const struct {
        const char *name;
        int64_t coins[5], pay, rate, fee_max;
        enum err expected;
        int64_t taken[5]; /* in the plan's order */
        bool change;
    } rows[] = {
        {"one alone", {100000}, 50000, 2000, 10000, ERR_OK, {100000}, true},
        {"the smallest that suffices",
         {500000, 60000, 90000, 70000},
         60000,
         2000,
         10000,
         ERR_OK,
         {70000},
         true},
        {"the largest, where none does",
         {30000, 40000, 20000, 10000},
         60000,
         2000,
         10000,
         ERR_OK,
         {40000, 30000},
         true},
        {"all of them",
         {30000, 40000, 20000, 10000},
         97000,
         2000,
         10000,
         ERR_OK,
         {40000, 30000, 20000, 10000},
         true},
        {"without change", {50300}, 50000, 1000, 10000, ERR_OK, {50300}, false},
        {"change would be dust", {50420}, 50000, 1000, 10000, ERR_OK, {50420}, false},
        {"not quite enough", {50100}, 50000, 1000, 10000, ERR_INSUFFICIENT_FUNDS, {0}, false},
        {"nothing there", {0}, 50000, 1000, 10000, ERR_INSUFFICIENT_FUNDS, {0}, false},
        {"coins that cost more than they bring",
         {6800, 6800, 6800, 6800, 6800},
         1000,
         100000,
         100000,
         ERR_INSUFFICIENT_FUNDS,
         {0},
         false},
        {"dust", {100000}, 293, 1000, 10000, ERR_DUST, {0}, false},
        {"the least", {100000}, 294, 1000, 10000, ERR_OK, {100000}, true},
        {"the fee's cap", {100000}, 50000, 100000, 1000, ERR_FEE_CAP, {0}, false},
        {"rate too low", {100000}, 50000, 999, 10000, ERR_OUT_OF_RANGE, {0}, false},
        {"rate too high",
         {100000},
         50000,
         BITCOIN_RATE_MAX + 1,
         10000,
         ERR_OUT_OF_RANGE,
         {0},
         false},
        {"less than nothing", {100000}, -1, 1000, 10000, ERR_OUT_OF_RANGE, {0}, false},
        {"more than there is",
         {100000},
         BITCOIN_MONEY_MAX + 1,
         1000,
         10000,
         ERR_OUT_OF_RANGE,
         {0},
         false},
    };
    struct own own = own_key();

    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        struct bitcoin_coin coins[5];
        size_t count = 0;
        struct arena arena = {0};
        struct bitcoin_plan plan;
        struct bitcoin_output output = {
            .value = rows[i].pay, .script = bitcoin_script_bytes(&own.scripts[BITCOIN_P2WPKH])};
        struct bitcoin_order order = {.outputs = &output,
                                      .output_count = 1,
                                      .change = output.script,
                                      .fee_rate = rows[i].rate,
                                      .fee_max = rows[i].fee_max};

        for (; count < 5 && rows[i].coins[count] > 0; count++)
            coins[count] = coin_of((unsigned)count, rows[i].coins[count], BITCOIN_P2WPKH);
        UNIT_CHECK(rows[i].name,
                   bitcoin_plan_make(&order, coins, count, &arena, &plan) == rows[i].expected);
        if (rows[i].expected == ERR_OK) {
            size_t taken = 0;
            for (; taken < 5 && rows[i].taken[taken] > 0; taken++)
                UNIT_CHECK(rows[i].name, taken < plan.coin_count &&
                                             plan.coins[taken].value == rows[i].taken[taken]);
            UNIT_CHECK(rows[i].name, plan.coin_count == taken);
            UNIT_CHECK(rows[i].name, (plan.change > 0) == rows[i].change);
            check_plan(rows[i].name, &own, &order, &plan);
        }
        arena_free(&arena);
    }
}

/* Whatever the coins are and in whatever order they come: what holds for each plan, and the same plan. */
static void test_any(void)
{
    struct own own = own_key();
    uint32_t seed = 12345;

    for (int round = 0; round < 200; round++) {
        struct bitcoin_coin coins[20], turned[20];
        struct bitcoin_output outputs[3];
        struct arena arena = {0};
        struct bitcoin_plan plan, other;
        size_t count = 1 + (unsigned)round % 20;

        for (size_t i = 0; i < count; i++) {
            seed = seed * 1103515245 + 12345;
            coins[i] = coin_of((unsigned)i, 1000 + (seed >> 8) % 200000,
                               (enum bitcoin_kind)(seed >> 4 & 3) % 3);
            turned[count - 1 - i] = coins[i];
        }
        for (size_t i = 0; i < 3; i++)
            outputs[i] = (struct bitcoin_output){.value = 600 + 1000 * round % 90000,
                                                 .script = bitcoin_script_bytes(&own.scripts[i])};
        struct bitcoin_order order = {.outputs = outputs,
                                      .output_count = 1 + (unsigned)round % 3,
                                      .change = bitcoin_script_bytes(&own.scripts[2]),
                                      .fee_rate = 1000 + seed % 50000,
                                      .fee_max = 100000};
        enum err rc = bitcoin_plan_make(&order, coins, count, &arena, &plan);
        UNIT_CHECK("same error", bitcoin_plan_make(&order, turned, count, &arena, &other) == rc);
        if (rc == ERR_OK) {
            check_plan("any", &own, &order, &plan);
            UNIT_CHECK("same plan", plan.coin_count == other.coin_count &&
                                        plan.change == other.change && plan.fee == other.fee);
            for (size_t i = 0; i < plan.coin_count; i++)
                UNIT_CHECK("same coins", plan.coins[i].index == other.coins[i].index);
        } else {
            UNIT_CHECK("why not", rc == ERR_INSUFFICIENT_FUNDS || rc == ERR_FEE_CAP);
        }
        arena_free(&arena);
    }
}

static void test_refused(void)
{
    static struct bitcoin_coin many[2000];
    struct own own = own_key();
    struct arena arena = {0};
    struct bitcoin_plan plan;
    uint8_t other[] = {0x52, 2, 0, 0}; /* witness version 2 */
    struct bitcoin_coin coin = coin_of(1, 100000, BITCOIN_P2WSH);
    struct bytes own_script = bitcoin_script_bytes(&own.scripts[2]);
    struct bitcoin_output output = {.value = 50000, .script = own_script};
    struct bitcoin_order order = {.outputs = &output,
                                  .output_count = 1,
                                  .change = own_script,
                                  .fee_rate = 1000,
                                  .fee_max = 1000000};

    UNIT_CHECK("a coin of two keys",
               bitcoin_plan_make(&order, &coin, 1, &arena, &plan) == ERR_INVALID);
    coin.kind = BITCOIN_P2WPKH;
    order.change = (struct bytes){other, sizeof(other)};
    UNIT_CHECK("change for anybody",
               bitcoin_plan_make(&order, &coin, 1, &arena, &plan) == ERR_INVALID);
    order.change = own_script;
    output.script = (struct bytes){other, sizeof(other)};
    UNIT_CHECK("money for anybody",
               bitcoin_plan_make(&order, &coin, 1, &arena, &plan) == ERR_INVALID);
    output.script = own_script;
    order.output_count = 0;
    UNIT_CHECK("nobody is paid",
               bitcoin_plan_make(&order, &coin, 1, &arena, &plan) == ERR_OUT_OF_RANGE);
    order.output_count = 1;
    for (unsigned i = 0; i < TEST_COUNT(many); i++)
        many[i] = coin_of(i, 1000, BITCOIN_P2WPKH);
    output.value = 1800000;
    UNIT_CHECK("too large",
               bitcoin_plan_make(&order, many, TEST_COUNT(many), &arena, &plan) == ERR_TOO_LARGE);
    arena_free(&arena);
}

/* A transaction that is stuck: the same coins, paying more. */
static void test_replace(void)
{
    static const struct {
        const char *name;
        int64_t coin, rate, new_rate, fee_max;
        enum err expected;
        bool change;
    } rows[] = {
        {"from the change", 100000, 1000, 5000, 10000, ERR_OK, true},
        {"twice is the least", 100000, 1000, 2000, 10000, ERR_OK, true},
        {"not enough for nodes", 100000, 1000, 1500, 10000, ERR_OUT_OF_RANGE, false},
        {"the same rate", 100000, 1000, 1000, 10000, ERR_OUT_OF_RANGE, false},
        {"a lower one", 100000, 5000, 1000, 10000, ERR_OUT_OF_RANGE, false},
        {"all of the change", 50800, 1000, 5000, 10000, ERR_OK, false},
        {"more than the change", 50800, 1000, 50000, 10000, ERR_INSUFFICIENT_FUNDS, false},
        {"the fee's cap", 100000, 1000, 50000, 5000, ERR_FEE_CAP, false},
    };
    struct own own = own_key();

    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        struct arena arena = {0};
        struct bitcoin_coin coin = coin_of(1, rows[i].coin, BITCOIN_P2WPKH);
        struct bitcoin_plan old, plan;
        struct bitcoin_output output = {
            .value = 50000, .script = bitcoin_script_bytes(&own.scripts[BITCOIN_P2WPKH])};
        struct bitcoin_order order = {.outputs = &output,
                                      .output_count = 1,
                                      .change = output.script,
                                      .fee_rate = rows[i].rate,
                                      .fee_max = rows[i].fee_max};

        UNIT_CHECK(rows[i].name, bitcoin_plan_make(&order, &coin, 1, &arena, &old) == ERR_OK);
        order.fee_rate = rows[i].new_rate;
        plan = old;
        UNIT_CHECK(rows[i].name, bitcoin_plan_replace(&order, &plan, &plan) == rows[i].expected);
        if (rows[i].expected == ERR_OK) {
            check_plan(rows[i].name, &own, &order, &plan);
            UNIT_CHECK(rows[i].name, plan.coin_count == 1 && plan.coins[0].index == coin.index);
            UNIT_CHECK(rows[i].name, plan.fee >= old.fee + (int64_t)plan.vsize);
            UNIT_CHECK(rows[i].name, (plan.change > 0) == rows[i].change);
        } else {
            UNIT_CHECK(rows[i].name, plan.fee == old.fee && plan.change == old.change);
        }
        arena_free(&arena);
    }
}

static const struct test_case cases[] = {
    {"dust", test_dust},         {"which coins", test_choice},
    {"any coins", test_any},     {"what is refused", test_refused},
    {"replacing", test_replace}, {NULL, NULL},
};
const struct test_suite suite_bitcoin_plan = {.name = "bitcoin_plan", .cases = cases};
