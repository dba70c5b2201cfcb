/* One curl multi handle; each request is a transfer with an easy handle of its own, kept for the
 * next one. */
#include "net/http.h"

#include <curl/curl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/failpoint.h"
#include "base/text.h"
#include "net/address.h"
#include "net/options.h"
#include "net/result.h"

/* A name that has moved is followed after this time, however busy its connections are. */
#define CONNECTION_S 60L

struct transfer {
    struct transfer *all;  /* the client's next one */
    struct transfer *next; /* of the idle ones, or of those that failed before they began */
    struct http_client *client;
    CURL *easy;
    struct curl_slist *headers;
    void (*done)(void *tag, const struct http_outcome *outcome);
    void *tag;
    size_t header_bytes;
    bool opened;  /* an allowed address was tried */
    bool refused; /* one was refused */
    bool cut;     /* the body was longer than what is kept */
    char error[CURL_ERROR_SIZE];
    struct http_outcome outcome;
};

struct http_client {
    CURLM *multi;
    bool allow_loopback;
    int connect_timeout_ms, timeout_ms;
    char *user_agent, *ca_file;
    struct transfer *all, *idle, *failed;
    size_t in_flight;
};

/* --- what curl calls --------------------------------------------------------------------------- */

/* The guard. curl connects to the very address that it shows here, and opens no connection without
 * asking. */
static curl_socket_t open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct transfer *transfer = arg;
    bool allowed = address_allowed(&address->addr, transfer->client->allow_loopback,
                                   transfer->outcome.address);
    if (purpose != CURLSOCKTYPE_IPCXN || address->socktype != SOCK_STREAM || !allowed) {
        transfer->refused = true;
        return CURL_SOCKET_BAD;
    }
    transfer->opened = true;
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

/* Keeps the beginning of the body and ends the transfer where there is more. */
static size_t take_body(char *data, size_t one, size_t len, void *arg)
{
    struct transfer *transfer = arg;
    struct http_outcome *outcome = &transfer->outcome;
    size_t room = sizeof(outcome->answer) - outcome->answer_len;
    size_t kept = len < room ? len : room;

    (void)one;
    memcpy(outcome->answer + outcome->answer_len, data, kept);
    outcome->answer_len += kept;
    transfer->cut = kept < len;
    return kept;
}

/* Counts the status line and the headers, those of interim answers as well. */
static size_t take_header(char *data, size_t one, size_t len, void *arg)
{
    struct transfer *transfer = arg;
    (void)data, (void)one;
    transfer->header_bytes += len;
    return transfer->header_bytes > HTTP_HEADERS_MAX ? 0 : len;
}

/* --- transfers --------------------------------------------------------------------------------- */

/* The options that no request changes. */
static bool set_options(struct transfer *transfer)
{
    const struct http_client *client = transfer->client;
    const struct options options = {.connect_timeout_ms = client->connect_timeout_ms,
                                    .timeout_ms = client->timeout_ms,
                                    .user_agent = client->user_agent,
                                    .ca_file = client->ca_file,
                                    .error = transfer->error};
    CURL *easy = transfer->easy;

    return options_set(easy, &options) &&
           curl_easy_setopt(easy, CURLOPT_MAXLIFETIME_CONN, CONNECTION_S) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_PRIVATE, transfer) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, transfer) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_HEADERDATA, transfer) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, take_header) == CURLE_OK;
}

/* An idle transfer, or a new one; NULL where memory is out. */
static struct transfer *take_transfer(struct http_client *client)
{
    struct transfer *transfer = client->idle;
    if (transfer != NULL) {
        client->idle = transfer->next;
        return transfer;
    }
    transfer = calloc(1, sizeof(*transfer));
    if (transfer == NULL)
        return NULL;
    transfer->client = client;
    transfer->easy = curl_easy_init();
    if (transfer->easy == NULL || !set_options(transfer)) {
        curl_easy_cleanup(transfer->easy);
        free(transfer);
        return NULL;
    }
    transfer->all = client->all;
    client->all = transfer;
    return transfer;
}

static void give_back(struct transfer *transfer)
{
    curl_slist_free_all(transfer->headers);
    transfer->headers = NULL;
    transfer->next = transfer->client->idle;
    transfer->client->idle = transfer;
}

static enum err set_headers(struct transfer *transfer, const char *const *headers)
{
    for (; headers != NULL && *headers != NULL; headers++) {
        if (strpbrk(*headers, "\r\n") != NULL)
            return ERR_INVALID;
        struct curl_slist *longer = curl_slist_append(transfer->headers, *headers);
        if (longer == NULL)
            return ERR_NO_MEMORY;
        transfer->headers = longer;
    }
    return curl_easy_setopt(transfer->easy, CURLOPT_HTTPHEADER, transfer->headers) == CURLE_OK
               ? ERR_OK
               : ERR_NO_MEMORY;
}

static enum err set_request(struct transfer *transfer, const struct http_request *request)
{
    CURL *easy = transfer->easy;
    bool set = curl_easy_setopt(easy, CURLOPT_URL, request->url) == CURLE_OK;
    if (request->body == NULL)
        set = set && curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L) == CURLE_OK;
    else
        set = set && curl_easy_setopt(easy, CURLOPT_POST, 1L) == CURLE_OK &&
              curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body_len) ==
                  CURLE_OK &&
              curl_easy_setopt(easy, CURLOPT_COPYPOSTFIELDS, request->body) == CURLE_OK;
    return set ? set_headers(transfer, request->headers) : ERR_NO_MEMORY;
}

/* --- outcomes ---------------------------------------------------------------------------------- */

static enum http_result result_of(const struct transfer *transfer, CURLcode code)
{
    if (code == CURLE_WRITE_ERROR && transfer->cut)
        return HTTP_ANSWERED;
    if (code == CURLE_COULDNT_CONNECT && transfer->refused && !transfer->opened)
        return HTTP_REFUSED_ADDRESS;
    return result_of_curl(code);
}

static void word_problem(struct transfer *transfer, CURLcode code)
{
    struct http_outcome *outcome = &transfer->outcome;

    if (outcome->result == HTTP_ANSWERED)
        outcome->problem[0] = '\0';
    else if (outcome->result == HTTP_REFUSED_ADDRESS)
        text_copy(outcome->problem, sizeof(outcome->problem), "The address is not public");
    else if (transfer->header_bytes > HTTP_HEADERS_MAX)
        text_copy(outcome->problem, sizeof(outcome->problem), "The headers are too long");
    else
        result_words(code, transfer->error, outcome->problem, sizeof(outcome->problem));
}

/* Reads what curl knows at the end of a transfer. */
static void fill_outcome(struct transfer *transfer, CURLcode code)
{
    struct http_outcome *outcome = &transfer->outcome;
    long status = 0, port = 0;
    curl_off_t time_us = 0;
    char *address = NULL;

    outcome->result = result_of(transfer, code);
    curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(transfer->easy, CURLINFO_TOTAL_TIME_T, &time_us);
    curl_easy_getinfo(transfer->easy, CURLINFO_PRIMARY_IP, &address);
    curl_easy_getinfo(transfer->easy, CURLINFO_PRIMARY_PORT, &port);
    outcome->status = (int)status;
    outcome->latency_us = time_us;
    if (outcome->result != HTTP_REFUSED_ADDRESS && address != NULL && address[0] != '\0')
        snprintf(outcome->address, sizeof(outcome->address),
                 strchr(address, ':') == NULL ? "%s:%ld" : "[%s]:%ld", address, port);
    word_problem(transfer, code);
}

/* The transfer is the caller's while it looks at the outcome, and idle from then on. */
static void finish(struct transfer *transfer)
{
    transfer->client->in_flight--;
    transfer->done(transfer->tag, &transfer->outcome);
    give_back(transfer);
}

/* Finishes all that has ended; true where that was something. */
static bool collect(struct http_client *client)
{
    bool any = false;
    struct transfer *failed = client->failed;
    CURLMsg *message;
    int left;

    client->failed = NULL;
    while (failed != NULL) {
        struct transfer *next = failed->next;
        finish(failed);
        failed = next;
        any = true;
    }
    while ((message = curl_multi_info_read(client->multi, &left)) != NULL) {
        struct transfer *transfer = NULL;
        CURLcode code = message->data.result;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &transfer);
        failpoint();
        fill_outcome(transfer, code);
        curl_multi_remove_handle(client->multi, transfer->easy);
        finish(transfer);
        any = true;
    }
    return any;
}

/* --- the client -------------------------------------------------------------------------------- */

enum err http_start(const struct http_config *config, struct http_client **out)
{
    const char *ca_file = config->ca_file == NULL ? "" : config->ca_file;

    *out = NULL;
    if (ca_file[0] != '\0' && access(ca_file, R_OK) != 0)
        return ERR_CONFIG;
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return ERR_NO_MEMORY;
    signal(SIGPIPE, SIG_IGN); /* with CURLOPT_NOSIGNAL curl leaves that to us */
    struct http_client *client = calloc(1, sizeof(*client));
    if (client == NULL)
        return ERR_NO_MEMORY;
    client->allow_loopback = config->allow_loopback;
    client->connect_timeout_ms = config->connect_timeout_ms;
    client->timeout_ms = config->timeout_ms;
    client->user_agent = strdup(config->user_agent);
    client->ca_file = strdup(ca_file);
    client->multi = curl_multi_init();
    if (client->user_agent == NULL || client->ca_file == NULL || client->multi == NULL ||
        curl_multi_setopt(client->multi, CURLMOPT_MAXCONNECTS, (long)config->max_in_flight) !=
            CURLM_OK) {
        http_stop(client);
        return ERR_NO_MEMORY;
    }
    *out = client;
    return ERR_OK;
}

enum err http_send(struct http_client *client, const struct http_request *request,
                   void (*done)(void *tag, const struct http_outcome *outcome))
{
    char endpoint[HTTP_ENDPOINT_SIZE];
    struct transfer *transfer = take_transfer(client);
    if (transfer == NULL)
        return ERR_NO_MEMORY;
    transfer->done = done;
    transfer->tag = request->tag;
    transfer->header_bytes = 0;
    transfer->opened = transfer->refused = transfer->cut = false;
    transfer->error[0] = '\0';
    transfer->outcome = (struct http_outcome){0};
    enum err rc = http_url_check(request->url, endpoint);
    if (rc == ERR_URL) {
        transfer->outcome.result = HTTP_REFUSED_URL;
        text_copy(transfer->outcome.problem, sizeof(transfer->outcome.problem),
                  "Not a URL that is called");
        transfer->next = client->failed;
        client->failed = transfer;
        client->in_flight++;
        return ERR_OK;
    }
    if (rc == ERR_OK)
        rc = set_request(transfer, request);
    failpoint();
    if (rc == ERR_OK && curl_multi_add_handle(client->multi, transfer->easy) != CURLM_OK)
        rc = ERR_NO_MEMORY;
    if (rc == ERR_OK)
        client->in_flight++;
    else
        give_back(transfer);
    return rc;
}

enum err http_turn(struct http_client *client, int wait_ms)
{
    int running;
    if (curl_multi_perform(client->multi, &running) != CURLM_OK)
        return ERR_INTERNAL;
    if (collect(client) || wait_ms <= 0)
        return ERR_OK;
    if (curl_multi_poll(client->multi, NULL, 0, wait_ms, NULL) != CURLM_OK ||
        curl_multi_perform(client->multi, &running) != CURLM_OK)
        return ERR_INTERNAL;
    collect(client);
    return ERR_OK;
}

size_t http_in_flight(const struct http_client *client)
{
    return client->in_flight;
}

void http_stop(struct http_client *client)
{
    if (client == NULL)
        return;
    while (client->all != NULL) {
        struct transfer *transfer = client->all;
        client->all = transfer->all;
        curl_multi_remove_handle(client->multi, transfer->easy);
        curl_easy_cleanup(transfer->easy);
        curl_slist_free_all(transfer->headers);
        free(transfer);
    }
    curl_multi_cleanup(client->multi);
    free(client->user_agent);
    free(client->ca_file);
    free(client);
}
