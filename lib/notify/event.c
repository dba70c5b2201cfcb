/* Events on their way into a packet: an event first, then its deliveries, which know it by a variable
 * of the session. */
#include "notify/event.h"

#include <stdlib.h>
#include <string.h>

#include "base/encode.h"
#include "notify/format.h"
#include "json/writer.h"

static void add_delivery(struct db_packet *packet, const struct event *event, const char *channel,
                         const struct format *format, const struct event_delivery *delivery)
{
    int64_t key = delivery->api_key_id;

    db_packet_add(packet, "CALL event_deliver(@event, ?, ?, ?, ?, ?, ?, ?, ?)",
                  DB_ARGS(db_i64(event->owner_id), db_uuid(event->subject), db_text(channel),
                          db_text(format->name), db_u64(format->ordered), db_text(delivery->url),
                          db_text(strcmp(channel, "mail") == 0 ? "mail" : delivery->endpoint),
                          key == 0 ? db_null() : db_i64(key)));
}

void event_add(struct db_packet *packet, const struct event *event)
{
    const struct event_delivery *list = event->deliveries;

    if (event->delivery_count > EVENT_DELIVERIES_MAX)
        abort(); /* our bug */
    db_packet_add(packet, "CALL event_add(?, ?, ?, ?, ?, ?, @event)",
                  DB_ARGS(db_text(event->topic), db_text(event->kind), db_i64(event->owner_id),
                          db_uuid(event->subject), db_uuid(event->ref), db_text(event->payload)));
    for (size_t i = 0; i < event->delivery_count; i++) {
        const struct format *format = format_find(list[i].format);
        bool posted = list[i].url != NULL;
        if (format == NULL)
            abort(); /* our bug */
        if (posted || strcmp(format->channel, "mail") == 0)
            add_delivery(packet, event, format->channel, format, &list[i]);
        else
            add_delivery(packet, event, "feed", format, &list[i]);
    }
}

/* A member with an amount in smallest units, as text: numbers of JSON are doubles to many. */
static void write_units(struct writer *writer, const char *key, const struct amount *amount)
{
    char units[AMOUNT_TEXT_SIZE];

    if (amount == NULL)
        return;
    amount_format_units(*amount, units);
    writer_text(writer, key, units);
}

static void write_checkout(const struct event_checkout *event, struct text *out)
{
    struct writer writer = {.out = out};
    struct amount pending;
    char data[BASE64_SIZE(NOTIFY_DATA_MAX)];

    writer_object(&writer, NULL);
    writer_text(&writer, "currency", event->currency->code);
    write_units(&writer, "amount", event->amount);
    if (event->total != NULL && amount_sub(*event->total, *event->valid, &pending) == ERR_OK) {
        write_units(&writer, "valid", event->valid);
        write_units(&writer, "pending", &pending);
        write_units(&writer, "total", event->total);
    }
    if (event->data != NULL && event->data_len <= NOTIFY_DATA_MAX) {
        base64_encode(event->data, event->data_len, data);
        writer_text(&writer, "data", data);
    }
    writer_end(&writer);
}

void event_add_checkout(struct db_packet *packet, const struct event_checkout *told)
{
    struct text payload = TEXT(EVENT_PAYLOAD_MAX);

    write_checkout(told, &payload);
    event_add(packet,
              &(struct event){.topic = NOTIFY_CHECKOUT,
                              .kind = told->kind,
                              .owner_id = told->merchant_id,
                              .subject = told->order,
                              .ref = told->payment,
                              .payload = text_string(&payload),
                              .deliveries = {{.format = "ipn",
                                              .url = told->url,
                                              .endpoint = told->endpoint,
                                              .api_key_id = told->api_key_id},
                                             {.format = "mail", .api_key_id = told->api_key_id}},
                              .delivery_count = told->mail ? 2 : 1});
    text_free(&payload);
}
