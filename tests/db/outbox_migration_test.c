/* The migration that took the outbox apart, on rows as they were before it: what shops know their
 * notifications by stays, and what is told stays the same. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/db/scratch.h"

#define PATH_SIZE 1024

/* Links the numbered files of `from` that come before the one of the outbox into `to`. */
static bool link_earlier(const char *from, const char *to)
{
    char source[PATH_SIZE], target[PATH_SIZE];
    struct dirent **names;
    int count = scandir(from, &names, NULL, alphasort);
    bool found = false, linked = count > 0;

    for (int i = 0; i < count; i++) {
        const char *name = names[i]->d_name;
        found = found || strstr(name, "_outbox.sql") != NULL;
        snprintf(source, sizeof(source), "%s/%s", from, name);
        snprintf(target, sizeof(target), "%s/%s", to, name);
        /* What migrate itself keeps its notes in is there for any schema. */
        if ((!found || strstr(name, "_schema.sql") != NULL) && strstr(name, ".sql") != NULL)
            linked = linked && symlink(source, target) == 0;
        free(names[i]);
    }
    free(count > 0 ? names : NULL);
    snprintf(target, sizeof(target), "%s/procedures", to);
    return linked && found && mkdir(target, 0700) == 0;
}

static void remove_directory(const char *path)
{
    char file[PATH_SIZE];
    DIR *dir = opendir(path);
    for (struct dirent *item; dir != NULL && (item = readdir(dir)) != NULL;) {
        snprintf(file, sizeof(file), "%s/%s", path, item->d_name);
        if (item->d_name[0] != '.' && unlink(file) != 0)
            (void)rmdir(file);
    }
    if (dir != NULL)
        closedir(dir);
    (void)rmdir(path);
}

/* One order paid in two parts with a mail beside the second notification, another that was cancelled
 * and is only to be fetched, and a test. */
static void add_old_rows(struct db *db)
{
    static const char *const statements[] = {
        "INSERT INTO feed (merchant_id, last_seq) VALUES (1, 4)",
        "INSERT INTO event (id, uuid, merchant_id, seq, channel, subject, payment, status, "
        "currency_id, amount, valid, pending, total, data, api_key_id, url, endpoint, at, state, "
        "attempts, next_at, delivered_at) VALUES "
        "(11, REPEAT('a', 16), 1, 1, 'ipn', REPEAT('s', 16), REPEAT('p', 16), 'partial', 2, 500, "
        "500, "
        "700, 1200, X'FF0041', 7, 'http://shop.example/ipn', 'shop.example:80', "
        "'2026-01-02 03:04:05', 'delivered', 2, NULL, '2026-01-02 03:05:05'), "
        "(12, REPEAT('b', 16), 1, 2, 'ipn', REPEAT('s', 16), REPEAT('q', 16), 'paid', 2, 1200, "
        "NULL, "
        "NULL, NULL, X'FF0041', 7, 'http://shop.example/ipn', 'shop.example:80', "
        "'2026-01-02 03:06:05', 'pending', 0, '2026-01-02 03:06:05', NULL), "
        "(13, REPEAT('c', 16), 1, 2, 'mail', REPEAT('s', 16), REPEAT('q', 16), 'paid', 2, 1200, "
        "NULL, "
        "NULL, NULL, NULL, 7, NULL, 'mail', '2026-01-02 03:06:05', 'pending', 0, NULL, NULL), "
        "(14, REPEAT('d', 16), 1, 3, 'feed', REPEAT('t', 16), NULL, 'cancelled', 2, NULL, NULL, "
        "NULL, "
        "NULL, '', 7, NULL, '', '2026-01-02 03:07:05', 'none', 0, NULL, NULL), "
        "(15, REPEAT('e', 16), 1, 4, 'ipn', REPEAT('u', 16), NULL, 'test', 2, NULL, NULL, NULL, "
        "NULL, "
        "NULL, 7, 'http://shop.example/ipn', 'shop.example:80', '2026-01-02 03:08:05', 'pending', "
        "1, "
        "'2026-01-02 03:09:05', NULL)",
        "INSERT INTO event_attempt (event_id, n, at, latency_us, result) "
        "VALUES (11, 1, '2026-01-02 03:04:05', 9, 'refused'), "
        "(11, 2, '2026-01-02 03:05:05', 9, 'acknowledged')",
        "INSERT INTO endpoint_pause (endpoint, merchant_id) VALUES ('shop.example:80', 1)",
        ("INSERT INTO webhook_secret (uuid, merchant_id, secret_sealed) VALUES "
         "(REPEAT('w', 16), 1, 'x')"),
    };
    for (size_t i = 0; i < TEST_COUNT(statements); i++)
        scratch_run(db, statements[i]);
}

static void check_new_rows(struct db *db)
{
    static const struct {
        const char *what;
        int64_t count;
    } rows[] = {
        {"event", 4},
        {"delivery", 5},
        {"delivery_attempt WHERE delivery_id = 11", 2},
        {"endpoint_pause WHERE owner_id = 1", 1},
        {"webhook_secret WHERE owner_id = 1", 1},
        {"feed WHERE owner_id = 1 AND last_seq = 4", 1},
        {"event WHERE topic <> 'checkout' OR owner_id <> 1", 0},
        {"event WHERE seq = 1 AND kind = 'partial' AND ref = REPEAT('p', 16) AND subject = "
         "REPEAT('s', 16) AND at = '2026-01-02 03:04:05' AND payload = '{\"currency\": \"USD\", "
         "\"amount\": \"500\", \"valid\": \"500\", \"pending\": \"700\", \"total\": \"1200\", "
         "\"data\": "
         "\"/wBB\"}'",
         1},
        {"event WHERE seq = 3 AND kind = 'cancelled' AND ref IS NULL AND "
         "JSON_VALUE(payload, '$.amount') IS NULL AND JSON_VALUE(payload, '$.data') = ''",
         1},
        /* numbers and webhook ids stay, and so does how far each is */
        {"delivery AS d JOIN event AS e ON e.id = d.event_id WHERE d.id = 11 AND e.seq = 1 AND "
         "d.uuid = "
         "REPEAT('a', 16) AND d.state = 'delivered' AND d.attempts = 2",
         1},
        {"delivery AS d JOIN event AS e ON e.id = d.event_id WHERE d.id IN (12, 13) AND e.seq = 2",
         2},
        {"delivery WHERE id = 12 AND channel = 'post' AND format = 'ipn' AND state = 'pending' AND "
         "next_at = since AND api_key_id = 7 AND url = 'http://shop.example/ipn'",
         1},
        {"delivery WHERE id = 13 AND channel = 'mail' AND format = 'mail' AND next_at IS NULL AND "
         "endpoint = 'mail'",
         1},
        {"delivery WHERE id = 14 AND channel = 'feed' AND format = 'ipn' AND state = 'none'", 1},
        {"delivery WHERE id = 15 AND next_at = '2026-01-02 03:09:05' AND attempts = 1", 1},
    };
    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        struct text sql = TEXT(2048);
        text_addf(&sql, "SELECT COUNT(*) FROM %s", rows[i].what);
        int64_t count = scratch_number(db, text_string(&sql));
        if (count != rows[i].count)
            printf("%lld of %s\n", (long long)count, rows[i].what);
        DB_CHECK(count == rows[i].count);
        text_free(&sql);
    }
}

static void test_old_rows(void)
{
    char earlier[] = "/tmp/teller-schema-XXXXXX";
    struct scratch scratch;

    bool made = scratch_make(&scratch);
    char *schema = made ? realpath(scratch.schema, NULL) : NULL;
    made = made && schema != NULL && mkdtemp(earlier) != NULL && link_earlier(schema, earlier);
    DB_CHECK(made);
    if (made) {
        DB_GIVES(scratch_migrate(&scratch, earlier, NULL, NULL), ERR_OK);
        add_old_rows(scratch.owner);
        DB_GIVES(scratch_migrate(&scratch, NULL, NULL, NULL), ERR_OK);
        check_new_rows(scratch.owner);
    }
    remove_directory(earlier);
    free(schema);
    scratch_drop(&scratch);
}

static const struct test_case cases[] = {
    {"rows of the old shape become events and deliveries", test_old_rows},
    {NULL, NULL},
};
const struct test_suite suite_outbox_migration = {.name = "outbox_migration", .cases = cases};
