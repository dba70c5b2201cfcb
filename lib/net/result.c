/* The names of results, and which of curl's codes is which. */
#include "net/result.h"

#include "base/text.h"

const char *http_result_name(enum http_result result)
{
    static const char *const names[] = {
#define X(result, name) [HTTP_##result] = (name),
        HTTP_RESULTS(X)
#undef X
    };
    return names[result];
}

enum http_result result_of_curl(CURLcode code)
{
    static const struct {
        CURLcode code;
        enum http_result result;
    } results[] = {
        {CURLE_OK, HTTP_ANSWERED},
        {CURLE_URL_MALFORMAT, HTTP_REFUSED_URL},
        {CURLE_COULDNT_RESOLVE_HOST, HTTP_NO_NAME},
        {CURLE_COULDNT_CONNECT, HTTP_NO_CONNECTION},
        {CURLE_OUT_OF_MEMORY, HTTP_NO_CONNECTION},
        {CURLE_OPERATION_TIMEDOUT, HTTP_TIMEOUT},
        {CURLE_SSL_CONNECT_ERROR, HTTP_TLS},
        {CURLE_PEER_FAILED_VERIFICATION, HTTP_TLS},
        {CURLE_SSL_CIPHER, HTTP_TLS},
        {CURLE_SSL_CACERT_BADFILE, HTTP_TLS},
        {CURLE_SSL_ISSUER_ERROR, HTTP_TLS},
        {CURLE_SSL_INVALIDCERTSTATUS, HTTP_TLS},
    };
    for (size_t i = 0; i < sizeof(results) / sizeof(results[0]); i++)
        if (results[i].code == code)
            return results[i].result;
    return HTTP_PROTOCOL;
}

void result_words(CURLcode code, const char *error, char *out, size_t size)
{
    text_copy(out, size, error[0] != '\0' ? error : curl_easy_strerror(code));
    for (char *c = out; *c != '\0'; c++)
        if (*c < ' ' || *c > '~')
            *c = '?';
}
