/* Replies as FastCGI records (specification 1.0, sections 3.3 and 5). libfcgi would write eight
 * kilobytes at a time, each of which wakes the web server, and block. */
#ifndef FCGI_SERVER_RECORD_H
#define FCGI_SERVER_RECORD_H

#include <stdbool.h>
#include <stddef.h>

/* What is left of a reply: `len` bytes, of which `sent` are sent. Zeroed where there is nothing. */
struct record_rest {
    char *data; /* owned: free */
    size_t len, sent;
};

enum record_sent {
    RECORD_SENT, /* all of it */
    RECORD_LEFT, /* there is a rest: the peer takes nothing more at the moment */
    RECORD_GONE, /* the peer is gone, or memory is out: the connection is of no use any more */
};

/* Writes a reply and the end of its request, in one piece where it fits a record; never waits.
 * data  `len` bytes: header lines, an empty line, the body
 * rest  out, with RECORD_LEFT: for record_write_rest, once the socket takes something */
enum record_sent record_write_reply(int fd, int request_id, const char *data, size_t len,
                                    struct record_rest *rest);

/* Goes on with a rest. */
enum record_sent record_write_rest(int fd, struct record_rest *rest);

#endif
