/* As much of X.509 as it takes to find one date. */
#include "crypto/certificate.h"

#include <stdio.h>
#include <string.h>

#include "base/encode.h"

#define FILE_MAX 65536
#define DER_MAX 16384

enum {
    TAG_INTEGER = 0x02,
    TAG_UTC_TIME = 0x17,
    TAG_GENERALIZED_TIME = 0x18,
    TAG_SEQUENCE = 0x30,
    TAG_VERSION = 0xa0
};

/* What is left of some DER. */
struct der {
    const uint8_t *at, *end;
};

/* Takes the next element where it has this tag; `inside` is what it holds. */
static bool take(struct der *der, int tag, struct der *inside)
{
    size_t len, bytes;

    if (der->end - der->at < 2 || der->at[0] != tag)
        return false;
    len = der->at[1];
    der->at += 2;
    if (len >= 0x80) {
        bytes = len - 0x80;
        if (bytes == 0 || bytes > 3 || (size_t)(der->end - der->at) < bytes)
            return false;
        for (len = 0; bytes > 0; bytes--)
            len = len << 8 | *der->at++;
    }
    if ((size_t)(der->end - der->at) < len)
        return false;
    *inside = (struct der){der->at, der->at + len};
    der->at += len;
    return true;
}

/* Days from 1970 to a day of the Gregorian calendar. */
static int64_t count_days(int64_t year, int64_t month, int64_t day)
{
    year -= month <= 2;
    int64_t era = year / 400, of_era = year % 400;
    int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

/* "YYMMDDHHMMSSZ" and "YYYYMMDDHHMMSSZ". */
static bool read_time(const struct der *time, bool utc, int64_t *out_s)
{
    int64_t parts[6]; /* year, month, day, hour, minute, second */
    const uint8_t *at = time->at;
    size_t year_digits = utc ? 2 : 4;

    if ((size_t)(time->end - at) != year_digits + 11 || time->end[-1] != 'Z')
        return false;
    for (size_t i = 0; i < 6; i++) {
        parts[i] = 0;
        for (size_t digits = i == 0 ? year_digits : 2; digits > 0; digits--, at++) {
            if (*at < '0' || *at > '9')
                return false;
            parts[i] = parts[i] * 10 + (*at - '0');
        }
    }
    if (utc)
        parts[0] += parts[0] < 50 ? 2000 : 1900;
    *out_s = count_days(parts[0], parts[1], parts[2]) * 86400 + parts[3] * 3600 + parts[4] * 60 +
             parts[5];
    return true;
}

static bool find_end(struct der der, int64_t *end_s)
{
    struct der certificate, body, validity, skipped, time;

    if (!take(&der, TAG_SEQUENCE, &certificate) || !take(&certificate, TAG_SEQUENCE, &body))
        return false;
    (void)take(&body, TAG_VERSION, &skipped);
    if (!take(&body, TAG_INTEGER, &skipped) || !take(&body, TAG_SEQUENCE, &skipped) ||
        !take(&body, TAG_SEQUENCE, &skipped) || !take(&body, TAG_SEQUENCE, &validity))
        return false;
    if (!take(&validity, TAG_UTC_TIME, &skipped) &&
        !take(&validity, TAG_GENERALIZED_TIME, &skipped))
        return false;
    if (take(&validity, TAG_UTC_TIME, &time))
        return read_time(&time, true, end_s);
    return take(&validity, TAG_GENERALIZED_TIME, &time) && read_time(&time, false, end_s);
}

enum err certificate_end(const char *path, int64_t *end_s)
{
    static const char begin[] = "-----BEGIN CERTIFICATE-----", stop[] = "-----END CERTIFICATE-----";
    char text[FILE_MAX];
    uint8_t bytes[DER_MAX];
    size_t len = sizeof(bytes);
    FILE *file = fopen(path, "re");

    *end_s = 0;
    if (file == NULL)
        return ERR_IO;
    size_t got = fread(text, 1, sizeof(text) - 1, file);
    bool failed = ferror(file) != 0;
    fclose(file);
    if (failed)
        return ERR_IO;
    text[got] = '\0';
    const char *from = strstr(text, begin), *to = from != NULL ? strstr(from, stop) : NULL;
    if (to == NULL)
        return ERR_MALFORMED;
    from += strlen(begin);
    bool good = base64_decode(from, (size_t)(to - from), bytes, &len) &&
                find_end((struct der){bytes, bytes + len}, end_s);
    return good ? ERR_OK : ERR_MALFORMED;
}
