/* One delivery: the body in its format, and the headers with their signatures. */
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
                             struct delivery_cache *cache, int64_t owner_id,
                             struct notify_secrets *out)
{
    if (cache == NULL)
        return notify_secrets(db, master, owner_id, out);
    size_t at = (size_t)(owner_id % DELIVERY_CACHE_SLOTS);
    int64_t now_us = clock_mono_us();
    if (cache->secrets[at].owner_id != owner_id ||
        now_us - cache->secrets[at].read_us > SECRETS_FRESH_US) {
        cache->secrets[at].owner_id = 0;
        enum err rc = notify_secrets(db, master, owner_id, &cache->secrets[at].secrets);
        if (rc != ERR_OK)
            return rc;
        cache->secrets[at].owner_id = owner_id;
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

static void __attribute__((format(printf, 2, 3)))
add_header(struct delivery *delivery, const char *format, ...)
{
    size_t at = delivery->header_count++;
    va_list list;
    va_start(list, format);
    vsnprintf(delivery->header_text[at], DELIVERY_HEADER_MAX, format, list);
    va_end(list);
    delivery->headers[at] = delivery->header_text[at];
    delivery->headers[at + 1] = NULL;
}

static enum err sign_api_key(struct delivery *out)
{
    char signature[NOTIFY_REST_SIGN_SIZE], key[UUID_TEXT_SIZE];
    enum err rc = notify_rest_sign(out->key.secret, out->key.secret_len, &out->body, signature);

    if (rc != ERR_OK)
        return rc;
    uuid_format(&out->key.key.public_key, key);
    add_header(out, "Rest-Key: %s", key);
    add_header(out, "Rest-Sign: %s", signature);
    return ERR_OK;
}

static enum err sign_webhook(const struct notify_event *event, int64_t timestamp,
                             struct delivery *out)
{
    struct text signatures = TEXT(SIGNATURES_MAX);
    char id[UUID_TEXT_SIZE];

    notify_signed_bytes(&event->uuid, timestamp, &out->body, &out->signed_bytes);
    enum err rc = out->signed_bytes.full ? ERR_TOO_LARGE : ERR_OK;
    if (rc == ERR_OK)
        rc = notify_webhook_sign(&out->secrets, &out->signed_bytes, &signatures);
    if (rc == ERR_OK) {
        uuid_format(&event->uuid, id);
        add_header(out, "webhook-id: %s", id);
        add_header(out, "webhook-timestamp: %lld", (long long)timestamp);
        add_header(out, "webhook-signature: %s", text_string(&signatures));
    }
    text_free(&signatures);
    return rc;
}

/* Reads the secrets that the format signs with. */
static enum err take_signers(struct db *db, const uint8_t master[SEAL_KEY_SIZE],
                             struct delivery_cache *cache, const struct notify_event *event,
                             struct delivery *out)
{
    unsigned signers = out->format->signers;
    enum err rc = ERR_OK;

    out->secrets.count = 0;
    out->key.secret_len = 0;
    if ((signers & SIGN_API_KEY) != 0)
        rc = take_key(db, master, cache, event->api_key_id, &out->key);
    if (rc == ERR_OK && (signers & SIGN_WEBHOOK) != 0)
        rc = take_secrets(db, master, cache, event->owner_id, &out->secrets);
    return rc;
}

enum err delivery_prepare(struct db *db, const uint8_t master[SEAL_KEY_SIZE],
                          struct delivery_cache *cache, const struct notify_event *event,
                          int64_t timestamp, struct delivery *out)
{
    out->body.max = NOTIFY_BODY_MAX;
    out->signed_bytes.max = SIGNED_MAX;
    text_clear(&out->signed_bytes);
    out->headers[0] = NULL;
    out->header_count = 0;
    out->format = format_find(event->format);
    if (out->format == NULL || out->format->write_body == NULL)
        return ERR_INTERNAL;
    enum err rc = take_signers(db, master, cache, event, out);
    if (rc == ERR_OK)
        rc = out->format->write_body(event, &out->body);
    if (rc != ERR_OK)
        return rc;
    add_header(out, "Content-Type: %s", out->format->content_type);
    add_header(out, "User-Agent: Teller");
    if ((out->format->signers & SIGN_API_KEY) != 0)
        rc = sign_api_key(out);
    if (rc == ERR_OK && (out->format->signers & SIGN_WEBHOOK) != 0)
        rc = sign_webhook(event, timestamp, out);
    /* curl would wait for a "100 Continue" that small servers never send. */
    add_header(out, "Expect:");
    return rc;
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

    if (delivery->key.secret_len > 0) {
        base64_encode(delivery->key.secret, delivery->key.secret_len, text);
        notify_redact(answer, len, text);
    }
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
