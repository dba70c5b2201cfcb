/* Columns bound by a table. */
#include "db/columns.h"

#include <string.h>

void db_select(struct text *sql, const struct db_column *columns, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        text_puts(sql, i == 0 ? "SELECT " : ", ");
        text_puts(sql, columns[i].sql);
    }
    text_putc(sql, ' ');
}

void db_select_more(struct text *sql, const struct db_column *columns, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        text_puts(sql, ", ");
        text_puts(sql, columns[i].sql);
    }
    text_putc(sql, ' ');
}

static void read_bytes(const struct db_rows *rows, unsigned col, void *place, size_t size)
{
    size_t len;
    const void *data = db_get_blob(rows, col, &len);

    memset(place, 0, size);
    if (data != NULL)
        memcpy(place, data, len < size ? len : size);
}

static void read_column(const struct db_rows *rows, unsigned col, const struct db_column *column,
                        void *place)
{
    switch (column->into) {
    case DB_INTO_I64:
        *(int64_t *)place = db_get_i64(rows, col);
        break;
    case DB_INTO_U64:
        *(uint64_t *)place = db_get_u64(rows, col);
        break;
    case DB_INTO_U16:
        *(uint16_t *)place = (uint16_t)db_get_u64(rows, col);
        break;
    case DB_INTO_I128:
        *(__int128 *)place = db_get_i128(rows, col);
        break;
    case DB_INTO_BOOL:
        *(bool *)place = db_get_i64(rows, col) != 0;
        break;
    case DB_INTO_TEXT:
        text_copy(place, column->size, db_get_text(rows, col));
        break;
    case DB_INTO_BYTES:
        read_bytes(rows, col, place, column->size);
        break;
    case DB_INTO_UUID:
        *(struct uuid *)place = db_get_uuid(rows, col);
        break;
    case DB_INTO_CURRENCY:
        *(const struct currency **)place = currency_by_id((uint16_t)db_get_u64(rows, col));
        break;
    }
}

void db_read_more(const struct db_rows *rows, size_t from, const struct db_column *columns,
                  size_t count, void *out)
{
    for (size_t i = 0; i < count; i++)
        read_column(rows, (unsigned)(from + i), &columns[i], (char *)out + columns[i].offset);
}

bool db_read(struct db_rows *rows, const struct db_column *columns, size_t count, void *out)
{
    if (!db_next(rows))
        return false;
    db_read_more(rows, 0, columns, count, out);
    return true;
}
