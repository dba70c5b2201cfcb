/* Closing, and proving what was closed. */
#include "ledger/close.h"

#include <inttypes.h>
#include <string.h>

#include "db/statement.h"
#include "ledger/close_store.h"

#define SQL_MAX (4 << 20)
#define WRITE_BYTES (1 << 20) /* of rows that are written by one statement */

/* Spans for close_reader: account, first and last entry, balance and what a close says of the balance, then the
 * hashes of both. */
#define BEFORE(close)                                                                           \
    "LEFT JOIN ledger_close_account AS p ON p.account_id = c.account_id AND p.close_id = "      \
    "(SELECT MAX(l.close_id) FROM ledger_close_account AS l WHERE l.account_id = c.account_id " \
    "AND l.close_id < " close ") "
static const char open_spans[] =
    "SELECT c.account_id, COALESCE(p.last_seq, 0) + 1, c.last_seq, COALESCE(p.balance, 0), 0, "
    "p.hash, NULL FROM (SELECT e.account_id, MAX(e.seq) AS last_seq FROM entry AS e FORCE INDEX "
    "(journal_id) WHERE e.journal_id BETWEEN ? AND ? GROUP BY e.account_id) AS c " BEFORE(
        "?") "WHERE c.last_seq > COALESCE(p.last_seq, 0) ORDER BY c.account_id";
static const char closed_spans[] =
    "SELECT c.account_id, c.first_seq, c.last_seq, COALESCE(p.balance, 0), c.balance, p.hash, "
    "c.hash FROM ledger_close_account AS c " BEFORE(
        "c.close_id") "WHERE c.close_id = ? ORDER BY c.account_id";

static enum err count_journals(struct db *db, int64_t behind, int64_t last, uint64_t *count)
{
    struct db_rows rows = {0};
    enum err rc = db_run(db, "SELECT COUNT(*) FROM journal WHERE id > ? AND id <= ?",
                         DB_ARGS(db_i64(behind), db_i64(last)), &rows);
    if (rc == ERR_OK && db_next(&rows))
        *count = db_get_u64(&rows, 0);
    db_rows_free(&rows);
    return rc;
}

/* --- making a close -------------------------------------------------------------------------------- */

/* A close in the making. */
struct closing {
    struct close_reader reader; /* first: its functions are given it */
    struct ledger_close close, before;
    uint64_t differences; /* that were reported before it */
    uint8_t sum[SHA256_SIZE];
    struct text accounts, prints;                     /* rows to be written */
    uint8_t row[CLOSE_PRINTS_MAX * CLOSE_PRINT_SIZE]; /* the fingerprints of a row in the making */
    size_t in_row;
};

/* Writes the rows that have come together.
 * least  bytes of them, so that it is worth a statement */
static enum err write_rows(struct closing *closing, size_t least)
{
    struct text *rows[] = {&closing->accounts, &closing->prints};
    enum err rc = ERR_OK;

    for (size_t i = 0; rc == ERR_OK && i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (rows[i]->len == 0 || rows[i]->len < least)
            continue;
        rc = rows[i]->full ? ERR_NO_MEMORY
                           : db_run(closing->reader.db, text_string(rows[i]), DB_NO_ARGS, NULL);
        text_clear(rows[i]);
    }
    return rc;
}

/* Adds the fingerprints that have come together as a row, which ends with the entry of that number. */
static void end_row(struct closing *closing, const struct close_span *span, uint64_t last)
{
    text_puts(&closing->prints,
              closing->prints.len == 0
                  ? "INSERT INTO ledger_close_print (account_id, first_seq, prints) VALUES "
                  : ", ");
    statement_add(&closing->prints, "(?, ?, ?)",
                  DB_ARGS(db_i64(span->account), db_u64(last + 1 - closing->in_row),
                          db_blob(closing->row, closing->in_row * CLOSE_PRINT_SIZE)));
    closing->in_row = 0;
}

static enum err close_entry(struct close_reader *reader, struct close_span *span,
                            const struct close_entry *entry)
{
    struct closing *closing = (struct closing *)reader;

    if (span->balance + entry->amount != entry->balance)
        close_report(reader->report,
                     "entry %" PRIu64 " of account %" PRId64
                     " does not continue the balance of the one before",
                     entry->seq, span->account);
    memcpy(closing->row + closing->in_row++ * CLOSE_PRINT_SIZE, entry->hash, CLOSE_PRINT_SIZE);
    closing->close.entries++;
    if (closing->in_row == CLOSE_PRINTS_MAX || entry->seq == span->last)
        end_row(closing, span, entry->seq);
    return ERR_OK;
}

static enum err close_account(struct close_reader *reader, const struct close_span *span)
{
    struct closing *closing = (struct closing *)reader;

    text_puts(&closing->accounts,
              closing->accounts.len == 0
                  ? "INSERT INTO ledger_close_account (account_id, close_id, first_seq, last_seq, "
                    "balance, hash) VALUES "
                  : ", ");
    statement_add(&closing->accounts, "(?, ?, ?, ?, ?, ?)",
                  DB_ARGS(db_i64(span->account), db_i64(closing->close.id), db_u64(span->first),
                          db_u64(span->last), db_i128(span->balance),
                          db_blob(span->hash, SHA256_SIZE)));
    close_sum_add(closing->sum, span);
    closing->close.accounts++;
    return reader->report->differences > 0 ? ERR_INVALID : write_rows(closing, WRITE_BYTES);
}

static enum err write_close(struct db *db, const struct ledger_close *close)
{
    return db_run(db,
                  "INSERT INTO ledger_close (id, ends_at, last_journal, journals, entries, "
                  "accounts, hash) VALUES (?, FROM_UNIXTIME(?), ?, ?, ?, ?, ?)",
                  DB_ARGS(db_i64(close->id), db_i64(close->ends_s), db_i64(close->last_journal),
                          db_u64(close->journals), db_u64(close->entries), db_u64(close->accounts),
                          db_blob(close->hash, SHA256_SIZE)),
                  NULL);
}

static enum err close_in(struct db *db, void *arg)
{
    struct closing *closing = arg;
    struct ledger_close *close = &closing->close, *before = &closing->before;
    int64_t ends_s = close->ends_s;

    enum err rc = ledger_close_last(db, before);
    *close = (struct ledger_close){.id = before->id + 1, .ends_s = ends_s};
    closing->in_row = 0;
    closing->reader.report->differences = closing->differences;
    text_clear(&closing->accounts);
    text_clear(&closing->prints);
    if (rc == ERR_OK &&
        (ends_s <= before->ends_s || ends_s > clock_now_us() / 1000000 - AUDIT_UNDER_WAY_S))
        rc = ERR_INVALID;
    if (rc == ERR_OK)
        rc = audit_first_since(db, ends_s, &close->last_journal);
    close->last_journal--;
    if (rc == ERR_OK)
        rc = count_journals(db, before->last_journal, close->last_journal, &close->journals);
    close_sum_begin(closing->sum, before->hash);
    if (rc == ERR_OK)
        rc = close_read(&closing->reader, open_spans,
                        DB_ARGS(db_i64(before->last_journal + 1), db_i64(close->last_journal),
                                db_i64(close->id)));
    if (rc == ERR_OK)
        rc = write_rows(closing, 0);
    close_sum_end(closing->sum, close);
    return rc == ERR_OK ? write_close(db, close) : rc;
}

enum err ledger_close(struct db *db, int64_t ends_s, struct audit_report *report,
                      struct ledger_close *out)
{
    struct closing closing = {
        .reader = {.db = db, .report = report, .entry = close_entry, .end = close_account},
        .close = {.ends_s = ends_s},
        .differences = report->differences,
        .accounts = TEXT(SQL_MAX),
        .prints = TEXT(SQL_MAX)};

    *out = (struct ledger_close){.id = 0};
    enum err rc = db_txn(db, close_in, &closing, NULL);
    if (rc == ERR_OK)
        *out = closing.close;
    if (rc == ERR_INVALID && report->differences > closing.differences)
        rc = ERR_OK;
    text_free(&closing.accounts);
    text_free(&closing.prints);
    return rc;
}

/* --- proving it ------------------------------------------------------------------------------------ */

/* A close that is proven. */
struct proof {
    struct close_reader reader; /* first: its functions are given it */
    struct ledger_close close;
    uint8_t sum[SHA256_SIZE];
    uint64_t accounts;     /* that were read */
    struct db_rows prints; /* of the entries in hand */
    int64_t account;       /* of the row in hand */
    uint64_t first;        /* entry.seq of its first fingerprint */
    const uint8_t *row;    /* NULL: none is */
    size_t in_row;
};

static enum err read_prints(struct close_reader *reader, const struct close_span *spans,
                            size_t count)
{
    struct proof *proof = (struct proof *)reader;
    struct text sql = TEXT(SQL_MAX);

    text_puts(&sql,
              "SELECT p.account_id, p.first_seq, p.prints FROM ledger_close_print AS p WHERE ");
    close_add_ranges(&sql, "p", "first_seq", spans, count);
    text_puts(&sql, " ORDER BY p.account_id, p.first_seq");
    enum err rc = db_run(reader->db, text_string(&sql), DB_NO_ARGS, &proof->prints);
    proof->row = NULL;
    text_free(&sql);
    return rc;
}

/* The kept fingerprint of an entry; NULL where there is none. */
static const uint8_t *print_of(struct proof *proof, const struct close_entry *entry)
{
    while (proof->row == NULL || proof->account < entry->account ||
           (proof->account == entry->account && proof->first + proof->in_row <= entry->seq)) {
        size_t len;
        if (!db_next(&proof->prints))
            return NULL;
        proof->account = db_get_i64(&proof->prints, 0);
        proof->first = db_get_u64(&proof->prints, 1);
        proof->row = db_get_blob(&proof->prints, 2, &len);
        proof->in_row = len / CLOSE_PRINT_SIZE;
    }
    return proof->account == entry->account && proof->first <= entry->seq
               ? proof->row + (entry->seq - proof->first) * CLOSE_PRINT_SIZE
               : NULL;
}

static enum err prove_entry(struct close_reader *reader, struct close_span *span,
                            const struct close_entry *entry)
{
    struct proof *proof = (struct proof *)reader;
    const uint8_t *print = print_of(proof, entry);

    bool same = print != NULL && memcmp(print, entry->hash, CLOSE_PRINT_SIZE) == 0;
    span->differs = span->differs || !same;
    if (print == NULL)
        close_report(reader->report,
                     "the fingerprint of entry %" PRIu64 " of account %" PRId64 " is missing",
                     entry->seq, span->account);
    else if (!same)
        close_report(reader->report,
                     "entry %" PRIu64 " of account %" PRId64 " or its journal %" PRId64
                     " is not what was closed",
                     entry->seq, span->account, entry->journal);
    return ERR_OK;
}

/* Of a span that holds nothing that differs the hash tells whether that is so. */
static enum err prove_account(struct close_reader *reader, const struct close_span *span)
{
    struct proof *proof = (struct proof *)reader;
    struct close_span kept = *span;

    if (!span->differs && (span->balance != span->kept_balance ||
                           memcmp(span->hash, span->kept_hash, SHA256_SIZE) != 0))
        close_report(reader->report,
                     "close %" PRId64 ": the entries of account %" PRId64
                     " do not make its balance or hash",
                     proof->close.id, span->account);
    proof->accounts++;
    kept.balance = span->kept_balance;
    memcpy(kept.hash, span->kept_hash, SHA256_SIZE);
    close_sum_add(proof->sum, &kept);
    return ERR_OK;
}

/* What the row of the close says, against its accounts. */
static enum err prove_close(struct proof *proof, const struct ledger_close *before)
{
    struct ledger_close made = proof->close;
    struct audit_report *report = proof->reader.report;
    uint64_t journals = 0;

    enum err rc =
        count_journals(proof->reader.db, before->last_journal, made.last_journal, &journals);
    if (rc != ERR_OK)
        return rc;
    if (journals != made.journals)
        close_report(report, "close %" PRId64 " has %" PRIu64 " journals, there are %" PRIu64,
                     made.id, made.journals, journals);
    if (proof->accounts != made.accounts)
        close_report(report, "close %" PRId64 " has %" PRIu64 " accounts, there are %" PRIu64,
                     made.id, made.accounts, proof->accounts);
    close_sum_end(proof->sum, &made);
    if (memcmp(made.hash, proof->close.hash, SHA256_SIZE) != 0)
        close_report(report, "the hash of close %" PRId64 " is not what its accounts make",
                     made.id);
    return ERR_OK;
}

enum err ledger_close_check(struct db *db, struct audit_report *report, struct ledger_close *last)
{
    struct ledger_close before = {.id = 0}, end;
    enum err rc = ledger_close_last(db, &end);

    *last = before;
    for (int64_t id = 1; rc == ERR_OK && id <= end.id; id++) {
        struct proof proof = {.reader = {.db = db,
                                         .report = report,
                                         .begin = read_prints,
                                         .entry = prove_entry,
                                         .end = prove_account}};
        rc = close_find(db, id, &proof.close);
        if (rc == ERR_OK && proof.close.id == 0)
            close_report(report, "close %" PRId64 " is missing", id);
        close_sum_begin(proof.sum, before.hash);
        if (rc == ERR_OK && proof.close.id != 0)
            rc = close_read(&proof.reader, closed_spans, DB_ARGS(db_i64(id)));
        if (rc == ERR_OK && proof.close.id != 0)
            rc = prove_close(&proof, &before);
        db_rows_free(&proof.prints);
        *last = before = proof.close;
    }
    return rc;
}
