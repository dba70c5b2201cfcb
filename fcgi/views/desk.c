/* Reading what a bid is asked for. */
#include "fcgi/views/desk.h"

#include <string.h>

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
