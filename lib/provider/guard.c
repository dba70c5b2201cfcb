/* The breaker: what this process knows of it, and the rows that all share. */
#include "provider/guard.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/log.h"
#include "db/columns.h"
#include "db/packet.h"

#define FRESH_US 1000000 /* for so long what was read is taken for true */
#define SQL_MAX 16384

struct provider_guard {
    struct db *db;
    char name[PROVIDER_NAME_MAX + 1];
    int64_t read_us; /* of clock_mono_us; 0: never */
    struct provider_state state;
    bool may_probe;
    bool began; /* something was let through */
};

enum err provider_guard_make(struct db *db, const char *name, struct provider_guard **out)
{
    struct provider_guard *guard = calloc(1, sizeof(*guard));

    *out = guard;
    if (guard == NULL)
        return ERR_NO_MEMORY;
    guard->db = db;
    text_copy(guard->name, sizeof(guard->name), name);
    return ERR_OK;
}

void provider_guard_free(struct provider_guard *guard)
{
    free(guard);
}

/* A state with whether it may be tried. */
struct state_row {
    struct provider_state state;
    bool may_probe;
};

static const struct db_column columns[] = {
    DB_COLUMN("p.name", struct state_row, state.name),
    DB_COLUMN("p.paused", struct state_row, state.paused),
    DB_COLUMN("p.opened_at IS NOT NULL", struct state_row, state.open),
    DB_COLUMN("p.failures", struct state_row, state.failures),
    DB_COLUMN("UNIX_TIMESTAMP(p.opened_at) DIV 1", struct state_row, state.opened),
    DB_COLUMN("COALESCE(p.probe_at <= NOW(6), FALSE)", struct state_row, may_probe),
};

static enum err read_state(struct db *db, const char *name, struct state_row *out)
{
    struct text sql = TEXT(SQL_MAX);
    struct db_rows rows = {0};

    *out = (struct state_row){0};
    text_copy(out->state.name, sizeof(out->state.name), name);
    db_select(&sql, columns, DB_COUNT(columns));
    text_puts(&sql, "FROM provider AS p WHERE p.name = ?");
    enum err rc = db_run(db, text_string(&sql), DB_ARGS(db_text(name)), &rows);
    if (rc == ERR_OK)
        (void)db_read(&rows, columns, DB_COUNT(columns), out);
    db_rows_free(&rows);
    text_free(&sql);
    return rc;
}

enum err provider_state_read(struct db *db, const char *name, struct provider_state *out)
{
    struct state_row row;

    enum err rc = read_state(db, name, &row);
    *out = row.state;
    return rc;
}

static void refresh(struct provider_guard *guard)
{
    struct state_row row;

    if (guard->read_us != 0 && clock_mono_us() - guard->read_us < FRESH_US)
        return;
    if (read_state(guard->db, guard->name, &row) != ERR_OK)
        return;
    guard->state = row.state;
    guard->may_probe = row.may_probe;
    guard->read_us = clock_mono_us();
}

/* Of all who would, one tries an open circuit. */
static bool take_probe(struct provider_guard *guard)
{
    struct db_rows rows = {0};
    enum err rc = db_run(guard->db,
                         "UPDATE provider SET probe_at = NOW(6) + INTERVAL ? SECOND WHERE name = ? "
                         "AND probe_at <= NOW(6)",
                         DB_ARGS(db_i64(PROVIDER_PROBE_S), db_text(guard->name)), &rows);
    bool taken = rc != ERR_OK || rows.affected == 1;

    db_rows_free(&rows);
    guard->may_probe = false;
    return taken;
}

bool provider_guard_enter(struct provider_guard *guard)
{
    if (guard == NULL)
        return true;
    refresh(guard);
    if (guard->state.paused)
        return false;
    bool first = !guard->began;
    guard->began = true;
    return first || !guard->state.open || (guard->may_probe && take_probe(guard));
}

/* Counts a failure; from PROVIDER_FAILURES on the circuit is open. */
static enum err count_failure(struct provider_guard *guard)
{
    guard->read_us = 0;
    return db_run(guard->db,
                  "INSERT INTO provider (name, failures) VALUES (?, 1) ON DUPLICATE KEY UPDATE "
                  "failures = failures + 1, opened_at = IF(failures >= ?, COALESCE(opened_at, "
                  "NOW(6)), NULL), probe_at = IF(failures >= ?, NOW(6) + INTERVAL ? SECOND, NULL)",
                  DB_ARGS(db_text(guard->name), db_i64(PROVIDER_FAILURES),
                          db_i64(PROVIDER_FAILURES), db_i64(PROVIDER_PROBE_S)),
                  NULL);
}

static enum err count_answer(struct provider_guard *guard)
{
    if (guard->state.failures == 0 && !guard->state.open)
        return ERR_OK;
    guard->read_us = 0;
    return db_run(guard->db,
                  "UPDATE provider SET failures = 0, opened_at = NULL, probe_at = NULL WHERE name "
                  "= ?",
                  DB_ARGS(db_text(guard->name)), NULL);
}

static enum err keep_call(struct provider_guard *guard, const struct provider_noted *noted)
{
    struct text request = TEXT(PROVIDER_KEPT_MAX + 1), answer = TEXT(PROVIDER_KEPT_MAX + 1);

    if (noted->request != NULL)
        provider_redact(text_string(noted->request), noted->request->len, &request);
    if (noted->problem != NULL && noted->problem[0] != '\0')
        provider_redact(noted->problem, strlen(noted->problem), &answer);
    else if (noted->answer != NULL)
        provider_redact(text_string(noted->answer), noted->answer->len, &answer);
    enum err rc =
        db_run(guard->db,
               "INSERT INTO provider_call (provider, kind, moves, result, status, "
               "latency_us, request_id, request, answer) VALUES (?, ?, ?, ?, ?, ?, ?, ?, "
               "?)",
               DB_ARGS(db_text(guard->name), db_text(noted->kind), db_u64(noted->moves),
                       db_text(noted->result), db_i64(noted->status), db_i64(noted->latency_us),
                       db_text(noted->request_id == NULL ? "" : noted->request_id),
                       db_text(text_string(&request)), db_text(text_string(&answer))),
               NULL);
    text_free(&request);
    text_free(&answer);
    return rc;
}

void provider_guard_note(struct provider_guard *guard, const struct provider_noted *noted)
{
    if (guard == NULL)
        return;
    enum err rc = noted->answered ? count_answer(guard) : count_failure(guard);
    if (rc == ERR_OK && (noted->moves || !noted->answered))
        rc = keep_call(guard, noted);
    if (rc != ERR_OK)
        log_line(LOG_LEVEL_WARNING, "provider", "name=%s kind=%s was not noted: %s", guard->name,
                 noted->kind, err_id(rc));
}

/* Whether the name of a JSON member says that its value is secret. */
static bool is_secret(const char *name, size_t len)
{
    static const char *const words[] = {"key",      "secret",        "token",     "password",
                                        "passwd",   "authorization", "signature", "cookie",
                                        "mnemonic", "seed"};

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        for (size_t at = 0, word = strlen(words[i]); at + word <= len; at++)
            if (strncasecmp(name + at, words[i], word) == 0)
                return true;
    return false;
}

static void keep_byte(struct text *out, char c)
{
    if (out->len < PROVIDER_KEPT_MAX)
        text_putc(out, c >= ' ' && c <= '~' ? c : '.');
}

/* The length of a JSON string from its first quotation mark on, with both. */
static size_t string_length(const char *text, size_t len)
{
    for (size_t i = 1; i < len; i++) {
        if (text[i] == '\\')
            i++;
        else if (text[i] == '"')
            return i + 1;
    }
    return len;
}

/* The length of a value, with all that is in it. */
static size_t value_length(const char *text, size_t len)
{
    size_t end = 0, depth = 0;

    while (end < len && (depth > 0 || strchr(",]} \r\n\t", text[end]) == NULL)) {
        if (text[end] == '"') {
            end += string_length(text + end, len - end);
        } else {
            depth += text[end] == '{' || text[end] == '[';
            depth -= text[end] == '}' || text[end] == ']';
            end++;
        }
        if (depth == 0 && end > 0 && strchr("\"}]", text[end - 1]) != NULL)
            break;
    }
    return end;
}

void provider_redact(const char *text, size_t len, struct text *out)
{
    for (size_t i = 0; i < len;) {
        size_t word = text[i] == '"' ? string_length(text + i, len - i) : 1;
        for (size_t j = 0; j < word; j++)
            keep_byte(out, text[i + j]);
        bool secret = text[i] == '"' && is_secret(text + i, word);
        i += word;
        if (!secret)
            continue;
        while (i < len && strchr(" \r\n\t", text[i]) != NULL)
            i++;
        if (i == len || text[i] != ':')
            continue; /* a value, no name */
        keep_byte(out, ':');
        i++;
        while (i < len && strchr(" \r\n\t", text[i]) != NULL)
            i++;
        i += value_length(text + i, len - i);
        for (const char *c = "\"***\""; *c != '\0'; c++)
            keep_byte(out, *c);
    }
}

/* A switch on its way. */
struct switching {
    const char *who, *name;
    bool paused;
};

#define STATE_JSON "JSON_OBJECT('paused', paused, 'failures', failures, 'opened_at', opened_at)"

static enum err switch_in(struct db *db, void *arg)
{
    const struct switching *switching = arg;
    struct db_packet packet = DB_PACKET(SQL_MAX);
    struct db_arg name = db_text(switching->name);

    db_packet_add(&packet,
                  "SET @provider_was = (SELECT " STATE_JSON " FROM provider WHERE name = ?)",
                  DB_ARGS(name));
    db_packet_add(&packet,
                  "INSERT INTO provider (name, paused) VALUES (?, ?) ON DUPLICATE KEY UPDATE "
                  "paused = VALUES(paused), failures = 0, opened_at = NULL, probe_at = NULL",
                  DB_ARGS(name, db_u64(switching->paused)));
    db_packet_add(&packet,
                  "INSERT INTO provider_change (who, subject, was, became) SELECT ?, name, "
                  "@provider_was, " STATE_JSON " FROM provider WHERE name = ?",
                  DB_ARGS(db_text(switching->who), name));
    return db_packet_commit(db, &packet, NULL, 0);
}

enum err provider_pause(struct db *db, const char *who, const char *name, bool paused)
{
    struct switching switching = {who, name, paused};
    bool resent = false;
    size_t len = strlen(name);

    if (len == 0 || len > PROVIDER_NAME_MAX ||
        strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_") != len)
        return ERR_INVALID;
    return db_txn(db, switch_in, &switching, &resent);
}

enum err provider_calls(struct db *db, const char *name, int64_t id, int64_t limit,
                        void (*row)(void *arg, const struct provider_kept *call), void *arg)
{
    struct db_rows rows = {0};

    if (limit < 1 || limit > PROVIDER_CALLS_MAX)
        return ERR_OUT_OF_RANGE;
    enum err rc =
        db_run(db,
               "SELECT id, UNIX_TIMESTAMP(at) DIV 1, provider, kind, result, request_id, request, "
               "answer, moves, status, latency_us FROM provider_call WHERE (? IS NULL OR provider "
               "= ?) AND (? = 0 OR id = ?) ORDER BY id DESC LIMIT ?",
               DB_ARGS(db_text(name), db_text(name), db_i64(id), db_i64(id), db_i64(limit)), &rows);
    while (rc == ERR_OK && db_next(&rows))
        row(arg, &(struct provider_kept){.id = db_get_i64(&rows, 0),
                                         .at = db_get_i64(&rows, 1),
                                         .provider = db_get_text(&rows, 2),
                                         .kind = db_get_text(&rows, 3),
                                         .result = db_get_text(&rows, 4),
                                         .request_id = db_get_text(&rows, 5),
                                         .request = db_get_text(&rows, 6),
                                         .answer = db_get_text(&rows, 7),
                                         .moves = db_get_i64(&rows, 8) != 0,
                                         .status = db_get_i64(&rows, 9),
                                         .latency_us = db_get_i64(&rows, 10)});
    db_rows_free(&rows);
    return rc;
}

enum err provider_calls_sweep(struct db *db, int64_t limit, int64_t *removed)
{
    struct db_rows rows = {0};
    enum err rc = db_run(db,
                         "DELETE FROM provider_call WHERE at < NOW(6) - INTERVAL ? DAY ORDER BY at "
                         "LIMIT ?",
                         DB_ARGS(db_i64(PROVIDER_KEPT_DAYS), db_i64(limit)), &rows);

    *removed = rc == ERR_OK ? (int64_t)rows.affected : 0;
    db_rows_free(&rows);
    return rc;
}
