/* The nodes of a cluster, each asked by itself. */
#include "watch/cluster.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

#define ADDRESSES_SIZE 1024 /* of all nodes, with commas between them */
#define NAME_SIZE 128
#define WORDS_SIZE 800
#define LEAST_NODES 3
#define NODES_MAX 16

#define STATUS(name) \
    "(SELECT variable_value FROM information_schema.global_status WHERE variable_name = '" name "')"

/* Where findings go. */
struct look {
    const struct config *config;
    finding_row *row;
    void *arg;
    char writer[NAME_SIZE]; /* the name of the node that the configuration leads to */
};

/* What one node says of itself. */
struct node {
    char name[NAME_SIZE], donors[WORDS_SIZE];
    char state[WORDS_SIZE], settings[WORDS_SIZE]; /* in words */
    bool ready, set;
};

static void report(const struct look *look, const char *check, bool good, const char *found,
                   const char *mend)
{
    const struct finding finding = {.check = check, .good = good, .found = found, .mend = mend};
    look->row(look->arg, &finding);
}

bool cluster_donor_writes(const char *donors, const char *writer)
{
    size_t len = strcspn(donors, ",");
    return len == 0 || (strlen(writer) == len && strncmp(donors, writer, len) == 0);
}

bool cluster_size_holds(int64_t size)
{
    return size >= LEAST_NODES && size % 2 == 1;
}

/* Reads a node. Returns as db_run. */
static enum err read_node(struct db *db, struct node *node)
{
    struct db_rows rows = {0};
    enum err rc = db_run(
        db,
        "SELECT @@wsrep_node_name, @@wsrep_sst_donor, CONCAT_WS(', ', "
        "CONCAT('wsrep_ready ', " STATUS("WSREP_READY") "), LOWER(" STATUS("WSREP_CLUSTER_STATUS") "), LOWER(" STATUS(
            "WSREP_LOCAL_STATE_COMMENT") ")), "
                                         "CONCAT('innodb_flush_log_at_trx_commit = ', "
                                         "@@global.innodb_flush_log_at_trx_commit, "
                                         "', binlog_format = ', @@global.binlog_format, ', "
                                         "innodb_autoinc_lock_mode = ', "
                                         "@@global.innodb_autoinc_lock_mode), " STATUS(
                                             "WSREP_READY") " = 'ON' AND " STATUS("WSREP_CLUSTER_"
                                                                                  "STATUS") " = "
                                                                                            "'Prima"
                                                                                            "ry' "
                                                                                            "AND"
                                                                                            " " STATUS(
                                                                                                "WS"
                                                                                                "RE"
                                                                                                "P_"
                                                                                                "LO"
                                                                                                "CA"
                                                                                                "L_"
                                                                                                "ST"
                                                                                                "AT"
                                                                                                "E") " = 4, "
                                                                                                     "@@global.innodb_flush_log_at_trx_commit = 1 AND @@global.binlog_format = 'ROW' AND "
                                                                                                     "@@global.innodb_autoinc_lock_mode = 2",
        DB_NO_ARGS, &rows);

    if (rc == ERR_OK && !db_next(&rows))
        rc = ERR_DB;
    if (rc == ERR_OK) {
        text_copy(node->name, sizeof(node->name), db_get_text(&rows, 0));
        text_copy(node->donors, sizeof(node->donors), db_get_text(&rows, 1));
        text_copy(node->state, sizeof(node->state), db_get_text(&rows, 2));
        text_copy(node->settings, sizeof(node->settings), db_get_text(&rows, 3));
        node->ready = db_get_i64(&rows, 4) == 1;
        node->set = db_get_i64(&rows, 5) == 1;
    }
    db_rows_free(&rows);
    return rc;
}

static void report_node(const struct look *look, const struct node *node)
{
    char check[NAME_SIZE + 32], found[WORDS_SIZE + 64];
    bool writes = strcmp(node->name, look->writer) == 0;

    snprintf(check, sizeof(check), "node %s", node->name);
    snprintf(found, sizeof(found), "%s%s", node->state, writes ? "; the one that writes" : "");
    report(look, check, node->ready, found,
           "see its log; donor/desynced: it gives another one a copy, or wsrep_desync is set");
    snprintf(check, sizeof(check), "settings of node %s", node->name);
    report(look, check, node->set, node->settings,
           "set innodb_flush_log_at_trx_commit = 1, binlog_format = ROW and "
           "innodb_autoinc_lock_mode = 2 in the node's configuration");
    if (writes)
        return;
    snprintf(check, sizeof(check), "donor of node %s", node->name);
    snprintf(found, sizeof(found), "wsrep_sst_donor = %s", node->donors);
    report(
        look, check, !cluster_donor_writes(node->donors, look->writer), found,
        "name first another node than the one that writes: it stands still while it gives a copy");
}

/* Takes HOST:PORT, or [HOST]:PORT, apart, in place. False where it is something else. */
static bool read_address(char *address, struct db_params *params)
{
    char *port = strrchr(address, ':');
    int64_t number;

    if (port == NULL || port == address || !text_to_number(port + 1, 1, 65535, &number))
        return false;
    *port = '\0';
    params->port = (int)number;
    params->host = address;
    if (*address == '[' && port[-1] == ']') {
        params->host = address + 1;
        port[-1] = '\0';
    }
    return true;
}

static void check_node(const struct look *look, char *address, const struct db_params *as)
{
    struct db_params params = *as;
    struct db *db = NULL;
    struct node node;
    char check[ADDRESSES_SIZE + 16];

    snprintf(check, sizeof(check), "node at %s", address);
    if (!read_address(address, &params)) {
        report(look, check, false, "gives no address for clients",
               "set wsrep_node_address in the node's configuration");
        return;
    }
    enum err rc = db_open(&params, &db);
    if (rc == ERR_OK)
        rc = read_node(db, &node);
    if (rc == ERR_OK)
        report_node(look, &node);
    else
        report(look, check, false, db == NULL ? err_text(rc) : db_problem(db),
               "let the application's user connect to each node from here (user_hosts in "
               "[database]); ca_file has to vouch for the certificate of each");
    db_close(db);
}

static void check_nodes(const struct look *look, char *addresses)
{
    char password[256];
    struct db_params params = {.ca_file = look->config->database_ca_file,
                               .spare = true,
                               .user = look->config->database_user,
                               .password = password};
    char *rest = addresses;

    if (config_secret(look->config->database_password_file, password, sizeof(password)) != ERR_OK)
        return; /* reported where the connection is */
    for (size_t i = 0; i < NODES_MAX && rest != NULL && *rest != '\0'; i++) {
        char *address = strsep(&rest, ",");
        check_node(look, address, &params);
    }
    explicit_bzero(password, sizeof(password));
}

static void check_size(const struct look *look, int64_t size)
{
    char found[WORDS_SIZE];

    snprintf(found, sizeof(found), "%" PRId64 " nodes", size);
    report(look, "cluster's size", cluster_size_holds(size), found,
           "an odd number of nodes, at least three: a majority has to be left when one is gone");
}

static void check_reads(const struct look *look)
{
    char found[WORDS_SIZE];
    bool all = look->config->database_sync_wait, other = *look->config->database_read_host != '\0';

    snprintf(found, sizeof(found), "%s%s",
             all ? "each read waits for what other nodes have written (sync_wait = yes)"
                 : "each new connection waits once for what other nodes have written; sync_wait = "
                   "yes in [database] is for reads that may go to a node that does not write",
             other ? "; public data comes from read_host, some moments late" : "");
    report(look, "reads on a cluster", true, found, "");
}

void watch_cluster(struct db *db, const struct config *config, finding_row *row, void *arg)
{
    struct look look = {.config = config, .row = row, .arg = arg};
    char addresses[ADDRESSES_SIZE];
    struct db_rows rows = {0};
    enum err rc =
        db_run(db,
               "SELECT @@wsrep_on, @@wsrep_node_name, " STATUS(
                   "WSREP_CLUSTER_SIZE") ", COALESCE(" STATUS("WSREP_INCOMING_ADDRESSES") ", '')",
               DB_NO_ARGS, &rows);

    if (rc != ERR_OK || !db_next(&rows)) {
        report(&look, "cluster", false, db_problem(db), "see that the server runs");
    } else if (db_get_i64(&rows, 0) == 0) {
        report(&look, "cluster", true, "none: one server by itself", "");
    } else {
        text_copy(look.writer, sizeof(look.writer), db_get_text(&rows, 1));
        text_copy(addresses, sizeof(addresses), db_get_text(&rows, 3));
        check_size(&look, db_get_i64(&rows, 2));
        check_nodes(&look, addresses);
        check_reads(&look);
    }
    db_rows_free(&rows);
}
