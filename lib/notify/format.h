/* Formats: how an event is written for somebody, how that is signed, what acknowledges it, and when it
 * is tried again. The retrier, the merchant's pages and the domains all go by this table.
 *
 * Formats of this folder (ipn, mail) are there from the start; a higher floor adds its own with
 * format_register before the first delivery, as the desk does for its callbacks. */
#ifndef NOTIFY_FORMAT_H
#define NOTIFY_FORMAT_H

#include "notify/notify.h"

#define FORMATS_MAX 16

/* Signatures, which may be combined. */
enum {
    SIGN_API_KEY = 1, /* Rest-Key, Rest-Sign: by the API key of the delivery */
    SIGN_WEBHOOK =
        2, /* webhook-id, -timestamp, -signature: by the owner's secrets (Standard Webhooks) */
};

/* When a delivery that was not acknowledged is tried again: after `first_s`, then each time when as
 * much time has gone by since the beginning once more (so that the gaps double), but at most `most_s`
 * apart. */
struct format_schedule {
    int64_t first_s; /* 0: as [ipn] retry_seconds says, always the same, for ever */
    int64_t most_s;
    int64_t end_s; /* then it is given up; 0: never */
};

struct format {
    const char *name;         /* as in delivery.format */
    const char *channel;      /* "post" or "mail" */
    const char *content_type; /* of the body */
    unsigned signers;         /* SIGN_... */
    bool ordered;             /* waits for earlier deliveries of its subject to its endpoint */

    /* Writes the body: the same bytes for every try. `out` is cleared. ERR_TOO_LARGE, ERR_INTERNAL
     * where the payload is not what the format is for. */
    enum err (*write_body)(const struct notify_event *event, struct text *out);

    /* Whether an answer acknowledges; and the same in words, for whoever asks why it did not. */
    bool (*acknowledges)(int status, const void *answer, size_t len); /* NULL with mail */
    const char *refusal;

    struct format_schedule schedule;
};

/* The format of that name, or NULL. */
const struct format *format_find(const char *name);

/* Adds a format; it must stay where it is. ERR_INVALID where one of that name is there or the table
 * is full. */
MUST_USE enum err format_register(const struct format *format);

/* How long to wait after a try that was not acknowledged.
 * elapsed_s  since the delivery was made or replayed
 * default_s  for schedules that follow the configuration
 * Returns seconds, or -1 where it is given up. The last try is at the end of the schedule. */
int64_t format_retry_s(const struct format_schedule *schedule, int64_t elapsed_s,
                       int64_t default_s);

/* Any status of 2xx, whatever the body says: what most webhooks go by. */
bool format_any_2xx(int status, const void *answer, size_t len);

#endif
