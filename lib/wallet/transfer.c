/* Money between a user's own accounts. */
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "crypto/crypto.h"
#include "db/columns.h"
#include "db/packet.h"
#include "db/statement.h"
#include "ledger/post.h"
#include "ledger/sql.h"
#include "wallet/wallet.h"

#define SQL_MAX 8192

/* A transfer as it is read. */
struct row {
    struct uuid uuid;
    char guid[WALLET_GUID_MAX + 1];
    struct amount amount;
    bool from_fund;
    char at[27];
};

static const struct db_column columns[] = {
    DB_COLUMN("t.uuid", struct row, uuid),
    DB_COLUMN("t.guid", struct row, guid),
    DB_COLUMN("t.currency_id", struct row, amount.currency),
    DB_COLUMN("t.amount", struct row, amount.units),
    DB_COLUMN("t.source = 'FUND'", struct row, from_fund),
    DB_COLUMN("t.created_at", struct row, at),
};

enum err wallet_transfer_find(struct db *db, int64_t user_id, const char *guid,
                              struct wallet_transfer *out)
{
    struct text sql = TEXT(SQL_MAX);
    struct db_rows rows = {0};
    struct row row;

    if (!wallet_guid_is_valid(guid))
        return ERR_NOT_FOUND;
    db_select(&sql, columns, DB_COUNT(columns));
    statement_add(&sql, "FROM wallet_transfer AS t WHERE t.user_id = ? AND t.guid = ?",
                  DB_ARGS(db_i64(user_id), db_text(guid)));
    enum err rc = db_run(db, text_string(&sql), DB_NO_ARGS, &rows);
    if (rc == ERR_OK && !db_read(&rows, columns, DB_COUNT(columns), &row))
        rc = ERR_NOT_FOUND;
    if (rc == ERR_OK) {
        *out = (struct wallet_transfer){.uuid = row.uuid,
                                        .amount = row.amount,
                                        .from = row.from_fund ? WALLET_FUND : WALLET_SPOT,
                                        .to = row.from_fund ? WALLET_SPOT : WALLET_FUND};
        text_copy(out->guid, sizeof(out->guid), row.guid);
        rc = clock_parse_us(row.at, &out->at_us) ? ERR_OK : ERR_INTERNAL;
    }
    db_rows_free(&rows);
    text_free(&sql);
    return rc;
}

/* A transfer on its way into the database. */
struct moving {
    const struct actor *actor;
    struct wallet_transfer *transfer;
};

/* What it depends on. */
struct accounts {
    int64_t spot, fund;          /* account.id; 0 = none */
    __int128 spot_free, in_fund; /* what can be taken */
};

static const struct db_column account_columns[] = {
    DB_COLUMN(LEDGER_SQL_ACCOUNT("asks.user_id", LEDGER_SPOT, "asks.currency_id"), struct accounts,
              spot),
    DB_COLUMN(LEDGER_SQL_ACCOUNT("asks.user_id", LEDGER_FUND, "asks.currency_id"), struct accounts,
              fund),
    DB_COLUMN(LEDGER_SQL_FREE("asks.user_id", "asks.currency_id"), struct accounts, spot_free),
    DB_COLUMN(LEDGER_SQL_BALANCE("asks.user_id", LEDGER_FUND, "asks.currency_id"), struct accounts,
              in_fund),
};

static enum err read_accounts(struct db *db, const struct moving *moving, struct accounts *out)
{
    struct text sql = TEXT(SQL_MAX);
    struct db_rows rows = {0};

    db_select(&sql, account_columns, DB_COUNT(account_columns));
    statement_add(
        &sql, "FROM (SELECT ? AS user_id, ? AS currency_id) AS asks",
        DB_ARGS(db_i64(moving->actor->user_id), db_u64(moving->transfer->amount.currency->id)));
    enum err rc = db_run(db, text_string(&sql), DB_NO_ARGS, &rows);
    if (rc == ERR_OK && !db_read(&rows, account_columns, DB_COUNT(account_columns), out))
        rc = ERR_INTERNAL;
    db_rows_free(&rows);
    text_free(&sql);
    return rc;
}

static void add_transfer(struct db_packet *packet, const struct moving *moving)
{
    const struct wallet_transfer *transfer = moving->transfer;

    db_packet_add_once(packet,
                       "INSERT INTO wallet_transfer (uuid, user_id, guid, currency_id, amount, "
                       "source, target) VALUES (?, ?, ?, ?, ?, ?, ?)",
                       DB_ARGS(db_uuid(&transfer->uuid), db_i64(moving->actor->user_id),
                               db_text(transfer->guid), db_u64(transfer->amount.currency->id),
                               db_i128(transfer->amount.units),
                               db_text(wallet_place_names[transfer->from]),
                               db_text(wallet_place_names[transfer->to])),
                       ERR_REPLAYED);
}

/* The history of SPOT, which v1 shows, says where it went or came from; that of FUND likewise. */
static enum err write_transfer(struct db *db, const struct moving *moving,
                               const struct accounts *accounts)
{
    const struct wallet_transfer *transfer = moving->transfer;
    bool from_fund = transfer->from == WALLET_FUND;
    struct amount taken = {.units = -transfer->amount.units, .currency = transfer->amount.currency};
    struct ledger_posting posting =
        ledger_posting("wallet_transfer", moving->actor, &transfer->uuid);
    struct db_packet packet = DB_PACKET(SQL_MAX);

    ledger_leg(&posting, from_fund ? accounts->fund : accounts->spot, taken, "out",
               from_fund ? "Transfer to SPOT" : "Transfer to FUND");
    ledger_leg(&posting, from_fund ? accounts->spot : accounts->fund, transfer->amount, "in",
               from_fund ? "Transfer from FUND" : "Transfer from SPOT");
    add_transfer(&packet, moving);
    enum err rc = ledger_post(&packet, &posting);
    if (rc == ERR_OK)
        rc = db_packet_commit(db, &packet, NULL, 0);
    db_packet_free(&packet);
    ledger_posting_free(&posting);
    return rc;
}

static enum err transfer_in(struct db *db, void *arg)
{
    struct moving *moving = arg;
    const struct wallet_transfer *transfer = moving->transfer;
    struct accounts accounts = {0};

    enum err rc = read_accounts(db, moving, &accounts);
    if (rc == ERR_OK && (transfer->from == WALLET_FUND ? accounts.in_fund : accounts.spot_free) <
                            transfer->amount.units)
        rc = ERR_INSUFFICIENT_FUNDS;
    if (rc == ERR_OK)
        rc = ledger_account_need(db, moving->actor->user_id, transfer->amount.currency, LEDGER_SPOT,
                                 "", &accounts.spot);
    if (rc == ERR_OK)
        rc = ledger_account_need(db, moving->actor->user_id, transfer->amount.currency, LEDGER_FUND,
                                 "", &accounts.fund);
    return rc == ERR_OK ? write_transfer(db, moving, &accounts) : rc;
}

static bool is_the_same(const struct wallet_transfer *a, const struct wallet_transfer *b)
{
    return a->amount.currency == b->amount.currency && a->amount.units == b->amount.units &&
           a->from == b->from && a->to == b->to;
}

/* What was done before under the guid. */
static enum err find_before(struct db *db, const struct actor *actor,
                            struct wallet_transfer *transfer)
{
    struct wallet_transfer before;
    enum err rc = wallet_transfer_find(db, actor->user_id, transfer->guid, &before);
    if (rc != ERR_OK)
        return rc;
    if (!is_the_same(&before, transfer))
        return ERR_IDEMPOTENCY_CONFLICT;
    *transfer = before;
    return ERR_OK;
}

enum err wallet_transfer(struct db *db, const struct actor *actor, struct wallet_transfer *transfer,
                         bool *repeated)
{
    struct moving moving = {.actor = actor, .transfer = transfer};
    bool resent = false;

    *repeated = true;
    if (transfer->amount.units <= 0)
        return ERR_AMOUNT_NOT_POSITIVE;
    if (transfer->from == transfer->to || !wallet_guid_is_valid(transfer->guid))
        return ERR_INVALID;
    enum err rc = find_before(db, actor, transfer);
    if (rc != ERR_NOT_FOUND)
        return rc;
    transfer->uuid = crypto_uuid7();
    rc = db_txn(db, transfer_in, &moving, &resent);
    /* Another request of the same guid was faster, or an earlier try of this one was done. */
    if (rc == ERR_REPLAYED || (rc == ERR_INSUFFICIENT_FUNDS && resent)) {
        enum err before = find_before(db, actor, transfer);
        if (before != ERR_NOT_FOUND)
            return before;
        return rc;
    }
    *repeated = false;
    return rc == ERR_OK ? find_before(db, actor, transfer) : rc;
}
