/* Reading the rows of a statement. */
#include "db/db.h"

#include <mysql.h>
#include <stdlib.h>
#include <string.h>

#include "money/amount.h"

bool db_next(struct db_rows *rows)
{
    if (rows->result == NULL)
        return false;
    rows->row = mysql_fetch_row(rows->result);
    rows->lengths = rows->row == NULL ? NULL : mysql_fetch_lengths(rows->result);
    return rows->row != NULL;
}

static const char *cell(const struct db_rows *rows, unsigned col)
{
    if (rows->row == NULL || col >= mysql_num_fields(rows->result))
        abort(); /* our bug: no such row or column */
    return rows->row[col];
}

bool db_is_null(const struct db_rows *rows, unsigned col)
{
    return cell(rows, col) == NULL;
}

__int128 db_get_i128(const struct db_rows *rows, unsigned col)
{
    const char *text = cell(rows, col);
    __int128 value = 0;
    if (text != NULL && !int128_parse(text, rows->lengths[col], &value))
        abort(); /* our bug: the column is no number */
    return value;
}

int64_t db_get_i64(const struct db_rows *rows, unsigned col)
{
    __int128 value = db_get_i128(rows, col);
    if (value < INT64_MIN || value > INT64_MAX)
        abort(); /* our bug: the column is wider than the variable */
    return (int64_t)value;
}

uint64_t db_get_u64(const struct db_rows *rows, unsigned col)
{
    __int128 value = db_get_i128(rows, col);
    if (value < 0 || value > (__int128)UINT64_MAX)
        abort();
    return (uint64_t)value;
}

const char *db_get_text(const struct db_rows *rows, unsigned col)
{
    return cell(rows, col);
}

const void *db_get_blob(const struct db_rows *rows, unsigned col, size_t *len)
{
    const char *data = cell(rows, col);
    *len = data == NULL ? 0 : rows->lengths[col];
    return data;
}

struct uuid db_get_uuid(const struct db_rows *rows, unsigned col)
{
    struct uuid id = {0};
    size_t len;
    const void *data = db_get_blob(rows, col, &len);
    if (data != NULL && len != sizeof(id.bytes))
        abort(); /* our bug: the column is no uuid */
    if (data != NULL)
        memcpy(id.bytes, data, sizeof(id.bytes));
    return id;
}

void db_rows_free(struct db_rows *rows)
{
    if (rows->result != NULL)
        mysql_free_result(rows->result);
    *rows = (struct db_rows){0};
}
