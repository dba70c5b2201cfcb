/* The table of currencies. */
#include "money/currency.h"

#include <string.h>

static struct currency table[CURRENCY_MAX_COUNT];
static size_t count;

static bool is_terminated(const char *text, size_t size)
{
    return memchr(text, '\0', size) != NULL;
}

/* 1 to 8 characters, capital letters and digits. */
static bool is_code(const char code[CURRENCY_CODE_SIZE])
{
    if (!is_terminated(code, CURRENCY_CODE_SIZE) || code[0] == '\0')
        return false;
    return strspn(code, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") == strlen(code);
}

bool currency_add(const struct currency *currency)
{
    if (count == CURRENCY_MAX_COUNT || currency->id == 0 || !is_code(currency->code) ||
        !is_terminated(currency->name, sizeof(currency->name)) ||
        !is_terminated(currency->symbol, sizeof(currency->symbol)) ||
        currency->decimals > CURRENCY_MAX_DECIMALS ||
        currency->display_decimals > currency->decimals)
        return false;
    if (currency_by_id(currency->id) != NULL ||
        currency_by_code(currency->code, strlen(currency->code)) != NULL)
        return false;
    table[count++] = *currency;
    return true;
}

void currency_reset(void)
{
    count = 0;
}

const struct currency *currency_by_id(uint16_t id)
{
    for (size_t i = 0; i < count; i++)
        if (table[i].id == id)
            return &table[i];
    return NULL;
}

const struct currency *currency_by_code(const char *code, size_t len)
{
    for (size_t i = 0; i < count; i++)
        if (strlen(table[i].code) == len && memcmp(table[i].code, code, len) == 0)
            return &table[i];
    return NULL;
}

const struct currency *currency_at(size_t index)
{
    return index < count ? &table[index] : NULL;
}
