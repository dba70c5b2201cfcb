/* What becomes of open sends. The chain's count of an account's transactions says which of them are in blocks;
 * those are asked for by hash until they are deep enough. Of the others the pool's count says which were
 * dropped: they are sent again, the same bytes. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "db/db.h"
#include "rail/ethereum_send.h"

#define SENDERS_MAX 200 /* accounts of one round */

/* One account of ours, and what the chain says of it. */
struct tending {
    struct ethereum *self;
    struct db *db;
    uint64_t sender;
    struct ethereum_address account;
    uint64_t mined, pooled; /* its transactions in blocks; with those in the pool */
    struct ethereum_send *list;
};

/* --- what is in a block ------------------------------------------------------------------------- */

/* What a transaction has moved of a token, by its events. */
struct effect {
    const struct tending *tending;
    const uint8_t *hash;
    __int128 units;
};

static enum err add_effect(void *arg, const struct ethereum_log *log)
{
    struct effect *effect = arg;

    if (memcmp(log->tx, effect->hash, ETHEREUM_HASH_SIZE) == 0 &&
        ethereum_address_equal(&log->transfer.from, &effect->tending->account))
        effect->units += log->transfer.units;
    return ERR_OK;
}

static enum err count_payment(void *arg, const struct ethereum_log *log)
{
    (void)log;
    *(bool *)arg = true;
    return ERR_OK;
}

/* Whether the account has less of a token after the block, in which nobody has paid it any. A node that has
 * forgotten the block is no witness. */
static enum err read_moved(const struct tending *tending, const struct ethereum_send *send,
                           uint64_t height, bool *out)
{
    const struct rpc_node *node = &tending->self->node.rpc;
    const struct ethereum_search search = {.first = height,
                                           .last = height,
                                           .tokens = &send->token,
                                           .payees = &tending->account,
                                           .token_count = 1,
                                           .payee_count = 1};
    __int128 before = 0, after = 0;
    bool paid = false;

    *out = true;
    enum err rc = ethereum_payments(node, &search, count_payment, &paid);
    if (rc != ERR_OK || paid || height == 0)
        return rc;
    rc = ethereum_token_balance(node, &send->token, &tending->account, height - 1, &before);
    if (rc == ERR_OK)
        rc = ethereum_token_balance(node, &send->token, &tending->account, height, &after);
    if (rc == ERR_OK && after >= before) {
        *out = false;
        return ethereum_distrust(tending->db, &send->token,
                                 "The token tells of transfers that it does not do");
    }
    return rc == ERR_INVALID ? ERR_OK : rc;
}

/* Whether a mined token transfer has done what it was meant to: a contract may report success and have moved
 * nothing, or have kept a part. */
static enum err judge_token(const struct tending *tending, const struct ethereum_send *send,
                            struct ethereum_end *end)
{
    const struct ethereum_search search = {.first = end->height,
                                           .last = end->height,
                                           .tokens = &send->token,
                                           .payees = &send->recipient,
                                           .token_count = 1,
                                           .payee_count = 1};
    struct effect effect = {.tending = tending, .hash = end->mined};

    enum err rc = ethereum_payments(&tending->self->node.rpc, &search, add_effect, &effect);
    if (rc != ERR_OK)
        return rc;
    bool moved = effect.units != 0;
    if (moved)
        rc = read_moved(tending, send, end->height, &moved);
    if (rc != ERR_OK)
        return rc;
    if (!moved) {
        end->state = ETHEREUM_FAILED;
        end->words = "The token's contract has moved nothing";
    } else if (effect.units != send->amount) {
        return ethereum_distrust(tending->db, &send->token,
                                 "The token keeps a part of what is sent");
    }
    return ERR_OK;
}

static enum err conclude(const struct tending *tending, const struct ethereum_send *send,
                         const uint8_t *hash, const struct ethereum_receipt *receipt)
{
    struct ethereum_end end = {.state = receipt->succeeded ? ETHEREUM_DONE : ETHEREUM_FAILED,
                               .mined = hash,
                               .height = receipt->block,
                               .fee = receipt->fee,
                               .words = receipt->succeeded ? "" : "The transaction has failed"};
    enum err rc = ERR_OK;

    if (receipt->succeeded && send->is_token)
        rc = judge_token(tending, send, &end);
    return rc == ERR_OK ? ethereum_finish(tending->db, tending->self, send, &end) : rc;
}

/* None of our versions is in a block though the nonce is spent: that is believed once it lies deep. */
static enum err judge_stranger(const struct tending *tending, struct ethereum_send *send)
{
    const struct ethereum_end end = {.state = ETHEREUM_FAILED,
                                     .words = "Another transaction has spent its nonce"};
    uint64_t head = tending->self->head.number, spent = 0;

    if (head < send->needed)
        return ERR_OK;
    enum err rc =
        ethereum_nonce_at(&tending->self->node.rpc, &tending->account, head - send->needed, &spent);
    if (rc != ERR_OK || spent <= send->nonce)
        return rc;
    log_line(LOG_LEVEL_WARNING, "nonce_spent", "sender=%" PRIu64 " nonce=%" PRIu64, send->sender,
             send->nonce);
    return ethereum_finish(tending->db, tending->self, send, &end);
}

static void set_height(struct ethereum_send *send, uint64_t height)
{
    send->changed = send->changed || send->height != height;
    send->height = height;
}

/* Finds the version that is in a block, from the last one back. */
static enum err see_mined(const struct tending *tending, struct ethereum_send *send)
{
    uint8_t hash[ETHEREUM_HASH_SIZE];
    struct ethereum_receipt receipt;
    uint64_t version = send->versions, head = tending->self->head.number;
    enum err rc;

    memcpy(hash, send->hash, sizeof(hash));
    for (;;) {
        rc = ethereum_receipt(&tending->self->node.rpc, hash, &receipt);
        if (rc != ERR_NOT_FOUND || version == 1)
            break;
        rc = ethereum_version_hash(tending->db, send->id, --version, hash);
        if (rc != ERR_OK)
            return rc;
    }
    if (rc == ERR_NOT_FOUND)
        return judge_stranger(tending, send);
    if (rc != ERR_OK)
        return rc;
    if (head < receipt.block || head - receipt.block + 1 < send->needed) {
        set_height(send, receipt.block);
        return ERR_OK;
    }
    return conclude(tending, send, hash, &receipt);
}

/* --- what is not -------------------------------------------------------------------------------- */

static enum err push(const struct tending *tending, struct ethereum_send *send)
{
    bool front = send->nonce == tending->mined;
    enum node_answer answer = NODE_KNOWN;

    set_height(send, 0);
    if (send->max_fee < tending->self->head.base_fee ||
        (front && send->age_s >= tending->self->replace_s))
        return ethereum_replace(tending->self, tending->db, send);
    if (!send->known || send->nonce >= tending->pooled)
        answer = ethereum_broadcast(tending->self, send);
    return answer == NODE_CHEAP ? ethereum_replace(tending->self, tending->db, send) : ERR_OK;
}

/* What had ended and is in no block any more: the chain went back further than it counts. */
static enum err push_again(const struct tending *tending)
{
    size_t count = 0;
    enum err rc = ethereum_sends(
        tending->db, "s.path_index = ? AND s.nonce >= ? AND s.mined IS NOT NULL ORDER BY s.nonce",
        DB_ARGS(db_u64(tending->sender), db_u64(tending->mined)), tending->list, ETHEREUM_SENDS_MAX,
        &count);

    for (size_t i = 0; rc == ERR_OK && i < count; i++) {
        const struct ethereum_send *send = &tending->list[i];
        enum node_answer answer;
        log_line(LOG_LEVEL_WARNING, "sent_again", "sender=%" PRIu64 " nonce=%" PRIu64, send->sender,
                 send->nonce);
        rc = ethereum_send(&tending->self->node.rpc, (struct bytes){send->raw, send->raw_len},
                           send->hash, &answer);
    }
    return rc;
}

/* --- accounts ----------------------------------------------------------------------------------- */

static enum err look_at(struct tending *tending)
{
    const struct rpc_node *node = &tending->self->node.rpc;
    char address[DEPOSIT_ADDRESS_SIZE];

    enum err rc = deposit_derive(&tending->self->rail, tending->sender, address);
    if (rc == ERR_OK)
        rc = ethereum_address_parse(address, strlen(address), &tending->account);
    if (rc == ERR_OK)
        rc = ethereum_nonce(node, &tending->account, false, &tending->mined);
    if (rc == ERR_OK)
        rc = ethereum_nonce(node, &tending->account, true, &tending->pooled);
    return rc;
}

static enum err tend_account(struct tending *tending)
{
    size_t count = 0;

    enum err rc = look_at(tending);
    if (rc == ERR_OK)
        rc = push_again(tending);
    if (rc == ERR_OK)
        rc = ethereum_sends(
            tending->db,
            "s.path_index = ? AND s.state = 'open' AND (s.height IS NULL OR s.height + s.needed <= "
            "? OR s.nonce >= ?) ORDER BY s.nonce",
            DB_ARGS(db_u64(tending->sender), db_u64(tending->self->head.number + 1),
                    db_u64(tending->mined)),
            tending->list, ETHEREUM_SENDS_MAX, &count);
    size_t seen = 0;
    for (; rc == ERR_OK && seen < count; seen++)
        rc = tending->list[seen].nonce < tending->mined ? see_mined(tending, &tending->list[seen])
                                                        : push(tending, &tending->list[seen]);
    enum err noted = ethereum_note(tending->db, tending->list, seen);
    return rc == ERR_OK ? noted : rc;
}

static enum err list_senders(struct db *db, uint64_t out[SENDERS_MAX], size_t *count)
{
    struct db_rows rows = {0};

    *count = 0;
    enum err rc = db_run(db,
                         "SELECT DISTINCT path_index FROM ethereum_send WHERE state = 'open' UNION "
                         "SELECT path_index FROM ethereum_sender WHERE path_index = 0 ORDER BY "
                         "path_index LIMIT ?",
                         DB_ARGS(db_u64(SENDERS_MAX)), &rows);
    while (rc == ERR_OK && *count < SENDERS_MAX && db_next(&rows))
        out[(*count)++] = db_get_u64(&rows, 0);
    db_rows_free(&rows);
    return rc;
}

enum err ethereum_tend(struct ethereum *self, struct db *db)
{
    uint64_t senders[SENDERS_MAX];
    size_t count = 0;
    struct tending tending = {.self = self, .db = db};

    enum err rc = list_senders(db, senders, &count);
    if (rc != ERR_OK || count == 0)
        return rc;
    tending.list = calloc(ETHEREUM_SENDS_MAX, sizeof(*tending.list));
    if (tending.list == NULL)
        return ERR_NO_MEMORY;
    for (size_t i = 0; rc == ERR_OK && i < count; i++) {
        tending.sender = senders[i];
        rc = tend_account(&tending);
    }
    free(tending.list);
    return rc;
}
