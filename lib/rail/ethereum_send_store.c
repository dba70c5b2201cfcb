/* Sends and their signed bytes in SQL. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "db/columns.h"
#include "db/packet.h"
#include "db/statement.h"
#include "ledger/post.h"
#include "rail/ethereum_send.h"
#include "rail/units.h"

#define KEY_SIZE 96

static const struct db_column columns[] = {
    DB_COLUMN("s.id", struct ethereum_send, id),
    DB_COLUMN("s.uuid", struct ethereum_send, uuid),
    DB_COLUMN("s.path_index", struct ethereum_send, sender),
    DB_COLUMN("s.nonce", struct ethereum_send, nonce),
    DB_COLUMN("s.kind + 0", struct ethereum_send, kind),
    DB_COLUMN("s.payout_id", struct ethereum_send, payout_id),
    DB_COLUMN("s.currency_id", struct ethereum_send, currency),
    DB_COLUMN("s.recipient", struct ethereum_send, recipient.bytes),
    DB_COLUMN("s.token", struct ethereum_send, token.bytes),
    DB_COLUMN("s.own_index IS NOT NULL", struct ethereum_send, is_own),
    DB_COLUMN("s.token IS NOT NULL", struct ethereum_send, is_token),
    DB_COLUMN("s.own_index", struct ethereum_send, own_index),
    DB_COLUMN("s.amount", struct ethereum_send, amount),
    DB_COLUMN("s.gas", struct ethereum_send, gas),
    DB_COLUMN("s.needed", struct ethereum_send, needed),
    DB_COLUMN("s.versions", struct ethereum_send, versions),
    DB_COLUMN("s.known", struct ethereum_send, known),
    DB_COLUMN("s.state + 0", struct ethereum_send, state),
    DB_COLUMN("s.mined IS NOT NULL", struct ethereum_send, is_mined),
    DB_COLUMN("s.height", struct ethereum_send, height),
    DB_COLUMN("s.words", struct ethereum_send, words),
    DB_COLUMN("t.hash", struct ethereum_send, hash),
    DB_COLUMN("t.max_fee", struct ethereum_send, max_fee),
    DB_COLUMN("t.tip", struct ethereum_send, tip),
    DB_COLUMN("TIMESTAMPDIFF(SECOND, t.created_at, NOW(6))", struct ethereum_send, age_s),
    DB_COLUMN("t.raw", struct ethereum_send, raw),
    DB_COLUMN("LENGTH(t.raw)", struct ethereum_send, raw_len),
};

/* What was mined is shown by its own bytes, anything else by its last version. */
#define FROM_SENDS                                                                               \
    "FROM ethereum_send AS s JOIN ethereum_tx AS t ON t.send_id = s.id AND IF(s.mined IS NULL, " \
    "t.version = s.versions, t.hash = s.mined) WHERE "

enum err ethereum_sends(struct db *db, const char *where, struct db_args args,
                        struct ethereum_send *list, size_t most, size_t *count)
{
    struct text sql = TEXT(ETHEREUM_SQL_MAX);
    struct db_rows rows = {0};

    *count = 0;
    db_select(&sql, columns, DB_COUNT(columns));
    text_puts(&sql, FROM_SENDS);
    statement_add(&sql, where, args);
    statement_add(&sql, " LIMIT ?", DB_ARGS(db_u64(most)));
    enum err rc = db_run(db, text_string(&sql), DB_NO_ARGS, &rows);
    while (rc == ERR_OK && *count < most) {
        list[*count] = (struct ethereum_send){0};
        if (!db_read(&rows, columns, DB_COUNT(columns), &list[*count]))
            break;
        if (list[*count].raw_len > ETHEREUM_RAW_MAX || list[*count].currency == NULL)
            rc = ERR_INTERNAL;
        ++*count;
    }
    db_rows_free(&rows);
    text_free(&sql);
    return rc;
}

enum err ethereum_next_nonce(struct db *db, uint64_t sender, uint64_t chain, uint64_t *out)
{
    struct db_rows rows = {0};

    *out = chain;
    enum err rc = db_run(db, "SELECT next_nonce FROM ethereum_sender WHERE path_index = ?",
                         DB_ARGS(db_u64(sender)), &rows);
    if (rc == ERR_OK && db_next(&rows))
        *out = db_get_u64(&rows, 0);
    db_rows_free(&rows);
    if (rc == ERR_OK && chain > *out) {
        log_line(LOG_LEVEL_WARNING, "nonce",
                 "sender=%" PRIu64 " chain=%" PRIu64 " ours=%" PRIu64
                 " problem=\"somebody else sends with our key\"",
                 sender, chain, *out);
        return ERR_NO_ANSWER;
    }
    return rc;
}

static void add_tx(struct db_packet *packet, const struct ethereum_send *send)
{
    db_packet_add(packet,
                  "INSERT INTO ethereum_tx (send_id, version, hash, max_fee, tip, raw) SELECT id, "
                  "?, ?, ?, ?, ? FROM ethereum_send WHERE path_index = ? AND nonce = ?",
                  DB_ARGS(db_u64(send->versions), db_blob(send->hash, sizeof(send->hash)),
                          db_i128(send->max_fee), db_i128(send->tip),
                          db_blob(send->raw, send->raw_len), db_u64(send->sender),
                          db_u64(send->nonce)));
    db_packet_expect(packet, 1, ERR_DB_CONTENDED);
}

static void add_send(struct db_packet *packet, const struct ethereum_send *send)
{
    static const char *const kinds[] = {
        [ETHEREUM_PAYOUT] = "payout", [ETHEREUM_SWEEP] = "sweep", [ETHEREUM_GAS] = "gas"};

    db_packet_add(
        packet,
        "INSERT INTO ethereum_send (uuid, path_index, nonce, kind, payout_id, "
        "currency_id, recipient, own_index, token, amount, gas, needed) VALUES (?, ?, ?, "
        "?, ?, ?, ?, ?, ?, ?, ?, ?)",
        DB_ARGS(db_uuid(&send->uuid), db_u64(send->sender), db_u64(send->nonce),
                db_text(kinds[send->kind]),
                send->payout_id == 0 ? db_null() : db_i64(send->payout_id),
                db_u64(send->currency->id), db_blob(send->recipient.bytes, ETHEREUM_ADDRESS_SIZE),
                send->is_own ? db_u64(send->own_index) : db_null(),
                send->is_token ? db_blob(send->token.bytes, ETHEREUM_ADDRESS_SIZE) : db_null(),
                db_i128(send->amount), db_u64(send->gas), db_u64(send->needed)));
    add_tx(packet, send);
}

void ethereum_add_sends(struct db_packet *packet, struct ethereum_send *list, size_t count)
{
    if (count == 0)
        return;
    db_packet_add(packet,
                  "INSERT INTO ethereum_sender (path_index, next_nonce) VALUES (?, ?) ON DUPLICATE "
                  "KEY UPDATE next_nonce = VALUES(next_nonce)",
                  DB_ARGS(db_u64(list[0].sender), db_u64(list[count - 1].nonce + 1)));
    for (size_t i = 0; i < count; i++)
        add_send(packet, &list[i]);
}

static enum err version_in(struct db *db, void *arg)
{
    const struct ethereum_send *send = arg;
    struct db_packet packet = DB_PACKET(ETHEREUM_SQL_MAX);

    db_packet_add(&packet,
                  "UPDATE ethereum_send SET versions = ?, known = FALSE WHERE id = ? AND versions "
                  "= ? AND state = 'open'",
                  DB_ARGS(db_u64(send->versions), db_i64(send->id), db_u64(send->versions - 1)));
    db_packet_expect(&packet, 1, ERR_PAYOUT_STATE);
    add_tx(&packet, send);
    return db_packet_commit(db, &packet, NULL, 0);
}

enum err ethereum_add_version(struct db *db, struct ethereum_send *send)
{
    send->versions++;
    enum err rc = db_txn(db, version_in, send, NULL);
    if (rc == ERR_OK)
        send->known = false;
    return rc;
}

/* The sends that are to be written down. */
struct noting {
    const struct ethereum_send *list;
    size_t count;
};

static enum err note_in(struct db *db, void *arg)
{
    const struct noting *noting = arg;
    struct db_packet packet = DB_PACKET(ETHEREUM_PACKET_MAX);

    for (size_t i = 0; i < noting->count; i++) {
        const struct ethereum_send *send = &noting->list[i];
        if (send->changed)
            db_packet_add(
                &packet,
                "UPDATE ethereum_send SET known = ?, height = ? WHERE path_index = ? AND "
                "nonce = ? AND versions = ? AND state = 'open'",
                DB_ARGS(db_u64(send->known), send->height == 0 ? db_null() : db_u64(send->height),
                        db_u64(send->sender), db_u64(send->nonce), db_u64(send->versions)));
    }
    return db_packet_commit(db, &packet, NULL, 0);
}

enum err ethereum_note(struct db *db, struct ethereum_send *list, size_t count)
{
    struct noting noting = {.list = list, .count = count};
    bool resent = false, any = false;

    for (size_t i = 0; i < count; i++)
        any = any || list[i].changed;
    enum err rc = any ? db_txn(db, note_in, &noting, &resent) : ERR_OK;
    for (size_t i = 0; rc == ERR_OK && i < count; i++)
        list[i].changed = false;
    return rc;
}

enum err ethereum_version_hash(struct db *db, int64_t send_id, uint64_t version,
                               uint8_t out[ETHEREUM_HASH_SIZE])
{
    struct db_rows rows = {0};
    size_t len = 0;

    enum err rc = db_run(db, "SELECT hash FROM ethereum_tx WHERE send_id = ? AND version = ?",
                         DB_ARGS(db_i64(send_id), db_u64(version)), &rows);
    if (rc == ERR_OK && !db_next(&rows))
        rc = ERR_NOT_FOUND;
    const void *hash = rc == ERR_OK ? db_get_blob(&rows, 0, &len) : NULL;
    if (rc == ERR_OK && len == ETHEREUM_HASH_SIZE)
        memcpy(out, hash, len);
    db_rows_free(&rows);
    return rc;
}

/* --- the end ------------------------------------------------------------------------------------ */

struct finishing {
    const struct ethereum_send *send;
    const struct ethereum_end *end;
    struct amount cost;
};

/* The hot wallet has paid it: the house bears it. */
static enum err add_cost(struct db *db, struct db_packet *packet, const struct finishing *finishing)
{
    char key[KEY_SIZE], id[UUID_TEXT_SIZE];
    const struct actor house = {.user_id = LEDGER_HOUSE, .request_key = key, .trace = ""};
    struct amount cost = finishing->cost, taken = {-cost.units, cost.currency};
    int64_t outside = 0, account = 0;

    if (cost.units == 0)
        return ERR_OK;
    uuid_format(&finishing->send->uuid, id);
    snprintf(key, sizeof(key), "ethereum_fee:%s", id);
    enum err rc = ledger_account_need(db, LEDGER_HOUSE, cost.currency, "external", ETHEREUM_OUTSIDE,
                                      &outside);
    if (rc == ERR_OK)
        rc = ledger_account_need(db, LEDGER_HOUSE, cost.currency, LEDGER_COST, "", &account);
    if (rc != ERR_OK)
        return rc;
    struct ledger_posting posting = ledger_posting("ethereum_fee", &house, &finishing->send->uuid);
    ledger_leg(&posting, outside, cost, NULL, NULL);
    ledger_leg(&posting, account, taken, NULL, NULL);
    rc = ledger_post(packet, &posting);
    ledger_posting_free(&posting);
    return rc;
}

static enum err finish_in(struct db *db, void *arg)
{
    const struct finishing *finishing = arg;
    const struct ethereum_end *end = finishing->end;
    struct db_packet packet = DB_PACKET(ETHEREUM_SQL_MAX);

    db_packet_add(&packet,
                  "UPDATE ethereum_send SET state = ?, mined = ?, height = ?, fee = ?, booked = ?, "
                  "words = ? WHERE id = ? AND state = 'open'",
                  DB_ARGS(db_text(end->state == ETHEREUM_DONE ? "done" : "failed"),
                          db_blob(end->mined, end->mined == NULL ? 0 : ETHEREUM_HASH_SIZE),
                          end->mined == NULL ? db_null() : db_u64(end->height), db_i128(end->fee),
                          db_i128(finishing->cost.units), db_text(end->words),
                          db_i64(finishing->send->id)));
    db_packet_expect(&packet, 1, ERR_PAYOUT_STATE);
    enum err rc = add_cost(db, &packet, finishing);
    if (rc == ERR_OK)
        return db_packet_commit(db, &packet, NULL, 0);
    db_packet_free(&packet);
    return rc;
}

enum err ethereum_finish(struct db *db, const struct ethereum *self,
                         const struct ethereum_send *send, const struct ethereum_end *end)
{
    const struct ethereum_asset *coin = ethereum_asset_find(&self->assets, NULL);
    struct finishing finishing = {.send = send, .end = end};
    bool resent = false;

    if (coin == NULL)
        return ERR_CONFIG;
    enum err rc = rail_units_in(&coin->asset, end->fee, &finishing.cost);
    if (rc == ERR_OK)
        rc = db_txn(db, finish_in, &finishing, &resent);
    return rc == ERR_PAYOUT_STATE ? ERR_OK : rc; /* it was finished before */
}

/* --- what is promised, and who is not trusted --------------------------------------------------- */

enum err ethereum_promised(struct db *db, uint64_t sender, const struct ethereum_asset *asset,
                           __int128 *out)
{
    struct db_rows rows = {0};
    enum err rc;

    if (asset->is_token)
        rc = db_run(db,
                    "SELECT COALESCE(SUM(amount), 0) FROM ethereum_send WHERE path_index = ? AND "
                    "state = 'open' AND token = ?",
                    DB_ARGS(db_u64(sender), db_blob(asset->token.bytes, ETHEREUM_ADDRESS_SIZE)),
                    &rows);
    else
        rc = db_run(db,
                    "SELECT COALESCE(SUM(IF(s.token IS NULL, s.amount, 0) + s.gas * t.max_fee), 0) "
                    "FROM ethereum_send AS s JOIN ethereum_tx AS t ON t.send_id = s.id AND "
                    "t.version = s.versions WHERE s.path_index = ? AND s.state = 'open'",
                    DB_ARGS(db_u64(sender)), &rows);
    if (rc == ERR_OK)
        *out = db_next(&rows) ? db_get_i128(&rows, 0) : 0;
    db_rows_free(&rows);
    return rc;
}

enum err ethereum_distrust(struct db *db, const struct ethereum_address *token, const char *trouble)
{
    char address[ETHEREUM_ADDRESS_TEXT_SIZE];

    ethereum_address_format(token, address);
    log_line(LOG_LEVEL_WARNING, "token_trouble", "token=%s problem=\"%s\"", address, trouble);
    return db_txn_call(db,
                       "INSERT INTO ethereum_token (token, trouble) VALUES (?, ?) ON DUPLICATE KEY "
                       "UPDATE token = token",
                       DB_ARGS(db_blob(token->bytes, ETHEREUM_ADDRESS_SIZE), db_text(trouble)),
                       NULL, NULL);
}

enum err ethereum_trouble(struct db *db, const struct ethereum_address *token,
                          char out[RAIL_WORDS_SIZE])
{
    struct db_rows rows = {0};

    out[0] = '\0';
    enum err rc = db_run(db, "SELECT trouble FROM ethereum_token WHERE token = ?",
                         DB_ARGS(db_blob(token->bytes, ETHEREUM_ADDRESS_SIZE)), &rows);
    if (rc == ERR_OK && db_next(&rows))
        text_copy(out, RAIL_WORDS_SIZE, db_get_text(&rows, 0));
    db_rows_free(&rows);
    return rc;
}
