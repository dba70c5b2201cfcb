/* How much an affiliate is rewarded: by profit or by sum, by their own percentage, by turnover, and what a
 * direction says otherwise. */
#include <stdio.h>
#include <string.h>

#include "desk/partner.h"
#include "tests/db/desk_place.h"

/* 100 USD are exchanged, of which 10 are profit. "" is what holds without being set. */
static const struct {
    const char *name;
    const char *percent, *base;                           /* of the affiliate */
    const char *mode, *own, *own_max, *fixed, *min, *max; /* of the direction */
    const char *turnover;                                 /* before */
    int64_t units;                                        /* expected, in USD */
} rows[] = {
    {"by turnover, the first level", "", "", "percent", "", "", "0", "", "", "999.99999", 300000},
    {"by turnover, the next one", "", "", "percent", "", "", "0", "", "", "1000", 400000},
    {"their own percentage", "50", "", "percent", "", "", "0", "", "", "1000", 500000},
    {"of the sum", "1", "sum", "percent", "", "", "0", "", "", "0", 100000},
    {"the direction's percentage", "50", "", "percent", "20", "", "0", "", "", "0", 200000},
    {"at most the direction's", "50", "", "percent", "", "25", "0", "", "", "0", 250000},
    {"less than the most", "24.999", "", "percent", "", "25", "0", "", "", "0", 249990},
    {"off", "50", "", "off", "", "", "0", "", "", "0", 0},
    {"fixed", "50", "", "fixed", "", "", "2", "", "", "0", 200000},
    {"at least so much", "1", "", "percent", "", "", "0", "0.5", "", "0", 50000},
    {"at most so much", "90", "", "percent", "", "", "0", "", "4", "0", 400000},
    {"the least that is credited", "0.1", "", "percent", "", "", "0", "", "", "0", 1000},
    {"too little to be credited", "0.099", "", "percent", "", "", "0", "", "", "0", 0},
    {"no percentage, no reward", "0", "", "percent", "", "", "0", "0.5", "", "0", 0},
};

static void test_rewards(void)
{
    struct desk_place place;
    char key[24];
    int64_t partner = db_test_user(NULL, NULL);

    desk_place_make(&place, "hand", "hand");
    snprintf(key, sizeof(key), "%lld", (long long)partner);
    DESK_SET(DESK_SETTINGS, "desk", {"levels", "0:30 1000:40"});
    DESK_SET(DESK_DIRECTIONS, place.direction, {"profit_percent", "10"});
    struct desk_wish wish = desk_place_wish(&place, "100");
    wish.partner_id = partner;
    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        DESK_SET(DESK_PARTNERS, key, {"percent", rows[i].percent}, {"reward_base", rows[i].base});
        DESK_SET(DESK_DIRECTIONS, place.direction, {"reward", rows[i].mode},
                 {"reward_percent", rows[i].own}, {"reward_percent_max", rows[i].own_max},
                 {"reward_fixed", rows[i].fixed}, {"reward_min", rows[i].min},
                 {"reward_max", rows[i].max});
        (void)db_test_number("UPDATE desk_partner SET turnover = ? * 100000 WHERE user_id = ?",
                             DB_ARGS(db_text(rows[i].turnover), db_i64(partner)));
        DB_GIVES(desk_bid_create(test_db, &wish, "", &place.problems, &place.bid), ERR_OK);
        DB_GIVES(desk_place_move(&place, DESK_OPERATOR, DESK_STATUS_success), ERR_OK);
        db_test_check(place.bid.reward.units == rows[i].units &&
                          desk_place_balance(partner, "affiliate", place.usd) == rows[i].units,
                      rows[i].name, __FILE__, __LINE__);
        DB_GIVES(desk_place_move(&place, DESK_OPERATOR, DESK_STATUS_error), ERR_OK);
        db_test_check(desk_place_balance(partner, "affiliate", place.usd) == 0, rows[i].name,
                      __FILE__, __LINE__);
    }
    DESK_SET(DESK_SETTINGS, "desk", {"levels", "0:30"});
    DESK_BOOKS();
}

static const struct test_case cases[] = {
    {"each way of rewarding", test_rewards},
    {NULL, NULL},
};
const struct test_suite suite_desk_reward = {.name = "desk_reward", .cases = cases};
