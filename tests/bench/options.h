/* The command line that the measuring programs share. */
#ifndef BENCH_OPTIONS_H
#define BENCH_OPTIONS_H

#include <getopt.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/bench/measure.h"

enum bench_call {
    CALL_GET,
    CALL_INFO,
    CALL_CREATE,
    CALL_SETTLE,
    CALL_ORDER,
    CALL_PAY,
    CALL_CALC,       /* of the desk: the calculator */
    CALL_DIRECTIONS, /* those of one currency */
    CALL_BID,
    CALL_ADD,    /* places a bid below the book's asks, which rests */
    CALL_TRADE,  /* places a bid that takes one ask of the stock */
    CALL_CANCEL, /* takes back what CALL_ADD placed */
    CALL_ORDERS,
    CALL_WITHDRAW /* of the viewer API */
};

struct bench_options {
    const char *config;  /* configuration of the worker */
    const char *path;    /* to be called */
    const char *keys;    /* file of keys (measure.h) */
    const char *made;    /* file to which what was made is added: "partner id key" lines */
    const char *tickets; /* file of such lines, to be used up */
    uint16_t port;
    enum bench_call call;
    size_t connections;
    double seconds, warm; /* measured, and before that */
    uint64_t count;       /* answers after which to stop; 0: none */
    bool show;            /* print one answer and no figures */
};

static inline enum bench_call bench_call_named(const char *name)
{
    static const char *const names[] = {[CALL_GET] = "get",       [CALL_INFO] = "info",
                                        [CALL_CREATE] = "create", [CALL_SETTLE] = "settle",
                                        [CALL_ORDER] = "order",   [CALL_PAY] = "pay",
                                        [CALL_CALC] = "calc",     [CALL_DIRECTIONS] = "directions",
                                        [CALL_BID] = "bid",       [CALL_ADD] = "add",
                                        [CALL_TRADE] = "trade",   [CALL_CANCEL] = "cancel",
                                        [CALL_ORDERS] = "orders", [CALL_WITHDRAW] = "withdraw"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (strcmp(names[i], name) == 0)
            return (enum bench_call)i;
    bench_fail("no such call: %s", name);
}

/* True where a robot of the desk calls: by login and key, unsigned. */
static inline bool bench_is_robot(enum bench_call call)
{
    return call == CALL_CALC || call == CALL_DIRECTIONS || call == CALL_BID;
}

/* True where a call is about something made before: the lines of --tickets, each once. */
static inline bool bench_spends(enum bench_call call)
{
    return call == CALL_SETTLE || call == CALL_PAY || call == CALL_CANCEL;
}

/* Measured withdrawals: so much by a gateway that is worked by hand (people.mjs). */
#define BENCH_GATEWAY "Bench"
#define BENCH_WITHDRAWAL "0.00002"
#define BENCH_WITHDRAWAL_UNITS 2

/* Measured bids, in smallest units of BTC and USD. Those that rest are spread over as many prices as
 * the book has (market.mjs, which has the same figures). */
#define BENCH_MARKET "BTCUSD"
#define BENCH_BID_AMOUNT 1000000
#define BENCH_ASK_PRICE 20000000 /* of the stock */
#define BENCH_BID_PRICE 19900000 /* the best that rests */
#define BENCH_PRICE_STEP 2000
#define BENCH_LEVELS 500

static inline long long bench_bid_price(enum bench_call call, int64_t nonce)
{
    return call == CALL_TRADE ? BENCH_ASK_PRICE
                              : BENCH_BID_PRICE - nonce % BENCH_LEVELS * BENCH_PRICE_STEP;
}

/* Reads the command line into `options`, which holds the program's defaults; ends the program where
 * it cannot be understood. connections_max  the most that the program can open */
static inline void bench_read_options(int argc, char **argv, size_t connections_max,
                                      struct bench_options *options)
{
    static const struct option names[] = {{"config", required_argument, NULL, 'f'},
                                          {"path", required_argument, NULL, 'u'},
                                          {"keys", required_argument, NULL, 'k'},
                                          {"made", required_argument, NULL, 'm'},
                                          {"tickets", required_argument, NULL, 't'},
                                          {"port", required_argument, NULL, 'p'},
                                          {"call", required_argument, NULL, 'c'},
                                          {"connections", required_argument, NULL, 'n'},
                                          {"seconds", required_argument, NULL, 's'},
                                          {"warm", required_argument, NULL, 'w'},
                                          {"count", required_argument, NULL, 'r'},
                                          {"show", no_argument, NULL, 'S'},
                                          {NULL, 0, NULL, 0}};

    for (int name; (name = getopt_long(argc, argv, "", names, NULL)) != -1;) {
        if (name == 'f')
            options->config = optarg;
        else if (name == 'u')
            options->path = optarg;
        else if (name == 'k')
            options->keys = optarg;
        else if (name == 'm')
            options->made = optarg;
        else if (name == 't')
            options->tickets = optarg;
        else if (name == 'p')
            options->port = (uint16_t)bench_number(optarg);
        else if (name == 'c')
            options->call = bench_call_named(optarg);
        else if (name == 'n')
            options->connections = (size_t)bench_number(optarg);
        else if (name == 's')
            options->seconds = bench_number(optarg);
        else if (name == 'w')
            options->warm = bench_number(optarg);
        else if (name == 'r')
            options->count = (uint64_t)bench_number(optarg);
        else if (name == 'S')
            options->show = true;
        else
            exit(2);
    }
    if (options->connections == 0 || options->connections > connections_max)
        bench_fail("1 to %zu connections", connections_max);
    if (options->call != CALL_GET && options->keys == NULL)
        bench_fail("--keys is needed");
    if (bench_spends(options->call) && options->tickets == NULL)
        bench_fail("--tickets is needed");
}

#endif
