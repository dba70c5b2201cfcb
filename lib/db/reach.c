/* Reaching a server by its host's name, in a thread, since the client library looks names up blocking. */
#include "db/reach.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/wait.h"
#include "db/params.h"

/* Whoever comes second to `over` gives it back. */
struct attempt {
    MYSQL *mysql;
    struct db_params params; /* copies */
    bool reached;
    int told; /* the thread's end of a pair of sockets: closed when it is over */
    atomic_bool over;
};

bool reach_needs_name(const struct db_params *params)
{
    unsigned char address[sizeof(struct in6_addr)];

    return params->host != NULL && params->host[0] != '\0' &&
           inet_pton(AF_INET, params->host, address) != 1 &&
           inet_pton(AF_INET6, params->host, address) != 1;
}

static void attempt_free(struct attempt *attempt)
{
    if (attempt->mysql != NULL)
        mysql_close(attempt->mysql);
    params_free(&attempt->params);
    free(attempt);
}

static void *attempt_run(void *arg)
{
    struct attempt *attempt = arg;
    const struct db_params *params = &attempt->params;
    int told = attempt->told;

    mysql_thread_init();
    attempt->reached = mysql_real_connect(attempt->mysql, params->host, params->user,
                                          params->password, params->name, (unsigned)params->port,
                                          NULL, CLIENT_MULTI_STATEMENTS) != NULL;
    if (atomic_exchange(&attempt->over, true))
        attempt_free(attempt); /* nobody waits any more */
    mysql_thread_end();
    close(told);
    return NULL;
}

/* Signals are for the thread that has the requests. */
static bool start_thread(struct attempt *attempt)
{
    sigset_t all, before;
    pthread_t thread;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    bool started = pthread_create(&thread, NULL, attempt_run, attempt) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (started)
        pthread_detach(thread);
    return started;
}

/* Waits for a thread that is under way; true where it is over. */
static bool attempt_await(struct attempt *attempt, int fd, int timeout_ms)
{
    (void)wait_ready(WAIT_READ, fd, timeout_ms);
    return atomic_exchange(&attempt->over, true);
}

bool reach_by_name(const struct db_params *params, int timeout_ms, MYSQL **mysql)
{
    struct attempt *attempt = calloc(1, sizeof(*attempt));
    bool reached = false;
    int pair[2];

    if (attempt == NULL)
        return false;
    if (params_copy(&attempt->params, params) != ERR_OK ||
        socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) {
        attempt_free(attempt);
        return false;
    }
    attempt->mysql = *mysql;
    attempt->told = pair[1];
    bool started = start_thread(attempt);
    if (started && !attempt_await(attempt, pair[0], timeout_ms)) {
        *mysql = NULL; /* the thread has it, and the attempt */
    } else {
        reached = started && attempt->reached;
        attempt->mysql = NULL;
        attempt_free(attempt);
    }
    if (!started)
        close(pair[1]);
    close(pair[0]);
    return reached;
}
