/* Sending payouts: as many as the coins, the fee's cap and the signer allow in one transaction. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "rail/bitcoin_wallet.h"
#include "rail/bitcoin_watch.h"

#define LATER_S 30     /* until it is tried again where money or the signer's budget lacks */
#define LATER_SOON_S 2 /* where the signer does not answer */

/* Payouts on their way, and what becomes of them. */
struct sending {
    struct bitcoin_wallet *wallet;
    struct db *db;
    struct bitcoin_now now;
    const struct payout *payouts;
    struct rail_outcome *outcomes;
    struct bitcoin_output outputs[RAIL_BATCH_MAX]; /* by payout */
    struct bitcoin_script scripts[RAIL_BATCH_MAX];
    struct arena arena; /* of one transaction */
    bool writing;       /* it may be committed */
};

static void answer(struct rail_outcome *outcome, enum rail_answer what, const char *words,
                   int64_t retry_s)
{
    outcome->answer = what;
    outcome->retry_s = retry_s;
    snprintf(outcome->words, sizeof(outcome->words), "%s", words);
}

/* The output that pays it. Not ERR_OK: it can never be sent. */
static enum err output_of(struct sending *sending, size_t i)
{
    const struct payout *payout = &sending->payouts[i];
    enum bitcoin_kind kind;
    int64_t value;

    enum err rc = bitcoin_address_parse(sending->wallet->network, payout->address,
                                        strlen(payout->address), &kind, &sending->scripts[i]);
    if (rc != ERR_OK)
        return rc;
    if (kind == BITCOIN_WITNESS)
        return ERR_ADDRESS;
    if (!bitcoin_satoshis(payout->amount.currency, payout->amount.units, &value))
        return ERR_OUT_OF_RANGE;
    sending->outputs[i] = (struct bitcoin_output){
        .value = value, .script = bitcoin_script_bytes(&sending->scripts[i])};
    return value < bitcoin_dust(sending->outputs[i].script) ? ERR_DUST : ERR_OK;
}

/* The plan's coins, with their paths. */
static enum err coins_of_plan(const struct bitcoin_plan *plan, const struct bitcoin_own *all,
                              size_t count, struct arena *arena, struct bitcoin_own **out)
{
    *out = arena_alloc(arena, plan->coin_count * sizeof(**out));
    if (*out == NULL)
        return ERR_NO_MEMORY;
    for (size_t i = 0; i < plan->coin_count; i++) {
        const struct bitcoin_coin *coin = &plan->coins[i];
        size_t at = 0;
        while (at < count && (all[at].coin.index != coin->index ||
                              memcmp(all[at].coin.id, coin->id, BITCOIN_ID_SIZE) != 0))
            at++;
        if (at == count)
            return ERR_INTERNAL;
        (*out)[i] = all[at];
    }
    return ERR_OK;
}

/* Coins for the payouts from `first` on. */
static enum err plan_for(struct sending *sending, const struct bitcoin_order *order,
                         uint64_t confirmations, struct bitcoin_plan *plan,
                         struct bitcoin_own **chosen)
{
    struct arena *arena = &sending->arena;
    struct bitcoin_own *all;
    size_t count;

    enum err rc = bitcoin_coins_free(sending->db, sending->now.rail.height, confirmations, arena,
                                     &all, &count);
    struct bitcoin_coin *coins =
        rc == ERR_OK ? arena_alloc(arena, (count + 1) * sizeof(*coins)) : NULL;
    if (rc == ERR_OK && coins == NULL)
        rc = ERR_NO_MEMORY;
    for (size_t i = 0; rc == ERR_OK && i < count; i++)
        coins[i] = all[i].coin;
    if (rc == ERR_OK)
        rc = bitcoin_plan_make(order, coins, count, arena, plan);
    return rc == ERR_OK ? coins_of_plan(plan, all, count, arena, chosen) : rc;
}

/* One transaction for `count` payouts from `first` on, signed and committed.
 * Returns what stands in the way. */
static enum err commit_some(struct sending *sending, size_t first, size_t count,
                            struct bitcoin_signed *made)
{
    const struct config *config = sending->wallet->config;
    const struct bitcoin_order order = {.outputs = &sending->outputs[first],
                                        .output_count = count,
                                        .change = bitcoin_script_bytes(&sending->now.change),
                                        .fee_rate = sending->now.fee_rate,
                                        .fee_max = config->provider_bitcoin_fee_max};
    struct bitcoin_own *chosen = NULL;
    struct bitcoin_plan plan;

    enum err rc =
        plan_for(sending, &order, sending->payouts[first].confirmations_needed, &plan, &chosen);
    if (rc != ERR_OK)
        return rc;
    const struct bitcoin_making making = {.order = &order, .plan = &plan, .coins = chosen};
    rc = bitcoin_make(sending->wallet, sending->db, &sending->now, &making, &sending->arena, made);
    if (rc != ERR_OK)
        return rc;
    sending->writing = true;
    return bitcoin_send_write(sending->db, made, chosen, plan.coin_count, &sending->payouts[first],
                              count);
}

/* Gives what was committed to the node: from here on it is at least in doubt. */
static enum err broadcast(struct sending *sending, size_t first, size_t count,
                          const struct bitcoin_signed *made)
{
    char reference[BITCOIN_ID_TEXT_SIZE];
    enum node_answer said = NODE_UNKNOWN;

    bitcoin_id_format(made->id, reference);
    enum err rc = bitcoin_tell(sending->wallet, sending->db, made, &said);
    for (size_t i = first; i < first + count; i++) {
        answer(&sending->outcomes[i], said == NODE_KNOWN ? RAIL_SENT : RAIL_DOUBTFUL,
               said == NODE_KNOWN ? "" : "The node has not said that it has it", 0);
        text_copy(sending->outcomes[i].reference, sizeof(sending->outcomes[i].reference),
                  reference);
    }
    log_line(LOG_LEVEL_INFO, "sent", "rail=Bitcoin txid=%s payouts=%zu fee=%lld known=%d",
             reference, count, (long long)made->fee, said == NODE_KNOWN);
    return rc;
}

/* Whether fewer at once might do. */
static bool is_too_much(enum err rc)
{
    return rc == ERR_INSUFFICIENT_FUNDS || rc == ERR_TOO_LARGE || rc == ERR_FEE_CAP ||
           rc == ERR_OVER_SINGLE_LIMIT || rc == ERR_OVER_DAILY_LIMIT;
}

/* What it means for one payout that nothing was committed for it. */
static void say_later(struct rail_outcome *outcome, enum err rc)
{
    static const struct {
        enum err rc;
        const char *words;
    } rows[] = {{ERR_INSUFFICIENT_FUNDS, "The hot wallet has not enough"},
                {ERR_OVER_SINGLE_LIMIT, "It is over the signer's limit for one transaction"},
                {ERR_OVER_DAILY_LIMIT, "The signer's limit of today is used up"},
                {ERR_NO_ANSWER, "The signer does not answer"}};
    const char *words = err_text(rc);

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (rows[i].rc == rc)
            words = rows[i].words;
    answer(outcome, RAIL_LATER, words, rc == ERR_NO_ANSWER ? LATER_SOON_S : LATER_S);
}

/* Sends from `first` on: half as many where all are too much, and so on down to one.
 * done  out, how many have their outcome now */
static enum err send_some(struct sending *sending, size_t first, size_t count, size_t *done)
{
    struct bitcoin_signed made;
    enum err rc;

    *done = count;
    for (;;) {
        arena_clear(&sending->arena);
        sending->writing = false;
        rc = commit_some(sending, first, *done, &made);
        if (!is_too_much(rc) || *done == 1)
            break;
        *done /= 2;
    }
    if (rc == ERR_OK)
        return broadcast(sending, first, *done, &made);
    if (sending->writing && rc != ERR_INSUFFICIENT_FUNDS)
        return rc == ERR_PAYOUT_STATE || rc == ERR_REPLAYED ? ERR_OK : rc; /* they stay in doubt */
    for (size_t i = first; i < first + *done; i++)
        say_later(&sending->outcomes[i], rc);
    return ERR_OK;
}

/* How many from `first` on can be sent at once: up to one that never can, which is refused. */
static size_t run_of(struct sending *sending, size_t first, size_t count)
{
    size_t i = first;

    for (; i < count; i++) {
        enum err rc = output_of(sending, i);
        if (rc == ERR_OK)
            continue;
        if (i == first)
            answer(&sending->outcomes[i], RAIL_REFUSED, err_text(rc), 0);
        break;
    }
    return i - first;
}

enum err bitcoin_send_payouts(void *self, struct db *db, const struct payout *payouts, size_t count,
                              struct rail_outcome *outcomes)
{
    struct sending *sending = calloc(1, sizeof(*sending));

    if (sending == NULL)
        return ERR_NO_MEMORY;
    sending->wallet = self;
    sending->db = db;
    sending->payouts = payouts;
    sending->outcomes = outcomes;
    enum err rc = bitcoin_now_read(sending->wallet, db, &sending->now);
    for (size_t i = 0; rc == ERR_OK && i < count;) {
        size_t done = 1, some = run_of(sending, i, count);
        if (some > 0)
            rc = send_some(sending, i, some, &done);
        i += done;
    }
    arena_free(&sending->arena);
    free(sending);
    return rc;
}
