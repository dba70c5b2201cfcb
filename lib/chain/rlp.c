/* RLP: an appender, and a reader that takes one spelling of everything. */
#include "chain/rlp.h"

/* The first byte of an item. Below STRING it is the item. */
#define STRING 0x80
#define LIST 0xc0
#define SHORT_MAX \
    55 /* a length up to this is a part of the first byte; else that has the bytes of the length */
#define HEAD_MAX 9 /* bytes */

static size_t number_bytes(__int128 value, uint8_t out[16])
{
    size_t len = 0;
    for (int shift = 120; shift >= 0; shift -= 8)
        if (len > 0 || value >> shift != 0)
            out[len++] = (uint8_t)(value >> shift);
    return len;
}

/* Writes what stands in front of `len` bytes; gives its own bytes. */
static size_t make_head(uint8_t kind, size_t len, uint8_t out[HEAD_MAX])
{
    uint8_t size[16];

    if (len <= SHORT_MAX) {
        out[0] = (uint8_t)(kind + len);
        return 1;
    }
    size_t count = number_bytes((__int128)len, size);
    out[0] = (uint8_t)(kind + SHORT_MAX + count);
    memcpy(out + 1, size, count);
    return 1 + count;
}

void rlp_add(struct text *out, const void *data, size_t len)
{
    uint8_t head[HEAD_MAX];

    if (len != 1 || *(const uint8_t *)data >= STRING)
        text_add(out, head, make_head(STRING, len, head));
    if (len > 0)
        text_add(out, data, len);
}

void rlp_add_number(struct text *out, __int128 value)
{
    uint8_t bytes[16] = {0};
    rlp_add(out, bytes, number_bytes(value, bytes));
}

void rlp_add_integer(struct text *out, const uint8_t *data, size_t len)
{
    while (len > 0 && *data == 0) {
        data++;
        len--;
    }
    rlp_add(out, data, len);
}

void rlp_close_list(struct text *out, size_t start)
{
    uint8_t head[HEAD_MAX];

    if (out->full)
        return;
    size_t len = out->len - start;
    size_t head_len = make_head(LIST, len, head);
    if (text_extend(out, head_len) == NULL)
        return;
    memmove(out->data + start + head_len, out->data + start, len);
    memcpy(out->data + start, head, head_len);
}

/* Reads the length of a length; false where it would not have needed so many bytes. */
static bool take_long(struct bytes *in, size_t count, uint64_t *len)
{
    struct bytes bytes;

    if (!bytes_take(in, count, &bytes) || bytes.data[0] == 0)
        return false;
    *len = 0;
    for (size_t i = 0; i < count; i++)
        *len = *len << 8 | bytes.data[i];
    return *len > SHORT_MAX;
}

bool rlp_take(struct bytes *in, struct rlp_item *out)
{
    struct bytes rest = *in, first;

    if (!bytes_take(&rest, 1, &first))
        return false;
    uint8_t byte = first.data[0];
    out->is_list = byte >= LIST;
    if (byte < STRING) {
        out->content = first;
    } else {
        uint64_t len = (uint64_t)byte - (out->is_list ? LIST : STRING);
        if (len > SHORT_MAX && !take_long(&rest, (size_t)len - SHORT_MAX, &len))
            return false;
        if (!bytes_take(&rest, len, &out->content))
            return false;
        if (!out->is_list && len == 1 && out->content.data[0] < STRING)
            return false;
    }
    *in = rest;
    return true;
}

bool rlp_take_list(struct bytes *in, struct bytes *out)
{
    struct rlp_item item;
    if (!rlp_take(in, &item) || !item.is_list)
        return false;
    *out = item.content;
    return true;
}

bool rlp_take_string(struct bytes *in, struct bytes *out)
{
    struct rlp_item item;
    if (!rlp_take(in, &item) || item.is_list)
        return false;
    *out = item.content;
    return true;
}

bool rlp_take_integer(struct bytes *in, uint8_t *out, size_t size)
{
    struct bytes bytes;

    if (!rlp_take_string(in, &bytes) || bytes.len > size || (bytes.len > 0 && bytes.data[0] == 0))
        return false;
    memset(out, 0, size - bytes.len);
    if (bytes.len > 0)
        memcpy(out + size - bytes.len, bytes.data, bytes.len);
    return true;
}

bool rlp_take_number(struct bytes *in, __int128 max, __int128 *out)
{
    uint8_t bytes[16] = {0};
    unsigned __int128 value = 0;

    if (!rlp_take_integer(in, bytes, sizeof(bytes)))
        return false;
    for (size_t i = 0; i < sizeof(bytes); i++)
        value = value << 8 | bytes[i];
    *out = (__int128)value;
    return value <= (unsigned __int128)max;
}
