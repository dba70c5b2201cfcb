/* When the web server's certificate ends. */
#ifndef CRYPTO_CERTIFICATE_H
#define CRYPTO_CERTIFICATE_H

#include <stdint.h>

#include "base/err.h"

/* Reads the end of validity of the first certificate in a PEM file (RFC 5280, section 4.1.2.5).
 * end_s  out, unix seconds
 * Returns ERR_IO where the file cannot be read, ERR_MALFORMED where it holds no certificate. */
MUST_USE enum err certificate_end(const char *path, int64_t *end_s);

#endif
