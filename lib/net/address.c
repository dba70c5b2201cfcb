/* Which addresses may be connected to: the special-purpose registries of IANA, and the few more
 * that lead inside. */
#include "net/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

struct network {
    uint8_t prefix[16];
    unsigned bits;
};

/* What is no host on the public IPv4 internet. */
static const struct network refused_v4[] = {
    {{0}, 8},                 /* this network; Linux connects 0.0.0.0 to itself */
    {{10}, 8},                /* private */
    {{100, 64}, 10},          /* carrier-grade NAT */
    {{127}, 8},               /* loopback */
    {{168, 63, 129, 16}, 32}, /* a cloud's host agent, though the address is public */
    {{169, 254}, 16},         /* link-local, with the clouds' metadata services */
    {{172, 16}, 12},          /* private */
    {{192, 0, 0}, 24},        /* protocol assignments */
    {{192, 0, 2}, 24},        /* documentation */
    {{192, 88, 99}, 24},      /* 6to4 relays */
    {{192, 168}, 16},         /* private */
    {{198, 18}, 15},          /* benchmarking */
    {{198, 51, 100}, 24},     /* documentation */
    {{203, 0, 113}, 24},      /* documentation */
    {{224}, 4},               /* multicast */
    {{240}, 4},               /* reserved, and broadcast */
};

/* The only part of IPv6 that is the public internet ... */
static const struct network public_v6 = {{0x20}, 3};

/* ... and what in it is not. Tunnels into IPv4 are refused whole, as no server lives there. */
static const struct network refused_v6[] = {
    {{0x20, 0x01}, 23},             /* protocol assignments: Teredo, benchmarking, ORCHID ... */
    {{0x20, 0x01, 0x0d, 0xb8}, 32}, /* documentation */
    {{0x20, 0x02}, 16},             /* 6to4 */
    {{0x3f, 0xfe}, 16},             /* the former 6bone */
    {{0x3f, 0xff}, 20},             /* documentation */
};

static const struct network loopback_v4 = {{127}, 8};
static const struct network mapped_v4 = {.prefix = {[10] = 0xff, [11] = 0xff}, .bits = 96};
static const struct network nat64 = {{0x00, 0x64, 0xff, 0x9b}, 96};

static bool within(const struct network *network, const uint8_t *address)
{
    unsigned whole = network->bits / 8, rest = network->bits % 8;
    if (memcmp(network->prefix, address, whole) != 0)
        return false;
    return rest == 0 || ((network->prefix[whole] ^ address[whole]) >> (8 - rest)) == 0;
}

static bool allowed_v4(const uint8_t *address, bool allow_loopback)
{
    if (allow_loopback && within(&loopback_v4, address))
        return true;
    for (size_t i = 0; i < sizeof(refused_v4) / sizeof(refused_v4[0]); i++)
        if (within(&refused_v4[i], address))
            return false;
    return true;
}

static bool allowed_v6(const uint8_t *address, bool allow_loopback)
{
    if (allow_loopback && memcmp(address, &in6addr_loopback, sizeof(in6addr_loopback)) == 0)
        return true;
    if (within(&mapped_v4, address))
        return allowed_v4(address + 12, allow_loopback);
    if (within(&nat64, address)) /* the loopback behind the translator is not ours */
        return allowed_v4(address + 12, false);
    if (!within(&public_v6, address))
        return false;
    for (size_t i = 0; i < sizeof(refused_v6) / sizeof(refused_v6[0]); i++)
        if (within(&refused_v6[i], address))
            return false;
    return true;
}

bool http_address_allowed(int family, const void *address, bool allow_loopback)
{
    if (family == AF_INET)
        return allowed_v4(address, allow_loopback);
    return family == AF_INET6 && allowed_v6(address, allow_loopback);
}

bool address_allowed(const struct sockaddr *address, bool allow_loopback,
                     char out[HTTP_ADDRESS_SIZE])
{
    char text[INET6_ADDRSTRLEN] = "";

    out[0] = '\0';
    if (address->sa_family == AF_INET) {
        const struct sockaddr_in *v4 = (const void *)address;
        inet_ntop(AF_INET, &v4->sin_addr, text, sizeof(text));
        snprintf(out, HTTP_ADDRESS_SIZE, "%s:%u", text, ntohs(v4->sin_port));
        return http_address_allowed(AF_INET, &v4->sin_addr, allow_loopback);
    }
    if (address->sa_family == AF_INET6) {
        const struct sockaddr_in6 *v6 = (const void *)address;
        inet_ntop(AF_INET6, &v6->sin6_addr, text, sizeof(text));
        snprintf(out, HTTP_ADDRESS_SIZE, "[%s]:%u", text, ntohs(v6->sin6_port));
        return http_address_allowed(AF_INET6, &v6->sin6_addr, allow_loopback);
    }
    return false;
}
