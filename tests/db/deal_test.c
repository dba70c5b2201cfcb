/* Bids that are paid by an order: each follows the other, whoever moves first. */
#include "deal/deal.h"

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "checkout/checkout.h"
#include "ledger/ledger.h"
#include "ledger/slip.h"
#include "tests/db/desk_place.h"

#define UNITS 100000 /* of a dollar */
#define RACES 12

/* A place where orders pay, whose they are, and a buyer with 1000 USD. */
struct deal {
    struct desk_place place;
    int64_t merchant, buyer;
    struct checkout_order order;
};

static void make_deal(struct deal *deal)
{
    *deal = (struct deal){.buyer = db_test_user(NULL, NULL)};
    deal->merchant = desk_place_make_orders(&deal->place);
    DB_GIVES(
        ledger_credit(test_db, deal->buyer, (struct amount){1000LL * UNITS, deal->place.usd}, "n"),
        ERR_OK);
}

/* 100 USD, and 1 of fee. */
static void make_bid(struct deal *deal)
{
    DB_GIVES(desk_place_bid(&deal->place, "100"), ERR_OK);
}

static struct actor who(int64_t user_id, char key[DB_TEST_NAME_SIZE])
{
    db_test_name("r:", key);
    return (struct actor){.user_id = user_id, .request_key = key, .trace = ""};
}

static enum err pay(struct deal *deal)
{
    char key[DB_TEST_NAME_SIZE];
    struct actor payer = who(deal->buyer, key);
    struct uuid payment;

    return checkout_pay(test_db, &payer, &deal->place.bid.uuid, NULL, NULL, &payment, &deal->order);
}

static enum err cancel_order(struct deal *deal, int64_t user_id)
{
    char key[DB_TEST_NAME_SIZE];
    struct actor actor = who(user_id, key);

    return checkout_cancel(test_db, &actor, &deal->place.bid.uuid, user_id == deal->merchant,
                           &deal->order);
}

/* Asserts what the bid, its order and the buyer's dollars are. */
static void check(struct deal *deal, enum desk_status status, const char *order, int64_t dollars,
                  unsigned line)
{
    const struct desk_bid_name name = {.uuid = &deal->place.bid.uuid};
    struct desk_bid bid = {0};

    DB_GIVES(desk_bid_view(test_db, &name, &bid), ERR_OK);
    DB_GIVES(checkout_view(test_db, &bid.uuid, &deal->order), ERR_OK);
    db_test_check(bid.status == status, desk_status_names[bid.status], __FILE__, line);
    db_test_check(strcmp(deal->order.status, order) == 0, deal->order.status, __FILE__, line);
    db_test_check(desk_place_balance(deal->buyer, "available", deal->place.usd) ==
                      (__int128)dollars * UNITS,
                  "the buyer's money", __FILE__, line);
    db_test_check(desk_place_balance(deal->merchant, "available", deal->place.usd) == 0,
                  "the merchant keeps nothing", __FILE__, line);
    desk_place_books(line);
}
#define CHECK(deal, status, order, dollars) \
    check(deal, DESK_STATUS_##status, order, dollars, __LINE__)

/* What is there before any payment, and who cannot do it instead. */
static void test_made(void)
{
    struct deal deal;
    struct uuid order = {0};

    make_deal(&deal);
    make_bid(&deal);
    CHECK(&deal, new, "open", 1000);
    DB_CHECK(deal.order.amount.units == 101LL * UNITS && deal.order.merchant_id == deal.merchant);
    DB_CHECK(deal_order(&deal.place.bid, &order) &&
             memcmp(&order, &deal.order.id, sizeof(order)) == 0);
    DB_GIVES(desk_place_move(&deal.place, DESK_CUSTOMER, DESK_STATUS_payed), ERR_DESK_ACTION);
    DB_GIVES(desk_place_move(&deal.place, DESK_CUSTOMER, DESK_STATUS_success), ERR_DESK_ACTION);
    DB_GIVES(desk_place_move(&deal.place, DESK_OPERATOR, DESK_STATUS_realpay), ERR_DESK_ACTION);
    DB_GIVES(desk_place_move(&deal.place, DESK_CUSTOMER, DESK_STATUS_techpay), ERR_OK);
    CHECK(&deal, techpay, "open", 1000);

    DESK_SET(DESK_SETTINGS, "desk", {"merchant", ""});
    DB_GIVES(desk_place_bid(&deal.place, "100"), ERR_DESK_DIRECTION_OFF);
    DB_GIVES(pay(&deal), ERR_OK); /* it keeps the merchant that it was made with */
    CHECK(&deal, realpay, "paid", 899);
}

/* Paid, done, undone: the money goes the whole way, and the whole way back. */
static void test_paid(void)
{
    struct deal deal;
    char key[DB_TEST_NAME_SIZE];
    struct uuid order;

    make_deal(&deal);
    DB_GIVES(checkout_fee_set(test_db, deal.merchant, "10",
                              (struct amount){.units = 7, .currency = deal.place.usd}),
             ERR_OK);
    make_bid(&deal);
    DB_GIVES(pay(&deal), ERR_OK);
    CHECK(&deal, realpay, "paid", 899);
    DESK_RESERVE(deal.place.give, "0 0 101 0");
    DB_GIVES(pay(&deal), ERR_ORDER_PAID);
    DB_GIVES(cancel_order(&deal, deal.merchant), ERR_ORDER_PAID);
    struct actor merchant = who(deal.merchant, key);
    DB_GIVES(checkout_refund(test_db, &merchant, &deal.place.bid.uuid, NULL, NULL, "", &deal.order),
             ERR_ORDER_SERVICE);
    DB_GIVES(desk_place_move(&deal.place, DESK_CUSTOMER, DESK_STATUS_cancel), ERR_DESK_BID);
    DB_GIVES(desk_place_move(&deal.place, DESK_OPERATOR, DESK_STATUS_new), ERR_DESK_ACTION);
    DB_GIVES(desk_place_move(&deal.place, DESK_OPERATOR, DESK_STATUS_success), ERR_OK);
    DB_CHECK(!deal_order(&deal.place.bid, &order));
    CHECK(&deal, success, "paid", 899);
    DESK_RESERVE(deal.place.give, "100 0 0 0");
    DB_GIVES(desk_place_move(&deal.place, DESK_OPERATOR, DESK_STATUS_error), ERR_OK);
    CHECK(&deal, error, "refunded", 1000);
    DESK_RESERVE(deal.place.give, "0 0 0 0");
    DESK_RESERVE(deal.place.get, "1000 0 0 -1000");
    DB_GIVES(pay(&deal), ERR_ORDER_REFUNDED);
    DB_GIVES(desk_place_move(&deal.place, DESK_OPERATOR, DESK_STATUS_realpay), ERR_DESK_ACTION);
    DB_GIVES(desk_place_move(&deal.place, DESK_OPERATOR, DESK_STATUS_new), ERR_DESK_ACTION);
    CHECK(&deal, error, "refunded", 1000);
}

/* Either ends the other. */
static void test_cancelled(void)
{
    struct deal deal;

    make_deal(&deal);
    make_bid(&deal);
    DB_GIVES(desk_place_move(&deal.place, DESK_CUSTOMER, DESK_STATUS_cancel), ERR_OK);
    CHECK(&deal, cancel, "cancelled", 1000);
    DB_GIVES(pay(&deal), ERR_ORDER_CANCELLED);
    make_bid(&deal);
    DB_GIVES(cancel_order(&deal, deal.merchant), ERR_OK);
    CHECK(&deal, delete, "cancelled", 1000);
    make_bid(&deal);
    DB_GIVES(cancel_order(&deal, 0), ERR_OK); /* a buyer, on the payment page */
    CHECK(&deal, delete, "cancelled", 1000);
    DB_GIVES(desk_place_move(&deal.place, DESK_CUSTOMER, DESK_STATUS_payed), ERR_DESK_ACTION);
    DB_GIVES(desk_place_move(&deal.place, DESK_OPERATOR, DESK_STATUS_error), ERR_OK);
    CHECK(&deal, error, "cancelled", 1000);
    DESK_RESERVE(deal.place.get, "1000 0 0 -1000");
}

static void make_late(const char *sql, const struct deal *deal)
{
    DB_CHECK(db_test_number(sql, DB_ARGS(db_uuid(&deal->place.bid.uuid))) == 1);
}
#define LATE_BID "UPDATE desk_bid SET expires_at = NOW(6) - INTERVAL 1 SECOND WHERE uuid = ?"
#define LATE_ORDER "UPDATE checkout_order SET expires_at = NOW(6) - INTERVAL 1 SECOND WHERE id = ?"

static void test_expired(void)
{
    struct deal deal;
    int64_t count = 0;

    make_deal(&deal);
    make_bid(&deal);
    make_late(LATE_BID, &deal);
    DB_GIVES(pay(&deal), ERR_ORDER_CLOSED); /* swept or not */
    DB_GIVES(desk_bid_expire_due(test_db, 100, &count), ERR_OK);
    DB_CHECK(count >= 1);
    CHECK(&deal, delete, "cancelled", 1000);

    make_bid(&deal);
    make_late(LATE_ORDER, &deal);
    DB_GIVES(pay(&deal), ERR_ORDER_CLOSED);
    DB_GIVES(checkout_close_due(test_db, 100, &count), ERR_OK);
    DB_CHECK(count >= 1);
    CHECK(&deal, delete, "closed", 1000);

    make_bid(&deal); /* both at once */
    make_late(LATE_BID, &deal);
    make_late(LATE_ORDER, &deal);
    DB_GIVES(checkout_close_due(test_db, 100, &count), ERR_OK);
    DB_GIVES(desk_bid_expire_due(test_db, 100, &count), ERR_OK);
    CHECK(&deal, delete, "closed", 1000);

    make_bid(&deal); /* an operator ends what was not swept */
    make_late(LATE_BID, &deal);
    DB_GIVES(desk_place_move(&deal.place, DESK_OPERATOR, DESK_STATUS_realpay), ERR_DESK_ACTION);
    DB_GIVES(desk_place_move(&deal.place, DESK_OPERATOR, DESK_STATUS_error), ERR_OK);
    CHECK(&deal, error, "cancelled", 1000);
}

/* Pays in a process of its own; gives its number. */
static pid_t pay_beside(struct deal *deal)
{
    pid_t pid = fork();

    if (pid == 0) {
        /* the parent's connection is the parent's */
        if (db_open_config(&test_config, false, &test_db) != ERR_OK)
            _exit(2);
        enum err rc = pay(deal);
        _exit(rc == ERR_OK ? 0 : rc == ERR_ORDER_CANCELLED ? 1 : 2);
    }
    return pid;
}

/* One of them wins, and the other is told so: the order is locked first by the one, the bid by the other. */
static void test_race(void)
{
    struct deal deal;
    int64_t dollars = 1000;
    int status = 0;

    make_deal(&deal);
    fflush(stdout);
    for (int i = 0; i < RACES && dollars >= 101; i++) {
        make_bid(&deal);
        pid_t pid = pay_beside(&deal);
        if (i % 2 == 1)
            usleep(1000 * (useconds_t)i);
        enum err rc = desk_place_move(&deal.place, DESK_CUSTOMER, DESK_STATUS_cancel);
        DB_CHECK(pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status));
        bool paid = WEXITSTATUS(status) == 0;
        DB_CHECK(WEXITSTATUS(status) < 2 && rc == (paid ? ERR_DESK_BID : ERR_OK));
        dollars -= paid ? 101 : 0;
        check(&deal, paid ? DESK_STATUS_realpay : DESK_STATUS_cancel, paid ? "paid" : "cancelled",
              dollars, __LINE__);
    }
}

static void count_difference(void *arg, const char *words)
{
    (void)words;
    ++*(unsigned *)arg;
}

static unsigned differences(void)
{
    unsigned count = 0;
    struct audit_report report = {.difference = count_difference, .arg = &count};

    DB_GIVES(audit_run(test_db, &deal_audit, &report), ERR_OK);
    return count;
}

static void test_audit(void)
{
    struct deal deal;

    make_deal(&deal);
    make_bid(&deal);
    struct db_arg id = db_i64(deal.place.bid.id), uuid = db_uuid(&deal.place.bid.uuid);
    DB_CHECK(differences() == 0);
    (void)db_test_number("UPDATE checkout_order SET amount = amount + 1 WHERE id = ?",
                         DB_ARGS(uuid));
    DB_CHECK(differences() == 1);
    (void)db_test_number("UPDATE checkout_order SET amount = amount - 1, status = 'closed' WHERE "
                         "id = ?",
                         DB_ARGS(uuid));
    DB_CHECK(differences() == 1);
    (void)db_test_number("UPDATE checkout_order SET status = 'open' WHERE id = ?", DB_ARGS(uuid));
    (void)db_test_number("UPDATE desk_bid SET uuid = REVERSE(uuid) WHERE id = ?", DB_ARGS(id));
    DB_CHECK(differences() == 2); /* the bid has no order, the order no bid */
    (void)db_test_number("UPDATE desk_bid SET uuid = REVERSE(uuid) WHERE id = ?", DB_ARGS(id));
    DB_CHECK(differences() == 0);
}

static const struct test_case cases[] = {
    {"made with its order", test_made},
    {"paid, done and paid back", test_paid},
    {"cancelled on either side", test_cancelled},
    {"expired on either side", test_expired},
    {"paid and cancelled at once", test_race},
    {"the audit", test_audit},
    {NULL, NULL},
};
const struct test_suite suite_deal = {.name = "deal", .cases = cases};
