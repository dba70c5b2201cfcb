/* Connecting to programs of ours on this machine. */
#include "base/local.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/text.h"

enum err local_open(const char *socket, struct local *out)
{
    *out = (struct local){.address.sun_family = AF_UNIX, .fd = -1};
    text_copy(out->address.sun_path, sizeof(out->address.sun_path), socket);
    return strlen(socket) < sizeof(out->address.sun_path) ? ERR_OK : ERR_TOO_LONG;
}

bool local_call(struct local *local)
{
    const struct sockaddr *address = (const struct sockaddr *)&local->address;

    if (local->fd >= 0)
        return true;
    local->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (local->fd >= 0 && connect(local->fd, address, sizeof(local->address)) == 0)
        return true;
    local_hang_up(local);
    return false;
}

void local_hang_up(struct local *local)
{
    if (local->fd >= 0)
        close(local->fd);
    local->fd = -1;
}
