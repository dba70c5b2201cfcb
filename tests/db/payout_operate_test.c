/* Operators at payouts: approving by one and by two, rejecting, rails worked by hand with their sheets, and what
 * is set of rails, assets and rules; each leaves its record. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "identity/role.h"
#include "tests/db/payout_place.h"

#define WHO "tester"
#define ALL (PAYOUT_MONEY * PAYOUT_USD)

static int64_t records(const char *what, const char *subject)
{
    return db_test_number(
        "SELECT COUNT(*) FROM payout_change WHERE what = ? AND subject = ? AND who <> ''",
        DB_ARGS(db_text(what), db_text(subject)));
}

static int64_t payout_records(const struct payout_place *place)
{
    char id[24];

    snprintf(id, sizeof(id), "%lld", (long long)place->payout.id);
    return records("payout", id);
}

/* A payout that waits for so many. */
static void make_moderated(struct payout_place *place, unsigned approvals)
{
    payout_place_make(place);
    db_test_number("INSERT INTO payout_rule SET kind = 'all', rail = ?, approvals = ?",
                   DB_ARGS(db_text(place->rail), db_u64(approvals)));
    DB_GIVES(payout_place_ask(place, 100), ERR_OK);
    DB_CHECK(place->payout.state == PAYOUT_STATE_MODERATING);
}

static void test_approved(void)
{
    struct payout_place place;
    int64_t one = payout_place_operator(), two = payout_place_operator();
    struct payout *payout = &place.payout;

    make_moderated(&place, 2);
    DB_GIVES(payout_place_move(&place, PAYOUT_STATE_SENDING), ERR_PAYOUT_STATE);
    DB_GIVES(role_give(test_db, place.user, ROLE_OPERATOR), ERR_OK);
    DB_GIVES(payout_approve(test_db, place.user, payout->id, "", payout), ERR_PAYOUT_APPROVER);
    DB_GIVES(payout_approve(test_db, db_test_user(NULL, NULL), payout->id, "", payout),
             ERR_PAYOUT_APPROVER);
    DB_GIVES(payout_approve(test_db, -1, payout->id, "", payout), ERR_PAYOUT_APPROVER);
    DB_GIVES(payout_approve(test_db, one, payout->id, "\xff", payout), ERR_NOT_UTF8);
    DB_GIVES(payout_approve(test_db, one, payout->id, "looks good", payout), ERR_OK);
    DB_CHECK(payout->state == PAYOUT_STATE_MODERATING && payout->approvals == 1);
    DB_GIVES(payout_approve(test_db, one, payout->id, "", payout), ERR_PAYOUT_APPROVER);
    DB_GIVES(payout_approve(test_db, two, payout->id, "", payout), ERR_OK);
    DB_CHECK(payout->state == PAYOUT_STATE_APPROVED && payout->approvals == 2);
    DB_CHECK(payout_records(&place) == 2);
    DB_GIVES(payout_approve(test_db, payout_place_operator(), payout->id, "", payout),
             ERR_PAYOUT_STATE);

    make_moderated(&place, 1);
    DB_GIVES(payout_approve(test_db, one, payout->id, "", payout), ERR_OK);
    DB_CHECK(payout->state == PAYOUT_STATE_APPROVED);
    payout_place_audit(__FILE__);
}

static void test_rejected(void)
{
    struct payout_place place;

    make_moderated(&place, 1);
    DB_GIVES(payout_reject(test_db, WHO, place.payout.id, "not like this", &place.payout), ERR_OK);
    DB_CHECK(place.payout.state == PAYOUT_STATE_REJECTED && payout_place_free(&place) == ALL);
    DB_CHECK(strcmp(place.payout.why, "not like this") == 0 && payout_records(&place) == 1);
    DB_GIVES(payout_approve(test_db, payout_place_operator(), place.payout.id, "", &place.payout),
             ERR_PAYOUT_ENDED);
    DB_GIVES(payout_reject(test_db, WHO, INT64_MAX, "", &place.payout), ERR_PAYOUT_NOT_FOUND);
    payout_place_audit(__FILE__);
}

static enum err settle(struct payout_place *place, enum payout_state to, const char *reference)
{
    struct payout payout;
    enum err rc = payout_settle(test_db, WHO, place->payout.id, to, reference, "", &payout);

    if (rc == ERR_OK)
        place->payout = payout;
    return rc;
}

static void test_by_hand(void)
{
    struct payout_place place;

    payout_place_make(&place);
    DB_GIVES(payout_place_ask(&place, 100), ERR_OK);
    DB_GIVES(settle(&place, PAYOUT_STATE_CANCELLED, ""), ERR_INVALID);
    DB_GIVES(settle(&place, PAYOUT_STATE_SENT, "two words"), ERR_PAYOUT_REFERENCE);
    DB_GIVES(settle(&place, PAYOUT_STATE_SENT, "bank-1"), ERR_OK);
    DB_GIVES(settle(&place, PAYOUT_STATE_SENT, "bank-1"), ERR_OK);
    DB_GIVES(settle(&place, PAYOUT_STATE_SENT, "bank-2"), ERR_PAYOUT_MISMATCH);
    DB_GIVES(settle(&place, PAYOUT_STATE_CONFIRMED, ""), ERR_OK);
    DB_CHECK(strcmp(place.payout.reference, "bank-1") == 0);
    DB_CHECK(payout_place_outside(&place) == 98 * PAYOUT_USD);
    DB_CHECK(payout_records(&place) == 3); /* sending, sent, confirmed */
    DB_GIVES(settle(&place, PAYOUT_STATE_RETURNED, ""), ERR_OK);
    DB_CHECK(payout_place_free(&place) == ALL && payout_place_outside(&place) == 0);

    DB_GIVES(payout_place_ask(&place, 100), ERR_OK);
    DB_GIVES(settle(&place, PAYOUT_STATE_CONFIRMED, ""), ERR_PAYOUT_REFERENCE);
    DB_GIVES(settle(&place, PAYOUT_STATE_FAILED, ""), ERR_OK);
    DB_CHECK(payout_place_free(&place) == ALL);

    DB_GIVES(payout_place_ask(&place, 100), ERR_OK);
    DB_GIVES(rail_pause(test_db, WHO, place.rail, true), ERR_OK);
    DB_GIVES(settle(&place, PAYOUT_STATE_SENT, "x"), ERR_RAIL_PAUSED);
    payout_place_audit(__FILE__);
}

/* What nobody but its rail knows. */
static void test_by_itself(void)
{
    struct payout_place place;
    struct payout payout;
    char address[24];

    payout_place_make(&place);
    snprintf(address, sizeof(address), "%lld", (long long)db_test_user(NULL, NULL));
    struct actor actor = db_test_actor(place.user);
    const struct payout_request request = {.service = "test",
                                           .ref = "i",
                                           .actor = &actor,
                                           .purpose = "available",
                                           .rail = RAIL_INTERNAL,
                                           .total = {PAYOUT_USD, currency_by_code("USD", 3)},
                                           .address = address};
    DB_GIVES(payout_request(test_db, &request, &payout, NULL), ERR_OK);
    DB_GIVES(payout_settle(test_db, WHO, payout.id, PAYOUT_STATE_RETURNED, "", "", &payout),
             ERR_RAIL_BY_ITSELF);
    DB_GIVES(payout_sheet(test_db, WHO, RAIL_INTERNAL, NULL, NULL), ERR_RAIL_BY_ITSELF);
    DB_GIVES(payout_sheet(test_db, WHO, "Nowhere", NULL, NULL), ERR_RAIL_UNKNOWN);
}

/* A sheet as it came, settled by hand. */
struct taken {
    struct payout payouts[8];
    struct payout_settled rows[8];
    size_t count;
};

static void take_row(void *arg, const struct payout *payout)
{
    struct taken *taken = arg;
    struct payout *kept = &taken->payouts[taken->count];

    *kept = *payout;
    taken->rows[taken->count++] = (struct payout_settled){.id = kept->id,
                                                          .rail = kept->rail,
                                                          .address = kept->address,
                                                          .memo = kept->memo,
                                                          .amount = kept->amount,
                                                          .to = PAYOUT_STATE_CONFIRMED,
                                                          .reference = "r",
                                                          .note = ""};
}

static int64_t in_state(const struct payout_place *place, const char *state)
{
    return db_test_number("SELECT COUNT(*) FROM payout WHERE rail = ? AND state = ?",
                          DB_ARGS(db_text(place->rail), db_text(state)));
}

static void test_sheet(void)
{
    static struct taken taken, again;
    struct payout_place place;
    size_t at = 99;

    taken = again = (struct taken){0};
    payout_place_make(&place);
    for (int i = 0; i < 3; i++)
        DB_GIVES(payout_place_ask(&place, 100), ERR_OK);
    DB_GIVES(payout_sheet(test_db, WHO, place.rail, take_row, &taken), ERR_OK);
    DB_CHECK(taken.count == 3 && in_state(&place, "sending") == 3);
    struct payout payout;
    DB_GIVES(payout_cancel(test_db, place.user, place.payout.id, "", &payout), ERR_PAYOUT_SENT);
    DB_GIVES(payout_sheet(test_db, WHO, place.rail, take_row, &again), ERR_OK);
    DB_CHECK(again.count == 3 && again.rows[0].id == taken.rows[0].id);

    /* one that does not match, and none is settled */
    taken.rows[0].amount.units++;
    DB_GIVES(payout_settle_all(test_db, WHO, taken.rows, 3, &at), ERR_PAYOUT_MISMATCH);
    DB_CHECK(at == 0 && in_state(&place, "sending") == 3);
    taken.rows[0].amount.units--;
    taken.rows[2].address = "account-2";
    DB_GIVES(payout_settle_all(test_db, WHO, taken.rows, 3, &at), ERR_PAYOUT_MISMATCH);
    DB_CHECK(at == 2 && in_state(&place, "sending") == 3);
    taken.rows[2].address = taken.payouts[2].address;
    taken.rows[1].id = taken.rows[0].id;
    DB_GIVES(payout_settle_all(test_db, WHO, taken.rows, 3, &at), ERR_REPEATED);
    taken.rows[1].id = taken.payouts[1].id;
    taken.rows[1].to = PAYOUT_STATE_REJECTED;
    DB_GIVES(payout_settle_all(test_db, WHO, taken.rows, 3, &at), ERR_INVALID);
    DB_CHECK(at == 1);
    taken.rows[1].to = PAYOUT_STATE_FAILED;
    DB_GIVES(payout_settle_all(test_db, WHO, taken.rows, PAYOUT_SHEET_MAX + 1, &at),
             ERR_OUT_OF_RANGE);
    DB_CHECK(payout_place_held(&place) == 300 * PAYOUT_USD);

    DB_GIVES(payout_settle_all(test_db, WHO, taken.rows, 3, &at), ERR_OK);
    DB_CHECK(in_state(&place, "confirmed") == 2 && in_state(&place, "failed") == 1);
    DB_CHECK(payout_place_free(&place) == ALL - 200 * PAYOUT_USD);
    DB_GIVES(payout_settle_all(test_db, WHO, taken.rows, 3, &at), ERR_OK);
    DB_CHECK(payout_place_free(&place) == ALL - 200 * PAYOUT_USD);
    taken.rows[1].to = PAYOUT_STATE_CONFIRMED;
    DB_GIVES(payout_settle_all(test_db, WHO, taken.rows, 3, &at), ERR_PAYOUT_ENDED);
    DB_CHECK(at == 1);
    again.count = 0;
    DB_GIVES(payout_sheet(test_db, WHO, place.rail, take_row, &again), ERR_OK);
    DB_CHECK(again.count == 0);
    payout_place_audit(__FILE__);
}

static void take_asset(void *arg, const struct rail_asset *asset)
{
    *(struct rail_asset *)arg = *asset;
}

static void test_set(void)
{
    const struct currency *usd = currency_by_code("USD", 3), *btc = currency_by_code("BTC", 3);
    const int64_t six = 6, minus = -1, much = 100001;
    const bool no = false;
    const struct amount fee = {PAYOUT_USD, usd}, coin = {1, btc};
    char rail[DB_TEST_NAME_SIZE], subject[DB_TEST_NAME_SIZE + 8];
    struct rail_asset asset = {0};
    struct rail found;
    bool made = false;

    db_test_name("Set", rail);
    DB_GIVES(rail_set(test_db, WHO, "a b", &(struct rail_change){0}, NULL), ERR_INVALID);
    DB_GIVES(rail_set(test_db, WHO, rail, &(struct rail_change){.kind = "internal"}, NULL),
             ERR_INVALID);
    DB_GIVES(rail_set(test_db, WHO, rail, &(struct rail_change){.outside = "BANK"}, NULL),
             ERR_INVALID);
    DB_GIVES(rail_set(test_db, WHO, rail, &(struct rail_change){.outside = "bitcoin"}, NULL),
             ERR_RAIL_EXISTS);
    DB_GIVES(rail_set(test_db, WHO, rail, &(struct rail_change){.confirmations = &much}, NULL),
             ERR_OUT_OF_RANGE);
    DB_GIVES(rail_set(test_db, WHO, rail, &(struct rail_change){.kind = "off_chain"}, &made),
             ERR_OK);
    DB_CHECK(made);
    DB_GIVES(rail_set(test_db, WHO, rail, &(struct rail_change){.confirmations = &six}, &made),
             ERR_OK);
    DB_GIVES(rail_by_name(test_db, rail, &found), ERR_OK);
    DB_CHECK(!made && found.confirmations == 6 && found.kind == RAIL_OFF_CHAIN && found.by_hand);
    DB_CHECK(records("rail", rail) == 2);
    DB_CHECK(db_test_number("SELECT COUNT(*) FROM payout_change WHERE what = 'rail' AND subject = "
                            "? AND was IS NULL AND JSON_VALUE(became, '$.kind') = 'off_chain'",
                            DB_ARGS(db_text(rail))) == 1);
    DB_GIVES(rail_pause(test_db, WHO, "Nowhere", true), ERR_RAIL_UNKNOWN);

    DB_GIVES(rail_asset_set(test_db, WHO, "Nowhere", usd, &(struct asset_change){0}, NULL),
             ERR_RAIL_UNKNOWN);
    DB_GIVES(rail_asset_set(test_db, WHO, RAIL_INTERNAL, usd, &(struct asset_change){0}, NULL),
             ERR_INVALID);
    DB_GIVES(rail_asset_set(test_db, WHO, rail, usd, &(struct asset_change){.fee = &coin}, NULL),
             ERR_CURRENCY_MISMATCH);
    DB_GIVES(
        rail_asset_set(test_db, WHO, rail, usd, &(struct asset_change){.decimals = &minus}, NULL),
        ERR_OUT_OF_RANGE);
    DB_GIVES(
        rail_asset_set(test_db, WHO, rail, usd, &(struct asset_change){.contract = "a b"}, NULL),
        ERR_INVALID);
    DB_GIVES(rail_asset_set(test_db, WHO, rail, usd,
                            &(struct asset_change){.fee = &fee, .confirmations = &six}, &made),
             ERR_OK);
    DB_CHECK(made);
    DB_GIVES(rail_asset_set(test_db, WHO, rail, usd,
                            &(struct asset_change){.withdrawals = &no, .confirmations = &minus},
                            &made),
             ERR_OK);
    DB_GIVES(rail_assets(test_db, rail, usd, take_asset, &asset), ERR_OK);
    DB_CHECK(!made && asset.fee.units == PAYOUT_USD && !asset.withdrawals && asset.deposits);
    DB_CHECK(asset.decimals == usd->decimals && asset.confirmations == 6);
    snprintf(subject, sizeof(subject), "%s/USD", rail);
    DB_CHECK(records("asset", subject) == 2);
}

struct rules {
    int64_t id;
    unsigned found;
    struct payout_rule rule;
};

static void find_rule(void *arg, const struct payout_rule *rule)
{
    struct rules *rules = arg;

    if (rule->id == rules->id) {
        rules->found++;
        rules->rule = *rule;
    }
}

static void test_rules_set(void)
{
    const struct currency *usd = currency_by_code("USD", 3);
    const struct {
        struct payout_rule rule;
        enum err gives;
    } rows[] = {
        {{.kind = "some", .approvals = 1}, ERR_INVALID},
        {{.kind = "all", .approvals = 3}, ERR_OUT_OF_RANGE},
        {{.kind = "all", .approvals = 0}, ERR_OUT_OF_RANGE},
        {{.kind = "all", .approvals = 1, .rail = "Nowhere"}, ERR_RAIL_UNKNOWN},
        {{.kind = "all", .approvals = 1, .currency = usd, .units = 1}, ERR_INVALID},
        {{.kind = "amount", .approvals = 1, .currency = usd}, ERR_INVALID},
        {{.kind = "amount", .approvals = 1, .units = 1}, ERR_INVALID},
        {{.kind = "velocity", .approvals = 1, .times = 1}, ERR_INVALID},
        {{.kind = "velocity", .approvals = 1, .period_s = 60}, ERR_INVALID},
        {{.kind = "velocity", .approvals = 1, .times = 1, .period_s = INT64_MAX}, ERR_OUT_OF_RANGE},
        {{.kind = "new_address", .approvals = 1, .times = 1}, ERR_INVALID},
    };
    struct payout_place place;
    struct rules rules = {0};
    int64_t id;

    payout_place_make(&place);
    for (size_t i = 0; i < TEST_COUNT(rows); i++)
        DB_GIVES(payout_rule_add(test_db, WHO, &rows[i].rule, &id), rows[i].gives);
    struct payout_rule rule = {.kind = "velocity",
                               .currency = usd,
                               .units = 50 * PAYOUT_USD,
                               .period_s = 60,
                               .level = "full",
                               .approvals = 2};
    text_copy(rule.rail, sizeof(rule.rail), place.rail);
    DB_GIVES(payout_rule_add(test_db, WHO, &rule, &rules.id), ERR_OK);
    DB_GIVES(payout_rules(test_db, find_rule, &rules), ERR_OK);
    DB_CHECK(rules.found == 1 && rules.rule.units == rule.units && rules.rule.approvals == 2 &&
             rules.rule.times == 0 && strcmp(rules.rule.level, "full") == 0);
    DB_GIVES(payout_place_ask(&place, 50), ERR_OK);
    DB_CHECK(place.payout.state == PAYOUT_STATE_MODERATING);
    DB_GIVES(payout_rule_remove(test_db, WHO, rules.id), ERR_OK);
    DB_GIVES(payout_rule_remove(test_db, WHO, rules.id), ERR_NOT_FOUND);
    DB_GIVES(payout_place_ask(&place, 50), ERR_OK);
    DB_CHECK(place.payout.state == PAYOUT_STATE_APPROVED);
    char subject[24];
    snprintf(subject, sizeof(subject), "%lld", (long long)rules.id);
    DB_CHECK(records("rule", subject) == 2);
}

static const struct test_case cases[] = {
    {"approved by one and by two", test_approved},
    {"rejected", test_rejected},
    {"sent by hand", test_by_hand},
    {"what sends by itself", test_by_itself},
    {"a sheet out and back in", test_sheet},
    {"rails and assets", test_set},
    {"rules", test_rules_set},
    {NULL, NULL},
};

const struct test_suite suite_payout_operate = {.name = "payout_operate", .cases = cases};
