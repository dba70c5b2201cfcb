/* Signed calls to Teller, and checking what it sends. */
#include "tools/demo/teller.h"

#include <curl/curl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/encode.h"
#include "base/text.h"
#include "crypto/crypto.h"

#define BODY_MAX 16384
#define ANSWER_MAX (256 * 1024)
#define SECRET_MAX 256
#define TIMEOUT_S 10L

/* The key file's content, as bytes and text. */
struct credentials {
    char key[64];
    uint8_t secret[SECRET_MAX];
    size_t secret_len;
};

static bool fail(struct teller_answer *answer, const char *error, const char *message)
{
    snprintf(answer->error, sizeof answer->error, "%s", error);
    snprintf(answer->message, sizeof answer->message, "%s", message);
    return false;
}

/* The string member `name`, or "". */
static const char *member(struct json_object *object, const char *name)
{
    struct json_object *value = NULL;
    if (!json_object_object_get_ex(object, name, &value) ||
        !json_object_is_type(value, json_type_string))
        return "";
    return json_object_get_string(value);
}

static bool read_credentials(const char *path, struct credentials *out)
{
    struct json_object *file = json_object_from_file(path);
    const char *secret = member(file, "secret");
    snprintf(out->key, sizeof out->key, "%s", member(file, "key"));
    out->secret_len = sizeof out->secret;
    bool good = out->key[0] != '\0' && secret[0] != '\0' &&
                base64_decode(secret, strlen(secret), out->secret, &out->secret_len);
    json_object_put(file);
    return good;
}

static void add_param(struct text *body, CURL *curl, const char *name, const char *value)
{
    char *escaped = curl_easy_escape(curl, value, 0);
    text_addf(body, "&%s=%s", name, escaped != NULL ? escaped : "");
    curl_free(escaped);
}

/* "tonce=...&name=value...": a tonce, because several of our processes share one key. */
static void build_body(struct text *body, CURL *curl, const struct teller_param *params,
                       size_t count)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    text_addf(body, "tonce=%" PRId64, (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000);
    for (size_t i = 0; i < count; i++)
        add_param(body, curl, params[i].name, params[i].value);
}

/* Rest-Key and Rest-Sign over the exact body, or NULL. */
static struct curl_slist *sign(const struct credentials *who, const struct text *body)
{
    uint8_t mac[SHA512_SIZE];
    char encoded[BASE64_SIZE(SHA512_SIZE)];
    char line[sizeof encoded + sizeof who->key + 16];
    struct curl_slist *headers = NULL;
    if (crypto_hmac_sha512(who->secret, who->secret_len, body->data, body->len, mac) != ERR_OK)
        return NULL;
    base64_encode(mac, sizeof mac, encoded);
    snprintf(line, sizeof line, "Rest-Key: %s", who->key);
    headers = curl_slist_append(headers, line);
    snprintf(line, sizeof line, "Rest-Sign: %s", encoded);
    return curl_slist_append(headers, line);
}

static size_t receive(char *data, size_t size, size_t count, void *target)
{
    struct text *answer = target;
    text_add(answer, data, size * count);
    return answer->full ? 0 : size * count;
}

/* Sends the signed body; the answer's bytes go to `received`. */
static bool post(CURL *curl, const char *url, const struct text *body, struct curl_slist *headers,
                 struct text *received)
{
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_PROXY, "");
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body->data);
    curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE, (long)body->len);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "demo-site");
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, TIMEOUT_S);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, receive);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, received);
    return curl_easy_perform(curl) == CURLE_OK;
}

/* Takes the envelope apart. */
static bool read_answer(const struct text *received, struct teller_answer *answer)
{
    struct json_object *envelope = json_tokener_parse(text_string(received));
    struct json_object *value = NULL;
    bool good = strcmp(member(envelope, "result"), "success") == 0 &&
                json_object_object_get_ex(envelope, "return", &value) && value != NULL;
    if (good) {
        answer->value = json_object_get(value);
    } else if (envelope == NULL) {
        fail(answer, "unreachable", "Teller gave no answer that we understand.");
    } else {
        fail(answer, member(envelope, "token"), member(envelope, "error"));
    }
    json_object_put(envelope);
    return good;
}

bool teller_call(const struct teller *teller, const char *method, const struct teller_param *params,
                 size_t count, struct teller_answer *answer)
{
    bool good = false;
    struct credentials who = {0};
    struct text body = TEXT(BODY_MAX), received = TEXT(ANSWER_MAX), url = TEXT(512);
    struct curl_slist *headers = NULL;
    CURL *curl = curl_easy_init();

    *answer = (struct teller_answer){0};
    if (!read_credentials(teller->key_file, &who)) {
        fail(answer, "no_key_file", "The demo site has no API key yet.");
        goto out;
    }
    text_addf(&url, "%s/api/1/%s", teller->url, method);
    if (curl != NULL)
        build_body(&body, curl, params, count);
    if (curl == NULL || body.full || url.full || (headers = sign(&who, &body)) == NULL) {
        fail(answer, "internal", "The call could not be made.");
        goto out;
    }
    if (!post(curl, text_string(&url), &body, headers, &received)) {
        fail(answer, "unreachable", "Teller cannot be reached.");
        goto out;
    }
    good = read_answer(&received, answer);
out:
    crypto_wipe(&who, sizeof who);
    curl_slist_free_all(headers);
    curl_easy_cleanup(curl);
    text_free(&url);
    text_free(&received);
    text_free(&body);
    return good;
}

void teller_answer_free(struct teller_answer *answer)
{
    json_object_put(answer->value);
    answer->value = NULL;
}

bool teller_verify(const struct teller *teller, const char *key, const char *sign, const void *body,
                   size_t len)
{
    struct credentials who = {0};
    uint8_t mac[SHA512_SIZE], given[SHA512_SIZE];
    size_t given_len = sizeof given;
    bool good = read_credentials(teller->key_file, &who) && strcmp(key, who.key) == 0 &&
                base64_decode(sign, strlen(sign), given, &given_len) && given_len == sizeof mac &&
                crypto_hmac_sha512(who.secret, who.secret_len, body, len, mac) == ERR_OK &&
                crypto_equal(mac, given, sizeof mac);
    crypto_wipe(&who, sizeof who);
    return good;
}
