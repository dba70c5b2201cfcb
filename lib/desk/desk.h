/* What can be exchanged: payment systems, directions, fields and texts (seed desk; api/desk A5, A6).
 *
 * All of it is read into a board, a picture that does not change while somebody looks at it. A process
 * keeps the newest and reads it anew when it is DESK_BOARD_AGE_MS old, so that lists, the calculator and
 * the feeds ask no database. A new bid (desk/bid.h) never goes by a board: it reads its direction inside
 * its transaction. */
#ifndef DESK_DESK_H
#define DESK_DESK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "db/db.h"
#include "desk/calc.h"

#define DESK_BOARD_AGE_MS 400
#define DESK_LANGUAGE_SIZE 3     /* "en", "ru" and a NUL */
#define DESK_CODE_MAX 24         /* characters of a payment system's code */
#define DESK_ACCOUNT_MAX 255     /* characters of an account */
#define DESK_FIELDS_MAX 64       /* fields that one bid may be asked for */
#define DESK_FIELD_NAME_SIZE 16  /* "cfgive12345" and a NUL */
#define DESK_FIELD_VALUE_MAX 500 /* characters of a field */
#define DESK_RULE_SIZE 10        /* a word of desk_system.account_rule and a NUL */

struct desk_system {
    uint64_t id;                  /* currency id of the user API */
    char code[DESK_CODE_MAX + 1]; /* SBERRUB */
    char name[257];               /* "Sberbank" */
    char logo[256];               /* path or URL; "" none */
    const struct currency *currency;
    uint64_t decimals;
    char rail[33];
    char account_rule[DESK_RULE_SIZE]; /* text, card, iban ... */
    uint64_t account_min, account_max; /* characters */
    bool account_give, account_get;    /* an account is asked for on that side */
    bool give_on, get_on;
    char pay_in[9], pay_out[8]; /* hand, balance; pay_in also checkout */
    char pay_account[1021];     /* of the house, for payment by hand; "" none */
    __int128 reserve;           /* smallest units: what is there, less all holds */
};

/* A further field. */
struct desk_field {
    uint64_t number;                 /* the N of its name */
    char name[DESK_FIELD_NAME_SIZE]; /* cf6, cfgive8, cfget3 */
    char type[9];                    /* text, select, textarea, checkbox */
    char rule[DESK_RULE_SIZE];
    bool required, in_calc;
    uint64_t options; /* of a select */
};

enum desk_state { DESK_ON, DESK_OFF, DESK_FROZEN };
enum desk_access { DESK_FOR_ALL, DESK_FOR_API, DESK_FOR_SITE };

/* Why a direction cannot be used though an operator has switched it on. */
enum desk_frozen {
    DESK_NOT_FROZEN,
    DESK_BY_OPERATOR,
    DESK_NO_RATE,  /* it never had one */
    DESK_RATE_OLD, /* older than its limit */
    DESK_RATE_JUMPED
};

struct desk_direction {
    uint64_t id;
    const struct desk_system *give, *get; /* of the same board */
    enum desk_state state;                /* DESK_FROZEN also where the rate froze it */
    enum desk_frozen frozen;
    enum desk_access access;
    struct desk_terms terms; /* usable where there is a rate: frozen is not DESK_NO_RATE */
    bool capped;
    __int128 reserve; /* what may be got: the reserve under the cap, never below zero */
    char labels[121]; /* param of the feeds: "manual,verifying" */
    char city[17];
    bool in_feed;
    const struct desk_field
        *fields; /* of the direction, then of what is given, then of what is got */
    size_t field_count;
};

struct desk_board {
    const struct desk_system *systems; /* in the order of lists */
    size_t system_count;
    const struct desk_direction *directions; /* in the order of lists; those that are off too */
    size_t direction_count;
    bool maintenance; /* nothing is exchanged for now */
    bool logs_calls;  /* of robots: desk_call_add */
    int64_t at;       /* unix seconds: when it was read, by the database's clock */
    int64_t changed; /* unix seconds: when something in it last changed, as far as it is recorded */
    uint64_t version; /* rises within this process with every reading */
};

/* The newest board; desk_board_give ends its use. Reads one where the newest is too old, which gives up
 * the turn; others get the older one meanwhile.
 * out  out, owned by the process
 * Errors: ERR_NO_MEMORY, ERR_DB_AWAY, ERR_DB; ERR_CONFIG where a row breaks a bound, which is logged. */
MUST_USE enum err desk_board_take(struct db *db, const struct desk_board **out);
void desk_board_give(const struct desk_board *board);

/* Makes the next desk_board_take of this process read anew. */
void desk_board_forget(void);

/* The system or direction of that id, or the direction of that pair; NULL. Any direction, whatever its
 * state. */
const struct desk_system *desk_system_of(const struct desk_board *board, uint64_t id);
const struct desk_direction *desk_direction_of(const struct desk_board *board, uint64_t id);
const struct desk_direction *desk_direction_pair(const struct desk_board *board, uint64_t give,
                                                 uint64_t get);

/* Whether a direction is shown to that caller: not off, both sides on, its access allows it.
 * access  DESK_FOR_API for calls by key, DESK_FOR_SITE for pages, DESK_FOR_ALL for the feeds */
bool desk_is_shown(const struct desk_direction *direction, enum desk_access access);

/* What a text is about. */
enum desk_text_of { DESK_TEXT_SYSTEM, DESK_TEXT_DIRECTION, DESK_TEXT_FIELD, DESK_TEXT_DESK };

/* A text of the desk: in that language, else in English, else "". Names in use:
 *   system     give_label, give_hint, get_label, get_hint (of its account), instruction
 *   direction  timeline, frozen, before_button, instruction, hidden (why it is not to be had)
 *   field      label, tooltip, option1, option2 ...
 *   desk       maintenance, terms */
const char *desk_text(const struct desk_board *board, enum desk_text_of of, uint64_t id,
                      const char *name, const char *language);

/* Why a value does not fit a rule. */
enum desk_misfit { DESK_FITS, DESK_TOO_SHORT, DESK_TOO_LONG, DESK_WRONG_FORM };

/* Whether a text is what a rule says: card numbers by Luhn, IBAN by its check digits, Bitcoin addresses
 * by base58check or bech32(m), Ethereum addresses by EIP-55 where letters are mixed.
 * rule      a word of desk_system.account_rule
 * min, max  characters (code points) */
enum desk_misfit desk_rule_check(const char *rule, uint64_t min, uint64_t max, const char *text);

#endif
