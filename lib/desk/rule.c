/* What an account or a field looks like. */
#include <ctype.h>
#include <string.h>

#include "base/text.h"
#include "chain/bitcoin_address.h"
#include "chain/ethereum_address.h"
#include "desk/desk.h"

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

/* An address of the main net that may be paid. */
static bool is_bitcoin(const char *text)
{
    enum bitcoin_kind kind;
    struct bitcoin_script script;

    return bitcoin_address_parse(BITCOIN_MAIN, text, strlen(text), &kind, &script) == ERR_OK &&
           kind != BITCOIN_WITNESS;
}

static bool is_ethereum(const char *text)
{
    struct ethereum_address address;

    return ethereum_address_parse(text, strlen(text), &address) == ERR_OK;
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
        return is_bitcoin(text);
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
