/* Reading into a book, for book_store.c and book_read.c alone. */
#ifndef MARKET_BOOK_STORE_H
#define MARKET_BOOK_STORE_H

#include "market/book.h"

#define BOOK_SQL_MAX (1 << 20) /* bytes of a packet that reads */

/* What book_take_order takes. */
#define BOOK_ORDER_COLUMNS                                                                     \
    "o.id, o.oid, o.market_id, o.user_id, o.side, o.status, o.price, o.stop_price, o.amount, " \
    "o.remaining, o.funded, o.hold, CAST(o.fee_percent * 1000 AS SIGNED), o.fiat_fee, "        \
    "o.pay_account, o.gain_account "

enum market_side book_side_of(const char *word);

/* Sends the packet and frees it; false where rc has an error. As db_packet_run. */
bool book_run(struct book *book, struct db_packet *packet, struct db_rows rows[], size_t count);

/* Takes each row in, and frees the rows. */
void book_take(struct book *book, struct db_rows *rows,
               void (*take)(struct book *book, const struct db_rows *rows));
void book_take_order(struct book *book, const struct db_rows *rows);

/* The same for the accounts of a statement of ledger/batch.h. */
void book_take_accounts(struct book *book, struct db_rows *rows);

/* Adds a SELECT of the best levels of a side that are not read yet; takes in what one or several of
 * them gave. Levels that are asked for by price have 0 in column 0. */
void book_add_best(struct text *sql, struct book_market *market, enum market_side side);
void book_take_levels(struct book *book, struct db_rows *rows);

#endif
