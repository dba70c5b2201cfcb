/* Which URLs may be called. Written out by hand where parsers are known to differ, so that nobody
 * who looks at a URL can take it for another one; curl, which calls it, has the last word. */
#include <arpa/inet.h>
#include <curl/curl.h>
#include <idn2.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "net/http.h"

#define HOST_MAX 253 /* bytes of a name (RFC 1035) */
#define LABEL_MAX 63

#define DIGITS "0123456789"
#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define HOST_BYTES LETTERS DIGITS "-_."
#define URL_BYTES LETTERS DIGITS "-._~:/?[]@!$&'()*+,;=%"

/* The part after "http://" or "https://", or NULL. A third slash is none of ours. */
static const char *after_scheme(const char *url)
{
    size_t len = 0;
    if (strncasecmp(url, "http://", 7) == 0)
        len = 7;
    else if (strncasecmp(url, "https://", 8) == 0)
        len = 8;
    return len == 0 ? NULL : url + len;
}

/* True if the `len` bytes at `text` are one to five digits: the port, if anything follows the host.
 */
static bool is_port(const char *text, size_t len)
{
    return len >= 1 && len <= 5 && strspn(text, DIGITS) >= len;
}

/* Authority as written: host, or address in brackets, and perhaps a port. Neither user part nor
 * percent sign can pass. */
static bool authority_ok(const char *text, size_t len)
{
    size_t host;
    if (text[0] == '[') {
        host = 1 + strspn(text + 1, DIGITS "abcdefABCDEF:.");
        if (host < 3 || text[host] != ']')
            return false;
        host++;
    } else {
        host = strspn(text, HOST_BYTES);
    }
    if (host == 0 || host > len)
        return false;
    return host == len || (text[host] == ':' && is_port(text + host + 1, len - host - 1));
}

/* True where the last label looks like a number to some resolver: digits, or 0x and digits. */
static bool ends_in_number(const char *host)
{
    const char *dot = strrchr(host, '.');
    const char *label = dot == NULL ? host : dot + 1;
    if (strspn(label, DIGITS) == strlen(label))
        return true;
    return label[0] == '0' && (label[1] == 'x' || label[1] == 'X') &&
           strspn(label + 2, DIGITS "abcdefABCDEF") == strlen(label + 2);
}

/* Labels that are neither empty (so no dot at either end) nor too long, with no hyphen at an end. */
static bool labels_ok(const char *host)
{
    if (strlen(host) > HOST_MAX)
        return false;
    for (const char *label = host;;) {
        size_t len = strcspn(label, ".");
        if (len == 0 || len > LABEL_MAX || label[0] == '-' || label[len - 1] == '-')
            return false;
        if (label[len] == '\0')
            return true;
        label += len + 1;
    }
}

/* Brings a host as curl reads it into the form that endpoints are compared by. */
static bool normal_host(const char *host, char out[HTTP_ENDPOINT_SIZE])
{
    uint8_t address[16];
    char bare[INET6_ADDRSTRLEN];
    size_t len = strlen(host);

    if (host[0] == '[') {
        if (len - 2 >= sizeof(bare))
            return false;
        text_copy(bare, len - 1, host + 1);
        if (inet_pton(AF_INET6, bare, address) != 1 ||
            inet_ntop(AF_INET6, address, bare, sizeof(bare)) == NULL)
            return false;
        snprintf(out, HTTP_ENDPOINT_SIZE, "[%s]", bare);
        return true;
    }
    if (!labels_ok(host) || (ends_in_number(host) && inet_pton(AF_INET, host, address) != 1))
        return false;
    text_copy(out, HTTP_ENDPOINT_SIZE, host);
    for (char *c = out; *c != '\0'; c++)
        if (*c >= 'A' && *c <= 'Z')
            *c = (char)(*c - 'A' + 'a');
    return true;
}

/* Lets curl read the URL and writes "host:port" as it understands them. */
static bool read_endpoint(CURLU *parser, const char *url, char endpoint[HTTP_ENDPOINT_SIZE])
{
    char *host = NULL, *port = NULL;
    char normal[HTTP_ENDPOINT_SIZE];
    bool good = curl_url_set(parser, CURLUPART_URL, url, 0) == CURLUE_OK &&
                curl_url_get(parser, CURLUPART_HOST, &host, 0) == CURLUE_OK &&
                curl_url_get(parser, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) == CURLUE_OK &&
                normal_host(host, normal) && strcmp(port, "0") != 0;
    if (good) {
        size_t len = strlen(normal);
        memcpy(endpoint, normal, len);
        snprintf(endpoint + len, HTTP_ENDPOINT_SIZE - len, ":%s", port);
    }
    curl_free(host);
    curl_free(port);
    return good;
}

static bool is_ascii(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)text[i] >= 0x80)
            return false;
    return true;
}

/* Adds a host in another script as the name that resolvers know. */
static enum err add_host(struct text *out, const char *host, size_t len)
{
    char utf8[HTTP_URL_SIZE], *ascii = NULL;

    if (len >= sizeof(utf8))
        return ERR_TOO_LONG;
    text_copy(utf8, len + 1, host);
    int rc = idn2_to_ascii_8z(utf8, &ascii, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
    /* libidn2 may leave bytes in it that would end the host for whoever reads the URL (U+2100 is "a/c"),
     * and by its own rule for that (STD3) drops them. */
    bool good = rc == IDN2_OK && strspn(ascii, HOST_BYTES) == strlen(ascii) && labels_ok(ascii);
    if (good)
        text_puts(out, ascii);
    idn2_free(ascii);
    if (rc == IDN2_MALLOC)
        return ERR_NO_MEMORY;
    return good ? ERR_OK : ERR_URL_HOST;
}

/* Adds what is ASCII as it is, all other bytes percent-encoded. */
static void add_encoded(struct text *out, const char *text)
{
    for (; *text != '\0'; text++)
        if ((unsigned char)*text < 0x80)
            text_putc(out, *text);
        else
            text_addf(out, "%%%02X", (unsigned)(unsigned char)*text);
}

enum err http_url_ascii(const char *url, char out[HTTP_URL_SIZE])
{
    struct text text = TEXT(HTTP_URL_MAX);
    const char *authority = after_scheme(url);
    enum err rc = ERR_OK;

    out[0] = '\0';
    if (authority == NULL || strlen(url) > HTTP_URL_MAX)
        return ERR_URL;
    size_t len = strcspn(authority, "/?#"), host = strcspn(authority, ":/?#");
    text_add(&text, url, (size_t)(authority - url));
    if (is_ascii(authority, len)) {
        text_add(&text, authority, len);
    } else if (host < len &&
               (authority[host] != ':' || !is_port(authority + host + 1, len - host - 1))) {
        rc = ERR_URL;
    } else {
        rc = add_host(&text, authority, host);
        text_add(&text, authority + host, len - host);
    }
    add_encoded(&text, authority + len);
    if (rc == ERR_OK && text.full)
        rc = ERR_TOO_LONG;
    text_copy(out, HTTP_URL_SIZE, rc == ERR_OK ? text_string(&text) : "");
    text_free(&text);
    return rc;
}

enum err http_url_check(const char *url, char endpoint[HTTP_ENDPOINT_SIZE])
{
    endpoint[0] = '\0';
    if (url == NULL)
        return ERR_URL;
    size_t len = strnlen(url, HTTP_URL_MAX + 1);
    if (len > HTTP_URL_MAX || strspn(url, URL_BYTES) != len)
        return ERR_URL;
    const char *authority = after_scheme(url);
    if (authority == NULL || !authority_ok(authority, strcspn(authority, "/?")))
        return ERR_URL;
    CURLU *parser = curl_url();
    if (parser == NULL)
        return ERR_NO_MEMORY;
    bool good = read_endpoint(parser, url, endpoint);
    curl_url_cleanup(parser);
    return good ? ERR_OK : ERR_URL;
}
