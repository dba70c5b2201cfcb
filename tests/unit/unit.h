/* Unit tests: one suite per module, one function per subject, one table row per case.
 *
 * To add a suite: write tests/unit/<module>_test.c that ends with
 *     static const struct test_case cases[] = {{"what it checks", function}, {NULL, NULL}};
 *     const struct test_suite suite_<module> = {.name = "<module>", .cases = cases};
 * and name it in the table of tests/unit/main.c. */
#ifndef TESTS_UNIT_UNIT_H
#define TESTS_UNIT_UNIT_H

#include <stdbool.h>
#include <stddef.h>

#include "money/currency.h"
#include "tests/support/suites.h"

/* Asserts `condition`; `row` says which row of a table it was, and is printed where it fails. */
#define UNIT_CHECK(row, condition) unit_check((row), (condition), #condition, __FILE__, __LINE__)

/* Asserts that two strings are the same, and prints both where they are not. */
#define UNIT_SAME(row, got, expected) unit_same((row), (got), (expected), __FILE__, __LINE__)

/* Asserts that `len` bytes are those that `expected` writes in lower-case hexadecimal. */
#define UNIT_HEX(row, got, len, expected) \
    unit_hex((row), (got), (len), (expected), __FILE__, __LINE__)

void unit_check(const char *row, bool holds, const char *condition, const char *file,
                unsigned line);
void unit_same(const char *row, const char *got, const char *expected, const char *file,
               unsigned line);

void unit_hex(const char *row, const void *got, size_t len, const char *expected, const char *file,
              unsigned line);

/* Reads hexadecimal into `out`; gives the bytes. Aborts where it is none or is longer than `room`. */
size_t unit_bytes(const char *hex, void *out, size_t room);

/* A currency of the sample table, which is loaded before the suites run: BTC USD EUR GBP AUD JPY
 * as on the exchange, and KRO (no decimals) and WEI (18 decimals). Aborts on another code. */
const struct currency *unit_currency(const char *code);

/* Loads the sample table again, for a suite that has changed it. */
void unit_load_currencies(void);

#endif
