/* Whether a payout can be sent now, and as what. Nothing here has an effect. */
#include <stdio.h>
#include <string.h>

#include "chain/erc20.h"
#include "chain/ethereum_hex.h"
#include "rail/ethereum_send.h"
#include "rail/units.h"

#define GAS_MARGIN_NUMERATOR 5 /* a token's gas may differ from its estimate */
#define GAS_MARGIN_DENOMINATOR 4
#define FUNDS_RETRY_S 30 /* the hot wallet is filled by people, or by sweeps */
#define GAS_RETRY_S 15   /* about a block */

/* A payout on its way to a send. */
struct planning {
    struct ethereum *self;
    struct db *db;
    const struct payout *payout;
    const struct ethereum_asset *asset, *coin;
    __int128 *spendable;
    struct ethereum_send *send;
    struct rail_outcome *outcome;
    struct ethereum_fee fee;
};

/* Says why it is not sent; false, for short returns. */
static enum err no(struct planning *planning, enum rail_answer answer, int64_t retry_s,
                   const char *words)
{
    planning->outcome->answer = answer;
    planning->outcome->retry_s = retry_s;
    text_copy(planning->outcome->words, RAIL_WORDS_SIZE, words);
    return ERR_OUT_OF_RANGE; /* of this file alone: it is not planned */
}

static enum err away(struct planning *planning, enum err rc)
{
    return rc == ERR_NO_ANSWER ? no(planning, RAIL_LATER, 0, "The node does not answer") : rc;
}

static const struct ethereum_asset *asset_of(const struct ethereum_assets *assets,
                                             const struct currency *currency)
{
    for (size_t i = 0; i < assets->count; i++)
        if (assets->list[i].asset.currency == currency)
            return &assets->list[i];
    return NULL;
}

/* --- what is sent ------------------------------------------------------------------------------- */

static enum err plan_recipient(struct planning *planning)
{
    const struct payout *payout = planning->payout;
    struct ethereum_send *send = planning->send;

    *send = (struct ethereum_send){.uuid = payout->uuid,
                                   .kind = ETHEREUM_PAYOUT,
                                   .payout_id = payout->id,
                                   .currency = payout->amount.currency,
                                   .needed = planning->asset->asset.confirmations,
                                   .versions = 1,
                                   .token = planning->asset->token,
                                   .is_token = planning->asset->is_token};
    if (send->needed == 0)
        send->needed = 1;
    if (ethereum_address_parse(payout->address, strlen(payout->address), &send->recipient) !=
        ERR_OK)
        return no(planning, RAIL_REFUSED, 0, "Is no address");
    if (rail_units_out(planning->asset->asset.decimals, payout->amount, &send->amount) != ERR_OK)
        return no(planning, RAIL_REFUSED, 0, "The amount cannot be written in the chain's units");
    return ERR_OK;
}

/* --- the coin ----------------------------------------------------------------------------------- */

/* A contract would use more gas, or refuse: what it does with coins nobody knows. */
static enum err plan_coin(struct planning *planning)
{
    const struct ethereum_send *send = planning->send;
    uint64_t gas = 0;

    enum err rc = ethereum_estimate(&planning->self->node.rpc, &planning->self->hot,
                                    &send->recipient, send->amount, (struct bytes){0}, &gas);
    if (rc == ERR_INVALID || (rc == ERR_OK && gas != ETHEREUM_GAS_PLAIN))
        return no(planning, RAIL_REFUSED, 0, "The address is a contract's");
    planning->send->gas = ETHEREUM_GAS_PLAIN;
    return away(planning, rc);
}

/* --- tokens ------------------------------------------------------------------------------------- */

/* A token has to have the decimals that operators think it has; one that does not say is believed. */
static enum err check_decimals(struct planning *planning)
{
    const struct ethereum_asset *asset = planning->asset;
    uint8_t call[4], returned[ETHEREUM_RETURNED_MAX];
    size_t len = 0, written = 0;
    __int128 decimals = 0;

    enum err rc = ethereum_data_parse(ERC20_DECIMALS_CALL, strlen(ERC20_DECIMALS_CALL), call,
                                      sizeof(call), &len);
    if (rc == ERR_OK)
        rc = ethereum_call(&planning->self->node.rpc, &planning->self->hot, &asset->token,
                           (struct bytes){call, len}, returned, &written);
    if (rc == ERR_INVALID)
        return ERR_OK;
    if (rc == ERR_OK && written == 0)
        return no(planning, RAIL_REFUSED, 0, "No contract stands at the token's address");
    if (rc == ERR_OK && erc20_number((struct bytes){returned, written}, &decimals) == ERR_OK &&
        decimals != (__int128)asset->asset.decimals)
        return no(planning, RAIL_REFUSED, 0, "The token has other decimals than are set");
    return away(planning, rc);
}

/* Tries the transfer without sending it: a token may refuse, or return false where nothing would move. */
static enum err try_token(struct planning *planning, const uint8_t call[ERC20_TRANSFER_SIZE])
{
    uint8_t returned[ETHEREUM_RETURNED_MAX];
    size_t len = 0;

    enum err rc =
        ethereum_call(&planning->self->node.rpc, &planning->self->hot, &planning->asset->token,
                      (struct bytes){call, ERC20_TRANSFER_SIZE}, returned, &len);
    if (rc == ERR_INVALID || (rc == ERR_OK && !erc20_accepted((struct bytes){returned, len})))
        return no(planning, RAIL_REFUSED, 0, "The token's contract refuses the transfer");
    return away(planning, rc);
}

static enum err estimate_token(struct planning *planning, const uint8_t call[ERC20_TRANSFER_SIZE])
{
    uint64_t gas = 0;

    enum err rc =
        ethereum_estimate(&planning->self->node.rpc, &planning->self->hot, &planning->asset->token,
                          0, (struct bytes){call, ERC20_TRANSFER_SIZE}, &gas);
    if (rc == ERR_INVALID)
        return no(planning, RAIL_REFUSED, 0, "The token's contract refuses the transfer");
    if (rc != ERR_OK)
        return away(planning, rc);
    if (gas > ETHEREUM_GAS_TOKEN_MAX)
        return no(planning, RAIL_REFUSED, 0, "The token's transfer needs too much gas");
    gas = gas * GAS_MARGIN_NUMERATOR / GAS_MARGIN_DENOMINATOR;
    planning->send->gas = gas < ETHEREUM_GAS_TOKEN_MAX ? gas : ETHEREUM_GAS_TOKEN_MAX;
    return ERR_OK;
}

static enum err plan_token(struct planning *planning)
{
    const struct ethereum_send *send = planning->send;
    uint8_t call[ERC20_TRANSFER_SIZE];
    char trouble[RAIL_WORDS_SIZE];
    bool code = false;

    enum err rc = ethereum_trouble(planning->db, &planning->asset->token, trouble);
    if (rc == ERR_OK && trouble[0] != '\0')
        return no(planning, RAIL_REFUSED, 0, trouble);
    if (rc == ERR_OK)
        rc = away(planning, ethereum_has_code(&planning->self->node.rpc, &send->recipient, &code));
    if (rc == ERR_OK && code)
        return no(planning, RAIL_REFUSED, 0, "The address is a contract's");
    if (rc == ERR_OK)
        rc = check_decimals(planning);
    erc20_transfer_call(&send->recipient, send->amount, call);
    if (rc == ERR_OK)
        rc = try_token(planning, call);
    return rc == ERR_OK ? estimate_token(planning, call) : rc;
}

/* --- what it costs ------------------------------------------------------------------------------ */

/* What the hot wallet may still spend of an asset. */
static enum err read_spendable(struct planning *planning, const struct ethereum_asset *asset,
                               __int128 **out)
{
    struct ethereum *self = planning->self;
    __int128 has = 0, promised = 0;

    *out = &planning->spendable[asset - self->assets.list];
    if (**out >= 0)
        return ERR_OK;
    enum err rc = ethereum_has(self, asset, &self->hot, &has);
    if (rc == ERR_INVALID)
        return no(planning, RAIL_REFUSED, 0, "The token's contract does not say a balance");
    if (rc != ERR_OK)
        return away(planning, rc);
    rc = ethereum_promised(planning->db, 0, asset, &promised);
    if (rc == ERR_OK)
        **out = has > promised ? has - promised : 0;
    return rc;
}

/* Looks at the wallet before the node is asked to try: one that is short would refuse for that reason. */
static enum err check_funds(struct planning *planning)
{
    __int128 *units;

    enum err rc = read_spendable(planning, planning->asset, &units);
    if (rc == ERR_OK && *units < planning->send->amount)
        return no(planning, RAIL_LATER, FUNDS_RETRY_S, "The hot wallet has too little");
    return rc;
}

static enum err take_funds(struct planning *planning)
{
    const struct ethereum_send *send = planning->send;
    __int128 *units, *wei, gas;

    enum err rc = ethereum_offer(planning->self, send->gas, &planning->fee);
    if (rc == ERR_FEE_CAP)
        return no(planning, RAIL_LATER, GAS_RETRY_S, "Gas costs more than the cap");
    if (rc != ERR_OK)
        return rc;
    gas = planning->fee.max_fee * (__int128)send->gas;
    rc = read_spendable(planning, planning->coin, &wei);
    if (rc == ERR_OK)
        rc = read_spendable(planning, planning->asset, &units);
    if (rc != ERR_OK)
        return rc;
    if (*wei < gas + (send->is_token ? 0 : send->amount))
        return no(planning, RAIL_LATER, FUNDS_RETRY_S, "The hot wallet has too little for the gas");
    *wei -= gas;
    *units -= send->amount;
    return ERR_OK;
}

enum err ethereum_plan(struct ethereum *self, struct db *db, const struct payout *payout,
                       __int128 spendable[ETHEREUM_ASSETS_MAX], struct ethereum_send *send,
                       bool *planned, struct rail_outcome *outcome)
{
    struct planning planning = {.self = self,
                                .db = db,
                                .payout = payout,
                                .asset = asset_of(&self->assets, payout->amount.currency),
                                .coin = ethereum_asset_find(&self->assets, NULL),
                                .spendable = spendable,
                                .send = send,
                                .outcome = outcome};
    enum err rc = ERR_OK;

    *planned = false;
    if (planning.asset == NULL || planning.coin == NULL)
        rc = no(&planning, RAIL_LATER, FUNDS_RETRY_S, "Its currency, or the coin, is not listed");
    if (rc == ERR_OK)
        rc = plan_recipient(&planning);
    if (rc == ERR_OK)
        rc = check_funds(&planning);
    if (rc == ERR_OK)
        rc = send->is_token ? plan_token(&planning) : plan_coin(&planning);
    if (rc == ERR_OK)
        rc = take_funds(&planning);
    if (rc == ERR_OK) {
        send->max_fee = planning.fee.max_fee;
        send->tip = planning.fee.tip;
        *planned = true;
    }
    return rc == ERR_OUT_OF_RANGE ? ERR_OK : rc;
}
