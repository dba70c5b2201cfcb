/* Looking a request up by its name, in every domain that bears names of requests. */
#include "fcgi/views/request.h"

#include <string.h>

#include "checkout/checkout.h"
#include "fcgi/server/app.h"
#include "fcgi/views/merchant_order.h"
#include "fcgi/views/ticket.h"
#include "identity/request.h"
#include "ledger/request.h"
#include "market/order.h"

/* The record that knows most comes first. */
static request_finder *const finders[] = {request_find, ledger_request_find, checkout_request_find,
                                          market_request_find};

enum err requests_find(struct db *db, const uint8_t master[SEAL_KEY_SIZE], int64_t user_id,
                       const char *key, struct request_done *out)
{
    enum err rc = ERR_NOT_FOUND;
    for (size_t i = 0; rc == ERR_NOT_FOUND && i < sizeof(finders) / sizeof(finders[0]); i++)
        rc = finders[i](db, master, user_id, key, out);
    return rc;
}

/* A ticket is handed over with its key while it is open; later there is nothing to do with it. */
static enum err write_ticket(struct request *request, const struct request_done *done,
                             struct writer *json)
{
    struct ticket_created created;
    enum err rc = ticket_continue(request->db, request->app->master_key, request->caller.user_id,
                                  &done->ref, &created);
    if (rc == ERR_OK)
        tickets_write_created(json, "reply", &created, false);
    else if (err_class(rc) == ERR_CLASS_STATE)
        writer_null(json, "reply");
    crypto_wipe(&created, sizeof(created));
    return err_class(rc) == ERR_CLASS_STATE ? ERR_OK : rc;
}

static enum err write_order(struct request *request, const struct request_done *done,
                            struct writer *json)
{
    orders_write_created(json, "reply", request, &done->ref);
    return ERR_OK;
}

static enum err write_oid(struct request *request, const struct request_done *done,
                          struct writer *json)
{
    (void)request;
    writer_uuid(json, "reply", &done->ref);
    return ERR_OK;
}

/* Operations whose answer is made again from what they made. */
static const struct {
    const char *operation;
    enum err (*write)(struct request *request, const struct request_done *done,
                      struct writer *json);
} writers[] = {
    {"ticket_create", write_ticket},
    {"checkout_create", write_order},
    {"order_add", write_oid},
};

/* The answer that was kept with the record of a request, sealed. */
static enum err write_kept(struct request *request, const char *key,
                           const struct request_done *done, struct writer *json)
{
    const struct actor actor = {.user_id = request->caller.user_id, .request_key = key};
    struct text kept = TEXT(REQUEST_REPLY_MAX);
    enum err rc =
        request_reply(request->db, request->app->master_key, &actor, done->operation, &kept);

    if (rc == ERR_OK && kept.len > 0)
        writer_raw(json, "reply", text_string(&kept));
    else
        writer_null(json, "reply");
    text_wipe(&kept);
    return rc == ERR_NOT_FOUND ? ERR_OK : rc;
}

static enum err write_reply(struct request *request, const char *key,
                            const struct request_done *done, struct writer *json)
{
    for (size_t i = 0; i < sizeof(writers) / sizeof(writers[0]); i++)
        if (strcmp(writers[i].operation, done->operation) == 0)
            return writers[i].write(request, done, json);
    return write_kept(request, key, done, json);
}

enum err requests_show(struct request *request, const char *key, struct reply *reply)
{
    struct writer *json = &reply->writer;
    struct request_done done;

    enum err rc =
        requests_find(request->db, request->app->master_key, request->caller.user_id, key, &done);
    if (rc != ERR_OK)
        return rc;
    writer_object(json, NULL);
    writer_text(json, "operation", done.operation);
    writer_int(json, "date", done.at);
    if (done.has_ref)
        writer_uuid(json, "ref", &done.ref);
    else
        writer_null(json, "ref");
    rc = write_reply(request, key, &done, json);
    writer_end(json);
    return rc;
}
