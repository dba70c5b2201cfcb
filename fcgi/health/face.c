/* The face of /health/: plain text, for load balancers, monitors and start scripts. */
#include "fcgi/faces.h"

/* One line. */
static void write_error(const struct request *request, const struct problem *problem,
                        struct writer *writer)
{
    face_message(request, problem, writer->out);
    text_putc(writer->out, '\n');
}

static const char *const prefixes[] = {"/health", NULL};

extern const struct route_table routes_health;
static const struct route_table *const tables[] = {&routes_health, NULL};

const struct face face_health = {
    .name = "health",
    .prefixes = prefixes,
    .inputs = INPUT_QUERY,
    .content_type = "text/plain; charset=utf-8",
    .write_error = write_error,
    .tables = tables,
};
