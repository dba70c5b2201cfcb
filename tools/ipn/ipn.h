/* What the parts of teller-ipn share. */
#ifndef TOOLS_IPN_IPN_H
#define TOOLS_IPN_IPN_H

#include <stdint.h>

#include "base/err.h"
#include "crypto/crypto.h"
#include "net/mail.h"
#include "tools/job/job.h"

struct ipn {
    const struct job *job;
    uint8_t master_key[SEAL_KEY_SIZE];
    struct mail_config mail;
};

/* Posts what is due to shops, hundreds at a time, until the time is over. *acknowledged, *tried: how
 * many there were. */
MUST_USE enum err deliver_run(const struct ipn *ipn, uint64_t *tried, uint64_t *acknowledged);

/* Sends what is due by mail, one after the other. Without a relay it takes them from the outbox. */
MUST_USE enum err mail_run(const struct ipn *ipn, uint64_t *tried, uint64_t *sent);

#endif
