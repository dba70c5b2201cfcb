/* Every way in which an operation can fail, in one registry.
 *
 * A row is X(NAME, class, id, text): NAME gives ERR_NAME; `class` decides the HTTP status on each
 * face; `id` is the stable lower-case code (also the MESSAGE_TEXT that stored procedures signal);
 * `text` is what a person reads. With a field at hand a face says `Invalid parameter "<field>"
 * (<text>)`.
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include <stdbool.h>

#define MUST_USE __attribute__((warn_unused_result))

/* What kind of failure: the only thing that a face looks at to choose an HTTP status. */
enum err_class {
    ERR_CLASS_NONE,
    ERR_CLASS_INPUT,     /* the caller sent something we refuse */
    ERR_CLASS_AUTH,      /* we do not know who is calling */
    ERR_CLASS_RIGHT,     /* we know, and they may not */
    ERR_CLASS_NOT_FOUND, /* nothing there, or not theirs */
    ERR_CLASS_METHOD,    /* the path exists under another method */
    ERR_CLASS_TOO_LARGE, /* over a cap on size */
    ERR_CLASS_STATE,     /* valid, but not in this state */
    ERR_CLASS_LIMIT,     /* too many, too often */
    ERR_CLASS_BUSY,      /* try again: the database is away or contended */
    ERR_CLASS_BUG,       /* ours */
    ERR_CLASS_COUNT
};

/* clang-format off */
#define ERR_REGISTRY(X)                                                                                                \
    X(OK,                  NONE,      "ok",                   "no error")                                              \
    /* ours, and the machine's */                                                                                      \
    X(INTERNAL,            BUG,       "internal",             "internal error")                                        \
    X(NO_MEMORY,           BUG,       "no_memory",            "out of memory")                                         \
    X(DB,                  BUG,       "db",                   "database error")                                        \
    X(DB_AWAY,             BUSY,      "db_away",              "database is away, please retry later")                  \
    X(DB_CONTENDED,        BUSY,      "db_contended",         "database is busy, please retry later")                  \
    X(DB_FULL,             BUSY,      "db_full",              "database has no room left, please retry later")         \
    X(DB_UNKNOWN,          BUSY,      "outcome_unknown",      "it is not known whether this was done, please look before you repeat it") \
    X(TOO_SLOW,            LIMIT,     "too_much_data",        "this would take too long, please ask for less at once") \
    X(CONFIG,              BUG,       "config",               "configuration is not usable")                           \
    X(IO,                  BUG,       "io",                   "input or output failed")                                \
    X(CRYPTO,              BUG,       "crypto",               "cryptographic operation failed")                        \
    /* routing and caps */                                                                                             \
    X(NO_ROUTE,            NOT_FOUND, "unknown_method",       "unknown method")                                        \
    X(METHOD,              METHOD,    "invalid_request_method", "this method cannot be called with this HTTP verb")    \
    X(NO_STREAM,           NOT_FOUND, "no_stream",            "there is no live stream here, it needs nginx with nchan") \
    X(TOO_LARGE,           TOO_LARGE, "request_too_large",    "request is too large")                                  \
    X(TOO_MANY_PARAMS,     TOO_LARGE, "too_many_parameters",  "too many parameters")                                   \
    X(TOO_MANY_REQUESTS,   LIMIT,     "too_many_requests",    "too many requests, please slow down")                   \
    X(TOO_MANY_ATTEMPTS,   LIMIT,     "too_many_attempts",    "too many wrong attempts, please try again later")       \
    X(MALFORMED,           INPUT,     "malformed_request",    "malformed request")                                     \
    X(REQUEST_TIMEOUT,     INPUT,     "request_timeout",      "the request did not arrive in time")                    \
    X(URI_TOO_LONG,        TOO_LARGE, "address_too_long",     "address is too long")                                   \
    X(HEADERS_TOO_LARGE,   TOO_LARGE, "headers_too_large",    "headers are too large")                                 \
    X(NO_ANSWER,           BUSY,      "no_answer",            "no answer from the service, look before you repeat a change") \
    X(TOO_DEEP,            INPUT,     "json_too_deep",        "JSON is nested too deep")                               \
    X(CONTENT_TYPE,        INPUT,     "unsupported_content_type", "unsupported content type")                          \
    /* who is calling */                                                                                               \
    X(KEY_MISSING,         AUTH,      "login_error_missing_rest_key", "Identification required to access private API") \
    X(KEY_INVALID,         AUTH,      "login_error_invalid_rest_key", "Identification required to access private API") \
    X(SIGN_INVALID,        AUTH,      "login_error_invalid_rest_sign", "Identification required to access private API")\
    X(NONCE_INVALID,       AUTH,      "login_error_invalid_nonce", "Identification required to access private API")    \
    X(ADDRESS_REFUSED,     AUTH,      "login_error_address_not_allowed", "this key may not be used from this address") \
    X(KEY_CHANGED,         AUTH,      "login_error_key_changed", "the key was changed, please retry")                  \
    X(LOGIN_FAILED,        AUTH,      "incorrect_credentials", "login or password is wrong")                           \
    X(SESSION_MISSING,     AUTH,      "missing_ticket",       "please sign in")                                        \
    X(SESSION_EXPIRED,     AUTH,      "expired_session",      "your session has ended, please sign in again")          \
    X(CSRF,                RIGHT,     "csrf",                 "the form has expired, please reload the page")          \
    X(RIGHT,               RIGHT,     "missing_right",        "this key lacks the right for this call")                \
    X(HTTPS_NEEDED,        RIGHT,     "https_needed",         "signing in needs https, please open the https address") \
    /* parameters */                                                                                                   \
    X(MISSING,             INPUT,     "missing_parameter",    "is required")                                           \
    X(INVALID,             INPUT,     "invalid_parameter",    "is not valid")                                          \
    X(REPEATED,            INPUT,     "repeated_parameter",   "is given more than once")                               \
    X(TOO_LONG,            INPUT,     "too_long",             "is too long")                                           \
    X(EMPTY,               INPUT,     "empty",                "must not be empty")                                     \
    X(NOT_UTF8,            INPUT,     "not_utf8",             "is not valid UTF-8")                                    \
    X(OUT_OF_RANGE,        INPUT,     "out_of_range",         "is out of range")                                       \
    X(NOT_UUID,            INPUT,     "not_uuid",             "should be a UUID")                                      \
    X(NOT_DATE,            INPUT,     "not_date",             "should be a date")                                      \
    X(AMOUNT_FORMAT,       INPUT,     "amount_format",        "should be a plain decimal number")                      \
    X(AMOUNT_DIGITS,       INPUT,     "amount_digits",        "has more decimals than the currency")                   \
    X(AMOUNT_RANGE,        INPUT,     "amount_range",         "is too large")                                          \
    X(AMOUNT_NOT_POSITIVE, INPUT,     "amount_not_positive",  "should be greater than zero")                           \
    X(AMOUNT_DISAGREES,    INPUT,     "amount_disagrees",     "amount and amount_int disagree")                        \
    X(CURRENCY_UNKNOWN,    INPUT,     "unknown_currency",     "is not a known currency")                               \
    X(CURRENCY_DISABLED,   INPUT,     "disabled_currency",    "this currency is disabled")                             \
    X(CURRENCY_MISMATCH,   BUG,       "currency_mismatch",    "amounts of two currencies were mixed")                  \
    X(OVERFLOW,            BUG,       "overflow",             "amount overflow")                                       \
    X(TERMS,               INPUT,     "terms_not_accepted",   "the terms must be accepted")                            \
    /* ledger and identity */                                                                                          \
    X(NOT_FOUND,           NOT_FOUND, "not_found",            "not found")                                             \
    X(INSUFFICIENT_FUNDS,  STATE,     "insufficient_funds",   "Not enough funds")                                      \
    X(OVER_SINGLE_LIMIT,   STATE,     "over_single_limit",    "Amount is over the limit for a single withdrawal")      \
    X(OVER_DAILY_LIMIT,    STATE,     "over_daily_limit",     "Amount is over the daily withdrawal limit")             \
    X(OVER_MONTHLY_LIMIT,  STATE,     "over_monthly_limit",   "Amount is over the monthly withdrawal limit")           \
    X(LIMITS_CONTRADICT,   INPUT,     "limits_contradict",    "a longer period may not allow less than a shorter one") \
    X(OTP_REQUIRED,        INPUT,     "otp_required",         "a one-time password is required")                       \
    X(OTP_INVALID,         INPUT,     "otp_invalid",          "one-time password is wrong or was used already")        \
    X(OTP_NONE_PENDING,    STATE,     "otp_none_pending",     "no one-time password is being set up")                  \
    X(OTP_EXISTS,          STATE,     "otp_exists",           "a one-time password is already active")                 \
    X(USER_EXISTS,         STATE,     "user_exists",          "a user with this login or e-mail exists")               \
    X(USER_DISABLED,       RIGHT,     "user_disabled",        "this account is disabled")                              \
    X(REPLAYED,            STATE,     "replayed",             "this request was already processed")                    \
    X(IDEMPOTENCY_CONFLICT, STATE,    "idempotency_conflict", "this idempotency key was used for another request")     \
    /* tickets */                                                                                                      \
    X(PARTNER_UNKNOWN,     INPUT,     "unknown_partner",      "is not a known partner")                                \
    X(PARTNER_EXISTS,      STATE,     "partner_exists",       "this partner exists already, `partner set` changes it")  \
    X(PARTNER_VERIFIED,    STATE,     "partner_needs_verified", "This partner serves verified customers only")         \
    X(PARTNER_SELF,        STATE,     "partner_is_self",      "A partner cannot withdraw through itself")              \
    X(TICKET_UNKNOWN,      NOT_FOUND, "ticket_not_found",     "Ticket not found")                                      \
    X(TICKET_KEY,          STATE,     "ticket_wrong_key",     "Ticket key is wrong")                                   \
    X(TICKET_EXPIRED,      STATE,     "ticket_expired",       "Ticket is expired")                                     \
    X(TICKET_SETTLED,      STATE,     "ticket_settled",       "Ticket is settled already")                             \
    X(TICKET_NOT_SETTLED,  STATE,     "ticket_not_settled",   "Ticket is not settled yet")                             \
    X(TICKET_CANCELLED,    STATE,     "ticket_cancelled",     "Ticket is cancelled")                                   \
    X(TICKET_REJECTED,     STATE,     "ticket_rejected",      "Ticket is rejected")                                    \
    X(TICKET_REFUNDED,     STATE,     "ticket_refunded",      "Ticket is refunded")                                    \
    X(TICKET_COMPLETED,    STATE,     "ticket_completed",     "Ticket is completed")                                   \
    X(TICKET_FAILED,       STATE,     "ticket_failed",        "Ticket has failed")                                     \
    /* checkout and notifications */                                                                                   \
    X(ORDER_UNKNOWN,       NOT_FOUND, "order_not_found",      "Order not found")                                       \
    X(ORDER_PAID,          STATE,     "order_paid",           "Order is paid already")                                 \
    X(ORDER_CANCELLED,     STATE,     "order_cancelled",      "Order is cancelled")                                    \
    X(ORDER_CLOSED,        STATE,     "order_closed",         "Order is past its time")                                \
    X(ORDER_REFUNDED,      STATE,     "order_refunded",       "Order is refunded")                                     \
    X(ORDER_NOT_PAID,      STATE,     "order_not_paid",       "Order is not paid")                                     \
    X(ORDER_OVER_REFUNDED, STATE,     "order_over_refunded",  "More than was paid cannot be refunded")                 \
    X(ORDER_OVERPAID,      STATE,     "order_overpaid",       "More than is missing cannot be paid")                   \
    X(ORDER_WHOLE,         STATE,     "order_whole",          "This order can only be paid whole")                     \
    X(ORDER_OWN,           STATE,     "order_own",            "A merchant cannot pay their own order")                 \
    X(ORDER_OTHER_PAYER,   STATE,     "order_other_payer",    "Somebody else paid a part of this order")               \
    X(PAYMENT_UNKNOWN,     NOT_FOUND, "payment_not_found",    "Payment not found")                                     \
    X(URL,                 INPUT,     "not_url",              "should be an http or https URL")                        \
    X(URL_HOST,            INPUT,     "not_host",             "names a host that is no domain name")                   \
    /* chains */                                                                                                       \
    X(ADDRESS,             INPUT,     "not_address",          "is not an address of this chain")                       \
    X(CHECKSUM,            INPUT,     "wrong_checksum",       "is mistyped: its checksum is wrong")                    \
    X(ADDRESS_NETWORK,     INPUT,     "address_network",      "is an address of another network")                      \
    X(TRANSACTION_FORM,    INPUT,     "transaction_form",     "is not a transaction that can be read")                 \
    X(DUST,                INPUT,     "amount_dust",          "is too little to be sent on this chain")                \
    X(FEE_CAP,             STATE,     "fee_over_cap",         "The fee would be over its cap")                         \
    /* market */                                                                                                       \
    X(MARKET_UNKNOWN,      NOT_FOUND, "unknown_market",       "this pair is not traded here")                          \
    X(MARKET_HALTED,       STATE,     "market_halted",        "Trading is halted")                                     \
    X(MARKET_EXISTS,       STATE,     "market_exists",        "this market exists already")                            \
    X(ORDER_AMOUNT_LOW,    STATE,     "order_amount_low",     "Order amount is too low")                               \
    X(TOO_MANY_ORDERS,     STATE,     "too_many_orders",      "Too many orders placed, please cancel some first")      \
    X(AMOUNT_STEP,         INPUT,     "amount_step",          "amount is not a multiple of the market's step")         \
    X(PRICE_STEP,          INPUT,     "price_step",           "price is not a multiple of the market's step")          \
    X(TRADE_UNKNOWN,       NOT_FOUND, "trade_not_found",      "Trade not found")                                       \
    X(TRADE_VOIDED,        STATE,     "trade_voided",         "Trade was taken back already")                          \
    X(NO_LIQUIDITY,        STATE,     "no_liquidity",         "Not enough orders in the market")                       \
    X(QUOTE_UNKNOWN,       NOT_FOUND, "quote_not_found",      "Quote not found")                                       \
    X(QUOTE_EXPIRED,       STATE,     "quote_expired",        "The quote has expired, please ask for a new one")       \
    X(QUOTE_EXCEEDED,      STATE,     "quote_exceeded",       "The market has moved, please ask for a new quote")      \
    X(IDKEY_INVALID,       AUTH,      "invalid_idkey",        "this idkey is not valid")                               \
    X(IDKEY_EXPIRED,       AUTH,      "expired_idkey",        "this idkey has expired")                                \
    /* exchange desk */                                                                                                \
    X(DESK_API_DISABLED,   AUTH,      "desk_api_disabled",    "Api disabled")                                          \
    X(DESK_IP_BLOCKED,     RIGHT,     "desk_ip_blocked",      "IP blocked")                                            \
    X(DESK_METHOD,         RIGHT,     "desk_method",          "Method not supported")                                  \
    X(DESK_MAINTENANCE,    STATE,     "desk_maintenance",     "maintenance")                                           \
    X(DESK_DIRECTION,      NOT_FOUND, "desk_direction",       "direction not found")                                   \
    X(DESK_DIRECTION_OFF,  STATE,     "desk_direction_off",   "Exchange direction is disabled")                        \
    X(DESK_DIRECTION_API,  RIGHT,     "desk_direction_api",   "Direction prohibited by settings API")                  \
    X(DESK_FIELDS,         INPUT,     "desk_fields",          "fields are filled with errors")                         \
    X(DESK_RESERVE,        STATE,     "desk_reserve",         "Not enough reserve for the exchange")                   \
    X(DESK_API_ID,         STATE,     "desk_api_id",          "api id not unique")                                     \
    X(DESK_BID,            NOT_FOUND, "desk_bid",             "no bid exists")                                         \
    X(DESK_ACTION,         STATE,     "desk_action",          "action disabled")                                       \
    X(DESK_PARTNERS,       STATE,     "desk_partners",        "no active partner program")                             \
    X(DESK_PAYOUT_SYSTEM,  INPUT,     "desk_payout_system",   "Selected currency can not be ordered payment")          \
    X(DESK_PAYOUT_ACCOUNT, INPUT,     "desk_payout_account",  "Invalid wallet account")                                \
    X(DESK_PAYOUT_LOW,     STATE,     "desk_payout_low",      "There is not enough money on your balance")             \
    X(DESK_PAYOUT_RESERVE, STATE,     "desk_payout_reserve",  "You are unable to make a selected currency transaction") \
    X(DESK_EXISTS,         STATE,     "desk_exists",          "one of that name or pair exists")
/* clang-format on */

enum err {
#define X(name, class, id, text) ERR_##name,
    ERR_REGISTRY(X)
#undef X
        ERR_COUNT
};

/* The stable lower-case code of `rc`, e.g. "insufficient_funds". Static storage. */
const char *err_id(enum err rc);

/* What a person reads, without a full stop. Static storage. */
const char *err_text(enum err rc);

/* What kind of failure it is. */
enum err_class err_class(enum err rc);

/* True where the fault is ours and not the caller's: such a reply is logged as level=bug. */
bool err_is_bug(enum err rc);

/* The error whose id is `id` (NUL-terminated), or ERR_INTERNAL where there is none: stored
 * procedures signal ids. */
enum err err_from_id(const char *id);

#endif
