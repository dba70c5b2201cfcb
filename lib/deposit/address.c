/* Chains, their keys, and whose their addresses are. */
#include <stdio.h>
#include <string.h>

#include "chain/bitcoin_address.h"
#include "chain/ethereum_address.h"
#include "chain/hd_key.h"
#include "db/columns.h"
#include "db/packet.h"
#include "db/statement.h"
#include "deposit/store.h"
#include "ledger/post.h"

#define INDEX_MAX (HD_HARDENED - 1)

const char *const deposit_formats[DEPOSIT_FORMATS] = {
    [DEPOSIT_ETHEREUM] = "ethereum",
    [DEPOSIT_BITCOIN] = "bitcoin",
    [DEPOSIT_BITCOIN_TEST] = "bitcoin_test",
    [DEPOSIT_BITCOIN_REGTEST] = "bitcoin_regtest",
};

/* --- deriving ----------------------------------------------------------------------------------- */

static enum hd_network network_of(enum deposit_format format)
{
    return format == DEPOSIT_BITCOIN_TEST || format == DEPOSIT_BITCOIN_REGTEST ? HD_TEST : HD_MAIN;
}

static enum err read_key(enum deposit_format format, const char *xpub, struct hd_key *out)
{
    enum hd_network network;

    enum err rc = hd_parse(xpub, strlen(xpub), &network, out);
    if (rc != ERR_OK)
        return rc;
    return !out->has_secret && network == network_of(format) ? ERR_OK : ERR_INVALID;
}

static enum err write_bitcoin(enum bitcoin_network network, const uint8_t public[EC_PUBLIC_SIZE],
                              char out[DEPOSIT_ADDRESS_SIZE])
{
    struct bitcoin_script script;
    char address[BITCOIN_ADDRESS_SIZE];

    enum err rc = bitcoin_script_of_key(BITCOIN_P2WPKH, public, &script);
    if (rc != ERR_OK)
        return rc;
    if (!bitcoin_address_format(network, bitcoin_script_bytes(&script), address) ||
        strlen(address) >= DEPOSIT_ADDRESS_SIZE)
        return ERR_INTERNAL;
    text_copy(out, DEPOSIT_ADDRESS_SIZE, address);
    return ERR_OK;
}

static enum err write_ethereum(const uint8_t public[EC_PUBLIC_SIZE], char out[DEPOSIT_ADDRESS_SIZE])
{
    struct ethereum_address address;

    enum err rc = ethereum_address_of_key(public, &address);
    if (rc == ERR_OK)
        ethereum_address_format(&address, out);
    return rc;
}

enum err deposit_derive(const struct deposit_rail *rail, uint64_t index,
                        char out[DEPOSIT_ADDRESS_SIZE])
{
    const struct hd_path path = {.steps = {0, (uint32_t)index}, .count = 2};
    struct hd_key account, key;

    if (index > INDEX_MAX)
        return ERR_OUT_OF_RANGE;
    enum err rc = read_key(rail->format, rail->xpub, &account);
    if (rc == ERR_OK)
        rc = hd_derive(&account, &path, &key);
    if (rc != ERR_OK)
        return rc;
    switch (rail->format) {
    case DEPOSIT_ETHEREUM:
        return write_ethereum(key.public, out);
    case DEPOSIT_BITCOIN:
        return write_bitcoin(BITCOIN_MAIN, key.public, out);
    case DEPOSIT_BITCOIN_TEST:
        return write_bitcoin(BITCOIN_TEST, key.public, out);
    case DEPOSIT_BITCOIN_REGTEST:
        return write_bitcoin(BITCOIN_REGTEST, key.public, out);
    case DEPOSIT_FORMATS:
        break;
    }
    return ERR_INTERNAL;
}

/* --- chains ------------------------------------------------------------------------------------- */

/* A chain's row as the database has it. */
struct rail_row {
    struct deposit_rail rail;
    char format[20];
    uint64_t next_index;
};

static const struct db_column rail_columns[] = {
    DB_COLUMN("r.rail", struct rail_row, rail.rail),
    DB_COLUMN("r.format", struct rail_row, format),
    DB_COLUMN("r.path", struct rail_row, rail.path),
    DB_COLUMN("r.xpub", struct rail_row, rail.xpub),
    DB_COLUMN("r.next_index", struct rail_row, next_index),
    DB_COLUMN("r.height IS NOT NULL", struct rail_row, rail.follows),
    DB_COLUMN("r.height", struct rail_row, rail.height),
};

/* In a transaction the row is locked. */
static enum err read_rail(struct db *db, const char *rail, struct rail_row *out)
{
    struct text sql = TEXT(DEPOSIT_SQL_MAX);
    struct db_rows rows = {0};

    *out = (struct rail_row){.rail = {.format = DEPOSIT_FORMATS}};
    db_select(&sql, rail_columns, DB_COUNT(rail_columns));
    statement_add(&sql, "FROM deposit_rail AS r WHERE r.rail = ?", DB_ARGS(db_text(rail)));
    if (db_in_txn(db))
        text_puts(&sql, " FOR UPDATE");
    enum err rc = db_run(db, text_string(&sql), DB_NO_ARGS, &rows);
    if (rc == ERR_OK && !db_read(&rows, rail_columns, DB_COUNT(rail_columns), out))
        rc = ERR_DEPOSIT_RAIL;
    for (int format = 0; rc == ERR_OK && format < DEPOSIT_FORMATS; format++)
        if (strcmp(out->format, deposit_formats[format]) == 0)
            out->rail.format = (enum deposit_format)format;
    out->rail.addresses = out->next_index > 0 ? out->next_index - 1 : 0;
    db_rows_free(&rows);
    text_free(&sql);
    return rc;
}

enum err deposit_rail_read(struct db *db, const char *rail, struct deposit_rail *out)
{
    struct rail_row row;

    enum err rc = read_rail(db, rail, &row);
    if (rc == ERR_OK)
        *out = row.rail;
    return rc;
}

static bool is_rail(const char *rail)
{
    size_t len = strlen(rail);
    return len >= 1 && len < DEPOSIT_RAIL_SIZE &&
           strspn(rail, "abcdefghijklmnopqrstuvwxyz0123456789._-") == len;
}

static enum err insert_rail(struct db *db, void *arg)
{
    const struct deposit_rail *rail = arg;
    struct rail_row there;
    char hot[DEPOSIT_ADDRESS_SIZE];
    struct db_packet packet = DB_PACKET(DEPOSIT_SQL_MAX);

    enum err rc = read_rail(db, rail->rail, &there);
    if (rc == ERR_OK)
        return there.rail.format == rail->format && strcmp(there.rail.path, rail->path) == 0 &&
                       strcmp(there.rail.xpub, rail->xpub) == 0
                   ? ERR_OK
                   : ERR_DEPOSIT_KEY;
    if (rc != ERR_DEPOSIT_RAIL)
        return rc;
    rc = deposit_derive(rail, 0, hot);
    if (rc != ERR_OK)
        return rc;
    db_packet_add_once(&packet,
                       "INSERT INTO deposit_rail (rail, format, path, xpub) VALUES (?, ?, ?, ?)",
                       DB_ARGS(db_text(rail->rail), db_text(deposit_formats[rail->format]),
                               db_text(rail->path), db_text(rail->xpub)),
                       ERR_DB_CONTENDED);
    db_packet_add(&packet,
                  "INSERT INTO deposit_address (rail, path_index, user_id, address) VALUES (?, 0, "
                  "?, ?)",
                  DB_ARGS(db_text(rail->rail), db_i64(LEDGER_HOUSE), db_text(hot)));
    return db_packet_commit(db, &packet, NULL, 0);
}

enum err deposit_rail_set(struct db *db, const char *rail, enum deposit_format format,
                          const char *path, const char *xpub)
{
    struct deposit_rail made = {.format = format};
    struct hd_path steps;
    struct hd_key key;

    if (format >= DEPOSIT_FORMATS || !is_rail(rail) || strlen(path) >= DEPOSIT_PATH_SIZE ||
        !hd_path_parse(path, strlen(path), &steps) || steps.count != 3 ||
        strlen(xpub) >= DEPOSIT_XPUB_SIZE)
        return ERR_INVALID;
    enum err rc = read_key(format, xpub, &key);
    if (rc != ERR_OK)
        return rc;
    text_copy(made.rail, sizeof(made.rail), rail);
    text_copy(made.path, sizeof(made.path), path);
    text_copy(made.xpub, sizeof(made.xpub), xpub);
    return db_txn(db, insert_rail, &made, NULL);
}

/* --- addresses ---------------------------------------------------------------------------------- */

static const struct db_column address_columns[] = {
    DB_COLUMN("a.path_index", struct deposit_address, index),
    DB_COLUMN("a.user_id", struct deposit_address, user_id),
    DB_COLUMN("a.address", struct deposit_address, address),
};

/* Reads the address of a condition. ERR_NOT_FOUND. */
static enum err read_address(struct db *db, const char *where, struct db_args args,
                             struct deposit_address *out)
{
    struct text sql = TEXT(DEPOSIT_SQL_MAX);
    struct db_rows rows = {0};

    db_select(&sql, address_columns, DB_COUNT(address_columns));
    text_puts(&sql, "FROM deposit_address AS a WHERE ");
    statement_add(&sql, where, args);
    enum err rc = db_run(db, text_string(&sql), DB_NO_ARGS, &rows);
    if (rc == ERR_OK && !db_read(&rows, address_columns, DB_COUNT(address_columns), out))
        rc = ERR_NOT_FOUND;
    db_rows_free(&rows);
    text_free(&sql);
    return rc;
}

static enum err read_of_user(struct db *db, const char *rail, int64_t user_id,
                             struct deposit_address *out)
{
    return read_address(db, "a.rail = ? AND a.user_id = ?", DB_ARGS(db_text(rail), db_i64(user_id)),
                        out);
}

/* An address on its way to a user. */
struct taking {
    const char *rail;
    struct deposit_address address;
};

static enum err take_in(struct db *db, void *arg)
{
    struct taking *taking = arg;
    struct rail_row row;
    struct db_packet packet = DB_PACKET(DEPOSIT_SQL_MAX);
    int64_t user_id = taking->address.user_id;

    enum err rc = read_rail(db, taking->rail, &row);
    if (rc == ERR_OK)
        rc = read_of_user(db, taking->rail, user_id, &taking->address);
    if (rc != ERR_NOT_FOUND)
        return rc;
    do {
        taking->address = (struct deposit_address){.index = row.next_index++, .user_id = user_id};
        rc = deposit_derive(&row.rail, taking->address.index, taking->address.address);
    } while (rc == ERR_CRYPTO);
    if (rc != ERR_OK)
        return rc;
    db_packet_add(&packet,
                  "INSERT INTO deposit_address (rail, path_index, user_id, address) VALUES (?, ?, "
                  "?, ?)",
                  DB_ARGS(db_text(taking->rail), db_u64(taking->address.index), db_i64(user_id),
                          db_text(taking->address.address)));
    db_packet_add(&packet, "UPDATE deposit_rail SET next_index = ? WHERE rail = ?",
                  DB_ARGS(db_u64(row.next_index), db_text(taking->rail)));
    return db_packet_commit(db, &packet, NULL, 0);
}

enum err deposit_address_take(struct db *db, const char *rail, int64_t user_id,
                              struct deposit_address *out)
{
    struct taking taking = {.rail = rail, .address = {.user_id = user_id}};
    bool resent = false; /* done before, it is found */

    enum err rc = read_of_user(db, rail, user_id, out);
    if (rc != ERR_NOT_FOUND)
        return rc;
    rc = db_txn(db, take_in, &taking, &resent);
    if (rc == ERR_OK)
        *out = taking.address;
    return rc;
}

enum err deposit_address_find(struct db *db, const char *rail, const char *address,
                              struct deposit_address *out)
{
    return read_address(db, "a.rail = ? AND a.address = ?",
                        DB_ARGS(db_text(rail), db_text(address)), out);
}

enum err deposit_address_each(struct db *db, const char *rail, uint64_t first,
                              enum err (*each)(void *arg, const struct deposit_address *address),
                              void *arg)
{
    struct text sql = TEXT(DEPOSIT_SQL_MAX);
    struct db_rows rows = {0};
    struct deposit_address address;

    db_select(&sql, address_columns, DB_COUNT(address_columns));
    statement_add(&sql,
                  "FROM deposit_address AS a WHERE a.rail = ? AND a.path_index >= ? ORDER BY "
                  "a.path_index",
                  DB_ARGS(db_text(rail), db_u64(first)));
    enum err rc = db_run(db, text_string(&sql), DB_NO_ARGS, &rows);
    while (rc == ERR_OK && db_read(&rows, address_columns, DB_COUNT(address_columns), &address))
        rc = each(arg, &address);
    db_rows_free(&rows);
    text_free(&sql);
    return rc;
}
