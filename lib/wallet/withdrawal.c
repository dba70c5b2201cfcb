/* Asking for withdrawals. */
#include "wallet/withdrawal.h"

#include <string.h>

#include "db/packet.h"
#include "identity/sql.h"
#include "wallet/store.h"

#define PACKET_MAX 65536

/* The ways on which an asset leaves. */
struct ways {
    char name[RAIL_NAME_MAX + 1]; /* of the first */
    size_t count;
};

static void add_way(void *arg, const struct rail_asset *asset)
{
    struct ways *ways = arg;

    if (asset->kind == RAIL_IN_HOUSE || !asset->withdrawals)
        return;
    if (ways->count++ == 0)
        text_copy(ways->name, sizeof(ways->name), asset->rail);
}

/* A customer, not an address of a chain. */
static bool is_customer(const char *address)
{
    return strchr(address, '@') != NULL ||
           (address[0] != '\0' && strspn(address, "0123456789") == strlen(address));
}

/* The rail of an order that does not name it. */
static enum err find_way(struct db *db, const struct wallet_order *order,
                         char rail[RAIL_NAME_MAX + 1])
{
    struct ways ways = {.count = 0};

    if (order->gateway[0] != '\0' || is_customer(order->address)) {
        text_copy(rail, RAIL_NAME_MAX + 1,
                  order->gateway[0] != '\0' ? order->gateway : RAIL_INTERNAL);
        return order->gateway[0] == '\0' || wallet_store_is_rail(order->gateway) ? ERR_OK
                                                                                 : ERR_RAIL_UNKNOWN;
    }
    enum err rc = rail_assets(db, NULL, order->total.currency, add_way, &ways);
    if (rc == ERR_OK && ways.count != 1)
        rc = ways.count == 0 ? ERR_RAIL_UNKNOWN : ERR_GATEWAY_MISSING;
    text_copy(rail, RAIL_NAME_MAX + 1, ways.name);
    return rc;
}

/* An order on its way into the database. */
struct asking {
    const struct wallet_order *order;
    struct payout_request request;
    struct payout *out;
    bool repeated;
};

static void use_otp(struct db_packet *packet, const struct asking *asking)
{
    const struct otp_step *otp = &asking->order->otp;

    if (otp->device_id != 0 || asking->order->otp_needed)
        db_packet_add(packet, IDENTITY_SQL_OTP_USE,
                      DB_ARGS(db_i64(asking->request.actor->user_id),
                              db_u64(asking->order->otp_needed),
                              otp->device_id == 0 ? db_null() : db_i64(otp->device_id),
                              otp->device_id == 0 ? db_null() : db_i64(otp->step)));
}

static enum err ask_in(struct db *db, void *arg)
{
    struct asking *asking = arg;
    struct db_packet packet = DB_PACKET(PACKET_MAX);
    struct db_rows rows = {0};

    use_otp(&packet, asking);
    enum err rc = payout_request_in(db, &asking->request, &packet, asking->out, &asking->repeated);
    if (rc == ERR_OK && !asking->repeated)
        rc = wallet_store_check_trusted(db, asking->out);
    if (rc == ERR_OK && !asking->repeated)
        rc = db_packet_commit(db, &packet, &rows, 1);
    if (rc == ERR_OK && !asking->repeated && db_next(&rows))
        asking->out->id = db_get_i64(&rows, 0);
    db_rows_free(&rows);
    db_packet_free(&packet);
    return rc;
}

enum err wallet_withdraw(struct db *db, const struct actor *actor, const struct wallet_order *order,
                         struct payout *out, bool *repeated)
{
    char rail[RAIL_NAME_MAX + 1];
    bool resent = false;
    struct asking asking = {.order = order,
                            .request = {.service = WALLET_SERVICE,
                                        .ref = order->guid,
                                        .actor = actor,
                                        .purpose = LEDGER_FUND,
                                        .rail = rail,
                                        .total = order->total,
                                        .address = order->address,
                                        .memo = order->memo},
                            .out = out};

    if (!wallet_guid_is_valid(order->guid))
        return ERR_INVALID;
    enum err rc = find_way(db, order, rail);
    if (rc == ERR_OK)
        rc = db_txn(db, ask_in, &asking, &resent);
    /* Somebody else with the same guid was faster: it is there now. */
    if (rc == ERR_REPLAYED)
        rc = db_txn(db, ask_in, &asking, &resent);
    *repeated = asking.repeated && !resent;
    return rc == ERR_OK ? payout_by_id(db, actor->user_id, out->id, out) : rc;
}

enum err wallet_withdrawal_find(struct db *db, int64_t user_id, const char *name,
                                struct payout *out)
{
    int64_t id;

    if (!wallet_guid_is_valid(name))
        return ERR_PAYOUT_NOT_FOUND;
    enum err rc = payout_by_ref(db, WALLET_SERVICE, user_id, name, out);
    if (rc != ERR_PAYOUT_NOT_FOUND || !text_to_number(name, 1, INT64_MAX, &id))
        return rc;
    rc = payout_by_id(db, user_id, id, out);
    return rc == ERR_OK && strcmp(out->service, WALLET_SERVICE) != 0 ? ERR_PAYOUT_NOT_FOUND : rc;
}
