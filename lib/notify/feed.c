/* The outbox for those who are told: lists, one event with its tries, replay, pauses, the feed. */
#include "notify/feed.h"

#include <stdlib.h>
#include <string.h>

#include "db/list.h"
#include "identity/request.h"
#include "identity/rights.h"
#include "json/writer.h"

const char *const feed_statuses[] = {"paid",     "partial", "cancelled", "closed",
                                     "refunded", "test",    NULL};
const char *const feed_states[] = {"none", "pending", "delivered", "failed", NULL};
const char *const feed_channels[] = {"feed", "ipn", "mail", NULL};

#define TEST_CURRENCY "BTC" /* of an event that tells nothing */
#define EVERYBODY 1         /* user.id of the house: a pause of the operator's */

/* An owner sees their own, the operator (0) all. Two arguments. */
#define OWN "(? = 0 OR d.owner_id = ?)"

/* The conditions of a list, and their arguments. */
#define FILTER_ARGS 16
struct where {
    struct text sql;
    struct db_arg args[FILTER_ARGS];
    size_t count;
};

static void add_condition(struct where *where, const char *sql, struct db_arg arg)
{
    text_puts(&where->sql, where->count == 0 ? " WHERE " : " AND ");
    text_puts(&where->sql, sql);
    where->args[where->count++] = arg;
}

/* The database refuses to compare an ASCII column with anything else. */
static bool is_ascii(const char *text)
{
    for (; *text != '\0'; text++)
        if ((unsigned char)*text > 0x7f)
            return false;
    return true;
}

static void build_where(int64_t owner_id, const struct feed_filter *filter, struct where *out)
{
    *out = (struct where){.sql = TEXT(4096)};
    if (owner_id != 0)
        add_condition(out, "d.owner_id = ?", db_i64(owner_id));
    if (filter->status != NULL)
        add_condition(out, "e.kind = ?", db_text(filter->status));
    if (filter->state != NULL)
        add_condition(out, "d.state = ?", db_text(filter->state));
    if (filter->channel != NULL)
        add_condition(out, "IF(d.channel = 'post', d.format, d.channel) = ?",
                      db_text(filter->channel));
    if (filter->endpoint != NULL && is_ascii(filter->endpoint))
        add_condition(out, "d.endpoint = ?", db_text(filter->endpoint));
    else if (filter->endpoint != NULL)
        add_condition(out, "?", db_u64(false)); /* endpoints are ASCII: there is none like that */
    if (filter->subject != NULL)
        add_condition(out, "d.subject = ?", db_uuid(filter->subject));
    if (filter->since != 0)
        add_condition(out, "e.at >= FROM_UNIXTIME(?)", db_i64(filter->since));
}

/* What a filter has to look at: only two of its conditions are about the event. */
static const char *filtered_from(const struct feed_filter *filter)
{
    return filter->status != NULL || filter->since != 0
               ? "delivery AS d JOIN event AS e ON e.id = d.event_id"
               : "delivery AS d";
}

static enum err count_events(struct db *db, const struct where *where,
                             const struct feed_filter *filter, uint64_t *records)
{
    struct db_rows rows = {0};
    struct text sql = TEXT(8192);

    text_addf(&sql, "SELECT COUNT(*) FROM %s%s", filtered_from(filter), text_string(&where->sql));
    enum err rc = db_run(db, text_string(&sql),
                         (struct db_args){.list = where->args, .count = where->count}, &rows);
    if (rc == ERR_OK && db_next(&rows))
        *records = db_get_u64(&rows, 0);
    db_rows_free(&rows);
    text_free(&sql);
    return rc;
}

/* Runs a query for events and gives each to `row`. */
static enum err each_event(struct db *db, const char *sql, struct db_args args,
                           void (*row)(void *arg, const struct notify_event *event), void *arg)
{
    struct db_rows rows = {0};
    struct notify_event *event = malloc(sizeof(*event));
    enum err rc = event == NULL ? ERR_NO_MEMORY : db_run(db, sql, args, &rows);

    while (rc == ERR_OK && db_next(&rows)) {
        notify_read_event(&rows, event);
        row(arg, event);
    }
    db_rows_free(&rows);
    free(event);
    return rc;
}

#define SELECT_EVENTS "SELECT " NOTIFY_COLUMNS " FROM " NOTIFY_FROM

/* An owner's event ids rise with its cursor: both are given under the lock of its feed. */
#define NEWEST_FIRST "d.event_id DESC, d.id DESC"

static const struct db_list of_owner = {.name = "delivery/owner",
                                        .from = "delivery AS d WHERE d.owner_id = ?",
                                        .id = "d.id",
                                        .key = "d.event_id",
                                        .number = true,
                                        .order = "d.event_id, d.id",
                                        .reverse = NEWEST_FIRST};

/* All of an owner's. */
static enum err list_all(struct db *db, int64_t owner_id, int64_t wanted,
                         void (*row)(void *arg, const struct notify_event *event), void *arg,
                         struct page *page)
{
    struct text sql = TEXT(8192);
    uint64_t records = 0;

    enum err rc = db_list_count(db, &of_owner, owner_id, &records);
    *page = page_of(records, wanted, FEED_PAGE);
    if (rc == ERR_OK && records > 0 && page->current <= page->max) {
        text_puts(&sql, SELECT_EVENTS " WHERE d.id IN (SELECT id FROM ");
        rc = db_list_page(db, &of_owner, owner_id, page, &sql);
        text_puts(&sql, " AS page) ORDER BY " NEWEST_FIRST);
        if (rc == ERR_OK)
            rc = each_event(db, text_string(&sql), DB_NO_ARGS, row, arg);
    }
    text_free(&sql);
    return rc;
}

enum err feed_list(struct db *db, int64_t owner_id, const struct feed_filter *filter,
                   void (*row)(void *arg, const struct notify_event *event), void *arg,
                   struct page *page)
{
    struct where where;
    struct text sql = TEXT(8192);

    build_where(owner_id, filter, &where);
    if (owner_id != 0 && where.count == 1) {
        text_free(&where.sql);
        return list_all(db, owner_id, filter->page, row, arg, page);
    }
    uint64_t records = 0;
    enum err rc = count_events(db, &where, filter, &records);
    *page = page_of(records, filter->page, FEED_PAGE);
    if (rc == ERR_OK && page->current <= page->max) {
        const char *order = owner_id != 0 ? NEWEST_FIRST : "d.id DESC";
        text_addf(&sql,
                  SELECT_EVENTS " WHERE d.id IN (SELECT id FROM (SELECT d.id FROM %s%s ORDER BY %s "
                                "LIMIT ? OFFSET ?) AS page) ORDER BY %s",
                  filtered_from(filter), text_string(&where.sql), order, order);
        where.args[where.count++] = db_i64(FEED_PAGE);
        where.args[where.count++] = db_i64(page_offset(page));
        rc = each_event(db, text_string(&sql),
                        (struct db_args){.list = where.args, .count = where.count}, row, arg);
    }
    text_free(&sql);
    text_free(&where.sql);
    return rc;
}

/* Where to put the one event that a query gives. */
struct one {
    struct notify_event *out;
    bool found;
};

static void take_one(void *arg, const struct notify_event *event)
{
    struct one *one = arg;
    *one->out = *event;
    one->found = true;
}

enum err feed_event(struct db *db, int64_t owner_id, const struct uuid *uuid, int64_t id,
                    struct notify_event *out)
{
    struct one one = {.out = out};
    enum err rc =
        uuid != NULL
            ? each_event(db, SELECT_EVENTS " WHERE d.uuid = ? AND " OWN,
                         DB_ARGS(db_uuid(uuid), db_i64(owner_id), db_i64(owner_id)), take_one, &one)
            : each_event(db, SELECT_EVENTS " WHERE d.id = ? AND " OWN,
                         DB_ARGS(db_i64(id), db_i64(owner_id), db_i64(owner_id)), take_one, &one);
    return rc == ERR_OK && !one.found ? ERR_NOT_FOUND : rc;
}

enum err feed_attempts(struct db *db, int64_t delivery_id,
                       void (*row)(void *arg, const struct feed_attempt *attempt), void *arg)
{
    struct db_rows rows = {0};
    enum err rc = db_run(db,
                         "SELECT n, UNIX_TIMESTAMP(at) DIV 1, latency_us, status, "
                         "COALESCE(address, ''), result, COALESCE(problem, ''), answer "
                         "FROM (SELECT * FROM delivery_attempt WHERE delivery_id = ? UNION ALL "
                         "SELECT * FROM delivery_attempt_archive WHERE delivery_id = ?) AS tries "
                         "ORDER BY n",
                         DB_ARGS(db_i64(delivery_id), db_i64(delivery_id)), &rows);
    while (rc == ERR_OK && db_next(&rows)) {
        struct feed_attempt attempt = {
            .n = (uint32_t)db_get_u64(&rows, 0),
            .at = db_get_i64(&rows, 1),
            .latency_us = db_is_null(&rows, 2) ? -1 : db_get_i64(&rows, 2),
            .status = (int)db_get_i64(&rows, 3),
            .address = db_get_text(&rows, 4),
            .result = db_get_text(&rows, 5),
            .problem = db_get_text(&rows, 6),
        };
        attempt.answer = db_get_blob(&rows, 7, &attempt.answer_len);
        row(arg, &attempt);
    }
    db_rows_free(&rows);
    return rc;
}

/* Runs a change; *count says how many rows it changed. */
static enum err change(struct db *db, const char *sql, struct db_args args, int64_t *count)
{
    struct db_rows rows = {0};
    enum err rc = db_txn_call(db, sql, args, &rows, NULL);
    *count = rc == ERR_OK ? (int64_t)rows.affected : 0;
    db_rows_free(&rows);
    return rc;
}

/* What is to be delivered again is due at once, but for what waits for an earlier delivery of its
 * subject: that one gives it its time. The gaps between tries begin anew. */
#define AGAIN                                                                              \
    "UPDATE delivery AS d SET d.state = 'pending', d.next_at = NOW(6), d.since = NOW(6), " \
    "d.delivered_at = NULL WHERE d.channel <> 'feed' "                                     \
    "AND (d.state <> 'pending' OR d.next_at IS NOT NULL) AND "

enum err feed_replay(struct db *db, int64_t owner_id, const struct uuid *uuid)
{
    struct db_rows rows = {0};
    int64_t count;
    enum err rc =
        db_run(db, "SELECT 1 FROM delivery AS d WHERE d.uuid = ? AND d.channel <> 'feed' AND " OWN,
               DB_ARGS(db_uuid(uuid), db_i64(owner_id), db_i64(owner_id)), &rows);

    if (rc == ERR_OK && !db_next(&rows))
        rc = ERR_NOT_FOUND;
    db_rows_free(&rows);
    return rc != ERR_OK ? rc : change(db, AGAIN "d.uuid = ?", DB_ARGS(db_uuid(uuid)), &count);
}

enum err feed_replay_range(struct db *db, int64_t owner_id, uint64_t first, uint64_t last,
                           bool only_pending, int64_t *count)
{
    return change(db,
                  AGAIN "d.owner_id = ? AND d.channel = 'post' AND d.event_id IN (SELECT e.id "
                        "FROM event AS e WHERE e.owner_id = ? AND e.seq BETWEEN ? AND ?) "
                        "AND (d.state = 'pending' OR NOT ?) ORDER BY d.id LIMIT ?",
                  DB_ARGS(db_i64(owner_id), db_i64(owner_id), db_u64(first), db_u64(last),
                          db_u64(only_pending), db_u64(FEED_REPLAY_MAX)),
                  count);
}

struct test {
    const struct actor *actor;
    int64_t api_key_id;
    const char *url, *endpoint;
};

/* Keeps the event's id: {"event"}. */
static enum err test_in(struct db *db, void *arg, struct text *reply)
{
    const struct test *test = arg;
    struct writer json = {.out = reply};
    struct db_rows rows = {0};
    struct uuid subject = crypto_uuid7(), event;
    enum err rc = db_run(db, "CALL notify_test(?, ?, ?, ?, ?, ?, ?, ?, ?)",
                         DB_ARGS(db_i64(test->actor->user_id),
                                 test->api_key_id == 0 ? db_null() : db_i64(test->api_key_id),
                                 db_uuid(&subject), db_u64(RIGHT_MERCHANT), db_text(TEST_CURRENCY),
                                 db_text(test->url), db_text(test->endpoint),
                                 db_u64(FEED_TESTS_MAX), db_i64(FEED_TESTS_WINDOW_S)),
                         &rows);
    if (rc == ERR_OK && !db_next(&rows))
        rc = ERR_INTERNAL;
    if (rc == ERR_OK) {
        event = db_get_uuid(&rows, 0);
        writer_object(&json, NULL);
        writer_uuid(&json, "event", &event);
        writer_end(&json);
    }
    db_rows_free(&rows);
    return rc;
}

static const struct field tested_fields[] = {
    {.name = "event", .type = FIELD_UUID, .required = true}};

enum err feed_test(struct db *db, const uint8_t master[SEAL_KEY_SIZE], const struct actor *actor,
                   int64_t api_key_id, const char *url, const char *endpoint, struct uuid *uuid)
{
    struct test test = {.actor = actor, .api_key_id = api_key_id, .url = url, .endpoint = endpoint};
    struct text kept = TEXT(REQUEST_REPLY_MAX);
    struct arena arena = {0};

    enum err rc = request_once(db, master, actor, "event_test", NULL, test_in, &test, &kept);
    if (rc == ERR_OK)
        rc = request_kept(&arena, &kept, FIELD_TABLE(tested_fields, struct uuid), uuid);
    arena_free(&arena);
    text_free(&kept);
    return rc;
}

static int64_t pauser(int64_t owner_id)
{
    return owner_id == 0 ? EVERYBODY : owner_id;
}

/* A merchant may only speak of endpoints that they have an event for. */
static enum err check_own(struct db *db, int64_t owner_id, const char *endpoint)
{
    struct db_rows rows = {0};

    if (!is_ascii(endpoint))
        return ERR_NOT_FOUND;
    if (owner_id == 0)
        return ERR_OK;
    enum err rc = db_run(db,
                         "SELECT 1 FROM delivery WHERE channel = 'post' "
                         "AND state IN ('pending', 'delivered', 'failed') "
                         "AND endpoint = ? AND owner_id = ? LIMIT 1",
                         DB_ARGS(db_text(endpoint), db_i64(owner_id)), &rows);
    if (rc == ERR_OK && !db_next(&rows))
        rc = ERR_NOT_FOUND;
    db_rows_free(&rows);
    return rc;
}

/* A pause that begins or ends. */
struct pausing {
    int64_t owner_id; /* 0: the operator */
    const char *endpoint;
};

static enum err pause_in(struct db *db, void *arg, struct text *reply)
{
    const struct pausing *pausing = arg;
    enum err rc = check_own(db, pausing->owner_id, pausing->endpoint);

    (void)reply;
    if (rc != ERR_OK)
        return rc;
    /* Paused twice is paused since the first time. */
    return db_run(db,
                  "INSERT INTO endpoint_pause (endpoint, owner_id) VALUES (?, ?) "
                  "ON DUPLICATE KEY UPDATE since = since",
                  DB_ARGS(db_text(pausing->endpoint), db_i64(pauser(pausing->owner_id))), NULL);
}

static enum err resume_in(struct db *db, void *arg, struct text *reply)
{
    const struct pausing *pausing = arg;
    int64_t owner_id = pausing->owner_id;
    struct db_rows rows = {0};

    (void)reply;
    if (!is_ascii(pausing->endpoint))
        return ERR_NOT_FOUND;
    enum err rc = db_run(db, "DELETE FROM endpoint_pause WHERE endpoint = ? AND owner_id = ?",
                         DB_ARGS(db_text(pausing->endpoint), db_i64(pauser(owner_id))), &rows);
    if (rc == ERR_OK && rows.affected == 0)
        rc = ERR_NOT_FOUND;
    db_rows_free(&rows);
    if (rc != ERR_OK)
        return rc;
    /* Whoever resumes says that the shop is back: what waits for its next try is tried now, but for
     * what is in hand. */
    return db_run(db,
                  "UPDATE delivery AS d SET d.next_at = NOW(6) WHERE d.channel = 'post' "
                  "AND d.state = 'pending' AND d.endpoint = ? AND d.next_at > NOW(6) "
                  "AND NOT EXISTS (SELECT 1 FROM delivery_attempt AS a WHERE a.delivery_id = d.id "
                  "AND a.n = d.attempts AND a.result = 'begun') AND " OWN,
                  DB_ARGS(db_text(pausing->endpoint), db_i64(owner_id), db_i64(owner_id)), NULL);
}

static enum err pause_for_all(struct db *db, void *arg)
{
    return pause_in(db, arg, NULL);
}

static enum err resume_for_all(struct db *db, void *arg)
{
    return resume_in(db, arg, NULL);
}

enum err feed_pause(struct db *db, const uint8_t master[SEAL_KEY_SIZE], const struct actor *actor,
                    const char *endpoint)
{
    struct pausing pausing = {.owner_id = actor == NULL ? 0 : actor->user_id, .endpoint = endpoint};
    struct text none = TEXT(REQUEST_REPLY_MAX);
    bool resent;

    return actor == NULL
               ? db_txn(db, pause_for_all, &pausing, &resent)
               : request_once(db, master, actor, "endpoint_pause", NULL, pause_in, &pausing, &none);
}

enum err feed_resume(struct db *db, const uint8_t master[SEAL_KEY_SIZE], const struct actor *actor,
                     const char *endpoint)
{
    struct pausing pausing = {.owner_id = actor == NULL ? 0 : actor->user_id, .endpoint = endpoint};
    struct text none = TEXT(REQUEST_REPLY_MAX);
    bool resent = false;

    if (actor != NULL)
        return request_once(db, master, actor, "endpoint_resume", NULL, resume_in, &pausing, &none);
    enum err rc = db_txn(db, resume_for_all, &pausing, &resent);
    return rc == ERR_NOT_FOUND && resent ? ERR_OK : rc;
}

enum err feed_endpoints(struct db *db, int64_t owner_id,
                        void (*row)(void *arg, const struct feed_endpoint *endpoint), void *arg)
{
    struct db_rows rows = {0};
    enum err rc = db_run(
        db,
        "SELECT n.endpoint, SUM(n.pending), UNIX_TIMESTAMP(MIN(n.oldest)) DIV 1, "
        "UNIX_TIMESTAMP(MAX(n.own)) DIV 1, UNIX_TIMESTAMP(MAX(n.house)) DIV 1 FROM ("
        "SELECT d.endpoint, COUNT(*) AS pending, MIN(e.at) AS oldest, NULL AS own, NULL AS house "
        "FROM delivery AS d JOIN event AS e ON e.id = d.event_id "
        "WHERE d.channel = 'post' AND d.state = 'pending' AND " OWN
        " GROUP BY d.endpoint UNION ALL "
        "SELECT p.endpoint, 0, NULL, IF(p.owner_id = ?, p.since, NULL), "
        "IF(p.owner_id = ?, p.since, NULL) FROM endpoint_pause AS p "
        "WHERE p.owner_id = ? OR ? = 0 OR (p.owner_id = ? AND EXISTS (SELECT 1 "
        "FROM delivery AS d WHERE d.channel = 'post' "
        "AND d.state IN ('pending', 'delivered', 'failed') "
        "AND d.endpoint = p.endpoint AND d.owner_id = ?))) AS n "
        "GROUP BY n.endpoint ORDER BY n.endpoint",
        DB_ARGS(db_i64(owner_id), db_i64(owner_id), db_i64(pauser(owner_id)), db_i64(EVERYBODY),
                db_i64(pauser(owner_id)), db_i64(owner_id), db_i64(EVERYBODY), db_i64(owner_id)),
        &rows);
    while (rc == ERR_OK && db_next(&rows)) {
        struct feed_endpoint endpoint = {
            .endpoint = db_get_text(&rows, 0),
            .pending = db_get_u64(&rows, 1),
            .oldest = db_get_i64(&rows, 2),
            .paused_since = db_get_i64(&rows, 3),
            .paused_by_operator_since = db_get_i64(&rows, 4),
        };
        row(arg, &endpoint);
    }
    db_rows_free(&rows);
    return rc;
}

enum err feed_after(struct db *db, int64_t owner_id, uint64_t cursor, int64_t limit,
                    void (*row)(void *arg, const struct notify_event *event), void *arg)
{
    return each_event(db,
                      SELECT_EVENTS
                      " WHERE e.owner_id = ? AND e.seq > ? AND d.channel IN ('feed', 'post') "
                      "ORDER BY e.seq LIMIT ?",
                      DB_ARGS(db_i64(owner_id), db_u64(cursor), db_i64(limit)), row, arg);
}

enum err feed_last(struct db *db, int64_t owner_id, uint64_t *last)
{
    struct db_rows rows = {0};
    enum err rc = db_run(db, "SELECT last_seq FROM feed WHERE owner_id = ?",
                         DB_ARGS(db_i64(owner_id)), &rows);
    *last = rc == ERR_OK && db_next(&rows) ? db_get_u64(&rows, 0) : 0;
    db_rows_free(&rows);
    return rc;
}
