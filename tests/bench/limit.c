/* The limit: what the database gives when nothing else is in the way. Sends the statements that the
 * worker sends, in the same packets, straight to the database (what changes a book, to the matcher):
 * no HTTP, no signature, no JSON.
 *
 *   limit --config FILE --call CALL --keys FILE [--connections 32] [--seconds 4]
 *         [--warm 0.5] [--count N] [--made FILE] [--tickets FILE]
 *
 * CALL is one of info create settle order pay bid add trade cancel orders withdraw. A thread per connection, each with a key of its own. The files are those of the load generator;
 * Prints one JSON object. */
#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/config.h"
#include "base/text.h"
#include "checkout/checkout.h"
#include "crypto/crypto.h"
#include "db/db.h"
#include "desk/bid.h"
#include "house/house.h"
#include "identity/api_key.h"
#include "identity/session.h"
#include "ledger/ledger.h"
#include "market/change.h"
#include "market/market.h"
#include "market/order.h"
#include "tests/bench/measure.h"
#include "tests/bench/options.h"
#include "ticket/ticket.h"
#include "wallet/withdrawal.h"

#define MAX_THREADS 64
#define CURRENCY_USD 2
#define TRACE "0123456789abcdef0123456789abcdef"

/* Something that a call made and another uses up. */
struct made {
    struct uuid id;
    char key[TICKET_KEY_SIZE]; /* of a ticket */
};

/* One thread with its connection and its share of the tickets. */
struct caller {
    pthread_t thread;
    struct db *db;
    struct matcher_client *matcher;
    const struct bench_key *key;
    int64_t nonce;
    struct made *tickets; /* made here, or to be settled here */
    size_t ticket_count, ticket_room, ticket_next;
    uint64_t acknowledged;
    struct measure measured;
};

static struct bench_options option = {.connections = 32, .seconds = 4, .warm = 0.5};

static struct bench_key keys[BENCH_MAX_KEYS];
static struct caller callers[MAX_THREADS];
static const uint8_t no_key[SEAL_KEY_SIZE]; /* in place of the master key */
static const struct market *market;
static struct measure total;
static int64_t measure_from_us;
static _Atomic int64_t measure_to_us;
static _Atomic uint64_t answered;
static atomic_bool stopping;

static void stop_measuring(void)
{
    int64_t now_us = clock_mono_us();
    if (!atomic_exchange(&stopping, true) && now_us < measure_to_us)
        measure_to_us = now_us;
}

static void keep_made(struct caller *caller, const struct uuid *id, const char *key)
{
    if (caller->ticket_count == caller->ticket_room) {
        caller->ticket_room = caller->ticket_room * 2 + 1024;
        caller->tickets = realloc(caller->tickets, caller->ticket_room * sizeof(*caller->tickets));
        if (caller->tickets == NULL)
            bench_fail("out of memory");
    }
    struct made *made = &caller->tickets[caller->ticket_count++];
    made->id = *id;
    text_copy(made->key, sizeof(made->key), key);
}

/* The statement in front of every signed call: the key as it is remembered, and its nonce. */
static void use_key(struct caller *caller, char request_key[64])
{
    char nonce[24];
    int64_t now_us = clock_now_us();

    caller->nonce = now_us > caller->nonce ? now_us : caller->nonce + 1;
    snprintf(nonce, sizeof(nonce), "%lld", (long long)caller->nonce);
    snprintf(request_key, 64, "n%lld:%s", caller->key->id, nonce);
    api_key_use_nonce(caller->db, caller->key->id, caller->key->version, nonce);
}

static enum err make_order(struct caller *caller, const struct actor *actor)
{
    const struct checkout_request order = {
        .api_key_id = caller->key->id,
        .amount = {.units = 1, .currency = currency_by_id(CURRENCY_USD)},
        .description = "",
        .return_success = "http://shop.invalid/done",
        .return_failure = "http://shop.invalid/failed",
        .ipn_url = "http://shop.invalid/ipn",
        .ipn_endpoint = "shop.invalid:80",
        .data = "order 1",
        .data_len = 7,
        .ttl_s = CHECKOUT_TTL_DEFAULT_S,
    };
    struct uuid id;
    enum err rc = checkout_create(caller->db, actor, &order, &id);
    keep_made(caller, &id, "");
    return rc;
}

/* The buyer's session is looked up first, as for every call of the site, and then the order, which says
 * whether the market has to do with it. */
static enum err pay_order(struct caller *caller, const struct actor *actor)
{
    struct checkout_order order;
    struct session session;
    struct uuid payment;
    enum err rc = session_check(caller->db, no_key, caller->key->public_key, &session);

    if (rc == ERR_OK)
        rc = checkout_view(caller->db, &caller->tickets[caller->ticket_next].id, &order);
    if (rc == ERR_OK)
        rc = checkout_pay(caller->db, actor, &caller->tickets[caller->ticket_next++].id, NULL, NULL,
                          &payment, &order);
    return rc;
}

static const uint8_t digest[SHA256_SIZE];

/* One call of the merchant's or buyer's; false where there is nothing left to do. */
static bool call_checkout(struct caller *caller)
{
    char request_key[64];
    const struct actor actor = {
        .user_id = caller->key->user_id, .request_key = request_key, .trace = TRACE};
    enum err rc;
    struct actor buyer = actor;

    buyer.digest = digest; /* as with the Idempotency-Key that every buyer sends */
    buyer.repeatable = true;
    if (option.call == CALL_PAY) {
        if (caller->ticket_next == caller->ticket_count)
            return false;
        snprintf(request_key, sizeof(request_key), "i:%zu-%d", caller->ticket_next, (int)getpid());
        rc = pay_order(caller, &buyer);
    } else {
        use_key(caller, request_key);
        rc = make_order(caller, &actor);
    }
    if (rc != ERR_OK)
        bench_fail("limit: %s: %s", err_id(rc), db_problem(caller->db));
    return true;
}

/* Without the id's HMAC, whose handle is one for all threads. */
static enum err place_order(struct caller *caller)
{
    struct market_change bid = {
        .user_id = caller->key->user_id,
        .oid = crypto_uuid4(),
        .market_id = market->id,
        .side = MARKET_BID,
        .with_price = true,
        .price = bench_bid_price(option.call, caller->nonce),
        .amount = BENCH_BID_AMOUNT,
        .trace = TRACE,
    };
    bool resent;
    enum err rc = market_change(caller->db, caller->matcher, &bid, &resent);
    if (option.call == CALL_ADD)
        keep_made(caller, &bid.oid, "");
    return rc;
}

static void skip_order(void *arg, const struct market_order *order)
{
    (void)arg;
    (void)order;
}

/* One call of the trader's; false where there is nothing left to do. */
static bool call_market(struct caller *caller)
{
    char request_key[64];
    int64_t user_id = caller->key->user_id;
    enum err rc;

    if (option.call == CALL_CANCEL && caller->ticket_next == caller->ticket_count)
        return false;
    use_key(caller, request_key);
    if (option.call == CALL_ORDERS)
        rc = market_orders(caller->db, user_id, skip_order, NULL);
    else if (option.call == CALL_CANCEL)
        rc = market_cancel(caller->db, caller->matcher, user_id,
                           &caller->tickets[caller->ticket_next++].id);
    else
        rc = place_order(caller);
    if (rc != ERR_OK)
        bench_fail("limit: %s: %s", err_id(rc), db_problem(caller->db));
    return true;
}

static enum err make_ticket(struct caller *caller, const struct actor *actor)
{
    const struct ticket_request order = {
        .partner = caller->key->partner,
        .amount = {.units = 1, .currency = currency_by_id(CURRENCY_USD)}};
    struct ticket_created created;
    enum err rc = ticket_create(caller->db, no_key, actor, &order, &created);
    keep_made(caller, &created.id, created.key);
    return rc;
}

static enum err settle_ticket(struct caller *caller, const struct actor *actor)
{
    const struct made *made = &caller->tickets[caller->ticket_next++];
    struct ticket ticket;
    return ticket_settle(caller->db, actor, &made->id, made->key, "Paid in cash", &ticket);
}

/* One call of a customer's or a partner's; false where there is nothing left to do. */
static bool call_ticket(struct caller *caller)
{
    char request_key[64];
    const struct actor actor = {
        .user_id = caller->key->user_id, .request_key = request_key, .trace = TRACE};

    if (option.call == CALL_SETTLE && caller->ticket_next == caller->ticket_count)
        return false;
    use_key(caller, request_key);
    enum err rc =
        option.call == CALL_SETTLE ? settle_ticket(caller, &actor) : make_ticket(caller, &actor);
    if (rc != ERR_OK)
        bench_fail("limit: %s: %s", err_id(rc), db_problem(caller->db));
    return true;
}

/* What ledger_info asks for. */
static const char accounts[] =
    "SELECT u.id, u.uuid, u.login, u.email, u.level, u.language, u.otp_required, "
    "u.created_at, u.last_login_at , a.currency_id, a.purpose, a.balance, a.reserved, "
    "a.entries, w.day, w.day_amount, w.month_amount, UTC_DATE() FROM (SELECT id, uuid, "
    "login, email, level, language, otp_required, created_at, last_login_at FROM user) AS u "
    "LEFT JOIN account AS a ON a.owner_id = u.id LEFT JOIN limit_count AS w ON w.user_id = "
    "u.id AND w.scope = 'withdrawal' AND w.currency_id = a.currency_id AND w.by_value = "
    "FALSE WHERE u.id = ?";

static bool call_info(struct caller *caller)
{
    struct db_rows rows = {.result = NULL};
    char request_key[64];

    use_key(caller, request_key);
    enum err rc = db_run(caller->db, accounts, DB_ARGS(db_i64(caller->key->user_id)), &rows);
    if (rc != ERR_OK || rows.count == 0)
        bench_fail("limit: %s: %s", err_id(rc), db_problem(caller->db));
    db_rows_free(&rows);
    return true;
}

static bool call_desk(struct caller *caller)
{
    struct desk_problems problems;
    struct desk_bid bid;
    const struct desk_wish wish = {.direction_id = strtoull(caller->key->partner, NULL, 10),
                                   .action = DESK_SUM1,
                                   .named = {.coefficient = 10},
                                   .access = DESK_FOR_API,
                                   .key_id = caller->key->id,
                                   .language = "en",
                                   .ip = "127.0.0.1",
                                   .user_hash = ""};
    enum err rc = desk_bid_create(caller->db, &wish, TRACE, &problems, &bid);

    if (rc != ERR_OK)
        bench_fail("limit: %s: %s", err_id(rc), db_problem(caller->db));
    return true;
}

static bool call_wallet(struct caller *caller)
{
    char guid[32], request_key[64];
    const struct actor actor = {.user_id = caller->key->user_id,
                                .request_key = request_key,
                                .trace = TRACE,
                                .repeatable = true};
    const struct wallet_order order = {
        .guid = guid,
        .total = {.units = BENCH_WITHDRAWAL_UNITS, .currency = currency_by_id(CURRENCY_USD)},
        .address = "bench",
        .memo = "",
        .gateway = BENCH_GATEWAY};
    struct payout payout;
    bool repeated;
    int64_t now_us = clock_now_us();

    caller->nonce = now_us > caller->nonce ? now_us : caller->nonce + 1;
    snprintf(guid, sizeof(guid), "%lld", (long long)caller->nonce);
    snprintf(request_key, sizeof(request_key), "wp:%s", guid);
    api_key_use_token(caller->db, caller->key->id, caller->key->version, caller->nonce * 1000);
    enum err rc = wallet_withdraw(caller->db, &actor, &order, &payout, &repeated);
    if (rc != ERR_OK)
        bench_fail("limit: %s: %s", err_id(rc), db_problem(caller->db));
    return true;
}

/* One call; false where there is nothing left to do. */
static bool call_once(struct caller *caller)
{
    switch (option.call) {
    case CALL_ORDER:
    case CALL_PAY:
        return call_checkout(caller);
    case CALL_ADD:
    case CALL_TRADE:
    case CALL_CANCEL:
    case CALL_ORDERS:
        return call_market(caller);
    case CALL_CREATE:
    case CALL_SETTLE:
        return call_ticket(caller);
    case CALL_INFO:
        return call_info(caller);
    case CALL_BID:
        return call_desk(caller);
    case CALL_WITHDRAW:
        return call_wallet(caller);
    case CALL_CALC:
    case CALL_DIRECTIONS:
    case CALL_GET:
        break;
    }
    bench_fail("the database knows no such call");
}

static void *call_on(void *arg)
{
    struct caller *caller = arg;

    while (!stopping) {
        int64_t start_us = clock_mono_us();
        if (!call_once(caller)) {
            stop_measuring();
            break;
        }
        int64_t now_us = clock_mono_us();
        caller->acknowledged++;
        if (now_us >= measure_from_us && now_us < measure_to_us)
            measure_add(&caller->measured, now_us - start_us);
        if (option.count > 0 && ++answered >= option.count)
            stop_measuring();
    }
    return NULL;
}

/* Gives each ticket to a caller of its partner, in turn. */
static void read_tickets(void)
{
    char partner[33], text[40], key[64];
    struct uuid id;
    FILE *file = fopen(option.tickets, "re");
    if (file == NULL)
        bench_fail("%s: %s", option.tickets, strerror(errno));
    while (fscanf(file, "%32s %39s %63s", partner, text, key) == 3) {
        size_t chosen = option.connections;
        for (size_t i = 0; i < option.connections; i++)
            if (strcmp(callers[i].key->partner, partner) == 0 &&
                (chosen == option.connections ||
                 callers[i].ticket_count < callers[chosen].ticket_count))
                chosen = i;
        if (chosen == option.connections || !uuid_parse(text, strlen(text), &id))
            bench_fail("%s: nobody can settle %s of %s", option.tickets, text, partner);
        keep_made(&callers[chosen], &id, key);
    }
    fclose(file);
}

static void write_tickets(void)
{
    FILE *file = fopen(option.made, "ae");
    if (file == NULL)
        bench_fail("%s: %s", option.made, strerror(errno));
    for (size_t i = 0; i < option.connections; i++) {
        for (size_t j = 0; j < callers[i].ticket_count; j++) {
            char text[UUID_TEXT_SIZE];
            const struct made *made = &callers[i].tickets[j];
            uuid_format(&made->id, text);
            fprintf(file, "%s %s %s\n", callers[i].key->partner, text,
                    made->key[0] != '\0' ? made->key : "-");
        }
    }
    if (fclose(file) != 0)
        bench_fail("%s: %s", option.made, strerror(errno));
}

/* Opens every connection before the clock starts. */
static void open_callers(const struct config *config)
{
    if (bench_read_keys(option.keys, keys) < option.connections)
        bench_fail("%zu connections need as many keys", option.connections);
    for (size_t i = 0; i < option.connections; i++) {
        struct caller *caller = &callers[i];
        caller->key = &keys[i];
        if (db_open_config(config, false, &caller->db) != ERR_OK ||
            matcher_client_open(config->market_matcher, &caller->matcher) != ERR_OK ||
            db_run(caller->db, "DO 0", DB_NO_ARGS, NULL) != ERR_OK)
            bench_fail("cannot reach the database");
    }
}

static void run(void)
{
    struct timespec tick = {.tv_nsec = 10000000};

    measure_from_us = clock_mono_us() + (int64_t)(option.warm * 1e6);
    measure_to_us = measure_from_us + (int64_t)(option.seconds * 1e6);
    for (size_t i = 0; i < option.connections; i++)
        if (pthread_create(&callers[i].thread, NULL, call_on, &callers[i]) != 0)
            bench_fail("cannot start a thread");
    while (!stopping && clock_mono_us() < measure_to_us)
        nanosleep(&tick, NULL);
    stop_measuring();
    for (size_t i = 0; i < option.connections; i++)
        pthread_join(callers[i].thread, NULL);
}

static void print_result(void)
{
    uint64_t acknowledged = 0;

    for (size_t i = 0; i < option.connections; i++) {
        acknowledged += callers[i].acknowledged;
        measure_join(&total, &callers[i].measured);
    }
    measure_print(&total, (double)(measure_to_us - measure_from_us) / 1e6, acknowledged);
    puts("\"failures\":{}}");
}

int main(int argc, char **argv)
{
    static struct config config;
    struct text problem = TEXT(1000);

    house_register();
    bench_read_options(argc, argv, MAX_THREADS, &option);
    if (option.config == NULL)
        bench_fail("--config is needed");
    if (config_load(option.config, &config, &problem) != ERR_OK)
        bench_fail("%s", text_string(&problem));
    if (crypto_start() != ERR_OK)
        bench_fail("no cryptography");
    open_callers(&config);
    if (ledger_load(callers[0].db) != ERR_OK)
        bench_fail("no currencies");
    if (option.call >= CALL_ADD &&
        market_find(callers[0].db, BENCH_MARKET, strlen(BENCH_MARKET), &market) != ERR_OK)
        bench_fail("no market");
    if (option.tickets != NULL)
        read_tickets();
    run();
    print_result();
    if (option.made != NULL)
        write_tickets();
    return 0;
}
