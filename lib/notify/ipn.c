/* The format "ipn": what a shop is posted, and what it has to answer. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/encode.h"
#include "notify/notify.h"

void notify_method(const struct currency *currency, char out[NOTIFY_METHOD_SIZE])
{
    /* The names that shops have known since they paid in nothing but BTC. */
    snprintf(out, NOTIFY_METHOD_SIZE, "MTGOX%s", currency->code);
}

static void add_string(struct text *out, const char *name, const char *value)
{
    form_add(out, name, value, strlen(value));
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

/* The payment that is told of. Where nothing was paid an id that is the order's and stays the same: a
 * version 8 uuid (RFC 9562) of its digest. Shops may count on there being one. */
static struct uuid payment_of(const struct notify_event *event)
{
    static const char purpose[] = "no payment of order ";
    uint8_t named[sizeof(purpose) - 1 + sizeof(event->subject.bytes)], digest[SHA256_SIZE];
    struct uuid id;

    if (event->has_payment)
        return event->payment;
    memcpy(named, purpose, sizeof(purpose) - 1);
    memcpy(named + sizeof(purpose) - 1, event->subject.bytes, sizeof(event->subject.bytes));
    crypto_sha256(named, sizeof(named), digest);
    memcpy(id.bytes, digest, sizeof(id.bytes));
    id.bytes[6] = (uint8_t)((id.bytes[6] & 0x0f) | 0x80);
    id.bytes[8] = (uint8_t)((id.bytes[8] & 0x3f) | 0x80);
    return id;
}

enum err ipn_write_body(const struct notify_event *event, struct text *out)
{
    char method[NOTIFY_METHOD_SIZE], date[CLOCK_TEXT_SIZE], aonce[24];
    struct uuid payment = payment_of(event);

    text_clear(out);
    add_uuid(out, "id", &event->subject);
    add_uuid(out, "payment_id", &payment);
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
        form_add(out, "data", event->data, event->data_len);
    if (event->has_partial) {
        add_units(out, "amount_valid", event->valid);
        add_units(out, "amount_pending", event->pending);
        add_units(out, "amount_total", event->total);
    }
    snprintf(aonce, sizeof(aonce), "%lld", (long long)event->id);
    add_string(out, "aonce", aonce);
    return out->full ? ERR_TOO_LARGE : ERR_OK;
}

bool ipn_acknowledges(int status, const void *answer, size_t len)
{
    static const char mark[] = "\xef\xbb\xbf"; /* as editors leave it before <?php */
    const char *text = answer;

    if (status < 200 || status > 299)
        return false;
    while (len >= 3 && memcmp(text, mark, 3) == 0) {
        text += 3;
        len -= 3;
    }
    while (len > 0 && memchr(" \t\r\n\v\f", *text, 6) != NULL) {
        text++;
        len--;
    }
    return len >= 4 && memcmp(text, "[OK]", 4) == 0;
}
