/* The growing text, and what is asked of UTF-8. */
#include "base/text.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_ROOM 64

static bool grow(struct text *text, size_t need)
{
    size_t room = text->room < FIRST_ROOM ? FIRST_ROOM : text->room;
    while (room < need)
        room = room > SIZE_MAX / 2 ? need : room * 2;
    char *data = realloc(text->data, room);
    if (data == NULL) {
        text->full = true;
        return false;
    }
    text->data = data;
    text->room = room;
    return true;
}

/* Makes room for `len` more bytes and a NUL; false (and full) where cap or machine says no. */
static bool reserve(struct text *text, size_t len)
{
    if (text->len > text->max || len > text->max - text->len) {
        text->full = true;
        return false;
    }
    size_t need = text->len + len + 1;
    return need <= text->room || grow(text, need);
}

char *text_extend(struct text *text, size_t len)
{
    if (!reserve(text, len))
        return NULL;
    char *start = text->data + text->len;
    text->len += len;
    start[len] = '\0';
    return start;
}

void text_add(struct text *text, const void *data, size_t len)
{
    char *start = text_extend(text, len);
    if (start != NULL && len > 0)
        memcpy(start, data, len);
}

void text_puts(struct text *text, const char *string)
{
    text_add(text, string, strlen(string));
}

void text_putc(struct text *text, char c)
{
    char *start = text_extend(text, 1);
    if (start != NULL)
        *start = c;
}

void text_addf(struct text *text, const char *format, ...)
{
    va_list args;
    va_list again;
    va_start(args, format);
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, format, args);
    if (len < 0) {
        text->full = true;
    } else if (reserve(text, (size_t)len)) {
        vsnprintf(text->data + text->len, (size_t)len + 1, format, again);
        text->len += (size_t)len;
    }
    va_end(again);
    va_end(args);
}

void text_hex(struct text *text, const void *data, size_t len)
{
    static const char digits[] = "0123456789abcdef";
    const unsigned char *bytes = data;
    if (len > SIZE_MAX / 2) {
        text->full = true;
        return;
    }
    char *out = text_extend(text, 2 * len);
    if (out == NULL)
        return;
    for (size_t i = 0; i < len; i++) {
        *out++ = digits[bytes[i] >> 4];
        *out++ = digits[bytes[i] & 15];
    }
}

const char *text_string(const struct text *text)
{
    return text->len > 0 ? text->data : "";
}

void text_clear(struct text *text)
{
    text->len = 0;
    text->full = false;
    if (text->data != NULL)
        text->data[0] = '\0';
}

void text_free(struct text *text)
{
    free(text->data);
    *text = TEXT(text->max);
}

/* Length of the UTF-8 sequence at `p` (1 to 4), or 0 where it is not valid within `len` bytes. The
 * ranges of the second byte are those of RFC 3629 section 4: they keep out overlong forms,
 * surrogates and values past U+10FFFF. */
static size_t sequence_length(const unsigned char *p, size_t len)
{
    unsigned char low = 0x80;
    unsigned char high = 0xbf;
    size_t n;

    if (p[0] < 0x80)
        return p[0] == 0 ? 0 : 1;
    if (p[0] >= 0xc2 && p[0] <= 0xdf)
        n = 2;
    else if ((p[0] & 0xf0) == 0xe0)
        n = 3;
    else if (p[0] >= 0xf0 && p[0] <= 0xf4)
        n = 4;
    else
        return 0;
    if (p[0] == 0xe0)
        low = 0xa0;
    else if (p[0] == 0xed)
        high = 0x9f;
    else if (p[0] == 0xf0)
        low = 0x90;
    else if (p[0] == 0xf4)
        high = 0x8f;

    if (n > len || p[1] < low || p[1] > high)
        return 0;
    for (size_t i = 2; i < n; i++)
        if ((p[i] & 0xc0) != 0x80)
            return 0;
    return n;
}

bool text_is_utf8(const char *data, size_t len)
{
    const unsigned char *p = (const unsigned char *)data;
    while (len > 0) {
        size_t n = sequence_length(p, len);
        if (n == 0)
            return false;
        p += n;
        len -= n;
    }
    return true;
}

size_t text_utf8_length(const char *data, size_t len)
{
    size_t count = 0;
    for (size_t i = 0; i < len; i++)
        if (((unsigned char)data[i] & 0xc0) != 0x80)
            count++;
    return count;
}

void text_wipe(struct text *text)
{
    if (text->data != NULL)
        explicit_bzero(text->data, text->room);
    text_free(text);
}

void text_copy(char *out, size_t size, const char *string)
{
    size_t len = string == NULL ? 0 : strnlen(string, size - 1);
    memcpy(out, string == NULL ? "" : string, len);
    out[len] = '\0';
}

bool text_to_number(const char *string, int64_t least, int64_t most, int64_t *out)
{
    char *end;
    if (string[0] == '-' ? least >= 0 : string[0] < '0' || string[0] > '9')
        return false;
    errno = 0;
    long long number = strtoll(string, &end, 10);
    if (errno != 0 || end == string || *end != '\0' || number < least || number > most)
        return false;
    *out = number;
    return true;
}
