/* UUIDs to text and back. */
#include "base/id.h"

#include "base/encode.h"

/* Where the canonical form has its dashes: 8-4-4-4-12. */
static bool is_dash_position(size_t i)
{
    return i == 8 || i == 13 || i == 18 || i == 23;
}

void uuid_format(const struct uuid *id, char out[UUID_TEXT_SIZE])
{
    char hex[HEX_SIZE(sizeof(id->bytes))];
    const char *next = hex;

    hex_encode(id->bytes, sizeof(id->bytes), hex);
    for (size_t i = 0; i < UUID_TEXT_SIZE - 1; i++)
        out[i] = is_dash_position(i) ? '-' : *next++;
    out[UUID_TEXT_SIZE - 1] = '\0';
}

bool uuid_parse(const char *text, size_t len, struct uuid *out)
{
    char hex[HEX_SIZE(sizeof(out->bytes))];
    size_t digits = 0;
    struct uuid id;

    if (len != UUID_TEXT_SIZE - 1)
        return false;
    for (size_t i = 0; i < len; i++) {
        if (is_dash_position(i) != (text[i] == '-'))
            return false;
        if (!is_dash_position(i))
            hex[digits++] = text[i];
    }
    if (!hex_decode(hex, digits, id.bytes, sizeof(id.bytes)))
        return false;
    *out = id;
    return true;
}
