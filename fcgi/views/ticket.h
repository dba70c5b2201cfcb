/* What the v1 face and the site share of tickets: reading orders and filters, writing tickets. */
#ifndef FCGI_VIEWS_TICKET_H
#define FCGI_VIEWS_TICKET_H

#include "fcgi/server/reply.h"
#include "fcgi/server/request.h"
#include "identity/otp_device.h"
#include "ticket/ticket.h"
#include "json/field.h"

/* What a call that opens a ticket says. */
struct tickets_order_params {
    const char *partner;
    const struct currency *currency;
    const char *otp; /* "" where none was sent */
    struct amount amount;
    bool accept_terms; /* on the site */
};

#define TICKETS_AT(member) offsetof(struct tickets_order_params, member)
#define TICKETS_ORDER_FIELDS                                                                 \
    {.name = "partner",                                                                      \
     .type = FIELD_TEXT,                                                                     \
     .required = true,                                                                       \
     .min = 1,                                                                               \
     .offset = TICKETS_AT(partner)},                                                         \
        {.name = "currency",                                                                 \
         .type = FIELD_CURRENCY,                                                             \
         .required = true,                                                                   \
         .offset = TICKETS_AT(currency)},                                                    \
        {.name = "otp", .type = FIELD_TEXT, .max = OTP_TEXT_MAX, .offset = TICKETS_AT(otp)}, \
    {                                                                                        \
        .name = "amount", .type = FIELD_AMOUNT, .required = true, .currency = "currency",    \
        .offset = TICKETS_AT(amount)                                                         \
    }

/* What a list takes: status, since and page. */
extern const struct field_table tickets_list_params;

/* Opens the ticket, with the one-time password checked before; names the parameter that a refusal
 * is about. A repeatable request that was done before gives the same ticket again.
 * actor  the caller, see request_actor
 * order  in; out, which code of which device is used up with it
 * otp    as read; "" where none was sent
 * out    out, the ticket and its key
 * Errors: as otp_device_check and ticket_create. */
MUST_USE enum err tickets_open(struct request *request, const struct actor *actor,
                               struct ticket_request *order, const char *otp,
                               struct ticket_created *out);

/* A ticket just made, or handed over again: ticket, key, partner_url, amount; and expires, where it is
 * asked for. */
void tickets_write_created(struct writer *json, const char *key,
                           const struct ticket_created *created, bool expires);

/* The members of a ticket that all faces show alike, from its status to its reason: behind `ticket` and how
 * the face names the partner, in an object that is open. */
void tickets_write_members(struct writer *json, const struct ticket *ticket);

/* Adds the member `updates` to an object that is open.
 * id     of the ticket
 * count  how many it has: without any the database is not asked
 * Errors: ERR_DB_AWAY, ERR_DB. */
MUST_USE enum err tickets_write_updates(struct request *request, struct writer *json,
                                        const struct uuid *id, uint64_t count);

/* Reads status, since and page.
 * side  whose tickets
 * out   out, all of the filter
 * Errors: as fields_read, the field named. */
MUST_USE enum err tickets_read_filter(struct request *request, enum ticket_side side,
                                      struct ticket_filter *out);

#endif
