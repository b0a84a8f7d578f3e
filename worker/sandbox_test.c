/* Sandbox: what must fail inside fails, as stated; what a worker needs works. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "calls.h"
#include "reach.h"
#include "sandbox_scene.h"
#include <arpa/inet.h>
#include <cmocka.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/capability.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

static int result_of(long value)
{
    return value < 0 ? errno : 0;
}

static int opened(const char *path, int flags)
{
    int fd = open(path, flags | O_CLOEXEC, 0666);
    return result_of(fd);
}

/* --- canaries: files --- */

static int open_outside(void)
{
    return opened(scene("outside/file"), O_RDONLY);
}

static int open_passwd(void)
{
    return opened("/etc/passwd", O_RDONLY);
}

static int list_outside(void)
{
    return opened(scene_root, O_RDONLY | O_DIRECTORY);
}

static int open_way_out(void)
{
    return opened(scene("write/way-out"), O_RDONLY);
}

static int write_outside(void)
{
    return opened(scene("outside/file"), O_WRONLY);
}

static int create_outside(void)
{
    return opened(scene("outside/new"), O_WRONLY | O_CREAT);
}

static int write_in_read(void)
{
    return opened(scene("read/file"), O_RDWR);
}

static int create_in_read(void)
{
    return opened(scene("read/new"), O_WRONLY | O_CREAT);
}

static int truncate_by_reading(void)
{
    return opened(scene("outside/file"), O_RDONLY | O_TRUNC);
}

static int truncate_by_name(void)
{
    return result_of(truncate(scene("outside/file"), 0));
}

static int change_mode(void)
{
    return result_of(chmod(scene("write/file"), 0777));
}

static int unlink_in_read(void)
{
    return result_of(unlinkat(AT_FDCWD, scene("read/file"), 0));
}

static int rename_out(void)
{
    return result_of(rename(scene("write/file"), scene("outside/file2")));
}

static int rename_in(void)
{
    return result_of(rename(scene("outside/file"), scene("write/file2")));
}

static int link_in(void)
{
    return result_of(link(scene("outside/file"), scene("write/linked")));
}

static int open_own_memory(void)
{
    return opened("/proc/self/mem", O_RDWR);
}

static int of_parent(const char *what)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/%s", (int)getppid(), what);
    return opened(path, O_RDONLY);
}

static int open_parents_memory(void)
{
    return of_parent("mem");
}

static int open_parents_environment(void)
{
    return of_parent("environ");
}

static int write_read_only_memory(void)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", scene_memory_read_only);
    return opened(path, O_RDWR);
}

static int load_library(void)
{
    return dlopen("libjansson.so.4", RTLD_NOW) ? 0 : EACCES;
}

/* --- canaries: processes --- */

static int execute(void)
{
    return result_of(execl("/bin/true", "true", (char *)NULL));
}

static int fork_one(void)
{
    pid_t child = fork();
    if (child == 0)
        _exit(0);
    return result_of(child);
}

static int clone_3(void)
{
    return result_of(syscall(SYS_clone3, NULL, 0));
}

static int open_at_2(void)
{
    return result_of(syscall(SYS_openat2, AT_FDCWD, "/etc/passwd", NULL, 0));
}

static int be_traced(void)
{
    return result_of(ptrace(PTRACE_TRACEME, 0, NULL, NULL));
}

static int trace_parent(void)
{
    return result_of(ptrace(PTRACE_ATTACH, getppid(), NULL, NULL));
}

static int read_parent(void)
{
    char byte;
    struct iovec here = {&byte, 1}, there = {scene_root, 1};
    return result_of(process_vm_readv(getppid(), &here, 1, &there, 1, 0));
}

static int kill_parent(void)
{
    return result_of(kill(getppid(), 0));
}

static int kill_all(void)
{
    return result_of(kill(-1, 0));
}

static int kill_parents_thread(void)
{
    return result_of(syscall(SYS_tgkill, getppid(), getppid(), 0));
}

static int pipe_signals(int command, long argument)
{
    int ends[2];
    return pipe(ends) != 0 ? 99 : result_of(fcntl(ends[0], command, argument));
}

static int own_for_parent(void)
{
    return pipe_signals(F_SETOWN, getppid());
}

static int choose_signal(void)
{
    return pipe_signals(F_SETSIG, SIGKILL);
}

static int limit_parent(void)
{
    struct rlimit limit = {0, 0};
    return result_of(prlimit(getppid(), RLIMIT_NOFILE, &limit, NULL));
}

static int raise_limit(void)
{
    struct rlimit limit = {64, 64};
    return result_of(setrlimit(RLIMIT_CORE, &limit));
}

static int move_parent(void)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(0, &set);
    return result_of(sched_setaffinity(getppid(), sizeof set, &set));
}

static int be_dumpable(void)
{
    return result_of(prctl(PR_SET_DUMPABLE, 1));
}

static int be_other(void)
{
    return result_of(setuid(getuid()));
}

static int handle_sigsys(void)
{
    return signal(SIGSYS, SIG_IGN) == SIG_ERR ? errno : 0;
}

/* Libraries' threads may block all signals. */
static int execute_with_signals_blocked(void)
{
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, NULL);
    return execute();
}

static void *execute_in_thread(void *unused)
{
    (void)unused;
    execute();
    return NULL;
}

static int execute_elsewhere(void)
{
    pthread_t thread;
    int rc = pthread_create(&thread, NULL, execute_in_thread, NULL);
    return rc ? rc : pthread_join(thread, NULL);
}

/* --- canaries: the kernel --- */

static int mount_one(void)
{
    return result_of(mount("none", "/mnt", "tmpfs", 0, NULL));
}

static int ask_keys(void)
{
    return result_of(syscall(SYS_keyctl, 0, -3, 0, 0, 0));
}

static int load_bpf(void)
{
    return result_of(syscall(SYS_bpf, 0, NULL, 0));
}

static int new_namespace(void)
{
    return result_of(unshare(CLONE_NEWUSER));
}

static int fault_in_user(void)
{
    return result_of(syscall(SYS_userfaultfd, 0));
}

static int set_up_ring(void)
{
    char parameters[256] = {0};
    return result_of(syscall(SYS_io_uring_setup, 1, parameters));
}

static int measure(void)
{
    return result_of(syscall(SYS_perf_event_open, NULL, 0, -1, -1, 0));
}

static int mapped(int protection)
{
    void *at = mmap(NULL, 4096, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return at == MAP_FAILED ? errno : 0;
}

static int map_code_writable(void)
{
    return mapped(PROT_READ | PROT_WRITE | PROT_EXEC);
}

static int map_code(void)
{
    return mapped(PROT_READ | PROT_EXEC);
}

static int make_code(void)
{
    void *at = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return at == MAP_FAILED ? 99 : result_of(mprotect(at, 4096, PROT_READ | PROT_EXEC));
}

static int type_into_terminal(void)
{
    char c = 'x';
    return result_of(ioctl(0, TIOCSTI, &c));
}

#ifdef __x86_64__
/* The same numbers mean other calls by these two ways in. */
static int call_x32(void)
{
    return result_of(syscall(0x40000000 + SYS_getpid));
}

static int call_i386(void)
{
    long result = 20; /* getpid, there */
    __asm__ volatile("int $0x80" : "+a"(result) : : "memory");
    return result < 0 ? (int)-result : 0;
}
#endif

/* --- canaries: network --- */

static int new_socket(int family, int type, int protocol)
{
    return result_of(socket(family, type, protocol));
}

static int tcp_socket(void)
{
    return new_socket(AF_INET, SOCK_STREAM, 0);
}

static int unix_socket(void)
{
    return new_socket(AF_UNIX, SOCK_STREAM, 0);
}

static int raw_socket(void)
{
    return new_socket(AF_INET, SOCK_RAW, IPPROTO_ICMP);
}

static int packet_socket(void)
{
    return new_socket(AF_PACKET, SOCK_RAW, 0);
}

static int audit_socket(void)
{
    return new_socket(AF_NETLINK, SOCK_RAW, 9);
}

static int bind_one(int type)
{
    struct sockaddr_in any = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, type, 0);
    return fd < 0 ? 99 : result_of(bind(fd, (struct sockaddr *)&any, sizeof any));
}

static int bind_tcp(void)
{
    return bind_one(SOCK_STREAM);
}

static int bind_udp(void)
{
    return bind_one(SOCK_DGRAM);
}

static int listen_tcp(void)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    return fd < 0 ? 99 : result_of(listen(fd, 1));
}

static int connect_tcp(void)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    return fd < 0 ? 99 : result_of(connect(fd, (struct sockaddr *)&scene_address, sizeof scene_address));
}

/* --- the table of canaries --- */

typedef enum scope { BOTH, READS, NETWORK, DATAGRAMS, LISTENS } scope;

static wr_sandbox_wish wish_of(scope which)
{
    return (wr_sandbox_wish){.read_paths = scene_reads,
                             .write_paths = which == READS ? NULL : scene_writes,
                             .network = which == NETWORK || which == DATAGRAMS,
                             .datagrams = which == DATAGRAMS,
                             .listens = which == LISTENS};
}

typedef struct trial {
    const char *name;
    scope scope;
    int (*inside)(void);
    int end;     /* 0: works */
    int or_else; /* as an older kernel says it; 0: nothing */
} trial;

static const trial canaries[] = {
    {"open outside", BOTH, open_outside, EACCES, 0},
    {"open /etc/passwd", BOTH, open_passwd, EACCES, 0},
    {"list outside", BOTH, list_outside, EACCES, 0},
    {"open by a link that leads out", BOTH, open_way_out, EACCES, 0},
    {"write outside", BOTH, write_outside, EACCES, 0},
    {"create outside", BOTH, create_outside, EACCES, 0},
    {"write in a read path", BOTH, write_in_read, EACCES, 0},
    {"create in a read path", BOTH, create_in_read, EACCES, 0},
    {"unlink in a read path", BOTH, unlink_in_read, EACCES, 0},
    {"truncate by O_RDONLY", BOTH, truncate_by_reading, EPERM, 0},
    {"truncate by name", BOTH, truncate_by_name, EPERM, 0},
    {"chmod", BOTH, change_mode, EPERM, 0},
    {"rename out", BOTH, rename_out, EACCES, EXDEV},
    {"rename in", BOTH, rename_in, EACCES, EXDEV},
    {"link in", BOTH, link_in, EACCES, EXDEV},
    {"own memory by /proc", BOTH, open_own_memory, EACCES, 0},
    {"parent's memory by /proc", BOTH, open_parents_memory, EACCES, 0},
    {"parent's environment", BOTH, open_parents_environment, EACCES, 0},
    {"load a library", BOTH, load_library, EACCES, 0},
    {"create in a read path, nothing written", READS, create_in_read, EPERM, 0},
    {"read-only memory opened for writing", READS, write_read_only_memory, EPERM, 0},
    {"unlink, nothing written", READS, unlink_in_read, STOPPED + SYS_unlinkat, 0},
    {"execve", BOTH, execute, STOPPED + SYS_execve, 0},
    {"execve in a thread", BOTH, execute_elsewhere, STOPPED + SYS_execve, 0},
    {"execve, signals blocked", BOTH, execute_with_signals_blocked, KILLED + SIGSYS, 0},
    {"fork", BOTH, fork_one, STOPPED + SYS_clone, 0},
    {"clone3", BOTH, clone_3, ENOSYS, 0},
    {"openat2", BOTH, open_at_2, ENOSYS, 0},
    {"ptrace, traced", BOTH, be_traced, STOPPED + SYS_ptrace, 0},
    {"ptrace of parent", BOTH, trace_parent, STOPPED + SYS_ptrace, 0},
    {"process_vm_readv", BOTH, read_parent, STOPPED + SYS_process_vm_readv, 0},
    {"kill parent", BOTH, kill_parent, STOPPED + SYS_kill, 0},
    {"kill all", BOTH, kill_all, STOPPED + SYS_kill, 0},
    {"tgkill parent", BOTH, kill_parents_thread, STOPPED + SYS_tgkill, 0},
    {"F_SETOWN", BOTH, own_for_parent, EPERM, 0},
    {"F_SETSIG", BOTH, choose_signal, EPERM, 0},
    {"prlimit of parent", BOTH, limit_parent, EPERM, 0},
    {"raise a limit", BOTH, raise_limit, EPERM, 0},
    {"affinity of parent", BOTH, move_parent, EPERM, 0},
    {"PR_SET_DUMPABLE", BOTH, be_dumpable, EPERM, 0},
    {"setuid", BOTH, be_other, STOPPED + SYS_setuid, 0},
    {"handler of SIGSYS", BOTH, handle_sigsys, STOPPED + SYS_rt_sigaction, 0},
    {"mount", BOTH, mount_one, STOPPED + SYS_mount, 0},
    {"keyctl", BOTH, ask_keys, STOPPED + SYS_keyctl, 0},
    {"bpf", BOTH, load_bpf, STOPPED + SYS_bpf, 0},
    {"unshare", BOTH, new_namespace, STOPPED + SYS_unshare, 0},
    {"userfaultfd", BOTH, fault_in_user, STOPPED + SYS_userfaultfd, 0},
    {"io_uring_setup", BOTH, set_up_ring, STOPPED + SYS_io_uring_setup, 0},
    {"perf_event_open", BOTH, measure, STOPPED + SYS_perf_event_open, 0},
    {"mmap, writable and executable", BOTH, map_code_writable, EPERM, 0},
    {"mmap, executable", BOTH, map_code, EPERM, 0},
    {"mprotect, executable", BOTH, make_code, EPERM, 0},
    {"TIOCSTI", BOTH, type_into_terminal, EPERM, 0},
#ifdef __x86_64__
    {"x32", BOTH, call_x32, KILLED + SIGSYS, 0},
    {"i386", BOTH, call_i386, KILLED + SIGSYS, KILLED + SIGSEGV}, /* a kernel that has no such */
#endif
    {"socket without network", BOTH, tcp_socket, EPERM, 0},
    {"AF_UNIX", NETWORK, unix_socket, EPERM, 0},
    {"SOCK_RAW", NETWORK, raw_socket, EPERM, 0},
    {"AF_PACKET", NETWORK, packet_socket, EPERM, 0},
    {"NETLINK_AUDIT", NETWORK, audit_socket, EPERM, 0},
    {"bind, TCP", NETWORK, bind_tcp, EPERM, 0},
    {"bind, UDP", NETWORK, bind_udp, EPERM, 0},
    {"listen", NETWORK, listen_tcp, STOPPED + SYS_listen, 0},
    {"bind, UDP, with datagrams", DATAGRAMS, bind_udp, 0, 0},
    {"listen, with datagrams", DATAGRAMS, listen_tcp, STOPPED + SYS_listen, 0},
    {"connect as a listener", LISTENS, connect_tcp, STOPPED + SYS_connect, 0},
};

static unsigned try_all(const trial *one, size_t count)
{
    unsigned wrong = 0;
    for (; count--; one++) {
        wr_sandbox_wish wish = wish_of(one->scope);
        int end = sandbox_try(&wish, NULL, one->inside);
        if (end == one->end || (one->or_else && end == one->or_else))
            continue;
        print_error("%s: %d, not %d (%s)\n", one->name, end, one->end, sandbox_reported->text);
        wrong++;
    }
    return wrong;
}

static void test_canaries(void **state)
{
    (void)state;
    const trial tcp_port = {"bind, TCP, with datagrams", DATAGRAMS, bind_tcp, wr_reach_offered() >= 4 ? EACCES : 0, 0};
    scene_not_with_tsan();
    assert_int_equal(try_all(canaries, sizeof canaries / sizeof *canaries), 0);
    assert_int_equal(try_all(&tcp_port, 1), 0);
}

/* Root as it is without the right that lets it open anything. */
static int be_bound_by_modes(void)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];
    if (syscall(SYS_capget, &header, data) != 0)
        return 98;
    data[0].effective &= ~(uint32_t)CAP_TO_MASK(CAP_DAC_OVERRIDE);
    data[0].permitted &= ~(uint32_t)CAP_TO_MASK(CAP_DAC_OVERRIDE);
    return syscall(SYS_capset, &header, data) == 0 ? 0 : 98;
}

/* A worker that writes files may open for writing, but not what it was given to read. */
static void test_read_only_memory_stays_so(void **state)
{
    wr_sandbox_wish wish = wish_of(BOTH);
    (void)state;
    scene_not_with_tsan();
    assert_int_equal(sandbox_try(&wish, be_bound_by_modes, write_read_only_memory), EACCES);
}

/* --- other kernels --- */

static int as_it_is(void **state)
{
    (void)state;
    wr_reach_abi_most = INT_MAX;
    wr_calls_absent = false;
    return 0;
}

static int nothing(void)
{
    return 0;
}

static void test_this_kernel(void **state)
{
    wr_sandbox_wish wish = wish_of(BOTH);
    (void)state;
    assert_int_equal(sandbox_try(&wish, NULL, nothing), 0);
    print_message("sandbox: %s (Landlock %d)\n", sandbox_reported->text, sandbox_reported->landlock_abi);
    assert_true(sandbox_reported->no_new_privs && sandbox_reported->seccomp && sandbox_reported->core_off);
    assert_true(sandbox_reported->not_dumpable && sandbox_reported->no_capabilities && sandbox_reported->limits);
    assert_true(!sandbox_reported->landlock || sandbox_reported->landlock_network == (wr_reach_offered() >= 4));
}

/* What lacks is said; what the list of calls does, it does without Landlock too. */
static void test_no_landlock(void **state)
{
    static const trial without[] = {
        {"open outside", BOTH, open_outside, 0, 0},
        {"create without write paths", READS, create_outside, EPERM, 0},
        {"truncate by O_RDONLY", BOTH, truncate_by_reading, EPERM, 0},
        {"execve", BOTH, execute, STOPPED + SYS_execve, 0},
        {"bind", NETWORK, bind_tcp, EPERM, 0},
    };
    (void)state;
    wr_reach_abi_most = 0;
    assert_int_equal(try_all(without, sizeof without / sizeof *without), 0);
    assert_int_equal(sandbox_level(), WR_SANDBOX_PARTIAL);
    assert_false(sandbox_reported->landlock || sandbox_reported->landlock_network);
    assert_true(sandbox_reported->seccomp);
    assert_int_equal(sandbox_reported->landlock_abi, 0);
    assert_string_equal(sandbox_reported->text, "no Landlock in this kernel: files are not bound");
}

/* Each Landlock that this kernel can pass for: all canaries, and the same level. */
static void test_older_landlock(void **state)
{
    (void)state;
    scene_not_with_tsan();
    for (int abi = wr_reach_offered(); abi >= 1; abi--) {
        wr_reach_abi_most = abi;
        assert_int_equal(try_all(canaries, sizeof canaries / sizeof *canaries), 0);
        assert_int_equal(sandbox_reported->landlock_abi, abi);
        assert_int_equal(sandbox_reported->landlock_network, abi >= 4);
        assert_int_equal(sandbox_level(), WR_SANDBOX_FULL);
        assert_int_equal(strncmp(sandbox_reported->text, abi >= 6 ? "full" : "full (Landlock", abi >= 6 ? 5 : 14), 0);
    }
}

static void test_nothing_offered(void **state)
{
    wr_sandbox_wish wish = wish_of(BOTH);
    (void)state;
    scene_not_with_tsan();
    wr_calls_absent = true;
    wr_reach_abi_most = 0;
    assert_int_equal(sandbox_try(&wish, NULL, open_passwd), 0);
    assert_int_equal(sandbox_level(), WR_SANDBOX_NONE);
    wr_reach_abi_most = INT_MAX;
    if (wr_reach_offered() > 0) {
        assert_int_equal(sandbox_try(&wish, NULL, open_passwd), EACCES);
        assert_int_equal(sandbox_level(), WR_SANDBOX_PARTIAL);
    }
    assert_non_null(strstr(sandbox_reported->text, "seccomp"));
}

static void *sleep_on(void *unused)
{
    (void)unused;
    pause();
    return NULL;
}

static int start_thread(void)
{
    pthread_t thread;
    return pthread_create(&thread, NULL, sleep_on, NULL);
}

/* Calls are bound for threads that were there, files only by Landlock 8. */
static void test_threads_before(void **state)
{
    wr_sandbox_wish wish = wish_of(BOTH);
    (void)state;
    assert_int_equal(sandbox_try(&wish, start_thread, nothing), 0);
    assert_true(sandbox_reported->seccomp);
    if (wr_reach_offered() >= 8)
        assert_true(sandbox_reported->landlock);
    else
        assert_int_equal(sandbox_level(), WR_SANDBOX_PARTIAL);
}

static void test_path_not_there(void **state)
{
    static const char *const paths[] = {"/not/there", NULL};
    wr_sandbox_wish wish = {.read_paths = paths};
    (void)state;
    assert_int_equal(sandbox_try(&wish, NULL, nothing), 0);
    assert_non_null(strstr(sandbox_reported->text, "left out /not/there: No such file"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_this_kernel, as_it_is),
        cmocka_unit_test_setup(test_canaries, as_it_is),
        cmocka_unit_test_setup(test_this_kernel, as_it_is),
        cmocka_unit_test_setup(test_read_only_memory_stays_so, as_it_is),
        cmocka_unit_test_setup(test_no_landlock, as_it_is),
        cmocka_unit_test_setup(test_older_landlock, as_it_is),
        cmocka_unit_test_setup(test_nothing_offered, as_it_is),
        cmocka_unit_test_setup(test_threads_before, as_it_is),
        cmocka_unit_test_setup(test_path_not_there, as_it_is),
    };
    return cmocka_run_group_tests(tests, scene_make, scene_clear);
}
