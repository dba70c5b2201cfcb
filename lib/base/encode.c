/* Encoders and strict decoders of hexadecimal, base64, base32 and forms. */
#include "base/encode.h"

#include <string.h>

void hex_encode(const void *data, size_t len, char *out)
{
    static const char digits[] = "0123456789abcdef";
    const uint8_t *bytes = data;
    for (size_t i = 0; i < len; i++) {
        *out++ = digits[bytes[i] >> 4];
        *out++ = digits[bytes[i] & 15];
    }
    *out = '\0';
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

int hex_byte(const char *digits)
{
    int high = hex_digit(digits[0]);
    int low = high < 0 ? -1 : hex_digit(digits[1]);
    return low < 0 ? -1 : high * 16 + low;
}

bool hex_decode(const char *text, size_t text_len, void *out, size_t len)
{
    uint8_t *bytes = out;
    if (text_len % 2 != 0 || text_len / 2 != len)
        return false;
    for (size_t i = 0; i < len; i++) {
        int byte = hex_byte(text + 2 * i);
        if (byte < 0)
            return false;
        bytes[i] = (uint8_t)byte;
    }
    return true;
}

/* Writes `bits` bits per character (5 or 6), most significant first; the last one is filled up with
 * zero bits. */
static char *encode_bits(const void *data, size_t len, unsigned bits, const char *alphabet,
                         char *out)
{
    const uint8_t *bytes = data;
    uint32_t mask = (1u << bits) - 1;
    uint32_t pending = 0;
    unsigned have = 0;
    for (size_t i = 0; i < len; i++) {
        pending = (pending << 8 | bytes[i]) & 0xffff;
        have += 8;
        while (have >= bits) {
            have -= bits;
            *out++ = alphabet[pending >> have & mask];
        }
    }
    if (have > 0)
        *out++ = alphabet[pending << (bits - have) & mask];
    *out = '\0';
    return out;
}

static const char base64_alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char base64url_alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
static const char base32_alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

void base64_encode(const void *data, size_t len, char *out)
{
    char *end = encode_bits(data, len, 6, base64_alphabet, out);
    while ((end - out) % 4 != 0)
        *end++ = '=';
    *end = '\0';
}

void base64url_encode(const void *data, size_t len, char *out)
{
    encode_bits(data, len, 6, base64url_alphabet, out);
}

void base32_encode(const void *data, size_t len, char *out)
{
    encode_bits(data, len, 5, base32_alphabet, out);
}

static int base64_value(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    if (c == '+')
        return 62;
    if (c == '/')
        return 63;
    return -1;
}

static int base64_any_value(char c)
{
    return c == '-' ? 62 : c == '_' ? 63 : base64_value(c);
}

static bool is_white(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool decode_base64(const char *text, size_t text_len, int (*value_of)(char), void *out,
                          size_t *out_len)
{
    uint8_t *bytes = out;
    size_t room = *out_len;
    size_t written = 0;
    size_t digits = 0;
    size_t padding = 0;
    uint32_t pending = 0;

    for (size_t i = 0; i < text_len; i++) {
        if (is_white(text[i]))
            continue;
        if (text[i] == '=') {
            padding++;
            continue;
        }
        int value = value_of(text[i]);
        if (value < 0 || padding > 0)
            return false;
        pending = (pending << 6 | (uint32_t)value) & 0xffff;
        digits++;
        if (digits % 4 == 1)
            continue;
        if (written == room)
            return false;
        bytes[written++] = (uint8_t)(pending >> (8 - digits % 4 * 2) % 8);
    }
    size_t rest = digits % 4;
    if (rest == 1 || (padding > 0 && (rest == 0 || padding != 4 - rest)))
        return false;
    /* Left-over bits must be zero, so that there is one text for each value. */
    if ((rest == 2 && (pending & 15) != 0) || (rest == 3 && (pending & 3) != 0))
        return false;
    *out_len = written;
    return true;
}

bool base64_decode(const char *text, size_t text_len, void *out, size_t *out_len)
{
    return decode_base64(text, text_len, base64_value, out, out_len);
}

bool base64_decode_any(const char *text, size_t text_len, void *out, size_t *out_len)
{
    return decode_base64(text, text_len, base64_any_value, out, out_len);
}

/* Adds bytes as PHP's urlencode writes them. */
static void add_encoded(struct text *out, const void *data, size_t len)
{
    static const char digits[] = "0123456789ABCDEF";
    const uint8_t *bytes = data;

    for (size_t i = 0; i < len; i++) {
        uint8_t byte = bytes[i];
        bool plain = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
                     (byte >= '0' && byte <= '9') || byte == '-' || byte == '.' || byte == '_';
        if (plain || byte == ' ') {
            text_putc(out, plain ? (char)byte : '+');
            continue;
        }
        text_putc(out, '%');
        text_putc(out, digits[byte >> 4]);
        text_putc(out, digits[byte & 15]);
    }
}

void form_add(struct text *out, const char *name, const void *data, size_t len)
{
    if (out->len > 0)
        text_putc(out, '&');
    text_puts(out, name);
    text_putc(out, '=');
    add_encoded(out, data, len);
}
