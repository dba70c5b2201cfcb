/* Things and their properties in SQL. */
#include "desk/operate_store.h"

#include <string.h>

#include "db/columns.h"
#include "db/statement.h"
#include "desk/store.h"
#include "identity/sql.h"
#include "ledger/sql.h"

#define CODE_OF(id) "(SELECT code FROM desk_system AS coded WHERE coded.id = " id ")"
#define CURRENCY_OF(id) "(SELECT currency_id FROM desk_system AS counted WHERE counted.id = " id ")"
#define DESK_CURRENCY "(SELECT currency_id FROM desk_setting WHERE id = 1)"

/* How a thing is found, what its key is, and what is shown of it beside its properties. */
static const struct {
    const char *id, *key, *more;
} shown[DESK_THINGS] = {
    [DESK_SYSTEMS] = {"id", "t.code", "'id', t.id"},
    [DESK_DIRECTIONS] = {"id", "CONCAT(" CODE_OF("t.give_id") ", '/', " CODE_OF("t.get_id") ")",
                         "'id', t.id"},
    [DESK_RATES] = {"id", "t.name",
                    "'at', t.at, 'jumped_give', t.jumped_give, 'jumped_get', "
                    "t.jumped_get, 'jumped_at', t.jumped_at"},
    [DESK_FEEDS] = {"id", "t.name", "'fetched_at', t.fetched_at, 'problem', t.problem"},
    [DESK_FIELDS] = {"id", "CAST(t.id AS CHAR)", "'id', t.id"},
    [DESK_SETTINGS] = {"id", "'desk'", "'currency', " LEDGER_SQL_CODE("t.currency_id")},
    [DESK_PARTNERS] = {"user_id", "CAST(t.user_id AS CHAR)",
                       "'login', " IDENTITY_SQL_LOGIN(
                           "t.user_id") ", 'turnover', " LEDGER_SQL_DECIMAL("t.turnover",
                                                                            DESK_CURRENCY)},
};

/* The columns of operate_row, of an asked-for key k. */
static const struct db_column row_columns[] = {
    DB_COLUMN("t.id IS NOT NULL", struct operate_row, exists),
    DB_COLUMN("t.id", struct operate_row, id),
    DB_COLUMN("k.give_id", struct operate_row, give_id),
    DB_COLUMN("k.get_id", struct operate_row, get_id),
    DB_COLUMN(DESK_CURRENCY, struct operate_row, desk_currency),
    DB_COLUMN(CURRENCY_OF("k.give_id"), struct operate_row, give_currency),
    DB_COLUMN(CURRENCY_OF("k.get_id"), struct operate_row, get_currency),
    DB_COLUMN("COALESCE(t.profit_of, 'give')", struct operate_row, profit_of),
    DB_COLUMN("(SELECT s.rail FROM desk_system AS s WHERE s.id = k.system_id)", struct operate_row,
              rail),
    DB_COLUMN(CURRENCY_OF("k.system_id"), struct operate_row, own_currency),
};

/* FROM of row_columns, by thing: k with what the key names, t with the thing or NULLs. */
static void add_from(struct text *sql, enum desk_thing thing, const char *key)
{
    size_t slash = strcspn(key, "/");
    bool is_pair = key[slash] == '/';
    struct db_arg word = db_text(key);

    switch (thing) {
    case DESK_SYSTEMS:
        statement_add(sql,
                      "FROM (SELECT NULL AS give_id, NULL AS get_id, (SELECT id FROM desk_system "
                      "WHERE code = ?) AS system_id) AS k LEFT JOIN (SELECT id, code, NULL AS "
                      "profit_of FROM desk_system) AS t ON t.code = ?",
                      DB_ARGS(word, word));
        return;
    case DESK_DIRECTIONS:
        statement_add(
            sql,
            "FROM (SELECT (SELECT id FROM desk_system WHERE code = ?) AS give_id, (SELECT id FROM "
            "desk_system WHERE code = ?) AS get_id, NULL AS system_id) AS k LEFT JOIN "
            "desk_direction AS t "
            "ON t.give_id = k.give_id AND t.get_id = k.get_id",
            DB_ARGS(db_textn(key, is_pair ? slash : 0), db_text(is_pair ? key + slash + 1 : "")));
        return;
    case DESK_PARTNERS:
        statement_add(sql,
                      "FROM (SELECT NULL AS give_id, NULL AS get_id, NULL AS system_id) AS k LEFT "
                      "JOIN (SELECT "
                      "user_id AS id, NULL AS profit_of FROM desk_partner WHERE user_id = ?) AS t "
                      "ON TRUE",
                      DB_ARGS(word));
        return;
    case DESK_RATES:
    case DESK_FEEDS:
    case DESK_FIELDS:
    case DESK_SETTINGS:
        break;
    case DESK_THINGS:
        return;
    }
    text_addf(sql,
              "FROM (SELECT NULL AS give_id, NULL AS get_id, NULL AS system_id) AS k LEFT JOIN "
              "(SELECT id, NULL AS "
              "profit_of FROM %s WHERE ",
              thing < DESK_THINGS ? things[thing].table : "");
    if (thing == DESK_SETTINGS)
        text_puts(sql, "id = 1");
    else
        statement_add(sql, thing == DESK_FIELDS ? "id = ?" : "name = ?", DB_ARGS(word));
    text_puts(sql, ") AS t ON TRUE");
}

/* Whether text may be the key of a thing. */
static bool is_key(enum desk_thing thing, const char *key)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    static const char names[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    size_t len = strlen(key);
    int64_t number;

    switch (thing) {
    case DESK_SYSTEMS:
        return len >= 2 && len <= DESK_CODE_MAX && strspn(key, letters) == len;
    case DESK_DIRECTIONS:
        return strchr(key, '/') != NULL && len < DESK_KEY_SIZE;
    case DESK_RATES:
    case DESK_FEEDS:
        return len >= 1 && len <= 32 && strspn(key, names) == len;
    case DESK_FIELDS:
        return text_to_number(key, 1, 65535, &number);
    case DESK_PARTNERS:
        return text_to_number(key, 1, INT64_MAX, &number);
    case DESK_SETTINGS:
        return strcmp(key, "desk") == 0;
    case DESK_THINGS:
        break;
    }
    return false;
}

/* Whether there is a user who could be an affiliate. */
static enum err check_user(struct db *db, const char *key)
{
    struct db_rows rows = {0};

    enum err rc = db_run(db, "SELECT " IDENTITY_SQL_LOGIN("?"), DB_ARGS(db_text(key)), &rows);
    if (rc == ERR_OK)
        rc = db_next(&rows) && !db_is_null(&rows, 0) ? ERR_OK : ERR_NOT_FOUND;
    db_rows_free(&rows);
    return rc;
}

enum err operate_read(struct db *db, enum desk_thing thing, const char *key,
                      struct operate_row *out)
{
    struct text sql = TEXT(DESK_SQL_MAX);
    struct db_rows rows = {0};

    if (!is_key(thing, key))
        return ERR_INVALID;
    *out = (struct operate_row){0};
    db_select(&sql, row_columns, DB_COUNT(row_columns));
    add_from(&sql, thing, key);
    if (db_in_txn(db))
        text_puts(&sql, " FOR UPDATE");
    enum err rc = db_run(db, text_string(&sql), DB_NO_ARGS, &rows);
    if (rc == ERR_OK && !db_read(&rows, row_columns, DB_COUNT(row_columns), out))
        rc = ERR_INTERNAL;
    if (rc == ERR_OK && thing == DESK_DIRECTIONS && (out->give_id == 0 || out->get_id == 0))
        rc = ERR_NOT_FOUND;
    db_rows_free(&rows);
    text_free(&sql);
    return rc == ERR_OK && thing == DESK_PARTNERS && !out->exists ? check_user(db, key) : rc;
}

void operate_begin(struct text *sql, enum desk_thing thing, const char *key,
                   const struct operate_row *row)
{
    const char *id = shown[thing].id;

    if (row->exists) {
        text_addf(sql, "UPDATE %s SET %s = %s", things[thing].table, id, id);
        return;
    }
    text_addf(sql, "INSERT INTO %s SET ", thing < DESK_THINGS ? things[thing].table : "");
    if (thing == DESK_DIRECTIONS)
        statement_add(sql, "give_id = ?, get_id = ?",
                      DB_ARGS(db_u64(row->give_id), db_u64(row->get_id)));
    else
        statement_add(sql,
                      thing == DESK_SYSTEMS                        ? "code = ?"
                      : thing == DESK_RATES || thing == DESK_FEEDS ? "name = ?"
                      : thing == DESK_PARTNERS                     ? "user_id = ?"
                                                                   : "id = ?",
                      DB_ARGS(db_text(key)));
}

void operate_end(struct text *sql, enum desk_thing thing, const struct operate_row *row)
{
    if (row->exists)
        text_addf(sql, " WHERE %s = %lld", shown[thing].id, (long long)row->id);
}

/* The currency of an amount, as SQL about thing t. */
static const char *currency_sql(enum property_currency currency)
{
    switch (currency) {
    case OF_DESK:
        return DESK_CURRENCY;
    case OF_GIVE:
        return CURRENCY_OF("t.give_id");
    case OF_GET:
        return CURRENCY_OF("t.get_id");
    case OF_PROFIT:
        break;
    }
    return CURRENCY_OF("IF(t.profit_of = 'give', t.give_id, t.get_id)");
}

/* A decimal of MariaDB without zeros at its end. */
#define TRIMMED "TRIM(TRAILING '.' FROM TRIM(TRAILING '0' FROM CONCAT(t.%s, '')))"

static void add_units(struct text *sql, const struct property *property)
{
    const char *currency = currency_sql(property->currency);
    const char *unit = "(SELECT CAST(POW(10, decimals) AS DECIMAL(38, 0)) "
                       "FROM " LEDGER_SQL_CURRENCIES " AS u WHERE u.id = ";

    text_addf(sql,
              "TRIM(TRAILING '.' FROM TRIM(TRAILING '0' FROM CONCAT(t.%s DIV %s%s), '.', "
              "LPAD(MOD(t.%s, %s%s)), (SELECT decimals FROM " LEDGER_SQL_CURRENCIES
              " AS u WHERE u.id = %s), '0'))))",
              property->column, unit, currency, property->column, unit, currency, currency);
}

/* Properties that are rows, as they are given. */
static void add_list(struct text *sql, enum desk_thing thing, const struct property *property)
{
    switch (property->list) {
    case LIST_FIELDS:
        if (thing == DESK_SYSTEMS)
            text_addf(sql,
                      "(SELECT GROUP_CONCAT(f.field_id ORDER BY f.field_id SEPARATOR ' ') FROM "
                      "desk_system_field AS f WHERE f.system_id = t.id AND f.side = '%s')",
                      property->column);
        else
            text_puts(sql, "(SELECT GROUP_CONCAT(f.field_id ORDER BY f.field_id SEPARATOR ' ') "
                           "FROM desk_direction_field AS f WHERE f.direction_id = t.id)");
        return;
    case LIST_TIERS:
        text_puts(sql, "(SELECT GROUP_CONCAT(CONCAT(" LEDGER_SQL_DECIMAL(
                           "r.from_give",
                           CURRENCY_OF("t.give_id")) ", ':', "
                                                     "r.margin_percent, IF(r.margin_fixed = '0', "
                                                     "'', CONCAT(':', r.margin_fixed))) "
                                                     "ORDER BY r.from_give SEPARATOR ' ') FROM "
                                                     "desk_tier AS r WHERE r.direction_id = "
                                                     "t.id)");
        return;
    case LIST_LIVES:
        text_puts(sql, "(SELECT GROUP_CONCAT(CONCAT(l.status, ':', l.seconds) ORDER BY l.status "
                       "SEPARATOR ' ') FROM desk_life AS l WHERE l.direction_id = ");
        text_puts(sql, thing == DESK_SETTINGS ? "0)" : "t.id)");
        return;
    case LIST_LEVELS:
        text_puts(sql, "(SELECT GROUP_CONCAT(CONCAT(" LEDGER_SQL_DECIMAL(
                           "v.from_turnover",
                           DESK_CURRENCY) ", ':', v.percent) ORDER BY "
                                          "v.from_turnover SEPARATOR ' ') FROM desk_level AS v)");
        return;
    }
}

static void add_shown(struct text *sql, enum desk_thing thing, const struct property *property)
{
    text_addf(sql, ", '%s', ", property->name);
    switch (property->kind) {
    case OF_FLAG:
        text_addf(sql, "IF(t.%s, 'yes', 'no')", property->column);
        return;
    case OF_PERCENT:
        text_addf(sql, TRIMMED, property->column);
        return;
    case OF_UNITS:
        add_units(sql, property);
        return;
    case OF_CURRENCY:
        text_puts(sql, LEDGER_SQL_CODE("t.currency_id"));
        return;
    case OF_RATE:
        text_addf(sql, "(SELECT name FROM desk_rate AS named WHERE named.id = t.%s)",
                  property->column);
        return;
    case OF_FEED:
        text_addf(sql, "(SELECT name FROM desk_feed AS named WHERE named.id = t.%s)",
                  property->column);
        return;
    case OF_USER:
        text_addf(sql, IDENTITY_SQL_LOGIN("t.%s"), property->column);
        return;
    case OF_TEXT:
    case OF_WORD:
    case OF_NUMBER:
    case OF_DECIMAL:
    case OF_RAIL:
        text_addf(sql, "t.%s", property->column);
        return;
    case OF_LIST:
        break;
    }
    add_list(sql, thing, property);
}

enum err operate_json(struct db *db, enum desk_thing thing, const struct operate_row *one,
                      void (*row)(void *arg, const char *json), void *arg)
{
    struct text sql = TEXT(DESK_SQL_MAX);
    struct db_rows rows = {0};

    text_addf(&sql, "SELECT JSON_OBJECT('key', %s, %s", shown[thing].key, shown[thing].more);
    for (const struct property *property = things[thing].properties; property->name != NULL;
         property++)
        add_shown(&sql, thing, property);
    text_addf(&sql, ") FROM %s AS t", thing < DESK_THINGS ? things[thing].table : "");
    if (one != NULL)
        text_addf(&sql, " WHERE t.%s = %lld", shown[thing].id, (long long)one->id);
    text_addf(&sql, " ORDER BY t.%s", shown[thing].id);
    enum err rc = sql.full ? ERR_TOO_LARGE : db_run(db, text_string(&sql), DB_NO_ARGS, &rows);
    while (rc == ERR_OK && db_next(&rows))
        row(arg, db_get_text(&rows, 0));
    db_rows_free(&rows);
    text_free(&sql);
    return rc;
}
