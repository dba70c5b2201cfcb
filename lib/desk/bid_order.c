/* Bids that are paid by an order: what the order's maker is told, and what becomes of a bid with its order. */
#include <string.h>

#include "desk/store.h"

static const struct desk_checkout *orders;

void desk_checkout_register(const struct desk_checkout *checkout)
{
    orders = checkout;
}

bool bid_by_order(const struct desk_bid *bid)
{
    return strcmp(bid->pay_in, "checkout") == 0;
}

enum err bid_open_order(struct db *db, const struct bid_row *row, const char *trace)
{
    if (!bid_by_order(&row->bid))
        return ERR_OK;
    return orders == NULL ? ERR_INTERNAL : orders->open(db, &row->bid, trace);
}

enum err bid_end_order(struct db *db, const struct bid_row *row, enum desk_stage from,
                       const char *trace)
{
    if (!bid_by_order(&row->bid) || from == DESK_STAGE_NONE || row->bid.stage != DESK_STAGE_NONE)
        return ERR_OK;
    return orders == NULL ? ERR_INTERNAL
                          : orders->end(db, &row->bid, from >= DESK_STAGE_PAID, trace);
}

/* Follows an order that is locked. */
static enum err follow_in(struct db *db, const struct uuid *uuid, enum desk_status to,
                          const char *trace)
{
    const struct desk_bid_name name = {.uuid = uuid};
    struct db_packet packet = DB_PACKET(DESK_PACKET_MAX);
    struct bid_row row = {0};

    enum err rc = bid_store_lock(db, &name, &row);
    if (rc == ERR_OK && row.due && to == DESK_STATUS_delete)
        rc = bid_add_expiry(db, &packet, &row);
    else if (rc == ERR_OK && !desk_status_may(DESK_PAYMENT, row.bid.status, to))
        rc = ERR_DESK_ACTION;
    else if (rc == ERR_OK)
        rc = bid_add_turn(db, &packet, &row, to, DESK_PAYMENT, NULL, trace, row.now);
    if (rc == ERR_OK)
        rc = db_packet_run(db, &packet, NULL, 0);
    db_packet_free(&packet);
    return rc;
}

enum err desk_bid_paid_in(struct db *db, const struct uuid *uuid, const char *trace)
{
    return follow_in(db, uuid, DESK_STATUS_realpay, trace);
}

enum err desk_bid_unpaid_in(struct db *db, const struct uuid *uuid, const char *trace)
{
    return follow_in(db, uuid, DESK_STATUS_delete, trace);
}
