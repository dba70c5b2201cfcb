/* Placing an order in a market: what v1 and the site read alike, and which input a refusal is about. */
#ifndef FCGI_VIEWS_PLACEMENT_H
#define FCGI_VIEWS_PLACEMENT_H

#include "fcgi/server/request.h"
#include "market/order.h"
#include "json/field.h"

/* What a call says beside the market. */
struct placement_params {
    const char *market; /* where it is no part of the path */
    int64_t type;       /* enum market_side */
    bool fiat_fee;
    struct field_amount amount, price, stop;
};

extern const char *const placement_types[]; /* by enum market_side */

/* The rows of both faces' tables, for a struct placement_params. */
#define PLACEMENT_AT(member) offsetof(struct placement_params, member)
#define PLACEMENT_FIELDS                                                                   \
    {.name = "type",                                                                       \
     .type = FIELD_CHOICE,                                                                 \
     .required = true,                                                                     \
     .offset = PLACEMENT_AT(type),                                                         \
     .choices = placement_types,                                                           \
     .detail = "should be ask or bid"},                                                    \
        {.name = "prefer_fiat_fee", .type = FIELD_BOOL, .offset = PLACEMENT_AT(fiat_fee)}, \
        {.name = "amount",                                                                 \
         .type = FIELD_AMOUNT,                                                             \
         .required = true,                                                                 \
         .offset = PLACEMENT_AT(amount)},                                                  \
        {.name = "price", .type = FIELD_AMOUNT, .offset = PLACEMENT_AT(price)},            \
    {                                                                                      \
        .name = "stop", .type = FIELD_AMOUNT, .offset = PLACEMENT_AT(stop)                 \
    }

/* What is asked for, with the prices that the placement points to. */
struct placement {
    struct market_placement order;
    struct amount price, stop;
};

/* Makes the placement of what was read, in the currencies of the market. A price that is there and
 * empty is an error: an order that lost its price must not become one at any price.
 * out  out; points into itself
 * Errors: as fields_amount. */
MUST_USE enum err placement_make(struct request *request, const struct placement_params *params,
                                 const struct market *market, struct placement *out);

/* Notes which input a refusal of the market is about; gives `rc` back. */
MUST_USE enum err placement_fail(struct request *request, const struct placement *placement,
                                 enum err rc);

#endif
