/* The live stream (seed exchange-v1; api exchange-v1, sections 1 and 7): the key of the private
 * channel, and the way to the channels.
 *
 * The stream itself is nchan's, in an nginx of its own (nginx/nchan.conf.in); tools/stream publishes
 * to it. GET /mtgox, by websocket or as server-sent events, comes here first: what the query asks for
 * is checked and turned into the channels' names inside, and X-Accel-Redirect hands the connection
 * over.
 *
 *     /mtgox?Currency=USD,EUR                         trades, ticker and depth of those markets
 *     /mtgox?Currency=USD&Channel=ticker              one kind of channel of those markets
 *     /mtgox?Channel=depth.BTCUSD/ticker.BTCUSD       channels by name (or by id)
 *     /mtgox?key=IDKEY                                the private channel; goes with the others too
 *
 * Without any of them it is Currency=USD. What a connection gets is settled when it is made: nchan
 * cannot change it later, so that {op:"subscribe"}, {op:"unsubscribe"}, {op:"mtgox.subscribe"} and
 * {op:"call"} sent through the socket are taken and have no effect; and it does not speak the framing
 * of socket.io or of websockets before RFC 6455.
 */
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "fcgi/server/app.h"
#include "fcgi/server/fields.h"
#include "fcgi/v1/face.h"
#include "identity/idkey.h"
#include "identity/rights.h"
#include "identity/user.h"
#include "stream/channel.h"

#define LIST_MAX 470 /* bytes of names: what a reply's header takes, beside the path */
#define DEFAULT_CURRENCY "USD"
#define CODE_MAX 16 /* bytes of a currency's code */

static enum err handle_idkey(struct request *request, struct reply *reply)
{
    struct user user;
    char key[IDKEY_SIZE];

    enum err rc = user_by_id(request->db, request->caller.user_id, &user);
    if (rc == ERR_OK)
        rc = idkey_make(request->app->master_key, &user.uuid, clock_now_us() / 1000000, key);
    if (rc == ERR_OK)
        writer_text(&reply->writer, NULL, key);
    crypto_wipe(key, sizeof(key));
    return rc;
}

struct stream_params {
    const char *currencies, *channels;
    struct field_bytes key;
};

#define AT(member) offsetof(struct stream_params, member)
static const struct field stream_fields[] = {
    {.name = "Currency", .type = FIELD_TEXT, .min = 1, .max = 256, .offset = AT(currencies)},
    {.name = "Channel", .type = FIELD_TEXT, .min = 1, .max = 2000, .offset = AT(channels)},
    {.name = "key", .type = FIELD_BYTES, .min = 1, .max = 100, .offset = AT(key)},
};
#undef AT

/* The channels of one connection. */
struct wish {
    struct stream_market markets[STREAM_MARKETS_MAX];
    size_t market_count;
    bool named[STREAM_MARKETS_MAX]; /* of the currencies that are asked for */
    struct text list;               /* names inside, commas between */
};

/* Adds a channel, once. */
static void add_name(struct wish *wish, const char *name)
{
    size_t len = strlen(name);

    for (const char *at = strstr(text_string(&wish->list), name); at != NULL;
         at = strstr(at + 1, name))
        if ((at == wish->list.data || at[-1] == ',') && (at[len] == ',' || at[len] == '\0'))
            return;
    text_addf(&wish->list, "%s%s", wish->list.len == 0 ? "" : ",", name);
}

static void add_topic(struct wish *wish, size_t market, enum stream_topic topic)
{
    char name[STREAM_NAME_SIZE];
    stream_public_name(&wish->markets[market], topic, name);
    add_name(wish, name);
}

/* Marks the markets of one currency, in capitals or not: addresses are typed. */
static enum err name_currency(struct wish *wish, const char *code, size_t len)
{
    char upper[CODE_MAX];
    bool any = false;

    if (len > sizeof(upper))
        return ERR_CURRENCY_UNKNOWN;
    for (size_t i = 0; i < len; i++)
        upper[i] = code[i] >= 'a' && code[i] <= 'z' ? (char)(code[i] - 'a' + 'A') : code[i];
    const struct currency *currency = currency_by_code(upper, len);

    for (size_t i = 0; currency != NULL && i < wish->market_count; i++)
        if (wish->markets[i].currency == currency)
            any = wish->named[i] = true;
    return any ? ERR_OK : ERR_CURRENCY_UNKNOWN;
}

static enum err name_currencies(struct wish *wish, const char *list)
{
    enum err rc = ERR_OK;

    for (size_t len; rc == ERR_OK; list += len + 1) {
        len = strcspn(list, ",");
        rc = name_currency(wish, list, len);
        if (list[len] == '\0')
            break;
    }
    return rc;
}

/* "ticker" and the like: that channel of the markets that Currency names. */
static bool add_kind(struct wish *wish, const char *word, size_t len)
{
    static const struct {
        const char *word;
        enum stream_topic topic;
    } kinds[] = {{"ticker", STREAM_TICKER},
                 {"depth", STREAM_DEPTH},
                 {"trades", STREAM_TRADE},
                 {"trade", STREAM_TRADE},
                 {"lag", STREAM_LAG}};
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (strlen(kinds[i].word) != len || strncmp(kinds[i].word, word, len) != 0)
            continue;
        for (size_t j = 0; j < wish->market_count; j++)
            if (wish->named[j])
                add_topic(wish, j, kinds[i].topic);
        return true;
    }
    return false;
}

/* The channel of a name or an id. */
static bool add_channel(struct wish *wish, const char *word, size_t len)
{
    char name[STREAM_NAME_SIZE];
    struct uuid id;
    bool is_id = uuid_parse(word, len, &id);

    for (size_t i = 0; i < wish->market_count; i++)
        for (enum stream_topic topic = 0; topic < STREAM_TOPIC_COUNT; topic++) {
            stream_public_name(&wish->markets[i], topic, name);
            if (is_id ? memcmp(&id, &wish->markets[i].channels[topic], sizeof(id)) == 0
                      : strlen(name) == len && strncmp(name, word, len) == 0) {
                add_name(wish, name);
                return true;
            }
        }
    return false;
}

static enum err add_channels(struct wish *wish, const char *list)
{
    for (;; list++) {
        size_t len = strcspn(list, "/,");
        if (!add_kind(wish, list, len) && !add_channel(wish, list, len))
            return ERR_INVALID;
        list += len;
        if (*list == '\0')
            return ERR_OK;
    }
}

static enum err add_private(struct request *request, struct wish *wish, struct field_bytes key)
{
    struct uuid user;
    int64_t expires_s;
    char text[IDKEY_SIZE], name[STREAM_NAME_SIZE];

    if (key.len != IDKEY_SIZE - 1)
        return ERR_IDKEY_INVALID;
    /* A plus that was not encoded came as a space: no idkey has spaces. */
    for (size_t i = 0; i < key.len; i++)
        text[i] = key.data[i] == ' ' ? '+' : key.data[i];
    enum err rc = idkey_check(request->app->master_key, text, key.len, clock_now_us() / 1000000,
                              &user, &expires_s);
    if (rc != ERR_OK)
        return rc;
    stream_private_name(&user, expires_s / STREAM_DAY_S, name);
    add_name(wish, name);
    return ERR_OK;
}

/* What the parameters ask for. */
static enum err read_wish(struct request *request, const struct stream_params *params,
                          struct wish *wish)
{
    bool only_private =
        params->key.len > 0 && params->channels == NULL && params->currencies == NULL;
    const char *currencies = params->currencies == NULL ? DEFAULT_CURRENCY : params->currencies;
    enum err rc = ERR_OK;

    /* Where Channel names everything in full, there need be no market of the default currency. */
    if (!only_private)
        rc = name_currencies(wish, currencies);
    if (rc == ERR_CURRENCY_UNKNOWN && params->currencies == NULL && params->channels != NULL)
        rc = ERR_OK;
    if (rc != ERR_OK)
        return request_fail(request, "Currency", rc);
    if (params->channels != NULL)
        rc = add_channels(wish, params->channels);
    else
        for (size_t i = 0; !only_private && i < wish->market_count; i++)
            for (enum stream_topic topic = 0; wish->named[i] && topic <= STREAM_TRADE; topic++)
                add_topic(wish, i, topic);
    if (rc != ERR_OK)
        return request_fail_text(request, "Channel", rc, "names no channel");
    if (params->key.len > 0)
        rc = add_private(request, wish, params->key);
    if (rc != ERR_OK)
        return request_fail(request, "key", rc);
    return wish->list.full
               ? request_fail_text(request, "Channel", ERR_TOO_LONG, "too many channels")
               : ERR_OK;
}

static bool is_handshake(const struct request *request)
{
    const char *upgrade = request_env(request, "HTTP_UPGRADE");
    return upgrade != NULL && strcasecmp(upgrade, "websocket") == 0;
}

/* True for what nchan answers: a websocket's handshake, or a reader of server-sent events. */
static bool can_follow(const struct request *request)
{
    const char *accept = request_env(request, "HTTP_ACCEPT");
    return is_handshake(request) || (accept != NULL && strstr(accept, "text/event-stream") != NULL);
}

/* Whether the web server can hand the connection over: nginx says so (nginx/teller.conf.in), Apache cannot.
 * To others the answer would be nothing, and 200. */
static bool has_stream(const struct request *request)
{
    return request_env(request, "TELLER_STREAM") != NULL &&
           request->app->config.stream_socket[0] != '\0';
}

static enum err handle_stream(struct request *request, struct reply *reply)
{
    struct stream_params params = {0};
    struct wish wish = {.list = TEXT(LIST_MAX)};

    enum err rc = FIELDS_READ(request, &params);
    if (rc == ERR_OK && !has_stream(request))
        rc = ERR_NO_STREAM;
    if (rc == ERR_OK && !can_follow(request))
        rc = request_fail_text(request, NULL, ERR_INVALID,
                               "connect by websocket, or with Accept: text/event-stream");
    if (rc == ERR_OK)
        rc = stream_markets(request->db, wish.markets, &wish.market_count);
    if (rc == ERR_OK)
        rc = read_wish(request, &params, &wish);
    if (rc == ERR_OK)
        reply_header(reply, "X-Accel-Redirect", "/stream-channels?channels=%s",
                     text_string(&wish.list));
    else if (rc == ERR_NO_STREAM)
        reply->status = 404; /* whatever the client reads, it is no stream */
    else if (is_handshake(request))
        reply->status = 400; /* its client reads the status alone (RFC 6455, section 4.1) */
    text_free(&wish.list);
    return rc;
}

static const struct route rows[] = {
    {.methods = METHOD_POST,
     .path = "/api/1/generic/idkey",
     .auth = &auth_v1,
     .rights = RIGHT_GET_INFO,
     .effect = EFFECT_READS,
     .handler = handle_idkey,
     .help = "The key of the caller's private channel in the stream, good for 24 hours."},
    {.methods = METHOD_GET,
     .path = "/mtgox",
     .auth = &auth_public,
     .effect = EFFECT_READS,
     .handler = handle_stream,
     .help = "The live stream, by websocket or as server-sent events.",
     .fields = FIELD_TABLE(stream_fields, struct stream_params)},
};
ROUTE_TABLE(routes_v1_stream, rows);
