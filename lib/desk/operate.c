/* Setting properties: values checked by the table, one statement that writes, lists that go with it, and
 * the record of what was and what became. */
#include "desk/operate.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "db/statement.h"
#include "desk/operate_store.h"
#include "desk/operate_table.h"
#include "desk/store.h"
#include "identity/sql.h"

/* A change on its way. */
struct setting {
    enum desk_thing thing;
    const char *key;
    const struct desk_property *given;
    size_t count;
    const char *who;
    bool made;
    const char *field;
    struct operate_row row;
};

static const struct property *find_property(enum desk_thing thing, const char *name)
{
    for (const struct property *property = things[thing].properties; property->name != NULL;
         property++)
        if (strcmp(property->name, name) == 0)
            return property;
    return NULL;
}

static bool is_list(const struct property *property)
{
    return property->kind == OF_LIST;
}

static const struct currency *currency_of(const struct property *property,
                                          const struct setting *setting)
{
    const struct operate_row *row = &setting->row;
    const char *profit_of = row->profit_of;

    switch (property->currency) {
    case OF_DESK:
        return row->desk_currency;
    case OF_GIVE:
        return row->give_currency;
    case OF_GET:
        return row->get_currency;
    case OF_PROFIT:
        break;
    }
    for (size_t i = 0; i < setting->count; i++)
        if (strcmp(setting->given[i].name, "profit_of") == 0)
            profit_of = setting->given[i].value;
    return strcmp(profit_of, "get") == 0 ? row->get_currency : row->give_currency;
}

static bool is_one_of(const char *const *words, const char *value)
{
    for (; *words != NULL; words++)
        if (strcmp(*words, value) == 0)
            return true;
    return false;
}

static enum err check_text(const struct property *property, const char *value)
{
    size_t len = strlen(value);

    if (!text_is_utf8(value, len))
        return ERR_NOT_UTF8;
    if (text_utf8_length(value, len) > (size_t)property->high)
        return ERR_TOO_LONG;
    return len == 0 && property->needed ? ERR_EMPTY : ERR_OK;
}

static bool is_rail(const char *value)
{
    return value[0] != '\0' && strlen(value) <= 32 &&
           strspn(value, "abcdefghijklmnopqrstuvwxyz0123456789._-") == strlen(value);
}

static bool is_yes(const char *value)
{
    return strcmp(value, "yes") == 0;
}

/* A decimal, perhaps with a minus. */
static enum err check_decimal(const char *value, bool signed_, unsigned scale, unsigned digits,
                              struct rate *out)
{
    bool negative = signed_ && value[0] == '-';
    unsigned count = 0;

    enum err rc = rate_parse(value + negative, strlen(value + negative), out);
    if (rc != ERR_OK)
        return rc;
    for (const char *c = value; *c != '\0'; c++)
        count += *c >= '0' && *c <= '9';
    return out->scale > scale || count > digits || strlen(value) > 40 ||
                   strpbrk(value, "eE") != NULL
               ? ERR_OUT_OF_RANGE
               : ERR_OK;
}

static enum err add_decimal(struct text *sql, const struct property *property, const char *value)
{
    bool percent = property->kind == OF_PERCENT;
    struct rate rate;

    enum err rc = check_decimal(value, property->low < 0,
                                percent ? DESK_PERCENT_SCALE_MAX : DESK_RATE_SCALE_MAX,
                                percent ? 6 : DESK_RATE_DIGITS_MAX, &rate);
    if (rc != ERR_OK)
        return rc;
    if (!percent && property->low >= 0 && rate.coefficient == 0)
        return ERR_OUT_OF_RANGE;
    statement_add(sql, "?", DB_ARGS(db_text(value)));
    return ERR_OK;
}

static enum err add_units(struct text *sql, const struct currency *currency, const char *value)
{
    struct amount amount;

    enum err rc = amount_parse(value, strlen(value), currency, &amount);
    if (rc == ERR_OK)
        statement_add(sql, "?", DB_ARGS(db_i128(amount.units)));
    return rc;
}

/* The row that a value names in another table. */
static enum err add_named(struct db *db, struct text *sql, const char *find, const char *value)
{
    struct db_rows rows = {0};

    enum err rc = db_run(db, find, DB_ARGS(db_text(value)), &rows);
    if (rc == ERR_OK)
        rc = db_next(&rows) ? ERR_OK : ERR_NOT_FOUND;
    if (rc == ERR_OK)
        statement_add(sql, "?", DB_ARGS(db_i64(db_get_i64(&rows, 0))));
    db_rows_free(&rows);
    return rc;
}

/* Writes a value as SQL, once it fits its property. */
static enum err add_value(struct db *db, struct text *sql, const struct property *property,
                          const struct setting *setting, const char *value)
{
    const struct currency *currency;
    int64_t number;
    enum err rc = ERR_OK;

    if (value[0] == '\0' && property->none) {
        text_puts(sql, "NULL");
        return ERR_OK;
    }
    switch (property->kind) {
    case OF_TEXT:
        rc = check_text(property, value);
        break;
    case OF_WORD:
        rc = is_one_of(property->words, value) ? ERR_OK : ERR_INVALID;
        break;
    case OF_RAIL:
        rc = is_rail(value) ? ERR_OK : ERR_INVALID;
        break;
    case OF_FLAG:
        text_puts(sql, is_yes(value) ? "TRUE" : "FALSE");
        return is_yes(value) || strcmp(value, "no") == 0 ? ERR_OK : ERR_INVALID;
    case OF_NUMBER:
        if (!text_to_number(value, property->low, property->high, &number))
            return ERR_OUT_OF_RANGE;
        break;
    case OF_PERCENT:
    case OF_DECIMAL:
        return add_decimal(sql, property, value);
    case OF_UNITS:
        return add_units(sql, currency_of(property, setting), value);
    case OF_CURRENCY:
        currency = currency_by_code(value, strlen(value));
        if (currency == NULL)
            return ERR_CURRENCY_UNKNOWN;
        statement_add(sql, "?", DB_ARGS(db_u64(currency->id)));
        return ERR_OK;
    case OF_RATE:
        return add_named(db, sql, "SELECT id FROM desk_rate WHERE name = ?", value);
    case OF_FEED:
        return add_named(db, sql, "SELECT id FROM desk_feed WHERE name = ?", value);
    case OF_USER:
        return add_named(db, sql, "SELECT id FROM " IDENTITY_SQL_USERS " AS u WHERE login = ?",
                         value);
    case OF_LIST:
        return ERR_INTERNAL;
    }
    if (rc == ERR_OK)
        statement_add(sql, "?", DB_ARGS(db_text(value)));
    return rc;
}

/* What a new thing must be given, and each property once. */
static enum err check_given(struct setting *setting)
{
    const struct property *list = things[setting->thing].properties;

    for (size_t i = 0; i < setting->count; i++) {
        setting->field = setting->given[i].name;
        if (find_property(setting->thing, setting->field) == NULL)
            return ERR_INVALID;
        for (size_t j = 0; j < i; j++)
            if (strcmp(setting->given[j].name, setting->field) == 0)
                return ERR_REPEATED;
    }
    for (; !setting->row.exists && list->name != NULL; list++) {
        bool there = !list->needed;
        for (size_t i = 0; i < setting->count; i++)
            there = there || strcmp(setting->given[i].name, list->name) == 0;
        setting->field = list->name;
        if (!there)
            return ERR_MISSING;
    }
    setting->field = NULL;
    return ERR_OK;
}

/* ", column = value" for each that is no list. */
static enum err add_assignments(struct db *db, struct text *sql, struct setting *setting)
{
    for (size_t i = 0; i < setting->count; i++) {
        const struct property *property = find_property(setting->thing, setting->given[i].name);
        if (is_list(property))
            continue;
        setting->field = property->name;
        text_addf(sql, ", %s = ", property->column);
        enum err rc = add_value(db, sql, property, setting, setting->given[i].value);
        if (rc != ERR_OK)
            return rc;
    }
    setting->field = NULL;
    return ERR_OK;
}

static bool is_given(const struct setting *setting, const char *name)
{
    for (size_t i = 0; i < setting->count; i++)
        if (strcmp(setting->given[i].name, name) == 0 && setting->given[i].value[0] != '\0')
            return true;
    return false;
}

/* A rate that an operator sets holds from now on; the side that he does not name is 1. */
static void add_rate(struct text *sql, const struct setting *setting)
{
    bool give = is_given(setting, "give"), get = is_given(setting, "get");

    if (!give && !get)
        return;
    if (!give)
        text_puts(sql, ", give = '1'");
    if (!get)
        text_puts(sql, ", get = '1'");
    text_puts(sql, ", at = NOW(6), changed_at = NOW(6), jumped_give = NULL, jumped_get = NULL, "
                   "jumped_at = NULL");
}

/* Money lies on a system's rail, counted in its currency: neither changes. */
static enum err check_fixed(const struct setting *setting)
{
    const struct operate_row *row = &setting->row;

    for (size_t i = 0; row->exists && i < setting->count; i++) {
        const struct desk_property *given = &setting->given[i];
        if ((strcmp(given->name, "rail") == 0 && strcmp(given->value, row->rail) != 0) ||
            (strcmp(given->name, "currency") == 0 && row->own_currency != NULL &&
             strcmp(given->value, row->own_currency->code) != 0))
            return ERR_DESK_ACTION;
    }
    return ERR_OK;
}

/* Runs a statement; what a key of the schema or a CHECK refuses is the operator's, not ours. */
static enum err run_guarded(struct db *db, const struct text *sql)
{
    struct text guarded = TEXT(2 * DESK_SQL_MAX);

    text_addf(&guarded,
              "BEGIN NOT ATOMIC DECLARE EXIT HANDLER FOR 4025 SIGNAL SQLSTATE '45000' SET "
              "MESSAGE_TEXT = 'invalid_parameter'; DECLARE EXIT HANDLER FOR 1062 SIGNAL SQLSTATE "
              "'45000' SET MESSAGE_TEXT = 'desk_exists'; %s; END",
              text_string(sql));
    enum err rc =
        guarded.full ? ERR_TOO_LARGE : db_run(db, text_string(&guarded), DB_NO_ARGS, NULL);
    text_free(&guarded);
    return rc;
}

static enum err write_row(struct db *db, struct setting *setting)
{
    struct text sql = TEXT(DESK_SQL_MAX);

    operate_begin(&sql, setting->thing, setting->key, &setting->row);
    enum err rc = add_assignments(db, &sql, setting);
    if (rc == ERR_OK && setting->thing == DESK_RATES)
        add_rate(&sql, setting);
    operate_end(&sql, setting->thing, &setting->row);
    if (rc == ERR_OK)
        rc = run_guarded(db, &sql);
    if (rc == ERR_OK && !setting->row.exists) {
        setting->made = true;
        rc = operate_read(db, setting->thing, setting->key, &setting->row);
    }
    text_free(&sql);
    return rc;
}

static enum err write_lists(struct db *db, struct setting *setting)
{
    for (size_t i = 0; i < setting->count; i++) {
        const struct property *property = find_property(setting->thing, setting->given[i].name);
        if (!is_list(property))
            continue;
        setting->field = property->name;
        enum err rc =
            operate_list_set(db, setting->thing, &setting->row, property, setting->given[i].value);
        if (rc != ERR_OK)
            return rc;
    }
    setting->field = NULL;
    return ERR_OK;
}

static void copy_json(void *arg, const char *json)
{
    text_clear(arg);
    text_puts(arg, json);
}

/* What a thing is, as JSON; "" where there is none. */
static enum err read_json(struct db *db, const struct setting *setting, struct text *out)
{
    text_clear(out);
    return setting->row.exists ? operate_json(db, setting->thing, &setting->row, copy_json, out)
                               : ERR_OK;
}

static enum err record(struct db *db, const struct setting *setting, const struct text *was,
                       const struct text *became)
{
    struct db_packet packet = DB_PACKET(DESK_PACKET_MAX);

    change_add(&packet, setting->who, desk_thing_names[setting->thing], setting->key,
               was->len == 0 ? NULL : was->data, text_string(became));
    return db_packet_run(db, &packet, NULL, 0);
}

static enum err set_in(struct db *db, void *arg)
{
    struct setting *setting = arg;
    struct text was = TEXT(DESK_SQL_MAX), became = TEXT(DESK_SQL_MAX);

    setting->made = false;
    setting->field = NULL;
    enum err rc = operate_read(db, setting->thing, setting->key, &setting->row);
    if (rc == ERR_OK)
        rc = check_given(setting);
    if (rc == ERR_OK && setting->thing == DESK_SYSTEMS)
        rc = check_fixed(setting);
    if (rc == ERR_OK)
        rc = read_json(db, setting, &was);
    if (rc == ERR_OK)
        rc = write_row(db, setting);
    if (rc == ERR_OK)
        rc = write_lists(db, setting);
    if (rc == ERR_OK)
        rc = read_json(db, setting, &became);
    if (rc == ERR_OK)
        rc = record(db, setting, &was, &became);
    text_free(&was);
    text_free(&became);
    return rc;
}

enum err desk_set(struct db *db, enum desk_thing thing, const char *key,
                  const struct desk_property *properties, size_t count, const char *who, bool *made,
                  const char **field)
{
    struct setting setting = {
        .thing = thing, .key = key, .given = properties, .count = count, .who = who};

    enum err rc = db_txn(db, set_in, &setting, NULL);
    if (made != NULL)
        *made = setting.made;
    *field = rc == ERR_OK ? NULL : setting.field;
    desk_board_forget();
    return rc;
}

enum err desk_list(struct db *db, enum desk_thing thing, const char *key,
                   void (*row)(void *arg, const char *json), void *arg)
{
    struct operate_row wanted = {0};

    if (key == NULL)
        return operate_json(db, thing, NULL, row, arg);
    enum err rc = operate_read(db, thing, key, &wanted);
    if (rc == ERR_OK && !wanted.exists)
        rc = ERR_NOT_FOUND;
    return rc == ERR_OK ? operate_json(db, thing, &wanted, row, arg) : rc;
}

/* A text on its way. */
struct wording {
    enum desk_thing thing;
    const char *key, *name, *language, *words, *who;
};

/* What a thing is called in desk_text; NULL where it has no texts. */
static const char *text_owner(enum desk_thing thing)
{
    switch (thing) {
    case DESK_SYSTEMS:
        return "system";
    case DESK_DIRECTIONS:
        return "direction";
    case DESK_FIELDS:
        return "field";
    case DESK_SETTINGS:
        return "desk";
    case DESK_RATES:
    case DESK_FEEDS:
    case DESK_PARTNERS:
    case DESK_THINGS:
        break;
    }
    return NULL;
}

static void add_words(struct db_packet *packet, const struct wording *wording, int64_t id)
{
    struct db_arg of = db_text(text_owner(wording->thing)), number = db_i64(id),
                  name = db_text(wording->name), language = db_text(wording->language),
                  words = db_text(wording->words);

    db_packet_add(packet,
                  "INSERT INTO desk_change (who, what, subject, was, became) SELECT ?, 'text', ?, "
                  "(SELECT JSON_OBJECT(?, t.words) FROM desk_text AS t WHERE t.of = ? AND t.of_id "
                  "= ? AND t.name = ? AND t.language = ?), JSON_OBJECT(?, ?)",
                  DB_ARGS(db_text(wording->who), db_text(wording->key), name, of, number, name,
                          language, name, words));
    db_packet_add(packet,
                  "DELETE FROM desk_text WHERE of = ? AND of_id = ? AND name = ? AND language = ?",
                  DB_ARGS(of, number, name, language));
    if (wording->words[0] != '\0')
        db_packet_add(
            packet,
            "INSERT INTO desk_text (of, of_id, name, language, words) VALUES (?, ?, ?, ?, ?)",
            DB_ARGS(of, number, name, language, words));
}

static enum err word_in(struct db *db, void *arg)
{
    const struct wording *wording = arg;
    struct db_packet packet = DB_PACKET(DESK_PACKET_MAX);
    struct operate_row row;

    enum err rc = operate_read(db, wording->thing, wording->key, &row);
    if (rc == ERR_OK && !row.exists)
        rc = ERR_NOT_FOUND;
    if (rc != ERR_OK)
        return rc;
    add_words(&packet, wording, wording->thing == DESK_SETTINGS ? 0 : row.id);
    return db_packet_commit(db, &packet, NULL, 0);
}

enum err desk_text_set(struct db *db, enum desk_thing thing, const char *key, const char *name,
                       const char *language, const char *words, const char *who)
{
    struct wording wording = {thing, key, name, language, words, who};
    size_t len = strlen(name);

    if (text_owner(thing) == NULL || len == 0 || len > 24 ||
        strspn(name, "abcdefghijklmnopqrstuvwxyz_0123456789") != len ||
        (strcmp(language, "en") != 0 && strcmp(language, "ru") != 0))
        return ERR_INVALID;
    if (!text_is_utf8(words, strlen(words)))
        return ERR_NOT_UTF8;
    if (strlen(words) > DESK_WORDS_MAX)
        return ERR_TOO_LONG;
    enum err rc = db_txn(db, word_in, &wording, NULL);
    desk_board_forget();
    return rc;
}
