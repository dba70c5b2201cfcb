/* What became of payouts: by the chain as it was followed, and by what was committed here. */
#include <stdio.h>

#include "rail/bitcoin_scan.h"
#include "rail/bitcoin_wallet.h"
#include "rail/bitcoin_watch.h"

#define ASK_S 2 /* until it is asked about again */

static void say(struct rail_outcome *outcome, enum rail_answer what, const char *words)
{
    outcome->answer = what;
    outcome->retry_s = ASK_S;
    snprintf(outcome->words, sizeof(outcome->words), "%s", words);
}

/* In a block, so deep. What the transaction has cost is borne by the first of its payouts. */
static void say_mined(const struct payout *payout, const struct bitcoin_fate *fate, uint64_t tip,
                      struct rail_outcome *outcome)
{
    const struct rail_asset asset = {.currency = payout->amount.currency};

    outcome->confirmations = tip < fate->height ? 0 : tip - fate->height + 1;
    if (outcome->confirmations == 0 || outcome->confirmations < payout->confirmations_needed) {
        say(outcome, RAIL_SENT, "");
        return;
    }
    say(outcome, RAIL_CONFIRMED, "");
    if (fate->output == 0)
        outcome->cost = bitcoin_amount(&asset, fate->fee);
}

static enum err ask_one(struct db *db, const struct payout *payout, uint64_t tip,
                        struct rail_outcome *outcome)
{
    struct bitcoin_fate fate;
    char reference[BITCOIN_ID_TEXT_SIZE];

    enum err rc = bitcoin_fate_read(db, payout->id, &fate);
    if (rc == ERR_NOT_FOUND) {
        say(outcome, RAIL_LATER, "");
        return ERR_OK;
    }
    if (rc != ERR_OK)
        return rc;
    bitcoin_id_format(fate.id, reference);
    text_copy(outcome->reference, sizeof(outcome->reference), reference);
    if (fate.mined)
        say_mined(payout, &fate, tip, outcome);
    else if (fate.dead)
        say(outcome, RAIL_REFUSED, "A coin of its transaction was spent by another one");
    else if (fate.known)
        say(outcome, RAIL_SENT, "");
    else
        say(outcome, RAIL_DOUBTFUL, "No node has said that it has it");
    return ERR_OK;
}

enum err bitcoin_ask_payouts(void *self, struct db *db, const struct payout *payouts, size_t count,
                             struct rail_outcome *outcomes)
{
    struct deposit_block last = {0};

    (void)self;
    enum err rc = deposit_last_block(db, BITCOIN_CHAIN, &last);
    if (rc == ERR_NOT_FOUND)
        rc = ERR_OK;
    for (size_t i = 0; rc == ERR_OK && i < count; i++)
        rc = ask_one(db, &payouts[i], last.height, &outcomes[i]);
    return rc;
}
