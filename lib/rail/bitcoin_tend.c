/* What is under way: the same bytes given to the node again, and what waits too long replaced by what pays
 * more for the same (BIP-125). */
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "rail/bitcoin_wallet.h"
#include "rail/bitcoin_watch.h"

#define TEND_MAX 50 /* sends of one round */

/* A send that is to be replaced. */
struct stuck {
    const struct bitcoin_pending *old;
    struct bitcoin_tx tx;
    struct bitcoin_own *coins; /* by input */
    struct bitcoin_order order;
    struct bitcoin_plan plan;
};

/* Puts together again what its last transaction was made from. */
static enum err remember(struct db *db, const struct bitcoin_now *now,
                         const struct bitcoin_pending *old, struct arena *arena, struct stuck *out)
{
    *out = (struct stuck){.old = old};
    enum err rc = bitcoin_tx_read(old->last.raw, arena, &out->tx);
    if (rc != ERR_OK)
        return rc;
    size_t count = out->tx.input_count;
    out->coins = arena_alloc(arena, count * sizeof(*out->coins));
    out->plan.coins = arena_alloc(arena, count * sizeof(*out->plan.coins));
    if (out->coins == NULL || out->plan.coins == NULL)
        return ERR_NO_MEMORY;
    rc = bitcoin_coins_of_send(db, old->send_id, &out->tx, out->coins);
    if (rc != ERR_OK)
        return rc;
    for (size_t i = 0; i < count; i++)
        out->plan.coins[i] = out->coins[i].coin;
    out->plan.coin_count = count;
    out->plan.fee = old->last.fee;
    out->plan.vsize = old->last.vsize;
    out->order = (struct bitcoin_order){.outputs = out->tx.outputs,
                                        .output_count = (size_t)old->payments,
                                        .change = bitcoin_script_bytes(&now->change)};
    if (out->tx.output_count > old->payments)
        out->plan.change = out->tx.outputs[old->payments].value;
    return ERR_OK;
}

/* What is offered next: what is usual now, and no less than nodes take for a step. */
static int64_t next_rate(const struct bitcoin_wallet *wallet, const struct bitcoin_now *now,
                         const struct bitcoin_pending *old)
{
    int64_t vsize = (int64_t)old->last.vsize;
    int64_t least = (old->last.fee * 1000 + vsize - 1) / vsize + BITCOIN_RELAY_RATE;
    int64_t most = wallet->config->provider_bitcoin_fee_rate_max;

    return now->fee_rate > least ? now->fee_rate : least <= most ? least : 0;
}

static enum err replace(struct bitcoin_wallet *wallet, struct db *db, const struct bitcoin_now *now,
                        const struct bitcoin_pending *old, struct arena *arena)
{
    struct bitcoin_signed made;
    enum node_answer said;
    struct stuck stuck;

    enum err rc = remember(db, now, old, arena, &stuck);
    if (rc != ERR_OK)
        return rc;
    stuck.order.fee_rate = next_rate(wallet, now, old);
    stuck.order.fee_max = wallet->config->provider_bitcoin_fee_max;
    if (stuck.order.fee_rate == 0)
        return ERR_FEE_CAP;
    rc = bitcoin_plan_replace(&stuck.order, &stuck.plan, &stuck.plan);
    if (rc != ERR_OK)
        return rc;
    const struct bitcoin_making making = {
        .order = &stuck.order, .plan = &stuck.plan, .coins = stuck.coins};
    rc = bitcoin_make(wallet, db, now, &making, arena, &made);
    if (rc == ERR_OK)
        rc = bitcoin_try_write(db, old, &made);
    if (rc != ERR_OK)
        return rc;
    log_line(LOG_LEVEL_INFO, "replaced", "rail=Bitcoin send=%lld number=%llu fee=%lld",
             (long long)old->send_id, (unsigned long long)old->number + 1, (long long)made.fee);
    return bitcoin_tell(wallet, db, &made, &said);
}

static bool waits_too_long(const struct bitcoin_now *now, const struct bitcoin_pending *pending)
{
    return now->rail.height >= pending->last.height + BITCOIN_REPLACE_BLOCKS;
}

static enum err tend_one(struct bitcoin_wallet *wallet, struct db *db,
                         const struct bitcoin_now *now, const struct bitcoin_pending *pending,
                         struct arena *arena)
{
    enum node_answer said;

    enum err rc = bitcoin_tell(wallet, db, &pending->last, &said);
    if (rc != ERR_OK || (said != NODE_CHEAP && !waits_too_long(now, pending)))
        return rc;
    rc = replace(wallet, db, now, pending, arena);
    if (rc == ERR_OK || err_class(rc) == ERR_CLASS_BUSY)
        return rc;
    log_line(LOG_LEVEL_WARNING, "not_replaced", "rail=Bitcoin send=%lld error=%s",
             (long long)pending->send_id, err_id(rc));
    return ERR_OK;
}

enum err bitcoin_tend(void *self, struct db *db)
{
    struct bitcoin_wallet *wallet = self;
    struct bitcoin_pending pending[TEND_MAX];
    struct arena rows = {0}, arena = {0};
    struct bitcoin_now now;
    size_t count = 0;

    enum err rc = bitcoin_pending_read(db, BITCOIN_TOLD_REST_S, &rows, pending, TEND_MAX, &count);
    if (rc == ERR_OK)
        rc = bitcoin_now_read(wallet, db, &now);
    if (rc == ERR_OK)
        rc = bitcoin_sends_end(db, now.rail.height, BITCOIN_SETTLED, BITCOIN_BURIED);
    for (size_t i = 0; rc == ERR_OK && i < count; i++) {
        arena_clear(&arena);
        rc = tend_one(wallet, db, &now, &pending[i], &arena);
    }
    arena_free(&rows);
    arena_free(&arena);
    return rc == ERR_DEPOSIT_RAIL || rc == ERR_NOT_FOUND ? ERR_OK : rc; /* nothing was sent yet */
}
