/* How a bid comes to be. One transaction: a packet that reads the direction, the customer and what was
 * made before under the same name; the decision; a packet that writes and commits. */
#include <string.h>

#include "base/text.h"
#include "desk/store.h"
#include "net/http.h"

/* A new bid on its way into the database. */
struct creation {
    const struct desk_wish *wish;
    const char *trace;
    struct desk_problems *problems;
    struct desk_bid_name name; /* of the bid that came of it, or was there before */
    struct uuid uuid;
    char hash[DESK_HASH_SIZE], callback_url[HTTP_URL_SIZE], endpoint[HTTP_ENDPOINT_SIZE];
    uint8_t digest[SHA256_SIZE];
    struct bid_offer offer;
};

static bool is_given(const char *text)
{
    return text != NULL && text[0] != '\0';
}

static bool needs_user(const struct desk_bid *bid)
{
    return strcmp(bid->pay_in, "balance") == 0 || strcmp(bid->pay_out, "balance") == 0;
}

static bool is_done_at_once(const struct desk_bid *bid)
{
    return strcmp(bid->pay_in, "balance") == 0 && strcmp(bid->pay_out, "balance") == 0;
}

/* Whether the direction is to be had by that caller. */
static enum err check_direction(const struct desk_board *board,
                                const struct desk_direction *direction,
                                const struct desk_wish *wish)
{
    if (board->maintenance)
        return ERR_DESK_MAINTENANCE;
    if (direction->state != DESK_ON || !direction->give->give_on || !direction->get->get_on)
        return ERR_DESK_DIRECTION_OFF;
    return desk_is_shown(direction, wish->access) ? ERR_OK : ERR_DESK_DIRECTION_API;
}

/* Puts what is asked for into the bid that was read with its direction. */
static void fill(struct creation *creation, const struct desk_sums *sums)
{
    const struct desk_wish *wish = creation->wish;
    struct bid_row *row = &creation->offer.row;
    struct desk_bid *bid = &row->bid;

    bid->uuid = creation->uuid;
    memcpy(bid->hash, creation->hash, sizeof(bid->hash));
    bid->direction_id = wish->direction_id;
    bid->key_id = wish->key_id;
    bid->user_id = wish->user_id;
    bid->sum1 = sums->sum1;
    bid->sum1dc = sums->sum1dc;
    bid->sum1c = sums->sum1c;
    bid->sum2 = sums->sum2;
    bid->sum2dc = sums->sum2dc;
    bid->sum2c = sums->sum2c;
    bid->rounding = sums->rounding;
    rate_format(sums->course_give, bid->course_give);
    rate_format(sums->course_get, bid->course_get);
    text_copy(bid->api_id, sizeof(bid->api_id), wish->api_id);
    text_copy(bid->account1, sizeof(bid->account1), wish->account1);
    text_copy(bid->account2, sizeof(bid->account2), wish->account2);
    text_copy(bid->callback_url, sizeof(bid->callback_url), creation->callback_url);
    text_copy(row->endpoint, sizeof(row->endpoint), creation->endpoint);
    text_copy(bid->language, sizeof(bid->language), wish->language);
    text_copy(bid->ip, sizeof(bid->ip), wish->ip);
    text_copy(bid->user_hash, sizeof(bid->user_hash), wish->user_hash);
    row->hold_ref = crypto_uuid7();
    bid->status = is_done_at_once(bid) ? DESK_STATUS_success : DESK_STATUS_new;
    bid->stage = desk_status_stage(bid->status);
    bid->turn = bid->status == DESK_STATUS_success ? 3 : 2;
}

/* Whether there is enough of what the bid takes. The ledger refuses in any case what is not there. */
static enum err check_cover(const struct bid_row *row, const struct desk_direction *direction)
{
    if (direction->reserve < row->bid.sum2.units)
        return ERR_DESK_RESERVE;
    return is_done_at_once(&row->bid) && row->own_free < row->bid.sum1dc.units
               ? ERR_INSUFFICIENT_FUNDS
               : ERR_OK;
}

/* The money, once the bid is in the packet. */
static enum err add_money(struct db *db, struct db_packet *packet, struct creation *creation)
{
    struct bid_row *row = &creation->offer.row;
    bool done = row->bid.stage == DESK_STAGE_DONE;

    if (done)
        reward_count(packet, row);
    enum err rc = bid_book(db, packet, row, DESK_STAGE_NONE, row->bid.stage, creation->trace);
    if (rc == ERR_OK && done)
        rc = reward_post(db, packet, row, creation->trace);
    if (rc == ERR_OK && done)
        bid_tell(packet, row, row->bid.status);
    return rc;
}

/* A bid that is done at once tells its number to its callback, so that it has to be known. */
static enum err take_number(struct db *db, struct db_packet *packet, struct bid_row *row)
{
    struct db_rows rows = {0};

    db_packet_add(packet, "SELECT @desk_bid", DB_NO_ARGS);
    enum err rc = db_packet_run(db, packet, &rows, 1);
    if (rc == ERR_OK)
        rc = db_next(&rows) ? ERR_OK : ERR_INTERNAL;
    if (rc == ERR_OK)
        row->bid.id = db_get_i64(&rows, 0);
    db_rows_free(&rows);
    *packet = DB_PACKET(DESK_PACKET_MAX);
    return rc;
}

static enum err write_in(struct db *db, struct creation *creation, const struct text *fields)
{
    struct bid_row *row = &creation->offer.row;
    struct db_packet packet = DB_PACKET(DESK_PACKET_MAX);
    enum err rc = ERR_OK;

    if (row->bid.stage == DESK_STAGE_DONE)
        rc = reward_decide(row, true);
    if (rc == ERR_OK) {
        bid_store_add(&packet, row, creation->digest, text_string(fields));
        bid_store_begin(&packet, row);
        visit_of_bid(&packet, creation->wish, row->bid.partner_id);
        if (row->bid.stage == DESK_STAGE_DONE)
            rc = take_number(db, &packet, row);
    }
    if (rc == ERR_OK)
        rc = add_money(db, &packet, creation);
    if (rc == ERR_OK && bid_by_order(&row->bid)) {
        rc = db_packet_run(db, &packet, NULL, 0);
        if (rc == ERR_OK)
            rc = bid_open_order(db, row, creation->trace);
    } else if (rc == ERR_OK) {
        rc = db_packet_commit(db, &packet, NULL, 0);
    }
    db_packet_free(&packet);
    return rc;
}

/* The bid that was made before under the same name; ERR_NOT_FOUND where there is none. */
static enum err find_before(struct creation *creation)
{
    const struct bid_offer *offer = &creation->offer;

    if (!is_given(creation->wish->api_id) || offer->before == 0)
        return ERR_NOT_FOUND;
    if (!crypto_equal(offer->before_digest, creation->digest, SHA256_SIZE))
        return ERR_DESK_API_ID;
    creation->name = (struct desk_bid_name){.id = offer->before};
    return ERR_OK;
}

static enum err decide(struct db *db, struct creation *creation, const struct desk_board *board,
                       struct text *fields)
{
    const struct desk_direction *direction = desk_direction_of(board, creation->wish->direction_id);
    struct desk_sums sums = {0};

    if (direction == NULL)
        return ERR_DESK_DIRECTION;
    enum err checked = wish_check(direction, creation->wish, &sums, creation->problems, fields);
    wish_digest(creation->wish, fields, creation->digest);
    enum err rc = find_before(creation);
    if (rc != ERR_NOT_FOUND)
        return rc; /* whatever has become of the direction meanwhile */
    rc = check_direction(board, direction, creation->wish);
    if (rc == ERR_OK && bid_by_order(&creation->offer.row.bid) &&
        creation->offer.row.bid.merchant_id == 0)
        rc = ERR_DESK_DIRECTION_OFF;
    if (rc == ERR_OK)
        rc = checked;
    if (rc == ERR_OK && needs_user(&creation->offer.row.bid) && creation->wish->user_id == 0)
        rc = ERR_KEY_INVALID;
    if (rc != ERR_OK)
        return rc;
    fill(creation, &sums);
    rc = check_cover(&creation->offer.row, direction);
    return rc == ERR_OK ? write_in(db, creation, fields) : rc;
}

static enum err create_in(struct db *db, void *arg)
{
    struct creation *creation = arg;
    struct board *board = NULL;
    struct text fields = TEXT(DESK_FIELDS_TEXT_MAX);

    creation->offer = (struct bid_offer){0};
    creation->name = (struct desk_bid_name){.hash = creation->hash};
    enum err rc = bid_store_offer(db, creation->wish, &creation->offer, &board);
    if (rc == ERR_OK)
        rc = decide(db, creation, &board->shown, &fields);
    board_free(board);
    text_free(&fields);
    return rc;
}

static enum err check_texts(struct creation *creation)
{
    const struct desk_wish *wish = creation->wish;

    creation->callback_url[0] = creation->endpoint[0] = '\0';
    if (is_given(wish->api_id)) {
        size_t len = strlen(wish->api_id);
        if (!text_is_utf8(wish->api_id, len))
            return ERR_NOT_UTF8;
        if (text_utf8_length(wish->api_id, len) > DESK_API_ID_MAX)
            return ERR_TOO_LONG;
    }
    if (!is_given(wish->callback_url))
        return ERR_OK;
    enum err rc = http_url_ascii(wish->callback_url, creation->callback_url);
    if (rc == ERR_OK)
        rc = http_url_check(creation->callback_url, creation->endpoint);
    return rc == ERR_OK || rc == ERR_NO_MEMORY ? rc : ERR_URL;
}

enum err desk_bid_create(struct db *db, const struct desk_wish *wish, const char *trace,
                         struct desk_problems *problems, struct desk_bid *out)
{
    struct creation creation = {
        .wish = wish, .trace = trace, .problems = problems, .uuid = crypto_uuid7()};
    bool resent = false;

    problems->count = 0;
    enum err rc = check_texts(&creation);
    if (rc != ERR_OK)
        return rc;
    random_word(creation.hash, sizeof(creation.hash));
    rc = db_txn(db, create_in, &creation, &resent);
    /* Somebody was faster: the same request at the same time, or this one before its answer was lost. */
    if (rc == ERR_REPLAYED) {
        creation.name = (struct desk_bid_name){.hash = creation.hash};
        if (desk_bid_view(db, &creation.name, out) == ERR_OK)
            return ERR_OK;
        rc = db_txn(db, create_in, &creation, &resent);
    }
    /* The ledger refused: what was read had become less meanwhile. */
    if (rc == ERR_INSUFFICIENT_FUNDS && !is_done_at_once(&creation.offer.row.bid))
        rc = ERR_DESK_RESERVE;
    return rc == ERR_OK ? desk_bid_view(db, &creation.name, out) : rc;
}
