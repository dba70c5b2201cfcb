/* What each side tells. A line of the database is made by SQL, one of the reference by printf, both
 * from the same words in the same order. */
#include "tests/model/compare.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/encode.h"
#include "money/amount.h"

#define LINES_MAX (512 << 20)
#define QUERY_MAX (1 << 20)
#define DIFFERENCES_SHOWN 20

/* Digits of a number wherever printf needs them; a few at a time. */
static const char *digits(__int128 number)
{
    static char texts[16][AMOUNT_TEXT_SIZE];
    static unsigned next;
    char *text = texts[next++ % 16];

    int128_format(number, text);
    return text;
}

static const char *hex(const struct uuid *id)
{
    static char texts[4][HEX_SIZE(sizeof(id->bytes))];
    static unsigned next;
    char *text = texts[next++ % 4];

    hex_encode(id->bytes, sizeof(id->bytes), text);
    return text;
}

static const char *side_name(enum ref_side side)
{
    return side == REF_BID ? "bid" : "ask";
}

static const char *const status_names[] = {
    [REF_OPEN] = "open",       [REF_INVALID] = "invalid", [REF_STOP] = "stop",
    [REF_PENDING] = "pending", [REF_DONE] = "done",       [REF_CANCELLED] = "cancelled"};
static const char *const purpose_names[] = {[REF_AVAILABLE] = "available",
                                            [REF_HELD] = "held",
                                            [REF_FEE] = "fee",
                                            [REF_ROUNDING] = "rounding",
                                            [REF_EXTERNAL] = "external"};
static const char *const ticket_names[] = {
    [REF_TICKET_OPEN] = "open",           [REF_TICKET_SETTLED] = "settled",
    [REF_TICKET_CANCELLED] = "cancelled", [REF_TICKET_REJECTED] = "rejected",
    [REF_TICKET_EXPIRED] = "expired",     [REF_TICKET_REFUNDED] = "refunded"};

/* --- orders ------------------------------------------------------------------------------------ */

#define ORDERS                                                                                     \
    "SELECT CONCAT_WS(' ', 'order', LOWER(HEX(o.oid)), 'market', o.market_id, 'user', o.user_id, " \
    "o.side, o.status, 'price', COALESCE(o.price, 0), 'stop', COALESCE(o.stop_price, 0), "         \
    "'amount', o.amount, 'remaining', o.remaining, 'funded', o.funded, 'hold', o.hold, 'fee', "    \
    "o.fee_percent, IF(o.fiat_fee, 'fiat', 'item'), 'rank', COALESCE(o.book_rank, 'none'), "       \
    "'free', COALESCE(w.free, 'none'), 'stops', s.order_id IS NOT NULL, 'from', "                  \
    "ROUND(UNIX_TIMESTAMP(o.created_at) * 1000000), 'to', "                                        \
    "COALESCE(ROUND(UNIX_TIMESTAMP(o.ended_at) * 1000000), 0)) "                                   \
    "FROM market_order AS o LEFT JOIN market_wait AS w ON w.order_id = o.id "                      \
    "LEFT JOIN market_stop AS s ON s.market_id = o.market_id AND s.side = o.side AND "             \
    "s.price = o.stop_price AND s.order_id = o.id "

static void tell_order(const struct exchange *exchange, const struct ref_order *order,
                       struct text *out)
{
    bool shown = order->status == REF_OPEN;

    text_addf(out, "order %s market %u user %" PRId64 " %s %s price %s stop %s", hex(&order->oid),
              order->market + 1, exchange->users[order->user], side_name(order->side),
              status_names[order->status], digits(order->price), digits(order->stop));
    text_addf(out, " amount %s remaining %s funded %s hold %s fee %d.%03d %s",
              digits(order->amount), digits(order->remaining), digits(order->funded),
              digits(order->hold), order->fee / 1000, order->fee % 1000,
              order->fiat_fee ? "fiat" : "item");
    text_addf(out, " rank %s free %s stops %d from %" PRId64 " to %" PRId64 "\n",
              shown ? digits(order->side == REF_BID ? -order->price : order->price) : "none",
              order->waits ? digits(order->tried_free) : "none", order->status == REF_STOP,
              order->placed_us, order->ended_us);
}

/* --- trades ------------------------------------------------------------------------------------ */

#define TRADES                                                                                     \
    "SELECT CONCAT_WS(' ', 'trade', t.tid, 'market', t.market_id, 'bid', LOWER(HEX(b.oid)), "      \
    "'ask', LOWER(HEX(a.oid)), 'buyer', t.buyer_id, 'seller', t.seller_id, 'taker', t.taker, "     \
    "'at_market', t.at_market, 'price', t.price, 'amount', t.amount, 'spent', t.spent, 'earned', " \
    "t.earned, 'fees', t.buyer_fee, t.seller_fee) "                                                \
    "FROM trade AS t JOIN market_order AS b ON b.id = t.bid_id "                                   \
    "JOIN market_order AS a ON a.id = t.ask_id "

static void tell_trade(const struct exchange *exchange, const struct ref_trade *trade,
                       struct text *out)
{
    text_addf(out, "trade %" PRId64 " market %u bid %s ask %s buyer %" PRId64 " seller %" PRId64,
              trade->tid, trade->bid->market + 1, hex(&trade->bid->oid), hex(&trade->ask->oid),
              exchange->users[trade->bid->user], exchange->users[trade->ask->user]);
    text_addf(out, " taker %s at_market %d price %s amount %s spent %s earned %s fees %s %s\n",
              side_name(trade->taker), trade->at_market, digits(trade->price),
              digits(trade->amount), digits(trade->spent), digits(trade->earned),
              digits(trade->buyer_fee), digits(trade->seller_fee));
}

/* --- accounts, levels, markets, tickets ----------------------------------------------------------- */

#define ACCOUNTS                                                                                \
    "SELECT CONCAT_WS(' ', 'account of', owner_id, purpose, 'currency', currency_id, balance, " \
    "'reserved', reserved) FROM account WHERE (balance <> 0 OR reserved <> 0)"

/* An account that nobody opened yet has nothing in it: neither side tells of empty ones. */
static void tell_account(const struct exchange *exchange, const struct ref *ref,
                         const struct ref_place *place, struct text *out)
{
    const struct ref_account *account =
        &ref->accounts[place->user][place->purpose][place->currency];

    if (account->balance != 0 || account->reserved != 0)
        text_addf(out, "account of %" PRId64 " %s currency %u %s reserved %s\n",
                  exchange->users[place->user], purpose_names[place->purpose],
                  exchange->currencies[place->currency]->id, digits(account->balance),
                  digits(account->reserved));
}

#define LEVELS \
    "SELECT CONCAT_WS(' ', 'level', market_id, side, price, 'amount', amount) FROM market_level "

static void tell_level(const struct ref *ref, const struct ref_level *level, struct text *out)
{
    __int128 amount = ref_level_amount(ref, level);

    if (amount != 0)
        text_addf(out, "level %u %s %s amount %s\n", level->market + 1, side_name(level->side),
                  digits(level->price), digits(amount));
}

#define MARKETS                                                                               \
    "SELECT CONCAT_WS(' ', 'market', id, status, 'last', COALESCE(last_price, 0), last_tid, " \
    "'stops', stops) FROM market "

static void tell_markets(const struct ref *ref, struct text *out)
{
    for (unsigned market = 0; market < REF_MARKETS; market++) {
        unsigned stops = 0;
        for (size_t i = 0; i < ref->live_count; i++)
            stops += ref->live[i]->market == market && ref->live[i]->status == REF_STOP;
        text_addf(out, "market %u %s last %s %" PRId64 " stops %u\n", market + 1,
                  ref->markets[market].halted ? "halted" : "open",
                  digits(ref->markets[market].last_price), ref->markets[market].last_tid, stops);
    }
}

#define TICKETS                                                                                    \
    "SELECT CONCAT_WS(' ', 'ticket', LOWER(HEX(id)), 'of', customer_id, 'currency', currency_id, " \
    "amount, status) FROM ticket "

static void tell_ticket(const struct exchange *exchange, const struct ref_ticket *ticket,
                        struct text *out)
{
    text_addf(out, "ticket %s of %" PRId64 " currency %u %s %s\n", hex(&ticket->id),
              exchange->users[ticket->user], exchange->currencies[ticket->currency]->id,
              digits(ticket->amount), ticket_names[ticket->status]);
}

/* --- candles and volumes ------------------------------------------------------------------------ */

#define CANDLES                                                                                 \
    "SELECT CONCAT_WS(' ', 'candle', market_id, span_s, at, open, high, low, close, 'volume', " \
    "volume, turnover, price_sum, trades) FROM market_candle "

static void tell_candles(const struct ref *ref, int64_t since, struct text *out)
{
    for (unsigned market = 0; market < REF_MARKETS; market++)
        for (unsigned span = 0; span < REF_SPANS; span++) {
            const struct ref_candles *candles = &ref->markets[market].candles[span];
            for (size_t i = candles->count; i-- > 0 && candles->list[i].at >= since;) {
                const struct ref_candle *candle = &candles->list[i];
                text_addf(out, "candle %u %d %" PRId64 " %s %s %s %s volume %s %s %s %u\n",
                          market + 1, span == 0 ? 60 : 3600, candle->at, digits(candle->open),
                          digits(candle->high), digits(candle->low), digits(candle->close),
                          digits(candle->volume), digits(candle->turnover),
                          digits(candle->price_sum), candle->trades);
            }
        }
}

#define VOLUMES                                                                                    \
    "SELECT CONCAT_WS(' ', 'volume', user_id, item_id, DATEDIFF(day, '1970-01-01'), volume) FROM " \
    "trader_volume "

static void tell_volumes(const struct exchange *exchange, const struct ref *ref, int64_t since,
                         struct text *out)
{
    for (unsigned user = 0; user < REF_USERS; user++)
        for (size_t i = 0; i < ref->volumes[user].count; i++)
            if (ref->volumes[user].list[i].day >= since)
                text_addf(out, "volume %" PRId64 " %u %" PRId64 " %s\n", exchange->users[user],
                          exchange->currencies[REF_ITEM]->id, ref->volumes[user].list[i].day,
                          digits(ref->volumes[user].list[i].volume));
}

/* --- comparing ---------------------------------------------------------------------------------- */

/* Adds the rows of a query to `out`, a line each. */
static bool read_lines(struct exchange *exchange, const struct text *query, struct text *out)
{
    struct db_rows rows = {0};
    enum err rc =
        query->full ? ERR_TOO_LARGE : db_run(exchange->db, text_string(query), DB_NO_ARGS, &rows);

    while (rc == ERR_OK && db_next(&rows)) {
        text_puts(out, db_get_text(&rows, 0));
        text_putc(out, '\n');
    }
    db_rows_free(&rows);
    if (rc != ERR_OK)
        printf("reading: %s %s\n", err_id(rc), db_problem(exchange->db));
    return rc == ERR_OK;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Cuts lines apart, in place, and sorts them. The caller frees the list. */
static char **sorted_lines(struct text *text, size_t *count)
{
    char **lines = NULL;
    char *rest = text->data, *line;

    *count = 0;
    while (rest != NULL && *rest != '\0' && (line = strsep(&rest, "\n")) != NULL) {
        lines = ref_grow(lines, *count, sizeof(lines[0]));
        lines[(*count)++] = line;
    }
    if (lines != NULL)
        qsort(lines, *count, sizeof(lines[0]), by_text);
    return lines;
}

/* Whether both texts hold the same lines, in any order; prints those that do not match. */
static bool same_lines(struct text *expected, struct text *found)
{
    size_t expected_count, found_count, i = 0, k = 0;
    unsigned differences = 0;

    if (expected->full || found->full)
        return false;
    if (expected->len == found->len &&
        memcmp(text_string(expected), text_string(found), found->len) == 0)
        return true;
    char **left = sorted_lines(expected, &expected_count);
    char **right = sorted_lines(found, &found_count);
    while ((i < expected_count || k < found_count) && differences < DIFFERENCES_SHOWN) {
        int order = i == expected_count ? 1 : k == found_count ? -1 : strcmp(left[i], right[k]);
        if (order != 0) {
            printf("%s %s\n",
                   order < 0 ? "  expected:" : "  found:   ", order < 0 ? left[i] : right[k]);
            differences++;
        }
        i += order <= 0;
        k += order >= 0;
    }
    free(left);
    free(right);
    return differences == 0;
}

/* Asks, compares and frees all three texts. */
static bool compare(struct exchange *exchange, struct text *query, struct text *expected)
{
    struct text found = TEXT(LINES_MAX);
    bool same = read_lines(exchange, query, &found) && same_lines(expected, &found);

    text_free(query);
    text_free(expected);
    text_free(&found);
    return same;
}

static void ask_step(const struct exchange *exchange, const struct ref *ref,
                     const int64_t last_tids[REF_MARKETS], struct text *query)
{
    const struct ref_touched *touched = &ref->touched;

    text_puts(query, MARKETS);
    for (unsigned market = 0; market < REF_MARKETS; market++)
        if (ref->markets[market].last_tid != last_tids[market])
            text_addf(query, "UNION ALL " TRADES "WHERE t.market_id = %u AND t.tid > %" PRId64 " ",
                      market + 1, last_tids[market]);
    if (touched->order_count > 0)
        text_puts(query, "UNION ALL " ORDERS "WHERE o.oid IN (");
    for (size_t i = 0; i < touched->order_count; i++)
        text_addf(query, "%sX'%s'%s", i == 0 ? "" : ",", hex(&touched->orders[i]->oid),
                  i + 1 == touched->order_count ? ") " : "");
    if (touched->account_count > 0)
        text_puts(query, "UNION ALL " ACCOUNTS " AND (");
    for (size_t i = 0; i < touched->account_count; i++) {
        const struct ref_place *place = &touched->accounts[i];
        text_addf(query, "%sowner_id = %" PRId64 " AND purpose = '%s' AND currency_id = %u%s",
                  i == 0 ? "" : " OR ", exchange->users[place->user], purpose_names[place->purpose],
                  exchange->currencies[place->currency]->id,
                  i + 1 == touched->account_count ? ") " : "");
    }
    for (size_t i = 0; i < touched->level_count; i++)
        text_addf(query, "%smarket_id = %u AND side = '%s' AND price = %s ",
                  i == 0 ? "UNION ALL " LEVELS "WHERE " : "OR ", touched->levels[i].market + 1,
                  side_name(touched->levels[i].side), digits(touched->levels[i].price));
    if (touched->ticket != NULL)
        text_addf(query, "UNION ALL " TICKETS "WHERE id = X'%s'", hex(&touched->ticket->id));
}

bool compare_step(struct exchange *exchange, const struct ref *ref,
                  const int64_t last_tids[REF_MARKETS])
{
    const struct ref_touched *touched = &ref->touched;
    struct text query = TEXT(QUERY_MAX), expected = TEXT(LINES_MAX);

    ask_step(exchange, ref, last_tids, &query);
    tell_markets(ref, &expected);
    for (size_t i = touched->first_trade; i < ref->trade_count; i++)
        tell_trade(exchange, &ref->trades[i], &expected);
    for (size_t i = 0; i < touched->order_count; i++)
        tell_order(exchange, touched->orders[i], &expected);
    for (size_t i = 0; i < touched->account_count; i++)
        tell_account(exchange, ref, &touched->accounts[i], &expected);
    for (size_t i = 0; i < touched->level_count; i++)
        tell_level(ref, &touched->levels[i], &expected);
    if (touched->ticket != NULL)
        tell_ticket(exchange, touched->ticket, &expected);
    return compare(exchange, &query, &expected);
}

/* What holds now; orders and trades are the caller's. */
static void tell_now(const struct exchange *exchange, const struct ref *ref, struct text *out)
{
    size_t waits = 0;

    tell_markets(ref, out);
    for (unsigned user = 0; user < REF_USERS; user++)
        for (unsigned purpose = 0; purpose < REF_PURPOSES; purpose++)
            for (unsigned currency = 0; currency < REF_CURRENCIES; currency++)
                tell_account(
                    exchange, ref,
                    &(struct ref_place){.user = user, .purpose = purpose, .currency = currency},
                    out);
    for (size_t i = 0; i < ref->live_count; i++) {
        const struct ref_order *order = ref->live[i];
        struct ref_level level = {order->market, order->side, order->price};
        bool first = order->status == REF_OPEN;
        for (size_t k = 0; k < i && first; k++)
            first = ref->live[k]->status != REF_OPEN || ref->live[k]->market != level.market ||
                    ref->live[k]->side != level.side || ref->live[k]->price != level.price;
        if (first)
            tell_level(ref, &level, out);
        waits += order->waits;
    }
    text_addf(out, "waiting %zu\n", waits);
}

#define NOW                                            \
    MARKETS "UNION ALL " ACCOUNTS " UNION ALL " LEVELS \
            "UNION ALL SELECT CONCAT('waiting ', COUNT(*)) FROM market_wait UNION ALL "

bool compare_book(struct exchange *exchange, const struct ref *ref, int64_t since_us)
{
    struct text query = TEXT(QUERY_MAX), expected = TEXT(LINES_MAX);
    int64_t hour = since_us / INT64_C(3600000000) * 3600, day = hour / 86400;

    /* With its owners named, the index of live orders is used. */
    text_puts(&query, NOW ORDERS "WHERE o.ended_at IS NULL AND o.user_id IN (0");
    for (unsigned user = 0; user < REF_USERS; user++)
        text_addf(&query, ",%" PRId64, exchange->users[user]);
    text_addf(&query,
              ") UNION ALL " CANDLES "WHERE market_id IN (1, 2) AND span_s IN (60, 3600) AND "
              "at >= %" PRId64 " UNION ALL " VOLUMES "WHERE day >= FROM_DAYS(%" PRId64 ")",
              hour, day + 719528); /* of 1970-01-01 */
    tell_now(exchange, ref, &expected);
    for (size_t i = 0; i < ref->live_count; i++)
        tell_order(exchange, ref->live[i], &expected);
    tell_candles(ref, hour, &expected);
    tell_volumes(exchange, ref, day, &expected);
    return compare(exchange, &query, &expected);
}

bool compare_everything(struct exchange *exchange, const struct ref *ref)
{
    struct text query = TEXT(QUERY_MAX), expected = TEXT(LINES_MAX);

    text_puts(&query, NOW ORDERS "UNION ALL " TRADES "UNION ALL " TICKETS "UNION ALL " CANDLES
                                 "UNION ALL " VOLUMES);
    tell_now(exchange, ref, &expected);
    for (size_t i = 0; i < ref->order_count; i++)
        tell_order(exchange, ref->orders[i], &expected);
    for (size_t i = 0; i < ref->trade_count; i++)
        tell_trade(exchange, &ref->trades[i], &expected);
    for (size_t i = 0; i < ref->ticket_count; i++)
        tell_ticket(exchange, &ref->tickets[i], &expected);
    tell_candles(ref, 0, &expected);
    tell_volumes(exchange, ref, 0, &expected);
    return compare(exchange, &query, &expected);
}

bool compare_trades(struct exchange *exchange, struct text *lines)
{
    struct text query = TEXT(QUERY_MAX);

    text_puts(&query, TRADES "ORDER BY t.tid");
    bool read = read_lines(exchange, &query, lines);
    text_free(&query);
    return read;
}
