/* The tickets' SQL: reading under a lock, and the statements that write. */
#include "ticket/store.h"

#include <string.h>

#include "db/columns.h"
#include "db/statement.h"
#include "identity/sql.h"
#include "ledger/sql.h"

#define SQL_MAX 8192 /* bytes of one of our statements with what it names */

/* A ticket past its time is expired, whether or not it was swept. */
#define SHOWN_STATUS "IF(t.status = 'open' AND t.expires_at <= NOW(6), 'expired', t.status)"
#define OF_PARTNER(column) "(SELECT " column " FROM partner AS p WHERE p.id = t.partner_id)"

/* In front what a ticket alone has. Everything of other tables is a subquery, which a locking read does
 * not lock: nobody waits for a partner's row. */
static const struct db_column columns[] = {
    DB_COLUMN("t.id", struct ticket_row, ticket.id),
    DB_COLUMN("t.partner_id", struct ticket_row, ticket.partner_id),
    DB_COLUMN(OF_PARTNER("p.name"), struct ticket_row, ticket.partner_name),
    DB_COLUMN(OF_PARTNER("p.url"), struct ticket_row, ticket.partner_url),
    DB_COLUMN(SHOWN_STATUS, struct ticket_row, ticket.status),
    DB_COLUMN("t.currency_id", struct ticket_row, ticket.amount.currency),
    DB_COLUMN("t.amount", struct ticket_row, ticket.amount.units),
    DB_COLUMN("UNIX_TIMESTAMP(t.created_at) DIV 1", struct ticket_row, ticket.created),
    DB_COLUMN("UNIX_TIMESTAMP(t.expires_at) DIV 1", struct ticket_row, ticket.expires),
    DB_COLUMN("UNIX_TIMESTAMP(t.settled_at) DIV 1", struct ticket_row, ticket.settled),
    DB_COLUMN("t.description", struct ticket_row, ticket.description),
    DB_COLUMN("t.reason", struct ticket_row, ticket.reason),
    DB_COLUMN("t.customer_id", struct ticket_row, ticket.customer_id),
    DB_COLUMN("(SELECT COUNT(*) FROM ticket_update AS n WHERE n.ticket_id = t.id)",
              struct ticket_row, ticket.updates),
    /* what the rules look at besides */
    DB_COLUMN(IDENTITY_SQL_LOGIN("t.customer_id"), struct ticket_row, customer),
    DB_COLUMN("t.partner_user_id", struct ticket_row, partner_user_id),
    DB_COLUMN("t.key_hash", struct ticket_row, key_hash),
    DB_COLUMN("t.wrong_keys", struct ticket_row, wrong_keys),
    DB_COLUMN("TIMESTAMPDIFF(SECOND, t.wrong_key_at, NOW(6))", struct ticket_row, wrong_key_age),
    DB_COLUMN(LEDGER_SQL_ACCOUNT("t.customer_id", "held", "t.currency_id"), struct ticket_row,
              held),
    DB_COLUMN(LEDGER_SQL_ACCOUNT("t.customer_id", "available", "t.currency_id"), struct ticket_row,
              available),
    DB_COLUMN(LEDGER_SQL_ACCOUNT("t.partner_user_id", "available", "t.currency_id"),
              struct ticket_row, partner_available),
    DB_COLUMN("NOW(6)", struct ticket_row, now),
    DB_COLUMN("UNIX_TIMESTAMP(NOW(6)) DIV 1", struct ticket_row, now_s),
};
enum { SHOWN_COLUMNS = 14 };
_Static_assert(offsetof(struct ticket_row, ticket) == 0, "the first columns fill a ticket alone");

static const struct db_column offer_columns[] = {
    DB_COLUMN("p.user_id", struct ticket_offer, partner_user_id),
    DB_COLUMN("p.name", struct ticket_offer, partner_name),
    DB_COLUMN("p.url", struct ticket_offer, partner_url),
    DB_COLUMN("p.verified_only", struct ticket_offer, verified_only),
    DB_COLUMN("p.ttl_s", struct ticket_offer, ttl_s),
    DB_COLUMN(IDENTITY_SQL_LEVEL("asks.user_id"), struct ticket_offer, level),
    DB_COLUMN(IDENTITY_SQL_OTP_REQUIRED("asks.user_id"), struct ticket_offer, otp_required),
    DB_COLUMN(LEDGER_SQL_ENABLED("asks.currency_id"), struct ticket_offer, currency_enabled),
    DB_COLUMN(LEDGER_SQL_POSTED("asks.user_id", "asks.request_key"), struct ticket_offer, posted),
    DB_COLUMN(LEDGER_SQL_ACCOUNT("asks.user_id", "available", "asks.currency_id"),
              struct ticket_offer, available),
    DB_COLUMN(LEDGER_SQL_ACCOUNT("asks.user_id", "held", "asks.currency_id"), struct ticket_offer,
              held),
    DB_COLUMN(LEDGER_SQL_FREE("asks.user_id", "asks.currency_id"), struct ticket_offer, free),
    DB_COLUMN("NOW(6)", struct ticket_offer, now),
    DB_COLUMN("UNIX_TIMESTAMP(NOW(6)) DIV 1", struct ticket_offer, now_s),
};

enum err ticket_store_offer(struct db *db, const struct actor *actor,
                            const struct ticket_request *order, const struct ledger_use *use,
                            struct ticket_offer *out, struct ledger_limits *limits)
{
    struct db_packet packet = DB_PACKET(SQL_MAX);
    struct db_rows rows[3] = {0};

    ledger_limits_ask(&packet, use);
    struct text *sql = db_packet_begin(&packet);
    db_select(sql, offer_columns, DB_COUNT(offer_columns));
    statement_add(sql,
                  "FROM (SELECT ? AS user_id, ? AS currency_id, ? AS request_key) AS asks "
                  "JOIN partner AS p ON p.id = ? AND p.enabled",
                  DB_ARGS(db_i64(actor->user_id), db_u64(order->amount.currency->id),
                          db_blob(actor->request_key, strlen(actor->request_key)),
                          db_text(order->partner)));
    enum err rc = db_packet_run(db, &packet, rows, 3);
    if (rc == ERR_OK && !db_read(&rows[2], offer_columns, DB_COUNT(offer_columns), out))
        rc = ERR_PARTNER_UNKNOWN;
    ledger_limits_take(rows, limits);
    db_rows_free(&rows[2]);
    return rc;
}

static enum err read_one(struct db *db, const char *where, struct db_args args, size_t count,
                         void *out)
{
    struct text sql = TEXT(SQL_MAX);
    struct db_rows rows = {0};

    db_select(&sql, columns, count);
    statement_add(&sql, where, args);
    enum err rc = db_run(db, text_string(&sql), DB_NO_ARGS, &rows);
    if (rc == ERR_OK && !db_read(&rows, columns, count, out))
        rc = ERR_TICKET_UNKNOWN;
    db_rows_free(&rows);
    text_free(&sql);
    return rc;
}

enum err ticket_store_read(struct db *db, const struct uuid *id, struct ticket_row *out)
{
    return read_one(db,
                    db_in_txn(db) ? "FROM ticket AS t WHERE t.id = ? FOR UPDATE"
                                  : "FROM ticket AS t WHERE t.id = ?",
                    DB_ARGS(db_uuid(id)), DB_COUNT(columns), out);
}

enum err ticket_store_view(struct db *db, const struct uuid *id, struct ticket *out)
{
    return read_one(db, "FROM ticket AS t WHERE t.id = ?", DB_ARGS(db_uuid(id)), SHOWN_COLUMNS,
                    out);
}

enum err ticket_store_by_request(struct db *db, const struct actor *actor, struct ticket *out)
{
    enum err rc =
        read_one(db, "FROM ticket AS t WHERE t.id = " LEDGER_SQL_REF("?", "?", "ticket_create"),
                 DB_ARGS(db_i64(actor->user_id), db_text(actor->request_key)), SHOWN_COLUMNS, out);
    return rc == ERR_TICKET_UNKNOWN ? ERR_NOT_FOUND : rc;
}

enum err ticket_store_due(struct db *db, int limit,
                          void (*row)(void *arg, const struct ticket_row *row), void *arg)
{
    struct text sql = TEXT(SQL_MAX);
    struct db_rows rows = {0};
    struct ticket_row due;

    db_select(&sql, columns, DB_COUNT(columns));
    statement_add(&sql,
                  "FROM ticket AS t FORCE INDEX (due) WHERE t.status = 'open' AND t.expires_at <= "
                  "NOW(6) ORDER BY t.expires_at LIMIT ? FOR UPDATE SKIP LOCKED",
                  DB_ARGS(db_i64(limit)));
    enum err rc = db_run(db, text_string(&sql), DB_NO_ARGS, &rows);
    while (rc == ERR_OK && db_read(&rows, columns, DB_COUNT(columns), &due))
        row(arg, &due);
    db_rows_free(&rows);
    text_free(&sql);
    return rc;
}

enum err ticket_overdue(struct db *db, int64_t *age_s)
{
    struct db_rows rows = {0};
    enum err rc = db_run(db,
                         "SELECT COALESCE(TIMESTAMPDIFF(SECOND, MIN(expires_at), NOW(6)), 0) FROM "
                         "ticket FORCE INDEX "
                         "(due) WHERE status = 'open' AND expires_at <= NOW(6)",
                         DB_NO_ARGS, &rows);

    *age_s = rc == ERR_OK && db_next(&rows) ? db_get_i64(&rows, 0) : 0;
    db_rows_free(&rows);
    return rc;
}

void ticket_store_add(struct db_packet *packet, const struct actor *actor,
                      const struct ticket_request *order, const struct uuid *id,
                      const uint8_t key_hash[SHA256_SIZE], const struct ticket_offer *offer)
{
    db_packet_add(packet,
                  "INSERT INTO ticket (id, customer_id, partner_id, partner_user_id, currency_id, "
                  "amount, key_hash, created_at, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, "
                  "CAST(? AS DATETIME(6)) + INTERVAL ? SECOND)",
                  DB_ARGS(db_uuid(id), db_i64(actor->user_id), db_text(order->partner),
                          db_i64(offer->partner_user_id), db_u64(order->amount.currency->id),
                          db_i128(order->amount.units), db_blob(key_hash, SHA256_SIZE),
                          db_text(offer->now), db_text(offer->now), db_i64(offer->ttl_s)));
}

/* The end of an UPDATE of a ticket that was read: it is as it was then. */
static void add_where(struct db_packet *packet, struct text *sql, const struct ticket_row *row)
{
    bool expired = strcmp(row->ticket.status, "expired") == 0;

    statement_add(
        sql, " WHERE id = ? AND status = ?",
        DB_ARGS(db_uuid(&row->ticket.id), db_text(expired ? "open" : row->ticket.status)));
    db_packet_expect(packet, 1, ERR_DB_CONTENDED);
}

void ticket_store_settle(struct db_packet *packet, const struct ticket_row *row,
                         const char *description)
{
    struct text *sql = db_packet_begin(packet);

    statement_add(sql, "UPDATE ticket SET status = 'settled', settled_at = ?, description = ?",
                  DB_ARGS(db_text(row->now), db_text(description)));
    add_where(packet, sql, row);
}

void ticket_store_end(struct db_packet *packet, const struct ticket_row *row, const char *status,
                      const char *reason)
{
    struct text *sql = db_packet_begin(packet);
    bool was_open = row->ticket.settled == 0;

    statement_add(sql,
                  was_open ? "UPDATE ticket SET status = ?, ended_at = LEAST(expires_at, ?), "
                             "reason = COALESCE(?, reason)"
                           : "UPDATE ticket SET status = ?, ended_at = ?, "
                             "reason = COALESCE(?, reason)",
                  DB_ARGS(db_text(status), db_text(row->now), db_text(reason)));
    add_where(packet, sql, row);
}

void ticket_store_news(struct db_packet *packet, const struct ticket_row *row, const char *status,
                       const char *message)
{
    if (strcmp(status, row->ticket.status) != 0) {
        struct text *sql = db_packet_begin(packet);
        statement_add(sql, "UPDATE ticket SET status = ?", DB_ARGS(db_text(status)));
        add_where(packet, sql, row);
    }
    db_packet_add(packet, "INSERT INTO ticket_update (ticket_id, status, message) VALUES (?, ?, ?)",
                  DB_ARGS(db_uuid(&row->ticket.id), db_text(status), db_text(message)));
}

enum err ticket_store_wrong_key(struct db *db, const struct uuid *id, int64_t pause_s)
{
    return db_run(
        db,
        "UPDATE ticket SET wrong_keys = IF(wrong_key_at <= NOW(6) - INTERVAL ? SECOND, 1, "
        "wrong_keys + 1), wrong_key_at = NOW(6) WHERE id = ?",
        DB_ARGS(db_i64(pause_s), db_uuid(id)), NULL);
}

enum err ticket_updates(struct db *db, const struct uuid *id,
                        void (*row)(void *arg, int64_t date, const char *status,
                                    const char *message),
                        void *arg)
{
    struct db_rows rows = {0};
    enum err rc = db_run(db,
                         "SELECT UNIX_TIMESTAMP(at) DIV 1, status, message FROM ticket_update "
                         "WHERE ticket_id = ? ORDER BY id",
                         DB_ARGS(db_uuid(id)), &rows);
    while (rc == ERR_OK && db_next(&rows))
        row(arg, db_get_i64(&rows, 0), db_get_text(&rows, 1), db_get_text(&rows, 2));
    db_rows_free(&rows);
    return rc;
}

enum err ticket_store_list(struct db *db, const char *ids,
                           void (*row)(void *arg, const struct ticket *ticket), void *arg)
{
    struct db_rows rows = {0};
    struct text sql = TEXT(SQL_MAX);
    struct ticket ticket;

    db_select(&sql, columns, SHOWN_COLUMNS);
    text_addf(&sql, "FROM %s AS page JOIN ticket AS t ON t.id = page.id ORDER BY t.id DESC", ids);
    enum err rc = db_run(db, text_string(&sql), DB_NO_ARGS, &rows);
    while (rc == ERR_OK && db_read(&rows, columns, SHOWN_COLUMNS, &ticket))
        row(arg, &ticket);
    db_rows_free(&rows);
    text_free(&sql);
    return rc;
}
