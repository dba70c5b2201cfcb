/* Ethereum's transactions: written, signed, and read back strictly. */
#include "chain/ethereum_tx.h"

#include <string.h>

#include "chain/rlp.h"
#include "money/decimal.h"

#define V_BASE 35 /* v of a legacy signature: 35 + 2 * chain + parity (EIP-155) */
#define NUMBER_SIZE 32

enum err ethereum_tx_fee(const struct ethereum_tx *tx, __int128 *out)
{
    return __builtin_mul_overflow(tx->max_fee, (__int128)tx->gas, out) || !decimal_in_range(*out)
               ? ERR_OVERFLOW
               : ERR_OK;
}

static bool is_number(__int128 value)
{
    return value >= 0 && value <= DECIMAL_MAX;
}

static bool is_sound(const struct ethereum_tx *tx)
{
    bool fees = is_number(tx->max_fee) && is_number(tx->tip) && tx->tip <= tx->max_fee &&
                (tx->type == ETHEREUM_TX_1559 || tx->tip == 0);
    return fees && tx->chain_id >= 1 && tx->chain_id <= ETHEREUM_CHAIN_MAX &&
           tx->nonce < UINT64_MAX && is_number(tx->value);
}

/* The fields up to the signature, in their order on the wire. */
static void add_fields(const struct ethereum_tx *tx, struct text *out)
{
    if (tx->type == ETHEREUM_TX_1559)
        rlp_add_number(out, tx->chain_id);
    rlp_add_number(out, tx->nonce);
    if (tx->type == ETHEREUM_TX_1559)
        rlp_add_number(out, tx->tip);
    rlp_add_number(out, tx->max_fee);
    rlp_add_number(out, tx->gas);
    rlp_add(out, tx->to.bytes, sizeof(tx->to.bytes));
    rlp_add_number(out, tx->value);
    rlp_add(out, tx->data.data, tx->data.len);
    if (tx->type == ETHEREUM_TX_1559)
        rlp_close_list(out, out->len); /* the access list */
}

/* Writes the transaction; without a signature it is what is hashed for one. */
static enum err write_tx(const struct ethereum_tx *tx, const struct ec_signature *signature,
                         struct text *out)
{
    if (!is_sound(tx))
        return ERR_OUT_OF_RANGE;
    if (tx->data.len > ETHEREUM_TX_MAX)
        return ERR_TOO_LARGE;
    if (tx->type == ETHEREUM_TX_1559)
        text_putc(out, (char)tx->type);
    size_t start = out->len;
    add_fields(tx, out);
    if (tx->type == ETHEREUM_TX_LEGACY) {
        rlp_add_number(out, signature == NULL
                                ? (__int128)tx->chain_id
                                : (__int128)tx->chain_id * 2 + V_BASE + (signature->recovery & 1));
    } else if (signature != NULL) {
        rlp_add_number(out, signature->recovery & 1);
    }
    if (signature != NULL) {
        rlp_add_integer(out, signature->r, NUMBER_SIZE);
        rlp_add_integer(out, signature->s, NUMBER_SIZE);
    } else if (tx->type == ETHEREUM_TX_LEGACY) {
        rlp_add_number(out, 0);
        rlp_add_number(out, 0);
    }
    rlp_close_list(out, start);
    return out->full ? ERR_NO_MEMORY : ERR_OK;
}

enum err ethereum_tx_unsigned(const struct ethereum_tx *tx, struct text *out)
{
    return write_tx(tx, NULL, out);
}

static enum err signing_hash(const struct ethereum_tx *tx, uint8_t out[KECCAK256_SIZE])
{
    struct text input = TEXT(2 * ETHEREUM_TX_MAX);
    enum err rc = write_tx(tx, NULL, &input);

    if (rc == ERR_OK)
        crypto_keccak256(text_string(&input), input.len, out);
    text_free(&input);
    return rc;
}

enum err ethereum_tx_sign(const struct ethereum_tx *tx, const uint8_t secret[EC_SECRET_SIZE],
                          struct text *raw, uint8_t hash[KECCAK256_SIZE])
{
    struct ec_signature signature = {0};
    size_t start = raw->len;

    enum err rc = signing_hash(tx, hash);
    if (rc == ERR_OK)
        rc = ec_sign(secret, hash, &signature);
    /* Above 1 the key could not be found again; nobody has ever seen it. */
    if (rc == ERR_OK && signature.recovery > 1)
        rc = ERR_CRYPTO;
    if (rc == ERR_OK)
        rc = write_tx(tx, &signature, raw);
    if (rc == ERR_OK)
        crypto_keccak256(raw->data + start, raw->len - start, hash);
    return rc;
}

static bool take_u64(struct bytes *in, uint64_t *out)
{
    __int128 value;
    if (!rlp_take_number(in, UINT64_MAX, &value))
        return false;
    *out = (uint64_t)value;
    return true;
}

/* The fields that both types have, from the fee on. */
static bool take_fields(struct bytes *in, struct ethereum_tx *tx)
{
    struct bytes to;

    if (!rlp_take_number(in, DECIMAL_MAX, &tx->max_fee) || !take_u64(in, &tx->gas) ||
        !rlp_take_string(in, &to) || to.len != sizeof(tx->to.bytes) ||
        !rlp_take_number(in, DECIMAL_MAX, &tx->value) || !rlp_take_string(in, &tx->data))
        return false;
    memcpy(tx->to.bytes, to.data, to.len);
    return true;
}

/* Takes off the type, and the list around the fields. */
static bool open_tx(struct bytes raw, struct ethereum_tx *tx, struct bytes *fields)
{
    struct bytes type;

    *tx = (struct ethereum_tx){.type = ETHEREUM_TX_LEGACY};
    if (raw.len == 0 || raw.len > ETHEREUM_TX_MAX)
        return false;
    if (raw.data[0] == ETHEREUM_TX_1559) {
        tx->type = ETHEREUM_TX_1559;
        (void)bytes_take(&raw, 1, &type);
    }
    return rlp_take_list(&raw, fields) && raw.len == 0;
}

static bool take_1559(struct bytes *in, struct ethereum_tx *tx)
{
    struct bytes access_list;

    return take_u64(in, &tx->chain_id) && take_u64(in, &tx->nonce) &&
           rlp_take_number(in, DECIMAL_MAX, &tx->tip) && take_fields(in, tx) &&
           rlp_take_list(in, &access_list) && access_list.len == 0;
}

static bool take_legacy(struct bytes *in, struct ethereum_tx *tx, uint64_t *v)
{
    return take_u64(in, &tx->nonce) && take_fields(in, tx) && take_u64(in, v);
}

static bool take_signature(struct bytes *in, struct ec_signature *out)
{
    return rlp_take_integer(in, out->r, sizeof(out->r)) &&
           rlp_take_integer(in, out->s, sizeof(out->s)) && in->len == 0;
}

static bool read_signed(struct bytes raw, struct ethereum_tx *tx, struct ec_signature *signature)
{
    struct bytes fields;
    uint64_t v;

    if (!open_tx(raw, tx, &fields))
        return false;
    if (tx->type == ETHEREUM_TX_1559) {
        if (!take_1559(&fields, tx) || !take_u64(&fields, &v) || v > 1)
            return false;
    } else {
        if (!take_legacy(&fields, tx, &v) || v < V_BASE + 2)
            return false;
        tx->chain_id = (v - V_BASE) / 2;
        v = (v - V_BASE) % 2;
    }
    signature->recovery = (uint8_t)v;
    return take_signature(&fields, signature);
}

enum err ethereum_tx_read(struct bytes raw, struct ethereum_tx *tx, struct ethereum_address *sender,
                          uint8_t hash[KECCAK256_SIZE])
{
    struct ec_signature signature;
    uint8_t public[EC_PUBLIC_SIZE];

    if (!read_signed(raw, tx, &signature) || signing_hash(tx, hash) != ERR_OK ||
        ec_recover(&signature, hash, public) != ERR_OK ||
        ethereum_address_of_key(public, sender) != ERR_OK)
        return ERR_TRANSACTION_FORM;
    crypto_keccak256(raw.data, raw.len, hash);
    return ERR_OK;
}

enum err ethereum_tx_read_unsigned(struct bytes data, struct ethereum_tx *tx)
{
    struct bytes fields;
    __int128 zero;
    bool right = open_tx(data, tx, &fields);

    if (right && tx->type == ETHEREUM_TX_1559)
        right = take_1559(&fields, tx);
    else if (right)
        right = take_legacy(&fields, tx, &tx->chain_id) && rlp_take_number(&fields, 0, &zero) &&
                rlp_take_number(&fields, 0, &zero);
    return right && fields.len == 0 && is_sound(tx) ? ERR_OK : ERR_TRANSACTION_FORM;
}

bool ethereum_tx_equal(const struct ethereum_tx *a, const struct ethereum_tx *b)
{
    return a->type == b->type && a->chain_id == b->chain_id && a->nonce == b->nonce &&
           a->max_fee == b->max_fee && a->tip == b->tip && a->gas == b->gas &&
           ethereum_address_equal(&a->to, &b->to) && a->value == b->value &&
           bytes_equal(a->data, b->data);
}
