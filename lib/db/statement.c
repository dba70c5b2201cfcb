/* Arguments into the text of a statement: numbers and hexadecimal literals only. */
#include "db/statement.h"

#include <stdlib.h>
#include <string.h>

#include "money/amount.h"

struct db_arg db_null(void)
{
    return (struct db_arg){.type = DB_NULL};
}

struct db_arg db_i64(int64_t value)
{
    return (struct db_arg){.type = DB_I64, .i64 = value};
}

struct db_arg db_u64(uint64_t value)
{
    return (struct db_arg){.type = DB_U64, .u64 = value};
}

struct db_arg db_i128(__int128 value)
{
    return (struct db_arg){.type = DB_I128, .i128 = value};
}

struct db_arg db_text(const char *text)
{
    return text == NULL ? db_null() : db_textn(text, strlen(text));
}

struct db_arg db_textn(const char *text, size_t len)
{
    return (struct db_arg){.type = DB_TEXT, .bytes = {.data = text, .len = len}};
}

struct db_arg db_blob(const void *data, size_t len)
{
    return data == NULL ? db_null()
                        : (struct db_arg){.type = DB_BLOB, .bytes = {.data = data, .len = len}};
}

struct db_arg db_uuid(const struct uuid *id)
{
    return id == NULL ? db_null() : db_blob(id->bytes, sizeof(id->bytes));
}

struct db_arg db_decimal(const char *digits)
{
    return (struct db_arg){.type = DB_DECIMAL, .bytes = {.data = digits, .len = strlen(digits)}};
}

static void add_arg(struct text *out, const struct db_arg *arg)
{
    char digits[AMOUNT_TEXT_SIZE];

    switch (arg->type) {
    case DB_NULL:
        text_puts(out, "NULL");
        break;
    case DB_I64:
        text_addf(out, "%lld", (long long)arg->i64);
        break;
    case DB_U64:
        text_addf(out, "%llu", (unsigned long long)arg->u64);
        break;
    case DB_I128:
        int128_format(arg->i128, digits);
        text_puts(out, digits);
        break;
    case DB_TEXT:
        text_puts(out, "_utf8mb4 X'");
        text_hex(out, arg->bytes.data, arg->bytes.len);
        text_putc(out, '\'');
        break;
    case DB_BLOB:
        text_puts(out, "X'");
        text_hex(out, arg->bytes.data, arg->bytes.len);
        text_putc(out, '\'');
        break;
    case DB_DECIMAL:
        if (strspn(arg->bytes.data, "0123456789.") != arg->bytes.len)
            abort(); /* our bug: the caller promised digits */
        text_add(out, arg->bytes.data, arg->bytes.len);
        break;
    }
}

void statement_add(struct text *out, const char *sql, struct db_args args)
{
    size_t used = 0;
    const char *mark;

    for (; (mark = strchr(sql, '?')) != NULL; sql = mark + 1) {
        if (used == args.count)
            abort(); /* our bug: fewer arguments than marks */
        text_add(out, sql, (size_t)(mark - sql));
        add_arg(out, &args.list[used++]);
    }
    if (used != args.count)
        abort();
    text_puts(out, sql);
}

void statement_check(const char *sql)
{
    static const char compound[] = "BEGIN NOT ATOMIC ";
    bool quoted = false;

    if (strncmp(sql, compound, strlen(compound)) == 0)
        return;
    for (; *sql != '\0'; sql++) {
        if (*sql == '\'')
            quoted = !quoted;
        if (*sql == ';' && !quoted)
            abort(); /* our bug: see db/packet.h */
    }
}
