/* What the faces of the desk read and write alike. */
#ifndef FCGI_VIEWS_DESK_H
#define FCGI_VIEWS_DESK_H

#include "desk/bid.h"
#include "fcgi/server/request.h"

/* The further fields of a bid among the parameters: those whose names begin with "cf". What the direction
 * does not know the domain leaves out.
 * out  out, they live as long as the request
 * Gives how many there are. */
size_t desk_read_fields(const struct request *request,
                        struct desk_field_value out[REQUEST_MAX_PARAMS]);

#define DESK_ORDER_PATH_SIZE (sizeof("/pay/") + UUID_TEXT_SIZE)

/* The payment page of the order that is to pay a bid now, below the site; false where none is. */
bool desk_order_path(const struct desk_bid *bid, char out[DESK_ORDER_PATH_SIZE]);

#endif
