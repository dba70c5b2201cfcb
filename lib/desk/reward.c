/* Affiliates' rewards: how much a bid brings whoever sent its customer, and its journal. */
#include <stdio.h>
#include <string.h>

#include "db/statement.h"
#include "desk/store.h"

static enum err read_rate(const char *text, struct rate *out)
{
    return rate_parse(text, strlen(text), out);
}

/* An amount in the affiliates' currency, by a rate of so much for so much; known is false where there
 * is none. */
static enum err worth_of(struct amount amount, const char *of, const char *in,
                         const struct currency *currency, struct amount *out, bool *known)
{
    struct rate divide, multiply;

    *known = of[0] != '\0' && in[0] != '\0';
    if (!*known)
        return ERR_OK;
    enum err rc = read_rate(of, &divide);
    if (rc == ERR_OK)
        rc = read_rate(in, &multiply);
    return rc == ERR_OK ? rate_apply(amount, multiply, divide, currency, ROUND_DOWN, out) : rc;
}

/* What the reward is a percentage of. */
static enum err base_of(const struct bid_row *row, struct amount worth, struct amount *out,
                        bool *known)
{
    const struct reward_terms *terms = &row->reward;
    bool give = strcmp(terms->profit_of, "give") == 0;
    struct amount side = give ? row->bid.sum1 : row->bid.sum2, profit = {0};
    struct rate percent, hundred = {.coefficient = 100};

    *out = worth;
    if (strcmp(terms->base, "sum") == 0)
        return ERR_OK;
    enum err rc = read_rate(terms->profit_percent, &percent);
    if (rc == ERR_OK)
        rc = rate_apply(side, percent, hundred, side.currency, ROUND_DOWN, &profit);
    if (rc != ERR_OK)
        return rc;
    profit.units += terms->profit_fixed;
    return worth_of(profit, give ? terms->worth_give : terms->worth_get,
                    give ? terms->worth_give_in : terms->worth_get_in, terms->currency, out, known);
}

/* The percentage that holds: the direction's, else the affiliate's own, else by turnover. */
static enum err percent_of(const struct reward_terms *terms, struct rate *out)
{
    const char *percent = terms->percent[0] != '\0' ? terms->percent
                          : terms->own[0] != '\0'   ? terms->own
                          : terms->level[0] != '\0' ? terms->level
                                                    : "0";
    struct rate most;

    enum err rc = read_rate(percent, out);
    if (rc != ERR_OK || terms->percent_max[0] == '\0' || terms->percent[0] != '\0')
        return rc;
    rc = read_rate(terms->percent_max, &most);
    /* both are of DECIMAL(6, 3), so that their scales are the same */
    if (rc == ERR_OK && most.scale == out->scale && out->coefficient > most.coefficient)
        *out = most;
    return rc;
}

static enum err by_percent(const struct bid_row *row, struct amount worth, struct amount *reward,
                           bool *known)
{
    const struct reward_terms *terms = &row->reward;
    struct rate percent, hundred = {.coefficient = 100};
    struct amount base = {0};

    enum err rc = base_of(row, worth, &base, known);
    if (rc != ERR_OK || !*known)
        return rc;
    rc = percent_of(terms, &percent);
    return rc == ERR_OK ? rate_apply(base, percent, hundred, terms->currency, ROUND_DOWN, reward)
                        : rc;
}

static enum err reward_reckon(const struct bid_row *row, struct amount *reward,
                              struct amount *worth, bool *known)
{
    const struct reward_terms *terms = &row->reward;
    bool reckoned = true;
    enum err rc;

    *reward = *worth = (struct amount){.currency = terms->currency};
    rc = worth_of(row->bid.sum1, terms->worth_give, terms->worth_give_in, terms->currency, worth,
                  known);
    if (rc != ERR_OK || !terms->on)
        return rc;
    if (strcmp(terms->mode, "fixed") == 0)
        reward->units = terms->fixed;
    else if (!*known && strcmp(terms->base, "sum") == 0)
        return ERR_OK; /* nobody knows what the sum is worth */
    else
        rc = by_percent(row, *worth, reward, &reckoned);
    if (rc != ERR_OK || !reckoned || reward->units == 0)
        return rc; /* no profit, no reward */
    if (terms->least >= 0 && reward->units < terms->least)
        reward->units = terms->least;
    if (terms->most >= 0 && reward->units > terms->most)
        reward->units = terms->most;
    if (reward->units < terms->smallest)
        reward->units = 0;
    return ERR_OK;
}

enum err reward_decide(struct bid_row *row, bool done)
{
    struct amount worth, reward;

    row->credit = (struct amount){0};
    row->turnover = 0;
    if (row->bid.partner_id == 0)
        return ERR_OK;
    if (!done) {
        row->credit = (struct amount){-row->bid.reward.units, row->bid.reward.currency};
        row->turnover = row->has_worth ? -row->worth : 0;
        row->has_worth = false;
        row->bid.reward = (struct amount){0};
        return ERR_OK;
    }
    enum err rc = reward_reckon(row, &reward, &worth, &row->has_worth);
    if (rc != ERR_OK)
        return rc == ERR_OVERFLOW ? ERR_OUT_OF_RANGE : rc;
    row->turnover = row->worth = row->has_worth ? worth.units : 0;
    if (reward.units != 0)
        row->bid.reward = row->credit = reward;
    return ERR_OK;
}

void reward_count(struct db_packet *packet, const struct bid_row *row)
{
    if (row->turnover != 0)
        db_packet_add(packet, "UPDATE desk_partner SET turnover = turnover + ? WHERE user_id = ?",
                      DB_ARGS(db_i128(row->turnover), db_i64(row->bid.partner_id)));
}

enum err reward_post(struct db *db, struct db_packet *packet, struct bid_row *row,
                     const char *trace)
{
    const char *kind = row->credit.units > 0 ? "desk_reward" : "desk_unreward";
    char key[96], id[UUID_TEXT_SIZE];
    const struct actor house = {.user_id = LEDGER_HOUSE, .request_key = key, .trace = trace};

    if (row->credit.units == 0)
        return ERR_OK;
    enum err rc = ledger_account_need(db, LEDGER_HOUSE, row->credit.currency, "profit", "",
                                      &row->reward_from);
    if (rc == ERR_OK)
        rc = ledger_account_need(db, row->bid.partner_id, row->credit.currency, "affiliate", "",
                                 &row->reward_to);
    if (rc != ERR_OK)
        return rc;
    uuid_format(&row->bid.uuid, id);
    snprintf(key, sizeof(key), "%s:%s:%llu", kind, id, (unsigned long long)row->bid.turn);
    struct ledger_posting posting = ledger_posting(kind, &house, &row->bid.uuid);
    ledger_leg(&posting, row->reward_from,
               (struct amount){-row->credit.units, row->credit.currency}, NULL, NULL);
    ledger_leg(&posting, row->reward_to, row->credit, NULL, NULL);
    rc = ledger_post(packet, &posting);
    ledger_posting_free(&posting);
    return rc;
}
