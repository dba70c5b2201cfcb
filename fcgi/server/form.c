/* The parsers of urlencoded and multipart forms. */
#include "fcgi/server/form.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "base/encode.h"

/* Decodes into the arena; `*out` is terminated behind `*out_len` bytes. */
static enum err decode(struct request *request, const char *text, size_t len, const char **out,
                       size_t *out_len)
{
    char *to = request_alloc(request, len + 1);
    if (to == NULL)
        return ERR_NO_MEMORY;
    size_t n = 0;
    for (size_t i = 0; i < len; i++) {
        int byte = (unsigned char)text[i];
        if (byte == '+') {
            byte = ' ';
        } else if (byte == '%') {
            byte = i + 2 < len ? hex_byte(text + i + 1) : -1;
            if (byte < 0)
                return ERR_MALFORMED;
            i += 2;
        }
        to[n++] = (char)byte;
    }
    to[n] = '\0';
    *out = to;
    *out_len = n;
    return ERR_OK;
}

static enum err parse_pair(struct request *request, const char *pair, size_t len)
{
    const char *name, *value;
    size_t name_len, value_len;
    const char *equals = memchr(pair, '=', len);
    size_t raw_name_len = equals == NULL ? len : (size_t)(equals - pair);
    enum err rc = decode(request, pair, raw_name_len, &name, &name_len);
    if (rc != ERR_OK)
        return rc;
    if (memchr(name, '\0', name_len) != NULL)
        return ERR_MALFORMED;
    size_t start = equals == NULL ? len : raw_name_len + 1;
    rc = decode(request, pair + start, len - start, &value, &value_len);
    if (rc != ERR_OK)
        return request_fail(request, name, rc);
    return request_add_param(request, name, value, value_len);
}

enum err form_parse(struct request *request, const char *text, size_t len)
{
    const char *end = text + len;
    for (const char *p = text; p < end;) {
        const char *ampersand = memchr(p, '&', (size_t)(end - p));
        const char *stop = ampersand == NULL ? end : ampersand;
        if (stop > p) {
            enum err rc = parse_pair(request, p, (size_t)(stop - p));
            if (rc != ERR_OK)
                return rc;
        }
        p = stop + 1;
    }
    return ERR_OK;
}

/* Finds `key=` among the ;-separated parameters of a header value and copies what it says, with or
 * without quotes. False where it is not there, is empty or does not fit. */
static bool header_param(const char *header, size_t len, const char *key, char *out, size_t size)
{
    size_t key_len = strlen(key);
    const char *end = header + len;
    const char *p = memchr(header, ';', len);
    while (p != NULL && p < end) {
        for (p++; p < end && (*p == ' ' || *p == '\t');)
            p++;
        bool found =
            (size_t)(end - p) > key_len && strncasecmp(p, key, key_len) == 0 && p[key_len] == '=';
        if (found)
            p += key_len + 1;
        bool quoted = false;
        size_t n = 0;
        for (; p < end && (quoted || *p != ';'); p++) {
            if (*p == '"') {
                quoted = !quoted;
                continue;
            }
            if (quoted && *p == '\\' && p + 1 < end)
                p++;
            if (found && n < size)
                out[n] = *p;
            n++;
        }
        if (found) {
            if (n == 0 || n >= size)
                return false;
            out[n] = '\0';
            return true;
        }
    }
    return false;
}

/* The headers of one part: gives the field's name. */
static enum err part_name(struct request *request, const char *headers, size_t len,
                          const char **name)
{
    static const char wanted[] = "content-disposition:";
    char text[256], file[256];
    const char *end = headers + len;
    for (const char *line = headers; line < end;) {
        const char *stop = memmem(line, (size_t)(end - line), "\r\n", 2);
        size_t line_len = (size_t)((stop == NULL ? end : stop) - line);
        if (line_len >= sizeof(wanted) - 1 && strncasecmp(line, wanted, sizeof(wanted) - 1) == 0) {
            if (memmem(line, line_len, "filename", 8) != NULL &&
                (header_param(line, line_len, "filename", file, sizeof(file)) ||
                 header_param(line, line_len, "filename*", file, sizeof(file))))
                return ERR_CONTENT_TYPE;
            if (memchr(line, '\0', line_len) != NULL ||
                !header_param(line, line_len, "name", text, sizeof(text)))
                return ERR_MALFORMED;
            *name = request_copy(request, text, strlen(text));
            return *name == NULL ? ERR_NO_MEMORY : ERR_OK;
        }
        line = stop == NULL ? end : stop + 2;
    }
    return ERR_MALFORMED;
}

/* One part from behind its delimiter up to the next one. */
static enum err parse_part(struct request *request, const char *part, size_t len)
{
    const char *name;
    const char *blank = memmem(part, len, "\r\n\r\n", 4);
    if (blank == NULL)
        return ERR_MALFORMED;
    enum err rc = part_name(request, part, (size_t)(blank - part), &name);
    if (rc != ERR_OK)
        return rc;
    const char *value = blank + 4;
    size_t value_len = len - (size_t)(value - part);
    char *copy = request_copy(request, value, value_len);
    if (copy == NULL)
        return ERR_NO_MEMORY;
    return request_add_param(request, name, copy, value_len);
}

enum err form_parse_multipart(struct request *request, const char *content_type, const char *body,
                              size_t len)
{
    char delimiter[FORM_MAX_BOUNDARY + 5] = "\r\n--";
    if (!header_param(content_type, strlen(content_type), "boundary", delimiter + 4,
                      sizeof(delimiter) - 4))
        return ERR_MALFORMED;
    size_t delimiter_len = strlen(delimiter);
    const char *end = body + len;
    /* The first delimiter has no line end of its own in front where the body starts with it. */
    const char *p = len >= delimiter_len - 2 && memcmp(body, delimiter + 2, delimiter_len - 2) == 0
                        ? body + delimiter_len - 2
                        : NULL;
    if (p == NULL)
        return ERR_MALFORMED;
    for (;;) {
        if (end - p >= 2 && memcmp(p, "--", 2) == 0)
            return ERR_OK;
        if (end - p < 2 || memcmp(p, "\r\n", 2) != 0)
            return ERR_MALFORMED;
        p += 2;
        const char *next = memmem(p, (size_t)(end - p), delimiter, delimiter_len);
        if (next == NULL)
            return ERR_MALFORMED;
        enum err rc = parse_part(request, p, (size_t)(next - p));
        if (rc != ERR_OK)
            return rc;
        p = next + delimiter_len;
    }
}
