/* Columns bound to the members of a structure by a table, which also writes the SELECT: neither is
 * counted, and neither can be changed without the other.
 *
 *     static const struct db_column columns[] = {
 *         DB_COLUMN("t.amount", struct ticket, amount.units),
 *         DB_COLUMN("t.currency_id", struct ticket, amount.currency),
 *     };
 *
 *     db_select(&sql, columns, DB_COUNT(columns));      "SELECT t.amount, t.currency_id "
 *     ...
 *     db_read(&rows, columns, DB_COUNT(columns), &ticket);
 */
#ifndef DB_COLUMNS_H
#define DB_COLUMNS_H

#include "base/text.h"
#include "db/db.h"
#include "money/currency.h"

enum db_into {
    DB_INTO_I64,
    DB_INTO_U64,
    DB_INTO_U16,
    DB_INTO_I128,
    DB_INTO_BOOL,
    DB_INTO_TEXT,  /* an array of characters: cut where it is longer */
    DB_INTO_BYTES, /* an array of bytes: as many as it has */
    DB_INTO_UUID,
    DB_INTO_CURRENCY /* its id; NULL for NULL and for one that is not loaded */
};

struct db_column {
    const char *sql; /* an expression */
    enum db_into into;
    size_t offset, size; /* of the member; the size counts for arrays only */
};

#define DB_MEMBER(type, member) (((type *)NULL)->member)
#define DB_COLUMN(expression, type, member)                             \
    {                                                                   \
        .sql = (expression),                                          \
     .into = _Generic(DB_MEMBER(type, member),                     \
         int64_t: DB_INTO_I64,                                     \
         uint64_t: DB_INTO_U64,                                    \
         uint16_t: DB_INTO_U16,                                    \
         __int128: DB_INTO_I128,                                   \
         bool: DB_INTO_BOOL,                                       \
         char *: DB_INTO_TEXT,                                     \
         uint8_t *: DB_INTO_BYTES,                                 \
         struct uuid: DB_INTO_UUID,                                \
         const struct currency *: DB_INTO_CURRENCY),               \
     .offset = offsetof(type, member),                             \
     .size = sizeof(_Generic(DB_MEMBER(type, member),              \
         const struct currency *: (char)0,                              \
         default: DB_MEMBER(type, member))) \
    }

#define DB_COUNT(columns) (sizeof(columns) / sizeof((columns)[0]))

/* Adds "SELECT a, b, c " for the columns. */
void db_select(struct text *sql, const struct db_column *columns, size_t count);

/* Adds ", c, d " behind what db_select has added, for a row that fills two structures. */
void db_select_more(struct text *sql, const struct db_column *columns, size_t count);

/* Steps to the next row and fills the members of the structure at `out`; SQL NULL reads as for
 * db_get_*. False, and nothing filled, after the last row. */
bool db_read(struct db_rows *rows, const struct db_column *columns, size_t count, void *out);

/* Fills the second structure from the row that db_read has read.
 * from  columns of the first */
void db_read_more(const struct db_rows *rows, size_t from, const struct db_column *columns,
                  size_t count, void *out);

#endif
