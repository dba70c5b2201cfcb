/* QR codes as SVG, for otpauth:// URIs. */
#ifndef IDENTITY_QR_H
#define IDENTITY_QR_H

#include "base/err.h"
#include "base/text.h"

/* Room that is enough for the SVG of the longest string that a QR code holds at our level of error
 * correction. */
#define QR_SVG_MAX (512 * 1024)

/* Adds a QR code of `string` to `out` as one <svg> element: dark modules in one path on white, four
 * modules of quiet zone, no style and no script (a strict CSP lets it pass), no size (the page
 * decides).
 * string  NUL-terminated bytes, not empty
 * Returns ERR_EMPTY, ERR_TOO_LONG where no QR code holds it or `out` was too small,
 * ERR_NO_MEMORY. */
MUST_USE enum err qr_svg(const char *string, struct text *out);

#endif
