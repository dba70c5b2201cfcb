/* What a direction offers right now, in the figures by which monitoring sites compare it (api/desk
 * A11). */
#ifndef DESK_OFFER_H
#define DESK_OFFER_H

#include "desk/desk.h"

struct desk_offer {
    struct rate give, get;  /* the course, with the margin that holds from `min` on */
    struct amount reserve;  /* what may be got, under the direction's cap */
    struct amount min, max; /* of sum1; min 0: any */
    struct amount min_get;  /* sum2 at `min` */
    struct amount max_get;  /* sum2 at `max`: never more than reserve and limits allow */
    struct desk_fee fee,
        to_fee; /* both fees of a side in one: added to sum1, taken off sum2. A fixed
                                    part has at most a smallest unit more than is charged */
};

/* Works it out.
 * direction  that is on, with the board it belongs to
 * out        out; untouched with an error
 * Errors: ERR_DESK_RESERVE where limits and reserve leave no amount that could be exchanged;
 * ERR_OUT_OF_RANGE as desk_calc. */
MUST_USE enum err desk_offer(const struct desk_direction *direction, struct desk_offer *out);

#endif
