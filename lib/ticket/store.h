/* The tickets' SQL, for ticket.c alone. Each call is one packet and one transaction. */
#ifndef TICKET_STORE_H
#define TICKET_STORE_H

#include "ticket/ticket.h"

/* What a partner presents: the ticket and the SHA-256 of the key, compared blinded by random bytes,
 * so that the time taken tells nothing about the stored one. */
struct ticket_proof {
    struct uuid id;
    uint8_t key_hash[SHA256_SIZE];
    uint8_t blind[16];
};

/* Holds the amount and stores the ticket.
 * id        the new ticket's
 * key_hash  SHA-256 of its key
 * out       out, url, created and expires; the rest is the caller's to fill
 * resent    out, as for db_txn_call: an ERR_REPLAYED may then be one's own
 * Returns what procedure ticket_create signals. */
MUST_USE enum err ticket_store_create(struct db *db, const struct actor *actor,
                                      const struct ticket_request *order, const struct uuid *id,
                                      const uint8_t key_hash[SHA256_SIZE],
                                      struct ticket_created *out, bool *resent);

/* The ticket that an earlier request of that user and request key made. Returns ERR_NOT_FOUND. */
MUST_USE enum err ticket_store_by_request(struct db *db, const struct actor *actor,
                                          struct ticket *out);

/* A ticket of anybody: the caller sees to it that they may. Returns ERR_TICKET_UNKNOWN. */
MUST_USE enum err ticket_store_view(struct db *db, const struct uuid *id, struct ticket *out);

/* The changes of state and the partner's look, each the procedure of that name.
 * actor   who asks, and the name of the request
 * proof   the ticket and its key as the partner presents it
 * status  of ticket_store_update: the next one, or NULL to keep it
 * out     out, the ticket as it is afterwards
 * resent  out, as for db_txn_call
 * Returns what the procedure signals: ERR_TICKET_UNKNOWN, ERR_TICKET_KEY, ERR_TOO_MANY_ATTEMPTS,
 * ERR_TICKET_<state>, ERR_REPLAYED. */
MUST_USE enum err ticket_store_cancel(struct db *db, const struct actor *actor,
                                      const struct uuid *id, struct ticket *out, bool *resent);
MUST_USE enum err ticket_store_info(struct db *db, int64_t user_id,
                                    const struct ticket_proof *proof, struct ticket *out);
MUST_USE enum err ticket_store_settle(struct db *db, const struct actor *actor,
                                      const struct ticket_proof *proof, const char *description,
                                      struct ticket *out, bool *resent);
MUST_USE enum err ticket_store_update(struct db *db, const struct actor *actor,
                                      const struct ticket_proof *proof, const char *message,
                                      const char *status, struct ticket *out, bool *resent);
MUST_USE enum err ticket_store_reject(struct db *db, const struct actor *actor,
                                      const struct ticket_proof *proof, const char *reason,
                                      struct ticket *out, bool *resent);
MUST_USE enum err ticket_store_refund(struct db *db, const struct actor *actor,
                                      const struct ticket_proof *proof, const char *reason,
                                      struct ticket *out, bool *resent);

/* True for 1 to TICKET_PARTNER_ID_MAX of a-z A-Z 0-9 . _ - */
bool ticket_partner_id_is_valid(const char *id);

/* Counts a wrong key that was presented for a ticket. */
MUST_USE enum err ticket_store_wrong_key(struct db *db, const struct uuid *id);

#endif
