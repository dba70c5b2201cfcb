#include "notify/outbox.h"

#include <stdlib.h>
#include <string.h>

#define STATEMENT_MAX (256 << 10)
#define FRESH_EVENTS 1000 /* how far back outbox_fresh looks */

static enum err look(struct db *db, const char *sql, const char *channel,
                     void (*row)(void *arg, const struct outbox_lane *lane), void *arg)
{
    struct db_rows rows = {0};
    struct outbox_lane lane;
    enum err rc = db_run(db, sql, DB_ARGS(db_text(channel), db_u64(OUTBOX_LANES_MAX)), &rows);

    while (rc == ERR_OK && db_next(&rows)) {
        text_copy(lane.endpoint, sizeof(lane.endpoint), db_get_text(&rows, 0));
        lane.merchant_id = db_get_i64(&rows, 1);
        row(arg, &lane);
    }
    db_rows_free(&rows);
    return rc;
}

#define LANES_FROM(index, where)                                                                 \
    "SELECT l.endpoint, l.merchant_id FROM "                                                     \
    "(SELECT endpoint, merchant_id, MIN(next_at) AS due FROM event FORCE INDEX (" index ") "     \
    "WHERE channel = ? AND state = 'pending' AND next_at <= NOW(6)" where                        \
    " GROUP BY endpoint, merchant_id) AS l WHERE NOT EXISTS (SELECT 1 FROM endpoint_pause AS p " \
    "WHERE p.endpoint = l.endpoint AND p.merchant_id IN (1, l.merchant_id)) "                    \
    "ORDER BY l.due LIMIT ?"

enum err outbox_lanes(struct db *db, const char *channel,
                      void (*row)(void *arg, const struct outbox_lane *lane), void *arg)
{
    return look(db, LANES_FROM("lane", ""), channel, row, arg);
}

#define TEXT_OF(number) #number
#define TEXT_OF_VALUE(number) TEXT_OF(number)

enum err outbox_fresh(struct db *db, const char *channel,
                      void (*row)(void *arg, const struct outbox_lane *lane), void *arg)
{
    return look(db,
                LANES_FROM("PRIMARY",
                           " AND id > (SELECT MAX(id) FROM event) - " TEXT_OF_VALUE(FRESH_EVENTS)),
                channel, row, arg);
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

/* Locks what is wanted of each lane and begins an attempt for each; rows out: their ids. What
 * another claimer holds is passed over. */
static enum err begin(struct db *db, const struct claim *claim, struct db_rows *rows)
{
    static const char arm[] =
        "(SELECT id, attempts + 1, NOW(6) FROM event FORCE INDEX (lane) WHERE channel = ? "
        "AND state = 'pending' AND endpoint = ? AND merchant_id = ? AND next_at <= NOW(6) "
        "ORDER BY next_at LIMIT ? FOR UPDATE SKIP LOCKED)";
    struct db_arg args[4 * OUTBOX_CLAIM_MAX];
    struct text sql = TEXT(STATEMENT_MAX);

    text_puts(&sql, "INSERT INTO event_attempt (event_id, n, at) ");
    for (size_t i = 0; i < claim->count; i++) {
        text_puts(&sql, i == 0 ? arm : " UNION ALL ");
        if (i > 0)
            text_puts(&sql, arm);
        args[4 * i] = db_text(claim->channel);
        args[4 * i + 1] = db_text(claim->wants[i].lane->endpoint);
        args[4 * i + 2] = db_i64(claim->wants[i].lane->merchant_id);
        args[4 * i + 3] = db_u64(claim->wants[i].room);
    }
    text_puts(&sql, " RETURNING event_id");
    enum err rc = db_run(db, text_string(&sql),
                         (struct db_args){.list = args, .count = 4 * claim->count}, rows);
    text_free(&sql);
    return rc;
}

/* Leases the events whose ids are in `rows`; claim->events gets all that is needed of them. */
static enum err lease(struct db *db, struct claim *claim, struct db_rows *rows)
{
    struct db_arg args[2 * OUTBOX_CLAIM_MAX + 1];
    struct text sql = TEXT(STATEMENT_MAX);
    size_t count = 0;

    args[0] = db_i64(claim->lease_s);
    while (count < OUTBOX_CLAIM_MAX && db_next(rows))
        args[1 + count++] = db_i64(db_get_i64(rows, 0));
    for (size_t i = 0; i < count; i++)
        args[1 + count + i] = args[1 + i];
    text_puts(&sql, "UPDATE event SET attempts = attempts + 1, "
                    "next_at = NOW(6) + INTERVAL ? SECOND WHERE id IN (");
    add_marks(&sql, count);
    text_puts(&sql, ");SELECT " NOTIFY_COLUMNS
                    " FROM event AS e JOIN user AS u ON u.id = e.merchant_id WHERE e.id IN (");
    add_marks(&sql, count);
    text_puts(&sql, ") ORDER BY e.id");
    enum err rc = db_run(db, text_string(&sql),
                         (struct db_args){.list = args, .count = 2 * count + 1}, &claim->events);
    text_free(&sql);
    return rc;
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
        if (want->lane->merchant_id == event->merchant_id &&
            strcmp(want->lane->endpoint, event->endpoint) == 0) {
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
    int64_t retry_s;
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

    text_puts(&sql, "INSERT INTO event_attempt (event_id, n, latency_us, address, status, result, "
                    "problem, answer, at) VALUES ");
    for (size_t i = 0; i < record->count; i++) {
        const struct outbox_outcome *outcome = &record->outcomes[i];
        struct db_arg *arg = &args[ATTEMPT_COLUMNS * i];
        int64_t latency_us = outcome->latency_us;
        text_puts(&sql, i == 0 ? "(?, ?, ?, ?, ?, ?, ?, ?, NOW(6))"
                               : ", (?, ?, ?, ?, ?, ?, ?, ?, NOW(6))");
        arg[0] = db_i64(outcome->event_id);
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

/* Takes the acknowledged ones from the queue, then gives the events that waited behind them their
 * time. In this order: see procedure notify_event. */
static enum err record_delivered(struct db *db, const struct record *record)
{
    struct db_arg args[2 * OUTBOX_RECORD_MAX];
    struct text sql = TEXT(STATEMENT_MAX);
    size_t count = 0;

    for (size_t i = 0; i < record->count; i++)
        if (record->outcomes[i].acknowledged)
            args[count++] = db_i64(record->outcomes[i].event_id);
    if (count == 0)
        return ERR_OK;
    memcpy(&args[count], args, count * sizeof(args[0]));
    text_puts(&sql, "UPDATE event SET state = 'delivered', delivered_at = NOW(6), next_at = NULL "
                    "WHERE state = 'pending' AND id IN (");
    add_marks(&sql, count);
    text_puts(&sql, ");UPDATE event AS e JOIN (SELECT MIN(w.id) AS id FROM event AS d "
                    "JOIN event AS w ON w.subject = d.subject AND w.channel = d.channel "
                    "AND w.state = 'pending' WHERE d.id IN (");
    add_marks(&sql, count);
    text_puts(&sql, ") GROUP BY d.subject, d.channel) AS f ON f.id = e.id "
                    "SET e.next_at = NOW(6) WHERE e.next_at IS NULL");
    enum err rc =
        db_run(db, text_string(&sql), (struct db_args){.list = args, .count = 2 * count}, NULL);
    text_free(&sql);
    return rc;
}

static enum err record_refused(struct db *db, const struct record *record)
{
    struct db_arg args[3 * OUTBOX_RECORD_MAX + 1];
    struct text sql = TEXT(STATEMENT_MAX);
    size_t count = 0, used = 1;

    args[0] = db_i64(record->retry_s);
    for (size_t i = 0; i < record->count; i++)
        if (!record->outcomes[i].acknowledged)
            args[1 + count++] = db_i64(record->outcomes[i].event_id);
    if (count == 0)
        return ERR_OK;
    text_puts(&sql, "UPDATE event SET next_at = NOW(6) + INTERVAL ? SECOND "
                    "WHERE state = 'pending' AND id IN (");
    add_marks(&sql, count);
    text_puts(&sql, ") AND (");
    used += count;
    for (size_t i = 0; i < record->count; i++) {
        const struct outbox_outcome *outcome = &record->outcomes[i];
        if (outcome->acknowledged)
            continue;
        text_puts(&sql, used == 1 + count ? "(id = ? AND attempts = ?)"
                                          : " OR (id = ? AND attempts = ?)");
        args[used++] = db_i64(outcome->event_id);
        args[used++] = db_u64(outcome->attempt);
    }
    text_putc(&sql, ')');
    enum err rc =
        db_run(db, text_string(&sql), (struct db_args){.list = args, .count = used}, NULL);
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
        rc = record_refused(db, record);
    return rc;
}

enum err outbox_record(struct db *db, const struct outbox_outcome *outcomes, size_t count,
                       int64_t retry_s)
{
    struct record record = {.outcomes = outcomes, .count = count, .retry_s = retry_s};

    if (count == 0)
        return ERR_OK;
    return count > OUTBOX_RECORD_MAX ? ERR_INTERNAL : db_txn(db, record_work, &record, NULL);
}

enum err outbox_drop_mail(struct db *db, int limit, int64_t *dropped)
{
    struct db_rows rows = {0};
    enum err rc = db_txn_call(db,
                              "UPDATE event SET state = 'none', next_at = NULL "
                              "WHERE channel = 'mail' AND state = 'pending' LIMIT ?",
                              DB_ARGS(db_i64(limit)), &rows, NULL);
    *dropped = rc == ERR_OK ? (int64_t)rows.affected : 0;
    db_rows_free(&rows);
    return rc;
}
