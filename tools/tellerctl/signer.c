/* signer init | show */
#include <stdio.h>
#include <string.h>

#include "deposit/deposit.h"
#include "net/signer.h"
#include "provider/node.h"
#include "tools/tellerctl/ctl.h"

#define PATH_SIZE 32

/* A chain whose node the configuration names. */
struct chain {
    const char *rail;
    enum deposit_format format;
    char path[PATH_SIZE];
};

#define CHAINS_MAX 2

/* Lists the chains that the configuration has; false where it names one that is none. */
static bool list_chains(const struct config *config, struct chain out[CHAINS_MAX], size_t *count)
{
    static const enum deposit_format formats[] = {[BITCOIN_MAIN] = DEPOSIT_BITCOIN,
                                                  [BITCOIN_TEST] = DEPOSIT_BITCOIN_TEST,
                                                  [BITCOIN_REGTEST] = DEPOSIT_BITCOIN_REGTEST};
    enum bitcoin_network network;

    *count = 0;
    if (config->provider_ethereum_url[0] != '\0')
        out[(*count)++] =
            (struct chain){.rail = "ethereum", .format = DEPOSIT_ETHEREUM, .path = "m/44'/60'/0'"};
    if (config->provider_bitcoin_url[0] == '\0')
        return true;
    if (!node_bitcoin_network(config, &network))
        return false;
    struct chain *bitcoin = &out[(*count)++];
    *bitcoin = (struct chain){.rail = "bitcoin", .format = formats[network]};
    snprintf(bitcoin->path, sizeof(bitcoin->path), "m/84'/%d'/0'", network == BITCOIN_MAIN ? 0 : 1);
    return true;
}

static void add_rail(struct writer *json, const struct deposit_rail *rail)
{
    char hot[DEPOSIT_ADDRESS_SIZE] = "";

    if (deposit_derive(rail, 0, hot) != ERR_OK)
        hot[0] = '\0';
    writer_object(json, NULL);
    writer_text(json, "rail", rail->rail);
    writer_text(json, "format", deposit_formats[rail->format]);
    writer_text(json, "path", rail->path);
    writer_text(json, "xpub", rail->xpub);
    writer_text(json, "hot_wallet", hot);
    writer_int(json, "addresses", (int64_t)rail->addresses);
    if (rail->follows)
        writer_int(json, "height", (int64_t)rail->height);
    else
        writer_null(json, "height");
    writer_end(json);
}

/* Asks the signer for the public key of a chain's account, and keeps it. */
static enum err init_chain(struct ctl *ctl, struct signer_client *signer, const struct chain *chain,
                           struct deposit_rail *out)
{
    char xpub[BASE58_TEXT_SIZE];

    enum err rc = signer_xpub(signer, chain->path, xpub);
    if (rc == ERR_OK)
        rc = deposit_rail_set(ctl->db, chain->rail, chain->format, chain->path, xpub);
    return rc == ERR_OK ? deposit_rail_read(ctl->db, chain->rail, out) : rc;
}

static int init_chains(struct ctl *ctl, struct signer_client *signer,
                       const struct chain chains[CHAINS_MAX], size_t count)
{
    struct writer *json = ctl_result(ctl);

    writer_list(json, NULL);
    for (size_t i = 0; i < count; i++) {
        struct deposit_rail rail;
        enum err rc = init_chain(ctl, signer, &chains[i], &rail);
        if (rc != ERR_OK)
            return ctl_fail(ctl, rc, chains[i].rail);
        add_rail(json, &rail);
    }
    writer_end(json);
    ctl_print(ctl);
    return CTL_DONE;
}

static int run_init(struct ctl *ctl)
{
    struct chain chains[CHAINS_MAX];
    struct signer_client *signer = NULL;
    size_t count = 0;

    if (!list_chains(&ctl->config, chains, &count))
        return ctl_fail(ctl, ERR_CONFIG, "network in [provider.bitcoin]");
    if (count == 0 || ctl->config.signer_socket[0] == '\0')
        return ctl_fail_words(ctl, ERR_CONFIG,
                              "the configuration names no node of a chain, or no signer");
    if (ctl_connect(ctl) != ERR_OK)
        return CTL_FAILED;
    enum err rc = signer_client_open(ctl->config.signer_socket, &signer);
    int status = rc == ERR_OK ? init_chains(ctl, signer, chains, count)
                              : ctl_fail(ctl, rc, "socket in [signer]");
    signer_client_close(signer);
    return status;
}

static int run_show(struct ctl *ctl)
{
    struct chain chains[CHAINS_MAX];
    size_t count = 0;

    if (!list_chains(&ctl->config, chains, &count))
        return ctl_fail(ctl, ERR_CONFIG, "network in [provider.bitcoin]");
    if (ctl_connect(ctl) != ERR_OK)
        return CTL_FAILED;
    struct writer *json = ctl_result(ctl);
    writer_list(json, NULL);
    for (size_t i = 0; i < count; i++) {
        struct deposit_rail rail;
        enum err rc = deposit_rail_read(ctl->db, chains[i].rail, &rail);
        if (rc == ERR_OK)
            add_rail(json, &rail);
        else if (rc != ERR_DEPOSIT_RAIL)
            return ctl_fail(ctl, rc, chains[i].rail);
    }
    writer_end(json);
    ctl_print(ctl);
    return CTL_DONE;
}

const struct ctl_command signer_commands[] = {
    {.group = "signer",
     .verb = "init",
     .args = "",
     .help = "ask the signer for its public keys, so that users get addresses on the chains",
     .run = run_init},
    {.group = "signer",
     .verb = "show",
     .args = "",
     .help =
         "the keys that addresses follow from, the hot wallets, and how far chains are followed",
     .run = run_show},
    {0},
};
