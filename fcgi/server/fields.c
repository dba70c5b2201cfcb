/* Field tables and requests: where captures and headers come from, and how a fault becomes the
 * request's. */
#include "fcgi/server/fields.h"

#include <string.h>

#include "base/log.h"
#include "fcgi/server/face.h"

/* The capture or the header of a row, as a value. */
static const struct value *outside(void *arg, const struct field *field)
{
    struct request *request = arg;
    const char *text = NULL;
    if (field->place == FIELD_IN_PATH)
        text = request_capture(request, field->name);
    else if (request_header(request, field->name, &text) != ERR_OK)
        return NULL; /* fields_read has refused it */
    struct value *value = text == NULL ? NULL : request_alloc(request, sizeof(*value));
    if (value != NULL)
        *value = (struct value){
            .type = VALUE_TEXT, .name = field->name, .text = text, .len = strlen(text)};
    return value;
}

static enum err check_headers(struct request *request, const struct field_table *table)
{
    const char *text;
    enum err rc = ERR_OK;
    for (size_t i = 0; rc == ERR_OK && i < table->count; i++)
        if (table->rows[i].place == FIELD_IN_HEADER)
            rc = request_header(request, table->rows[i].name, &text);
    return rc;
}

/* The first fault is the one that an envelope for one error shows. */
static enum err take_fault(struct request *request, enum err rc)
{
    const struct field_reader *reader = &request->reader;
    if (rc == ERR_OK || reader->fault_count == 0)
        return rc;
    return request_fail_text(request, reader->faults[0].path, rc, reader->faults[0].detail);
}

enum err fields_read(struct request *request, void *target, size_t size)
{
    const struct field_table *table = request->route->fields;
    if (table == NULL || table->size != size) {
        log_line(LOG_LEVEL_BUG, "fields", "route=%s problem=\"table is for another struct\"",
                 request->route->path);
        return ERR_INTERNAL;
    }
    enum err rc = check_headers(request, table);
    if (rc != ERR_OK)
        return rc;
    request->reader.outside = outside;
    request->reader.arg = request;
    request->reader.all = request->face != NULL && request->face->all_errors;
    return take_fault(request, field_read(&request->reader, table, &request->params, target));
}

enum err fields_amount(struct request *request, const struct field_amount *amount,
                       const struct currency *currency, struct amount *out)
{
    return take_fault(request, field_amount_in(&request->reader, amount, currency, out));
}
