/* What the files of this folder share: the SQL of payout_store.c, what a change reads under its lock, and how
 * a move is decided and written. */
#ifndef PAYOUT_STORE_H
#define PAYOUT_STORE_H

#include "db/packet.h"
#include "db/statement.h"
#include "ledger/limit.h"
#include "ledger/post.h"
#include "payout/operate.h"

#define PAYOUT_SQL_MAX (1 << 16)    /* bytes of one of our statements with what it names */
#define PAYOUT_PACKET_MAX (4 << 20) /* bytes of the statements of one change */

/* A payout with what its moves look at. */
struct payout_row {
    struct payout payout;
    uint64_t fenced;
    char outside[RAIL_NAME_MAX + 1];
    int64_t held, external, house_fee; /* account.id; 0 = there is none yet */
    bool paused;                       /* its rail */
    char now[27];                      /* DATETIME(6), UTC */
    int64_t now_s;
};

/* A change of state that is asked for. */
struct payout_move {
    int64_t id, user_id; /* user_id 0: whosever it is */
    uint32_t
        from; /* bits of the states from which it may be asked; 0: from any that it follows on */
    enum payout_state to;
    enum payout_who who;
    const char *name;      /* of the operator; "" */
    const char *note;      /* why; "" */
    const char *reference; /* NULL or "": as it is */
    uint64_t confirmations;
    struct amount cost; /* currency NULL: none */
    int64_t retry_s;    /* when it is looked at again */
    bool
        by_hand; /* refused where a program of ours sends on its rail; its reference is said once */
    const struct payout_settled *expected; /* what the payout has to say; NULL: anything */
    const struct uuid *lease; /* to sending: who has to have its rail's lease; NULL: nobody */
    const char *trace;        /* of the request, for the journal */
    struct payout_row row;    /* out, as it is afterwards */
    enum err rc;              /* out: ERR_OK, ERR_PAYOUT_NOT_FOUND, _SENT, _ENDED, _STATE */
};

/* Whether a state may follow on another. */
bool payout_state_follows(enum payout_state from, enum payout_state to);

/* Makes moves in one transaction, each done or refused by itself (move->rc); their payouts are locked in
 * ascending order of id, in which they have to be given. */
MUST_USE enum err payout_moves(struct db *db, struct payout_move *moves, size_t count);

/* The same, all or none: the first that is refused gives the error.
 * place  out, which one that was */
MUST_USE enum err payout_moves_all(struct db *db, struct payout_move *moves, size_t count,
                                   size_t *place);

/* One move: its own error. */
MUST_USE enum err payout_move(struct db *db, struct payout_move *move);

/* The two halves of a move of move->row, which is locked, for who writes more with it. The decision gives
 * move->rc; where that is ERR_OK the other adds the statements. */
void payout_move_decide(struct payout_move *move);
MUST_USE enum err payout_move_write(struct db *db, struct db_packet *packet,
                                    struct payout_move *move);

/* Calls what the service of a payout has registered. */
void payout_tell(struct db_packet *packet, const struct payout *payout);

/* Adds the statement of a new state in a payout's history. */
void payout_store_history(struct db_packet *packet, int64_t id, uint64_t turn, const char *at,
                          const struct payout_move *move);

/* Adds the record of what an operator did to a payout: states, or words like them. */
void payout_store_record(struct db_packet *packet, const char *who, int64_t id, const char *was,
                         const char *became, const char *reference, const char *note);

/* Reads a payout, and locks it where a transaction is open. ERR_PAYOUT_NOT_FOUND. */
MUST_USE enum err payout_store_read(struct db *db, int64_t id, struct payout_row *out);

/* Locks and reads those of a list of ids, in ascending order.
 * ids  SQL: "1, 17"
 * row  called for each */
MUST_USE enum err payout_store_lock(struct db *db, const char *ids,
                                    void (*row)(void *arg, const struct payout_row *row),
                                    void *arg);

/* SELECT and FROM of payouts `p` as they are shown, and the next of its rows; false after the last.
 * hint  behind the table: "FORCE INDEX (due)"; "" */
void payout_store_select(struct text *sql, const char *hint);
bool payout_store_next(struct db_rows *rows, struct payout *out);

/* The statements that tell of a payout as it is: its event, behind the other statements of a packet, and the
 * live stream. */
void payout_store_event(struct db_packet *packet, const struct payout *payout);
void payout_store_stream(struct db_packet *packet, const struct payout *payout);

/* What a new payout depends on. */
struct payout_offer {
    bool rail_there, asset_there;
    char kind[10];
    bool paused, withdrawals, memo_needed;
    uint64_t decimals;
    __int128 min_withdrawal, fee; /* smallest units of the currency */
    bool currency_enabled;
    int64_t account, held; /* account.id; 0 = none */
    __int128 free;         /* what of `account` may be spent */
    int64_t to_account;    /* internal: of who gets it */
    char now[27];          /* DATETIME(6), UTC */
    int64_t now_s;
};

/* A rule of the operators, with what it looks at. */
struct payout_rule_row {
    int64_t id;
    char kind[12];
    bool by_amount, by_times;
    __int128 amount;
    uint64_t times;
    uint64_t approvals;
    bool fresh;      /* nothing was paid to that address yet */
    uint64_t before; /* payouts within its time */
    __int128 spent;  /* by them, in the currency */
};

/* Whether a rule holds for a payout of so much. */
bool payout_rule_holds(const struct payout_rule_row *rule, __int128 total);

/* Reads, in one packet that begins with the lock on the limits: the limits, what it depends on, the payout of
 * that name, and the rules. Locks what is counted of the limits.
 * address  in the rail's spelling
 * rules    called for each that may hold
 * before   out; before->id 0: there is none */
MUST_USE enum err payout_store_offer(struct db *db, const struct payout_request *request,
                                     const char *address, int64_t to_user_id,
                                     const struct ledger_use *use, struct ledger_limits *limits,
                                     struct payout_offer *offer, struct payout *before,
                                     void (*rule)(void *arg, const struct payout_rule_row *rule),
                                     void *arg);

/* Adds a new payout as it is; its id is then @payout. */
void payout_store_add(struct db_packet *packet, const struct payout *payout, const char *now);

#endif
