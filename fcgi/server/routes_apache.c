/* What Apache answers by itself, in the words of the face that was called. */
#include "fcgi/server/routes_apache.h"

#include <string.h>

#include "fcgi/server/face.h"

#define SERVICES_MAX 1000

/* Its status, and what that is to us. */
static const struct {
    int status;
    enum err rc;
    bool unread; /* also where the request could not be read */
} own_errors[] = {
    {400, ERR_MALFORMED, true},         {403, ERR_RIGHT, false},
    {404, ERR_NO_ROUTE, false},         {405, ERR_METHOD, false},
    {408, ERR_REQUEST_TIMEOUT, true},   {413, ERR_TOO_LARGE, false},
    {414, ERR_URI_TOO_LONG, true},      {429, ERR_TOO_MANY_REQUESTS, false},
    {431, ERR_HEADERS_TOO_LARGE, true}, {500, ERR_INTERNAL, false},
    {502, ERR_NO_ANSWER, false},        {503, ERR_NO_ANSWER, false},
    {504, ERR_NO_ANSWER, false},
};

#define ERROR_COUNT (sizeof(own_errors) / sizeof(own_errors[0]))

static bool is_json(const struct face *face)
{
    return strncmp(face->content_type, "application/json", strlen("application/json")) == 0;
}

/* A word of Apache's configuration; a percent sign would be looked at as a variable. */
static void put_quoted(const char *text, struct text *out)
{
    text_putc(out, '"');
    for (; *text != '\0'; text++) {
        if (*text == '"' || *text == '\\')
            text_putc(out, '\\');
        if (*text == '%')
            text_putc(out, '%');
        text_putc(out, *text);
    }
    text_putc(out, '"');
}

/* One line.
 * detail  words instead of the error's, or NULL */
static void put_document(const struct face *face, size_t own_error, const char *detail,
                         struct text *out)
{
    const struct request request = {.face = face, .err_detail = detail};
    struct text body = TEXT(FACE_MESSAGE_MAX);
    struct reply reply = {.writer.out = &body};

    (void)face_end(&request, own_errors[own_error].rc, &reply);
    text_addf(out, "    ErrorDocument %d ", own_errors[own_error].status);
    put_quoted(text_string(&body), out);
    text_putc(out, '\n');
    text_free(&body);
}

static void put_block(const char *path, const struct face *face, struct text *out)
{
    text_addf(out, "<LocationMatch \"^%s(?:/|$)\">\n", path);
    for (size_t i = 0; i < ERROR_COUNT; i++)
        put_document(face, i, NULL, out);
    text_puts(out, "    Header always set Content-Type application/json \"expr=%{REQUEST_STATUS} "
                   "-ge 400\"\n    <If \"%{REQUEST_METHOD} =~ /^(GET|HEAD)$/\">\n");
    for (size_t i = 0; i < ERROR_COUNT; i++)
        if (own_errors[i].rc == ERR_NO_ANSWER)
            put_document(face, i, "no answer from the service, please try again", out);
    text_puts(out, "    </If>\n</LocationMatch>\n");
}

/* All services but those that do not speak JSON. */
static void put_services(const struct face *const *faces, struct text *out)
{
    text_puts(out, "/");
    for (; *faces != NULL; faces++)
        for (const char *const *prefix = (*faces)->prefixes; !is_json(*faces) && *prefix != NULL;
             prefix++)
            text_addf(out, "(?!%s(?:/|$))", *prefix + 1);
    text_puts(out, "(?:${TELLER_SERVICES})");
}

/* A request that Apache cannot read has no path: it is answered in the words of whoever takes everything. */
static void put_unread(const struct face *face, struct text *out)
{
    for (size_t i = 0; i < ERROR_COUNT; i++)
        if (own_errors[i].unread)
            put_document(face, i, NULL, out);
    text_puts(out, "Header always set Content-Type application/json \"expr=%{REQUEST_STATUS} in "
                   "{'400', '408', '414', '431'}\"\n");
}

void routes_apache(const struct face *const *faces, struct text *out)
{
    text_puts(out,
              "# Written by teller-worker --routes=apache from the worker's table of routes.\n");
    struct text services = TEXT(SERVICES_MAX);
    put_services(faces, &services);
    /* Of blocks that take the same path the last one holds: whoever takes everything comes first. */
    for (const struct face *const *face = faces; *face != NULL; face++)
        if (is_json(*face) && face_takes(*face, "") == 0) {
            put_unread(*face, out);
            put_block(text_string(&services), *face, out);
        }
    for (const struct face *const *face = faces; *face != NULL; face++)
        for (const char *const *prefix = (*face)->prefixes; is_json(*face) && *prefix != NULL;
             prefix++)
            if ((*prefix)[0] != '\0')
                put_block(*prefix, *face, out);
    text_free(&services);
}
