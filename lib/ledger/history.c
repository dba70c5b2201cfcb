/* The history of a wallet, page by page. */
#include <string.h>

#include "base/text.h"
#include "ledger/ledger.h"
#include "money/display.h"

const char *const ledger_types[] = {"deposit", "withdraw", "fee",    "in",
                                    "out",     "spent",    "earned", NULL};

#define HISTORY_FROM                                                              \
    "FROM account AS a JOIN entry AS e ON e.account_id = a.id JOIN journal AS j " \
    "ON j.id = e.journal_id "
/* `currency` is the condition on it, which takes one argument. */
#define HISTORY_WHERE(currency)                                                                 \
    "WHERE a.owner_id = ? AND a.purpose = 'available' "                                         \
    "AND " currency " AND (? IS NULL OR e.type = ?) "                                           \
    "AND (? = 0 OR j.at >= FROM_UNIXTIME(?)) AND (? = 0 OR j.at < FROM_UNIXTIME(?)) "           \
    "AND (? = 0 OR j.id = (SELECT journal_id FROM trade WHERE market_id = ? MOD 100 AND tid = " \
    "?)) "

/* One wallet is read along its index, all of them are sorted. */
#define ONE_WALLET "a.currency_id = ?"
#define ALL_WALLETS "? IS NULL"

/* A trade's journal says nothing of it: the words of its lines are made from the trade. */
#define HISTORY_TRADE                                                                       \
    "LEFT JOIN (trade AS t JOIN market AS m ON m.id = t.market_id JOIN market_order AS o) " \
    "ON t.journal_id = j.id AND o.id = IF(t.buyer_id = a.owner_id, t.bid_id, t.ask_id) "

void ledger_copy_percent(char out[LEDGER_PERCENT_SIZE], const char *text)
{
    text_copy(out, LEDGER_PERCENT_SIZE, text);
    if (strchr(out, '.') == NULL)
        return;
    size_t len = strlen(out);
    while (out[len - 1] == '0')
        out[--len] = '\0';
    if (out[len - 1] == '.')
        out[--len] = '\0';
}

void ledger_trade_words(const struct ledger_trade *trade, bool fee, struct text *out)
{
    char amount[AMOUNT_TEXT_SIZE], price[DISPLAY_SIZE];
    const char *item = trade->amount.currency->code;

    amount_format(trade->amount, amount);
    display_full(trade->price, price);
    text_addf(out, "%s %s: [tid:%lld] %s %s at %s", item, trade->bought ? "bought" : "sold",
              (long long)trade->tid, amount, item, price);
    if (fee)
        text_addf(out, " (%s%% fee)", trade->fee_percent);
}

static enum err count_history(struct db *db, bool one, struct db_args args, uint64_t *records)
{
    struct db_rows rows = {0};
    enum err rc = db_run(db,
                         one ? "SELECT COUNT(*) " HISTORY_FROM HISTORY_WHERE(ONE_WALLET)
                             : "SELECT COUNT(*) " HISTORY_FROM HISTORY_WHERE(ALL_WALLETS),
                         args, &rows);
    if (rc == ERR_OK && db_next(&rows))
        *records = db_get_u64(&rows, 0);
    db_rows_free(&rows);
    return rc;
}

static void read_line(const struct db_rows *rows, struct ledger_line *line)
{
    const struct currency *currency = currency_by_id((uint16_t)db_get_u64(rows, 17));
    __int128 value = db_get_i128(rows, 3);
    *line = (struct ledger_line){
        .index = db_get_u64(rows, 0),
        .date = db_get_i64(rows, 1),
        .type = db_get_text(rows, 2),
        .value = {.units = value < 0 ? -value : value, .currency = currency},
        .balance = {.units = db_get_i128(rows, 4), .currency = currency},
        .info = db_get_text(rows, 5),
        .journal_kind = db_get_text(rows, 6),
        .has_ref = !db_is_null(rows, 7),
        .ref = db_get_uuid(rows, 7),
    };
}

/* The columns behind those of a line; false where the line is of no trade. */
static bool read_trade(const struct db_rows *rows, struct ledger_trade *trade)
{
    if (db_is_null(rows, 8))
        return false;
    const struct currency *item = currency_by_id((uint16_t)db_get_u64(rows, 9));
    const struct currency *currency = currency_by_id((uint16_t)db_get_u64(rows, 10));
    *trade = (struct ledger_trade){
        .tid = db_get_i64(rows, 8),
        .amount = {.units = db_get_i128(rows, 11), .currency = item},
        .price = {.units = db_get_i128(rows, 12), .currency = currency},
        .at_market = db_get_u64(rows, 13) != 0,
        .bought = db_get_u64(rows, 14) != 0,
        .oid = db_get_uuid(rows, 15),
    };
    ledger_copy_percent(trade->fee_percent, db_get_text(rows, 16));
    return true;
}

#define HISTORY_LINES                                                                  \
    "SELECT e.seq, UNIX_TIMESTAMP(j.at) DIV 1, e.type, e.amount, e.balance, e.info, "  \
    "j.kind, j.ref, t.tid, m.item_id, m.currency_id, t.amount, t.price, t.at_market, " \
    "t.buyer_id = a.owner_id, o.oid, o.fee_percent, a.currency_id " HISTORY_FROM HISTORY_TRADE

enum err ledger_history(struct db *db, int64_t user_id, const struct ledger_filter *filter,
                        void (*line)(void *arg, const struct ledger_line *line), void *arg,
                        struct page *page)
{
    const struct db_arg where[] = {
        db_i64(user_id),
        filter->currency == NULL ? db_null() : db_u64(filter->currency->id),
        db_text(filter->type),
        db_text(filter->type),
        db_i64(filter->since),
        db_i64(filter->since),
        db_i64(filter->until),
        db_i64(filter->until),
        db_i64(filter->trade_id),
        db_i64(filter->trade_id),
        db_i64(filter->trade_id),
        db_i64(0),
        db_i64(0),
    };
    struct db_arg args[sizeof(where) / sizeof(where[0])];
    size_t count = sizeof(where) / sizeof(where[0]);
    struct db_rows rows = {0};
    struct ledger_line row;
    struct ledger_trade trade;
    uint64_t records = 0;
    bool one = filter->currency != NULL;

    enum err rc =
        count_history(db, one, (struct db_args){.list = where, .count = count - 2}, &records);
    if (rc != ERR_OK)
        return rc;
    *page = page_of(records, filter->page, LEDGER_HISTORY_PAGE);
    memcpy(args, where, sizeof(args));
    args[count - 2] = db_i64(page_offset(page));
    args[count - 1] = db_i64(page->size);
    rc = db_run(
        db,
        one ? HISTORY_LINES HISTORY_WHERE(ONE_WALLET) "ORDER BY e.seq DESC LIMIT ?, ?"
            : HISTORY_LINES HISTORY_WHERE(
                  ALL_WALLETS) "ORDER BY e.journal_id DESC, e.account_id, e.seq DESC LIMIT ?, ?",
        (struct db_args){.list = args, .count = count}, &rows);
    while (rc == ERR_OK && db_next(&rows)) {
        read_line(&rows, &row);
        row.trade = read_trade(&rows, &trade) ? &trade : NULL;
        line(arg, &row);
    }
    db_rows_free(&rows);
    return rc;
}
