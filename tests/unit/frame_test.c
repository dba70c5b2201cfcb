/* Websocket frames that pass by, in pieces of every size. */
#include "stream/frame.h"

#include <string.h>

#include "tests/unit/unit.h"

#define M "mask" /* a mask, as good as any */

struct row {
    const char *name, *bytes;
    size_t len;
    enum frame_status status;
    const char *passed;
    size_t passed_len;
};
#define ROW(what, text, result, rest)                                                 \
    {                                                                                 \
        .name = (what), .bytes = (text), .len = sizeof(text) - 1, .status = (result), \
        .passed = (rest), .passed_len = sizeof(rest) - 1                              \
    }

static void read_row(const struct row *row, size_t piece)
{
    struct frame_reader reader = {0};
    enum frame_status status = FRAME_GOOD;
    uint8_t out[512] = {0};
    size_t total = 0, len;

    for (size_t at = 0; at < row->len && status == FRAME_GOOD; at += piece) {
        size_t left = row->len - at;
        status = frame_from_client(&reader, (const uint8_t *)row->bytes + at,
                                   left < piece ? left : piece, out + total, &len);
        total += len;
    }
    UNIT_CHECK(row->name, status == row->status);
    UNIT_CHECK(row->name, total == row->passed_len && memcmp(out, row->passed, total) == 0);
}

static void test_client(void)
{
    static const struct row rows[] = {
        ROW("ping", "\x89\x82" M "ab", FRAME_GOOD, "\x89\x82" M "ab"),
        ROW("pong and close", "\x8a\x80" M "\x88\x82" M "ab", FRAME_GOOD,
            "\x8a\x80" M "\x88\x82" M "ab"),
        ROW("text ends here", "\x81\x82" M "ab\x89\x80" M, FRAME_GOOD, "\x89\x80" M),
        ROW("empty text", "\x81\x80" M "\x89\x80" M, FRAME_GOOD, "\x89\x80" M),
        ROW("fragments, a ping between", "\x02\x81" M "a\x89\x80" M "\x80\x81" M "b", FRAME_GOOD,
            "\x89\x80" M),
        ROW("4,096 bytes", "\x82\xfe\x10\0" M, FRAME_GOOD, ""),
        ROW("4,097 bytes", "\x82\xfe\x10\1" M, FRAME_TOO_BIG, ""),
        ROW("100 MB", "\x82\xff\0\0\0\0\x05\xf5\xe1\0" M, FRAME_TOO_BIG, ""),
        ROW("2^64 - 1", "\x82\xff\xff\xff\xff\xff\xff\xff\xff\xff" M, FRAME_TOO_BIG, ""),
        ROW("fragment behind a ping", "\x89\x80" M "\x01\xff\0\0\0\0\x05\xf5\xe1\0" M,
            FRAME_TOO_BIG, "\x89\x80" M),
        ROW("ping of 126 bytes", "\x89\xfe\0\x7e" M, FRAME_PROTOCOL_ERROR, ""),
        ROW("ping in fragments", "\x09\x80" M, FRAME_PROTOCOL_ERROR, ""),
        ROW("no mask",
            "\x81\x02"
            "ab",
            FRAME_PROTOCOL_ERROR, ""),
        ROW("compressed", "\xc1\x80" M, FRAME_PROTOCOL_ERROR, ""),
        ROW("no such opcode", "\x83\x80" M, FRAME_PROTOCOL_ERROR, ""),
        ROW("goes on with nothing", "\x80\x80" M, FRAME_PROTOCOL_ERROR, ""),
        ROW("a second beginning", "\x01\x80" M "\x81\x80" M, FRAME_PROTOCOL_ERROR, ""),
    };
    for (size_t i = 0; i < TEST_COUNT(rows); i++)
        for (size_t piece = 1; piece <= rows[i].len; piece++)
            read_row(&rows[i], piece);
}

/* Fragments count together. */
static void test_fragments(void)
{
    static const uint8_t first[] = {0x01, 0x80 | 100, 1, 2, 3, 4},
                         next[] = {0, 0x80 | 100, 1, 2, 3, 4};
    static const uint8_t content[100];
    struct frame_reader reader = {0};
    uint8_t out[256];
    size_t len, sent = 0;
    enum frame_status status = frame_from_client(&reader, first, sizeof(first), out, &len);

    while (status == FRAME_GOOD) {
        sent += sizeof(content);
        UNIT_CHECK("content",
                   frame_from_client(&reader, content, sizeof(content), out, &len) == FRAME_GOOD);
        status = frame_from_client(&reader, next, sizeof(next), out, &len);
    }
    UNIT_CHECK("too big", status == FRAME_TOO_BIG && sent == FRAME_CLIENT_MAX / 100 * 100);
}

static void test_server(void)
{
    static const uint8_t bytes[] = "\x81\x02"
                                   "ab"
                                   "\x89\0"
                                   "\x82\x7e\0\x03"
                                   "xyz";
    static const size_t ends[] = {4, 6, 13};
    struct frame_reader reader = {0};
    size_t at = 0;

    for (size_t i = 0; i < TEST_COUNT(ends); i++) {
        UNIT_CHECK("between", frame_between(&reader));
        UNIT_CHECK("a piece", frame_from_server(&reader, bytes + at, 1) == 1);
        UNIT_CHECK("within", !frame_between(&reader));
        at += 1 + frame_from_server(&reader, bytes + at + 1, sizeof(bytes) - 2 - at);
        UNIT_CHECK("end", at == ends[i] && frame_between(&reader));
    }
    uint8_t close[FRAME_CLOSE_SIZE];
    frame_close(FRAME_TOO_BIG, close);
    UNIT_CHECK("close", memcmp(close, "\x88\2\x03\xf1", sizeof(close)) == 0);
}

static const struct test_case cases[] = {
    {"of a client", test_client},
    {"fragments", test_fragments},
    {"of the server", test_server},
    {NULL, NULL},
};
const struct test_suite suite_frame = {.name = "frame", .cases = cases};
