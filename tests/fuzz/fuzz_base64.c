/* The base64 value of a signature header: never past the room, and one value for what is written
 * again. The first byte chooses the room. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/encode.h"

#define ROOM 256

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t again[ROOM];
    char text[BASE64_SIZE(ROOM)];
    size_t again_len = sizeof(again);

    if (size == 0)
        return 0;
    /* On the heap at its exact size, so that one byte too many is seen. */
    size_t room = data[0];
    uint8_t *value = malloc(room > 0 ? room : 1);
    must(value != NULL);
    size_t len = room;
    if (base64_decode((const char *)data + 1, size - 1, value, &len)) {
        must(len <= room);
        base64_encode(value, len, text);
        must(strlen(text) == (len + 2) / 3 * 4);
        must(base64_decode(text, strlen(text), again, &again_len));
        must(again_len == len && memcmp(again, value, len) == 0);
    }
    free(value);
    return 0;
}
