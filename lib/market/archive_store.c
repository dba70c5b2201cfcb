/* Orders that were cancelled without a fill move to market_order_archive. */
#include "market/market.h"

/* Nothing refers to such an order: no trade does, and what has ended is in no book and no queue. */
const struct archive market_archive = {
    .name = "orders",
    .last =
        "SELECT COALESCE(MAX(id), 0) FROM (SELECT id FROM market_order WHERE id > ? ORDER BY id "
        "LIMIT ?) AS next",
    .copy = "INSERT INTO market_order_archive SELECT o.* FROM market_order AS o WHERE o.id > ? AND "
            "o.id <= ? AND o.status = 'cancelled' AND o.remaining = o.amount AND o.ended_at < "
            "FROM_UNIXTIME(?) AND NOT EXISTS (SELECT 1 FROM trade AS t WHERE t.bid_id = o.id) AND "
            "NOT EXISTS (SELECT 1 FROM trade AS t WHERE t.ask_id = o.id)",
    .remove = "DELETE o FROM market_order AS o JOIN market_order_archive AS a ON a.id = o.id WHERE "
              "o.id > ? AND o.id <= ?",
    .count = "SELECT COUNT(*) FROM market_order_archive WHERE id > ? AND id <= ?",
};
