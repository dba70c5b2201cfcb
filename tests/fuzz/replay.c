/* Feeds the files named on the command line, and every file of each directory named there, to a
 * fuzz target that is linked to this. A target that finds something wrong aborts, and the name of
 * the file is the last one on standard error. */
#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static unsigned passed;
static unsigned failed;

/* What could not be read counts as failed: a corpus that is not there proves nothing. */
static void complain(const char *path)
{
    fprintf(stderr, "%s: %s\n", path, strerror(errno));
    failed++;
}

static void replay_file(const char *path, size_t size)
{
    /* At its exact size, so that a sanitizer sees one byte too many. */
    uint8_t *data = malloc(size > 0 ? size : 1);
    FILE *file = fopen(path, "re");

    if (data == NULL || file == NULL || fread(data, 1, size, file) != size) {
        complain(path);
    } else {
        fprintf(stderr, "%s\n", path);
        LLVMFuzzerTestOneInput(data, size);
        passed++;
    }
    if (file != NULL)
        fclose(file);
    free(data);
}

static void replay_directory(const char *path);

static void replay(const char *path)
{
    struct stat info;

    if (stat(path, &info) != 0)
        complain(path);
    else if (S_ISDIR(info.st_mode))
        replay_directory(path);
    else
        replay_file(path, (size_t)info.st_size);
}

static int is_shown(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static void replay_directory(const char *path)
{
    struct dirent **entries = NULL;
    int count = scandir(path, &entries, is_shown, alphasort);

    if (count < 0)
        complain(path);
    for (int i = 0; i < count; i++) {
        char name[4096];
        snprintf(name, sizeof(name), "%s/%s", path, entries[i]->d_name);
        replay(name);
        free(entries[i]);
    }
    free(entries);
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        replay(argv[i]);
    printf("tests: %u passed, %u failed\n", passed, failed);
    return failed > 0 || passed == 0 ? 1 : 0;
}
