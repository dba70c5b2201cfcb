/* The wire format of transactions and block headers. */
#include "chain/bitcoin_tx.h"

#include "base/encode.h"

#define HEADER_SIZE 80
#define PARENT_AT 4
/* The least that an input and an output need, so that a count which cannot be is refused before memory is
 * taken for it. */
#define INPUT_MIN 41
#define OUTPUT_MIN 9
#define WITNESS_ITEMS_MAX 500000

/* --- numbers ------------------------------------------------------------------------------------ */

void bitcoin_put(struct text *out, uint64_t value, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++)
        text_putc(out, (char)(value >> 8 * i));
}

void bitcoin_put_length(struct text *out, uint64_t value)
{
    unsigned bytes = value < 0xfd ? 1 : value <= UINT16_MAX ? 2 : value <= UINT32_MAX ? 4 : 8;

    if (bytes > 1)
        text_putc(out, (char)(bytes == 2 ? 0xfd : bytes == 4 ? 0xfe : 0xff));
    bitcoin_put(out, value, bytes);
}

static size_t length_size(uint64_t value)
{
    return value < 0xfd ? 1 : value <= UINT16_MAX ? 3 : value <= UINT32_MAX ? 5 : 9;
}

static bool take_number(struct bytes *in, unsigned size, uint64_t *out)
{
    struct bytes bytes;

    if (!bytes_take(in, size, &bytes))
        return false;
    *out = 0;
    for (unsigned i = size; i-- > 0;)
        *out = *out << 8 | bytes.data[i];
    return true;
}

static bool take_u32(struct bytes *in, uint32_t *out)
{
    uint64_t value;
    if (!take_number(in, 4, &value))
        return false;
    *out = (uint32_t)value;
    return true;
}

/* A length; false where it is written longer than it has to be. */
static bool take_length(struct bytes *in, uint64_t *out)
{
    uint64_t first;

    if (!take_number(in, 1, &first))
        return false;
    if (first < 0xfd) {
        *out = first;
        return true;
    }
    unsigned size = first == 0xfd ? 2 : first == 0xfe ? 4 : 8;
    return take_number(in, size, out) && length_size(*out) == size + 1;
}

static bool take_script(struct bytes *in, struct bytes *out)
{
    uint64_t len;
    return take_length(in, &len) && bytes_take(in, len, out);
}

/* --- reading ------------------------------------------------------------------------------------ */

static bool take_input(struct bytes *in, struct bitcoin_input *out)
{
    struct bytes id;

    *out = (struct bitcoin_input){0};
    if (!bytes_take(in, sizeof(out->id), &id))
        return false;
    memcpy(out->id, id.data, sizeof(out->id));
    return take_u32(in, &out->index) && take_script(in, &out->script) &&
           take_u32(in, &out->sequence);
}

static bool take_output(struct bytes *in, struct bitcoin_output *out)
{
    uint64_t value;

    if (!take_number(in, 8, &value) || value > (uint64_t)BITCOIN_MONEY_MAX)
        return false;
    out->value = (int64_t)value;
    return take_script(in, &out->script);
}

static bool take_witness(struct bytes *in, struct bytes *out)
{
    const uint8_t *start = in->data;
    struct bytes item;
    uint64_t count;

    if (!take_length(in, &count) || count > WITNESS_ITEMS_MAX)
        return false;
    for (uint64_t i = 0; i < count; i++)
        if (!take_script(in, &item))
            return false;
    *out = (struct bytes){count > 0 ? start : NULL, count > 0 ? (size_t)(in->data - start) : 0};
    return true;
}

static enum err take_inputs(struct bytes *in, uint64_t count, struct arena *arena,
                            struct bitcoin_tx *tx)
{
    if (count == 0 || count > in->len / INPUT_MIN)
        return ERR_TRANSACTION_FORM;
    tx->input_count = (size_t)count;
    tx->inputs = arena_alloc(arena, tx->input_count * sizeof(*tx->inputs));
    if (tx->inputs == NULL)
        return ERR_NO_MEMORY;
    for (size_t i = 0; i < tx->input_count; i++)
        if (!take_input(in, &tx->inputs[i]))
            return ERR_TRANSACTION_FORM;
    return ERR_OK;
}

static enum err take_outputs(struct bytes *in, struct arena *arena, struct bitcoin_tx *tx)
{
    uint64_t count;

    if (!take_length(in, &count) || count == 0 || count > in->len / OUTPUT_MIN)
        return ERR_TRANSACTION_FORM;
    tx->output_count = (size_t)count;
    tx->outputs = arena_alloc(arena, tx->output_count * sizeof(*tx->outputs));
    if (tx->outputs == NULL)
        return ERR_NO_MEMORY;
    for (size_t i = 0; i < tx->output_count; i++)
        if (!take_output(in, &tx->outputs[i]))
            return ERR_TRANSACTION_FORM;
    return ERR_OK;
}

/* Where no input has a witness the transaction would have been written without any (BIP-144). */
static bool take_witnesses(struct bytes *in, struct bitcoin_tx *tx)
{
    bool some = false;

    for (size_t i = 0; i < tx->input_count; i++) {
        if (!take_witness(in, &tx->inputs[i].witness))
            return false;
        some = some || tx->inputs[i].witness.len > 0;
    }
    return some;
}

enum err bitcoin_tx_take(struct bytes *in, struct arena *arena, struct bitcoin_tx *out)
{
    uint64_t count, flag = 0;

    *out = (struct bitcoin_tx){0};
    if (!take_u32(in, &out->version) || !take_length(in, &count))
        return ERR_TRANSACTION_FORM;
    /* No inputs: that is the mark of witnesses (BIP-144). */
    if (count == 0 && (!take_number(in, 1, &flag) || flag != 1 || !take_length(in, &count)))
        return ERR_TRANSACTION_FORM;
    enum err rc = take_inputs(in, count, arena, out);
    if (rc == ERR_OK)
        rc = take_outputs(in, arena, out);
    if (rc == ERR_OK && ((flag == 1 && !take_witnesses(in, out)) || !take_u32(in, &out->lock_time)))
        rc = ERR_TRANSACTION_FORM;
    return rc;
}

enum err bitcoin_tx_read(struct bytes raw, struct arena *arena, struct bitcoin_tx *out)
{
    enum err rc = bitcoin_tx_take(&raw, arena, out);
    return rc == ERR_OK && raw.len > 0 ? ERR_TRANSACTION_FORM : rc;
}

enum err bitcoin_block_take(struct bytes *in, struct bitcoin_block *out)
{
    struct bytes header;

    if (!bytes_take(in, HEADER_SIZE, &header) || !take_length(in, &out->tx_count))
        return ERR_TRANSACTION_FORM;
    crypto_hash256(header.data, header.len, out->id);
    memcpy(out->parent, header.data + PARENT_AT, sizeof(out->parent));
    return ERR_OK;
}

/* --- writing ------------------------------------------------------------------------------------ */

static bool has_witness(const struct bitcoin_tx *tx)
{
    for (size_t i = 0; i < tx->input_count; i++)
        if (tx->inputs[i].witness.len > 0)
            return true;
    return false;
}

static void write_script(struct bytes script, struct text *out)
{
    bitcoin_put_length(out, script.len);
    if (script.len > 0)
        text_add(out, script.data, script.len);
}

void bitcoin_tx_write(const struct bitcoin_tx *tx, bool with_witnesses, struct text *out)
{
    with_witnesses = with_witnesses && has_witness(tx);
    bitcoin_put(out, tx->version, 4);
    if (with_witnesses)
        text_add(out, "\0\1", 2);
    bitcoin_put_length(out, tx->input_count);
    for (size_t i = 0; i < tx->input_count; i++) {
        const struct bitcoin_input *input = &tx->inputs[i];
        text_add(out, input->id, sizeof(input->id));
        bitcoin_put(out, input->index, 4);
        write_script(input->script, out);
        bitcoin_put(out, input->sequence, 4);
    }
    bitcoin_put_length(out, tx->output_count);
    for (size_t i = 0; i < tx->output_count; i++) {
        bitcoin_put(out, (uint64_t)tx->outputs[i].value, 8);
        write_script(tx->outputs[i].script, out);
    }
    for (size_t i = 0; with_witnesses && i < tx->input_count; i++) {
        if (tx->inputs[i].witness.len > 0)
            text_add(out, tx->inputs[i].witness.data, tx->inputs[i].witness.len);
        else
            text_putc(out, '\0');
    }
    bitcoin_put(out, tx->lock_time, 4);
}

static enum err hash_tx(const struct bitcoin_tx *tx, bool with_witnesses,
                        uint8_t out[BITCOIN_ID_SIZE])
{
    struct text raw = TEXT(BITCOIN_BLOCK_MAX);

    bitcoin_tx_write(tx, with_witnesses, &raw);
    crypto_hash256(text_string(&raw), raw.len, out);
    enum err rc = raw.full ? ERR_NO_MEMORY : ERR_OK;
    text_free(&raw);
    return rc;
}

enum err bitcoin_tx_id(const struct bitcoin_tx *tx, uint8_t out[BITCOIN_ID_SIZE])
{
    return hash_tx(tx, false, out);
}

enum err bitcoin_tx_witness_id(const struct bitcoin_tx *tx, uint8_t out[BITCOIN_ID_SIZE])
{
    return hash_tx(tx, true, out);
}

size_t bitcoin_tx_vsize(const struct bitcoin_tx *tx)
{
    size_t base = 8 + length_size(tx->input_count) + length_size(tx->output_count);
    size_t witness = 0;

    for (size_t i = 0; i < tx->input_count; i++) {
        base += 40 + length_size(tx->inputs[i].script.len) + tx->inputs[i].script.len;
        witness += tx->inputs[i].witness.len > 0 ? tx->inputs[i].witness.len : 1;
    }
    for (size_t i = 0; i < tx->output_count; i++)
        base += 8 + length_size(tx->outputs[i].script.len) + tx->outputs[i].script.len;
    return has_witness(tx) ? base + (2 + witness + 3) / 4 : base;
}

/* --- ids ---------------------------------------------------------------------------------------- */

static void turn_round(const uint8_t in[BITCOIN_ID_SIZE], uint8_t out[BITCOIN_ID_SIZE])
{
    for (size_t i = 0; i < BITCOIN_ID_SIZE; i++)
        out[i] = in[BITCOIN_ID_SIZE - 1 - i];
}

void bitcoin_id_format(const uint8_t id[BITCOIN_ID_SIZE], char out[BITCOIN_ID_TEXT_SIZE])
{
    uint8_t turned[BITCOIN_ID_SIZE];
    turn_round(id, turned);
    hex_encode(turned, sizeof(turned), out);
}

bool bitcoin_id_parse(const char *text, size_t len, uint8_t out[BITCOIN_ID_SIZE])
{
    uint8_t turned[BITCOIN_ID_SIZE];
    if (!hex_decode(text, len, turned, sizeof(turned)))
        return false;
    turn_round(turned, out);
    return true;
}
