/* Reading closed entries, and what their hashes are made of. */
#include "ledger/close_store.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "db/columns.h"
#include "db/statement.h"
#include "money/amount.h"

#define SQL_MAX (256 << 10)
#define WORDS_SIZE 256   /* of a difference */
#define CONTENT_MAX 4096 /* bytes of all that an entry and its journal say */

static const struct db_column span_columns[] = {
    DB_COLUMN("", struct close_span, account),      DB_COLUMN("", struct close_span, first),
    DB_COLUMN("", struct close_span, last),         DB_COLUMN("", struct close_span, balance),
    DB_COLUMN("", struct close_span, kept_balance),
};
enum { SPAN_HASH = DB_COUNT(span_columns), SPAN_KEPT_HASH };

static const struct db_column entry_columns[] = {
    DB_COLUMN("e.account_id", struct close_entry, account),
    DB_COLUMN("e.journal_id", struct close_entry, journal),
    DB_COLUMN("e.seq", struct close_entry, seq),
    DB_COLUMN("e.amount", struct close_entry, amount),
    DB_COLUMN("e.balance", struct close_entry, balance),
};

/* Behind them all that is hashed, as the bytes that the server prints. */
enum { HASHED = DB_COUNT(entry_columns), HASHED_COLUMNS = 14 };
#define HASHED_SQL                                                                      \
    ", e.account_id, e.seq, e.journal_id, e.amount, e.balance, e.type, e.info, j.id, "  \
    "j.kind, j.at, j.user_id, j.request_key, j.trace, j.ref FROM entry AS e LEFT JOIN " \
    "journal AS j ON j.id = e.journal_id WHERE "

/* Each with its length in front, so that no two rows make the same bytes; NULL has none. */
static void hash_row(const struct db_rows *rows, struct text *content, uint8_t out[SHA256_SIZE])
{
    text_clear(content);
    for (unsigned i = 0; i < HASHED_COLUMNS; i++) {
        size_t len;
        const void *bytes = db_get_blob(rows, HASHED + i, &len);
        if (bytes == NULL) {
            text_putc(content, '-');
            continue;
        }
        text_addf(content, "%zu:", len);
        text_add(content, bytes, len);
    }
    crypto_sha256(content->data, content->len, out);
}

/* Chains a hash to an account's or a close's. */
static void chain(uint8_t hash[SHA256_SIZE], const uint8_t more[SHA256_SIZE])
{
    uint8_t both[2 * SHA256_SIZE];

    memcpy(both, hash, SHA256_SIZE);
    memcpy(both + SHA256_SIZE, more, SHA256_SIZE);
    crypto_sha256(both, sizeof(both), hash);
}

void close_report(struct audit_report *report, const char *format, ...)
{
    char words[WORDS_SIZE];
    va_list args;

    va_start(args, format);
    vsnprintf(words, sizeof(words), format, args);
    va_end(args);
    report->difference(report->arg, words);
    report->differences++;
}

void close_add_ranges(struct text *sql, const char *table, const char *column,
                      const struct close_span *spans, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        text_addf(sql, "%s(%s.account_id = ", i == 0 ? "" : " OR ", table);
        statement_add(sql, "?", DB_ARGS(db_i64(spans[i].account)));
        text_addf(sql, " AND %s.%s BETWEEN %" PRIu64 " AND %" PRIu64 ")", table, column,
                  spans[i].next, spans[i].last);
    }
}

/* What of a span is missing in front of an entry. */
static void report_missing(struct close_reader *reader, struct close_span *span, uint64_t next)
{
    span->differs = span->differs || span->next < next;
    if (span->next + 1 == next)
        close_report(reader->report, "entry %" PRIu64 " of account %" PRId64 " is missing",
                     span->next, span->account);
    else if (span->next < next)
        close_report(reader->report,
                     "entries %" PRIu64 " to %" PRIu64 " of account %" PRId64 " are missing",
                     span->next, next - 1, span->account);
}

static enum err take_entry(struct close_reader *reader, struct close_span *span,
                           const struct close_entry *entry)
{
    report_missing(reader, span, entry->seq);
    enum err rc = reader->entry(reader, span, entry);
    chain(span->hash, entry->hash);
    span->balance = entry->balance;
    span->next = entry->seq + 1;
    return rc;
}

/* Reads the entries of some spans, or of a part of one. */
static enum err read_entries(struct close_reader *reader, struct close_span *spans, size_t count)
{
    struct text sql = TEXT(SQL_MAX), content = TEXT(CONTENT_MAX);
    struct db_rows rows = {0};
    struct close_entry entry;
    size_t at = 0;
    enum err rc = reader->begin == NULL ? ERR_OK : reader->begin(reader, spans, count);

    db_select(&sql, entry_columns, DB_COUNT(entry_columns));
    text_puts(&sql, HASHED_SQL);
    close_add_ranges(&sql, "e", "seq", spans, count);
    text_puts(&sql, " ORDER BY e.account_id, e.seq");
    if (rc == ERR_OK)
        rc = sql.full ? ERR_TOO_LARGE : db_run(reader->db, text_string(&sql), DB_NO_ARGS, &rows);
    while (rc == ERR_OK && db_read(&rows, entry_columns, DB_COUNT(entry_columns), &entry)) {
        while (spans[at].account != entry.account)
            at++;
        hash_row(&rows, &content, entry.hash);
        rc = content.full ? ERR_NO_MEMORY : take_entry(reader, &spans[at], &entry);
    }
    for (size_t i = 0; rc == ERR_OK && i < count; i++) {
        report_missing(reader, &spans[i], spans[i].last + 1);
        spans[i].next = spans[i].last + 1;
    }
    db_rows_free(&rows);
    text_free(&content);
    text_free(&sql);
    return rc;
}

/* Reads a span that is too long for one statement, part by part. */
static enum err read_long(struct close_reader *reader, struct close_span *span)
{
    uint64_t last = span->last;
    enum err rc = ERR_OK;

    while (rc == ERR_OK && span->next <= last) {
        uint64_t left = last - span->next;
        span->last = left < CLOSE_ENTRIES_AT_ONCE ? last : span->next + CLOSE_ENTRIES_AT_ONCE - 1;
        rc = read_entries(reader, span, 1);
    }
    span->last = last;
    return rc;
}

static uint64_t length(const struct close_span *span)
{
    return span->last - span->first + 1;
}

/* Reads spans that are read together, and ends each. */
static enum err read_spans(struct close_reader *reader, struct close_span *spans, size_t count)
{
    enum err rc = ERR_OK;

    if (count == 1 && length(spans) > CLOSE_ENTRIES_AT_ONCE)
        rc = read_long(reader, spans);
    else if (count > 0)
        rc = read_entries(reader, spans, count);
    for (size_t i = 0; rc == ERR_OK && i < count; i++)
        rc = reader->end(reader, &spans[i]);
    return rc;
}

static bool next_span(struct db_rows *rows, struct close_span *out)
{
    size_t len;

    *out = (struct close_span){0};
    if (!db_read(rows, span_columns, DB_COUNT(span_columns), out))
        return false;
    out->next = out->first;
    const void *hash = db_get_blob(rows, SPAN_HASH, &len);
    if (len == SHA256_SIZE)
        memcpy(out->hash, hash, SHA256_SIZE);
    hash = db_get_blob(rows, SPAN_KEPT_HASH, &len);
    if (len == SHA256_SIZE)
        memcpy(out->kept_hash, hash, SHA256_SIZE);
    return true;
}

enum err close_read(struct close_reader *reader, const char *sql, struct db_args args)
{
    struct close_span spans[CLOSE_SPANS_AT_ONCE];
    struct db_rows rows = {0};
    uint64_t entries = 0;
    size_t count = 0;

    enum err rc = db_run(reader->db, sql, args, &rows);
    while (rc == ERR_OK && next_span(&rows, &spans[count])) {
        uint64_t more = length(&spans[count]);
        if (count > 0 && entries + more > CLOSE_ENTRIES_AT_ONCE) {
            struct close_span next = spans[count];
            rc = read_spans(reader, spans, count);
            spans[0] = next;
            count = entries = 0;
        }
        count++;
        entries += more;
        if (rc == ERR_OK && (count == CLOSE_SPANS_AT_ONCE || entries > CLOSE_ENTRIES_AT_ONCE)) {
            rc = read_spans(reader, spans, count);
            count = entries = 0;
        }
    }
    if (rc == ERR_OK)
        rc = read_spans(reader, spans, count);
    db_rows_free(&rows);
    return rc;
}

/* Chains some words to a hash. */
static void chain_words(uint8_t hash[SHA256_SIZE], const struct text *words)
{
    uint8_t of_words[SHA256_SIZE];

    crypto_sha256(text_string(words), words->len, of_words);
    chain(hash, of_words);
}

static void add_units(struct text *words, __int128 units)
{
    struct amount amount = {.units = units};
    char digits[AMOUNT_TEXT_SIZE];

    amount_format_units(amount, digits);
    text_puts(words, digits);
}

void close_sum_begin(uint8_t sum[SHA256_SIZE], const uint8_t before[SHA256_SIZE])
{
    memcpy(sum, before, SHA256_SIZE);
}

void close_sum_add(uint8_t sum[SHA256_SIZE], const struct close_span *span)
{
    struct text words = TEXT(256);

    text_addf(&words, "%" PRId64 " %" PRIu64 " %" PRIu64 " ", span->account, span->first,
              span->last);
    add_units(&words, span->balance);
    text_putc(&words, ' ');
    text_hex(&words, span->hash, SHA256_SIZE);
    chain_words(sum, &words);
    text_free(&words);
}

void close_sum_end(const uint8_t sum[SHA256_SIZE], struct ledger_close *close)
{
    struct text words = TEXT(256);

    text_addf(&words, "%" PRId64 " %" PRId64 " %" PRId64 " %" PRIu64 " %" PRIu64 " %" PRIu64,
              close->id, close->ends_s, close->last_journal, close->journals, close->entries,
              close->accounts);
    memcpy(close->hash, sum, SHA256_SIZE);
    chain_words(close->hash, &words);
    text_free(&words);
}

static const struct db_column close_columns[] = {
    DB_COLUMN("id", struct ledger_close, id),
    DB_COLUMN("UNIX_TIMESTAMP(ends_at) DIV 1", struct ledger_close, ends_s),
    DB_COLUMN("last_journal", struct ledger_close, last_journal),
    DB_COLUMN("journals", struct ledger_close, journals),
    DB_COLUMN("entries", struct ledger_close, entries),
    DB_COLUMN("accounts", struct ledger_close, accounts),
    DB_COLUMN("hash", struct ledger_close, hash),
};

/* The close that a condition tells. */
static enum err find_close(struct db *db, const char *condition, struct db_args args,
                           struct ledger_close *out)
{
    struct text sql = TEXT(1024);
    struct db_rows rows = {0};

    *out = (struct ledger_close){.id = 0};
    db_select(&sql, close_columns, DB_COUNT(close_columns));
    text_puts(&sql, "FROM ledger_close ");
    text_puts(&sql, condition);
    enum err rc = db_run(db, text_string(&sql), args, &rows);
    if (rc == ERR_OK)
        (void)db_read(&rows, close_columns, DB_COUNT(close_columns), out);
    db_rows_free(&rows);
    text_free(&sql);
    return rc;
}

enum err close_find(struct db *db, int64_t id, struct ledger_close *out)
{
    return find_close(db, "WHERE id = ?", DB_ARGS(db_i64(id)), out);
}

enum err ledger_close_last(struct db *db, struct ledger_close *out)
{
    return find_close(db, "ORDER BY id DESC LIMIT 1", DB_NO_ARGS, out);
}

enum err ledger_close_due(struct db *db, int64_t *ends_s)
{
    struct db_rows rows = {0};
    enum err rc = db_run(db,
                         "SELECT IF(next <= NOW(6) - INTERVAL ? SECOND, UNIX_TIMESTAMP(next), 0) "
                         "FROM (SELECT DATE(begun) - INTERVAL DAY(begun) - 1 DAY + INTERVAL 1 "
                         "MONTH AS next FROM (SELECT COALESCE((SELECT MAX(ends_at) FROM "
                         "ledger_close), (SELECT at FROM journal ORDER BY id LIMIT 1)) AS begun) "
                         "AS last) AS month",
                         DB_ARGS(db_i64(AUDIT_UNDER_WAY_S)), &rows);
    *ends_s = rc == ERR_OK && db_next(&rows) ? db_get_i64(&rows, 0) : 0;
    db_rows_free(&rows);
    return rc;
}
