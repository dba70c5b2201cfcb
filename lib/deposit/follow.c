/* Following a chain: its blocks one by one, forward and back, and what they pay. */
#include "deposit/follow.h"

#include <string.h>

#include "crypto/crypto.h"
#include "db/columns.h"
#include "db/packet.h"
#include "db/statement.h"
#include "deposit/store.h"

/* --- the chain's row ---------------------------------------------------------------------------- */

static const struct db_column cursor_columns[] = {
    DB_COLUMN("r.height IS NOT NULL", struct deposit_cursor, follows),
    DB_COLUMN("r.height", struct deposit_cursor, height),
    DB_COLUMN("r.hash", struct deposit_cursor, hash),
};

static enum err read_cursor(struct db *db, const char *rail, const char *lock,
                            struct deposit_cursor *out)
{
    struct text sql = TEXT(DEPOSIT_SQL_MAX);
    struct db_rows rows = {0};

    db_select(&sql, cursor_columns, DB_COUNT(cursor_columns));
    statement_add(&sql, "FROM deposit_rail AS r WHERE r.rail = ?", DB_ARGS(db_text(rail)));
    text_puts(&sql, lock);
    enum err rc = db_run(db, text_string(&sql), DB_NO_ARGS, &rows);
    if (rc == ERR_OK && !db_read(&rows, cursor_columns, DB_COUNT(cursor_columns), out))
        rc = ERR_DEPOSIT_RAIL;
    db_rows_free(&rows);
    text_free(&sql);
    return rc;
}

enum err deposit_lock(struct db *db, const char *rail, struct deposit_cursor *out)
{
    return read_cursor(db, rail, " FOR UPDATE", out);
}

enum err deposit_last_block(struct db *db, const char *rail, struct deposit_block *out)
{
    struct deposit_cursor cursor;

    enum err rc = read_cursor(db, rail, "", &cursor);
    if (rc != ERR_OK)
        return rc;
    if (!cursor.follows)
        return ERR_NOT_FOUND;
    out->height = cursor.height;
    out->also = NULL;
    memcpy(out->hash, cursor.hash, sizeof(out->hash));
    return ERR_OK;
}

/* Moves the chain's row to a block, and keeps the block to walk back on. */
static void move_cursor(struct db_packet *packet, const char *rail,
                        const struct deposit_block *block)
{
    db_packet_add(
        packet, "UPDATE deposit_rail SET height = ?, hash = ? WHERE rail = ?",
        DB_ARGS(db_u64(block->height), db_blob(block->hash, sizeof(block->hash)), db_text(rail)));
    db_packet_add(
        packet, "INSERT INTO deposit_block (rail, height, hash) VALUES (?, ?, ?)",
        DB_ARGS(db_text(rail), db_u64(block->height), db_blob(block->hash, sizeof(block->hash))));
    if (block->height > DEPOSIT_BLOCKS_KEPT)
        db_packet_add(packet, "DELETE FROM deposit_block WHERE rail = ? AND height < ?",
                      DB_ARGS(db_text(rail), db_u64(block->height - DEPOSIT_BLOCKS_KEPT)));
}

/* --- a block ------------------------------------------------------------------------------------ */

/* What a transaction of this file is about. */
struct step {
    const char *rail;
    const struct deposit_block *block; /* NULL: the chain's pool */
    const struct deposit_payment *payments;
    size_t count;
};

static void add_also(const struct step *step, struct db_packet *packet)
{
    if (step->block->also != NULL)
        step->block->also->add(step->block->also->arg, packet);
}

/* Writes a payment: a new one, or one that is back. Its row is found by all that it pays, so that one which
 * pays something else after a reorganisation is another. */
static void add_payment(struct db_packet *packet, const struct step *step,
                        const struct deposit_payment *payment)
{
    const struct uuid uuid = crypto_uuid7();
    bool mined = step->block != NULL;

    db_packet_add(
        packet,
        "INSERT INTO deposit (uuid, rail, txid, output, path_index, user_id, currency_id, amount, "
        "chain_amount, needed, state, note, height, block_hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, "
        "?, ?, ?, ?, ?) ON DUPLICATE KEY UPDATE height = COALESCE(VALUES(height), height), "
        "block_hash = COALESCE(VALUES(block_hash), block_hash), note = IF(state = 'cancelled', "
        "VALUES(note), note), "
        "state = IF(state = 'cancelled', VALUES(state), state), updated_at = NOW(6)",
        DB_ARGS(db_uuid(&uuid), db_text(step->rail), db_blob(payment->txid, sizeof(payment->txid)),
                db_u64(payment->output), db_u64(payment->index), db_i64(payment->user_id),
                db_u64(payment->amount.currency->id), db_i128(payment->amount.units),
                db_i128(payment->chain_units), db_u64(payment->needed),
                db_text(payment->withhold == NULL ? deposit_state_words[DEPOSIT_PENDING]
                                                  : deposit_state_words[DEPOSIT_WITHHOLD]),
                db_text(payment->withhold), mined ? db_u64(step->block->height) : db_null(),
                mined ? db_blob(step->block->hash, sizeof(step->block->hash)) : db_null()));
}

static enum err take_in(struct db *db, void *arg)
{
    const struct step *step = arg;
    const struct deposit_block *block = step->block;
    struct deposit_cursor cursor;
    struct db_packet packet = DB_PACKET(DEPOSIT_PACKET_MAX);

    enum err rc = deposit_lock(db, step->rail, &cursor);
    if (rc == ERR_OK && (!cursor.follows || cursor.height + 1 != block->height))
        rc = ERR_DEPOSIT_MOVED;
    if (rc == ERR_OK && memcmp(cursor.hash, block->parent, sizeof(cursor.hash)) != 0)
        rc = ERR_DEPOSIT_FORK;
    if (rc != ERR_OK)
        return rc;
    for (size_t i = 0; i < step->count; i++)
        add_payment(&packet, step, &step->payments[i]);
    add_also(step, &packet);
    move_cursor(&packet, step->rail, block);
    return db_packet_commit(db, &packet, NULL, 0);
}

enum err deposit_take_block(struct db *db, const char *rail, const struct deposit_block *block,
                            const struct deposit_payment *payments, size_t count)
{
    struct step step = {.rail = rail, .block = block, .payments = payments, .count = count};
    bool resent = false;

    enum err rc = db_txn(db, take_in, &step, &resent);
    return rc == ERR_DEPOSIT_MOVED && resent ? ERR_OK : rc;
}

static enum err begin_in(struct db *db, void *arg)
{
    const struct step *step = arg;
    struct deposit_cursor cursor;
    struct db_packet packet = DB_PACKET(DEPOSIT_SQL_MAX);

    enum err rc = deposit_lock(db, step->rail, &cursor);
    if (rc != ERR_OK || cursor.follows)
        return rc;
    move_cursor(&packet, step->rail, step->block);
    return db_packet_commit(db, &packet, NULL, 0);
}

enum err deposit_begin(struct db *db, const char *rail, const struct deposit_block *block)
{
    struct step step = {.rail = rail, .block = block};
    bool resent = false;

    return db_txn(db, begin_in, &step, &resent);
}

/* --- walking back ------------------------------------------------------------------------------- */

/* The block before, as it was followed. */
static enum err read_before(struct db *db, const char *rail, uint64_t height,
                            struct deposit_block *out)
{
    struct db_rows rows = {0};
    size_t len;

    enum err rc = db_run(db, "SELECT hash FROM deposit_block WHERE rail = ? AND height = ?",
                         DB_ARGS(db_text(rail), db_u64(height)), &rows);
    if (rc == ERR_OK && !db_next(&rows))
        rc = ERR_DEPOSIT_DEEP;
    if (rc == ERR_OK) {
        const void *hash = db_get_blob(&rows, 0, &len);
        *out = (struct deposit_block){.height = height};
        memcpy(out->hash, hash, len < sizeof(out->hash) ? len : sizeof(out->hash));
    }
    db_rows_free(&rows);
    return rc;
}

static enum err give_in(struct db *db, void *arg)
{
    const struct step *step = arg;
    struct deposit_cursor cursor;
    struct deposit_block before;
    struct db_packet packet = DB_PACKET(DEPOSIT_SQL_MAX);

    enum err rc = deposit_lock(db, step->rail, &cursor);
    if (rc == ERR_OK &&
        (!cursor.follows || memcmp(cursor.hash, step->block->hash, sizeof(cursor.hash)) != 0))
        rc = ERR_DEPOSIT_MOVED;
    if (rc == ERR_OK)
        rc = cursor.height == 0 ? ERR_DEPOSIT_DEEP
                                : read_before(db, step->rail, cursor.height - 1, &before);
    if (rc != ERR_OK)
        return rc;
    db_packet_add(&packet,
                  "UPDATE deposit SET height = NULL, block_hash = NULL, updated_at = NOW(6) WHERE "
                  "rail = ? AND height >= ?",
                  DB_ARGS(db_text(step->rail), db_u64(cursor.height)));
    db_packet_add(&packet, "DELETE FROM deposit_block WHERE rail = ? AND height >= ?",
                  DB_ARGS(db_text(step->rail), db_u64(before.height)));
    add_also(step, &packet);
    move_cursor(&packet, step->rail, &before);
    return db_packet_commit(db, &packet, NULL, 0);
}

enum err deposit_give_block(struct db *db, const char *rail, const struct deposit_block *last)
{
    struct step step = {.rail = rail, .block = last};
    bool resent = false;

    enum err rc = db_txn(db, give_in, &step, &resent);
    return rc == ERR_DEPOSIT_MOVED && resent ? ERR_OK : rc;
}

/* --- the pool ----------------------------------------------------------------------------------- */

enum err deposit_any_loose(struct db *db, const char *rail, bool *out)
{
    struct db_rows rows = {0};

    enum err rc = db_run(db,
                         "SELECT EXISTS (SELECT 1 FROM deposit WHERE rail = ? AND height IS NULL "
                         "AND state <> 'cancelled')",
                         DB_ARGS(db_text(rail)), &rows);
    *out = rc == ERR_OK && db_next(&rows) && db_get_i64(&rows, 0) != 0;
    db_rows_free(&rows);
    return rc;
}

/* What waits is written after everything else in no block was cancelled. */
static enum err pool_in(struct db *db, void *arg)
{
    const struct step *step = arg;
    struct deposit_cursor cursor;
    struct db_packet packet = DB_PACKET(DEPOSIT_PACKET_MAX);

    enum err rc = deposit_lock(db, step->rail, &cursor);
    if (rc != ERR_OK)
        return rc;
    struct text *sql = db_packet_begin(&packet);
    statement_add(sql,
                  "UPDATE deposit SET state = 'cancelled', note = 'It left the chain', updated_at "
                  "= NOW(6) WHERE rail = ? AND height IS NULL AND state IN ('pending', 'withhold')",
                  DB_ARGS(db_text(step->rail)));
    for (size_t i = 0; i < step->count; i++)
        statement_add(sql, i == 0 ? " AND txid NOT IN (?" : ", ?",
                      DB_ARGS(db_blob(step->payments[i].txid, DEPOSIT_TXID_SIZE)));
    if (step->count > 0)
        text_puts(sql, ")");
    for (size_t i = 0; i < step->count; i++)
        add_payment(&packet, step, &step->payments[i]);
    return db_packet_commit(db, &packet, NULL, 0);
}

enum err deposit_pool(struct db *db, const char *rail, const struct deposit_payment *payments,
                      size_t count)
{
    struct step step = {.rail = rail, .payments = payments, .count = count};
    bool resent = false, loose = false;

    enum err rc = deposit_any_loose(db, rail, &loose);
    return rc != ERR_OK || (count == 0 && !loose) ? rc : db_txn(db, pool_in, &step, &resent);
}
