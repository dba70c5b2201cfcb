/* Ethereum as a rail of payouts: what addresses are taken, sending, and saying what became of it. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/encode.h"
#include "base/log.h"
#include "db/packet.h"
#include "money/decimal.h"
#include "rail/ethereum_send.h"

#define GWEI INT64_C(1000000000)
#define SIGNER_RETRY_S 15 /* it is away */
#define LIMIT_RETRY_S 600 /* it has signed what it may for today */
#define WATCH_RETRY_S 2   /* for the next look at what is under way */
#define LEVEL_TOLD_S 60   /* between two complaints about the hot wallet */

/* --- addresses ---------------------------------------------------------------------------------- */

static enum err check_own(struct db *db, const char *address)
{
    struct deposit_address own;

    enum err rc = deposit_address_find(db, ETHEREUM_OUTSIDE, address, &own);
    return rc == ERR_OK ? ERR_PAYOUT_OWN_ADDRESS : rc == ERR_NOT_FOUND ? ERR_OK : rc;
}

/* A token sent to a token's own contract is lost. */
static enum err check_token(struct db *db, const struct ethereum_address *address)
{
    struct ethereum_assets assets;

    enum err rc = ethereum_assets_read(db, &assets);
    if (rc != ERR_OK)
        return rc;
    return ethereum_asset_find(&assets, address) == NULL ? ERR_OK : ERR_PAYOUT_ADDRESS;
}

static enum err rail_check(struct db *db, const struct currency *currency, const char *address,
                           const char *memo, char out[RAIL_ADDRESS_MAX + 1])
{
    struct ethereum_address read;

    (void)currency;
    if (memo[0] != '\0')
        return ERR_PAYOUT_MEMO;
    if (ethereum_address_parse(address, strlen(address), &read) != ERR_OK ||
        ethereum_address_is_zero(&read))
        return ERR_PAYOUT_ADDRESS;
    ethereum_address_format(&read, out);
    enum err rc = check_token(db, &read);
    return rc == ERR_OK ? check_own(db, out) : rc;
}

/* --- opening ------------------------------------------------------------------------------------ */

static void rail_close(void *self)
{
    struct ethereum *ethereum = self;

    if (ethereum == NULL)
        return;
    node_close(&ethereum->node);
    signer_client_close(ethereum->signer);
    free(ethereum);
}

static enum err rail_open(const struct config *config, void **self)
{
    struct ethereum *ethereum = calloc(1, sizeof(*ethereum));
    struct text problem = TEXT(1024);

    *self = ethereum;
    if (ethereum == NULL)
        return ERR_NO_MEMORY;
    ethereum->chain_id = (uint64_t)config->provider_ethereum_chain_id;
    ethereum->legacy = config->provider_ethereum_legacy;
    ethereum->replace_s = config->provider_ethereum_replace_seconds;
    ethereum->gas_price_max = (__int128)config->provider_ethereum_gas_price_max * GWEI;
    enum err rc = ethereum_low_balance(config, &ethereum->low_balance);
    if (rc != ERR_OK)
        text_puts(&problem, "low_balance in [provider.ethereum] is no amount of ether");
    if (rc == ERR_OK)
        rc = node_ethereum(config, &ethereum->node, &problem);
    if (rc == ERR_OK)
        rc = config->signer_socket[0] == '\0'
                 ? ERR_NOT_FOUND
                 : signer_client_open(config->signer_socket, &ethereum->signer);
    if (rc != ERR_OK && rc != ERR_NOT_FOUND)
        log_line(LOG_LEVEL_WARNING, "rail", "rail=" ETHEREUM_RAIL " problem=%s words=\"%s\"",
                 err_id(rc), text_string(&problem));
    text_free(&problem);
    if (rc != ERR_OK) {
        rail_close(ethereum);
        *self = NULL;
    }
    return rc;
}

/* --- sending ------------------------------------------------------------------------------------ */

/* Payouts of one call, and the sends that they become. */
struct sending {
    struct ethereum *self;
    struct db *db;
    const struct payout *payouts;
    struct rail_outcome *outcomes;
    size_t count;
    struct ethereum_send sends[RAIL_BATCH_MAX];
    size_t of[RAIL_BATCH_MAX]; /* which payout each send is */
    size_t made;
    uint64_t nonce;
};

static void say_later(struct rail_outcome *outcome, int64_t retry_s, const char *words)
{
    outcome->answer = RAIL_LATER;
    outcome->retry_s = retry_s;
    text_copy(outcome->words, RAIL_WORDS_SIZE, words);
}

static enum err all_later(struct sending *sending, size_t from, int64_t retry_s, const char *words)
{
    for (size_t i = from; i < sending->count; i++)
        say_later(&sending->outcomes[i], retry_s, words);
    return ERR_OK;
}

/* What the signer says no to is said no to today: people have set its limits. */
static int64_t retry_of(enum err rc)
{
    return rc == ERR_NO_ANSWER ? SIGNER_RETRY_S : LIMIT_RETRY_S;
}

static enum err sign_one(struct sending *sending, size_t at)
{
    struct ethereum_send *send = &sending->sends[sending->made];
    const struct ethereum_fee fee = {.max_fee = send->max_fee, .tip = send->tip};
    char words[RAIL_WORDS_SIZE];

    send->nonce = sending->nonce;
    enum err rc = ethereum_sign(sending->self, send, &fee);
    if (rc == ERR_OK) {
        sending->of[sending->made++] = at;
        sending->nonce++;
        return ERR_OK;
    }
    text_copy(words, sizeof(words), "The signer: ");
    text_copy(words + strlen(words), sizeof(words) - strlen(words), err_text(rc));
    say_later(&sending->outcomes[at], retry_of(rc), words);
    return rc == ERR_NO_ANSWER ? rc : ERR_OK;
}

/* Plans and signs in their order; nonces are given to what is signed alone, so that there is no gap. */
static enum err prepare(struct sending *sending)
{
    __int128 spendable[ETHEREUM_ASSETS_MAX];

    for (size_t i = 0; i < ETHEREUM_ASSETS_MAX; i++)
        spendable[i] = -1;
    for (size_t i = 0; i < sending->count; i++) {
        bool planned = false;
        enum err rc =
            ethereum_plan(sending->self, sending->db, &sending->payouts[i], spendable,
                          &sending->sends[sending->made], &planned, &sending->outcomes[i]);
        if (rc != ERR_OK)
            return rc;
        if (planned && sign_one(sending, i) != ERR_OK)
            return all_later(sending, i, SIGNER_RETRY_S, "The signer does not answer");
    }
    return ERR_OK;
}

static enum err commit_in(struct db *db, void *arg)
{
    struct sending *sending = arg;
    struct db_packet packet = DB_PACKET(ETHEREUM_PACKET_MAX);

    for (size_t i = 0; i < sending->made; i++)
        payout_fence(&packet, &sending->payouts[sending->of[i]]);
    ethereum_add_sends(&packet, sending->sends, sending->made);
    return db_packet_commit(db, &packet, NULL, 0);
}

static void say_hash(const struct ethereum_send *send, struct rail_outcome *outcome)
{
    char hex[HEX_SIZE(ETHEREUM_HASH_SIZE)];

    hex_encode(send->hash, sizeof(send->hash), hex);
    text_copy(outcome->reference, sizeof(outcome->reference), "0x");
    text_copy(outcome->reference + 2, sizeof(outcome->reference) - 2, hex);
}

static enum err broadcast_all(struct sending *sending)
{
    for (size_t i = 0; i < sending->made; i++) {
        struct rail_outcome *outcome = &sending->outcomes[sending->of[i]];
        enum node_answer answer = ethereum_broadcast(sending->self, &sending->sends[i]);
        outcome->answer = answer == NODE_KNOWN ? RAIL_SENT : RAIL_DOUBTFUL;
        outcome->retry_s = WATCH_RETRY_S;
        say_hash(&sending->sends[i], outcome);
    }
    return ethereum_note(sending->db, sending->sends, sending->made);
}

static enum err send_all(struct sending *sending)
{
    uint64_t chain = 0;

    enum err rc = ethereum_look(sending->self, sending->db);
    if (rc == ERR_OK)
        rc = ethereum_nonce(&sending->self->node.rpc, &sending->self->hot, false, &chain);
    if (rc == ERR_OK)
        rc = ethereum_next_nonce(sending->db, 0, chain, &sending->nonce);
    if (rc == ERR_NO_ANSWER || rc == ERR_CONFIG || rc == ERR_DEPOSIT_RAIL)
        return all_later(sending, 0, 0, "The node does not answer, or no keys are set up");
    if (rc == ERR_OK)
        rc = prepare(sending);
    if (rc != ERR_OK || sending->made == 0)
        return rc;
    rc = db_txn(sending->db, commit_in, sending, NULL);
    if (rc == ERR_PAYOUT_STATE) {
        for (size_t i = 0; i < sending->made; i++)
            say_later(&sending->outcomes[sending->of[i]], 1, "Another of the batch was taken over");
        return ERR_OK;
    }
    return rc == ERR_OK ? broadcast_all(sending) : rc;
}

static enum err rail_send(void *self, struct db *db, const struct payout *payouts, size_t count,
                          struct rail_outcome *outcomes)
{
    struct sending *sending = calloc(1, sizeof(*sending));

    if (sending == NULL)
        return ERR_NO_MEMORY;
    sending->self = self;
    sending->db = db;
    sending->payouts = payouts;
    sending->outcomes = outcomes;
    sending->count = count < RAIL_BATCH_MAX ? count : RAIL_BATCH_MAX;
    enum err rc = send_all(sending);
    free(sending);
    return rc;
}

/* --- asking ------------------------------------------------------------------------------------- */

/* What the chain has said, as ethereum_tend has noted it. */
static void say_became(const struct ethereum *self, const struct payout *payout,
                       const struct ethereum_send *send, struct rail_outcome *outcome)
{
    uint64_t height = self->head.number;

    if (send->height != 0 && height >= send->height)
        outcome->confirmations = height - send->height + 1;
    outcome->retry_s = WATCH_RETRY_S;
    say_hash(send, outcome);
    switch ((enum ethereum_state)send->state) {
    case ETHEREUM_OPEN:
        outcome->answer = send->known || send->height != 0 ? RAIL_SENT : RAIL_DOUBTFUL;
        return;
    case ETHEREUM_DONE:
        outcome->answer = RAIL_CONFIRMED;
        if (outcome->confirmations < send->needed)
            outcome->confirmations = send->needed;
        return;
    case ETHEREUM_FAILED:
        outcome->answer = payout->state == PAYOUT_STATE_SENT ? RAIL_RETURNED : RAIL_REFUSED;
        text_copy(outcome->words, RAIL_WORDS_SIZE, send->words);
        return;
    }
}

static enum err rail_ask(void *self, struct db *db, const struct payout *payouts, size_t count,
                         struct rail_outcome *outcomes)
{
    enum err rc = ERR_OK;

    for (size_t i = 0; rc == ERR_OK && i < count; i++) {
        struct ethereum_send send;
        size_t found = 0;
        rc =
            ethereum_sends(db, "s.payout_id = ?", DB_ARGS(db_i64(payouts[i].id)), &send, 1, &found);
        if (rc == ERR_OK && found == 0)
            say_later(&outcomes[i], 1, "");
        else if (rc == ERR_OK)
            say_became(self, &payouts[i], &send, &outcomes[i]);
    }
    return rc;
}

/* Says once in a minute that the hot wallet is to be filled. */
static enum err watch_level(struct ethereum *self)
{
    __int128 wei = 0;
    char text[DECIMAL_TEXT_SIZE];
    int64_t now_us = clock_mono_us();

    if (self->low_balance == 0 ||
        (self->told_low_us != 0 && now_us - self->told_low_us < LEVEL_TOLD_S * INT64_C(1000000)))
        return ERR_OK;
    enum err rc = ethereum_balance(&self->node.rpc, &self->hot, self->head.number, &wei);
    if (rc != ERR_OK || wei >= self->low_balance)
        return rc;
    self->told_low_us = now_us;
    decimal_format(wei, ETHEREUM_DECIMALS, text);
    log_line(LOG_LEVEL_WARNING, "hot_wallet_low", "rail=" ETHEREUM_RAIL " balance=%s", text);
    return ERR_OK;
}

static enum err rail_tend(void *self, struct db *db)
{
    struct ethereum *ethereum = self;

    enum err rc = ethereum_look(ethereum, db);
    if (rc == ERR_OK)
        rc = ethereum_tend(ethereum, db);
    if (rc == ERR_OK)
        rc = ethereum_sweep(ethereum, db);
    if (rc == ERR_OK)
        rc = watch_level(ethereum);
    return rc == ERR_NO_ANSWER || rc == ERR_CONFIG || rc == ERR_DEPOSIT_RAIL ? ERR_OK : rc;
}

const struct payout_rail ethereum_rail = {
    .name = ETHEREUM_RAIL,
    .check = rail_check,
    .open = rail_open,
    .close = rail_close,
    .send = rail_send,
    .ask = rail_ask,
    .tend = rail_tend,
};
