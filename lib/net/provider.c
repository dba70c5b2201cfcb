/* One struct turns for all calls of a client, so that connections are kept from one to the next. */
#include "net/provider.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/failpoint.h"
#include "net/options.h"
#include "net/result.h"
#include "net/turns.h"

#define HEADER_MAX 8192 /* bytes of one header of a request */

struct provider_client {
    struct turns *turns;
    char *user_agent, *ca_file;
};

/* A call under way. */
struct call {
    struct turns_transfer transfer;
    struct curl_slist *headers;
    struct provider_answer *answer;
    bool overflow; /* the answer is longer than asked for */
    char error[CURL_ERROR_SIZE];
};

enum err provider_start(const struct provider_config *config, struct provider_client **out)
{
    const char *ca_file = config->ca_file == NULL ? "" : config->ca_file;

    *out = NULL;
    if (ca_file[0] != '\0' && access(ca_file, R_OK) != 0)
        return ERR_CONFIG;
    struct provider_client *client = calloc(1, sizeof(*client));
    if (client == NULL)
        return ERR_NO_MEMORY;
    signal(SIGPIPE, SIG_IGN);
    client->user_agent = strdup(config->user_agent);
    client->ca_file = strdup(ca_file);
    enum err rc = client->user_agent == NULL || client->ca_file == NULL
                      ? ERR_NO_MEMORY
                      : turns_open(config->connections, &client->turns);
    if (rc != ERR_OK)
        provider_stop(client);
    else
        *out = client;
    return rc;
}

void provider_stop(struct provider_client *client)
{
    if (client == NULL)
        return;
    turns_close(client->turns);
    free(client->user_agent);
    free(client->ca_file);
    free(client);
}

static size_t take(struct call *call, struct text *into, const char *data, size_t len)
{
    text_add(into, data, len);
    call->overflow = call->overflow || into->full;
    return into->full ? 0 : len;
}

static size_t take_body(char *data, size_t one, size_t len, void *arg)
{
    struct call *call = arg;
    (void)one;
    return take(call, &call->answer->body, data, len);
}

/* An interim answer (100 Continue) is followed by another status line: the last answer's headers
 * count. */
static size_t take_header(char *data, size_t one, size_t len, void *arg)
{
    struct call *call = arg;
    (void)one;
    if (len >= 5 && memcmp(data, "HTTP/", 5) == 0)
        text_clear(&call->answer->headers);
    return take(call, &call->answer->headers, data, len);
}

static enum err add_header(struct call *call, const char *line)
{
    if (strpbrk(line, "\r\n") != NULL)
        return ERR_INVALID;
    struct curl_slist *longer = curl_slist_append(call->headers, line);
    if (longer == NULL)
        return ERR_NO_MEMORY;
    call->headers = longer;
    return ERR_OK;
}

static enum err add_named(struct call *call, const char *name, const char *value)
{
    struct text line = TEXT(HEADER_MAX);
    enum err rc = ERR_OK;

    if (value != NULL) {
        text_addf(&line, "%s: %s", name, value);
        rc = line.full ? ERR_INVALID : add_header(call, text_string(&line));
    }
    text_free(&line);
    return rc;
}

static enum err set_headers(struct call *call, const struct provider_request *request)
{
    enum err rc = add_named(call, "Content-Type", request->content_type);

    if (rc == ERR_OK)
        rc = add_named(call, "X-Request-Id", request->request_id);
    for (const char *const *line = request->headers; rc == ERR_OK && line != NULL && *line != NULL;
         line++)
        rc = add_header(call, *line);
    /* curl would wait for a "100 Continue" with a large body. */
    if (rc == ERR_OK)
        rc = add_header(call, "Expect:");
    if (rc == ERR_OK &&
        curl_easy_setopt(call->transfer.easy, CURLOPT_HTTPHEADER, call->headers) != CURLE_OK)
        rc = ERR_NO_MEMORY;
    return rc;
}

static bool set_body(CURL *easy, const struct provider_request *request)
{
    if (curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request->method) != CURLE_OK)
        return false;
    if (strcmp(request->method, "HEAD") == 0)
        return curl_easy_setopt(easy, CURLOPT_NOBODY, 1L) == CURLE_OK;
    if (request->body == NULL && strcmp(request->method, "GET") != 0 &&
        strcmp(request->method, "DELETE") != 0)
        return curl_easy_setopt(easy, CURLOPT_POSTFIELDS, "") == CURLE_OK; /* Content-Length: 0 */
    return request->body == NULL ||
           (curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body_len) ==
                CURLE_OK &&
            curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request->body) == CURLE_OK);
}

static bool set_options(struct call *call, const struct provider_client *client,
                        const struct provider_request *request)
{
    const struct options options = {.connect_timeout_ms = request->connect_timeout_ms,
                                    .timeout_ms = request->timeout_ms,
                                    .user_agent = client->user_agent,
                                    .ca_file = client->ca_file,
                                    .error = call->error};
    CURL *easy = call->transfer.easy;

    return options_set(easy, &options) &&
           curl_easy_setopt(easy, CURLOPT_URL, request->url) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_WRITEDATA, call) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_HEADERDATA, call) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, take_header) == CURLE_OK;
}

static void fill_answer(const struct call *call)
{
    struct provider_answer *answer = call->answer;
    CURL *easy = call->transfer.easy;
    long status = 0, request_size = 0;
    curl_off_t time_us = 0;

    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(easy, CURLINFO_TOTAL_TIME_T, &time_us);
    curl_easy_getinfo(easy, CURLINFO_REQUEST_SIZE, &request_size);
    answer->result = call->overflow ? HTTP_PROTOCOL : result_of_curl(call->transfer.code);
    answer->sent = request_size > 0;
    answer->status = (int)status;
    answer->latency_us = time_us;
    if (call->overflow)
        text_copy(answer->problem, sizeof(answer->problem), "The answer is too long");
    else if (answer->result != HTTP_ANSWERED)
        result_words(call->transfer.code, call->error, answer->problem, sizeof(answer->problem));
}

static void start_answer(struct provider_answer *answer, size_t answer_max)
{
    text_clear(&answer->headers);
    text_clear(&answer->body);
    answer->headers.max = PROVIDER_HEADERS_MAX;
    answer->body.max = answer_max;
    answer->sent = false;
    answer->status = 0;
    answer->latency_us = 0;
    answer->problem[0] = '\0';
}

enum err provider_call(struct provider_client *client, const struct provider_request *request,
                       struct provider_answer *out)
{
    struct call call = {.transfer = {.easy = curl_easy_init()}, .answer = out};
    char endpoint[HTTP_ENDPOINT_SIZE];
    enum err rc = http_url_check(request->url, endpoint);

    start_answer(out, request->answer_max);
    if (rc == ERR_URL)
        rc = ERR_INVALID;
    if (rc == ERR_OK && call.transfer.easy == NULL)
        rc = ERR_NO_MEMORY;
    if (rc == ERR_OK)
        rc = set_headers(&call, request);
    if (rc == ERR_OK &&
        !(set_options(&call, client, request) && set_body(call.transfer.easy, request)))
        rc = ERR_NO_MEMORY;
    failpoint();
    if (rc == ERR_OK)
        rc = turns_run(client->turns, &call.transfer);
    failpoint();
    if (rc == ERR_OK)
        fill_answer(&call);
    curl_easy_cleanup(call.transfer.easy);
    curl_slist_free_all(call.headers);
    return rc;
}

bool provider_header(const struct provider_answer *answer, const char *name, char *out, size_t size)
{
    const char *line = text_string(&answer->headers);
    size_t len = strlen(name);
    bool found = false;

    while ((line = strstr(line, "\r\n")) != NULL) {
        line += 2;
        if (strncasecmp(line, name, len) != 0 || line[len] != ':')
            continue;
        const char *value = line + len + 1 + strspn(line + len + 1, " \t");
        size_t value_len = strcspn(value, "\r\n");
        while (value_len > 0 && (value[value_len - 1] == ' ' || value[value_len - 1] == '\t'))
            value_len--;
        if (value_len < size) {
            memcpy(out, value, value_len);
            out[value_len] = '\0';
            found = true;
        }
    }
    return found;
}

static void wipe(struct text *text)
{
    if (text->data != NULL)
        explicit_bzero(text->data, text->len);
    text_free(text);
}

void provider_answer_free(struct provider_answer *answer)
{
    wipe(&answer->headers);
    wipe(&answer->body);
}
