/* Tokens of the viewer API: Authorization: Bearer, and a JWT (api wallet, B2, B3). */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/encode.h"
#include "fcgi/auth/auth.h"
#include "fcgi/auth/key.h"
#include "fcgi/server/app.h"
#include "fcgi/server/face.h"
#include "fcgi/server/router.h"
#include "fcgi/wallet/face.h"
#include "identity/rights.h"
#include "identity/token.h"

#define FACE "wallet"

/* Clients may send spaces before the word. */
static enum err read_bearer(struct request *request, struct token *out)
{
    static const char scheme[] = "Bearer";
    const char *header;

    enum err rc = request_header(request, "Authorization", &header);
    if (rc != ERR_OK)
        return rc;
    if (header == NULL || header[strspn(header, " ")] == '\0')
        return ERR_KEY_MISSING;
    header += strspn(header, " ");
    size_t len = strcspn(header, " ");
    if (len != sizeof(scheme) - 1 || strncasecmp(header, scheme, len) != 0)
        return request_fail(request, "Authorization", ERR_TOKEN_SCHEME);
    header += len;
    header += strspn(header, " ");
    return token_read(&request->arena, header, strcspn(header, " "), out);
}

/* A token is signed with the secret as its owner got it: the text, not the bytes that it means. */
static enum err check_secret(const struct token *token, const struct api_key_secret *key)
{
    char text[API_KEY_SECRET_TEXT_SIZE];

    base64_encode(key->secret, key->secret_len, text);
    enum err rc = token_check(token, text, strlen(text));
    crypto_wipe(text, sizeof(text));
    return rc;
}

/* What may change something is done once for each nonce; clients whose clocks are coarse repeat those of
 * reads. */
static void take_nonce(struct request *request, const struct api_key *key,
                       const struct token *token)
{
    struct caller *caller = &request->caller;
    bool changes = router_method(request->method) != METHOD_GET;

    snprintf(caller->request_key, sizeof(caller->request_key), "w%lld:%lld", (long long)key->id,
             (long long)token->nonce_ns);
    api_key_use_token(request->db, key->id, key->version, changes ? token->nonce_ns : 0);
}

static enum err check_token(struct request *request)
{
    struct token token = {0};
    const struct api_key_secret *key;

    enum err rc = read_bearer(request, &token);
    if (rc == ERR_OK)
        rc = api_key_lookup(request->db, request->app->master_key, &token.key, FACE, &key);
    if (rc == ERR_OK)
        rc = check_secret(&token, key);
    if (rc == ERR_OK)
        rc = token_check_time(&token, clock_now_us());
    if (rc == ERR_OK)
        rc = auth_check_address(request, FACE, &key);
    if (rc != ERR_OK)
        return rc;
    take_nonce(request, &key->key, &token);
    request->caller.user_id = key->key.user_id;
    request->caller.api_key_id = key->key.id;
    request->caller.rights =
        wallet_rights(key->key.rights) & face_rights(request->face, key->roles);
    return ERR_OK;
}

static void forget_key(struct request *request)
{
    struct token token = {0};
    if (read_bearer(request, &token) == ERR_OK)
        api_key_forget(&token.key);
}

const struct auth auth_wallet = {
    .name = "token",
    .check = check_token,
    .forget = forget_key,
    .scheme = "walletToken",
    .header = "Authorization",
    .help =
        "Bearer and a JWT: alg HS256, type OpenAPIV2, sub the key, nonce in nanoseconds, signed "
        "with the key's secret",
};
