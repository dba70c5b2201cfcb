/* Requests taken apart and answered; those that sign are in files of their own. */
#include "tools/signer/request.h"

#include <string.h>

#include "base/failpoint.h"
#include "base/log.h"

#define ACCOUNT_STEPS 3
#define PATH_STEPS 5

static const struct purpose {
    uint32_t step;
    enum bitcoin_kind kind;
} purposes[] = {{44, BITCOIN_P2PKH}, {49, BITCOIN_P2SH}, {84, BITCOIN_P2WPKH}};

#define ETHEREUM_COIN 60

/* Reads the first three steps: PURPOSE'/COIN'/ACCOUNT'. */
static bool read_account(const struct policy *policy, const struct hd_path *path,
                         struct own_path *out)
{
    for (size_t i = 0; i < ACCOUNT_STEPS; i++)
        if (i >= path->count || !(path->steps[i] & HD_HARDENED))
            return false;
    uint32_t purpose = path->steps[0] & ~HD_HARDENED, coin = path->steps[1] & ~HD_HARDENED;
    out->chain = coin == ETHEREUM_COIN                        ? POLICY_ETHEREUM
                 : coin == bitcoin_coin_type(policy->network) ? POLICY_BITCOIN
                                                              : POLICY_UNSET;
    if (out->chain == POLICY_ETHEREUM)
        return purpose == 44;
    for (size_t i = 0; i < sizeof(purposes) / sizeof(purposes[0]); i++)
        if (purposes[i].step == purpose) {
            out->kind = purposes[i].kind;
            return out->chain == POLICY_BITCOIN;
        }
    return false;
}

enum err own_path_parse(const struct policy *policy, const char *text, size_t len,
                        struct own_path *out)
{
    const struct hd_path *path = &out->path;

    if (!hd_path_parse(text, len, &out->path) || path->count != PATH_STEPS ||
        !read_account(policy, path, out) || (path->steps[3] | path->steps[4]) & HD_HARDENED)
        return ERR_INVALID;
    return ERR_OK;
}

static enum err answer_address(const struct signer *signer, const char *text, struct text *answer)
{
    char address[BITCOIN_ADDRESS_SIZE];
    struct ethereum_address account;
    struct bitcoin_script script = {.len = 0};
    struct own_path path;
    struct hd_key key;

    enum err rc = own_path_parse(signer->policy, text, strlen(text), &path);
    if (rc == ERR_OK)
        rc = hd_derive(signer->master, &path.path, &key);
    if (rc != ERR_OK)
        return rc;
    if (path.chain == POLICY_ETHEREUM) {
        rc = ethereum_address_of_key(key.public, &account);
        ethereum_address_format(&account, address);
    } else {
        rc = bitcoin_script_of_key(path.kind, key.public, &script);
        if (rc == ERR_OK && !bitcoin_address_format(signer->policy->network,
                                                    bitcoin_script_bytes(&script), address))
            rc = ERR_INTERNAL;
    }
    crypto_wipe(&key, sizeof(key));
    if (rc == ERR_OK)
        text_puts(answer, address);
    return rc;
}

static enum err answer_xpub(const struct signer *signer, const char *text, struct text *answer)
{
    struct own_path path = {0};
    struct hd_key key;
    char xpub[BASE58_TEXT_SIZE];

    if (!hd_path_parse(text, strlen(text), &path.path) || path.path.count != ACCOUNT_STEPS ||
        !read_account(signer->policy, &path.path, &path))
        return ERR_INVALID;
    enum err rc = hd_derive(signer->master, &path.path, &key);
    if (rc != ERR_OK)
        return rc;
    hd_public(&key, &key);
    bool is_test = path.chain == POLICY_BITCOIN && signer->policy->network != BITCOIN_MAIN;
    hd_format(&key, is_test ? HD_TEST : HD_MAIN, xpub);
    text_puts(answer, xpub);
    return ERR_OK;
}

static enum err answer_words(struct signer *signer, char *const *words, size_t count,
                             struct text *answer)
{
    if (count == 1 && strcmp(words[0], "ping") == 0)
        return ERR_OK;
    if (count == 2 && strcmp(words[0], "address") == 0)
        return answer_address(signer, words[1], answer);
    if (count == 2 && strcmp(words[0], "xpub") == 0)
        return answer_xpub(signer, words[1], answer);
    if (count == 5 && strcmp(words[0], "sign") == 0 && strcmp(words[1], "ethereum") == 0)
        return sign_ethereum(signer, words + 2, count - 2, answer);
    if (count == 6 && strcmp(words[0], "sign") == 0 && strcmp(words[1], "bitcoin") == 0)
        return sign_bitcoin(signer, words + 2, count - 2, answer);
    return ERR_MALFORMED;
}

/* Cuts the line at single spaces. False for no word, an empty one, too many, and a NUL. */
static bool split_words(char *line, size_t len, char *words[WORDS_MAX], size_t *count)
{
    char *rest = line, *word;

    *count = 0;
    if (memchr(line, '\0', len) != NULL)
        return false;
    while ((word = strsep(&rest, " ")) != NULL) {
        if (*word == '\0' || *count == WORDS_MAX)
            return false;
        words[(*count)++] = word;
    }
    return true;
}

void request_answer(struct signer *signer, char *line, size_t len, struct text *answer)
{
    char *words[WORDS_MAX];
    size_t count;

    failpoint_flow("teller-signer");
    line[len] = '\0';
    text_puts(answer, "ok ");
    enum err rc = split_words(line, len, words, &count) ? answer_words(signer, words, count, answer)
                                                        : ERR_MALFORMED;
    if (rc == ERR_OK && answer->full)
        rc = ERR_NO_MEMORY;
    if (rc == ERR_OK) {
        if (answer->len == 3)
            answer->len = 2; /* nothing behind "ok" */
        text_putc(answer, '\n');
        failpoint();
        return;
    }
    log_line(err_is_bug(rc) ? LOG_LEVEL_BUG : LOG_LEVEL_WARNING, "refused", "error=%s", err_id(rc));
    text_clear(answer);
    text_addf(answer, "error %s %s\n", err_id(rc), err_text(rc));
}
