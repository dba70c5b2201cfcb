/* Requests by their names: recorded once, found again, refused for anything else. */
#include <string.h>

#include "base/text.h"
#include "db/statement.h"
#include "identity/request.h"
#include "tests/db/db.h"

static const uint8_t asked[SHA256_SIZE] = {1}, else_asked[SHA256_SIZE] = {2};

static struct actor actor_named(const char *key, bool repeatable, const uint8_t *digest)
{
    return (struct actor){.user_id = db_test_user(NULL, NULL),
                          .request_key = key,
                          .trace = "",
                          .repeatable = repeatable,
                          .digest = digest};
}

/* What request_once runs: counts its runs, and answers with a word of its own each time. */
struct work {
    int runs;
    enum err gives;
};

static enum err do_work(struct db *db, void *arg, struct text *reply)
{
    struct work *work = arg;
    (void)db;
    text_addf(reply, "secret %d", ++work->runs);
    return work->gives;
}

static void test_repeated(void)
{
    struct actor actor = actor_named("i:once", true, asked);
    struct work work = {0};
    struct text reply = TEXT(REQUEST_REPLY_MAX);
    struct uuid ref = crypto_uuid4();
    struct request_done done;

    DB_GIVES(request_find(test_db, test_master, actor.user_id, "i:once", &done), ERR_NOT_FOUND);
    work.gives = ERR_INSUFFICIENT_FUNDS;
    DB_GIVES(request_once(test_db, test_master, &actor, "make", &ref, do_work, &work, &reply),
             ERR_INSUFFICIENT_FUNDS);
    work.gives = ERR_OK; /* what was refused may be tried again, and is done then */
    DB_GIVES(request_once(test_db, test_master, &actor, "make", &ref, do_work, &work, &reply),
             ERR_OK);
    DB_CHECK(strcmp(text_string(&reply), "secret 2") == 0);
    DB_GIVES(request_once(test_db, test_master, &actor, "make", &ref, do_work, &work, &reply),
             ERR_OK);
    DB_CHECK(work.runs == 2 && strcmp(text_string(&reply), "secret 2") == 0);
    DB_CHECK(db_test_number("SELECT COUNT(*) FROM request_result WHERE user_id = ? "
                            "AND INSTR(reply_sealed, 'secret') > 0",
                            DB_ARGS(db_i64(actor.user_id))) == 0);
    DB_GIVES(request_once(test_db, test_master, &actor, "unmake", &ref, do_work, &work, &reply),
             ERR_IDEMPOTENCY_CONFLICT);
    DB_GIVES(request_find(test_db, test_master, actor.user_id, "i:once", &done), ERR_OK);
    DB_CHECK(strcmp(done.operation, "make") == 0 && done.has_ref && done.at > 0 &&
             memcmp(&done.ref, &ref, sizeof(ref)) == 0);
    DB_GIVES(request_check(test_db, &actor), ERR_OK);
    actor.digest = else_asked;
    DB_GIVES(request_check(test_db, &actor), ERR_IDEMPOTENCY_CONFLICT);
    DB_GIVES(request_once(test_db, test_master, &actor, "make", &ref, do_work, &work, &reply),
             ERR_IDEMPOTENCY_CONFLICT);
    DB_CHECK(work.runs == 2);
    text_free(&reply);
}

/* A signed call's nonce: replayed after its nonce was forgotten, it changes nothing and tells nothing. */
static void test_not_repeatable(void)
{
    const struct actor actor = actor_named("n1:17", false, NULL);
    struct work work = {.gives = ERR_OK};
    struct text reply = TEXT(REQUEST_REPLY_MAX);

    DB_GIVES(request_once(test_db, test_master, &actor, "make", NULL, do_work, &work, &reply),
             ERR_OK);
    DB_GIVES(request_once(test_db, test_master, &actor, "make", NULL, do_work, &work, &reply),
             ERR_REPLAYED);
    DB_CHECK(work.runs == 1 && reply.len == 0);
    text_free(&reply);
}

/* A kept reply is sealed to its request: moved to another row it cannot be opened. */
static void test_bound(void)
{
    const struct actor actor = actor_named("i:a", true, NULL);
    struct actor other = actor;
    struct work work = {.gives = ERR_OK};
    struct text reply = TEXT(REQUEST_REPLY_MAX);

    other.request_key = "i:b";
    DB_GIVES(request_once(test_db, test_master, &actor, "make", NULL, do_work, &work, &reply),
             ERR_OK);
    db_test_number("UPDATE request_result SET request_key = 'i:b' WHERE user_id = ?",
                   DB_ARGS(db_i64(actor.user_id)));
    DB_GIVES(request_once(test_db, test_master, &other, "make", NULL, do_work, &work, &reply),
             ERR_CRYPTO);
    text_free(&reply);
}

static enum err run_packet(struct db *db, void *arg)
{
    struct db_packet packet = DB_PACKET(1024);

    request_record_add(&packet, arg, "make", NULL);
    return db_packet_run(db, &packet, NULL, 0);
}

static void test_packet(void)
{
    struct actor actor = actor_named("i:packet", true, asked);

    DB_GIVES(db_txn(test_db, run_packet, &actor, NULL), ERR_OK);
    DB_GIVES(db_txn(test_db, run_packet, &actor, NULL), ERR_REPLAYED);
    DB_GIVES(request_check(test_db, &actor), ERR_OK);
}

static const struct test_case tests[] = {
    {"a request under its own key is done once and answered again", test_repeated},
    {"a replayed nonce is refused", test_not_repeatable},
    {"kept replies are sealed to their request", test_bound},
    {"recorded in a packet", test_packet},
    {NULL, NULL},
};
const struct test_suite suite_request = {.name = "request", .cases = tests};
