/* Traders, money and orders for tests of trading. */
#include "tests/db/place.h"

#include <stdio.h>
#include <string.h>

#include "identity/user.h"
#include "ledger/ledger.h"
#include "ledger/slip.h"

struct scratch place_scratch;

void place_start(void)
{
    DB_CHECK(scratch_make(&place_scratch));
    DB_GIVES(scratch_migrate(&place_scratch, NULL, NULL, NULL), ERR_OK);
    market_reset();
}

static void tell_difference(void *arg, const char *words)
{
    (void)arg;
    fprintf(stderr, "%s\n", words);
}

void place_end(void)
{
    struct audit_report report = {.difference = tell_difference};

    DB_GIVES(audit_run(place_scratch.owner, &market_audit, &report), ERR_OK);
    DB_GIVES(audit_run(place_scratch.owner, &ledger_audit, &report), ERR_OK);
    DB_CHECK(report.differences == 0);
    scratch_drop(&place_scratch);
    market_reset();
}

struct amount place_items(const struct place *place, int64_t units)
{
    return (struct amount){.units = units, .currency = place->market->item};
}

struct amount place_money(const struct place *place, int64_t units)
{
    return (struct amount){.units = units, .currency = place->market->currency};
}

int64_t place_number(const char *sql, struct db_args args)
{
    struct db_rows rows = {0};
    int64_t value = -1;

    DB_GIVES(db_run(place_scratch.app, sql, args, &rows), ERR_OK);
    if (db_next(&rows))
        value = db_get_i64(&rows, 0);
    db_rows_free(&rows);
    return value;
}

int64_t place_user(void)
{
    char login[DB_TEST_NAME_SIZE], email[DB_TEST_NAME_SIZE + 16];
    int64_t id = 0;

    db_test_name("trader", login);
    snprintf(email, sizeof(email), "%s@example.org", login);
    DB_GIVES(user_add(place_scratch.app, login, email, NULL, "none", &id), ERR_OK);
    return id;
}

void place_give(int64_t user, struct amount amount)
{
    DB_GIVES(ledger_credit(place_scratch.app, user, amount, "Money"), ERR_OK);
}

void place_open(struct place *place, const char *currency, int64_t amount_step, int64_t price_step)
{
    struct market_rules rules = {.item = currency_by_code("BTC", 3),
                                 .currency = currency_by_code(currency, 3)};
    rules.amount_step = (struct amount){.units = amount_step, .currency = rules.item};
    rules.price_step = (struct amount){.units = price_step, .currency = rules.currency};
    rules.min_amount = (struct amount){.units = CENTIBTC, .currency = rules.item};
    *place = (struct place){.alice = place_user(), .bob = place_user()};
    market_reset();
    DB_GIVES(market_add(place_scratch.app, &rules), ERR_OK);
    DB_GIVES(market_between(place_scratch.app, rules.item, rules.currency, &place->market), ERR_OK);
    DB_GIVES(market_halt(place_scratch.app, place->market, false), ERR_OK);
}

struct actor place_actor(int64_t user_id)
{
    static char keys[8][DB_TEST_NAME_SIZE];
    static size_t next;
    char *key = keys[next++ % TEST_COUNT(keys)];

    db_test_name("r:", key);
    return (struct actor){.user_id = user_id, .request_key = key, .trace = "test"};
}

enum err place_try_as(struct place *place, const struct actor *who, struct asked asked,
                      struct uuid *oid)
{
    struct amount price = place_money(place, asked.price), stop = place_money(place, asked.stop);
    struct market_placement placement = {.market = place->market,
                                         .side = asked.side,
                                         .amount = place_items(place, asked.amount),
                                         .price = asked.price == 0 ? NULL : &price,
                                         .stop = asked.stop == 0 ? NULL : &stop,
                                         .fiat_fee = asked.fiat_fee};
    return market_place(place_scratch.app, NULL, test_master, who, &placement, oid);
}

enum err place_try(struct place *place, int64_t user, struct asked asked)
{
    struct actor who = place_actor(user);
    return place_try_as(place, &who, asked, &place->oid);
}

struct uuid place_order(struct place *place, int64_t user, struct asked asked)
{
    DB_GIVES(place_try(place, user, asked), ERR_OK);
    return place->oid;
}

struct asked place_bid(int64_t amount, int64_t price)
{
    return (struct asked){.side = MARKET_BID, .amount = amount, .price = price};
}

struct asked place_ask(int64_t amount, int64_t price)
{
    return (struct asked){.side = MARKET_ASK, .amount = amount, .price = price};
}

bool place_stands(struct place *place, int64_t user, struct uuid oid, const char *status,
                  int64_t remaining, int64_t funded)
{
    struct market_order *order = &place->order;
    enum err rc = market_order_view(place_scratch.app, user, &oid, order);
    bool same = rc == ERR_OK && strcmp(order->status, status) == 0 &&
                order->remaining.units == remaining && order->funded.units == funded;
    if (!same)
        fprintf(stderr, "order is %s %s, remaining %lld, funded %lld\n", err_id(rc), order->status,
                (long long)order->remaining.units, (long long)order->funded.units);
    return same;
}

int64_t place_column(const struct place *place, int64_t user, bool item, const char *name)
{
    char sql[160];
    const struct currency *currency = item ? place->market->item : place->market->currency;
    snprintf(sql, sizeof(sql),
             "SELECT COALESCE(SUM(%s), 0) FROM account WHERE owner_id = ? AND currency_id = ? AND "
             "purpose = 'available'",
             name);
    return place_number(sql, DB_ARGS(db_i64(user), db_u64(currency->id)));
}

bool place_has(const struct place *place, int64_t user, int64_t item, int64_t currency)
{
    int64_t got_item = place_column(place, user, true, "balance");
    int64_t got_currency = place_column(place, user, false, "balance");
    if (got_item != item || got_currency != currency)
        fprintf(stderr, "has %lld and %lld\n", (long long)got_item, (long long)got_currency);
    return got_item == item && got_currency == currency;
}

int64_t place_house(const struct place *place, const char *purpose)
{
    return place_number("SELECT COALESCE(SUM(balance), 0) FROM account WHERE owner_id = 1 AND "
                        "currency_id = ? AND purpose = ?",
                        DB_ARGS(db_u64(place->market->currency->id), db_text(purpose)));
}

int64_t place_level(const struct place *place, enum market_side side, int64_t price)
{
    return place_number(
        "SELECT COALESCE(SUM(amount), 0) FROM market_level WHERE market_id = ? AND "
        "side = ? AND price = ?",
        DB_ARGS(db_u64(place->market->id), db_text(market_side_name(side)), db_i64(price)));
}

int64_t place_trades(const struct place *place)
{
    return place_number("SELECT COUNT(*) FROM trade WHERE market_id = ?",
                        DB_ARGS(db_u64(place->market->id)));
}

int64_t place_wake(void)
{
    int64_t tried = -1;
    DB_GIVES(market_wake(place_scratch.app, 100, &tried), ERR_OK);
    return tried;
}
