/* What changes will need, read in one packet under the locks of their markets. */
#include "db/statement.h"
#include "ledger/batch.h"
#include "market/book_store.h"
#include "money/decimal.h"

static void take_market(struct book *book, const struct db_rows *rows)
{
    struct book_market *market = book_find_market(book, (uint8_t)db_get_u64(rows, 0));

    market->halted = db_get_u64(rows, 1) != 0;
    market->last_tid = db_get_i64(rows, 2);
    market->traded = !db_is_null(rows, 3);
    market->last_price = db_get_i128(rows, 3);
    market->stops = db_get_i64(rows, 4);
    market->schedule = (uint8_t)db_get_u64(rows, 5);
    market->item_fees = book_account(book, db_get_i64(rows, 6));
    market->fees = book_account(book, db_get_i64(rows, 7));
    market->rounding = book_account(book, db_get_i64(rows, 8));
}

static void take_now(struct book *book, const struct db_rows *rows)
{
    text_copy(book->now, sizeof(book->now), db_get_text(rows, 0));
    book->now_us = db_get_i64(rows, 1);
}

static void take_volume(struct book *book, const struct db_rows *rows)
{
    book_volume(book, db_get_i64(rows, 0), (uint16_t)db_get_u64(rows, 1))->month =
        db_get_i128(rows, 2);
}

static void take_placer(struct book *book, const struct db_rows *rows)
{
    book_placer(book, db_get_i64(rows, 0))->live = db_get_i64(rows, 1);
}

static void take_fee(struct book *book, const struct db_rows *rows)
{
    struct book_fee *fee = book_add(&book->schedule, sizeof(*fee));

    fee->schedule = (uint8_t)db_get_u64(rows, 0);
    fee->volume = db_get_i128(rows, 1);
    fee->percent = db_get_i64(rows, 2);
}

/* What must be known of an order that a change names before its market is locked. It never
 * changes. */
struct named {
    uint8_t market_id;
    enum market_side side;
    bool with_price;
    __int128 price;
    int64_t pays;
};

struct wanted {
    const struct market_change *changes;
    size_t count;
    struct named named[MARKET_BATCH_MAX];
    size_t named_count;
};

static void add_oids(struct text *sql, const struct wanted *wanted)
{
    text_puts(sql, "oid IN (X''"); /* which no order has */
    for (size_t i = 0; i < wanted->count; i++)
        statement_add(sql, ", ?", DB_ARGS(db_uuid(&wanted->changes[i].oid)));
    text_putc(sql, ')');
}

static void read_named(struct book *book, struct wanted *wanted)
{
    struct db_packet packet = DB_PACKET(BOOK_SQL_MAX);
    struct text *sql = db_packet_begin(&packet);
    struct db_rows rows = {0};
    bool any = false;

    for (size_t i = 0; i < wanted->count; i++)
        any = any || wanted->changes[i].kind != MARKET_PLACE;
    if (!any)
        return;
    text_puts(sql, "SELECT market_id, side, price, pay_account FROM market_order "
                   "FORCE INDEX (oid) WHERE ");
    add_oids(sql, wanted);
    if (!book_run(book, &packet, &rows, 1))
        return;
    while (db_next(&rows))
        wanted->named[wanted->named_count++] = (struct named){
            .market_id = (uint8_t)db_get_u64(&rows, 0),
            .side = book_side_of(db_get_text(&rows, 1)),
            .with_price = !db_is_null(&rows, 2),
            .price = db_get_i128(&rows, 2),
            .pays = db_get_i64(&rows, 3),
        };
    db_rows_free(&rows);
}

static void open_market(struct book *book, uint8_t id)
{
    const struct market *rules;

    if (book->rc != ERR_OK || book_find_market(book, id) != NULL)
        return;
    enum err rc = market_by_id(book->db, id, &rules);
    if (rc != ERR_OK) {
        book->rc = rc == ERR_MARKET_UNKNOWN ? ERR_OK : rc; /* its change will be refused */
        return;
    }
    struct book_market *market = book_add(&book->markets, sizeof(*market));
    market->rules = rules;
    market->whole = decimal_power(rules->item->decimals);
}

static void open_markets(struct book *book, const struct wanted *wanted)
{
    for (size_t i = 0; i < wanted->count; i++)
        if (wanted->changes[i].kind == MARKET_PLACE)
            open_market(book, wanted->changes[i].market_id);
    for (size_t i = 0; i < wanted->named_count; i++)
        open_market(book, wanted->named[i].market_id);
}

static void add_market_ids(struct text *sql, const struct book *book)
{
    text_putc(sql, '0');
    for (size_t i = 0; i < book->markets.count; i++) {
        const struct book_market *market = book->markets.items[i];
        text_addf(sql, ", %u", market->rules->id);
    }
}

/* Items, and currencies too where both are wanted. */
static void add_currencies(struct text *sql, const struct book *book, bool both)
{
    text_putc(sql, '0');
    for (size_t i = 0; i < book->markets.count; i++) {
        const struct market *rules = ((struct book_market *)book->markets.items[i])->rules;
        text_addf(sql, ", %u", rules->item->id);
        if (both)
            text_addf(sql, ", %u", rules->currency->id);
    }
}

static void add_placers(struct text *sql, const struct wanted *wanted)
{
    text_putc(sql, '0');
    for (size_t i = 0; i < wanted->count; i++)
        if (wanted->changes[i].kind == MARKET_PLACE)
            statement_add(sql, ", ?", DB_ARGS(db_i64(wanted->changes[i].user_id)));
}

/* The accounts of those who place, and those that orders named take from. */
static void add_account_locks(struct db_packet *packet, const struct book *book,
                              const struct wanted *wanted)
{
    struct text owners = TEXT(BOOK_SQL_MAX), currencies = TEXT(BOOK_SQL_MAX),
                ids = TEXT(BOOK_SQL_MAX);

    add_placers(&owners, wanted);
    add_currencies(&currencies, book, true);
    text_putc(&ids, '0');
    for (size_t i = 0; i < wanted->named_count; i++)
        statement_add(&ids, ", ?", DB_ARGS(db_i64(wanted->named[i].pays)));
    ledger_lock_owned(packet, text_string(&owners), text_string(&currencies));
    ledger_lock_ids(packet, text_string(&ids));
    text_free(&owners);
    text_free(&currencies);
    text_free(&ids);
}

/* The locks: markets first, then accounts. */
static void add_locks(struct db_packet *packet, const struct book *book,
                      const struct wanted *wanted)
{
    struct text *sql = db_packet_begin(packet);

    text_puts(sql, "SELECT id, status = 'halted', last_tid, last_price, stops, fee_schedule, "
                   "item_fee_account, currency_fee_account, rounding_account FROM market "
                   "FORCE INDEX (PRIMARY) WHERE id IN (");
    add_market_ids(sql, book);
    text_puts(sql, ") ORDER BY id FOR UPDATE");
    db_packet_add(packet, "SELECT NOW(6), CAST(UNIX_TIMESTAMP(NOW(6)) * 1000000 AS SIGNED)",
                  DB_NO_ARGS);
    add_account_locks(packet, book, wanted);
}

static void add_fees(struct db_packet *packet, const struct book *book, const struct wanted *wanted)
{
    struct text *sql = db_packet_begin(packet);

    text_puts(sql, "SELECT user_id, item_id, SUM(volume) FROM trader_volume WHERE user_id IN (");
    add_placers(sql, wanted);
    text_puts(sql, ") AND item_id IN (");
    add_currencies(sql, book, false);
    text_puts(sql, ") AND day > UTC_DATE() - INTERVAL 30 DAY GROUP BY user_id, item_id");
    sql = db_packet_begin(packet);
    text_puts(sql, "SELECT market_id, min_volume, CAST(percent * 1000 AS SIGNED) FROM trade_fee "
                   "WHERE market_id IN (");
    add_market_ids(sql, book);
    text_putc(sql, ')');
}

static void add_live(struct db_packet *packet, const struct wanted *wanted)
{
    struct text owners = TEXT(BOOK_SQL_MAX);

    add_placers(&owners, wanted);
    ledger_ask_live(packet, text_string(&owners));
    text_free(&owners);
}

static void add_level(struct text *sql, uint8_t market_id, enum market_side side, __int128 price)
{
    statement_add(sql,
                  side == MARKET_ASK ? " OR (market_id = ? AND side = 'ask' AND price = ?)"
                                     : " OR (market_id = ? AND side = 'bid' AND price = ?)",
                  DB_ARGS(db_u64(market_id), db_i128(price)));
}

/* Whether one of the changes may trade with that side. */
static bool trades_with(const struct wanted *wanted, uint8_t market_id, enum market_side side)
{
    for (size_t i = 0; i < wanted->count; i++)
        if (wanted->changes[i].kind == MARKET_RETRY ||
            (wanted->changes[i].kind == MARKET_PLACE && wanted->changes[i].market_id == market_id &&
             wanted->changes[i].side != side))
            return true;
    return false;
}

/* The levels where orders rest or are, and the best ones of each side that may be traded with. */
static void add_levels(struct db_packet *packet, const struct book *book,
                       const struct wanted *wanted)
{
    struct text *sql = db_packet_begin(packet);

    text_puts(sql, "SELECT 0, market_id, side, price, amount, head FROM market_level WHERE FALSE");
    for (size_t i = 0; i < wanted->count; i++) {
        const struct market_change *change = &wanted->changes[i];
        if (change->kind == MARKET_PLACE && change->with_price)
            add_level(sql, change->market_id, change->side, change->price);
    }
    for (size_t i = 0; i < wanted->named_count; i++)
        if (wanted->named[i].with_price)
            add_level(sql, wanted->named[i].market_id, wanted->named[i].side,
                      wanted->named[i].price);
    for (size_t i = 0; i < book->markets.count; i++) {
        struct book_market *market = book->markets.items[i];
        for (int side = MARKET_BID; side <= MARKET_ASK; side++) {
            if (!trades_with(wanted, market->rules->id, (enum market_side)side))
                continue;
            text_puts(sql, " UNION ALL ");
            book_add_best(sql, market, (enum market_side)side);
        }
    }
}

void book_read(struct book *book, const struct market_change *changes, size_t count)
{
    enum { MARKETS, NOW, OWNERS, ACCOUNTS, VOLUMES, FEES, PLACERS, ORDERS, LEVELS, SETS };
    struct wanted wanted = {.changes = changes, .count = count};
    struct db_packet packet = DB_PACKET(BOOK_SQL_MAX);
    struct db_rows rows[SETS] = {0};

    book->orders_read = count;
    read_named(book, &wanted);
    open_markets(book, &wanted);
    if (book->rc != ERR_OK)
        return;
    add_locks(&packet, book, &wanted);
    add_fees(&packet, book, &wanted);
    add_live(&packet, &wanted);
    struct text *sql = db_packet_begin(&packet);
    text_puts(sql, "SELECT " BOOK_ORDER_COLUMNS "FROM market_order AS o FORCE INDEX (oid) WHERE ");
    add_oids(sql, &wanted);
    add_levels(&packet, book, &wanted);
    if (!book_run(book, &packet, rows, SETS))
        return;
    book_take(book, &rows[MARKETS], take_market);
    book_take(book, &rows[NOW], take_now);
    book_take_accounts(book, &rows[OWNERS]);
    book_take_accounts(book, &rows[ACCOUNTS]);
    book_take(book, &rows[VOLUMES], take_volume);
    book_take(book, &rows[FEES], take_fee);
    book_take(book, &rows[PLACERS], take_placer);
    book_take(book, &rows[ORDERS], book_take_order);
    book_take_levels(book, &rows[LEVELS]);
}
