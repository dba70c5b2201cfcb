/* What is sent: coins, transactions and the payouts that they pay. */
#include <stdio.h>
#include <string.h>

#include "db/columns.h"
#include "db/statement.h"
#include "rail/bitcoin_store.h"
#include "rail/bitcoin_watch.h"

/* --- coins -------------------------------------------------------------------------------------- */

struct coin_row {
    uint8_t txid[BITCOIN_ID_SIZE];
    uint64_t output, index;
    int64_t value;
};

static const struct db_column coin_columns[] = {
    DB_COLUMN("c.txid", struct coin_row, txid),
    DB_COLUMN("c.output", struct coin_row, output),
    DB_COLUMN("c.path_index", struct coin_row, index),
    DB_COLUMN("c.value", struct coin_row, value),
};

static void take_coin(const struct coin_row *row, struct bitcoin_own *out)
{
    *out = (struct bitcoin_own){
        .coin = {.index = (uint32_t)row->output, .value = row->value, .kind = BITCOIN_P2WPKH},
        .index = (uint32_t)row->index};
    bitcoin_turn(row->txid, out->coin.id);
}

enum err bitcoin_coins_free(struct db *db, uint64_t tip, uint64_t confirmations,
                            struct arena *arena, struct bitcoin_own **out, size_t *count)
{
    struct text sql = TEXT(BITCOIN_SQL_MAX);
    struct db_rows rows = {0};
    struct coin_row row;

    *count = 0;
    db_select(&sql, coin_columns, DB_COUNT(coin_columns));
    statement_add(&sql,
                  "FROM bitcoin_coin AS c WHERE c.send_id IS NULL AND c.spent_height IS NULL AND "
                  "c.height IS NOT NULL AND (c.height + ? <= ? OR c.txid IN (SELECT txid FROM "
                  "bitcoin_try)) AND (NOT c.coinbase OR c.height + ? <= ?) ORDER BY c.value DESC, "
                  "c.txid, c.output LIMIT ?",
                  DB_ARGS(db_u64(confirmations > 0 ? confirmations - 1 : 0), db_u64(tip),
                          db_u64(BITCOIN_MATURE), db_u64(tip), db_u64(BITCOIN_COINS_MAX)));
    enum err rc = db_run(db, text_string(&sql), DB_NO_ARGS, &rows);
    *out = rc == ERR_OK ? arena_alloc(arena, (rows.count + 1) * sizeof(**out)) : NULL;
    if (rc == ERR_OK && *out == NULL)
        rc = ERR_NO_MEMORY;
    while (rc == ERR_OK && db_read(&rows, coin_columns, DB_COUNT(coin_columns), &row))
        take_coin(&row, &(*out)[(*count)++]);
    db_rows_free(&rows);
    text_free(&sql);
    return rc;
}

/* The number of the input that spends a coin, or the count of inputs. */
static size_t input_of(const struct bitcoin_tx *tx, const struct bitcoin_coin *coin)
{
    size_t i = 0;

    while (i < tx->input_count && (tx->inputs[i].index != coin->index ||
                                   memcmp(tx->inputs[i].id, coin->id, BITCOIN_ID_SIZE) != 0))
        i++;
    return i;
}

enum err bitcoin_coins_of_send(struct db *db, int64_t send_id, const struct bitcoin_tx *tx,
                               struct bitcoin_own *out)
{
    struct text sql = TEXT(BITCOIN_SQL_MAX);
    struct db_rows rows = {0};
    struct coin_row row;
    struct bitcoin_own own;
    size_t found = 0;

    db_select(&sql, coin_columns, DB_COUNT(coin_columns));
    statement_add(&sql, "FROM bitcoin_coin AS c WHERE c.send_id = ?", DB_ARGS(db_i64(send_id)));
    enum err rc = db_run(db, text_string(&sql), DB_NO_ARGS, &rows);
    while (rc == ERR_OK && db_read(&rows, coin_columns, DB_COUNT(coin_columns), &row)) {
        take_coin(&row, &own);
        size_t input = input_of(tx, &own.coin);
        if (input < tx->input_count) {
            out[input] = own;
            found++;
        }
    }
    if (rc == ERR_OK && found != tx->input_count)
        rc = ERR_INTERNAL;
    db_rows_free(&rows);
    text_free(&sql);
    return rc;
}

/* Adds "(a, b, c)": the ids of the coins' transactions. */
static void add_ids(struct text *sql, const struct bitcoin_own *coins, size_t count)
{
    uint8_t id[BITCOIN_ID_SIZE];

    for (size_t i = 0; i < count; i++) {
        bitcoin_turn(coins[i].coin.id, id);
        statement_add(sql, i == 0 ? "(?" : ", ?", DB_ARGS(db_blob(id, sizeof(id))));
    }
    text_puts(sql, ")");
}

/* Copies bytes of a row. ERR_NO_MEMORY. */
static enum err copy_bytes(const struct db_rows *rows, unsigned col, struct arena *arena,
                           struct bytes *out)
{
    size_t len;
    const void *data = db_get_blob(rows, col, &len);
    uint8_t *copy = arena_alloc(arena, len + 1);

    if (copy == NULL)
        return ERR_NO_MEMORY;
    memcpy(copy, data, len);
    *out = (struct bytes){copy, len};
    return ERR_OK;
}

enum err bitcoin_sources(struct db *db, const struct bitcoin_own *coins, size_t coin_count,
                         struct arena *arena, struct bytes *out, size_t *count)
{
    struct text sql = TEXT(BITCOIN_PACKET_MAX);
    struct db_rows rows = {0};

    *count = 0;
    text_puts(&sql, "SELECT raw FROM bitcoin_source WHERE txid IN ");
    add_ids(&sql, coins, coin_count);
    enum err rc = db_run(db, text_string(&sql), DB_NO_ARGS, &rows);
    while (rc == ERR_OK && *count < coin_count && db_next(&rows)) {
        rc = copy_bytes(&rows, 0, arena, &out[*count]);
        *count += rc == ERR_OK;
    }
    db_rows_free(&rows);
    text_free(&sql);
    return rc;
}

/* --- a new send --------------------------------------------------------------------------------- */

#define SEND_ID "@bitcoin_send" /* the user variable with its id, within the packet */

struct writing {
    const struct bitcoin_signed *made;
    const struct bitcoin_own *coins;
    size_t coin_count;
    const struct payout *payouts;
    size_t count;
};

static void add_try(struct db_packet *packet, const struct bitcoin_signed *made, const char *send,
                    struct db_arg number)
{
    uint8_t id[BITCOIN_ID_SIZE];
    char sql[256];

    bitcoin_turn(made->id, id);
    snprintf(sql, sizeof(sql),
             "INSERT INTO bitcoin_try (txid, send_id, number, raw, fee, vsize, height) VALUES (?, "
             "%s, ?, ?, ?, ?, ?)",
             send);
    db_packet_add_once(packet, sql,
                       DB_ARGS(db_blob(id, sizeof(id)), number,
                               db_blob(made->raw.data, made->raw.len), db_i64(made->fee),
                               db_u64(made->vsize), db_u64(made->height)),
                       ERR_REPLAYED);
}

/* The coins are taken only where all of them are free. */
static void lock_coins(struct db_packet *packet, const struct writing *writing)
{
    struct text *sql = db_packet_begin(packet);
    uint8_t id[BITCOIN_ID_SIZE];

    text_puts(sql, "UPDATE bitcoin_coin SET send_id = " SEND_ID
                   " WHERE send_id IS NULL AND spent_height IS NULL AND height IS NOT NULL AND "
                   "(txid, output) IN (");
    for (size_t i = 0; i < writing->coin_count; i++) {
        bitcoin_turn(writing->coins[i].coin.id, id);
        statement_add(sql, i == 0 ? "(?, ?)" : ", (?, ?)",
                      DB_ARGS(db_blob(id, sizeof(id)), db_u64(writing->coins[i].coin.index)));
    }
    text_puts(sql, ")");
    db_packet_expect(packet, writing->coin_count, ERR_INSUFFICIENT_FUNDS);
}

static enum err write_in(struct db *db, void *arg)
{
    const struct writing *writing = arg;
    struct db_packet packet = DB_PACKET(BITCOIN_PACKET_MAX);

    for (size_t i = 0; i < writing->count; i++)
        payout_fence(&packet, &writing->payouts[i]);
    db_packet_add(&packet, "INSERT INTO bitcoin_send (height) VALUES (?)",
                  DB_ARGS(db_u64(writing->made->height)));
    db_packet_add(&packet, "SET " SEND_ID " = LAST_INSERT_ID()", DB_NO_ARGS);
    add_try(&packet, writing->made, SEND_ID, db_u64(1));
    for (size_t i = 0; i < writing->count; i++)
        db_packet_add_once(
            &packet,
            "INSERT INTO bitcoin_payment (payout_id, send_id, output) VALUES (?, " SEND_ID ", ?)",
            DB_ARGS(db_i64(writing->payouts[i].id), db_u64(i)), ERR_REPLAYED);
    lock_coins(&packet, writing);
    return db_packet_commit(db, &packet, NULL, 0);
}

/* Whether a transaction was written. */
static enum err try_exists(struct db *db, const uint8_t id[BITCOIN_ID_SIZE], bool *out)
{
    struct db_rows rows = {0};
    uint8_t turned[BITCOIN_ID_SIZE];

    bitcoin_turn(id, turned);
    enum err rc = db_run(db, "SELECT EXISTS (SELECT 1 FROM bitcoin_try WHERE txid = ?)",
                         DB_ARGS(db_blob(turned, sizeof(turned))), &rows);
    *out = rc == ERR_OK && db_next(&rows) && db_get_i64(&rows, 0) != 0;
    db_rows_free(&rows);
    return rc;
}

/* A refusal after a commit whose answer was lost may tell of our own rows. */
static enum err resolve(struct db *db, enum err rc, bool resent, const uint8_t id[BITCOIN_ID_SIZE])
{
    bool there = false;

    if (!resent || rc == ERR_OK || rc == ERR_DB_UNKNOWN)
        return rc;
    enum err asked = try_exists(db, id, &there);
    return asked != ERR_OK ? asked : there ? ERR_OK : rc;
}

enum err bitcoin_send_write(struct db *db, const struct bitcoin_signed *made,
                            const struct bitcoin_own *coins, size_t coin_count,
                            const struct payout *payouts, size_t count)
{
    struct writing writing = {
        .made = made, .coins = coins, .coin_count = coin_count, .payouts = payouts, .count = count};
    bool resent = false;

    enum err rc = db_txn(db, write_in, &writing, &resent);
    return resolve(db, rc, resent, made->id);
}

/* --- what is under way -------------------------------------------------------------------------- */

struct pending_row {
    int64_t send_id, fee;
    uint64_t number, vsize, height, payments;
    uint8_t txid[BITCOIN_ID_SIZE];
};

static const struct db_column pending_columns[] = {
    DB_COLUMN("s.id", struct pending_row, send_id),
    DB_COLUMN("t.number", struct pending_row, number),
    DB_COLUMN("t.txid", struct pending_row, txid),
    DB_COLUMN("t.fee", struct pending_row, fee),
    DB_COLUMN("t.vsize", struct pending_row, vsize),
    DB_COLUMN("t.height", struct pending_row, height),
    DB_COLUMN("(SELECT COUNT(*) FROM bitcoin_payment AS p WHERE p.send_id = s.id)",
              struct pending_row, payments),
};

enum err bitcoin_pending_read(struct db *db, int64_t rest_s, struct arena *arena,
                              struct bitcoin_pending *out, size_t most, size_t *count)
{
    struct text sql = TEXT(BITCOIN_SQL_MAX);
    struct db_rows rows = {0};
    struct pending_row row;

    *count = 0;
    db_select(&sql, pending_columns, DB_COUNT(pending_columns));
    statement_add(
        &sql,
        ", t.raw FROM bitcoin_send AS s JOIN bitcoin_try AS t ON t.send_id = s.id AND t.number = "
        "(SELECT MAX(n.number) FROM bitcoin_try AS n WHERE n.send_id = s.id) WHERE s.state = "
        "'open' "
        "AND (s.told_at IS NULL OR s.told_at <= NOW(6) - INTERVAL ? SECOND) AND NOT EXISTS (SELECT "
        "1 FROM bitcoin_coin AS c WHERE c.send_id = s.id AND c.spent_height IS NOT NULL) ORDER BY "
        "s.told_at, s.id LIMIT ?",
        DB_ARGS(db_i64(rest_s), db_u64(most)));
    enum err rc = db_run(db, text_string(&sql), DB_NO_ARGS, &rows);
    while (rc == ERR_OK && *count < most &&
           db_read(&rows, pending_columns, DB_COUNT(pending_columns), &row)) {
        struct bitcoin_pending *to = &out[*count];
        *to = (struct bitcoin_pending){
            .send_id = row.send_id,
            .number = row.number,
            .last = {.fee = row.fee, .vsize = row.vsize, .height = row.height},
            .payments = row.payments};
        bitcoin_turn(row.txid, to->last.id);
        rc = copy_bytes(&rows, DB_COUNT(pending_columns), arena, &to->last.raw);
        *count += rc == ERR_OK;
    }
    db_rows_free(&rows);
    text_free(&sql);
    return rc;
}

/* A replacement on its way. */
struct replacing {
    const struct bitcoin_pending *old;
    const struct bitcoin_signed *made;
};

static enum err replace_in(struct db *db, void *arg)
{
    const struct replacing *replacing = arg;
    struct db_packet packet = DB_PACKET(BITCOIN_PACKET_MAX);
    char send[24];

    snprintf(send, sizeof(send), "%lld", (long long)replacing->old->send_id);
    add_try(&packet, replacing->made, send, db_u64(replacing->old->number + 1));
    return db_packet_commit(db, &packet, NULL, 0);
}

enum err bitcoin_try_write(struct db *db, const struct bitcoin_pending *old,
                           const struct bitcoin_signed *made)
{
    struct replacing replacing = {.old = old, .made = made};
    bool resent = false;

    enum err rc = db_txn(db, replace_in, &replacing, &resent);
    return resolve(db, rc, resent, made->id);
}

enum err bitcoin_send_told(struct db *db, const uint8_t id[BITCOIN_ID_SIZE], bool known)
{
    uint8_t turned[BITCOIN_ID_SIZE];

    bitcoin_turn(id, turned);
    return db_txn_call(
        db,
        "UPDATE bitcoin_send AS s JOIN bitcoin_try AS t ON t.send_id = s.id SET "
        "s.told_at = NOW(6), s.known_at = IF(?, NOW(6), s.known_at) WHERE t.txid = ?",
        DB_ARGS(db_u64(known), db_blob(turned, sizeof(turned))), NULL, NULL);
}

/* --- how it ended ------------------------------------------------------------------------------- */

struct ending {
    uint64_t tip, settled, buried;
};

static enum err end_in(struct db *db, void *arg)
{
    const struct ending *ending = arg;
    struct db_packet packet = DB_PACKET(BITCOIN_SQL_MAX);

    db_packet_add(
        &packet,
        "UPDATE bitcoin_send AS s SET s.state = 'dead' WHERE s.state = 'open' AND EXISTS (SELECT 1 "
        "FROM bitcoin_coin AS c WHERE c.send_id = s.id AND c.spent_height + ? <= ? AND c.spent_by "
        "NOT IN (SELECT t.txid FROM bitcoin_try AS t WHERE t.send_id = s.id))",
        DB_ARGS(db_u64(ending->settled), db_u64(ending->tip)));
    db_packet_add(
        &packet,
        "UPDATE bitcoin_coin AS c JOIN bitcoin_send AS s ON s.id = c.send_id SET c.send_id = NULL "
        "WHERE s.state = 'dead'",
        DB_NO_ARGS);
    db_packet_add(&packet,
                  "UPDATE bitcoin_send AS s SET s.state = 'done' WHERE s.state = 'open' AND EXISTS "
                  "(SELECT 1 FROM bitcoin_coin AS c WHERE c.send_id = s.id AND c.spent_height + ? "
                  "<= ?)",
                  DB_ARGS(db_u64(ending->buried), db_u64(ending->tip)));
    return db_packet_commit(db, &packet, NULL, 0);
}

/* Most rounds have nothing to end, and write nothing. */
static enum err any_to_end(struct db *db, const struct ending *ending, bool *out)
{
    struct db_rows rows = {0};

    enum err rc = db_run(
        db,
        "SELECT EXISTS (SELECT 1 FROM bitcoin_send AS s JOIN bitcoin_coin AS c ON c.send_id = s.id "
        "WHERE s.state = 'open' AND (c.spent_height + ? <= ? OR (c.spent_height + ? <= ? AND "
        "c.spent_by NOT IN (SELECT t.txid FROM bitcoin_try AS t WHERE t.send_id = s.id))))",
        DB_ARGS(db_u64(ending->buried), db_u64(ending->tip), db_u64(ending->settled),
                db_u64(ending->tip)),
        &rows);
    *out = rc == ERR_OK && db_next(&rows) && db_get_i64(&rows, 0) != 0;
    db_rows_free(&rows);
    return rc;
}

enum err bitcoin_sends_end(struct db *db, uint64_t tip, uint64_t settled, uint64_t buried)
{
    struct ending ending = {.tip = tip, .settled = settled, .buried = buried};
    bool resent = false, any;

    enum err rc = any_to_end(db, &ending, &any);
    return rc == ERR_OK && any ? db_txn(db, end_in, &ending, &resent) : rc;
}

/* The height of the block that has transaction t, NULL in none. */
#define MINED_HEIGHT                                                                              \
    "(SELECT MAX(c.spent_height) FROM bitcoin_coin AS c WHERE c.send_id = s.id AND c.spent_by = " \
    "t.txid)"

static const struct db_column fate_columns[] = {
    DB_COLUMN("p.output", struct bitcoin_fate, output),
    DB_COLUMN("s.state = 'dead'", struct bitcoin_fate, dead),
    DB_COLUMN("s.known_at IS NOT NULL", struct bitcoin_fate, known),
    DB_COLUMN(MINED_HEIGHT " IS NOT NULL AS is_mined", struct bitcoin_fate, mined),
    DB_COLUMN(MINED_HEIGHT, struct bitcoin_fate, height),
    DB_COLUMN("t.txid", struct bitcoin_fate, id),
    DB_COLUMN("t.fee", struct bitcoin_fate, fee),
};

enum err bitcoin_fate_read(struct db *db, int64_t payout_id, struct bitcoin_fate *out)
{
    struct text sql = TEXT(BITCOIN_SQL_MAX);
    struct db_rows rows = {0};
    uint8_t txid[BITCOIN_ID_SIZE];

    db_select(&sql, fate_columns, DB_COUNT(fate_columns));
    /* Of its transactions the one that was mined, or the last. */
    statement_add(&sql,
                  "FROM bitcoin_payment AS p JOIN bitcoin_send AS s ON s.id = p.send_id JOIN "
                  "bitcoin_try AS t ON t.send_id = s.id WHERE p.payout_id = ? ORDER BY is_mined "
                  "DESC, t.number DESC LIMIT 1",
                  DB_ARGS(db_i64(payout_id)));
    enum err rc = db_run(db, text_string(&sql), DB_NO_ARGS, &rows);
    if (rc == ERR_OK && !db_read(&rows, fate_columns, DB_COUNT(fate_columns), out))
        rc = ERR_NOT_FOUND;
    db_rows_free(&rows);
    text_free(&sql);
    if (rc == ERR_OK) {
        memcpy(txid, out->id, sizeof(txid));
        bitcoin_turn(txid, out->id);
    }
    return rc;
}
