/* Tests of outgoing calls. They run in a network of their own, in which every address of IPv4 and
 * IPv6 is this machine: whatever the guard lets through does arrive at a listener. Where the system
 * gives no such network, the tests that need public addresses are left out and counted.
 *
 * Names below `.test` are answered by tests/net/names.c, which stands before the C library's
 * getaddrinfo; curl's own code asks it. */
#ifndef TESTS_NET_NET_H
#define TESTS_NET_NET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "net/http.h"

struct net_test {
    const char *name; /* NULL ends the list */
    void (*run)(void);
    bool needs_network; /* left out where there is no network of one's own */
};

struct net_suite {
    const char *name;
    const struct net_test *tests;
};

#define NET_CHECK(row, condition) net_check((row), (condition), #condition, __FILE__, __LINE__)
#define NET_SAME(row, got, expected) net_same((row), (got), (expected), __FILE__, __LINE__)
#define NET_COUNT(table) (sizeof(table) / sizeof((table)[0]))

void net_check(const char *row, bool holds, const char *condition, const char *file, unsigned line);
void net_same(const char *row, const char *got, const char *expected, const char *file,
              unsigned line);

/* True where every address is ours. */
extern bool net_own_network;

/* Starts a program of PATH in the background; 0 where it cannot. */
pid_t net_start(char *const *arguments);

/* Runs a program and waits; true where it gives 0. */
bool net_run(char *const *arguments);

/* --- names.c ----------------------------------------------------------------------------------- */

/* How often a name below `.test` was asked for. */
unsigned net_lookups(const char *name);

/* --- listener.c -------------------------------------------------------------------------------- */

/* Listens on a port of all addresses of both families; 0 takes a free one. Aborts where it cannot.
 * port  out, the port */
int net_listen(uint16_t wanted, uint16_t *port);

/* Takes the connections that wait on a listener and closes them; how many there were.
 * local  out unless NULL, the address that the last one was made to */
unsigned net_connections(int listener, char local[HTTP_ADDRESS_SIZE]);

/* A shop in a thread of its own; the path of a request says how it answers, see listener.c. */
struct net_shop;

struct net_shop *net_shop_open(uint16_t *port);
void net_shop_close(struct net_shop *shop);
unsigned net_shop_connections(struct net_shop *shop);
unsigned net_shop_requests(struct net_shop *shop);

/* The last request as it came, up to 8191 bytes; and the address that it came to. */
void net_shop_last(struct net_shop *shop, char request[8192], char local[HTTP_ADDRESS_SIZE]);

/* --- call.c ------------------------------------------------------------------------------------ */

/* A client with short time-outs: 700 ms to connect, 1500 ms in all. Aborts where there is none. */
struct http_client *net_client(bool allow_loopback);

/* The same for the loopback with its own trusted certificates (PEM). */
struct http_client *net_client_trusting(const char *ca_file);

/* POSTs "a=1" (or GETs, where `get`) and waits for the outcome. */
struct http_outcome net_call(struct http_client *client, const char *url, bool get);

#endif
