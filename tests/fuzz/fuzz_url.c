/* URLs to be called: what is accepted names one endpoint, in which nothing is hidden, and which is
 * read as itself again. */
#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/http.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds)
        abort();
}

/* An address, or letters, digits, '-', '_' and '.' alone. */
static void check_host(const char *host, size_t len)
{
    char text[HTTP_ENDPOINT_SIZE];
    uint8_t address[16];

    if (host[0] == '[') {
        snprintf(text, sizeof(text), "%.*s", (int)len - 2, host + 1);
        must(host[len - 1] == ']' && inet_pton(AF_INET6, text, address) == 1);
        return;
    }
    must(len > 0 && strspn(host, "abcdefghijklmnopqrstuvwxyz0123456789-_.") == len);
    snprintf(text, sizeof(text), "%.*s", (int)len, host);
    const char *dot = strrchr(text, '.');
    const char *last = dot == NULL ? text : dot + 1;
    if (strspn(last, "0123456789") == strlen(last))
        must(inet_pton(AF_INET, text, address) == 1);
}

/* What is brought into ASCII stays so, and is the same as what was ASCII already. */
static void check_ascii(const char *url)
{
    char once[HTTP_URL_SIZE], twice[HTTP_URL_SIZE];
    bool plain = true;

    for (const char *c = url; *c != '\0'; c++)
        plain = plain && (unsigned char)*c < 0x80;
    enum err rc = http_url_ascii(url, once);
    must(rc == ERR_OK || once[0] == '\0');
    if (rc != ERR_OK)
        return;
    must(!plain || strcmp(url, once) == 0);
    for (const char *c = once; *c != '\0'; c++)
        must((unsigned char)*c < 0x80);
    must(http_url_ascii(once, twice) == ERR_OK && strcmp(once, twice) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char endpoint[HTTP_ENDPOINT_SIZE], again[HTTP_ENDPOINT_SIZE], url[HTTP_ENDPOINT_SIZE + 10];
    char *text = calloc(1, size + 1);

    must(text != NULL);
    if (size > 0)
        memcpy(text, data, size);
    check_ascii(text);
    enum err rc = http_url_check(text, endpoint);
    must(rc == ERR_OK || (rc == ERR_URL && endpoint[0] == '\0'));
    if (rc == ERR_OK) {
        const char *port = strrchr(endpoint, ':');
        must(port != NULL && strlen(text) <= HTTP_URL_MAX);
        check_host(endpoint, (size_t)(port - endpoint));
        long number = strtol(port + 1, NULL, 10);
        must(number >= 1 && number <= 65535);
        snprintf(url, sizeof(url), "http://%s/", endpoint);
        must(http_url_check(url, again) == ERR_OK && strcmp(endpoint, again) == 0);
        /* Nothing before the first slash, question mark or end could be taken for another host. */
        const char *authority = strstr(text, "//") + 2;
        size_t len = strcspn(authority, "/?");
        must(memchr(authority, '@', len) == NULL && memchr(authority, '%', len) == NULL);
        must(strpbrk(text, "\\#\r\n\t ") == NULL);
    }
    free(text);
    return 0;
}
