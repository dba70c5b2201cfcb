/* QR codes by libqrencode, drawn as SVG. */
#include "identity/qr.h"

#include <errno.h>
#include <qrencode.h>
#include <stdbool.h>
#include <string.h>

#define QUIET_ZONE 4 /* modules, ISO/IEC 18004 */

static bool is_dark(const QRcode *code, int x, int y)
{
    return code->data[y * code->width + x] & 1;
}

/* One rectangle for each run of dark modules in row `y`. */
static void add_row(const QRcode *code, int y, struct text *out)
{
    for (int x = 0; x < code->width; x++) {
        int start = x;
        while (x < code->width && is_dark(code, x, y))
            x++;
        if (x > start)
            text_addf(out, "M%d %dh%dv1h-%dz", start + QUIET_ZONE, y + QUIET_ZONE, x - start,
                      x - start);
    }
}

enum err qr_svg(const char *string, struct text *out)
{
    if (string[0] == '\0')
        return ERR_EMPTY;
    QRcode *code = QRcode_encodeString8bit(string, 0, QR_ECLEVEL_M);
    if (code == NULL)
        return errno == ERANGE ? ERR_TOO_LONG : ERR_NO_MEMORY;

    int size = code->width + 2 * QUIET_ZONE;
    text_addf(out,
              "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" "
              "shape-rendering=\"crispEdges\">"
              "<path fill=\"#fff\" d=\"M0 0h%dv%dH0z\"/><path fill=\"#000\" d=\"",
              size, size, size, size);
    for (int y = 0; y < code->width; y++)
        add_row(code, y, out);
    text_puts(out, "\"/></svg>");
    QRcode_free(code);
    return out->full ? ERR_TOO_LONG : ERR_OK;
}
