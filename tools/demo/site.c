/* The loop of a demo site, on libfcgi. */
#include "tools/demo/site.h"

#include <curl/curl.h>
#include <json-c/json.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "crypto/crypto.h"

static volatile sig_atomic_t stopping;

static void on_term(int signal_number)
{
    (void)signal_number;
    stopping = 1;
    FCGX_ShutdownPending();
}

const char *site_header(const FCGX_Request *request, const char *name)
{
    const char *value = FCGX_GetParam(name, request->envp);
    return value != NULL ? value : "";
}

bool site_is_post(const FCGX_Request *request)
{
    return strcmp(site_header(request, "REQUEST_METHOD"), "POST") == 0;
}

bool site_body(FCGX_Request *request, char *body, size_t room, size_t *len)
{
    int got = FCGX_GetStr(body, (int)room, request->in);
    if (got < 0 || (size_t)got >= room)
        return false;
    body[got] = '\0';
    if (len != NULL)
        *len = (size_t)got;
    return true;
}

void site_reply(FCGX_Request *request, const char *status, const char *json)
{
    FCGX_FPrintF(request->out,
                 "Status: %s\r\nContent-Type: application/json\r\nCache-Control: no-store\r\n\r\n",
                 status);
    FCGX_PutS(json, request->out);
}

void site_refuse(FCGX_Request *request, const char *status, const char *error, const char *message)
{
    struct json_object *body = json_object_new_object();
    json_object_object_add(body, "error", json_object_new_string(error));
    json_object_object_add(body, "message", json_object_new_string(message));
    site_reply(request, status, json_object_to_json_string_ext(body, JSON_C_TO_STRING_PLAIN));
    json_object_put(body);
}

int site_run(const char *name, void (*serve)(FCGX_Request *request))
{
    struct sigaction action = {.sa_handler = on_term};
    FCGX_Request request;

    if (crypto_start() != ERR_OK || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK ||
        FCGX_Init() != 0 || FCGX_InitRequest(&request, 0, FCGI_FAIL_ACCEPT_ON_INTR) != 0) {
        fprintf(stderr, "%s: a library does not start\n", name);
        return 1;
    }
    sigaction(SIGTERM, &action, NULL);
    while (!stopping && FCGX_Accept_r(&request) == 0) {
        serve(&request);
        FCGX_Finish_r(&request);
    }
    curl_global_cleanup();
    return 0;
}
