/* The face of the rate feeds that monitoring sites read (api/desk A11): each answer is a file of its own
 * kind, an error a line of text. */
#include "fcgi/feed/face.h"

#include "fcgi/faces.h"

static void write_error(const struct request *request, const struct problem *problem,
                        struct writer *writer)
{
    face_message(request, problem, writer->out);
    text_putc(writer->out, '\n');
}

static const char *const prefixes[] = {
    "/exportxml.xml",         "/request-exportxml.xml",   "/request-exportnewxml.xml",
    "/request-exporttxt.txt", "/request-exportjson.json", NULL};

static const struct route_table *const tables[] = {&routes_feed, NULL};

const struct face face_feed = {
    .name = "feed",
    .prefixes = prefixes,
    .content_type = "text/plain; charset=utf-8",
    .write_error = write_error,
    .tables = tables,
};
