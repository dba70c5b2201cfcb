/* Long lists: every page is where it was, whether it is counted from the newest row or found by a mark. */
#include "db/list.h"

#include <string.h>

#include "checkout/checkout.h"
#include "identity/api_key.h"
#include "identity/rights.h"
#include "tests/db/db.h"

#define ROWS (2 * LIST_STEP + 500)

/* A merchant with orders made by SQL. */
struct shop {
    int64_t id;
    struct api_key key;
    int64_t rows;
};

/* 1 to 10,000, for a user who may read no table of numbers. */
#define DIGITS                                                                              \
    "(SELECT 0 AS d UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL "    \
    "SELECT 4 UNION ALL SELECT 5 UNION ALL SELECT 6 UNION ALL SELECT 7 UNION ALL SELECT 8 " \
    "UNION ALL SELECT 9)"
#define NUMBERS                                                                        \
    "(SELECT 1 + a.d + 10 * b.d + 100 * c.d + 1000 * k.d AS seq FROM " DIGITS " AS a " \
    "JOIN " DIGITS " AS b JOIN " DIGITS " AS c JOIN " DIGITS " AS k)"

/* Adds orders: their ids rise, from `from_s` on by a second each. */
static void add_orders(struct shop *shop, int64_t count, int64_t from_s)
{
    DB_GIVES(
        db_run(test_db,
               "INSERT INTO checkout_order (id, merchant_id, api_key_id, request_key, "
               "currency_id, amount, description, wants_mail, autosell, instant_only, "
               "multipay, created_at) SELECT UNHEX(CONCAT(LPAD(HEX((? + n.seq) * 1000), 12, "
               "'0'), '7000', LPAD(HEX(? + n.seq), 8, '8'), LPAD(HEX(?), 8, '0'))), ?, ?, "
               "CONCAT('list:', ? + n.seq), 1, 5, 'x', FALSE, FALSE, FALSE, FALSE, "
               "FROM_UNIXTIME(? + n.seq) FROM " NUMBERS " AS n WHERE n.seq <= ?",
               DB_ARGS(db_i64(from_s), db_i64(shop->rows), db_i64(shop->id), db_i64(shop->id),
                       db_i64(shop->key.id), db_i64(shop->rows), db_i64(from_s), db_i64(count)),
               NULL),
        ERR_OK);
    shop->rows += count;
}

static struct shop new_shop(void)
{
    struct shop shop = {.id = db_test_user(NULL, NULL)};
    char secret[API_KEY_SECRET_TEXT_SIZE];
    const char *field;

    DB_GIVES(api_key_add(test_db, test_master, shop.id, "v1", RIGHT_MERCHANT, "", &shop.key, secret,
                         &field),
             ERR_OK);
    return shop;
}

/* What a page gave. */
struct seen {
    size_t count;
    struct uuid ids[CHECKOUT_PAGE];
};

static void see(void *arg, const struct checkout_order *order)
{
    struct seen *seen = arg;
    if (seen->count < CHECKOUT_PAGE)
        seen->ids[seen->count] = order->id;
    seen->count++;
}

/* The page is what LIMIT gives. */
static void check_page(const struct shop *shop, int64_t number)
{
    const struct checkout_filter filter = {.page = number};
    struct seen seen = {.count = 0};
    struct db_rows rows = {0};
    struct page page;
    size_t i = 0;

    DB_GIVES(checkout_list(test_db, shop->id, &filter, see, &seen, &page), ERR_OK);
    DB_CHECK(page.records == (uint64_t)shop->rows && page.current == number);
    DB_GIVES(db_run(test_db,
                    "SELECT id FROM checkout_order WHERE merchant_id = ? ORDER BY id DESC "
                    "LIMIT ? OFFSET ?",
                    DB_ARGS(db_i64(shop->id), db_i64(CHECKOUT_PAGE),
                            db_i64((number - 1) * CHECKOUT_PAGE)),
                    &rows),
             ERR_OK);
    DB_CHECK(seen.count == rows.count);
    for (; i < seen.count && db_next(&rows); i++) {
        struct uuid id = db_get_uuid(&rows, 0);
        DB_CHECK(memcmp(&id, &seen.ids[i], sizeof(id)) == 0);
    }
    db_rows_free(&rows);
}

static void check_pages(const struct shop *shop)
{
    const int64_t last = (shop->rows + CHECKOUT_PAGE - 1) / CHECKOUT_PAGE;

    for (int64_t number = 1; number <= last + 1; number += number < 3 || number > last - 3 ? 1 : 5)
        check_page(shop, number);
    check_page(shop, last);
    check_page(shop, PAGE_MAX);
}

static int64_t marks(const struct shop *shop)
{
    return db_test_number("SELECT COUNT(*) FROM list_mark WHERE list = 'checkout/merchant' "
                          "AND owner_id = ?",
                          DB_ARGS(db_i64(shop->id)));
}

static void test_pages(void)
{
    struct shop shop = new_shop();

    check_page(&shop, 1);
    add_orders(&shop, ROWS, 1700000000);
    check_page(&shop, ROWS / CHECKOUT_PAGE); /* before there is a mark */
    DB_CHECK(marks(&shop) == 1);
    check_pages(&shop);
    add_orders(&shop, ROWS + 25, 1700000000 + 2 * ROWS);
    check_pages(&shop);
    DB_CHECK(marks(&shop) == 4);
    DB_CHECK(
        db_test_number("SELECT COUNT(*) FROM list_mark WHERE owner_id = ? AND position % ? <> 0",
                       DB_ARGS(db_i64(shop.id), db_i64(LIST_STEP))) == 0);
}

/* Something may still come before a row that was made a moment ago: no mark is put behind it. */
static void test_new_rows(void)
{
    struct shop shop = new_shop();
    int64_t now_s = db_test_number("SELECT UNIX_TIMESTAMP()", DB_NO_ARGS);

    add_orders(&shop, ROWS, now_s - ROWS);
    check_page(&shop, 1);
    DB_CHECK(marks(&shop) == 0);
    check_pages(&shop);
}

static void count_row(void *arg, const struct checkout_order *order)
{
    (void)order;
    (*(size_t *)arg)++;
}

/* By date and status, with the figures of a plain count. */
static void test_filters(void)
{
    static const char *const statuses[] = {"open", "closed", "paid", "partial", "cancelled"};
    struct shop shop = new_shop();
    struct page page;
    size_t count;

    add_orders(&shop, 200, 1700000000);
    db_test_number("UPDATE checkout_order SET expires_at = FROM_UNIXTIME(1700003600) "
                   "WHERE merchant_id = ? AND created_at < FROM_UNIXTIME(1700000051)",
                   DB_ARGS(db_i64(shop.id)));
    for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++)
        for (int64_t since = 0; since < 2; since++) {
            const struct checkout_filter filter = {
                .status = statuses[i], .since = since * 1700000041, .page = 1};
            int64_t expected = db_test_number(
                "SELECT COUNT(*) FROM checkout_order WHERE merchant_id = ? "
                "AND IF(status IN ('open', 'partial') AND expires_at <= NOW(6), 'closed', status) "
                "= ? "
                "AND created_at >= FROM_UNIXTIME(?)",
                DB_ARGS(db_i64(shop.id), db_text(statuses[i]), db_i64(filter.since)));
            count = 0;
            DB_GIVES(checkout_list(test_db, shop.id, &filter, count_row, &count, &page), ERR_OK);
            DB_CHECK(page.records == (uint64_t)expected);
            DB_CHECK(count == (size_t)(expected < CHECKOUT_PAGE ? expected : CHECKOUT_PAGE));
        }
}

/* What takes too long is ended, and what comes next is not. */
static void test_limit(void)
{
    struct db_rows rows = {0};

    db_limit(test_db, 50);
    DB_GIVES(db_run(test_db, "SELECT SLEEP(5)", DB_NO_ARGS, &rows), ERR_TOO_SLOW);
    DB_GIVES(db_run(test_db, "SELECT 1", DB_NO_ARGS, &rows), ERR_OK);
    db_limit(test_db, 0);
    DB_GIVES(db_run(test_db, "SELECT SLEEP(0.1)", DB_NO_ARGS, &rows), ERR_OK);
    db_rows_free(&rows);
}

static const struct test_case cases[] = {
    {"pages by marks", test_pages},
    {"no mark behind new rows", test_new_rows},
    {"filters", test_filters},
    {"a statement's time", test_limit},
    {NULL, NULL},
};
const struct test_suite suite_list = {.name = "list", .cases = cases};
