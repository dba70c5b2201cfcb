/* The currencies: what pages need to show and check amounts. */
#include "fcgi/site/face.h"
#include "money/currency.h"

static void write_currency(struct writer *json, const struct currency *currency)
{
    writer_object(json, NULL);
    writer_text(json, "currency", currency->code);
    writer_text(json, "name", currency->name);
    writer_text(json, "symbol", currency->symbol);
    writer_int(json, "decimals", currency->decimals);
    writer_int(json, "display_decimals", currency->display_decimals);
    writer_text(json, "symbol_position", currency->symbol_after ? "after" : "before");
    writer_bool(json, "virtual", currency->is_virtual);
    writer_end(json);
}

static enum err handle_currencies(struct request *request, struct reply *reply)
{
    struct writer *json = &reply->writer;
    const struct currency *currency;

    (void)request;
    writer_object(json, NULL);
    writer_list(json, "currencies");
    for (size_t i = 0; (currency = currency_at(i)) != NULL; i++)
        write_currency(json, currency);
    writer_end(json);
    writer_end(json);
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
