/* The currencies: what pages need to show and check amounts. */
#include "fcgi/site/face.h"
#include "money/currency.h"

static struct json_object *currency_object(const struct currency *currency)
{
    struct json_object *object = json_object_new_object();
    reply_text(object, "currency", currency->code);
    reply_text(object, "name", currency->name);
    reply_text(object, "symbol", currency->symbol);
    reply_int(object, "decimals", currency->decimals);
    reply_int(object, "display_decimals", currency->display_decimals);
    reply_text(object, "symbol_position", currency->symbol_after ? "after" : "before");
    reply_bool(object, "virtual", currency->is_virtual);
    return object;
}

static enum err handle_currencies(struct request *request, struct reply *reply)
{
    struct json_object *list = json_object_new_array();
    const struct currency *currency;

    (void)request;
    for (size_t i = 0; (currency = currency_at(i)) != NULL; i++)
        json_object_array_add(list, currency_object(currency));
    reply->value = json_object_new_object();
    reply_add(reply->value, "currencies", list);
    return ERR_OK;
}

static const struct route rows[] = {
    {.methods = METHOD_GET,
     .path = "/site/currencies",
     .auth = &auth_public,
     .cache = CACHE_PUBLIC_1S,
     .effect = EFFECT_READS,
     .handler = handle_currencies,
     .help = "All currencies with their decimals and signs."},
};
ROUTE_TABLE(routes_site_currencies, rows);
