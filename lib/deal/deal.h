/* Where desk and checkout meet: a bid that is paid by an order of ours (pay_in checkout).
 *
 * Its order is made with the bid, in the same transaction, for sum1dc and in the name of the merchant in the
 * desk's settings; the bid's uuid is the order's id. The customer pays it whole on its payment page. From
 * then on each follows the other, again in one transaction:
 *
 *     order paid                   bid realpay: sum1dc goes from the merchant's balance to incoming
 *     order cancelled or closed    bid delete
 *     bid ends unpaid              order cancelled
 *     bid ends after the payment   order refunded: back to who paid it
 *
 * The order has no time of its own: the bid's is over, swept or not, when a payment is refused. */
#ifndef DEAL_DEAL_H
#define DEAL_DEAL_H

#include <stdbool.h>

#include "base/id.h"
#include "desk/bid.h"
#include "ledger/audit.h"

/* Makes desk and checkout know each other, once at the start of a process. */
void deal_register(void);

/* The order that is to pay a bid now; false where none is.
 * order  out */
bool deal_order(const struct desk_bid *bid, struct uuid *order);

/* Audit: each such bid has its order, each such order its bid, and both say the same of the money. */
extern const struct audit deal_audit;

#endif
