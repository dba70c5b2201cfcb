/* Asking teller-match over its socket. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/failpoint.h"
#include "base/local.h"
#include "base/log.h"
#include "base/text.h"
#include "base/wait.h"
#include "market/change.h"

/* Longer than a transaction tries (DB_TXN_PATIENCE_MS) and its last try waits for a lock. */
#define ANSWER_WAIT_MS 10000

struct matcher_client {
    struct local local;
};

enum err matcher_client_open(const char *socket, struct matcher_client **out)
{
    struct matcher_client *client = calloc(1, sizeof(*client));

    *out = client;
    return client == NULL ? ERR_NO_MEMORY : local_open(socket, &client->local);
}

void matcher_client_close(struct matcher_client *client)
{
    if (client != NULL)
        local_hang_up(&client->local);
    free(client);
}

/* False where the matcher has not got it, for half a question is none. One that was started again
 * since has closed the client: it is called once more. */
static bool put_question(struct matcher_client *client, const struct matcher_question *question)
{
    for (int tries = 0; tries < 2 && local_call(&client->local); tries++) {
        ssize_t sent = send(client->local.fd, question, sizeof(*question), MSG_NOSIGNAL);
        if (sent == (ssize_t)sizeof(*question))
            return true;
        local_hang_up(&client->local);
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
        if (left_ms <= 0 || !wait_ready(WAIT_READ, client->local.fd, (int)left_ms))
            return ETIMEDOUT;
        ssize_t n = recv(client->local.fd, to, (size_t)(end - to), MSG_DONTWAIT);
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
        local_hang_up(&client->local); /* a late answer is not to be taken for the next one's */
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
    if (client != NULL && client->local.address.sun_path[0] != '\0' &&
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
