/* Writing a posting: journal, balances, entries and holds as statements of one packet. */
#include "ledger/post.h"

#include <stdlib.h>
#include <string.h>

#include "db/columns.h"
#include "db/statement.h"
#include "ledger/sql.h"

#define WORDS_MAX (1 << 22) /* bytes of all lines of a posting */
#define NO_WORDS SIZE_MAX
#define ACCOUNTS_AT_ONCE 8 /* in one UPDATE, which looks for each row's part in turn */

struct ledger_leg {
    int64_t account;
    struct amount amount;
    const char *type;
    size_t info; /* where in the words; NO_WORDS */
};

struct ledger_held {
    struct ledger_hold hold;
    int64_t from;      /* of a new one: account.id that it leaves */
    const char *state; /* open: a new one */
};

static const char *journal_teller;

void ledger_tell_journals(const char *statement)
{
    journal_teller = statement;
}

struct ledger_posting ledger_posting(const char *kind, const struct actor *actor,
                                     const struct uuid *ref)
{
    return (struct ledger_posting){
        .kind = kind, .actor = *actor, .ref = ref, .words = TEXT(WORDS_MAX)};
}

void ledger_posting_free(struct ledger_posting *posting)
{
    free(posting->legs);
    free(posting->holds);
    text_free(&posting->words);
    *posting = (struct ledger_posting){0};
}

/* Room for one more item; memory running out ends the process, which rolls back. */
static void *grow(void *items, size_t count, size_t *room, size_t size)
{
    if (count < *room)
        return items;
    *room = *room * 2 + 4;
    items = realloc(items, *room * size);
    if (items == NULL)
        abort();
    return items;
}

/* Keeps the first LEDGER_INFO_MAX code points. */
static size_t keep_words(struct text *words, const char *info)
{
    size_t at = words->len, bytes = 0, points = 0;

    if (info == NULL)
        return NO_WORDS;
    while (info[bytes] != '\0') {
        if (((unsigned char)info[bytes] & 0xc0) != 0x80 && points++ == LEDGER_INFO_MAX)
            break;
        bytes++;
    }
    text_add(words, info, bytes);
    text_add(words, "", 1);
    return at;
}

void ledger_leg(struct ledger_posting *posting, int64_t account, struct amount amount,
                const char *type, const char *info)
{
    posting->legs =
        grow(posting->legs, posting->leg_count, &posting->leg_room, sizeof(*posting->legs));
    posting->legs[posting->leg_count++] =
        (struct ledger_leg){account, amount, type, keep_words(&posting->words, info)};
}

static void add_hold(struct ledger_posting *posting, const struct ledger_hold *hold, int64_t from,
                     const char *state)
{
    posting->holds =
        grow(posting->holds, posting->hold_count, &posting->hold_room, sizeof(*posting->holds));
    posting->holds[posting->hold_count++] = (struct ledger_held){*hold, from, state};
}

static struct amount negative(struct amount amount)
{
    amount.units = -amount.units;
    return amount;
}

void ledger_hold(struct ledger_posting *posting, const struct ledger_hold *hold, int64_t from,
                 const char *type, const char *info)
{
    ledger_leg(posting, from, negative(hold->amount), type, info);
    ledger_leg(posting, hold->held, hold->amount, NULL, NULL);
    add_hold(posting, hold, from, "open");
}

static void end_hold(struct ledger_posting *posting, const struct ledger_hold *hold,
                     const char *state, int64_t to, const char *type, const char *info)
{
    ledger_leg(posting, hold->held, negative(hold->amount), NULL, NULL);
    ledger_leg(posting, to, hold->amount, type, info);
    add_hold(posting, hold, 0, state);
}

void ledger_capture(struct ledger_posting *posting, const struct ledger_hold *hold, int64_t to,
                    const char *type, const char *info)
{
    end_hold(posting, hold, "captured", to, type, info);
}

void ledger_release(struct ledger_posting *posting, const struct ledger_hold *hold, int64_t to,
                    const char *type, const char *info)
{
    end_hold(posting, hold, "released", to, type, info);
}

/* Whether the legs sum up to zero in each currency. */
static bool is_balanced(const struct ledger_posting *posting)
{
    for (size_t i = 0; i < posting->leg_count; i++) {
        struct amount sum = {.currency = posting->legs[i].amount.currency};
        if (i > 0 && sum.currency == posting->legs[i - 1].amount.currency)
            continue; /* summed up already */
        for (size_t j = 0; j < posting->leg_count; j++)
            if (posting->legs[j].amount.currency == sum.currency &&
                amount_add(sum, posting->legs[j].amount, &sum) != ERR_OK)
                return false;
        if (sum.units != 0)
            return false;
    }
    return posting->leg_count > 0;
}

static void add_journal(struct db_packet *packet, const struct ledger_posting *posting)
{
    const struct actor *actor = &posting->actor;

    db_packet_add_once(packet,
                       "INSERT INTO journal (kind, user_id, request_key, trace, ref) "
                       "VALUES (?, ?, ?, ?, ?)",
                       DB_ARGS(db_text(posting->kind), db_i64(actor->user_id),
                               db_text(actor->request_key), db_text(actor->trace),
                               db_uuid(posting->ref)),
                       ERR_REPLAYED);
    db_packet_add(packet, "SET " LEDGER_SQL_JOURNAL " = LAST_INSERT_ID()", DB_NO_ARGS);
    if (journal_teller != NULL)
        db_packet_add(packet, journal_teller, DB_NO_ARGS);
}

static void end_open(struct db_packet *packet, const struct ledger_hold *hold, const char *state)
{
    db_packet_add(packet,
                  "UPDATE hold SET state = ? WHERE kind = ? AND ref = ? AND state = 'open' "
                  "AND account_id = ? AND amount = ?",
                  DB_ARGS(db_text(state), db_text(hold->kind), db_uuid(&hold->ref),
                          db_i64(hold->held), db_i128(hold->amount.units)));
    db_packet_expect(packet, 1, ERR_DB_CONTENDED);
}

static void add_holds(struct db_packet *packet, const struct ledger_posting *posting)
{
    for (size_t i = 0; i < posting->hold_count; i++) {
        const struct ledger_hold *hold = &posting->holds[i].hold;
        const char *state = posting->holds[i].state;
        if (strcmp(state, "open") == 0)
            db_packet_add(packet,
                          "INSERT INTO hold (kind, ref, account_id, amount, from_id) VALUES "
                          "(?, ?, ?, ?, ?)",
                          DB_ARGS(db_text(hold->kind), db_uuid(&hold->ref), db_i64(hold->held),
                                  db_i128(hold->amount.units), db_i64(posting->holds[i].from)));
        else
            end_open(packet, hold, state);
    }
}

/* One of the accounts of a posting, with what all its legs make. */
struct touched {
    int64_t id;
    __int128 units;
    unsigned legs;
};

static int by_account(const void *a, const void *b)
{
    const struct touched *left = a, *right = b;
    return (left->id > right->id) - (left->id < right->id);
}

static struct touched *find_touched(struct touched *list, size_t count, int64_t id)
{
    for (size_t i = 0; i < count; i++)
        if (list[i].id == id)
            return &list[i];
    return NULL;
}

/* The accounts in ascending order of id. Gives how many. */
static size_t sum_up(const struct ledger_posting *posting, struct touched *list)
{
    size_t count = 0;

    for (size_t i = 0; i < posting->leg_count; i++) {
        const struct ledger_leg *leg = &posting->legs[i];
        struct touched *account = find_touched(list, count, leg->account);
        if (account == NULL) {
            account = &list[count++];
            *account = (struct touched){.id = leg->account};
        }
        account->units += leg->amount.units;
        account->legs++;
    }
    qsort(list, count, sizeof(*list), by_account);
    return count;
}

/* One statement for several accounts, since opening the table costs as much as a row. */
static void add_update(struct text *sql, const struct touched *list, size_t first, size_t end)
{
    text_puts(sql, "UPDATE account FORCE INDEX (PRIMARY) SET balance = CASE id");
    for (size_t i = first; i < end; i++)
        statement_add(sql, " WHEN ? THEN (@ledger_balance_? := balance + ?)",
                      DB_ARGS(db_i64(list[i].id), db_u64(i), db_i128(list[i].units)));
    text_puts(sql, " END, entries = CASE id");
    for (size_t i = first; i < end; i++)
        statement_add(sql, " WHEN ? THEN (@ledger_seq_? := entries + ?)",
                      DB_ARGS(db_i64(list[i].id), db_u64(i), db_u64(list[i].legs)));
    text_puts(sql, " END WHERE id IN (");
    for (size_t i = first; i < end; i++)
        statement_add(sql, i == first ? "?" : ", ?", DB_ARGS(db_i64(list[i].id)));
    text_puts(sql, "); ");
}

/* User variables carry the new balances from the UPDATEs to the INSERT of the entries: a third less
 * time than reading the rows again. */
static void add_balances(struct db_packet *packet, const struct touched *list, size_t count)
{
    struct text *sql = db_packet_begin(packet);

    text_puts(sql, "BEGIN DECLARE EXIT HANDLER FOR 4025 SIGNAL SQLSTATE '45000' "
                   "SET MESSAGE_TEXT = 'insufficient_funds'; ");
    for (size_t first = 0; first < count; first += ACCOUNTS_AT_ONCE)
        add_update(sql, list, first,
                   count - first < ACCOUNTS_AT_ONCE ? count : first + ACCOUNTS_AT_ONCE);
    text_puts(sql, "END");
}

/* The legs in their order; from an account's last balance and number those behind a leg are taken
 * off. */
static void add_entries(struct db_packet *packet, const struct ledger_posting *posting,
                        struct touched *list, size_t count)
{
    struct text *sql = db_packet_begin(packet);

    text_puts(sql, "INSERT INTO entry (account_id, seq, journal_id, amount, balance, type, info) "
                   "VALUES ");
    for (size_t i = 0; i < posting->leg_count; i++) {
        const struct ledger_leg *leg = &posting->legs[i];
        struct touched *account = find_touched(list, count, leg->account);
        uint64_t place = (uint64_t)(account - list);
        account->units -= leg->amount.units;
        account->legs--;
        statement_add(sql,
                      i == 0 ? "(?, @ledger_seq_? - ?, " LEDGER_SQL_JOURNAL
                               ", ?, @ledger_balance_? - (?), ?, ?)"
                             : ", (?, @ledger_seq_? - ?, " LEDGER_SQL_JOURNAL
                               ", ?, @ledger_balance_? - (?), ?, ?)",
                      DB_ARGS(db_i64(leg->account), db_u64(place), db_u64(account->legs),
                              db_i128(leg->amount.units), db_u64(place), db_i128(account->units),
                              db_text(leg->type),
                              leg->info == NO_WORDS
                                  ? db_null()
                                  : db_text(text_string(&posting->words) + leg->info)));
    }
}

void ledger_post_begin(struct db_packet *packet, struct ledger_posting *posting)
{
    add_journal(packet, posting);
    posting->begun = true;
}

enum err ledger_post(struct db_packet *packet, const struct ledger_posting *posting)
{
    if (posting->words.full || !is_balanced(posting))
        return ERR_INTERNAL;
    struct touched *list = calloc(posting->leg_count, sizeof(*list));
    if (list == NULL)
        return ERR_NO_MEMORY;
    size_t count = sum_up(posting, list);
    if (!posting->begun)
        add_journal(packet, posting);
    add_holds(packet, posting);
    add_balances(packet, list, count);
    add_entries(packet, posting, list, count);
    free(list);
    return ERR_OK;
}

/* What one account got by a journal. */
struct moved {
    int64_t account;
    struct amount amount;
};

static const struct db_column moved_columns[] = {
    DB_COLUMN("e.account_id", struct moved, account),
    DB_COLUMN("a.currency_id", struct moved, amount.currency),
    DB_COLUMN("SUM(e.amount)", struct moved, amount.units),
};

enum err ledger_legs_back(struct db *db, struct ledger_posting *posting, int64_t journal_id,
                          const char *info)
{
    struct text sql = TEXT(1024);
    struct db_rows rows = {0};
    struct moved moved;

    db_select(&sql, moved_columns, DB_COUNT(moved_columns));
    statement_add(&sql,
                  "FROM entry AS e JOIN account AS a ON a.id = e.account_id WHERE e.journal_id = ? "
                  "GROUP BY e.account_id ORDER BY e.account_id",
                  DB_ARGS(db_i64(journal_id)));
    enum err rc = db_run(db, text_string(&sql), DB_NO_ARGS, &rows);
    while (rc == ERR_OK && db_read(&rows, moved_columns, DB_COUNT(moved_columns), &moved))
        ledger_leg(posting, moved.account, negative(moved.amount),
                   moved.amount.units > 0 ? "out" : "in", info);
    db_rows_free(&rows);
    text_free(&sql);
    return rc;
}

/* Whether an account of that purpose may go below zero: the world outside, a loss, what carrying costs, a reward
 * that was taken back after it was spent, and a deposit that vanished after it was. */
static bool may_overdraw(const char *purpose)
{
    return strcmp(purpose, "external") == 0 || strcmp(purpose, "profit") == 0 ||
           strcmp(purpose, LEDGER_COST) == 0 || strcmp(purpose, "affiliate") == 0 ||
           strcmp(purpose, "owed") == 0;
}

enum err ledger_account_need(struct db *db, int64_t owner, const struct currency *currency,
                             const char *purpose, const char *rail, int64_t *account)
{
    struct db_rows rows = {0};

    if (*account != 0)
        return ERR_OK;
    enum err rc = db_run(db,
                         "INSERT INTO account (owner_id, currency_id, purpose, rail, may_overdraw) "
                         "VALUES (?, ?, ?, ?, ?) ON DUPLICATE KEY UPDATE id = id RETURNING id",
                         DB_ARGS(db_i64(owner), db_u64(currency->id), db_text(purpose),
                                 db_text(rail), db_u64(may_overdraw(purpose))),
                         &rows);
    if (rc == ERR_OK)
        rc = db_next(&rows) ? ERR_OK : ERR_INTERNAL;
    if (rc == ERR_OK)
        *account = db_get_i64(&rows, 0);
    db_rows_free(&rows);
    return rc;
}
