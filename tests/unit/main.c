/* Runs every unit suite, or those that the arguments name. Exit 0 where all hold, 1 otherwise. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/encode.h"
#include "base/text.h"
#include "crypto/crypto.h"
#include "tests/unit/unit.h"

/* The suites, in the order in which they run: one line for each. */
#define SUITES(X)      \
    X(err)             \
    X(text)            \
    X(encode)          \
    X(id)              \
    X(clock)           \
    X(page)            \
    X(rail_units)      \
    X(log)             \
    X(config)          \
    X(decimal)         \
    X(currency)        \
    X(amount)          \
    X(display)         \
    X(rate)            \
    X(reckon)          \
    X(certificate)     \
    X(cluster)         \
    X(crypto)          \
    X(secp256k1)       \
    X(base58)          \
    X(hd_key)          \
    X(rlp)             \
    X(ethereum)        \
    X(erc20)           \
    X(bitcoin_address) \
    X(bitcoin_tx)      \
    X(bitcoin_plan)    \
    X(node_answer)     \
    X(rights)          \
    X(otp)             \
    X(idkey)           \
    X(qr)              \
    X(router)          \
    X(request)         \
    X(fields)          \
    X(writer)          \
    X(reply)           \
    X(face)            \
    X(record)          \
    X(frame)           \
    X(fiber)           \
    X(arena)           \
    X(wait)            \
    X(market_json)     \
    X(routes)          \
    X(networks)        \
    X(nonce)           \
    X(token)           \
    X(net_address)     \
    X(net_url)         \
    X(net_mail)        \
    X(notify)          \
    X(template)        \
    X(desk_calc)       \
    X(desk_offer)      \
    X(desk_rule)       \
    X(desk_feed)

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

void unit_hex(const char *row, const void *got, size_t len, const char *expected, const char *file,
              unsigned line)
{
    struct text text = TEXT(1 << 20);

    text_hex(&text, got, len);
    if (strcmp(text_string(&text), expected) != 0)
        fprintf(stderr, "got %s\n", text_string(&text));
    unit_check(row, strcmp(text_string(&text), expected) == 0, expected, file, line);
    text_free(&text);
}

size_t unit_bytes(const char *hex, void *out, size_t room)
{
    size_t len = strlen(hex) / 2;

    if (len > room || !hex_decode(hex, strlen(hex), out, len)) {
        fprintf(stderr, "not hexadecimal: %s\n", hex);
        abort();
    }
    return len;
}

int main(int argc, char **argv)
{
    if (crypto_start() != ERR_OK)
        return 1;
    unit_load_currencies();
    return suites_run(suites, TEST_COUNT(suites), argc, argv);
}
