/* FastCGI records of a request: whatever comes, the variables are NAME=value within the memory for them,
 * the body is no longer than the input, and there is either no fault or no whole request. */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fcgi/server/record_read.h"

#define INPUT_MAX (64 << 10) /* fits the socket */
#define WAIT_MS 1000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds)
        abort();
}

static void check(struct record_request *request, size_t size)
{
    char body[4096];
    size_t total = 0, len = 0;
    int n;

    for (char **p = request->fcgx.envp; *p != NULL; p++) {
        const char *mark = strchr(*p, '=');
        must(mark != NULL && mark > *p);
        total += strlen(*p) + 1;
    }
    must(total <= request->params_len);
    while ((n = FCGX_GetStr(body, sizeof(body), request->fcgx.in)) > 0)
        len += (size_t)n;
    must(len <= size);
    must(request->whole == (request->fault == NULL));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct record_request request;
    int pair[2];

    if (size > INPUT_MAX)
        return 0;
    must(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
    must(size == 0 || write(pair[1], data, size) == (ssize_t)size);
    close(pair[1]);
    if (record_read(&request, pair[0], WAIT_MS))
        check(&request, size);
    else
        must(request.fault != NULL && !request.whole);
    must(request.params_room <= RECORD_PARAMS_MAX);
    record_free(&request);
    close(pair[0]);
    return 0;
}
