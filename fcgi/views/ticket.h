/* What the v1 face and the site share of tickets: reading orders and filters, writing tickets. */
#ifndef FCGI_VIEWS_TICKET_H
#define FCGI_VIEWS_TICKET_H

#include "fcgi/server/reply.h"
#include "fcgi/server/request.h"
#include "ticket/ticket.h"

/* Reads partner, currency, otp and amount or amount_int.
 * order  out, all but its one-time password
 * otp    out, as sent; "" where there is none; lives as long as the request
 * Errors: as fields_read and fields_amount, the field named. */
MUST_USE enum err tickets_read_order(struct request *request, struct ticket_request *order,
                                     const char **otp);

/* Opens the ticket, with the one-time password checked before; names the parameter that a refusal
 * is about.
 * actor  the caller, see request_actor
 * order  in; out, which code of which device is used up with it
 * otp    as read; "" where none was sent
 * out    out, the ticket and its key
 * Errors: as otp_device_check and ticket_create. */
MUST_USE enum err tickets_open(struct request *request, const struct actor *actor,
                               struct ticket_request *order, const char *otp,
                               struct ticket_created *out);

/* A ticket just made, or handed over again: ticket, key, partner_url, amount. Owned by the
 * caller. */
struct json_object *tickets_created(const struct ticket_created *created);

/* A ticket without its updates.
 * partner  how the face names the partner; the object takes it over
 * Gives an object that the caller owns. */
struct json_object *tickets_object(const struct ticket *ticket, struct json_object *partner);

/* Adds the member `updates` to an object.
 * id     of the ticket
 * count  how many it has: without any the database is not asked
 * Errors: ERR_DB_AWAY, ERR_DB. */
MUST_USE enum err tickets_add_updates(struct request *request, struct json_object *object,
                                      const struct uuid *id, uint64_t count);

/* Reads status, since and page.
 * side  whose tickets
 * out   out, all of the filter
 * Errors: as fields_read, the field named. */
MUST_USE enum err tickets_read_filter(struct request *request, enum ticket_side side,
                                      struct ticket_filter *out);

#endif
