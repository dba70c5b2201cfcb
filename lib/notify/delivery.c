#include "notify/delivery.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/encode.h"

#define SECRETS_FRESH_US 2000000 /* a rotation is known everywhere after that */
#define SIGNED_MAX (NOTIFY_BODY_MAX + 128)
#define SIGNATURES_MAX 512

static enum err take_secrets(struct db *db, const uint8_t master[SEAL_KEY_SIZE],
                             struct delivery_cache *cache, int64_t merchant_id,
                             struct notify_secrets *out)
{
    if (cache == NULL)
        return notify_secrets(db, master, merchant_id, out);
    size_t at = (size_t)(merchant_id % DELIVERY_CACHE_SLOTS);
    int64_t now_us = clock_mono_us();
    if (cache->secrets[at].merchant_id != merchant_id ||
        now_us - cache->secrets[at].read_us > SECRETS_FRESH_US) {
        cache->secrets[at].merchant_id = 0;
        enum err rc = notify_secrets(db, master, merchant_id, &cache->secrets[at].secrets);
        if (rc != ERR_OK)
            return rc;
        cache->secrets[at].merchant_id = merchant_id;
        cache->secrets[at].read_us = now_us;
    }
    *out = cache->secrets[at].secrets;
    return ERR_OK;
}

/* A key's secret never changes, so that one that was read once stays right. */
static enum err take_key(struct db *db, const uint8_t master[SEAL_KEY_SIZE],
                         struct delivery_cache *cache, int64_t id, struct api_key_secret *out)
{
    if (cache == NULL)
        return api_key_signer(db, master, id, out);
    size_t at = (size_t)(id % DELIVERY_CACHE_SLOTS);
    if (cache->keys[at].id != id) {
        cache->keys[at].id = 0;
        enum err rc = api_key_signer(db, master, id, &cache->keys[at].key);
        if (rc != ERR_OK)
            return rc;
        cache->keys[at].id = id;
    }
    *out = cache->keys[at].key;
    return ERR_OK;
}

static void __attribute__((format(printf, 3, 4)))
set_header(struct delivery *delivery, size_t at, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    vsnprintf(delivery->header_text[at], DELIVERY_HEADER_MAX, format, list);
    va_end(list);
    delivery->headers[at] = delivery->header_text[at];
    delivery->headers[at + 1] = NULL;
}

static enum err sign(const struct notify_event *event, int64_t timestamp, struct delivery *out)
{
    char rest_sign[NOTIFY_REST_SIGN_SIZE], key[UUID_TEXT_SIZE], id[UUID_TEXT_SIZE];
    struct text signatures = TEXT(SIGNATURES_MAX);

    notify_body(event, &out->body);
    notify_signed_bytes(&event->uuid, timestamp, &out->body, &out->signed_bytes);
    enum err rc = out->body.full || out->signed_bytes.full ? ERR_TOO_LARGE : ERR_OK;
    if (rc == ERR_OK)
        rc = notify_rest_sign(out->key.secret, out->key.secret_len, &out->body, rest_sign);
    if (rc == ERR_OK)
        rc = notify_webhook_sign(&out->secrets, &out->signed_bytes, &signatures);
    if (rc == ERR_OK) {
        uuid_format(&out->key.key.public_key, key);
        uuid_format(&event->uuid, id);
        set_header(out, 0, "Content-Type: application/x-www-form-urlencoded");
        set_header(out, 1, "User-Agent: Teller");
        set_header(out, 2, "Rest-Key: %s", key);
        set_header(out, 3, "Rest-Sign: %s", rest_sign);
        set_header(out, 4, "webhook-id: %s", id);
        set_header(out, 5, "webhook-timestamp: %lld", (long long)timestamp);
        set_header(out, 6, "webhook-signature: %s", text_string(&signatures));
        /* curl would wait for a "100 Continue" that small servers never send. */
        set_header(out, 7, "Expect:");
    }
    text_free(&signatures);
    return rc;
}

enum err delivery_prepare(struct db *db, const uint8_t master[SEAL_KEY_SIZE],
                          struct delivery_cache *cache, const struct notify_event *event,
                          int64_t timestamp, struct delivery *out)
{
    out->body.max = NOTIFY_BODY_MAX;
    out->signed_bytes.max = SIGNED_MAX;
    out->headers[0] = NULL;
    enum err rc = take_key(db, master, cache, event->api_key_id, &out->key);
    if (rc == ERR_OK)
        rc = take_secrets(db, master, cache, event->merchant_id, &out->secrets);
    return rc == ERR_OK ? sign(event, timestamp, out) : rc;
}

const char *delivery_header(const struct delivery *delivery, const char *name)
{
    size_t len = strlen(name);
    for (size_t i = 0; delivery->headers[i] != NULL; i++)
        if (strncmp(delivery->headers[i], name, len) == 0 &&
            strncmp(delivery->headers[i] + len, ": ", 2) == 0)
            return delivery->headers[i] + len + 2;
    return "";
}

void delivery_redact(const struct delivery *delivery, char *answer, size_t len)
{
    char text[API_KEY_SECRET_TEXT_SIZE], secret[NOTIFY_SECRET_TEXT_SIZE];

    base64_encode(delivery->key.secret, delivery->key.secret_len, text);
    notify_redact(answer, len, text);
    for (size_t i = 0; i < delivery->secrets.count; i++) {
        notify_secret_format(delivery->secrets.bytes[i], secret);
        notify_redact(answer, len, secret + strlen("whsec_"));
    }
    crypto_wipe(text, sizeof(text));
    crypto_wipe(secret, sizeof(secret));
}

/* Between single quotes, as a shell reads it. */
static void add_quoted(struct text *out, const char *string)
{
    text_putc(out, '\'');
    for (; *string != '\0'; string++)
        if (*string == '\'')
            text_puts(out, "'\\''");
        else
            text_putc(out, *string);
    text_putc(out, '\'');
}

void delivery_curl(const struct delivery *delivery, const char *url, struct text *out)
{
    text_clear(out);
    text_puts(out, "curl -i");
    for (size_t i = 0; delivery->headers[i] != NULL; i++) {
        text_puts(out, " -H ");
        add_quoted(out, delivery->headers[i]);
    }
    text_puts(out, " --data-raw ");
    add_quoted(out, text_string(&delivery->body));
    text_putc(out, ' ');
    add_quoted(out, url);
}

void delivery_free(struct delivery *delivery)
{
    text_free(&delivery->body);
    text_free(&delivery->signed_bytes);
    crypto_wipe(delivery, sizeof(*delivery));
}
