/* Reading the master key's file, and saying what is wrong with it. */
#include "crypto/master_key.h"

#include <string.h>

#include "base/encode.h"

enum err master_key_load(const struct config *config, uint8_t out[SEAL_KEY_SIZE])
{
    char text[HEX_SIZE(SEAL_KEY_SIZE) + 1]; /* one more, so that a longer line is noticed */
    enum err rc = config_secret(config->security_key_file, text, sizeof(text));

    if (rc == ERR_OK && !hex_decode(text, strlen(text), out, SEAL_KEY_SIZE))
        rc = ERR_CONFIG;
    crypto_wipe(text, sizeof(text));
    return rc;
}

void master_key_problem(const struct config *config, struct text *problem)
{
    char text[HEX_SIZE(SEAL_KEY_SIZE) + 1];
    enum err rc = config_secret(config->security_key_file, text, sizeof(text));

    if (rc == ERR_OK)
        text_addf(problem,
                  "%s: must hold %d hexadecimal digits, not %zu bytes that are something else",
                  config->security_key_file, 2 * SEAL_KEY_SIZE, strlen(text));
    else
        config_secret_problem(config->security_key_file, problem);
    crypto_wipe(text, sizeof(text));
}
