/* Transactions of Bitcoin, all of whose inputs are ours: what leaves is what the inputs bring, proven by the
 * transactions before, less what comes back to us. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/encode.h"
#include "base/log.h"
#include "chain/bitcoin_sign.h"
#include "chain/bitcoin_tx.h"
#include "crypto/crypto.h"
#include "tools/signer/request.h"

#define INPUTS_MAX 1000
#define OUTPUTS_MAX 1000

struct bitcoin_request {
    struct arena arena;
    struct bitcoin_tx tx;
    struct own_path *paths;       /* of the inputs */
    struct bitcoin_output *spent; /* what they spend */
    int64_t in, out, own;         /* satoshis: of inputs, of outputs, of those that are ours */
    const struct policy_limit *limit;
};

/* --- reading ------------------------------------------------------------------------------------ */

static enum err take_hex(struct bitcoin_request *request, const char *text, struct bitcoin_tx *out)
{
    size_t len = strlen(text) / 2;
    uint8_t *raw = arena_alloc(&request->arena, len + 1);

    if (raw == NULL)
        return ERR_NO_MEMORY;
    if (!hex_decode(text, strlen(text), raw, len))
        return ERR_TRANSACTION_FORM;
    return bitcoin_tx_read((struct bytes){raw, len}, &request->arena, out);
}

static bool same_coin(const struct bitcoin_input *a, const struct bitcoin_input *b)
{
    return a->index == b->index && memcmp(a->id, b->id, sizeof(a->id)) == 0;
}

/* Nothing is signed yet, and no coin is counted twice. */
static enum err check_unsigned(const struct bitcoin_tx *tx)
{
    if (tx->input_count > INPUTS_MAX || tx->output_count > OUTPUTS_MAX)
        return ERR_TOO_LARGE;
    for (size_t i = 0; i < tx->input_count; i++) {
        if (tx->inputs[i].script.len > 0 || tx->inputs[i].witness.len > 0)
            return ERR_TRANSACTION_FORM;
        for (size_t j = 0; j < i; j++)
            if (same_coin(&tx->inputs[i], &tx->inputs[j]))
                return ERR_TRANSACTION_FORM;
    }
    return ERR_OK;
}

static enum err read_paths(const struct signer *signer, struct bitcoin_request *request, char *text)
{
    size_t count = request->tx.input_count, i = 0;
    char *rest = text, *word;
    enum err rc = ERR_OK;

    request->paths = arena_alloc(&request->arena, count * sizeof(*request->paths));
    if (request->paths == NULL)
        return ERR_NO_MEMORY;
    for (; rc == ERR_OK && (word = strsep(&rest, ",")) != NULL; i++) {
        if (i == count)
            return ERR_MALFORMED;
        rc = own_path_parse(signer->policy, word, strlen(word), &request->paths[i]);
        if (rc == ERR_OK && request->paths[i].chain != POLICY_BITCOIN)
            rc = ERR_INVALID;
    }
    return rc == ERR_OK && i != count ? ERR_MALFORMED : rc;
}

/* Takes over the outputs that a transaction before has for our inputs. */
static enum err use_previous(struct bitcoin_request *request, const struct bitcoin_tx *previous,
                             size_t *found)
{
    uint8_t id[BITCOIN_ID_SIZE];
    enum err rc = bitcoin_tx_id(previous, id);
    size_t before = *found;

    for (size_t i = 0; i < request->tx.input_count && rc == ERR_OK; i++) {
        const struct bitcoin_input *input = &request->tx.inputs[i];
        if (memcmp(input->id, id, sizeof(id)) != 0 || request->spent[i].script.data != NULL)
            continue;
        if (input->index >= previous->output_count)
            return ERR_TRANSACTION_FORM;
        request->spent[i] = previous->outputs[input->index];
        if (request->spent[i].script.len == 0)
            return ERR_INVALID;
        request->in += request->spent[i].value;
        (*found)++;
    }
    /* One that is of no use, or came twice. */
    return rc == ERR_OK && *found == before ? ERR_MALFORMED : rc;
}

static enum err read_previous(struct bitcoin_request *request, char *text)
{
    size_t count = request->tx.input_count, found = 0;
    char *rest = text, *word;
    struct bitcoin_tx previous;
    enum err rc = ERR_OK;

    request->spent = arena_alloc(&request->arena, count * sizeof(*request->spent));
    if (request->spent == NULL)
        return ERR_NO_MEMORY;
    memset(request->spent, 0, count * sizeof(*request->spent));
    while (rc == ERR_OK && (word = strsep(&rest, ",")) != NULL) {
        rc = take_hex(request, word, &previous);
        if (rc == ERR_OK)
            rc = use_previous(request, &previous, &found);
    }
    return rc == ERR_OK && found != count ? ERR_MALFORMED : rc;
}

/* Checks that an output pays to the key of a path. */
static enum err check_own(const struct signer *signer, const struct own_path *path,
                          const struct bitcoin_output *output)
{
    struct bitcoin_script script = {.len = 0};
    struct hd_key key;

    if (path->chain != POLICY_BITCOIN)
        return ERR_INVALID;
    enum err rc = hd_derive(signer->master, &path->path, &key);
    if (rc == ERR_OK)
        rc = bitcoin_script_of_key(path->kind, key.public, &script);
    crypto_wipe(&key, sizeof(key));
    return rc == ERR_OK && !bytes_equal(output->script, bitcoin_script_bytes(&script)) ? ERR_INVALID
                                                                                       : rc;
}

/* Reads NUMBER:PATH,...: the numbers rise, so that none is counted twice. */
static enum err read_change(const struct signer *signer, struct bitcoin_request *request,
                            char *text)
{
    char *rest = text, *path_text;
    int64_t number, last = -1;
    struct own_path path;

    if (strcmp(text, "-") == 0)
        return ERR_OK;
    while ((path_text = strsep(&rest, ",")) != NULL) {
        const char *number_text = strsep(&path_text, ":");
        if (path_text == NULL ||
            !text_to_number(number_text, last + 1, (int64_t)request->tx.output_count - 1, &number))
            return ERR_MALFORMED;
        const struct bitcoin_output *output = &request->tx.outputs[number];
        enum err rc = own_path_parse(signer->policy, path_text, strlen(path_text), &path);
        if (rc == ERR_OK)
            rc = check_own(signer, &path, output);
        if (rc != ERR_OK)
            return rc;
        request->own += output->value;
        last = number;
    }
    return ERR_OK;
}

static enum err read_request(const struct signer *signer, char *const *words,
                             struct bitcoin_request *out)
{
    enum err rc = take_hex(out, words[0], &out->tx);
    if (rc == ERR_OK)
        rc = check_unsigned(&out->tx);
    if (rc == ERR_OK)
        rc = read_paths(signer, out, words[1]);
    if (rc == ERR_OK)
        rc = read_previous(out, words[2]);
    if (rc == ERR_OK)
        rc = read_change(signer, out, words[3]);
    return rc;
}

/* --- deciding ----------------------------------------------------------------------------------- */

static enum err add_up(const struct signer *signer, struct bitcoin_request *request)
{
    request->limit = policy_find(signer->policy, POLICY_BITCOIN, 0, NULL);
    if (request->limit == NULL)
        return ERR_CURRENCY_UNKNOWN;
    for (size_t i = 0; i < request->tx.output_count; i++) {
        enum bitcoin_kind kind = bitcoin_script_kind(request->tx.outputs[i].script);
        if (kind == BITCOIN_OTHER || kind == BITCOIN_WITNESS)
            return ERR_ADDRESS;
        request->out += request->tx.outputs[i].value;
    }
    if (request->in > BITCOIN_MONEY_MAX || request->out > request->in)
        return ERR_TRANSACTION_FORM;
    return ERR_OK;
}

static int compare_points(const void *a, const void *b)
{
    return memcmp(a, b, BITCOIN_ID_SIZE + sizeof(uint32_t));
}

/* Coins are spent once: the same set of them, in whatever order, is one key. See budget.h. */
static enum err budget_key(struct bitcoin_request *request, uint8_t out[SHA256_SIZE])
{
    const size_t size = BITCOIN_ID_SIZE + sizeof(uint32_t);
    size_t count = request->tx.input_count;
    uint8_t *points = arena_alloc(&request->arena, count * size);

    if (points == NULL)
        return ERR_NO_MEMORY;
    for (size_t i = 0; i < count; i++) {
        memcpy(points + i * size, request->tx.inputs[i].id, BITCOIN_ID_SIZE);
        memcpy(points + i * size + BITCOIN_ID_SIZE, &request->tx.inputs[i].index, sizeof(uint32_t));
    }
    qsort(points, count, size, compare_points);
    crypto_sha256(points, count * size, out);
    return ERR_OK;
}

static enum err charge(const struct signer *signer, struct bitcoin_request *request)
{
    int64_t sent = request->out - request->own, fee = request->in - request->out;
    const struct budget_charge charges[] = {{request->limit, (__int128)sent + fee}};
    uint8_t key[SHA256_SIZE];

    if (fee > request->limit->fee_per_request)
        return ERR_FEE_CAP;
    if (sent > request->limit->per_request)
        return ERR_OVER_SINGLE_LIMIT;
    enum err rc = budget_key(request, key);
    return rc == ERR_OK ? budget_charge(signer->budget, key, charges, 1) : rc;
}

/* --- signing ------------------------------------------------------------------------------------ */

static enum err sign_all(const struct signer *signer, struct bitcoin_request *request)
{
    enum err rc = ERR_OK;

    for (size_t i = 0; i < request->tx.input_count && rc == ERR_OK; i++) {
        struct hd_key key;
        rc = hd_derive(signer->master, &request->paths[i].path, &key);
        if (rc == ERR_OK)
            rc = bitcoin_sign_input(&request->tx, i, &request->spent[i], key.secret,
                                    &request->arena);
        crypto_wipe(&key, sizeof(key));
    }
    return rc;
}

static enum err write_answer(const struct bitcoin_request *request, struct text *answer)
{
    struct text raw = TEXT(BITCOIN_BLOCK_MAX);
    uint8_t id[BITCOIN_ID_SIZE];
    char id_text[BITCOIN_ID_TEXT_SIZE];

    bitcoin_tx_write(&request->tx, true, &raw);
    enum err rc = raw.full ? ERR_NO_MEMORY : bitcoin_tx_id(&request->tx, id);
    if (rc == ERR_OK) {
        bitcoin_id_format(id, id_text);
        text_hex(answer, raw.data, raw.len);
        text_addf(answer, " %s", id_text);
        log_line(LOG_LEVEL_INFO, "signed",
                 "limit=%s txid=%s inputs=%zu outputs=%zu sent=%" PRId64 " own=%" PRId64
                 " fee=%" PRId64,
                 request->limit->name, id_text, request->tx.input_count, request->tx.output_count,
                 request->out - request->own, request->own, request->in - request->out);
    }
    text_free(&raw);
    return rc;
}

enum err sign_bitcoin(struct signer *signer, char *const *words, size_t count, struct text *answer)
{
    struct bitcoin_request request = {.limit = NULL};

    if (count != 4)
        return ERR_MALFORMED;
    enum err rc = read_request(signer, words, &request);
    if (rc == ERR_OK)
        rc = add_up(signer, &request);
    /* Signed first, since a script may turn out not to be ours; handed out only once it is paid for. */
    if (rc == ERR_OK)
        rc = sign_all(signer, &request);
    if (rc == ERR_OK)
        rc = charge(signer, &request);
    if (rc == ERR_OK)
        rc = write_answer(&request, answer);
    arena_free(&request.arena);
    return rc;
}
