/* The checks, one function each. */
#include "watch/watch.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "checkout/checkout.h"
#include "crypto/certificate.h"
#include "db/beat.h"
#include "db/space.h"
#include "deposit/deposit.h"
#include "desk/bid.h"
#include "desk/rate.h"
#include "market/order.h"
#include "notify/outbox.h"
#include "payout/send.h"
#include "stream/outbox.h"
#include "ticket/ticket.h"

#define CLOCK_SLACK_US 2000000               /* how far our clock and the database's may be apart */
#define DISK_LEAST_SHARE 20                  /* this part of the disk has to be free, */
#define DISK_LEAST_BYTES (UINT64_C(2) << 30) /* ... or as much */
#define JOB_LATE_S 180                       /* cron starts each every minute */
#define DUE_LATE_S 300                       /* nothing that is due waits as long */
#define CERTIFICATE_DAYS 14                  /* who renews by itself does it a month before */
#define DAY_S 86400
#define WORDS_SIZE 800

/* Where findings go. */
struct watch {
    struct db *db;
    const struct config *config;
    finding_row *row;
    void *arg;
};

static void report(const struct watch *watch, const char *check, bool good, const char *found,
                   const char *mend)
{
    const struct finding finding = {.check = check, .good = good, .found = found, .mend = mend};
    watch->row(watch->arg, &finding);
}

/* A check that the database did not answer. */
static void report_failure(const struct watch *watch, const char *check)
{
    report(watch, check, false, db_problem(watch->db),
           "see that the server runs and that the schema is current (tellerctl migrate)");
}

static void check_disk(const struct watch *watch)
{
    const char *directory = db_data_directory(watch->db);
    struct space space;
    char found[WORDS_SIZE];

    if (!space_measure(directory, &space)) {
        report(watch, "database's disk", true, "is not seen from here", "");
        return;
    }
    uint64_t least = space.all_bytes / DISK_LEAST_SHARE;
    snprintf(found, sizeof(found), "%" PRIu64 " of %" PRIu64 " MiB are free in %.500s",
             space.free_bytes >> 20, space.all_bytes >> 20, directory);
    report(watch, "database's disk",
           space.free_bytes >= (least < DISK_LEAST_BYTES ? least : DISK_LEAST_BYTES), found,
           "make room: with less than 16 MiB no change is taken any more");
}

static void check_clock(const struct watch *watch)
{
    struct db_rows rows = {0};
    char found[WORDS_SIZE];
    enum err rc = db_run(watch->db, "SELECT CAST(UNIX_TIMESTAMP(NOW(6)) * 1000000 AS SIGNED)",
                         DB_NO_ARGS, &rows);

    if (rc != ERR_OK || !db_next(&rows)) {
        report_failure(watch, "clock");
    } else {
        int64_t apart_us = db_get_i64(&rows, 0) - clock_now_us();
        snprintf(found, sizeof(found), "the database's is %" PRId64 " ms from ours",
                 apart_us / 1000);
        report(watch, "clock", llabs(apart_us) < CLOCK_SLACK_US, found,
               "run a time service (chrony) on both machines");
    }
    db_rows_free(&rows);
}

static void check_job(const struct watch *watch, const char *job)
{
    char found[WORDS_SIZE];
    int64_t age_s;

    if (beat_age(watch->db, job, &age_s) != ERR_OK) {
        report_failure(watch, job);
        return;
    }
    if (age_s == BEAT_NEVER)
        snprintf(found, sizeof(found), "has never run");
    else
        snprintf(found, sizeof(found), "had done all that was due %" PRId64 " s ago", age_s);
    report(watch, job, age_s != BEAT_NEVER && age_s <= JOB_LATE_S, found,
           "see that its unit or its line in the crontab is there and what it logs");
}

/* Whether all jobs write to one node of a cluster. */
static void check_writer(const struct watch *watch)
{
    char names[BEAT_WRITERS_SIZE];
    bool one;

    if (beat_writers(watch->db, names, &one) != ERR_OK)
        report_failure(watch, "one writer");
    else
        report(watch, "one writer", one, names[0] == '\0' ? "no job has run for a minute" : names,
               "let the proxy send every connection to one node, as in tools/cluster/haproxy.cfg");
}

/* What waits for a job.
 * overdue  gives for how many seconds the oldest of it has been due */
static void check_due(const struct watch *watch, const char *what,
                      enum err (*overdue)(struct db *db, int64_t *age_s), const char *job)
{
    char found[WORDS_SIZE], mend[WORDS_SIZE];
    int64_t age_s = 0;

    if (overdue(watch->db, &age_s) != ERR_OK) {
        report_failure(watch, what);
        return;
    }
    if (age_s <= 0)
        snprintf(found, sizeof(found), "nothing is late");
    else
        snprintf(found, sizeof(found), "the oldest has been due for %" PRId64 " s", age_s);
    snprintf(mend, sizeof(mend), "see what %s logs", job);
    report(watch, what, age_s <= DUE_LATE_S, found, mend);
}

static enum err orders_waiting(struct db *db, int64_t *age_s)
{
    int64_t age_us = 0, length;
    enum err rc = market_lag(db, &age_us, &length);

    *age_s = age_us / 1000000;
    return rc;
}

/* Whether somebody takes connections there. */
static void check_socket(const struct watch *watch, const char *check, const char *path,
                         const char *mend)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    char found[WORDS_SIZE];
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    bool good = fd >= 0 && strlen(path) < sizeof(address.sun_path);

    snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
    errno = ENAMETOOLONG;
    good = good && connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0;
    snprintf(found, sizeof(found), "%.500s %s", path, good ? "takes connections" : strerror(errno));
    if (fd >= 0)
        close(fd);
    report(watch, check, good, found, mend);
}

static void check_deposits(const struct watch *watch)
{
    char found[WORDS_SIZE];
    uint64_t withheld = 0, owing = 0;

    if (deposit_trouble(watch->db, &withheld, &owing) != ERR_OK) {
        report_failure(watch, "deposits");
        return;
    }
    snprintf(found, sizeof(found),
             "%" PRIu64 " are withheld, %" PRIu64 " users owe what left its chain", withheld,
             owing);
    report(watch, "deposits", owing == 0, found,
           "see tellerctl deposit list --state cancelled, and settle with the users, who are shut "
           "out");
}

static void check_certificate(const struct watch *watch)
{
    const char *path = watch->config->site_certificate;
    char found[WORDS_SIZE], date[CLOCK_TEXT_SIZE];
    int64_t end_s;
    enum err rc = path[0] == '\0' ? ERR_IO : certificate_end(path, &end_s);

    if (path[0] == '\0' || (rc == ERR_IO && access(path, F_OK) != 0)) {
        report(watch, "certificate", true, "is not seen from here", "");
        return;
    }
    if (rc == ERR_OK) {
        clock_format(end_s, date);
        snprintf(found, sizeof(found), "%.500s ends at %s UTC", path, date);
    } else {
        snprintf(found, sizeof(found), "%.500s %s", path,
                 rc == ERR_IO ? "cannot be read" : "holds no certificate");
    }
    report(watch, "certificate",
           rc == ERR_OK && end_s - clock_now_us() / 1000000 > CERTIFICATE_DAYS * DAY_S, found,
           "renew it and reload the web server; certificate in [site] names it");
}

void watch_all(struct db *db, const struct config *config, finding_row *row, void *arg)
{
    const struct watch watch = {.db = db, .config = config, .row = row, .arg = arg};
    const struct watch *to = &watch;

    check_disk(to);
    check_clock(to);
    check_writer(to);
    check_job(to, "teller-sweep");
    check_due(to, "expired tickets", ticket_overdue, "teller-sweep");
    check_due(to, "expired orders", checkout_overdue, "teller-sweep");
    check_due(to, "expired bids", desk_bid_overdue, "teller-sweep");
    check_job(to, "teller-ipn");
    check_due(to, "notifications", outbox_overdue, "teller-ipn");
    check_job(to, "teller-stop-orders");
    check_due(to, "orders set off", orders_waiting, "teller-stop-orders");
    check_job(to, "teller-pay");
    check_due(to, "payouts", payout_overdue, "teller-pay");
    check_job(to, "teller-rates");
    check_due(to, "feeds of rates", desk_feed_overdue, "teller-rates");
    if (config->provider_ethereum_url[0] != '\0' || config->provider_bitcoin_url[0] != '\0')
        check_job(to, "teller-deposits");
    check_deposits(to);
    if (config->market_matcher[0] != '\0') {
        check_job(to, "teller-match");
        check_socket(to, "matcher's socket", config->market_matcher,
                     "start teller-match; matcher in [market] names its socket");
    }
    if (config->stream_socket[0] != '\0') {
        check_job(to, "teller-stream");
        check_due(to, "news of the stream", stream_overdue, "teller-stream");
        check_socket(to, "nchan's socket", config->stream_socket,
                     "start the stream's nginx; socket in [stream] names its socket, and nothing "
                     "where there is no stream");
    }
    check_certificate(to);
}

static void check_secret(const struct watch *watch, const char *check, const char *path)
{
    char secret[WORDS_SIZE];
    struct text problem = TEXT(WORDS_SIZE);

    if (path[0] == '\0')
        return;
    bool good = config_secret(path, secret, sizeof(secret)) == ERR_OK;
    explicit_bzero(secret, sizeof(secret));
    if (!good)
        config_secret_problem(path, &problem);
    report(watch, check, good, good ? path : text_string(&problem),
           "the workers' user has to own it, or its group to have it: chown teller");
    text_free(&problem);
}

void watch_secrets(const struct config *config, finding_row *row, void *arg)
{
    const struct watch watch = {.config = config, .row = row, .arg = arg};

    check_secret(&watch, "key file", config->security_key_file);
    check_secret(&watch, "password file", config->database_password_file);
    check_secret(&watch, "mail password file", config->mail_password_file);
}
