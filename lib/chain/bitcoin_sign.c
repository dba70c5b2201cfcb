/* The two ways to hash what is signed, and where signature and key go. */
#include "chain/bitcoin_sign.h"

#define SIGNATURE_MAX (EC_DER_MAX + 1) /* the kind of hash is behind it */

/* Hashes what was written and gives the memory back. */
static enum err finish_hash(struct text *input, uint8_t out[SHA256_SIZE])
{
    enum err rc = input->full ? ERR_NO_MEMORY : ERR_OK;

    if (rc == ERR_OK)
        crypto_hash256(text_string(input), input->len, out);
    text_free(input);
    return rc;
}

static void put_outpoint(const struct bitcoin_input *input, struct text *out)
{
    text_add(out, input->id, sizeof(input->id));
    bitcoin_put(out, input->index, 4);
}

static void put_script(struct bytes script, struct text *out)
{
    bitcoin_put_length(out, script.len);
    text_add(out, script.data, script.len);
}

enum err bitcoin_sighash_legacy(const struct bitcoin_tx *tx, size_t i, struct bytes script,
                                uint8_t out[SHA256_SIZE])
{
    struct text input = TEXT(BITCOIN_BLOCK_MAX);

    bitcoin_put(&input, tx->version, 4);
    bitcoin_put_length(&input, tx->input_count);
    for (size_t j = 0; j < tx->input_count; j++) {
        put_outpoint(&tx->inputs[j], &input);
        /* All other scripts are left out. */
        if (j == i)
            put_script(script, &input);
        else
            bitcoin_put_length(&input, 0);
        bitcoin_put(&input, tx->inputs[j].sequence, 4);
    }
    bitcoin_put_length(&input, tx->output_count);
    for (size_t j = 0; j < tx->output_count; j++) {
        bitcoin_put(&input, (uint64_t)tx->outputs[j].value, 8);
        put_script(tx->outputs[j].script, &input);
    }
    bitcoin_put(&input, tx->lock_time, 4);
    bitcoin_put(&input, BITCOIN_SIGHASH_ALL, 4);
    return finish_hash(&input, out);
}

/* The three hashes that all inputs have in common. */
static enum err hash_inputs(const struct bitcoin_tx *tx, uint8_t out[SHA256_SIZE])
{
    struct text input = TEXT(BITCOIN_BLOCK_MAX);

    for (size_t i = 0; i < tx->input_count; i++)
        put_outpoint(&tx->inputs[i], &input);
    return finish_hash(&input, out);
}

static enum err hash_sequences(const struct bitcoin_tx *tx, uint8_t out[SHA256_SIZE])
{
    struct text input = TEXT(BITCOIN_BLOCK_MAX);

    for (size_t i = 0; i < tx->input_count; i++)
        bitcoin_put(&input, tx->inputs[i].sequence, 4);
    return finish_hash(&input, out);
}

static enum err hash_outputs(const struct bitcoin_tx *tx, uint8_t out[SHA256_SIZE])
{
    struct text input = TEXT(BITCOIN_BLOCK_MAX);

    for (size_t i = 0; i < tx->output_count; i++) {
        bitcoin_put(&input, (uint64_t)tx->outputs[i].value, 8);
        put_script(tx->outputs[i].script, &input);
    }
    return finish_hash(&input, out);
}

enum err bitcoin_sighash_witness(const struct bitcoin_tx *tx, size_t i, struct bytes script,
                                 int64_t value, uint8_t out[SHA256_SIZE])
{
    uint8_t inputs[SHA256_SIZE], sequences[SHA256_SIZE], outputs[SHA256_SIZE];
    struct text input = TEXT(BITCOIN_BLOCK_MAX);

    enum err rc = hash_inputs(tx, inputs);
    if (rc == ERR_OK)
        rc = hash_sequences(tx, sequences);
    if (rc == ERR_OK)
        rc = hash_outputs(tx, outputs);
    if (rc != ERR_OK)
        return rc;
    bitcoin_put(&input, tx->version, 4);
    text_add(&input, inputs, sizeof(inputs));
    text_add(&input, sequences, sizeof(sequences));
    put_outpoint(&tx->inputs[i], &input);
    put_script(script, &input);
    bitcoin_put(&input, (uint64_t)value, 8);
    bitcoin_put(&input, tx->inputs[i].sequence, 4);
    text_add(&input, outputs, sizeof(outputs));
    bitcoin_put(&input, tx->lock_time, 4);
    bitcoin_put(&input, BITCOIN_SIGHASH_ALL, 4);
    return finish_hash(&input, out);
}

/* Writes a piece with its length in front. */
static size_t put_piece(const void *data, size_t len, uint8_t *out)
{
    out[0] = (uint8_t)len;
    memcpy(out + 1, data, len);
    return 1 + len;
}

/* The signature and the key: a script pushes them, a witness has their number in front. */
static enum err attach(struct bitcoin_input *input, bool has_witness,
                       const struct ec_signature *signature, const uint8_t public[EC_PUBLIC_SIZE],
                       struct arena *arena)
{
    uint8_t signed_for[SIGNATURE_MAX], pieces[1 + 1 + SIGNATURE_MAX + 1 + EC_PUBLIC_SIZE];
    size_t len = 0, der = ec_der(signature, signed_for);

    signed_for[der] = BITCOIN_SIGHASH_ALL;
    if (has_witness)
        pieces[len++] = 2;
    len += put_piece(signed_for, der + 1, pieces + len);
    len += put_piece(public, EC_PUBLIC_SIZE, pieces + len);
    struct bytes made = {(const uint8_t *)arena_copy(arena, pieces, len), len};
    if (made.data == NULL)
        return ERR_NO_MEMORY;
    *(has_witness ? &input->witness : &input->script) = made;
    return ERR_OK;
}

/* A nested input's script pushes the script that its address is a hash of. */
static enum err attach_nested(struct bitcoin_input *input, const struct bitcoin_script *inner,
                              struct arena *arena)
{
    uint8_t push[1 + BITCOIN_SCRIPT_MAX];
    size_t len = put_piece(inner->bytes, inner->len, push);

    input->script = (struct bytes){(const uint8_t *)arena_copy(arena, push, len), len};
    return input->script.data == NULL ? ERR_NO_MEMORY : ERR_OK;
}

/* ERR_INVALID where the script is not one of the key's. */
static enum err check_script(enum bitcoin_kind kind, const uint8_t public[EC_PUBLIC_SIZE],
                             struct bytes script)
{
    struct bitcoin_script own = {.len = 0};
    enum err rc = bitcoin_script_of_key(kind, public, &own);

    return rc == ERR_OK && !bytes_equal(script, bitcoin_script_bytes(&own)) ? ERR_INVALID : rc;
}

enum err bitcoin_sign_input(struct bitcoin_tx *tx, size_t i, const struct bitcoin_output *spent,
                            const uint8_t secret[EC_SECRET_SIZE], struct arena *arena)
{
    enum bitcoin_kind kind = bitcoin_script_kind(spent->script);
    bool has_witness = kind != BITCOIN_P2PKH;
    uint8_t public[EC_PUBLIC_SIZE], hash[SHA256_SIZE];
    struct bitcoin_script code = {.len = 0}, inner = {.len = 0};
    struct ec_signature signature;

    enum err rc = ec_public(secret, public);
    if (rc == ERR_OK)
        rc = check_script(kind, public, spent->script);
    if (rc == ERR_OK)
        rc = bitcoin_script_of_key(BITCOIN_P2PKH, public, &code);
    if (rc == ERR_OK)
        rc = has_witness
                 ? bitcoin_sighash_witness(tx, i, bitcoin_script_bytes(&code), spent->value, hash)
                 : bitcoin_sighash_legacy(tx, i, bitcoin_script_bytes(&code), hash);
    if (rc == ERR_OK)
        rc = ec_sign(secret, hash, &signature);
    if (rc == ERR_OK)
        rc = attach(&tx->inputs[i], has_witness, &signature, public, arena);
    if (rc == ERR_OK && kind == BITCOIN_P2SH)
        rc = bitcoin_script_of_key(BITCOIN_P2WPKH, public, &inner);
    if (rc == ERR_OK && kind == BITCOIN_P2SH)
        rc = attach_nested(&tx->inputs[i], &inner, arena);
    return rc;
}
