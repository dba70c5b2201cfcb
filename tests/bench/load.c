/* Load generator: keep-alive connections to one HTTP/1.1 server on loopback, one request under way
 * on each, one thread.
 *
 *   load --port N --path PATH --call CALL [--connections 64]
 *        [--seconds 4] [--warm 0.5] [--count N] [--keys FILE] [--made FILE] [--tickets FILE] [--show]
 *
 * CALL is one of get info create settle order pay calc directions bid add trade cancel orders withdraw. A connection calls with a
 * key of its own (the lines of --keys in turn), so that its nonces rise. `create` adds "partner ticket
 * key" lines of what was acknowledged to --made, `order` and `add` the like without a key; `settle`,
 * `pay` and `cancel` take such lines from --tickets, each once. `pay` calls with sessions, and its PATH
 * is continued with the order's id. After --warm seconds it measures for --seconds, or until --count
 * requests were answered, or until a connection finds no ticket left; then it waits for the answers
 * under way. Prints one JSON object; --show prints one answer instead. Anything but success is
 * counted by kind, and makes the exit status 1. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/encode.h"
#include "crypto/crypto.h"
#include "tests/bench/measure.h"
#include "tests/bench/options.h"
#include "tests/bench/pool.h"

#define MAX_CONNECTIONS 256
#define MAX_KINDS 16
#define ANSWER_MAX 1000000
#define REQUEST_MAX 2048
#define DRAIN_S 10 /* for answers under way at the end */

struct connection {
    int fd;
    const struct bench_key *key;
    uint8_t secret[BENCH_SECRET_MAX];
    size_t secret_len;
    int64_t nonce;
    const struct ticket *ticket; /* that the request is about */
    bool waiting;                /* for an answer */
    int64_t sent_us;
    char answer[ANSWER_MAX + 1];
    size_t answer_len;
};

/* One answer, as it lies in the buffer. */
struct answer {
    int status;
    bool close;
    char *body; /* NUL-terminated */
};

struct kind {
    char name[64];
    uint64_t count;
};

static struct bench_options option = {.connections = 64, .seconds = 4, .warm = 0.5, .path = "/"};

static struct bench_key keys[BENCH_MAX_KEYS];
static struct connection connections[MAX_CONNECTIONS];
static struct measure measured;
static struct kind kinds[MAX_KINDS];
static uint64_t acknowledged, refused;
static int64_t measure_from_us, measure_to_us;
static bool stopping;
static FILE *made;
static int poller;

static void stop_measuring(void)
{
    if (stopping)
        return;
    stopping = true;
    if (clock_mono_us() < measure_to_us)
        measure_to_us = clock_mono_us();
}

/* Counts a failure; the first of each kind is shown with its answer. */
static void count_failure(const char *name, const char *answer)
{
    size_t i = 0;
    refused++;
    while (i < MAX_KINDS - 1 && kinds[i].count > 0 && strcmp(kinds[i].name, name) != 0)
        i++;
    if (kinds[i].count++ == 0) {
        snprintf(kinds[i].name, sizeof(kinds[i].name), "%s", name);
        fprintf(stderr, "load: %s: %.300s\n", name, answer);
    }
}

static void open_connection(struct connection *connection)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons(option.port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int on = 1;

    connection->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connection->fd < 0 || connect(connection->fd, (struct sockaddr *)&to, sizeof(to)) != 0)
        bench_fail("connect to port %u: %s", option.port, strerror(errno));
    setsockopt(connection->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = connection};
    if (epoll_ctl(poller, EPOLL_CTL_ADD, connection->fd, &event) != 0)
        bench_fail("epoll: %s", strerror(errno));
}

static void open_again(struct connection *connection)
{
    close(connection->fd);
    open_connection(connection);
}

#define SHOP "http://shop.invalid/"

/* Writes the parameters of one call; false where there is nothing left to do. */
static bool write_body(struct connection *connection, char *body, size_t size, int *len)
{
    int64_t now_us = clock_now_us();
    connection->nonce = now_us > connection->nonce ? now_us : connection->nonce + 1;
    long long nonce = connection->nonce;

    if (bench_spends(option.call) &&
        (connection->ticket = pool_next(connection->key->partner)) == NULL)
        return false;
    switch (option.call) {
    case CALL_GET:
        *len = 0;
        return true;
    case CALL_INFO:
    case CALL_ORDERS:
        *len = snprintf(body, size, "nonce=%lld", nonce);
        return true;
    case CALL_ADD:
    case CALL_TRADE:
        *len = snprintf(body, size, "nonce=%lld&type=bid&amount_int=%d&price_int=%lld", nonce,
                        BENCH_BID_AMOUNT, bench_bid_price(option.call, nonce));
        return true;
    case CALL_CANCEL:
        *len = snprintf(body, size, "nonce=%lld&oid=%s", nonce, connection->ticket->id);
        return true;
    case CALL_CREATE:
        *len = snprintf(body, size, "nonce=%lld&partner=%s&amount_int=1&currency=USD", nonce,
                        connection->key->partner);
        return true;
    case CALL_SETTLE:
        *len = snprintf(body, size, "nonce=%lld&ticket=%s&key=%s&description=Paid+in+cash", nonce,
                        connection->ticket->id, connection->ticket->key);
        return true;
    case CALL_ORDER:
        *len = snprintf(body, size,
                        "nonce=%lld&amount_int=1&currency=USD&return_success=" SHOP
                        "done&return_failure=" SHOP "failed&ipn=" SHOP "ipn&data=order+1",
                        nonce);
        return true;
    case CALL_PAY:
        *len = snprintf(body, size, "{}");
        return true;
    case CALL_CALC:
    case CALL_BID:
        *len = snprintf(body, size, "direction_id=%s&calc_amount=10&calc_action=1",
                        connection->key->partner);
        return true;
    case CALL_DIRECTIONS:
        *len = snprintf(body, size, "currency_id_give=%s", connection->key->partner);
        return true;
    case CALL_WITHDRAW:
        *len = snprintf(
            body, size,
            "{\"symbol\":\"USD\",\"target_address\":\"bench\",\"amount\":\"" BENCH_WITHDRAWAL
            "\",\"gateway_name\":\"" BENCH_GATEWAY "\",\"guid\":\"%lld\"}",
            nonce);
        return true;
    }
    return false;
}

/* A signed call of the v1 face. */
static int write_signed(const struct connection *connection, char *out, size_t size,
                        const char *body, int body_len)
{
    uint8_t mac[SHA512_SIZE];
    char sign[BASE64_SIZE(SHA512_SIZE)];

    if (crypto_hmac_sha512(connection->secret, connection->secret_len, body, (size_t)body_len,
                           mac) != ERR_OK)
        bench_fail("cannot sign");
    base64_encode(mac, sizeof(mac), sign);
    return snprintf(out, size,
                    "POST %s HTTP/1.1\r\nHost: bench\r\nUser-Agent: load\r\nRest-Key: %s\r\n"
                    "Rest-Sign: %s\r\nContent-Type: application/x-www-form-urlencoded\r\n"
                    "Content-Length: %d\r\n\r\n%.*s",
                    option.path, connection->key->public_key, sign, body_len, body_len, body);
}

/* A call of a robot of the desk. */
static int write_robot(const struct connection *connection, char *out, size_t size,
                       const char *body, int body_len)
{
    return snprintf(out, size,
                    "POST %s HTTP/1.1\r\nHost: bench\r\nUser-Agent: load\r\nAPI-LOGIN: %s\r\n"
                    "API-KEY: %s\r\nContent-Type: application/x-www-form-urlencoded\r\n"
                    "Content-Length: %d\r\n\r\n%.*s",
                    option.path, connection->key->public_key, connection->key->secret, body_len,
                    body_len, body);
}

/* A call of the viewer API, with a token of its own. */
static int write_token(const struct connection *connection, char *out, size_t size,
                       const char *body, int body_len)
{
    static const char header[] = "{\"alg\":\"HS256\",\"typ\":\"JWT\"}";
    char claims[256], claims_text[512], header_text[64], token[1024],
        mac_text[BASE64_SIZE(SHA256_SIZE)];
    uint8_t mac[SHA256_SIZE];
    const char *secret = connection->key->secret;

    int len = snprintf(claims, sizeof(claims),
                       "{\"type\":\"OpenAPIV2\",\"sub\":\"%s\",\"nonce\":\"%lld000\"}",
                       connection->key->public_key, (long long)connection->nonce);
    base64url_encode(header, sizeof(header) - 1, header_text);
    base64url_encode(claims, (size_t)len, claims_text);
    len = snprintf(token, sizeof(token), "%s.%s", header_text, claims_text);
    if (crypto_hmac_sha256(secret, strlen(secret), token, (size_t)len, mac) != ERR_OK)
        bench_fail("cannot sign");
    base64url_encode(mac, sizeof(mac), mac_text);
    return snprintf(out, size,
                    "POST %s HTTP/1.1\r\nHost: bench\r\nUser-Agent: load\r\n"
                    "Authorization: Bearer %s.%s\r\nContent-Type: application/json\r\n"
                    "Content-Length: %d\r\n\r\n%.*s",
                    option.path, token, mac_text, body_len, body_len, body);
}

static int write_request(const struct connection *connection, char *out, size_t size,
                         const char *body, int body_len)
{
    if (option.call == CALL_GET)
        return snprintf(out, size, "GET %s HTTP/1.1\r\nHost: bench\r\nUser-Agent: load\r\n\r\n",
                        option.path);
    if (option.call == CALL_WITHDRAW)
        return write_token(connection, out, size, body, body_len);
    if (bench_is_robot(option.call))
        return write_robot(connection, out, size, body, body_len);
    if (option.call != CALL_PAY)
        return write_signed(connection, out, size, body, body_len);
    return snprintf(out, size,
                    "POST %s/%s HTTP/1.1\r\nHost: bench\r\nUser-Agent: load\r\n"
                    "AuthenticateIt-Identity-Ticket: %s\r\nIdempotency-Key: %lld\r\n"
                    "Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%.*s",
                    option.path, connection->ticket->id, connection->key->public_key,
                    (long long)connection->nonce, body_len, body_len, body);
}

static void send_request(struct connection *connection)
{
    char body[512], request[REQUEST_MAX];
    int body_len = 0;

    if (stopping)
        return;
    if (!write_body(connection, body, sizeof(body), &body_len)) {
        stop_measuring();
        return;
    }
    int len = write_request(connection, request, sizeof(request), body, body_len);
    connection->answer_len = 0;
    connection->sent_us = clock_mono_us();
    if (send(connection->fd, request, (size_t)len, MSG_NOSIGNAL) != len) {
        count_failure("not sent", strerror(errno));
        open_again(connection);
        return;
    }
    connection->waiting = true;
}

/* Walks over the chunks at `at`, and puts their bytes together at `to` where that is given. False
 * where some have not arrived. */
static bool read_chunks(const char *at, const char *end, char *to)
{
    for (;;) {
        const char *line_end = memmem(at, (size_t)(end - at), "\r\n", 2);
        if (line_end == NULL)
            return false;
        size_t size = strtoul(at, NULL, 16);
        if ((size_t)(end - line_end) < size + 4)
            return false;
        if (to != NULL) {
            memmove(to, line_end + 2, size);
            to += size;
            *to = '\0';
        }
        if (size == 0)
            return true;
        at = line_end + 2 + size + 2;
    }
}

/* Reads what has arrived; false where the answer is not complete. */
static bool parse_answer(struct connection *connection, struct answer *out)
{
    char *data = connection->answer, *end = data + connection->answer_len;
    *end = '\0';
    char *head_end = strstr(data, "\r\n\r\n");
    if (head_end == NULL || sscanf(data, "HTTP/1.1 %d", &out->status) != 1)
        return false;
    *head_end = '\0';
    const char *length = strcasestr(data, "\r\nContent-Length:");
    bool chunked = strcasestr(data, "\r\nTransfer-Encoding: chunked") != NULL;
    out->close = strcasestr(data, "\r\nConnection: close") != NULL;
    size_t body_len = length == NULL ? 0 : strtoul(length + 17, NULL, 10);
    *head_end = '\r';
    out->body = head_end + 4;
    if (!chunked)
        return (size_t)(end - out->body) >= body_len;
    return read_chunks(out->body, end, NULL) && read_chunks(out->body, end, out->body);
}

/* Copies the text member `name` of a flat search through `json`. */
static bool find_text(const char *json, const char *name, char *out, size_t size)
{
    char wanted[40];
    int len = snprintf(wanted, sizeof(wanted), "\"%s\":\"", name);
    const char *from = strstr(json, wanted);
    if (from == NULL)
        return false;
    from += len;
    size_t value_len = strcspn(from, "\"");
    if (value_len >= size)
        return false;
    memcpy(out, from, value_len);
    out[value_len] = '\0';
    return true;
}

/* What a call gives back: the member of the answer that is its id; NULL where nothing is kept. */
static const char *made_member(void)
{
    return option.call == CALL_CREATE  ? "ticket"
           : option.call == CALL_ORDER ? "transaction"
           : option.call == CALL_ADD   ? "return"
                                       : NULL;
}

static void keep_made(const struct connection *connection, const char *body)
{
    char id[40], key[64] = "-";

    if (!find_text(body, made_member(), id, sizeof(id)) ||
        (option.call == CALL_CREATE && !find_text(body, "key", key, sizeof(key))))
        count_failure("no ticket in the answer", body);
    else if (made != NULL)
        fprintf(made, "%s %s %s\n", connection->key->partner, id, key);
}

static void take_answer(struct connection *connection, const struct answer *answer)
{
    int64_t now_us = clock_mono_us();
    char name[64] = "";
    const char *wanted = option.call == CALL_GET        ? ""
                         : option.call == CALL_PAY      ? "\"status\":\"paid\""
                         : bench_is_robot(option.call)  ? "\"error_text\":\"\""
                         : option.call == CALL_WITHDRAW ? "\"code\":0,"
                                                        : "\"result\":\"success\"";
    bool success = answer->status == 200 && strstr(answer->body, wanted) != NULL;

    if (option.show) {
        puts(answer->body);
        stop_measuring();
    }
    if (!success) {
        if (!find_text(answer->body, "token", name, 40))
            find_text(answer->body, "error", name, 40);
        char kind[64];
        snprintf(kind, sizeof(kind), "%d %.40s", answer->status, name);
        count_failure(kind, answer->body);
        return;
    }
    acknowledged++;
    if (made_member() != NULL)
        keep_made(connection, answer->body);
    if (now_us >= measure_from_us && now_us < measure_to_us)
        measure_add(&measured, now_us - connection->sent_us);
    if (option.count > 0 && acknowledged >= option.count)
        stop_measuring();
}

static void on_readable(struct connection *connection)
{
    struct answer answer = {.status = 0};
    ssize_t got = recv(connection->fd, connection->answer + connection->answer_len,
                       ANSWER_MAX - connection->answer_len, 0);
    if (got <= 0) {
        if (connection->waiting)
            count_failure("connection closed", got < 0 ? strerror(errno) : "");
        connection->waiting = false;
        open_again(connection);
    } else {
        connection->answer_len += (size_t)got;
        if (!parse_answer(connection, &answer)) {
            if (connection->answer_len == ANSWER_MAX)
                bench_fail("an answer is too long");
            return;
        }
        connection->waiting = false;
        take_answer(connection, &answer);
        if (answer.close)
            open_again(connection);
    }
    send_request(connection);
}

static size_t waiting(void)
{
    size_t count = 0;
    for (size_t i = 0; i < option.connections; i++)
        count += connections[i].waiting;
    return count;
}

static void run(void)
{
    struct epoll_event events[MAX_CONNECTIONS];
    int64_t start_us = clock_mono_us();

    measure_from_us = start_us + (int64_t)(option.warm * 1e6);
    measure_to_us = measure_from_us + (int64_t)(option.seconds * 1e6);
    int64_t give_up_us = measure_to_us + DRAIN_S * INT64_C(1000000);
    for (size_t i = 0; i < option.connections; i++)
        send_request(&connections[i]);
    while (!stopping || waiting() > 0) {
        int ready = epoll_wait(poller, events, MAX_CONNECTIONS, 100);
        for (int i = 0; i < ready; i++)
            on_readable(events[i].data.ptr);
        if (clock_mono_us() >= measure_to_us)
            stop_measuring();
        if (clock_mono_us() >= give_up_us) {
            count_failure("no answer", "");
            return;
        }
    }
}

static void read_files(void)
{
    size_t key_count = option.keys == NULL ? 0 : bench_read_keys(option.keys, keys);
    if (option.call != CALL_GET && key_count < option.connections)
        bench_fail("%zu connections need as many keys", option.connections);
    if (option.tickets != NULL)
        pool_read(option.tickets);
    if (option.made != NULL && (made = fopen(option.made, "ae")) == NULL)
        bench_fail("%s: %s", option.made, strerror(errno));
    for (size_t i = 0; i < option.connections && key_count > 0; i++) {
        struct connection *connection = &connections[i];
        connection->key = &keys[i];
        connection->secret_len = sizeof(connection->secret);
        if (!base64_decode(keys[i].secret, strlen(keys[i].secret), connection->secret,
                           &connection->secret_len))
            bench_fail("%s: a secret is not base64", option.keys);
    }
}

static void print_result(void)
{
    measure_print(&measured, (double)(measure_to_us - measure_from_us) / 1e6, acknowledged);
    printf("\"failures\":{");
    for (size_t i = 0; i < MAX_KINDS && kinds[i].count > 0; i++)
        printf("%s\"%s\":%llu", i == 0 ? "" : ",", kinds[i].name,
               (unsigned long long)kinds[i].count);
    puts("}}");
}

int main(int argc, char **argv)
{
    bench_read_options(argc, argv, MAX_CONNECTIONS, &option);
    if (option.show)
        option.connections = 1;
    if (crypto_start() != ERR_OK)
        bench_fail("no cryptography");
    read_files();
    if ((poller = epoll_create1(EPOLL_CLOEXEC)) < 0)
        bench_fail("epoll: %s", strerror(errno));
    for (size_t i = 0; i < option.connections; i++)
        open_connection(&connections[i]);
    run();
    if (!option.show)
        print_result();
    if (made != NULL && fclose(made) != 0)
        bench_fail("%s: %s", option.made, strerror(errno));
    return refused > 0 ? 1 : 0;
}
