/* Our coins, block by block. */
#include "db/statement.h"
#include "rail/bitcoin_store.h"

/* A coin may be there already: it was mined before, in a block that is gone. */
static void add_coin(struct db_packet *packet, const struct bitcoin_move *move, uint64_t height)
{
    uint8_t id[BITCOIN_ID_SIZE];

    bitcoin_turn(move->id, id);
    if (move->raw.len > 0)
        db_packet_add(
            packet,
            "INSERT INTO bitcoin_source (txid, raw) VALUES (?, ?) ON DUPLICATE KEY UPDATE txid = "
            "VALUES(txid)",
            DB_ARGS(db_blob(id, sizeof(id)), db_blob(move->raw.data, move->raw.len)));
    db_packet_add(packet,
                  "INSERT INTO bitcoin_coin (txid, output, path_index, value, coinbase, height) "
                  "VALUES (?, ?, ?, ?, ?, ?) ON DUPLICATE KEY UPDATE height = VALUES(height)",
                  DB_ARGS(db_blob(id, sizeof(id)), db_u64(move->output), db_u64(move->index),
                          db_i64(move->value), db_u64(move->coinbase), db_u64(height)));
}

static void spend_coin(struct db_packet *packet, const struct bitcoin_move *move, uint64_t height)
{
    uint8_t id[BITCOIN_ID_SIZE], by[BITCOIN_ID_SIZE];

    bitcoin_turn(move->id, id);
    bitcoin_turn(move->spent_by, by);
    db_packet_add(packet,
                  "UPDATE bitcoin_coin SET spent_by = ?, spent_height = ? WHERE txid = ? AND "
                  "output = ?",
                  DB_ARGS(db_blob(by, sizeof(by)), db_u64(height), db_blob(id, sizeof(id)),
                          db_u64(move->output)));
}

void bitcoin_moves_add(struct db_packet *packet, const struct bitcoin_moves *moves, uint64_t height)
{
    for (size_t i = 0; i < moves->count; i++)
        if (moves->list[i].spent)
            spend_coin(packet, &moves->list[i], height);
        else
            add_coin(packet, &moves->list[i], height);
}

void bitcoin_moves_back(struct db_packet *packet, uint64_t height)
{
    db_packet_add(packet, "UPDATE bitcoin_coin SET height = NULL WHERE height >= ?",
                  DB_ARGS(db_u64(height)));
    db_packet_add(packet,
                  "UPDATE bitcoin_coin SET spent_by = NULL, spent_height = NULL WHERE spent_height "
                  ">= ?",
                  DB_ARGS(db_u64(height)));
}

enum err bitcoin_coins_load(struct db *db, struct bitcoin_set *out)
{
    struct db_rows rows = {0};
    uint8_t id[BITCOIN_ID_SIZE];
    size_t len;

    bitcoin_set_clear(out);
    enum err rc =
        db_run(db, "SELECT txid, output, path_index FROM bitcoin_coin WHERE spent_height IS NULL",
               DB_NO_ARGS, &rows);
    while (rc == ERR_OK && db_next(&rows)) {
        bitcoin_turn(db_get_blob(&rows, 0, &len), id);
        const struct bitcoin_entry coin = {
            .key = bitcoin_key_of_output(id, (uint32_t)db_get_u64(&rows, 1)),
            .index = (uint32_t)db_get_u64(&rows, 2)};
        rc = bitcoin_set_add(out, &coin);
    }
    db_rows_free(&rows);
    return rc;
}
