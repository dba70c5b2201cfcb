/* Rows into a book, and the statements that both readers of it share. */
#include <string.h>

#include "db/statement.h"
#include "ledger/batch.h"
#include "market/book_store.h"
#include "money/decimal.h"

#define LEVELS_READ 8 /* of a side at once */
/* Orders of a level: to begin with; each time twice as many; up to these. */
#define ORDERS_READ_LEAST 4
#define ORDERS_READ_MOST 1024
#define ACCOUNTS_READ 500 /* at once: the server scans a table for a list of more than 1,000 */

enum market_side book_side_of(const char *word)
{
    return strcmp(word, "ask") == 0 ? MARKET_ASK : MARKET_BID;
}

static enum book_status read_status(const char *word)
{
    enum book_status status = BOOK_OPEN;

    while (strcmp(word, book_status_word(status)) != 0)
        status++;
    return status;
}

/* What was added to it before is added to what is stored. */
static void take_account(struct book *book, const struct ledger_account *row)
{
    struct book_account *account = book_account(book, row->id);

    if (account->known)
        return;
    account->known = true;
    account->owner = row->owner;
    account->currency = row->currency;
    text_copy(account->purpose, sizeof(account->purpose), row->purpose);
    account->posted = row->balance;
    account->balance += account->posted;
    account->reserved += row->reserved;
    account->entries = row->entries;
    account->live += row->live_orders;
}

void book_take_accounts(struct book *book, struct db_rows *rows)
{
    struct ledger_account row;

    while (ledger_account_next(rows, &row))
        take_account(book, &row);
    db_rows_free(rows);
}

/* An order that is known is ahead of what is stored. */
static struct book_order *keep_order(struct book *book, const struct db_rows *rows)
{
    bool known;
    struct book_order *order = book_order(book, db_get_i64(rows, 0), &known);

    if (known)
        return order;
    *order = (struct book_order){
        .id = db_get_i64(rows, 0),
        .oid = db_get_uuid(rows, 1),
        .market = book_find_market(book, (uint8_t)db_get_u64(rows, 2)),
        .user_id = db_get_i64(rows, 3),
        .side = book_side_of(db_get_text(rows, 4)),
        .status = read_status(db_get_text(rows, 5)),
        .with_price = !db_is_null(rows, 6),
        .price = db_get_i128(rows, 6),
        .with_stop = !db_is_null(rows, 7),
        .stop = db_get_i128(rows, 7),
        .amount = db_get_i128(rows, 8),
        .remaining = db_get_i128(rows, 9),
        .funded = db_get_i128(rows, 10),
        .hold = db_get_i128(rows, 11),
        .percent = db_get_i64(rows, 12),
        .fiat_fee = db_get_u64(rows, 13) != 0,
        .pays = book_account(book, db_get_i64(rows, 14)),
        .gains = book_account(book, db_get_i64(rows, 15)),
        .trace = "",
    };
    order->stopped = order->status == BOOK_STOP;
    order->waited = book_waits(order);
    return order;
}

void book_take_order(struct book *book, const struct db_rows *rows)
{
    (void)keep_order(book, rows);
}

/* The same of levels. Column 0 says whether it was read as one of the best. */
static void take_level(struct book *book, const struct db_rows *rows)
{
    struct book_market *market = book_find_market(book, (uint8_t)db_get_u64(rows, 1));
    enum market_side side = book_side_of(db_get_text(rows, 2));
    struct book_side *half = &market->sides[side];
    __int128 price = db_get_i128(rows, 3);
    struct book_level *level = book_level(book, market, side, price);

    if (!level->stored && !level->changed) {
        level->stored = true;
        level->amount = db_get_i128(rows, 4);
        level->head = db_get_i64(rows, 5);
        level->read_to = level->head - 1;
        level->read_all = false;
    }
    if (db_get_u64(rows, 0) == 0)
        return;
    if (half->found++ == 0 || (side == MARKET_ASK ? price > half->read_to : price < half->read_to))
        half->read_to = price;
}

void book_take(struct book *book, struct db_rows *rows,
               void (*take)(struct book *book, const struct db_rows *rows))
{
    while (db_next(rows))
        take(book, rows);
    db_rows_free(rows);
}

bool book_run(struct book *book, struct db_packet *packet, struct db_rows rows[], size_t count)
{
    if (book->rc == ERR_OK)
        book->rc = db_packet_run(book->db, packet, rows, count);
    db_packet_free(packet);
    for (size_t i = 0; book->rc != ERR_OK && i < count; i++)
        db_rows_free(&rows[i]);
    return book->rc == ERR_OK;
}

/* Asks for the best levels of a side that are not read yet. */
void book_add_best(struct text *sql, struct book_market *market, enum market_side side)
{
    struct book_side *half = &market->sides[side];
    bool ask = side == MARKET_ASK;

    statement_add(sql,
                  "(SELECT 1, market_id, side, price, amount, head FROM market_level "
                  "WHERE market_id = ? AND side = ",
                  DB_ARGS(db_u64(market->rules->id)));
    text_puts(sql, ask ? "'ask'" : "'bid'");
    if (half->read)
        statement_add(sql, ask ? " AND price > ?" : " AND price < ?",
                      DB_ARGS(db_i128(half->read_to)));
    statement_add(sql, ask ? " ORDER BY price LIMIT ?)" : " ORDER BY price DESC LIMIT ?)",
                  DB_ARGS(db_u64(LEVELS_READ)));
    half->asked = true;
    half->found = 0;
}

void book_take_levels(struct book *book, struct db_rows *rows)
{
    book_take(book, rows, take_level);
    for (size_t i = 0; i < book->markets.count; i++) {
        struct book_market *market = book->markets.items[i];
        for (int side = MARKET_BID; side <= MARKET_ASK; side++) {
            struct book_side *half = &market->sides[side];
            if (!half->asked)
                continue;
            half->asked = false;
            half->read = true;
            half->read_all = half->found < LEVELS_READ;
        }
    }
}

void book_read_levels(struct book *book, struct book_market *market, enum market_side side)
{
    struct db_packet packet = DB_PACKET(BOOK_SQL_MAX);
    struct db_rows rows = {0};

    book_add_best(db_packet_begin(&packet), market, side);
    if (book_run(book, &packet, &rows, 1))
        book_take_levels(book, &rows);
}

void book_read_orders(struct book *book, struct book_level *level)
{
    bool ask = level->side == MARKET_ASK;
    struct db_packet packet = DB_PACKET(BOOK_SQL_MAX);
    struct db_rows rows = {0};
    uint64_t limit = book->orders_read < ORDERS_READ_LEAST ? ORDERS_READ_LEAST : book->orders_read;

    db_packet_add(&packet,
                  ask ? "SELECT " BOOK_ORDER_COLUMNS "FROM market_order AS o FORCE INDEX (book) "
                        "WHERE market_id = ? AND side = 'ask' AND book_rank = ? AND id > ? "
                        "ORDER BY id LIMIT ?"
                      : "SELECT " BOOK_ORDER_COLUMNS "FROM market_order AS o FORCE INDEX (book) "
                        "WHERE market_id = ? AND side = 'bid' AND book_rank = ? AND id > ? "
                        "ORDER BY id LIMIT ?",
                  DB_ARGS(db_u64(level->market->rules->id),
                          db_i128(ask ? level->price : -level->price), db_i64(level->read_to),
                          db_u64(limit)));
    if (!book_run(book, &packet, &rows, 1))
        return;
    level->read_all = rows.count < limit;
    book->orders_read = limit < ORDERS_READ_MOST ? 2 * limit : limit;
    while (db_next(&rows)) {
        struct book_order *order = keep_order(book, &rows);
        level->read_to = order->id;
        if (order->status == BOOK_OPEN)
            book_queue(level, order);
    }
    db_rows_free(&rows);
}

void book_read_stops(struct book *book, struct book_market *market, __int128 low, __int128 high)
{
    /* Bids up to `from` and asks down to `to` have been read. */
    __int128 from = market->stops_read ? market->stops_high : 0;
    __int128 to = market->stops_read ? market->stops_low : DECIMAL_MAX;
    struct db_packet packet = DB_PACKET(BOOK_SQL_MAX);
    struct db_rows rows = {0};

    if (low >= to && high <= from)
        return;
    db_packet_add(&packet,
                  "SELECT " BOOK_ORDER_COLUMNS "FROM market_stop AS s JOIN market_order AS o "
                  "ON o.id = s.order_id WHERE s.market_id = ? AND s.side = 'bid' "
                  "AND s.price > ? AND s.price <= ? "
                  "UNION ALL SELECT " BOOK_ORDER_COLUMNS
                  "FROM market_stop AS s JOIN market_order AS o "
                  "ON o.id = s.order_id WHERE s.market_id = ? AND s.side = 'ask' "
                  "AND s.price >= ? AND s.price < ?",
                  DB_ARGS(db_u64(market->rules->id), db_i128(from), db_i128(high),
                          db_u64(market->rules->id), db_i128(low), db_i128(to)));
    if (!book_run(book, &packet, &rows, 1))
        return;
    book_take(book, &rows, book_take_order);
    market->stops_low = low < to ? low : to;
    market->stops_high = high > from ? high : from;
    market->stops_read = true;
}

void book_make_account(struct book *book, int64_t owner, uint16_t currency)
{
    struct db_packet packet = DB_PACKET(BOOK_SQL_MAX);
    struct db_rows rows = {0};

    ledger_lock_opened(&packet, owner, currency);
    if (book_run(book, &packet, &rows, 1))
        book_take_accounts(book, &rows);
}

size_t book_ask_accounts(const struct book *book, struct db_packet *packet)
{
    struct text ids = TEXT(BOOK_SQL_MAX);
    size_t asked = 0;

    for (size_t i = 0; i < book->accounts.count && asked < ACCOUNTS_READ; i++) {
        const struct book_account *account = book->accounts.items[i];
        if (account->known || !account->changed)
            continue;
        text_addf(&ids, asked++ == 0 ? "%lld" : ", %lld", (long long)account->id);
    }
    if (asked > 0)
        ledger_lock_ids(packet, text_string(&ids));
    text_free(&ids);
    return asked;
}

void book_take_asked(struct book *book, struct db_rows *rows, size_t asked)
{
    if (book->rc == ERR_OK && rows->count != asked)
        book->rc = ERR_INTERNAL; /* an order names an account that is not there */
    book_take_accounts(book, rows);
}
