/* A reply as a value: a handler fills it, the face's one envelope writer turns it into bytes. */
#ifndef FCGI_SERVER_REPLY_H
#define FCGI_SERVER_REPLY_H

#include <json-c/json.h>

#include "base/err.h"
#include "base/text.h"
#include "money/rate.h"
#include "json/writer.h"

#define REPLY_MAX_HEADERS 8
/* Bytes: MARKET_ORDERS_MAX orders, indented, are about eleven million. */
#define REPLY_BODY_CAP (16 << 20)

struct reply {
    struct json_object *value; /* owned by the reply once set; NULL is JSON null */
    int status; /* 0 = what the envelope says; a handler may set 201 and the like, or 400 for
                                an error that its client cannot tell from success otherwise */
    struct {
        const char *name; /* static */
        char value[512];
    } headers[REPLY_MAX_HEADERS];
    size_t header_count;
};

/* Adds a header line.
 * name    static
 * format  of the value, as printf; it must hold no control characters (our bug otherwise) */
void reply_header(struct reply *reply, const char *name, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Member setters in the order of the wire; the value NULL prints null. A key is neither looked up nor
 * copied: it is new to the object, and outlives it. Other keys go by json_object_object_add.
 * value  (reply_add) owned by the object from now on */
void reply_add(struct json_object *object, const char *key, struct json_object *value);
void reply_text(struct json_object *object, const char *key, const char *value);
void reply_int(struct json_object *object, const char *key, int64_t value);
void reply_bool(struct json_object *object, const char *key, bool value);
/* An exact decimal number: `digits` is printed as it is. */
void reply_number(struct json_object *object, const char *key, const char *digits);

/* A moment in unix seconds; 0 prints null. */
void reply_date(struct json_object *object, const char *key, int64_t date);

/* The names of RIGHT_ bits, in the order of the wire. Owned by the caller. */
struct json_object *reply_rights(unsigned rights);

/* Writes a value from the bytes that reply_late was given. */
typedef void reply_write(struct writer *writer, const void *data);

/* A value that becomes JSON only when the reply is written, and is nothing to json-c before: one
 * allocation, where a tree takes some for each member. For what comes by the dozen. Owned by the
 * caller.
 * data  `size` bytes, at most 512, copied; what they point to must outlive the reply */
struct json_object *reply_late(const void *data, size_t size, reply_write *write);

/* The money object {value, value_int, display, display_short, currency} (seed exchange-v1, api
 * section 3), written late. Owned by the caller. */
struct json_object *reply_money(struct amount amount);

/* The same of a mean: `value` is what its "value" says, as exactly as it is known, and `amount` is
 * it rounded. */
struct json_object *reply_mean(struct amount amount, struct rate value);

/* Adds the JSON text of a value: compact, "/" as "\/", everything beyond ASCII as \uXXXX, keys in
 * the order they were added.
 * value   NULL is null
 * pretty  indented, a member a line
 * out     out; out->full where it did not fit */
void reply_json(struct json_object *value, bool pretty, struct text *out);

/* The same in another style. */
void reply_json_as(struct json_object *value, struct writer_style style, bool pretty,
                   struct text *out);

#endif
