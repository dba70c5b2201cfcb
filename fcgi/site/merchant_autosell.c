/* How the merchant's earnings are sold at once: what for, how far below the market's price, and what
 * was kept lately because of it. */
#include "checkout/exchange.h"
#include "fcgi/server/fields.h"
#include "fcgi/site/face.h"
#include "fcgi/views/merchant_order.h"

struct choice_params {
    const struct currency *currency;
    int64_t below_percent;
};

#define AT(member) offsetof(struct choice_params, member)
static const struct field choice_fields[] = {
    {.name = "currency", .type = FIELD_CURRENCY, .offset = AT(currency)},
    {.name = "below_percent",
     .type = FIELD_INT,
     .max = AUTOSELL_BELOW_ANY,
     .required = true,
     .offset = AT(below_percent)},
};
#undef AT

static void add_kept(void *arg, const struct checkout_kept *kept)
{
    struct writer *json = arg;

    writer_object(json, NULL);
    orders_write_kept(json, kept);
    writer_uuid(json, "transaction", &kept->order);
    writer_uuid(json, "payment_id", &kept->payment);
    writer_int(json, "date", kept->date);
    writer_end(json);
}

static enum err reply_choice(struct request *request, struct reply *reply)
{
    struct writer *json = &reply->writer;
    int64_t merchant_id = request->caller.user_id;
    struct checkout_autosell choice;

    enum err rc = checkout_autosell(request->db, merchant_id, &choice);
    if (rc != ERR_OK)
        return rc;
    writer_object(json, NULL);
    writer_text(json, "currency", choice.currency == NULL ? NULL : choice.currency->code);
    writer_int(json, "below_percent", choice.below_percent);
    writer_list(json, "kept");
    rc = checkout_kept_list(request->db, merchant_id, add_kept, json);
    writer_end(json);
    writer_end(json);
    return rc;
}

static enum err handle_choose(struct request *request, struct reply *reply)
{
    struct choice_params params = {0};

    enum err rc = FIELDS_READ(request, &params);
    if (rc != ERR_OK)
        return rc;
    struct checkout_autosell choice = {.currency = params.currency,
                                       .below_percent = params.below_percent};
    rc = checkout_autosell_set(request->db, request->caller.user_id, &choice);
    return rc == ERR_OK ? reply_choice(request, reply) : rc;
}

static const struct route rows[] = {
    {.methods = METHOD_GET,
     .path = "/site/merchant/autosell",
     .auth = &auth_session,
     .rights = SITE_LOOK,
     .effect = EFFECT_READS,
     .handler = reply_choice,
     .help = "What the user's orders with autosell are sold for, how far below the reference price "
             "(percent), and what was kept of late, with the reason."},
    {.methods = METHOD_POST,
     .path = "/site/merchant/autosell",
     .auth = &auth_session,
     .rights = SITE_MERCHANT,
     .effect = EFFECT_CHANGES,
     .handler = handle_choose,
     .help = "Chooses both, from the next payment on; without a currency, that of the coin's first "
             "market.",
     .fields = FIELD_TABLE(choice_fields, struct choice_params)},
};
ROUTE_TABLE(routes_site_merchant_autosell, rows);
