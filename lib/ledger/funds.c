/* Reading a user's accounts of both kinds. */
#include "ledger/funds.h"

#include "base/text.h"
#include "db/columns.h"
#include "db/statement.h"

#define SQL_MAX 4096

/* The accounts of one currency. */
struct accounts {
    const struct currency *currency;
    __int128 spot, reserved, fund, held, held_of_fund;
};

static const struct db_column columns[] = {
    DB_COLUMN("a.currency_id", struct accounts, currency),
    DB_COLUMN("SUM(IF(a.purpose = '" LEDGER_SPOT "', a.balance, 0))", struct accounts, spot),
    DB_COLUMN("SUM(IF(a.purpose = '" LEDGER_SPOT "', a.reserved, 0))", struct accounts, reserved),
    DB_COLUMN("SUM(IF(a.purpose = '" LEDGER_FUND "', a.balance, 0))", struct accounts, fund),
    DB_COLUMN("SUM(IF(a.purpose = 'held', a.balance, 0))", struct accounts, held),
    DB_COLUMN(
        "COALESCE(SUM((SELECT SUM(h.amount) FROM hold AS h JOIN account AS f ON f.id = "
        "h.from_id WHERE h.account_id = a.id AND h.state = 'open' AND f.purpose = '" LEDGER_FUND
        "')), 0)",
        struct accounts, held_of_fund),
};

static struct ledger_funds funds_of(const struct accounts *accounts)
{
    const struct currency *currency = accounts->currency;
    __int128 held_of_spot = accounts->held - accounts->held_of_fund;

    return (struct ledger_funds){
        .spot = {accounts->spot + held_of_spot, currency},
        .spot_locked = {accounts->reserved + held_of_spot, currency},
        .fund = {accounts->fund + accounts->held_of_fund, currency},
        .fund_locked = {accounts->held_of_fund, currency},
    };
}

enum err ledger_funds(struct db *db, int64_t user_id, const struct currency *currency,
                      void (*row)(void *arg, const struct ledger_funds *funds), void *arg)
{
    struct text sql = TEXT(SQL_MAX);
    struct db_rows rows = {0};
    struct accounts accounts;

    db_select(&sql, columns, DB_COUNT(columns));
    statement_add(&sql,
                  "FROM account AS a WHERE a.owner_id = ? AND a.purpose IN ('" LEDGER_SPOT
                  "', '" LEDGER_FUND "', 'held') ",
                  DB_ARGS(db_i64(user_id)));
    if (currency != NULL)
        statement_add(&sql, "AND a.currency_id = ? ", DB_ARGS(db_u64(currency->id)));
    text_puts(&sql, "GROUP BY a.currency_id ORDER BY a.currency_id");
    enum err rc = db_run(db, text_string(&sql), DB_NO_ARGS, &rows);
    while (rc == ERR_OK && db_read(&rows, columns, DB_COUNT(columns), &accounts)) {
        const struct ledger_funds funds = funds_of(&accounts);
        row(arg, &funds);
    }
    db_rows_free(&rows);
    text_free(&sql);
    return rc;
}
