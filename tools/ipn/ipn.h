/* What the parts of teller-ipn share. */
#ifndef TOOLS_IPN_IPN_H
#define TOOLS_IPN_IPN_H

#include <signal.h>
#include <stdint.h>

#include "base/config.h"
#include "base/err.h"
#include "crypto/crypto.h"

struct ipn {
    struct config config;
    uint8_t master_key[SEAL_KEY_SIZE];
    int64_t until_us; /* of clock_mono_us; 0: --once, until nothing is due */
};

/* SIGTERM came: what is in flight is finished, nothing new is begun. */
extern volatile sig_atomic_t ipn_stopping;

/* True once nothing new is to be begun. */
bool ipn_over(const struct ipn *ipn);

/* The database is away or contended: that passes. */
bool ipn_passes(enum err rc);

void ipn_rest_ms(int64_t ms);

/* Posts what is due to shops, hundreds at a time, until the time is over. *acknowledged, *tried: how
 * many there were. */
MUST_USE enum err deliver_run(const struct ipn *ipn, uint64_t *tried, uint64_t *acknowledged);

/* Sends what is due by mail, one after the other. Without a relay it takes them from the outbox. */
MUST_USE enum err mail_run(const struct ipn *ipn, uint64_t *tried, uint64_t *sent);

#endif
