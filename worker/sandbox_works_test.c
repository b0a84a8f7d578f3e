/* Sandbox: what a worker needs works inside, and how it begins. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "sandbox_scene.h"
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* In children: the line at which it went wrong, as far as an exit status tells. */
#define WORKS(what)                                                                                                    \
    do {                                                                                                               \
        if (!(what)) {                                                                                                 \
            fprintf(stderr, "%s:%d: %s: %s\n", __FILE__, __LINE__, #what, strerror(errno));                            \
            return 97;                                                                                                 \
        }                                                                                                              \
    } while (0)

static int socket_ends[2];

static bool reads(const char *path)
{
    char byte;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    bool ok = fd >= 0 && read(fd, &byte, 1) == 1;
    if (fd >= 0)
        close(fd);
    return ok;
}

static int use_files(void)
{
    struct stat about;
    WORKS(reads(scene("read/file")));
    WORKS(reads("/proc/self/statm") && reads("/proc/self/status") && reads("/proc/self/maps"));
    WORKS(reads("/proc/cpuinfo") && reads("/proc/meminfo") && reads("/dev/urandom"));
    WORKS(sysconf(_SC_NPROCESSORS_ONLN) > 0 && sysconf(_SC_PHYS_PAGES) > 0);
    WORKS(stat(scene("outside/file"), &about) == 0);
    int fd = open(scene("write/new"), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    WORKS(fd >= 0 && write(fd, "abc", 3) == 3 && pwrite(fd, "d", 1, 0) == 1 && fsync(fd) == 0);
    WORKS(ftruncate(fd, 2) == 0 && posix_fallocate(fd, 0, 4096) == 0 && close(fd) == 0);
    WORKS(rename(scene("write/new"), scene("write/newer")) == 0);
    WORKS(link(scene("write/newer"), scene("write/second")) == 0);
    WORKS(mkdir(scene("write/made"), 0777) == 0 && rmdir(scene("write/made")) == 0);
    WORKS(unlink(scene("write/newer")) == 0 && unlink(scene("write/second")) == 0);
    return 0;
}

static int rename_below(void)
{
    WORKS(rename(scene("write/file"), scene("write/below/file")) == 0);
    WORKS(rename(scene("write/below/file"), scene("write/file")) == 0);
    return 0;
}

static int use_memory(void)
{
    char *large = malloc(64 << 20), *map;
    WORKS(large);
    memset(large, 1, 64 << 20);
    large = realloc(large, 128 << 20);
    WORKS(large);
    free(large);
    map = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, scene_memory, 0);
    WORKS(map != MAP_FAILED);
    map[0] = 'x';
    map = mmap(NULL, 4096, PROT_READ, MAP_SHARED, scene_memory_read_only, 0);
    WORKS(map != MAP_FAILED && map[0] == 'x');
    WORKS(memfd_create("own", MFD_CLOEXEC | MFD_ALLOW_SEALING) >= 0);
    return 0;
}

/* What leads to it for writing all the same, by /proc, gets nowhere. */
static int use_sealed_memory(void)
{
    char path[64];
    int own = memfd_create("own", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    WORKS(own >= 0 && ftruncate(own, 4096) == 0);
    char *map = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, own, 0);
    WORKS(map != MAP_FAILED && fcntl(own, F_ADD_SEALS, F_SEAL_FUTURE_WRITE | F_SEAL_SHRINK | F_SEAL_GROW) == 0);
    snprintf(path, sizeof path, "/proc/self/fd/%d", own);
    int again = open(path, O_RDWR | O_CLOEXEC);
    WORKS(again < 0 || mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, again, 0) == MAP_FAILED);
    WORKS(again < 0 || write(again, "x", 1) < 0);
    map[0] = 'x'; /* the owner's map goes on */
    return 0;
}

static bool status_has(const char *name, unsigned long long least, unsigned long long most)
{
    char line[256];
    bool found = false;
    FILE *file = fopen("/proc/self/status", "re");
    while (file && fgets(line, sizeof line, file))
        if (strncmp(line, name, strlen(name)) == 0) {
            unsigned long long value = strtoull(line + strlen(name), NULL, 16);
            found = value >= least && value <= most;
        }
    if (file)
        fclose(file);
    return found;
}

static int use_status(void)
{
    WORKS(status_has("NoNewPrivs:", 1, 1) && status_has("Seccomp:", 2, 2) && status_has("Seccomp_filters:", 2, 2));
    WORKS(status_has("CapPrm:", 0, 2) && status_has("CapEff:", 0, 2)); /* 2: CAP_DAC_OVERRIDE */
    return 0;
}

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t rung = PTHREAD_COND_INITIALIZER;
static int rings; /* under lock */

/* Waits for a ring, and ends as FFmpeg's reader of UDP does. */
static void *wait_and_exit(void *unused)
{
    (void)unused;
    pthread_setname_np(pthread_self(), "inside");
    pthread_mutex_lock(&lock);
    while (rings == 0)
        pthread_cond_wait(&rung, &lock);
    rings--;
    pthread_mutex_unlock(&lock);
    pthread_exit(NULL);
}

static void *sleep_until_cancelled(void *unused)
{
    for (;;)
        pause();
    return unused;
}

static int use_threads(void)
{
    pthread_t thread[4], sleeper;
    void *result;
    for (int i = 0; i < 4; i++)
        WORKS(pthread_create(&thread[i], NULL, wait_and_exit, NULL) == 0);
    pthread_mutex_lock(&lock);
    rings = 4;
    pthread_cond_broadcast(&rung);
    pthread_mutex_unlock(&lock);
    for (int i = 0; i < 4; i++)
        WORKS(pthread_join(thread[i], NULL) == 0);
    WORKS(pthread_create(&sleeper, NULL, sleep_until_cancelled, NULL) == 0 && pthread_cancel(sleeper) == 0);
    WORKS(pthread_join(sleeper, &result) == 0 && result == PTHREAD_CANCELED);
    return 0;
}

static int use_time_and_bells(void)
{
    struct timespec now, nap = {0, 1000};
    struct itimerspec soon = {.it_value.tv_nsec = 1000};
    struct epoll_event event = {.events = EPOLLIN};
    uint64_t count = 1;
    char bytes[16];
    WORKS(clock_gettime(CLOCK_MONOTONIC, &now) == 0 && nanosleep(&nap, NULL) == 0 && time(NULL) > 0);
    WORKS(getrandom(bytes, sizeof bytes, 0) == sizeof bytes);
    int timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC), bell = eventfd(0, EFD_CLOEXEC), set = epoll_create1(0);
    WORKS(timer >= 0 && bell >= 0 && set >= 0);
    WORKS(timerfd_settime(timer, 0, &soon, NULL) == 0 && read(timer, &count, sizeof count) == sizeof count);
    WORKS(write(bell, &count, sizeof count) == sizeof count);
    WORKS(epoll_ctl(set, EPOLL_CTL_ADD, bell, &event) == 0 && epoll_wait(set, &event, 1, -1) == 1);
    WORKS(poll(&(struct pollfd){.fd = bell, .events = POLLIN}, 1, -1) == 1);
    WORKS(getrlimit(RLIMIT_NOFILE, &(struct rlimit){0}) == 0 && getrusage(RUSAGE_SELF, &(struct rusage){0}) == 0);
    WORKS(signal(SIGTERM, SIG_IGN) != SIG_ERR && raise(SIGTERM) == 0 && kill(getpid(), SIGTERM) == 0);
    WORKS(isatty(0) >= 0);
    return 0;
}

/* A descriptor comes over the socket that the engine gave. */
static int use_socket(void)
{
    char byte, room[CMSG_SPACE(sizeof(int))];
    struct iovec data = {&byte, 1};
    struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1, .msg_control = room, .msg_controllen = sizeof room};
    WORKS(recvmsg(socket_ends[1], &message, MSG_CMSG_CLOEXEC) == 1 && CMSG_FIRSTHDR(&message));
    int fd = *(int *)(void *)CMSG_DATA(CMSG_FIRSTHDR(&message));
    WORKS(mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0) != MAP_FAILED);
    WORKS(send(socket_ends[1], "y", 1, MSG_NOSIGNAL) == 1);
    return 0;
}

static void give_descriptor(void)
{
    char byte = 'x', room[CMSG_SPACE(sizeof(int))] = {0};
    struct iovec data = {&byte, 1};
    struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1, .msg_control = room, .msg_controllen = sizeof room};
    struct cmsghdr *head = CMSG_FIRSTHDR(&message);
    *head = (struct cmsghdr){.cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(sizeof(int))};
    memcpy(CMSG_DATA(head), &scene_memory, sizeof(int));
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, socket_ends), 0);
    assert_int_equal(sendmsg(socket_ends[0], &message, 0), 1);
}

static int use_network(void)
{
    struct addrinfo hint = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG}, *list = NULL;
    struct sockaddr *there = (struct sockaddr *)&scene_address;
    int tcp = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), udp = socket(AF_INET, SOCK_DGRAM, 0), on = 1;
    WORKS(tcp >= 0 && setsockopt(tcp, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on) == 0);
    WORKS(connect(tcp, there, sizeof scene_address) == 0);
    WORKS(udp >= 0 && sendto(udp, "x", 1, 0, there, sizeof scene_address) == 1);
    WORKS(getaddrinfo("localhost", "80", &hint, &list) == 0);
    freeaddrinfo(list);
    /* Nobody has that name: what counts is that asking does not stop the process. */
    WORKS(getaddrinfo("weir.invalid", "80", &hint, &list) != 0);
    return 0;
}

static int listen_and_connect(void)
{
    struct sockaddr_in any = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t bytes = sizeof any;
    int one = socket(AF_INET, SOCK_STREAM, 0), other = socket(AF_INET, SOCK_STREAM, 0);
    WORKS(bind(one, (struct sockaddr *)&any, bytes) == 0 && listen(one, 1) == 0);
    WORKS(getsockname(one, (struct sockaddr *)&any, &bytes) == 0);
    WORKS(connect(other, (struct sockaddr *)&any, bytes) == 0 && accept4(one, NULL, NULL, SOCK_CLOEXEC) >= 0);
    return 0;
}

static int write_too_much(void)
{
    char many[4096] = {0};
    int fd = open(scene("write/large"), O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
    WORKS(fd >= 0 && write(fd, many, sizeof many) == sizeof many);
    WORKS(write(fd, many, sizeof many) < 0 && errno == EFBIG);
    for (int i = 0; i < 16; i++)
        fd = dup(0);
    WORKS(fd < 0 && errno == EMFILE);
    return 0;
}

static int allocate_too_much(void)
{
    void *volatile large = malloc((size_t)1 << 30); /* which compilers may leave out */
    WORKS(!large && errno == ENOMEM);
    return 0;
}

/* Device nodes: /dev/null stands for a camera. */
static int use_device(void)
{
    int fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    WORKS(fd >= 0 && write(fd, "x", 1) == 1);
    WORKS(ioctl(fd, _IOR('V', 0, char[104]), NULL) < 0 && errno == ENOTTY);
    WORKS(ioctl(fd, _IOR('X', 0, char[104]), NULL) < 0 && errno == EPERM);
    WORKS(open(scene("read/file"), O_RDWR) < 0 && errno == EACCES);
    return 0;
}

static void works(wr_sandbox_wish wish, int (*inside)(void))
{
    int end = sandbox_try(&wish, NULL, inside);
    if (end >= STOPPED)
        print_error("stopped: %d\n", end - STOPPED);
    assert_int_equal(end, 0);
}

static wr_sandbox_wish both(void)
{
    return (wr_sandbox_wish){.read_paths = scene_reads, .write_paths = scene_writes};
}

static void test_works(void **state)
{
    (void)state;
    works(both(), use_files);
    works(both(), use_memory);
    works(both(), use_status);
    works(both(), use_sealed_memory);
    works(both(), use_time_and_bells);
    if (sandbox_reported->landlock_abi != 1)
        works(both(), rename_below);
    give_descriptor();
    works(both(), use_socket);
}

static void test_threads(void **state)
{
    (void)state;
    scene_not_with_tsan();
    works(both(), use_threads);
    works((wr_sandbox_wish){0}, use_threads);
}

static void test_works_without_writing(void **state)
{
    (void)state;
    works((wr_sandbox_wish){0}, use_memory);
    works((wr_sandbox_wish){0}, use_time_and_bells);
}

static void test_network(void **state)
{
    (void)state;
    setenv("RES_OPTIONS", "timeout:1 attempts:1", 1);
    works((wr_sandbox_wish){.network = true}, use_network);
    works((wr_sandbox_wish){.network = true, .listens = true}, listen_and_connect);
}

static void test_devices(void **state)
{
    static const char *const paths[] = {"/dev/null", NULL};
    (void)state;
    works((wr_sandbox_wish){.read_paths = paths, .devices = true}, use_device);
}

static void test_limits(void **state)
{
    wr_sandbox_wish wish = both();
    (void)state;
    wish.file_bytes = 4096;
    wish.files = 16;
    works(wish, write_too_much);
    if (WITH_ASAN || WITH_TSAN) /* which map terabytes */
        return;
    works((wr_sandbox_wish){.memory_bytes = 256 << 20}, allocate_too_much);
}

/* --- beginning --- */

static bool environment_holds(const char *word)
{
    static char all[1 << 16];
    int fd = open("/proc/self/environ", O_RDONLY | O_CLOEXEC);
    ssize_t bytes = fd < 0 ? 0 : read(fd, all, sizeof all);
    if (fd >= 0)
        close(fd);
    return bytes > 0 && memmem(all, (size_t)bytes, word, strlen(word)) != NULL;
}

static int begin(void)
{
    static const char *const kept[] = {"WEIR_TEST_KEPT", "WEIR_TEST_NONE", NULL};
    int high = fcntl(scene_memory, F_DUPFD, 200), lost = fcntl(scene_memory, F_DUPFD, 100), deathsig = 0;
    int keep[] = {high, scene_memory, STDERR_FILENO, scene_memory};
    struct rlimit core;
    WORKS(environment_holds("of no use"));
    WORKS(wr_sandbox_begin(getppid(), keep, 4, kept));
    WORKS(fcntl(high, F_GETFD) >= 0 && fcntl(scene_memory, F_GETFD) >= 0);
    WORKS(fcntl(lost, F_GETFD) < 0 && fcntl(scene_memory_read_only, F_GETFD) < 0);
    WORKS(fcntl(0, F_GETFD) >= 0 && fcntl(1, F_GETFD) >= 0 && read(0, &deathsig, 1) == 0);
    WORKS(strcmp(getenv("WEIR_TEST_KEPT"), "kept") == 0 && environ[1] == NULL && !getenv("WEIR_TEST_SECRET"));
    WORKS(!environment_holds("of no use"));
    WORKS(getsid(0) == getpid() && prctl(PR_GET_DUMPABLE) == 0 && getrlimit(RLIMIT_CORE, &core) == 0);
    WORKS(core.rlim_max == 0 && prctl(PR_GET_PDEATHSIG, &deathsig) == 0 && deathsig == SIGKILL);
    return 0;
}

/* The scene's descriptors are gone afterwards, so it enters with none of its folders. */
static int after_begin(void)
{
    int deathsig = 0;
    WORKS(prctl(PR_GET_PDEATHSIG, &deathsig) == 0 && deathsig == SIGKILL); /* entering leaves it */
    WORKS(reads("/proc/self/statm"));
    return 0;
}

static void test_begin(void **state)
{
    wr_sandbox_wish wish = {0};
    (void)state;
    assert_int_equal(sandbox_try(&wish, begin, after_begin), 0);
}

static int begin_without_parent(void)
{
    return wr_sandbox_begin(1 << 22, NULL, 0, NULL) ? 0 : errno;
}

static void test_parent_gone(void **state)
{
    wr_sandbox_wish wish = {0};
    (void)state;
    assert_int_equal(sandbox_try(&wish, begin_without_parent, after_begin), ESRCH);
}

/* A worker's child of a parent that dies: the pipe's other end is closed by its death. */
static int orphan(void)
{
    int ends[2], ready[2];
    char byte;
    WORKS(pipe(ends) == 0 && pipe(ready) == 0);
    pid_t parent = fork();
    if (parent == 0) {
        pid_t me = getpid(), child = fork();
        if (child == 0) {
            wr_sandbox_report report;
            bool ok = wr_sandbox_begin(me, (int[]){ends[1], ready[1]}, 2, NULL);
            wr_sandbox_enter(&(wr_sandbox_wish){0}, &report);
            _exit(ok && write(ready[1], "x", 1) == 1 ? pause() : 1);
        }
        pause();
    }
    close(ends[1]);
    close(ready[1]);
    WORKS(read(ready[0], &byte, 1) == 1);
    WORKS(kill(parent, SIGKILL) == 0 && waitpid(parent, NULL, 0) == parent);
    WORKS(read(ends[0], &byte, 1) == 0); /* waits for the child's end */
    return 0;
}

static void test_dies_with_parent(void **state)
{
    (void)state;
    assert_int_equal(orphan(), 0);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_works),
        cmocka_unit_test(test_threads),
        cmocka_unit_test(test_works_without_writing),
        cmocka_unit_test(test_network),
        cmocka_unit_test(test_devices),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_begin),
        cmocka_unit_test(test_parent_gone),
        cmocka_unit_test(test_dies_with_parent),
    };
    (void)argc;
    /* The kernel's copy of the environment is made when a program starts. */
    if (!getenv("WEIR_TEST_KEPT")) {
        setenv("WEIR_TEST_KEPT", "kept", 1);
        setenv("WEIR_TEST_SECRET", "of no use", 1);
        execv("/proc/self/exe", argv);
    }
    return cmocka_run_group_tests(tests, scene_make, scene_clear);
}
