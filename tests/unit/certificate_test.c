/* Certificates: the end that a real one has, and every way to cut one short or to damage its lengths. */
#include "crypto/certificate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/encode.h"
#include "tests/unit/unit.h"

#define BEGIN "-----BEGIN CERTIFICATE-----\n"
#define END "-----END CERTIFICATE-----\n"
#define TEXT_SIZE 4096

/* Made by openssl req -x509; it ends on 2026-12-30 at 09:40:12. */
static const char body[] = "MIIBbTCCAROgAwIBAgIUHuH572COm+NyS3gFtSmO0vm8s+IwCgYIKoZIzj0EAwIw"
                           "DDEKMAgGA1UEAwwBYTAeFw0yNjExMzAwOTQwMTJaFw0yNjEyMzAwOTQwMTJaMAwx"
                           "CjAIBgNVBAMMAWEwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAASHiBOiwMXsgEup"
                           "IC3gNduHwh82C3OfqLBmq76MDns5OrImSewZQeK2Jc8OzS3EOrzHJVGchhMjyul0"
                           "ccVwvdLAo1MwUTAdBgNVHQ4EFgQUIfFUumMaf8wy36TxzzMcv34NBxAwHwYDVR0j"
                           "BBgwFoAUIfFUumMaf8wy36TxzzMcv34NBxAwDwYDVR0TAQH/BAUwAwEB/zAKBggq"
                           "hkjOPQQDAgNIADBFAiBdrej2HK7LL6vg1zuw6uH2C2YBZZlUIdFeuopFvtc+lAIh"
                           "AOZtBeSq0j8+k2bZtHlHK9cIjfEZodV9r7f97cVc8Y4M";
#define ENDS INT64_C(1798623612)
#define NOT_AFTER 80 /* byte of the DER where the time's digits begin */

/* What is made of a file with that text. */
static enum err read_text(const char *text, int64_t *end_s)
{
    char name[] = "/tmp/teller-certificate-XXXXXX";
    int file = mkstemp(name);

    if (file < 0 || write(file, text, strlen(text)) != (ssize_t)strlen(text))
        abort();
    close(file);
    enum err rc = certificate_end(name, end_s);
    unlink(name);
    return rc;
}

static enum err read_der(const uint8_t *der, size_t len, int64_t *end_s)
{
    char text[TEXT_SIZE], base64[BASE64_SIZE(sizeof(body))];

    base64_encode(der, len, base64);
    snprintf(text, sizeof(text), "%s%s\n%s", BEGIN, base64, END);
    return read_text(text, end_s);
}

static void test_whole(void)
{
    char text[TEXT_SIZE];
    int64_t end_s;

    snprintf(text, sizeof(text), "words in front\n%s%.64s\n%s\n%s", BEGIN, body, body + 64, END);
    UNIT_CHECK("a real one", read_text(text, &end_s) == ERR_OK && end_s == ENDS);
    UNIT_CHECK("no file", certificate_end("/nonexistent", &end_s) == ERR_IO && end_s == 0);
    UNIT_CHECK("nothing", read_text("", &end_s) == ERR_MALFORMED);
    UNIT_CHECK("no end", read_text(BEGIN, &end_s) == ERR_MALFORMED);
    UNIT_CHECK("empty", read_text(BEGIN END, &end_s) == ERR_MALFORMED);
    UNIT_CHECK("no base64", read_text(BEGIN "!\n" END, &end_s) == ERR_MALFORMED);
}

/* Cut anywhere its lengths are too long; and a length of every size in every place. */
static void test_damaged(void)
{
    uint8_t der[sizeof(body)];
    size_t len = sizeof(der);
    int64_t end_s;

    UNIT_CHECK("base64", base64_decode(body, strlen(body), der, &len));
    for (size_t cut = 0; cut < len; cut++)
        UNIT_CHECK("cut", read_der(der, cut, &end_s) == ERR_MALFORMED && end_s == 0);
    for (size_t i = 0; i < NOT_AFTER; i++) {
        uint8_t kept = der[i];
        for (unsigned value = 0x7f; value <= 0xff; value += 0x20) {
            der[i] = (uint8_t)value;
            enum err rc = read_der(der, len, &end_s);
            UNIT_CHECK("damaged", rc == ERR_OK || rc == ERR_MALFORMED);
        }
        der[i] = kept;
    }
    der[NOT_AFTER] = 'x';
    UNIT_CHECK("a time that is none", read_der(der, len, &end_s) == ERR_MALFORMED);
}

static const struct test_case cases[] = {
    {"a whole one, and what is none", test_whole},
    {"cut and damaged ones", test_damaged},
    {NULL, NULL},
};
const struct test_suite suite_certificate = {.name = "certificate", .cases = cases};
