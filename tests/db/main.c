/* Runs every database suite, or those that the arguments name. Exit 0 where all hold, 1 otherwise. */
#include "tests/db/db.h"

/* The suites, in the order in which they run: one line for each. */
#define SUITES(X)       \
    X(schema)           \
    X(share)            \
    X(reach)            \
    X(packet)           \
    X(identity)         \
    X(request)          \
    X(api_key)          \
    X(info)             \
    X(audit)            \
    X(close)            \
    X(ledger)           \
    X(ticket)           \
    X(checkout)         \
    X(list)             \
    X(notify)           \
    X(outbox_migration) \
    X(matching)         \
    X(change)           \
    X(market)           \
    X(sale)             \
    X(archive)          \
    X(market_data)      \
    X(market_book)      \
    X(stream)           \
    X(desk)             \
    X(desk_list)        \
    X(desk_reward)      \
    X(desk_people)      \
    X(desk_fault)       \
    X(deal)             \
    X(deposit)          \
    X(payout)           \
    X(bitcoin)          \
    X(payout_send)      \
    X(payout_operate)   \
    X(provider)

#define X(name) extern const struct test_suite suite_##name;
SUITES(X)
#undef X

static const struct test_suite *const suites[] = {
#define X(name) &suite_##name,
    SUITES(X)
#undef X
};

int main(int argc, char **argv)
{
    if (!db_test_start())
        return 1;
    int status = suites_run(suites, TEST_COUNT(suites), argc, argv);
    db_test_end();
    return status;
}
