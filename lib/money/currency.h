/* The currencies: a small table, loaded once from the schema and then read-only. */
#ifndef MONEY_CURRENCY_H
#define MONEY_CURRENCY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CURRENCY_CODE_SIZE 9   /* at most 8 characters and a NUL */
#define CURRENCY_MAX_COUNT 256 /* rows that the table holds */
#define CURRENCY_MAX_DECIMALS 18

struct currency {
    uint16_t id;                   /* the schema's key, from 1 */
    char code[CURRENCY_CODE_SIZE]; /* "BTC" */
    char name[64];                 /* "Bitcoin" */
    char symbol[16];               /* "$", UTF-8; for some the code itself */
    uint8_t decimals;              /* digits of the smallest unit: BTC 8, USD 5, JPY 3 */
    uint8_t display_decimals;      /* digits of display_short */
    bool symbol_after;             /* symbol follows the number, after U+00A0 */
    bool is_virtual;               /* a coin, not a national currency */
};

/* Adds a row; the first call after currency_reset starts an empty table. False where the table is
 * full, the id or code is taken or a bound is broken. */
bool currency_add(const struct currency *currency);

/* Empties the table (before a reload). */
void currency_reset(void);

/* The currency of that id or code (upper case, exact), or NULL. The pointer stays valid until
 * currency_reset. */
const struct currency *currency_by_id(uint16_t id);
const struct currency *currency_by_code(const char *code, size_t len);

/* Row `index` in order of adding, or NULL past the end. */
const struct currency *currency_at(size_t index);

#endif
