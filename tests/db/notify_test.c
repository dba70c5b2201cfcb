/* The outbox against the database: order, leases, outcomes, pauses, replay, secrets. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "identity/api_key.h"
#include "identity/rights.h"
#include "notify/delivery.h"
#include "notify/event.h"
#include "notify/feed.h"
#include "notify/outbox.h"
#include "tests/db/db.h"

#define ACTOR(user) (&(struct actor[]){db_test_actor(user)}[0])

/* A merchant whose shop is at an endpoint that no other test has. It is paused for everybody, so that
 * a retrier of the stack leaves it alone: a claim by queue, as here, does not ask. */
struct shop {
    int64_t merchant_id;
    struct api_key key;
    char url[128];
    struct delivery_queue queue;
};

static struct shop new_shop(void)
{
    struct shop shop = {.merchant_id = db_test_user(NULL, NULL)};
    char secret[API_KEY_SECRET_TEXT_SIZE], name[DB_TEST_NAME_SIZE];
    const char *field;

    DB_GIVES(api_key_add(test_db, test_master, shop.merchant_id, "v1", RIGHT_MERCHANT, "",
                         &shop.key, secret, &field),
             ERR_OK);
    db_test_name("shop", name);
    snprintf(shop.url, sizeof(shop.url), "http://%s/ipn", name);
    shop.queue.owner_id = shop.merchant_id;
    snprintf(shop.queue.endpoint, sizeof(shop.queue.endpoint), "%s:80", name);
    DB_GIVES(feed_pause(test_db, NULL, NULL, shop.queue.endpoint), ERR_OK);
    return shop;
}

/* Adds an event about `subject`; gives its number. */
static int64_t add(const struct shop *shop, const struct uuid *subject, const char *status)
{
    DB_GIVES(db_txn_call(
                 test_db,
                 "CALL notify_event(?, ?, NULL, ?, 'BTC', 5, NULL, NULL, NULL, ?, ?, ?, FALSE)",
                 DB_ARGS(db_i64(shop->merchant_id), db_uuid(subject), db_text(status),
                         db_i64(shop->key.id), db_text(shop->url), db_text(shop->queue.endpoint)),
                 NULL, NULL),
             ERR_OK);
    return db_test_number("SELECT MAX(id) FROM delivery WHERE owner_id = ?",
                          DB_ARGS(db_i64(shop->merchant_id)));
}

/* What one claim gave. */
struct taken {
    size_t count;
    int64_t ids[OUTBOX_CLAIM_MAX];
    uint32_t attempts[OUTBOX_CLAIM_MAX];
};

static void take(void *arg, const struct notify_event *event)
{
    struct taken *taken = arg;
    taken->ids[taken->count] = event->id;
    taken->attempts[taken->count++] = event->attempts;
}

static struct taken claim(const struct shop *shop, unsigned room, int64_t lease_s)
{
    struct taken taken = {0};
    struct outbox_want want = {.queue = &shop->queue, .room = room};

    DB_GIVES(outbox_claim(test_db, "post", &want, 1, lease_s, take, &taken), ERR_OK);
    DB_CHECK(want.taken == taken.count);
    return taken;
}

static void finish(int64_t delivery_id, uint32_t attempt, bool acknowledged, int64_t retry_s)
{
    struct outbox_outcome outcome = {.delivery_id = delivery_id,
                                     .attempt = attempt,
                                     .acknowledged = acknowledged,
                                     .retry_s = retry_s,
                                     .result = acknowledged ? "acknowledged" : "refused",
                                     .address = "192.0.2.1:80",
                                     .problem = "",
                                     .status = acknowledged ? 200 : 500,
                                     .latency_us = 7,
                                     .answer = "[OK]",
                                     .answer_len = 4};
    DB_GIVES(outbox_record(test_db, &outcome, 1), ERR_OK);
}

struct search {
    const struct shop *shop;
    size_t found;
};

static void count_queue(void *arg, const struct delivery_queue *queue)
{
    struct search *search = arg;
    search->found += queue->owner_id == search->shop->merchant_id &&
                     strcmp(queue->endpoint, search->shop->queue.endpoint) == 0;
}

static enum err look(struct db *db, void *arg)
{
    struct search *search = arg;
    struct search fresh = {.shop = search->shop};

    enum err rc = db_run(db, "DELETE FROM endpoint_pause WHERE endpoint = ? AND owner_id = 1",
                         DB_ARGS(db_text(search->shop->queue.endpoint)), NULL);
    if (rc == ERR_OK)
        rc = outbox_queues(db, "post", count_queue, search);
    if (rc == ERR_OK)
        rc = outbox_fresh(db, "post", count_queue, &fresh);
    DB_GIVES(rc, ERR_OK);
    DB_CHECK(search->found == fresh.found);
    return ERR_NOT_FOUND; /* takes the end of the pause back */
}

/* How often both kinds of look would find the shop's queue if it were not paused for everybody. */
static size_t queues(const struct shop *shop)
{
    struct search search = {.shop = shop};
    DB_GIVES(db_txn(test_db, look, &search, NULL), ERR_NOT_FOUND);
    return search.found;
}

static void test_order_in_subject(void)
{
    struct shop shop = new_shop();
    struct uuid one = crypto_uuid7(), other = crypto_uuid7();
    int64_t first = add(&shop, &one, "partial"), second = add(&shop, &one, "paid"),
            third = add(&shop, &one, "refunded"), apart = add(&shop, &other, "paid");

    DB_CHECK(queues(&shop) == 1);
    struct taken taken = claim(&shop, 10, 60);
    DB_CHECK(taken.count == 2 && taken.ids[0] == first && taken.ids[1] == apart);
    DB_CHECK(queues(&shop) == 0);
    finish(first, 1, false, 3600); /* refused: the others go on waiting */
    DB_CHECK(claim(&shop, 10, 60).count == 0);
    finish(first, 1, true, 3600); /* acknowledged late */
    taken = claim(&shop, 10, 60);
    DB_CHECK(taken.count == 1 && taken.ids[0] == second);
    finish(second, 1, true, 3600);
    taken = claim(&shop, 10, 60);
    DB_CHECK(taken.count == 1 && taken.ids[0] == third);
    finish(third, 1, true, 3600);
    finish(apart, 1, true, 3600);
    DB_CHECK(db_test_number("SELECT COUNT(*) FROM delivery WHERE owner_id = ? "
                            "AND (state <> 'delivered' OR next_at IS NOT NULL)",
                            DB_ARGS(db_i64(shop.merchant_id))) == 0);
    DB_CHECK(add(&shop, &one, "refunded") > 0 && claim(&shop, 10, 60).count == 1);
}

static void test_room(void)
{
    struct shop shop = new_shop();
    for (int i = 0; i < 5; i++) {
        struct uuid subject = crypto_uuid7();
        add(&shop, &subject, "paid");
    }
    DB_CHECK(claim(&shop, 3, 60).count == 3);
    DB_CHECK(claim(&shop, 3, 60).count == 2);
}

static void test_lease(void)
{
    struct shop shop = new_shop();
    struct uuid subject = crypto_uuid7();
    int64_t id = add(&shop, &subject, "paid");

    DB_CHECK(claim(&shop, 1, 0).count == 1); /* a claimer that died at once */
    struct taken again = claim(&shop, 1, 60);
    DB_CHECK(again.count == 1 && again.ids[0] == id && again.attempts[0] == 2);
    finish(id, 1, false, 0); /* whoever lost the lease changes nothing ... */
    DB_CHECK(claim(&shop, 1, 60).count == 0);
    finish(id, 2, false, 0);
    DB_CHECK(claim(&shop, 1, 60).count == 1);
    finish(id, 1, true, 0); /* ... but that it was acknowledged */
    DB_CHECK(claim(&shop, 1, 60).count == 0);
    finish(id, 3, false, 0); /* and nothing takes that back */
    DB_CHECK(
        db_test_number("SELECT state = 'delivered' AND attempts = 3 FROM delivery WHERE id = ?",
                       DB_ARGS(db_i64(id))) == 1);
    DB_CHECK(db_test_number("SELECT COUNT(*) FROM delivery_attempt WHERE delivery_id = ? "
                            "AND result <> 'begun'",
                            DB_ARGS(db_i64(id))) == 3);
}

static void test_pause(void)
{
    struct shop shop = new_shop(), stranger = new_shop();
    struct uuid subject = crypto_uuid7();
    const char *endpoint = shop.queue.endpoint;

    DB_GIVES(feed_pause(test_db, test_master, ACTOR(shop.merchant_id), endpoint), ERR_NOT_FOUND);
    int64_t id = add(&shop, &subject, "paid");
    DB_GIVES(feed_pause(test_db, test_master, ACTOR(stranger.merchant_id), endpoint),
             ERR_NOT_FOUND);
    DB_CHECK(queues(&shop) == 1);
    DB_GIVES(feed_pause(test_db, test_master, ACTOR(shop.merchant_id), endpoint), ERR_OK);
    DB_GIVES(feed_pause(test_db, test_master, ACTOR(shop.merchant_id), endpoint), ERR_OK);
    DB_CHECK(queues(&shop) == 0);
    DB_GIVES(feed_resume(test_db, test_master, ACTOR(shop.merchant_id), endpoint), ERR_OK);
    DB_GIVES(feed_resume(test_db, test_master, ACTOR(shop.merchant_id), endpoint), ERR_NOT_FOUND);
    struct search held = {.shop = &shop};
    DB_GIVES(outbox_queues(test_db, "post", count_queue, &held), ERR_OK);
    DB_CHECK(held.found == 0 && queues(&shop) == 1); /* the operator's pause still holds */
    DB_CHECK(claim(&shop, 1, 60).count == 1);
    DB_GIVES(feed_pause(test_db, test_master, ACTOR(shop.merchant_id), endpoint), ERR_OK);
    DB_GIVES(feed_resume(test_db, test_master, ACTOR(shop.merchant_id), endpoint), ERR_OK);
    DB_CHECK(claim(&shop, 1, 60).count == 0); /* it is in hand */
    finish(id, 1, false, 3600);
    DB_GIVES(feed_pause(test_db, test_master, ACTOR(shop.merchant_id), endpoint), ERR_OK);
    DB_GIVES(feed_resume(test_db, test_master, ACTOR(shop.merchant_id), endpoint), ERR_OK);
    DB_CHECK(claim(&shop, 1, 60).count == 1); /* tried at once, not in an hour */
    finish(id, 2, true, 3600);
    DB_GIVES(feed_resume(test_db, NULL, NULL, endpoint), ERR_OK);
    DB_GIVES(feed_resume(test_db, NULL, NULL, endpoint), ERR_NOT_FOUND);
}

static void test_replay(void)
{
    struct shop shop = new_shop(), stranger = new_shop();
    struct uuid subjects[3], first, feed_only = crypto_uuid7();
    struct notify_event event;
    int64_t ids[3], count;

    for (int i = 0; i < 3; i++) {
        subjects[i] = crypto_uuid7();
        ids[i] = add(&shop, &subjects[i], "paid");
    }
    DB_CHECK(claim(&shop, 3, 60).count == 3);
    finish(ids[0], 1, true, 3600);
    finish(ids[1], 1, true, 3600);
    finish(ids[2], 1, false, 3600);
    DB_GIVES(feed_event(test_db, shop.merchant_id, NULL, ids[0], &event), ERR_OK);
    DB_CHECK(event.attempts == 1 && strcmp(event.state, "delivered") == 0 && event.delivered > 0);
    first = event.uuid;
    DB_GIVES(feed_event(test_db, stranger.merchant_id, &first, 0, &event), ERR_NOT_FOUND);
    DB_GIVES(feed_replay(test_db, stranger.merchant_id, &first), ERR_NOT_FOUND);
    DB_GIVES(feed_replay(test_db, shop.merchant_id, &feed_only), ERR_NOT_FOUND);
    DB_GIVES(feed_replay(test_db, shop.merchant_id, &first), ERR_OK);
    struct taken taken = claim(&shop, 3, 60);
    DB_CHECK(taken.count == 1 && taken.ids[0] == ids[0] && taken.attempts[0] == 2);
    finish(ids[0], 2, true, 3600);
    DB_GIVES(feed_replay_range(test_db, stranger.merchant_id, 1, 3, false, &count), ERR_OK);
    DB_CHECK(count == 0);
    DB_GIVES(feed_replay_range(test_db, shop.merchant_id, 1, 3, true, &count), ERR_OK);
    DB_CHECK(count == 1 && claim(&shop, 3, 60).ids[0] == ids[2]);
    DB_GIVES(feed_replay_range(test_db, shop.merchant_id, 1, 2, false, &count), ERR_OK);
    DB_CHECK(count == 2 && claim(&shop, 3, 60).count == 2);
}

/* An event added while the one before it is being acknowledged is never left without a time. */
struct racer {
    struct db *db;
    const struct shop *shop;
    struct uuid subject;
};

static void *add_events(void *arg)
{
    struct racer *racer = arg;
    for (int i = 0; i < 100; i++) {
        enum err rc = db_txn_call(
            racer->db,
            "CALL notify_event(?, ?, NULL, 'paid', 'BTC', 5, NULL, NULL, NULL, ?, ?, ?, FALSE)",
            DB_ARGS(db_i64(racer->shop->merchant_id), db_uuid(&racer->subject),
                    db_i64(racer->shop->key.id), db_text(racer->shop->url),
                    db_text(racer->shop->queue.endpoint)),
            NULL, NULL);
        if (rc != ERR_OK)
            return racer;
    }
    return NULL;
}

static void test_add_races_record(void)
{
    struct shop shop = new_shop();
    struct racer racer = {.shop = &shop, .subject = crypto_uuid7()};
    struct config config;
    struct text problem = TEXT(256);
    pthread_t thread;
    void *failed;
    int delivered = 0, idle = 0;
    int64_t last = 0;

    DB_GIVES(config_load(NULL, &config, &problem), ERR_OK);
    DB_GIVES(db_open_config(&config, false, &racer.db), ERR_OK);
    DB_CHECK(pthread_create(&thread, NULL, add_events, &racer) == 0);
    while (delivered < 100 && idle < 2000) {
        struct taken taken = claim(&shop, 4, 60);
        DB_CHECK(taken.count <= 1);
        idle = taken.count == 0 ? idle + 1 : 0;
        if (taken.count == 0)
            continue;
        DB_CHECK(taken.ids[0] > last);
        last = taken.ids[0];
        finish(last, taken.attempts[0], true, 3600);
        delivered++;
    }
    DB_CHECK(pthread_join(thread, &failed) == 0 && failed == NULL);
    DB_CHECK(delivered == 100);
    db_close(racer.db);
    config_free(&config);
    text_free(&problem);
}

static void test_feed(void)
{
    struct shop shop = new_shop();
    struct taken taken = {0};
    uint64_t last;

    DB_GIVES(feed_last(test_db, shop.merchant_id, &last), ERR_OK);
    DB_CHECK(last == 0);
    for (int i = 0; i < 3; i++) {
        struct uuid subject = crypto_uuid7();
        add(&shop, &subject, "paid");
    }
    DB_GIVES(feed_last(test_db, shop.merchant_id, &last), ERR_OK);
    DB_CHECK(last == 3);
    DB_GIVES(feed_after(test_db, shop.merchant_id, 1, 10, take, &taken), ERR_OK);
    DB_CHECK(taken.count == 2 && taken.ids[0] < taken.ids[1]);
}

static void test_mail_off(void)
{
    struct shop shop = new_shop();
    struct uuid subject = crypto_uuid7();
    int64_t dropped = 1;

    DB_GIVES(
        db_txn_call(test_db,
                    "CALL notify_event(?, ?, NULL, 'paid', 'BTC', 5, NULL, NULL, NULL, ?, NULL, "
                    "NULL, TRUE)",
                    DB_ARGS(db_i64(shop.merchant_id), db_uuid(&subject), db_i64(shop.key.id)), NULL,
                    NULL),
        ERR_OK);
    while (dropped > 0)
        DB_GIVES(outbox_drop_mail(test_db, 100, &dropped), ERR_OK);
    DB_CHECK(db_test_number("SELECT COUNT(*) FROM delivery WHERE subject = ? AND state = 'none'",
                            DB_ARGS(db_uuid(&subject))) == 2);
}

static void test_secrets(void)
{
    struct shop shop = new_shop();
    struct notify_secrets first, again, both;
    char text[NOTIFY_SECRET_TEXT_SIZE], newest[NOTIFY_SECRET_TEXT_SIZE];
    int64_t until = 0;

    DB_GIVES(notify_secrets(test_db, test_master, shop.merchant_id, &first), ERR_OK);
    DB_GIVES(notify_secrets(test_db, test_master, shop.merchant_id, &again), ERR_OK);
    DB_CHECK(first.count == 1 && again.count == 1 &&
             memcmp(first.bytes[0], again.bytes[0], NOTIFY_SECRET_SIZE) == 0);
    DB_GIVES(notify_secret_rotate(test_db, test_master, ACTOR(shop.merchant_id), text, &until),
             ERR_OK);
    DB_GIVES(notify_secrets(test_db, test_master, shop.merchant_id, &both), ERR_OK);
    DB_CHECK(both.count == 2 && memcmp(both.bytes[1], first.bytes[0], NOTIFY_SECRET_SIZE) == 0);
    notify_secret_format(both.bytes[0], newest);
    DB_CHECK(strcmp(newest, text) == 0);
    DB_CHECK(db_test_number("SELECT ? - UNIX_TIMESTAMP() BETWEEN 86390 AND 86400",
                            DB_ARGS(db_i64(until))) == 1);
    db_test_number("UPDATE webhook_secret SET retires_at = NOW(6) "
                   "WHERE owner_id = ? AND retires_at IS NOT NULL",
                   DB_ARGS(db_i64(shop.merchant_id)));
    DB_GIVES(notify_secrets(test_db, test_master, shop.merchant_id, &both), ERR_OK);
    DB_CHECK(both.count == 1);
    DB_CHECK(db_test_number("SELECT COUNT(*) FROM webhook_secret WHERE INSTR(secret_sealed, ?)",
                            DB_ARGS(db_blob(first.bytes[0], 8))) == 0);
}

static void test_test_event(void)
{
    struct shop shop = new_shop();
    int64_t keyless = db_test_user(NULL, NULL);
    struct delivery *delivery = calloc(1, sizeof(*delivery));
    struct notify_event event;
    struct uuid uuid;

    DB_GIVES(
        feed_test(test_db, test_master, ACTOR(keyless), 0, shop.url, shop.queue.endpoint, &uuid),
        ERR_NOT_FOUND);
    DB_GIVES(feed_test(test_db, test_master, ACTOR(shop.merchant_id), 0, shop.url,
                       shop.queue.endpoint, &uuid),
             ERR_OK);
    DB_GIVES(feed_event(test_db, shop.merchant_id, &uuid, 0, &event), ERR_OK);
    DB_CHECK(strcmp(event.status, "test") == 0 && strcmp(event.url, shop.url) == 0);
    /* A revoked key still signs what it was there for. */
    DB_GIVES(api_key_revoke(test_db, shop.merchant_id, &shop.key.public_key), ERR_OK);
    if (delivery != NULL) {
        DB_GIVES(delivery_prepare(test_db, test_master, NULL, &event, 1700000000, delivery),
                 ERR_OK);
        DB_CHECK(strcmp(delivery_header(delivery, "webhook-timestamp"), "1700000000") == 0);
        DB_CHECK(strlen(delivery_header(delivery, "Rest-Sign")) == 88);
        event.api_key_id = INT64_MAX;
        DB_GIVES(delivery_prepare(test_db, test_master, NULL, &event, 1, delivery), ERR_NOT_FOUND);
        delivery_free(delivery);
    }
    free(delivery);
}

/* A secret that was rotated away keeps its end when the next one follows: else whoever holds it could
 * go on for ever by making its owner rotate. */
static void test_rotated_twice(void)
{
    struct shop shop = new_shop();
    struct notify_secrets secrets;
    char text[NOTIFY_SECRET_TEXT_SIZE];
    int64_t until;

    DB_GIVES(notify_secrets(test_db, test_master, shop.merchant_id, &secrets), ERR_OK);
    DB_GIVES(notify_secret_rotate(test_db, test_master, ACTOR(shop.merchant_id), text, &until),
             ERR_OK);
    int64_t first = db_test_number("SELECT MIN(id) FROM webhook_secret WHERE owner_id = ?",
                                   DB_ARGS(db_i64(shop.merchant_id)));
    db_test_number("UPDATE webhook_secret SET retires_at = NOW(6) + INTERVAL 100 SECOND "
                   "WHERE id = ?",
                   DB_ARGS(db_i64(first)));
    DB_GIVES(notify_secret_rotate(test_db, test_master, ACTOR(shop.merchant_id), text, &until),
             ERR_OK);
    DB_CHECK(db_test_number("SELECT TIMESTAMPDIFF(SECOND, NOW(6), retires_at) BETWEEN 80 AND 100 "
                            "FROM webhook_secret WHERE id = ?",
                            DB_ARGS(db_i64(first))) == 1);
    DB_GIVES(notify_secrets(test_db, test_master, shop.merchant_id, &secrets), ERR_OK);
    DB_CHECK(secrets.count == 3);
}

static void test_tests_limited(void)
{
    struct shop shop = new_shop();
    struct uuid uuid;

    for (int i = 0; i < FEED_TESTS_MAX; i++)
        DB_GIVES(feed_test(test_db, test_master, ACTOR(shop.merchant_id), 0, shop.url,
                           shop.queue.endpoint, &uuid),
                 ERR_OK);
    DB_GIVES(feed_test(test_db, test_master, ACTOR(shop.merchant_id), 0, shop.url,
                       shop.queue.endpoint, &uuid),
             ERR_TOO_MANY_REQUESTS);
    db_test_number("UPDATE event SET at = at - INTERVAL ? SECOND WHERE owner_id = ?",
                   DB_ARGS(db_i64(FEED_TESTS_WINDOW_S), db_i64(shop.merchant_id)));
    DB_GIVES(feed_test(test_db, test_master, ACTOR(shop.merchant_id), 0, shop.url,
                       shop.queue.endpoint, &uuid),
             ERR_OK);
}

/* A format of a floor above: a form with two fields out of the payload, signed by the owner's secret
 * alone, acknowledged by any 2xx, repeated with growing gaps for a day. */
static enum err write_bid(const struct notify_event *event, struct text *out)
{
    char id[UUID_TEXT_SIZE];

    text_clear(out);
    uuid_format(&event->subject, id);
    text_addf(out, "bid_id=%s&status=%s", id, event->status);
    return strstr(event->payload, "\"bid\"") == NULL ? ERR_INTERNAL : ERR_OK;
}

static const struct format bid_format = {
    .name = "test_bid",
    .channel = "post",
    .content_type = "application/x-www-form-urlencoded",
    .signers = SIGN_WEBHOOK,
    .ordered = true,
    .write_body = write_bid,
    .acknowledges = format_any_2xx,
    .refusal = "the answer is not a status of 2xx",
    .schedule = {.first_s = 10, .most_s = 3600, .end_s = 86400}};

struct bid {
    const struct shop *shop;
    struct uuid id;
    const char *kind;
};

/* What a domain does in its own transaction. */
static enum err tell_bid(struct db *db, void *arg)
{
    const struct bid *bid = arg;
    struct db_packet packet = DB_PACKET(65536);

    event_add(&packet, &(struct event){.topic = "desk",
                                       .kind = bid->kind,
                                       .owner_id = bid->shop->merchant_id,
                                       .subject = &bid->id,
                                       .payload = "{\"bid\": \"7\"}",
                                       .deliveries = {{.format = "test_bid",
                                                       .url = bid->shop->url,
                                                       .endpoint = bid->shop->queue.endpoint}},
                                       .delivery_count = 1});
    return db_packet_run(db, &packet, NULL, 0);
}

static void keep_event(void *arg, const struct notify_event *event)
{
    *(struct notify_event *)arg = *event;
}

static struct notify_event claim_one(const struct shop *shop)
{
    struct outbox_want want = {.queue = &shop->queue, .room = 10};
    struct notify_event event = {.id = 0};

    DB_GIVES(outbox_claim(test_db, "post", &want, 1, 60, keep_event, &event), ERR_OK);
    DB_CHECK(want.taken <= 1);
    return event;
}

static void check_bid_delivery(const struct notify_event *event)
{
    struct delivery *delivery = calloc(1, sizeof(*delivery));
    char id[UUID_TEXT_SIZE], body[128];

    uuid_format(&event->subject, id);
    snprintf(body, sizeof(body), "bid_id=%s&status=RECEIVED", id);
    DB_CHECK(delivery != NULL);
    if (delivery == NULL)
        return;
    DB_GIVES(delivery_prepare(test_db, test_master, NULL, event, 1700000000, delivery), ERR_OK);
    DB_CHECK(strcmp(text_string(&delivery->body), body) == 0);
    DB_CHECK(strncmp(delivery_header(delivery, "webhook-signature"), "v1,", 3) == 0);
    DB_CHECK(strcmp(delivery_header(delivery, "Rest-Key"), "") == 0);
    DB_CHECK(delivery->format->acknowledges(204, "", 0));
    delivery_free(delivery);
    free(delivery);
}

static void test_second_format(void)
{
    struct shop shop = new_shop();
    struct bid bid = {.shop = &shop, .id = crypto_uuid7(), .kind = "RECEIVED"};

    DB_GIVES(format_register(&bid_format), ERR_OK);
    DB_GIVES(format_register(&bid_format), ERR_INVALID);
    DB_GIVES(db_txn(test_db, tell_bid, &bid, NULL), ERR_OK);
    bid.kind = "PROCESSED";
    DB_GIVES(db_txn(test_db, tell_bid, &bid, NULL), ERR_OK);
    struct notify_event event = claim_one(&shop);
    DB_CHECK(strcmp(event.status, "RECEIVED") == 0 && strcmp(event.topic, "desk") == 0);
    DB_CHECK(strcmp(event.payload, "{\"bid\": \"7\"}") == 0 && event.api_key_id == 0);
    check_bid_delivery(&event);
    finish(event.id, 1, false, 0); /* refused: the next one of the bid waits */
    DB_CHECK(claim_one(&shop).id == event.id);
    finish(event.id, 2, false, -1); /* given up: it does not */
    struct notify_event next = claim_one(&shop);
    DB_CHECK(strcmp(next.status, "PROCESSED") == 0);
    finish(next.id, 1, true, 0);
    DB_GIVES(feed_event(test_db, shop.merchant_id, NULL, event.id, &event), ERR_OK);
    DB_CHECK(strcmp(event.state, "failed") == 0 && strcmp(notify_channel(&event), "test_bid") == 0);
    db_test_number("UPDATE delivery SET since = since - INTERVAL 2 DAY WHERE id = ?",
                   DB_ARGS(db_i64(event.id)));
    DB_GIVES(feed_replay(test_db, shop.merchant_id, &event.uuid), ERR_OK);
    next = claim_one(&shop);
    DB_CHECK(next.id == event.id && next.attempts == 3);
    DB_CHECK(next.since > event.at - 10); /* the gaps begin anew */
}

/* What a domain in C adds is what the procedure adds. */
struct told {
    const struct shop *shop;
    struct uuid order, payment;
};

static enum err tell_checkout(struct db *db, void *arg)
{
    const struct told *told = arg;
    const struct currency *currency = currency_by_id(1);
    struct amount amount = {.units = 40, .currency = currency},
                  total = {.units = 99, .currency = currency};
    struct db_packet packet = DB_PACKET(65536);

    event_add_checkout(&packet, &(struct event_checkout){.kind = "partial",
                                                         .merchant_id = told->shop->merchant_id,
                                                         .order = &told->order,
                                                         .payment = &told->payment,
                                                         .currency = currency,
                                                         .amount = &amount,
                                                         .valid = &amount,
                                                         .total = &total,
                                                         .data = "a\0b",
                                                         .data_len = 3,
                                                         .api_key_id = told->shop->key.id,
                                                         .url = told->shop->url,
                                                         .endpoint = told->shop->queue.endpoint,
                                                         .mail = true});
    return db_packet_run(db, &packet, NULL, 0);
}

static void test_event_add(void)
{
    struct shop shop = new_shop();
    struct told told = {.shop = &shop, .order = crypto_uuid7(), .payment = crypto_uuid7()};
    struct uuid other = crypto_uuid7();
    struct text by_c = TEXT(4096), by_procedure = TEXT(4096);
    struct notify_event event;

    DB_GIVES(db_txn(test_db, tell_checkout, &told, NULL), ERR_OK);
    event = claim_one(&shop);
    DB_CHECK(event.has_partial && event.total.units == 99 && event.pending.units == 59);
    DB_CHECK(event.has_data && event.data_len == 3 && memcmp(event.data, "a\0b", 3) == 0);
    DB_GIVES(ipn_write_body(&event, &by_c), ERR_OK);
    DB_CHECK(db_test_number("SELECT COUNT(*) FROM delivery WHERE subject = ? AND channel = 'mail'",
                            DB_ARGS(db_uuid(&told.order))) == 1);
    finish(event.id, 1, true, 0);
    DB_GIVES(db_txn_call(test_db,
                         "CALL notify_event(?, ?, ?, 'partial', 'BTC', 40, 40, 99, ?, ?, ?, ?, 1)",
                         DB_ARGS(db_i64(shop.merchant_id), db_uuid(&other), db_uuid(&told.payment),
                                 db_blob("a\0b", 3), db_i64(shop.key.id), db_text(shop.url),
                                 db_text(shop.queue.endpoint)),
                         NULL, NULL),
             ERR_OK);
    int64_t number = event.id, at = event.at;
    event = claim_one(&shop);
    event.id = number;
    event.at = at;
    event.subject = told.order;
    DB_GIVES(ipn_write_body(&event, &by_procedure), ERR_OK);
    DB_CHECK(strcmp(text_string(&by_c), text_string(&by_procedure)) == 0);
    text_free(&by_c);
    text_free(&by_procedure);
}

/* Nothing of what these events tell has happened: the audit would say so. */
static void test_clean(void)
{
#define INVENTED                                                                            \
    "FROM event AS e LEFT JOIN checkout_order AS o ON o.id = e.subject WHERE o.id IS NULL " \
    "AND e.kind <> 'test'"
    DB_CHECK(db_test_number("DELETE a FROM delivery_attempt AS a JOIN delivery AS d "
                            "ON d.id = a.delivery_id WHERE d.event_id IN (SELECT e.id " INVENTED
                            ")",
                            DB_NO_ARGS) > 0);
    DB_CHECK(db_test_number("DELETE FROM delivery WHERE event_id IN (SELECT e.id " INVENTED ")",
                            DB_NO_ARGS) > 0);
    DB_CHECK(db_test_number("DELETE e " INVENTED, DB_NO_ARGS) > 0);
    DB_CHECK(
        db_test_number("DELETE FROM endpoint_pause WHERE owner_id = 1 AND endpoint LIKE 'shop-%'",
                       DB_NO_ARGS) > 0);
#undef INVENTED
}

static const struct test_case cases[] = {
    {"deliveries about one subject keep their order", test_order_in_subject},
    {"a claim takes what there is room for", test_room},
    {"leases end", test_lease},
    {"pauses", test_pause},
    {"replay", test_replay},
    {"adding races recording", test_add_races_record},
    {"the feed", test_feed},
    {"mail without a relay", test_mail_off},
    {"webhook secrets", test_secrets},
    {"test events and their signatures", test_test_event},
    {"a secret that was rotated away keeps its end", test_rotated_twice},
    {"tests are limited", test_tests_limited},
    {"a second format, by its own rules", test_second_format},
    {"what C adds is what the procedure adds", test_event_add},
    {"what was made up is taken away", test_clean},
    {NULL, NULL}};
const struct test_suite suite_notify = {.name = "notify", .cases = cases};
