/* The index of routes: a table of literal paths, and patterns compared segment by segment. */
#include "fcgi/server/router.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/encode.h"
#include "base/text.h"

unsigned router_method(const char *name)
{
    static const struct {
        const char *name;
        unsigned bit;
    } methods[] = {
        {"GET", METHOD_GET},       {"POST", METHOD_POST}, {"HEAD", METHOD_GET},
        {"DELETE", METHOD_DELETE}, {"PUT", METHOD_PUT},
    };
    for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
        if (strcmp(name, methods[i].name) == 0)
            return methods[i].bit;
    return 0;
}

/* Percent-decodes; an encoded slash would move the borders of segments, so it is refused. */
static bool decode(const char *raw, size_t len, char *out, size_t *out_len)
{
    size_t n = 0;
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)raw[i];
        if (c == '%') {
            int byte = i + 2 < len ? hex_byte(raw + i + 1) : -1;
            if (byte < 0 || byte == '/')
                return false;
            c = (unsigned char)byte;
            i += 2;
        }
        if (c < 0x20 || c == 0x7f || c == '\\')
            return false;
        out[n++] = (char)c;
    }
    out[n] = '\0';
    *out_len = n;
    return true;
}

/* No empty, "." or ".." segment between the slashes. */
static bool segments_are_plain(const char *path)
{
    for (const char *p = path; *p == '/';) {
        const char *segment = p + 1;
        size_t len = strcspn(segment, "/");
        if (len == 0)
            return p == path && *segment == '\0';
        if (segment[0] == '.' && (len == 1 || (len == 2 && segment[1] == '.')))
            return false;
        p = segment + len;
    }
    return true;
}

/* One slash where there are several in a row. */
static void merge(char *path)
{
    char *to = path;
    for (const char *p = path; *p != '\0'; p++)
        if (*p != '/' || p[1] != '/')
            *to++ = *p;
    *to = '\0';
}

bool router_path(const char *raw, size_t len, bool merge_slashes, char *out)
{
    size_t n;
    if (len == 0 || len > ROUTER_MAX_PATH || raw[0] != '/')
        return false;
    if (!decode(raw, len, out, &n) || !text_is_utf8(out, n))
        return false;
    if (merge_slashes)
        merge(out);
    if (strstr(out, "//") != NULL)
        return false;
    n = strlen(out);
    if (n > 1 && out[n - 1] == '/')
        out[--n] = '\0';
    return segments_are_plain(out);
}

/* FNV-1a, 32 bits. */
static uint32_t hash(const char *text)
{
    uint32_t h = 2166136261u;
    for (; *text != '\0'; text++)
        h = (h ^ (unsigned char)*text) * 16777619u;
    return h;
}

static const char *add_literal(struct router *router, const struct face *face,
                               const struct route *route)
{
    if (router->row_count == ROUTER_MAX_ROWS)
        return "too many routes";
    size_t slot = hash(route->path) % ROUTER_SLOTS;
    for (; router->slots[slot].route != NULL; slot = (slot + 1) % ROUTER_SLOTS) {
        const struct route *other = router->slots[slot].route;
        if (strcmp(other->path, route->path) == 0 && (other->methods & route->methods) != 0)
            return "path and method are taken";
    }
    router->slots[slot] = (struct router_row){.route = route, .face = face};
    router->row_count++;
    return NULL;
}

/* Reads one segment of a pattern.
 * captures  counts on */
static const char *add_segment(struct router_segment *segment, const char *text, size_t len,
                               size_t *captures)
{
    const char *open = memchr(text, '{', len);
    *segment = (struct router_segment){.head = text, .head_len = len};
    if (open == NULL)
        return NULL;
    const char *close = memchr(open, '}', len - (size_t)(open - text));
    if (close == NULL || close == open + 1 || ++*captures > REQUEST_MAX_CAPTURES)
        return "a capture is {name}, and there are few";
    segment->head_len = (size_t)(open - text);
    segment->tail = close + 1;
    segment->tail_len = len - (size_t)(close + 1 - text);
    if (memchr(segment->tail, '{', segment->tail_len) != NULL)
        return "a segment has one capture";
    segment->name = strndup(open + 1, (size_t)(close - open) - 1);
    return segment->name == NULL ? "out of memory" : NULL;
}

static const char *add_pattern(struct router *router, const struct face *face,
                               const struct route *route)
{
    if (router->pattern_count == ROUTER_MAX_PATTERNS)
        return "too many routes with captures";
    struct router_pattern *pattern = &router->patterns[router->pattern_count++];
    const char *problem = NULL;
    size_t captures = 0;
    *pattern = (struct router_pattern){.route = route, .face = face};
    for (const char *p = route->path; *p == '/' && problem == NULL;) {
        const char *text = p + 1;
        size_t len = strcspn(text, "/");
        if (pattern->count == ROUTER_MAX_SEGMENTS)
            return "too many segments";
        problem = add_segment(&pattern->segments[pattern->count++], text, len, &captures);
        p = text + len;
    }
    return problem;
}

static const char *add_row(struct router *router, const struct face *face,
                           const struct route *route)
{
    const char *problem = route_problem(route);
    if (problem != NULL)
        return problem;
    if (!segments_are_plain(route->path))
        return "path is not usable";
    return strchr(route->path, '{') == NULL ? add_literal(router, face, route)
                                            : add_pattern(router, face, route);
}

enum err router_add(struct router *router, const struct face *face, const struct route_table *table,
                    const char **problem, const struct route **row)
{
    for (size_t i = 0; i < table->count; i++) {
        *problem = add_row(router, face, &table->rows[i]);
        *row = &table->rows[i];
        if (*problem != NULL)
            return ERR_INTERNAL;
    }
    return ERR_OK;
}

/* Whether `len` bytes fit a segment; what its capture takes goes to `out`. */
static bool segment_fits(const struct router_segment *segment, const char *text, size_t len,
                         struct router_result *out)
{
    size_t fixed = segment->head_len + segment->tail_len;
    if (segment->name == NULL ? len != fixed : len <= fixed)
        return false;
    if (memcmp(text, segment->head, segment->head_len) != 0)
        return false;
    if (segment->name == NULL)
        return true;
    if (memcmp(text + len - segment->tail_len, segment->tail, segment->tail_len) != 0)
        return false;
    out->captures[out->capture_count++] = (struct router_capture){
        .name = segment->name, .value = text + segment->head_len, .len = len - fixed};
    return true;
}

static bool pattern_fits(const struct router_pattern *pattern, const char *path,
                         struct router_result *out)
{
    const char *p = path;
    out->capture_count = 0;
    for (size_t i = 0; i < pattern->count; i++) {
        if (*p != '/')
            return false;
        const char *text = p + 1;
        size_t len = strcspn(text, "/");
        if (!segment_fits(&pattern->segments[i], text, len, out))
            return false;
        p = text + len;
    }
    return *p == '\0';
}

static void find_pattern(const struct router *router, const struct face *face, unsigned method,
                         const char *path, struct router_result *out)
{
    for (size_t i = 0; i < router->pattern_count; i++) {
        const struct router_pattern *pattern = &router->patterns[i];
        if (pattern->face != face || !pattern_fits(pattern, path, out))
            continue;
        out->allowed |= pattern->route->methods;
        if ((pattern->route->methods & method) != 0) {
            out->route = pattern->route;
            return;
        }
    }
    out->capture_count = 0;
}

void router_find(const struct router *router, const struct face *face, unsigned method,
                 const char *path, struct router_result *out)
{
    out->route = NULL;
    out->allowed = 0;
    out->capture_count = 0;
    size_t slot = hash(path) % ROUTER_SLOTS;
    for (; router->slots[slot].route != NULL; slot = (slot + 1) % ROUTER_SLOTS) {
        const struct route *route = router->slots[slot].route;
        if (router->slots[slot].face != face || strcmp(route->path, path) != 0)
            continue;
        out->allowed |= route->methods;
        if ((route->methods & method) != 0) {
            out->route = route;
            return;
        }
    }
    if (out->allowed == 0)
        find_pattern(router, face, method, path, out);
}

void router_free(struct router *router)
{
    for (size_t i = 0; i < router->pattern_count; i++)
        for (size_t j = 0; j < router->patterns[i].count; j++)
            free(router->patterns[i].segments[j].name);
    *router = (struct router){0};
}
