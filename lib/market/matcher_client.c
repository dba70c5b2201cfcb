/* Asking teller-match over its socket. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/failpoint.h"
#include "base/log.h"
#include "base/text.h"
#include "base/wait.h"
#include "market/change.h"

/* Longer than a transaction tries (DB_TXN_PATIENCE_MS) and its last try waits for a lock. */
#define ANSWER_WAIT_MS 10000

struct matcher_client {
    struct sockaddr_un address;
    int fd; /* -1: not connected */
};

enum err matcher_client_open(const char *socket, struct matcher_client **out)
{
    struct matcher_client *client = calloc(1, sizeof(*client));

    *out = client;
    if (client == NULL)
        return ERR_NO_MEMORY;
    client->fd = -1;
    client->address.sun_family = AF_UNIX;
    text_copy(client->address.sun_path, sizeof(client->address.sun_path), socket);
    return strlen(socket) < sizeof(client->address.sun_path) ? ERR_OK : ERR_TOO_LONG;
}

static void hang_up(struct matcher_client *client)
{
    if (client->fd >= 0)
        close(client->fd);
    client->fd = -1;
}

void matcher_client_close(struct matcher_client *client)
{
    if (client != NULL)
        hang_up(client);
    free(client);
}

/* Connects where it is not. A matcher that takes no more connections is as good as none. */
static bool call(struct matcher_client *client)
{
    const struct sockaddr *address = (const struct sockaddr *)&client->address;

    if (client->fd >= 0)
        return true;
    client->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (client->fd >= 0 && connect(client->fd, address, sizeof(client->address)) == 0)
        return true;
    hang_up(client);
    return false;
}

/* False where the matcher has not got it, for half a question is none. One that was started again
 * since has closed the client: it is called once more. */
static bool put_question(struct matcher_client *client, const struct matcher_question *question)
{
    for (int tries = 0; tries < 2 && call(client); tries++) {
        ssize_t sent = send(client->fd, question, sizeof(*question), MSG_NOSIGNAL);
        if (sent == (ssize_t)sizeof(*question))
            return true;
        hang_up(client);
    }
    return false;
}

/* Takes the answer as it comes. Returns 0, or what went wrong. */
static int take_answer(struct matcher_client *client, struct market_outcome *out)
{
    int64_t left_ms, until_us = clock_mono_us() + ANSWER_WAIT_MS * INT64_C(1000);
    char *to = (char *)out, *end = to + sizeof(*out);

    while (to < end) {
        left_ms = (until_us - clock_mono_us()) / 1000;
        if (left_ms <= 0 || !wait_ready(WAIT_READ, client->fd, (int)left_ms))
            return ETIMEDOUT;
        ssize_t n = recv(client->fd, to, (size_t)(end - to), MSG_DONTWAIT);
        if (n == 0)
            return ECONNRESET;
        if (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)
            return errno;
        to += n < 0 ? 0 : n;
    }
    return 0;
}

/* Asks the matcher. False where it has not got the question. */
static bool ask(struct matcher_client *client, const struct market_change *change,
                const char *first, struct market_outcome *out)
{
    struct matcher_question question = {.format = MATCHER_FORMAT, .change = *change};

    text_copy(question.change.first, sizeof(question.change.first), first);
    failpoint();
    if (!put_question(client, &question))
        return false;
    int problem = take_answer(client, out);
    if (problem != 0) {
        log_line(LOG_LEVEL_WARNING, "matcher_lost", "errno=%d", problem);
        hang_up(client); /* a late answer is not to be taken for the next one's */
        *out = (struct market_outcome){0};
    }
    failpoint();
    return true;
}

enum err market_change(struct db *db, struct matcher_client *client,
                       const struct market_change *change, bool *resent)
{
    struct market_outcome outcome = {0};
    bool asked = false;

    *resent = false;
    if (client != NULL && client->address.sun_path[0] != '\0' &&
        strlen(db_deferred(db)) < MARKET_FIRST_SIZE && !db_is_stalled())
        asked = ask(client, change, db_deferred(db), &outcome);
    if (asked) {
        db_deferred_sent(db, outcome.known);
        if (!outcome.known || outcome.rc == ERR_OK)
            db_committed_elsewhere(db);
    }
    if (asked && outcome.known)
        return outcome.rc;
    enum err rc = market_change_alone(db, change, resent);
    *resent = *resent || asked;
    return rc;
}
