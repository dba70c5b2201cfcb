/* Pieces of SQL about the desk for the statements of others, which thereby name no table of ours. */
#ifndef DESK_SQL_H
#define DESK_SQL_H

/* Bids that are paid by an order, to be named as a table: currency_id is of what is given. */
#define DESK_SQL_BIDS_BY_ORDER                                                                  \
    "(SELECT b.id, b.uuid, b.stage, b.sum1dc, b.merchant_id, s.currency_id FROM desk_bid AS b " \
    "JOIN desk_system AS s ON s.id = b.give_id WHERE b.pay_in = 'checkout')"

#endif
