/* Handles that share a connection: when one may send, and when the answer is its own. */
#include "base/wait.h"
#include "db/handle.h"

#define OWNER_STEP_MS 1 /* between looks whether another's transaction has ended */

bool handle_is_taken(const struct db *db)
{
    const struct db *owner = db->connection->owner;
    return owner != NULL && owner != db;
}

enum err handle_ready(struct db *db)
{
    enum err rc = ERR_OK;

    if (db->txn != TXN_OPEN && !handle_is_taken(db) && connection_was_left(db->connection))
        connection_close(db->connection);
    while (rc == ERR_OK && (handle_is_taken(db) || !db->connection->open)) {
        if (handle_is_taken(db))
            wait_ms(OWNER_STEP_MS);
        else
            rc = connection_open(db->connection, &db->problem);
    }
    return rc;
}

void handle_claim(struct db *db)
{
    struct connection *connection = db->connection;

    if (connection->handles == 1)
        return;
    while (handle_is_taken(db) || connection->opening || connection->underway > 0) {
        if (connection->underway > 0)
            (void)wait_readable(mysql_get_socket(connection->mysql),
                                (int)db->connection->read_s * 1000);
        else
            wait_ms(OWNER_STEP_MS);
    }
    connection->owner = db;
}

void handle_disclaim(struct db *db)
{
    if (db->connection->owner == db)
        db->connection->owner = NULL;
}

bool handle_await_turn(struct db *db, bool deferred)
{
    struct connection *connection = db->connection;

    connection->underway++;
    bool answered = wait_readable(mysql_get_socket(connection->mysql),
                                  deferred ? DB_DEFERRED_MS : (int)db->connection->read_s * 1000);
    if (connection->session != db->session)
        return false;
    connection->underway--;
    if (!answered && deferred)
        deferred_stalls();
    return answered;
}
