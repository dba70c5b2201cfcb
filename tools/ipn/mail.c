/* The mails of the outbox: one after the other, through the relay that the configuration names. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "ledger/ledger.h"
#include "money/display.h"
#include "net/mail.h"
#include "notify/outbox.h"
#include "notify/template.h"
#include "tools/ipn/ipn.h"

#define LOOK_MS 500
#define BATCH 8 /* claimed at once: all of them have to be through before the lease ends */
#define DROP_BATCH 1000
#define TEXT_MAX 4096

struct mailer {
    const struct ipn *ipn;
    struct db *db;
    struct delivery_queue queues[BATCH];
    size_t queue_count;
    struct notify_event *events; /* owned; BATCH of them */
    size_t event_count;
    uint64_t tried, sent;
};

static void on_queue(void *arg, const struct delivery_queue *queue)
{
    struct mailer *mailer = arg;
    if (mailer->queue_count < BATCH)
        mailer->queues[mailer->queue_count++] = *queue;
}

static void on_claimed(void *arg, const struct notify_event *event)
{
    struct mailer *mailer = arg;
    if (mailer->event_count < BATCH)
        mailer->events[mailer->event_count++] = *event;
}

/* The template for what a mail tells: a status of an event. */
static const struct kind {
    const char *status, *file;
} kinds[MAIL_KINDS] = {{"partial", "partial.txt"}, {"paid", "paid.txt"}};

/* What templates may name. */
enum { MERCHANT, AMOUNT, CURRENCY, DATE, TRANSACTION, PAYMENT, MISSING, SITE, URL, VALUES };
static const struct template_value names[VALUES] = {[MERCHANT] = {.name = "merchant"},
                                                    [AMOUNT] = {.name = "amount"},
                                                    [CURRENCY] = {.name = "currency"},
                                                    [DATE] = {.name = "date"},
                                                    [TRANSACTION] = {.name = "transaction"},
                                                    [PAYMENT] = {.name = "payment"},
                                                    [MISSING] = {.name = "missing"},
                                                    [SITE] = {.name = "site"},
                                                    [URL] = {.name = "url"}};

enum err mail_templates_read(const struct config *config, struct text templates[MAIL_KINDS],
                             struct text *problem)
{
    char path[PATH_MAX];
    enum err rc = ERR_OK;

    for (size_t i = 0; i < MAIL_KINDS && rc == ERR_OK; i++) {
        text_clear(problem);
        templates[i] = TEXT(TEMPLATE_MAX);
        snprintf(path, sizeof(path), "%s/%s", config->mail_templates, kinds[i].file);
        rc = template_read(path, names, VALUES, &templates[i], problem);
    }
    return rc;
}

/* Words the mail of an event by its template. */
static void word(const struct mailer *mailer, const struct notify_event *event,
                 struct text *subject, struct text *text)
{
    const struct config *config = &mailer->ipn->job->config;
    char amount[AMOUNT_TEXT_SIZE] = "", missing[AMOUNT_TEXT_SIZE] = "", date[CLOCK_TEXT_SIZE];
    char transaction[UUID_TEXT_SIZE], payment[UUID_TEXT_SIZE] = "";
    struct template_value values[VALUES];
    size_t kind = 0;

    if (event->has_amount)
        amount_format(event->amount, amount);
    if (event->has_partial)
        amount_format(event->pending, missing);
    if (event->has_payment)
        uuid_format(&event->payment, payment);
    clock_format(event->at, date);
    uuid_format(&event->subject, transaction);
    memcpy(values, names, sizeof(values));
    values[MERCHANT].value = event->merchant;
    values[AMOUNT].value = amount;
    values[CURRENCY].value = event->has_amount ? event->currency->code : "";
    values[DATE].value = date;
    values[TRANSACTION].value = transaction;
    values[PAYMENT].value = payment;
    values[MISSING].value = missing;
    values[SITE].value = config->site_name;
    values[URL].value = config->site_base_url;
    while (kind + 1 < MAIL_KINDS && strcmp(event->status, kinds[kind].status) != 0)
        kind++;
    template_fill(&mailer->ipn->templates[kind], values, VALUES, subject, text);
}

static enum err send_one(struct mailer *mailer, const struct notify_event *event)
{
    const struct config *config = &mailer->ipn->job->config;
    struct mail_outcome done = {0};
    struct text subject = TEXT(MAIL_LINE_MAX), text = TEXT(TEXT_MAX);
    char message_id[UUID_TEXT_SIZE + 16], id[UUID_TEXT_SIZE];

    word(mailer, event, &subject, &text);
    uuid_format(&event->uuid, id);
    snprintf(message_id, sizeof(message_id), "%s@teller", id);
    struct mail mail = {.to = event->email,
                        .subject = text_string(&subject),
                        .text = text_string(&text),
                        .message_id = message_id};
    enum err rc = mail_send(&mailer->ipn->mail, &mail, &done);
    struct outbox_outcome outcome = {
        .delivery_id = event->id,
        .attempt = event->attempts,
        .acknowledged = rc == ERR_OK,
        .retry_s = config->ipn_retry_seconds,
        .result = rc == ERR_OK ? "sent" : "failed",
        .address = "",
        .problem = rc != ERR_OK && done.problem[0] == '\0' ? err_text(rc) : done.problem,
        .status = done.reply,
        .latency_us = done.latency_us};
    mailer->tried++;
    mailer->sent += rc == ERR_OK;
    text_free(&subject);
    text_free(&text);
    return outbox_record(mailer->db, &outcome, 1);
}

/* Sends one batch; *found says whether there was anything. */
static enum err send_batch(struct mailer *mailer, bool *found)
{
    struct outbox_want wants[BATCH];

    mailer->queue_count = mailer->event_count = 0;
    enum err rc = outbox_queues(mailer->db, "mail", on_queue, mailer);
    for (size_t i = 0; i < mailer->queue_count; i++)
        wants[i] = (struct outbox_want){.queue = &mailer->queues[i], .room = 1};
    if (rc == ERR_OK && mailer->queue_count > 0)
        rc = outbox_claim(mailer->db, "mail", wants, mailer->queue_count,
                          BATCH * (1 + mailer->ipn->job->config.ipn_timeout_ms / 1000) +
                              mailer->ipn->job->config.ipn_lease_seconds,
                          on_claimed, mailer);
    for (size_t i = 0; rc == ERR_OK && i < mailer->event_count; i++)
        rc = send_one(mailer, &mailer->events[i]);
    *found = mailer->event_count > 0;
    return rc;
}

static enum err drop_batch(struct mailer *mailer, bool *found)
{
    int64_t dropped;
    enum err rc = outbox_drop_mail(mailer->db, DROP_BATCH, &dropped);
    *found = dropped > 0;
    return rc;
}

static enum err loop(struct mailer *mailer)
{
    const struct ipn *ipn = mailer->ipn;
    bool relay = ipn->job->config.mail_relay[0] != '\0', loaded = false, found;
    enum err rc;

    do {
        found = false;
        rc = loaded ? ERR_OK : ledger_load(mailer->db);
        loaded = rc == ERR_OK;
        if (rc == ERR_OK)
            rc = relay ? send_batch(mailer, &found) : drop_batch(mailer, &found);
        if (!found && ipn->job->until_us != 0)
            job_rest_ms(LOOK_MS);
    } while (!job_over(ipn->job) && (rc == ERR_OK || job_passes(rc)) &&
             (found || ipn->job->until_us != 0));
    return rc;
}

enum err mail_run(const struct ipn *ipn, uint64_t *tried, uint64_t *sent)
{
    struct mailer mailer = {.ipn = ipn, .events = calloc(BATCH, sizeof(*mailer.events))};
    enum err rc = mailer.events == NULL ? ERR_NO_MEMORY : ERR_OK;

    if (rc == ERR_OK)
        rc = db_open_config(&ipn->job->config, false, &mailer.db);
    if (rc == ERR_OK)
        rc = loop(&mailer);
    *tried = mailer.tried;
    *sent = mailer.sent;
    db_close(mailer.db);
    free(mailer.events);
    return rc;
}
