/* The guard of providers: its circuit, which all processes share, the operators' switch, and what is kept of
 * calls. The provider is a port on which nobody listens. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "provider/ethereum.h"
#include "provider/guard.h"
#include "tests/db/db.h"

static struct provider_guard *make(const char *name)
{
    struct provider_guard *guard = NULL;

    DB_GIVES(provider_guard_make(test_db, name, &guard), ERR_OK);
    return guard;
}

static void new_name(char out[PROVIDER_NAME_MAX + 1])
{
    char name[DB_TEST_NAME_SIZE];

    db_test_name("p", name);
    snprintf(out, PROVIDER_NAME_MAX + 1, "%.32s", name);
    for (char *c = out; *c != '\0'; c++)
        if (*c == '-')
            *c = '_';
}

static void note(struct provider_guard *guard, bool answered)
{
    provider_guard_note(guard, &(struct provider_noted){.kind = "ask",
                                                        .answered = answered,
                                                        .result = answered ? "answered" : "timeout",
                                                        .problem = answered ? "" : "too slow"});
}

static struct provider_state state_of(const char *name)
{
    struct provider_state state = {0};

    DB_GIVES(provider_state_read(test_db, name, &state), ERR_OK);
    return state;
}

#define FRESH_MS 3000 /* what a guard knows is older by then */

/* Whether the provider may be asked, or may not, before long: what a guard has read it believes for a while. */
static bool soon(struct provider_guard *guard, bool may)
{
    for (int ms = 0; ms < FRESH_MS; ms += 20) {
        if (provider_guard_enter(guard) == may)
            return true;
        usleep(20000);
    }
    return false;
}

static void make_tried(const char *name)
{
    db_test_number("UPDATE provider SET probe_at = NOW(6) WHERE name = ?", DB_ARGS(db_text(name)));
}

static void test_circuit(void)
{
    char name[PROVIDER_NAME_MAX + 1];

    new_name(name);
    struct provider_guard *one = make(name), *two = make(name);
    DB_CHECK(provider_guard_enter(one) && provider_guard_enter(two) && provider_guard_enter(NULL));
    for (int i = 1; i < PROVIDER_FAILURES; i++)
        note(one, false);
    DB_CHECK(provider_guard_enter(one) && !state_of(name).open);
    note(one, true); /* in a row, they count */
    DB_CHECK(provider_guard_enter(one) && state_of(name).failures == 0);
    for (int i = 0; i < PROVIDER_FAILURES; i++)
        note(one, false);
    DB_CHECK(state_of(name).open && !provider_guard_enter(one));

    /* a process that begins tries it once */
    struct provider_guard *three = make(name);
    DB_CHECK(provider_guard_enter(three) && !provider_guard_enter(three));

    /* later one call may, and no other meanwhile */
    DB_CHECK(soon(two, false));
    make_tried(name);
    DB_CHECK(soon(two, true) && !provider_guard_enter(one) && !provider_guard_enter(two));
    note(two, false);
    DB_CHECK(state_of(name).open && !provider_guard_enter(two));
    make_tried(name);
    DB_CHECK(soon(two, true));
    note(two, true);
    DB_CHECK(!state_of(name).open && provider_guard_enter(two) && soon(one, true));
    provider_guard_free(one);
    provider_guard_free(two);
    provider_guard_free(three);
}

static void test_switch(void)
{
    char name[PROVIDER_NAME_MAX + 1];

    new_name(name);
    DB_GIVES(provider_pause(test_db, "tester", "No Name", true), ERR_INVALID);
    DB_GIVES(provider_pause(test_db, "tester", name, true), ERR_OK);
    struct provider_guard *guard = make(name);
    DB_CHECK(!provider_guard_enter(guard) && state_of(name).paused);
    provider_guard_free(guard);
    DB_GIVES(provider_pause(test_db, "tester", name, false), ERR_OK);
    guard = make(name);
    DB_CHECK(provider_guard_enter(guard));
    provider_guard_free(guard);
    DB_CHECK(db_test_number("SELECT COUNT(*) FROM provider_change WHERE who = 'tester' AND subject "
                            "= ? AND JSON_VALUE(became, '$.paused') IN (0, 1)",
                            DB_ARGS(db_text(name))) == 2);
}

static void test_redacted(void)
{
    static const struct {
        const char *text, *kept;
    } rows[] = {
        {"{\"method\":\"ask\",\"id\":1}", "{\"method\":\"ask\",\"id\":1}"},
        {"{\"api_key\":\"abc\",\"n\":2}", "{\"api_key\":\"***\",\"n\":2}"},
        {"{\"Password\" : \"a\\\"b\", \"x\":\"secret\"}",
         "{\"Password\":\"***\", \"x\":\"secret\"}"},
        {"{\"access_token\":12345}", "{\"access_token\":\"***\"}"},
        {"{\"secrets\":[\"a\",{\"b\":\"]\"}],\"n\":1}", "{\"secrets\":\"***\",\"n\":1}"},
        {"{\"key\":{\"a\":[1,2]}}", "{\"key\":\"***\"}"},
        {"{\"key\":\"cut", "{\"key\":\"***\""},
        {"\"key", "\"key"},
        {"a\nb\xff", "a.b."},
    };
    struct text out = TEXT(PROVIDER_KEPT_MAX + 1);
    char much[2 * PROVIDER_KEPT_MAX];

    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        text_clear(&out);
        provider_redact(rows[i].text, strlen(rows[i].text), &out);
        db_test_check(strcmp(text_string(&out), rows[i].kept) == 0, text_string(&out), __FILE__,
                      __LINE__);
    }
    memset(much, 'a', sizeof(much));
    text_clear(&out);
    provider_redact(much, sizeof(much), &out);
    DB_CHECK(out.len == PROVIDER_KEPT_MAX && !out.full);
    text_free(&out);
}

struct found {
    unsigned count;
    int64_t id;
    char kind[49], result[25], request[200];
};

static void take_call(void *arg, const struct provider_kept *call)
{
    struct found *found = arg;

    found->count++;
    found->id = call->id;
    snprintf(found->kind, sizeof(found->kind), "%s", call->kind);
    snprintf(found->result, sizeof(found->result), "%s", call->result);
    snprintf(found->request, sizeof(found->request), "%s", call->request);
}

/* Calls of a node as they are made. */
static void test_node(void)
{
    const struct provider_config config = {.user_agent = "test", .connections = 1};
    struct provider_client *client = NULL;
    struct found found = {0};
    char name[PROVIDER_NAME_MAX + 1];
    uint64_t height;
    int64_t removed = 0;

    new_name(name);
    DB_GIVES(provider_start(&config, &client), ERR_OK);
    struct rpc_node node = {.client = client,
                            .url = "http://127.0.0.1:1/secret-of-the-url",
                            .timeout_ms = 2000,
                            .guard = make(name)};
    for (int i = 0; i < PROVIDER_FAILURES + 2; i++)
        DB_GIVES(ethereum_height(&node, &height), ERR_NO_ANSWER);
    DB_CHECK(state_of(name).open);
    DB_GIVES(provider_calls(test_db, name, 0, 100, take_call, &found), ERR_OK);
    DB_CHECK(found.count == PROVIDER_FAILURES); /* the others were not made */
    DB_CHECK(strcmp(found.kind, "eth_blockNumber") == 0 &&
             strcmp(found.result, "no_connection") == 0);
    DB_CHECK(strstr(found.request, "eth_blockNumber") != NULL);
    DB_CHECK(db_test_number("SELECT COUNT(*) FROM provider_call WHERE provider = ? AND CONCAT("
                            "request, answer) LIKE '%secret%'",
                            DB_ARGS(db_text(name))) == 0);
    int64_t id = found.id;
    found.count = 0;
    DB_GIVES(provider_calls(test_db, name, id, 1, take_call, &found), ERR_OK);
    DB_CHECK(found.count == 1 && found.id == id);
    DB_GIVES(provider_calls(test_db, name, 0, 0, take_call, &found), ERR_OUT_OF_RANGE);
    db_test_number("UPDATE provider_call SET at = NOW(6) - INTERVAL 31 DAY WHERE id = ?",
                   DB_ARGS(db_i64(id)));
    DB_GIVES(provider_calls_sweep(test_db, 1000, &removed), ERR_OK);
    DB_CHECK(removed >= 1);
    provider_guard_free(node.guard);
    provider_stop(client);
}

static const struct test_case cases[] = {
    {"the circuit opens, is tried, and closes", test_circuit},
    {"the operators' switch", test_switch},
    {"what is kept has no secrets", test_redacted},
    {"a node's calls", test_node},
    {NULL, NULL},
};

const struct test_suite suite_provider = {.name = "provider", .cases = cases};
