/* Mail, by SMTP to the one relay that the configuration names. */
#ifndef NET_MAIL_H
#define NET_MAIL_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct mail_config {
    const char *relay; /* "smtp://127.0.0.1:25"; NULL or "": mail is off */
    const char *from;  /* "Teller <no-reply@example.org>" */
    int timeout_ms;
};

struct mail {
    const char *to;         /* one address */
    const char *subject;    /* UTF-8, one line */
    const char *text;       /* UTF-8 body */
    const char *message_id; /* constant over retries */
};

struct mail_outcome {
    int reply;         /* the server's last SMTP code; 0 where none */
    char problem[256]; /* "" */
    int64_t latency_us;
};

/* Sends one mail and waits. Header injection is refused (ERR_INVALID). ERR_IO where the relay did not take it. */
MUST_USE enum err mail_send(const struct mail_config *config, const struct mail *mail,
                            struct mail_outcome *outcome);

#endif
