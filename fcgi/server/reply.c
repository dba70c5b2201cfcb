/* What a reply has beside its value. */
#include "fcgi/server/reply.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/log.h"

void reply_header(struct reply *reply, const char *name, const char *format, ...)
{
    if (reply->header_count == REPLY_MAX_HEADERS) {
        log_line(LOG_LEVEL_BUG, "reply", "problem=too_many_headers header=%s", name);
        return;
    }
    char *value = reply->headers[reply->header_count].value;
    size_t size = sizeof(reply->headers[0].value);
    va_list args;
    va_start(args, format);
    int len = vsnprintf(value, size, format, args);
    va_end(args);
    bool plain = len >= 0 && (size_t)len < size;
    for (const char *p = value; plain && *p != '\0'; p++)
        plain = (unsigned char)*p >= 0x20 && *p != 0x7f;
    if (!plain) {
        log_line(LOG_LEVEL_BUG, "reply", "problem=header_value header=%s", name);
        return;
    }
    reply->headers[reply->header_count++].name = name;
}

void reply_rights(struct writer *writer, const char *key, const char *const *names, unsigned rights)
{
    writer_list(writer, key);
    for (size_t i = 0; names[i] != NULL; i++)
        if ((rights & (1u << i)) != 0)
            writer_text(writer, NULL, names[i]);
    writer_end(writer);
}

const char *reply_status_words(int status)
{
    static const struct {
        int status;
        const char *words;
    } names[] = {
        {200, "OK"},
        {201, "Created"},
        {202, "Accepted"},
        {204, "No Content"},
        {303, "See Other"},
        {400, "Bad Request"},
        {401, "Unauthorized"},
        {403, "Forbidden"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {409, "Conflict"},
        {413, "Content Too Large"},
        {429, "Too Many Requests"},
        {500, "Internal Server Error"},
        {503, "Service Unavailable"},
    };
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (names[i].status == status)
            return names[i].words;
    return "Other";
}
