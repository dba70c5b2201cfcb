/* The one configuration file: INI, typed, every key known. Read once at start; handlers never see
 * it. */
#ifndef BASE_CONFIG_H
#define BASE_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/text.h"

/* One row per key: X(section, key, type, default). A NULL default means that the key must be set;
 * INT(least, most) names the range that is accepted. A section's name in the file may have a dot
 * where it has an underscore here (config.c). */
#define CONFIG_KEYS(X)                                               \
    X(database, socket, STRING, NULL)                                \
    X(database, host, STRING, "")                                    \
    X(database, port, INT(1, 65535), "3306")                         \
    X(database, ca_file, STRING, "")                                 \
    X(database, read_host, STRING, "")                               \
    X(database, read_port, INT(1, 65535), "3306")                    \
    X(database, sync_wait, BOOL, "no")                               \
    X(database, replicate_nonces, BOOL, "no")                        \
    X(database, name, STRING, "teller")                              \
    X(database, user, STRING, "teller_app")                          \
    X(database, user_hosts, STRING, "localhost")                     \
    X(database, password_file, STRING, "")                           \
    X(database, owner_user, STRING, "teller_owner")                  \
    X(database, owner_password_file, STRING, "")                     \
    X(security, key_file, STRING, NULL)                              \
    X(site, base_url, STRING, NULL)                                  \
    X(site, name, STRING, "Teller")                                  \
    X(site, allow_http, BOOL, "no")                                  \
    X(site, certificate, STRING, "/etc/teller/tls/cert.pem")         \
    X(net, allow_loopback, BOOL, "no")                               \
    X(net, ca_file, STRING, "")                                      \
    X(mail, relay, STRING, "")                                       \
    X(mail, from, STRING, "Teller <no-reply@localhost>")             \
    X(mail, require_tls, BOOL, "no")                                 \
    X(mail, user, STRING, "")                                        \
    X(mail, password_file, STRING, "")                               \
    X(mail, templates, STRING, "tools/ipn/mail")                     \
    X(ipn, retry_seconds, INT(1, 604800), "1800")                    \
    X(ipn, timeout_ms, INT(100, 120000), "20000")                    \
    X(ipn, per_endpoint, INT(1, 256), "4")                           \
    X(ipn, in_flight, INT(1, 4096), "256")                           \
    X(ipn, lease_seconds, INT(1, 3600), "60")                        \
    X(stream, socket, STRING, "/run/teller-nchan/publish.sock")      \
    X(market, matcher, STRING, "")                                   \
    X(market, orders_max, INT(1, 10000), "10000")                    \
    X(provider_ethereum, url, STRING, "")                            \
    X(provider_ethereum, chain_id, INT(1, INT32_MAX), "1")           \
    X(provider_ethereum, authorization_file, STRING, "")             \
    X(provider_ethereum, timeout_ms, INT(100, 120000), "20000")      \
    X(provider_ethereum, legacy, BOOL, "no")                         \
    X(provider_ethereum, gas_price_max, INT(1, 1000000), "500")      \
    X(provider_ethereum, replace_seconds, INT(1, 86400), "180")      \
    X(provider_ethereum, low_balance, STRING, "0")                   \
    X(provider_bitcoin, url, STRING, "")                             \
    X(provider_bitcoin, network, STRING, "main")                     \
    X(provider_bitcoin, cookie_file, STRING, "")                     \
    X(provider_bitcoin, timeout_ms, INT(100, 120000), "20000")       \
    X(provider_bitcoin, fee_rate, INT(1000, 10000000), "5000")       \
    X(provider_bitcoin, fee_rate_max, INT(1000, 10000000), "200000") \
    X(provider_bitcoin, fee_max, INT(1000, 100000000), "1000000")    \
    X(signer, socket, STRING, "")                                    \
    X(schema, directory, STRING, "schema")                           \
    X(log, level, STRING, "info")

#define CONFIG_TYPE_STRING const char *
#define CONFIG_TYPE_BOOL bool
#define CONFIG_TYPE_INT(least, most) int

/* CONFIG_database_socket and so on: the position of a key in the table. */
enum config_key {
#define X(section, key, type, fallback) CONFIG_##section##_##key,
    CONFIG_KEYS(X)
#undef X
        CONFIG_KEY_COUNT
};

/* config->database_socket and so on; strings are owned by the configuration. */
struct config {
#define X(section, key, type, fallback) CONFIG_TYPE_##type section##_##key;
    CONFIG_KEYS(X)
#undef X
    bool from_file[CONFIG_KEY_COUNT]; /* by enum config_key; false where the default holds */
};

/* Where the configuration is when nobody says otherwise. */
#define CONFIG_DEFAULT_PATH "/etc/teller/teller.conf"

/* Reads `path`; where that is NULL the file that TELLER_CONFIG names, or else CONFIG_DEFAULT_PATH. Lines hold at most 1000
 * bytes, `;` behind a space starts a comment, a key may be set once.
 * config   out; what it held before is not freed
 * problem  out, what is wrong, as FILE:LINE: words, with the nearest known name for an unknown
 *          section or key
 * Returns ERR_CONFIG where the file cannot be used, ERR_NO_MEMORY. Call config_free in any case. */
MUST_USE enum err config_load(const char *path, struct config *config, struct text *problem);

/* Calls `row` for each key ("section.key", in the order of the table) with its value as text and
 * its origin ("file" or "default"). The strings are valid during the call only. */
void config_each(const struct config *config,
                 void (*row)(void *arg, const char *key, const char *value, const char *origin),
                 void *arg);

/* Gives the strings of a configuration back; one that was not loaded to its end is fine. */
void config_free(struct config *config);

/* Reads the first line of a secret file.
 * path  "" gives an empty secret
 * out   out, `size` bytes: the line without its end, NUL-terminated and filled up with NULs
 * Returns ERR_CONFIG where it cannot be read, does not fit, holds a NUL, or where others (neither
 * owner nor group) may read or write it; `out` is wiped then. */
MUST_USE enum err config_secret(const char *path, char *out, size_t size);

/* Says why a secret file cannot be used that config_secret or its reader has refused: it cannot be read
 * by this user, is open to others, or holds something else.
 * problem  out, appended to: "PATH: words" */
void config_secret_problem(const char *path, struct text *problem);

#endif
