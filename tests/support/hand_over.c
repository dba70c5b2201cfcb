/* hand_over: keeps copies of a program running on one listening socket, as systemd does with socket units.
 *   usage: hand_over SOCKET COPIES stdin|passed PROGRAM [ARGUMENT...]
 * stdin   as StandardInput=socket: the socket is descriptor 0, and is made blocking at each start, for
 *         all the copies that run already
 * passed  as Sockets= with NonBlocking=yes: descriptor 3, with LISTEN_PID and LISTEN_FDS
 * A copy that ends with another status than 2 is started again at once (Restart=always,
 * RestartPreventExitStatus=2). TERM ends the copies, then itself. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define COPIES_MAX 64
#define MISCONFIGURED 2
#define PASSED_FD 3

static pid_t copies[COPIES_MAX];
static volatile sig_atomic_t stopping;

static void on_term(int signal_number)
{
    (void)signal_number;
    stopping = 1;
}

static int open_socket(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
    unlink(path);
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) != 0 ||
        listen(fd, 4096) != 0) {
        perror(path);
        exit(1);
    }
    return fcntl(fd, F_DUPFD_CLOEXEC, PASSED_FD + 1);
}

static void set_nonblocking(int fd, bool on)
{
    int flags = fcntl(fd, F_GETFL);
    fcntl(fd, F_SETFL, on ? flags | O_NONBLOCK : flags & ~O_NONBLOCK);
}

static void become(int fd, bool passed, char **program)
{
    char pid[16];

    set_nonblocking(fd, passed);
    if (passed) {
        snprintf(pid, sizeof(pid), "%d", (int)getpid());
        setenv("LISTEN_PID", pid, 1);
        setenv("LISTEN_FDS", "1", 1);
    }
    dup2(passed ? open("/dev/null", O_RDONLY | O_CLOEXEC) : fd, 0);
    if (passed)
        dup2(fd, PASSED_FD);
    execv(program[0], program);
    perror(program[0]);
    _exit(MISCONFIGURED);
}

static pid_t start(int fd, bool passed, char **program)
{
    /* TERM waits until the copy takes it as its own: our handler would swallow it before the exec. */
    sigset_t term;
    sigemptyset(&term);
    sigaddset(&term, SIGTERM);
    sigprocmask(SIG_BLOCK, &term, NULL);
    pid_t pid = fork();
    if (pid == 0)
        signal(SIGTERM, SIG_DFL);
    sigprocmask(SIG_UNBLOCK, &term, NULL);
    if (pid == 0)
        become(fd, passed, program);
    return pid;
}

/* Starts anew what has ended; gives how many copies are left. */
static int look_after(int count, int fd, bool passed, char **program)
{
    int status, left = 0;
    pid_t ended = waitpid(-1, &status, 0);

    for (int i = 0; i < count; i++) {
        if (ended > 0 && copies[i] == ended) {
            bool again = !stopping && !(WIFEXITED(status) && WEXITSTATUS(status) == MISCONFIGURED);
            copies[i] = again ? start(fd, passed, program) : 0;
        }
        left += copies[i] != 0;
    }
    return left;
}

int main(int argc, char **argv)
{
    const struct sigaction term = {.sa_handler = on_term};
    int count = argc > 4 ? (int)strtol(argv[2], NULL, 10) : 0;
    bool told = false;

    if (count < 1 || count > COPIES_MAX)
        return MISCONFIGURED;
    bool passed = strcmp(argv[3], "passed") == 0;
    int fd = open_socket(argv[1]);
    sigaction(SIGTERM, &term, NULL);
    for (int i = 0; i < count; i++)
        copies[i] = start(fd, passed, argv + 4);
    while (look_after(count, fd, passed, argv + 4) > 0) {
        for (int i = 0; stopping && !told && i < count; i++)
            if (copies[i] != 0)
                kill(copies[i], SIGTERM);
        told = told || stopping;
    }
    unlink(argv[1]);
    return 0;
}
