/* Coin selection: what is wanted is measured, coins are sorted, fee and change are settled. */
#include "chain/bitcoin_plan.h"

#include <stdlib.h>

/* Sizes in quarters of a vbyte (weight), for the longest signatures that there are. */
#define WEIGHT 4
#define INPUT_WEIGHT (WEIGHT * 41)         /* outpoint, length of the script, sequence */
#define SIGNATURE_WEIGHT (1 + 72 + 1 + 33) /* and key, each with its length */
#define P2PKH_WEIGHT (INPUT_WEIGHT + WEIGHT * SIGNATURE_WEIGHT + 1)
#define P2WPKH_WEIGHT (INPUT_WEIGHT + 1 + SIGNATURE_WEIGHT)
#define NESTED_WEIGHT (P2WPKH_WEIGHT + WEIGHT * 23) /* the script pushes 22 bytes */
#define FRAME_WEIGHT (WEIGHT * 8 + 2)               /* version, lock time; mark of witnesses */
#define COUNT_MAX_SIZE 3                            /* of inputs, and of outputs */

/* Nodes call an output dust that costs more than its value at this rate, by Bitcoin Core's figures for the
 * input that would spend it. */
#define DUST_RATE 3000
#define DUST_INPUT 148
#define DUST_WITNESS_INPUT 67

static size_t output_size(struct bytes script)
{
    return 8 + 1 + script.len;
}

int64_t bitcoin_dust(struct bytes script)
{
    bool has_witness = false;

    switch (bitcoin_script_kind(script)) {
    case BITCOIN_P2WPKH:
    case BITCOIN_P2WSH:
    case BITCOIN_P2TR:
    case BITCOIN_WITNESS:
        has_witness = true;
        break;
    case BITCOIN_P2PKH:
    case BITCOIN_P2SH:
    case BITCOIN_OTHER:
        break;
    }
    size_t size = output_size(script) + (has_witness ? DUST_WITNESS_INPUT : DUST_INPUT);
    return (int64_t)size * DUST_RATE / 1000;
}

/* 0 for what cannot be spent with one key. */
static size_t coin_weight(enum bitcoin_kind kind)
{
    switch (kind) {
    case BITCOIN_P2PKH:
        return P2PKH_WEIGHT;
    case BITCOIN_P2SH:
        return NESTED_WEIGHT;
    case BITCOIN_P2WPKH:
        return P2WPKH_WEIGHT;
    case BITCOIN_P2WSH:
    case BITCOIN_P2TR:
    case BITCOIN_WITNESS:
    case BITCOIN_OTHER:
        break;
    }
    return 0;
}

static size_t to_vsize(size_t weight)
{
    return (weight + WEIGHT - 1) / WEIGHT;
}

/* Rounded up: never below the rate. */
static int64_t fee_of(size_t vsize, int64_t rate)
{
    return ((int64_t)vsize * rate + 999) / 1000;
}

/* --- checking ----------------------------------------------------------------------------------- */

/* What is wanted altogether: its sum, and its weight without coins and change. */
struct target {
    int64_t value;
    size_t weight;
};

static enum err measure(const struct bitcoin_order *order, struct target *out)
{
    *out = (struct target){.weight = FRAME_WEIGHT + 2 * WEIGHT * COUNT_MAX_SIZE};
    if (order->fee_rate < BITCOIN_RELAY_RATE || order->fee_rate > BITCOIN_RATE_MAX ||
        order->fee_max < 0 || order->output_count == 0)
        return ERR_OUT_OF_RANGE;
    if (coin_weight(bitcoin_script_kind(order->change)) == 0)
        return ERR_INVALID;
    for (size_t i = 0; i < order->output_count; i++) {
        const struct bitcoin_output *output = &order->outputs[i];
        if (output->value < 0 || output->value > BITCOIN_MONEY_MAX - out->value)
            return ERR_OUT_OF_RANGE;
        enum bitcoin_kind kind = bitcoin_script_kind(output->script);
        if (kind == BITCOIN_OTHER || kind == BITCOIN_WITNESS)
            return ERR_INVALID;
        if (output->value < bitcoin_dust(output->script))
            return ERR_DUST;
        out->value += output->value;
        out->weight += WEIGHT * output_size(output->script);
        if (to_vsize(out->weight) > BITCOIN_VSIZE_MAX)
            return ERR_TOO_LARGE;
    }
    return ERR_OK;
}

static enum err check_coins(const struct bitcoin_coin *coins, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (coin_weight(coins[i].kind) == 0)
            return ERR_INVALID;
        if (coins[i].value < 0 || coins[i].value > BITCOIN_MONEY_MAX)
            return ERR_OUT_OF_RANGE;
    }
    return ERR_OK;
}

/* --- choosing ----------------------------------------------------------------------------------- */

/* Coins that were chosen so far. */
struct choice {
    int64_t value;
    size_t weight;
};

/* Settles fee and change of coins that bring `chosen`; ERR_INSUFFICIENT_FUNDS where they do not suffice. */
static enum err settle(const struct bitcoin_order *order, const struct target *target,
                       struct choice chosen, struct bitcoin_plan *plan)
{
    size_t weight = target->weight + chosen.weight;
    int64_t rest = chosen.value - target->value;

    plan->vsize = to_vsize(weight);
    if (rest < fee_of(plan->vsize, order->fee_rate))
        return ERR_INSUFFICIENT_FUNDS;
    size_t with_change = to_vsize(weight + WEIGHT * output_size(order->change));
    int64_t change = rest - fee_of(with_change, order->fee_rate);
    if (change >= bitcoin_dust(order->change)) {
        plan->change = change;
        plan->vsize = with_change;
    } else {
        plan->change = 0;
    }
    plan->fee = rest - plan->change;
    if (plan->vsize > BITCOIN_VSIZE_MAX)
        return ERR_TOO_LARGE;
    return plan->fee > order->fee_max ? ERR_FEE_CAP : ERR_OK;
}

/* The largest first; those of one value by where they are, so that their order at the start tells
 * nothing. */
static int compare_coins(const void *a, const void *b)
{
    const struct bitcoin_coin *left = a, *right = b;

    if (left->value != right->value)
        return left->value < right->value ? 1 : -1;
    int order = memcmp(left->id, right->id, sizeof(left->id));
    if (order != 0)
        return order;
    return (left->index > right->index) - (left->index < right->index);
}

/* Lists the coins that bring more than they cost, sorted. */
static enum err list_coins(const struct bitcoin_order *order, const struct bitcoin_coin *coins,
                           size_t count, struct arena *arena, struct bitcoin_plan *plan)
{
    plan->coin_count = 0;
    plan->coins = arena_alloc(arena, (count + 1) * sizeof(*plan->coins));
    if (plan->coins == NULL)
        return ERR_NO_MEMORY;
    for (size_t i = 0; i < count; i++)
        if (coins[i].value > fee_of(to_vsize(coin_weight(coins[i].kind)), order->fee_rate))
            plan->coins[plan->coin_count++] = coins[i];
    if (plan->coin_count > 0)
        qsort(plan->coins, plan->coin_count, sizeof(*plan->coins), compare_coins);
    return ERR_OK;
}

/* Looks for one that suffices, from the smallest on. */
static enum err take_one(const struct bitcoin_order *order, const struct target *target,
                         struct bitcoin_plan *plan)
{
    for (size_t i = plan->coin_count; i-- > 0;) {
        struct bitcoin_coin coin = plan->coins[i];
        struct choice chosen = {coin.value, coin_weight(coin.kind)};
        enum err rc = settle(order, target, chosen, plan);
        if (rc == ERR_INSUFFICIENT_FUNDS)
            continue;
        plan->coins[0] = coin;
        plan->coin_count = 1;
        return rc;
    }
    return ERR_INSUFFICIENT_FUNDS;
}

static enum err take_largest(const struct bitcoin_order *order, const struct target *target,
                             struct bitcoin_plan *plan)
{
    struct choice chosen = {0};

    for (size_t i = 0; i < plan->coin_count; i++) {
        chosen.value += plan->coins[i].value;
        chosen.weight += coin_weight(plan->coins[i].kind);
        if (chosen.value > BITCOIN_MONEY_MAX)
            return ERR_OUT_OF_RANGE;
        if (to_vsize(target->weight + chosen.weight) > BITCOIN_VSIZE_MAX)
            return ERR_TOO_LARGE;
        enum err rc = settle(order, target, chosen, plan);
        if (rc == ERR_INSUFFICIENT_FUNDS)
            continue;
        plan->coin_count = i + 1;
        return rc;
    }
    return ERR_INSUFFICIENT_FUNDS;
}

enum err bitcoin_plan_make(const struct bitcoin_order *order, const struct bitcoin_coin *coins,
                           size_t count, struct arena *arena, struct bitcoin_plan *out)
{
    struct target target;
    enum err rc = measure(order, &target);

    *out = (struct bitcoin_plan){0};
    if (rc == ERR_OK)
        rc = check_coins(coins, count);
    if (rc == ERR_OK)
        rc = list_coins(order, coins, count, arena, out);
    if (rc == ERR_OK)
        rc = take_one(order, &target, out);
    if (rc == ERR_INSUFFICIENT_FUNDS)
        rc = take_largest(order, &target, out);
    return rc;
}

enum err bitcoin_plan_replace(const struct bitcoin_order *order, const struct bitcoin_plan *old,
                              struct bitcoin_plan *out)
{
    struct bitcoin_plan plan = *old;
    struct choice chosen = {0};
    struct target target;
    enum err rc = measure(order, &target);

    for (size_t i = 0; i < old->coin_count; i++) {
        chosen.value += old->coins[i].value;
        chosen.weight += coin_weight(old->coins[i].kind);
    }
    if (rc == ERR_OK)
        rc = settle(order, &target, chosen, &plan);
    /* Rules 4 and 6: it pays for its own way on top of the old fee, at a higher rate. */
    if (rc == ERR_OK &&
        (plan.fee < old->fee + fee_of(plan.vsize, BITCOIN_RELAY_RATE) ||
         (__int128)plan.fee * (int64_t)old->vsize <= (__int128)old->fee * (int64_t)plan.vsize))
        rc = ERR_OUT_OF_RANGE;
    if (rc == ERR_OK)
        *out = plan;
    return rc;
}

/* --- building ----------------------------------------------------------------------------------- */

enum err bitcoin_plan_build(const struct bitcoin_order *order, const struct bitcoin_plan *plan,
                            struct arena *arena, struct bitcoin_tx *out)
{
    *out = (struct bitcoin_tx){.version = 2, .input_count = plan->coin_count};
    out->inputs = arena_alloc(arena, plan->coin_count * sizeof(*out->inputs));
    out->outputs = arena_alloc(arena, (order->output_count + 1) * sizeof(*out->outputs));
    if (out->inputs == NULL || out->outputs == NULL)
        return ERR_NO_MEMORY;
    for (size_t i = 0; i < plan->coin_count; i++) {
        out->inputs[i] =
            (struct bitcoin_input){.index = plan->coins[i].index, .sequence = BITCOIN_SEQUENCE};
        memcpy(out->inputs[i].id, plan->coins[i].id, BITCOIN_ID_SIZE);
    }
    for (; out->output_count < order->output_count; out->output_count++)
        out->outputs[out->output_count] = order->outputs[out->output_count];
    if (plan->change > 0)
        out->outputs[out->output_count++] =
            (struct bitcoin_output){.value = plan->change, .script = order->change};
    return ERR_OK;
}
