/* What a handle of the database consists of, for the files of this folder that send through one:
 * db.c, packet.c, txn.c. */
#ifndef DB_HANDLE_H
#define DB_HANDLE_H

#include <mysql.h>

#include "base/text.h"
#include "db/connection.h"
#include "db/db.h"

/* How far the transaction of db_txn is. It begins with its first statement, in the same packet. */
enum txn_state {
    TXN_NONE,
    TXN_WANTED, /* nothing was sent yet */
    TXN_OPEN,   /* the server has it open */
    TXN_ABORTED, /* the server has ended it, or a statement failed in a way that asks for a new try */
    TXN_REFUSED, /* the queued statement in front of it was refused: nothing of it may be done */
    TXN_ENDED,   /* its last packet carried the COMMIT along */
};

struct db {
    struct connection *connection;
    unsigned session; /* of the connection: the one that the last packet was sent in */
    enum txn_state txn;
    enum err txn_refusal; /* in TXN_REFUSED */
    bool txn_lost;        /* the connection broke inside the transaction */
    uint64_t commits;     /* see db_commits */
    int limit_ms;         /* see db_limit */
    bool deferred_done;
    bool deferred_doubtful; /* another process, or a connection that broke, may have done it */
    struct text deferred;   /* the queued statement, empty where there is none */
    struct text packet;
    struct text problem;
};

/* What became of one packet. */
struct outcome {
    enum err rc;
    bool lost;     /* the connection broke */
    bool sent;     /* ... after the server may have begun */
    bool unsent;   /* nothing was sent: the queued statement stays queued */
    bool retry;    /* deadlock and the like: the same again may succeed */
    bool doubtful; /* a commit that may have been done in spite of the error */
    bool deferred; /* it was the deferred statement that failed */
};

/* Where the result sets of a packet go: one after the other, those past the last one into it. */
struct places {
    struct db_rows *rows;
    size_t count, filled;
};

/* Some statements on their way. */
struct sending {
    const char *sql; /* with ? for arguments */
    struct db_args args;
    bool compound; /* several statements */
    bool ends;     /* the COMMIT of the open transaction goes along */
    bool commits;  /* by the time of an error something may have been committed */
};

/* Sends the deferred statement, where there is one, and then these. */
struct outcome handle_send(struct db *db, const struct sending *sending, struct places places);

/* Why these are not to be sent: the server has no room for a change, or has just let a queued statement
 * wait in vain; db_problem says which.
 * Returns ERR_OK, ERR_DB_FULL, ERR_DB_AWAY. */
MUST_USE enum err handle_refuse(struct db *db, const struct sending *sending);

/* Notes that a queued statement got no answer in DB_DEFERRED_MS. */
void deferred_stalls(void);

/* The same inside a transaction, for packet.c.
 * sql       without marks; "" is not sent
 * compound  several statements
 * ends      the COMMIT goes along
 * Errors as db_packet_commit. */
MUST_USE enum err handle_packet(struct db *db, const char *sql, bool compound, bool ends,
                                struct places places);

/* The same outside of one, for statements that only read: sent again where the connection is lost. */
MUST_USE enum err handle_read(struct db *db, const char *sql, bool compound, struct places places);

/* Waits until the server is back after the connection broke.
 * Returns as connection_open_again. */
MUST_USE enum err handle_reopen(struct db *db);

/* Whether somebody else's transaction has the connection. */
bool handle_is_taken(const struct db *db);

/* Opens the connection where it is not, when it is nobody else's: from then on until the next wait we may
 * send. Returns as connection_open. */
MUST_USE enum err handle_ready(struct db *db);

/* Waits until every answer is read that is due before ours. Others may send meanwhile. False where none will
 * come: the connection was closed, or the server does not answer.
 * deferred  the packet begins with the queued statement, which is waited for less long */
bool handle_await_turn(struct db *db, bool deferred);

/* Waits until the connection belongs to nobody else and, where it is shared, makes it ours: no other
 * packet may come into the middle of a transaction. */
void handle_claim(struct db *db);

/* Lets others send again. */
void handle_disclaim(struct db *db);

/* Sends one statement without arguments that gives no rows, whatever the transaction's state. False where
 * the connection is lost. */
bool handle_command(struct db *db, const char *sql);

/* The one place for the rows of a call that gives at most one result set. */
struct places handle_one_place(struct db_rows *rows);

#endif
