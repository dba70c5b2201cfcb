/* The table behind operate.c: which properties there are. */
#ifndef DESK_OPERATE_TABLE_H
#define DESK_OPERATE_TABLE_H

#include "desk/operate.h"

/* What a property holds. */
enum property_kind {
    OF_TEXT,     /* up to `high` characters */
    OF_WORD,     /* one of `words` */
    OF_FLAG,     /* yes or no */
    OF_NUMBER,   /* whole, from `low` to `high` */
    OF_PERCENT,  /* up to DESK_PERCENT_SCALE_MAX decimals, from `low` on */
    OF_DECIMAL,  /* a rate or a part of one; above zero, or with low below zero any */
    OF_UNITS,    /* an amount, not below zero, in `currency` */
    OF_RAIL,     /* a-z 0-9 . _ - */
    OF_CURRENCY, /* by its code */
    OF_RATE,     /* desk_rate by its name */
    OF_FEED,     /* desk_feed by its name */
    OF_USER,     /* by the login */
    OF_LIST      /* rows of another table: items with spaces between them */
};

/* What the items of a list are. */
enum property_list {
    LIST_FIELDS, /* numbers of fields; column: the side of a system, or "" */
    LIST_TIERS,  /* from:percent or from:percent:fixed */
    LIST_LIVES,  /* status:seconds */
    LIST_LEVELS  /* from:percent */
};

/* Whose currency an amount has. */
enum property_currency { OF_DESK, OF_GIVE, OF_GET, OF_PROFIT };

struct property {
    const char *name, *column;
    enum property_kind kind;
    int64_t low, high;
    const char *const *words;        /* NULL-terminated */
    enum property_currency currency; /* of OF_UNITS */
    enum property_list list;         /* of OF_LIST */
    bool needed;                     /* by a new one */
    bool none;                       /* may be missing: NULL, or no rows */
};

struct thing {
    const char *table;
    const struct property *properties; /* up to one without a name */
};

extern const struct thing things[DESK_THINGS];

#endif
