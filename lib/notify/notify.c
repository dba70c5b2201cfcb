#include "notify/notify.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/encode.h"

void notify_method(const struct currency *currency, char out[NOTIFY_METHOD_SIZE])
{
    /* The names that shops have known since they paid in nothing but BTC. */
    snprintf(out, NOTIFY_METHOD_SIZE, "MTGOX%s", currency->code);
}

/* Adds percent-encoded bytes: letters, digits and -._~ stay, a space becomes %20. */
static void add_encoded(struct text *out, const void *data, size_t len)
{
    static const char digits[] = "0123456789ABCDEF";
    const uint8_t *bytes = data;

    for (size_t i = 0; i < len; i++) {
        uint8_t byte = bytes[i];
        bool plain = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
                     (byte >= '0' && byte <= '9') || byte == '-' || byte == '.' || byte == '_' ||
                     byte == '~';
        if (plain) {
            text_putc(out, (char)byte);
            continue;
        }
        text_putc(out, '%');
        text_putc(out, digits[byte >> 4]);
        text_putc(out, digits[byte & 15]);
    }
}

static void add_field(struct text *out, const char *name, const void *data, size_t len)
{
    if (out->len > 0)
        text_putc(out, '&');
    text_puts(out, name);
    text_putc(out, '=');
    add_encoded(out, data, len);
}

static void add_string(struct text *out, const char *name, const char *value)
{
    add_field(out, name, value, strlen(value));
}

static void add_uuid(struct text *out, const char *name, const struct uuid *id)
{
    char text[UUID_TEXT_SIZE];
    uuid_format(id, text);
    add_string(out, name, text);
}

static void add_units(struct text *out, const char *name, struct amount amount)
{
    char text[AMOUNT_TEXT_SIZE];
    amount_format_units(amount, text);
    add_string(out, name, text);
}

void notify_body(const struct notify_event *event, struct text *out)
{
    char method[NOTIFY_METHOD_SIZE], date[CLOCK_TEXT_SIZE], aonce[24];

    text_clear(out);
    add_uuid(out, "id", &event->subject);
    if (event->has_payment)
        add_uuid(out, "payment_id", &event->payment);
    add_string(out, "status", event->status);
    if (event->has_amount) {
        notify_method(event->currency, method);
        add_units(out, "amount", event->amount);
        add_string(out, "currency", event->currency->code);
        add_string(out, "method", method);
    }
    clock_format(event->at, date);
    add_string(out, "date", date);
    if (event->has_data)
        add_field(out, "data", event->data, event->data_len);
    if (event->has_partial) {
        add_units(out, "amount_valid", event->valid);
        add_units(out, "amount_pending", event->pending);
        add_units(out, "amount_total", event->total);
    }
    snprintf(aonce, sizeof(aonce), "%lld", (long long)event->id);
    add_string(out, "aonce", aonce);
}

enum err notify_rest_sign(const void *secret, size_t secret_len, const struct text *body,
                          char out[NOTIFY_REST_SIGN_SIZE])
{
    uint8_t mac[SHA512_SIZE];
    enum err rc = crypto_hmac_sha512(secret, secret_len, text_string(body), body->len, mac);

    if (rc == ERR_OK)
        base64_encode(mac, sizeof(mac), out);
    return rc;
}

void notify_signed_bytes(const struct uuid *id, int64_t timestamp, const struct text *body,
                         struct text *out)
{
    char text[UUID_TEXT_SIZE];

    uuid_format(id, text);
    text_clear(out);
    text_addf(out, "%s.%lld.", text, (long long)timestamp);
    text_add(out, text_string(body), body->len);
}

enum err notify_webhook_sign(const struct notify_secrets *secrets, const struct text *signed_bytes,
                             struct text *out)
{
    uint8_t mac[SHA256_SIZE];
    char text[BASE64_SIZE(sizeof(mac))];

    text_clear(out);
    for (size_t i = 0; i < secrets->count; i++) {
        enum err rc = crypto_hmac_sha256(secrets->bytes[i], NOTIFY_SECRET_SIZE,
                                         text_string(signed_bytes), signed_bytes->len, mac);
        if (rc != ERR_OK)
            return rc;
        base64_encode(mac, sizeof(mac), text);
        text_addf(out, "%sv1,%s", i > 0 ? " " : "", text);
    }
    return ERR_OK;
}

void notify_secret_format(const uint8_t secret[NOTIFY_SECRET_SIZE],
                          char out[NOTIFY_SECRET_TEXT_SIZE])
{
    char text[BASE64_SIZE(NOTIFY_SECRET_SIZE)];

    base64_encode(secret, NOTIFY_SECRET_SIZE, text);
    snprintf(out, NOTIFY_SECRET_TEXT_SIZE, "whsec_%s", text);
    crypto_wipe(text, sizeof(text));
}

bool notify_acknowledges(int status, const void *answer, size_t len)
{
    const char *text = answer;

    if (status < 200 || status > 299)
        return false;
    while (len > 0 && memchr(" \t\r\n\v\f", *text, 6) != NULL) {
        text++;
        len--;
    }
    return len >= 4 && memcmp(text, "[OK]", 4) == 0;
}

void notify_redact(char *answer, size_t len, const char *secret)
{
    size_t secret_len = strlen(secret);
    char *found;

    if (secret_len < 8)
        return;
    while ((found = memmem(answer, len, secret, secret_len)) != NULL) {
        memset(found, '*', secret_len);
        len -= (size_t)(found - answer) + secret_len;
        answer = found + secret_len;
    }
}

static struct amount read_amount(const struct db_rows *rows, unsigned column,
                                 const struct currency *currency)
{
    return (struct amount){.units = db_get_i128(rows, column), .currency = currency};
}

void notify_read_event(const struct db_rows *rows, struct notify_event *out)
{
    const struct currency *currency = currency_by_id((uint16_t)db_get_u64(rows, 8));
    size_t len;
    const void *data = db_get_blob(rows, 13, &len);

    *out = (struct notify_event){
        .id = db_get_i64(rows, 0),
        .uuid = db_get_uuid(rows, 1),
        .merchant_id = db_get_i64(rows, 2),
        .seq = db_get_u64(rows, 3),
        .subject = db_get_uuid(rows, 5),
        .has_payment = !db_is_null(rows, 6),
        .currency = currency,
        .has_amount = !db_is_null(rows, 9),
        .has_partial = !db_is_null(rows, 12),
        .has_data = !db_is_null(rows, 13),
        .api_key_id = db_get_i64(rows, 14),
        .at = db_get_i64(rows, 18),
        .attempts = (uint32_t)db_get_u64(rows, 19),
        .next = db_get_i64(rows, 20),
        .delivered = db_get_i64(rows, 21),
        .paused = db_get_u64(rows, 24) != 0,
    };
    if (out->has_payment)
        out->payment = db_get_uuid(rows, 6);
    out->amount = read_amount(rows, 9, currency);
    out->valid = read_amount(rows, 10, currency);
    out->pending = read_amount(rows, 11, currency);
    out->total = read_amount(rows, 12, currency);
    if (out->has_data && len <= sizeof(out->data)) {
        memcpy(out->data, data, len);
        out->data_len = len;
    }
    text_copy(out->channel, sizeof(out->channel), db_get_text(rows, 4));
    text_copy(out->status, sizeof(out->status), db_get_text(rows, 7));
    text_copy(out->url, sizeof(out->url), db_get_text(rows, 15));
    text_copy(out->endpoint, sizeof(out->endpoint), db_get_text(rows, 16));
    text_copy(out->state, sizeof(out->state), db_get_text(rows, 17));
    text_copy(out->merchant, sizeof(out->merchant), db_get_text(rows, 22));
    text_copy(out->email, sizeof(out->email), db_get_text(rows, 23));
}
