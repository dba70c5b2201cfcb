/* The bids' SQL: reading under a lock, and the statements that write. */
#include <stdio.h>
#include <string.h>

#include "db/columns.h"
#include "db/statement.h"
#include "desk/store.h"
#include "ledger/sql.h"

#define HOUSE "1"
#define OF_HOUSE(purpose, side) \
    LEDGER_SQL_RAIL_ACCOUNT(HOUSE, purpose, side ".currency_id", side ".rail")

/* What a bid shows. */
#define SHOWN_COLUMNS                                                                              \
    DB_COLUMN("b.id", struct bid_row, bid.id), DB_COLUMN("b.uuid", struct bid_row, bid.uuid),      \
        DB_COLUMN("b.hash", struct bid_row, bid.hash),                                             \
        DB_COLUMN("b.direction_id", struct bid_row, bid.direction_id),                             \
        DB_COLUMN("b.give_id", struct bid_row, bid.give_id),                                       \
        DB_COLUMN("b.get_id", struct bid_row, bid.get_id),                                         \
        DB_COLUMN("b.key_id", struct bid_row, bid.key_id),                                         \
        DB_COLUMN("b.user_id", struct bid_row, bid.user_id),                                       \
        DB_COLUMN("b.partner_id", struct bid_row, bid.partner_id),                                 \
        DB_COLUMN("b.merchant_id", struct bid_row, bid.merchant_id),                               \
        DB_COLUMN("b.api_id", struct bid_row, bid.api_id),                                         \
        DB_COLUMN("b.pay_in", struct bid_row, bid.pay_in),                                         \
        DB_COLUMN("b.pay_out", struct bid_row, bid.pay_out),                                       \
        DB_COLUMN("b.sum1", struct bid_row, bid.sum1.units),                                       \
        DB_COLUMN("b.sum1dc", struct bid_row, bid.sum1dc.units),                                   \
        DB_COLUMN("b.sum1c", struct bid_row, bid.sum1c.units),                                     \
        DB_COLUMN("b.sum2", struct bid_row, bid.sum2.units),                                       \
        DB_COLUMN("b.sum2dc", struct bid_row, bid.sum2dc.units),                                   \
        DB_COLUMN("b.sum2c", struct bid_row, bid.sum2c.units),                                     \
        DB_COLUMN("b.rounding", struct bid_row, bid.rounding.units),                               \
        DB_COLUMN("b.course_give", struct bid_row, bid.course_give),                               \
        DB_COLUMN("b.course_get", struct bid_row, bid.course_get),                                 \
        DB_COLUMN("b.status", struct bid_row, status),                                             \
        DB_COLUMN("b.stage", struct bid_row, stage), DB_COLUMN(DESK_SQL_DUE, struct bid_row, due), \
        DB_COLUMN("b.turn", struct bid_row, bid.turn),                                             \
        DB_COLUMN("b.account1", struct bid_row, bid.account1),                                     \
        DB_COLUMN("b.account2", struct bid_row, bid.account2),                                     \
        DB_COLUMN("b.callback_url", struct bid_row, bid.callback_url),                             \
        DB_COLUMN("b.language", struct bid_row, bid.language),                                     \
        DB_COLUMN("b.ip", struct bid_row, bid.ip),                                                 \
        DB_COLUMN("b.user_hash", struct bid_row, bid.user_hash),                                   \
        DB_COLUMN("b.reward", struct bid_row, bid.reward.units),                                   \
        DB_COLUMN("b.reward_currency", struct bid_row, reward_currency),                           \
        DB_COLUMN("UNIX_TIMESTAMP(b.created_at) DIV 1", struct bid_row, bid.created),              \
        DB_COLUMN("UNIX_TIMESTAMP(IF(" DESK_SQL_DUE ", b.expires_at, b.changed_at)) DIV 1",        \
                  struct bid_row, bid.changed),                                                    \
        DB_COLUMN("UNIX_TIMESTAMP(b.expires_at) DIV 1", struct bid_row, bid.expires),              \
        DB_COLUMN("g.code", struct bid_row, bid.give_code),                                        \
        DB_COLUMN("h.code", struct bid_row, bid.get_code),                                         \
        DB_COLUMN("g.name", struct bid_row, bid.give_name),                                        \
        DB_COLUMN("h.name", struct bid_row, bid.get_name),                                         \
        DB_COLUMN("g.currency_id", struct bid_row, give_currency),                                 \
        DB_COLUMN("h.currency_id", struct bid_row, get_currency)

/* What a change of one needs besides: of its sides g and h, the direction d, the
 * affiliate p, and what holds for the desk, c. */
#define NEEDED_COLUMNS(customer, payer)                                                            \
    DB_COLUMN("g.rail", struct bid_row, give_rail), DB_COLUMN("h.rail", struct bid_row, get_rail), \
        DB_COLUMN(OF_HOUSE("reserve", "g"), struct bid_row, reserve_give),                         \
        DB_COLUMN(OF_HOUSE("reserve", "h"), struct bid_row, reserve_get),                          \
        DB_COLUMN(OF_HOUSE("held", "h"), struct bid_row, held),                                    \
        DB_COLUMN(OF_HOUSE("incoming", "g"), struct bid_row, incoming),                            \
        DB_COLUMN(OF_HOUSE("external", "g"), struct bid_row, external_give),                       \
        DB_COLUMN(OF_HOUSE("external", "h"), struct bid_row, external_get),                        \
        DB_COLUMN(LEDGER_SQL_ACCOUNT(HOUSE, "profit", "g.currency_id"), struct bid_row,            \
                  profit_give),                                                                    \
        DB_COLUMN(LEDGER_SQL_ACCOUNT(HOUSE, "profit", "h.currency_id"), struct bid_row,            \
                  profit_get),                                                                     \
        DB_COLUMN(LEDGER_SQL_ACCOUNT(HOUSE, "rounding", "g.currency_id"), struct bid_row,          \
                  rounding),                                                                       \
        DB_COLUMN(LEDGER_SQL_ACCOUNT(payer, "available", "g.currency_id"), struct bid_row,         \
                  own_give),                                                                       \
        DB_COLUMN(LEDGER_SQL_ACCOUNT(customer, "available", "h.currency_id"), struct bid_row,      \
                  own_get),                                                                        \
        DB_COLUMN("COALESCE(" LEDGER_SQL_FREE(customer, "g.currency_id") ", 0)", struct bid_row,   \
                  own_free),                                                                       \
        DB_COLUMN(LEDGER_SQL_RAIL_BALANCE(HOUSE, "reserve", "h.currency_id", "h.rail"),            \
                  struct bid_row, reserve),                                                        \
        DB_COLUMN(LEDGER_SQL_ACCOUNT(HOUSE, "profit", "c.currency_id"), struct bid_row,            \
                  reward_from),                                                                    \
        DB_COLUMN(LEDGER_SQL_ACCOUNT("p.user_id", "affiliate", "c.currency_id"), struct bid_row,   \
                  reward_to),                                                                      \
        DB_COLUMN("c.affiliates AND p.user_id IS NOT NULL AND d.reward <> 'off'", struct bid_row,  \
                  reward.on),                                                                      \
        DB_COLUMN("c.currency_id", struct bid_row, reward.currency),                               \
        DB_COLUMN("COALESCE(p.reward_base, c.reward_base)", struct bid_row, reward.base),          \
        DB_COLUMN("d.reward", struct bid_row, reward.mode),                                        \
        DB_COLUMN("p.percent", struct bid_row, reward.own),                                        \
        DB_COLUMN("(SELECT l.percent FROM desk_level AS l WHERE l.from_turnover <= "               \
                  "COALESCE(p.turnover, 0) ORDER BY l.from_turnover DESC LIMIT 1)",                \
                  struct bid_row, reward.level),                                                   \
        DB_COLUMN("d.reward_percent", struct bid_row, reward.percent),                             \
        DB_COLUMN("d.reward_percent_max", struct bid_row, reward.percent_max),                     \
        DB_COLUMN("d.reward_fixed", struct bid_row, reward.fixed),                                 \
        DB_COLUMN("COALESCE(d.reward_min, -1)", struct bid_row, reward.least),                     \
        DB_COLUMN("COALESCE(d.reward_max, -1)", struct bid_row, reward.most),                      \
        DB_COLUMN("c.min_reward", struct bid_row, reward.smallest),                                \
        DB_COLUMN("d.profit_of", struct bid_row, reward.profit_of),                                \
        DB_COLUMN("d.profit_fixed", struct bid_row, reward.profit_fixed),                          \
        DB_COLUMN("d.profit_percent", struct bid_row, reward.profit_percent),                      \
        DB_COLUMN(WORTH("g", "give"), struct bid_row, reward.worth_give),                          \
        DB_COLUMN(WORTH("g", "get"), struct bid_row, reward.worth_give_in),                        \
        DB_COLUMN(WORTH("h", "give"), struct bid_row, reward.worth_get),                           \
        DB_COLUMN(WORTH("h", "get"), struct bid_row, reward.worth_get_in),                         \
        DB_COLUMN("NOW(6)", struct bid_row, now)
#define WORTH(side, column)                                                             \
    "IF(" side ".worth_rate_id IS NULL AND " side ".currency_id = c.currency_id, '1', " \
    "(SELECT w." column " FROM desk_rate AS w WHERE w.id = " side ".worth_rate_id))"

static const struct db_column shown_columns[] = {SHOWN_COLUMNS};

static const struct db_column columns[] = {
    SHOWN_COLUMNS,
    NEEDED_COLUMNS("b.user_id", "COALESCE(b.merchant_id, b.user_id)"),
    DB_COLUMN("b.hold_ref", struct bid_row, hold_ref),
    DB_COLUMN("b.endpoint", struct bid_row, endpoint),
    DB_COLUMN("b.expires_at", struct bid_row, expires),
    DB_COLUMN("b.worth IS NOT NULL", struct bid_row, has_worth),
    DB_COLUMN("b.worth", struct bid_row, worth),
};
#define FROM_BID                                                                          \
    "FROM desk_bid AS b JOIN desk_system AS g ON g.id = b.give_id JOIN desk_system AS h " \
    "ON h.id = b.get_id "
#define FROM_ALL                                                            \
    FROM_BID "JOIN desk_setting AS c ON c.id = 1 JOIN desk_direction AS d " \
             "ON d.id = b.direction_id LEFT JOIN desk_partner AS p ON p.user_id = b.partner_id "

static const struct db_column offer_columns[] = {
    NEEDED_COLUMNS("asks.user_id", "asks.user_id"),
    DB_COLUMN("g.code", struct bid_row, bid.give_code),
    DB_COLUMN("h.code", struct bid_row, bid.get_code),
    DB_COLUMN("g.name", struct bid_row, bid.give_name),
    DB_COLUMN("h.name", struct bid_row, bid.get_name),
    DB_COLUMN("g.id", struct bid_row, bid.give_id),
    DB_COLUMN("h.id", struct bid_row, bid.get_id),
    DB_COLUMN("g.pay_in", struct bid_row, bid.pay_in),
    DB_COLUMN("h.pay_out", struct bid_row, bid.pay_out),
    DB_COLUMN("IF(g.pay_in = 'checkout', c.merchant_id, NULL)", struct bid_row, bid.merchant_id),
    DB_COLUMN("p.user_id", struct bid_row, bid.partner_id),
    DB_COLUMN("UNIX_TIMESTAMP(NOW(6)) DIV 1", struct bid_row, bid.created),
};

/* Turns what was read as words into what the rest of us knows. */
static void complete(struct bid_row *row)
{
    struct desk_bid *bid = &row->bid;

    bid->sum1.currency = bid->sum1dc.currency = bid->sum1c.currency = bid->rounding.currency =
        row->give_currency;
    bid->sum2.currency = bid->sum2dc.currency = bid->sum2c.currency = row->get_currency;
    bid->reward.currency = row->reward_currency;
    bid->status = DESK_STATUS_delete;
    if (!row->due)
        (void)desk_status_find(row->status, &bid->status);
    bid->stage = desk_status_stage(bid->status);
}

/* The condition that names a bid. */
static void add_where(struct text *sql, const struct desk_bid_name *name)
{
    if (name->id != 0)
        statement_add(sql, "WHERE b.id = ?", DB_ARGS(db_i64(name->id)));
    else if (name->uuid != NULL)
        statement_add(sql, "WHERE b.uuid = ?", DB_ARGS(db_uuid(name->uuid)));
    else
        statement_add(sql, "WHERE b.hash = ?", DB_ARGS(db_text(name->hash)));
    if (name->key_id != 0)
        statement_add(sql, " AND b.key_id = ?", DB_ARGS(db_i64(name->key_id)));
    if (name->user_id != 0)
        statement_add(sql, " AND b.user_id = ?", DB_ARGS(db_i64(name->user_id)));
}

void bid_store_select(struct text *sql)
{
    db_select(sql, shown_columns, DB_COUNT(shown_columns));
    text_puts(sql, FROM_BID);
}

bool bid_store_next(struct db_rows *rows, struct desk_bid *out)
{
    struct bid_row row = {0};

    if (!db_read(rows, shown_columns, DB_COUNT(shown_columns), &row))
        return false;
    complete(&row);
    *out = row.bid;
    return true;
}

/* A hash that none can be is looked for nowhere. */
static bool may_exist(const struct desk_bid_name *name)
{
    return name->id != 0 || name->uuid != NULL ||
           (name->hash != NULL && is_random_word(name->hash));
}

enum err desk_bid_view(struct db *db, const struct desk_bid_name *name, struct desk_bid *out)
{
    struct text sql = TEXT(DESK_SQL_MAX);
    struct db_rows rows = {0};

    if (!may_exist(name))
        return ERR_DESK_BID;
    bid_store_select(&sql);
    add_where(&sql, name);
    enum err rc = db_run(db, text_string(&sql), DB_NO_ARGS, &rows);
    if (rc == ERR_OK && !bid_store_next(&rows, out))
        rc = ERR_DESK_BID;
    db_rows_free(&rows);
    text_free(&sql);
    return rc;
}

/* The SELECT of whole bids, up to its condition. What is read besides the bid is not locked: the bid
 * was, by the statement before. */
static struct text *begin_select(struct db_packet *packet)
{
    struct text *sql = db_packet_begin(packet);

    db_select(sql, columns, DB_COUNT(columns));
    text_puts(sql, FROM_ALL);
    return sql;
}

enum err bid_store_lock(struct db *db, const struct desk_bid_name *name, struct bid_row *out)
{
    struct db_packet packet = DB_PACKET(DESK_SQL_MAX);
    struct db_rows rows[2] = {0};

    if (!may_exist(name))
        return ERR_DESK_BID;
    struct text *sql = db_packet_begin(&packet);
    text_puts(sql, "SELECT b.id FROM desk_bid AS b ");
    add_where(sql, name);
    text_puts(sql, " FOR UPDATE");
    sql = begin_select(&packet);
    add_where(sql, name);
    enum err rc = db_packet_run(db, &packet, rows, 2);
    if (rc == ERR_OK && !db_read(&rows[1], columns, DB_COUNT(columns), out))
        rc = ERR_DESK_BID;
    if (rc == ERR_OK)
        complete(out);
    db_rows_free(&rows[0]);
    db_rows_free(&rows[1]);
    return rc;
}

enum err bid_store_due(struct db *db, int limit, void (*row)(void *arg, const struct bid_row *row),
                       void *arg)
{
    struct text sql = TEXT(DESK_SQL_MAX);
    struct db_rows locked = {0}, rows = {0};
    struct bid_row due;

    enum err rc = db_run(db,
                         "SELECT b.id FROM desk_bid AS b FORCE INDEX (due) WHERE b.expires_at <= "
                         "NOW(6) ORDER BY b.expires_at LIMIT ? FOR UPDATE SKIP LOCKED",
                         DB_ARGS(db_i64(limit)), &locked);
    if (rc != ERR_OK || locked.count == 0) {
        db_rows_free(&locked);
        return rc;
    }
    db_select(&sql, columns, DB_COUNT(columns));
    text_puts(&sql, FROM_ALL "WHERE b.id IN (0");
    while (db_next(&locked))
        text_addf(&sql, ", %lld", (long long)db_get_i64(&locked, 0));
    text_puts(&sql, ") ORDER BY b.id");
    rc = db_run(db, text_string(&sql), DB_NO_ARGS, &rows);
    while (rc == ERR_OK && db_read(&rows, columns, DB_COUNT(columns), &due)) {
        complete(&due);
        row(arg, &due);
    }
    db_rows_free(&locked);
    db_rows_free(&rows);
    text_free(&sql);
    return rc;
}

enum err bid_store_offer(struct db *db, const struct desk_wish *wish, struct bid_offer *offer,
                         struct board **board)
{
    struct db_packet packet = DB_PACKET(DESK_SQL_MAX);
    struct db_rows rows[2 + BOARD_RESULTS] = {0};

    db_packet_add(&packet, "SELECT id, digest FROM desk_bid WHERE key_id = ? AND api_id = ?",
                  DB_ARGS(db_i64(wish->key_id), db_text(wish->api_id)));
    struct text *sql = db_packet_begin(&packet);
    db_select(sql, offer_columns, DB_COUNT(offer_columns));
    statement_add(
        sql,
        "FROM (SELECT ? AS user_id, ? AS rid, ? AS hash) AS asks JOIN desk_direction AS d "
        "ON d.id = ? JOIN desk_system AS g ON g.id = d.give_id JOIN desk_system AS h "
        "ON h.id = d.get_id JOIN desk_setting AS c ON c.id = 1 LEFT JOIN desk_partner AS p "
        "ON p.user_id = IF(asks.rid > 0, asks.rid, (SELECT v.partner_id FROM desk_visit AS v "
        "WHERE v.user_hash = asks.hash AND v.at >= NOW(6) - INTERVAL c.visitor_days DAY "
        "ORDER BY v.at DESC LIMIT 1)) AND NOT p.user_id <=> asks.user_id",
        DB_ARGS(wish->user_id == 0 ? db_null() : db_i64(wish->user_id), db_i64(wish->partner_id),
                wish->access == DESK_FOR_SITE && wish->user_hash[0] != '\0'
                    ? db_text(wish->user_hash)
                    : db_null(),
                db_u64(wish->direction_id)));
    board_ask(&packet, wish->direction_id);
    enum err rc = db_packet_run(db, &packet, rows, 2 + BOARD_RESULTS);
    if (rc == ERR_OK && db_next(&rows[0])) {
        size_t len = 0;
        const void *digest = db_get_blob(&rows[0], 1, &len);
        offer->before = db_get_i64(&rows[0], 0);
        if (len == sizeof(offer->before_digest))
            memcpy(offer->before_digest, digest, len);
    }
    if (rc == ERR_OK && !db_read(&rows[1], offer_columns, DB_COUNT(offer_columns), &offer->row))
        rc = ERR_DESK_DIRECTION;
    if (rc == ERR_OK)
        rc = board_make(&rows[2], board);
    for (size_t i = 0; i < 2 + BOARD_RESULTS; i++)
        db_rows_free(&rows[i]);
    return rc;
}

/* When a bid of that direction dies in that status: an expression of DATETIME(6), direction, status
 * twice. NULL: never. */
#define EXPIRY                                                                                 \
    "CAST(? AS DATETIME(6)) + INTERVAL NULLIF(COALESCE((SELECT l.seconds FROM desk_life AS l " \
    "WHERE l.direction_id = ? AND l.status = ?), (SELECT l.seconds FROM desk_life AS l WHERE " \
    "l.direction_id = 0 AND l.status = ?), 0), 0) SECOND"

static void add_expiry(struct text *sql, const struct bid_row *row, enum desk_status status,
                       const char *at)
{
    struct db_arg word = db_text(desk_status_names[status]);

    if (desk_status_stage(status) == DESK_STAGE_HELD)
        statement_add(sql, EXPIRY, DB_ARGS(db_text(at), db_u64(row->bid.direction_id), word, word));
    else
        text_puts(sql, "NULL");
}

static struct db_arg id_or_null(int64_t id)
{
    return id == 0 ? db_null() : db_i64(id);
}

static struct db_arg text_or_null(const char *text)
{
    return text[0] == '\0' ? db_null() : db_text(text);
}

void bid_store_add(struct db_packet *packet, const struct bid_row *row,
                   const uint8_t digest[SHA256_SIZE], const char *fields)
{
    const struct desk_bid *bid = &row->bid;
    bool holds = bid->stage == DESK_STAGE_HELD || bid->stage == DESK_STAGE_PAID;
    struct text sql = TEXT(DESK_SQL_MAX * 4);

    statement_add(
        &sql,
        "INSERT INTO desk_bid (uuid, hash, direction_id, give_id, get_id, key_id, "
        "api_id, digest, user_id, partner_id, merchant_id, pay_in, pay_out, sum1, sum1dc, sum1c, "
        "sum2, sum2dc, sum2c, rounding, course_give, course_get, status, stage, "
        "hold_ref, turn, account1, account2, fields, callback_url, endpoint, language, "
        "ip, user_hash, worth, reward, reward_currency, created_at, changed_at, "
        "expires_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, "
        "?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ",
        DB_ARGS(db_uuid(&bid->uuid), db_text(bid->hash), db_u64(bid->direction_id),
                db_u64(bid->give_id), db_u64(bid->get_id), id_or_null(bid->key_id),
                text_or_null(bid->api_id), db_blob(digest, SHA256_SIZE), id_or_null(bid->user_id),
                id_or_null(bid->partner_id), id_or_null(bid->merchant_id), db_text(bid->pay_in),
                db_text(bid->pay_out), db_i128(bid->sum1.units), db_i128(bid->sum1dc.units),
                db_i128(bid->sum1c.units), db_i128(bid->sum2.units), db_i128(bid->sum2dc.units),
                db_i128(bid->sum2c.units), db_i128(bid->rounding.units), db_text(bid->course_give),
                db_text(bid->course_get), db_text(desk_status_names[bid->status]),
                db_text(desk_stage_names[bid->stage]), holds ? db_uuid(&row->hold_ref) : db_null(),
                db_u64(bid->turn), db_text(bid->account1), db_text(bid->account2), db_text(fields),
                text_or_null(bid->callback_url), text_or_null(row->endpoint),
                db_text(bid->language), db_text(bid->ip), db_text(bid->user_hash),
                row->has_worth ? db_i128(row->worth) : db_null(), db_i128(bid->reward.units),
                bid->reward.currency == NULL ? db_null() : db_u64(bid->reward.currency->id),
                db_text(row->now), db_text(row->now)));
    add_expiry(&sql, row, bid->status, row->now);
    text_puts(&sql, ")");
    db_packet_add_once(packet, text_string(&sql), DB_NO_ARGS, ERR_REPLAYED);
    text_free(&sql);
}

void bid_store_begin(struct db_packet *packet, const struct bid_row *row)
{
    bool done = row->bid.status == DESK_STATUS_success;
    struct text *sql;

    db_packet_add(packet, "SET @desk_bid = LAST_INSERT_ID()", DB_NO_ARGS);
    sql = db_packet_begin(packet);
    statement_add(sql,
                  "INSERT INTO desk_bid_history (bid_id, turn, at, status, who) VALUES "
                  "(@desk_bid, 1, ?, 'auto', 'customer'), (@desk_bid, 2, ?, 'new', 'customer')",
                  DB_ARGS(db_text(row->now), db_text(row->now)));
    if (done)
        statement_add(sql, ", (@desk_bid, 3, ?, 'success', 'customer')",
                      DB_ARGS(db_text(row->now)));
}

void bid_store_turn(struct db_packet *packet, const struct bid_row *row, enum desk_status status,
                    enum desk_who who, const char *note, const char *at)
{
    const struct desk_bid *bid = &row->bid;
    enum desk_stage stage = desk_status_stage(status);
    bool holds = stage == DESK_STAGE_HELD || stage == DESK_STAGE_PAID;
    struct text *sql = db_packet_begin(packet);

    statement_add(
        sql,
        "UPDATE desk_bid SET status = ?, stage = ?, hold_ref = ?, turn = ?, changed_at = "
        "?, worth = ?, reward = ?, reward_currency = ?, expires_at = ",
        DB_ARGS(db_text(desk_status_names[status]), db_text(desk_stage_names[stage]),
                holds ? db_uuid(&row->hold_ref) : db_null(), db_u64(bid->turn), db_text(at),
                row->has_worth ? db_i128(row->worth) : db_null(), db_i128(bid->reward.units),
                bid->reward.currency == NULL ? db_null() : db_u64(bid->reward.currency->id)));
    add_expiry(sql, row, status, at);
    statement_add(sql, " WHERE id = ? AND turn = ?",
                  DB_ARGS(db_i64(bid->id), db_u64(bid->turn - 1)));
    db_packet_expect(packet, 1, ERR_DB_CONTENDED);
    db_packet_add(packet,
                  "INSERT INTO desk_bid_history (bid_id, turn, at, status, who, note) "
                  "VALUES (?, ?, ?, ?, ?, ?)",
                  DB_ARGS(db_i64(bid->id), db_u64(bid->turn), db_text(at),
                          db_text(desk_status_names[status]), db_text(desk_who_names[who]),
                          db_text(note)));
}

enum err desk_bid_overdue(struct db *db, int64_t *age_s)
{
    struct db_rows rows = {0};
    enum err rc =
        db_run(db,
               "SELECT COALESCE(TIMESTAMPDIFF(SECOND, MIN(b.expires_at), NOW(6)), 0) FROM "
               "desk_bid AS b WHERE " DESK_SQL_DUE,
               DB_NO_ARGS, &rows);

    *age_s = rc == ERR_OK && db_next(&rows) ? db_get_i64(&rows, 0) : 0;
    db_rows_free(&rows);
    return rc;
}
