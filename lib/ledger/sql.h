/* Pieces of SQL about the ledger's tables for the statements of others, which thereby name none of
 * them. */
#ifndef LEDGER_SQL_H
#define LEDGER_SQL_H

/* What others may read, to be named as tables: "FROM " LEDGER_SQL_ENTRIES " AS e". The server merges
 * them into the statement around, so that they cost nothing. Nobody but the ledger writes any. */
#define LEDGER_SQL_ACCOUNTS                                                                  \
    "(SELECT id, owner_id, currency_id, purpose, rail, balance, reserved, live_orders FROM " \
    "account)"
#define LEDGER_SQL_JOURNALS "(SELECT id, kind, at, user_id, request_key, ref FROM journal)"
#define LEDGER_SQL_ENTRIES \
    "(SELECT account_id, seq, journal_id, amount, balance, type, info FROM entry)"
/* The same, to be found by journal: the server would read all entries of an account that it knows. */
#define LEDGER_SQL_ENTRIES_OF_JOURNAL \
    "(SELECT account_id, journal_id, amount, type FROM entry FORCE INDEX (journal_id))"
#define LEDGER_SQL_HOLDS "(SELECT kind, ref, account_id, amount, state FROM hold)"
#define LEDGER_SQL_USES                                                                       \
    "(SELECT kind, ref, scope, currency_id, by_value, user_id, amount, day, given_back FROM " \
    "limit_use)"
#define LEDGER_SQL_CURRENCIES \
    "(SELECT id, code, decimals, enabled, ticker_channel, depth_channel FROM currency)"

/* The rest are expressions of the words passed, which are SQL themselves. */

/* account.id of that owner, purpose and currency inside the house; NULL where there is none yet. */
#define LEDGER_SQL_ACCOUNT(owner, purpose, currency)                                         \
    "(SELECT id FROM account AS ledger_account WHERE ledger_account.owner_id = " owner       \
    " AND ledger_account.purpose = '" purpose "' AND ledger_account.currency_id = " currency \
    " AND ledger_account.rail = '')"

/* Its balance; NULL where there is none yet. */
#define LEDGER_SQL_BALANCE(owner, purpose, currency)                                         \
    "(SELECT balance FROM account AS ledger_balance WHERE ledger_balance.owner_id = " owner  \
    " AND ledger_balance.purpose = '" purpose "' AND ledger_balance.currency_id = " currency \
    " AND ledger_balance.rail = '')"

/* The same of an account on a rail, and its balance: 0 where there is none yet. */
#define LEDGER_SQL_ON_RAIL(column, owner, purpose, currency, rail)                       \
    "(SELECT " column " FROM account AS ledger_rail WHERE ledger_rail.owner_id = " owner \
    " AND ledger_rail.purpose = '" purpose "' AND ledger_rail.currency_id = " currency   \
    " AND ledger_rail.rail = " rail ")"
#define LEDGER_SQL_RAIL_ACCOUNT(owner, purpose, currency, rail) \
    LEDGER_SQL_ON_RAIL("id", owner, purpose, currency, rail)
#define LEDGER_SQL_RAIL_BALANCE(owner, purpose, currency, rail) \
    "COALESCE(" LEDGER_SQL_ON_RAIL("balance", owner, purpose, currency, rail) ", 0)"

/* When a balance of that owner and purpose last changed, DATETIME(6); NULL where none ever did. */
#define LEDGER_SQL_CHANGED(owner, purpose)                                                        \
    "(SELECT MAX(ledger_last.at) FROM account AS ledger_moved JOIN entry AS ledger_entry ON "     \
    "ledger_entry.account_id = ledger_moved.id AND ledger_entry.seq = ledger_moved.entries JOIN " \
    "journal AS ledger_last ON ledger_last.id = ledger_entry.journal_id WHERE "                   \
    "ledger_moved.owner_id = " owner " AND ledger_moved.purpose = '" purpose "')"

/* What its owner may spend of it; NULL where there is none yet. */
#define LEDGER_SQL_FREE(owner, currency)                                                         \
    "(SELECT balance - reserved FROM account AS ledger_free WHERE ledger_free.owner_id = " owner \
    " AND ledger_free.purpose = 'available' AND ledger_free.currency_id = " currency             \
    " AND ledger_free.rail = '')"

/* Whether a request of that user was posted before. */
#define LEDGER_SQL_POSTED(user, request_key)                                             \
    "EXISTS (SELECT 1 FROM journal AS ledger_posted WHERE ledger_posted.user_id = " user \
    " AND ledger_posted.request_key = " request_key ")"

/* What the journal of that kind is about which a request of that user made. */
#define LEDGER_SQL_REF(user, request_key, kind)                               \
    "(SELECT ref FROM journal AS ledger_ref WHERE ledger_ref.user_id = " user \
    " AND ledger_ref.request_key = " request_key " AND ledger_ref.kind = '" kind "')"

/* Whether new business in a currency is allowed. */
#define LEDGER_SQL_ENABLED(currency) \
    "(SELECT enabled FROM currency AS ledger_currency WHERE ledger_currency.id = " currency ")"

/* The code of a currency; and units of it as a decimal text without zeros at its end. */
#define LEDGER_SQL_CODE(currency) \
    "(SELECT code FROM currency AS ledger_coded WHERE ledger_coded.id = " currency ")"
#define LEDGER_SQL_DECIMAL(units, currency)                                             \
    "(SELECT TRIM(TRAILING '.' FROM TRIM(TRAILING '0' FROM CONCAT(" units               \
    " DIV CAST(POW(10, decimals) AS DECIMAL(38, 0)), '.', LPAD(MOD(" units              \
    ", CAST(POW(10, decimals) AS DECIMAL(38, 0))), decimals, '0')))) FROM currency AS " \
    "ledger_shown WHERE ledger_shown.id = " currency ")"

/* The user variable that holds the id of the journal that ledger_post has written in this packet. */
#define LEDGER_SQL_JOURNAL "@ledger_journal"

#endif
