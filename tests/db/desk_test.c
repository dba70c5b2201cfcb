/* The exchange desk: what operators set, bids and their money, affiliates, expiry. Each case has payment
 * systems of its own. */
#include <stdio.h>
#include <string.h>

#include "base/encode.h"
#include "desk/bid.h"
#include "desk/operate.h"
#include "ledger/ledger.h"
#include "ledger/slip.h"
#include "tests/db/db.h"

#define WHO "test"

/* Two systems, a rate and a direction: 1 of what is given for 0.5 of what is got, fees of 1 % on both
 * sides. */
struct place {
    char give[16], get[16], rate[16], direction[40];
    uint64_t direction_id;
    const struct currency *usd, *eur;
    struct desk_bid bid;
    struct desk_problems problems;
};

static void set(enum desk_thing thing, const char *key, const struct desk_property *list,
                size_t count)
{
    const char *field = NULL;
    enum err rc = desk_set(test_db, thing, key, list, count, WHO, NULL, &field);
    char words[128];
    snprintf(words, sizeof(words), "%s %s: %s", key, field == NULL ? "" : field, err_id(rc));
    db_test_check(rc == ERR_OK, words, __FILE__, __LINE__);
}
#define SET(thing, key, ...)                                         \
    set((thing), (key), (const struct desk_property[]){__VA_ARGS__}, \
        TEST_COUNT(((const struct desk_property[]){__VA_ARGS__})))

static void fill(struct place *place, const char *code, const struct currency *currency,
                 const char *text)
{
    struct amount amount = {0};
    char reference[DB_TEST_NAME_SIZE];

    (void)place;
    db_test_name("fill", reference);
    DB_GIVES(amount_parse(text, strlen(text), currency, &amount), ERR_OK);
    DB_GIVES(desk_reserve_book(test_db, code, amount, false, reference, WHO, NULL), ERR_OK);
}

static void make_place(struct place *place, const char *pay_in, const char *pay_out)
{
    uint8_t random[4];
    char hex[HEX_SIZE(sizeof(random))], rail[2][24];
    const struct desk_board *board = NULL;

    *place = (struct place){.usd = currency_by_code("USD", 3), .eur = currency_by_code("EUR", 3)};
    crypto_random(random, sizeof(random));
    hex_encode(random, sizeof(random), hex);
    snprintf(rail[0], sizeof(rail[0]), "in.%s", hex);
    snprintf(rail[1], sizeof(rail[1]), "out.%s", hex);
    snprintf(place->rate, sizeof(place->rate), "r%s", hex);
    for (char *c = hex; *c != '\0'; c++)
        *c = *c >= 'a' ? (char)(*c - 'a' + 'A') : *c;
    snprintf(place->give, sizeof(place->give), "G%s", hex);
    snprintf(place->get, sizeof(place->get), "H%s", hex);
    snprintf(place->direction, sizeof(place->direction), "%s/%s", place->give, place->get);
    SET(DESK_SYSTEMS, place->give, {"name", "Give"}, {"currency", "USD"}, {"decimals", "2"},
        {"rail", rail[0]}, {"pay_in", pay_in});
    SET(DESK_SYSTEMS, place->get, {"name", "Get"}, {"currency", "EUR"}, {"decimals", "2"},
        {"rail", rail[1]}, {"pay_out", pay_out}, {"account_rule", "email"});
    SET(DESK_RATES, place->rate, {"kind", "fixed"}, {"get", "0.5"});
    SET(DESK_DIRECTIONS, place->direction, {"rate", place->rate}, {"state", "on"},
        {"give_service", "1"}, {"get_service", "1"}, {"min_give", "10"}, {"max_give", "100000"});
    fill(place, place->get, place->eur, "1000");
    DB_GIVES(desk_board_take(test_db, &board), ERR_OK);
    for (size_t i = 0; board != NULL && i < board->direction_count; i++)
        if (strcmp(board->directions[i].give->code, place->give) == 0)
            place->direction_id = board->directions[i].id;
    DB_CHECK(place->direction_id != 0);
    if (board != NULL)
        desk_board_give(board);
}

static struct desk_wish wish_of(const struct place *place, const char *amount)
{
    struct desk_wish wish = {.direction_id = place->direction_id,
                             .action = DESK_SUM1,
                             .account2 = "me@example.org",
                             .access = DESK_FOR_SITE,
                             .language = "en",
                             .ip = "192.0.2.1",
                             .user_hash = ""};
    DB_GIVES(rate_parse(amount, strlen(amount), &wish.named), ERR_OK);
    return wish;
}

static enum err create(struct place *place, const char *amount)
{
    struct desk_wish wish = wish_of(place, amount);
    return desk_bid_create(test_db, &wish, "", &place->problems, &place->bid);
}

static enum err move(struct place *place, enum desk_who who, enum desk_status to)
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
    struct ledger_audit ledger = {0};
    uint64_t checked = 0, differences = 0;

    DB_GIVES(ledger_audit(test_db, say, &line, &ledger), ERR_OK);
    DB_GIVES(desk_audit(test_db, say, &line, &checked, &differences), ERR_OK);
    db_test_check(differences == 0, "the audit is clean", __FILE__, line);
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

static void check_history(const struct place *place, const char *expected, unsigned line)
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
    struct place place;
    __int128 profit_usd, profit_eur;

    make_place(&place, "hand", "hand");
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
    struct place place;

    make_place(&place, "hand", "hand");
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
    struct place place;
    __int128 before;

    make_place(&place, "hand", "hand");
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
    struct place place;

    make_place(&place, "hand", "hand");
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

    struct desk_wish wish = wish_of(&place, "20");
    wish.account2 = "nobody";
    DB_GIVES(desk_bid_create(test_db, &wish, "", &place.problems, &place.bid), ERR_DESK_FIELDS);
    DB_CHECK(place.problems.list[0].complaint == DESK_BAD_ACCOUNT &&
             strcmp(place.problems.list[0].field, "account2") == 0);
    wish = wish_of(&place, "20");
    wish.callback_url = "ftp://example.org/";
    DB_GIVES(desk_bid_create(test_db, &wish, "", &place.problems, &place.bid), ERR_URL);
    SET(DESK_DIRECTIONS, place.direction, {"access", "api"});
    DB_GIVES(create(&place, "20"), ERR_DESK_DIRECTION_API);
    SET(DESK_DIRECTIONS, place.direction, {"access", "all"}, {"state", "frozen"});
    DB_GIVES(create(&place, "20"), ERR_DESK_DIRECTION_OFF);
    SET(DESK_DIRECTIONS, place.direction, {"state", "on"}, {"reserve_cap", "15"});
    DB_GIVES(create(&place, "40"), ERR_DESK_RESERVE);
    DB_GIVES(create(&place, "30"), ERR_OK);
    place.direction_id = 4000000000;
    DB_GIVES(create(&place, "20"), ERR_DESK_DIRECTION);
    BOOKS();
}

static int64_t rich_user(const struct place *place, int64_t whole)
{
    int64_t user = db_test_user(NULL, NULL);
    DB_GIVES(ledger_credit(test_db, user, (struct amount){whole * 100000, place->usd}, "n"),
             ERR_OK);
    return user;
}

/* From balance to balance it is done when it is made. */
static void test_balances(void)
{
    struct place place;

    make_place(&place, "balance", "balance");
    int64_t user = rich_user(&place, 150);
    struct desk_wish wish = wish_of(&place, "100");
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
    struct place place;

    make_place(&place, "balance", "hand");
    int64_t user = rich_user(&place, 150);
    struct desk_wish wish = wish_of(&place, "100");
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
    struct place place;
    char login[33];
    int64_t key_id;

    make_place(&place, "hand", "hand");
    snprintf(login, sizeof(login), "%s%s", place.give, place.get);
    DB_CHECK(db_test_number("INSERT INTO desk_key (login, secret_hash, methods) VALUES (?, "
                            "REPEAT('k', 32), 0)",
                            DB_ARGS(db_text(login))) == 1);
    key_id = db_test_number("SELECT id FROM desk_key WHERE login = ?", DB_ARGS(db_text(login)));
    struct desk_wish wish = wish_of(&place, "100");
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
    struct place place;
    int64_t expired = 0;
    unsigned listed = 0;

    make_place(&place, "hand", "hand");
    SET(DESK_DIRECTIONS, place.direction, {"lives", "new:1000 techpay:2000 partpay:0"});
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
    struct place place;
    char partner_key[24];
    int64_t partner = db_test_user(NULL, NULL);

    make_place(&place, "hand", "hand");
    snprintf(partner_key, sizeof(partner_key), "%lld", (long long)partner);
    SET(DESK_PARTNERS, partner_key, {"percent", "50"});
    SET(DESK_DIRECTIONS, place.direction, {"profit_percent", "3"}, {"profit_fixed", "0.5"});
    struct desk_wish wish = wish_of(&place, "100");
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
    SET(DESK_DIRECTIONS, place.direction, {"reward", "fixed"}, {"reward_fixed", "2"},
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
    struct place place;

    make_place(&place, "hand", "hand");
    struct desk_wish wish = wish_of(&place, "100");
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
    struct place place;
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

    make_place(&place, "hand", "hand");
    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        struct desk_property property = {rows[i].name, rows[i].value};
        DB_GIVES(
            desk_set(test_db, DESK_DIRECTIONS, place.direction, &property, 1, WHO, NULL, &field),
            rows[i].rc);
        DB_CHECK(field != NULL && strcmp(field, rows[i].name) == 0);
    }
    struct desk_property bare = {"name", "x"};
    DB_GIVES(desk_set(test_db, DESK_SYSTEMS, "NEW1", &bare, 1, WHO, NULL, &field), ERR_MISSING);
    DB_GIVES(desk_set(test_db, DESK_SYSTEMS, "new", &bare, 1, WHO, NULL, &field), ERR_INVALID);
    DB_GIVES(desk_set(test_db, DESK_DIRECTIONS, "A/B", &bare, 1, WHO, NULL, &field), ERR_NOT_FOUND);
    SET(DESK_DIRECTIONS, place.direction, {"tiers", "100:1.5 2500.5:0.25:-0.001"},
        {"lives", "new:60"}, {"margin_percent", "-2.5"}, {"max_get", ""}, {"min_give", "12.5"});
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
                            "= ? AND who = '" WHO "' AND became LIKE '%12.5%' AND was NOT LIKE "
                            "'%12.5%'",
                            DB_ARGS(db_text(place.direction))) == 1);
    DB_GIVES(
        desk_text_set(test_db, DESK_DIRECTIONS, place.direction, "timeline", "en", "Soon", WHO),
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
    struct place place;
    char reference[DB_TEST_NAME_SIZE];
    bool repeated = false;

    make_place(&place, "hand", "hand");
    struct amount amount = {400 * 100000, place.eur}, much = {2000 * (__int128)100000, place.eur};
    db_test_name("ref", reference);
    DB_GIVES(desk_reserve_book(test_db, place.get, amount, true, reference, WHO, &repeated),
             ERR_OK);
    DB_CHECK(!repeated);
    DB_GIVES(desk_reserve_book(test_db, place.get, amount, true, reference, WHO, &repeated),
             ERR_OK);
    DB_CHECK(repeated);
    RESERVE(place.get, "600 0 0 -600");
    DB_GIVES(desk_reserve_book(test_db, place.get, much, true, reference, WHO, &repeated),
             ERR_IDEMPOTENCY_CONFLICT);
    DB_GIVES(desk_reserve_book(test_db, place.get, much, true, "ref-more", WHO, &repeated),
             ERR_DESK_RESERVE);
    DB_GIVES(desk_reserve_book(test_db, "NOSUCH", amount, true, "ref-none", WHO, &repeated),
             ERR_NOT_FOUND);
    BOOKS();
}

static const struct test_case cases[] = {
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
