/* What an account or a field looks like. */
#include <ctype.h>
#include <string.h>

#include "base/text.h"
#include "crypto/crypto.h"
#include "desk/desk.h"

#define BASE58_BYTES 25 /* version, 20 bytes of a hash, 4 of a checksum */
#define BECH32_CHECKSUM 6
#define BECH32 1           /* what the checksum comes to: BIP 173 */
#define BECH32M 0x2bc830a3 /* BIP 350 */

static bool is_made_of(const char *text, const char *characters)
{
    return strspn(text, characters) == strlen(text);
}

/* Digits, with single spaces or dashes between them; gives how many, or 0. */
static size_t strip(const char *text, char *out, size_t size)
{
    size_t len = 0;

    for (; *text != '\0'; text++) {
        if ((*text == ' ' || *text == '-') && len > 0 && text[1] != '\0')
            continue;
        if (!isalnum((unsigned char)*text) || len + 1 == size)
            return 0;
        out[len++] = *text;
    }
    out[len] = '\0';
    return len;
}

/* ISO/IEC 7812: 12 to 19 digits, the last of which is Luhn's. */
static bool is_card(const char *text)
{
    char digits[20];
    size_t len = strip(text, digits, sizeof(digits));
    unsigned sum = 0;

    if (len < 12 || !is_made_of(digits, "0123456789"))
        return false;
    for (size_t i = 0; i < len; i++) {
        unsigned digit = (unsigned)(digits[len - 1 - i] - '0') << (i & 1);
        sum += digit > 9 ? digit - 9 : digit;
    }
    return sum % 10 == 0;
}

/* ISO 13616: two letters, two digits, the account; as a number with the first four behind the rest it
 * is 1 modulo 97. */
static bool is_iban(const char *text)
{
    char iban[35];
    size_t len = strip(text, iban, sizeof(iban));
    unsigned rest = 0;

    if (len < 15 || !isalpha((unsigned char)iban[0]) || !isalpha((unsigned char)iban[1]) ||
        !isdigit((unsigned char)iban[2]) || !isdigit((unsigned char)iban[3]))
        return false;
    for (size_t i = 0; i < len; i++) {
        int c = toupper((unsigned char)iban[(i + 4) % len]);
        rest = isdigit(c) ? (rest * 10 + (unsigned)(c - '0')) % 97
                          : (rest * 100 + (unsigned)(c - 'A' + 10)) % 97;
    }
    return rest == 1;
}

/* One @ with something in front, and a domain of several labels behind it. */
static bool is_email(const char *text)
{
    const char *at = strchr(text, '@');
    const char *dot = at == NULL ? NULL : strrchr(at, '.');

    for (const char *c = text; *c != '\0'; c++)
        if ((unsigned char)*c <= ' ' || strchr("\"<>(),;:\\[]", *c) != NULL)
            return false;
    return at != NULL && at > text && strchr(at + 1, '@') == NULL && dot != NULL && dot > at + 1 &&
           strlen(dot) > 2 && strstr(at, "..") == NULL;
}

/* E.164: 7 to 15 digits, perhaps with a plus. */
static bool is_phone(const char *text)
{
    size_t digits = 0;

    if (*text == '+')
        text++;
    for (; *text != '\0'; text++) {
        if (isdigit((unsigned char)*text))
            digits++;
        else if (strchr(" -()", *text) == NULL)
            return false;
    }
    return digits >= 7 && digits <= 15;
}

/* Base58check of a main-net address: version 0 (P2PKH) or 5 (P2SH). */
static bool is_base58(const char *text)
{
    static const char alphabet[] = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
    uint8_t bytes[BASE58_BYTES] = {0}, hash[SHA256_SIZE];
    size_t ones = strspn(text, "1"), zeros = 0;

    for (const char *c = text; *c != '\0'; c++) {
        const char *found = strchr(alphabet, *c);
        unsigned carry = found == NULL ? 0 : (unsigned)(found - alphabet);
        if (found == NULL)
            return false;
        for (size_t i = BASE58_BYTES; i-- > 0;) {
            carry += 58u * bytes[i];
            bytes[i] = (uint8_t)carry;
            carry >>= 8;
        }
        if (carry != 0)
            return false;
    }
    while (zeros < BASE58_BYTES && bytes[zeros] == 0)
        zeros++;
    crypto_sha256(bytes, BASE58_BYTES - 4, hash);
    crypto_sha256(hash, sizeof(hash), hash);
    return zeros == ones && (bytes[0] == 0 || bytes[0] == 5) &&
           memcmp(hash, bytes + BASE58_BYTES - 4, 4) == 0;
}

/* One step of the checksum of BIP 173. */
static uint32_t bech32_step(uint32_t sum, unsigned value)
{
    static const uint32_t generators[] = {0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd,
                                          0x2a1462b3};
    uint32_t top = sum >> 25;

    sum = (sum & 0x1ffffff) << 5 ^ value;
    for (unsigned i = 0; i < 5; i++)
        sum ^= (top >> i & 1) != 0 ? generators[i] : 0;
    return sum;
}

/* A segregated witness address of the main net: bc1, version and program, checksum. */
static bool is_bech32(const char *text)
{
    static const char alphabet[] = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
    static const uint8_t prefix[] = {3, 3, 0, 2, 3}; /* "bc": high bits, 0, low bits */
    uint32_t sum = 1;
    bool upper = false, lower = false;
    size_t len = strlen(text);
    int version = -1;

    if (len < 14 || len > 90 || strncasecmp(text, "bc1", 3) != 0)
        return false;
    for (size_t i = 0; i < sizeof(prefix); i++)
        sum = bech32_step(sum, prefix[i]);
    for (const char *c = text; *c != '\0'; c++) {
        upper |= isupper((unsigned char)*c) != 0;
        lower |= islower((unsigned char)*c) != 0;
    }
    for (const char *c = text + 3; *c != '\0'; c++) {
        const char *found = strchr(alphabet, tolower((unsigned char)*c));
        if (found == NULL)
            return false;
        if (version < 0)
            version = (int)(found - alphabet);
        sum = bech32_step(sum, (unsigned)(found - alphabet));
    }
    size_t program = (len - 3 - 1 - BECH32_CHECKSUM) * 5 / 8;
    return !(upper && lower) && version <= 16 && program >= 2 && program <= 40 &&
           (version != 0 || program == 20 || program == 32) &&
           sum == (version == 0 ? BECH32 : BECH32M);
}

static bool is_ethereum(const char *text)
{
    return strlen(text) == 42 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X') &&
           is_made_of(text + 2, "0123456789abcdefABCDEF");
}

static bool has_form(const char *rule, const char *text)
{
    if (strcmp(rule, "card") == 0)
        return is_card(text);
    if (strcmp(rule, "iban") == 0)
        return is_iban(text);
    if (strcmp(rule, "email") == 0)
        return is_email(text);
    if (strcmp(rule, "phone") == 0)
        return is_phone(text);
    if (strcmp(rule, "bitcoin") == 0)
        return is_base58(text) || is_bech32(text);
    if (strcmp(rule, "ethereum") == 0)
        return is_ethereum(text);
    if (strcmp(rule, "digits") == 0)
        return is_made_of(text, "0123456789");
    return true;
}

/* Printable text: no control characters. */
static bool is_printable(const char *text)
{
    for (; *text != '\0'; text++)
        if ((unsigned char)*text < ' ' || *text == 127)
            return false;
    return true;
}

enum desk_misfit desk_rule_check(const char *rule, uint64_t min, uint64_t max, const char *text)
{
    size_t len = strlen(text);

    if (!text_is_utf8(text, len) || !is_printable(text))
        return DESK_WRONG_FORM;
    size_t points = text_utf8_length(text, len);
    if (points < min)
        return DESK_TOO_SHORT;
    if (points > max)
        return DESK_TOO_LONG;
    return has_form(rule, text) ? DESK_FITS : DESK_WRONG_FORM;
}
