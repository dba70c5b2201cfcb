/* Nodes by the configuration. */
#include "provider/node.h"

#include <stdio.h>
#include <string.h>

#include "base/encode.h"
#include "base/version.h"
#include "crypto/crypto.h"

static enum err node_start(const struct config *config, const char *name, const char *url,
                           int timeout_ms, struct node *out)
{
    const struct provider_config client = {
        .user_agent = "teller", .ca_file = config->net_ca_file, .connections = NODE_CONNECTIONS};
    enum err rc = provider_start(&client, &out->client);

    out->rpc = (struct rpc_node){.client = out->client,
                                 .url = url,
                                 .authorization =
                                     out->authorization[0] == '\0' ? NULL : out->authorization,
                                 .timeout_ms = timeout_ms};
    if (rc == ERR_OK)
        rc = db_open_config(config, false, &out->db);
    return rc == ERR_OK ? provider_guard_make(out->db, name, &out->rpc.guard) : rc;
}

void node_unguard(struct node *node)
{
    provider_guard_free(node->rpc.guard);
    node->rpc.guard = NULL;
}

static enum err read_secret(const char *path, char out[NODE_SECRET_MAX], struct text *problem)
{
    enum err rc = config_secret(path, out, NODE_SECRET_MAX);

    if (rc != ERR_OK)
        config_secret_problem(path, problem);
    return rc;
}

enum err node_ethereum(const struct config *config, struct node *out, struct text *problem)
{
    char secret[NODE_SECRET_MAX];

    *out = (struct node){0};
    if (config->provider_ethereum_url[0] == '\0')
        return ERR_NOT_FOUND;
    enum err rc = read_secret(config->provider_ethereum_authorization_file, secret, problem);
    if (rc == ERR_OK && secret[0] != '\0')
        snprintf(out->authorization, sizeof(out->authorization), "Authorization: %s", secret);
    crypto_wipe(secret, sizeof(secret));
    if (rc == ERR_OK)
        rc = node_start(config, "ethereum", config->provider_ethereum_url,
                        config->provider_ethereum_timeout_ms, out);
    return rc;
}

enum err node_bitcoin(const struct config *config, struct node *out, struct text *problem)
{
    char secret[NODE_SECRET_MAX], text[BASE64_SIZE(NODE_SECRET_MAX)];

    *out = (struct node){0};
    if (config->provider_bitcoin_url[0] == '\0')
        return ERR_NOT_FOUND;
    enum err rc = read_secret(config->provider_bitcoin_cookie_file, secret, problem);
    if (rc == ERR_OK && secret[0] != '\0') {
        base64_encode(secret, strlen(secret), text);
        snprintf(out->authorization, sizeof(out->authorization), "Authorization: Basic %s", text);
        crypto_wipe(text, sizeof(text));
    }
    crypto_wipe(secret, sizeof(secret));
    if (rc == ERR_OK)
        rc = node_start(config, "bitcoin", config->provider_bitcoin_url,
                        config->provider_bitcoin_timeout_ms, out);
    return rc;
}

void node_close(struct node *node)
{
    provider_stop(node->client);
    node_unguard(node);
    db_close(node->db);
    crypto_wipe(node, sizeof(*node));
}

bool node_bitcoin_network(const struct config *config, enum bitcoin_network *out)
{
    static const struct {
        const char *word;
        enum bitcoin_network network;
    } words[] = {{"main", BITCOIN_MAIN}, {"test", BITCOIN_TEST}, {"regtest", BITCOIN_REGTEST}};

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (strcmp(config->provider_bitcoin_network, words[i].word) == 0) {
            *out = words[i].network;
            return true;
        }
    return false;
}
