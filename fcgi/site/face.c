/* The face of the pages' calls, /site/, which also words what belongs to no other face. */
#include "fcgi/site/face.h"

#include "fcgi/faces.h"
#include "identity/role.h"

/* {"error":ID,"message":TEXT,"field":NAME or null} */
static void write_error(const struct request *request, const struct problem *problem,
                        struct writer *writer)
{
    struct text message = TEXT(FACE_MESSAGE_MAX);
    face_message(request, problem, &message);
    writer_object(writer, NULL);
    writer_text(writer, "error", problem->answer.code);
    writer_text(writer, "message", text_string(&message));
    writer_text(writer, "field", request->err_field);
    writer_end(writer);
    text_free(&message);
}

static const char *const prefixes[] = {"", NULL};

static const char *const rights_words[] = {"look",     "withdraw", "trade",     "pay",
                                           "merchant", "security", "affiliate", NULL};

static const struct face_role roles[] = {
    {ROLE_USER, SITE_ALL},
    {ROLE_VIEWER, SITE_LOOK},
    {ROLE_OPERATOR, SITE_LOOK},
    {NULL, 0},
};

static const struct route_table *const tables[] = {
#define X(table) &table,
    SITE_TABLES(X)
#undef X
        NULL};

const struct face face_site = {
    .name = "site",
    .prefixes = prefixes,
    .rights_names = rights_words,
    .roles = roles,
    .inputs = INPUT_QUERY | INPUT_QUERY_TOO | INPUT_FORM | INPUT_MULTIPART | INPUT_JSON,
    .content_type = "application/json",
    .write_error = write_error,
    .tables = tables,
};
