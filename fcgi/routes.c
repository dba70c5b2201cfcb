#include "fcgi/routes.h"

const struct route_table *const route_tables[] = {
#define X(name) &name,
    ROUTE_TABLES(X)
#undef X
};

const size_t route_table_count = sizeof(route_tables) / sizeof(route_tables[0]);
