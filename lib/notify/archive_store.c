/* The tries of deliveries that were acknowledged long ago move to delivery_attempt_archive. */
#include "notify/notify.h"

/* A delivery that is replayed afterwards goes on counting: its later tries are beside its delivery. */
const struct archive notify_archive = {
    .name = "tries",
    .last =
        "SELECT COALESCE(MAX(id), 0) FROM (SELECT id FROM delivery WHERE id > ? ORDER BY id LIMIT "
        "?) AS next",
    .copy =
        "INSERT INTO delivery_attempt_archive SELECT a.* FROM delivery AS d JOIN "
        "delivery_attempt AS a ON a.delivery_id = d.id WHERE d.id > ? AND d.id <= ? AND d.state "
        "= 'delivered' AND d.delivered_at < FROM_UNIXTIME(?)",
    .remove = "DELETE a FROM delivery_attempt AS a JOIN delivery_attempt_archive AS b ON "
              "b.delivery_id = a.delivery_id AND b.n = a.n WHERE a.delivery_id > ? AND "
              "a.delivery_id <= ?",
    .count = "SELECT COUNT(*) FROM delivery_attempt_archive WHERE delivery_id > ? AND delivery_id "
             "<= ?",
};
