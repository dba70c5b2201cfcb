/* Runs every unit suite, or those that the arguments name. Exit 0 where all hold, 1 otherwise. */
#include <stdio.h>
#include <string.h>

#include "crypto/crypto.h"
#include "tests/unit/unit.h"

/* The suites, in the order in which they run: one line for each. */
#define SUITES(X)  \
    X(err)         \
    X(text)        \
    X(encode)      \
    X(id)          \
    X(clock)       \
    X(page)        \
    X(log)         \
    X(config)      \
    X(decimal)     \
    X(currency)    \
    X(amount)      \
    X(display)     \
    X(rate)        \
    X(reckon)      \
    X(crypto)      \
    X(secp256k1)   \
    X(rights)      \
    X(otp)         \
    X(idkey)       \
    X(qr)          \
    X(router)      \
    X(request)     \
    X(fields)      \
    X(writer)      \
    X(reply)       \
    X(face)        \
    X(record)      \
    X(fiber)       \
    X(arena)       \
    X(wait)        \
    X(market_json) \
    X(routes)      \
    X(networks)    \
    X(nonce)       \
    X(net_address) \
    X(net_url)     \
    X(net_mail)    \
    X(notify)      \
    X(template)    \
    X(desk_calc)   \
    X(desk_rule)

#define X(name) extern const struct test_suite suite_##name;
SUITES(X)
#undef X

static const struct test_suite *const suites[] = {
#define X(name) &suite_##name,
    SUITES(X)
#undef X
};

void unit_check(const char *row, bool holds, const char *condition, const char *file, unsigned line)
{
    char message[512];
    snprintf(message, sizeof(message), "[%s] %s", row, condition);
    suites_assert(holds, message, file, line);
}

void unit_same(const char *row, const char *got, const char *expected, const char *file,
               unsigned line)
{
    char message[1024];
    snprintf(message, sizeof(message), "[%s] got \"%s\", expected \"%s\"", row, got, expected);
    suites_assert(strcmp(got, expected) == 0, message, file, line);
}

int main(int argc, char **argv)
{
    if (crypto_start() != ERR_OK)
        return 1;
    unit_load_currencies();
    return suites_run(suites, TEST_COUNT(suites), argc, argv);
}
