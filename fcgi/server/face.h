/* A face: a wire contract with clients of its own. Everything in which faces differ is a member of this
 * struct, and each has its own in fcgi/<face>/face.c; the server serves any of them and knows none. */
#ifndef FCGI_SERVER_FACE_H
#define FCGI_SERVER_FACE_H

#include "base/err.h"
#include "base/text.h"
#include "fcgi/server/reply.h"
#include "fcgi/server/request.h"
#include "fcgi/server/route.h"
#include "json/writer.h"

#define FACE_MESSAGE_MAX 4096 /* bytes of the words of an error */

/* Where parameters come from, as bits. GET and HEAD take none from a body, whatever a face reads. */
enum {
    INPUT_QUERY = 1,       /* the query, where the method has no body: GET, HEAD, DELETE */
    INPUT_QUERY_TOO = 2,   /* the query beside a body */
    INPUT_FORM = 4,        /* application/x-www-form-urlencoded; a body without a type as well */
    INPUT_MULTIPART = 8,   /* multipart/form-data */
    INPUT_JSON = 16,       /* application/json */
    INPUT_SKIP_OTHERS = 32 /* a body of any other type counts as none, instead of being refused */
};

/* What a face answers for an error. What is zero is taken from the row of the error's class, then from
 * the registry of errors; the status from what HTTP has for that class. */
struct face_answer {
    int status;               /* of HTTP */
    int number;               /* its own code, where its codes are numbers */
    const char *code;         /* its own code, where its codes are words */
    const char *const *words; /* one text for each of the face's languages */
};

/* The answer for one error. */
struct face_error {
    enum err rc;
    struct face_answer answer;
};

/* What a role (identity/role.h) allows on a face. */
struct face_role {
    const char *role;
    unsigned rights; /* bits of the face's rights */
};

/* An error as a face tells it. */
struct problem {
    enum err rc;
    struct face_answer answer; /* complete but for `number`, and for `words`: see text */
    const char *text; /* the handler's words, or the face's in the caller's language, or the
                                  registry's */
    const struct field_fault
        *faults; /* the parameters that it is about, by path: all that are wrong
                                         where the face tells all errors, else the first */
    size_t fault_count;
    struct field_fault fault; /* what `faults` points to where there is one */
};

struct face {
    const char *name; /* "v1": in tables and documents */

    /* Paths. The face of a path is the one with the longest prefix that it begins with. */
    const char *const *prefixes; /* whole segments: "/api/1"; "" takes what nobody else does;
                                    NULL-terminated */
    bool merges_slashes;         /* "/a//b" is "/a/b"; otherwise there is no such path */
    size_t dropped_segment; /* the segment (0 is the first) that may be left out of a path where no
                                    row has it as it stands ... */
    const char *const *dropped_words; /* ... if it is one of these; NULL for none */

    /* Callers. */
    const struct auth
        *gate; /* checked before the route is looked for, so that a stranger cannot tell
                                what is there; NULL: what the row says, after routing */
    const char *const
        *rights_names; /* of the bits of a row's rights; NULL-terminated, NULL for none */
    const struct face_role *roles; /* what each role allows here, up to one without a word; NULL:
                                      nothing */

    /* Whether a caller of public data is one of ours, for whom it is made anew within the second in which
     * others get a copy; NULL: nobody is. */
    bool (*knows)(struct request *request);

    /* Input and language. */
    unsigned inputs; /* INPUT_ bits */
    bool all_errors; /* tells every wrong parameter at once, not only the first */
    size_t (*language)(const struct request *request); /* index into words; NULL: always 0 */

    /* Output. */
    const char *content_type;
    struct writer_style style;
    struct face_answer classes[ERR_CLASS_COUNT]; /* what is said of a class of errors */
    const struct face_error *errors;             /* of single errors; the first that fits */
    size_t error_count;
    /* What is around the value of a success; begin_success writes up to it, end_success what is behind.
     * NULL: nothing, and the end of what was begun. */
    void (*begin_success)(const struct request *request, struct writer *writer);
    void (*end_success)(const struct request *request, struct writer *writer);
    /* The body of an error; face_message words it. */
    void (*write_error)(const struct request *request, const struct problem *problem,
                        struct writer *writer);

    /* Told of each call of a route once its outcome is known and nothing is written yet; NULL: nobody. */
    void (*record)(struct request *request, enum err rc);

    const struct route_table *const *tables; /* its rows; NULL-terminated */
};

/* Whether a path is below one of a face's prefixes.
 * Returns the length of the longest of them that it is below, or -1. */
int face_takes(const struct face *face, const char *path);

/* The face of a path.
 * faces  NULL-terminated; one has the prefix ""
 * path   as router_path made it, or as it was sent; NULL counts as "" */
const struct face *face_of(const struct face *const *faces, const char *path);

/* Leaves out the segment that the face drops (struct face, dropped_segment).
 * path  in, out
 * False, and nothing changed, where the path has no such word there. */
bool face_drop_segment(const struct face *face, char *path);

/* The rights that roles have on a face together.
 * roles  with commas between them */
unsigned face_rights(const struct face *face, const char *roles);

/* How a face tells an error.
 * request  the caller's language, and the handler's words; request->face is set
 * problem  out; its texts are static or live as long as the request */
void face_problem(const struct request *request, enum err rc, struct problem *problem);

/* What a face says of one of problem->faults. Static, or it lives as long as the request. */
const char *face_fault_words(const struct request *request, const struct field_fault *fault);

/* Begins the answer of a success, for the handler to write its value; what was written before is dropped.
 * request  with its face, and its route where there is one
 * reply    reply->writer.out is where it goes */
void face_begin(const struct request *request, struct reply *reply);

/* Ends the answer that face_begin began, or writes an error in its place.
 * rc  the outcome
 * Returns the HTTP status. */
int face_end(const struct request *request, enum err rc, struct reply *reply);

/* Adds words for an error that most faces use: `Invalid parameter "amount" (is too large)`, or the text
 * with a capital letter. */
void face_message(const struct request *request, const struct problem *problem, struct text *out);

#endif
