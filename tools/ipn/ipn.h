/* What the parts of teller-ipn share. */
#ifndef TOOLS_IPN_IPN_H
#define TOOLS_IPN_IPN_H

#include <stdint.h>

#include "base/err.h"
#include "base/text.h"
#include "crypto/crypto.h"
#include "net/mail.h"
#include "tools/job/job.h"

#define MAIL_KINDS 2 /* a payment, a part of one */

struct ipn {
    const struct job *job;
    uint8_t master_key[SEAL_KEY_SIZE];
    struct mail_config mail;
    struct text templates[MAIL_KINDS]; /* of mail.c's kinds */
};

/* Posts what is due to shops, hundreds at a time, until the time is over. *acknowledged, *tried: how
 * many there were. */
MUST_USE enum err deliver_run(const struct ipn *ipn, uint64_t *tried, uint64_t *acknowledged);

/* Reads the templates of the directory that [mail] names.
 * templates  out, to be freed, also where it fails
 * problem    out: what is wrong, for an operator
 * ERR_CONFIG as template_read, ERR_NO_MEMORY. */
MUST_USE enum err mail_templates_read(const struct config *config,
                                      struct text templates[MAIL_KINDS], struct text *problem);

/* Sends what is due by mail, one after the other. Without a relay it takes them from the outbox. */
MUST_USE enum err mail_run(const struct ipn *ipn, uint64_t *tried, uint64_t *sent);

#endif
