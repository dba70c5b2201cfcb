/* Runs every suite of outgoing calls. Exit 0 where all hold, 1 otherwise. */
#include <CUnit/Basic.h>
#include <CUnit/CUnit.h>
#include <fcntl.h>
#include <sched.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/net/net.h"

/* The suites, in the order in which they run: one line for each. */
#define SUITES(X) \
    X(ssrf)       \
    X(client)     \
    X(pipeline)   \
    X(tls)        \
    X(provider)

#define X(name) extern const struct net_suite suite_##name;
SUITES(X)
#undef X

static const struct net_suite *const suites[] = {
#define X(name) &suite_##name,
    SUITES(X)
#undef X
};

extern char **environ;
bool net_own_network;

void net_check(const char *row, bool holds, const char *condition, const char *file, unsigned line)
{
    char message[512];
    snprintf(message, sizeof(message), "[%s] %s", row, condition);
    CU_assertImplementation(holds, line, message, file, "", CU_FALSE);
}

void net_same(const char *row, const char *got, const char *expected, const char *file,
              unsigned line)
{
    char message[1024];
    snprintf(message, sizeof(message), "[%s] got \"%s\", expected \"%s\"", row, got, expected);
    CU_assertImplementation(strcmp(got, expected) == 0, line, message, file, "", CU_FALSE);
}

pid_t net_start(char *const *arguments)
{
    pid_t process;
    return posix_spawnp(&process, arguments[0], NULL, NULL, arguments, environ) == 0 ? process : 0;
}

bool net_run(char *const *arguments)
{
    int status;
    pid_t process = net_start(arguments);
    return process > 0 && waitpid(process, &status, 0) == process && status == 0;
}

static bool write_file(const char *path, const char *content)
{
    int file = open(path, O_WRONLY | O_CLOEXEC);
    bool written = file >= 0 && write(file, content, strlen(content)) == (ssize_t)strlen(content);
    if (file >= 0)
        close(file);
    return written;
}

/* Without root: a user namespace of one's own, in which one is root. */
static bool become_root(void)
{
    char map[32];
    snprintf(map, sizeof(map), "0 %u 1", (unsigned)geteuid());
    return unshare(CLONE_NEWUSER | CLONE_NEWNET) == 0 && write_file("/proc/self/uid_map", map);
}

/* Leaves the machine's network for an empty one, and makes every address local there. */
static bool enter_network(void)
{
    static char *const up[] = {"ip", "link", "set", "lo", "up", NULL};
    static char *const v4[] = {"ip", "route", "add", "local", "0.0.0.0/0", "dev", "lo", NULL};
    static char *const v6[] = {"ip", "-6", "route", "add", "local", "::/0", "dev", "lo", NULL};

    if (unshare(CLONE_NEWNET) != 0 && !become_root())
        return false;
    return net_run(up) && net_run(v4) && net_run(v6);
}

/* Tries it in a process of its own first: there is no way back. */
static bool can_enter_network(void)
{
    int status;
    pid_t process = fork();
    if (process == 0)
        _exit(enter_network() ? 0 : 1);
    return process > 0 && waitpid(process, &status, 0) == process && status == 0;
}

static bool register_suites(void)
{
    for (size_t i = 0; i < NET_COUNT(suites); i++) {
        CU_pSuite suite = CU_add_suite(suites[i]->name, NULL, NULL);
        if (suite == NULL)
            return false;
        for (const struct net_test *test = suites[i]->tests; test->name != NULL; test++) {
            if (test->needs_network && !net_own_network)
                printf("left out for want of a network: %s\n", test->name);
            else if (CU_add_test(suite, test->name, test->run) == NULL)
                return false;
        }
    }
    return true;
}

int main(void)
{
    net_own_network = can_enter_network() && enter_network();
    if (CU_initialize_registry() != CUE_SUCCESS)
        return 1;
    bool ran = register_suites();
    if (ran) {
        CU_basic_set_mode(CU_BRM_NORMAL);
        ran = CU_basic_run_tests() == CUE_SUCCESS;
    } else {
        fprintf(stderr, "CUnit: %s\n", CU_get_error_msg());
    }
    unsigned failed = CU_get_number_of_failure_records();
    unsigned passed = CU_get_number_of_successes();
    CU_cleanup_registry();
    printf("tests: %u passed, %u failed\n", passed, failed);
    return ran && failed == 0 && passed > 0 ? 0 : 1;
}
