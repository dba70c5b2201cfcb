/* Copies of what a connection is made with. */
#include "db/params.h"

#include <stdlib.h>
#include <string.h>

static char *copy(const char *text, enum err *rc)
{
    char *copied = text == NULL ? NULL : strdup(text);

    if (text != NULL && copied == NULL)
        *rc = ERR_NO_MEMORY;
    return copied;
}

enum err params_copy(struct db_params *out, const struct db_params *params)
{
    enum err rc = ERR_OK;

    *out = (struct db_params){.socket = copy(params->socket, &rc),
                              .host = copy(params->host, &rc),
                              .port = params->port,
                              .ca_file = copy(params->ca_file, &rc),
                              .sync_wait = params->sync_wait,
                              .spare = params->spare,
                              .name = copy(params->name, &rc),
                              .user = copy(params->user, &rc),
                              .password = copy(params->password, &rc)};
    return rc;
}

void params_free(struct db_params *params)
{
    if (params->password != NULL)
        explicit_bzero((char *)params->password, strlen(params->password));
    free((char *)params->socket);
    free((char *)params->host);
    free((char *)params->ca_file);
    free((char *)params->name);
    free((char *)params->user);
    free((char *)params->password);
}
