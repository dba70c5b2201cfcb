/* Pieces of SQL about payouts for the statements of others, which thereby name no table of ours. */
#ifndef PAYOUT_SQL_H
#define PAYOUT_SQL_H

/* Payouts, for the stream, which tells of them, to be named as a table: the server merges it into the statement
 * around. */
#define PAYOUT_SQL_PAYOUTS "(SELECT id, uuid, user_id, reference FROM payout)"

#endif
