/* What a row means by itself: its pool, and whether it is complete. */
#include "fcgi/server/route.h"

#include <stdio.h>

const struct auth auth_public = {.name = "public"};

enum pool route_pool(const struct route *route)
{
    if (route->pool != POOL_BY_EFFECT)
        return route->pool;
    return route->effect == EFFECT_CHANGES ? POOL_MAIN : POOL_READ;
}

const char *route_pool_name(enum pool pool)
{
    static const char *const names[POOL_COUNT] = {
        [POOL_BY_EFFECT] = "by effect", [POOL_MAIN] = "main",   [POOL_READ] = "read",
        [POOL_LIST] = "list",           [POOL_ORDER] = "order", [POOL_LOGIN] = "login",
        [POOL_EVENTS] = "events"};
    return names[pool];
}

void route_each_parameter(const struct route *route, route_visit *visit, void *arg)
{
    for (size_t i = 0; route->fields != NULL && i < route->fields->count; i++) {
        const struct field *field = &route->fields->rows[i];
        char units[ROUTE_NAME_MAX];
        if (field->place != FIELD_IN_PARAMS)
            continue;
        visit(field->name, arg);
        snprintf(units, sizeof(units), "%s_int", field->name);
        if (field->type == FIELD_AMOUNT)
            visit(units, arg);
    }
}

const char *route_problem(const struct route *route)
{
    enum pool pool = route_pool(route);
    if (route->path == NULL || route->path[0] != '/')
        return "path is not usable";
    if (route->handler == NULL || route->methods == 0)
        return "handler or methods are missing";
    if (route->auth == NULL || route->effect == EFFECT_UNSAID)
        return "it does not say who may call, or whether it changes something";
    if (route->help == NULL || route->help[0] == '\0')
        return "documentation is missing";
    if (route->effect == EFFECT_CHANGES && (pool == POOL_READ || pool == POOL_LIST))
        return "what changes something cannot be in a pool that only reads";
    if (route->cache != CACHE_NO_STORE &&
        (route->effect == EFFECT_CHANGES || route->auth != &auth_public))
        return "what is kept for everybody is public and changes nothing";
    return NULL;
}
