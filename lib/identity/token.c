/* Reading and checking JWTs. */
#include "identity/token.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "base/encode.h"
#include "base/text.h"
#include "money/decimal.h"
#include "json/value.h"

#define NS_PER_US 1000
#define US_PER_S 1000000

/* The JSON object of a part. */
static enum err read_part(struct arena *arena, const char *text, size_t len, struct value **out)
{
    char json[TOKEN_MAX];
    size_t json_len = sizeof(json);
    const char *where;

    if (!base64_decode_any(text, len, json, &json_len))
        return ERR_TOKEN_INVALID;
    enum err rc = value_parse(arena, json, json_len, out, &where);
    if (rc == ERR_NO_MEMORY)
        return rc;
    return rc == ERR_OK && (*out)->type == VALUE_OBJECT ? ERR_OK : ERR_TOKEN_INVALID;
}

static bool is_word(const struct value *value, const char *word)
{
    return value != NULL && value->type == VALUE_TEXT && strcasecmp(value->text, word) == 0;
}

/* A text or number that is whole, as clients print it: "1527665262168391000", 1.527665262168391e18. */
static bool read_whole(const struct value *value, int64_t *out)
{
    __int128 number;
    unsigned scale;

    if (value == NULL || (value->type != VALUE_TEXT && value->type != VALUE_NUMBER) ||
        decimal_parse(value->text, value->len, 0, &number, &scale) != ERR_OK || scale != 0 ||
        number <= 0 || number > INT64_MAX)
        return false;
    *out = (int64_t)number;
    return true;
}

static bool read_header(const struct value *header)
{
    const struct value *type = value_member(header, "typ");
    return is_word(value_member(header, "alg"), "HS256") &&
           (type == NULL || is_word(type, "JWT")) && value_member(header, "crit") == NULL;
}

static bool read_claims(const struct value *claims, struct token *out)
{
    const struct value *type = value_member(claims, "type"), *key = value_member(claims, "sub");
    const struct value *window = value_member(claims, "recv_window");

    if (!is_word(type, "OpenAPIV2") && !is_word(type, "OpenAPI"))
        return false;
    if (key == NULL || key->type != VALUE_TEXT || !uuid_parse(key->text, key->len, &out->key))
        return false;
    out->window_s = TOKEN_WINDOW_S;
    if (window != NULL && window->type != VALUE_NULL && !read_whole(window, &out->window_s))
        return false;
    if (out->window_s > TOKEN_WINDOW_MAX_S)
        out->window_s = TOKEN_WINDOW_MAX_S;
    return read_whole(value_member(claims, "nonce"), &out->nonce_ns);
}

enum err token_read(struct arena *arena, const char *text, size_t len, struct token *out)
{
    const char *first = memchr(text, '.', len);
    const char *second =
        first == NULL ? NULL : memchr(first + 1, '.', len - (size_t)(first + 1 - text));
    struct value *header, *claims;
    size_t mac_len = sizeof(out->mac);

    if (len > TOKEN_MAX || second == NULL)
        return ERR_TOKEN_INVALID;
    *out = (struct token){.text = text, .len = (size_t)(second - text)};
    if (!base64_decode_any(second + 1, len - out->len - 1, out->mac, &mac_len) ||
        mac_len != sizeof(out->mac))
        return ERR_TOKEN_INVALID;
    enum err rc = read_part(arena, text, (size_t)(first - text), &header);
    if (rc == ERR_OK)
        rc = read_part(arena, first + 1, (size_t)(second - first - 1), &claims);
    if (rc != ERR_OK)
        return rc;
    return read_header(header) && read_claims(claims, out) ? ERR_OK : ERR_TOKEN_INVALID;
}

enum err token_check(const struct token *token, const void *secret, size_t len)
{
    uint8_t expected[SHA256_SIZE];
    enum err rc = crypto_hmac_sha256(secret, len, token->text, token->len, expected);
    if (rc != ERR_OK)
        return rc;
    return crypto_equal(expected, token->mac, sizeof(expected)) ? ERR_OK : ERR_TOKEN_INVALID;
}

enum err token_check_time(const struct token *token, int64_t now_us)
{
    int64_t off_us = token->nonce_ns / NS_PER_US - now_us;
    int64_t window_us = token->window_s * US_PER_S;
    return off_us < window_us && off_us > -window_us ? ERR_OK : ERR_TOKEN_EXPIRED;
}
