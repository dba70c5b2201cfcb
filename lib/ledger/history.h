/* The history of a wallet, page by page. A line's words stand in its entry, or, where its journal is
 * of a kind that somebody has registered for, are made by them from rows of their own. */
#ifndef LEDGER_HISTORY_H
#define LEDGER_HISTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/id.h"
#include "base/page.h"
#include "base/text.h"
#include "db/db.h"
#include "money/amount.h"

#define LEDGER_HISTORY_PAGE 50 /* rows of one page of history */
#define LEDGER_INFO_SIZE 2049  /* bytes of a line of history with its NUL: 512 code points */

/* What to show of a history. */
struct ledger_filter {
    const struct currency *currency; /* NULL: all, then in the order in which it was booked */
    const char *type;                /* one of ledger_types, or NULL */
    int64_t since, until;            /* unix seconds, until exclusive; 0 = open */
    int64_t journal_id;              /* the lines of that journal alone; 0 = all */
    int64_t page;                    /* 1 to PAGE_MAX */
};

/* The types of history lines, NULL-terminated (api: wallet/history). */
extern const char *const ledger_types[];

/* One line of history. Strings live until the end of the callback. */
struct ledger_line {
    uint64_t index; /* 1 = the oldest of the wallet */
    int64_t date;   /* unix seconds */
    const char *type;
    struct amount value; /* never negative: the type tells the direction */
    struct amount balance;
    int64_t journal_id;
    const char *kind; /* of its journal: "ticket_create" and so on */
    struct uuid ref;  /* what it is about; zero where nothing */
    bool has_ref;
    const char *info; /* what it says to its owner; NULL: nothing */
    const void
        *known; /* what whoever registered for its kind knows of it (struct ledger_words); NULL:
                          nobody did */
};

/* What one kind of journal does not say itself. */
struct ledger_words {
    const char *kind; /* of journal */
    size_t size;      /* bytes of what is known of one line */

    /* Reads what is known of lines of that kind.
     * lines  what is shown, `count` of them; others of them may be of other kinds
     * known  zeroed, `size` bytes for each line; those of a line that is of our kind are filled
     * Returns ERR_DB_AWAY, ERR_DB; ERR_INTERNAL where a row is missing. */
    enum err (*read)(struct db *db, int64_t user_id, const struct ledger_line *lines, size_t count,
                     void *known);

    /* Adds the words of one line.
     * known  of it, as `read` filled it */
    void (*write)(const struct ledger_line *line, const void *known, struct text *out);
};

#define LEDGER_WORDS_MAX 8 /* kinds that may be registered */

/* Registers what writes the words of a kind, once at the start of a process; the same again changes
 * nothing.
 * words  static storage */
void ledger_words_register(const struct ledger_words *words);

/* Calls `line` for each line of one page, newest first.
 * filter  what to show
 * line    must not use `db`; what it gets lives during the call
 * arg     passed to it
 * page    out, which page of how many
 * Returns ERR_OK with no lines where there is no such wallet; ERR_DB_AWAY, ERR_DB. */
MUST_USE enum err ledger_history(struct db *db, int64_t user_id, const struct ledger_filter *filter,
                                 void (*line)(void *arg, const struct ledger_line *line), void *arg,
                                 struct page *page);

#endif
