/* The audit finds what was tampered with: a difference is planted for each of its checks. */
#include <stdio.h>
#include <string.h>

#include "identity/user.h"
#include "ledger/ledger.h"
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
};

static void see(void *arg, const char *words)
{
    struct findings *findings = arg;
    findings->count++;
    findings->with_words += findings->words != NULL && strstr(words, findings->words) != NULL;
}

/* Both parts of `tellerctl audit`. */
static struct findings audit(struct db *db, const char *words)
{
    struct findings findings = {.words = words};
    struct ledger_audit ledger = {0};
    uint64_t tickets = 0, differences = 0;

    DB_GIVES(ledger_audit(db, see, &findings, &ledger), ERR_OK);
    DB_GIVES(ticket_audit(db, see, &findings, &tickets, &differences), ERR_OK);
    DB_CHECK(ledger.differences + differences == findings.count);
    DB_CHECK(ledger.journals > 5 && ledger.entries > 10 && ledger.accounts >= 4 && tickets == 4);
    return findings;
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

static const struct test_case tests[] = {
    {"a planted difference for each check", test_plants},
    {NULL, NULL},
};
const struct test_suite suite_audit = {.name = "audit", .cases = tests};
