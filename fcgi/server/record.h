/* Replies as FastCGI records (specification 1.0, sections 3.3 and 5). libfcgi would write eight
 * kilobytes at a time, each of which wakes the web server, and block. */
#ifndef FCGI_SERVER_RECORD_H
#define FCGI_SERVER_RECORD_H

#include <stdbool.h>
#include <stddef.h>

#define RECORD_WRITE_MAX_MS 15000 /* for a whole reply: who reads slower than that is let go */

/* Writes a reply and the end of its request, in one piece where it fits a record. While the peer takes
 * nothing others go on (base/wait.h); what is left is copied first, so that they may use the memory.
 * data        `len` bytes: header lines, an empty line, the body; the caller's until the first wait
 * timeout_ms  for all of it
 * False where the peer is gone or too slow, or memory is out: the connection is of no use any more. */
bool record_write_reply(int fd, int request_id, const char *data, size_t len, int timeout_ms);

#endif
