/* teller-match: a matcher. Workers send it the orders to be placed and taken back; what comes in
 * while one transaction is under way is made in the next one, together (market/change.h says why).
 * It keeps nothing: a worker that gets no answer makes its change by itself. SIGTERM ends it after
 * the batch in hand. */
#include <inttypes.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/failpoint.h"
#include "base/listen.h"
#include "base/log.h"
#include "db/beat.h"
#include "ledger/ledger.h"
#include "market/change.h"
#include "tools/job/job.h"

#define EVENTS 64     /* read at a time */
#define IDLE_MS 1000  /* before another look at the time and at SIGTERM */
#define READ_WAIT_S 1 /* for the rest of a question, which came in one piece */

static const char usage_text[] =
    "usage: teller-match [--config FILE] [--for SECONDS]\n"
    "\n"
    "Places orders, and takes them back, for the workers: those that come in at the same time in\n"
    "one transaction. The listening socket that `matcher` in [market] names is descriptor 0, as\n"
    "spawn-fcgi hands it over, or what systemd passes (LISTEN_FDS). One is best: several share "
    "the\n"
    "socket and do no harm, but make smaller batches.\n"
    "  --for SECONDS  as long as that; default: until SIGTERM\n"
    "  --config FILE  the configuration, in place of TELLER_CONFIG\n"
    "Exit status: 0 done, 1 failed, 2 wrong usage or configuration.\n";

struct server {
    struct db *db;
    int epoll;
    struct market_change changes[MARKET_BATCH_MAX];
    int askers[MARKET_BATCH_MAX]; /* connection of each; -1: has gone */
    size_t count;
    bool loaded; /* the currencies */
    uint64_t made, batches;
};

static bool watch(struct server *server, int fd)
{
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
    return epoll_ctl(server->epoll, EPOLL_CTL_ADD, fd, &event) == 0;
}

/* The other matchers wait for the same connections. */
static void accept_worker(struct server *server)
{
    const struct timeval wait = {.tv_sec = READ_WAIT_S};
    int fd = listen_accept();

    if (fd >= 0 &&
        (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait)) != 0 || !watch(server, fd)))
        close(fd);
}

/* Ends a connection. Its number may soon be another one's, which must not get its answer. */
static void drop_worker(struct server *server, int fd)
{
    for (size_t i = 0; i < server->count; i++)
        if (server->askers[i] == fd)
            server->askers[i] = -1;
    close(fd);
}

/* What is not a question of our format comes from a worker of another version: it is better off
 * alone. */
static void read_question(struct server *server, int fd)
{
    struct matcher_question question;
    ssize_t len = recv(fd, &question, sizeof(question), MSG_WAITALL);

    if (len != (ssize_t)sizeof(question) || question.format != MATCHER_FORMAT) {
        drop_worker(server, fd);
        return;
    }
    server->askers[server->count] = fd;
    server->changes[server->count++] = question.change;
}

/* Makes what has come in, and answers whoever is still there. */
static void make_batch(struct server *server)
{
    struct market_outcome outcomes[MARKET_BATCH_MAX] = {0};

    failpoint_flow("teller-match");
    server->loaded = server->loaded || ledger_load(server->db) == ERR_OK;
    if (server->loaded)
        market_change_together(server->db, server->changes, server->count, outcomes);
    for (size_t i = 0; i < server->count; i++)
        if (server->askers[i] >= 0)
            (void)send(server->askers[i], &outcomes[i], sizeof(outcomes[i]),
                       MSG_NOSIGNAL | MSG_DONTWAIT);
    server->made += server->count;
    server->batches++;
    server->count = 0;
}

/* Takes in what is there; makes it once nothing more is, or no more fits. */
static void turn(struct server *server)
{
    struct epoll_event events[EVENTS];
    int room = (int)(MARKET_BATCH_MAX - server->count);
    int found = epoll_wait(server->epoll, events, room < EVENTS ? room : EVENTS,
                           server->count > 0 ? 0 : IDLE_MS);

    for (int i = 0; i < found; i++) {
        if (events[i].data.fd == LISTEN_FD)
            accept_worker(server);
        else
            read_question(server, events[i].data.fd);
    }
    if (server->count == MARKET_BATCH_MAX || (found <= 0 && server->count > 0))
        make_batch(server);
}

/* False where it is handed no listening socket. */
static bool listens(struct server *server)
{
    server->epoll = epoll_create1(EPOLL_CLOEXEC);
    return listen_take() && watch(server, LISTEN_FD);
}

static enum job_status work(const struct job *job, void *arg)
{
    struct server *server = arg;
    enum job_status status = job_database(job, &server->db);

    if (status == JOB_DONE && !listens(server))
        status =
            job_misconfigured(job, "descriptor 0 is not a listening socket, and none is passed "
                                   "(LISTEN_FDS)");
    market_orders_limit(job->config.market_orders_max);
    while (status == JOB_DONE && !job_over(job)) {
        turn(server);
        if (server->count == 0)
            beat_note(server->db, "teller-match");
    }
    if (server->count > 0)
        make_batch(server);
    log_line(LOG_LEVEL_INFO, "matched", "made=%" PRIu64 " batches=%" PRIu64, server->made,
             server->batches);
    db_close(server->db);
    return status;
}

int main(int argc, char **argv)
{
    static struct server server;
    const struct job_program program = {.name = "teller-match", .usage = usage_text};

    return job_main(argc, argv, &program, work, &server);
}
