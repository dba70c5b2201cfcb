/* Lines to the signer and back, and a second look at what it has signed. */
#include "net/signer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/arena.h"
#include "base/encode.h"
#include "base/local.h"
#include "base/log.h"
#include "base/wait.h"

#define QUESTION_MAX (4 << 20) /* what the signer takes */
#define ANSWER_MAX (1 << 20)
#define CHUNK_SIZE 4096
#define TRIES 2 /* one that was started again since has closed the connection */

struct signer_client {
    struct local local;
};

enum err signer_client_open(const char *socket, struct signer_client **out)
{
    struct signer_client *client = calloc(1, sizeof(*client));

    *out = client;
    return client == NULL ? ERR_NO_MEMORY : local_open(socket, &client->local);
}

void signer_client_close(struct signer_client *client)
{
    if (client != NULL)
        local_hang_up(&client->local);
    free(client);
}

/* --- lines -------------------------------------------------------------------------------------- */

static bool send_line(const struct signer_client *client, const struct text *question)
{
    for (size_t at = 0; at < question->len;) {
        ssize_t sent =
            send(client->local.fd, question->data + at, question->len - at, MSG_NOSIGNAL);
        if (sent > 0)
            at += (size_t)sent;
        else if (errno == EAGAIN ? !wait_ready(WAIT_WRITE, client->local.fd, SIGNER_WAIT_MS)
                                 : errno != EINTR)
            return false;
    }
    return true;
}

/* Reads up to the line's end, which is left out. */
static bool receive_line(const struct signer_client *client, struct text *answer)
{
    char chunk[CHUNK_SIZE];

    for (;;) {
        ssize_t got = recv(client->local.fd, chunk, sizeof(chunk), 0);
        if (got > 0) {
            text_add(answer, chunk, (size_t)got);
            if (answer->full)
                return false;
            if (chunk[got - 1] == '\n') {
                answer->data[--answer->len] = '\0';
                return true;
            }
        } else if (got == 0 ||
                   (errno == EAGAIN ? !wait_ready(WAIT_READ, client->local.fd, SIGNER_WAIT_MS)
                                    : errno != EINTR)) {
            return false;
        }
    }
}

/* What an answer says: behind "ok" there is more for `rest`. */
static enum err read_answer(const struct text *answer, const char **rest)
{
    static const char fine[] = "ok ", refused[] = "error ";
    char id[64] = "";

    *rest = answer->data + strlen(fine);
    if (answer->len > strlen(fine) && strncmp(answer->data, fine, strlen(fine)) == 0)
        return ERR_OK;
    if (answer->len > strlen(refused) && strncmp(answer->data, refused, strlen(refused)) == 0) {
        const char *start = answer->data + strlen(refused);
        size_t len = strcspn(start, " ");
        text_copy(id, len < sizeof(id) ? len + 1 : sizeof(id), start);
    }
    log_line(LOG_LEVEL_WARNING, "signer_refused", "error=%s", id);
    return err_from_id(id);
}

/* Asks, and once more where the connection turns out to be closed. */
static enum err ask(struct signer_client *client, const struct text *question, struct text *answer,
                    const char **rest)
{
    if (question->full || question->len > QUESTION_MAX)
        return ERR_TOO_LARGE;
    for (int tries = 0; tries < TRIES && local_call(&client->local); tries++) {
        text_clear(answer);
        if (send_line(client, question) && receive_line(client, answer))
            return read_answer(answer, rest);
        local_hang_up(&client->local); /* a late answer is not to be taken for the next one's */
    }
    log_line(LOG_LEVEL_WARNING, "signer_lost", "errno=%d", errno);
    return ERR_NO_ANSWER;
}

enum err signer_xpub(struct signer_client *client, const char *account, char out[BASE58_TEXT_SIZE])
{
    struct text question = TEXT(256), answer = TEXT(ANSWER_MAX);
    const char *rest;

    text_addf(&question, "xpub %s\n", account);
    enum err rc = ask(client, &question, &answer, &rest);
    if (rc == ERR_OK && strlen(rest) >= BASE58_TEXT_SIZE)
        rc = ERR_CRYPTO;
    if (rc == ERR_OK)
        text_copy(out, BASE58_TEXT_SIZE, rest);
    text_free(&question);
    text_free(&answer);
    return rc;
}

/* --- transactions ------------------------------------------------------------------------------- */

/* Adds the bytes in front of the first space of an answer, which are written in hexadecimal. */
static enum err add_raw(const char *rest, struct text *raw, struct bytes *added)
{
    size_t digits = strcspn(rest, " ");
    char *room = text_extend(raw, digits / 2);

    if (room == NULL)
        return ERR_NO_MEMORY;
    *added = (struct bytes){(const uint8_t *)room, digits / 2};
    return digits > 0 && hex_decode(rest, digits, room, digits / 2) ? ERR_OK : ERR_CRYPTO;
}

enum err signer_ethereum(struct signer_client *client, const char *path,
                         const struct ethereum_address *sender, const struct ethereum_tx *tx,
                         const char *own, struct text *raw, uint8_t hash[KECCAK256_SIZE])
{
    struct text data = TEXT(2 * ETHEREUM_TX_MAX), question = TEXT(QUESTION_MAX);
    struct text answer = TEXT(ANSWER_MAX);
    struct ethereum_address signed_by;
    struct ethereum_tx signed_tx;
    struct bytes added;
    const char *rest;

    enum err rc = ethereum_tx_unsigned(tx, &data);
    if (rc != ERR_OK)
        goto out;
    text_addf(&question, "sign ethereum %s ", path);
    text_hex(&question, data.data, data.len);
    text_addf(&question, " %s\n", own != NULL ? own : "-");
    rc = ask(client, &question, &answer, &rest);
    if (rc == ERR_OK)
        rc = add_raw(rest, raw, &added);
    if (rc == ERR_OK &&
        (ethereum_tx_read(added, &signed_tx, &signed_by, hash) != ERR_OK ||
         !ethereum_tx_equal(&signed_tx, tx) || !ethereum_address_equal(&signed_by, sender)))
        rc = ERR_CRYPTO;
out:
    text_free(&data);
    text_free(&question);
    text_free(&answer);
    return rc;
}

static void add_question(const struct bitcoin_tx *tx, const struct signer_coins *coins,
                         const struct text *data, struct text *question)
{
    text_puts(question, "sign bitcoin ");
    text_hex(question, data->data, data->len);
    for (size_t i = 0; i < tx->input_count; i++)
        text_addf(question, "%c%s", i == 0 ? ' ' : ',', coins->paths[i]);
    for (size_t i = 0; i < coins->previous_count; i++) {
        text_putc(question, i == 0 ? ' ' : ',');
        text_hex(question, coins->previous[i].data, coins->previous[i].len);
    }
    if (coins->change_count == 0)
        text_puts(question, " -");
    for (size_t i = 0; i < coins->change_count; i++)
        text_addf(question, "%c%zu:%s", i == 0 ? ' ' : ',', coins->change[i].output,
                  coins->change[i].path);
    text_putc(question, '\n');
}

/* Whether a signed transaction is the one whose bytes are `data`, but for scripts and witnesses. */
static enum err compare_unsigned(struct bytes added, const struct text *data,
                                 uint8_t id[BITCOIN_ID_SIZE])
{
    struct arena arena = {0};
    struct text again = TEXT(QUESTION_MAX);
    struct bitcoin_tx tx;

    enum err rc =
        bitcoin_tx_read(added, &arena, &tx) == ERR_OK ? bitcoin_tx_id(&tx, id) : ERR_CRYPTO;
    for (size_t i = 0; rc == ERR_OK && i < tx.input_count; i++)
        tx.inputs[i].script = tx.inputs[i].witness = (struct bytes){NULL, 0};
    if (rc == ERR_OK) {
        bitcoin_tx_write(&tx, false, &again);
        if (again.full || again.len != data->len || memcmp(again.data, data->data, data->len) != 0)
            rc = ERR_CRYPTO;
    }
    text_free(&again);
    arena_free(&arena);
    return rc;
}

enum err signer_bitcoin(struct signer_client *client, const struct bitcoin_tx *tx,
                        const struct signer_coins *coins, struct text *raw,
                        uint8_t id[BITCOIN_ID_SIZE])
{
    struct text data = TEXT(QUESTION_MAX), question = TEXT(QUESTION_MAX);
    struct text answer = TEXT(ANSWER_MAX);
    struct bytes added;
    const char *rest;

    bitcoin_tx_write(tx, false, &data);
    add_question(tx, coins, &data, &question);
    enum err rc = data.full ? ERR_TOO_LARGE : ask(client, &question, &answer, &rest);
    if (rc == ERR_OK)
        rc = add_raw(rest, raw, &added);
    if (rc == ERR_OK)
        rc = compare_unsigned(added, &data, id);
    text_free(&data);
    text_free(&question);
    text_free(&answer);
    return rc;
}
