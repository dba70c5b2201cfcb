#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/log.h"
#include "base/text.h"
#include "base/wait.h"
#include "market/change.h"

/* Longer than a transaction tries (DB_TXN_PATIENCE_MS) and its last try waits for a lock. */
#define ANSWER_WAIT_S 10

struct market_line {
    struct sockaddr_un address;
    int fd; /* -1: not connected */
};

enum err market_line_open(const char *socket, struct market_line **out)
{
    struct market_line *line = calloc(1, sizeof(*line));

    *out = line;
    if (line == NULL)
        return ERR_NO_MEMORY;
    line->fd = -1;
    line->address.sun_family = AF_UNIX;
    text_copy(line->address.sun_path, sizeof(line->address.sun_path), socket);
    return strlen(socket) < sizeof(line->address.sun_path) ? ERR_OK : ERR_TOO_LONG;
}

static void hang_up(struct market_line *line)
{
    if (line->fd >= 0)
        close(line->fd);
    line->fd = -1;
}

void market_line_close(struct market_line *line)
{
    if (line != NULL)
        hang_up(line);
    free(line);
}

static bool call(struct market_line *line)
{
    const struct timeval wait = {.tv_sec = ANSWER_WAIT_S};
    const struct sockaddr *address = (const struct sockaddr *)&line->address;

    if (line->fd >= 0)
        return true;
    line->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (line->fd >= 0 && setsockopt(line->fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait)) == 0 &&
        setsockopt(line->fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait)) == 0 &&
        connect(line->fd, address, sizeof(line->address)) == 0)
        return true;
    hang_up(line);
    return false;
}

/* False where the matcher has not got it, for half a question is none. One that was started again
 * since has closed the line: it is called once more. */
static bool put_question(struct market_line *line, const struct matcher_question *question)
{
    for (int tries = 0; tries < 2 && call(line); tries++) {
        ssize_t sent = send(line->fd, question, sizeof(*question), MSG_NOSIGNAL);
        if (sent == (ssize_t)sizeof(*question))
            return true;
        hang_up(line);
    }
    return false;
}

/* Asks the matcher. False where it has not got the question. */
static bool ask(struct market_line *line, const struct market_change *change, const char *first,
                struct market_outcome *out)
{
    struct matcher_question question = {.format = MATCHER_FORMAT, .change = *change};

    text_copy(question.change.first, sizeof(question.change.first), first);
    if (!put_question(line, &question))
        return false;
    bool waited = wait_readable(line->fd, ANSWER_WAIT_S * 1000);
    if (!waited || recv(line->fd, out, sizeof(*out), MSG_WAITALL) != (ssize_t)sizeof(*out)) {
        log_line(LOG_LEVEL_WARNING, "matcher_lost", "errno=%d", waited ? errno : ETIMEDOUT);
        hang_up(line); /* a late answer is not to be taken for the next one's */
        *out = (struct market_outcome){0};
    }
    return true;
}

enum err market_change(struct db *db, struct market_line *line, const struct market_change *change,
                       bool *resent)
{
    struct market_outcome outcome = {0};
    bool asked = false;

    *resent = false;
    if (line != NULL && line->address.sun_path[0] != '\0' &&
        strlen(db_deferred(db)) < MARKET_FIRST_SIZE)
        asked = ask(line, change, db_deferred(db), &outcome);
    if (asked)
        db_deferred_sent(db, outcome.known);
    if (asked && outcome.known)
        return outcome.rc;
    enum err rc = market_change_alone(db, change, resent);
    *resent = *resent || asked;
    return rc;
}
