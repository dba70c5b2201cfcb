/* The states of a payout by name, and which may follow on which. */
#include <string.h>

#include "payout/store.h"

#define BIT(state) (UINT32_C(1) << PAYOUT_STATE_##state)

const char *const payout_state_names[PAYOUT_STATES] = {
    "requested", "moderating", "approved", "sending",  "unknown",  "sent",
    "confirmed", "rejected",   "failed",   "returned", "cancelled"};

const char *const payout_who_names[PAYOUT_WHO] = {"customer", "operator", "job"};

static const uint32_t next_states[PAYOUT_STATES] = {
    [PAYOUT_STATE_REQUESTED] = BIT(MODERATING) | BIT(APPROVED) | BIT(CONFIRMED),
    [PAYOUT_STATE_MODERATING] = BIT(APPROVED) | BIT(REJECTED) | BIT(CANCELLED),
    [PAYOUT_STATE_APPROVED] = BIT(SENDING) | BIT(REJECTED) | BIT(CANCELLED),
    [PAYOUT_STATE_SENDING] =
        BIT(APPROVED) | BIT(UNKNOWN) | BIT(SENT) | BIT(CONFIRMED) | BIT(FAILED) | BIT(RETURNED),
    [PAYOUT_STATE_UNKNOWN] =
        BIT(APPROVED) | BIT(SENT) | BIT(CONFIRMED) | BIT(FAILED) | BIT(RETURNED),
    [PAYOUT_STATE_SENT] = BIT(CONFIRMED) | BIT(FAILED) | BIT(RETURNED),
    [PAYOUT_STATE_CONFIRMED] = BIT(RETURNED),
};

bool payout_state_find(const char *word, enum payout_state *out)
{
    for (unsigned i = 0; i < PAYOUT_STATES; i++)
        if (strcmp(payout_state_names[i], word) == 0) {
            *out = (enum payout_state)i;
            return true;
        }
    return false;
}

bool payout_state_follows(enum payout_state from, enum payout_state to)
{
    return (next_states[from] >> to & 1) != 0;
}

bool payout_state_gave_back(enum payout_state state)
{
    return ((BIT(REJECTED) | BIT(FAILED) | BIT(RETURNED) | BIT(CANCELLED)) >> state & 1) != 0;
}

bool payout_state_ended(enum payout_state state)
{
    return state == PAYOUT_STATE_CONFIRMED || payout_state_gave_back(state);
}
