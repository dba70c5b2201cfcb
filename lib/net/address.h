/* For the files of this folder: the guard's question about one address. */
#ifndef NET_ADDRESS_H
#define NET_ADDRESS_H

#include <sys/socket.h>

#include "net/http.h"

/* True if a socket address may be connected to, see http_address_allowed.
 * out  out, the address with its port as text; "" for a family that is none of ours */
bool address_allowed(const struct sockaddr *address, bool allow_loopback,
                     char out[HTTP_ADDRESS_SIZE]);

#endif
