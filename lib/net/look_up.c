/* Where a URL leads. curl looks the name up and asks the guard for a socket, as for a delivery; it
 * gets none, so that nothing is ever connected to. */
#include <curl/curl.h>

#include "base/text.h"
#include "net/address.h"
#include "net/options.h"
#include "net/turns.h"

struct look_up {
    bool allow_loopback, asked, allowed;
    char address[HTTP_ADDRESS_SIZE];
};

/* Keeps the first address that a delivery would connect to, or the last that it would refuse. */
static curl_socket_t refuse_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct look_up *look_up = arg;

    (void)purpose;
    if (!look_up->allowed)
        look_up->allowed =
            address_allowed(&address->addr, look_up->allow_loopback, look_up->address);
    look_up->asked = true;
    return CURL_SOCKET_BAD;
}

static bool set_options(CURL *easy, const char *url, int timeout_ms, struct look_up *look_up)
{
    const struct options options = {.connect_timeout_ms = timeout_ms, .timeout_ms = timeout_ms};

    return options_set(easy, &options) && curl_easy_setopt(easy, CURLOPT_URL, url) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, look_up) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, refuse_socket) == CURLE_OK;
}

static enum http_result result_of(CURLcode code, const struct look_up *look_up)
{
    if (look_up->asked)
        return look_up->allowed ? HTTP_ANSWERED : HTTP_REFUSED_ADDRESS;
    return code == CURLE_OPERATION_TIMEDOUT ? HTTP_TIMEOUT : HTTP_NO_NAME;
}

enum err http_look_up(const char *url, bool allow_loopback, int timeout_ms,
                      struct http_looked_up *out)
{
    struct look_up look_up = {.allow_loopback = allow_loopback};
    char endpoint[HTTP_ENDPOINT_SIZE];
    enum err rc = http_url_check(url, endpoint);

    *out = (struct http_looked_up){.result = HTTP_REFUSED_URL};
    if (rc != ERR_OK)
        return rc == ERR_URL ? ERR_OK : rc;
    struct turns_transfer transfer = {.easy = curl_easy_init()};
    struct turns *turns = NULL;
    rc = ERR_NO_MEMORY;
    if (transfer.easy != NULL && set_options(transfer.easy, url, timeout_ms, &look_up))
        rc = turns_open(1, &turns);
    if (rc == ERR_OK)
        rc = turns_run(turns, &transfer);
    if (rc == ERR_OK) {
        out->result = result_of(transfer.code, &look_up);
        text_copy(out->address, sizeof(out->address), look_up.address);
    }
    curl_easy_cleanup(transfer.easy);
    turns_close(turns);
    return rc;
}
