/* The exchange desk: what operators set, bids and their money, affiliates, expiry. Each case has payment
 * systems of its own. */
#include <stdio.h>
#include <string.h>

#include "base/encode.h"
#include "desk/bid.h"
#include "desk/key.h"
#include "desk/operate.h"
#include "desk/partner.h"
#include "desk/rate.h"
#include "ledger/ledger.h"
#include "ledger/slip.h"
#include "tests/db/db.h"
#include "tests/db/desk_place.h"

static enum err create(struct desk_place *place, const char *amount)
{
    struct desk_wish wish = desk_place_wish(place, amount);
    return desk_bid_create(test_db, &wish, "", &place->problems, &place->bid);
}

static enum err move(struct desk_place *place, enum desk_who who, enum desk_status to)
{
    struct desk_move change = {
        .name = {.id = place->bid.id}, .who = who, .to = to, .trace = "", .note = NULL};
    return desk_bid_move(test_db, &change, &place->bid);
}

/* "available held incoming outside" of a system, in whole units with decimals. */
struct seen {
    const char *code;
    char text[4 * AMOUNT_TEXT_SIZE];
};

static void see_reserve(void *arg, const struct desk_reserve *reserve)
{
    struct seen *seen = arg;
    char parts[4][AMOUNT_TEXT_SIZE];

    if (strcmp(reserve->code, seen->code) != 0)
        return;
    desk_amount_text(reserve->available, parts[0]);
    desk_amount_text(reserve->held, parts[1]);
    desk_amount_text(reserve->incoming, parts[2]);
    desk_amount_text(reserve->outside, parts[3]);
    snprintf(seen->text, sizeof(seen->text), "%s %s %s %s", parts[0], parts[1], parts[2], parts[3]);
}

static void check_reserve(const char *code, const char *expected, unsigned line)
{
    struct seen seen = {.code = code};
    char words[600];

    DB_GIVES(desk_reserves(test_db, see_reserve, &seen), ERR_OK);
    snprintf(words, sizeof(words), "%s has %s, expected %s", code, seen.text, expected);
    db_test_check(strcmp(seen.text, expected) == 0, words, __FILE__, line);
}
#define RESERVE(code, expected) check_reserve((code), (expected), __LINE__)

static __int128 balance(int64_t owner, const char *purpose, const struct currency *currency)
{
    return db_test_number("SELECT COALESCE((SELECT balance FROM account WHERE owner_id = ? AND "
                          "purpose = ? AND currency_id = ? AND rail = ''), 0)",
                          DB_ARGS(db_i64(owner), db_text(purpose), db_u64(currency->id)));
}

static void say(void *arg, const char *words)
{
    db_test_check(false, words, __FILE__, *(unsigned *)arg);
}

static void check_books(unsigned line)
{
    struct audit_report report = {.difference = say, .arg = &line};

    DB_GIVES(audit_run(test_db, &ledger_audit, &report), ERR_OK);
    DB_GIVES(audit_run(test_db, &desk_audit, &report), ERR_OK);
    db_test_check(report.differences == 0, "the audit is clean", __FILE__, line);
}
#define BOOKS() check_books(__LINE__)

/* Statuses in their order: "auto/customer new/customer ...". */
static void add_status(void *arg, int64_t bid_id, int64_t at, enum desk_status status,
                       enum desk_who who, const char *note)
{
    (void)bid_id;
    DB_CHECK(at > 0);
    text_addf(arg, "%s/%s%s%s ", desk_status_names[status], desk_who_names[who],
              note[0] == '\0' ? "" : ":", note);
}

static void check_history(const struct desk_place *place, const char *expected, unsigned line)
{
    struct text got = TEXT(2048);
    char words[800];

    DB_GIVES(desk_bid_history(test_db, &place->bid.id, 1, add_status, &got), ERR_OK);
    snprintf(words, sizeof(words), "history %s, expected %s", text_string(&got), expected);
    db_test_check(strcmp(text_string(&got), expected) == 0, words, __FILE__, line);
    text_free(&got);
}
#define HISTORY(place, expected) check_history((place), (expected), __LINE__)

/* By hand from end to end: 100 + 1 % = 101 are paid, 50 - 1 % = 49.5 are sent. */
static void test_by_hand(void)
{
    struct desk_place place;
    __int128 profit_usd, profit_eur;

    desk_place_make(&place, "hand", "hand");
    profit_usd = balance(1, "profit", place.usd);
    profit_eur = balance(1, "profit", place.eur);
    RESERVE(place.get, "1000 0 0 -1000");
    DB_GIVES(create(&place, "100"), ERR_OK);
    DB_CHECK(place.bid.status == DESK_STATUS_new && place.bid.id > 0 && place.bid.turn == 2);
    DB_CHECK(strlen(place.bid.hash) == 32 && place.bid.expires >= place.bid.created + 3600);
    DB_CHECK(place.bid.sum1dc.units == 101 * 100000 && place.bid.sum2c.units == 4950000);
    RESERVE(place.get, "950 50 0 -1000");
    RESERVE(place.give, "0 0 0 0");
    DB_GIVES(move(&place, DESK_CUSTOMER, DESK_STATUS_techpay), ERR_OK);
    DB_GIVES(move(&place, DESK_CUSTOMER, DESK_STATUS_payed), ERR_OK);
    DB_CHECK(place.bid.status == DESK_STATUS_payed && place.bid.expires == 0);
    RESERVE(place.give, "0 0 101 -101");
    RESERVE(place.get, "950 50 0 -1000");
    BOOKS();
    /* said twice, it is paid once */
    DB_GIVES(move(&place, DESK_CUSTOMER, DESK_STATUS_payed), ERR_OK);
    RESERVE(place.give, "0 0 101 -101");
    /* what is paid is not the customer's to cancel */
    DB_GIVES(move(&place, DESK_CUSTOMER, DESK_STATUS_cancel), ERR_DESK_BID);
    DB_GIVES(move(&place, DESK_OPERATOR, DESK_STATUS_realpay), ERR_OK);
    DB_GIVES(move(&place, DESK_OPERATOR, DESK_STATUS_success), ERR_OK);
    RESERVE(place.give, "100 0 0 -101");
    RESERVE(place.get, "950 0 0 -950.5");
    DB_CHECK(balance(1, "profit", place.usd) == profit_usd + 100000);
    DB_CHECK(balance(1, "profit", place.eur) == profit_eur + 50000);
    HISTORY(&place, "auto/customer new/customer techpay/customer payed/customer realpay/operator "
                    "success/operator ");
    BOOKS();
}

/* Undone and done again, each way books what lies between. */
static void test_back(void)
{
    struct desk_place place;

    desk_place_make(&place, "hand", "hand");
    DB_GIVES(create(&place, "100"), ERR_OK);
    DB_GIVES(move(&place, DESK_OPERATOR, DESK_STATUS_success), ERR_OK);
    RESERVE(place.get, "950 0 0 -950.5");
    DB_GIVES(move(&place, DESK_OPERATOR, DESK_STATUS_error), ERR_OK);
    RESERVE(place.give, "0 0 0 0");
    RESERVE(place.get, "1000 0 0 -1000");
    BOOKS();
    DB_GIVES(move(&place, DESK_OPERATOR, DESK_STATUS_verify), ERR_OK);
    RESERVE(place.give, "0 0 101 -101");
    RESERVE(place.get, "950 50 0 -1000");
    DB_GIVES(move(&place, DESK_CUSTOMER, DESK_STATUS_success), ERR_OK);
    DB_GIVES(move(&place, DESK_OPERATOR, DESK_STATUS_delete), ERR_OK);
    RESERVE(place.get, "1000 0 0 -1000");
    RESERVE(place.give, "0 0 0 0");
    BOOKS();
}

/* 0.5 each; what 0.01 too much was given is booked as rounding. */
static void test_rounding(void)
{
    struct desk_place place;
    __int128 before;

    desk_place_make(&place, "hand", "hand");
    before = balance(1, "rounding", place.usd);
    DB_GIVES(create(&place, "10.01"), ERR_OK);
    DB_CHECK(place.bid.sum2.units == 500000 && place.bid.rounding.units == 1000);
    DB_GIVES(move(&place, DESK_OPERATOR, DESK_STATUS_success), ERR_OK);
    DB_CHECK(balance(1, "rounding", place.usd) == before + 1000);
    RESERVE(place.give, "10 0 0 -10.12");
    BOOKS();
}

static void test_refused(void)
{
    struct desk_place place;

    desk_place_make(&place, "hand", "hand");
    DB_GIVES(create(&place, "9.99"), ERR_DESK_FIELDS);
    DB_CHECK(place.problems.count == 1 && strcmp(place.problems.list[0].field, "sum1") == 0 &&
             place.problems.list[0].complaint == DESK_BELOW_MIN &&
             place.problems.list[0].limit.units == 1000000);
    DB_GIVES(create(&place, "0"), ERR_DESK_FIELDS);
    DB_CHECK(place.problems.count == 1 && place.problems.list[0].complaint == DESK_NOT_POSITIVE);
    DB_GIVES(create(&place, "2000.02"), ERR_DESK_RESERVE);
    DB_GIVES(create(&place, "2000"), ERR_OK); /* the last of it */
    RESERVE(place.get, "0 1000 0 -1000");
    DB_GIVES(create(&place, "10"), ERR_DESK_RESERVE);
    DB_GIVES(move(&place, DESK_CUSTOMER, DESK_STATUS_cancel), ERR_OK);
    RESERVE(place.get, "1000 0 0 -1000");

    struct desk_wish wish = desk_place_wish(&place, "20");
    wish.account2 = "nobody";
    DB_GIVES(desk_bid_create(test_db, &wish, "", &place.problems, &place.bid), ERR_DESK_FIELDS);
    DB_CHECK(place.problems.list[0].complaint == DESK_BAD_ACCOUNT &&
             strcmp(place.problems.list[0].field, "account2") == 0);
    wish = desk_place_wish(&place, "20");
    wish.callback_url = "ftp://example.org/";
    DB_GIVES(desk_bid_create(test_db, &wish, "", &place.problems, &place.bid), ERR_URL);
    DESK_SET(DESK_DIRECTIONS, place.direction, {"access", "api"});
    DB_GIVES(create(&place, "20"), ERR_DESK_DIRECTION_API);
    DESK_SET(DESK_DIRECTIONS, place.direction, {"access", "all"}, {"state", "frozen"});
    DB_GIVES(create(&place, "20"), ERR_DESK_DIRECTION_OFF);
    DESK_SET(DESK_DIRECTIONS, place.direction, {"state", "on"}, {"reserve_cap", "15"});
    DB_GIVES(create(&place, "40"), ERR_DESK_RESERVE);
    DB_GIVES(create(&place, "30"), ERR_OK);
    place.direction_id = 4000000000;
    DB_GIVES(create(&place, "20"), ERR_DESK_DIRECTION);
    BOOKS();
}

static int64_t rich_user(const struct desk_place *place, int64_t whole)
{
    int64_t user = db_test_user(NULL, NULL);
    DB_GIVES(ledger_credit(test_db, user, (struct amount){whole * 100000, place->usd}, "n"),
             ERR_OK);
    return user;
}

/* From balance to balance it is done when it is made. */
static void test_balances(void)
{
    struct desk_place place;

    desk_place_make(&place, "balance", "balance");
    int64_t user = rich_user(&place, 150);
    struct desk_wish wish = desk_place_wish(&place, "100");
    DB_GIVES(desk_bid_create(test_db, &wish, "", &place.problems, &place.bid), ERR_KEY_INVALID);
    wish.user_id = user;
    wish.callback_url = "https://example.org/cb";
    DB_GIVES(desk_bid_create(test_db, &wish, "", &place.problems, &place.bid), ERR_OK);
    DB_CHECK(place.bid.status == DESK_STATUS_success);
    DB_CHECK(balance(user, "available", place.usd) == 49 * 100000);
    DB_CHECK(balance(user, "available", place.eur) == 4950000);
    RESERVE(place.give, "100 0 0 0");
    RESERVE(place.get, "950 0 0 -1000");
    HISTORY(&place, "auto/customer new/customer success/customer ");
    DB_CHECK(db_test_number("SELECT COUNT(*) FROM event WHERE topic = 'desk' AND kind = 'success' "
                            "AND subject = ? AND payload LIKE CONCAT('%\"', ?, '\"%')",
                            DB_ARGS(db_uuid(&place.bid.uuid), db_i64(place.bid.id))) == 1);
    DB_GIVES(desk_bid_create(test_db, &wish, "", &place.problems, &place.bid),
             ERR_INSUFFICIENT_FUNDS);
    BOOKS();
    /* what is taken back has to be there */
    DB_GIVES(move(&place, DESK_OPERATOR, DESK_STATUS_error), ERR_OK);
    DB_CHECK(balance(user, "available", place.usd) == 150 * 100000);
    DB_CHECK(balance(user, "available", place.eur) == 0);
    BOOKS();
}

/* Paid from a balance, sent by hand. */
static void test_from_balance(void)
{
    struct desk_place place;

    desk_place_make(&place, "balance", "hand");
    int64_t user = rich_user(&place, 150);
    struct desk_wish wish = desk_place_wish(&place, "100");
    wish.user_id = user;
    DB_GIVES(desk_bid_create(test_db, &wish, "", &place.problems, &place.bid), ERR_OK);
    struct desk_bid first = place.bid;
    DB_GIVES(desk_bid_create(test_db, &wish, "", &place.problems, &place.bid), ERR_OK);
    DB_GIVES(move(&place, DESK_CUSTOMER, DESK_STATUS_payed), ERR_OK);
    DB_CHECK(balance(user, "available", place.usd) == 49 * 100000);
    struct desk_bid second = place.bid;
    place.bid = first;
    DB_GIVES(move(&place, DESK_CUSTOMER, DESK_STATUS_payed), ERR_INSUFFICIENT_FUNDS);
    place.bid = second;
    DB_GIVES(move(&place, DESK_OPERATOR, DESK_STATUS_delete), ERR_OK);
    DB_CHECK(balance(user, "available", place.usd) == 150 * 100000);
    BOOKS();
}

/* The same request under its name gives the same bid. */
static void test_api_id(void)
{
    struct desk_place place;
    char login[33];
    int64_t key_id;

    desk_place_make(&place, "hand", "hand");
    snprintf(login, sizeof(login), "%s%s", place.give, place.get);
    DB_CHECK(db_test_number("INSERT INTO desk_key (login, secret_hash, methods) VALUES (?, "
                            "REPEAT('k', 32), 0)",
                            DB_ARGS(db_text(login))) == 1);
    key_id = db_test_number("SELECT id FROM desk_key WHERE login = ?", DB_ARGS(db_text(login)));
    struct desk_wish wish = desk_place_wish(&place, "100");
    wish.key_id = key_id;
    wish.access = DESK_FOR_API;
    wish.api_id = "order \xd1\x8f";
    DB_GIVES(desk_bid_create(test_db, &wish, "", &place.problems, &place.bid), ERR_OK);
    struct desk_bid first = place.bid;
    DB_CHECK(strcmp(first.api_id, wish.api_id) == 0 && first.key_id == key_id);
    DB_GIVES(desk_bid_create(test_db, &wish, "", &place.problems, &place.bid), ERR_OK);
    DB_CHECK(place.bid.id == first.id);
    RESERVE(place.get, "950 50 0 -1000");
    wish.account2 = "other@example.org";
    DB_GIVES(desk_bid_create(test_db, &wish, "", &place.problems, &place.bid), ERR_DESK_API_ID);
    struct desk_bid_name name = {.id = first.id, .key_id = key_id};
    DB_GIVES(desk_bid_view(test_db, &name, &place.bid), ERR_OK);
    name.key_id++;
    DB_GIVES(desk_bid_view(test_db, &name, &place.bid), ERR_DESK_BID);
    name = (struct desk_bid_name){.hash = first.hash, .key_id = key_id};
    DB_GIVES(desk_bid_view(test_db, &name, &place.bid), ERR_OK);
    DB_CHECK(place.bid.id == first.id);
}

static void count_bid(void *arg, const struct desk_bid *bid)
{
    (void)bid;
    ++*(unsigned *)arg;
}

/* Over is over, swept or not; the clock starts again with each change. */
static void test_expiry(void)
{
    struct desk_place place;
    int64_t expired = 0;
    unsigned listed = 0;

    desk_place_make(&place, "hand", "hand");
    DESK_SET(DESK_DIRECTIONS, place.direction, {"lives", "new:1000 techpay:2000 partpay:0"});
    DB_GIVES(create(&place, "100"), ERR_OK);
    DB_CHECK(place.bid.expires == place.bid.changed + 1000);
    DB_GIVES(move(&place, DESK_CUSTOMER, DESK_STATUS_techpay), ERR_OK);
    DB_CHECK(place.bid.expires == place.bid.changed + 2000);
    DB_CHECK(db_test_number("UPDATE desk_bid SET expires_at = NOW(6) - INTERVAL 1 SECOND WHERE id "
                            "= ?",
                            DB_ARGS(db_i64(place.bid.id))) == 1);
    struct desk_bid_name name = {.id = place.bid.id};
    DB_GIVES(desk_bid_view(test_db, &name, &place.bid), ERR_OK);
    DB_CHECK(place.bid.status == DESK_STATUS_delete && place.bid.stage == DESK_STAGE_NONE);
    HISTORY(&place, "auto/customer new/customer techpay/customer delete/job ");
    DB_GIVES(move(&place, DESK_CUSTOMER, DESK_STATUS_payed), ERR_DESK_BID);
    struct desk_bid_filter filter = {
        .ids = &place.bid.id, .id_count = 1, .statuses = DESK_STATUS_BIT(delete)};
    DB_GIVES(desk_bid_list(test_db, &filter, count_bid, &listed), ERR_OK);
    DB_CHECK(listed == 1);
    RESERVE(place.get, "950 50 0 -1000"); /* held until it is swept */
    DB_GIVES(desk_bid_expire_due(test_db, 100, &expired), ERR_OK);
    DB_CHECK(expired >= 1);
    RESERVE(place.get, "1000 0 0 -1000");
    HISTORY(&place, "auto/customer new/customer techpay/customer delete/job ");
    BOOKS();

    /* what an operator takes up again after its time has both in its history */
    DB_GIVES(create(&place, "100"), ERR_OK);
    DB_CHECK(db_test_number("UPDATE desk_bid SET expires_at = NOW(6) - INTERVAL 1 SECOND WHERE id "
                            "= ?",
                            DB_ARGS(db_i64(place.bid.id))) == 1);
    DB_GIVES(move(&place, DESK_OPERATOR, DESK_STATUS_realpay), ERR_OK);
    HISTORY(&place, "auto/customer new/customer delete/job realpay/operator ");
    RESERVE(place.get, "950 50 0 -1000");
    DB_GIVES(move(&place, DESK_OPERATOR, DESK_STATUS_partpay), ERR_OK);
    DB_CHECK(place.bid.expires == 0);
    BOOKS();
}

/* A reward is credited once, at success, and taken back. */
static void test_reward(void)
{
    struct desk_place place;
    char partner_key[24];
    int64_t partner = db_test_user(NULL, NULL);

    desk_place_make(&place, "hand", "hand");
    snprintf(partner_key, sizeof(partner_key), "%lld", (long long)partner);
    DESK_SET(DESK_PARTNERS, partner_key, {"percent", "50"});
    DESK_SET(DESK_DIRECTIONS, place.direction, {"profit_percent", "3"}, {"profit_fixed", "0.5"});
    struct desk_wish wish = desk_place_wish(&place, "100");
    wish.partner_id = partner;
    DB_GIVES(desk_bid_create(test_db, &wish, "", &place.problems, &place.bid), ERR_OK);
    DB_CHECK(place.bid.partner_id == partner);
    DB_CHECK(balance(partner, "affiliate", place.usd) == 0);
    DB_GIVES(move(&place, DESK_OPERATOR, DESK_STATUS_success), ERR_OK);
    /* half of 3 % of 100 and 0.5 */
    DB_CHECK(place.bid.reward.units == 175000 && place.bid.reward.currency == place.usd);
    DB_CHECK(balance(partner, "affiliate", place.usd) == 175000);
    DB_GIVES(move(&place, DESK_OPERATOR, DESK_STATUS_success), ERR_OK);
    DB_CHECK(balance(partner, "affiliate", place.usd) == 175000);
    DB_CHECK(db_test_number("SELECT turnover FROM desk_partner WHERE user_id = ?",
                            DB_ARGS(db_i64(partner))) == 10000000);
    BOOKS();
    DB_GIVES(move(&place, DESK_OPERATOR, DESK_STATUS_error), ERR_OK);
    DB_CHECK(balance(partner, "affiliate", place.usd) == 0 && place.bid.reward.units == 0);
    BOOKS();
    DESK_SET(DESK_DIRECTIONS, place.direction, {"reward", "fixed"}, {"reward_fixed", "2"},
             {"reward_max", "1.5"});
    DB_GIVES(move(&place, DESK_OPERATOR, DESK_STATUS_success), ERR_OK);
    DB_CHECK(balance(partner, "affiliate", place.usd) == 150000);

    /* nobody is rewarded for his own */
    wish.user_id = partner;
    DB_GIVES(desk_bid_create(test_db, &wish, "", &place.problems, &place.bid), ERR_OK);
    DB_CHECK(place.bid.partner_id == 0);
    /* nor is somebody who is no affiliate */
    wish.user_id = 0;
    wish.partner_id = 1;
    DB_GIVES(desk_bid_create(test_db, &wish, "", &place.problems, &place.bid), ERR_OK);
    DB_CHECK(place.bid.partner_id == 0);
    BOOKS();
}

/* Each change of status after the first is told, in order, as a form. */
static void test_callback(void)
{
    struct desk_place place;

    desk_place_make(&place, "hand", "hand");
    struct desk_wish wish = desk_place_wish(&place, "100");
    wish.callback_url = "http://shop.example.org:8080/cb?x=1";
    DB_GIVES(desk_bid_create(test_db, &wish, "", &place.problems, &place.bid), ERR_OK);
    DB_GIVES(move(&place, DESK_CUSTOMER, DESK_STATUS_payed), ERR_OK);
    DB_GIVES(move(&place, DESK_OPERATOR, DESK_STATUS_success), ERR_OK);
    DB_CHECK(db_test_number("SELECT COUNT(*) FROM delivery AS d JOIN event AS e ON e.id = "
                            "d.event_id WHERE d.subject = ? AND d.channel = 'post' AND d.format = "
                            "'desk' AND d.endpoint = 'shop.example.org:8080' AND e.kind IN "
                            "('payed', 'success')",
                            DB_ARGS(db_uuid(&place.bid.uuid))) == 2);
    DB_CHECK(db_test_number("SELECT COUNT(*) FROM event WHERE subject = ?",
                            DB_ARGS(db_uuid(&place.bid.uuid))) == 2);
}

static void copy_json(void *arg, const char *json)
{
    text_clear(arg);
    text_puts(arg, json);
}

/* What operators set is checked, shown as it was given, and recorded. */
static void test_operate(void)
{
    struct desk_place place;
    struct text json = TEXT(1 << 16);
    const char *field = NULL;
    static const struct {
        const char *name, *value;
        enum err rc;
    } rows[] = {
        {"nothing", "1", ERR_INVALID},
        {"state", "maybe", ERR_INVALID},
        {"margin_percent", "abc", ERR_AMOUNT_FORMAT},
        {"margin_percent", "1.0001", ERR_OUT_OF_RANGE},
        {"get_service", "-1", ERR_AMOUNT_FORMAT},
        {"min_give", "1.000001", ERR_AMOUNT_DIGITS},
        {"in_feed", "true", ERR_INVALID},
        {"rate", "no.such", ERR_NOT_FOUND},
        {"tiers", "0:1", ERR_INVALID},
        {"tiers", "5", ERR_INVALID},
        {"tiers", "5:1:2:3", ERR_INVALID},
        {"lives", "payed:5", ERR_INVALID},
        {"fields", "65000", ERR_NOT_FOUND},
    };

    desk_place_make(&place, "hand", "hand");
    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        struct desk_property property = {rows[i].name, rows[i].value};
        DB_GIVES(desk_set(test_db, DESK_DIRECTIONS, place.direction, &property, 1, DESK_WHO, NULL,
                          &field),
                 rows[i].rc);
        DB_CHECK(field != NULL && strcmp(field, rows[i].name) == 0);
    }
    struct desk_property bare = {"name", "x"};
    DB_GIVES(desk_set(test_db, DESK_SYSTEMS, "NEW1", &bare, 1, DESK_WHO, NULL, &field),
             ERR_MISSING);
    DB_GIVES(desk_set(test_db, DESK_SYSTEMS, "new", &bare, 1, DESK_WHO, NULL, &field), ERR_INVALID);
    DB_GIVES(desk_set(test_db, DESK_DIRECTIONS, "A/B", &bare, 1, DESK_WHO, NULL, &field),
             ERR_NOT_FOUND);
    static const struct {
        enum desk_thing thing;
        const char *name, *value;
        enum err rc;
    } refused[] = {
        {DESK_SYSTEMS, "rail", "other", ERR_DESK_ACTION},
        {DESK_SYSTEMS, "currency", "BTC", ERR_DESK_ACTION},
        {DESK_DIRECTIONS, "margin_percent", "100", ERR_INVALID},
        {DESK_RATES, "kind", "feed", ERR_INVALID},
    };
    for (size_t i = 0; i < TEST_COUNT(refused); i++) {
        struct desk_property property = {refused[i].name, refused[i].value};
        const char *key = refused[i].thing == DESK_SYSTEMS ? place.give
                          : refused[i].thing == DESK_RATES ? place.rate
                                                           : place.direction;
        DB_GIVES(desk_set(test_db, refused[i].thing, key, &property, 1, DESK_WHO, NULL, &field),
                 refused[i].rc);
    }
    DESK_SET(DESK_SYSTEMS, place.give, {"currency", "USD"}, {"name", "Given"});
    char rail[48], code[24];
    snprintf(rail, sizeof(rail), "in.%.16s", place.rate + 1);
    snprintf(code, sizeof(code), "X%.15s", place.give);
    const struct desk_property taken[] = {
        {"name", "x"}, {"currency", "USD"}, {"decimals", "2"}, {"rail", rail}};
    DB_GIVES(
        desk_set(test_db, DESK_SYSTEMS, code, taken, TEST_COUNT(taken), DESK_WHO, NULL, &field),
        ERR_DESK_EXISTS);
    struct desk_property percent = {"percent", "5"};
    DB_GIVES(desk_set(test_db, DESK_PARTNERS, "999999999", &percent, 1, DESK_WHO, NULL, &field),
             ERR_NOT_FOUND);
    DESK_SET(DESK_DIRECTIONS, place.direction, {"tiers", "100:1.5 2500.5:0.25:-0.001"},
             {"lives", "new:60"}, {"margin_percent", "-2.5"}, {"max_get", ""},
             {"min_give", "12.5"});
    DB_GIVES(desk_list(test_db, DESK_DIRECTIONS, place.direction, copy_json, &json), ERR_OK);
    static const char *const parts[] = {
        "\"tiers\": \"100:1.500 2500.5:0.250:-0.001\"",
        "\"lives\": \"new:60\"",
        "\"margin_percent\": \"-2.5\"",
        "\"max_get\": null",
        "\"min_give\": \"12.5\"",
        "\"in_feed\": \"yes\"",
        "\"max_give\": \"100000\"",
    };
    for (size_t i = 0; i < TEST_COUNT(parts); i++)
        db_test_check(strstr(text_string(&json), parts[i]) != NULL, parts[i], __FILE__, __LINE__);
    DB_CHECK(db_test_number("SELECT COUNT(*) FROM desk_change WHERE what = 'direction' AND subject "
                            "= ? AND who = '" DESK_WHO
                            "' AND became LIKE '%12.5%' AND was NOT LIKE "
                            "'%12.5%'",
                            DB_ARGS(db_text(place.direction))) == 1);
    DB_GIVES(desk_text_set(test_db, DESK_DIRECTIONS, place.direction, "timeline", "en", "Soon",
                           DESK_WHO),
             ERR_OK);
    const struct desk_board *board = NULL;
    DB_GIVES(desk_board_take(test_db, &board), ERR_OK);
    DB_CHECK(strcmp(desk_text(board, DESK_TEXT_DIRECTION, place.direction_id, "timeline", "ru"),
                    "Soon") == 0);
    const struct desk_direction *direction = desk_direction_of(board, place.direction_id);
    DB_CHECK(direction->terms.tier_count == 3 && direction->state == DESK_ON &&
             direction->reserve == 100000000);
    desk_board_give(board);
    text_free(&json);
}

/* A reference books once; what is not there cannot be taken out. */
static void test_reserve(void)
{
    struct desk_place place;
    char reference[DB_TEST_NAME_SIZE];
    bool repeated = false;

    desk_place_make(&place, "hand", "hand");
    struct amount amount = {400 * 100000, place.eur}, much = {2000 * (__int128)100000, place.eur};
    db_test_name("ref", reference);
    DB_GIVES(desk_reserve_book(test_db, place.get, amount, true, reference, DESK_WHO, &repeated),
             ERR_OK);
    DB_CHECK(!repeated);
    DB_GIVES(desk_reserve_book(test_db, place.get, amount, true, reference, DESK_WHO, &repeated),
             ERR_OK);
    DB_CHECK(repeated);
    RESERVE(place.get, "600 0 0 -600");
    DB_GIVES(desk_reserve_book(test_db, place.get, much, true, reference, DESK_WHO, &repeated),
             ERR_IDEMPOTENCY_CONFLICT);
    DB_GIVES(desk_reserve_book(test_db, place.get, much, true, "ref-more", DESK_WHO, &repeated),
             ERR_DESK_RESERVE);
    DB_GIVES(desk_reserve_book(test_db, "NOSUCH", amount, true, "ref-none", DESK_WHO, &repeated),
             ERR_NOT_FOUND);
    BOOKS();
}

static void count_item(void *arg, const struct desk_payout_item *item)
{
    struct desk_place *place = arg;
    if (strcmp(item->code, place->get) == 0)
        place->bid.sum2c = item->amount;
}

/* The whole balance goes out, once, and comes back where it is not paid. */
static void test_payout(void)
{
    struct desk_place place;
    char partner_key[24];
    int64_t partner = db_test_user(NULL, NULL), other = db_test_user(NULL, NULL);
    struct desk_payout payout;
    struct desk_partner seen;
    const struct desk_board *board = NULL;
    uint64_t get_id = 0;

    desk_place_make(&place, "hand", "hand");
    DB_GIVES(desk_partner_view(test_db, partner, &seen), ERR_NOT_FOUND);
    DB_GIVES(desk_partner_join(test_db, partner), ERR_OK);
    DB_GIVES(desk_partner_join(test_db, partner), ERR_OK);
    snprintf(partner_key, sizeof(partner_key), "%lld", (long long)partner);
    DESK_SET(DESK_PARTNERS, partner_key, {"percent", "10"}, {"reward_base", "sum"});
    /* 1 EUR is worth 2 USD */
    DESK_SET(DESK_SYSTEMS, place.get, {"payout_on", "yes"}, {"payout_percent", "4"},
             {"worth_rate", place.rate});
    DESK_SET(DESK_RATES, place.rate, {"give", "1"}, {"get", "2"});
    DESK_SET(DESK_DIRECTIONS, place.direction, {"max_get", ""});
    DB_GIVES(desk_board_take(test_db, &board), ERR_OK);
    get_id = desk_direction_of(board, place.direction_id)->get->id;
    desk_board_give(board);
    DB_GIVES(desk_payout_add(test_db, partner, get_id, "me@example.org", "", &payout),
             ERR_DESK_PAYOUT_LOW);
    struct desk_wish wish = desk_place_wish(&place, "100");
    wish.partner_id = partner;
    DB_GIVES(desk_bid_create(test_db, &wish, "", &place.problems, &place.bid), ERR_OK);
    DB_GIVES(move(&place, DESK_OPERATOR, DESK_STATUS_success), ERR_OK);
    DB_CHECK(balance(partner, "affiliate", place.usd) == 1000000); /* 10 % of 100 */
    DB_GIVES(desk_partner_view(test_db, partner, &seen), ERR_OK);
    DB_CHECK(seen.balance.units == 1000000 && seen.bids == 1 && seen.done == 1);
    RESERVE(place.get, "800 0 0 -802"); /* 200, of which 1 % is kept */
    place.bid.sum2c.units = 0;
    DB_GIVES(desk_payout_items(test_db, partner, count_item, &place), ERR_OK);
    DB_CHECK(place.bid.sum2c.units == 480000); /* 10, less 4 %, by two */
    DB_GIVES(desk_payout_add(test_db, partner, get_id, "nobody", "", &payout),
             ERR_DESK_PAYOUT_ACCOUNT);
    DB_GIVES(desk_payout_add(test_db, partner, get_id + 100000, "me@example.org", "", &payout),
             ERR_DESK_PAYOUT_SYSTEM);
    DB_GIVES(desk_payout_add(test_db, other, get_id, "me@example.org", "", &payout),
             ERR_DESK_PARTNERS);
    DB_GIVES(desk_payout_add(test_db, partner, get_id, "me@example.org", "", &payout), ERR_OK);
    DB_CHECK(payout.status == DESK_PAYOUT_WAITS && payout.original.units == 1000000 &&
             payout.pay.units == 480000);
    RESERVE(place.get, "795.2 4.8 0 -802");
    DB_CHECK(balance(partner, "affiliate", place.usd) == 0);
    BOOKS();
    int64_t first = payout.id;
    DB_GIVES(desk_payout_add(test_db, partner, get_id, "me@example.org", "", &payout),
             ERR_DESK_PAYOUT_LOW);
    DB_GIVES(desk_payout_end(test_db, first, other, DESK_PAYOUT_WITHDRAWN, NULL, "", &payout),
             ERR_NOT_FOUND);
    DB_GIVES(desk_payout_end(test_db, first, partner, DESK_PAYOUT_WITHDRAWN, NULL, "", &payout),
             ERR_OK);
    DB_CHECK(payout.status == DESK_PAYOUT_WITHDRAWN);
    DB_GIVES(desk_payout_end(test_db, first, 0, DESK_PAYOUT_PAID, NULL, "", &payout),
             ERR_DESK_ACTION);
    RESERVE(place.get, "800 0 0 -802");
    DB_GIVES(desk_payout_add(test_db, partner, get_id, "me@example.org", "", &payout), ERR_OK);
    DB_GIVES(desk_payout_end(test_db, payout.id, 0, DESK_PAYOUT_PAID, "sent", "", &payout), ERR_OK);
    DB_GIVES(desk_payout_end(test_db, payout.id, 0, DESK_PAYOUT_PAID, "again", "", &payout),
             ERR_OK);
    DB_CHECK(strcmp(payout.note, "sent") == 0);
    RESERVE(place.get, "795.2 0 0 -797.2");
    BOOKS();
    /* taken back after it was spent, it is owed */
    DB_GIVES(move(&place, DESK_OPERATOR, DESK_STATUS_error), ERR_OK);
    DB_CHECK(balance(partner, "affiliate", place.usd) == -1000000);
    BOOKS();
    /* to a balance it goes at once */
    DB_GIVES(move(&place, DESK_OPERATOR, DESK_STATUS_success), ERR_OK);
    DB_GIVES(desk_bid_create(test_db, &wish, "", &place.problems, &place.bid), ERR_OK);
    DB_GIVES(move(&place, DESK_OPERATOR, DESK_STATUS_success), ERR_OK);
    DESK_SET(DESK_SYSTEMS, place.get, {"pay_out", "balance"});
    DB_GIVES(desk_payout_add(test_db, partner, get_id, NULL, "", &payout), ERR_OK);
    DB_CHECK(payout.status == DESK_PAYOUT_PAID);
    DB_CHECK(balance(partner, "available", place.eur) == 480000);
    BOOKS();
}

static void count_visit(void *arg, const struct desk_visit *visit)
{
    DB_CHECK(visit->at > 0 && strcmp(visit->query, "rid=1&x=2") == 0);
    ++*(unsigned *)arg;
}

/* Who came by a link is the affiliate's for as long as the desk says. */
static void test_visits(void)
{
    struct desk_place place;
    char hash[DB_TEST_NAME_SIZE];
    int64_t partner = db_test_user(NULL, NULL);
    unsigned count = 0;

    desk_place_make(&place, "hand", "hand");
    db_test_name("visitor", hash);
    DB_GIVES(desk_partner_join(test_db, partner), ERR_OK);
    struct desk_visit visit = {.partner_id = partner,
                               .browser = "Browser/1",
                               .ip = "192.0.2.7",
                               .referrer = "https://example.org/",
                               .query = "rid=1&x=2",
                               .user_hash = hash};
    DB_GIVES(desk_visit_add(test_db, &visit), ERR_OK);
    visit.partner_id = 999999999; /* nobody's */
    DB_GIVES(desk_visit_add(test_db, &visit), ERR_OK);
    struct desk_visit_filter filter = {.partner_id = partner};
    DB_GIVES(desk_visit_list(test_db, &filter, count_visit, &count), ERR_OK);
    filter.ip = "192.0.2.8";
    DB_GIVES(desk_visit_list(test_db, &filter, count_visit, &count), ERR_OK);
    DB_CHECK(count == 1);
    struct desk_wish wish = desk_place_wish(&place, "100");
    wish.user_hash = hash;
    DB_GIVES(desk_bid_create(test_db, &wish, "", &place.problems, &place.bid), ERR_OK);
    DB_CHECK(place.bid.partner_id == partner);
    DB_CHECK(db_test_number("UPDATE desk_visit SET at = at - INTERVAL 91 DAY WHERE user_hash = ?",
                            DB_ARGS(db_text(hash))) == 1);
    DB_GIVES(desk_bid_create(test_db, &wish, "", &place.problems, &place.bid), ERR_OK);
    DB_CHECK(place.bid.partner_id == 0);
}

/* In the order of the checks: mode, key, user, address, method. */
static void test_keys(void)
{
    char secret[DESK_LOGIN_SIZE], login[DB_TEST_NAME_SIZE];
    struct desk_key key;
    struct desk_caller caller;
    const char *field = NULL;
    int64_t user = db_test_user(NULL, login);
    uint64_t methods = 1u << DESK_METHOD_test | 1u << DESK_METHOD_get_calc;

    DB_GIVES(desk_key_add(test_db, user, 0, "", &key, secret, &field), ERR_INVALID);
    DB_CHECK(strcmp(field, "methods") == 0);
    DB_GIVES(desk_key_add(test_db, user, methods, "nowhere", &key, secret, &field), ERR_INVALID);
    DB_CHECK(strcmp(field, "networks") == 0);
    DB_GIVES(desk_key_add(test_db, 999999999, methods, "", &key, secret, &field), ERR_NOT_FOUND);
    DB_GIVES(desk_key_add(test_db, user, methods, "192.0.2.0/24", &key, secret, &field), ERR_OK);
    DB_CHECK(strlen(key.login) == 32 && strlen(secret) == 32);
    DB_GIVES(desk_key_check(test_db, key.login, secret, "192.0.2.9", "test", &caller), ERR_OK);
    DB_CHECK(caller.user_id == user && caller.key_id == key.id);
    static const struct {
        const char *address, *method;
        enum err rc;
    } rows[] = {{"192.0.3.9", "test", ERR_DESK_IP_BLOCKED},
                {"192.0.3.9", "create_bid", ERR_DESK_IP_BLOCKED},
                {"192.0.2.9", "create_bid", ERR_DESK_METHOD},
                {"192.0.2.9", "get_status", ERR_DESK_METHOD}};
    for (size_t i = 0; i < TEST_COUNT(rows); i++)
        DB_GIVES(
            desk_key_check(test_db, key.login, secret, rows[i].address, rows[i].method, &caller),
            rows[i].rc);
    DB_GIVES(desk_key_check(test_db, key.login, key.login, "192.0.2.9", "test", &caller),
             ERR_DESK_API_DISABLED);
    DB_GIVES(desk_key_check(test_db, secret, secret, "192.0.2.9", "test", &caller),
             ERR_DESK_API_DISABLED);
    DB_GIVES(desk_key_check(test_db, NULL, secret, "192.0.2.9", "test", &caller),
             ERR_DESK_API_DISABLED);
    DB_GIVES(desk_key_change(test_db, user, key.login, DESK_METHODS_ALL, "", &field), ERR_OK);
    DB_GIVES(desk_key_check(test_db, key.login, secret, "198.51.100.1", "create_bid", &caller),
             ERR_OK);
    DB_GIVES(desk_key_revoke(test_db, user + 1, key.login), ERR_NOT_FOUND);
    DB_GIVES(desk_key_revoke(test_db, user, key.login), ERR_OK);
    DB_GIVES(desk_key_check(test_db, key.login, secret, "192.0.2.9", "test", &caller),
             ERR_DESK_API_DISABLED);
    DB_GIVES(desk_key_revoke(test_db, user, key.login), ERR_NOT_FOUND);
}

/* Only selected users, and nobody. */
static void test_modes(void)
{
    char secret[2][DESK_LOGIN_SIZE];
    struct desk_key keys[2];
    struct desk_caller caller;
    const char *field = NULL;
    int64_t user = db_test_user(NULL, NULL);
    static const struct {
        const char *mode;
        bool selected;
        enum err users, system;
    } rows[] = {{"selected", false, ERR_DESK_API_DISABLED, ERR_DESK_API_DISABLED},
                {"selected", true, ERR_OK, ERR_DESK_API_DISABLED},
                {"off", true, ERR_DESK_API_DISABLED, ERR_DESK_API_DISABLED},
                {"all", false, ERR_OK, ERR_OK}};

    DB_GIVES(desk_key_add(test_db, user, DESK_METHODS_ALL, "", &keys[0], secret[0], &field),
             ERR_OK);
    DB_GIVES(desk_key_add(test_db, 0, DESK_METHODS_ALL, "", &keys[1], secret[1], &field), ERR_OK);
    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        DESK_SET(DESK_SETTINGS, "desk", {"api_mode", rows[i].mode});
        DB_GIVES(desk_api_user_set(test_db, user, rows[i].selected), ERR_OK);
        desk_key_forget();
        DB_GIVES(desk_key_check(test_db, keys[0].login, secret[0], "192.0.2.9", "test", &caller),
                 rows[i].users);
        DB_GIVES(desk_key_check(test_db, keys[1].login, secret[1], "192.0.2.9", "test", &caller),
                 rows[i].system);
    }
    DB_GIVES(desk_api_user_set(test_db, 999999999, true), ERR_NOT_FOUND);
}

static void count_call(void *arg, const struct desk_call *call)
{
    DB_CHECK(strcmp(call->method, "test") == 0 && call->at > 0);
    ++*(unsigned *)arg;
}

/* Calls are kept while the log is on. */
static void test_calls(void)
{
    char login[DB_TEST_NAME_SIZE];
    unsigned count = 0;
    struct desk_call call = {.login = login,
                             .method = "test",
                             .ip = "192.0.2.1",
                             .headers = "api-lang: ru_RU",
                             .params = "a=1",
                             .result = "0"};

    db_test_name("call", login);
    DB_GIVES(desk_call_add(test_db, &call), ERR_OK);
    DESK_SET(DESK_SETTINGS, "desk", {"log_calls", "yes"});
    DB_GIVES(desk_call_add(test_db, &call), ERR_OK);
    DESK_SET(DESK_SETTINGS, "desk", {"log_calls", "no"});
    struct desk_call_filter filter = {.login = login};
    DB_GIVES(desk_call_list(test_db, &filter, count_call, &count), ERR_OK);
    DB_CHECK(count == 1);
}

static enum desk_frozen frozen_by(const struct desk_place *place)
{
    const struct desk_board *board = NULL;
    enum desk_frozen frozen = DESK_BY_OPERATOR;

    desk_board_forget();
    DB_GIVES(desk_board_take(test_db, &board), ERR_OK);
    if (board != NULL) {
        frozen = desk_direction_of(board, place->direction_id)->frozen;
        desk_board_give(board);
    }
    return frozen;
}

static enum err take_rate(const struct desk_place *place, const char *get, bool *jumped)
{
    struct desk_worth worth = {.give = {.coefficient = 1}};
    int64_t id =
        db_test_number("SELECT id FROM desk_rate WHERE name = ?", DB_ARGS(db_text(place->rate)));

    DB_GIVES(rate_parse(get, strlen(get), &worth.get), ERR_OK);
    return desk_rate_take(test_db, id, &worth, jumped);
}

/* A rate that has jumped or is old freezes its directions, and thaws them. */
static void test_rates(void)
{
    struct desk_place place;
    bool jumped = false;

    desk_place_make(&place, "hand", "hand");
    DESK_SET(DESK_RATES, place.rate, {"max_jump", "10"}, {"max_age_s", "100"});
    DB_GIVES(take_rate(&place, "0.55", &jumped), ERR_OK);
    DB_CHECK(!jumped && frozen_by(&place) == DESK_NOT_FROZEN);
    DB_GIVES(take_rate(&place, "0.6050001", &jumped), ERR_OK);
    DB_CHECK(jumped && frozen_by(&place) == DESK_RATE_JUMPED);
    DB_GIVES(create(&place, "100"), ERR_DESK_DIRECTION_OFF);
    DB_GIVES(take_rate(&place, "0.605", &jumped), ERR_OK);
    DB_CHECK(!jumped && frozen_by(&place) == DESK_NOT_FROZEN);
    DB_GIVES(create(&place, "100"), ERR_OK);
    DB_CHECK(place.bid.sum2.units == 6050000);
    DB_GIVES(take_rate(&place, "0.01", &jumped), ERR_OK);
    DESK_SET(DESK_RATES, place.rate, {"get", "0.01"}); /* an operator says that it is so */
    DB_CHECK(frozen_by(&place) == DESK_NOT_FROZEN);
    DB_CHECK(db_test_number("UPDATE desk_rate SET at = at - INTERVAL 101 SECOND WHERE name = ?",
                            DB_ARGS(db_text(place.rate))) == 1);
    DB_CHECK(frozen_by(&place) == DESK_RATE_OLD);
    DB_GIVES(create(&place, "10000"), ERR_DESK_DIRECTION_OFF);
    DB_GIVES(take_rate(&place, "0", &jumped), ERR_OUT_OF_RANGE);
}

/* A feed sets the rates that it has, and says what it has not. */
static void test_feed(void)
{
    struct desk_place place;
    struct desk_feed feeds[8];
    size_t count = 0;
    uint64_t set_count = 0;
    struct text json = TEXT(1 << 16);
    static const char answer[] = "{\"data\":{\"currency\":\"USD\",\"rates\":{\"EUR\":\"0.92\"}}}";

    desk_place_make(&place, "hand", "hand");
    DESK_SET(DESK_FEEDS, place.rate, {"format", "coinbase"}, {"url", "http://127.0.0.1/rates"},
             {"every_s", "3600"});
    DESK_SET(DESK_RATES, place.give, {"kind", "feed"}, {"feed", place.rate}, {"path", "EUR"});
    DESK_SET(DESK_RATES, place.get, {"kind", "feed"}, {"feed", place.rate}, {"path", "XYZ"});
    DB_GIVES(desk_feed_take(test_db, 60, feeds, TEST_COUNT(feeds), &count), ERR_OK);
    DB_CHECK(count == 1 && strcmp(feeds[0].name, place.rate) == 0);
    struct desk_feed feed = feeds[0];
    DB_GIVES(desk_feed_take(test_db, 60, feeds, TEST_COUNT(feeds), &count), ERR_OK);
    DB_CHECK(count == 0); /* somebody is at it */
    DB_GIVES(desk_feed_took(test_db, &feed, answer, strlen(answer), &set_count), ERR_OK);
    DB_CHECK(set_count == 1);
    DB_GIVES(desk_list(test_db, DESK_RATES, place.give, copy_json, &json), ERR_OK);
    DB_CHECK(strstr(text_string(&json), "\"get\": \"0.92\"") != NULL);
    DB_GIVES(desk_list(test_db, DESK_FEEDS, place.rate, copy_json, &json), ERR_OK);
    DB_CHECK(strstr(text_string(&json), "nothing at: data.rates.XYZ") != NULL);
    DB_GIVES(desk_feed_failed(test_db, &feed, "timeout 0"), ERR_OK);
    DB_GIVES(desk_list(test_db, DESK_FEEDS, place.rate, copy_json, &json), ERR_OK);
    DB_CHECK(strstr(text_string(&json), "\"problem\": \"timeout 0\"") != NULL);
    text_free(&json);
}

static const struct test_case cases[] = {
    {"rates", test_rates},
    {"feeds", test_feed},
    {"payouts", test_payout},
    {"visits", test_visits},
    {"keys", test_keys},
    {"modes", test_modes},
    {"log of calls", test_calls},
    {"what operators set", test_operate},
    {"reserves", test_reserve},
    {"by hand", test_by_hand},
    {"undone and done again", test_back},
    {"rounding", test_rounding},
    {"what is refused", test_refused},
    {"from balance to balance", test_balances},
    {"from a balance", test_from_balance},
    {"the same request again", test_api_id},
    {"expiry", test_expiry},
    {"rewards", test_reward},
    {"callbacks", test_callback},
    {NULL, NULL},
};
const struct test_suite suite_desk = {.name = "desk", .cases = cases};
