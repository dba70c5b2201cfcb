/* Replies as FastCGI records (specification 1.0, sections 3.3 and 5). libfcgi would write eight
 * kilobytes at a time, and each of them wakes the web server. */
#ifndef FCGI_SERVER_RECORD_H
#define FCGI_SERVER_RECORD_H

#include <stdbool.h>
#include <stddef.h>

/* Writes a reply and the end of its request, in one piece where it fits a record.
 * fd    blocking
 * data  `len` bytes: header lines, an empty line, the body
 * False where the peer is gone or stalls: the connection is of no use any more. */
bool record_write_reply(int fd, int request_id, const char *data, size_t len);

#endif
