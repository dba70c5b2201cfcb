/* The table of rights, and lists of their names. */
#include "identity/rights.h"

#include <string.h>

const char *const rights_names[] = {"get_info", "trade",   "deposit", "withdraw",
                                    "merchant", "partner", NULL};

unsigned rights_bit(const char *name, size_t len)
{
    for (unsigned i = 0; rights_names[i] != NULL; i++)
        if (strlen(rights_names[i]) == len && memcmp(rights_names[i], name, len) == 0)
            return 1u << i;
    return 0;
}

bool rights_parse(const char *list, unsigned *out)
{
    unsigned rights = 0;

    for (;;) {
        size_t len = strcspn(list, ",");
        unsigned bit = rights_bit(list, len);
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
