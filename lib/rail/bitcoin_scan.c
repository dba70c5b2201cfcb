/* Blocks and transactions, read for what is ours. */
#include "rail/bitcoin_scan.h"

#include <stdlib.h>
#include <string.h>

#include "money/decimal.h"
#include "rail/bitcoin_watch.h"

#define BITCOIN_DECIMALS 8
#define ROOM_FIRST 16

struct amount bitcoin_amount(const struct rail_asset *asset, int64_t satoshis)
{
    unsigned decimals = asset->currency->decimals;
    __int128 units = satoshis;

    if (decimals >= BITCOIN_DECIMALS)
        units *= decimal_power(decimals - BITCOIN_DECIMALS);
    else
        units /= decimal_power(BITCOIN_DECIMALS - decimals);
    return (struct amount){.units = units, .currency = asset->currency};
}

bool bitcoin_satoshis(const struct currency *currency, __int128 units, int64_t *out)
{
    unsigned decimals = currency->decimals;
    __int128 most = BITCOIN_MONEY_MAX, power = 1;

    if (decimals > BITCOIN_DECIMALS) {
        power = decimal_power(decimals - BITCOIN_DECIMALS);
        if (units % power != 0)
            return false;
        units /= power;
    } else {
        power = decimal_power(BITCOIN_DECIMALS - decimals);
        if (units > most / power)
            return false;
        units *= power;
    }
    if (units < 0 || units > most)
        return false;
    *out = (int64_t)units;
    return true;
}

void bitcoin_turn(const uint8_t in[BITCOIN_ID_SIZE], uint8_t out[BITCOIN_ID_SIZE])
{
    for (size_t i = 0; i < BITCOIN_ID_SIZE; i++)
        out[i] = in[BITCOIN_ID_SIZE - 1 - i];
}

/* Room for one more in a list of `size` bytes each. */
static enum err list_grow(void **list, size_t count, size_t *room, size_t size)
{
    if (count < *room)
        return ERR_OK;
    size_t more = *room == 0 ? ROOM_FIRST : 2 * *room;
    void *grown = realloc(*list, more * size);
    if (grown == NULL)
        return ERR_NO_MEMORY;
    *list = grown;
    *room = more;
    return ERR_OK;
}

enum err bitcoin_payments_add(struct bitcoin_payments *all, const struct deposit_payment *payment)
{
    void *list = all->list;

    enum err rc = list_grow(&list, all->count, &all->room, sizeof(*all->list));
    all->list = list;
    if (rc == ERR_OK)
        all->list[all->count++] = *payment;
    return rc;
}

static enum err add_move(struct bitcoin_scan *scan, const struct bitcoin_move *move)
{
    struct bitcoin_moves *all = &scan->moves;
    void *list = all->list;

    enum err rc = list_grow(&list, all->count, &all->room, sizeof(*all->list));
    all->list = list;
    if (rc == ERR_OK)
        all->list[all->count++] = *move;
    return rc;
}

/* A transaction that is being read. */
struct reading {
    const struct bitcoin_tx *tx;
    uint8_t id[BITCOIN_ID_SIZE];
    bool coinbase;
    bool own;  /* it spends a coin of ours: what it pays us is change */
    bool kept; /* its bytes are among the moves */
};

static bool is_coinbase(const struct bitcoin_tx *tx)
{
    static const uint8_t nothing[BITCOIN_ID_SIZE];
    return tx->input_count == 1 && memcmp(tx->inputs[0].id, nothing, sizeof(nothing)) == 0;
}

/* Why an operator is to look at it, or NULL. */
static const char *doubt(const struct rail_asset *asset, struct amount amount)
{
    if (!asset->deposits)
        return "Deposits are closed";
    if (amount.units == 0 || amount.units < asset->min_deposit.units)
        return "Less than the least deposit";
    return NULL;
}

static enum err pay_user(struct bitcoin_scan *scan, const struct reading *reading, size_t output,
                         const struct bitcoin_entry *whose)
{
    int64_t value = reading->tx->outputs[output].value;
    struct deposit_payment payment = {.output = output,
                                      .index = whose->index,
                                      .user_id = whose->user_id,
                                      .amount = bitcoin_amount(scan->asset, value),
                                      .chain_units = value,
                                      .needed = scan->asset->confirmations};

    if (payment.needed == 0)
        payment.needed = 1;
    if (reading->coinbase && payment.needed <= BITCOIN_MATURE)
        payment.needed = BITCOIN_MATURE + 1;
    bitcoin_turn(reading->id, payment.txid);
    payment.withhold = doubt(scan->asset, payment.amount);
    return bitcoin_payments_add(&scan->payments, &payment);
}

/* The transaction without its witnesses, where it is the first of its coins. */
static enum err keep_raw(struct bitcoin_scan *scan, struct reading *reading, struct bytes *out)
{
    struct text raw = TEXT(BITCOIN_BLOCK_MAX);

    if (reading->kept)
        return ERR_OK;
    bitcoin_tx_write(reading->tx, false, &raw);
    uint8_t *data = raw.full ? NULL : arena_alloc(&scan->arena, raw.len);
    if (data != NULL) {
        memcpy(data, raw.data, raw.len);
        *out = (struct bytes){data, raw.len};
        reading->kept = true;
    }
    text_free(&raw);
    return data == NULL ? ERR_NO_MEMORY : ERR_OK;
}

static enum err get_coin(struct bitcoin_scan *scan, struct reading *reading, size_t output,
                         const struct bitcoin_entry *whose)
{
    struct bitcoin_entry coin = *whose;
    struct bitcoin_move move = {.output = (uint32_t)output,
                                .index = whose->index,
                                .value = reading->tx->outputs[output].value,
                                .coinbase = reading->coinbase};

    memcpy(move.id, reading->id, sizeof(move.id));
    coin.key = bitcoin_key_of_output(reading->id, move.output);
    enum err rc = keep_raw(scan, reading, &move.raw);
    if (rc == ERR_OK)
        rc = add_move(scan, &move);
    return rc == ERR_OK ? bitcoin_set_add(scan->coins, &coin) : rc;
}

static enum err read_outputs(struct bitcoin_scan *scan, struct reading *reading)
{
    struct bitcoin_key key;
    enum err rc = ERR_OK;

    for (size_t i = 0; rc == ERR_OK && i < reading->tx->output_count; i++) {
        const struct bitcoin_output *output = &reading->tx->outputs[i];
        if (output->value <= 0 || !bitcoin_key_of_script(output->script, &key))
            continue;
        const struct bitcoin_entry *whose = bitcoin_set_find(scan->scripts, &key);
        if (whose == NULL)
            continue;
        if (whose->user_id != 0 && !reading->own)
            rc = pay_user(scan, reading, i, whose);
        if (rc == ERR_OK && !scan->pool)
            rc = get_coin(scan, reading, i, whose);
    }
    return rc;
}

static enum err read_inputs(struct bitcoin_scan *scan, struct reading *reading)
{
    enum err rc = ERR_OK;

    for (size_t i = 0; rc == ERR_OK && i < reading->tx->input_count; i++) {
        const struct bitcoin_input *input = &reading->tx->inputs[i];
        struct bitcoin_key key = bitcoin_key_of_output(input->id, input->index);
        struct bitcoin_move move = {.output = input->index, .spent = true};
        if (bitcoin_set_find(scan->coins, &key) == NULL)
            continue;
        reading->own = true;
        if (scan->pool)
            continue;
        memcpy(move.id, input->id, sizeof(move.id));
        memcpy(move.spent_by, reading->id, sizeof(move.spent_by));
        rc = add_move(scan, &move);
    }
    return rc;
}

enum err bitcoin_scan_tx(struct bitcoin_scan *scan, const struct bitcoin_tx *tx)
{
    struct reading reading = {.tx = tx, .coinbase = is_coinbase(tx)};

    enum err rc = bitcoin_tx_id(tx, reading.id);
    if (rc == ERR_OK)
        rc = read_inputs(scan, &reading);
    return rc == ERR_OK ? read_outputs(scan, &reading) : rc;
}

enum err bitcoin_scan_block(struct bitcoin_scan *scan, struct bytes raw,
                            struct bitcoin_block *block)
{
    struct arena arena = {0};
    struct bitcoin_tx tx;

    enum err rc = bitcoin_block_take(&raw, block);
    for (uint64_t i = 0; rc == ERR_OK && i < block->tx_count; i++) {
        arena_clear(&arena);
        rc = bitcoin_tx_take(&raw, &arena, &tx);
        if (rc == ERR_OK)
            rc = bitcoin_scan_tx(scan, &tx);
    }
    if (rc == ERR_OK && raw.len > 0)
        rc = ERR_TRANSACTION_FORM;
    arena_free(&arena);
    return rc;
}

void bitcoin_scan_clear(struct bitcoin_scan *scan)
{
    scan->payments.count = 0;
    scan->moves.count = 0;
    arena_clear(&scan->arena);
}

void bitcoin_scan_free(struct bitcoin_scan *scan)
{
    free(scan->payments.list);
    free(scan->moves.list);
    arena_free(&scan->arena);
    scan->payments = (struct bitcoin_payments){0};
    scan->moves = (struct bitcoin_moves){0};
}
