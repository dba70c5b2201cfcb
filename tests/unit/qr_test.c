/* QR codes: the picture is read back; its size, corner marks and quiet zone. */
#include "identity/qr.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/unit.h"

#define MODULES 64 /* more than the codes of these tests have on a side */

static bool grid[MODULES][MODULES];

/* Draws the second path ("Mx yhNv1h-Nz" for each run) into the grid; returns the side from the view
 * box, 0 where the text is not of that form. */
static int draw(const char *svg)
{
    int side = 0;
    int used = 0;
    int x;
    int y;
    int n;
    int m;

    memset(grid, 0, sizeof(grid));
    if (sscanf(svg, "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %*d\"", &side) != 1)
        return 0;
    const char *p = strstr(svg, "fill=\"#000\" d=\"");
    if (p == NULL || side > MODULES)
        return 0;
    p += strlen("fill=\"#000\" d=\"");
    while (sscanf(p, "M%d %dh%dv1h-%dz%n", &x, &y, &n, &m, &used) == 4) {
        if (n != m || n < 1 || x < 0 || y < 0 || y >= side || x + n > side)
            return 0;
        for (int i = 0; i < n; i++)
            grid[y][x + i] = true;
        p += used;
    }
    return strcmp(p, "\"/></svg>") == 0 ? side : 0;
}

/* The three corner marks are where they belong, and the quiet zone is empty. */
static void check_frame(const char *row, int side)
{
    static const char finder[7][8] = {"#######", "#.....#", "#.###.#", "#.###.#",
                                      "#.###.#", "#.....#", "#######"};
    const int corners[3][2] = {{4, 4}, {side - 11, 4}, {4, side - 11}};
    for (int c = 0; c < 3; c++)
        for (int y = 0; y < 7; y++)
            for (int x = 0; x < 7; x++)
                UNIT_CHECK(row,
                           grid[corners[c][1] + y][corners[c][0] + x] == (finder[y][x] == '#'));
    for (int y = 0; y < side; y++)
        for (int x = 0; x < side; x++)
            if (x < 4 || y < 4 || x >= side - 4 || y >= side - 4)
                UNIT_CHECK(row, !grid[y][x]);
}

static void test_frame(void)
{
    static const struct {
        const char *string;
        int side; /* 21 modules in version 1, 4 more for each, and twice the quiet zone */
    } rows[] = {
        {"a", 29},
        {"1234567890abcd", 29},
        {"1234567890abcde", 33},
        {"otpauth://totp/Teller:ann?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Teller"
         "&algorithm=SHA1&digits=6&period=30",
         53},
    };
    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        struct text svg = TEXT(QR_SVG_MAX);
        UNIT_CHECK(rows[i].string, qr_svg(rows[i].string, &svg) == ERR_OK);
        int side = draw(text_string(&svg));
        UNIT_CHECK(rows[i].string, side == rows[i].side);
        if (side > 0)
            check_frame(rows[i].string, side);
        UNIT_CHECK("no script, no style", strstr(text_string(&svg), "style") == NULL &&
                                              strstr(text_string(&svg), "script") == NULL);
        text_free(&svg);
    }
}

static void test_refused(void)
{
    struct text svg = TEXT(QR_SVG_MAX);
    char *string = calloc(1, 4000);
    if (string == NULL)
        abort();

    UNIT_CHECK("empty", qr_svg("", &svg) == ERR_EMPTY);
    memset(string, 'x', 2331); /* version 40 at level M */
    UNIT_CHECK("largest", qr_svg(string, &svg) == ERR_OK);
    text_clear(&svg);
    string[2331] = 'x';
    UNIT_CHECK("too long", qr_svg(string, &svg) == ERR_TOO_LONG);
    UNIT_CHECK("nothing added", svg.len == 0);
    text_free(&svg);
    svg = TEXT(1000);
    UNIT_CHECK("no room", qr_svg("abc", &svg) == ERR_TOO_LONG);
    text_free(&svg);
    free(string);
}

static const struct test_case cases[] = {
    {"the frame", test_frame},
    {"refused", test_refused},
    {NULL, NULL},
};
const struct test_suite suite_qr = {.name = "qr", .cases = cases};
