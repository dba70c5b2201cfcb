/* Lists of addresses and networks in CIDR form: "192.0.2.7,10.0.0.0/8,2001:db8::/32". */
#ifndef IDENTITY_NETWORKS_H
#define IDENTITY_NETWORKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Writes `list` in its canonical form: one comma between items, bits behind the prefix cleared, no
 * prefix for single addresses. Spaces around items are dropped; an empty list stays empty.
 * max_items  the most of them
 * out        out, `size` bytes
 * False where an item is no address, a prefix is not 0 to 32 or 0 to 128, there are
 * more than `max_items` of them or `out` is too small. */
bool networks_normalise(const char *list, size_t max_items, char *out, size_t size);

/* True where the address (text, IPv4 or IPv6; IPv4 inside IPv6 counts as IPv4) is in one of the
 * list's networks. An empty list holds every address; a list that is not well-formed, or text that
 * is no address, gives false. */
bool networks_hold(const char *list, const char *address);

/* Whom guesses from an address are counted for: the address itself, or the /64 of an IPv6 address, of
 * which anybody has all. All zero for text that is no address. */
#define NETWORKS_GROUP_SIZE 16
void networks_group(const char *address, uint8_t out[NETWORKS_GROUP_SIZE]);

#endif
