/* Every flow of the desk that moves money, killed once at each of its points (base/failpoint.h): no bid
 * without its hold, no hold without its bid, nothing done twice, no callback lost. What was asked is asked
 * again afterwards, and comes to the same. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/failpoint.h"
#include "checkout/checkout.h"
#include "deal/deal.h"
#include "desk/partner.h"
#include "ledger/ledger.h"
#include "ledger/slip.h"
#include "tests/db/desk_place.h"

#define FLOW "desk"
#define POINTS_LEAST 2 /* of a flow: before and after the packet that commits */
#define POINTS_MOST 40
#define UNDOING_TRIES 100
#define UNDOING_US 20000

/* What a flow works on: made ready before each kill. */
struct subject {
    struct desk_place place;
    int64_t user, partner, key_id, payout;
    uint64_t get_id;
    char api_id[DB_TEST_NAME_SIZE];
};

static void make_ready(struct subject *subject, const char *pay)
{
    const struct desk_board *board = NULL;
    char key[24];

    *subject = (struct subject){0};
    if (strcmp(pay, "checkout") == 0)
        (void)desk_place_make_orders(&subject->place);
    else
        desk_place_make(&subject->place, pay, pay);
    subject->user = db_test_user(NULL, NULL);
    subject->partner = db_test_user(NULL, NULL);
    DB_GIVES(ledger_credit(test_db, subject->user,
                           (struct amount){1000 * 100000, subject->place.usd}, "n"),
             ERR_OK);
    snprintf(key, sizeof(key), "%lld", (long long)subject->partner);
    DESK_SET(DESK_PARTNERS, key, {"percent", "10"}, {"reward_base", "sum"});
    DESK_SET(DESK_SYSTEMS, subject->place.give, {"payout_on", "yes"});
    char login[33];
    snprintf(login, sizeof(login), "%s%s", subject->place.give, subject->place.get);
    DB_CHECK(db_test_number("INSERT INTO desk_key (login, secret_hash, methods) VALUES (?, "
                            "REPEAT('k', 32), 0)",
                            DB_ARGS(db_text(login))) == 1);
    subject->key_id =
        db_test_number("SELECT id FROM desk_key WHERE login = ?", DB_ARGS(db_text(login)));
    db_test_name("api", subject->api_id);
    DB_GIVES(desk_board_take(test_db, &board), ERR_OK);
    if (board != NULL) {
        subject->get_id = desk_direction_of(board, subject->place.direction_id)->give->id;
        desk_board_give(board);
    }
}

static enum err create(struct subject *subject)
{
    struct desk_wish wish = desk_place_wish(&subject->place, "100");

    wish.user_id = subject->user;
    wish.partner_id = subject->partner;
    wish.key_id = subject->key_id;
    wish.api_id = subject->api_id;
    wish.access = DESK_FOR_API;
    wish.callback_url = "http://127.0.0.1:9/cb";
    return desk_bid_create(test_db, &wish, "", &subject->place.problems, &subject->place.bid);
}

static enum err move_to(struct subject *subject, enum desk_status status)
{
    struct desk_move move = {.name = {.id = subject->place.bid.id},
                             .who = DESK_OPERATOR,
                             .to = status,
                             .by = DESK_WHO,
                             .trace = ""};
    return desk_bid_move(test_db, &move, &subject->place.bid);
}

static void ready_plain(struct subject *subject)
{
    make_ready(subject, "hand");
}

static void ready_balances(struct subject *subject)
{
    make_ready(subject, "balance");
}

static void ready_new(struct subject *subject)
{
    ready_plain(subject);
    DB_GIVES(create(subject), ERR_OK);
}

static void ready_due(struct subject *subject)
{
    ready_new(subject);
    (void)db_test_number("UPDATE desk_bid SET expires_at = NOW(6) - INTERVAL 1 SECOND WHERE id = ?",
                         DB_ARGS(db_i64(subject->place.bid.id)));
}

static void ready_done(struct subject *subject)
{
    ready_new(subject);
    DB_GIVES(move_to(subject, DESK_STATUS_success), ERR_OK);
}

static void ready_orders(struct subject *subject)
{
    make_ready(subject, "checkout");
}

static void ready_order(struct subject *subject)
{
    ready_orders(subject);
    DB_GIVES(create(subject), ERR_OK);
}

static void ready_due_order(struct subject *subject)
{
    ready_order(subject);
    (void)db_test_number("UPDATE desk_bid SET expires_at = NOW(6) - INTERVAL 1 SECOND WHERE id = ?",
                         DB_ARGS(db_i64(subject->place.bid.id)));
}

static enum err pay_order(struct subject *subject)
{
    const struct actor payer = {
        .user_id = subject->user, .request_key = subject->api_id, .repeatable = true, .trace = ""};
    struct checkout_order order;
    struct uuid payment;

    return checkout_pay(test_db, &payer, &subject->place.bid.uuid, NULL, NULL, &payment, &order);
}

static void ready_paid_order(struct subject *subject)
{
    ready_order(subject);
    DB_GIVES(pay_order(subject), ERR_OK);
}

static void ready_payout(struct subject *subject)
{
    struct desk_payout payout;

    ready_done(subject);
    desk_place_fill(subject->place.give, subject->place.usd, "100");
    DB_GIVES(
        desk_payout_add(test_db, subject->partner, subject->get_id, "me@example.org", "", &payout),
        ERR_OK);
    subject->payout = payout.id;
}

static enum err pay(struct subject *subject)
{
    return move_to(subject, DESK_STATUS_payed);
}

static enum err finish(struct subject *subject)
{
    return move_to(subject, DESK_STATUS_success);
}

static enum err fail(struct subject *subject)
{
    return move_to(subject, DESK_STATUS_error);
}

/* The server may be at undoing what was killed still: its bid is locked then, and is left out. */
static enum err expire(struct subject *subject)
{
    int64_t expired = 0;
    enum err rc = desk_bid_expire_due(test_db, 10, &expired);

    for (int i = 0; rc == ERR_OK && expired == 0 && i < UNDOING_TRIES &&
                    db_test_number("SELECT COUNT(*) FROM desk_bid WHERE id = ? AND stage = 'held'",
                                   DB_ARGS(db_i64(subject->place.bid.id))) == 1;
         i++) {
        usleep(UNDOING_US);
        rc = desk_bid_expire_due(test_db, 10, &expired);
    }
    return rc;
}

static enum err add_payout(struct subject *subject)
{
    struct desk_payout payout;
    enum err rc =
        desk_payout_add(test_db, subject->partner, subject->get_id, "me@example.org", "", &payout);
    return rc == ERR_DESK_PAYOUT_LOW ? ERR_OK : rc; /* it was done before */
}

static enum err end_payout(struct subject *subject)
{
    struct desk_payout payout;
    return desk_payout_end(test_db, subject->payout, 0, DESK_PAYOUT_PAID, DESK_WHO, NULL, "",
                           &payout);
}

static void ready_balance_payout(struct subject *subject)
{
    ready_done(subject);
    desk_place_fill(subject->place.give, subject->place.usd, "100");
    DESK_SET(DESK_SYSTEMS, subject->place.give, {"pay_out", "balance"});
}

static enum err take_payout_back(struct subject *subject)
{
    struct desk_payout payout;
    return desk_payout_end(test_db, subject->payout, subject->partner, DESK_PAYOUT_WITHDRAWN, NULL,
                           NULL, "", &payout);
}

static enum err fill(struct subject *subject)
{
    return desk_reserve_book(test_db, subject->place.get,
                             (struct amount){500000, subject->place.eur}, false, subject->api_id,
                             DESK_WHO, NULL);
}

/* What must be so in the end, by SQL about the bid ?: one row for each thing that is not. */
#define STATUS_IS(status, turns)                                                              \
    "SELECT COUNT(*) FROM desk_bid AS b WHERE b.id = ? AND b.status = '" status               \
    "' AND b.turn = " turns                                                                   \
    " AND (SELECT COUNT(*) FROM event AS e WHERE e.subject = b.uuid AND e.topic = 'desk') = " \
    "b.turn - 2"
#define ORDER_IS(status, turns, order) \
    STATUS_IS(status, turns)           \
    " AND (SELECT o.status FROM checkout_order AS o WHERE o.id = b.uuid) = '" order "'"
#define PAYOUTS_ARE(status)                                                                    \
    "SELECT COUNT(*) FROM desk_payout AS o JOIN desk_bid AS b ON b.partner_id = o.partner_id " \
    "WHERE b.id = ? AND o.status = " status

static const struct {
    const char *name;
    void (*ready)(struct subject *subject);
    enum err (*act)(struct subject *subject);
    const char *holds; /* a SELECT that gives 1 in the end */
} flows[] = {
    {"a bid is made", ready_plain, create, STATUS_IS("new", "2")},
    {"a bid is done at once", ready_balances, create, STATUS_IS("success", "3")},
    {"a bid is paid", ready_new, pay, STATUS_IS("payed", "3")},
    {"a bid is done", ready_new, finish, STATUS_IS("success", "3")},
    {"a bid is undone", ready_done, fail, STATUS_IS("error", "4")},
    {"a bid expires", ready_due, expire, STATUS_IS("delete", "3")},
    {"a bid is made with its order", ready_orders, create, ORDER_IS("new", "2", "open")},
    {"a bid's order is paid", ready_order, pay_order, ORDER_IS("realpay", "3", "paid")},
    {"a bid expires with its order", ready_due_order, expire, ORDER_IS("delete", "3", "cancelled")},
    {"a bid's order is paid back", ready_paid_order, fail, ORDER_IS("error", "4", "refunded")},
    {"a payout is asked for", ready_done, add_payout, PAYOUTS_ARE("0")},
    {"a payout is paid", ready_payout, end_payout, PAYOUTS_ARE("1")},
    {"a payout is taken back", ready_payout, take_payout_back, PAYOUTS_ARE("3")},
    {"a payout goes to a balance", ready_balance_payout, add_payout, PAYOUTS_ARE("1")},
    {"a reserve is filled", ready_new, fill, STATUS_IS("new", "2")},
};

static void say(void *arg, const char *words)
{
    db_test_check(false, words, arg, __LINE__);
}

static void check_books(const char *name)
{
    char file[80];

    snprintf(file, sizeof(file), "%s", name);
    struct audit_report report = {.difference = say, .arg = file};
    DB_GIVES(audit_run(test_db, &ledger_audit, &report), ERR_OK);
    DB_GIVES(audit_run(test_db, &desk_audit, &report), ERR_OK);
    DB_GIVES(audit_run(test_db, &deal_audit, &report), ERR_OK);
    DB_GIVES(audit_run(test_db, &checkout_audit, &report), ERR_OK);
}

/* Acts in a process of its own, which is to die at a point. True where it did. */
static bool act_and_die(size_t i, struct subject *subject, unsigned point)
{
    FILE *file = fopen(db_test_crash_file, "we");
    int status = 0;

    DB_CHECK(file != NULL);
    if (file == NULL)
        return false;
    fprintf(file, "%s %u", FLOW, point);
    fclose(file);
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        /* the parent's connection is the parent's */
        if (db_open_config(&test_config, false, &test_db) != ERR_OK)
            _exit(2);
        failpoint_flow(FLOW);
        _exit(flows[i].act(subject) == ERR_OK ? 0 : 1);
    }
    DB_CHECK(pid > 0 && waitpid(pid, &status, 0) == pid);
    (void)unlink(db_test_crash_file);
    bool killed = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
    DB_CHECK(killed || (WIFEXITED(status) && WEXITSTATUS(status) == 0));
    return killed;
}

static void test_flows(void)
{
    static struct subject subject;

    for (size_t i = 0; i < TEST_COUNT(flows); i++) {
        unsigned point = 0;
        for (bool killed = true; killed && point < POINTS_MOST;) {
            point++;
            flows[i].ready(&subject);
            killed = act_and_die(i, &subject, point);
            if (killed)
                check_books(flows[i].name);
            enum err rc = flows[i].act(&subject);
            db_test_check(rc == ERR_OK, flows[i].name, __FILE__, __LINE__);
            db_test_check(db_test_number(flows[i].holds, DB_ARGS(db_i64(subject.place.bid.id))) ==
                              1,
                          flows[i].name, __FILE__, __LINE__);
            check_books(flows[i].name);
        }
        db_test_check(point > POINTS_LEAST && point < POINTS_MOST, flows[i].name, __FILE__,
                      __LINE__);
    }
}

static const struct test_case cases[] = {
    {"killed at each point", test_flows},
    {NULL, NULL},
};
const struct test_suite suite_desk_fault = {.name = "desk_fault", .cases = cases};
