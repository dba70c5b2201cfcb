/* The limit of the retrier: bare libcurl multi that posts the bytes of its deliveries, with their
 * headers, to the same sink: no outbox, no claim, no signature under way, no record.
 *
 *   post --config FILE [--connections 256] [--per-host 4]
 *
 * Reads what is due in the outbox and has the library word and sign it, all before the clock starts,
 * and leaves the outbox as it is. Prints one JSON object; an answer other than [OK] ends it. */
#include <curl/curl.h>
#include <getopt.h>

#include "base/clock.h"
#include "base/config.h"
#include "crypto/master_key.h"
#include "db/db.h"
#include "ledger/ledger.h"
#include "notify/delivery.h"
#include "tests/bench/measure.h"

#define CONNECTIONS_MAX 1024

struct post {
    char *url, *body;
    size_t body_len;
    struct curl_slist *headers;
};

/* One easy handle with what it has under way. */
struct transfer {
    CURL *easy;
    int64_t start_us;
    char answer[16];
    size_t answer_len;
};

static struct post *posts;
static size_t post_count, post_next, in_flight;
static struct transfer transfers[CONNECTIONS_MAX];
static struct measure measured;

static void keep_post(const struct notify_event *event, const struct delivery *delivery)
{
    struct post *post = &posts[post_count++];

    *post = (struct post){.url = strdup(event->url),
                          .body = strdup(text_string(&delivery->body)),
                          .body_len = delivery->body.len};
    for (size_t i = 0; delivery->headers[i] != NULL; i++)
        post->headers = curl_slist_append(post->headers, delivery->headers[i]);
    if (post->url == NULL || post->body == NULL || post->headers == NULL)
        bench_fail("out of memory");
}

static void read_posts(const struct config *config)
{
    static struct delivery_cache cache;
    static struct notify_event event;
    uint8_t master_key[SEAL_KEY_SIZE];
    struct delivery delivery = {.headers = {NULL}};
    struct db_rows rows = {.result = NULL};
    struct db *db, *other;

    if (master_key_load(config, master_key) != ERR_OK ||
        db_open_config(config, false, &db) != ERR_OK ||
        db_open_config(config, false, &other) != ERR_OK || ledger_load(db) != ERR_OK ||
        db_run(db,
               "SELECT " NOTIFY_COLUMNS " FROM " NOTIFY_FROM
               " WHERE d.channel = 'post' AND d.state = 'pending' ORDER BY d.id",
               DB_NO_ARGS, &rows) != ERR_OK)
        bench_fail("cannot read the outbox");
    posts = calloc(rows.count + 1, sizeof(*posts));
    if (posts == NULL)
        bench_fail("out of memory");
    while (db_next(&rows)) {
        notify_read_event(&rows, &event);
        if (delivery_prepare(other, master_key, &cache, &event, clock_now_us() / 1000000,
                             &delivery) != ERR_OK)
            bench_fail("cannot sign");
        keep_post(&event, &delivery);
    }
    delivery_free(&delivery);
    db_rows_free(&rows);
    db_close(other);
    db_close(db);
}

static size_t take_answer(char *data, size_t one, size_t len, void *arg)
{
    struct transfer *transfer = arg;
    size_t room = sizeof(transfer->answer) - transfer->answer_len;
    size_t kept = len < room ? len : room;

    (void)one;
    memcpy(transfer->answer + transfer->answer_len, data, kept);
    transfer->answer_len += kept;
    return len;
}

/* Begins the next post, where one is left. */
static void send_next(CURLM *multi, struct transfer *transfer)
{
    if (post_next == post_count)
        return;
    const struct post *post = &posts[post_next++];
    transfer->answer_len = 0;
    transfer->start_us = clock_mono_us();
    if (curl_easy_setopt(transfer->easy, CURLOPT_URL, post->url) != CURLE_OK ||
        curl_easy_setopt(transfer->easy, CURLOPT_HTTPHEADER, post->headers) != CURLE_OK ||
        curl_easy_setopt(transfer->easy, CURLOPT_POSTFIELDSIZE, (long)post->body_len) != CURLE_OK ||
        curl_easy_setopt(transfer->easy, CURLOPT_POSTFIELDS, post->body) != CURLE_OK ||
        curl_multi_add_handle(multi, transfer->easy) != CURLM_OK)
        bench_fail("curl refuses a transfer");
    in_flight++;
}

static void open_transfer(CURLM *multi, struct transfer *transfer)
{
    transfer->easy = curl_easy_init();
    if (transfer->easy == NULL ||
        curl_easy_setopt(transfer->easy, CURLOPT_PRIVATE, transfer) != CURLE_OK ||
        curl_easy_setopt(transfer->easy, CURLOPT_WRITEDATA, transfer) != CURLE_OK ||
        curl_easy_setopt(transfer->easy, CURLOPT_WRITEFUNCTION, take_answer) != CURLE_OK)
        bench_fail("no curl handle");
    send_next(multi, transfer);
}

static void end_transfers(CURLM *multi)
{
    const CURLMsg *message;
    struct transfer *transfer;
    int left;

    while ((message = curl_multi_info_read(multi, &left)) != NULL) {
        CURL *easy = message->easy_handle;
        CURLcode code = message->data.result;
        if (curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&transfer) != CURLE_OK)
            bench_fail("a transfer of nobody's");
        if (code != CURLE_OK || transfer->answer_len < 4 ||
            memcmp(transfer->answer, "[OK]", 4) != 0)
            bench_fail("post: %s", curl_easy_strerror(code));
        measure_add(&measured, clock_mono_us() - transfer->start_us);
        curl_multi_remove_handle(multi, easy);
        in_flight--;
        send_next(multi, transfer);
    }
}

static void run(size_t connections, long per_host)
{
    CURLM *multi = curl_multi_init();
    int running;

    if (multi == NULL || curl_multi_setopt(multi, CURLMOPT_MAX_HOST_CONNECTIONS, per_host) ||
        curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, (long)connections))
        bench_fail("no curl");
    for (size_t i = 0; i < connections && post_next < post_count; i++)
        open_transfer(multi, &transfers[i]);
    while (in_flight > 0) {
        if (curl_multi_perform(multi, &running) != CURLM_OK)
            bench_fail("curl gives up");
        end_transfers(multi);
        if (curl_multi_poll(multi, NULL, 0, 100, NULL) != CURLM_OK)
            bench_fail("curl gives up");
    }
    for (size_t i = 0; i < connections; i++)
        curl_easy_cleanup(transfers[i].easy);
    curl_multi_cleanup(multi);
}

int main(int argc, char **argv)
{
    static const struct option names[] = {{"config", required_argument, NULL, 'f'},
                                          {"connections", required_argument, NULL, 'n'},
                                          {"per-host", required_argument, NULL, 'h'},
                                          {NULL, 0, NULL, 0}};
    static struct config config;
    struct text problem = TEXT(1000);
    const char *path = NULL;
    size_t connections = 256;
    long per_host = 4;

    for (int name; (name = getopt_long(argc, argv, "", names, NULL)) != -1;) {
        if (name == 'f')
            path = optarg;
        else if (name == 'n')
            connections = (size_t)bench_number(optarg);
        else if (name == 'h')
            per_host = (long)bench_number(optarg);
        else
            return 2;
    }
    if (connections == 0 || connections > CONNECTIONS_MAX)
        bench_fail("1 to %d connections", CONNECTIONS_MAX);
    if (config_load(path, &config, &problem) != ERR_OK)
        bench_fail("%s", text_string(&problem));
    if (crypto_start() != ERR_OK || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        bench_fail("no cryptography, or no curl");
    read_posts(&config);
    int64_t start_us = clock_mono_us();
    run(connections, per_host);
    measure_print(&measured, (double)(clock_mono_us() - start_us) / 1e6, measured.count);
    puts("\"failures\":{}}");
    return 0;
}
