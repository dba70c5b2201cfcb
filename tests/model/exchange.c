/* The side under test: the libraries, on a database. */
#include "tests/model/exchange.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "identity/user.h"
#include "ledger/ledger.h"
#include "ledger/slip.h"

#define PARTNER "partner"
#define REQUEST_SIZE 32

static const char *const codes[REF_CURRENCIES] = {"BTC", "USD", "JPY"};
static const uint8_t master[SEAL_KEY_SIZE] = "the key of a test, always alike";

static struct amount units(const struct exchange *exchange, unsigned currency, __int128 count)
{
    return (struct amount){.units = count, .currency = exchange->currencies[currency]};
}

static void add_users(struct exchange *exchange)
{
    char login[32], email[64];

    exchange->users[REF_HOUSE] = 1;
    for (unsigned user = 1; user < REF_USERS; user++) {
        snprintf(login, sizeof(login), "user-%u", user);
        snprintf(email, sizeof(email), "user-%u@example.org", user);
        DB_GIVES(user_add(exchange->db, login, email, NULL, "full", &exchange->users[user]),
                 ERR_OK);
    }
    DB_GIVES(ticket_partner_add(exchange->db, PARTNER, exchange->users[REF_PARTNER], PARTNER, "",
                                false, REF_TICKET_S),
             ERR_OK);
    /* How much may leave is not what is tested here. */
    scratch_run(exchange->scratch.owner, "UPDATE limit_rule SET maximum = NULL");
}

static void add_market(struct exchange *exchange, const struct ref *ref, unsigned market)
{
    const struct ref_market *rules = &ref->markets[market];
    unsigned currency = 1 + market;

    DB_GIVES(market_add(exchange->db,
                        &(struct market_rules){
                            .item = exchange->currencies[REF_ITEM],
                            .currency = exchange->currencies[currency],
                            .amount_step = units(exchange, REF_ITEM, rules->amount_step),
                            .price_step = units(exchange, currency, rules->price_step),
                            .min_amount = units(exchange, REF_ITEM, rules->min_amount)}),
             ERR_OK);
}

/* Once all are there: what is missing in the process's table is looked for once a second. */
static void find_market(struct exchange *exchange, const struct ref *ref, unsigned market)
{
    DB_GIVES(market_between(exchange->db, exchange->currencies[REF_ITEM],
                            exchange->currencies[1 + market], &exchange->markets[market]),
             ERR_OK);
    DB_GIVES(market_halt(exchange->db, exchange->markets[market], ref->markets[market].halted),
             ERR_OK);
}

bool exchange_open(struct exchange *exchange, const struct ref *ref)
{
    *exchange = (struct exchange){0};
    if (!scratch_make(&exchange->scratch) ||
        scratch_migrate(&exchange->scratch, NULL, NULL, NULL) != ERR_OK)
        return false;
    exchange->db = exchange->scratch.app;
    for (unsigned i = 0; i < REF_CURRENCIES; i++)
        exchange->currencies[i] = currency_by_code(codes[i], strlen(codes[i]));
    exchange_at(exchange, ref->now_us);
    add_users(exchange);
    for (unsigned market = 0; market < REF_MARKETS; market++)
        add_market(exchange, ref, market);
    for (unsigned market = 0; market < REF_MARKETS; market++)
        find_market(exchange, ref, market);
    return true;
}

void exchange_close(struct exchange *exchange)
{
    scratch_drop(&exchange->scratch);
    free(exchange->ticket_keys);
}

void exchange_at(struct exchange *exchange, int64_t now_us)
{
    char seconds[48];

    snprintf(seconds, sizeof(seconds), "%" PRId64 ".%06d", now_us / 1000000,
             (int)(now_us % 1000000));
    db_defer(exchange->db, "SET timestamp = ?", DB_ARGS(db_decimal(seconds)));
}

static const char *next_request(struct exchange *exchange, char request[REQUEST_SIZE])
{
    snprintf(request, REQUEST_SIZE, "request:%" PRIu64, ++exchange->requests);
    return request;
}

static enum err place(struct exchange *exchange, const struct ref_placement *placement,
                      const struct actor *actor, struct uuid *oid)
{
    const struct market *market = exchange->markets[placement->market];
    struct amount price = {.units = placement->price, .currency = market->currency};
    struct amount stop = {.units = placement->stop, .currency = market->currency};

    return market_place(
        exchange->db, NULL, master, actor,
        &(struct market_placement){.market = market,
                                   .side = placement->side == REF_BID ? MARKET_BID : MARKET_ASK,
                                   .amount = units(exchange, REF_ITEM, placement->amount),
                                   .price = placement->price == 0 ? NULL : &price,
                                   .stop = placement->stop == 0 ? NULL : &stop,
                                   .fiat_fee = placement->fiat_fee},
        oid);
}

enum err exchange_place(struct exchange *exchange, const struct ref_placement *placement,
                        struct uuid *oid)
{
    char request[REQUEST_SIZE];
    struct actor actor = {.user_id = exchange->users[placement->user],
                          .request_key = next_request(exchange, request),
                          .trace = "model"};
    return place(exchange, placement, &actor, oid);
}

enum err exchange_place_again(struct exchange *exchange, const struct ref_placement *placement,
                              bool repeatable, struct uuid *oid)
{
    char request[REQUEST_SIZE];
    struct actor actor = {.user_id = exchange->users[placement->user],
                          .request_key = request,
                          .trace = "model",
                          .repeatable = repeatable};

    snprintf(request, sizeof(request), "request:%" PRIu64, exchange->requests);
    return place(exchange, placement, &actor, oid);
}

enum err exchange_cancel(struct exchange *exchange, unsigned user, const struct uuid *oid)
{
    return market_cancel(exchange->db, NULL, exchange->users[user], oid);
}

struct market_change exchange_placing(const struct exchange *exchange,
                                      const struct ref_placement *placement, const struct uuid *oid)
{
    return (struct market_change){.kind = MARKET_PLACE,
                                  .user_id = exchange->users[placement->user],
                                  .oid = *oid,
                                  .market_id = exchange->markets[placement->market]->id,
                                  .side = placement->side == REF_BID ? MARKET_BID : MARKET_ASK,
                                  .with_price = placement->price != 0,
                                  .price = placement->price,
                                  .with_stop = placement->stop != 0,
                                  .stop = placement->stop,
                                  .fiat_fee = placement->fiat_fee,
                                  .amount = placement->amount};
}

void exchange_together(struct exchange *exchange, const struct market_change *changes, size_t count,
                       enum err outcomes[])
{
    struct market_outcome made[MARKET_BATCH_MAX];

    market_change_together(exchange->db, changes, count, made);
    for (size_t i = 0; i < count; i++)
        outcomes[i] = made[i].known ? made[i].rc : ERR_INTERNAL;
}

enum err exchange_halt(struct exchange *exchange, unsigned market, bool halted)
{
    return market_halt(exchange->db, exchange->markets[market], halted);
}

enum err exchange_wake(struct exchange *exchange, int limit, int64_t *tried)
{
    return market_wake(exchange->db, limit, tried);
}

enum err exchange_credit(struct exchange *exchange, unsigned user, unsigned currency,
                         __int128 amount)
{
    return ledger_credit(exchange->db, exchange->users[user], units(exchange, currency, amount),
                         "Deposit");
}

static struct actor ticket_actor(struct exchange *exchange, unsigned user,
                                 char request[REQUEST_SIZE])
{
    return (struct actor){.user_id = exchange->users[user],
                          .request_key = next_request(exchange, request),
                          .trace = "model"};
}

enum err exchange_ticket_open(struct exchange *exchange, unsigned user, unsigned currency,
                              __int128 amount, struct uuid *id)
{
    char request[REQUEST_SIZE];
    struct actor actor = ticket_actor(exchange, user, request);
    struct ticket_created created;

    enum err rc = ticket_create(
        exchange->db, master, &actor,
        &(struct ticket_request){.partner = PARTNER, .amount = units(exchange, currency, amount)},
        &created);
    if (rc != ERR_OK)
        return rc;
    exchange->ticket_keys =
        ref_grow(exchange->ticket_keys, exchange->ticket_count, sizeof(exchange->ticket_keys[0]));
    memcpy(exchange->ticket_keys[exchange->ticket_count++], created.key, sizeof(created.key));
    *id = created.id;
    return ERR_OK;
}

enum err exchange_ticket_end(struct exchange *exchange, const struct ref_ticket *ticket,
                             size_t number, enum ref_ticket_status status)
{
    const char *key = exchange->ticket_keys[number];
    char request[REQUEST_SIZE];
    bool customer = status == REF_TICKET_CANCELLED;
    struct actor actor = ticket_actor(exchange, customer ? ticket->user : REF_PARTNER, request);
    struct ticket out;

    switch (status) {
    case REF_TICKET_SETTLED:
        return ticket_settle(exchange->db, &actor, &ticket->id, key, "paid out", &out);
    case REF_TICKET_CANCELLED:
        return ticket_cancel(exchange->db, &actor, &ticket->id, &out);
    case REF_TICKET_REJECTED:
        return ticket_reject(exchange->db, &actor, &ticket->id, key, "no", &out);
    case REF_TICKET_REFUNDED:
        return ticket_refund(exchange->db, &actor, &ticket->id, key, "sent back", &out);
    case REF_TICKET_OPEN:
    case REF_TICKET_EXPIRED:
        break;
    }
    return ERR_INTERNAL;
}

enum err exchange_ticket_expire(struct exchange *exchange, int64_t *released)
{
    return ticket_expire_due(exchange->db, 1000, released);
}

static void say(void *arg, const char *words)
{
    (void)arg;
    printf("audit: %s\n", words);
}

uint64_t exchange_audit(struct exchange *exchange)
{
    struct audit_report report = {.difference = say};

    DB_GIVES(audit_run(exchange->db, &ledger_audit, &report), ERR_OK);
    DB_GIVES(audit_run(exchange->db, &ticket_audit, &report), ERR_OK);
    DB_GIVES(audit_run(exchange->db, &market_audit, &report), ERR_OK);
    return report.differences;
}
