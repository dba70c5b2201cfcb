/* Looking at the chain, signing, and giving the node what was signed. */
#include "rail/ethereum_send.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/failpoint.h"
#include "base/log.h"
#include "chain/erc20.h"

#define PATH_SIZE 64

/* --- looking ------------------------------------------------------------------------------------ */

static enum err look_at_accounts(struct ethereum *self, struct db *db)
{
    char address[DEPOSIT_ADDRESS_SIZE];

    enum err rc = deposit_rail_read(db, ETHEREUM_OUTSIDE, &self->rail);
    if (rc == ERR_OK)
        rc = deposit_derive(&self->rail, 0, address);
    if (rc == ERR_OK)
        rc = ethereum_address_parse(address, strlen(address), &self->hot);
    return rc;
}

enum err ethereum_look(struct ethereum *self, struct db *db)
{
    uint64_t height = 0;

    enum err rc = ethereum_check_chain(&self->node.rpc, self->chain_id, &self->checked);
    if (rc == ERR_OK)
        rc = ethereum_assets_read(db, &self->assets);
    if (rc == ERR_OK)
        rc = look_at_accounts(self, db);
    if (rc == ERR_OK)
        rc = ethereum_height(&self->node.rpc, &height);
    if (rc == ERR_OK)
        rc = ethereum_block(&self->node.rpc, height, &self->head);
    if (rc == ERR_OK)
        rc = ethereum_tip(&self->node.rpc, &self->tip);
    return rc == ERR_NOT_FOUND ? ERR_NO_ANSWER : rc;
}

enum err ethereum_has(const struct ethereum *self, const struct ethereum_asset *asset,
                      const struct ethereum_address *account, __int128 *out)
{
    return asset->is_token ? ethereum_token_balance(&self->node.rpc, &asset->token, account,
                                                    self->head.number, out)
                           : ethereum_balance(&self->node.rpc, account, self->head.number, out);
}

/* --- signing ------------------------------------------------------------------------------------ */

static struct ethereum_market market_of(const struct ethereum *self, uint64_t gas)
{
    return (struct ethereum_market){.base_fee = self->head.base_fee,
                                    .tip = self->tip,
                                    .gas = gas,
                                    .fee_max = self->gas_price_max * (__int128)gas};
}

enum err ethereum_offer(const struct ethereum *self, uint64_t gas, struct ethereum_fee *out)
{
    const struct ethereum_market market = market_of(self, gas);
    return ethereum_fee_make(&market, out);
}

/* A better offer than the last version's. */
static enum err raise_offer(const struct ethereum *self, const struct ethereum_send *send,
                            struct ethereum_fee *out)
{
    const struct ethereum_market market = market_of(self, send->gas);
    const struct ethereum_fee old = {.max_fee = send->max_fee, .tip = send->tip};
    return ethereum_fee_raise(&market, &old, out);
}

static void write_path(const struct ethereum *self, uint64_t index, char out[PATH_SIZE])
{
    snprintf(out, PATH_SIZE, "%s/0/%" PRIu64, self->rail.path, index);
}

static enum err sender_of(const struct ethereum *self, uint64_t index, struct ethereum_address *out)
{
    char address[DEPOSIT_ADDRESS_SIZE];

    *out = self->hot;
    if (index == 0)
        return ERR_OK;
    enum err rc = deposit_derive(&self->rail, index, address);
    return rc == ERR_OK ? ethereum_address_parse(address, strlen(address), out) : rc;
}

enum err ethereum_sign(struct ethereum *self, struct ethereum_send *send,
                       const struct ethereum_fee *fee)
{
    uint8_t call[ERC20_TRANSFER_SIZE];
    char path[PATH_SIZE], own[PATH_SIZE];
    struct ethereum_address sender;
    struct text raw = TEXT(ETHEREUM_RAW_MAX);
    struct ethereum_tx tx = {.type = self->legacy ? ETHEREUM_TX_LEGACY : ETHEREUM_TX_1559,
                             .chain_id = self->chain_id,
                             .nonce = send->nonce,
                             .max_fee = fee->max_fee,
                             .tip = self->legacy ? 0 : fee->tip,
                             .gas = send->gas,
                             .to = send->recipient,
                             .value = send->amount};

    if (send->is_token) {
        erc20_transfer_call(&send->recipient, send->amount, call);
        tx.to = send->token;
        tx.value = 0;
        tx.data = (struct bytes){call, sizeof(call)};
    }
    write_path(self, send->sender, path);
    write_path(self, send->own_index, own);
    enum err rc = sender_of(self, send->sender, &sender);
    if (rc == ERR_OK)
        rc = signer_ethereum(self->signer, path, &sender, &tx, send->is_own ? own : NULL, &raw,
                             send->hash);
    if (rc == ERR_OK) {
        send->max_fee = tx.max_fee;
        send->tip = tx.tip;
        send->raw_len = raw.len;
        memcpy(send->raw, raw.data, raw.len);
    }
    text_free(&raw);
    return rc;
}

enum err ethereum_replace(struct ethereum *self, struct db *db, struct ethereum_send *send)
{
    struct ethereum_fee fee;

    enum err rc = raise_offer(self, send, &fee);
    if (rc == ERR_FEE_CAP) {
        log_line(LOG_LEVEL_WARNING, "gas_over_cap", "sender=%" PRIu64 " nonce=%" PRIu64,
                 send->sender, send->nonce);
        return ERR_OK; /* it waits until gas is cheaper */
    }
    if (rc == ERR_OK)
        rc = ethereum_sign(self, send, &fee);
    if (rc != ERR_OK) {
        log_line(LOG_LEVEL_WARNING, "replace", "sender=%" PRIu64 " nonce=%" PRIu64 " problem=%s",
                 send->sender, send->nonce, err_id(rc));
        return ERR_OK; /* the old version stands; another try comes */
    }
    rc = ethereum_add_version(db, send);
    if (rc == ERR_PAYOUT_STATE)
        return ERR_OK; /* it has ended meanwhile */
    if (rc != ERR_OK)
        return rc;
    log_line(LOG_LEVEL_INFO, "replaced", "sender=%" PRIu64 " nonce=%" PRIu64 " version=%" PRIu64,
             send->sender, send->nonce, send->versions);
    (void)ethereum_broadcast(self, send);
    return ERR_OK;
}

/* --- broadcasting ------------------------------------------------------------------------------- */

enum node_answer ethereum_broadcast(struct ethereum *self, struct ethereum_send *send)
{
    const struct bytes raw = {send->raw, send->raw_len};
    enum node_answer answer = NODE_UNKNOWN;

    failpoint();
    if (ethereum_send(&self->node.rpc, raw, send->hash, &answer) != ERR_OK)
        answer = NODE_UNKNOWN;
    failpoint();
    send->changed = send->changed || send->known != (answer == NODE_KNOWN);
    send->known = answer == NODE_KNOWN;
    return answer;
}
