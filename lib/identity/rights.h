/* What an API key may be allowed to do, as bits: rights on v1 (seed exchange-v1; `partner` is ours, for the
 * partner's side of a ticket), scopes on the viewer API (api wallet, B3). */
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

enum {
    SCOPE_VIEW_BALANCE = 1,
    SCOPE_VIEW_ORDERS = 2,
    SCOPE_CREATE_ORDERS = 4,
    SCOPE_VIEW_TRADES = 8,
    SCOPE_VIEW_ADDRESS = 16,
    SCOPE_VIEW_DEPOSITS = 32,
    SCOPE_VIEW_WITHDRAWALS = 64,
    SCOPE_WITHDRAW = 128,
    SCOPE_ACCESS_CONTRACT = 256,
    SCOPE_CREATE_CONTRACT = 512
};

/* Names in the order of the bits, NULL-terminated; bit i is 1 << i. */
extern const char *const rights_names[], *const scope_names[];

/* The names of what a key for a face (api_key_faces) may be allowed. */
const char *const *rights_of(const char *face);

/* The bit of that name among `names`, or 0. */
unsigned rights_bit(const char *const *names, const char *name, size_t len);

/* Reads "a,b,c".
 * out  out, bits of `names`; untouched where it gives false: on an unknown or empty name */
bool rights_parse(const char *const *names, const char *list, unsigned *out);

#endif
