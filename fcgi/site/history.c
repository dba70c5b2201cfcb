/* The history of one wallet, or of all together. */
#include "fcgi/views/history.h"

#include <stdio.h>

#include "fcgi/site/face.h"

static struct json_object *link_object(const struct ledger_line *line)
{
    const char *class = history_link_class(line);
    char ref[UUID_TEXT_SIZE];

    if (class == NULL)
        return NULL;
    if (line->trade != NULL)
        snprintf(ref, sizeof(ref), "%lld", (long long)line->trade->tid);
    else
        uuid_format(&line->ref, ref);
    struct json_object *object = json_object_new_object();
    reply_text(object, "class", class);
    reply_text(object, "id", ref);
    return object;
}

static void add_line(void *arg, const struct ledger_line *line)
{
    struct json_object *object = json_object_new_object();
    char order[UUID_TEXT_SIZE];

    if (line->trade != NULL)
        uuid_format(&line->trade->oid, order);
    reply_int(object, "index", (int64_t)line->index);
    reply_int(object, "date", line->date);
    reply_text(object, "type", line->type);
    reply_bool(object, "refund", history_is_refund(line));
    reply_text(object, "order", line->trade == NULL ? NULL : order);
    reply_add(object, "value", reply_money(line->value));
    reply_add(object, "balance", reply_money(line->balance));
    reply_text(object, "info", history_words(line));
    reply_add(object, "link", link_object(line));
    json_object_array_add(arg, object);
}

static enum err handle_history(struct request *request, struct reply *reply)
{
    struct json_object *lines;
    struct page page;

    enum err rc = history_read(request, add_line, &lines, &page);
    if (rc != ERR_OK)
        return rc;
    reply->value = json_object_new_object();
    reply_int(reply->value, "records", (int64_t)page.records);
    reply_int(reply->value, "current_page", page.current);
    reply_int(reply->value, "max_page", page.max);
    reply_int(reply->value, "max_results", page.size);
    reply_add(reply->value, "result", lines);
    return ERR_OK;
}

static const struct route rows[] = {
    {.methods = METHOD_GET,
     .path = "/site/history",
     .auth = &auth_session,
     .effect = EFFECT_READS,
     .pool = POOL_LIST,
     .handler = handle_history,
     .help = "One page of a wallet's history, or of all without currency, newest first; days are "
             "UTC, the last one included.",
     .fields = &history_all_params},
};
ROUTE_TABLE(routes_site_history, rows);
