/* rail reconcile */
#include "rail/reconcile.h"
#include "money/decimal.h"
#include "tools/tellerctl/ctl.h"

/* What was compared, and how much of it differs. */
struct comparison {
    struct writer *json;
    size_t differences;
};

static void add_balance(void *arg, const struct rail_balance *balance)
{
    struct comparison *comparison = arg;
    struct writer *json = comparison->json;
    const struct {
        const char *name;
        __int128 units;
    } columns[] = {{"chain", balance->chain},
                   {"books", balance->books},
                   {"difference", balance->chain - balance->books}};
    char text[DECIMAL_TEXT_SIZE];

    writer_object(json, NULL);
    writer_text(json, "rail", balance->rail);
    writer_text(json, "currency", balance->currency->code);
    for (size_t i = 0; i < sizeof(columns) / sizeof(columns[0]); i++) {
        decimal_format(columns[i].units, (unsigned)balance->decimals, text);
        writer_text(json, columns[i].name, text);
    }
    writer_int(json, "height", (int64_t)balance->height);
    writer_end(json);
    comparison->differences += balance->chain != balance->books;
}

static const struct {
    enum err (*compare)(const struct config *config, struct db *db,
                        void (*row)(void *arg, const struct rail_balance *balance), void *arg,
                        struct text *problem);
} chains[] = {{ethereum_reconcile}, {bitcoin_reconcile}};

static enum err compare_chains(struct ctl *ctl, struct comparison *comparison, struct text *problem)
{
    enum err rc = ERR_OK;

    for (size_t i = 0; rc == ERR_OK && i < sizeof(chains) / sizeof(chains[0]); i++) {
        rc = chains[i].compare(&ctl->config, ctl->db, add_balance, comparison, problem);
        if (rc == ERR_NOT_FOUND)
            rc = ERR_OK; /* that rail is off */
    }
    return rc;
}

static int run_reconcile(struct ctl *ctl)
{
    struct text problem = TEXT(1024);

    if (ctl_connect(ctl) != ERR_OK)
        return CTL_FAILED;
    struct comparison comparison = {.json = ctl_result(ctl)};
    writer_list(comparison.json, NULL);
    enum err rc = compare_chains(ctl, &comparison, &problem);
    writer_end(comparison.json);
    int status = CTL_DONE;
    if (rc != ERR_OK)
        status = problem.len > 0 ? ctl_fail_words(ctl, rc, text_string(&problem))
                                 : ctl_fail(ctl, rc, NULL);
    else
        ctl_print(ctl);
    text_free(&problem);
    return status == CTL_DONE && comparison.differences > 0 ? CTL_FAILED : status;
}

const struct ctl_command reconcile_commands[] = {
    {.group = "rail",
     .verb = "reconcile",
     .args = "",
     .help = "the ledger beside the chains: fails where any unit differs",
     .run = run_reconcile},
    {0},
};
