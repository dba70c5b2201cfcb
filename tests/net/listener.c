/* Listeners of every address, and a shop that answers as the path says:
 *     /ok           200, "[OK]"                      /status/503   that status, "busy"
 *     /redirect/302 that status, to the loopback     /refresh      200 and a Refresh header
 *     /big          200 and 100,000 bytes            /headers      headers without end
 *     /drip         200, "[OK]", and then nothing    /hang         nothing at all
 *     /close        closes without an answer         /short        closes amid the body
 *     /talk         no HTTP                          /chunked      200, "[OK]" in two chunks
 *     /last         200 and closes, without a length */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/text.h"
#include "tests/net/net.h"

#define CONNECTIONS 400
#define REQUEST_MAX 8191

struct connection {
    int socket; /* 0: free */
    char request[REQUEST_MAX + 1];
    size_t len;
};

struct net_shop {
    int listener, wake[2];
    uint16_t port;
    pthread_t thread;
    pthread_mutex_t lock; /* of what follows */
    unsigned connections, requests;
    char last[REQUEST_MAX + 1];
    char local[HTTP_ADDRESS_SIZE];
    struct connection all[CONNECTIONS]; /* the thread's own */
};

int net_listen(uint16_t wanted, uint16_t *port)
{
    struct sockaddr_in6 address = {.sin6_family = AF_INET6, .sin6_port = htons(wanted)};
    socklen_t size = sizeof(address);
    int one = 1, none = 0;
    int listener = socket(AF_INET6, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (listener < 0 || setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) != 0 ||
        setsockopt(listener, IPPROTO_IPV6, IPV6_V6ONLY, &none, sizeof(none)) != 0 ||
        bind(listener, (struct sockaddr *)&address, size) != 0 || listen(listener, 512) != 0 ||
        getsockname(listener, (struct sockaddr *)&address, &size) != 0)
        abort();
    *port = ntohs(address.sin6_port);
    return listener;
}

/* The address that a connection was made to, v4-mapped ones as IPv4. */
static void local_address(int connection, char out[HTTP_ADDRESS_SIZE])
{
    struct sockaddr_in6 address;
    socklen_t size = sizeof(address);
    char text[INET6_ADDRSTRLEN];

    if (getsockname(connection, (struct sockaddr *)&address, &size) != 0)
        abort();
    inet_ntop(AF_INET6, &address.sin6_addr, text, sizeof(text));
    text_copy(out, HTTP_ADDRESS_SIZE, strncmp(text, "::ffff:", 7) == 0 ? text + 7 : text);
}

unsigned net_connections(int listener, char local[HTTP_ADDRESS_SIZE])
{
    unsigned count = 0;
    int connection;

    while ((connection = accept4(listener, NULL, NULL, SOCK_CLOEXEC)) >= 0) {
        if (local != NULL)
            local_address(connection, local);
        close(connection);
        count++;
    }
    return count;
}

static void say(int to, const char *data, size_t len)
{
    while (len > 0) {
        ssize_t sent = send(to, data, len, MSG_NOSIGNAL);
        if (sent < 0)
            return; /* the client has enough */
        data += sent;
        len -= (size_t)sent;
    }
}

__attribute__((format(printf, 2, 3))) static void sayf(int to, const char *format, ...)
{
    va_list arguments;
    char line[1024];

    va_start(arguments, format);
    int len = vsnprintf(line, sizeof(line), format, arguments);
    va_end(arguments);
    say(to, line, (size_t)len);
}

static void say_much(int to, const char *head, const char *line, unsigned times)
{
    say(to, head, strlen(head));
    for (unsigned i = 0; i < times; i++)
        say(to, line, strlen(line));
}

/* Answers one request; false where the connection is to be closed. */
static bool answer(const struct net_shop *shop, int to, const char *path)
{
    unsigned status = 0;
    if (sscanf(path, "/redirect/%u", &status) == 1)
        sayf(to,
             "HTTP/1.1 %u Elsewhere\r\nLocation: http://127.0.0.1:%u/inside\r\n"
             "Content-Length: 4\r\n\r\n[OK]",
             status, shop->port);
    else if (sscanf(path, "/status/%u", &status) == 1)
        sayf(to, "HTTP/1.1 %u So\r\nContent-Length: %u\r\n\r\n%s", status, status == 204 ? 0 : 4,
             status == 204 ? "" : "busy");
    else if (strcmp(path, "/refresh") == 0)
        sayf(to,
             "HTTP/1.1 200 OK\r\nRefresh: 0; url=http://127.0.0.1:%u/inside\r\n"
             "Content-Length: 4\r\n\r\n[OK]",
             shop->port);
    else if (strcmp(path, "/big") == 0)
        say_much(to, "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n", "0123456789", 10000);
    else if (strcmp(path, "/headers") == 0)
        say_much(to, "HTTP/1.1 200 OK\r\n", "X-Header: 0123456789012345678901234567890\r\n",
                 100000);
    else if (strcmp(path, "/drip") == 0)
        sayf(to, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n[OK]");
    else if (strcmp(path, "/short") == 0)
        sayf(to, "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n[OK]");
    else if (strcmp(path, "/talk") == 0)
        sayf(to, "SSH-2.0-OpenSSH_9.2\r\n");
    else if (strcmp(path, "/last") == 0)
        sayf(to, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n[OK]");
    else if (strcmp(path, "/chunked") == 0)
        sayf(to, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                 "2\r\n[O\r\n2\r\nK]\r\n0\r\n\r\n");
    else if (strcmp(path, "/close") != 0 && strcmp(path, "/hang") != 0)
        sayf(to, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n[OK]");
    return strcmp(path, "/close") != 0 && strcmp(path, "/short") != 0 &&
           strcmp(path, "/talk") != 0 && strcmp(path, "/last") != 0;
}

/* True where the request is there whole. */
static bool is_whole(const struct connection *connection)
{
    const char *end = strstr(connection->request, "\r\n\r\n");
    if (end == NULL)
        return false;
    const char *length = strcasestr(connection->request, "\r\nContent-Length:");
    size_t body = length == NULL ? 0 : strtoul(length + 17, NULL, 10);
    return connection->len >= (size_t)(end + 4 - connection->request) + body;
}

static void serve(struct net_shop *shop, struct connection *connection)
{
    char path[256] = "";
    ssize_t got = recv(connection->socket, connection->request + connection->len,
                       REQUEST_MAX - connection->len, 0);
    bool open = got > 0;

    if (open) {
        connection->len += (size_t)got;
        connection->request[connection->len] = '\0';
        if (!is_whole(connection))
            return;
        pthread_mutex_lock(&shop->lock);
        shop->requests++;
        memcpy(shop->last, connection->request, connection->len + 1);
        local_address(connection->socket, shop->local);
        pthread_mutex_unlock(&shop->lock);
        sscanf(connection->request, "%*s %255[^ ?]", path);
        open = answer(shop, connection->socket, path);
        connection->len = 0;
    }
    if (!open) {
        close(connection->socket);
        connection->socket = 0;
    }
}

static void welcome(struct net_shop *shop)
{
    int socket;
    while ((socket = accept4(shop->listener, NULL, NULL, SOCK_CLOEXEC)) >= 0) {
        struct connection *free_one = shop->all;
        while (free_one < shop->all + CONNECTIONS && free_one->socket != 0)
            free_one++;
        if (free_one == shop->all + CONNECTIONS)
            abort();
        free_one->socket = socket;
        free_one->len = 0;
        pthread_mutex_lock(&shop->lock);
        shop->connections++;
        pthread_mutex_unlock(&shop->lock);
    }
}

static void *run(void *arg)
{
    struct net_shop *shop = arg;
    struct pollfd polled[CONNECTIONS + 2];

    for (;;) {
        polled[0] = (struct pollfd){.fd = shop->wake[0], .events = POLLIN};
        polled[1] = (struct pollfd){.fd = shop->listener, .events = POLLIN};
        for (size_t i = 0; i < CONNECTIONS; i++)
            polled[i + 2] = (struct pollfd){
                .fd = shop->all[i].socket == 0 ? -1 : shop->all[i].socket, .events = POLLIN};
        if (poll(polled, CONNECTIONS + 2, -1) < 0 && errno != EINTR)
            abort();
        if (polled[0].revents != 0)
            return NULL;
        for (size_t i = 0; i < CONNECTIONS; i++)
            if (polled[i + 2].revents != 0)
                serve(shop, &shop->all[i]);
        if (polled[1].revents != 0)
            welcome(shop);
    }
}

struct net_shop *net_shop_open(uint16_t *port)
{
    struct net_shop *shop = calloc(1, sizeof(*shop));
    if (shop == NULL || pipe(shop->wake) != 0)
        abort();
    shop->listener = net_listen(0, &shop->port);
    pthread_mutex_init(&shop->lock, NULL);
    if (pthread_create(&shop->thread, NULL, run, shop) != 0)
        abort();
    *port = shop->port;
    return shop;
}

void net_shop_close(struct net_shop *shop)
{
    close(shop->wake[1]);
    pthread_join(shop->thread, NULL);
    for (size_t i = 0; i < CONNECTIONS; i++)
        if (shop->all[i].socket != 0)
            close(shop->all[i].socket);
    close(shop->listener);
    close(shop->wake[0]);
    pthread_mutex_destroy(&shop->lock);
    free(shop);
}

unsigned net_shop_connections(struct net_shop *shop)
{
    pthread_mutex_lock(&shop->lock);
    unsigned count = shop->connections;
    pthread_mutex_unlock(&shop->lock);
    return count;
}

unsigned net_shop_requests(struct net_shop *shop)
{
    pthread_mutex_lock(&shop->lock);
    unsigned count = shop->requests;
    pthread_mutex_unlock(&shop->lock);
    return count;
}

void net_shop_last(struct net_shop *shop, char request[8192], char local[HTTP_ADDRESS_SIZE])
{
    pthread_mutex_lock(&shop->lock);
    text_copy(request, 8192, shop->last);
    text_copy(local, HTTP_ADDRESS_SIZE, shop->local);
    pthread_mutex_unlock(&shop->lock);
}
