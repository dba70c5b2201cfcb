/* Doing an operation on both sides, and comparing. */
#include "tests/model/driver.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "money/amount.h"
#include "tests/model/choice.h"
#include "tests/model/compare.h"

#define START_US (INT64_C(20454) * 86400 * 1000000) /* 2026-01-01 */

struct driver {
    struct exchange exchange;
    struct ref ref;
    struct choice choice;
    uint64_t steps;
};

/* --- doing an operation on both sides: each gives whether they agree --------------------------- */

static bool agree(enum err found, enum err expected)
{
    if (found != expected)
        printf("  expected: %s\n  found:    %s\n", err_id(expected), err_id(found));
    return found == expected;
}

static bool do_place(struct driver *driver, const struct operation *operation)
{
    struct uuid oid = {0}, again = {0};
    enum err found = exchange_place(&driver->exchange, &operation->placement, &oid);
    bool same = agree(found, ref_place(&driver->ref, &operation->placement, &oid));

    /* The same request once more makes no second order. */
    if (found != ERR_OK || operation->again == NOT_AGAIN)
        return same;
    bool repeatable = operation->again == AGAIN_REPEATABLE;
    found = exchange_place_again(&driver->exchange, &operation->placement, repeatable, &again);
    return same && agree(found, repeatable ? ERR_OK : ERR_REPLAYED) &&
           (!repeatable || memcmp(&oid, &again, sizeof(oid)) == 0);
}

static bool do_cancel(struct driver *driver, const struct operation *operation)
{
    return agree(exchange_cancel(&driver->exchange, operation->user, &operation->oid),
                 ref_cancel(&driver->ref, operation->user, &operation->oid));
}

static void print_operation(const struct driver *driver, const struct operation *operation);

/* Each is chosen by what the reference has become through those before it. */
static bool do_together(struct driver *driver, const struct operation *operation)
{
    struct operation chosen[MARKET_BATCH_MAX];
    struct market_change changes[MARKET_BATCH_MAX] = {0};
    enum err expected[MARKET_BATCH_MAX], found[MARKET_BATCH_MAX];
    size_t count = (size_t)operation->limit;
    bool same = true;

    for (size_t i = 0; i < count; i++) {
        struct operation *one = &chosen[i];
        choose_change(&driver->choice, &driver->ref, one);
        if (one->kind == OPERATION_PLACE) {
            changes[i] = exchange_placing(&driver->exchange, &one->placement, &one->oid);
            expected[i] = ref_place(&driver->ref, &one->placement, &one->oid);
        } else {
            changes[i] = (struct market_change){.kind = MARKET_CANCEL,
                                                .user_id = driver->exchange.users[one->user],
                                                .oid = one->oid};
            expected[i] = ref_cancel(&driver->ref, one->user, &one->oid);
        }
    }
    exchange_together(&driver->exchange, changes, count, found);
    for (size_t i = 0; i < count; i++) {
        same = same && agree(found[i], expected[i]);
        if (!same)
            print_operation(driver, &chosen[i]);
    }
    driver->steps += count - 1;
    return same;
}

static bool do_halt(struct driver *driver, const struct operation *operation)
{
    ref_halt(&driver->ref, operation->market, operation->kind == OPERATION_HALT);
    return agree(
        exchange_halt(&driver->exchange, operation->market, operation->kind == OPERATION_HALT),
        ERR_OK);
}

static bool agree_count(enum err rc, int64_t found, int64_t expected)
{
    if (rc == ERR_OK && found != expected)
        printf("  expected: %" PRId64 "\n  found:    %" PRId64 "\n", expected, found);
    return agree(rc, ERR_OK) && found == expected;
}

static bool do_wake(struct driver *driver, const struct operation *operation)
{
    int64_t tried = -1;
    enum err rc = exchange_wake(&driver->exchange, operation->limit, &tried);
    return agree_count(rc, tried, ref_wake(&driver->ref, operation->limit));
}

static bool do_credit(struct driver *driver, const struct operation *operation)
{
    ref_credit(&driver->ref, operation->user, operation->currency, operation->amount);
    return agree(
        exchange_credit(&driver->exchange, operation->user, operation->currency, operation->amount),
        ERR_OK);
}

static bool do_ticket_open(struct driver *driver, const struct operation *operation)
{
    struct uuid id = {0};
    enum err found = exchange_ticket_open(&driver->exchange, operation->user, operation->currency,
                                          operation->amount, &id);
    return agree(found, ref_ticket_open(&driver->ref, operation->user, operation->currency,
                                        operation->amount, &id));
}

static bool do_ticket_end(struct driver *driver, const struct operation *operation)
{
    const struct ref_ticket *ticket = &driver->ref.tickets[operation->ticket];
    enum err found =
        exchange_ticket_end(&driver->exchange, ticket, operation->ticket, operation->ticket_status);
    return agree(found, ref_ticket_end(&driver->ref, operation->ticket, operation->ticket_status));
}

static bool do_ticket_expire(struct driver *driver, const struct operation *operation)
{
    int64_t released = -1;
    (void)operation;
    enum err rc = exchange_ticket_expire(&driver->exchange, &released);
    return agree_count(rc, released, ref_ticket_expire(&driver->ref));
}

static bool (*const doers[])(struct driver *, const struct operation *) = {
    [OPERATION_PLACE] = do_place,           [OPERATION_CANCEL] = do_cancel,
    [OPERATION_TOGETHER] = do_together,     [OPERATION_HALT] = do_halt,
    [OPERATION_RESUME] = do_halt,           [OPERATION_WAKE] = do_wake,
    [OPERATION_CREDIT] = do_credit,         [OPERATION_TICKET_OPEN] = do_ticket_open,
    [OPERATION_TICKET_END] = do_ticket_end, [OPERATION_TICKET_EXPIRE] = do_ticket_expire,
};

/* --- the run ------------------------------------------------------------------------------------ */

static void print_operation(const struct driver *driver, const struct operation *operation)
{
    const int64_t *users = driver->exchange.users;
    char amount[AMOUNT_TEXT_SIZE], price[AMOUNT_TEXT_SIZE], stop[AMOUNT_TEXT_SIZE];
    const struct ref_placement *placement = &operation->placement;

    if (operation->kind == OPERATION_PLACE) {
        int128_format(placement->amount, amount);
        int128_format(placement->price, price);
        int128_format(placement->stop, stop);
        printf("place user %" PRId64 " market %u %s amount %s price %s stop %s%s\n",
               users[placement->user], placement->market + 1,
               placement->side == REF_BID ? "bid" : "ask", amount, price, stop,
               placement->fiat_fee ? " fiat fee" : "");
        return;
    }
    int128_format(operation->amount, amount);
    printf("%s user %" PRId64 " currency %u market %u amount %s limit %d ticket %zu status %d\n",
           operation_names[operation->kind], users[operation->user], operation->currency,
           operation->market + 1, amount, operation->limit, operation->ticket,
           (int)operation->ticket_status);
}

/* One operation at a new time, and the look at what it touched. */
static bool step(struct driver *driver, int64_t *now_us)
{
    struct operation operation;
    int64_t last_tids[REF_MARKETS];

    *now_us += choose_pause(&driver->choice) * EXCHANGE_TICK_US;
    for (unsigned market = 0; market < REF_MARKETS; market++)
        last_tids[market] = driver->ref.markets[market].last_tid;
    ref_step(&driver->ref, *now_us);
    exchange_at(&driver->exchange, *now_us);
    choose_operation(&driver->choice, &driver->ref, &operation);
    bool same = doers[operation.kind](driver, &operation);
    /* Both are worth seeing. */
    same = compare_step(&driver->exchange, &driver->ref, last_tids) && same;
    if (!same)
        print_operation(driver, &operation);
    driver->steps++;
    return same;
}

/* Markets with steps and a least amount of their own, and what everybody has at the beginning: some
 * have much, some little, some of one thing only. */
static void make_world(struct ref *ref)
{
    ref->now_us = START_US;
    ref->markets[0] = (struct ref_market){.amount_step = 1, .price_step = 1, .min_amount = 1000000};
    ref->markets[1] =
        (struct ref_market){.amount_step = 1000, .price_step = 10, .min_amount = 2000000};
}

static bool endow(struct driver *driver)
{
    static const int64_t wealth[REF_CURRENCIES] = {INT64_C(20000000000), INT64_C(2000000000),
                                                   INT64_C(2000000000)};
    int64_t today = START_US / INT64_C(86400000000);

    for (unsigned user = 1; user < REF_PARTNER; user++)
        for (unsigned currency = 0; currency < REF_CURRENCIES; currency++) {
            struct operation operation = {.user = user,
                                          .currency = currency,
                                          .amount = wealth[currency] / (1 << user) + user};
            if (user % 4 != currency && !do_credit(driver, &operation))
                return false;
        }
    /* What was traded before counts for a while: one volume on its last day, one a day too old. */
    for (unsigned user = 1; user <= 4; user++) {
        struct text sql = TEXT(256);
        int64_t day = today - (user % 2 == 0 ? 29 : 30);
        ref_count_volume(&driver->ref, user, day, (__int128)user * 10000000000);
        text_addf(&sql,
                  "INSERT INTO trader_volume VALUES (%" PRId64 ", 1, FROM_DAYS(%" PRId64
                  "), %" PRId64 ")",
                  driver->exchange.users[user], day + 719528, user * INT64_C(10000000000));
        scratch_run(driver->exchange.scratch.owner, text_string(&sql));
        text_free(&sql);
    }
    return true;
}

static bool run_steps(struct driver *driver, const struct driver_run *run)
{
    int64_t now_us = START_US, looked_us = START_US;
    int64_t end_us =
        run->seconds == 0 ? INT64_MAX : clock_mono_us() + (int64_t)run->seconds * 1000000;
    bool same = endow(driver);

    while (same && driver->steps < run->steps && clock_mono_us() < end_us) {
        uint64_t before = driver->steps;
        same = step(driver, &now_us);
        if (same && driver->steps / run->check_every != before / run->check_every) {
            same = compare_book(&driver->exchange, &driver->ref, looked_us);
            looked_us = now_us;
        }
    }
    if (!same || !compare_everything(&driver->exchange, &driver->ref))
        return false;
    /* Volumes that no trade made are not for the audit. */
    scratch_run(driver->exchange.scratch.owner,
                "DELETE FROM trader_volume WHERE day < '2026-01-01'");
    return exchange_audit(&driver->exchange) == 0;
}

static void print_figures(const struct driver *driver, uint64_t seed)
{
    size_t counts[REF_CANCELLED + 1] = {0};

    for (size_t i = 0; i < driver->ref.order_count; i++)
        counts[driver->ref.orders[i]->status]++;
    printf("seed %" PRIu64 ", %" PRIu64
           " steps: %zu orders, %zu trades; open %zu, invalid %zu, stop %zu, pending "
           "%zu, done %zu, cancelled %zu; %zu tickets\n",
           seed, driver->steps, driver->ref.order_count, driver->ref.trade_count, counts[REF_OPEN],
           counts[REF_INVALID], counts[REF_STOP], counts[REF_PENDING], counts[REF_DONE],
           counts[REF_CANCELLED], driver->ref.ticket_count);
}

bool driver_run(struct driver_run *run, struct text *trades)
{
    struct driver *driver = calloc(1, sizeof(*driver));
    if (driver == NULL)
        abort();
    make_world(&driver->ref);
    choice_start(&driver->choice, run->seed);
    bool same = exchange_open(&driver->exchange, &driver->ref) && run_steps(driver, run);
    if (!same)
        printf("seed %" PRIu64 ", step %" PRIu64 ": not the same\n", run->seed, driver->steps);
    print_figures(driver, run->seed);
    run->steps = driver->steps;
    run->traded = driver->ref.trade_count;
    same = compare_trades(&driver->exchange, trades) && same;
    exchange_close(&driver->exchange);
    ref_free(&driver->ref);
    free(driver);
    return same;
}
