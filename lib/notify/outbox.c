/* The retrier's side of the outbox: each call is one packet or one transaction over many deliveries. */
#include "notify/outbox.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "db/packet.h"
#include "db/statement.h"

#define STATEMENT_MAX (256 << 10)
#define FRESH_DELIVERIES 1000 /* how far back outbox_fresh looks */

static enum err look(struct db *db, const char *sql, const char *channel,
                     void (*row)(void *arg, const struct delivery_queue *queue), void *arg)
{
    struct db_rows rows = {0};
    struct delivery_queue queue;
    enum err rc = db_run(db, sql, DB_ARGS(db_text(channel), db_u64(OUTBOX_QUEUES_MAX)), &rows);

    while (rc == ERR_OK && db_next(&rows)) {
        text_copy(queue.endpoint, sizeof(queue.endpoint), db_get_text(&rows, 0));
        queue.owner_id = db_get_i64(&rows, 1);
        row(arg, &queue);
    }
    db_rows_free(&rows);
    return rc;
}

#define QUEUES_FROM(index, where)                                                             \
    "SELECT l.endpoint, l.owner_id FROM "                                                     \
    "(SELECT endpoint, owner_id, MIN(next_at) AS due FROM delivery FORCE INDEX (" index ") "  \
    "WHERE channel = ? AND state = 'pending' AND next_at <= NOW(6)" where                     \
    " GROUP BY endpoint, owner_id) AS l WHERE NOT EXISTS (SELECT 1 FROM endpoint_pause AS p " \
    "WHERE p.endpoint = l.endpoint AND p.owner_id IN (1, l.owner_id)) "                       \
    "ORDER BY l.due LIMIT ?"

enum err outbox_queues(struct db *db, const char *channel,
                       void (*row)(void *arg, const struct delivery_queue *queue), void *arg)
{
    return look(db, QUEUES_FROM("queue", ""), channel, row, arg);
}

#define TEXT_OF(number) #number
#define TEXT_OF_VALUE(number) TEXT_OF(number)

enum err outbox_fresh(struct db *db, const char *channel,
                      void (*row)(void *arg, const struct delivery_queue *queue), void *arg)
{
    return look(db,
                QUEUES_FROM("PRIMARY", " AND id > (SELECT MAX(id) FROM delivery) - " TEXT_OF_VALUE(
                                           FRESH_DELIVERIES)),
                channel, row, arg);
}

enum err outbox_overdue(struct db *db, int64_t *age_s)
{
    struct db_rows rows = {0};
    enum err rc = db_run(
        db,
        "SELECT COALESCE(TIMESTAMPDIFF(SECOND, MIN(l.due), NOW(6)), 0) FROM (SELECT endpoint, "
        "owner_id, MIN(next_at) AS due FROM delivery FORCE INDEX (queue) WHERE channel IN "
        "('mail', 'post') AND state = 'pending' AND next_at <= NOW(6) GROUP BY endpoint, "
        "owner_id) AS l WHERE NOT EXISTS (SELECT 1 FROM endpoint_pause AS p WHERE p.endpoint "
        "= l.endpoint AND p.owner_id IN (1, l.owner_id))",
        DB_NO_ARGS, &rows);

    *age_s = rc == ERR_OK && db_next(&rows) ? db_get_i64(&rows, 0) : 0;
    db_rows_free(&rows);
    return rc;
}

/* What the transaction of a claim works on. */
struct claim {
    const char *channel;
    struct outbox_want *wants;
    size_t count;
    int64_t lease_s;
    struct db_rows events;
};

/* "?, ?, ?" */
static void add_marks(struct text *sql, size_t count)
{
    for (size_t i = 0; i < count; i++)
        text_puts(sql, i == 0 ? "?" : ", ?");
}

/* Locks what is wanted of each queue and begins an attempt for each; rows out: their ids. What
 * another claimer holds is passed over. */
static enum err begin(struct db *db, const struct claim *claim, struct db_rows *rows)
{
    static const char arm[] =
        "(SELECT id, attempts + 1, NOW(6) FROM delivery FORCE INDEX (queue) WHERE channel = ? "
        "AND state = 'pending' AND endpoint = ? AND owner_id = ? AND next_at <= NOW(6) "
        "ORDER BY next_at LIMIT ? FOR UPDATE SKIP LOCKED)";
    struct db_arg args[4 * OUTBOX_CLAIM_MAX];
    struct text sql = TEXT(STATEMENT_MAX);

    text_puts(&sql, "INSERT INTO delivery_attempt (delivery_id, n, at) ");
    for (size_t i = 0; i < claim->count; i++) {
        text_puts(&sql, i == 0 ? arm : " UNION ALL ");
        if (i > 0)
            text_puts(&sql, arm);
        args[4 * i] = db_text(claim->channel);
        args[4 * i + 1] = db_text(claim->wants[i].queue->endpoint);
        args[4 * i + 2] = db_i64(claim->wants[i].queue->owner_id);
        args[4 * i + 3] = db_u64(claim->wants[i].room);
    }
    text_puts(&sql, " RETURNING delivery_id");
    enum err rc = db_run(db, text_string(&sql),
                         (struct db_args){.list = args, .count = 4 * claim->count}, rows);
    text_free(&sql);
    return rc;
}

/* Leases the events whose ids are in `rows`; claim->events gets all that is needed of them. */
static enum err lease(struct db *db, struct claim *claim, struct db_rows *rows)
{
    struct db_packet packet = DB_PACKET(STATEMENT_MAX);
    struct text ids = TEXT(STATEMENT_MAX);

    while (db_next(rows))
        text_addf(&ids, "%s%" PRId64, ids.len > 0 ? ", " : "", db_get_i64(rows, 0));
    struct text *sql = db_packet_begin(&packet);
    statement_add(sql,
                  "UPDATE delivery SET attempts = attempts + 1, "
                  "next_at = NOW(6) + INTERVAL ? SECOND WHERE id IN (",
                  DB_ARGS(db_i64(claim->lease_s)));
    text_addf(sql, "%s)", text_string(&ids));
    sql = db_packet_begin(&packet);
    text_puts(sql, "SELECT " NOTIFY_COLUMNS " FROM " NOTIFY_FROM " WHERE d.id IN (");
    text_addf(sql, "%s) ORDER BY d.id", text_string(&ids));
    text_free(&ids);
    return db_packet_run(db, &packet, &claim->events, 1);
}

static enum err claim_work(struct db *db, void *arg)
{
    struct claim *claim = arg;
    struct db_rows rows = {0};

    db_rows_free(&claim->events);
    enum err rc = begin(db, claim, &rows);
    if (rc == ERR_OK && rows.count > 0)
        rc = lease(db, claim, &rows);
    db_rows_free(&rows);
    return rc;
}

static void count_taken(struct claim *claim, const struct notify_event *event)
{
    for (size_t i = 0; i < claim->count; i++) {
        struct outbox_want *want = &claim->wants[i];
        if (want->queue->owner_id == event->owner_id &&
            strcmp(want->queue->endpoint, event->endpoint) == 0) {
            want->taken++;
            return;
        }
    }
}

enum err outbox_claim(struct db *db, const char *channel, struct outbox_want *wants, size_t count,
                      int64_t lease_s, void (*row)(void *arg, const struct notify_event *event),
                      void *arg)
{
    struct claim claim = {.channel = channel, .wants = wants, .lease_s = lease_s};
    struct notify_event *event = malloc(sizeof(*event));
    unsigned room = 0;
    enum err rc = event == NULL ? ERR_NO_MEMORY : ERR_OK;

    for (; claim.count < count && room + wants[claim.count].room <= OUTBOX_CLAIM_MAX; claim.count++)
        room += wants[claim.count].room;
    for (size_t i = 0; i < count; i++)
        wants[i].taken = 0;
    if (rc == ERR_OK && claim.count > 0)
        rc = db_txn(db, claim_work, &claim, NULL);
    while (rc == ERR_OK && db_next(&claim.events)) {
        notify_read_event(&claim.events, event);
        count_taken(&claim, event);
        row(arg, event);
    }
    db_rows_free(&claim.events);
    free(event);
    return rc;
}

/* What the transaction of a record works on. */
struct record {
    const struct outbox_outcome *outcomes;
    size_t count;
};

#define ATTEMPT_COLUMNS 8

static struct db_arg text_or_null(const char *text)
{
    return text[0] == '\0' ? db_null() : db_text(text);
}

static enum err record_attempts(struct db *db, const struct record *record)
{
    struct db_arg args[ATTEMPT_COLUMNS * OUTBOX_RECORD_MAX];
    struct text sql = TEXT(STATEMENT_MAX);

    text_puts(&sql,
              "INSERT INTO delivery_attempt (delivery_id, n, latency_us, address, status, result, "
              "problem, answer, at) VALUES ");
    for (size_t i = 0; i < record->count; i++) {
        const struct outbox_outcome *outcome = &record->outcomes[i];
        struct db_arg *arg = &args[ATTEMPT_COLUMNS * i];
        int64_t latency_us = outcome->latency_us;
        text_puts(&sql, i == 0 ? "(?, ?, ?, ?, ?, ?, ?, ?, NOW(6))"
                               : ", (?, ?, ?, ?, ?, ?, ?, ?, NOW(6))");
        arg[0] = db_i64(outcome->delivery_id);
        arg[1] = db_u64(outcome->attempt);
        arg[2] = db_i64(latency_us < 0 ? 0 : latency_us > UINT32_MAX ? UINT32_MAX : latency_us);
        arg[3] = text_or_null(outcome->address);
        arg[4] = outcome->status > 0 ? db_i64(outcome->status) : db_null();
        arg[5] = db_text(outcome->result);
        arg[6] = text_or_null(outcome->problem);
        arg[7] =
            outcome->answer_len == 0 ? db_null() : db_blob(outcome->answer, outcome->answer_len);
    }
    /* The rows are there since the claim; only their end is new. */
    text_puts(&sql, " ON DUPLICATE KEY UPDATE latency_us = VALUES(latency_us), "
                    "address = VALUES(address), status = VALUES(status), "
                    "result = VALUES(result), problem = VALUES(problem), answer = VALUES(answer)");
    enum err rc =
        db_run(db, text_string(&sql),
               (struct db_args){.list = args, .count = ATTEMPT_COLUMNS * record->count}, NULL);
    text_free(&sql);
    return rc;
}

/* What a try was the last one of: it was acknowledged, or is given up. */
static bool is_last(const struct outbox_outcome *outcome)
{
    return outcome->acknowledged || outcome->retry_s < 0;
}

/* Adds "(id = ? AND attempts = ?) OR ..." for the outcomes that `wanted` takes, with their arguments. */
static size_t add_tries(struct text *sql, struct db_arg *args, const struct record *record,
                        bool (*wanted)(const struct outbox_outcome *outcome))
{
    size_t count = 0;

    for (size_t i = 0; i < record->count; i++) {
        const struct outbox_outcome *outcome = &record->outcomes[i];
        if (!wanted(outcome))
            continue;
        text_puts(sql, count == 0 ? "(id = ? AND attempts = ?)" : " OR (id = ? AND attempts = ?)");
        args[count++] = db_i64(outcome->delivery_id);
        args[count++] = db_u64(outcome->attempt);
    }
    return count;
}

static bool is_given_up(const struct outbox_outcome *outcome)
{
    return !outcome->acknowledged && outcome->retry_s < 0;
}

static enum err record_given_up(struct db *db, const struct record *record)
{
    struct db_arg args[2 * OUTBOX_RECORD_MAX];
    struct text sql = TEXT(STATEMENT_MAX);
    enum err rc = ERR_OK;

    text_puts(&sql,
              "UPDATE delivery SET state = 'failed', next_at = NULL WHERE state = 'pending' AND (");
    size_t count = add_tries(&sql, args, record, is_given_up);
    text_putc(&sql, ')');
    if (count > 0)
        rc = db_run(db, text_string(&sql), (struct db_args){.list = args, .count = count}, NULL);
    text_free(&sql);
    return rc;
}

/* Takes the acknowledged ones from the queue. */
static enum err record_delivered(struct db *db, const struct record *record)
{
    struct db_arg args[OUTBOX_RECORD_MAX];
    struct text sql = TEXT(STATEMENT_MAX);
    size_t count = 0;
    enum err rc = ERR_OK;

    for (size_t i = 0; i < record->count; i++)
        if (record->outcomes[i].acknowledged)
            args[count++] = db_i64(record->outcomes[i].delivery_id);
    text_puts(&sql, "UPDATE delivery SET state = 'delivered', delivered_at = NOW(6), "
                    "next_at = NULL WHERE state = 'pending' AND id IN (");
    add_marks(&sql, count);
    text_putc(&sql, ')');
    if (count > 0)
        rc = db_run(db, text_string(&sql), (struct db_args){.list = args, .count = count}, NULL);
    text_free(&sql);
    return rc;
}

/* Gives the deliveries that waited behind those that ended their time. After these have ended: see
 * procedure event_deliver. */
static enum err wake_next(struct db *db, const struct record *record)
{
    struct db_arg args[OUTBOX_RECORD_MAX];
    struct text sql = TEXT(STATEMENT_MAX);
    size_t count = 0;
    enum err rc = ERR_OK;

    for (size_t i = 0; i < record->count; i++)
        if (is_last(&record->outcomes[i]))
            args[count++] = db_i64(record->outcomes[i].delivery_id);
    text_puts(&sql, "UPDATE delivery AS d JOIN (SELECT MIN(w.id) AS id FROM delivery AS e "
                    "JOIN delivery AS w ON w.subject = e.subject AND w.endpoint = e.endpoint "
                    "AND w.state = 'pending' WHERE e.id IN (");
    add_marks(&sql, count);
    text_puts(&sql, ") GROUP BY e.subject, e.endpoint) AS f ON f.id = d.id "
                    "SET d.next_at = NOW(6) WHERE d.next_at IS NULL");
    if (count > 0)
        rc = db_run(db, text_string(&sql), (struct db_args){.list = args, .count = count}, NULL);
    text_free(&sql);
    return rc;
}

static bool is_refused(const struct outbox_outcome *outcome)
{
    return !outcome->acknowledged && outcome->retry_s >= 0;
}

/* Each is due again when its own schedule says. */
static enum err record_refused(struct db *db, const struct record *record)
{
    struct db_arg args[4 * OUTBOX_RECORD_MAX];
    struct text sql = TEXT(STATEMENT_MAX);
    size_t used = 0;
    enum err rc = ERR_OK;

    text_puts(&sql, "UPDATE delivery SET next_at = NOW(6) + INTERVAL CASE id");
    for (size_t i = 0; i < record->count; i++)
        if (is_refused(&record->outcomes[i])) {
            text_puts(&sql, " WHEN ? THEN ?");
            args[used++] = db_i64(record->outcomes[i].delivery_id);
            args[used++] = db_i64(record->outcomes[i].retry_s);
        }
    text_puts(&sql, " END SECOND WHERE state = 'pending' AND (");
    if (used > 0) {
        used += add_tries(&sql, args + used, record, is_refused);
        text_putc(&sql, ')');
        rc = db_run(db, text_string(&sql), (struct db_args){.list = args, .count = used}, NULL);
    }
    text_free(&sql);
    return rc;
}

static enum err record_work(struct db *db, void *arg)
{
    const struct record *record = arg;
    enum err rc = record_attempts(db, record);

    if (rc == ERR_OK)
        rc = record_delivered(db, record);
    if (rc == ERR_OK)
        rc = record_given_up(db, record);
    if (rc == ERR_OK)
        rc = wake_next(db, record);
    if (rc == ERR_OK)
        rc = record_refused(db, record);
    return rc;
}

enum err outbox_record(struct db *db, const struct outbox_outcome *outcomes, size_t count)
{
    struct record record = {.outcomes = outcomes, .count = count};

    if (count == 0)
        return ERR_OK;
    /* What is recorded twice is recorded once: each statement names the try that it is about. */
    bool resent;
    return count > OUTBOX_RECORD_MAX ? ERR_INTERNAL : db_txn(db, record_work, &record, &resent);
}

enum err outbox_drop_mail(struct db *db, int limit, int64_t *dropped)
{
    struct db_rows rows = {0};
    enum err rc = db_txn_call(db,
                              "UPDATE delivery SET state = 'none', next_at = NULL "
                              "WHERE channel = 'mail' AND state = 'pending' LIMIT ?",
                              DB_ARGS(db_i64(limit)), &rows, NULL);
    *dropped = rc == ERR_OK ? (int64_t)rows.affected : 0;
    db_rows_free(&rows);
    return rc;
}
