/* Lists of bids, with the statuses that each had (api desk, A5: get_exchanges, get_partner_exchanges). */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "fcgi/desk/bid.h"

/* A status that a bid had. */
struct past {
    int64_t bid_id, at;
    enum desk_status status;
};

/* A list while it is collected: it is written once all of it is known. */
struct list {
    struct desk_bid *bids;
    struct past *pasts;
    size_t bid_count, bid_room, past_count, past_room;
    bool failed; /* no memory */
};

/* Makes room for one more. */
static void *grow(struct list *list, void *items, size_t count, size_t *room, size_t size)
{
    if (count < *room)
        return items;
    size_t wanted = *room == 0 ? 16 : 2 * *room;
    void *more = realloc(items, wanted * size);
    if (more == NULL) {
        list->failed = true;
        return items;
    }
    *room = wanted;
    return more;
}

static void keep_bid(void *arg, const struct desk_bid *bid)
{
    struct list *list = arg;
    list->bids = grow(list, list->bids, list->bid_count, &list->bid_room, sizeof(*bid));
    if (!list->failed)
        list->bids[list->bid_count++] = *bid;
}

static void keep_past(void *arg, int64_t bid_id, int64_t at, enum desk_status status,
                      enum desk_who who, const char *note)
{
    struct list *list = arg;
    (void)who;
    (void)note;
    list->pasts = grow(list, list->pasts, list->past_count, &list->past_room, sizeof(*list->pasts));
    if (!list->failed)
        list->pasts[list->past_count++] = (struct past){bid_id, at, status};
}

static enum err read_pasts(struct request *request, struct list *list)
{
    int64_t *ids = request_alloc(request, (list->bid_count + 1) * sizeof(*ids));
    if (ids == NULL)
        return ERR_NO_MEMORY;
    for (size_t i = 0; i < list->bid_count; i++)
        ids[i] = list->bids[i].id;
    return desk_bid_history(request->db, ids, list->bid_count, keep_past, list);
}

void desk_add_moment(struct writer *json, int64_t at)
{
    char date[CLOCK_TEXT_SIZE];
    clock_format(at, date);
    writer_int(json, "time", at);
    writer_text(json, "date", date);
}

static void write_pasts(const struct list *list, int64_t bid_id, struct writer *json)
{
    writer_list(json, "statuses");
    for (size_t i = 0; i < list->past_count; i++) {
        const struct past *past = &list->pasts[i];
        if (past->bid_id != bid_id)
            continue;
        writer_object(json, NULL);
        desk_add_moment(json, past->at);
        writer_text(json, "status", desk_status_names[past->status]);
        writer_end(json);
    }
    writer_end(json);
}

static void write_reward(const struct desk_bid *bid, struct writer *json)
{
    bool accrued = bid->reward.currency != NULL && bid->reward.units > 0;
    writer_int(json, "accrued", accrued ? 1 : 0);
    if (accrued)
        writer_short(json, "partner_reward", bid->reward);
    else
        writer_text(json, "partner_reward", "0");
}

static void write_item(const struct desk_bid *bid, bool by_partner, struct writer *json)
{
    writer_digits(json, "id", bid->id);
    if (!by_partner)
        writer_text(json, "api_id", bid->api_id);
    desk_add_moment(json, bid->changed);
    writer_text(json, "psys_give", bid->give_name);
    writer_text(json, "psys_get", bid->get_name);
    writer_text(json, "currency_code_give", bid->sum1.currency->code);
    writer_text(json, "currency_code_get", bid->sum2.currency->code);
    writer_text(json, "course_give", bid->course_give);
    writer_text(json, "course_get", bid->course_get);
    writer_short(json, "amount_give", bid->sum1dc);
    writer_short(json, "amount_get", bid->sum2c);
    writer_int(json, "exchange_success", bid->status == DESK_STATUS_success ? 1 : 0);
    if (by_partner)
        write_reward(bid, json);
    writer_text(json, "user_hash", bid->user_hash);
    writer_text(json, "user_ip", bid->ip);
    writer_text(json, "status", desk_status_names[bid->status]);
    writer_text(json, "hash", bid->hash);
}

static void write_list(const struct list *list, bool by_partner, bool with_pasts,
                       struct writer *json)
{
    writer_object(json, NULL);
    if (list->bid_count > 0)
        writer_list(json, "items");
    for (size_t i = 0; i < list->bid_count; i++) {
        writer_object(json, NULL);
        write_item(&list->bids[i], by_partner, json);
        if (with_pasts)
            write_pasts(list, list->bids[i].id, json);
        writer_end(json);
    }
    if (list->bid_count > 0)
        writer_end(json);
    writer_end(json);
}

int64_t desk_limit(const char *text)
{
    uint64_t limit = desk_number(text);
    return limit == 0 ? DESK_LIST_DEFAULT : limit > DESK_LIST_MAX ? DESK_LIST_MAX : (int64_t)limit;
}

/* Ids parted by commas; one that is none matches no bid. */
static size_t read_ids(const char *text, int64_t out[DESK_LIST_MAX])
{
    size_t count = 0;
    while (*text != '\0' && count < DESK_LIST_MAX) {
        char digits[24];
        size_t len = strcspn(text, ",");
        text_copy(digits, len + 1 < sizeof(digits) ? len + 1 : sizeof(digits), text);
        out[count++] = (int64_t)desk_number(digits);
        text += len;
        text += *text == ',';
    }
    return count;
}

enum err desk_list_bids(struct request *request, struct reply *reply,
                        const struct desk_list_params *params, struct desk_bid_filter *filter,
                        bool by_partner)
{
    struct list list = {.bids = NULL};
    int64_t *ids = request_alloc(request, DESK_LIST_MAX * sizeof(*ids));
    bool with_pasts = desk_number(params->status_history) == 1;

    if (ids == NULL)
        return ERR_NO_MEMORY;
    filter->since = desk_moment(params->start_time);
    filter->until = desk_moment(params->end_time);
    filter->ip = params->ip;
    filter->hash = params->hash;
    filter->api_id = params->api_id;
    filter->ids = params->id == NULL ? NULL : ids;
    filter->id_count = params->id == NULL ? 0 : read_ids(params->id, ids);
    filter->limit = desk_limit(params->limit);
    filter->offset = (int64_t)desk_number(params->offset);
    enum err rc = desk_bid_list(request->db, filter, keep_bid, &list);
    if (rc == ERR_OK && with_pasts && list.bid_count > 0)
        rc = read_pasts(request, &list);
    if (rc == ERR_OK && list.failed)
        rc = ERR_NO_MEMORY;
    if (rc == ERR_OK)
        write_list(&list, by_partner, with_pasts, &reply->writer);
    free(list.bids);
    free(list.pasts);
    return rc;
}
