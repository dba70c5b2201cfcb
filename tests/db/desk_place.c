/* A place to exchange, made by what operators set. */
#include "tests/db/desk_place.h"

#include <stdio.h>
#include <string.h>

#include "base/encode.h"
#include "deal/deal.h"
#include "ledger/ledger.h"

void desk_place_set(enum desk_thing thing, const char *key, const struct desk_property *list,
                    size_t count)
{
    const char *field = NULL;
    enum err rc = desk_set(test_db, thing, key, list, count, DESK_WHO, NULL, &field);
    char words[128];
    snprintf(words, sizeof(words), "%s %s: %s", key, field == NULL ? "" : field, err_id(rc));
    db_test_check(rc == ERR_OK, words, __FILE__, __LINE__);
}
void desk_place_fill(const char *code, const struct currency *currency, const char *text)
{
    struct amount amount = {0};
    char reference[DB_TEST_NAME_SIZE];

    db_test_name("fill", reference);
    DB_GIVES(amount_parse(text, strlen(text), currency, &amount), ERR_OK);
    DB_GIVES(desk_reserve_book(test_db, code, amount, false, reference, DESK_WHO, NULL), ERR_OK);
}

void desk_place_make(struct desk_place *place, const char *pay_in, const char *pay_out)
{
    uint8_t random[4];
    char hex[HEX_SIZE(sizeof(random))], rail[2][24];
    const struct desk_board *board = NULL;

    *place =
        (struct desk_place){.usd = currency_by_code("USD", 3), .eur = currency_by_code("EUR", 3)};
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
    DESK_SET(DESK_SYSTEMS, place->give, {"name", "Give"}, {"currency", "USD"}, {"decimals", "2"},
             {"rail", rail[0]}, {"pay_in", pay_in});
    DESK_SET(DESK_SYSTEMS, place->get, {"name", "Get"}, {"currency", "EUR"}, {"decimals", "2"},
             {"rail", rail[1]}, {"pay_out", pay_out}, {"account_rule", "email"});
    DESK_SET(DESK_RATES, place->rate, {"kind", "fixed"}, {"get", "0.5"});
    DESK_SET(DESK_DIRECTIONS, place->direction, {"rate", place->rate}, {"state", "on"},
             {"give_service", "1"}, {"get_service", "1"}, {"min_give", "10"},
             {"max_give", "100000"});
    desk_place_fill(place->get, place->eur, "1000");
    DB_GIVES(desk_board_take(test_db, &board), ERR_OK);
    for (size_t i = 0; board != NULL && i < board->direction_count; i++)
        if (strcmp(board->directions[i].give->code, place->give) == 0)
            place->direction_id = board->directions[i].id;
    DB_CHECK(place->direction_id != 0);
    if (board != NULL)
        desk_board_give(board);
}

int64_t desk_place_make_orders(struct desk_place *place)
{
    char login[DB_TEST_NAME_SIZE];
    int64_t merchant = db_test_user(NULL, login);

    DESK_SET(DESK_SETTINGS, "desk", {"merchant", login});
    desk_place_make(place, "checkout", "hand");
    return merchant;
}

struct desk_wish desk_place_wish(const struct desk_place *place, const char *amount)
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

enum err desk_place_bid(struct desk_place *place, const char *amount)
{
    struct desk_wish wish = desk_place_wish(place, amount);
    return desk_bid_create(test_db, &wish, "", &place->problems, &place->bid);
}

enum err desk_place_move(struct desk_place *place, enum desk_who who, enum desk_status to)
{
    struct desk_move change = {.name = {.id = place->bid.id},
                               .who = who,
                               .to = to,
                               .trace = "",
                               .by = DESK_WHO,
                               .user_id = place->bid.user_id,
                               .note = NULL};
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

void desk_place_check(const char *code, const char *expected, unsigned line)
{
    struct seen seen = {.code = code};
    char words[600];

    DB_GIVES(desk_reserves(test_db, see_reserve, &seen), ERR_OK);
    snprintf(words, sizeof(words), "%s has %s, expected %s", code, seen.text, expected);
    db_test_check(strcmp(seen.text, expected) == 0, words, __FILE__, line);
}

__int128 desk_place_balance(int64_t owner, const char *purpose, const struct currency *currency)
{
    return db_test_number("SELECT COALESCE((SELECT balance FROM account WHERE owner_id = ? AND "
                          "purpose = ? AND currency_id = ? AND rail = ''), 0)",
                          DB_ARGS(db_i64(owner), db_text(purpose), db_u64(currency->id)));
}

static void say(void *arg, const char *words)
{
    db_test_check(false, words, __FILE__, *(unsigned *)arg);
}

void desk_place_books(unsigned line)
{
    struct audit_report report = {.difference = say, .arg = &line};

    DB_GIVES(audit_run(test_db, &ledger_audit, &report), ERR_OK);
    DB_GIVES(audit_run(test_db, &desk_audit, &report), ERR_OK);
    DB_GIVES(audit_run(test_db, &deal_audit, &report), ERR_OK);
    db_test_check(report.differences == 0, "the audit is clean", __FILE__, line);
}
