/* The process's master key, from the file that the configuration names. */
#ifndef CRYPTO_MASTER_KEY_H
#define CRYPTO_MASTER_KEY_H

#include <stdint.h>

#include "base/config.h"
#include "base/err.h"
#include "base/text.h"
#include "crypto/crypto.h"

/* Reads security.key_file: one line of 64 hexadecimal digits, not readable by others.
 * out  the key; wipe it after use
 * Returns ERR_CONFIG where the file is not usable. */
MUST_USE enum err master_key_load(const struct config *config, uint8_t out[SEAL_KEY_SIZE]);

/* Says why master_key_load has refused the file: unreadable and malformed are told apart.
 * problem  out, appended to */
void master_key_problem(const struct config *config, struct text *problem);

#endif
