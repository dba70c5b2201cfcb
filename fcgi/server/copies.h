/* Answers that are the same for everybody, kept for the rest of the second in which they were asked for:
 * the web server's cache is in front, but callers can get past it. */
#ifndef FCGI_SERVER_COPIES_H
#define FCGI_SERVER_COPIES_H

#include <stddef.h>
#include <stdint.h>

#include "base/text.h"
#include "fcgi/server/request.h"

#define COPIES_COUNT 32
#define COPIES_KEY_MAX 256        /* bytes; a call with more is answered anew */
#define COPIES_ROOM_MAX (8 << 20) /* bytes of all bodies together */
#define COPIES_LARGE (16 << 10)   /* bytes; what is larger is made once a second, whoever asks */
#define COPIES_TAG_SIZE 33        /* of an entity tag, with its NUL */

struct copy {
    char key[COPIES_KEY_MAX];
    int64_t second; /* unix time */
    char tag[COPIES_TAG_SIZE];
    int64_t modified_s; /* struct reply */
    struct text body;
};

/* The copy of an answer, or NULL.
 * request  parsed, of a route that is kept for everybody
 * now_s    unix seconds; only copies of the same second count
 * large    only a large one */
const struct copy *copies_find(const struct request *request, int64_t now_s, bool large);

/* Says that a request makes an answer from now on, and that it no longer does.
 * request  by its slot */
void copies_begin(const struct request *request);
void copies_end(const struct request *request);

/* Whether another request makes the same answer, so that it is worth to wait for its copy.
 * large  only where the answer was large the last time */
bool copies_coming(const struct request *request, bool large);

/* Keeps an answer in the place of the oldest. Where there is no room for it nothing is kept.
 * now_s       when it was asked for, unix seconds
 * tag         its entity tag
 * modified_s  as in struct reply
 * body        copied */
void copies_keep(const struct request *request, int64_t now_s, const char *tag, int64_t modified_s,
                 const struct text *body);

/* Gives the memory back. */
void copies_free(void);

#endif
