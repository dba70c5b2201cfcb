/* The history of a wallet, page by page. */
#include "ledger/history.h"

#include <stdlib.h>
#include <string.h>

#include "db/columns.h"
#include "db/statement.h"

#define SQL_MAX 4096

const char *const ledger_types[] = {"deposit", "withdraw", "fee",    "in",
                                    "out",     "spent",    "earned", NULL};

static const struct ledger_words *registered[LEDGER_WORDS_MAX];
static size_t registered_count;

void ledger_words_register(const struct ledger_words *words)
{
    for (size_t i = 0; i < registered_count; i++)
        if (registered[i] == words)
            return;
    if (registered_count == LEDGER_WORDS_MAX)
        abort(); /* our bug */
    registered[registered_count++] = words;
}

/* A line as it is read: its strings are the rows'. */
static const struct db_column line_columns[] = {
    DB_COLUMN("e.seq", struct ledger_line, index),
    DB_COLUMN("UNIX_TIMESTAMP(j.at) DIV 1", struct ledger_line, date),
    DB_COLUMN("ABS(e.amount)", struct ledger_line, value.units),
    DB_COLUMN("a.currency_id", struct ledger_line, value.currency),
    DB_COLUMN("e.balance", struct ledger_line, balance.units),
    DB_COLUMN("a.currency_id", struct ledger_line, balance.currency),
    DB_COLUMN("j.id", struct ledger_line, journal_id),
    DB_COLUMN("j.ref IS NOT NULL", struct ledger_line, has_ref),
    DB_COLUMN("j.ref", struct ledger_line, ref),
};
/* Behind them. */
enum { TYPE = DB_COUNT(line_columns), KIND, INFO };
#define MORE_COLUMNS ", e.type, j.kind, e.info "

/* Whose lines are wanted. */
struct wanted {
    int64_t user_id;
    int64_t account; /* of the currency that is asked for; 0: all wallets of the user */
    const struct ledger_filter *filter;
};

static bool is_plain(const struct ledger_filter *filter)
{
    return filter->type == NULL && filter->since == 0 && filter->until == 0 &&
           filter->journal_id == 0;
}

/* Which entries a page is of. An account is named by its id, so that the server can go to a range of its
 * numbers; only dates are the journal's. */
static void add_filter(struct text *sql, const struct wanted *wanted)
{
    const struct ledger_filter *filter = wanted->filter;
    bool dates = filter->since != 0 || filter->until != 0;

    text_puts(sql, wanted->account != 0
                       ? "FROM entry AS e "
                       : "FROM account AS a JOIN entry AS e ON e.account_id = a.id ");
    if (dates)
        text_puts(sql, "JOIN journal AS j ON j.id = e.journal_id ");
    if (wanted->account != 0)
        statement_add(sql, "WHERE e.account_id = ? ", DB_ARGS(db_i64(wanted->account)));
    else
        statement_add(sql, "WHERE a.owner_id = ? AND a.purpose = 'available' ",
                      DB_ARGS(db_i64(wanted->user_id)));
    if (filter->type != NULL)
        statement_add(sql, "AND e.type = ? ", DB_ARGS(db_text(filter->type)));
    if (filter->since != 0)
        statement_add(sql, "AND j.at >= FROM_UNIXTIME(?) ", DB_ARGS(db_i64(filter->since)));
    if (filter->until != 0)
        statement_add(sql, "AND j.at < FROM_UNIXTIME(?) ", DB_ARGS(db_i64(filter->until)));
    if (filter->journal_id != 0)
        statement_add(sql, "AND e.journal_id = ? ", DB_ARGS(db_i64(filter->journal_id)));
}

/* Accounts count their entries: without a filter nothing has to be read.
 * wanted  in and out: its account
 * found   out, false where there is no such wallet */
static enum err find_wallets(struct db *db, struct wanted *wanted, bool *found, uint64_t *records)
{
    struct db_rows rows = {0};
    struct text sql = TEXT(SQL_MAX);

    statement_add(&sql,
                  "SELECT MAX(id), SUM(entries) FROM account WHERE owner_id = ? AND purpose = "
                  "'available' ",
                  DB_ARGS(db_i64(wanted->user_id)));
    if (wanted->filter->currency != NULL)
        statement_add(&sql, "AND currency_id = ? ", DB_ARGS(db_u64(wanted->filter->currency->id)));
    enum err rc = db_run(db, text_string(&sql), DB_NO_ARGS, &rows);
    *found = rc == ERR_OK && db_next(&rows) && !db_is_null(&rows, 0);
    if (*found) {
        wanted->account = wanted->filter->currency != NULL ? db_get_i64(&rows, 0) : 0;
        *records = db_get_u64(&rows, 1);
    }
    db_rows_free(&rows);
    text_free(&sql);
    return rc;
}

static enum err count_lines(struct db *db, struct wanted *wanted, uint64_t *records)
{
    struct db_rows rows = {0};
    struct text sql = TEXT(SQL_MAX);
    bool found;

    enum err rc = find_wallets(db, wanted, &found, records);
    if (rc != ERR_OK || !found || is_plain(wanted->filter))
        return rc;
    text_puts(&sql, "SELECT COUNT(*) ");
    add_filter(&sql, wanted);
    rc = db_run(db, text_string(&sql), DB_NO_ARGS, &rows);
    if (rc == ERR_OK && db_next(&rows))
        *records = db_get_u64(&rows, 0);
    db_rows_free(&rows);
    text_free(&sql);
    return rc;
}

static const char *order_of(const struct ledger_filter *filter)
{
    return filter->currency != NULL ? " ORDER BY e.seq DESC"
                                    : " ORDER BY e.journal_id DESC, e.account_id, e.seq DESC";
}

/* The entries of a page. One of a wallet without a filter is a range of numbers, which have no gaps: no page is
 * further away than another. */
static void add_page(struct text *sql, const struct wanted *wanted, const struct page *page)
{
    const struct ledger_filter *filter = wanted->filter;
    int64_t offset = page_offset(page), last = (int64_t)page->records - offset;
    /* Numbers begin with 1; with one below zero the server would read them all. */
    int64_t first = last > page->size ? last - page->size + 1 : 1;

    text_puts(sql, "(SELECT e.account_id, e.seq ");
    add_filter(sql, wanted);
    if (wanted->account != 0 && is_plain(filter)) {
        statement_add(sql, "AND e.seq BETWEEN ? AND ?)",
                      DB_ARGS(db_i64(first), db_i64(last > 0 ? last : 0)));
        return;
    }
    text_puts(sql, order_of(filter));
    statement_add(sql, " LIMIT ?, ?)", DB_ARGS(db_i64(offset), db_i64(page->size)));
}

static enum err read_page(struct db *db, const struct wanted *wanted, const struct page *page,
                          struct db_rows *rows)
{
    struct text sql = TEXT(SQL_MAX);

    db_select(&sql, line_columns, DB_COUNT(line_columns));
    text_puts(&sql, MORE_COLUMNS "FROM ");
    add_page(&sql, wanted, page);
    text_puts(&sql, " AS page JOIN account AS a ON a.id = page.account_id JOIN entry AS e ON "
                    "e.account_id = page.account_id AND e.seq = page.seq JOIN journal AS j ON "
                    "j.id = e.journal_id");
    text_puts(&sql, order_of(wanted->filter));
    enum err rc = db_run(db, text_string(&sql), DB_NO_ARGS, rows);
    text_free(&sql);
    return rc;
}

/* Gives how many. */
static size_t take_lines(struct db_rows *rows, struct ledger_line *lines)
{
    size_t count = 0;

    while (count < LEDGER_HISTORY_PAGE &&
           db_read(rows, line_columns, DB_COUNT(line_columns), &lines[count])) {
        struct ledger_line *line = &lines[count++];
        line->type = db_get_text(rows, TYPE);
        line->kind = db_get_text(rows, KIND);
        line->info = db_get_text(rows, INFO);
        line->known = NULL;
    }
    return count;
}

static bool has_kind(const struct ledger_line *lines, size_t count, const char *kind)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(lines[i].kind, kind) == 0)
            return true;
    return false;
}

/* A page on its way to the caller. */
struct told {
    struct ledger_line *lines;
    size_t count;
    struct text words;             /* of one line, where they are made */
    char *known[LEDGER_WORDS_MAX]; /* by those registered, of every line */
};

/* Has the words of one kind read and written. */
static enum err add_words(struct db *db, int64_t user_id, size_t which, struct told *told)
{
    const struct ledger_words *words = registered[which];

    if (!has_kind(told->lines, told->count, words->kind))
        return ERR_OK;
    char *known = told->known[which] = calloc(told->count, words->size);
    if (known == NULL)
        return ERR_NO_MEMORY;
    enum err rc = words->read(db, user_id, told->lines, told->count, known);
    for (size_t i = 0; rc == ERR_OK && i < told->count; i++)
        if (strcmp(told->lines[i].kind, words->kind) == 0)
            told->lines[i].known = known + i * words->size;
    return rc;
}

static void tell_line(struct told *told, size_t i, void (*line)(void *, const struct ledger_line *),
                      void *arg)
{
    struct ledger_line *one = &told->lines[i];

    text_clear(&told->words);
    for (size_t which = 0; which < registered_count; which++)
        if (one->known != NULL && strcmp(one->kind, registered[which]->kind) == 0)
            registered[which]->write(one, one->known, &told->words);
    if (told->words.len > 0)
        one->info = text_string(&told->words);
    line(arg, one);
}

enum err ledger_history(struct db *db, int64_t user_id, const struct ledger_filter *filter,
                        void (*line)(void *arg, const struct ledger_line *line), void *arg,
                        struct page *page)
{
    struct ledger_line lines[LEDGER_HISTORY_PAGE];
    struct told told = {.lines = lines, .words = TEXT(LEDGER_INFO_SIZE)};
    struct db_rows rows = {0};
    struct wanted wanted = {.user_id = user_id, .filter = filter};
    uint64_t records = 0;

    enum err rc = count_lines(db, &wanted, &records);
    if (rc != ERR_OK)
        return rc;
    *page = page_of(records, filter->page, LEDGER_HISTORY_PAGE);
    if (records > 0)
        rc = read_page(db, &wanted, page, &rows);
    if (rc == ERR_OK && records > 0)
        told.count = take_lines(&rows, lines);
    for (size_t which = 0; rc == ERR_OK && which < registered_count; which++)
        rc = add_words(db, user_id, which, &told);
    for (size_t i = 0; rc == ERR_OK && i < told.count; i++)
        tell_line(&told, i, line, arg);
    for (size_t which = 0; which < registered_count; which++)
        free(told.known[which]);
    db_rows_free(&rows);
    text_free(&told.words);
    return rc;
}
