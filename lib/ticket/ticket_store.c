#include "ticket/store.h"

#include <stdio.h>

#include "base/text.h"
#include "db/packet.h"

/* One row of the procedure ticket_view. */
static void read_ticket(const struct db_rows *rows, struct ticket *out)
{
    *out = (struct ticket){
        .id = db_get_uuid(rows, 0),
        .amount = {.units = db_get_i128(rows, 5),
                   .currency = currency_by_id((uint16_t)db_get_u64(rows, 4))},
        .created = db_get_i64(rows, 6),
        .expires = db_get_i64(rows, 7),
        .settled = db_get_i64(rows, 8),
        .customer_id = db_get_i64(rows, 11),
        .updates = db_get_u64(rows, 13),
    };
    text_copy(out->partner_id, sizeof(out->partner_id), db_get_text(rows, 1));
    text_copy(out->partner_name, sizeof(out->partner_name), db_get_text(rows, 2));
    text_copy(out->status, sizeof(out->status), db_get_text(rows, 3));
    text_copy(out->description, sizeof(out->description), db_get_text(rows, 9));
    text_copy(out->reason, sizeof(out->reason), db_get_text(rows, 10));
    text_copy(out->partner_url, sizeof(out->partner_url), db_get_text(rows, 12));
}

static enum err take_ticket(enum err rc, struct db_rows *rows, struct ticket *out)
{
    if (rc == ERR_OK && !db_next(rows))
        rc = ERR_TICKET_UNKNOWN;
    if (rc == ERR_OK)
        read_ticket(rows, out);
    db_rows_free(rows);
    return rc;
}

enum err ticket_store_create(struct db *db, const struct actor *actor,
                             const struct ticket_request *order, const struct uuid *id,
                             const uint8_t key_hash[SHA256_SIZE], struct ticket_created *out,
                             bool *resent)
{
    struct db_rows rows = {0};
    bool with_otp = order->otp.device_id != 0;
    enum err rc = db_txn_call(
        db, "CALL ticket_create(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        DB_ARGS(db_i64(actor->user_id), db_text(actor->request_key), db_text(actor->trace),
                db_uuid(id), db_blob(key_hash, SHA256_SIZE), db_text(order->partner),
                db_u64(order->amount.currency->id), db_i128(order->amount.units),
                with_otp ? db_i64(order->otp.device_id) : db_null(),
                with_otp ? db_i64(order->otp.step) : db_null()),
        &rows, resent);
    if (rc == ERR_OK && !db_next(&rows))
        rc = ERR_INTERNAL;
    if (rc == ERR_OK) {
        text_copy(out->url, sizeof(out->url), db_get_text(&rows, 0));
        out->created = db_get_i64(&rows, 1);
        out->expires = db_get_i64(&rows, 2);
    }
    db_rows_free(&rows);
    return rc;
}

enum err ticket_store_by_request(struct db *db, const struct actor *actor, struct ticket *out)
{
    struct db_rows rows = {0};
    enum err rc = db_run(db,
                         "SELECT ref FROM journal WHERE user_id = ? AND request_key = ? "
                         "AND kind = 'ticket_create'",
                         DB_ARGS(db_i64(actor->user_id), db_text(actor->request_key)), &rows);
    if (rc == ERR_OK && !db_next(&rows))
        rc = ERR_NOT_FOUND;
    if (rc == ERR_OK) {
        struct uuid id = db_get_uuid(&rows, 0);
        rc = ticket_store_view(db, &id, out);
    }
    db_rows_free(&rows);
    return rc;
}

enum err ticket_store_view(struct db *db, const struct uuid *id, struct ticket *out)
{
    struct db_rows rows = {0};
    enum err rc = db_run(db, "CALL ticket_view(?)", DB_ARGS(db_uuid(id)), &rows);
    return take_ticket(rc, &rows, out);
}

enum err ticket_store_cancel(struct db *db, const struct actor *actor, const struct uuid *id,
                             struct ticket *out, bool *resent)
{
    struct db_rows rows = {0};
    enum err rc = db_txn_call(db, "CALL ticket_cancel(?, ?, ?, ?)",
                              DB_ARGS(db_i64(actor->user_id), db_text(actor->request_key),
                                      db_text(actor->trace), db_uuid(id)),
                              &rows, resent);
    return take_ticket(rc, &rows, out);
}

enum err ticket_store_info(struct db *db, int64_t user_id, const struct ticket_proof *proof,
                           struct ticket *out)
{
    struct db_rows rows = {0};
    struct db_packet packet = DB_PACKET(1024);

    db_packet_add(&packet, "CALL ticket_check(?, ?, ?, ?)",
                  DB_ARGS(db_uuid(&proof->id), db_i64(user_id),
                          db_blob(proof->key_hash, SHA256_SIZE),
                          db_blob(proof->blind, sizeof(proof->blind))));
    db_packet_add(&packet, "CALL ticket_view(?)", DB_ARGS(db_uuid(&proof->id)));
    enum err rc = db_packet_read(db, &packet, &rows, 1);
    return take_ticket(rc, &rows, out);
}

/* The seven arguments that all of a partner's changes begin with, and up to two more. */
static enum err partner_call(struct db *db, const char *sql, const struct actor *actor,
                             const struct ticket_proof *proof, const char *text, const char *status,
                             bool with_status, struct ticket *out, bool *resent)
{
    struct db_rows rows = {0};
    struct db_args args =
        DB_ARGS(db_i64(actor->user_id), db_text(actor->request_key), db_text(actor->trace),
                db_uuid(&proof->id), db_blob(proof->key_hash, SHA256_SIZE),
                db_blob(proof->blind, sizeof(proof->blind)), db_text(text), db_text(status));
    if (!with_status)
        args.count--;
    enum err rc = db_txn_call(db, sql, args, &rows, resent);
    return take_ticket(rc, &rows, out);
}

enum err ticket_store_settle(struct db *db, const struct actor *actor,
                             const struct ticket_proof *proof, const char *description,
                             struct ticket *out, bool *resent)
{
    return partner_call(db, "CALL ticket_settle(?, ?, ?, ?, ?, ?, ?)", actor, proof, description,
                        NULL, false, out, resent);
}

enum err ticket_store_update(struct db *db, const struct actor *actor,
                             const struct ticket_proof *proof, const char *message,
                             const char *status, struct ticket *out, bool *resent)
{
    return partner_call(db, "CALL ticket_update(?, ?, ?, ?, ?, ?, ?, ?)", actor, proof, message,
                        status, true, out, resent);
}

enum err ticket_store_reject(struct db *db, const struct actor *actor,
                             const struct ticket_proof *proof, const char *reason,
                             struct ticket *out, bool *resent)
{
    return partner_call(db, "CALL ticket_reject(?, ?, ?, ?, ?, ?, ?)", actor, proof, reason, NULL,
                        false, out, resent);
}

enum err ticket_store_refund(struct db *db, const struct actor *actor,
                             const struct ticket_proof *proof, const char *reason,
                             struct ticket *out, bool *resent)
{
    return partner_call(db, "CALL ticket_refund(?, ?, ?, ?, ?, ?, ?)", actor, proof, reason, NULL,
                        false, out, resent);
}

enum err ticket_store_wrong_key(struct db *db, const struct uuid *id)
{
    return db_run(db, "CALL ticket_wrong_key(?)", DB_ARGS(db_uuid(id)), NULL);
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

#define LIST_STATUS "IF(t.status = 'open' AND t.expires_at <= NOW(6), 'expired', t.status)"

/* From and where of a list. Each side is a range of its own index, so that either side's list reads
 * both and merges. */
static const char *list_where(enum ticket_side side)
{
    switch (side) {
    case TICKET_SIDE_CUSTOMER:
        return "t.customer_id = ? AND ? IS NOT NULL";
    case TICKET_SIDE_PARTNER:
        return "t.partner_user_id = ? AND ? IS NOT NULL";
    case TICKET_SIDE_EITHER:
        break;
    }
    return "(t.customer_id = ? OR t.partner_user_id = ?)";
}

static enum err list_count(struct db *db, const char *where, int64_t user_id,
                           const struct ticket_filter *filter, uint64_t *records)
{
    struct db_rows rows = {0};
    struct text sql = TEXT(2048);

    text_addf(&sql,
              "SELECT COUNT(*) FROM ticket AS t WHERE %s AND (? IS NULL OR " LIST_STATUS " = ?) "
              "AND (? = 0 OR t.created_at >= FROM_UNIXTIME(?))",
              where);
    enum err rc =
        db_run(db, text_string(&sql),
               DB_ARGS(db_i64(user_id), db_i64(user_id), db_text(filter->status),
                       db_text(filter->status), db_i64(filter->since), db_i64(filter->since)),
               &rows);
    if (rc == ERR_OK && db_next(&rows))
        *records = db_get_u64(&rows, 0);
    db_rows_free(&rows);
    text_free(&sql);
    return rc;
}

enum err ticket_list(struct db *db, int64_t user_id, const struct ticket_filter *filter,
                     void (*row)(void *arg, const struct ticket *ticket), void *arg,
                     struct page *page)
{
    const char *where = list_where(filter->side);
    struct db_rows rows = {0};
    struct text sql = TEXT(4096);
    struct ticket ticket;
    uint64_t records = 0;

    enum err rc = list_count(db, where, user_id, filter, &records);
    if (rc != ERR_OK)
        return rc;
    *page = page_of(records, filter->page, TICKET_PAGE);
    text_addf(&sql,
              "SELECT t.id, t.partner_id, p.name, " LIST_STATUS ", t.currency_id, t.amount, "
              "UNIX_TIMESTAMP(t.created_at) DIV 1, UNIX_TIMESTAMP(t.expires_at) DIV 1, "
              "UNIX_TIMESTAMP(t.settled_at) DIV 1, t.description, t.reason, t.customer_id, p.url, "
              "(SELECT COUNT(*) FROM ticket_update AS n WHERE n.ticket_id = t.id) "
              "FROM ticket AS t JOIN partner AS p ON p.id = t.partner_id WHERE %s "
              "AND (? IS NULL OR " LIST_STATUS " = ?) "
              "AND (? = 0 OR t.created_at >= FROM_UNIXTIME(?)) ORDER BY t.id DESC LIMIT ?, ?",
              where);
    rc = db_run(db, text_string(&sql),
                DB_ARGS(db_i64(user_id), db_i64(user_id), db_text(filter->status),
                        db_text(filter->status), db_i64(filter->since), db_i64(filter->since),
                        db_i64(page_offset(page)), db_i64(page->size)),
                &rows);
    while (rc == ERR_OK && db_next(&rows)) {
        read_ticket(&rows, &ticket);
        row(arg, &ticket);
    }
    db_rows_free(&rows);
    text_free(&sql);
    return rc;
}

enum err ticket_expire_due(struct db *db, int limit, int64_t *released)
{
    struct db_rows rows = {0};
    enum err rc = db_txn_call(db, "CALL ticket_expire_due(?)", DB_ARGS(db_i64(limit)), &rows, NULL);
    if (rc == ERR_OK && db_next(&rows))
        *released = db_get_i64(&rows, 0);
    db_rows_free(&rows);
    return rc;
}
