/* Pieces of SQL about the outbox for the statements of others, which thereby name no table of ours. */
#ifndef NOTIFY_SQL_H
#define NOTIFY_SQL_H

/* Events, to be named as a table; the server merges it into the statement around. */
#define NOTIFY_SQL_EVENTS "(SELECT id, topic, kind, owner_id, subject, ref FROM event)"

/* The outbox of the live stream (stream/outbox.h): what is written with whatever it tells. The columns
 * of a row are NULL where its kind has nothing for them. */
#define NOTIFY_SQL_STREAM                                                                      \
    "(SELECT id, kind, at, journal_id, market_id, side, price, amount, total, order_id, word " \
    "FROM stream_event)"
#define NOTIFY_SQL_STREAM_INSERT                                                          \
    "INSERT INTO stream_event (kind, journal_id, market_id, side, price, amount, total, " \
    "order_id, word) VALUES "

/* What ledger_tell_journals (ledger/post.h) is given: the lines of a journal are told. */
#define NOTIFY_SQL_STREAM_JOURNAL(journal) \
    "INSERT INTO stream_event (kind, journal_id) VALUES ('journal', " journal ")"

#endif
