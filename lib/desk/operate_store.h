/* The SQL behind operate.c. */
#ifndef DESK_OPERATE_STORE_H
#define DESK_OPERATE_STORE_H

#include "base/text.h"
#include "desk/operate_table.h"

/* A thing, and what its amounts are counted in. */
struct operate_row {
    bool exists;
    int64_t id;
    uint64_t give_id, get_id; /* of a direction, one that there is not yet as well */
    const struct currency *desk_currency, *give_currency, *get_currency;
    char profit_of[5];
    char rail[33];                       /* of a system */
    const struct currency *own_currency; /* of a system */
};

/* Reads a thing by its key and locks it where a transaction is open; not `exists` where it may be made.
 * ERR_INVALID where the key is none; ERR_NOT_FOUND where it names what is not there. */
MUST_USE enum err operate_read(struct db *db, enum desk_thing thing, const char *key,
                               struct operate_row *out);

/* The beginning of an INSERT or UPDATE, which ", column = value" may follow, and its end. */
void operate_begin(struct text *sql, enum desk_thing thing, const char *key,
                   const struct operate_row *row);
void operate_end(struct text *sql, enum desk_thing thing, const struct operate_row *row);

/* Calls `row` with each thing as JSON, or with one. */
MUST_USE enum err operate_json(struct db *db, enum desk_thing thing, const struct operate_row *one,
                               void (*row)(void *arg, const char *json), void *arg);

/* Sets a property that is rows of another table. ERR_INVALID, ERR_NOT_FOUND (a field), amounts as
 * amount_parse. */
MUST_USE enum err operate_list_set(struct db *db, enum desk_thing thing,
                                   const struct operate_row *row, const struct property *property,
                                   const char *value);

#endif
