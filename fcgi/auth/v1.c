/* API keys: Rest-Key and Rest-Sign (api exchange-v1, section 2). */
#include <stdio.h>
#include <string.h>

#include "base/encode.h"
#include "crypto/crypto.h"
#include "fcgi/auth/auth.h"
#include "fcgi/auth/key.h"
#include "fcgi/server/app.h"
#include "fcgi/server/face.h"
#include "identity/api_key.h"
#include "identity/nonce.h"

#define FACE "v1"

/* The public key that the request names. */
static enum err read_public_key(struct request *request, struct uuid *out)
{
    const char *key;
    enum err rc = request_header(request, "Rest-Key", &key);
    if (rc != ERR_OK)
        return rc;
    if (key == NULL || *key == '\0')
        return ERR_KEY_MISSING;
    return uuid_parse(key, strlen(key), out) ? ERR_OK : ERR_KEY_INVALID;
}

/* Checks the signature over the exact body. Old clients fold the header: white space in it does not
 * count. */
static enum err check_sign(const struct request *request, const char *sign,
                           const struct api_key_secret *key)
{
    uint8_t given[SHA512_SIZE], expected[SHA512_SIZE];
    size_t given_len = sizeof(given);

    enum err rc = crypto_hmac_sha512(key->secret, key->secret_len, request->body, request->body_len,
                                     expected);
    if (rc != ERR_OK)
        return rc;
    if (!base64_decode(sign, strlen(sign), given, &given_len) || given_len != sizeof(given) ||
        !crypto_equal(given, expected, sizeof(given)))
        return ERR_SIGN_INVALID;
    return ERR_OK;
}

/* Reads nonce or tonce, names the request by it and queues the check that it was never seen. */
static enum err take_nonce(struct request *request, const struct api_key *key)
{
    const struct value *nonce = request_param(request, "nonce");
    const struct value *tonce = request_param(request, "tonce");
    struct caller *caller = &request->caller;
    char digits[NONCE_TEXT_SIZE];
    int64_t at_us;
    enum err rc = ERR_NONCE_INVALID;

    if (nonce != NULL) {
        rc = nonce_parse(nonce->text, nonce->len, digits);
        if (rc != ERR_OK)
            return rc;
        snprintf(caller->request_key, sizeof(caller->request_key), "n%lld:%s", (long long)key->id,
                 digits);
        api_key_use_nonce(request->db, key->id, key->version, digits);
    } else if (tonce != NULL) {
        rc = nonce_parse_tonce(tonce->text, tonce->len, &at_us);
        if (rc != ERR_OK)
            return rc;
        snprintf(caller->request_key, sizeof(caller->request_key), "t%lld:%lld", (long long)key->id,
                 (long long)at_us);
        api_key_use_tonce(request->db, key->id, key->version, at_us);
    }
    return rc;
}

static enum err check_key(struct request *request)
{
    struct uuid public_key;
    const struct api_key_secret *key;
    const char *sign = NULL;

    enum err rc = read_public_key(request, &public_key);
    if (rc == ERR_OK)
        rc = request_header(request, "Rest-Sign", &sign);
    if (rc == ERR_OK && (sign == NULL || *sign == '\0'))
        rc = ERR_KEY_MISSING;
    if (rc == ERR_OK)
        rc = api_key_lookup(request->db, request->app->master_key, &public_key, FACE, &key);
    if (rc == ERR_OK)
        rc = check_sign(request, sign, key);
    if (rc == ERR_OK)
        rc = auth_check_address(request, FACE, &key);
    if (rc == ERR_OK)
        rc = take_nonce(request, &key->key);
    if (rc != ERR_OK)
        return rc;
    request->caller.user_id = key->key.user_id;
    request->caller.api_key_id = key->key.id;
    request->caller.rights = key->key.rights & face_rights(request->face, key->roles);
    return ERR_OK;
}

static void forget_key(struct request *request)
{
    struct uuid public_key;
    if (read_public_key(request, &public_key) == ERR_OK)
        api_key_forget(&public_key);
}

bool auth_v1_knows(struct request *request)
{
    struct uuid public_key;
    const struct api_key_secret *key;
    return read_public_key(request, &public_key) == ERR_OK &&
           api_key_lookup(request->db, request->app->master_key, &public_key, FACE, &key) == ERR_OK;
}

const struct auth auth_v1 = {
    .name = "api key",
    .check = check_key,
    .forget = forget_key,
    .signs_body = true,
    .scheme = "restKey",
    .header = "Rest-Key",
    .help = "Rest-Key names the key; Rest-Sign is the base64 HMAC-SHA512 of the exact body, "
            "which has a rising nonce or a tonce in microseconds",
};
