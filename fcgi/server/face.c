/* What is the same for all faces: which one a path belongs to, and how an error becomes its answer. */
#include "fcgi/server/face.h"

#include <ctype.h>
#include <string.h>

#include "identity/role.h"

int face_takes(const struct face *face, const char *path)
{
    int longest = -1;
    for (const char *const *prefix = face->prefixes; *prefix != NULL; prefix++) {
        size_t len = strlen(*prefix);
        if (strncmp(path, *prefix, len) == 0 &&
            (len == 0 || path[len] == '/' || path[len] == '?' || path[len] == '\0') &&
            (int)len > longest)
            longest = (int)len;
    }
    return longest;
}

const struct face *face_of(const struct face *const *faces, const char *path)
{
    const struct face *best = NULL;
    int longest = -1;
    for (; *faces != NULL; faces++) {
        int len = face_takes(*faces, path == NULL ? "" : path);
        if (len > longest) {
            longest = len;
            best = *faces;
        }
    }
    return best;
}

bool face_drop_segment(const struct face *face, char *path)
{
    char *segment = path;
    for (size_t i = 0; segment != NULL && i < face->dropped_segment; i++)
        segment = strchr(segment + 1, '/');
    if (face->dropped_words == NULL || segment == NULL)
        return false;
    for (const char *const *word = face->dropped_words; *word != NULL; word++) {
        size_t len = strlen(*word);
        if (strncmp(segment + 1, *word, len) != 0 || segment[1 + len] != '/')
            continue;
        memmove(segment, segment + 1 + len, strlen(segment + 1 + len) + 1);
        return true;
    }
    return false;
}

unsigned face_rights(const struct face *face, const char *roles)
{
    unsigned rights = 0;
    for (const struct face_role *row = face->roles; row != NULL && row->role != NULL; row++)
        if (roles_have(roles, row->role))
            rights |= row->rights;
    return rights;
}

/* What HTTP has for a class of errors. */
static int http_status(enum err_class class)
{
    switch (class) {
    case ERR_CLASS_NONE:
        return 200;
    case ERR_CLASS_INPUT:
        return 400;
    case ERR_CLASS_AUTH:
        return 401;
    case ERR_CLASS_RIGHT:
        return 403;
    case ERR_CLASS_NOT_FOUND:
        return 404;
    case ERR_CLASS_METHOD:
        return 405;
    case ERR_CLASS_STATE:
        return 409;
    case ERR_CLASS_TOO_LARGE:
        return 413;
    case ERR_CLASS_LIMIT:
        return 429;
    case ERR_CLASS_BUSY:
        return 503;
    case ERR_CLASS_BUG:
    case ERR_CLASS_COUNT:
        break;
    }
    return 500;
}

/* Fills what is still open in `answer` from `more`. */
static void complete(struct face_answer *answer, const struct face_answer *more)
{
    if (answer->status == 0)
        answer->status = more->status;
    if (answer->number == 0)
        answer->number = more->number;
    if (answer->code == NULL)
        answer->code = more->code;
    if (answer->words == NULL)
        answer->words = more->words;
}

/* Everything but the words. */
static void find_answer(const struct face *face, enum err rc, struct face_answer *answer)
{
    for (size_t i = 0; i < face->error_count; i++)
        if (face->errors[i].rc == rc) {
            *answer = face->errors[i].answer;
            break;
        }
    complete(answer, &face->classes[err_class(rc)]);
    complete(answer,
             &(struct face_answer){.status = http_status(err_class(rc)), .code = err_id(rc)});
}

/* The words of an error, where nobody has given it words of its own. */
static const char *words_of(const struct request *request, enum err rc,
                            const struct face_answer *answer)
{
    const struct face *face = request->face;
    size_t language = face->language == NULL ? 0 : face->language(request);
    return answer->words != NULL ? answer->words[language] : err_text(rc);
}

/* A face that tells all errors has them in the reader of the field table; what a handler found by itself
 * is one. */
static void find_faults(const struct request *request, struct problem *problem)
{
    const struct field_reader *reader = &request->reader;
    if (request->err_field == NULL)
        return;
    problem->fault = (struct field_fault){
        .rc = problem->rc, .path = request->err_field, .detail = request->err_detail};
    problem->faults = &problem->fault;
    problem->fault_count = 1;
    if (request->face->all_errors && reader->fault_count > 1 &&
        reader->faults[0].path == request->err_field) {
        problem->faults = reader->faults;
        problem->fault_count = reader->fault_count;
    }
}

void face_problem(const struct request *request, enum err rc, struct problem *problem)
{
    *problem = (struct problem){.rc = rc};
    find_answer(request->face, rc, &problem->answer);
    problem->text =
        request->err_detail != NULL ? request->err_detail : words_of(request, rc, &problem->answer);
    find_faults(request, problem);
}

const char *face_fault_words(const struct request *request, const struct field_fault *fault)
{
    struct face_answer answer = {0};
    if (fault->detail != NULL)
        return fault->detail;
    find_answer(request->face, fault->rc, &answer);
    return words_of(request, fault->rc, &answer);
}

void face_message(const struct request *request, const struct problem *problem, struct text *out)
{
    const char *text = problem->text;
    if (request->err_field != NULL && err_class(problem->rc) == ERR_CLASS_INPUT) {
        text_addf(out, "Invalid parameter \"%s\" (%s)", request->err_field, text);
        return;
    }
    text_putc(out, (char)toupper((unsigned char)text[0]));
    if (text[0] != '\0')
        text_puts(out, text + 1);
}

/* Drops what was written and begins anew. */
static void start_writer(const struct request *request, struct reply *reply)
{
    struct text *out = reply->writer.out;
    text_clear(out);
    reply->writer =
        (struct writer){.out = out, .pretty = request->pretty, .style = request->face->style};
}

void face_begin(const struct request *request, struct reply *reply)
{
    start_writer(request, reply);
    if (request->face->begin_success != NULL)
        request->face->begin_success(request, &reply->writer);
}

static void end_success(const struct request *request, struct writer *writer)
{
    if (writer->announced || writer->out->len == 0)
        writer_null(writer, NULL); /* the handler had nothing to say */
    if (request->face->end_success != NULL)
        request->face->end_success(request, writer);
    while (writer->depth > 0)
        writer_end(writer);
}

int face_end(const struct request *request, enum err rc, struct reply *reply)
{
    struct problem problem;
    if (rc == ERR_OK) {
        end_success(request, &reply->writer);
        return reply->status == 0 ? 200 : reply->status;
    }
    start_writer(request, reply);
    face_problem(request, rc, &problem);
    request->face->write_error(request, &problem, &reply->writer);
    /* A handshake that is refused with 200 is none: such a handler says so. */
    return problem.answer.status < 400 && reply->status >= 400 ? reply->status
                                                               : problem.answer.status;
}
