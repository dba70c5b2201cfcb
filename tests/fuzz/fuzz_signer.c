/* Requests to the signer: one line comes back, it says ok or why not, no secret is in it, and a day never
 * gives more than it has. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/log.h"
#include "tools/signer/request.h"

#define ETHER ((__int128)1000000000 * 1000000000)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds)
        abort();
}

static struct policy policy = {
    .network = BITCOIN_REGTEST,
    .limits = {{.name = "ether",
                .chain = POLICY_ETHEREUM,
                .chain_id = 31337,
                .decimals = 18,
                .per_request = 5 * ETHER,
                .per_day = 20 * ETHER,
                .fee_per_request = ETHER},
               {.name = "token",
                .chain = POLICY_ETHEREUM,
                .chain_id = 31337,
                .is_token = true,
                .token = {{0x84, 0x64, 0x13, 0x5c, 0x8f, 0x25, 0xda, 0x09, 0xe4, 0x9b,
                           0xc8, 0x78, 0x26, 0x76, 0xa8, 0x47, 0x30, 0xc3, 0x18, 0xbc}},
                .decimals = 6,
                .per_request = 2000000,
                .per_day = 3000000},
               {.name = "bitcoin",
                .chain = POLICY_BITCOIN,
                .decimals = 8,
                .per_request = 100000000,
                .per_day = 200000000,
                .fee_per_request = 100000}},
    .count = 3,
};

static void check_answer(const struct text *answer, const struct hd_key *master)
{
    char secret[BASE58_TEXT_SIZE];

    must(answer->len > 0 &&
         memchr(answer->data, '\n', answer->len) == answer->data + answer->len - 1);
    must(strncmp(answer->data, "ok", 2) == 0 || strncmp(answer->data, "error ", 6) == 0);
    must(strstr(answer->data, "prv") == NULL);
    hd_format(master, HD_MAIN, secret);
    must(strstr(answer->data, secret) == NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t seed[HD_SEED_MIN] = {1};
    static struct hd_key master;
    struct budget budget = {.path = "memory", .fd = memfd_create("spent", MFD_CLOEXEC)};
    struct signer signer = {.policy = &policy, .master = &master, .budget = &budget};
    struct text answer = TEXT(ANSWER_MAX);
    char *line = malloc(size + 1);

    must(line != NULL && budget.fd >= 0 && crypto_start() == ERR_OK);
    must(hd_from_seed(seed, sizeof(seed), &master) == ERR_OK);
    log_set_level(LOG_LEVEL_BUG);
    if (size > 0)
        memcpy(line, data, size);
    for (int i = 0; i < 2; i++) {
        char *copy = malloc(size + 1);
        must(copy != NULL);
        memcpy(copy, line, size);
        text_clear(&answer);
        request_answer(&signer, copy, size, &answer);
        check_answer(&answer, &master);
        free(copy);
    }
    for (size_t i = 0; i < budget.sum_count; i++)
        for (size_t j = 0; j < policy.count; j++)
            must(strcmp(budget.sums[i].name, policy.limits[j].name) != 0 ||
                 budget.sums[i].units <= policy.limits[j].per_day);
    budget_close(&budget);
    text_free(&answer);
    free(line);
    return 0;
}
