/* Writes what has become of the books: first what gives ids (orders, journals), then all the
 * rest, many rows with each statement. A row that is there already is written as an INSERT that
 * meets it, the fastest way there is to change many rows at once: all of them are locked by now,
 * so that none is missing. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "db/statement.h"
#include "ledger/batch.h"
#include "market/book.h"
#include "notify/sql.h"

#define ROWS_MOST 500           /* of one statement that gives ids */
#define PACKET_FULL (256 << 10) /* bytes: what follows goes into another packet */
#define PACKET_ROOM (2 * PACKET_FULL)

/* Statements on their way to the database, and the one whose rows are being added. */
struct sql_batch {
    struct book *book;
    struct db_packet packet;
    const char *head, *tail;
    bool rows;
    int64_t *ids; /* by order->id - BOOK_NEW */
};

static void send(struct sql_batch *batch)
{
    struct book *book = batch->book;

    if (book->rc == ERR_OK)
        book->rc = db_packet_run(book->db, &batch->packet, NULL, 0);
    db_packet_free(&batch->packet);
}

static void begin(struct sql_batch *batch, const char *head, const char *tail)
{
    batch->head = head;
    batch->tail = tail;
    batch->rows = false;
}

static void end(struct sql_batch *batch)
{
    if (batch->rows)
        text_puts(&batch->packet.sql, batch->tail);
    batch->rows = false;
    if (batch->packet.sql.len > PACKET_FULL)
        send(batch);
}

/* Where the next row of the statement begun is to be added. */
static struct text *row(struct sql_batch *batch)
{
    if (batch->rows && batch->packet.sql.len > PACKET_FULL)
        end(batch);
    struct text *sql = batch->rows ? &batch->packet.sql : db_packet_begin(&batch->packet);
    text_puts(sql, batch->rows ? ", " : batch->head);
    batch->rows = true;
    return sql;
}

/* Adds a statement of its own, while none is begun. */
static void single(struct sql_batch *batch, const char *sql, struct db_args args)
{
    db_packet_add(&batch->packet, sql, args);
    if (batch->packet.sql.len > PACKET_FULL)
        send(batch);
}

static struct db_arg units_if(bool given, __int128 units)
{
    return given ? db_i128(units) : db_null();
}

static bool is_new(const struct book_order *order)
{
    return order->id >= BOOK_NEW;
}

#define ORDER_INSERT                                                                           \
    "INSERT INTO market_order (id, oid, market_id, user_id, side, status, price, stop_price, " \
    "amount, remaining, funded, hold, fee_percent, fiat_fee, pay_account, gain_account, "      \
    "book_rank, created_at, ended_at) VALUES "

/* An order's row. created_at counts only where the order is new. */
static void add_order(struct text *sql, const struct book *book, const struct book_order *order)
{
    bool ended = order->status == BOOK_DONE || order->status == BOOK_CANCELLED;
    __int128 rank = order->side == MARKET_BID ? -order->price : order->price;

    statement_add(sql, "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ? * 0.001, ?, ?, ?, ?, ?, ?)",
                  DB_ARGS(is_new(order) ? db_null() : db_i64(order->id), db_uuid(&order->oid),
                          db_u64(order->market->rules->id), db_i64(order->user_id),
                          db_text(market_side_name(order->side)),
                          db_text(book_status_word(order->status)),
                          units_if(order->with_price, order->price),
                          units_if(order->with_stop, order->stop), db_i128(order->amount),
                          db_i128(order->remaining), db_i128(order->funded), db_i128(order->hold),
                          db_i64(order->percent), db_u64(order->fiat_fee), db_i64(order->pays->id),
                          db_i64(order->gains->id), units_if(order->status == BOOK_OPEN, rank),
                          db_text(book->now), db_text(ended ? book->now : NULL)));
}

/* Adds the statement for the next new orders behind `from`, where there are some. Where the id of
 * one was taken meanwhile, its request was sent twice, for another market: the next try will find
 * it. */
static bool ask_orders(struct db_packet *packet, const struct book *book, size_t from)
{
    struct text sql = TEXT(PACKET_ROOM);
    size_t rows = 0;

    for (size_t i = from; i < book->orders.count && rows < ROWS_MOST; i++) {
        const struct book_order *order = book->orders.items[i];
        if (!is_new(order))
            continue;
        text_puts(&sql, rows++ > 0 ? ", " : ORDER_INSERT);
        add_order(&sql, book, order);
    }
    text_puts(&sql, " RETURNING id");
    if (rows > 0)
        db_packet_add_once(packet, text_string(&sql), DB_NO_ARGS, ERR_REPLAYED);
    text_free(&sql);
    return rows > 0;
}

/* Gives where to go on. */
static size_t take_orders(struct sql_batch *batch, size_t from, struct db_rows *rows)
{
    const struct book *book = batch->book;

    while (from < book->orders.count) {
        struct book_order *order = book->orders.items[from];
        if (is_new(order)) {
            if (!db_next(rows))
                break;
            batch->ids[order->id - BOOK_NEW] = db_get_i64(rows, 0);
            order->id = batch->ids[order->id - BOOK_NEW];
            order->changed = false;
        }
        from++;
    }
    db_rows_free(rows);
    return from;
}

/* The same for the journals of trades. */
static bool ask_journals(struct db_packet *packet, const struct book *book, size_t from)
{
    struct text *sql = &packet->sql;
    size_t rows = 0;

    for (size_t i = from; i < book->fills.count && rows < ROWS_MOST; i++) {
        const struct book_fill *fill = book->fills.items[i];
        char key[sizeof("trade:") + 20];
        if (rows++ > 0)
            text_puts(sql, ", ");
        else
            text_puts(db_packet_begin(packet), LEDGER_JOURNALS_HEAD);
        snprintf(key, sizeof(key), "trade:%lld", (long long)fill->tid);
        ledger_journal_row(sql, &(struct ledger_journal){.kind = "trade",
                                                         .at = book->now,
                                                         .user_id = fill->taker->user_id,
                                                         .request_key = key,
                                                         .trace = fill->taker->trace,
                                                         .ref = &fill->taker->oid});
    }
    if (rows > 0)
        text_puts(sql, LEDGER_JOURNALS_TAIL);
    return rows > 0;
}

static size_t take_journals(const struct book *book, size_t from, struct db_rows *rows)
{
    while (db_next(rows))
        ((struct book_fill *)book->fills.items[from++])->journal_id = db_get_i64(rows, 0);
    db_rows_free(rows);
    return from;
}

/* Writes what gives ids, and locks the accounts that nobody had to look at before. */
static void write_first(struct sql_batch *batch)
{
    struct book *book = batch->book;
    size_t orders = 0, journals = 0;

    while (book->rc == ERR_OK) {
        struct db_rows rows[3] = {0};
        size_t sets = 0;
        size_t accounts = book_ask_accounts(book, &batch->packet);
        bool new_orders = ask_orders(&batch->packet, book, orders);
        bool new_journals = ask_journals(&batch->packet, book, journals);

        if (accounts == 0 && !new_orders && !new_journals)
            return;
        book->rc = db_packet_run(book->db, &batch->packet, rows, 3);
        if (book->rc == ERR_REPLAYED)
            book->rc = ERR_DB_CONTENDED;
        if (accounts > 0)
            book_take_asked(book, &rows[sets++], accounts);
        if (new_orders)
            orders = take_orders(batch, orders, &rows[sets++]);
        if (new_journals)
            journals = take_journals(book, journals, &rows[sets++]);
    }
}

/* Orders that were there before: the new ones are written. */
static void write_orders(struct sql_batch *batch)
{
    const struct book *book = batch->book;

    begin(batch, ORDER_INSERT,
          " ON DUPLICATE KEY UPDATE status = VALUES(status), remaining = VALUES(remaining), "
          "funded = VALUES(funded), hold = VALUES(hold), book_rank = VALUES(book_rank), "
          "ended_at = VALUES(ended_at)");
    for (size_t i = 0; i < book->orders.count; i++) {
        const struct book_order *order = book->orders.items[i];
        if (order->changed)
            add_order(row(batch), book, order);
    }
    end(batch);
}

static void write_entries(struct sql_batch *batch)
{
    const struct book *book = batch->book;

    begin(batch, LEDGER_ENTRIES_HEAD, LEDGER_ENTRIES_TAIL);
    for (size_t i = 0; i < book->entries.count; i++) {
        const struct book_entry *entry = book->entries.items[i];
        struct book_account *account = entry->account;
        account->posted += entry->amount;
        account->entries++;
        ledger_entry_row(row(batch), &(struct ledger_entry){.account_id = account->id,
                                                            .journal_id = entry->fill->journal_id,
                                                            .seq = account->entries,
                                                            .amount = entry->amount,
                                                            .balance = account->posted,
                                                            .type = entry->type});
    }
    end(batch);
}

static void write_accounts(struct sql_batch *batch)
{
    struct book *book = batch->book;

    begin(batch, LEDGER_ACCOUNTS_HEAD, LEDGER_ACCOUNTS_TAIL);
    for (size_t i = 0; i < book->accounts.count; i++) {
        const struct book_account *account = book->accounts.items[i];
        if (!account->changed)
            continue;
        if (account->posted != account->balance)
            abort(); /* our bug: money without an entry */
        struct ledger_account written = {.id = account->id,
                                         .owner = account->owner,
                                         .currency = account->currency,
                                         .balance = account->balance,
                                         .reserved = account->reserved,
                                         .entries = account->entries,
                                         .live_orders = account->live};
        text_copy(written.purpose, sizeof(written.purpose), account->purpose);
        ledger_account_row(row(batch), &written);
    }
    end(batch);
}

static void write_trades(struct sql_batch *batch)
{
    const struct book *book = batch->book;

    begin(batch,
          "INSERT INTO trade (market_id, tid, journal_id, bid_id, ask_id, buyer_id, seller_id, "
          "taker, at_market, price, amount, spent, earned, buyer_fee, seller_fee) VALUES ",
          "");
    for (size_t i = 0; i < book->fills.count; i++) {
        const struct book_fill *fill = book->fills.items[i];
        bool bids = fill->taker->side == MARKET_BID;
        const struct book_order *bid = bids ? fill->taker : fill->maker;
        const struct book_order *ask = bids ? fill->maker : fill->taker;
        statement_add(
            row(batch), "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            DB_ARGS(db_u64(fill->market->rules->id), db_i64(fill->tid), db_i64(fill->journal_id),
                    db_i64(bid->id), db_i64(ask->id), db_i64(bid->user_id), db_i64(ask->user_id),
                    db_text(market_side_name(fill->taker->side)), db_u64(!fill->taker->with_price),
                    db_i128(fill->price), db_i128(fill->amount), db_i128(fill->spent),
                    db_i128(fill->earned), db_i128(fill->buyer_fee), db_i128(fill->seller_fee)));
    }
    end(batch);
}

/* A trade's part of its minute and of its hour. */
static void write_candles(struct sql_batch *batch)
{
    static const int64_t spans_s[] = {60, 3600};
    const struct book *book = batch->book;

    begin(batch,
          "INSERT INTO market_candle (market_id, span_s, at, open, high, low, close, volume, "
          "turnover, price_sum, trades) VALUES ",
          " ON DUPLICATE KEY UPDATE high = GREATEST(high, VALUES(high)), "
          "low = LEAST(low, VALUES(low)), close = VALUES(close), volume = volume + VALUES(volume), "
          "turnover = turnover + VALUES(turnover), price_sum = price_sum + VALUES(price_sum), "
          "trades = trades + 1");
    for (size_t i = 0; i < 2 * book->fills.count; i++) {
        const struct book_fill *fill = book->fills.items[i / 2];
        int64_t second = fill->tid / 1000000, span_s = spans_s[i % 2];
        struct db_arg price = db_i128(fill->price), amount = db_i128(fill->amount);
        statement_add(row(batch), "(?, ?, ?, ?, ?, ?, ?, ?, ? * ?, ?, 1)",
                      DB_ARGS(db_u64(fill->market->rules->id), db_i64(span_s),
                              db_i64(second - second % span_s), price, price, price, price, amount,
                              amount, price, price));
    }
    end(batch);
}

static void write_volumes(struct sql_batch *batch)
{
    const struct book *book = batch->book;

    begin(batch, "INSERT INTO trader_volume (user_id, item_id, day, volume) VALUES ",
          " ON DUPLICATE KEY UPDATE volume = volume + VALUES(volume)");
    for (size_t i = 0; i < book->volumes.count; i++) {
        const struct book_volume *volume = book->volumes.items[i];
        if (volume->added > 0)
            statement_add(row(batch), "(?, ?, DATE(?), ?)",
                          DB_ARGS(db_i64(volume->user_id), db_u64(volume->item), db_text(book->now),
                                  db_i128(volume->added)));
    }
    end(batch);
}

/* The lowest id of a level, which may be that of an order just written. */
static int64_t head_of(const struct sql_batch *batch, const struct book_level *level)
{
    return level->head >= BOOK_NEW ? batch->ids[level->head - BOOK_NEW] : level->head;
}

static void write_levels(struct sql_batch *batch)
{
    const struct book *book = batch->book;

    begin(batch,
          "INSERT INTO market_level (market_id, side, price, amount, head, changed_at) VALUES ",
          " ON DUPLICATE KEY UPDATE amount = VALUES(amount), head = VALUES(head), "
          "changed_at = VALUES(changed_at)");
    for (size_t i = 0; i < book->levels.count; i++) {
        const struct book_level *level = book->levels.items[i];
        if (level->changed && level->amount > 0)
            statement_add(row(batch), "(?, ?, ?, ?, ?, ?)",
                          DB_ARGS(db_u64(level->market->rules->id),
                                  db_text(market_side_name(level->side)), db_i128(level->price),
                                  db_i128(level->amount), db_i64(head_of(batch, level)),
                                  db_text(book->now)));
    }
    end(batch);
    for (size_t i = 0; i < book->levels.count; i++) {
        const struct book_level *level = book->levels.items[i];
        if (level->stored && level->amount == 0)
            single(batch, "DELETE FROM market_level WHERE market_id = ? AND side = ? AND price = ?",
                   DB_ARGS(db_u64(level->market->rules->id), db_text(market_side_name(level->side)),
                           db_i128(level->price)));
    }
}

/* The queues of those that wait for money, or to be matched. */
static void write_waits(struct sql_batch *batch)
{
    const struct book *book = batch->book;

    begin(batch, "INSERT INTO market_wait (order_id, market_id, account_id, free, since) VALUES ",
          " ON DUPLICATE KEY UPDATE free = VALUES(free)");
    for (size_t i = 0; i < book->orders.count; i++) {
        const struct book_order *order = book->orders.items[i];
        if (order->tried && book_waits(order))
            statement_add(row(batch), "(?, ?, ?, ?, ?)",
                          DB_ARGS(db_i64(order->id), db_u64(order->market->rules->id),
                                  db_i64(order->pays->id), db_i128(order->free),
                                  db_text(book->now)));
    }
    end(batch);
    for (size_t i = 0; i < book->orders.count; i++) {
        const struct book_order *order = book->orders.items[i];
        if (order->waited && !book_waits(order))
            single(batch, "DELETE FROM market_wait WHERE order_id = ?", DB_ARGS(db_i64(order->id)));
    }
}

/* ... or for a trade at their stop price. */
static void write_stops(struct sql_batch *batch)
{
    const struct book *book = batch->book;

    for (size_t i = 0; i < book->orders.count; i++) {
        const struct book_order *order = book->orders.items[i];
        bool waits = order->status == BOOK_STOP;
        if (waits == order->stopped)
            continue;
        single(batch,
               waits ? "INSERT INTO market_stop (market_id, side, price, order_id) "
                       "VALUES (?, ?, ?, ?)"
                     : "DELETE FROM market_stop WHERE market_id = ? AND side = ? AND price = ? "
                       "AND order_id = ?",
               DB_ARGS(db_u64(order->market->rules->id), db_text(market_side_name(order->side)),
                       db_i128(order->stop), db_i64(order->id)));
    }
}

static void write_markets(struct sql_batch *batch)
{
    const struct book *book = batch->book;

    for (size_t i = 0; i < book->markets.count; i++) {
        const struct book_market *market = book->markets.items[i];
        if (market->changed)
            single(batch, "UPDATE market SET last_tid = ?, last_price = ?, stops = ? WHERE id = ?",
                   DB_ARGS(db_i64(market->last_tid), units_if(market->traded, market->last_price),
                           db_i64(market->stops), db_u64(market->rules->id)));
    }
}

static void write_events(struct sql_batch *batch)
{
    const struct book *book = batch->book;

    begin(batch, NOTIFY_SQL_STREAM_INSERT, "");
    for (size_t i = 0; i < book->events.count; i++) {
        const struct book_event *event = book->events.items[i];
        const struct book_level *level = event->level;
        statement_add(row(batch), "(?, ?, ?, ?, ?, ?, ?, ?, ?)",
                      DB_ARGS(db_text(event->kind),
                              event->fill != NULL ? db_i64(event->fill->journal_id) : db_null(),
                              db_u64(event->market->rules->id),
                              db_text(level != NULL ? market_side_name(level->side) : NULL),
                              units_if(level != NULL, level != NULL ? level->price : 0),
                              units_if(event->with_amounts, event->amount),
                              units_if(event->with_amounts, event->total),
                              event->order != NULL ? db_i64(event->order->id) : db_null(),
                              db_text(event->word)));
    }
    end(batch);
}

enum err book_write(struct book *book)
{
    struct sql_batch batch = {.book = book, .packet = DB_PACKET(PACKET_ROOM)};

    batch.ids = calloc((size_t)book->created + 1, sizeof(*batch.ids));
    if (batch.ids == NULL)
        abort();
    write_first(&batch);
    if (book->rc == ERR_OK) {
        write_orders(&batch);
        write_entries(&batch);
        write_accounts(&batch);
        write_trades(&batch);
        write_candles(&batch);
        write_volumes(&batch);
        write_levels(&batch);
        write_waits(&batch);
        write_stops(&batch);
        write_markets(&batch);
        write_events(&batch);
        send(&batch);
    }
    free(batch.ids);
    db_packet_free(&batch.packet);
    return book->rc;
}
