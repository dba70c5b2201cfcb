/* Affiliates and robots at the exchange desk: payouts, visits, keys, the log of calls. */
#include <stdio.h>
#include <string.h>

#include "desk/key.h"
#include "desk/partner.h"
#include "tests/db/desk_place.h"

static void count_item(void *arg, const struct desk_payout_item *item)
{
    struct desk_place *place = arg;
    if (strcmp(item->code, place->get) == 0)
        place->bid.sum2c = item->amount;
}

/* How many records there are of a thing, and what the newest one says. */
static int64_t records_of(const char *what, const char *subject, const char *was,
                          const char *became)
{
    return (int64_t)db_test_number(
        "SELECT IF(was <=> ? AND became <=> ? AND who = '" DESK_WHO
        "', (SELECT COUNT(*) FROM desk_change AS d WHERE d.what = c.what AND d.subject = "
        "c.subject), -1) FROM desk_change AS c WHERE what = ? AND subject = ? ORDER BY id DESC "
        "LIMIT 1",
        DB_ARGS(db_text(was), db_text(became), db_text(what), db_text(subject)));
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
    DB_GIVES(desk_place_move(&place, DESK_OPERATOR, DESK_STATUS_success), ERR_OK);
    DB_CHECK(desk_place_balance(partner, "affiliate", place.usd) == 1000000); /* 10 % of 100 */
    DB_GIVES(desk_partner_view(test_db, partner, &seen), ERR_OK);
    DB_CHECK(seen.balance.units == 1000000 && seen.bids == 1 && seen.done == 1);
    DESK_RESERVE(place.get, "800 0 0 -802"); /* 200, of which 1 % is kept */
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
    DESK_RESERVE(place.get, "795.2 4.8 0 -802");
    DB_CHECK(desk_place_balance(partner, "affiliate", place.usd) == 0);
    DESK_BOOKS();
    int64_t first = payout.id;
    DB_GIVES(desk_payout_add(test_db, partner, get_id, "me@example.org", "", &payout),
             ERR_DESK_PAYOUT_LOW);
    DB_GIVES(desk_payout_end(test_db, first, other, DESK_PAYOUT_WITHDRAWN, NULL, NULL, "", &payout),
             ERR_NOT_FOUND);
    DB_GIVES(
        desk_payout_end(test_db, first, partner, DESK_PAYOUT_WITHDRAWN, NULL, NULL, "", &payout),
        ERR_OK);
    DB_CHECK(payout.status == DESK_PAYOUT_WITHDRAWN);
    DB_GIVES(desk_payout_end(test_db, first, 0, DESK_PAYOUT_PAID, DESK_WHO, NULL, "", &payout),
             ERR_DESK_ACTION);
    DESK_RESERVE(place.get, "800 0 0 -802");
    DB_GIVES(desk_payout_add(test_db, partner, get_id, "me@example.org", "", &payout), ERR_OK);
    DB_GIVES(
        desk_payout_end(test_db, payout.id, 0, DESK_PAYOUT_PAID, DESK_WHO, "sent", "", &payout),
        ERR_OK);
    DB_GIVES(
        desk_payout_end(test_db, payout.id, 0, DESK_PAYOUT_PAID, DESK_WHO, "again", "", &payout),
        ERR_OK);
    DB_CHECK(strcmp(payout.note, "sent") == 0);
    snprintf(partner_key, sizeof(partner_key), "%lld", (long long)payout.id);
    DB_CHECK(records_of("payout", partner_key, "{\"status\":0}",
                        "{\"status\":1,\"note\":\"sent\"}") == 1);
    DESK_RESERVE(place.get, "795.2 0 0 -797.2");
    DESK_BOOKS();
    /* taken back after it was spent, it is owed */
    DB_GIVES(desk_place_move(&place, DESK_OPERATOR, DESK_STATUS_error), ERR_OK);
    DB_CHECK(desk_place_balance(partner, "affiliate", place.usd) == -1000000);
    DESK_BOOKS();
    /* to a balance it goes at once */
    DB_GIVES(desk_place_move(&place, DESK_OPERATOR, DESK_STATUS_success), ERR_OK);
    DB_GIVES(desk_bid_create(test_db, &wish, "", &place.problems, &place.bid), ERR_OK);
    DB_GIVES(desk_place_move(&place, DESK_OPERATOR, DESK_STATUS_success), ERR_OK);
    DESK_SET(DESK_SYSTEMS, place.get, {"pay_out", "balance"});
    DB_GIVES(desk_payout_add(test_db, partner, get_id, NULL, "", &payout), ERR_OK);
    DB_CHECK(payout.status == DESK_PAYOUT_PAID);
    DB_CHECK(desk_place_balance(partner, "available", place.eur) == 480000);
    DESK_BOOKS();
}

static void count_visit(void *arg, const struct desk_visit *visit)
{
    DB_CHECK(visit->at > 0 && strcmp(visit->query, "rid=1&x=2") == 0);
    ++*(unsigned *)arg;
}

static int64_t visits_of(int64_t partner)
{
    return (int64_t)db_test_number("SELECT COUNT(*) FROM desk_visit WHERE partner_id = ?",
                                   DB_ARGS(db_i64(partner)));
}

/* Who came by a link is the affiliate's for as long as the desk says; the last link wins. */
static void test_visits(void)
{
    struct desk_place place;
    char visitor[DESK_HASH_SIZE] = "no cookie", kept[DESK_HASH_SIZE];
    char hash[DESK_VISITOR_HASH_SIZE];
    int64_t partner = db_test_user(NULL, NULL), other = db_test_user(NULL, NULL);
    unsigned count = 0;
    uint64_t days = 0;

    desk_place_make(&place, "hand", "hand");
    DB_GIVES(desk_partner_join(test_db, partner), ERR_OK);
    DB_GIVES(desk_partner_join(test_db, other), ERR_OK);
    struct desk_visit visit = {.partner_id = partner,
                               .browser = "Browser/1",
                               .ip = "192.0.2.7",
                               .referrer = "https://example.org/",
                               .query = "rid=1&x=2"};
    DB_GIVES(desk_visit_add(test_db, &visit, visitor, &days), ERR_OK);
    DB_CHECK(strlen(visitor) == DESK_HASH_SIZE - 1 && days == 90);
    memcpy(kept, visitor, sizeof(kept));
    DB_GIVES(desk_visit_add(test_db, &visit, visitor, &days), ERR_OK); /* the page again */
    DB_CHECK(strcmp(kept, visitor) == 0 && visits_of(partner) == 1);
    visit.partner_id = 999999999; /* nobody's */
    DB_GIVES(desk_visit_add(test_db, &visit, visitor, &days), ERR_NOT_FOUND);
    struct desk_visit_filter filter = {.partner_id = partner};
    DB_GIVES(desk_visit_list(test_db, &filter, count_visit, &count), ERR_OK);
    filter.ip = "192.0.2.8";
    DB_GIVES(desk_visit_list(test_db, &filter, count_visit, &count), ERR_OK);
    filter.ip = "\xd0\xaf";
    DB_GIVES(desk_visit_list(test_db, &filter, count_visit, &count), ERR_OK);
    DB_CHECK(count == 1);
    desk_visitor_hash(visitor, hash);
    struct desk_wish wish = desk_place_wish(&place, "100");
    wish.user_hash = hash;
    DB_GIVES(desk_bid_create(test_db, &wish, "", &place.problems, &place.bid), ERR_OK);
    DB_CHECK(place.bid.partner_id == partner && strcmp(place.bid.user_hash, hash) == 0);
    wish.user_id = partner; /* one's own exchange earns nothing */
    DB_GIVES(desk_bid_create(test_db, &wish, "", &place.problems, &place.bid), ERR_OK);
    DB_CHECK(place.bid.partner_id == 0);
    wish.user_id = 0;
    visit.partner_id = other;
    DB_GIVES(desk_visit_add(test_db, &visit, visitor, &days), ERR_OK);
    visit.partner_id = partner; /* and back, within the time in which one visit counts */
    DB_GIVES(desk_visit_add(test_db, &visit, visitor, &days), ERR_OK);
    DB_CHECK(visits_of(partner) == 2);
    DB_CHECK(db_test_number("UPDATE desk_visit SET at = at - INTERVAL 89 DAY WHERE user_hash = ?",
                            DB_ARGS(db_text(hash))) == 3);
    DB_GIVES(desk_bid_create(test_db, &wish, "", &place.problems, &place.bid), ERR_OK);
    DB_CHECK(place.bid.partner_id == partner);
    DB_CHECK(db_test_number("UPDATE desk_visit SET at = at - INTERVAL 2 DAY WHERE user_hash = ?",
                            DB_ARGS(db_text(hash))) == 3);
    DB_GIVES(desk_bid_create(test_db, &wish, "", &place.problems, &place.bid), ERR_OK);
    DB_CHECK(place.bid.partner_id == 0);
}

static void add_visits(int64_t partner, const char *group, int64_t count)
{
    DB_CHECK(db_test_number(
                 "INSERT INTO desk_visit (partner_id, at, browser, ip, address_group, referrer, "
                 "user_hash, query) WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM "
                 "n WHERE i < 50) SELECT ?, NOW(6) - INTERVAL 10 MINUTE, '', '', UNHEX(?), '', '', "
                 "'' FROM n AS a JOIN n AS b LIMIT ?",
                 DB_ARGS(db_i64(partner), db_text(group), db_i64(count))) == count);
}

/* A flood is told no, from one address and by one affiliate's links; old visits go. */
static void test_visit_flood(void)
{
    static const char mine[] = "20010DB8000000070000000000000000",
                      others[] = "20010DB8000000080000000000000000";
    char visitor[DESK_HASH_SIZE] = "";
    int64_t partner = db_test_user(NULL, NULL), removed = 0;
    uint64_t days = 0;
    struct desk_visit visit = {
        .partner_id = partner, .browser = "", .ip = "2001:db8:0:7::1", .referrer = "", .query = ""};

    DB_GIVES(desk_partner_join(test_db, partner), ERR_OK);
    add_visits(partner, mine, DESK_VISITS_ADDRESS - 1);
    DB_GIVES(desk_visit_add(test_db, &visit, visitor, &days), ERR_OK);
    memset(visitor, 0, sizeof(visitor));
    visit.ip = "2001:db8:0:7:ffff::2"; /* of the same /64 */
    DB_GIVES(desk_visit_add(test_db, &visit, visitor, &days), ERR_TOO_MANY_REQUESTS);
    visit.ip = "2001:db8:0:9::2";
    DB_GIVES(desk_visit_add(test_db, &visit, visitor, &days), ERR_OK);
    add_visits(partner, others, DESK_VISITS_PARTNER - DESK_VISITS_ADDRESS - 1);
    memset(visitor, 0, sizeof(visitor));
    DB_GIVES(desk_visit_add(test_db, &visit, visitor, &days), ERR_TOO_MANY_REQUESTS);
    DB_CHECK(visits_of(partner) == DESK_VISITS_PARTNER);
    DB_CHECK(db_test_number("UPDATE desk_visit SET at = at - INTERVAL ? DAY WHERE partner_id = ?",
                            DB_ARGS(db_i64(DESK_VISIT_DAYS), db_i64(partner))) ==
             DESK_VISITS_PARTNER);
    DB_GIVES(desk_visit_sweep(test_db, 10, &removed), ERR_OK);
    DB_CHECK(removed == 10);
    DB_GIVES(desk_visit_sweep(test_db, 100000, &removed), ERR_OK);
    DB_CHECK(visits_of(partner) == 0);
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

    DB_GIVES(desk_key_add(test_db, user, 0, "", DESK_WHO, &key, secret, &field), ERR_INVALID);
    DB_CHECK(strcmp(field, "methods") == 0);
    DB_GIVES(desk_key_add(test_db, user, methods, "nowhere", DESK_WHO, &key, secret, &field),
             ERR_INVALID);
    DB_CHECK(strcmp(field, "networks") == 0);
    DB_GIVES(desk_key_add(test_db, 999999999, methods, "", DESK_WHO, &key, secret, &field),
             ERR_NOT_FOUND);
    DB_GIVES(desk_key_add(test_db, user, methods, "192.0.2.0/24", DESK_WHO, &key, secret, &field),
             ERR_OK);
    DB_CHECK(strlen(key.login) == 32 && strlen(secret) == 32);
    static const char few[] = "{\"methods\":\"test,get_calc\",\"networks\":\"192.0.2.0/24\"}",
                      two[] = "{\"methods\":\"test,get_direction\",\"networks\":\"\"}";
    DB_CHECK(records_of("key", key.login, NULL, few) == 1);
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
    DB_GIVES(desk_key_change(test_db, user, key.login,
                             1u << DESK_METHOD_test | 1u << DESK_METHOD_get_direction, "", DESK_WHO,
                             &field),
             ERR_OK);
    DB_CHECK(records_of("key", key.login, few, two) == 2);
    DB_GIVES(desk_key_change(test_db, user, "\xd0\xaf", methods, "", DESK_WHO, &field),
             ERR_NOT_FOUND);
    DB_GIVES(desk_key_change(test_db, user, key.login, DESK_METHODS_ALL, "", DESK_WHO, &field),
             ERR_OK);
    DB_GIVES(desk_key_check(test_db, key.login, secret, "198.51.100.1", "create_bid", &caller),
             ERR_OK);
    DB_GIVES(desk_key_revoke(test_db, user + 1, key.login, DESK_WHO), ERR_NOT_FOUND);
    DB_GIVES(desk_key_revoke(test_db, user, key.login, DESK_WHO), ERR_OK);
    DB_GIVES(desk_key_check(test_db, key.login, secret, "192.0.2.9", "test", &caller),
             ERR_DESK_API_DISABLED);
    DB_GIVES(desk_key_revoke(test_db, user, key.login, DESK_WHO), ERR_NOT_FOUND);
    DB_CHECK(db_test_number("SELECT COUNT(*) FROM desk_change WHERE what = 'key' AND subject = ? "
                            "AND became IS NULL",
                            DB_ARGS(db_text(key.login))) == 1);
}

/* Only selected users, and nobody. */
static void test_modes(void)
{
    char secret[2][DESK_LOGIN_SIZE];
    struct desk_key keys[2];
    struct desk_caller caller;
    const char *field = NULL;
    char subject[24];
    int64_t user = db_test_user(NULL, NULL);
    static const struct {
        const char *mode;
        bool selected;
        enum err users, system;
    } rows[] = {{"selected", false, ERR_DESK_API_DISABLED, ERR_DESK_API_DISABLED},
                {"selected", true, ERR_OK, ERR_DESK_API_DISABLED},
                {"off", true, ERR_DESK_API_DISABLED, ERR_DESK_API_DISABLED},
                {"all", false, ERR_OK, ERR_OK}};

    DB_GIVES(
        desk_key_add(test_db, user, DESK_METHODS_ALL, "", DESK_WHO, &keys[0], secret[0], &field),
        ERR_OK);
    DB_GIVES(desk_key_add(test_db, 0, DESK_METHODS_ALL, "", DESK_WHO, &keys[1], secret[1], &field),
             ERR_OK);
    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        DESK_SET(DESK_SETTINGS, "desk", {"api_mode", rows[i].mode});
        DB_GIVES(desk_api_user_set(test_db, user, rows[i].selected, DESK_WHO), ERR_OK);
        desk_key_forget();
        DB_GIVES(desk_key_check(test_db, keys[0].login, secret[0], "192.0.2.9", "test", &caller),
                 rows[i].users);
        DB_GIVES(desk_key_check(test_db, keys[1].login, secret[1], "192.0.2.9", "test", &caller),
                 rows[i].system);
    }
    snprintf(subject, sizeof(subject), "%lld", (long long)user);
    DB_CHECK(records_of("caller", subject, "{\"may_call\":true}", "{\"may_call\":false}") == 2);
    DB_GIVES(desk_api_user_set(test_db, 999999999, true, DESK_WHO), ERR_NOT_FOUND);
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
    /* What is too long is cut between two characters. */
    char params[20001] = "x";
    for (size_t i = 1; i + 4 < sizeof(params); i += 4)
        memcpy(params + i, "\xf0\x9f\x98\x80", 5);
    call.params = params;
    DB_GIVES(desk_call_add(test_db, &call), ERR_OK);
    DB_CHECK(db_test_number("SELECT LENGTH(params) FROM desk_call WHERE login = ? ORDER BY id DESC "
                            "LIMIT 1",
                            DB_ARGS(db_text(login))) == 16381);
    DESK_SET(DESK_SETTINGS, "desk", {"log_calls", "no"});
    struct desk_call_filter filter = {.login = login};
    DB_GIVES(desk_call_list(test_db, &filter, count_call, &count), ERR_OK);
    DB_CHECK(count == 2);
}

static const struct test_case cases[] = {
    {"payouts", test_payout},
    {"visits", test_visits},
    {"a flood of visits", test_visit_flood},
    {"keys", test_keys},
    {"modes", test_modes},
    {"log of calls", test_calls},
    {NULL, NULL},
};
const struct test_suite suite_desk_people = {.name = "desk_people", .cases = cases};
