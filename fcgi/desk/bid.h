/* How the user API writes bids. */
#ifndef FCGI_DESK_BID_H
#define FCGI_DESK_BID_H

#include "desk/bid.h"
#include "fcgi/desk/face.h"

/* What the list calls take. */
struct desk_list_params {
    const char *start_time, *end_time, *ip, *id, *hash, *api_id, *status_history, *limit, *offset;
};

/* Answers {"items":[...]}, or [] where there are none: newest change first, each with the statuses that it
 * had where they are asked for.
 * filter      key_id or partner_id set
 * by_partner  without api_id, with the affiliate's reward */
MUST_USE enum err desk_list_bids(struct request *request, struct reply *reply,
                                 const struct desk_list_params *params,
                                 struct desk_bid_filter *filter, bool by_partner);

/* The page of a list that `limit` asks for: as much as one may have. */
int64_t desk_limit(const char *text);

/* Members time and date of a moment. */
void desk_add_moment(struct writer *json, int64_t at);

#endif
