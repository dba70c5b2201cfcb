/* The database: a connection, typed arguments, rows, and the transaction runner.
 *
 * Statements travel as text; several at once as one compound statement (db/packet.h). `?` marks an
 * argument; arguments are typed and written as numbers or hexadecimal literals only, so that no
 * input can ever become SQL. Stored procedures refuse with SIGNAL SQLSTATE '45000' and the id of an
 * `enum err` as MESSAGE_TEXT; that error is what the caller gets. A warning from a statement is an
 * error. Every connection runs in UTC, READ COMMITTED and strict mode.
 */
#ifndef DB_DB_H
#define DB_DB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/config.h"
#include "base/err.h"
#include "base/id.h"

struct db;

enum db_type { DB_NULL, DB_I64, DB_U64, DB_I128, DB_TEXT, DB_BLOB, DB_DECIMAL };

/* One argument. Build it with the functions below; the memory it points to must outlive the call.
 */
struct db_arg {
    enum db_type type;
    union {
        int64_t i64;
        uint64_t u64;
        __int128 i128;
        struct {
            const void *data;
            size_t len;
        } bytes;
    };
};

/* Each gives one argument. The memory that a pointer names must outlive the call it is passed
 * to. */
struct db_arg db_null(void);
struct db_arg db_i64(int64_t value);
struct db_arg db_u64(uint64_t value);
struct db_arg db_i128(__int128 value);                /* minor units of an amount */
struct db_arg db_text(const char *text);              /* utf8mb4 string; NULL becomes SQL NULL */
struct db_arg db_textn(const char *text, size_t len); /* the same, with its length */
struct db_arg db_blob(const void *data, size_t len);  /* bytes; NULL becomes SQL NULL */
struct db_arg db_uuid(const struct uuid *id);         /* BINARY(16); NULL becomes SQL NULL */
struct db_arg db_decimal(const char *digits);         /* text already checked to be [0-9.]+ */

struct db_args {
    const struct db_arg *list;
    size_t count;
};
#define DB_ARGS(...)                                                \
    ((struct db_args){.list = (const struct db_arg[]){__VA_ARGS__}, \
                      .count =                                      \
                          sizeof((const struct db_arg[]){__VA_ARGS__}) / sizeof(struct db_arg)})
#define DB_NO_ARGS ((struct db_args){.list = NULL, .count = 0})

/* The rows of one statement, held in memory. Zero it, or reuse it: every call that fills one frees
 * what was there. */
struct db_rows {
    void *result; /* owned */
    char **row;
    unsigned long *lengths;
    uint64_t count;    /* rows in all */
    uint64_t affected; /* rows changed, where the statement gave none */
};

/* No answer to a queued statement comes later than that. It waits for no lock of a row, and a server whose disk
 * is full, where we cannot see that (db/space.h), would take a minute; for as long again none is sent. */
#define DB_DEFERRED_MS 5000

/* How to connect. */
struct db_params {
    const char *socket; /* where `host` is NULL or "" */
    const char *host;   /* name or address: over TCP */
    int port;
    const char
        *ca_file;     /* PEM: TLS with a certificate that it vouches for; NULL or "" for no TLS */
    bool sync_wait;   /* on a cluster: reads wait until what other nodes have written is here */
    bool spare;       /* the caller has another server to ask: this one is not waited for */
    const char *name; /* schema; NULL for none */
    const char *user;
    const char *password;
};

/* Prepares a connection; it is made at the first statement, and again at the first one after it was
 * lost, so that a process may start while the server is away.
 * params  copied
 * out     out, owned by the caller: db_close
 * Returns ERR_NO_MEMORY. */
MUST_USE enum err db_open(const struct db_params *params, struct db **out);

/* The same from the configuration.
 * owner  true: as the schema's owner; false: as the application's user
 * out    out, owned by the caller: db_close
 * Returns ERR_CONFIG where the password file is not usable, ERR_NO_MEMORY. */
MUST_USE enum err db_open_config(const struct config *config, bool owner, struct db **out);

/* The same as the application's user to the server that public data may be read from (read_host in
 * [database]): another node of a cluster, which may be some moments behind.
 * out  out, owned by the caller: db_close; NULL where none is configured
 * Returns as db_open_config. */
MUST_USE enum err db_open_reader(const struct config *config, struct db **out);

/* Makes a further handle of the same connection, for a process that has several requests in hand and
 * gives each a handle of its own. While one waits for its answer others may send (base/wait.h): the
 * server has the next packet as soon as it has answered one, and who answers requests by the dozen
 * waits once where it had to wait a dozen times. A transaction of db_txn has the connection for
 * itself. All handles belong to one thread.
 * out  out, owned by the caller: db_close
 * Returns ERR_NO_MEMORY. */
MUST_USE enum err db_share(struct db *db, struct db **out);

/* Closes this handle; with the last one the connection, which rolls back what it had open.
 * db  NULL is fine */
void db_close(struct db *db);

/* Closes the connection under all its handles, which rolls back what it had open. The next statement
 * opens another; what other handles had underway is lost to them as if the server had gone. */
void db_disconnect(struct db *db);

/* Runs one statement outside of any transaction, or inside the one that db_txn has open.
 * sql   one statement with ? for arguments
 * args  as many as there are ?; any other number is our bug
 * rows  out, the (last) result set, to be freed with db_rows_free; may be NULL where none is
 *       expected
 * A lost connection is opened again once, and the statement sent again, outside of a transaction
 * only. Returns ERR_DB_AWAY, ERR_DB_CONTENDED, ERR_DB, or what a procedure signalled. */
MUST_USE enum err db_run(struct db *db, const char *sql, struct db_args args, struct db_rows *rows);

/* Queues a statement that gives no rows, to be sent in front of the next one in the same packet;
 * where it fails the next is not run and its error is returned. At most one is queued: a later one
 * takes its place.
 * sql   one statement with ? for arguments
 * args  copied */
void db_defer(struct db *db, const char *sql, struct db_args args);

/* Sends a queued statement that nothing took along. Returns ERR_OK where there is none, else as
 * db_run. */
MUST_USE enum err db_flush_deferred(struct db *db);

/* The queued statement, for another process that sends it in our place; "" where there is none. Valid
 * until the next call. */
const char *db_deferred(const struct db *db);

/* The other process has sent the queued statement.
 * certain  true: it answered, and the statement is queued no longer; false: nobody knows whether it
 *          was done, so that it stays queued, and a nonce refused now counts as taken by it then */
void db_deferred_sent(struct db *db, bool certain);

/* Drops a queued statement: the request that queued it is over. */
void db_forget_deferred(struct db *db);

/* True once a queued statement was accepted by the server since db_defer. */
bool db_deferred_done(const struct db *db);

/* Runs a single statement, or calls a procedure that is a transaction of its own: it begins,
 * commits, and rolls back before it passes an error on, all in one round trip. Tried at most
 * DB_TXN_TRIES times, with jitter, after a deadlock, a lock time-out, a changed record, a cluster
 * conflict or a failed commit (1213, 1205, 1020, 1047, 1180), and after the connection was lost, for
 * which the server is waited for (at most DB_RETURN_MS).
 * sql     one statement with ? for arguments
 * args    as many as there are ?
 * rows    out, what the procedure selected last; may be NULL where it selects nothing
 * resent  out, whether an earlier try may have been done: what a refusal, say ERR_REPLAYED, then tells
 *         may be that it was. Look the request up by its key. May be NULL
 * Returns what the procedure signalled; ERR_DB_AWAY and ERR_DB_CONTENDED where it was certainly not
 * done; ERR_DB_UNKNOWN where it may have been; ERR_DB. */
MUST_USE enum err db_txn_call(struct db *db, const char *sql, struct db_args args,
                              struct db_rows *rows, bool *resent);

/* The same, tried once. */
MUST_USE enum err db_txn_call_once(struct db *db, const char *sql, struct db_args args,
                                   struct db_rows *rows);

#define DB_RETURN_MS 5000
#define DB_TXN_TRIES 5
/* No try is begun later than that after the first one: shorter than one try waits for a lock. */
#define DB_TXN_PATIENCE_MS 4000

/* Runs `work` in a transaction, with the same retries. It begins with the first statement, in the same
 * packet, and ends with the last where that is sent by db_packet_commit (db/packet.h), so that a change
 * which reads in one packet and writes in another takes two round trips. A transaction that the server
 * has ended by itself is noticed at the next answer: it counts as contended, and nothing more of it is
 * sent.
 * work    must have no effect outside of the database and may run several times; its error rolls back
 *         and is returned
 * arg     passed to it
 * resent  out, for work that knows itself again: where the outcome of a commit is unknown it is done
 *         once more, and this tells that an earlier try may have been done; so `work` looks its request
 *         key up first. NULL: it is not, and ERR_DB_UNKNOWN is returned
 * Returns the error of `work`; ERR_DB_AWAY and ERR_DB_CONTENDED where nothing was done for certain;
 * ERR_DB_UNKNOWN where all of it may have been done; ERR_DB. */
MUST_USE enum err db_txn(struct db *db, enum err (*work)(struct db *db, void *arg), void *arg,
                         bool *resent);

/* Ends a SELECT that stands alone once it has taken that long, with ERR_TOO_SLOW; 0: never. For lists, whose
 * callers choose how much is read. */
void db_limit(struct db *db, int limit_ms);

/* From now on an answer may take that long, where 30 s mean that the server is away. For programs that read
 * everything; outside of a transaction. Disconnects: the next statement opens another connection. */
void db_patience(struct db *db, unsigned seconds);

/* How many commits this handle has brought about for certain or perhaps, since it was opened. A caller that is
 * told that the server is away, after this has risen, does not know that nothing was done. */
uint64_t db_commits(const struct db *db);

/* Another process may have committed in our place. */
void db_committed_elsewhere(struct db *db);

/* True while a transaction is open: the dispatcher asserts that there is none after a handler. */
bool db_in_txn(const struct db *db);

/* Steps to the next row; false after the last. */
bool db_next(struct db_rows *rows);

/* Column `col` (from 0) of the current row. SQL NULL reads as 0, NULL, an empty blob or a zero
 * uuid. What does not fit the type, or a column that is not there, is our bug and aborts. Pointers
 * stay valid until the rows are freed or refilled.
 * len  out, bytes of the blob */
bool db_is_null(const struct db_rows *rows, unsigned col);
int64_t db_get_i64(const struct db_rows *rows, unsigned col);
uint64_t db_get_u64(const struct db_rows *rows, unsigned col);
__int128 db_get_i128(const struct db_rows *rows, unsigned col);
const char *db_get_text(const struct db_rows *rows, unsigned col);
const void *db_get_blob(const struct db_rows *rows, unsigned col, size_t *len);
struct uuid db_get_uuid(const struct db_rows *rows, unsigned col);

/* Gives the rows back; zeroed ones are fine. */
void db_rows_free(struct db_rows *rows);

struct text;

/* Runs a file of statements as the schema's owner (for migrations), each in its own implicit
 * transaction.
 * script   `len` bytes of statements; CREATE PROCEDURE bodies as they are, without DELIMITER
 * problem  out, the server's words about the first statement that failed
 * Returns as db_run. */
MUST_USE enum err db_run_script(struct db *db, const char *script, size_t len,
                                struct text *problem);

/* Where the server's files lie (db/space.h); "" where that is not on this machine, and before the first
 * statement. Valid as long as the handle. */
const char *db_data_directory(const struct db *db);

/* Whether the server has let a queued statement wait in vain a moment ago. */
bool db_is_stalled(void);

/* The server's words about the last error, for logs and `tellerctl`. Valid until the next call. */
const char *db_problem(const struct db *db);

/* Whether the last error was that the server is there and does not let us in: user, password, host or
 * schema are not the right ones. Callers are told ERR_DB_AWAY all the same; whoever can mend it is not. */
bool db_refused(const struct db *db);

#endif
