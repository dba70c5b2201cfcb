/* The tables of rights, and lists of their names. */
#include "identity/rights.h"

#include <string.h>

const char *const rights_names[] = {"get_info", "trade",   "deposit", "withdraw",
                                    "merchant", "partner", NULL};

const char *const scope_names[] = {"View Account Balance Information",
                                   "View Order Information",
                                   "Create Orders",
                                   "View Trade Information",
                                   "View Deposit Address",
                                   "View Deposit History",
                                   "View Withdrawal History",
                                   "Execute Withdrawals",
                                   "Access Contract",
                                   "Create Contract",
                                   NULL};

const char *const *rights_of(const char *face)
{
    return strcmp(face, "wallet") == 0 ? scope_names : rights_names;
}

unsigned rights_bit(const char *const *names, const char *name, size_t len)
{
    for (unsigned i = 0; names[i] != NULL; i++)
        if (strlen(names[i]) == len && memcmp(names[i], name, len) == 0)
            return 1u << i;
    return 0;
}

bool rights_parse(const char *const *names, const char *list, unsigned *out)
{
    unsigned rights = 0;

    for (;;) {
        size_t len = strcspn(list, ",");
        unsigned bit = rights_bit(names, list, len);
        if (bit == 0)
            return false;
        rights |= bit;
        if (list[len] == '\0')
            break;
        list += len + 1;
    }
    *out = rights;
    return true;
}
