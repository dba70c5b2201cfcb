/* The history of one wallet, or of all together. */
#include "fcgi/views/history.h"

#include "fcgi/site/face.h"
#include "market/line.h"

static void write_link(struct writer *json, const struct ledger_line *line)
{
    const struct market_line *trade = market_line_of(line);
    const char *class = history_link_class(line);

    if (class == NULL) {
        writer_null(json, "link");
        return;
    }
    writer_object(json, "link");
    writer_text(json, "class", class);
    if (trade != NULL)
        writer_digits(json, "id", trade->tid);
    else
        writer_uuid(json, "id", &line->ref);
    writer_end(json);
}

static void add_line(void *arg, const struct ledger_line *line)
{
    const struct market_line *trade = market_line_of(line);
    struct writer *json = page_row(arg);

    writer_object(json, NULL);
    writer_int(json, "index", (int64_t)line->index);
    writer_int(json, "date", line->date);
    writer_text(json, "type", line->type);
    writer_bool(json, "refund", history_is_refund(line));
    if (trade == NULL)
        writer_null(json, "order");
    else
        writer_uuid(json, "order", &trade->oid);
    writer_money(json, "value", line->value);
    writer_money(json, "balance", line->balance);
    writer_text(json, "info", line->info);
    write_link(json, line);
    writer_end(json);
}

static void begin_page(struct writer *json, const struct page *page)
{
    writer_object(json, NULL);
    writer_int(json, "records", (int64_t)page->records);
    writer_int(json, "current_page", page->current);
    writer_int(json, "max_page", page->max);
    writer_int(json, "max_results", page->size);
    writer_list(json, "result");
}

static enum err handle_history(struct request *request, struct reply *reply)
{
    struct page_rows rows = {.writer = &reply->writer, .begin = begin_page};

    enum err rc = history_read(request, add_line, &rows);
    if (rc != ERR_OK)
        return rc;
    page_row(&rows);
    writer_end(&reply->writer);
    writer_end(&reply->writer);
    return ERR_OK;
}

static const struct route rows[] = {
    {.methods = METHOD_GET,
     .path = "/site/history",
     .auth = &auth_session,
     .rights = SITE_LOOK,
     .effect = EFFECT_READS,
     .pool = POOL_LIST,
     .handler = handle_history,
     .help = "One page of a wallet's history, or of all without currency, newest first; days are "
             "UTC, the last one included.",
     .fields = &history_all_params},
};
ROUTE_TABLE(routes_site_history, rows);
