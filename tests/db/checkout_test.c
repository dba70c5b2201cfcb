/* Orders and payments against the database: what the calls on the wire cannot show. */
#include "checkout/checkout.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/text.h"
#include "identity/api_key.h"
#include "identity/rights.h"
#include "ledger/ledger.h"
#include "ledger/slip.h"
#include "tests/db/db.h"

/* A merchant with a key, a buyer with money, and the order between them. */
struct shop {
    int64_t merchant, key, buyer;
    struct checkout_request request;
    struct uuid id;
    struct checkout_order order;
};

static const struct currency *usd(void)
{
    return currency_by_code("USD", 3);
}

static struct amount money(int64_t units)
{
    return (struct amount){.units = units, .currency = usd()};
}

/* Somebody's request, each with a name of its own. */
static struct actor actor(int64_t user_id)
{
    static char keys[8][DB_TEST_NAME_SIZE];
    static size_t next;
    char *key = keys[next++ % TEST_COUNT(keys)];

    db_test_name("r:", key);
    return (struct actor){.user_id = user_id, .request_key = key, .trace = "test"};
}

static void open_shop(struct shop *shop)
{
    char secret[API_KEY_SECRET_TEXT_SIZE];
    struct api_key key = {0};
    const char *field = NULL;

    *shop = (struct shop){.merchant = db_test_user(NULL, NULL), .buyer = db_test_user(NULL, NULL)};
    DB_GIVES(api_key_add(test_db, test_master, shop->merchant, "v1", RIGHT_MERCHANT, "", &key,
                         secret, &field),
             ERR_OK);
    shop->key = key.id;
    shop->request = (struct checkout_request){.api_key_id = key.id,
                                              .amount = money(1000),
                                              .description = "Book",
                                              .return_success = "https://shop.example/",
                                              .ttl_s = CHECKOUT_TTL_DEFAULT_S};
    DB_GIVES(ledger_credit(test_db, shop->buyer, money(1000000), "Money"), ERR_OK);
}

static void make_order(struct shop *shop)
{
    struct actor who = actor(shop->merchant);
    DB_GIVES(checkout_create(test_db, &who, &shop->request, &shop->id), ERR_OK);
}

static enum err pay(struct shop *shop, int64_t units)
{
    struct actor who = actor(shop->buyer);
    struct amount amount = money(units);
    struct uuid payment;
    return checkout_pay(test_db, &who, &shop->id, units == 0 ? NULL : &amount, NULL, &payment,
                        &shop->order);
}

static int64_t balance(int64_t owner, const char *purpose)
{
    return db_test_number("SELECT COALESCE(SUM(balance), 0) FROM account WHERE owner_id = ? "
                          "AND purpose = ? AND currency_id = ?",
                          DB_ARGS(db_i64(owner), db_text(purpose), db_u64(usd()->id)));
}

static bool has_status(const struct shop *shop, const char *status)
{
    return strcmp(shop->order.status, status) == 0;
}

static void test_create(void)
{
    static const uint8_t bytes[] = {0, 0xff, '\'', '\\', 0x80, '\n', 0};
    struct shop shop;
    struct uuid again;

    open_shop(&shop);
    shop.request.data = bytes;
    shop.request.data_len = sizeof(bytes);
    shop.request.multipay = shop.request.wants_mail = true;
    shop.request.ttl_s = 0;
    struct actor who = actor(shop.merchant);
    DB_GIVES(checkout_create(test_db, &who, &shop.request, &shop.id), ERR_OK);
    DB_GIVES(checkout_create(test_db, &who, &shop.request, &again), ERR_REPLAYED);
    who.repeatable = true;
    DB_GIVES(checkout_create(test_db, &who, &shop.request, &again), ERR_OK);
    DB_CHECK(memcmp(&again, &shop.id, sizeof(again)) == 0);

    DB_GIVES(checkout_view_own(test_db, shop.merchant, &shop.id, &shop.order), ERR_OK);
    const struct checkout_order *order = &shop.order;
    DB_CHECK(order->merchant_id == shop.merchant && has_status(&shop, "open"));
    DB_CHECK(order->has_data && order->data_len == sizeof(bytes));
    DB_CHECK(memcmp(order->data, bytes, sizeof(bytes)) == 0);
    DB_CHECK(order->amount.units == 1000 && order->missing.units == 1000);
    DB_CHECK(order->multipay && order->wants_mail && !order->instant_only && !order->autosell);
    DB_CHECK(order->expires == 0 && order->created > 0 && order->paid_at == 0 && order->ended == 0);
    DB_CHECK(strcmp(order->return_success, "https://shop.example/") == 0);
    DB_CHECK(order->return_failure[0] == '\0' && order->ipn_url[0] == '\0');

    DB_GIVES(checkout_view_own(test_db, shop.buyer, &shop.id, &shop.order), ERR_ORDER_UNKNOWN);
    struct uuid other = crypto_uuid7();
    DB_GIVES(checkout_view(test_db, &other, &shop.order), ERR_ORDER_UNKNOWN);
}

static void test_return_urls(void)
{
    static const struct {
        const char *url;
        bool good;
    } rows[] = {
        {"http://a", true},
        {"HTTPS://a:1/b?c#d", true},
        {"http://a/\xc3\xa4", true},
        {"http://a\\@b/", true},
        {"", false},
        {"http", false},
        {"http://", false},
        {"http:///a", false},
        {"http://\\a", false},
        {"http://@a", false},
        {"http://#a", false},
        {"ftp://a", false},
        {"//a", false},
        {"http://a b", false},
        {"http://a\n", false},
        {"http://a\x7f", false},
        {"http://a/\xff", false},
        {" http://a", false},
        {"javascript:1", false},
    };
    for (size_t i = 0; i < TEST_COUNT(rows); i++)
        DB_CHECK(checkout_return_url_ok(rows[i].url) == rows[i].good);
}

static void test_escrow(void)
{
    struct shop shop;
    open_shop(&shop);
    make_order(&shop);
    DB_GIVES(pay(&shop, 400), ERR_OK);
    DB_CHECK(has_status(&shop, "partial") && shop.order.missing.units == 600);
    DB_CHECK(balance(shop.merchant, "escrow") == 400 && balance(shop.merchant, "available") == 0);
    DB_GIVES(pay(&shop, 601), ERR_ORDER_OVERPAID);
    DB_GIVES(pay(&shop, 0), ERR_OK);
    DB_CHECK(has_status(&shop, "paid") && shop.order.paid.units == 1000);
    DB_CHECK(balance(shop.merchant, "escrow") == 0 && balance(shop.merchant, "available") == 1000);
    DB_CHECK(balance(shop.buyer, "available") == 999000);
    DB_GIVES(pay(&shop, 0), ERR_ORDER_PAID);
}

static void test_fee(void)
{
    static const struct {
        const char *percent;
        int64_t fixed, amount, fee;
    } rows[] = {
        {"0", 0, 1000, 0},       {"1", 0, 1000, 10},       {"1", 5, 1000, 15},
        {"0.05", 0, 1000, 1},    {"0.049999", 0, 1000, 0}, {"99.999999", 0, 1, 1},
        {"0", 5000, 1000, 1000}, {"50", 501, 1000, 1000},  {"33.333333", 0, 3, 1},
    };
    struct shop shop;
    open_shop(&shop);
    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        int64_t earned = balance(shop.merchant, "available"), house = balance(1, "fee");
        DB_GIVES(checkout_fee_set(test_db, shop.merchant, rows[i].percent, money(rows[i].fixed)),
                 ERR_OK);
        shop.request.amount = money(rows[i].amount);
        make_order(&shop);
        DB_GIVES(pay(&shop, 0), ERR_OK);
        DB_CHECK(balance(shop.merchant, "available") - earned == rows[i].amount - rows[i].fee);
        DB_CHECK(balance(1, "fee") - house == rows[i].fee);
    }
}

static void test_fee_refused(void)
{
    int64_t merchant = db_test_user(NULL, NULL);
    DB_GIVES(checkout_fee_set(test_db, merchant, "", money(0)), ERR_EMPTY);
    DB_GIVES(checkout_fee_set(test_db, merchant, "-1", money(0)), ERR_AMOUNT_FORMAT);
    DB_GIVES(checkout_fee_set(test_db, merchant, "1e", money(0)), ERR_AMOUNT_FORMAT);
    DB_GIVES(checkout_fee_set(test_db, merchant, "1.0000001", money(0)), ERR_AMOUNT_DIGITS);
    DB_GIVES(checkout_fee_set(test_db, merchant, "100", money(0)), ERR_OUT_OF_RANGE);
    DB_GIVES(checkout_fee_set(test_db, merchant, "1", money(-1)), ERR_AMOUNT_NOT_POSITIVE);
    DB_CHECK(db_test_number("SELECT COUNT(*) FROM merchant_fee WHERE merchant_id = ?",
                            DB_ARGS(db_i64(merchant))) == 0);
    /* any spelling of a percentage that is one */
    DB_GIVES(checkout_fee_set(test_db, merchant, "1.5e1", money(0)), ERR_OK);
    DB_CHECK(
        db_test_number("SELECT CAST(percent AS SIGNED) FROM merchant_fee WHERE merchant_id = ?",
                       DB_ARGS(db_i64(merchant))) == 15);
}

static void test_repeated(void)
{
    struct shop shop;
    struct uuid payment, again;
    struct amount amount = money(100), other = money(101);

    open_shop(&shop);
    make_order(&shop);
    struct actor who = actor(shop.buyer);
    DB_GIVES(checkout_paid_before(test_db, &who, &shop.id, NULL, &again, &shop.order),
             ERR_NOT_FOUND);
    DB_GIVES(checkout_pay(test_db, &who, &shop.id, &amount, NULL, &payment, &shop.order), ERR_OK);
    DB_GIVES(checkout_pay(test_db, &who, &shop.id, &amount, NULL, &again, &shop.order),
             ERR_REPLAYED);
    who.repeatable = true;
    DB_GIVES(checkout_pay(test_db, &who, &shop.id, &amount, NULL, &again, &shop.order), ERR_OK);
    DB_CHECK(memcmp(&again, &payment, sizeof(again)) == 0);
    DB_GIVES(checkout_pay(test_db, &who, &shop.id, &other, NULL, &again, &shop.order),
             ERR_IDEMPOTENCY_CONFLICT);
    DB_GIVES(pay(&shop, 0), ERR_OK);
    /* Refused for another reason by now, and answered all the same. */
    DB_GIVES(checkout_pay(test_db, &who, &shop.id, &amount, NULL, &again, &shop.order), ERR_OK);
    DB_CHECK(memcmp(&again, &payment, sizeof(again)) == 0 && has_status(&shop, "paid"));

    struct actor merchant = actor(shop.merchant);
    for (int i = 0; i < 2; i++) {
        merchant.repeatable = i > 0;
        DB_GIVES(checkout_refund(test_db, &merchant, &shop.id, NULL, NULL, "", &shop.order),
                 ERR_OK);
        DB_CHECK(has_status(&shop, "refunded") && shop.order.refunded.units == 1000);
    }
    DB_GIVES(checkout_refund(test_db, &merchant, &shop.id, NULL, &amount, "", &shop.order),
             ERR_IDEMPOTENCY_CONFLICT);
    DB_CHECK(balance(shop.buyer, "available") == 1000000);
}

#define AMOUNT "JSON_VALUE(payload, '$.amount')"
static void test_events(void)
{
    struct shop shop;
    struct actor who;

    open_shop(&shop);
    shop.request.ipn_url = "https://shop.example/ipn";
    shop.request.ipn_endpoint = "shop.example:443";
    shop.request.wants_mail = true;
    shop.request.data = "119";
    shop.request.data_len = 3;
    make_order(&shop);
    DB_GIVES(pay(&shop, 400), ERR_OK);
    DB_GIVES(pay(&shop, 600), ERR_OK);
    who = actor(shop.merchant);
    DB_GIVES(checkout_refund(test_db, &who, &shop.id, NULL, NULL, "back", &shop.order), ERR_OK);
    static const struct {
        const char *status, *channel, *condition;
    } rows[] = {
        {"partial", "post",
         AMOUNT " = 400 AND JSON_VALUE(payload, '$.valid') = 400 "
                "AND JSON_VALUE(payload, '$.pending') = 600 "
                "AND JSON_VALUE(payload, '$.total') = 1000"},
        {"paid", "post", AMOUNT " = 1000 AND JSON_VALUE(payload, '$.valid') IS NULL"},
        {"refunded", "post", AMOUNT " = 1000 AND ref IS NOT NULL"},
        {"partial", "mail", AMOUNT " = 400 AND url IS NULL"},
        {"paid", "mail", AMOUNT " = 1000"},
    };
    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        struct text sql = TEXT(1024);
        text_addf(&sql,
                  "SELECT COUNT(*) FROM event AS e JOIN delivery AS d ON d.event_id = e.id "
                  "WHERE e.subject = ? AND e.owner_id = ? AND d.api_key_id = ? AND e.kind = ? "
                  "AND d.channel = ? AND (d.channel = 'mail' OR (JSON_VALUE(payload, '$.data') = "
                  "'MTE5' AND url = 'https://shop.example/ipn' "
                  "AND endpoint = 'shop.example:443')) AND %s",
                  rows[i].condition);
        DB_CHECK(db_test_number(text_string(&sql),
                                DB_ARGS(db_uuid(&shop.id), db_i64(shop.merchant), db_i64(shop.key),
                                        db_text(rows[i].status), db_text(rows[i].channel))) == 1);
        text_free(&sql);
    }
    DB_CHECK(db_test_number("SELECT COUNT(*) FROM delivery WHERE subject = ?",
                            DB_ARGS(db_uuid(&shop.id))) == 5);
    DB_CHECK(db_test_number("SELECT COUNT(*) FROM event WHERE subject = ?",
                            DB_ARGS(db_uuid(&shop.id))) == 3);
    /* Nobody listens there: what is still pending must not outlive the test. */
    db_test_number("UPDATE delivery SET state = 'delivered', next_at = NULL WHERE subject = ?",
                   DB_ARGS(db_uuid(&shop.id)));
}

static void test_close_due(void)
{
    struct shop shop;
    int64_t closed = 0;

    open_shop(&shop);
    make_order(&shop);
    DB_GIVES(pay(&shop, 400), ERR_OK);
    db_test_number("UPDATE checkout_order SET expires_at = NOW(6) - INTERVAL 1 SECOND WHERE id = ?",
                   DB_ARGS(db_uuid(&shop.id)));
    DB_GIVES(pay(&shop, 0), ERR_ORDER_CLOSED);
    DB_GIVES(checkout_close_due(test_db, 100, &closed), ERR_OK);
    /* The stack's own sweeper may have been quicker, and still be at it. */
    for (int tries = 0; tries < 100 && balance(shop.merchant, "escrow") != 0; tries++)
        nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
    DB_GIVES(checkout_view(test_db, &shop.id, &shop.order), ERR_OK);
    DB_CHECK(has_status(&shop, "closed") && shop.order.refunded.units == 400);
    DB_CHECK(shop.order.missing.units == 0);
    DB_CHECK(balance(shop.buyer, "available") == 1000000);
    DB_CHECK(balance(shop.merchant, "escrow") == 0);
}

static void look_for(void *arg, const char *words)
{
    const char **wanted = arg;
    if (strstr(words, wanted[0]) != NULL || strstr(words, wanted[1]) != NULL)
        wanted[2] = words; /* not read, only noticed */
}

/* True where the audit says something about `a` or `b`. */
static bool audit_finds(const char *a, const char *b)
{
    const char *wanted[3] = {a, b, NULL};
    struct audit_report report = {.difference = look_for, .arg = wanted};

    DB_GIVES(audit_run(test_db, &checkout_audit, &report), ERR_OK);
    return wanted[2] != NULL;
}

/* Each kind of damage is found, and gone when it is mended. */
static void test_audit(void)
{
    static const struct {
        const char *damage, *repair;
    } rows[] = {
        {"UPDATE checkout_order SET paid = paid + 1 WHERE id = ?",
         "UPDATE checkout_order SET paid = paid - 1 WHERE id = ?"},
        {"UPDATE checkout_order SET status = 'paid' WHERE id = ?",
         "UPDATE checkout_order SET status = 'partial' WHERE id = ?"},
        {"UPDATE checkout_order SET status = 'cancelled', ended_at = NOW(6) WHERE id = ?",
         "UPDATE checkout_order SET status = 'partial', ended_at = NULL WHERE id = ?"},
        {"UPDATE checkout_order SET paid_at = NOW(6) WHERE id = ?",
         "UPDATE checkout_order SET paid_at = NULL WHERE id = ?"},
        {"UPDATE checkout_payment SET amount = amount + 1 WHERE order_id = ?",
         "UPDATE checkout_payment SET amount = amount - 1 WHERE order_id = ?"},
        {"UPDATE checkout_payment SET refunded = 1 WHERE order_id = ?",
         "UPDATE checkout_payment SET refunded = 0 WHERE order_id = ?"},
        {"UPDATE event SET kind = 'refunded' WHERE subject = ?",
         "UPDATE event SET kind = 'partial' WHERE subject = ?"},
        {"UPDATE event SET kind = 'test' WHERE subject = ?",
         "UPDATE event SET kind = 'partial' WHERE subject = ?"},
    };
    char hex[33], merchant[48];
    struct shop shop;
    struct text id = TEXT(64);

    open_shop(&shop);
    make_order(&shop);
    DB_GIVES(pay(&shop, 400), ERR_OK);
    text_hex(&id, shop.id.bytes, sizeof(shop.id.bytes));
    text_copy(hex, sizeof(hex), text_string(&id));
    text_free(&id);
    snprintf(merchant, sizeof(merchant), "merchant %lld ", (long long)shop.merchant);
    DB_CHECK(!audit_finds(hex, merchant));
    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        db_test_number(rows[i].damage, DB_ARGS(db_uuid(&shop.id)));
        DB_CHECK(audit_finds(hex, merchant));
        db_test_number(rows[i].repair, DB_ARGS(db_uuid(&shop.id)));
        DB_CHECK(!audit_finds(hex, merchant));
    }
}

/* An event that tells of no payment, as a bug or a broken transaction would leave it. */
static void test_audit_invented_event(void)
{
    struct shop shop;
    struct uuid invented = crypto_uuid7();
    char event[48];

    open_shop(&shop);
    make_order(&shop);
    db_test_number("INSERT INTO event (topic, kind, owner_id, seq, subject, ref, payload, at) "
                   "VALUES ('checkout', 'paid', ?, 1000, ?, ?, '{}', NOW(6))",
                   DB_ARGS(db_i64(shop.merchant), db_uuid(&shop.id), db_uuid(&invented)));
    int64_t id = db_test_number("SELECT id FROM event WHERE ref = ?", DB_ARGS(db_uuid(&invented)));
    snprintf(event, sizeof(event), "event %lld ", (long long)id);
    DB_CHECK(audit_finds(event, event));
    db_test_number("DELETE FROM event WHERE id = ?", DB_ARGS(db_i64(id)));
    DB_CHECK(!audit_finds(event, event));
}

static const struct test_case cases[] = {
    {"an order is stored as it was asked for, once", test_create},
    {"where a buyer may be sent", test_return_urls},
    {"what is paid in part waits in escrow", test_escrow},
    {"the fee to the last unit", test_fee},
    {"fees that are refused", test_fee_refused},
    {"a repeated request is answered, not done again", test_repeated},
    {"each change is told, whole", test_events},
    {"what is past its time is closed and goes back", test_close_due},
    {"the audit finds each kind of damage", test_audit},
    {"the audit finds an event without its payment", test_audit_invented_event},
    {NULL, NULL},
};

const struct test_suite suite_checkout = {.name = "checkout", .cases = cases};
