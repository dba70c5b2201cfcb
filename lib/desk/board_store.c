/* Reading a board: a packet of SELECTs, and what is made of their rows. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "db/columns.h"
#include "db/statement.h"
#include "desk/store.h"
#include "ledger/sql.h"

#define NONE_AS_MINUS(column) "COALESCE(" column ", -1)"

static const struct db_column system_columns[] = {
    DB_COLUMN("s.id", struct desk_system, id),
    DB_COLUMN("s.code", struct desk_system, code),
    DB_COLUMN("s.name", struct desk_system, name),
    DB_COLUMN("s.logo", struct desk_system, logo),
    DB_COLUMN("s.currency_id", struct desk_system, currency),
    DB_COLUMN("s.decimals", struct desk_system, decimals),
    DB_COLUMN("s.rail", struct desk_system, rail),
    DB_COLUMN("s.account_rule", struct desk_system, account_rule),
    DB_COLUMN("s.account_min", struct desk_system, account_min),
    DB_COLUMN("s.account_max", struct desk_system, account_max),
    DB_COLUMN("s.account_give", struct desk_system, account_give),
    DB_COLUMN("s.account_get", struct desk_system, account_get),
    DB_COLUMN("s.give_on", struct desk_system, give_on),
    DB_COLUMN("s.get_on", struct desk_system, get_on),
    DB_COLUMN("s.pay_in", struct desk_system, pay_in),
    DB_COLUMN("s.pay_out", struct desk_system, pay_out),
    DB_COLUMN("s.pay_account", struct desk_system, pay_account),
    DB_COLUMN(LEDGER_SQL_RAIL_BALANCE("1", "reserve", "s.currency_id", "s.rail"),
              struct desk_system, reserve),
};

/* A direction as its row has it: decimals as text, none as below zero. */
struct direction_row {
    uint64_t id, give_id, get_id;
    char state[7], access[5];
    char rate_give[41], rate_get[41]; /* "" none */
    int64_t rate_age, rate_max_age;   /* seconds; below zero: no limit */
    bool jumped;
    char margin_percent[16], margin_fixed[41];
    __int128 step, min_give, max_give, min_get, max_get;
    __int128 give_service_fixed, give_system_fixed, get_service_fixed, get_system_fixed;
    char give_service[16], give_system[16], get_service[16], get_system[16];
    __int128 reserve_cap;
    char labels[121], city[17];
    bool in_feed;
};

static const struct db_column direction_columns[] = {
    DB_COLUMN("d.id", struct direction_row, id),
    DB_COLUMN("d.give_id", struct direction_row, give_id),
    DB_COLUMN("d.get_id", struct direction_row, get_id),
    DB_COLUMN("d.state", struct direction_row, state),
    DB_COLUMN("d.access", struct direction_row, access),
    DB_COLUMN("r.give", struct direction_row, rate_give),
    DB_COLUMN("r.get", struct direction_row, rate_get),
    DB_COLUMN("TIMESTAMPDIFF(SECOND, r.at, NOW(6))", struct direction_row, rate_age),
    DB_COLUMN(NONE_AS_MINUS("r.max_age_s"), struct direction_row, rate_max_age),
    DB_COLUMN("r.jumped_at IS NOT NULL", struct direction_row, jumped),
    DB_COLUMN("d.margin_percent", struct direction_row, margin_percent),
    DB_COLUMN("d.margin_fixed", struct direction_row, margin_fixed),
    DB_COLUMN("COALESCE(d.step, 0)", struct direction_row, step),
    DB_COLUMN(NONE_AS_MINUS("d.min_give"), struct direction_row, min_give),
    DB_COLUMN(NONE_AS_MINUS("d.max_give"), struct direction_row, max_give),
    DB_COLUMN(NONE_AS_MINUS("d.min_get"), struct direction_row, min_get),
    DB_COLUMN(NONE_AS_MINUS("d.max_get"), struct direction_row, max_get),
    DB_COLUMN("d.give_service_fixed", struct direction_row, give_service_fixed),
    DB_COLUMN("d.give_system_fixed", struct direction_row, give_system_fixed),
    DB_COLUMN("d.get_service_fixed", struct direction_row, get_service_fixed),
    DB_COLUMN("d.get_system_fixed", struct direction_row, get_system_fixed),
    DB_COLUMN("d.give_service", struct direction_row, give_service),
    DB_COLUMN("d.give_system", struct direction_row, give_system),
    DB_COLUMN("d.get_service", struct direction_row, get_service),
    DB_COLUMN("d.get_system", struct direction_row, get_system),
    DB_COLUMN(NONE_AS_MINUS("d.reserve_cap"), struct direction_row, reserve_cap),
    DB_COLUMN("d.labels", struct direction_row, labels),
    DB_COLUMN("d.city", struct direction_row, city),
    DB_COLUMN("d.in_feed", struct direction_row, in_feed),
};

struct tier_row {
    uint64_t direction_id;
    __int128 from;
    char percent[16], fixed[41];
};

static const struct db_column tier_columns[] = {
    DB_COLUMN("t.direction_id", struct tier_row, direction_id),
    DB_COLUMN("t.from_give", struct tier_row, from),
    DB_COLUMN("t.margin_percent", struct tier_row, percent),
    DB_COLUMN("t.margin_fixed", struct tier_row, fixed),
};

/* A field of a direction: its own, or of one of its sides. */
struct field_row {
    uint64_t direction_id;
    char prefix[7]; /* cf, cfgive, cfget */
    struct desk_field field;
};

static const struct db_column field_columns[] = {
    DB_COLUMN("a.direction_id", struct field_row, direction_id),
    DB_COLUMN("a.prefix", struct field_row, prefix),
    DB_COLUMN("f.id", struct field_row, field.number),
    DB_COLUMN("f.type", struct field_row, field.type),
    DB_COLUMN("f.rule", struct field_row, field.rule),
    DB_COLUMN("f.required", struct field_row, field.required),
    DB_COLUMN("f.in_calc", struct field_row, field.in_calc),
    DB_COLUMN("f.options", struct field_row, field.options),
};

enum { SETTINGS, SYSTEMS, DIRECTIONS, TIERS, FIELDS, TEXTS, RESULTS };
_Static_assert(RESULTS == BOARD_RESULTS, "as many as there is room for");

#define SELECT_SETTINGS "SELECT maintenance, UNIX_TIMESTAMP(NOW(6)) DIV 1, log_calls, "

/* Rates, among them those that are too old by now; what operators changed; reserves. Unix seconds. */
#define AT_OR_NEVER(moment) "COALESCE(UNIX_TIMESTAMP(" moment "), 0)"
#define WHEN_TOO_OLD "at + INTERVAL max_age_s SECOND"
#define LAST_RATE AT_OR_NEVER("(SELECT MAX(changed_at) FROM desk_rate)")
#define LAST_JUMP AT_OR_NEVER("(SELECT MAX(jumped_at) FROM desk_rate)")
#define LAST_TOO_OLD \
    AT_OR_NEVER("(SELECT MAX(" WHEN_TOO_OLD ") FROM desk_rate WHERE " WHEN_TOO_OLD " < NOW(6))")
#define LAST_OPERATED                                                               \
    AT_OR_NEVER(                                                                    \
        "(SELECT MAX(newest.at) FROM (SELECT what, MAX(at) AS at FROM desk_change " \
        "GROUP BY what) AS newest WHERE newest.what NOT IN ('bid', 'payout', 'key', 'caller'))")
#define LAST_RESERVE AT_OR_NEVER(LEDGER_SQL_CHANGED("1", "reserve"))
#define LAST_CHANGE                                                                             \
    "GREATEST(" LAST_RATE ", " LAST_JUMP ", " LAST_TOO_OLD ", " LAST_OPERATED ", " LAST_RESERVE \
    ") DIV 1"

/* Directions are read in the order of their ids, so that what belongs to each stands in one run. */
void board_ask(struct db_packet *packet, uint64_t direction_id)
{
    struct db_arg one = db_u64(direction_id);

    db_packet_add(packet,
                  direction_id == 0 ? SELECT_SETTINGS LAST_CHANGE " FROM desk_setting WHERE id = 1"
                                    : SELECT_SETTINGS "0 FROM desk_setting WHERE id = 1",
                  DB_NO_ARGS);
    struct text *sql = db_packet_begin(packet);
    db_select(sql, system_columns, DB_COUNT(system_columns));
    statement_add(sql,
                  "FROM desk_system AS s WHERE ? = 0 OR s.id IN (SELECT give_id FROM "
                  "desk_direction WHERE id = ? UNION ALL SELECT get_id FROM desk_direction WHERE "
                  "id = ?) ORDER BY s.sort, s.id",
                  DB_ARGS(one, one, one));
    sql = db_packet_begin(packet);
    db_select(sql, direction_columns, DB_COUNT(direction_columns));
    statement_add(sql,
                  "FROM desk_direction AS d JOIN desk_rate AS r ON r.id = d.rate_id "
                  "WHERE ? = 0 OR d.id = ? ORDER BY d.id",
                  DB_ARGS(one, one));
    sql = db_packet_begin(packet);
    db_select(sql, tier_columns, DB_COUNT(tier_columns));
    statement_add(sql,
                  "FROM desk_tier AS t WHERE ? = 0 OR t.direction_id = ? "
                  "ORDER BY t.direction_id, t.from_give",
                  DB_ARGS(one, one));
    sql = db_packet_begin(packet);
    db_select(sql, field_columns, DB_COUNT(field_columns));
    statement_add(
        sql,
        "FROM (SELECT direction_id, field_id, 'cf' AS prefix, 0 AS place FROM "
        "desk_direction_field UNION ALL SELECT d.id, s.field_id, 'cfgive', 1 FROM desk_direction "
        "AS d JOIN desk_system_field AS s ON s.system_id = d.give_id AND s.side = 'give' UNION "
        "ALL SELECT d.id, s.field_id, 'cfget', 2 FROM desk_direction AS d JOIN desk_system_field "
        "AS s ON s.system_id = d.get_id AND s.side = 'get') AS a JOIN desk_field AS f ON f.id = "
        "a.field_id WHERE ? = 0 OR a.direction_id = ? ORDER BY a.direction_id, a.place, f.id",
        DB_ARGS(one, one));
    db_packet_add(packet,
                  "SELECT of + 0, of_id, name, language, words FROM desk_text WHERE ? = 0 "
                  "ORDER BY of + 0, of_id, name, language",
                  DB_ARGS(one));
}

static bool read_decimal(const char *text, struct rate *out)
{
    bool negative = text[0] == '-';

    if (rate_parse(text + negative, strlen(text + negative), out) != ERR_OK)
        return false;
    if (negative)
        out->coefficient = -out->coefficient;
    return true;
}

static bool read_fee(const char *percent, __int128 fixed, struct desk_fee *out)
{
    out->fixed = fixed;
    return read_decimal(percent, &out->percent);
}

/* Whether the rate freezes the direction, which an operator may have done himself. */
static enum desk_frozen why_frozen(const struct direction_row *row)
{
    if (strcmp(row->state, "frozen") == 0)
        return DESK_BY_OPERATOR;
    if (row->rate_give[0] == '\0')
        return DESK_NO_RATE;
    if (row->jumped)
        return DESK_RATE_JUMPED;
    return row->rate_max_age >= 0 && row->rate_age > row->rate_max_age ? DESK_RATE_OLD
                                                                       : DESK_NOT_FROZEN;
}

static bool read_terms(const struct direction_row *row, const struct desk_direction *direction,
                       struct desk_terms *out)
{
    struct desk_terms terms = {
        .give = {.currency = direction->give->currency,
                 .decimals = direction->give->decimals,
                 .min = row->min_give,
                 .max = row->max_give},
        .get = {.currency = direction->get->currency,
                .decimals = direction->get->decimals,
                .min = row->min_get,
                .max = row->max_get},
        .step = row->step,
        .rate_give = {.coefficient = 1},
        .rate_get = {.coefficient = 1},
        .tier_count = 1,
    };
    bool fine = read_fee(row->give_service, row->give_service_fixed, &terms.give.service) &&
                read_fee(row->give_system, row->give_system_fixed, &terms.give.system) &&
                read_fee(row->get_service, row->get_service_fixed, &terms.get.service) &&
                read_fee(row->get_system, row->get_system_fixed, &terms.get.system) &&
                read_decimal(row->margin_percent, &terms.tiers[0].percent) &&
                read_decimal(row->margin_fixed, &terms.tiers[0].fixed);

    if (fine && row->rate_give[0] != '\0')
        fine = read_decimal(row->rate_give, &terms.rate_give) &&
               read_decimal(row->rate_get, &terms.rate_get);
    *out = terms;
    return fine;
}

static const struct desk_system *find_system(const struct board *board, uint64_t id)
{
    return desk_system_of(&board->shown, id);
}

static bool read_direction(const struct board *board, const struct direction_row *row,
                           struct desk_direction *out)
{
    *out = (struct desk_direction){.id = row->id,
                                   .give = find_system(board, row->give_id),
                                   .get = find_system(board, row->get_id),
                                   .frozen = why_frozen(row),
                                   .capped = row->reserve_cap >= 0,
                                   .in_feed = row->in_feed};
    if (out->give == NULL || out->get == NULL || !read_terms(row, out, &out->terms))
        return false;
    text_copy(out->labels, sizeof(out->labels), row->labels);
    text_copy(out->city, sizeof(out->city), row->city);
    out->access = strcmp(row->access, "api") == 0    ? DESK_FOR_API
                  : strcmp(row->access, "site") == 0 ? DESK_FOR_SITE
                                                     : DESK_FOR_ALL;
    out->state = strcmp(row->state, "off") == 0   ? DESK_OFF
                 : out->frozen == DESK_NOT_FROZEN ? DESK_ON
                                                  : DESK_FROZEN;
    out->reserve = out->get->reserve;
    if (out->capped && out->reserve > row->reserve_cap)
        out->reserve = row->reserve_cap;
    return true;
}

/* The direction of that id among those in the order of ids, from *place on. */
static struct desk_direction *advance(struct board *board, size_t *place, uint64_t id)
{
    while (*place < board->shown.direction_count && board->directions[*place].id < id)
        ++*place;
    return *place < board->shown.direction_count && board->directions[*place].id == id
               ? &board->directions[*place]
               : NULL;
}

static enum err take_systems(struct board *board, struct db_rows *rows)
{
    board->systems = calloc(rows->count + 1, sizeof(*board->systems));
    if (board->systems == NULL)
        return ERR_NO_MEMORY;
    while (db_read(rows, system_columns, DB_COUNT(system_columns),
                   &board->systems[board->shown.system_count])) {
        const struct desk_system *system = &board->systems[board->shown.system_count++];
        if (system->currency == NULL || system->decimals > system->currency->decimals) {
            log_line(LOG_LEVEL_WARNING, "desk", "problem=\"bounds of a payment system\" id=%llu",
                     (unsigned long long)system->id);
            return ERR_CONFIG;
        }
    }
    board->shown.systems = board->systems;
    return ERR_OK;
}

static enum err take_directions(struct board *board, struct db_rows *rows)
{
    struct direction_row row;

    board->directions = calloc(rows->count + 1, sizeof(*board->directions));
    if (board->directions == NULL)
        return ERR_NO_MEMORY;
    while (db_read(rows, direction_columns, DB_COUNT(direction_columns), &row)) {
        if (!read_direction(board, &row, &board->directions[board->shown.direction_count])) {
            log_line(LOG_LEVEL_WARNING, "desk", "problem=\"bounds of a direction\" id=%llu",
                     (unsigned long long)row.id);
            return ERR_CONFIG;
        }
        board->shown.direction_count++;
    }
    board->shown.directions = board->directions;
    return ERR_OK;
}

static enum err take_tiers(struct board *board, struct db_rows *rows)
{
    struct tier_row row;
    size_t place = 0;

    while (db_read(rows, tier_columns, DB_COUNT(tier_columns), &row)) {
        struct desk_direction *direction = advance(board, &place, row.direction_id);
        struct desk_terms *terms = direction == NULL ? NULL : &direction->terms;
        if (terms == NULL)
            continue; /* made since the directions were read */
        if (terms->tier_count > DESK_TIERS_MAX)
            return ERR_CONFIG;
        struct desk_tier *tier = &terms->tiers[terms->tier_count++];
        tier->from = row.from;
        if (!read_decimal(row.percent, &tier->percent) || !read_decimal(row.fixed, &tier->fixed))
            return ERR_CONFIG;
    }
    return ERR_OK;
}

static enum err take_fields(struct board *board, struct db_rows *rows)
{
    struct field_row row;
    size_t place = 0;

    board->fields = calloc(rows->count + 1, sizeof(*board->fields));
    if (board->fields == NULL)
        return ERR_NO_MEMORY;
    while (db_read(rows, field_columns, DB_COUNT(field_columns), &row)) {
        struct desk_direction *direction = advance(board, &place, row.direction_id);
        if (direction == NULL)
            continue;
        if (direction->field_count == DESK_FIELDS_MAX)
            return ERR_CONFIG;
        struct desk_field *field = &board->fields[board->field_count++];
        *field = row.field;
        snprintf(field->name, sizeof(field->name), "%s%u", row.prefix, (unsigned)field->number);
        if (direction->field_count++ == 0)
            direction->fields = field;
    }
    return ERR_OK;
}

static enum err take_texts(struct board *board, struct db_rows *rows)
{
    board->texts = calloc(rows->count + 1, sizeof(*board->texts));
    if (board->texts == NULL)
        return ERR_NO_MEMORY;
    while (db_next(rows)) {
        struct desk_words *words = &board->texts[board->text_count];
        words->of = (enum desk_text_of)(db_get_u64(rows, 0) - 1);
        words->of_id = db_get_u64(rows, 1);
        text_copy(words->name, sizeof(words->name), db_get_text(rows, 2));
        text_copy(words->language, sizeof(words->language), db_get_text(rows, 3));
        words->words = strdup(db_get_text(rows, 4));
        if (words->words == NULL)
            return ERR_NO_MEMORY;
        board->text_count++;
    }
    return ERR_OK;
}

static enum err take_results(struct board *board, struct db_rows rows[RESULTS])
{
    if (!db_next(&rows[SETTINGS]))
        return ERR_CONFIG;
    board->shown.maintenance = db_get_u64(&rows[SETTINGS], 0) != 0;
    board->shown.at = db_get_i64(&rows[SETTINGS], 1);
    board->shown.logs_calls = db_get_u64(&rows[SETTINGS], 2) != 0;
    board->shown.changed = db_get_i64(&rows[SETTINGS], 3);
    enum err rc = take_systems(board, &rows[SYSTEMS]);
    if (rc == ERR_OK)
        rc = take_directions(board, &rows[DIRECTIONS]);
    if (rc == ERR_OK)
        rc = take_tiers(board, &rows[TIERS]);
    if (rc == ERR_OK)
        rc = take_fields(board, &rows[FIELDS]);
    return rc == ERR_OK ? take_texts(board, &rows[TEXTS]) : rc;
}

/* Lists are in the order that operators gave; what is found by id does not care. */
static int by_order(const void *a, const void *b)
{
    const struct desk_direction *left = a, *right = b;
    int order = (left->give > right->give) - (left->give < right->give);
    return order != 0 ? order : (left->get > right->get) - (left->get < right->get);
}

enum err board_make(struct db_rows rows[BOARD_RESULTS], struct board **out)
{
    struct board *board = calloc(1, sizeof(*board));

    if (board == NULL)
        return ERR_NO_MEMORY;
    enum err rc = take_results(board, rows);
    if (rc != ERR_OK) {
        board_free(board);
        return rc;
    }
    qsort(board->directions, board->shown.direction_count, sizeof(*board->directions), by_order);
    *out = board;
    return ERR_OK;
}

enum err board_read(struct db *db, struct board **out)
{
    struct db_packet packet = DB_PACKET(DESK_SQL_MAX);
    struct db_rows rows[RESULTS] = {0};

    board_ask(&packet, 0);
    enum err rc = db_packet_read(db, &packet, rows, RESULTS);
    if (rc == ERR_OK)
        rc = board_make(rows, out);
    for (size_t i = 0; i < RESULTS; i++)
        db_rows_free(&rows[i]);
    return rc;
}
