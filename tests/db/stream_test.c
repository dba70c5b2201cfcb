/* The outbox of the stream: whose turn it is, what is read, deleted and cleared. */
#include "stream/outbox.h"

#include <stdio.h>
#include <string.h>

#include "tests/db/markets.h"

static const struct uuid one = {{1}}, other = {{2}};

static struct stream_market known[STREAM_MARKETS_MAX];
static size_t known_count;

static struct stream_turn take(const struct uuid *owner)
{
    struct stream_turn turn;
    DB_GIVES(stream_turn_take(markets.scratch.app, owner, 60, &turn), ERR_OK);
    return turn;
}

static void open_all(void)
{
    DB_CHECK(markets_open());
}

static void test_turn(void)
{
    struct db *db = markets.scratch.app;

    scratch_run(markets.scratch.owner, "DELETE FROM stream_event");
    DB_CHECK(take(&one).mine && !take(&one).over);
    DB_CHECK(!take(&other).mine && !take(&other).pending);
    DB_GIVES(stream_turn_leave(db, &other), ERR_OK); /* it is not theirs */
    DB_CHECK(!take(&other).mine);
    DB_GIVES(stream_turn_leave(db, &one), ERR_OK);
    struct stream_turn turn = take(&other);
    DB_CHECK(turn.mine && !turn.over);
    /* Who died did not leave. */
    scratch_run(markets.scratch.owner, "UPDATE stream_turn SET until = NOW(6) - INTERVAL 1 SECOND");
    turn = take(&one);
    DB_CHECK(turn.mine && turn.over);
    scratch_run(markets.scratch.owner,
                "INSERT INTO stream_event (kind, market_id, side, price, amount, total) "
                "VALUES ('depth', 1, 'bid', 1, 1, 1)");
    DB_CHECK(take(&other).pending);
}

static void test_channels(void)
{
    static const char *const names[] = {
        [STREAM_TICKER] = "ticker.BTCEUR",
        [STREAM_DEPTH] = "depth.BTCEUR",
        [STREAM_TRADE] = "trade.BTC",
        [STREAM_LAG] = "trade.lag",
    };
    static const char *const ids[] = {
        [STREAM_TICKER] = "0bb6da8b-f6c6-4ecf-8f0d-a544ad948c15",
        [STREAM_DEPTH] = "057bdc6b-9f9c-44e4-bc1a-363e4443ce87",
        [STREAM_TRADE] = "dbf1dee9-4f2e-4a08-8cb7-748919a71b21",
        [STREAM_LAG] = "85174711-be64-4de1-b783-0628995d7914",
    };
    char name[STREAM_NAME_SIZE], id[UUID_TEXT_SIZE];

    DB_GIVES(stream_markets(markets.scratch.app, known, &known_count), ERR_OK);
    DB_CHECK(known_count == 3 && known[1].id == 2);
    for (enum stream_topic topic = 0; topic < STREAM_TOPIC_COUNT; topic++) {
        stream_public_name(&known[1], topic, name);
        uuid_format(&known[1].channels[topic], id);
        DB_CHECK(strcmp(name, names[topic]) == 0);
        DB_CHECK(strcmp(id, ids[topic]) == 0);
    }
    stream_private_name(&one, 20777, name);
    DB_CHECK(strcmp(name, "user.01000000-0000-0000-0000-000000000000.20777") == 0);
}

/* What was read, as words. */
static void note_row(void *arg, const struct stream_row *row)
{
    static const char *const kinds[] = {
        [STREAM_LEVEL] = "level",   [STREAM_ORDER] = "order", [STREAM_REMOVED] = "removed",
        [STREAM_TRADED] = "traded", [STREAM_LINE] = "line",   [STREAM_PAYOUT] = "payout"};
    text_addf(arg, "%s%s%s ", kinds[row->kind], row->is_ask ? ":ask" : "", row->stale ? "!" : "");
}

static void test_read(void)
{
    struct db *owner = markets.scratch.owner, *db = markets.scratch.app;
    struct text told = TEXT(4096), read = TEXT(4096);

    scratch_run(owner, "DELETE FROM stream_event");
    markets_plant(&markets.usd, MARKETS_BASE_S * SECOND_US, 100, 100);
    scratch_run(owner, "INSERT INTO stream_event (kind, journal_id) "
                       "SELECT 'journal', MAX(journal_id) FROM trade");
    scratch_run(owner,
                "INSERT INTO stream_event (kind, at, market_id, side, price, amount, total) VALUES "
                "('depth', NOW(6), 1, 'bid', 5, 1, 1), ('depth', NOW(6), 2, 'ask', 5, 1, 1), "
                "('depth', NOW(6) - INTERVAL 3601 SECOND, 2, 'bid', 5, 1, 1)");
    DB_GIVES(stream_read(db, known, known_count, 100, note_row, &told, &read), ERR_OK);
    DB_CHECK(strcmp(text_string(&told), "traded:ask level level:ask level! ") == 0);

    /* As many as are asked for, the oldest; and those alone are deleted. */
    text_clear(&told);
    DB_GIVES(stream_read(db, known, known_count, 2, note_row, &told, &read), ERR_OK);
    DB_CHECK(strcmp(text_string(&told), "traded:ask level ") == 0);
    DB_GIVES(stream_delete(db, &read), ERR_OK);
    DB_CHECK(scratch_number(owner, "SELECT COUNT(*) FROM stream_event") == 2);

    /* Of a market that is not known. */
    DB_GIVES(stream_read(db, known, 1, 100, note_row, &told, &read), ERR_NOT_FOUND);
    text_free(&told);
    text_free(&read);
}

static void test_clear(void)
{
    struct db *owner = markets.scratch.owner;
    int64_t removed = -1;

    scratch_run(owner, "DELETE FROM stream_event");
    DB_GIVES(stream_clear(markets.scratch.app, 10, &removed), ERR_OK);
    DB_CHECK(removed == 0);
    scratch_run(owner, "INSERT INTO stream_event (kind, at, market_id) SELECT 'depth', "
                       "NOW(6) - INTERVAL IF(seq > 30, 10, 3601) SECOND, 1 FROM seq_1_to_40");
    DB_GIVES(stream_clear(markets.scratch.app, 20, &removed), ERR_OK);
    DB_CHECK(removed == 20);
    DB_GIVES(stream_clear(markets.scratch.app, 20, &removed), ERR_OK);
    DB_CHECK(removed == 10);
    DB_GIVES(stream_clear(markets.scratch.app, 20, &removed), ERR_OK);
    DB_CHECK(removed == 0);
    scratch_drop(&markets.scratch);
}

static const struct test_case cases[] = {
    {"a database of its own", open_all},     {"one turn at a time", test_turn},
    {"channels of a market", test_channels}, {"what the outbox tells", test_read},
    {"what nobody was told", test_clear},    {NULL, NULL},
};
const struct test_suite suite_stream = {.name = "stream", .cases = cases};
