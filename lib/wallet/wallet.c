/* What the parts of the wallet share. */
#include "wallet/wallet.h"

#include <string.h>

#include "base/text.h"
#include "crypto/crypto.h"

const char *const wallet_place_names[] = {[WALLET_SPOT] = "SPOT", [WALLET_FUND] = "FUND", NULL};

bool wallet_guid_is_valid(const char *guid)
{
    size_t len = strlen(guid);
    return len >= 1 && len <= WALLET_GUID_MAX &&
           strspn(guid, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._:") ==
               len;
}

struct uuid wallet_asset_uuid(const struct currency *currency)
{
    struct text name = TEXT(64);
    uint8_t hash[SHA256_SIZE];
    struct uuid id;

    text_addf(&name, "asset/%s", currency->code);
    crypto_sha256(name.data, name.len, hash);
    memcpy(id.bytes, hash, sizeof(id.bytes));
    id.bytes[6] = (uint8_t)((id.bytes[6] & 0x0f) | 0x80); /* version 8 (RFC 9562): our own */
    id.bytes[8] = (uint8_t)((id.bytes[8] & 0x3f) | 0x80);
    text_free(&name);
    return id;
}
