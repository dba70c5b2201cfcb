/* Free space of a file system, asked for at most every so often. */
#include "db/space.h"

#include <string.h>
#include <sys/statvfs.h>

#include "base/clock.h"

#define LOOK_AGAIN_US 200000

bool space_measure(const char *directory, struct space *out)
{
    struct statvfs info;

    *out = (struct space){0};
    if (directory[0] == '\0' || statvfs(directory, &info) != 0 || info.f_blocks == 0)
        return false;
    out->free_bytes = (uint64_t)info.f_bavail * info.f_frsize;
    out->all_bytes = (uint64_t)info.f_blocks * info.f_frsize;
    return true;
}

bool space_is_short(const char *directory)
{
    static int64_t known_until_us; /* a process has one database */
    static bool is_short;
    struct space space;
    int64_t now_us = clock_mono_us();

    if (directory[0] == '\0')
        return false;
    if (now_us >= known_until_us) {
        is_short = space_measure(directory, &space) && space.free_bytes < SPACE_LEAST_BYTES;
        known_until_us = now_us + LOOK_AGAIN_US;
    }
    return is_short;
}
