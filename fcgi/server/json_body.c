#include "fcgi/server/json_body.h"

#include <stdbool.h>
#include <string.h>

#include "base/encode.h"
#include "base/text.h"

/* json-c accepts more than JSON (NaN, control characters, members twice, clamped integers), so the
 * text is checked here first and the exact text of each member is kept. */

struct span {
    const char *start;
    size_t len;
};

struct scan {
    const char *p, *end;
    unsigned depth;
    struct span members[REQUEST_MAX_PARAMS]; /* values at the top level */
    size_t member_count;
};

static void skip_space(struct scan *scan)
{
    while (scan->p < scan->end &&
           (*scan->p == ' ' || *scan->p == '\t' || *scan->p == '\n' || *scan->p == '\r'))
        scan->p++;
}

/* Steps over `c` where it is next. */
static bool take(struct scan *scan, char c)
{
    if (scan->p == scan->end || *scan->p != c)
        return false;
    scan->p++;
    return true;
}

/* The code unit of \uXXXX at `p`, or -1. */
static int unit_at(const struct scan *scan, const char *p)
{
    if (scan->end - p < 6 || p[0] != '\\' || p[1] != 'u')
        return -1;
    int high = hex_byte(p + 2);
    int low = hex_byte(p + 4);
    return high < 0 || low < 0 ? -1 : high * 256 + low;
}

static bool scan_escape(struct scan *scan, bool is_name)
{
    if (scan->end - scan->p < 2)
        return false;
    if (scan->p[1] != 'u') {
        bool known = scan->p[1] != '\0' && strchr("\"\\/bfnrt", scan->p[1]) != NULL;
        scan->p += 2;
        return known;
    }
    int unit = unit_at(scan, scan->p);
    if (unit < 0 || (unit == 0 && is_name) || (unit >= 0xdc00 && unit <= 0xdfff))
        return false;
    scan->p += 6;
    if (unit < 0xd800 || unit > 0xdbff)
        return true;
    int low = unit_at(scan, scan->p);
    if (low < 0xdc00 || low > 0xdfff)
        return false;
    scan->p += 6;
    return true;
}

static bool scan_string(struct scan *scan, bool is_name)
{
    if (!take(scan, '"'))
        return false;
    while (scan->p < scan->end) {
        unsigned char c = (unsigned char)*scan->p;
        if (c == '\\') {
            if (!scan_escape(scan, is_name))
                return false;
            continue;
        }
        if (c < 0x20)
            return false;
        scan->p++;
        if (c == '"')
            return true;
    }
    return false;
}

static bool scan_digits(struct scan *scan)
{
    const char *start = scan->p;
    while (scan->p < scan->end && *scan->p >= '0' && *scan->p <= '9')
        scan->p++;
    return scan->p > start;
}

static bool scan_number(struct scan *scan)
{
    take(scan, '-');
    if (!take(scan, '0') && !scan_digits(scan))
        return false;
    if (take(scan, '.') && !scan_digits(scan))
        return false;
    if (take(scan, 'e') || take(scan, 'E')) {
        if (!take(scan, '+'))
            take(scan, '-');
        return scan_digits(scan);
    }
    return true;
}

static bool scan_word(struct scan *scan, const char *word)
{
    size_t len = strlen(word);
    if ((size_t)(scan->end - scan->p) < len || memcmp(scan->p, word, len) != 0)
        return false;
    scan->p += len;
    return true;
}

static enum err scan_value(struct scan *scan);

static enum err scan_members(struct scan *scan, bool is_object)
{
    char close = is_object ? '}' : ']';
    skip_space(scan);
    if (take(scan, close))
        return ERR_OK;
    for (;;) {
        skip_space(scan);
        if (is_object) {
            if (!scan_string(scan, true))
                return ERR_MALFORMED;
            skip_space(scan);
            if (!take(scan, ':'))
                return ERR_MALFORMED;
            skip_space(scan);
        }
        const char *start = scan->p;
        enum err rc = scan_value(scan);
        if (rc != ERR_OK)
            return rc;
        if (scan->depth == 1) {
            if (scan->member_count == REQUEST_MAX_PARAMS)
                return ERR_TOO_MANY_PARAMS;
            scan->members[scan->member_count++] =
                (struct span){.start = start, .len = (size_t)(scan->p - start)};
        }
        skip_space(scan);
        if (take(scan, close))
            return ERR_OK;
        if (!take(scan, ','))
            return ERR_MALFORMED;
    }
}

static enum err scan_value(struct scan *scan)
{
    if (scan->p == scan->end)
        return ERR_MALFORMED;
    char c = *scan->p;
    if (c == '{' || c == '[') {
        if (scan->depth == REQUEST_MAX_DEPTH)
            return ERR_TOO_DEEP;
        scan->p++;
        scan->depth++;
        enum err rc = scan_members(scan, c == '{');
        scan->depth--;
        return rc;
    }
    bool good = c == '"'   ? scan_string(scan, false)
                : c == 't' ? scan_word(scan, "true")
                : c == 'f' ? scan_word(scan, "false")
                : c == 'n' ? scan_word(scan, "null")
                           : scan_number(scan);
    return good ? ERR_OK : ERR_MALFORMED;
}

static enum err scan_document(struct scan *scan)
{
    skip_space(scan);
    if (scan->p == scan->end || *scan->p != '{')
        return ERR_MALFORMED;
    enum err rc = scan_value(scan);
    if (rc != ERR_OK)
        return rc;
    skip_space(scan);
    return scan->p == scan->end ? ERR_OK : ERR_MALFORMED;
}

static enum err add_member(struct request *request, const char *name, struct json_object *value,
                           struct span span)
{
    if (value == NULL)
        return ERR_OK;
    if (json_object_is_type(value, json_type_string))
        return request_add_param(request, name, json_object_get_string(value),
                                 (size_t)json_object_get_string_len(value), value);
    char *text = request_copy(request, span.start, span.len);
    if (text == NULL)
        return ERR_NO_MEMORY;
    return request_add_param(request, name, text, span.len, value);
}

enum err json_parse_body(struct request *request, const char *body, size_t len)
{
    if (!text_is_utf8(body, len))
        return ERR_NOT_UTF8;
    struct scan scan = {.p = body, .end = body + len};
    enum err rc = scan_document(&scan);
    if (rc != ERR_OK)
        return rc;
    /* One level for the document itself, one that json-c counts for scalars. */
    struct json_tokener *tokener = json_tokener_new_ex(REQUEST_MAX_DEPTH + 2);
    if (tokener == NULL)
        return ERR_NO_MEMORY;
    json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_ALLOW_TRAILING_CHARS);
    request->json = json_tokener_parse_ex(tokener, body, (int)len);
    json_tokener_free(tokener);
    /* A name that came twice is one member for json-c: ambiguous, so refused. */
    if (!json_object_is_type(request->json, json_type_object) ||
        (size_t)json_object_object_length(request->json) != scan.member_count)
        return ERR_MALFORMED;
    size_t i = 0;
    json_object_object_foreach(request->json, name, value)
    {
        rc = add_member(request, name, value, scan.members[i++]);
        if (rc != ERR_OK)
            return rc;
    }
    return ERR_OK;
}
