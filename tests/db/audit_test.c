/* The audit finds what was tampered with: a difference is planted for each of its checks. */
#include <stdio.h>
#include <string.h>

#include "identity/user.h"
#include "ledger/audit.h"
#include "ledger/slip.h"
#include "tests/db/scratch.h"
#include "ticket/ticket.h"

#define UNITS 100000 /* of a dollar */

/* A statement that plants a difference and, run again, takes it away; and what the audit says. */
static const struct {
    const char *name, *plant, *undo, *words;
} plants[] = {
    {"a journal that is not balanced", "UPDATE entry SET amount = amount + 7 WHERE seq = 1",
     "UPDATE entry SET amount = amount - 7 WHERE seq = 1", " is off by "},
    {"a journal without entries",
     "INSERT INTO journal (kind, user_id, request_key) VALUES ('credit', 1, 'planted')",
     "DELETE FROM journal WHERE request_key = 'planted'", "(credit) has no entry"},
    {"a balance that its entries do not make",
     "UPDATE account SET balance = balance + 7 WHERE purpose = 'available'",
     "UPDATE account SET balance = balance - 7 WHERE purpose = 'available'", "its entries make "},
    {"a miscounted account", "UPDATE account SET entries = entries + 1 WHERE purpose = 'held'",
     "UPDATE account SET entries = entries - 1 WHERE purpose = 'held'", "the last one numbered "},
    {"a wrong balance behind an entry", "UPDATE entry SET balance = balance + 7 WHERE seq = 2",
     "UPDATE entry SET balance = balance - 7 WHERE seq = 2", "where the sum is "},
    {"an entry that is gone", "UPDATE entry SET seq = seq + 1000 WHERE seq = 2",
     "UPDATE entry SET seq = seq - 1000 WHERE seq > 1000", "the one before is missing"},
    {"an overdrawn account", "UPDATE account SET balance = -1 - balance WHERE purpose = 'held'",
     "UPDATE account SET balance = -1 - balance WHERE purpose = 'held'", " is overdrawn: "},
    {"held money without its hold", "UPDATE hold SET amount = amount + 7 WHERE state = 'open'",
     "UPDATE hold SET amount = amount - 7 WHERE state = 'open'", "its open holds make "},
    {"a hold on what is not held money",
     "UPDATE hold SET account_id = account_id + 1000 WHERE state = 'captured'",
     "UPDATE hold SET account_id = account_id - 1000 WHERE state = 'captured'", "its hold of "},
    {"a hold that is not its ticket's",
     "UPDATE ticket SET amount = amount + 7 WHERE status = 'open'",
     "UPDATE ticket SET amount = amount - 7 WHERE status = 'open'", ", its hold of "},
    {"a hold in another state", "UPDATE hold SET state = 'captured' WHERE state = 'released'",
     "UPDATE hold AS h JOIN ticket AS t ON t.id = h.ref SET h.state = 'released' "
     "WHERE t.status = 'cancelled'",
     " is captured"},
    {"a hold for no ticket", "UPDATE hold SET ref = UNHEX(REVERSE(HEX(ref))) WHERE state = 'open'",
     "UPDATE hold SET ref = UNHEX(REVERSE(HEX(ref))) WHERE state = 'open'",
     "is for a ticket that does not exist"},
    {"a count that no use makes", "UPDATE limit_count SET month_amount = month_amount + 7",
     "UPDATE limit_count SET month_amount = month_amount - 7", " of withdrawal, its uses make "},
    {"a use that is not its ticket's",
     "UPDATE limit_use SET user_id = user_id + 1 WHERE NOT given_back",
     "UPDATE limit_use SET user_id = user_id - 1 WHERE NOT given_back", ", it used "},
    {"a use that was given back too often", "UPDATE limit_use SET given_back = NOT given_back",
     "UPDATE limit_use SET given_back = NOT given_back", "which was given back"},
    {"a settled ticket without its journal",
     "UPDATE ticket SET settled_at = created_at WHERE status = 'open'",
     "UPDATE ticket SET settled_at = NULL WHERE status = 'open'", " settling, "},
    {"a ticket's journal that is about nothing",
     "UPDATE journal SET ref = UNHEX(REVERSE(HEX(ref))) WHERE kind = 'ticket_settle'",
     "UPDATE journal SET ref = UNHEX(REVERSE(HEX(ref))) WHERE kind = 'ticket_settle'",
     "about a ticket that does not exist"},
};

struct findings {
    const char *words; /* looked for */
    unsigned count, with_words;
    uint64_t entries, tickets; /* looked at */
};

static void see(void *arg, const char *words)
{
    struct findings *findings = arg;
    findings->count++;
    findings->with_words += findings->words != NULL && strstr(words, findings->words) != NULL;
}

static void count(void *arg, const char *name, uint64_t number)
{
    struct findings *findings = arg;
    if (strcmp(name, "tickets") == 0)
        findings->tickets = number;
    findings->entries += strcmp(name, "entries") == 0 ? number : 0;
}

/* All of `tellerctl audit`, with journals before `since` taken as given. */
static struct findings audit_since(struct db *db, int64_t since, const char *words)
{
    struct findings findings = {.words = words};
    struct audit_report report = {
        .difference = see, .counted = count, .arg = &findings, .since = since};

    DB_GIVES(audit_run_all(db, &report), ERR_OK);
    DB_CHECK(report.differences == findings.count);
    DB_CHECK(findings.entries > 10 && findings.tickets >= 4);
    return findings;
}

static struct findings audit(struct db *db, const char *words)
{
    return audit_since(db, 0, words);
}

static struct actor actor(int64_t user_id, char key[DB_TEST_NAME_SIZE])
{
    db_test_name("r", key);
    return (struct actor){.user_id = user_id, .request_key = key, .trace = ""};
}

/* A customer's tickets in four states: open, settled, refunded, cancelled. */
static void make_tickets(struct db *db)
{
    int64_t customer = 0, partner = 0;
    const struct currency *usd = currency_by_code("USD", 3);
    struct amount funds = {.units = 100 * UNITS, .currency = usd};
    struct ticket_request order = {.partner = "p", .amount = {.units = UNITS, .currency = usd}};
    struct ticket_created created[4];
    struct ticket ticket;
    char key[DB_TEST_NAME_SIZE];
    struct actor who;

    DB_GIVES(user_add(db, "customer", "c@example.org", NULL, "basic", &customer), ERR_OK);
    DB_GIVES(user_add(db, "partner", "p@example.org", NULL, "full", &partner), ERR_OK);
    DB_GIVES(ticket_partner_add(db, "p", partner, "Partner", "", false, 3600), ERR_OK);
    DB_GIVES(ledger_credit(db, customer, funds, "n"), ERR_OK);
    for (size_t i = 0; i < TEST_COUNT(created); i++) {
        who = actor(customer, key);
        DB_GIVES(ticket_create(db, test_master, &who, &order, &created[i]), ERR_OK);
    }
    for (size_t i = 1; i < 3; i++) {
        who = actor(partner, key);
        DB_GIVES(ticket_settle(db, &who, &created[i].id, created[i].key, "d", &ticket), ERR_OK);
    }
    who = actor(partner, key);
    DB_GIVES(ticket_refund(db, &who, &created[2].id, created[2].key, "r", &ticket), ERR_OK);
    who = actor(customer, key);
    DB_GIVES(ticket_cancel(db, &who, &created[3].id, &ticket), ERR_OK);
}

/* Opens what keeps even the owner from tampering. */
static void drop_guards(struct db *db)
{
    scratch_run(db, "DROP TRIGGER journal_is_final");
    scratch_run(db, "DROP TRIGGER journal_stays");
    scratch_run(db, "DROP TRIGGER entry_is_final");
    scratch_run(db, "DROP TRIGGER entry_stays");
    scratch_run(db, "SET check_constraint_checks = OFF");
    scratch_run(db, "SET foreign_key_checks = OFF");
}

static void test_plants(void)
{
    struct scratch scratch;

    if (scratch_make(&scratch) && scratch_migrate(&scratch, NULL, NULL, NULL) == ERR_OK) {
        make_tickets(scratch.owner);
        DB_CHECK(audit(scratch.owner, NULL).count == 0);
        drop_guards(scratch.owner);
        for (size_t i = 0; i < TEST_COUNT(plants); i++) {
            scratch_run(scratch.owner, plants[i].plant);
            struct findings found = audit(scratch.owner, plants[i].words);
            db_test_check(found.with_words > 0, plants[i].name, __FILE__, __LINE__);
            scratch_run(scratch.owner, plants[i].undo);
            DB_CHECK(audit(scratch.owner, NULL).count == 0);
        }
    }
    scratch_drop(&scratch);
}

/* A user variable holds the first journal that is not given. `old` is what an audit since then must not
 * look at; all of them are found by one of everything. */
static const struct {
    const char *name, *plant, *undo, *words;
    bool old;
} since_plants[] = {
    {"a new journal off",
     "UPDATE entry SET amount = amount + 7 WHERE journal_id = @first AND amount > 0",
     "UPDATE entry SET amount = amount - 7 WHERE journal_id = @first AND amount > 0", " is off by ",
     false},
    {"a new entry that does not continue the chain",
     "UPDATE entry SET balance = balance + 7 WHERE journal_id = @first AND amount > 0",
     "UPDATE entry SET balance = balance - 7 WHERE journal_id = @first AND amount > 0",
     "where the sum is", false},
    {"a given balance that new entries do not continue",
     "UPDATE entry AS e JOIN entry AS n ON n.account_id = e.account_id AND n.seq = e.seq + 1 "
     "SET e.balance = e.balance + 7 WHERE n.journal_id = @first AND n.amount < 0",
     "UPDATE entry AS e JOIN entry AS n ON n.account_id = e.account_id AND n.seq = e.seq + 1 "
     "SET e.balance = e.balance - 7 WHERE n.journal_id = @first AND n.amount < 0",
     "where the sum is", false},
    {"a new journal without entries",
     "INSERT INTO journal (kind, user_id, request_key) VALUES ('credit', 1, 'planted')",
     "DELETE FROM journal WHERE request_key = 'planted'", "(credit) has no entry", false},
    {"any balance", "UPDATE account SET balance = balance + 7 WHERE purpose = 'external'",
     "UPDATE account SET balance = balance - 7 WHERE purpose = 'external'", "its entries make ",
     false},
    {"a new hold", "UPDATE hold SET amount = amount + 7 WHERE state = 'open'",
     "UPDATE hold SET amount = amount - 7 WHERE state = 'open'", "its open holds make ", false},
    {"the count of who used a limit", "UPDATE limit_count SET month_amount = month_amount + 7",
     "UPDATE limit_count SET month_amount = month_amount - 7", " of withdrawal, its uses make ",
     false},
    {"a new journal of no ticket",
     "UPDATE journal SET ref = UNHEX(REVERSE(HEX(ref))) WHERE id >= @first",
     "UPDATE journal SET ref = UNHEX(REVERSE(HEX(ref))) WHERE id >= @first",
     "about a ticket that does not exist", false},
    {"a new ticket's story", "UPDATE ticket SET settled_at = created_at ORDER BY id DESC LIMIT 1",
     "UPDATE ticket SET settled_at = NULL ORDER BY id DESC LIMIT 1", " settling, ", false},
    {"a given journal off",
     "UPDATE entry SET amount = amount + 7 WHERE journal_id = @first - 1 AND amount > 0",
     "UPDATE entry SET amount = amount - 7 WHERE journal_id = @first - 1 AND amount > 0",
     " is off by ", true},
};

/* One more ticket of the same customer. */
static void make_later_ticket(struct db *db)
{
    const struct currency *usd = currency_by_code("USD", 3);
    struct ticket_request order = {.partner = "p", .amount = {.units = UNITS, .currency = usd}};
    struct ticket_created created;
    char key[DB_TEST_NAME_SIZE];
    struct actor who =
        actor(scratch_number(db, "SELECT id FROM user WHERE login = 'customer'"), key);

    DB_GIVES(ticket_create(db, test_master, &who, &order, &created), ERR_OK);
}

static void plant_since(struct db *db, size_t i, int64_t first)
{
    scratch_run(db, since_plants[i].plant);
    bool seen = audit_since(db, first, since_plants[i].words).with_words > 0;
    bool seen_at_all = audit(db, since_plants[i].words).with_words > 0;
    db_test_check(seen != since_plants[i].old && seen_at_all, since_plants[i].name, __FILE__,
                  __LINE__);
    scratch_run(db, since_plants[i].undo);
    DB_CHECK(audit_since(db, first, NULL).count == 0 && audit(db, NULL).count == 0);
}

static void test_since(void)
{
    struct scratch scratch;
    int64_t first = 0;

    if (scratch_make(&scratch) && scratch_migrate(&scratch, NULL, NULL, NULL) == ERR_OK) {
        make_tickets(scratch.owner);
        DB_CHECK(audit(scratch.owner, NULL).count == 0);
        DB_GIVES(audit_first_since(scratch.owner, INT32_MAX, &first), ERR_OK);
        make_later_ticket(scratch.owner);
        scratch_run(scratch.owner, "SET @first = (SELECT MAX(id) FROM journal)");
        DB_CHECK(scratch_number(scratch.owner, "SELECT @first") == first);
        drop_guards(scratch.owner);
        for (size_t i = 0; i < TEST_COUNT(since_plants); i++)
            plant_since(scratch.owner, i, first);
    }
    scratch_drop(&scratch);
}

/* Payments of one buyer: an audit that reads all entries of a payer for each would take minutes. */
static void test_one_payer(void)
{
    static const char *const made[] = {
        "CREATE TEMPORARY TABLE n SELECT seq AS i FROM seq_1_to_20000",
        "SET @payer = (SELECT a.id FROM account AS a JOIN user AS u ON u.id = a.owner_id "
        "WHERE u.login = 'customer' AND a.purpose = 'available')",
        "SET @buyer = (SELECT id FROM user WHERE login = 'customer'), "
        "@merchant = (SELECT id FROM user WHERE login = 'partner'), "
        "@earns = (SELECT a.id FROM account AS a JOIN user AS u ON u.id = a.owner_id "
        "WHERE u.login = 'partner' AND a.purpose = 'available')",
        "INSERT INTO journal (kind, user_id, request_key, ref) SELECT 'checkout_pay', @buyer, "
        "CONCAT('many-', i), UNHEX(MD5(i)) FROM n",
        "INSERT INTO checkout_order (id, merchant_id, api_key_id, request_key, currency_id, "
        "amount, "
        "paid, status, description, wants_mail, autosell, instant_only, multipay, created_at, "
        "paid_at) SELECT ref, @merchant, 0, request_key, 2, 1, 1, 'paid', '', 0, 0, 0, 0, NOW(6), "
        "NOW(6) FROM journal WHERE request_key LIKE 'many-%'",
        "INSERT INTO checkout_payment (id, journal_id, order_id, payer_id, amount, created_at) "
        "SELECT ref, id, ref, @buyer, 1, NOW(6) FROM journal WHERE request_key LIKE 'many-%'",
        "SET @seq = (SELECT entries FROM account WHERE id = @payer), "
        "@left = (SELECT balance FROM account WHERE id = @payer)",
        "INSERT INTO entry (account_id, seq, journal_id, amount, balance, type) SELECT @payer, "
        "@seq := @seq + 1, id, -1, @left := @left - 1, 'spent' FROM journal "
        "WHERE request_key LIKE 'many-%' ORDER BY id",
        "UPDATE account SET entries = @seq, balance = @left WHERE id = @payer",
        "SET @seq = (SELECT entries FROM account WHERE id = @earns), "
        "@left = (SELECT balance FROM account WHERE id = @earns)",
        "INSERT INTO entry (account_id, seq, journal_id, amount, balance, type) SELECT @earns, "
        "@seq := @seq + 1, id, 1, @left := @left + 1, 'earned' FROM journal "
        "WHERE request_key LIKE 'many-%' ORDER BY id",
        "UPDATE account SET entries = @seq, balance = @left WHERE id = @earns",
        "INSERT INTO event (topic, kind, owner_id, seq, subject, ref, payload, at) "
        "SELECT 'checkout', 'paid', @merchant, i, UNHEX(MD5(i)), UNHEX(MD5(i)), '{}', NOW(6) FROM "
        "n",
    };
    struct scratch scratch;

    if (scratch_make(&scratch) && scratch_migrate(&scratch, NULL, NULL, NULL) == ERR_OK) {
        make_tickets(scratch.owner);
        scratch_run(scratch.owner, "SET foreign_key_checks = OFF");
        for (size_t i = 0; i < TEST_COUNT(made); i++)
            scratch_run(scratch.owner, made[i]);
        scratch_run(scratch.owner, "SET max_statement_time = 30");
        DB_CHECK(audit(scratch.owner, NULL).count == 0);
    }
    scratch_drop(&scratch);
}

static const struct test_case tests[] = {
    {"a planted difference for each check", test_plants},
    {"what is new, with older journals given", test_since},
    {"many payments of one buyer", test_one_payer},
    {NULL, NULL},
};
const struct test_suite suite_audit = {.name = "audit", .cases = tests};
