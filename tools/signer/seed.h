/* The seed of all keys: a file of one line, sealed under the signer's key file. */
#ifndef TOOLS_SIGNER_SEED_H
#define TOOLS_SIGNER_SEED_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/text.h"
#include "chain/hd_key.h"
#include "tools/signer/policy.h"

#define SEED_SIZE 32 /* bytes of a seed that is made here */

/* Makes the file, which must not be there yet.
 * seed     `len` bytes, HD_SEED_MIN to HD_SEED_MAX
 * problem  out
 * Returns ERR_CONFIG where key file or seed cannot be used, ERR_IO, ERR_CRYPTO. */
MUST_USE enum err seed_write(const struct policy *policy, const uint8_t *seed, size_t len,
                             struct text *problem);

/* Seals the seed of the policy's file under another key, into a file of its own, which must not be there yet: the
 * old pair stays good until the configuration names the new one. Errors as seed_write. */
MUST_USE enum err seed_reseal(const struct policy *policy, const char *key_file,
                              const char *seed_file, struct text *problem);

/* Reads the file and makes the master key; wipe it after use. Errors as seed_write. */
MUST_USE enum err seed_load(const struct policy *policy, struct hd_key *out, struct text *problem);

#endif
