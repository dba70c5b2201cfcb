/* What tests of payouts share. */
#include "tests/db/payout_place.h"

#include <stdio.h>
#include <string.h>

#include "identity/role.h"
#include "ledger/ledger.h"
#include "ledger/slip.h"

static const struct currency *dollars_currency(void)
{
    return currency_by_code("USD", 3);
}

void payout_place_make(struct payout_place *place)
{
    char name[DB_TEST_NAME_SIZE];

    *place = (struct payout_place){.service = "test", .user = db_test_user(NULL, NULL)};
    db_test_name("rail", name);
    snprintf(place->rail, sizeof(place->rail), "%.32s", name);
    db_test_number("INSERT INTO rail (name, kind, outside) VALUES (?, 'off_chain', ?)",
                   DB_ARGS(db_text(place->rail), db_text(place->rail)));
    db_test_number(
        "INSERT INTO rail_asset (rail, currency_id, guid, decimals, min_withdrawal, fee) "
        "VALUES (?, ?, UNHEX(MD5(?)), 2, ?, ?)",
        DB_ARGS(db_text(place->rail), db_u64(dollars_currency()->id), db_text(place->rail),
                db_i64(10 * PAYOUT_USD), db_i64(PAYOUT_FEE)));
    db_test_number("UPDATE user SET level = 'full' WHERE id = ?", DB_ARGS(db_i64(place->user)));
    DB_GIVES(ledger_credit(test_db, place->user,
                           (struct amount){PAYOUT_MONEY * PAYOUT_USD, dollars_currency()}, "Money"),
             ERR_OK);
}

enum err payout_place_ask_as(struct payout_place *place, int64_t dollars, const char *ref)
{
    struct actor actor = db_test_actor(place->user);
    const struct payout_request request = {.service = place->service,
                                           .ref = ref,
                                           .actor = &actor,
                                           .purpose = "available",
                                           .rail = place->rail,
                                           .total = {dollars * PAYOUT_USD, dollars_currency()},
                                           .address = "account-1"};

    return payout_request(test_db, &request, &place->payout, &place->repeated);
}

enum err payout_place_ask(struct payout_place *place, int64_t dollars)
{
    char name[DB_TEST_NAME_SIZE];

    db_test_name("ref", name);
    return payout_place_ask_as(place, dollars, name);
}

enum err payout_place_move(struct payout_place *place, enum payout_state to)
{
    struct payout_move move = {
        .id = place->payout.id, .to = to, .who = PAYOUT_BY_JOB, .reference = "tx", .note = "test"};

    enum err rc = payout_move(test_db, &move);
    if (rc == ERR_OK)
        place->payout = move.row.payout;
    return rc;
}

static int64_t balance(int64_t user, const char *purpose)
{
    return db_test_number("SELECT COALESCE(SUM(balance), 0) FROM account WHERE owner_id = ? AND "
                          "purpose = ? AND currency_id = ?",
                          DB_ARGS(db_i64(user), db_text(purpose), db_u64(dollars_currency()->id)));
}

int64_t payout_place_free(const struct payout_place *place)
{
    return balance(place->user, "available");
}

int64_t payout_place_held(const struct payout_place *place)
{
    return balance(place->user, "held");
}

int64_t payout_place_outside(const struct payout_place *place)
{
    return db_test_number(
        "SELECT COALESCE(SUM(balance), 0) FROM account WHERE purpose = 'external' "
        "AND rail = ?",
        DB_ARGS(db_text(place->rail)));
}

int64_t payout_place_counted(const struct payout_place *place)
{
    return db_test_number("SELECT COALESCE(SUM(day_amount), 0) FROM limit_count WHERE user_id = ?",
                          DB_ARGS(db_i64(place->user)));
}

static void say(void *arg, const char *words)
{
    db_test_check(false, words, arg, __LINE__);
}

void payout_place_audit(const char *file)
{
    char name[80];

    snprintf(name, sizeof(name), "%s", file);
    struct audit_report report = {.difference = say, .arg = name};
    DB_GIVES(audit_run(test_db, &ledger_audit, &report), ERR_OK);
    DB_GIVES(audit_run(test_db, &payout_audit, &report), ERR_OK);
}

int64_t payout_place_operator(void)
{
    int64_t user = db_test_user(NULL, NULL);

    DB_GIVES(role_give(test_db, user, ROLE_OPERATOR), ERR_OK);
    return user;
}
