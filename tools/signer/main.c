/* teller-signer: the only process that has keys which can spend. It reads requests from a UNIX socket that
 * it is handed, answers them one after the other, and opens nothing else. */
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/encode.h"
#include "base/listen.h"
#include "base/log.h"
#include "crypto/crypto.h"
#include "tools/signer/budget.h"
#include "tools/signer/file.h"
#include "tools/signer/policy.h"
#include "tools/signer/request.h"
#include "tools/signer/seed.h"

#define DEFAULT_CONFIG "/etc/teller/signer.conf"
#define CLIENTS_MAX 32
#define CHUNK_SIZE 65536
#define SEND_WAIT_S 5
#define PEER_SIZE 48

enum { DONE = 0, FAILED = 1, MISCONFIGURED = 2 }; /* exit statuses */
enum mode { MODE_SERVE, MODE_INIT, MODE_IMPORT, MODE_RESEAL, MODE_CHECK, MODE_HELP };

static const char usage_text[] =
    "usage: teller-signer [--config FILE] [--init | --import | --reseal KEY SEED | --check]\n"
    "\n"
    "Signs transactions of Bitcoin and Ethereum within the limits of its configuration. The "
    "listening\n"
    "socket is descriptor 0, as spawn-fcgi hands it over, or what systemd passes (LISTEN_FDS). "
    "SIGTERM\n"
    "ends it after the request in hand; SIGHUP too: it is started again with the configuration of "
    "then.\n"
    "  --init         makes a seed from random bytes, sealed, and an empty record of what was "
    "spent\n"
    "  --import       the same from standard input: one line of 32 to 128 hexadecimal digits\n"
    "  --reseal KEY SEED  writes the seed, sealed under the key file KEY, to the new file SEED\n"
    "  --check        whether configuration, seed and record can be used\n"
    "  --config FILE  default: " DEFAULT_CONFIG "\n"
    "Exit status: 0 done, 1 failed, 2 wrong usage or configuration.\n";

struct client {
    struct text line;     /* what came in of the request */
    char name[PEER_SIZE]; /* whose process it is, for the log: "uid-UID-pid-PID" */
};

struct server {
    struct signer signer;
    struct pollfd fds[1 + CLIENTS_MAX]; /* the socket, then the clients; -1: a free place */
    struct client clients[CLIENTS_MAX];
};

static volatile sig_atomic_t stopping;

static void on_stop(int signal_number)
{
    (void)signal_number;
    stopping = 1;
}

/* --- serving ------------------------------------------------------------------------------------ */

static void drop_client(struct server *server, size_t at)
{
    close(server->fds[1 + at].fd);
    server->fds[1 + at].fd = -1;
    text_free(&server->clients[at].line);
}

static void name_peer(int fd, char out[PEER_SIZE])
{
    struct ucred peer;
    socklen_t len = sizeof(peer);

    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0)
        snprintf(out, PEER_SIZE, "uid-%u-pid-%d", peer.uid, peer.pid);
    else
        text_copy(out, PEER_SIZE, "unknown");
}

static void accept_client(struct server *server)
{
    const struct timeval wait = {.tv_sec = SEND_WAIT_S};
    int fd = listen_accept();

    if (fd < 0)
        return;
    for (size_t i = 0; i < CLIENTS_MAX; i++)
        if (server->fds[1 + i].fd < 0 &&
            setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait)) == 0) {
            server->fds[1 + i] = (struct pollfd){.fd = fd, .events = POLLIN};
            server->clients[i].line = TEXT(REQUEST_MAX + 1);
            name_peer(fd, server->clients[i].name);
            return;
        }
    close(fd); /* too many at once */
}

static bool send_whole(int fd, const char *data, size_t len)
{
    while (len > 0) {
        ssize_t sent = send(fd, data, len, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent <= 0)
            return false;
        data += sent;
        len -= (size_t)sent;
    }
    return true;
}

/* Answers the whole lines that came in. False where the client is to be dropped. */
static bool answer_lines(struct server *server, size_t at)
{
    struct text *in = &server->clients[at].line;
    struct text answer = TEXT(ANSWER_MAX);
    bool good = !in->full;
    char *start = in->data, *end;

    log_set_request(server->clients[at].name);
    while (good && (end = memchr(start, '\n', in->len - (size_t)(start - in->data))) != NULL) {
        request_answer(&server->signer, start, (size_t)(end - start), &answer);
        good = !answer.full && send_whole(server->fds[1 + at].fd, answer.data, answer.len);
        text_clear(&answer);
        start = end + 1;
    }
    in->len -= (size_t)(start - in->data);
    memmove(in->data, start, in->len);
    text_free(&answer);
    return good;
}

static void read_client(struct server *server, size_t at)
{
    static char chunk[CHUNK_SIZE];
    struct text *in = &server->clients[at].line;
    ssize_t got = recv(server->fds[1 + at].fd, chunk, sizeof(chunk), MSG_DONTWAIT);

    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (got > 0)
        text_add(in, chunk, (size_t)got);
    if (got <= 0 || !answer_lines(server, at))
        drop_client(server, at);
}

static int serve(struct server *server)
{
    sigset_t none;

    sigemptyset(&none);
    if (!listen_take()) {
        fputs("teller-signer: descriptor 0 is not a listening socket, and none is passed "
              "(LISTEN_FDS)\n",
              stderr);
        return MISCONFIGURED;
    }
    server->fds[0] = (struct pollfd){.fd = LISTEN_FD, .events = POLLIN};
    for (size_t i = 0; i < CLIENTS_MAX; i++)
        server->fds[1 + i].fd = -1;
    log_line(LOG_LEVEL_INFO, "start", "limits=%zu day=%lld", server->signer.policy->count,
             (long long)server->signer.budget->day);
    /* Without its record it could only refuse; the next start takes away what a full disk cut off. */
    while (!stopping && server->signer.budget->fd >= 0) {
        if (ppoll(server->fds, 1 + CLIENTS_MAX, NULL, &none) <= 0)
            continue;
        for (size_t i = 0; i < CLIENTS_MAX; i++)
            if (server->fds[1 + i].fd >= 0 && server->fds[1 + i].revents != 0)
                read_client(server, i);
        if (server->fds[0].revents != 0)
            accept_client(server);
    }
    for (size_t i = 0; i < CLIENTS_MAX; i++)
        if (server->fds[1 + i].fd >= 0)
            drop_client(server, i);
    return stopping ? DONE : FAILED;
}

/* --- starting ----------------------------------------------------------------------------------- */

/* Nobody who looks at this process, and no dump of it, may see a key. */
static bool hide_process(void)
{
    const struct rlimit none = {0};
    return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0 && setrlimit(RLIMIT_CORE, &none) == 0;
}

/* Says what went wrong; gives the exit status. */
static int complain(enum err rc, const struct text *problem)
{
    fprintf(stderr, "teller-signer: %s\n", problem->len > 0 ? text_string(problem) : err_text(rc));
    return rc == ERR_CONFIG ? MISCONFIGURED : FAILED;
}

static int start(const struct policy *policy, bool only_check)
{
    static struct hd_key master;
    static struct budget budget = {.fd = -1};
    static struct server server;
    struct text problem = TEXT(4096);
    int status = DONE;

    /* So that it is never written to swap. Where the system allows no such memory it is as safe as the
     * swap is. */
    (void)mlock(&master, sizeof(master));
    enum err rc = seed_load(policy, &master, &problem);
    if (rc == ERR_OK)
        rc = budget_open(policy->spent_file, &budget, &problem);
    if (rc != ERR_OK) {
        status = complain(rc, &problem);
    } else if (!only_check) {
        server.signer = (struct signer){.policy = policy, .master = &master, .budget = &budget};
        status = serve(&server);
    }
    crypto_wipe(&master, sizeof(master));
    budget_close(&budget);
    text_free(&problem);
    return status;
}

/* Reads the seed to be imported. */
static bool read_seed(uint8_t seed[HD_SEED_MAX], size_t *len)
{
    char line[2 * HD_SEED_MAX + 2];
    bool good = fgets(line, sizeof(line), stdin) != NULL;

    if (good) {
        line[strcspn(line, "\n")] = '\0';
        *len = strlen(line) / 2;
        good = hex_decode(line, strlen(line), seed, *len);
    }
    crypto_wipe(line, sizeof(line));
    return good;
}

static int initialize(const struct policy *policy, bool import)
{
    struct text problem = TEXT(4096);
    uint8_t seed[HD_SEED_MAX];
    size_t len = SEED_SIZE;
    enum err rc = ERR_OK;

    crypto_random(seed, len);
    if (import && !read_seed(seed, &len)) {
        text_puts(&problem, "standard input is not a line of hexadecimal digits");
        rc = ERR_CONFIG;
    }
    if (rc == ERR_OK)
        rc = seed_write(policy, seed, len, &problem);
    crypto_wipe(seed, sizeof(seed));
    if (rc == ERR_OK)
        rc = file_make(policy->spent_file, "", 0, &problem);
    int status = rc == ERR_OK ? DONE : complain(rc, &problem);
    text_free(&problem);
    return status;
}

static int reseal(const struct policy *policy, char *const *files)
{
    struct text problem = TEXT(4096);
    enum err rc = seed_reseal(policy, files[0], files[1], &problem);
    int status = rc == ERR_OK ? DONE : complain(rc, &problem);

    text_free(&problem);
    return status;
}

static bool read_options(int argc, char **argv, enum mode *mode, const char **config)
{
    static const struct option known[] = {{"init", no_argument, NULL, MODE_INIT},
                                          {"import", no_argument, NULL, MODE_IMPORT},
                                          {"reseal", no_argument, NULL, MODE_RESEAL},
                                          {"check", no_argument, NULL, MODE_CHECK},
                                          {"help", no_argument, NULL, MODE_HELP},
                                          {"config", required_argument, NULL, 'c'},
                                          {NULL, 0, NULL, 0}};
    int found;

    while ((found = getopt_long(argc, argv, "", known, NULL)) != -1) {
        if (found == 'c')
            *config = optarg;
        else if (found == '?' || *mode != MODE_SERVE)
            return false;
        else
            *mode = (enum mode)found;
    }
    return optind + (*mode == MODE_RESEAL ? 2 : 0) == argc;
}

/* Signals come in while it waits for requests, and at no other time. */
static void catch_signals(void)
{
    const struct sigaction stop = {.sa_handler = on_stop};
    sigset_t held;

    sigemptyset(&held);
    sigaddset(&held, SIGTERM);
    sigaddset(&held, SIGINT);
    sigaddset(&held, SIGHUP);
    sigprocmask(SIG_BLOCK, &held, NULL);
    (void)signal(SIGXFSZ, SIG_IGN); /* a file that may not grow is an error like a full disk */
    sigaction(SIGTERM, &stop, NULL);
    sigaction(SIGINT, &stop, NULL);
    sigaction(SIGHUP, &stop, NULL);
}

int main(int argc, char **argv)
{
    static struct policy policy;
    const char *config = DEFAULT_CONFIG;
    enum mode mode = MODE_SERVE;
    struct text problem = TEXT(4096);
    int status;

    log_set_program("teller-signer");
    if (!read_options(argc, argv, &mode, &config) || mode == MODE_HELP) {
        fputs(usage_text, mode == MODE_HELP ? stdout : stderr);
        return mode == MODE_HELP ? DONE : MISCONFIGURED;
    }
    catch_signals();
    if (!hide_process() || crypto_start() != ERR_OK)
        return FAILED;
    if (policy_load(config, &policy, &problem) != ERR_OK)
        status = complain(ERR_CONFIG, &problem);
    else if (mode == MODE_INIT || mode == MODE_IMPORT)
        status = initialize(&policy, mode == MODE_IMPORT);
    else if (mode == MODE_RESEAL)
        status = reseal(&policy, argv + optind);
    else
        status = start(&policy, mode == MODE_CHECK);
    text_free(&problem);
    return status;
}
