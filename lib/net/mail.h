/* Mail, by SMTP to the one relay that the configuration names. */
#ifndef NET_MAIL_H
#define NET_MAIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/config.h"
#include "base/err.h"
#include "base/text.h"

#define MAIL_ADDRESS_MAX 254    /* bytes of an address */
#define MAIL_LINE_MAX 255       /* bytes of a subject, a sender's name, a message id */
#define MAIL_TEXT_MAX (1 << 20) /* bytes of a body */
#define MAIL_PASSWORD_SIZE 256  /* bytes of a password with its NUL */

/* Strings are those of the configuration; NULL counts as "". */
struct mail_config {
    const char *relay;   /* "smtp://127.0.0.1:25", or smtps:// over TLS; "": mail is off */
    const char *from;    /* "Teller <no-reply@example.org>", or the address alone */
    const char *user;    /* "": mail is handed over without authentication; else TLS is required */
    const char *ca_file; /* certificates that are believed; "": the system's */
    char password[MAIL_PASSWORD_SIZE]; /* the user's; wipe it after use */
    bool require_tls;                  /* nothing goes to an smtp:// relay without STARTTLS */
    int timeout_ms; /* of one mail, and again of the farewell to a relay that hangs */
};

struct mail {
    const char *to;         /* one address, ASCII */
    const char *subject;    /* UTF-8, one line */
    const char *text;       /* UTF-8, any line ends */
    const char *message_id; /* "event@shop.example", without brackets; constant over retries */
};

struct mail_outcome {
    int reply;         /* the server's last SMTP code; 0 where none */
    char problem[256]; /* the transport's words, printable ASCII; "" where it was taken */
    int64_t latency_us;
};

/* Reads the keys of [mail] (and ca_file in [net]).
 * out  out, with the password of password_file: wipe it after use
 * ERR_CONFIG where the relay is no smtp:// or smtps:// URL, user and password_file are not both
 * set or both empty, or the file cannot be used. */
MUST_USE enum err mail_configure(const struct config *config, struct mail_config *out);

/* Writes the whole message: headers, and the body in base64 with lines that every relay takes.
 * unix_s  its date
 * out     out, cleared first; `full` where it has no room for some 1.4 times the text
 * ERR_INVALID where an address, a header or the text is not what it should be: no header can be
 * smuggled in. */
MUST_USE enum err mail_message(const struct mail_config *config, const struct mail *mail,
                               int64_t unix_s, struct text *out);

/* Sends one mail and waits for the relay to take it. Neither proxy nor credentials are taken from
 * the environment. Where TLS is required, a relay that does not offer it, or has no certificate that
 * is believed, gets neither password nor mail (RFC 3207, 8314).
 * outcome  out, also where it fails
 * ERR_CONFIG where mail is off or the relay's URL is none, ERR_INVALID as mail_message, ERR_IO where
 * the relay did not take it (a reply of 500 and more will not change by trying again),
 * ERR_NO_MEMORY. */
MUST_USE enum err mail_send(const struct mail_config *config, const struct mail *mail,
                            struct mail_outcome *outcome);

/* Connects to the relay as mail_send would, with TLS and password, and sends nothing. Errors as
 * there. */
MUST_USE enum err mail_check(const struct mail_config *config, struct mail_outcome *outcome);

#endif
