/* Operators at payouts: approving, rejecting, and sending by hand. Setting rails and rules is in set.c. */
#include "payout/operate.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "identity/user.h"
#include "payout/store.h"

#define BIT(state) (UINT32_C(1) << PAYOUT_STATE_##state)
#define BY_HAND_FROM (BIT(SENDING) | BIT(UNKNOWN) | BIT(SENT) | BIT(CONFIRMED))

static enum err check_note(const char *note)
{
    if (!text_is_utf8(note, strlen(note)))
        return ERR_NOT_UTF8;
    return text_utf8_length(note, strlen(note)) > PAYOUT_TEXT_MAX ? ERR_TOO_LONG : ERR_OK;
}

/* An approval on its way. */
struct approval {
    int64_t user_id;
    struct payout_move move;
};

static enum err add_approval(struct db *db, struct approval *approval, bool enough)
{
    struct db_packet packet = DB_PACKET(PAYOUT_PACKET_MAX);
    struct payout *payout = &approval->move.row.payout;
    enum err rc = ERR_OK;

    db_packet_add_once(
        &packet, "INSERT INTO payout_approval (payout_id, user_id, note) VALUES (?, ?, ?)",
        DB_ARGS(db_i64(payout->id), db_i64(approval->user_id), db_text(approval->move.note)),
        ERR_PAYOUT_APPROVER);
    payout->approvals++;
    if (enough)
        rc = payout_move_write(db, &packet, &approval->move);
    else
        payout_store_record(&packet, approval->move.name, payout->id,
                            payout_state_names[payout->state], payout_state_names[payout->state],
                            NULL, approval->move.note);
    if (rc == ERR_OK)
        rc = db_packet_commit(db, &packet, NULL, 0);
    db_packet_free(&packet);
    return rc;
}

static enum err approve_in(struct db *db, void *arg)
{
    struct approval *approval = arg;
    struct payout_move *move = &approval->move;

    enum err rc = payout_store_read(db, move->id, &move->row);
    if (rc != ERR_OK)
        return rc;
    const struct payout *payout = &move->row.payout;
    if (payout->user_id == approval->user_id)
        return ERR_PAYOUT_APPROVER;
    payout_move_decide(move);
    if (move->rc == ERR_OK && payout->state != PAYOUT_STATE_MODERATING)
        move->rc = ERR_PAYOUT_STATE;
    return move->rc != ERR_OK ? move->rc
                              : add_approval(db, approval, payout->approvals + 1 >= payout->needed);
}

enum err payout_approve(struct db *db, int64_t user_id, int64_t id, const char *note,
                        struct payout *out)
{
    struct user user;
    struct approval approval = {.user_id = user_id,
                                .move = {.id = id,
                                         .from = BIT(MODERATING),
                                         .to = PAYOUT_STATE_APPROVED,
                                         .who = PAYOUT_BY_OPERATOR,
                                         .name = user.login,
                                         .note = note}};
    bool resent = false;

    enum err rc = check_note(note);
    if (rc == ERR_OK)
        rc = user_by_id(db, user_id, &user);
    if (rc == ERR_NOT_FOUND ||
        (rc == ERR_OK && (!user.enabled || !roles_have(user.roles, ROLE_OPERATOR))))
        return ERR_PAYOUT_APPROVER;
    if (rc != ERR_OK)
        return rc;
    rc = db_txn(db, approve_in, &approval, &resent);
    if (resent && (rc == ERR_PAYOUT_APPROVER || rc == ERR_PAYOUT_STATE))
        return payout_by_id(db, 0, id, out); /* its answer was lost */
    if (rc == ERR_OK)
        *out = approval.move.row.payout;
    return rc;
}

enum err payout_reject(struct db *db, const char *who, int64_t id, const char *note,
                       struct payout *out)
{
    struct payout_move move = {.id = id,
                               .to = PAYOUT_STATE_REJECTED,
                               .who = PAYOUT_BY_OPERATOR,
                               .name = who,
                               .note = note};

    enum err rc = check_note(note);
    if (rc == ERR_OK)
        rc = payout_move(db, &move);
    if (rc == ERR_OK)
        *out = move.row.payout;
    return rc;
}

static bool is_reference(const char *reference)
{
    size_t len = strlen(reference);

    for (size_t i = 0; i < len; i++)
        if (reference[i] <= ' ' || reference[i] > '~')
            return false;
    return len <= RAIL_REFERENCE_MAX;
}

/* What may be said of a payout by hand. */
static enum err check_settled(const struct payout_settled *row)
{
    if (((BIT(SENT) | BIT(CONFIRMED) | BIT(FAILED) | BIT(RETURNED)) >> row->to & 1) == 0)
        return ERR_INVALID;
    if (row->reference != NULL && !is_reference(row->reference))
        return ERR_PAYOUT_REFERENCE;
    return check_note(row->note);
}

static struct payout_move settling(const struct payout_settled *row, const char *who)
{
    return (struct payout_move){.id = row->id,
                                .from = BY_HAND_FROM,
                                .to = row->to,
                                .who = PAYOUT_BY_OPERATOR,
                                .name = who,
                                .note = row->note,
                                .reference = row->reference,
                                .by_hand = true};
}

/* Takes a payout that nobody has begun to send. */
static enum err begin_by_hand(struct db *db, const char *who, int64_t id)
{
    struct payout_move move = {.id = id,
                               .from = BIT(APPROVED),
                               .to = PAYOUT_STATE_SENDING,
                               .who = PAYOUT_BY_OPERATOR,
                               .name = who,
                               .note = "",
                               .by_hand = true};

    return payout_move(db, &move);
}

enum err payout_settle(struct db *db, const char *who, int64_t id, enum payout_state to,
                       const char *reference, const char *note, struct payout *out)
{
    const struct payout_settled row = {.id = id, .to = to, .reference = reference, .note = note};
    struct payout_move move = settling(&row, who);

    enum err rc = check_settled(&row);
    if (rc == ERR_OK)
        rc = payout_by_id(db, 0, id, out);
    if (rc == ERR_OK && payout_rail_find(out->rail) != NULL)
        rc = ERR_RAIL_BY_ITSELF;
    if (rc == ERR_OK && out->state == PAYOUT_STATE_APPROVED)
        rc = begin_by_hand(db, who, id);
    if (rc == ERR_OK)
        rc = payout_move(db, &move);
    if (rc == ERR_OK)
        *out = move.row.payout;
    return rc;
}

/* Several rows on their way, in ascending order of id, each with its place in the sheet. */
struct sheet_row {
    const struct payout_settled *row;
    size_t place;
};

static int by_id(const void *a, const void *b)
{
    const struct sheet_row *left = a, *right = b;
    return (left->row->id > right->row->id) - (left->row->id < right->row->id);
}

static enum err check_sheet(const struct sheet_row *sheet, size_t count, size_t *place)
{
    for (size_t i = 0; i < count; i++) {
        *place = sheet[i].place;
        enum err rc = check_settled(sheet[i].row);
        if (rc != ERR_OK)
            return rc;
        if (i > 0 && sheet[i].row->id == sheet[i - 1].row->id)
            return ERR_REPEATED;
    }
    return ERR_OK;
}

enum err payout_settle_all(struct db *db, const char *who, const struct payout_settled *rows,
                           size_t count, size_t *place)
{
    struct sheet_row *sheet = calloc(count + 1, sizeof(*sheet));
    struct payout_move *moves = calloc(count + 1, sizeof(*moves));
    enum err rc = sheet == NULL || moves == NULL ? ERR_NO_MEMORY : ERR_OK;
    size_t at = 0;

    *place = 0;
    if (rc == ERR_OK && count > PAYOUT_SHEET_MAX)
        rc = ERR_OUT_OF_RANGE;
    for (size_t i = 0; rc == ERR_OK && i < count; i++)
        sheet[i] = (struct sheet_row){&rows[i], i};
    if (rc == ERR_OK) {
        qsort(sheet, count, sizeof(*sheet), by_id);
        rc = check_sheet(sheet, count, place);
    }
    for (size_t i = 0; rc == ERR_OK && i < count; i++) {
        moves[i] = settling(sheet[i].row, who);
        moves[i].expected = sheet[i].row;
    }
    if (rc == ERR_OK) {
        rc = payout_moves_all(db, moves, count, &at);
        *place = at < count ? sheet[at].place : 0;
    }
    free(sheet);
    free(moves);
    return rc;
}

/* Payouts whose ids are kept. */
struct kept {
    int64_t ids[PAYOUT_SHEET_MAX];
    size_t count;
};

static void keep_id(void *arg, const struct payout *payout)
{
    struct kept *kept = arg;

    if (kept->count < PAYOUT_SHEET_MAX)
        kept->ids[kept->count++] = payout->id;
}

/* Begins to send what is approved. */
static enum err take_approved(struct db *db, const char *who, const char *rail)
{
    const struct payout_filter filter = {
        .rail = rail, .states = BIT(APPROVED), .oldest = true, .limit = PAYOUT_SHEET_MAX};
    struct payout_move *moves = calloc(PAYOUT_SHEET_MAX, sizeof(*moves));
    struct kept *kept = calloc(1, sizeof(*kept));
    enum err rc = moves == NULL || kept == NULL ? ERR_NO_MEMORY : ERR_OK;

    if (rc == ERR_OK)
        rc = payout_list(db, &filter, keep_id, kept);
    for (size_t i = 0; rc == ERR_OK && i < kept->count; i++)
        moves[i] = (struct payout_move){.id = kept->ids[i],
                                        .from = BIT(APPROVED),
                                        .to = PAYOUT_STATE_SENDING,
                                        .who = PAYOUT_BY_OPERATOR,
                                        .name = who,
                                        .note = "",
                                        .by_hand = true};
    if (rc == ERR_OK)
        rc = payout_moves(db, moves, kept->count);
    free(moves);
    free(kept);
    return rc == ERR_RAIL_PAUSED ? ERR_OK : rc;
}

enum err payout_sheet(struct db *db, const char *who, const char *name,
                      void (*row)(void *arg, const struct payout *payout), void *arg)
{
    const struct payout_filter filter = {.rail = name,
                                         .states = BIT(SENDING) | BIT(UNKNOWN),
                                         .oldest = true,
                                         .limit = PAYOUT_SHEET_MAX};
    struct rail rail;

    enum err rc = rail_by_name(db, name, &rail);
    if (rc == ERR_OK && !rail.by_hand)
        rc = ERR_RAIL_BY_ITSELF;
    if (rc == ERR_OK && !rail.paused)
        rc = take_approved(db, who, name);
    return rc == ERR_OK ? payout_list(db, &filter, row, arg) : rc;
}

/* Asking earlier: no move, and a record all the same. */
struct earlier {
    const char *who;
    int64_t id;
};

static enum err earlier_in(struct db *db, void *arg)
{
    const struct earlier *earlier = arg;
    struct db_packet packet = DB_PACKET(PAYOUT_SQL_MAX);

    db_packet_add(&packet,
                  "UPDATE payout SET next_at = NOW(6) - INTERVAL 1 SECOND WHERE id = ? AND state "
                  "IN ('unknown', 'sent')",
                  DB_ARGS(db_i64(earlier->id)));
    db_packet_expect(&packet, 1, ERR_PAYOUT_STATE);
    payout_store_record(&packet, earlier->who, earlier->id, "waits", "is asked about", NULL, NULL);
    return db_packet_commit(db, &packet, NULL, 0);
}

enum err payout_ask_now(struct db *db, const char *who, int64_t id, struct payout *out)
{
    struct earlier earlier = {who, id};
    bool resent = false;

    enum err rc = payout_by_id(db, 0, id, out);
    if (rc == ERR_OK)
        rc = db_txn(db, earlier_in, &earlier, &resent);
    return rc == ERR_OK ? payout_by_id(db, 0, id, out) : rc;
}
