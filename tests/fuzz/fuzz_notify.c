/* Notifications: any data comes back from the body as it went in, and any answer of a shop is safe
 * to judge and to redact. */
#include <stdlib.h>
#include <string.h>

#include "base/encode.h"
#include "notify/notify.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds)
        abort();
}

/* Decodes the value that follows `name` in a body; false where the name is not there. */
static bool decode_field(const struct text *body, const char *name, uint8_t *out, size_t *len)
{
    const char *at = strstr(text_string(body), name);
    if (at == NULL)
        return false;
    *len = 0;
    for (at += strlen(name); *at != '\0' && *at != '&'; at++) {
        if (*at != '%') {
            out[(*len)++] = *at == '+' ? ' ' : (uint8_t)*at;
            continue;
        }
        must(hex_decode(at + 1, 2, &out[(*len)++], 1));
        at += 2;
    }
    return true;
}

static void check_body(const uint8_t *data, size_t size)
{
    static const struct currency currency = {.id = 1, .code = "BTC", .decimals = 8};
    struct notify_event event = {.currency = &currency, .has_data = true};
    struct text body = TEXT(NOTIFY_BODY_MAX);
    uint8_t back[NOTIFY_DATA_MAX];
    size_t len = 0;

    event.data_len = size < sizeof(event.data) ? size : sizeof(event.data);
    if (event.data_len > 0)
        memcpy(event.data, data, event.data_len);
    text_copy(event.status, sizeof(event.status), "test");
    must(ipn_write_body(&event, &body) == ERR_OK && decode_field(&body, "&data=", back, &len));
    must(len == event.data_len && memcmp(back, event.data, len) == 0);
    text_free(&body);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char secret[] = "topsecret";
    char *answer = calloc(1, size + 1);

    must(answer != NULL);
    if (size > 0)
        memcpy(answer, data, size);
    bool acknowledged = ipn_acknowledges(200, answer, size);
    must(!acknowledged || memmem(answer, size, "[OK]", 4) != NULL);
    must(!ipn_acknowledges(500, answer, size));
    notify_redact(answer, size, secret);
    must(memmem(answer, size, secret, strlen(secret)) == NULL);
    free(answer);
    check_body(data, size);
    return 0;
}
