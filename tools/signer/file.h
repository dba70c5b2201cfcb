/* Files that are made once and have to stay: the seed, and the record of what was spent. */
#ifndef TOOLS_SIGNER_FILE_H
#define TOOLS_SIGNER_FILE_H

#include <stddef.h>

#include "base/err.h"
#include "base/text.h"

/* Makes a file of `len` bytes for its owner alone, which must not be there yet. It is on the disk, and so is
 * its name, or it is not there at all.
 * problem  out: "FILE: words"
 * Returns ERR_IO. */
MUST_USE enum err file_make(const char *path, const void *data, size_t len, struct text *problem);

#endif
