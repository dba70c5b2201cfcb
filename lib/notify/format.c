/* The table of formats, and when a delivery is tried again. */
#include "notify/format.h"

#include <string.h>

static const struct format ipn = {
    .name = "ipn",
    .channel = "post",
    .content_type = "application/x-www-form-urlencoded",
    .signers = SIGN_API_KEY | SIGN_WEBHOOK,
    .ordered = true,
    .write_body = ipn_write_body,
    .acknowledges = ipn_acknowledges,
    .refusal = "the answer is not a status of 2xx with a body that begins with [OK]",
};

/* Worded by tools/ipn from its templates; the relay's reply acknowledges. The body is what the pages
 * show of it: the same that a shop would be told. */
static const struct format mail = {
    .name = "mail",
    .channel = "mail",
    .content_type = "application/x-www-form-urlencoded",
    .signers = SIGN_API_KEY | SIGN_WEBHOOK,
    .ordered = true,
    .write_body = ipn_write_body,
    .refusal = "the mail relay did not take it",
};

static const struct format *formats[FORMATS_MAX] = {&ipn, &mail};

const struct format *format_find(const char *name)
{
    for (size_t i = 0; i < FORMATS_MAX && formats[i] != NULL; i++)
        if (strcmp(formats[i]->name, name) == 0)
            return formats[i];
    return NULL;
}

enum err format_register(const struct format *format)
{
    size_t count = 0;

    while (count < FORMATS_MAX && formats[count] != NULL)
        count++;
    if (count == FORMATS_MAX || format_find(format->name) != NULL)
        return ERR_INVALID;
    formats[count] = format;
    return ERR_OK;
}

int64_t format_retry_s(const struct format_schedule *schedule, int64_t elapsed_s, int64_t default_s)
{
    if (schedule->first_s == 0)
        return default_s;
    if (schedule->end_s != 0 && elapsed_s >= schedule->end_s)
        return -1;
    int64_t gap_s = elapsed_s > schedule->first_s ? elapsed_s : schedule->first_s;
    if (schedule->most_s != 0 && gap_s > schedule->most_s)
        gap_s = schedule->most_s;
    if (schedule->end_s != 0 && elapsed_s + gap_s > schedule->end_s)
        gap_s = schedule->end_s - elapsed_s;
    return gap_s;
}

bool format_any_2xx(int status, const void *answer, size_t len)
{
    (void)answer, (void)len;
    return status >= 200 && status <= 299;
}
