/* Making a file for good. */
#include "tools/signer/file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

/* A new name is a change of its directory. */
static bool sync_directory(const char *path)
{
    char copy[4096];

    text_copy(copy, sizeof(copy), path);
    int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool synced = fd >= 0 && fsync(fd) == 0;
    if (fd >= 0)
        close(fd);
    return synced;
}

static bool write_and_close(int fd, const void *data, size_t len)
{
    bool written = (len == 0 || write(fd, data, len) == (ssize_t)len) && fsync(fd) == 0;
    return close(fd) == 0 && written;
}

enum err file_make(const char *path, const void *data, size_t len, struct text *problem)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

    if (fd >= 0 && write_and_close(fd, data, len) && sync_directory(path))
        return ERR_OK;
    text_addf(problem, "%s: %s", path, strerror(errno));
    if (fd >= 0)
        unlink(path);
    return ERR_IO;
}
