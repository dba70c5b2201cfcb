/* What the schemes of API keys share. */
#ifndef FCGI_AUTH_KEY_H
#define FCGI_AUTH_KEY_H

#include "base/err.h"
#include "fcgi/server/request.h"
#include "identity/api_key.h"

/* Checks the caller's address. The list that we remember may be an old one: before it refuses, it is read
 * again.
 * face  as for api_key_lookup
 * key   in, out
 * Returns ERR_ADDRESS_REFUSED; as api_key_lookup. */
MUST_USE enum err auth_check_address(struct request *request, const char *face,
                                     const struct api_key_secret **key);

#endif
