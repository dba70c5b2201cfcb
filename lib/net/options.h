/* For the files of this folder: what every request over HTTP of ours asks of curl. */
#ifndef NET_OPTIONS_H
#define NET_OPTIONS_H

#include <curl/curl.h>
#include <stdbool.h>

struct options {
    int connect_timeout_ms, timeout_ms;
    const char *user_agent; /* NULL: none */
    const char *ca_file;    /* NULL or "": the system's certificates */
    char *error;            /* CURL_ERROR_SIZE bytes, which outlive the handle; or NULL */
};

/* http and https only, no redirects, no proxy, no credentials of the machine's, certificates looked at, no
 * waiting for a look-up that is given up, and no connection used again that its server may have closed.
 * False where curl takes one of them not. */
bool options_set(CURL *easy, const struct options *options);

#endif
