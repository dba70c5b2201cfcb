/* What an API key may be allowed to do (seed exchange-v1; `partner` is ours, for the partner's side
 * of a ticket). */
#ifndef IDENTITY_RIGHTS_H
#define IDENTITY_RIGHTS_H

#include <stdbool.h>
#include <stddef.h>

enum {
    RIGHT_GET_INFO = 1,
    RIGHT_TRADE = 2,
    RIGHT_DEPOSIT = 4,
    RIGHT_WITHDRAW = 8,
    RIGHT_MERCHANT = 16,
    RIGHT_PARTNER = 32,
    RIGHT_ANY = 63 /* all of them: for a route, that any will do */
};

/* Names in the order of the wire, NULL-terminated; bit i is 1 << i. */
extern const char *const rights_names[];

/* The bit of that name, or 0. */
unsigned rights_bit(const char *name, size_t len);

/* Reads "a,b,c".
 * out  out, RIGHT_ bits; untouched where it gives false: on an unknown or empty name */
bool rights_parse(const char *list, unsigned *out);

#endif
