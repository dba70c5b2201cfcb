/* Signatures, and events as they are read from the outbox. */
#include "notify/notify.h"

#include <stdio.h>
#include <string.h>

#include "base/encode.h"
#include "json/value.h"

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

/* A member that is there and not null, or NULL. */
static const struct value *given_member(const struct value *payload, const char *key)
{
    const struct value *member = value_member(payload, key);
    return member == NULL || member->type == VALUE_NULL ? NULL : member;
}

/* Reads a member with smallest units as text; false where there is none. */
static bool read_units(const struct value *payload, const char *key,
                       const struct currency *currency, struct amount *out)
{
    const struct value *units = given_member(payload, key);

    return units != NULL && amount_parse_units(units->text, units->len, currency, out) == ERR_OK;
}

/* The amounts and the data of a merchant's order, out of the payload. */
static void read_checkout(const struct value *payload, struct notify_event *out)
{
    const struct value *code = given_member(payload, "currency"),
                       *data = given_member(payload, "data");

    if (code != NULL)
        out->currency = currency_by_code(code->text, code->len);
    if (out->currency != NULL) {
        out->has_amount = read_units(payload, "amount", out->currency, &out->amount);
        out->has_partial = read_units(payload, "total", out->currency, &out->total) &&
                           read_units(payload, "valid", out->currency, &out->valid) &&
                           read_units(payload, "pending", out->currency, &out->pending);
    }
    if (data != NULL) {
        out->data_len = sizeof(out->data);
        out->has_data = base64_decode(data->text, data->len, out->data, &out->data_len);
    }
}

/* A payload is ours: one that cannot be read leaves the event without amounts. */
static void read_payload(struct notify_event *out)
{
    struct arena arena = {0};
    struct value *payload;
    const char *where;

    if (value_parse(&arena, out->payload, strlen(out->payload), &payload, &where) == ERR_OK)
        read_checkout(payload, out);
    arena_free(&arena);
}

enum column {
    COLUMN_ID,
#define X(name, sql) COLUMN_##name,
    NOTIFY_COLUMN_LIST(X)
#undef X
};

void notify_read_event(const struct db_rows *rows, struct notify_event *out)
{
    *out = (struct notify_event){
        .id = db_get_i64(rows, COLUMN_ID),
        .uuid = db_get_uuid(rows, COLUMN_UUID),
        .owner_id = db_get_i64(rows, COLUMN_OWNER),
        .seq = db_get_u64(rows, COLUMN_SEQ),
        .subject = db_get_uuid(rows, COLUMN_SUBJECT),
        .has_payment = !db_is_null(rows, COLUMN_REF),
        .api_key_id = db_get_i64(rows, COLUMN_API_KEY),
        .at = db_get_i64(rows, COLUMN_AT),
        .since = db_get_i64(rows, COLUMN_SINCE),
        .attempts = (uint32_t)db_get_u64(rows, COLUMN_ATTEMPTS),
        .next = db_get_i64(rows, COLUMN_NEXT),
        .delivered = db_get_i64(rows, COLUMN_DELIVERED),
        .paused = db_get_u64(rows, COLUMN_PAUSED) != 0,
    };
    if (out->has_payment)
        out->payment = db_get_uuid(rows, COLUMN_REF);
    text_copy(out->topic, sizeof(out->topic), db_get_text(rows, COLUMN_TOPIC));
    text_copy(out->status, sizeof(out->status), db_get_text(rows, COLUMN_KIND));
    text_copy(out->channel, sizeof(out->channel), db_get_text(rows, COLUMN_CHANNEL));
    text_copy(out->format, sizeof(out->format), db_get_text(rows, COLUMN_FORMAT));
    text_copy(out->payload, sizeof(out->payload), db_get_text(rows, COLUMN_PAYLOAD));
    text_copy(out->url, sizeof(out->url), db_get_text(rows, COLUMN_URL));
    text_copy(out->endpoint, sizeof(out->endpoint), db_get_text(rows, COLUMN_ENDPOINT));
    text_copy(out->state, sizeof(out->state), db_get_text(rows, COLUMN_STATE));
    text_copy(out->merchant, sizeof(out->merchant), db_get_text(rows, COLUMN_LOGIN));
    text_copy(out->email, sizeof(out->email), db_get_text(rows, COLUMN_EMAIL));
    if (strcmp(out->topic, NOTIFY_CHECKOUT) == 0)
        read_payload(out);
}

const char *notify_channel(const struct notify_event *event)
{
    return strcmp(event->channel, "post") == 0 ? event->format : event->channel;
}
