/* For the files of this folder: what an end of curl's means. */
#ifndef NET_RESULT_H
#define NET_RESULT_H

#include <curl/curl.h>

#include "net/http.h"

/* By curl's code alone. */
enum http_result result_of_curl(CURLcode code);

/* What went wrong, in printable ASCII, as a server's bytes may be among the words.
 * error  what curl wrote into its buffer, or "" */
void result_words(CURLcode code, const char *error, char *out, size_t size);

#endif
