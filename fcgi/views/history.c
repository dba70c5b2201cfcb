/* A history's filter read from parameters, and the words of its lines. */
#include "fcgi/views/history.h"

#include <string.h>

#include "fcgi/server/fields.h"
#include "market/line.h"

struct history_params {
    const struct currency *currency;
    int64_t type;
    bool with_type;
    int64_t date_start, date_end;
    int64_t trade_id;
    int64_t page;
};

#define AT(member) offsetof(struct history_params, member)
#define OTHER_FIELDS                                                               \
    {.name = "type",                                                               \
     .type = FIELD_CHOICE,                                                         \
     .offset = AT(type),                                                           \
     .given_offset = AT(with_type),                                                \
     .choices = ledger_types},                                                     \
        {.name = "date_start", .type = FIELD_DATE, .offset = AT(date_start)},      \
        {.name = "date_end", .type = FIELD_UNTIL, .offset = AT(date_end)},         \
        {.name = "trade_id", .type = FIELD_INT, .min = 1, .offset = AT(trade_id)}, \
        {.name = "page", .type = FIELD_INT, .min = 1, .max = PAGE_MAX, .offset = AT(page)},

static const struct field history_fields[] = {
    {.name = "currency", .type = FIELD_CURRENCY, .required = true, .offset = AT(currency)},
    OTHER_FIELDS};
static const struct field history_all_fields[] = {
    {.name = "currency", .type = FIELD_CURRENCY, .offset = AT(currency)}, OTHER_FIELDS};
#undef AT
FIELD_TABLE_OF(history_params, history_fields, struct history_params);
FIELD_TABLE_OF(history_all_params, history_all_fields, struct history_params);

/* The lines of a trade are those of its journal; of one that there is not, none. */
static enum err find_trade(struct db *db, int64_t tid, int64_t *journal_id)
{
    enum err rc = market_trade_journal(db, tid, journal_id);

    if (rc == ERR_TRADE_UNKNOWN) {
        *journal_id = -1;
        rc = ERR_OK;
    }
    return rc;
}

static enum err read_filter(struct request *request, struct ledger_filter *out)
{
    struct history_params params = {.page = 1};
    enum err rc = FIELDS_READ(request, &params);
    if (rc != ERR_OK)
        return rc;
    *out = (struct ledger_filter){.currency = params.currency,
                                  .type = params.with_type ? ledger_types[params.type] : NULL,
                                  .since = params.date_start,
                                  .until = params.date_end,
                                  .page = params.page};
    return params.trade_id == 0 ? ERR_OK
                                : find_trade(request->db, params.trade_id, &out->journal_id);
}

enum err history_read(struct request *request,
                      void (*add)(void *rows, const struct ledger_line *line),
                      struct page_rows *rows)
{
    struct ledger_filter filter;

    enum err rc = read_filter(request, &filter);
    if (rc != ERR_OK)
        return rc;
    return ledger_history(request->db, request->caller.user_id, &filter, add, rows, &rows->page);
}

const char *history_link_class(const struct ledger_line *line)
{
    if (market_line_of(line) != NULL)
        return "Money_Trade";
    if (!line->has_ref)
        return NULL;
    if (strncmp(line->kind, "ticket_", 7) == 0)
        return "Money_Ticket";
    return strncmp(line->kind, "checkout_", 9) == 0 ? "Money_Merchant_Order" : NULL;
}

bool history_is_refund(const struct ledger_line *line)
{
    static const char *const kinds[] = {"ticket_cancel",  "ticket_expire",   "ticket_reject",
                                        "ticket_refund",  "checkout_cancel", "checkout_close",
                                        "checkout_refund"};

    if (strcmp(line->type, "deposit") != 0)
        return false;
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        if (strcmp(line->kind, kinds[i]) == 0)
            return true;
    return false;
}
