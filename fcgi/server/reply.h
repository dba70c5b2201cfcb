/* A reply while it is made: a handler writes its value straight into the bytes of the answer, inside the
 * envelope of its face. Where it fails, what was written of it is dropped for the error. */
#ifndef FCGI_SERVER_REPLY_H
#define FCGI_SERVER_REPLY_H

#include "base/err.h"
#include "base/text.h"
#include "json/writer.h"

#define REPLY_MAX_HEADERS 8
/* Bytes: MARKET_ORDERS_MAX orders, indented, are about eleven million. */
#define REPLY_BODY_CAP (16 << 20)

struct reply {
    struct writer writer; /* where the handler writes its one value; none is JSON null. The face has
                             set its style; writer.out is its slot's, so that it may wait meanwhile */
    int status; /* 0 = what the envelope says; a handler may set 201 and the like, or 400 for
                                an error that its client cannot tell from success otherwise */
    struct {
        const char *name; /* static */
        char value[512];
    } headers[REPLY_MAX_HEADERS];
    size_t header_count;
    int64_t modified_s; /* of what is kept for everybody: the second in which it began to be so, by
                           which a caller asks whether it still is; 0: it goes by its entity tag alone */
};

/* Adds a header line.
 * name    static
 * format  of the value, as printf; it must hold no control characters (our bug otherwise) */
void reply_header(struct reply *reply, const char *name, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* What a status means, as it stands behind it in its line (RFC 9110). */
const char *reply_status_words(int status);

/* The names of bits as a list, in the order of the wire.
 * names  of the bits: identity/rights.h */
void reply_rights(struct writer *writer, const char *key, const char *const *names,
                  unsigned rights);

#endif
