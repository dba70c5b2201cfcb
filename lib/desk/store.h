/* What the files of this folder share: how a board is read, and the SQL of bids without any rule. */
#ifndef DESK_STORE_H
#define DESK_STORE_H

#include "crypto/crypto.h"
#include "db/packet.h"
#include "desk/bid.h"
#include "desk/desk.h"
#include "ledger/post.h"

#define DESK_SQL_MAX (1 << 16)    /* bytes of one of our statements with what it names */
#define DESK_PACKET_MAX (4 << 20) /* bytes of the statements of one change */
#define DESK_HOLD "desk"          /* kind of a bid's hold */

/* Whether the time of bid `b` is over though it was not swept. */
#define DESK_SQL_DUE "(b.stage = 'held' AND b.expires_at <= NOW(6))"

/* A text of the desk, as read. */
struct desk_words {
    enum desk_text_of of;
    uint64_t of_id;
    char name[25], language[DESK_LANGUAGE_SIZE];
    char *words; /* owned */
};

/* A board with what is behind it. */
struct board {
    struct desk_board shown; /* first: desk_board_give is given this */
    unsigned users;
    struct desk_system *systems;
    struct desk_direction *directions;
    struct desk_field *fields; /* of all directions, one behind the other */
    struct desk_words *texts;  /* sorted */
    size_t text_count, field_count;
};

/* Reads all, outside of a transaction.
 * out  owned by the caller: board_free */
MUST_USE enum err board_read(struct db *db, struct board **out);
void board_free(struct board *board);

/* The same of one direction with what it needs and without texts, for a packet that reads more: the
 * SELECTs, and what is made of their rows. */
#define BOARD_RESULTS 6
void board_ask(struct db_packet *packet, uint64_t direction_id);
MUST_USE enum err board_make(struct db_rows rows[BOARD_RESULTS], struct board **out);

/* What an affiliate's reward for a bid depends on. */
struct reward_terms {
    bool on; /* there is an affiliate, who is rewarded for this direction */
    const struct currency *currency;
    char base[7];                          /* profit, sum */
    char mode[8];                          /* percent, off, fixed */
    char own[16], level[16];               /* percent: the affiliate's own, by turnover; "" none */
    char percent[16], percent_max[16];     /* of the direction; "" none */
    __int128 fixed, least, most, smallest; /* smallest units; least and most below zero: none */
    char profit_of[5];                     /* give, get */
    __int128 profit_fixed;
    char profit_percent[16];
    char worth_give[41], worth_give_in[41]; /* so much of what is given is worth so much; "" none */
    char worth_get[41], worth_get_in[41];
};

/* A bid with what its rules look at. Accounts: account.id, 0 = there is none yet. */
struct bid_row {
    struct desk_bid bid;                     /* first */
    char status[DESK_STATUS_SIZE], stage[5]; /* as written: due or not */
    bool due;                                /* its time is over, but it was not swept */
    char expires[27];                        /* DATETIME(6), UTC; "" never */
    const struct currency *give_currency, *get_currency, *reward_currency;
    bool has_worth;
    __int128 worth;
    struct uuid hold_ref;
    char endpoint[301];
    char give_rail[33], get_rail[33];
    int64_t reserve_give, reserve_get, held, incoming; /* of the house */
    int64_t external_give, external_get, profit_give, profit_get, rounding;
    int64_t own_give, own_get;      /* of the customer */
    __int128 own_free;              /* what of own_give may be spent */
    __int128 reserve;               /* of what is got */
    int64_t reward_from, reward_to; /* house's profit, affiliate */
    struct reward_terms reward;
    struct amount credit; /* decided: to the affiliate; below zero: back */
    __int128 turnover;    /* decided: to the affiliate's turnover */
    char now[27];         /* DATETIME(6), UTC */
};

/* SELECT and FROM of bids `b` as they are shown, and the next of its rows; false after the last. */
void bid_store_select(struct text *sql);
bool bid_store_next(struct db_rows *rows, struct desk_bid *out);

/* Locks a bid and reads it: ERR_DESK_BID. */
MUST_USE enum err bid_store_lock(struct db *db, const struct desk_bid_name *name,
                                 struct bid_row *out);

/* Locks and reads bids past their time that nobody else is at, at most `limit`. */
MUST_USE enum err bid_store_due(struct db *db, int limit,
                                void (*row)(void *arg, const struct bid_row *row), void *arg);

/* What a new bid depends on beside its direction. */
struct bid_offer {
    int64_t before; /* the bid that this key made with that api_id; 0 = none */
    uint8_t before_digest[SHA256_SIZE];
    struct bid_row row; /* accounts, rails, reserve, reward and now, as of a bid */
    int64_t partner_id; /* who is rewarded; 0 = nobody */
};

/* Reads it in one packet with the direction, in the transaction that is open. ERR_DESK_DIRECTION. */
MUST_USE enum err bid_store_offer(struct db *db, const struct desk_wish *wish,
                                  struct bid_offer *offer, struct board **board);

/* Statements for the packet that commits. The new bid's id is @desk_bid. */
void bid_store_add(struct db_packet *packet, const struct bid_row *row,
                   const uint8_t digest[SHA256_SIZE], const char *fields);
/* A status more; expects the bid as it was read.
 * at   DATETIME(6) */
void bid_store_turn(struct db_packet *packet, const struct bid_row *row, enum desk_status status,
                    enum desk_who who, const char *note, const char *at);
/* The history of a new bid: auto, and then what it is. */
void bid_store_begin(struct db_packet *packet, const struct bid_row *row);

/* Adds the postings that lie between two stages to a packet. Accounts that are missing are opened.
 * row  its hold_ref names the hold that is open, or the one to be opened */
MUST_USE enum err bid_book(struct db *db, struct db_packet *packet, struct bid_row *row,
                           enum desk_stage from, enum desk_stage to, const char *trace);

/* Decides what the affiliate is to have for a bid that comes to be done, or has to give back for one
 * that is done no longer: the bid's reward and worth afterwards, and what is booked for it. */
MUST_USE enum err reward_decide(struct bid_row *row, bool done);

/* Adds what was decided to a packet: the affiliate's turnover, and the journal. */
void reward_count(struct db_packet *packet, const struct bid_row *row);
MUST_USE enum err reward_post(struct db *db, struct db_packet *packet, struct bid_row *row,
                              const char *trace);

/* What is wrong with a wish, but for its direction; `fields` gets the fields that count, as JSON.
 * ERR_DESK_FIELDS. */
MUST_USE enum err wish_check(const struct desk_direction *direction, const struct desk_wish *wish,
                             struct desk_sums *sums, struct desk_problems *problems,
                             struct text *fields);

/* SHA-256 of all that is asked for. */
void wish_digest(const struct desk_wish *wish, const struct text *fields, uint8_t out[SHA256_SIZE]);

/* Letters and digits at random: size - 1 of them, and a NUL. */
void random_word(char *out, size_t size);

/* Whether a text may be a hash, a login or a key: 32 letters and digits. */
bool is_random_word(const char *text);

/* Whether a column of addresses can hold it: it is ASCII. True for NULL. */
bool is_ascii(const char *text);

/* Brings a span of unix seconds to what the database can compare: false where nothing lies in it.
 * since, until  0: open */
bool span_fits(int64_t *since, int64_t *until);

/* The page of a list: limit within DESK_LIST_MAX, DESK_LIST_DEFAULT where none is named. */
int64_t list_limit(int64_t limit);
int64_t list_offset(int64_t offset);

/* Makes this process forget a key; others do so within DESK_KEY_AGE_MS. */
void key_forget(const char *login);

/* The record of what an operator, or the owner of a key, did: who, what, which one, and JSON of before and
 * after, NULL where there was none or is none. */
void change_add(struct db_packet *packet, const char *who, const char *what, const char *subject,
                const char *was, const char *became);

/* The visit that a new bid is, where it names an affiliate itself. */
void visit_of_bid(struct db_packet *packet, const struct desk_wish *wish, int64_t partner_id);

/* Adds one more status to a bid, with all that it moves; or that its time is over.
 * at  DATETIME(6) */
MUST_USE enum err bid_add_turn(struct db *db, struct db_packet *packet, struct bid_row *row,
                               enum desk_status to, enum desk_who who, const char *note,
                               const char *trace, const char *at);
MUST_USE enum err bid_add_expiry(struct db *db, struct db_packet *packet, struct bid_row *row);

/* Whether an order pays a bid in; and tells whoever has orders made that it was made, or has come from that
 * stage to where it is, which is nothing where no order pays it. */
bool bid_by_order(const struct desk_bid *bid);
MUST_USE enum err bid_open_order(struct db *db, const struct bid_row *row, const char *trace);
MUST_USE enum err bid_end_order(struct db *db, const struct bid_row *row, enum desk_stage from,
                                const char *trace);

/* The event of a bid's callback; nothing where it has none. */
void bid_tell(struct db_packet *packet, const struct bid_row *row, enum desk_status status);

#endif
