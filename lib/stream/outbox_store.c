/* The SQL of the stream's outbox. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "identity/sql.h"
#include "ledger/sql.h"
#include "market/sql.h"
#include "money/decimal.h"
#include "notify/sql.h"
#include "notify/stream_event.h"
#include "payout/sql.h"
#include "stream/outbox.h"

/* A posting gives a row for each of its lines that is in somebody's history, or one where it has
 * none; everything else gives one row. */
static const char select_rows[] =
    "SELECT e.id, e.kind, CAST(UNIX_TIMESTAMP(e.at) * 1000000 AS SIGNED), "
    "e.at < NOW(6) - INTERVAL ? SECOND, COALESCE(e.market_id, t.market_id), "
    "COALESCE(e.side, o.side, t.taker), COALESCE(e.price, o.price, t.price), "
    "COALESCE(e.amount, t.amount), e.total, e.word, "
    "o.oid, ou.uuid, o.stop_price, UNIX_TIMESTAMP(o.created_at) DIV 1, "
    "t.tid, t.at_market, buyer.uuid, seller.uuid, "
    "a.id, line.seq, a.currency_id, line.type, line.amount, line.balance, line.info, "
    "owner.uuid, j.ref, t.amount, t.price, t.buyer_id = a.owner_id, own.oid, own.fee_percent, "
    "e.order_id, e.amount, p.uuid, p.reference, pu.uuid "
    "FROM (SELECT * FROM " NOTIFY_SQL_STREAM " AS told ORDER BY id LIMIT ?) AS e "
    "LEFT JOIN " MARKET_SQL_ORDERS
    " AS o ON e.kind <> 'payout' AND o.id = e.order_id LEFT JOIN " IDENTITY_SQL_USERS
    " AS ou ON ou.id = o.user_id "
    "LEFT JOIN " LEDGER_SQL_JOURNALS " AS j ON j.id = e.journal_id "
    "LEFT JOIN " MARKET_SQL_TRADES " AS t ON t.journal_id = e.journal_id "
    "LEFT JOIN " IDENTITY_SQL_USERS " AS buyer ON buyer.id = t.buyer_id "
    "LEFT JOIN " IDENTITY_SQL_USERS " AS seller ON seller.id = t.seller_id "
    "LEFT JOIN (" LEDGER_SQL_ENTRIES " AS line JOIN " LEDGER_SQL_ACCOUNTS
    " AS a ON a.id = line.account_id "
    "AND a.purpose = 'available' JOIN " IDENTITY_SQL_USERS " AS owner ON owner.id = a.owner_id) "
    "ON line.journal_id = e.journal_id "
    "LEFT JOIN " MARKET_SQL_ORDERS
    " AS own ON own.id = IF(t.buyer_id = a.owner_id, t.bid_id, t.ask_id) "
    "LEFT JOIN " PAYOUT_SQL_PAYOUTS
    " AS p ON e.kind = 'payout' AND p.id = e.order_id LEFT JOIN " IDENTITY_SQL_USERS
    " AS pu ON pu.id = p.user_id "
    "ORDER BY e.id, a.id, line.seq";

enum column {
    /* of any row */
    ID,
    KIND,
    AT,
    STALE,
    MARKET,
    SIDE,
    PRICE,
    AMOUNT,
    TOTAL,
    WORD,
    /* of an order's */
    OID,
    USER,
    STOP,
    DATE,
    /* of a trade's */
    TID,
    AT_MARKET,
    BUYER,
    SELLER,
    /* of a line's */
    ACCOUNT,
    SEQ,
    CURRENCY,
    LINE_TYPE,
    LINE_AMOUNT,
    LINE_BALANCE,
    LINE_INFO,
    OWNER,
    REF,
    /* of a line's of a trade */
    TRADE_AMOUNT,
    TRADE_PRICE,
    BOUGHT,
    OWN_OID,
    OWN_FEE,
    /* of a payout's */
    PAYOUT,
    CONFIRMATIONS,
    PAYOUT_UUID,
    REFERENCE,
    PAYOUT_USER
};

/* What one pass over the rows shares. */
struct reader {
    const struct db_rows *rows;
    const struct stream_market *markets;
    size_t count;
    void (*row)(void *arg, const struct stream_row *row);
    void *arg;
};

static struct amount money(const struct db_rows *rows, unsigned col,
                           const struct currency *currency)
{
    return (struct amount){.units = db_get_i128(rows, col),
                           .currency = db_is_null(rows, col) ? NULL : currency};
}

static const struct stream_market *find_market(const struct reader *reader, uint64_t id)
{
    for (size_t i = 0; i < reader->count; i++)
        if (reader->markets[i].id == id)
            return &reader->markets[i];
    return NULL;
}

/* What all kinds but lines have in common. */
static enum err tell_market(const struct reader *reader, enum stream_kind kind,
                            const struct stream_row *common)
{
    const struct db_rows *rows = reader->rows;
    const struct stream_market *market = find_market(reader, db_get_u64(rows, MARKET));
    struct stream_row row = *common;

    if (market == NULL)
        return ERR_NOT_FOUND;
    row.kind = kind;
    row.market = market;
    row.is_ask = !db_is_null(rows, SIDE) && strcmp(db_get_text(rows, SIDE), "ask") == 0;
    row.price = money(rows, PRICE, market->currency);
    row.stop = money(rows, STOP, market->currency);
    row.amount = money(rows, AMOUNT, market->item);
    row.total = money(rows, TOTAL, market->item);
    row.word = db_get_text(rows, WORD);
    row.order = db_get_uuid(rows, OID);
    row.user = db_get_uuid(rows, kind == STREAM_TRADED ? BUYER : USER);
    row.seller = db_get_uuid(rows, SELLER);
    row.date = db_get_i64(rows, DATE);
    row.tid = db_get_i64(rows, TID);
    row.at_market = db_get_u64(rows, AT_MARKET) != 0;
    reader->row(reader->arg, &row);
    return ERR_OK;
}

/* The trade that a line is of, as the line's owner knows it. */
static enum err read_trade(const struct reader *reader, struct market_line *trade)
{
    const struct db_rows *rows = reader->rows;
    const struct stream_market *market = find_market(reader, db_get_u64(rows, MARKET));

    if (market == NULL)
        return ERR_NOT_FOUND;
    *trade = (struct market_line){.tid = db_get_i64(rows, TID),
                                  .bought = db_get_u64(rows, BOUGHT) != 0,
                                  .oid = db_get_uuid(rows, OWN_OID),
                                  .amount = money(rows, TRADE_AMOUNT, market->item),
                                  .price = money(rows, TRADE_PRICE, market->currency),
                                  .at_market = db_get_u64(rows, AT_MARKET) != 0};
    decimal_copy_short(trade->fee_percent, sizeof(trade->fee_percent), db_get_text(rows, OWN_FEE));
    return ERR_OK;
}

static enum err tell_line(const struct reader *reader, const struct stream_row *common)
{
    const struct db_rows *rows = reader->rows;
    const struct currency *currency = currency_by_id((uint16_t)db_get_u64(rows, CURRENCY));
    bool traded = !db_is_null(rows, TID);
    struct stream_row row = *common;
    struct market_line trade;
    enum err rc = traded ? read_trade(reader, &trade) : ERR_OK;

    if (rc != ERR_OK)
        return rc;
    row.kind = STREAM_LINE;
    row.amount = money(rows, LINE_AMOUNT, currency);
    if (row.amount.units < 0)
        row.amount.units = -row.amount.units;
    row.total = money(rows, LINE_BALANCE, currency);
    row.word = db_get_text(rows, LINE_TYPE);
    row.info = db_get_text(rows, LINE_INFO);
    row.trade = traded ? &trade : NULL;
    row.user = db_get_uuid(rows, OWNER);
    row.has_ref = traded || !db_is_null(rows, REF);
    row.order = db_get_uuid(rows, traded ? OWN_OID : REF);
    row.account = db_get_i64(rows, ACCOUNT);
    row.seq = db_get_u64(rows, SEQ);
    reader->row(reader->arg, &row);
    return ERR_OK;
}

static enum err tell_payout(const struct reader *reader, const struct stream_row *common)
{
    const struct db_rows *rows = reader->rows;
    struct stream_row row = *common;

    row.kind = STREAM_PAYOUT;
    row.user = db_get_uuid(rows, PAYOUT_USER);
    row.order = db_get_uuid(rows, PAYOUT_UUID);
    row.payout = db_get_i64(rows, PAYOUT);
    row.confirmations = db_get_u64(rows, CONFIRMATIONS);
    row.word = db_get_text(rows, WORD);
    row.info = db_get_text(rows, REFERENCE);
    reader->row(reader->arg, &row);
    return ERR_OK;
}

/* Tells what the current row tells; `first` of those with its id. */
static enum err tell(const struct reader *reader, bool first)
{
    const struct db_rows *rows = reader->rows;
    const char *kind = db_get_text(rows, KIND);
    const struct stream_row common = {.id = db_get_i64(rows, ID),
                                      .at_us = db_get_i64(rows, AT),
                                      .stale = db_get_u64(rows, STALE) != 0};
    enum err rc = ERR_OK;

    if (strcmp(kind, "depth") == 0)
        return tell_market(reader, STREAM_LEVEL, &common);
    if (strcmp(kind, "order") == 0)
        return tell_market(reader, STREAM_ORDER, &common);
    if (strcmp(kind, "removed") == 0)
        return tell_market(reader, STREAM_REMOVED, &common);
    if (strcmp(kind, "payout") == 0)
        return tell_payout(reader, &common);
    if (first && !db_is_null(rows, TID))
        rc = tell_market(reader, STREAM_TRADED, &common);
    if (rc == ERR_OK && !db_is_null(rows, ACCOUNT))
        rc = tell_line(reader, &common);
    return rc;
}

enum err stream_read(struct db *db, const struct stream_market *markets, size_t count,
                     int64_t limit, void (*row)(void *arg, const struct stream_row *row), void *arg,
                     struct text *read)
{
    struct db_rows rows = {0};
    const struct reader reader = {
        .rows = &rows, .markets = markets, .count = count, .row = row, .arg = arg};
    int64_t last = 0;

    text_clear(read);
    enum err rc = db_run(db, select_rows, DB_ARGS(db_i64(STREAM_STALE_S), db_i64(limit)), &rows);
    while (rc == ERR_OK && db_next(&rows)) {
        int64_t id = db_get_i64(&rows, ID);
        bool first = id != last;
        rc = tell(&reader, first);
        if (first)
            text_addf(read, "%s%" PRId64, last == 0 ? "" : ",", id);
        last = id;
    }
    if (rc == ERR_OK && read->full)
        rc = ERR_NO_MEMORY;
    db_rows_free(&rows);
    return rc;
}

enum err stream_turn_take(struct db *db, const struct uuid *owner, int64_t lease_s,
                          struct stream_turn *out)
{
    struct db_rows rows = {0};
    enum err rc = db_txn_call(db, "CALL stream_turn_take(?, ?)",
                              DB_ARGS(db_uuid(owner), db_i64(lease_s)), &rows, NULL);
    *out = (struct stream_turn){0};
    if (rc == ERR_OK && db_next(&rows))
        *out = (struct stream_turn){.mine = db_get_u64(&rows, 0) != 0,
                                    .over = db_get_u64(&rows, 1) != 0};
    db_rows_free(&rows);
    return rc == ERR_OK ? stream_pending(db, &out->pending) : rc;
}

enum err stream_turn_leave(struct db *db, const struct uuid *owner)
{
    return db_txn_call(
        db, "UPDATE stream_turn SET owner = NULL, until = NOW(6) WHERE id = 1 AND owner = ?",
        DB_ARGS(db_uuid(owner)), NULL, NULL);
}
