/* One connection to the server. Several handles (struct db) may share it: what they send is answered
 * in the order in which it was sent. For db.c alone. */
#ifndef DB_CONNECTION_H
#define DB_CONNECTION_H

#include <mysql.h>

#include "base/text.h"
#include "db/db.h"

#define CONNECTION_READ_TIMEOUT_S 30
#define DATA_DIRECTORY_SIZE 512

struct connection {
    MYSQL *mysql; /* NULL where it is closed */
    bool open, opening;
    unsigned session; /* counts how often it was closed: what was underway then gets no answer */
    size_t underway;  /* packets sent by handles that wait, and not answered yet */
    size_t handles;
    const struct db *owner; /* whose transaction has it; nobody else may send. NULL: nobody's */
    char data_directory[DATA_DIRECTORY_SIZE]; /* of the server; "" where it is reached over TCP */
    unsigned
        read_s; /* how long an answer may take: CONNECTION_READ_TIMEOUT_S, or see db_patience */
    struct db_params params; /* strings owned */
};

/* Prepares a connection for one handle, without opening it.
 * params  copied
 * Returns ERR_NO_MEMORY. */
MUST_USE enum err connection_new(const struct db_params *params, struct connection **out);

/* One handle less; the last one closes it and gives it back. */
void connection_release(struct connection *connection);

/* Opens it, or waits until somebody else has, where it is not open. Others go on meanwhile.
 * problem  out, the server's words where it failed
 * Returns ERR_DB_AWAY, ERR_NO_MEMORY. */
MUST_USE enum err connection_open(struct connection *connection, struct text *problem);

/* The same, once more and again until it succeeds or DB_RETURN_MS are over, for a server that is
 * coming back; tried only once where this process has just waited in vain. What is open stays so. */
MUST_USE enum err connection_open_again(struct connection *connection, struct text *problem);

/* Whether the server has left a connection on which nothing is due: there is an end, or a farewell, to be
 * read. What is sent over TCP into such a one seems to have arrived, and nobody could tell whether it was
 * done. */
bool connection_was_left(const struct connection *connection);

/* Closes it, in whatever state it is. */
void connection_close(struct connection *connection);

#endif
