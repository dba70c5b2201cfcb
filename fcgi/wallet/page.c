/* Signed page tokens: the id of a row and a part of an HMAC. */
#include "fcgi/wallet/page.h"

#include <string.h>

#include "base/encode.h"
#include "base/text.h"
#include "fcgi/server/app.h"

#define ID_SIZE 8
#define MAC_SIZE 16
#define SIGNED_MAX 256

static void put_id(int64_t id, uint8_t out[ID_SIZE])
{
    for (size_t i = 0; i < ID_SIZE; i++)
        out[i] = (uint8_t)((uint64_t)id >> (8 * (ID_SIZE - 1 - i)));
}

static int64_t get_id(const uint8_t in[ID_SIZE])
{
    uint64_t id = 0;

    for (size_t i = 0; i < ID_SIZE; i++)
        id = id << 8 | in[i];
    return (int64_t)id;
}

static enum err sign(const struct request *request, const char *list, int64_t id,
                     uint8_t out[SHA256_SIZE])
{
    struct text text = TEXT(SIGNED_MAX);

    text_addf(&text, "wallet-page/%lld/%s/%lld", (long long)request->caller.user_id, list,
              (long long)id);
    enum err rc = crypto_hmac_sha256(request->app->master_key, SEAL_KEY_SIZE, text_string(&text),
                                     text.len, out);
    text_free(&text);
    return rc;
}

enum err page_token_make(const struct request *request, const char *list, int64_t id,
                         char out[PAGE_TOKEN_SIZE])
{
    uint8_t mac[SHA256_SIZE], bytes[ID_SIZE + MAC_SIZE];

    enum err rc = sign(request, list, id, mac);
    if (rc != ERR_OK)
        return rc;
    put_id(id, bytes);
    memcpy(bytes + ID_SIZE, mac, MAC_SIZE);
    base64url_encode(bytes, sizeof(bytes), out);
    return ERR_OK;
}

enum err page_token_read(struct request *request, const char *list, const char *token, int64_t *id)
{
    uint8_t mac[SHA256_SIZE], bytes[ID_SIZE + MAC_SIZE];
    size_t len = sizeof(bytes);

    *id = 0;
    if (token[0] == '\0')
        return ERR_OK;
    if (!base64_decode_any(token, strlen(token), bytes, &len) || len != sizeof(bytes))
        return request_fail(request, "page_token", ERR_INVALID);
    enum err rc = sign(request, list, get_id(bytes), mac);
    if (rc != ERR_OK)
        return rc;
    if (!crypto_equal(mac, bytes + ID_SIZE, MAC_SIZE))
        return request_fail(request, "page_token", ERR_INVALID);
    *id = get_id(bytes);
    return ERR_OK;
}
