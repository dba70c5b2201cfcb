/* Stands before the C library's getaddrinfo and answers for names below `.test`. */
#include <dlfcn.h>
#include <netdb.h>
#include <stdatomic.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "tests/net/net.h"

#define ANSWERS_MAX 3

/* Each look-up takes the next answer, the last one for good: addresses with commas between, "" for
 * no such name, "slow" for none after two seconds. */
static struct name {
    const char *name;
    const char *answers[ANSWERS_MAX];
    atomic_uint lookups;
} names[] = {
    {.name = "loopback.test", .answers = {"127.0.0.1"}},
    {.name = "loopback6.test", .answers = {"::1"}},
    {.name = "both-loopbacks.test", .answers = {"::1,127.0.0.1"}},
    {.name = "zero.test", .answers = {"0.0.0.0"}},
    {.name = "zero6.test", .answers = {"::"}},
    {.name = "private10.test", .answers = {"10.0.0.1"}},
    {.name = "private172.test", .answers = {"172.16.5.4"}},
    {.name = "private192.test", .answers = {"192.168.1.1"}},
    {.name = "metadata.test", .answers = {"169.254.169.254"}},
    {.name = "cgnat.test", .answers = {"100.100.100.200"}},
    {.name = "host-agent.test", .answers = {"168.63.129.16"}},
    {.name = "multicast.test", .answers = {"224.0.0.1"}},
    {.name = "broadcast.test", .answers = {"255.255.255.255"}},
    {.name = "mapped.test", .answers = {"::ffff:127.0.0.1"}},
    {.name = "mapped-private.test", .answers = {"::ffff:10.0.0.1"}},
    {.name = "compatible.test", .answers = {"::127.0.0.1"}},
    {.name = "nat64.test", .answers = {"64:ff9b::7f00:1"}},
    {.name = "nat64-local.test", .answers = {"64:ff9b:1::a00:1"}},
    {.name = "6to4.test", .answers = {"2002:7f00:1::1"}},
    {.name = "teredo.test", .answers = {"2001:0:7f00:1::80ff:fffe"}},
    {.name = "unique-local.test", .answers = {"fd00:ec2::254"}},
    {.name = "link-local6.test", .answers = {"fe80::1"}},
    {.name = "all-private.test", .answers = {"10.0.0.1,192.168.0.1,fd00::1,127.0.0.1,::1"}},
    {.name = "public.test", .answers = {"8.8.8.8"}},
    {.name = "public6.test", .answers = {"2606:4700::1111"}},
    {.name = "private-first.test", .answers = {"127.0.0.1,10.1.2.3,8.8.8.8"}},
    {.name = "private6-first.test", .answers = {"::1,fd00::1,8.8.8.8"}},
    {.name = "changing.test", .answers = {"8.8.8.8", "127.0.0.1", "169.254.169.254"}},
    {.name = "kept.test", .answers = {"8.8.8.8", "127.0.0.1"}},
    {.name = "coming-home.test", .answers = {"127.0.0.1", "10.0.0.1", "127.0.0.1"}},
    {.name = "shop.test", .answers = {"127.0.0.1"}},
    {.name = "nobody.test", .answers = {""}},
    {.name = "slow.test", .answers = {"slow"}},
    {.name = "slow-shop.test", .answers = {"slow"}},
};

typedef int lookup_function(const char *, const char *, const struct addrinfo *,
                            struct addrinfo **);

static lookup_function *library(void)
{
    lookup_function *function;
    void *symbol = dlsym(RTLD_NEXT, "getaddrinfo");
    memcpy(&function, &symbol, sizeof(function));
    return function;
}

static struct name *find(const char *name)
{
    for (size_t i = 0; i < NET_COUNT(names); i++)
        if (strcasecmp(names[i].name, name) == 0)
            return &names[i];
    return NULL;
}

unsigned net_lookups(const char *name)
{
    struct name *found = find(name);
    return found == NULL ? 0 : atomic_load(&found->lookups);
}

static const char *next_answer(struct name *name)
{
    unsigned turn = atomic_fetch_add(&name->lookups, 1);
    const char *answer = name->answers[0];
    for (unsigned i = 1; i <= turn && i < ANSWERS_MAX && name->answers[i] != NULL; i++)
        answer = name->answers[i];
    return answer;
}

/* Chains what the library makes of each address of the list. */
static int numeric(const char *list, const char *service, const struct addrinfo *hints,
                   struct addrinfo **out)
{
    char address[64];
    struct addrinfo numeric_hints = *hints, **end = out;

    *out = NULL;
    numeric_hints.ai_flags = AI_NUMERICHOST;
    while (*list != '\0') {
        size_t len = strcspn(list, ",");
        memcpy(address, list, len);
        address[len] = '\0';
        if (library()(address, service, &numeric_hints, end) == 0)
            while (*end != NULL)
                end = &(*end)->ai_next;
        list += len + (list[len] == ',');
    }
    return *out == NULL ? EAI_NONAME : 0;
}

int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
                struct addrinfo **out)
{
    static const struct addrinfo none;
    struct name *name = node == NULL ? NULL : find(node);

    if (name == NULL)
        return library()(node, service, hints, out);
    const char *answer = next_answer(name);
    if (strcmp(answer, "slow") == 0) {
        nanosleep(&(struct timespec){.tv_sec = 2}, NULL);
        return EAI_AGAIN;
    }
    return numeric(answer, service, hints == NULL ? &none : hints, out);
}
