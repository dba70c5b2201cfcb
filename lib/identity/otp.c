/* HOTP and TOTP, and the URI for authenticator apps. */
#include "identity/otp.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/encode.h"
#include "crypto/crypto.h"

#define CODE_MODULUS 1000000u /* 10 to the power of OTP_DIGITS */

enum err otp_code(const void *secret, size_t len, uint64_t counter, char out[OTP_CODE_SIZE])
{
    uint8_t message[8];
    uint8_t mac[SHA1_SIZE];

    for (unsigned i = 0; i < sizeof(message); i++)
        message[i] = (uint8_t)(counter >> (56 - 8 * i));
    enum err rc = crypto_hmac_sha1(secret, len, message, sizeof(message), mac);
    if (rc != ERR_OK)
        return rc;
    /* Dynamic truncation: the last four bits say where the number starts; its top bit is dropped.
     */
    const uint8_t *at = mac + (mac[SHA1_SIZE - 1] & 15);
    uint32_t number =
        (uint32_t)(at[0] & 0x7f) << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
    snprintf(out, OTP_CODE_SIZE, "%0*" PRIu32, OTP_DIGITS, number % CODE_MODULUS);
    crypto_wipe(mac, sizeof(mac));
    return ERR_OK;
}

/* Looks for `code` under the counters first to last. All are tried, so that the time taken does not
 * tell which one fits.
 * found  out, the lowest counter that gives the code */
static enum err search(const void *secret, size_t len, const char *code, uint64_t first,
                       uint64_t last, uint64_t *found)
{
    bool any = false;
    char expected[OTP_CODE_SIZE];

    if (strlen(code) != OTP_DIGITS)
        return ERR_OTP_INVALID;
    for (uint64_t counter = first; counter <= last; counter++) {
        enum err rc = otp_code(secret, len, counter, expected);
        if (rc != ERR_OK)
            return rc;
        bool same = crypto_equal(expected, code, OTP_DIGITS);
        if (same && !any)
            *found = counter;
        any |= same;
    }
    crypto_wipe(expected, sizeof(expected));
    return any ? ERR_OK : ERR_OTP_INVALID;
}

enum err otp_check_totp(const void *secret, size_t len, const char *code, int64_t now_s,
                        int64_t last_step, int64_t *step)
{
    int64_t now = now_s / OTP_STEP_SECONDS;
    int64_t first = now - OTP_TOTP_WINDOW;
    int64_t last = now + OTP_TOTP_WINDOW;
    uint64_t found = 0;

    if (now_s < 0 || last_step >= last)
        return ERR_OTP_INVALID;
    if (first <= last_step)
        first = last_step + 1;
    if (first < 0)
        first = 0;
    enum err rc = search(secret, len, code, (uint64_t)first, (uint64_t)last, &found);
    if (rc == ERR_OK)
        *step = (int64_t)found;
    return rc;
}

enum err otp_check_hotp(const void *secret, size_t len, const char *code, uint64_t counter,
                        uint64_t *next_counter)
{
    uint64_t found = 0;

    if (counter > UINT64_MAX - OTP_HOTP_LOOK_AHEAD - 1)
        return ERR_OTP_INVALID;
    enum err rc = search(secret, len, code, counter, counter + OTP_HOTP_LOOK_AHEAD, &found);
    if (rc == ERR_OK)
        *next_counter = found + 1;
    return rc;
}

/* Adds `string` with everything but RFC 3986's unreserved characters as %XX. */
static void add_percent(struct text *out, const char *string)
{
    static const char unreserved[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
    for (; *string != '\0'; string++) {
        if (strchr(unreserved, *string) != NULL)
            text_putc(out, *string);
        else
            text_addf(out, "%%%02X", (unsigned)(unsigned char)*string);
    }
}

enum err otp_uri(enum otp_kind kind, const char *issuer, const char *account,
                 const uint8_t secret[OTP_SECRET_SIZE], uint64_t counter, struct text *out)
{
    char base32[BASE32_SIZE(OTP_SECRET_SIZE)];

    text_addf(out, "otpauth://%s/", kind == OTP_TOTP ? "totp" : "hotp");
    add_percent(out, issuer);
    text_putc(out, ':');
    add_percent(out, account);
    base32_encode(secret, OTP_SECRET_SIZE, base32);
    text_addf(out, "?secret=%s&issuer=", base32);
    add_percent(out, issuer);
    text_addf(out, "&algorithm=SHA1&digits=%d", OTP_DIGITS);
    if (kind == OTP_TOTP)
        text_addf(out, "&period=%d", OTP_STEP_SECONDS);
    else
        text_addf(out, "&counter=%" PRIu64, counter);
    crypto_wipe(base32, sizeof(base32));
    return out->full ? ERR_TOO_LONG : ERR_OK;
}
