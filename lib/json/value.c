/* Trees of values: the strict reader of JSON, and the names of forms that mean objects and lists. */
#include "json/value.h"

#include <string.h>

#include "base/encode.h"
#include "base/text.h"

struct scan {
    struct arena *arena;
    const char *p, *end;
    unsigned depth;
    size_t count, most; /* values */
    const char *where;  /* the member that was there before */
};

const struct value *value_member(const struct value *value, const char *name)
{
    if (value == NULL || value->type != VALUE_OBJECT)
        return NULL;
    for (const struct value *member = value->first; member != NULL; member = member->next)
        if (strcmp(member->name, name) == 0)
            return member;
    return NULL;
}

void value_append(struct value *parent, struct value *child)
{
    if (parent->last == NULL)
        parent->first = child;
    else
        parent->last->next = child;
    parent->last = child;
    parent->count++;
}

static struct value *new_value(struct arena *arena, enum value_type type)
{
    struct value *value = arena_alloc(arena, sizeof(*value));
    if (value != NULL)
        *value = (struct value){.type = type, .text = ""};
    return value;
}

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

/* Steps over \uXXXX, or over the pair that stands for one code point; -1 where it is neither. */
static long take_point(struct scan *scan)
{
    int unit = unit_at(scan, scan->p);
    if (unit < 0 || (unit >= 0xdc00 && unit <= 0xdfff))
        return -1;
    scan->p += 6;
    if (unit < 0xd800 || unit > 0xdbff)
        return unit;
    int low = unit_at(scan, scan->p);
    if (low < 0xdc00 || low > 0xdfff)
        return -1;
    scan->p += 6;
    return 0x10000 + (((long)unit - 0xd800) << 10) + (low - 0xdc00);
}

/* Writes a code point as UTF-8; gives where it ends. */
static char *put_utf8(char *to, long point)
{
    if (point < 0x80) {
        *to++ = (char)point;
    } else if (point < 0x800) {
        *to++ = (char)(0xc0 | point >> 6);
        *to++ = (char)(0x80 | (point & 0x3f));
    } else if (point < 0x10000) {
        *to++ = (char)(0xe0 | point >> 12);
        *to++ = (char)(0x80 | (point >> 6 & 0x3f));
        *to++ = (char)(0x80 | (point & 0x3f));
    } else {
        *to++ = (char)(0xf0 | point >> 18);
        *to++ = (char)(0x80 | (point >> 12 & 0x3f));
        *to++ = (char)(0x80 | (point >> 6 & 0x3f));
        *to++ = (char)(0x80 | (point & 0x3f));
    }
    return to;
}

/* Decodes the escape at the scan's place. NULL where it is none. */
static char *take_escape(struct scan *scan, char *to)
{
    static const char letters[] = "\"\\/bfnrt", bytes[] = "\"\\/\b\f\n\r\t";
    if (scan->end - scan->p < 2)
        return NULL;
    if (scan->p[1] == 'u') {
        long point = take_point(scan);
        return point < 0 ? NULL : put_utf8(to, point);
    }
    const char *letter = scan->p[1] == '\0' ? NULL : strchr(letters, scan->p[1]);
    if (letter == NULL)
        return NULL;
    *to++ = bytes[letter - letters];
    scan->p += 2;
    return to;
}

/* How long the text is as it is written, up to its closing quote; -1 where there is none. */
static ptrdiff_t written_length(const struct scan *scan)
{
    for (const char *p = scan->p; p < scan->end; p++) {
        if (*p == '"')
            return p - scan->p;
        if (*p == '\\')
            p++;
        else if ((unsigned char)*p < 0x20)
            return -1;
    }
    return -1;
}

/* A text from its opening quote on, decoded: never longer than it is written. */
static enum err scan_text(struct scan *scan, const char **out, size_t *out_len)
{
    if (!take(scan, '"'))
        return ERR_MALFORMED;
    ptrdiff_t written = written_length(scan);
    if (written < 0)
        return ERR_MALFORMED;
    char *start = arena_alloc(scan->arena, (size_t)written + 1);
    if (start == NULL)
        return ERR_NO_MEMORY;
    char *to = start;
    while (*scan->p != '"') {
        if (*scan->p != '\\')
            *to++ = *scan->p++;
        else if ((to = take_escape(scan, to)) == NULL)
            return ERR_MALFORMED;
    }
    scan->p++;
    *to = '\0';
    *out = start;
    *out_len = (size_t)(to - start);
    return ERR_OK;
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

static enum err scan_value(struct scan *scan, struct value **out);

/* "name": of a member that is new to the object. */
static enum err scan_name(struct scan *scan, const struct value *object, const char **name)
{
    size_t len;
    enum err rc = scan_text(scan, name, &len);
    if (rc != ERR_OK)
        return rc;
    skip_space(scan);
    if (strlen(*name) != len || !take(scan, ':'))
        return ERR_MALFORMED;
    skip_space(scan);
    if (object->count == VALUE_MAX_MEMBERS)
        return ERR_TOO_MANY_PARAMS;
    if (value_member(object, *name) == NULL)
        return ERR_OK;
    scan->where = *name;
    return ERR_REPEATED;
}

static enum err scan_children(struct scan *scan, struct value *parent)
{
    char close = parent->type == VALUE_OBJECT ? '}' : ']';
    skip_space(scan);
    if (take(scan, close))
        return ERR_OK;
    for (;;) {
        const char *name = NULL;
        struct value *child;
        enum err rc = ERR_OK;
        skip_space(scan);
        if (parent->type == VALUE_OBJECT)
            rc = scan_name(scan, parent, &name);
        if (rc == ERR_OK)
            rc = scan_value(scan, &child);
        if (rc != ERR_OK)
            return rc;
        child->name = name;
        value_append(parent, child);
        skip_space(scan);
        if (take(scan, close))
            return ERR_OK;
        if (!take(scan, ','))
            return ERR_MALFORMED;
    }
}

static enum err scan_nested(struct scan *scan, struct value *value)
{
    if (scan->depth == VALUE_MAX_DEPTH)
        return ERR_TOO_DEEP;
    scan->p++;
    scan->depth++;
    enum err rc = scan_children(scan, value);
    scan->depth--;
    return rc;
}

static enum value_type type_by_first(char c)
{
    return c == '{'               ? VALUE_OBJECT
           : c == '['             ? VALUE_LIST
           : c == '"'             ? VALUE_TEXT
           : c == 't' || c == 'f' ? VALUE_BOOL
           : c == 'n'             ? VALUE_NULL
                                  : VALUE_NUMBER;
}

/* Steps over what is no text by its first character. */
static enum err scan_by_type(struct scan *scan, struct value *value)
{
    switch (value->type) {
    case VALUE_OBJECT:
    case VALUE_LIST:
        return scan_nested(scan, value);
    case VALUE_BOOL:
        return scan_word(scan, "true") || scan_word(scan, "false") ? ERR_OK : ERR_MALFORMED;
    case VALUE_NULL:
        return scan_word(scan, "null") ? ERR_OK : ERR_MALFORMED;
    case VALUE_NUMBER:
        return scan_number(scan) ? ERR_OK : ERR_MALFORMED;
    case VALUE_TEXT:
        return scan_text(scan, &value->text, &value->len);
    }
    return ERR_INTERNAL;
}

static enum err scan_value(struct scan *scan, struct value **out)
{
    if (scan->p == scan->end)
        return ERR_MALFORMED;
    if (scan->count++ == scan->most)
        return ERR_TOO_MANY_PARAMS;
    const char *start = scan->p;
    struct value *value = new_value(scan->arena, type_by_first(*start));
    if (value == NULL)
        return ERR_NO_MEMORY;
    enum err rc = scan_by_type(scan, value);
    if (rc != ERR_OK)
        return rc;
    if (value->type == VALUE_BOOL || value->type == VALUE_NUMBER) {
        value->len = (size_t)(scan->p - start);
        value->text = arena_copy(scan->arena, start, value->len);
    }
    *out = value;
    return value->text == NULL ? ERR_NO_MEMORY : ERR_OK;
}

enum err value_parse(struct arena *arena, const char *text, size_t len, struct value **root,
                     const char **where)
{
    return value_parse_most(arena, text, len, VALUE_MAX_COUNT, root, where);
}

enum err value_parse_most(struct arena *arena, const char *text, size_t len, size_t most,
                          struct value **root, const char **where)
{
    static const char mark[] = "\xef\xbb\xbf";
    struct scan scan = {.arena = arena, .p = text, .end = text + len, .most = most};

    *where = NULL;
    if (!text_is_utf8(text, len))
        return ERR_NOT_UTF8;
    scan_word(&scan, mark);
    skip_space(&scan);
    enum err rc = scan_value(&scan, root);
    *where = scan.where;
    if (rc != ERR_OK)
        return rc;
    skip_space(&scan);
    return scan.p == scan.end ? ERR_OK : ERR_MALFORMED;
}

/* One step of a form's name: from a[b] to b in a. */
struct step {
    const char *name; /* NULL for an item of a list */
    bool is_item;
};

/* The pieces of `a[b][]`, or the whole name where it is not of that form. Gives how many, 0 where
 * there are too many. `name` is cut into pieces. */
static size_t split_name(char *name, struct step steps[VALUE_MAX_DEPTH])
{
    char *open = strchr(name, '[');
    size_t count = 1;
    steps[0] = (struct step){.name = name};
    if (open == NULL || open == name || name[strlen(name) - 1] != ']')
        return 1;
    for (char *p = open; *p != '\0';) {
        char *close = strchr(p, ']');
        if (*p != '[' || close == NULL || memchr(p + 1, '[', (size_t)(close - p - 1)) != NULL)
            return 1;
        if (count == VALUE_MAX_DEPTH)
            return 0;
        bool digits = strspn(p + 1, "0123456789") == (size_t)(close - p - 1);
        steps[count++] = (struct step){.name = p + 1, .is_item = digits};
        p = close + 1;
    }
    for (size_t i = 0; i < count; i++)
        *strpbrk(steps[i].name, "[]") = '\0';
    return count;
}

/* The object or list that a step leads into: the one that is there, or a new one. NULL where the
 * place is taken by something else; `*rc` says so. */
static struct value *enter(struct arena *arena, struct value *parent, const struct step *step,
                           enum value_type type, enum err *rc)
{
    struct value *found = NULL;
    for (struct value *child = parent->first; child != NULL; child = child->next)
        if (strcmp(child->name, step->name) == 0)
            found = child;
    if (found == NULL) {
        found = new_value(arena, type);
        if (found == NULL) {
            *rc = ERR_NO_MEMORY;
            return NULL;
        }
        found->name = step->name;
        value_append(parent, found);
    }
    if (found->type == type)
        return found;
    *rc = ERR_REPEATED;
    return NULL;
}

enum err value_add_pair(struct arena *arena, struct value *object, const char *name,
                        const char *text, size_t len)
{
    struct step steps[VALUE_MAX_DEPTH];
    char *pieces = arena_copy(arena, name, strlen(name));
    struct value *leaf = new_value(arena, VALUE_TEXT);
    enum err rc = ERR_OK;

    if (pieces == NULL || leaf == NULL)
        return ERR_NO_MEMORY;
    size_t count = split_name(pieces, steps);
    if (count == 0)
        return ERR_TOO_DEEP;
    for (size_t i = 0; i + 1 < count && object != NULL; i++)
        object =
            enter(arena, object, &steps[i], steps[i + 1].is_item ? VALUE_LIST : VALUE_OBJECT, &rc);
    if (object == NULL)
        return rc;
    const struct step *last = &steps[count - 1];
    bool is_next = count > 1 && last->name[0] == '\0'; /* a[]: however many there are */
    for (struct value *child = object->first; child != NULL && !is_next; child = child->next)
        if (strcmp(child->name, last->name) == 0)
            return ERR_REPEATED;
    leaf->name = last->name;
    leaf->text = text;
    leaf->len = len;
    value_append(object, leaf);
    return ERR_OK;
}
