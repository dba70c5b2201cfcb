/* doctor: the nodes of both chains and the signer, where the configuration names them. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "chain/bitcoin_tx.h"
#include "deposit/deposit.h"
#include "money/decimal.h"
#include "net/signer.h"
#include "provider/bitcoin.h"
#include "provider/ethereum.h"
#include "provider/node.h"
#include "rail/ethereum.h"
#include "tools/tellerctl/doctor.h"

#define FOUND_SIZE 600
#define NODE_TIMEOUT_MS 5000

static void tell(finding_row *row, void *arg, const char *check, bool good, const char *found,
                 const char *mend)
{
    const struct finding finding = {.check = check, .good = good, .found = found, .mend = mend};
    row(arg, &finding);
}

/* The first blocks of Bitcoin's chains, by enum bitcoin_network. */
static const char *const first_blocks[] = {
    [BITCOIN_MAIN] = "000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f",
    [BITCOIN_TEST] = "000000000933ea01ad0ee984209779baaec3ced90fa3f408719526f8d77f4943",
    [BITCOIN_REGTEST] = "0f9188f13cb7b2c71f2a335e3a4fc328bf5beb436012afca590b1a11466e2206",
};

static bool ask_bitcoin(const struct config *config, const struct rpc_node *node,
                        char found[FOUND_SIZE])
{
    uint8_t id[BITCOIN_ID_SIZE];
    char text[BITCOIN_ID_TEXT_SIZE];
    enum bitcoin_network network;
    uint32_t height;

    if (!node_bitcoin_network(config, &network)) {
        snprintf(found, FOUND_SIZE, "network \"%.64s\" is none", config->provider_bitcoin_network);
        return false;
    }
    if (bitcoin_height(node, &height) != ERR_OK || bitcoin_block_id(node, 0, id) != ERR_OK) {
        snprintf(found, FOUND_SIZE, "%.400s does not answer", node->url);
        return false;
    }
    bitcoin_id_format(id, text);
    bool same = strcmp(text, first_blocks[network]) == 0;
    snprintf(found, FOUND_SIZE, "%.400s has %s chain, height %" PRIu32, node->url,
             same ? config->provider_bitcoin_network : "another", height);
    return same;
}

static bool ask_ethereum(const struct config *config, const struct rpc_node *node,
                         char found[FOUND_SIZE])
{
    uint64_t chain, height;

    if (ethereum_chain_id(node, &chain) != ERR_OK || ethereum_height(node, &height) != ERR_OK) {
        snprintf(found, FOUND_SIZE, "%.400s does not answer", node->url);
        return false;
    }
    snprintf(found, FOUND_SIZE, "%.400s has chain %" PRIu64 ", height %" PRIu64, node->url, chain,
             height);
    return chain == (uint64_t)config->provider_ethereum_chain_id;
}

/* A chain's node, as doctor asks it. */
struct node_check {
    const char *check, *mend;
    enum err (*open)(const struct config *config, struct node *out, struct text *problem);
    bool (*ask)(const struct config *config, const struct rpc_node *node, char found[FOUND_SIZE]);
};

static const struct node_check node_checks[] = {
    {"Ethereum's node", "see url, authorization_file and chain_id in [provider.ethereum]",
     node_ethereum, ask_ethereum},
    {"Bitcoin's node", "see url, cookie_file and network in [provider.bitcoin]", node_bitcoin,
     ask_bitcoin},
};

static void check_node(const struct config *config, const struct node_check *check,
                       finding_row *row, void *arg)
{
    struct text problem = TEXT(1024);
    char found[FOUND_SIZE];
    struct node node;

    enum err rc = check->open(config, &node, &problem);
    node_unguard(&node);
    if (node.rpc.timeout_ms > NODE_TIMEOUT_MS)
        node.rpc.timeout_ms = NODE_TIMEOUT_MS;
    if (rc == ERR_NOT_FOUND)
        tell(row, arg, check->check, true, "none: the rail is off", "");
    else if (rc != ERR_OK)
        tell(row, arg, check->check, false, rc == ERR_CONFIG ? text_string(&problem) : err_text(rc),
             check->mend);
    else
        tell(row, arg, check->check, check->ask(config, &node.rpc, found), found, check->mend);
    node_close(&node);
    text_free(&problem);
}

/* Reads what the hot wallet has. */
static enum err ask_hot_wallet(const struct config *config, struct db *db, __int128 *wei)
{
    struct text problem = TEXT(1024);
    struct deposit_rail rail;
    char address[DEPOSIT_ADDRESS_SIZE] = "";
    struct ethereum_address hot;
    struct node node;
    uint64_t height = 0;

    enum err rc = node_ethereum(config, &node, &problem);
    if (node.rpc.timeout_ms > NODE_TIMEOUT_MS)
        node.rpc.timeout_ms = NODE_TIMEOUT_MS;
    if (rc == ERR_OK)
        rc = deposit_rail_read(db, ETHEREUM_OUTSIDE, &rail);
    if (rc == ERR_OK)
        rc = deposit_derive(&rail, 0, address);
    if (rc == ERR_OK)
        rc = ethereum_address_parse(address, strlen(address), &hot);
    if (rc == ERR_OK)
        rc = ethereum_height(&node.rpc, &height);
    if (rc == ERR_OK)
        rc = ethereum_balance(&node.rpc, &hot, height, wei);
    node_close(&node);
    text_free(&problem);
    return rc;
}

static void check_signer(const struct config *config, finding_row *row, void *arg)
{
    struct signer_client *client = NULL;
    char xpub[BASE58_TEXT_SIZE];

    if (config->signer_socket[0] == '\0') {
        tell(row, arg, "signer", true, "none: nothing is sent on a chain", "");
        return;
    }
    enum err rc = signer_client_open(config->signer_socket, &client);
    if (rc == ERR_OK)
        rc = signer_xpub(client, "m/44'/60'/0'", xpub);
    tell(row, arg, "signer", rc == ERR_OK, rc == ERR_OK ? config->signer_socket : err_text(rc),
         "see that teller-signer runs and that this user may use its socket; socket in [signer] "
         "names it");
    signer_client_close(client);
}

void doctor_nodes(const struct config *config, finding_row *row, void *arg)
{
    for (size_t i = 0; i < sizeof(node_checks) / sizeof(node_checks[0]); i++)
        check_node(config, &node_checks[i], row, arg);
    check_signer(config, row, arg);
}

void doctor_wallets(const struct config *config, struct db *db, finding_row *row, void *arg)
{
    __int128 wei = 0, low = 0;
    char text[DECIMAL_TEXT_SIZE], found[FOUND_SIZE];

    if (config->provider_ethereum_url[0] == '\0')
        return;
    enum err rc = ethereum_low_balance(config, &low);
    if (rc == ERR_OK)
        rc = ask_hot_wallet(config, db, &wei);
    decimal_format(wei, ETHEREUM_DECIMALS, text);
    if (rc == ERR_DEPOSIT_RAIL)
        tell(row, arg, "Ethereum's hot wallet", true, "no keys are set up yet", "");
    else if (rc != ERR_OK)
        tell(row, arg, "Ethereum's hot wallet", false, err_text(rc),
             "see its node, and low_balance in [provider.ethereum]");
    else {
        snprintf(found, sizeof(found), "has %s ether", text);
        tell(row, arg, "Ethereum's hot wallet", wei >= low, found,
             "send it some: tellerctl signer show has its address; low_balance in "
             "[provider.ethereum] is what it should have");
    }
}
