/* Parsing CIDR lists, bringing them to one spelling, and asking whether an address is in one. */
#include "identity/networks.h"

#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define IPV4_PREFIX_IN_IPV6 96

/* IPv4 is kept as IPv4-mapped IPv6, so that there is one way to compare. */
struct network {
    uint8_t address[16];
    unsigned prefix; /* leading bits that count, of 128 */
};

static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

static bool is_mapped(const struct network *network)
{
    return network->prefix >= IPV4_PREFIX_IN_IPV6 &&
           memcmp(network->address, mapped, sizeof(mapped)) == 0;
}

/* Reads an address as the network that holds it alone. */
static bool parse_address(const char *text, struct network *out)
{
    out->prefix = 128;
    if (inet_pton(AF_INET6, text, out->address) == 1)
        return true;
    memcpy(out->address, mapped, sizeof(mapped));
    return inet_pton(AF_INET, text, out->address + sizeof(mapped)) == 1;
}

/* Reads a decimal of one to three digits without leading zeros. */
static bool parse_prefix(const char *text, unsigned *out)
{
    size_t len = strlen(text);
    unsigned value = 0;

    if (len == 0 || len > 3 || strspn(text, "0123456789") != len || (text[0] == '0' && len > 1))
        return false;
    for (; *text != '\0'; text++)
        value = value * 10 + (unsigned)(*text - '0');
    *out = value;
    return true;
}

static void clear_host_bits(struct network *network)
{
    for (unsigned bit = network->prefix; bit < 128; bit++)
        network->address[bit / 8] &= (uint8_t) ~(0x80u >> bit % 8);
}

/* Reads one item of `len` bytes, with its spaces. */
static bool parse_item(const char *item, size_t len, struct network *out)
{
    char text[INET6_ADDRSTRLEN + 4]; /* with /128 */
    unsigned prefix;

    while (len > 0 && item[0] == ' ') {
        item++;
        len--;
    }
    while (len > 0 && item[len - 1] == ' ')
        len--;
    if (len == 0 || len >= sizeof(text))
        return false;
    memcpy(text, item, len);
    text[len] = '\0';

    char *slash = strchr(text, '/');
    if (slash != NULL)
        *slash = '\0';
    if (!parse_address(text, out))
        return false;
    if (slash == NULL)
        return true;
    bool ipv4 = strchr(text, ':') == NULL;
    if (!parse_prefix(slash + 1, &prefix) || prefix > (ipv4 ? 32u : 128u))
        return false;
    out->prefix = prefix + (ipv4 ? IPV4_PREFIX_IN_IPV6 : 0);
    clear_host_bits(out);
    return true;
}

/* Steps to the next item: `*list` moves behind its comma, or becomes NULL with the last. */
static bool next_item(const char **list, struct network *out)
{
    size_t len = strcspn(*list, ",");
    bool ok = parse_item(*list, len, out);
    *list = (*list)[len] == ',' ? *list + len + 1 : NULL;
    return ok;
}

static bool is_blank(const char *list)
{
    return list[strspn(list, " ")] == '\0';
}

/* Adds a network to `out`; false where it does not fit. */
static bool add(const struct network *network, bool first, char *out, size_t size, size_t *used)
{
    char address[INET6_ADDRSTRLEN];
    char prefix[5] = "";
    bool ipv4 = is_mapped(network);
    unsigned bits = network->prefix - (ipv4 ? IPV4_PREFIX_IN_IPV6 : 0);

    inet_ntop(ipv4 ? AF_INET : AF_INET6, network->address + (ipv4 ? sizeof(mapped) : 0), address,
              sizeof(address));
    if (network->prefix != 128)
        snprintf(prefix, sizeof(prefix), "/%u", bits % 129);
    int wrote = snprintf(out + *used, size - *used, "%s%s%s", first ? "" : ",", address, prefix);
    if (wrote < 0 || (size_t)wrote >= size - *used)
        return false;
    *used += (size_t)wrote;
    return true;
}

bool networks_normalise(const char *list, size_t max_items, char *out, size_t size)
{
    struct network network;
    size_t used = 0;

    out[0] = '\0';
    if (is_blank(list))
        return true;
    for (size_t count = 0; list != NULL; count++)
        if (count == max_items || !next_item(&list, &network) ||
            !add(&network, count == 0, out, size, &used))
            return false;
    return true;
}

bool networks_hold(const char *list, const char *address)
{
    struct network network, here;
    bool holds = false;

    if (is_blank(list))
        return true;
    if (!parse_address(address, &here))
        return false;
    while (list != NULL) {
        if (!next_item(&list, &network))
            return false;
        struct network masked = here;
        masked.prefix = network.prefix;
        clear_host_bits(&masked);
        holds |= memcmp(masked.address, network.address, sizeof(network.address)) == 0;
    }
    return holds;
}

void networks_group(const char *address, uint8_t out[NETWORKS_GROUP_SIZE])
{
    struct network network;

    memset(out, 0, NETWORKS_GROUP_SIZE);
    if (!parse_address(address, &network))
        return;
    if (!is_mapped(&network)) {
        network.prefix = 64;
        clear_host_bits(&network);
    }
    memcpy(out, network.address, NETWORKS_GROUP_SIZE);
}
