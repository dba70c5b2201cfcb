/* What happens to a bid: changes of status, expiry, callbacks. A change locks and reads in one packet, is
 * decided here, and is written and committed with its postings in another. Locks are taken in the order
 * bid, affiliate, hold, accounts by id. A bid's order is locked after it, but by who pays the order before it:
 * where both meet, one of them is tried again. */
#include "desk/bid.h"

#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/encode.h"
#include "base/text.h"
#include "desk/store.h"
#include "notify/event.h"
#include "notify/format.h"
#include "json/writer.h"

#define TOPIC "desk"
#define NOTE_MAX 255    /* code points */
#define EXPIRY_MAX 200  /* bids in one packet */
#define RECORD_MAX 4096 /* bytes */
#define RETRY_FIRST_S 10
#define RETRY_MOST_S 86400

/* A change of status on its way. */
struct change {
    const struct desk_move *move;
    struct bid_row row;
    struct db_packet packet;
};

enum err bid_add_turn(struct db *db, struct db_packet *packet, struct bid_row *row,
                      enum desk_status to, enum desk_who who, const char *note, const char *trace,
                      const char *at)
{
    enum desk_stage from = row->bid.stage, next = desk_status_stage(to);
    bool was_done = from == DESK_STAGE_DONE, done = next == DESK_STAGE_DONE;
    enum err rc = ERR_OK;

    /* none and done hold nothing: what is held from there on is another hold */
    if (from == DESK_STAGE_NONE || was_done)
        row->hold_ref = crypto_uuid7();
    row->credit = (struct amount){0};
    row->turnover = 0;
    if (done != was_done)
        rc = reward_decide(row, done);
    if (rc != ERR_OK)
        return rc;
    row->bid.turn++;
    row->bid.status = to;
    row->bid.stage = next;
    bid_store_turn(packet, row, to, who, note, at);
    reward_count(packet, row);
    rc = bid_book(db, packet, row, from, next, trace);
    if (rc == ERR_OK)
        rc = reward_post(db, packet, row, trace);
    if (rc == ERR_OK)
        bid_tell(packet, row, to);
    return rc;
}

enum err bid_add_expiry(struct db *db, struct db_packet *packet, struct bid_row *row)
{
    row->bid.stage = DESK_STAGE_HELD; /* as it is written still */
    row->due = false;
    return bid_add_turn(db, packet, row, DESK_STATUS_delete, DESK_JOB, NULL, "", row->expires);
}

/* Whether a customer would pay out of a balance that is somebody else's: a bid's hash may have been shown
 * to others. */
static bool pays_for_others(const struct desk_move *move, const struct desk_bid *bid)
{
    return move->who == DESK_CUSTOMER && strcmp(bid->pay_in, "balance") == 0 &&
           bid->stage < DESK_STAGE_PAID && desk_status_stage(move->to) >= DESK_STAGE_PAID &&
           move->user_id != bid->user_id;
}

/* Whether a bid would go a way that its order does not: that alone pays it, and pays it back once. */
static bool leaves_order(const struct desk_bid *bid, enum desk_status to)
{
    enum desk_stage from = bid->stage, next = desk_status_stage(to);

    return bid_by_order(bid) && ((from < DESK_STAGE_PAID && next >= DESK_STAGE_PAID) ||
                                 (from != DESK_STAGE_HELD && next == DESK_STAGE_HELD));
}

static enum err check_move(const struct change *change)
{
    const struct desk_move *move = change->move;

    if (leaves_order(&change->row.bid, move->to))
        return ERR_DESK_ACTION;
    if (pays_for_others(move, &change->row.bid))
        return ERR_DESK_BID;
    if (desk_status_may(move->who, change->row.bid.status, move->to))
        return ERR_OK;
    return move->who == DESK_CUSTOMER ? ERR_DESK_BID : ERR_DESK_ACTION;
}

/* Whether the money is there. */
static enum err check_cover(const struct bid_row *row, enum desk_status to)
{
    enum desk_stage from = row->bid.stage, next = desk_status_stage(to);

    if (from == DESK_STAGE_NONE && next > DESK_STAGE_NONE && row->reserve < row->bid.sum2.units)
        return ERR_DESK_RESERVE;
    return from < DESK_STAGE_PAID && next >= DESK_STAGE_PAID &&
                   strcmp(row->bid.pay_in, "balance") == 0 && row->own_free < row->bid.sum1dc.units
               ? ERR_INSUFFICIENT_FUNDS
               : ERR_OK;
}

/* Who set it, from what, and why: for the record of what operators do. */
static void add_record(struct db_packet *packet, const struct desk_move *move, int64_t id,
                       enum desk_status from)
{
    struct text was = TEXT(RECORD_MAX), became = TEXT(RECORD_MAX);
    struct writer before = {.out = &was}, after = {.out = &became};
    char subject[24];

    writer_object(&before, NULL);
    writer_text(&before, "status", desk_status_names[from]);
    writer_end(&before);
    writer_object(&after, NULL);
    writer_text(&after, "status", desk_status_names[move->to]);
    if (move->note != NULL)
        writer_text(&after, "note", move->note);
    writer_end(&after);
    snprintf(subject, sizeof(subject), "%lld", (long long)id);
    change_add(packet, move->by, "bid", subject, text_string(&was), text_string(&became));
    text_free(&was);
    text_free(&became);
}

static enum err write_move(struct db *db, struct change *change)
{
    const struct desk_move *move = change->move;
    struct bid_row *row = &change->row;
    enum desk_stage from = row->due ? DESK_STAGE_HELD : row->bid.stage;

    if (move->who == DESK_OPERATOR)
        add_record(&change->packet, move, row->bid.id, row->bid.status);
    enum err rc = row->due ? bid_add_expiry(db, &change->packet, row) : ERR_OK;
    if (rc == ERR_OK)
        rc = bid_add_turn(db, &change->packet, row, move->to, move->who, move->note, move->trace,
                          row->now);
    if (rc != ERR_OK || !bid_by_order(&row->bid))
        return rc == ERR_OK ? db_packet_commit(db, &change->packet, NULL, 0) : rc;
    rc = db_packet_run(db, &change->packet, NULL, 0);
    return rc == ERR_OK ? bid_end_order(db, row, from, move->trace) : rc;
}

static enum err move_in(struct db *db, void *arg)
{
    struct change *change = arg;

    change->row = (struct bid_row){0};
    change->packet = DB_PACKET(DESK_PACKET_MAX);
    enum err rc = bid_store_lock(db, &change->move->name, &change->row);
    if (rc != ERR_OK || change->row.bid.status == change->move->to)
        return rc; /* it has it already */
    rc = check_move(change);
    if (rc == ERR_OK)
        rc = check_cover(&change->row, change->move->to);
    if (rc == ERR_OK)
        rc = write_move(db, change);
    db_packet_free(&change->packet);
    return rc;
}

static enum err check_note(const char *note)
{
    if (note == NULL)
        return ERR_OK;
    if (!text_is_utf8(note, strlen(note)))
        return ERR_NOT_UTF8;
    return text_utf8_length(note, strlen(note)) > NOTE_MAX ? ERR_TOO_LONG : ERR_OK;
}

enum err desk_bid_move(struct db *db, const struct desk_move *move, struct desk_bid *out)
{
    struct change change = {.move = move};
    bool resent = false; /* done before, it has that status: no other answer is needed */

    enum err rc = move->who == DESK_OPERATOR && (move->by == NULL || move->by[0] == '\0')
                      ? ERR_INVALID
                      : check_note(move->note);
    if (rc == ERR_OK)
        rc = db_txn(db, move_in, &change, &resent);
    return rc == ERR_OK ? desk_bid_view(db, &move->name, out) : rc;
}

/* A batch of bids past their time. */
struct expiry {
    struct db *db;
    int limit;
    int64_t count;
    struct bid_row *rows;
};

static void keep_due(void *arg, const struct bid_row *row)
{
    struct expiry *expiry = arg;
    if (expiry->count < expiry->limit)
        expiry->rows[expiry->count++] = *row;
}

static enum err expire_in(struct db *db, void *arg)
{
    struct expiry *expiry = arg;
    struct db_packet packet = DB_PACKET(DESK_PACKET_MAX);

    expiry->count = 0;
    enum err rc = bid_store_due(db, expiry->limit, keep_due, expiry);
    for (int64_t i = 0; rc == ERR_OK && i < expiry->count; i++)
        rc = bid_add_expiry(db, &packet, &expiry->rows[i]);
    if (rc == ERR_OK && expiry->count > 0)
        rc = db_packet_run(db, &packet, NULL, 0);
    for (int64_t i = 0; rc == ERR_OK && i < expiry->count; i++)
        rc = bid_end_order(db, &expiry->rows[i], DESK_STAGE_HELD, "");
    db_packet_free(&packet);
    return rc;
}

enum err desk_bid_expire_due(struct db *db, int limit, int64_t *expired)
{
    struct expiry expiry = {.db = db, .limit = limit < EXPIRY_MAX ? limit : EXPIRY_MAX};

    *expired = 0;
    expiry.rows = calloc((size_t)expiry.limit, sizeof(*expiry.rows));
    if (expiry.rows == NULL)
        return ERR_NO_MEMORY;
    enum err rc = db_txn(db, expire_in, &expiry, NULL);
    if (rc == ERR_OK)
        *expired = expiry.count;
    free(expiry.rows);
    return rc;
}

void bid_tell(struct db_packet *packet, const struct bid_row *row, enum desk_status status)
{
    const struct desk_bid *bid = &row->bid;
    char payload[48];

    if (bid->callback_url[0] == '\0')
        return;
    snprintf(payload, sizeof(payload), "{\"bid_id\":\"%lld\"}", (long long)bid->id);
    event_add(packet, &(struct event){.topic = TOPIC,
                                      .kind = desk_status_names[status],
                                      .owner_id = bid->user_id == 0 ? LEDGER_HOUSE : bid->user_id,
                                      .subject = &bid->uuid,
                                      .payload = payload,
                                      .deliveries = {{.format = TOPIC,
                                                      .url = bid->callback_url,
                                                      .endpoint = row->endpoint}},
                                      .delivery_count = 1});
}

static enum err callback_write(const struct notify_event *event, struct text *out)
{
    struct json_object *payload = json_tokener_parse(event->payload), *id = NULL;
    const char *text =
        json_object_object_get_ex(payload, "bid_id", &id) ? json_object_get_string(id) : NULL;

    text_clear(out);
    if (text != NULL) {
        form_add(out, "bid_id", text, strlen(text));
        form_add(out, "status", event->status, strlen(event->status));
    }
    json_object_put(payload);
    if (text == NULL)
        return ERR_INTERNAL;
    return out->full ? ERR_TOO_LARGE : ERR_OK;
}

enum err desk_start(void)
{
    static const struct format callback = {
        .name = TOPIC,
        .channel = "post",
        .content_type = "application/x-www-form-urlencoded",
        .signers = SIGN_WEBHOOK,
        .ordered = true,
        .write_body = callback_write,
        .acknowledges = format_any_2xx,
        .refusal = "the answer is not a status of 2xx",
        .schedule = {.first_s = RETRY_FIRST_S, .most_s = RETRY_MOST_S},
    };

    return format_find(TOPIC) == &callback ? ERR_OK : format_register(&callback);
}
