/* Several statements in one round trip.
 *
 * They travel as ONE compound statement (BEGIN NOT ATOMIC ... END), never as a row of statements with
 * semicolons between them. The reason: a server may abort a transaction from outside between two
 * statements (a cluster does, for a write or a schema change that was certified first). Between two
 * statements of a row it answers OK, without a transaction, and runs the rest each for itself, so that
 * half of the work stays. A compound statement ends there with an error instead, and the runner tries
 * the whole transaction again. A warning of any of the statements is an error too.
 *
 * Build one, send it once with db_packet_run or db_packet_commit, which also free it:
 *
 *     struct db_packet packet = DB_PACKET(8192);
 *     db_packet_add(&packet, "UPDATE ticket SET status = 'settled' WHERE id = ? AND status = 'open'",
 *                   DB_ARGS(db_uuid(id)));
 *     db_packet_expect(&packet, 1, ERR_TICKET_SETTLED);
 *     db_packet_add(&packet, "SELECT ...", DB_ARGS(...));
 *     rc = db_packet_commit(db, &packet, rows, 1);
 */
#ifndef DB_PACKET_H
#define DB_PACKET_H

#include "base/text.h"
#include "db/db.h"

struct db_packet {
    struct text sql; /* statements, "; " behind each but the last */
    unsigned count;  /* of them, and of the conditions between them */
};

#define DB_PACKET(max_bytes) ((struct db_packet){.sql = TEXT(max_bytes)})

/* Adds a statement.
 * sql   with ? for arguments, without a semicolon
 * args  as many as there are ?; copied */
void db_packet_add(struct db_packet *packet, const char *sql, struct db_args args);

/* Begins a statement that is written piece by piece, say one with many rows.
 * Returns where to write it, with text_puts and statement_add (db/statement.h), up to the next call
 * with this packet. */
struct text *db_packet_begin(struct db_packet *packet);

/* Adds a condition on the statement before it: where it did not change so many rows, nothing behind it
 * is done, and the packet gives `refusal`.
 * rows  as ROW_COUNT() has it: an UPDATE that leaves a row as it was has not changed it, and an INSERT
 *       that meets its row and changes it counts 2 */
void db_packet_expect(struct db_packet *packet, uint64_t rows, enum err refusal);

/* As db_packet_add, for an INSERT of what may be there only once: where a key is taken, nothing behind
 * it is done, and the packet gives `refusal` instead of ERR_DB. */
void db_packet_add_once(struct db_packet *packet, const char *sql, struct db_args args,
                        enum err refusal);

/* Frees a packet that is not to be sent. */
void db_packet_free(struct db_packet *packet);

/* Sends the packet inside the transaction that db_txn has open, and frees it. One without statements is
 * not sent. Where a statement fails the later ones are not run, and its error is returned; what the
 * earlier ones did stays part of the transaction, so that `work` has to fail too.
 * rows   out, the result sets in order, each to be freed with db_rows_free; statements that give none
 *        take no place. NULL where `count` is 0
 * count  how many there are room for
 * Returns ERR_TOO_LARGE where it did not fit; else as db_run. */
MUST_USE enum err db_packet_run(struct db *db, struct db_packet *packet, struct db_rows rows[],
                                size_t count);

/* The same outside of a transaction, for statements that only read: sent again once where the connection
 * is lost. */
MUST_USE enum err db_packet_read(struct db *db, struct db_packet *packet, struct db_rows rows[],
                                 size_t count);

/* As db_packet_run, and the transaction is committed with it: saves a round trip where a packet is known to be
 * the last. Nothing else may be sent in this transaction then, and `work` returns what this returns.
 * Returns ERR_DB_UNKNOWN where it may have been done in spite of the failure. */
MUST_USE enum err db_packet_commit(struct db *db, struct db_packet *packet, struct db_rows rows[],
                                   size_t count);

#endif
