/* Writing events: what a domain calls inside the transaction of what it tells.
 *
 * An event says what happened (topic, kind, owner, subject, payload); a delivery brings it to
 * somebody, in one of the formats of notify/format.h. One that is posted nowhere can be fetched from
 * its owner's feed. */
#ifndef NOTIFY_EVENT_H
#define NOTIFY_EVENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/id.h"
#include "base/text.h"
#include "db/packet.h"
#include "money/amount.h"

#define EVENT_DELIVERIES_MAX 4
#define EVENT_PAYLOAD_MAX 8192 /* bytes of a payload */

/* Who is to be told of an event. */
struct event_delivery {
    const char *format; /* name of a registered format, which says the channel */
    const char
        *url; /* where it is posted; NULL: the owner fetches it, or with mail their address */
    const char *endpoint; /* of http_url_check; NULL without url */
    int64_t api_key_id;   /* whose secret signs; 0: the format signs with none */
};

struct event {
    const char *topic;          /* which payload it has: "checkout", ... */
    const char *kind;           /* what happened: "paid" */
    int64_t owner_id;           /* user.id who is told */
    const struct uuid *subject; /* deliveries about one subject to one endpoint keep their order */
    const struct uuid *ref;     /* the part that it tells of; or NULL */
    const char *payload;        /* a JSON object: EVENT_PAYLOAD_MAX bytes, amounts as text */
    struct event_delivery deliveries[EVENT_DELIVERIES_MAX];
    size_t delivery_count;
};

/* Adds the statements that write an event to a packet. They take the
 * owner's feed row until the commit, so that they come late in a packet, after all account locks.
 * Ends the process where a format is not registered, or more than EVENT_DELIVERIES_MAX are asked for:
 * our bug. */
void event_add(struct db_packet *packet, const struct event *event);

/* What happened to an order of a merchant's checkout: the payload of topic "checkout". */
struct event_checkout {
    const char *kind; /* paid, partial, cancelled, closed, refunded */
    int64_t merchant_id;
    const struct uuid *order;
    const struct uuid *payment; /* that was made or given back; NULL where none was made */
    const struct currency *currency;
    const struct amount *amount;        /* paid or refunded; NULL with cancelled and closed */
    const struct amount *valid, *total; /* partial: received so far, and asked for; else NULL */
    const void *data;                   /* the merchant's own bytes, `data_len` of them; or NULL */
    size_t data_len;
    int64_t api_key_id;         /* that made the order: its secret signs */
    const char *url, *endpoint; /* where the shop listens; NULL: it fetches */
    bool mail;                  /* the merchant wants a mail as well */
};

/* Adds the statements for such an event to a packet, as event_add. */
void event_add_checkout(struct db_packet *packet, const struct event_checkout *event);

#endif
