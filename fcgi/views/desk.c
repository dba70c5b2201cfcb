/* Reading what a bid is asked for, and where it is paid. */
#include "fcgi/views/desk.h"

#include <stdio.h>
#include <string.h>

#include "deal/deal.h"

size_t desk_read_fields(const struct request *request,
                        struct desk_field_value out[REQUEST_MAX_PARAMS])
{
    size_t count = 0;
    for (const struct value *value = request->params.first;
         value != NULL && count < REQUEST_MAX_PARAMS; value = value->next)
        if (strncmp(value->name, "cf", 2) == 0 && value->type == VALUE_TEXT)
            out[count++] = (struct desk_field_value){.name = value->name, .value = value->text};
    return count;
}

bool desk_order_path(const struct desk_bid *bid, char out[DESK_ORDER_PATH_SIZE])
{
    char id[UUID_TEXT_SIZE];
    struct uuid order;

    if (!deal_order(bid, &order))
        return false;
    uuid_format(&order, id);
    snprintf(out, DESK_ORDER_PATH_SIZE, "/pay/%s", id);
    return true;
}
