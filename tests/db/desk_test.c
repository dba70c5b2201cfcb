/* The exchange desk: what operators set, bids and their money, affiliates, expiry. Each case has payment
 * systems of its own. */
#include <stdio.h>
#include <string.h>

#include "desk/bid.h"
#include "desk/operate.h"
#include "desk/rate.h"
#include "ledger/ledger.h"
#include "ledger/slip.h"
#include "tests/db/db.h"
#include "tests/db/desk_place.h"

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
    profit_usd = desk_place_balance(1, "profit", place.usd);
    profit_eur = desk_place_balance(1, "profit", place.eur);
    DESK_RESERVE(place.get, "1000 0 0 -1000");
    DB_GIVES(desk_place_bid(&place, "100"), ERR_OK);
    DB_CHECK(place.bid.status == DESK_STATUS_new && place.bid.id > 0 && place.bid.turn == 2);
    DB_CHECK(strlen(place.bid.hash) == 32 && place.bid.expires >= place.bid.created + 3600);
    DB_CHECK(place.bid.sum1dc.units == 101 * 100000 && place.bid.sum2c.units == 4950000);
    DESK_RESERVE(place.get, "950 50 0 -1000");
    DESK_RESERVE(place.give, "0 0 0 0");
    DB_GIVES(desk_place_move(&place, DESK_CUSTOMER, DESK_STATUS_techpay), ERR_OK);
    DB_GIVES(desk_place_move(&place, DESK_CUSTOMER, DESK_STATUS_payed), ERR_OK);
    DB_CHECK(place.bid.status == DESK_STATUS_payed && place.bid.expires == 0);
    DESK_RESERVE(place.give, "0 0 101 -101");
    DESK_RESERVE(place.get, "950 50 0 -1000");
    DESK_BOOKS();
    /* said twice, it is paid once */
    DB_GIVES(desk_place_move(&place, DESK_CUSTOMER, DESK_STATUS_payed), ERR_OK);
    DESK_RESERVE(place.give, "0 0 101 -101");
    /* what is paid is not the customer's to cancel */
    DB_GIVES(desk_place_move(&place, DESK_CUSTOMER, DESK_STATUS_cancel), ERR_DESK_BID);
    DB_GIVES(desk_place_move(&place, DESK_OPERATOR, DESK_STATUS_realpay), ERR_OK);
    DB_GIVES(desk_place_move(&place, DESK_OPERATOR, DESK_STATUS_success), ERR_OK);
    DESK_RESERVE(place.give, "100 0 0 -101");
    DESK_RESERVE(place.get, "950 0 0 -950.5");
    DB_CHECK(desk_place_balance(1, "profit", place.usd) == profit_usd + 100000);
    DB_CHECK(desk_place_balance(1, "profit", place.eur) == profit_eur + 50000);
    HISTORY(&place, "auto/customer new/customer techpay/customer payed/customer realpay/operator "
                    "success/operator ");
    DESK_BOOKS();
}

/* What a payment system takes on the way is none of ours: 49.5 are sent, of which 48.51 arrive. */
static void test_system_fee(void)
{
    struct desk_place place;

    desk_place_make(&place, "hand", "hand");
    DESK_SET(DESK_DIRECTIONS, place.direction, {"get_system", "2"});
    __int128 profit = desk_place_balance(1, "profit", place.eur);
    DB_GIVES(desk_place_bid(&place, "100"), ERR_OK);
    DB_CHECK(place.bid.sum2dc.units == 4950000 && place.bid.sum2c.units == 4851000);
    DB_GIVES(desk_place_move(&place, DESK_OPERATOR, DESK_STATUS_success), ERR_OK);
    DESK_RESERVE(place.get, "950 0 0 -950.5");
    DB_CHECK(desk_place_balance(1, "profit", place.eur) == profit + 50000);
    DESK_BOOKS();
}

/* Undone and done again, each way books what lies between. */
static void test_back(void)
{
    struct desk_place place;

    desk_place_make(&place, "hand", "hand");
    DB_GIVES(desk_place_bid(&place, "100"), ERR_OK);
    DB_GIVES(desk_place_move(&place, DESK_OPERATOR, DESK_STATUS_success), ERR_OK);
    DESK_RESERVE(place.get, "950 0 0 -950.5");
    DB_GIVES(desk_place_move(&place, DESK_OPERATOR, DESK_STATUS_error), ERR_OK);
    DESK_RESERVE(place.give, "0 0 0 0");
    DESK_RESERVE(place.get, "1000 0 0 -1000");
    DESK_BOOKS();
    DB_GIVES(desk_place_move(&place, DESK_OPERATOR, DESK_STATUS_verify), ERR_OK);
    DESK_RESERVE(place.give, "0 0 101 -101");
    DESK_RESERVE(place.get, "950 50 0 -1000");
    DB_GIVES(desk_place_move(&place, DESK_CUSTOMER, DESK_STATUS_success), ERR_OK);
    DB_GIVES(desk_place_move(&place, DESK_OPERATOR, DESK_STATUS_delete), ERR_OK);
    DESK_RESERVE(place.get, "1000 0 0 -1000");
    DESK_RESERVE(place.give, "0 0 0 0");
    DESK_BOOKS();
}

/* 0.5 each; what 0.01 too much was given is booked as rounding. */
static void test_rounding(void)
{
    struct desk_place place;
    __int128 before;

    desk_place_make(&place, "hand", "hand");
    before = desk_place_balance(1, "rounding", place.usd);
    DB_GIVES(desk_place_bid(&place, "10.01"), ERR_OK);
    DB_CHECK(place.bid.sum2.units == 500000 && place.bid.rounding.units == 1000);
    DB_GIVES(desk_place_move(&place, DESK_OPERATOR, DESK_STATUS_success), ERR_OK);
    DB_CHECK(desk_place_balance(1, "rounding", place.usd) == before + 1000);
    DESK_RESERVE(place.give, "10 0 0 -10.12");
    DESK_BOOKS();
}

static void test_refused(void)
{
    struct desk_place place;

    desk_place_make(&place, "hand", "hand");
    DB_GIVES(desk_place_bid(&place, "9.99"), ERR_DESK_FIELDS);
    DB_CHECK(place.problems.count == 1 && strcmp(place.problems.list[0].field, "sum1") == 0 &&
             place.problems.list[0].complaint == DESK_BELOW_MIN &&
             place.problems.list[0].limit.units == 1000000);
    DB_GIVES(desk_place_bid(&place, "0"), ERR_DESK_FIELDS);
    DB_CHECK(place.problems.count == 1 && place.problems.list[0].complaint == DESK_NOT_POSITIVE);
    DB_GIVES(desk_place_bid(&place, "2000.02"), ERR_DESK_RESERVE);
    DB_GIVES(desk_place_bid(&place, "2000"), ERR_OK); /* the last of it */
    DESK_RESERVE(place.get, "0 1000 0 -1000");
    DB_GIVES(desk_place_bid(&place, "10"), ERR_DESK_RESERVE);
    DB_GIVES(desk_place_move(&place, DESK_CUSTOMER, DESK_STATUS_cancel), ERR_OK);
    DESK_RESERVE(place.get, "1000 0 0 -1000");

    struct desk_wish wish = desk_place_wish(&place, "20");
    wish.account2 = "nobody";
    DB_GIVES(desk_bid_create(test_db, &wish, "", &place.problems, &place.bid), ERR_DESK_FIELDS);
    DB_CHECK(place.problems.list[0].complaint == DESK_BAD_ACCOUNT &&
             strcmp(place.problems.list[0].field, "account2") == 0);
    wish = desk_place_wish(&place, "20");
    wish.callback_url = "ftp://example.org/";
    DB_GIVES(desk_bid_create(test_db, &wish, "", &place.problems, &place.bid), ERR_URL);
    DESK_SET(DESK_DIRECTIONS, place.direction, {"access", "api"});
    DB_GIVES(desk_place_bid(&place, "20"), ERR_DESK_DIRECTION_API);
    DESK_SET(DESK_DIRECTIONS, place.direction, {"access", "all"}, {"state", "frozen"});
    DB_GIVES(desk_place_bid(&place, "20"), ERR_DESK_DIRECTION_OFF);
    DESK_SET(DESK_DIRECTIONS, place.direction, {"state", "on"}, {"reserve_cap", "15"});
    DB_GIVES(desk_place_bid(&place, "40"), ERR_DESK_RESERVE);
    DB_GIVES(desk_place_bid(&place, "30"), ERR_OK);
    place.direction_id = 4000000000;
    DB_GIVES(desk_place_bid(&place, "20"), ERR_DESK_DIRECTION);
    DESK_BOOKS();
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
    DB_CHECK(desk_place_balance(user, "available", place.usd) == 49 * 100000);
    DB_CHECK(desk_place_balance(user, "available", place.eur) == 4950000);
    DESK_RESERVE(place.give, "100 0 0 0");
    DESK_RESERVE(place.get, "950 0 0 -1000");
    HISTORY(&place, "auto/customer new/customer success/customer ");
    DB_CHECK(db_test_number("SELECT COUNT(*) FROM event WHERE topic = 'desk' AND kind = 'success' "
                            "AND subject = ? AND payload LIKE CONCAT('%\"', ?, '\"%')",
                            DB_ARGS(db_uuid(&place.bid.uuid), db_i64(place.bid.id))) == 1);
    DB_GIVES(desk_bid_create(test_db, &wish, "", &place.problems, &place.bid),
             ERR_INSUFFICIENT_FUNDS);
    DESK_BOOKS();
    /* what is taken back has to be there */
    DB_GIVES(desk_place_move(&place, DESK_OPERATOR, DESK_STATUS_error), ERR_OK);
    DB_CHECK(desk_place_balance(user, "available", place.usd) == 150 * 100000);
    DB_CHECK(desk_place_balance(user, "available", place.eur) == 0);
    DESK_BOOKS();
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
    struct desk_move stranger = {.name = {.hash = place.bid.hash},
                                 .who = DESK_CUSTOMER,
                                 .to = DESK_STATUS_payed,
                                 .trace = ""};
    DB_GIVES(desk_bid_move(test_db, &stranger, &place.bid), ERR_DESK_BID); /* not with that money */
    stranger.user_id = user + 1;
    stranger.to = DESK_STATUS_success;
    DB_GIVES(desk_bid_move(test_db, &stranger, &place.bid), ERR_DESK_BID);
    DB_GIVES(desk_place_move(&place, DESK_CUSTOMER, DESK_STATUS_payed), ERR_OK);
    DB_CHECK(desk_place_balance(user, "available", place.usd) == 49 * 100000);
    struct desk_bid second = place.bid;
    place.bid = first;
    DB_GIVES(desk_place_move(&place, DESK_CUSTOMER, DESK_STATUS_payed), ERR_INSUFFICIENT_FUNDS);
    place.bid = second;
    DB_GIVES(desk_place_move(&place, DESK_OPERATOR, DESK_STATUS_delete), ERR_OK);
    DB_CHECK(desk_place_balance(user, "available", place.usd) == 150 * 100000);
    DESK_BOOKS();
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
    DESK_RESERVE(place.get, "950 50 0 -1000");
    static const char *const others[] = {"Order \xd1\x8f", "order \xd0\xaf", "order \xd1\x8f "};
    for (size_t i = 0; i < TEST_COUNT(others); i++) {
        wish.api_id = others[i];
        DB_GIVES(desk_bid_create(test_db, &wish, "", &place.problems, &place.bid), ERR_OK);
        DB_CHECK(place.bid.id != first.id && strcmp(place.bid.api_id, others[i]) == 0);
    }
    wish.api_id = first.api_id;
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
    DB_GIVES(desk_place_bid(&place, "100"), ERR_OK);
    DB_CHECK(place.bid.expires == place.bid.changed + 1000);
    DB_GIVES(desk_place_move(&place, DESK_CUSTOMER, DESK_STATUS_techpay), ERR_OK);
    DB_CHECK(place.bid.expires == place.bid.changed + 2000);
    DB_CHECK(db_test_number("UPDATE desk_bid SET expires_at = NOW(6) - INTERVAL 1 SECOND WHERE id "
                            "= ?",
                            DB_ARGS(db_i64(place.bid.id))) == 1);
    struct desk_bid_name name = {.id = place.bid.id};
    DB_GIVES(desk_bid_view(test_db, &name, &place.bid), ERR_OK);
    DB_CHECK(place.bid.status == DESK_STATUS_delete && place.bid.stage == DESK_STAGE_NONE);
    HISTORY(&place, "auto/customer new/customer techpay/customer delete/job ");
    DB_GIVES(desk_place_move(&place, DESK_CUSTOMER, DESK_STATUS_payed), ERR_DESK_BID);
    struct desk_bid_filter filter = {
        .ids = &place.bid.id, .id_count = 1, .statuses = DESK_STATUS_BIT(delete)};
    DB_GIVES(desk_bid_list(test_db, &filter, count_bid, &listed), ERR_OK);
    DB_CHECK(listed == 1);
    DESK_RESERVE(place.get, "950 50 0 -1000"); /* held until it is swept */
    DB_GIVES(desk_bid_expire_due(test_db, 100, &expired), ERR_OK);
    DB_CHECK(expired >= 1);
    DESK_RESERVE(place.get, "1000 0 0 -1000");
    HISTORY(&place, "auto/customer new/customer techpay/customer delete/job ");
    DESK_BOOKS();

    /* what an operator takes up again after its time has both in its history */
    DB_GIVES(desk_place_bid(&place, "100"), ERR_OK);
    DB_CHECK(db_test_number("UPDATE desk_bid SET expires_at = NOW(6) - INTERVAL 1 SECOND WHERE id "
                            "= ?",
                            DB_ARGS(db_i64(place.bid.id))) == 1);
    DB_GIVES(desk_place_move(&place, DESK_OPERATOR, DESK_STATUS_realpay), ERR_OK);
    HISTORY(&place, "auto/customer new/customer delete/job realpay/operator ");
    DESK_RESERVE(place.get, "950 50 0 -1000");
    DB_GIVES(desk_place_move(&place, DESK_OPERATOR, DESK_STATUS_partpay), ERR_OK);
    DB_CHECK(place.bid.expires == 0);
    DESK_BOOKS();
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
    DB_CHECK(desk_place_balance(partner, "affiliate", place.usd) == 0);
    DB_GIVES(desk_place_move(&place, DESK_OPERATOR, DESK_STATUS_success), ERR_OK);
    /* half of 3 % of 100 and 0.5 */
    DB_CHECK(place.bid.reward.units == 175000 && place.bid.reward.currency == place.usd);
    DB_CHECK(desk_place_balance(partner, "affiliate", place.usd) == 175000);
    DB_GIVES(desk_place_move(&place, DESK_OPERATOR, DESK_STATUS_success), ERR_OK);
    DB_CHECK(desk_place_balance(partner, "affiliate", place.usd) == 175000);
    DB_CHECK(db_test_number("SELECT turnover FROM desk_partner WHERE user_id = ?",
                            DB_ARGS(db_i64(partner))) == 10000000);
    DESK_BOOKS();
    DB_GIVES(desk_place_move(&place, DESK_OPERATOR, DESK_STATUS_error), ERR_OK);
    DB_CHECK(desk_place_balance(partner, "affiliate", place.usd) == 0 &&
             place.bid.reward.units == 0);
    DESK_BOOKS();
    DESK_SET(DESK_DIRECTIONS, place.direction, {"reward", "fixed"}, {"reward_fixed", "2"},
             {"reward_max", "1.5"});
    DB_GIVES(desk_place_move(&place, DESK_OPERATOR, DESK_STATUS_success), ERR_OK);
    DB_CHECK(desk_place_balance(partner, "affiliate", place.usd) == 150000);

    /* nobody is rewarded for his own */
    wish.user_id = partner;
    DB_GIVES(desk_bid_create(test_db, &wish, "", &place.problems, &place.bid), ERR_OK);
    DB_CHECK(place.bid.partner_id == 0);
    /* nor is somebody who is no affiliate */
    wish.user_id = 0;
    wish.partner_id = 1;
    DB_GIVES(desk_bid_create(test_db, &wish, "", &place.problems, &place.bid), ERR_OK);
    DB_CHECK(place.bid.partner_id == 0);
    DESK_BOOKS();
}

/* Each change of status after the first is told, in order, as a form. */
static void test_callback(void)
{
    struct desk_place place;

    desk_place_make(&place, "hand", "hand");
    struct desk_wish wish = desk_place_wish(&place, "100");
    wish.callback_url =
        "http://sh\u00f6p.example.org:8080/cb?x=\u00f6"; /* called as machines know it */
    DB_GIVES(desk_bid_create(test_db, &wish, "", &place.problems, &place.bid), ERR_OK);
    DB_GIVES(desk_place_move(&place, DESK_CUSTOMER, DESK_STATUS_payed), ERR_OK);
    DB_GIVES(desk_place_move(&place, DESK_OPERATOR, DESK_STATUS_success), ERR_OK);
    DB_CHECK(db_test_number("SELECT COUNT(*) FROM delivery AS d JOIN event AS e ON e.id = "
                            "d.event_id WHERE d.subject = ? AND d.channel = 'post' AND d.format = "
                            "'desk' AND d.endpoint = 'xn--shp-tna.example.org:8080' AND "
                            "d.url = ? AND e.kind "
                            "IN ('payed', 'success')",
                            DB_ARGS(db_uuid(&place.bid.uuid),
                                    db_text("http://xn--shp-tna.example.org:8080/cb?x=%C3%B6"))) ==
             2);
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
    DESK_RESERVE(place.get, "600 0 0 -600");
    DB_GIVES(desk_reserve_book(test_db, place.get, much, true, reference, DESK_WHO, &repeated),
             ERR_IDEMPOTENCY_CONFLICT);
    DB_GIVES(desk_reserve_book(test_db, place.get, much, true, "ref-more", DESK_WHO, &repeated),
             ERR_DESK_RESERVE);
    DB_GIVES(desk_reserve_book(test_db, "NOSUCH", amount, true, "ref-none", DESK_WHO, &repeated),
             ERR_NOT_FOUND);
    DESK_BOOKS();
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
    DB_GIVES(desk_place_bid(&place, "100"), ERR_DESK_DIRECTION_OFF);
    DB_GIVES(take_rate(&place, "0.605", &jumped), ERR_OK);
    DB_CHECK(!jumped && frozen_by(&place) == DESK_NOT_FROZEN);
    DB_GIVES(desk_place_bid(&place, "100"), ERR_OK);
    DB_CHECK(place.bid.sum2.units == 6050000);
    DB_GIVES(take_rate(&place, "0.01", &jumped), ERR_OK);
    DESK_SET(DESK_RATES, place.rate, {"get", "0.01"}); /* an operator says that it is so */
    DB_CHECK(frozen_by(&place) == DESK_NOT_FROZEN);
    DB_CHECK(db_test_number("UPDATE desk_rate SET at = at - INTERVAL 101 SECOND WHERE name = ?",
                            DB_ARGS(db_text(place.rate))) == 1);
    DB_CHECK(frozen_by(&place) == DESK_RATE_OLD);
    DB_GIVES(desk_place_bid(&place, "10000"), ERR_DESK_DIRECTION_OFF);
    DB_GIVES(take_rate(&place, "0", &jumped), ERR_OUT_OF_RANGE);
}

#define FEED_TRIES 100

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
    /* the stack's own job may be faster: then it is made due again */
    for (int tries = 0; tries < FEED_TRIES && count == 0; tries++) {
        (void)db_test_number("UPDATE desk_feed SET due_at = NOW(6) WHERE name = ?",
                             DB_ARGS(db_text(place.rate)));
        DB_GIVES(desk_feed_take(test_db, 60, feeds, TEST_COUNT(feeds), &count), ERR_OK);
    }
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
    {"what operators set", test_operate},
    {"reserves", test_reserve},
    {"by hand", test_by_hand},
    {"the fee of a payment system", test_system_fee},
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
