/* What every request over HTTP of ours asks of curl. */
#include "net/options.h"

#include <stddef.h>

/* A kept connection is used again within this time: servers close idle ones after 5 s or more. */
#define IDLE_S 4L

static bool is_given(const char *text)
{
    return text != NULL && text[0] != '\0';
}

bool options_set(CURL *easy, const struct options *options)
{
    const struct {
        CURLoption option;
        long value;
    } numbers[] = {
        {CURLOPT_FOLLOWLOCATION, 0},
        {CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1},
        {CURLOPT_NETRC, CURL_NETRC_IGNORED},
        {CURLOPT_SSL_VERIFYPEER, 1},
        {CURLOPT_SSL_VERIFYHOST, 2},
        {CURLOPT_MAXAGE_CONN, IDLE_S},
        {CURLOPT_NOSIGNAL, 1},
        /* A time-out does not wait for the thread that still asks for a name: the thread is left
         * to end by itself. */
        {CURLOPT_QUICK_EXIT, 1},
        {CURLOPT_TIMEOUT_MS, options->timeout_ms},
        {CURLOPT_CONNECTTIMEOUT_MS, options->connect_timeout_ms},
    };

    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
        if (curl_easy_setopt(easy, numbers[i].option, numbers[i].value) != CURLE_OK)
            return false;
    return curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_PROXY, "") == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_NOPROXY, "*") == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_USERAGENT, options->user_agent) == CURLE_OK &&
           (!is_given(options->ca_file) ||
            curl_easy_setopt(easy, CURLOPT_CAINFO, options->ca_file) == CURLE_OK) &&
           curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, options->error) == CURLE_OK;
}
