/* A demo shop: sells two things, sends the buyer to Teller's payment page and hears of the payment
 * by notification.
 *
 * Runs under spawn-fcgi behind nginx. TELLER_URL says where Teller is; in the folder SHOP_DIR are our
 * API key, shop-key.json, and what we were told, shop-book.jsonl. The shop at /demo-shop/flaky fails
 * the first two times that it is told something, as shops do. What a robot of the exchange desk is called
 * back with, at /demo-shop/desk, is kept in desk-calls.txt, a line each. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/id.h"
#include "crypto/crypto.h"
#include "tools/demo/shop_book.h"
#include "tools/demo/site.h"
#include "tools/demo/teller.h"

#define BODY_MAX 65536
#define PATH_SIZE 512
#define URL_MAX 512
#define FLAKY_REFUSALS 2

struct item {
    const char *name;
    const char *description;
    const char *amount;
    const char *currency;
};

static const struct item ITEMS[] = {
    {"coffee", "Coffee beans, 1 kg", "24.50", "USD"},
    {"book", "A book about ledgers", "0.015", "BTC"},
};

static struct teller teller;
static char book[PATH_SIZE], desk_calls[PATH_SIZE];

static const struct item *find_item(struct json_object *sent)
{
    struct json_object *name = NULL;
    if (json_object_object_get_ex(sent, "item", &name))
        for (size_t i = 0; i < sizeof ITEMS / sizeof ITEMS[0]; i++)
            if (strcmp(ITEMS[i].name, json_object_get_string(name)) == 0)
                return &ITEMS[i];
    return NULL;
}

static bool wants_flaky(struct json_object *sent)
{
    struct json_object *flaky = NULL;
    return json_object_object_get_ex(sent, "flaky", &flaky) && json_object_get_boolean(flaky);
}

/* Our own number for the order: Teller gives it back in the notification and nobody can guess it. */
static void order_number(char out[UUID_TEXT_SIZE])
{
    struct uuid id = crypto_uuid4();
    uuid_format(&id, out);
}

static void create(FCGX_Request *request, const struct item *item, bool flaky)
{
    char number[UUID_TEXT_SIZE], success[URL_MAX], failure[URL_MAX], ipn[URL_MAX];
    struct teller_answer answer;

    order_number(number);
    snprintf(success, sizeof success, "%s/demo-shop/thanks?order=%s", teller.url, number);
    snprintf(failure, sizeof failure, "%s/demo-shop/cancelled?order=%s", teller.url, number);
    snprintf(ipn, sizeof ipn, "%s/demo-shop/%s", teller.url, flaky ? "flaky" : "ipn");
    const struct teller_param params[] = {
        {"currency", item->currency},       {"amount", item->amount},    {"data", number},
        {"return_success", success},        {"return_failure", failure}, {"ipn", ipn},
        {"description", item->description},
    };
    if (teller_call(&teller, "generic/merchant/order/create", params,
                    sizeof params / sizeof params[0], &answer)) {
        json_object_object_add(answer.value, "order", json_object_new_string(number));
        site_reply(request, "200 OK",
                   json_object_to_json_string_ext(answer.value, JSON_C_TO_STRING_PLAIN));
    } else {
        site_refuse(request, "409 Conflict", answer.error, answer.message);
    }
    teller_answer_free(&answer);
}

/* The page's call: makes an order. JSON only, which no other site's form can send. */
static void buy(FCGX_Request *request)
{
    char body[BODY_MAX];
    struct json_object *sent = NULL;
    const struct item *item = NULL;

    if (site_is_post(request) &&
        strncmp(site_header(request, "CONTENT_TYPE"), "application/json", 16) == 0 &&
        site_body(request, body, sizeof body, NULL))
        sent = json_tokener_parse(body);
    item = find_item(sent);
    if (item == NULL)
        site_refuse(request, "400 Bad Request", "malformed", "We do not sell this.");
    else
        create(request, item, wants_flaky(sent));
    json_object_put(sent);
}

/* What we were told about the order in the query: {"notifications": [...]}. */
static void orders(FCGX_Request *request)
{
    const char *query = site_header(request, "QUERY_STRING");
    struct json_object *body = json_object_new_object();

    json_object_object_add(body, "notifications",
                           shop_book_find(book, strncmp(query, "order=", 6) == 0 ? query + 6 : ""));
    site_reply(request, "200 OK", json_object_to_json_string_ext(body, JSON_C_TO_STRING_PLAIN));
    json_object_put(body);
}

static void reply_text(FCGX_Request *request, const char *status, const char *text)
{
    FCGX_FPrintF(request->out, "Status: %s\r\nContent-Type: text/plain\r\n\r\n%s", status, text);
}

/* A notification: believed only with our signature over its exact bytes. */
static void notified(FCGX_Request *request, int refusals)
{
    char body[BODY_MAX];
    size_t len = 0;
    bool accepted = false;

    if (!site_is_post(request) || !site_body(request, body, sizeof body, &len))
        reply_text(request, "400 Bad Request", "not a notification\n");
    else if (!teller_verify(&teller, site_header(request, "HTTP_REST_KEY"),
                            site_header(request, "HTTP_REST_SIGN"), body, len))
        reply_text(request, "403 Forbidden", "the signature is wrong\n");
    else if (!shop_book_enter(book, body, len, refusals, &accepted))
        reply_text(request, "500 Internal Server Error", "the book cannot be written\n");
    else if (!accepted)
        reply_text(request, "500 Internal Server Error", "our shop is having a bad moment\n");
    else
        reply_text(request, "200 OK", "[OK]");
}

/* A callback of the exchange desk: a form, kept as it came. One write of a line is whole. */
static void called_back(FCGX_Request *request)
{
    char body[BODY_MAX];
    size_t len = 0;
    FILE *file = site_is_post(request) && site_body(request, body, sizeof body - 1, &len)
                     ? fopen(desk_calls, "ae")
                     : NULL;
    bool kept = file != NULL && fprintf(file, "%.*s\n", (int)len, body) > 0;

    if (file != NULL && fclose(file) != 0)
        kept = false;
    reply_text(request, kept ? "200 OK" : "500 Internal Server Error", "");
}

static void serve(FCGX_Request *request)
{
    const char *path = site_header(request, "SCRIPT_NAME");
    if (strcmp(path, "/demo-shop/buy") == 0)
        buy(request);
    else if (strcmp(path, "/demo-shop/orders") == 0)
        orders(request);
    else if (strcmp(path, "/demo-shop/ipn") == 0)
        notified(request, 0);
    else if (strcmp(path, "/demo-shop/desk") == 0)
        called_back(request);
    else if (strcmp(path, "/demo-shop/flaky") == 0)
        notified(request, FLAKY_REFUSALS);
    else
        site_refuse(request, "404 Not Found", "not_found", "There is nothing here.");
}

int main(void)
{
    static char key_file[PATH_SIZE];
    const char *folder = getenv("SHOP_DIR");

    teller.url = getenv("TELLER_URL");
    if (teller.url == NULL || folder == NULL || strlen(folder) + 20 > PATH_SIZE) {
        fputs("demo-shop: set TELLER_URL and SHOP_DIR\n", stderr);
        return 2;
    }
    snprintf(key_file, sizeof key_file, "%s/shop-key.json", folder);
    snprintf(book, sizeof book, "%s/shop-book.jsonl", folder);
    snprintf(desk_calls, sizeof desk_calls, "%s/desk-calls.txt", folder);
    teller.key_file = key_file;
    return site_run("demo-shop", serve);
}
