/* The face of /health/: plain text, for load balancers, monitors and start scripts. */
#include "fcgi/faces.h"

static void write_success(const struct request *request, const struct reply *reply,
                          struct text *out)
{
    (void)request;
    text_puts(out, reply->value == NULL ? "" : json_object_get_string(reply->value));
}

/* One line. */
static void write_error(const struct request *request, const struct problem *problem,
                        struct text *out)
{
    face_message(request, problem, out);
    text_putc(out, '\n');
}

static const char *const prefixes[] = {"/health", NULL};

extern const struct route_table routes_health;
static const struct route_table *const tables[] = {&routes_health, NULL};

const struct face face_health = {
    .name = "health",
    .prefixes = prefixes,
    .inputs = INPUT_QUERY,
    .content_type = "text/plain; charset=utf-8",
    .write_success = write_success,
    .write_error = write_error,
    .tables = tables,
};
