/* What the files of this folder share: the SQL of ticket_store.c, which is what a change reads under
 * its lock and the statements that it writes, without any rule. */
#ifndef TICKET_STORE_H
#define TICKET_STORE_H

#include "db/packet.h"
#include "ledger/limit.h"
#include "ledger/post.h"
#include "ticket/ticket.h"

#define TICKET_PACKET_MAX (4 << 20) /* bytes of the statements of one change */
#define TICKET_INFO_SIZE 2400       /* bytes of a line of history that we put together */
#define TICKET_HOLD "ticket"        /* kind of a ticket's hold, and of its use of limits */

/* Why a ticket of that status is not open any more. */
enum err ticket_closed_because(const char *status);

/* A ticket with what its rules look at. */
struct ticket_row {
    struct ticket ticket; /* first: the same columns fill one alone */
    char customer[257];   /* login */
    int64_t partner_user_id;
    uint8_t key_hash[SHA256_SIZE];
    uint64_t wrong_keys;                        /* presented since the last pause */
    int64_t wrong_key_age;                      /* seconds since the last of them */
    int64_t held, available, partner_available; /* account.id; 0 = none */
    char now[27];                               /* DATETIME(6), UTC */
    int64_t now_s;                              /* the same in unix seconds */
};

/* What a new ticket depends on. */
struct ticket_offer {
    int64_t partner_user_id;
    char partner_name[257];
    char partner_url[513];
    bool verified_only;
    char level[8]; /* of the customer */
    bool otp_required;
    bool currency_enabled;
    bool posted;             /* this request was processed before */
    int64_t ttl_s;           /* until an unsettled ticket expires */
    int64_t available, held; /* account.id; 0 = none */
    __int128 free;           /* what the customer may spend */
    char now[27];            /* DATETIME(6), UTC */
    int64_t now_s;           /* the same in unix seconds */
};

/* Reads what a new ticket depends on. ERR_PARTNER_UNKNOWN where no enabled partner has that id. */
MUST_USE enum err ticket_store_offer(struct db *db, const struct actor *actor,
                                     const struct ticket_request *order,
                                     const struct ledger_use *use, struct ticket_offer *out,
                                     struct ledger_limits *limits);

/* Reads a ticket, and locks it where a transaction is open. ERR_TICKET_UNKNOWN. */
MUST_USE enum err ticket_store_read(struct db *db, const struct uuid *id, struct ticket_row *out);

/* A ticket of anybody: the caller sees to it that they may. ERR_TICKET_UNKNOWN. */
MUST_USE enum err ticket_store_view(struct db *db, const struct uuid *id, struct ticket *out);

/* The ticket that an earlier request of that user and request key made. ERR_NOT_FOUND. */
MUST_USE enum err ticket_store_by_request(struct db *db, const struct actor *actor,
                                          struct ticket *out);

/* Locks and reads tickets past their time that nobody else is at, at most `limit`.
 * row  called for each */
MUST_USE enum err ticket_store_due(struct db *db, int limit,
                                   void (*row)(void *arg, const struct ticket_row *row), void *arg);

/* Statements for the packet that commits. Those that change a ticket expect it in the status that it
 * was read in. */
void ticket_store_add(struct db_packet *packet, const struct actor *actor,
                      const struct ticket_request *order, const struct uuid *id,
                      const uint8_t key_hash[SHA256_SIZE], const struct ticket_offer *offer);
void ticket_store_settle(struct db_packet *packet, const struct ticket_row *row,
                         const char *description);
/* status  the end that it comes to; an open one past its time ended then
 * reason  NULL leaves it */
void ticket_store_end(struct db_packet *packet, const struct ticket_row *row, const char *status,
                      const char *reason);
void ticket_store_news(struct db_packet *packet, const struct ticket_row *row, const char *status,
                       const char *message);
/* Counts a wrong key, anew after a pause. Some may be presented at the same time. */
MUST_USE enum err ticket_store_wrong_key(struct db *db, const struct uuid *id, int64_t pause_s);

/* True for 1 to TICKET_PARTNER_ID_MAX of a-z A-Z 0-9 . _ - */
bool ticket_partner_id_is_valid(const char *id);

/* Reads tickets, newest first.
 * ids  a subquery that gives their ids as column `id` */
MUST_USE enum err ticket_store_list(struct db *db, const char *ids,
                                    void (*row)(void *arg, const struct ticket *ticket), void *arg);

#endif
