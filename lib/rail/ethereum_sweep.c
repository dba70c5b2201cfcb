/* Taking what was deposited to the hot wallet. An address with tokens has no coin to pay for its gas: the hot
 * wallet sends it some first. One thing at a time is under way from or to an address. */
#include <inttypes.h>
#include <string.h>

#include "base/log.h"
#include "chain/erc20.h"
#include "crypto/crypto.h"
#include "db/packet.h"
#include "deposit/sweep.h"
#include "rail/ethereum_send.h"

#define SWEEPS_MAX 20 /* of one round */
#define WORTH_FACTOR \
    10 /* coins are left where they are until they are worth so many times their gas */
#define GAS_RESERVE 2 /* so many times the offer, so that it can be raised */
#define GAS_MARGIN_NUMERATOR 5
#define GAS_MARGIN_DENOMINATOR 4

/* One address with something to take. */
struct sweeping {
    struct ethereum *self;
    struct db *db;
    struct deposit_unswept unswept;
    const struct ethereum_asset *asset, *coin;
    struct ethereum_address account;
    __int128 wei;
    struct ethereum_send send;
    struct ethereum_fee fee;
    bool ready; /* `send` is to be made */
};

/* --- what is to be done ------------------------------------------------------------------------- */

static const struct ethereum_asset *asset_of(const struct ethereum_assets *assets,
                                             const struct currency *currency)
{
    for (size_t i = 0; i < assets->count; i++)
        if (assets->list[i].asset.currency == currency)
            return &assets->list[i];
    return NULL;
}

static enum err is_busy(struct db *db, uint64_t index, bool *busy)
{
    struct db_rows rows = {0};

    enum err rc = db_run(db,
                         "SELECT EXISTS (SELECT 1 FROM ethereum_send WHERE state = 'open' AND "
                         "(path_index = ? OR (own_index = ? AND kind = 'gas')))",
                         DB_ARGS(db_u64(index), db_u64(index)), &rows);
    *busy = rc != ERR_OK || !db_next(&rows) || db_get_i64(&rows, 0) != 0;
    db_rows_free(&rows);
    return rc;
}

static uint64_t needed_of(const struct ethereum_asset *asset)
{
    return asset->asset.confirmations > 0 ? asset->asset.confirmations : 1;
}

/* A send that stays with us. */
static void make_send(struct sweeping *sweeping, enum ethereum_kind kind, uint64_t gas,
                      __int128 amount)
{
    bool to_hot = kind == ETHEREUM_SWEEP;
    const struct ethereum_asset *asset = to_hot ? sweeping->asset : sweeping->coin;

    sweeping->send = (struct ethereum_send){
        .uuid = crypto_uuid7(),
        .kind = kind,
        .sender = to_hot ? sweeping->unswept.index : 0,
        .currency = asset->asset.currency,
        .recipient = to_hot ? sweeping->self->hot : sweeping->account,
        .is_own = true,
        .own_index = to_hot ? 0 : sweeping->unswept.index,
        .token = asset->token,
        .is_token = asset->is_token,
        .amount = amount,
        .gas = gas,
        .needed = to_hot ? needed_of(asset) : 1,
        .versions = 1,
    };
    sweeping->ready = true;
}

static enum err plan_coin(struct sweeping *sweeping)
{
    enum err rc = ethereum_offer(sweeping->self, ETHEREUM_GAS_PLAIN, &sweeping->fee);
    if (rc != ERR_OK)
        return rc;
    __int128 gas = sweeping->fee.max_fee * ETHEREUM_GAS_PLAIN;
    if (sweeping->wei > WORTH_FACTOR * gas)
        make_send(sweeping, ETHEREUM_SWEEP, ETHEREUM_GAS_PLAIN, sweeping->wei - GAS_RESERVE * gas);
    return ERR_OK;
}

/* The hot wallet gives an address what a sweep of its token may cost. */
static enum err plan_gas(struct sweeping *sweeping, __int128 cost)
{
    struct ethereum *self = sweeping->self;
    __int128 has = 0, promised = 0, amount = GAS_RESERVE * cost - sweeping->wei;

    enum err rc = ethereum_has(self, sweeping->coin, &self->hot, &has);
    if (rc == ERR_OK)
        rc = ethereum_promised(sweeping->db, 0, sweeping->coin, &promised);
    if (rc == ERR_OK)
        rc = ethereum_offer(self, ETHEREUM_GAS_PLAIN, &sweeping->fee);
    if (rc != ERR_OK)
        return rc;
    if (has - promised < amount + sweeping->fee.max_fee * ETHEREUM_GAS_PLAIN) {
        log_line(LOG_LEVEL_WARNING, "hot_wallet_low", "rail=" ETHEREUM_RAIL " currency=%s",
                 sweeping->coin->asset.currency->code);
        return ERR_OK;
    }
    make_send(sweeping, ETHEREUM_GAS, ETHEREUM_GAS_PLAIN, amount);
    return ERR_OK;
}

static enum err plan_token(struct sweeping *sweeping)
{
    struct ethereum *self = sweeping->self;
    uint8_t call[ERC20_TRANSFER_SIZE];
    __int128 units = 0;
    uint64_t gas = 0;

    enum err rc = ethereum_has(self, sweeping->asset, &sweeping->account, &units);
    if (rc != ERR_OK || units == 0)
        return rc;
    erc20_transfer_call(&self->hot, units, call);
    rc = ethereum_estimate(&self->node.rpc, &sweeping->account, &sweeping->asset->token, 0,
                           (struct bytes){call, sizeof(call)}, &gas);
    gas = gas * GAS_MARGIN_NUMERATOR / GAS_MARGIN_DENOMINATOR;
    if (rc == ERR_OK && gas > ETHEREUM_GAS_TOKEN_MAX)
        rc = ERR_INVALID;
    if (rc == ERR_OK)
        rc = ethereum_offer(self, gas, &sweeping->fee);
    if (rc != ERR_OK)
        return rc;
    __int128 cost = sweeping->fee.max_fee * (__int128)gas;
    if (sweeping->wei < cost)
        return plan_gas(sweeping, cost);
    make_send(sweeping, ETHEREUM_SWEEP, gas, units);
    return ERR_OK;
}

static enum err plan(struct sweeping *sweeping)
{
    char address[DEPOSIT_ADDRESS_SIZE];
    bool busy = true;

    sweeping->ready = false;
    sweeping->asset = asset_of(&sweeping->self->assets, sweeping->unswept.currency);
    if (sweeping->asset == NULL)
        return ERR_OK;
    enum err rc = is_busy(sweeping->db, sweeping->unswept.index, &busy);
    if (rc != ERR_OK || busy)
        return rc;
    rc = deposit_derive(&sweeping->self->rail, sweeping->unswept.index, address);
    if (rc == ERR_OK)
        rc = ethereum_address_parse(address, strlen(address), &sweeping->account);
    if (rc == ERR_OK)
        rc = ethereum_has(sweeping->self, sweeping->coin, &sweeping->account, &sweeping->wei);
    if (rc != ERR_OK)
        return rc;
    return sweeping->asset->is_token ? plan_token(sweeping) : plan_coin(sweeping);
}

/* --- doing it ----------------------------------------------------------------------------------- */

static enum err commit_in(struct db *db, void *arg)
{
    struct sweeping *sweeping = arg;
    struct db_packet packet = DB_PACKET(ETHEREUM_SQL_MAX);

    ethereum_add_sends(&packet, &sweeping->send, 1);
    if (sweeping->send.kind == ETHEREUM_SWEEP)
        deposit_add_swept(&packet, ETHEREUM_OUTSIDE, &sweeping->unswept);
    return db_packet_commit(db, &packet, NULL, 0);
}

static enum err make(struct sweeping *sweeping)
{
    struct ethereum_send *send = &sweeping->send;
    const struct ethereum_address *sender =
        send->sender == 0 ? &sweeping->self->hot : &sweeping->account;
    uint64_t chain = 0;

    enum err rc = ethereum_nonce(&sweeping->self->node.rpc, sender, false, &chain);
    if (rc == ERR_OK)
        rc = ethereum_next_nonce(sweeping->db, send->sender, chain, &send->nonce);
    if (rc == ERR_OK)
        rc = ethereum_sign(sweeping->self, send, &sweeping->fee);
    if (rc == ERR_OK)
        rc = db_txn(sweeping->db, commit_in, sweeping, NULL);
    if (rc != ERR_OK)
        return rc;
    (void)ethereum_broadcast(sweeping->self, send);
    return ethereum_note(sweeping->db, send, 1);
}

/* What is in the way of one address is logged, and does not keep the others waiting. */
static bool is_passing(enum err rc)
{
    return rc == ERR_FEE_CAP || rc == ERR_INVALID || rc == ERR_OVER_SINGLE_LIMIT ||
           rc == ERR_OVER_DAILY_LIMIT || rc == ERR_CRYPTO;
}

static enum err sweep_one(struct sweeping *sweeping)
{
    enum err rc = plan(sweeping);

    if (rc == ERR_OK && sweeping->ready)
        rc = make(sweeping);
    if (!is_passing(rc))
        return rc;
    log_line(LOG_LEVEL_WARNING, "sweep", "address=%" PRIu64 " currency=%s problem=%s",
             sweeping->unswept.index, sweeping->unswept.currency->code, err_id(rc));
    return ERR_OK;
}

enum err ethereum_sweep(struct ethereum *self, struct db *db)
{
    struct deposit_unswept list[SWEEPS_MAX];
    struct sweeping sweeping = {
        .self = self, .db = db, .coin = ethereum_asset_find(&self->assets, NULL)};
    struct ethereum_fee fee;
    size_t count = 0;

    if (sweeping.coin == NULL)
        return ERR_OK;
    enum err rc = ethereum_offer(self, ETHEREUM_GAS_PLAIN, &fee);
    if (rc != ERR_OK)
        return rc == ERR_FEE_CAP ? ERR_OK : rc;
    rc = deposit_unswept_list(db, ETHEREUM_OUTSIDE, sweeping.coin->asset.currency,
                              WORTH_FACTOR * fee.max_fee * ETHEREUM_GAS_PLAIN, list, SWEEPS_MAX,
                              &count);
    for (size_t i = 0; rc == ERR_OK && i < count; i++) {
        sweeping.unswept = list[i];
        rc = sweep_one(&sweeping);
    }
    return rc;
}
