/* Address lists: the canonical form of a list is its own canonical form and holds the same
 * addresses. The input is a list, then after a line end an address. */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "identity/networks.h"

#define MAX_ITEMS 32
#define ROOM 1001

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char out[ROOM], again[ROOM];
    char *list = malloc(size + 1);

    must(list != NULL);
    memcpy(list, data, size);
    list[size] = '\0';
    char *address = strchr(list, '\n');
    if (address != NULL)
        *address++ = '\0';
    else
        address = list + strlen(list);
    bool held = networks_hold(list, address);
    if (networks_normalise(list, MAX_ITEMS, out, sizeof(out))) {
        must(strlen(out) < sizeof(out));
        must(networks_normalise(out, MAX_ITEMS, again, sizeof(again)));
        must(strcmp(out, again) == 0);
        must(networks_hold(out, address) == held);
    }
    free(list);
    return 0;
}
