/* The table of markets in memory, and changing their rules. */
#include "market/market.h"

#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "market/store.h"

#define RATE_MAX_DIGITS 18         /* in front of the point, as currency_rate stores it */
#define REREAD_US INT64_C(1000000) /* at most this often for a code that is not in the table */

/* By id, which is never given twice; an empty code where there is none. */
static struct market table[MARKET_MAX_COUNT + 1];
static int64_t read_us; /* when, by the monotonic clock; 0 = never */

static void keep(void *arg, const struct market *market)
{
    (void)arg;
    table[market->id] = *market;
}

/* Whether a market is the one that is looked for. */
typedef bool market_is(const struct market *market, const void *what);

static const struct market *look(market_is *is, const void *what)
{
    for (size_t i = 1; i <= MARKET_MAX_COUNT; i++)
        if (table[i].id != 0 && is(&table[i], what))
            return &table[i];
    return NULL;
}

enum err market_refresh(struct db *db)
{
    enum err rc = market_list(db, keep, NULL);
    if (rc == ERR_OK)
        read_us = clock_mono_us();
    return rc;
}

static enum err find(struct db *db, market_is *is, const void *what, const struct market **out)
{
    *out = look(is, what);
    if (*out == NULL && (read_us == 0 || clock_mono_us() - read_us > REREAD_US)) {
        enum err rc = market_refresh(db);
        if (rc != ERR_OK)
            return rc;
        *out = look(is, what);
    }
    return *out == NULL ? ERR_MARKET_UNKNOWN : ERR_OK;
}

/* A code as it stands in a path. */
struct code {
    const char *text;
    size_t len;
};

static bool has_code(const struct market *market, const void *what)
{
    const struct code *code = what;
    return strlen(market->code) == code->len && memcmp(market->code, code->text, code->len) == 0;
}

static bool has_pair(const struct market *market, const void *what)
{
    const struct currency *const *pair = what;
    return market->item == pair[0] && market->currency == pair[1];
}

static bool has_id(const struct market *market, const void *what)
{
    const uint8_t *id = what;
    return market->id == *id;
}

void market_reset(void)
{
    memset(table, 0, sizeof(table));
    read_us = 0;
}

enum err market_find(struct db *db, const char *code, size_t len, const struct market **out)
{
    struct code what = {.text = code, .len = len};
    return find(db, has_code, &what, out);
}

enum err market_between(struct db *db, const struct currency *item, const struct currency *currency,
                        const struct market **out)
{
    const struct currency *pair[] = {item, currency};
    return find(db, has_pair, pair, out);
}

enum err market_by_id(struct db *db, uint8_t id, const struct market **out)
{
    return find(db, has_id, &id, out);
}

enum err market_add(struct db *db, const struct market_rules *rules)
{
    bool resent = false;

    if (rules->amount_step.units <= 0 || rules->price_step.units <= 0 ||
        rules->min_amount.units <= 0)
        return ERR_AMOUNT_NOT_POSITIVE;
    enum err rc = market_store_add(db, rules, &resent);
    read_us = 0; /* who adds one looks for it next */
    return rc == ERR_MARKET_EXISTS && resent ? ERR_OK : rc;
}

enum err market_fee_set(struct db *db, const struct market *market, struct amount volume,
                        const char *percent)
{
    __int128 coefficient;
    unsigned scale;
    enum err rc =
        decimal_parse(percent, strlen(percent), MARKET_FEE_MAX_SCALE, &coefficient, &scale);
    if (rc != ERR_OK)
        return rc;
    if (coefficient >= 100 * decimal_power(scale))
        return ERR_OUT_OF_RANGE;
    return market_store_fee(db, market, volume, percent);
}

enum err market_rate_set(struct db *db, const struct currency *currency, const char *per_dollar)
{
    __int128 coefficient;
    unsigned scale;
    enum err rc =
        decimal_parse(per_dollar, strlen(per_dollar), MARKET_RATE_MAX_SCALE, &coefficient, &scale);
    if (rc != ERR_OK)
        return rc;
    if (coefficient == 0)
        return ERR_AMOUNT_NOT_POSITIVE;
    bool dollar = strcmp(currency->code, "USD") == 0;
    if (coefficient >= decimal_power(RATE_MAX_DIGITS + scale) ||
        (dollar && coefficient != decimal_power(scale)))
        return ERR_OUT_OF_RANGE;
    return market_store_rate(db, currency, per_dollar);
}

enum err market_void(struct db *db, int64_t tid, const char *note)
{
    bool resent = false;

    if (!text_is_utf8(note, strlen(note)))
        return ERR_NOT_UTF8;
    if (text_utf8_length(note, strlen(note)) > MARKET_NOTE_MAX)
        return ERR_TOO_LONG;
    enum err rc = market_store_void(db, tid, note, &resent);
    return rc == ERR_TRADE_VOIDED && resent ? ERR_OK : rc;
}
