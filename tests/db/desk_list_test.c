/* Lists of bids at the exchange desk, and the record of what operators do with them. */
#include <stdio.h>
#include <string.h>

#include "desk/partner.h"
#include "tests/db/desk_place.h"

static void add_bid(void *arg, const struct desk_bid *bid)
{
    text_addf(arg, "%lld ", (long long)bid->id);
}

/* What a list holds, as ids with spaces. */
static void check_list(const struct desk_bid_filter *filter, const char *expected, unsigned line)
{
    struct text got = TEXT(1024);
    char words[300];

    DB_GIVES(desk_bid_list(test_db, filter, add_bid, &got), ERR_OK);
    snprintf(words, sizeof(words), "list of %s, expected %s", text_string(&got), expected);
    db_test_check(strcmp(text_string(&got), expected) == 0, words, __FILE__, line);
    text_free(&got);
}

/* The newest change in front; time that is over is one, whether or not it was written. */
static void test_list(void)
{
    struct desk_place place;
    char ids[3][24], expected[80], hash[DESK_HASH_SIZE];
    int64_t partner = db_test_user(NULL, NULL);

    desk_place_make(&place, "hand", "hand");
    DB_GIVES(desk_partner_join(test_db, partner), ERR_OK);
    struct desk_wish wish = desk_place_wish(&place, "20");
    wish.partner_id = partner;
    for (int i = 0; i < 3; i++) {
        DB_GIVES(desk_bid_create(test_db, &wish, "", &place.problems, &place.bid), ERR_OK);
        snprintf(ids[i], sizeof(ids[i]), "%lld", (long long)place.bid.id);
        DB_CHECK(db_test_number("UPDATE desk_bid SET changed_at = NOW(6) - INTERVAL ? SECOND, "
                                "expires_at = NOW(6) + INTERVAL 100 SECOND WHERE id = ?",
                                DB_ARGS(db_i64(100 - 10 * i), db_i64(place.bid.id))) == 1);
    }
    memcpy(hash, place.bid.hash, sizeof(hash));
    struct desk_bid_filter all = {.partner_id = partner};
    snprintf(expected, sizeof(expected), "%s %s %s ", ids[2], ids[1], ids[0]);
    check_list(&all, expected, __LINE__);
    DB_CHECK(db_test_number("UPDATE desk_bid SET expires_at = NOW(6) - INTERVAL 85 SECOND WHERE "
                            "id = ?",
                            DB_ARGS(db_text(ids[0]))) == 1);
    snprintf(expected, sizeof(expected), "%s %s %s ", ids[2], ids[0], ids[1]);
    check_list(&all, expected, __LINE__);
    struct desk_bid_filter some = all;
    some.statuses = DESK_STATUS_BIT(delete);
    snprintf(expected, sizeof(expected), "%s ", ids[0]);
    check_list(&some, expected, __LINE__);
    some.statuses = DESK_STATUS_BIT(new);
    snprintf(expected, sizeof(expected), "%s %s ", ids[2], ids[1]);
    check_list(&some, expected, __LINE__);
    some = all;
    some.offset = 1;
    some.limit = 1;
    snprintf(expected, sizeof(expected), "%s ", ids[0]);
    check_list(&some, expected, __LINE__);
    some = all;
    some.hash = hash;
    some.until = INT64_MAX; /* past what the database knows: open */
    snprintf(expected, sizeof(expected), "%s ", ids[2]);
    check_list(&some, expected, __LINE__);
    /* what no bid can have is no bid's, and no error */
    some.since = INT64_MAX;
    check_list(&some, "", __LINE__);
    static const struct desk_bid_filter none[] = {
        {.hash = "\xd0\xaf"}, {.hash = "\xff"}, {.ip = "\xd0\xaf"},   {.api_id = "\xff"},
        {.api_id = "none"},   {.until = -1},    {.offset = INT64_MAX}};
    for (size_t i = 0; i < TEST_COUNT(none); i++) {
        some = none[i];
        some.partner_id = partner;
        check_list(&some, "", __LINE__);
    }
    struct desk_bid_name name = {.hash = "\xd0\xaf"};
    DB_GIVES(desk_bid_view(test_db, &name, &place.bid), ERR_DESK_BID);
    struct desk_move move = {.name = name, .who = DESK_CUSTOMER, .to = DESK_STATUS_cancel};
    DB_GIVES(desk_bid_move(test_db, &move, &place.bid), ERR_DESK_BID);
}

/* Who set a status, from what, and why. */
static void test_record(void)
{
    struct desk_place place;
    char subject[24];

    desk_place_make(&place, "hand", "hand");
    DB_GIVES(desk_place_bid(&place, "100"), ERR_OK);
    struct desk_move move = {.name = {.id = place.bid.id},
                             .who = DESK_OPERATOR,
                             .to = DESK_STATUS_realpay,
                             .note = "seen \"there\"",
                             .trace = ""};
    DB_GIVES(desk_bid_move(test_db, &move, &place.bid), ERR_INVALID); /* nobody */
    move.by = DESK_WHO;
    DB_GIVES(desk_bid_move(test_db, &move, &place.bid), ERR_OK);
    DB_GIVES(desk_bid_move(test_db, &move, &place.bid), ERR_OK);
    DB_GIVES(desk_place_move(&place, DESK_CUSTOMER, DESK_STATUS_success), ERR_OK);
    snprintf(subject, sizeof(subject), "%lld", (long long)place.bid.id);
    DB_CHECK(db_test_number("SELECT COUNT(*) FROM desk_change WHERE what = 'bid' AND subject = ?",
                            DB_ARGS(db_text(subject))) == 1);
    DB_CHECK(db_test_number("SELECT COUNT(*) FROM desk_change WHERE what = 'bid' AND subject = ? "
                            "AND who = '" DESK_WHO "' AND was = '{\"status\":\"new\"}' AND became "
                            "= '{\"status\":\"realpay\",\"note\":\"seen \\\\\"there\\\\\"\"}'",
                            DB_ARGS(db_text(subject))) == 1);
}

static const struct test_case cases[] = {
    {"lists", test_list},
    {"records of what operators do", test_record},
    {NULL, NULL},
};
const struct test_suite suite_desk_list = {.name = "desk_list", .cases = cases};
