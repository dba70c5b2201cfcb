/* audit and close. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "ledger/audit.h"
#include "ledger/close.h"
#include "tools/tellerctl/database.h"

#define JOURNAL_DIGITS_MAX 18

/* A moment as an operator writes it, in unix seconds. */
static bool read_moment(const char *text, int64_t *unix_s)
{
    char whole[2 * sizeof("YYYY-MM-DD HH:MM:SS.ffffff")];
    int64_t us;
    size_t len = strlen(text);
    bool day = len == strlen("YYYY-MM-DD");

    if (!day && len != strlen("YYYY-MM-DD HH:MM:SS"))
        return false;
    snprintf(whole, sizeof(whole), "%s%s.000000", text, day ? " 00:00:00" : "");
    if (!clock_parse_us(whole, &us))
        return false;
    *unix_s = us / 1000000;
    return true;
}

/* Whether everything is to be looked at: when the command says so, and behind a restored copy. */
static bool is_whole(const struct ctl *ctl)
{
    return ctl->command->run != ctl_audit || ctl_option(ctl, "all") != NULL;
}

static bool is_proving(const struct ctl *ctl)
{
    return ctl->command->run != ctl_audit || ctl_option(ctl, "closed") != NULL;
}

/* What is closed is taken as given. */
static enum err find_open(struct db *db, int64_t *journal_id)
{
    struct ledger_close last;
    enum err rc = ledger_close_last(db, &last);

    *journal_id = last.id == 0 ? 0 : last.last_journal + 1;
    return rc;
}

/* The first journal that is not taken as given: 0, all of them are looked at. */
static int read_since(struct ctl *ctl, int64_t *journal_id)
{
    const char *since = ctl_option(ctl, "since");
    int64_t unix_s;
    enum err rc = ERR_OK;

    *journal_id = 0;
    if (since == NULL && is_whole(ctl))
        return CTL_DONE;
    if (since == NULL)
        rc = find_open(ctl->db, journal_id);
    else if (strlen(since) <= JOURNAL_DIGITS_MAX && text_to_number(since, 0, INT64_MAX, journal_id))
        return CTL_DONE;
    else if (!read_moment(since, &unix_s))
        return ctl_fail(ctl, ERR_NOT_DATE, "since");
    else
        rc = audit_first_since(ctl->db, unix_s, journal_id);
    return rc == ERR_OK ? CTL_DONE : ctl_fail(ctl, rc, db_problem(ctl->db));
}

/* Where the next audit may begin: what was under way when this one looked is looked at again. */
static enum err find_next(struct db *db, int64_t *journal_id)
{
    return audit_first_since(db, clock_now_us() / 1000000 - AUDIT_UNDER_WAY_S, journal_id);
}

/* An audit on its way: figures as they come, and what is wrong. */
struct found {
    struct writer *json;
    struct ctl_words words;
};

static void add_difference(void *arg, const char *words)
{
    struct found *found = arg;
    ctl_word(&found->words, words);
}

static void add_count(void *arg, const char *name, uint64_t count)
{
    struct found *found = arg;
    if (found->json != NULL)
        writer_int(found->json, name, (int64_t)count);
}

static void write_hash(struct writer *json, const char *key, const uint8_t hash[SHA256_SIZE])
{
    struct text digits = TEXT(2 * SHA256_SIZE + 1);

    text_hex(&digits, hash, SHA256_SIZE);
    writer_text(json, key, text_string(&digits));
    text_free(&digits);
}

/* The members of the result; the differences come behind them. */
static enum err run_audit(struct ctl *ctl, struct audit_report *report, struct writer *json)
{
    struct ledger_close last = {.id = 0};
    int64_t next;

    enum err rc = find_next(ctl->db, &next);
    if (rc == ERR_OK)
        rc = audit_run_all(ctl->db, report);
    if (rc == ERR_OK && is_proving(ctl))
        rc = ledger_close_check(ctl->db, report, &last);
    if (rc != ERR_OK)
        return rc;
    if (report->since != 0)
        writer_int(json, "since", report->since);
    if (is_proving(ctl))
        writer_int(json, "closes", last.id);
    if (last.id != 0)
        write_hash(json, "closed", last.hash);
    writer_int(json, "next", next);
    return ERR_OK;
}

int ctl_audit(struct ctl *ctl)
{
    struct found found = {.json = ctl_result(ctl)};
    struct audit_report report = {
        .difference = add_difference, .counted = add_count, .arg = &found};

    if (ctl_connect(ctl) != ERR_OK)
        return CTL_FAILED;
    db_patience(ctl->db, AUDIT_ANSWER_S);
    int status = read_since(ctl, &report.since);
    if (status != CTL_DONE)
        return status;
    ctl_words_begin(&found.words, ctl);
    writer_object(found.json, NULL);
    enum err rc = run_audit(ctl, &report, found.json);
    if (rc != ERR_OK) {
        text_free(&found.words.text);
        return ctl_fail(ctl, rc, db_problem(ctl->db));
    }
    writer_int(found.json, "differences", (int64_t)report.differences);
    ctl_words_end(&found.words, found.json, "findings");
    writer_end(found.json);
    ctl_print(ctl);
    return report.differences == 0 ? CTL_DONE : CTL_FAILED;
}

static void write_close(struct writer *json, const struct ledger_close *close)
{
    writer_object(json, NULL);
    writer_int(json, "close", close->id);
    ctl_date(json, "ends", close->ends_s);
    writer_int(json, "journal", close->last_journal);
    writer_int(json, "journals", (int64_t)close->journals);
    writer_int(json, "entries", (int64_t)close->entries);
    writer_int(json, "accounts", (int64_t)close->accounts);
    write_hash(json, "hash", close->hash);
    writer_end(json);
}

/* Closes at one moment, or month by month. */
static enum err run_closes(struct ctl *ctl, int64_t until_s, struct audit_report *report,
                           struct writer *json)
{
    struct ledger_close made = {.id = 1};
    int64_t ends_s = until_s;
    enum err rc = ERR_OK;

    writer_list(json, NULL);
    while (rc == ERR_OK && report->differences == 0) {
        if (until_s == 0)
            rc = ledger_close_due(ctl->db, &ends_s);
        if (rc != ERR_OK || ends_s == 0)
            break;
        rc = ledger_close(ctl->db, ends_s, report, &made);
        if (rc == ERR_OK && made.id != 0)
            write_close(json, &made);
        if (until_s != 0)
            break;
    }
    writer_end(json);
    return rc;
}

int ctl_close(struct ctl *ctl)
{
    const char *until = ctl_option(ctl, "until");
    struct found found = {.json = NULL};
    struct audit_report report = {
        .difference = add_difference, .counted = add_count, .arg = &found};
    struct writer *json = ctl_result(ctl);
    int64_t until_s = 0;

    if (until != NULL && !read_moment(until, &until_s))
        return ctl_fail(ctl, ERR_NOT_DATE, "until");
    if (ctl_connect(ctl) != ERR_OK)
        return CTL_FAILED;
    db_patience(ctl->db, AUDIT_ANSWER_S);
    ctl_words_begin(&found.words, ctl);
    enum err rc = find_open(ctl->db, &report.since);
    if (rc == ERR_OK)
        rc = audit_run_all(ctl->db, &report);
    if (rc == ERR_OK && report.differences == 0)
        rc = run_closes(ctl, until_s, &report, json);
    if (report.differences > 0)
        ctl_result(ctl);
    if (rc == ERR_OK && report.differences > 0) {
        writer_object(json, NULL);
        writer_int(json, "differences", (int64_t)report.differences);
        ctl_words_end(&found.words, json, "findings");
        writer_end(json);
    }
    text_free(&found.words.text);
    if (rc == ERR_INVALID)
        return ctl_fail_words(ctl, rc, "until: closed already, or less than 10 minutes ago");
    if (rc != ERR_OK)
        return ctl_fail(ctl, rc, db_problem(ctl->db));
    ctl_print(ctl);
    return report.differences == 0 ? CTL_DONE : CTL_FAILED;
}
