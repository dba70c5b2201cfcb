/* A round of sending on a rail. */
#include "payout/send.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "payout/store.h"

#define IN_DOUBT "its sender went away"

/* Takes the lease, or holds it longer. As long as half of it is left nothing is written. */
static enum err take_lease(struct db *db, const struct payout_sender *sender, bool *ours)
{
    struct db_rows rows = {0};
    struct db_arg run = db_uuid(&sender->run), lease = db_i64(PAYOUT_LEASE_S);

    /* the second assignment sees what the first has set */
    enum err rc =
        db_run(db,
               "INSERT INTO rail_lease (rail, owner, until) VALUES (?, ?, NOW(6) + "
               "INTERVAL ? SECOND) ON DUPLICATE KEY UPDATE owner = IF(until <= NOW(6), ?, "
               "owner), until = IF(owner = ? AND until < NOW(6) + INTERVAL ? SECOND, "
               "NOW(6) + INTERVAL ? SECOND, until) RETURNING owner = ?",
               DB_ARGS(db_text(sender->rail->name), run, lease, run, run,
                       db_i64(PAYOUT_LEASE_S / 2), lease, run),
               &rows);
    *ours = rc == ERR_OK && db_next(&rows) && db_get_i64(&rows, 0) == 1;
    db_rows_free(&rows);
    return rc;
}

enum err payout_send_end(struct db *db, const struct payout_sender *sender)
{
    return db_run(db, "DELETE FROM rail_lease WHERE rail = ? AND owner = ?",
                  DB_ARGS(db_text(sender->rail->name), db_uuid(&sender->run)), NULL);
}

/* Payouts in hand, with what becomes of them. */
struct batch {
    const struct payout_sender *sender;
    struct payout payouts[RAIL_BATCH_MAX];
    struct rail_outcome outcomes[RAIL_BATCH_MAX];
    struct payout_move moves[RAIL_BATCH_MAX];
    size_t count;
};

/* Finds payouts of the rail, in ascending order of id. The server would rather read all that ever were in that
 * order.
 * where  SQL about payout `p` */
static enum err find_payouts(struct db *db, struct batch *batch, const char *where)
{
    struct text sql = TEXT(PAYOUT_SQL_MAX);
    struct db_rows rows = {0};

    batch->count = 0;
    payout_store_select(&sql, "");
    statement_add(
        &sql, "JOIN (SELECT due.id FROM payout AS due FORCE INDEX (due) WHERE due.rail = ? AND ",
        DB_ARGS(db_text(batch->sender->rail->name)));
    text_puts(&sql, where);
    statement_add(&sql, " LIMIT ?) AS found ON found.id = p.id ORDER BY p.id",
                  DB_ARGS(db_u64(batch->sender->batch)));
    enum err rc = db_run(db, text_string(&sql), DB_NO_ARGS, &rows);
    while (rc == ERR_OK && batch->count < RAIL_BATCH_MAX &&
           payout_store_next(&rows, &batch->payouts[batch->count]))
        batch->count++;
    db_rows_free(&rows);
    text_free(&sql);
    return rc;
}

/* Moves all that are in hand to a state. */
static enum err move_all(struct db *db, struct batch *batch, enum payout_state to, const char *note,
                         struct payout_round *round)
{
    for (size_t i = 0; i < batch->count; i++)
        batch->moves[i] = (struct payout_move){.id = batch->payouts[i].id,
                                               .from = UINT32_C(1) << batch->payouts[i].state,
                                               .to = to,
                                               .who = PAYOUT_BY_JOB,
                                               .lease = &batch->sender->run,
                                               .note = note};
    enum err rc = payout_moves(db, batch->moves, batch->count);
    for (size_t i = 0; rc == ERR_OK && i < batch->count; i++)
        round->moved += batch->moves[i].rc == ERR_OK;
    return rc;
}

/* The state that an answer brings a payout to: what was sent does not wait again. */
static enum payout_state state_after(const struct payout *payout,
                                     const struct rail_outcome *outcome)
{
    enum payout_state doubtful =
        payout->state == PAYOUT_STATE_SENT ? PAYOUT_STATE_SENT : PAYOUT_STATE_UNKNOWN;

    switch (outcome->answer) {
    case RAIL_LATER:
        return payout->state == PAYOUT_STATE_SENT ? doubtful : PAYOUT_STATE_APPROVED;
    case RAIL_REFUSED:
        return PAYOUT_STATE_FAILED;
    case RAIL_DOUBTFUL:
        return doubtful;
    case RAIL_SENT:
        return PAYOUT_STATE_SENT;
    case RAIL_CONFIRMED:
        return PAYOUT_STATE_CONFIRMED;
    case RAIL_RETURNED:
        return PAYOUT_STATE_RETURNED;
    }
    return doubtful;
}

static void note_outcome(const struct payout *payout, enum payout_state to, const char *words)
{
    if (payout->state != to)
        log_line(to == PAYOUT_STATE_UNKNOWN || to == PAYOUT_STATE_FAILED ? LOG_LEVEL_WARNING
                                                                         : LOG_LEVEL_INFO,
                 "payout", "id=%lld rail=%s state=%s words=\"%s\"", (long long)payout->id,
                 payout->rail, payout_state_names[to], words);
}

/* What a node has said may be any bytes. */
static void make_printable(char *text)
{
    for (; *text != '\0'; text++)
        if (*text < ' ' || *text > '~')
            *text = '?';
}

/* Writes down what the rail has said. */
static enum err record_outcomes(struct db *db, struct batch *batch, struct payout_round *round)
{
    for (size_t i = 0; i < batch->count; i++) {
        struct rail_outcome *outcome = &batch->outcomes[i];
        const struct payout *payout = &batch->payouts[i];
        make_printable(outcome->words);
        make_printable(outcome->reference);
        batch->moves[i] =
            (struct payout_move){.id = payout->id,
                                 .from = UINT32_C(1) << payout->state,
                                 .to = state_after(payout, outcome),
                                 .who = PAYOUT_BY_JOB,
                                 .note = outcome->words,
                                 .reference = outcome->reference,
                                 .confirmations = outcome->confirmations,
                                 .cost = outcome->cost,
                                 .retry_s = outcome->retry_s > 0 ? outcome->retry_s : RAIL_RETRY_S};
    }
    enum err rc = payout_moves(db, batch->moves, batch->count);
    for (size_t i = 0; rc == ERR_OK && i < batch->count; i++) {
        const struct payout_move *move = &batch->moves[i];
        round->moved += move->rc == ERR_OK && move->to != batch->payouts[i].state;
        if (move->rc == ERR_OK)
            note_outcome(&batch->payouts[i], move->row.payout.state, move->note);
    }
    return rc;
}

/* What somebody was sending who has the lease no longer, or failed on the way, is unknown. */
static enum err take_over(struct db *db, struct batch *batch, struct payout_round *round)
{
    enum err rc = find_payouts(db, batch, "due.state = 'sending'");

    if (rc == ERR_OK && batch->count > 0)
        rc = move_all(db, batch, PAYOUT_STATE_UNKNOWN, IN_DOUBT, round);
    return rc;
}

static void begin_outcomes(struct batch *batch)
{
    for (size_t i = 0; i < batch->count; i++)
        batch->outcomes[i] = (struct rail_outcome){.answer = RAIL_DOUBTFUL};
}

static enum err ask_due(struct db *db, struct batch *batch, struct payout_round *round)
{
    const struct payout_sender *sender = batch->sender;

    enum err rc = find_payouts(
        db, batch,
        "due.state IN ('unknown', 'sent') AND due.next_at <= NOW(6) ORDER BY due.next_at");
    if (rc != ERR_OK || batch->count == 0)
        return rc;
    begin_outcomes(batch);
    rc = sender->rail->ask(sender->self, db, batch->payouts, batch->count, batch->outcomes);
    return rc == ERR_OK ? record_outcomes(db, batch, round) : rc;
}

/* Keeps those that began to be sent. */
static void keep_begun(struct batch *batch, struct payout_round *round)
{
    size_t kept = 0;

    for (size_t i = 0; i < batch->count; i++)
        if (batch->moves[i].rc == ERR_OK)
            batch->payouts[kept++] = batch->moves[i].row.payout;
    batch->count = kept;
    round->begun += kept;
}

static enum err send_due(struct db *db, struct batch *batch, struct payout_round *round)
{
    const struct payout_sender *sender = batch->sender;

    enum err rc =
        find_payouts(db, batch,
                     "due.state = 'approved' AND due.next_at <= NOW(6) AND NOT (SELECT r.paused "
                     "FROM rail AS r WHERE r.name = due.rail) ORDER BY due.id");
    if (rc != ERR_OK || batch->count == 0)
        return rc;
    rc = move_all(db, batch, PAYOUT_STATE_SENDING, "", round);
    if (rc == ERR_RAIL_PAUSED)
        return ERR_OK; /* a moment ago, or somebody else has the lease */
    if (rc != ERR_OK)
        return rc;
    keep_begun(batch, round);
    if (batch->count == 0)
        return ERR_OK;
    begin_outcomes(batch);
    rc = sender->rail->send(sender->self, db, batch->payouts, batch->count, batch->outcomes);
    return rc == ERR_OK ? record_outcomes(db, batch, round) : rc;
}

enum err payout_send_round(struct db *db, const struct payout_sender *sender,
                           struct payout_round *out)
{
    struct batch *batch = calloc(1, sizeof(*batch));

    *out = (struct payout_round){0};
    if (batch == NULL)
        return ERR_NO_MEMORY;
    batch->sender = sender;
    enum err rc = take_lease(db, sender, &out->led);
    if (rc == ERR_OK && out->led) {
        rc = take_over(db, batch, out);
        if (rc == ERR_OK)
            rc = ask_due(db, batch, out);
        if (rc == ERR_OK)
            rc = send_due(db, batch, out);
        if (rc == ERR_OK && sender->rail->tend != NULL)
            rc = sender->rail->tend(sender->self, db);
    }
    free(batch);
    return rc;
}

enum err payout_overdue(struct db *db, int64_t *age_s)
{
    struct text sql = TEXT(PAYOUT_SQL_MAX);
    struct db_rows rows = {0};
    const struct payout_rail *rail;

    text_puts(&sql, "SELECT COALESCE(MAX(TIMESTAMPDIFF(SECOND, p.next_at, NOW(6))), 0) FROM payout "
                    "AS p JOIN rail AS r ON r.name = p.rail AND NOT r.paused WHERE p.state IN "
                    "('approved', 'sending', 'unknown', 'sent') AND p.next_at <= NOW(6) AND p.rail "
                    "IN (''");
    for (size_t i = 0; (rail = payout_rail_at(i)) != NULL; i++)
        statement_add(&sql, ", ?", DB_ARGS(db_text(rail->name)));
    text_puts(&sql, ")");
    enum err rc = db_run(db, text_string(&sql), DB_NO_ARGS, &rows);
    *age_s = rc == ERR_OK && db_next(&rows) ? db_get_i64(&rows, 0) : 0;
    db_rows_free(&rows);
    text_free(&sql);
    return rc;
}
