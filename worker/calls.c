#include "calls.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <linux/prctl.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

/* When an entry counts. */
enum {
    ALWAYS = 0,
    NETWORK = 1 << 0,
    LISTENS = 1 << 1,
    DEVICES = 1 << 2,
    WRITES = 1 << 3,
    NO_SOCKETS = 1 << 4, /* neither network nor listens */
    NO_BINDS = 1 << 5,   /* network, but neither datagrams nor listens */
    READS = 1 << 6,      /* nothing is opened for writing */
    OPENS = 1 << 7,      /* something is */
    BINDS = 1 << 8,      /* datagrams or listens */
};

/* --- the list --- */

typedef struct group {
    int when; /* any of it */
    const char *names;
} group;

/* Names that an architecture or libseccomp does not know are left out. */
static const group groups[] = {
    /* malloc, thread stacks, pictures in memory. mmap and mprotect: below. */
    {ALWAYS, "brk munmap mremap madvise msync mlock munlock membarrier memfd_create"},
    /* Threads: starting is clone, below. Yielding and asking how they run; where, of themselves only, below. */
    {ALWAYS, "futex futex_time64 set_robust_list rseq set_tid_address sched_yield exit exit_group"},
    {ALWAYS, "gettid sched_getaffinity sched_getparam sched_getscheduler sched_getattr sched_get_priority_max "
             "sched_get_priority_min getcpu getpriority"},
    /* Clocks and sleep. */
    {ALWAYS, "clock_gettime clock_getres clock_nanosleep nanosleep gettimeofday time times "
             "timerfd_create timerfd_settime timerfd_gettime"},
    /* Waiting for descriptors, and bells that are descriptors. */
    {ALWAYS, "poll ppoll select pselect6 epoll_create epoll_create1 epoll_ctl epoll_wait epoll_pwait epoll_pwait2 "
             "eventfd eventfd2 pipe pipe2"},
    /* Descriptors that are there: films, pipes, memory. fcntl and ioctl: below. */
    {ALWAYS,
     "read readv pread64 preadv preadv2 write writev pwrite64 pwritev pwritev2 lseek _llseek sendfile "
     "copy_file_range fstat fstat64 fadvise64 readahead fsync fdatasync sync_file_range ftruncate fallocate flock "
     "close close_range dup dup2 dup3 getdents getdents64 fstatfs"},
    /* Files by name: Landlock says which may be opened. What there is and what it is like may be asked of all. Opening:
     * below. */
    {ALWAYS, "stat lstat newfstatat statx access faccessat faccessat2 readlink readlinkat getcwd statfs"},
    /* Recordings: no call that changes modes, owners or times, or truncates by name, since Landlock does not bind all
     * of them. */
    {WRITES, "mkdir mkdirat rename renameat renameat2 unlink unlinkat rmdir link linkat creat"},
    /* The socket that leads to the engine, with descriptors coming over it. */
    {ALWAYS,
     "recvmsg sendmsg recvfrom sendto recvmmsg sendmmsg shutdown getsockopt setsockopt getsockname getpeername"},
    /* Cameras, and names. socket: below. */
    {NETWORK, "connect"},
    {BINDS, "bind"},
    {LISTENS, "listen accept accept4"},
    /* Signals to itself: handlers are set below. */
    {ALWAYS, "rt_sigprocmask rt_sigreturn rt_sigtimedwait rt_sigsuspend sigaltstack restart_syscall pause"},
    /* Who and where it is, and how much it uses. */
    {ALWAYS,
     "getpid getppid getuid geteuid getgid getegid getresuid getresgid getgroups getpgrp uname sysinfo getrusage "
     "getrlimit getrandom"},
};

/* What an argument must be for a call to be let through. An int is looked at as the kernel does: its lower 32 bits. */
enum { VALUES_MAX = 18 };
#define INT UINT64_C(0xffffffff)
#define ANY_OF(...)                                                                                                    \
    (sizeof((uint64_t[]){__VA_ARGS__}) / sizeof(uint64_t)),                                                            \
    {                                                                                                                  \
        __VA_ARGS__                                                                                                    \
    }
typedef struct condition {
    int when;
    bool stops; /* the process, where not met; else EPERM */
    const char *name;
    unsigned argument;
    uint64_t mask;
    unsigned values;
    uint64_t value[VALUES_MAX];
} condition;

#define THREAD_MUST (CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM)
#define THREAD_MAY  (CLONE_SETTLS | CLONE_PARENT_SETTID | CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID | CLONE_DETACHED)
#define KIND(c)     ((uint64_t)(c) << _IOC_TYPESHIFT)
enum { WRITING = O_ACCMODE | O_CREAT | O_TRUNC, TRUNCATING = O_ACCMODE | O_TRUNC };
/* Not in all kernel headers. ARCH: asking for a unit of the processor, ONNX Runtime does (AMX). */
enum { SET_VMA = 0x53564d41, ARCH_GET_UNITS = 0x1021, ARCH_GET_PERMITTED = 0x1022, ARCH_PERMIT = 0x1023 };
enum { ADD_SEALS = 1033, GET_SEALS = 1034 };

static const condition conditions[] = {
    /* A thread of this process, and nothing else. */
    {ALWAYS, true, "clone", 0, ~(uint64_t)THREAD_MAY, ANY_OF(THREAD_MUST)},
    /* Code was loaded before; nothing becomes code now. */
    {ALWAYS, false, "mmap", 2, PROT_EXEC, ANY_OF(0)},
    {ALWAYS, false, "mmap2", 2, PROT_EXEC, ANY_OF(0)},
    {ALWAYS, false, "mprotect", 2, PROT_EXEC, ANY_OF(0)},
    /* Names of threads and memory; what is asked for by libraries. */
    {ALWAYS, false, "prctl", 0, INT,
     ANY_OF(PR_SET_NAME, PR_GET_NAME, SET_VMA, PR_GET_DUMPABLE, PR_GET_NO_NEW_PRIVS, PR_GET_SECCOMP, PR_GET_PDEATHSIG,
            PR_GET_TIMERSLACK, PR_SET_TIMERSLACK)},
    {ALWAYS, false, "arch_prctl", 0, INT, ANY_OF(ARCH_GET_UNITS, ARCH_GET_PERMITTED, ARCH_PERMIT)},
    /* Not F_SETOWN and F_SETSIG: the kernel would send signals to others in its name. */
    {ALWAYS, false, "fcntl", 1, INT,
     ANY_OF(F_DUPFD, F_DUPFD_CLOEXEC, F_GETFD, F_SETFD, F_GETFL, F_SETFL, F_GETLK, F_SETLK, F_SETLKW, F_OFD_GETLK,
            F_OFD_SETLK, F_OFD_SETLKW, F_GETPIPE_SZ, F_SETPIPE_SZ, ADD_SEALS, GET_SEALS)},
    /* Is it a terminal, is there something to read. Not TIOCSTI, which types into it. */
    {ALWAYS, false, "ioctl", 1, INT, ANY_OF(TCGETS, TIOCGWINSZ, FIONREAD, FIONBIO, FIOCLEX, FIONCLEX)},
    {NETWORK | BINDS, false, "ioctl", 1, INT,
     ANY_OF(SIOCGIFNAME, SIOCGIFINDEX, SIOCGIFCONF, SIOCGIFFLAGS, SIOCGIFADDR, SIOCGIFMTU, SIOCOUTQ)},
    /* V4L2, media controller, dma-buf. */
    {DEVICES, false, "ioctl", 1, KIND(0xff), ANY_OF(KIND('V'), KIND('|'), KIND('b'))},
    /* Only what is opened for writing is truncated: Landlock before 3 does not look at O_RDONLY | O_TRUNC. */
    {READS, false, "open", 1, WRITING, ANY_OF(O_RDONLY)},
    {READS, false, "openat", 2, WRITING, ANY_OF(O_RDONLY)},
    {OPENS, false, "open", 1, O_TRUNC, ANY_OF(0)},
    {OPENS, false, "open", 1, TRUNCATING, ANY_OF(O_WRONLY | O_TRUNC, O_RDWR | O_TRUNC)},
    {OPENS, false, "openat", 2, O_TRUNC, ANY_OF(0)},
    {OPENS, false, "openat", 2, TRUNCATING, ANY_OF(O_WRONLY | O_TRUNC, O_RDWR | O_TRUNC)},
    /* Of the calling thread; another's could be the engine's. */
    {ALWAYS, false, "sched_setaffinity", 0, INT, ANY_OF(0)},
    /* The resolver binds its netlink socket, whose addresses are shorter than those of IP. */
    {NO_BINDS, false, "bind", 2, INT, ANY_OF(sizeof(struct sockaddr_nl))},
    /* A handler for any signal but the one by which the process is stopped: 31 has all of the lower 5 bits. 63 has, too. */
    {ALWAYS, true, "rt_sigaction", 0, 1, ANY_OF(0)},
    {ALWAYS, true, "rt_sigaction", 0, 2, ANY_OF(0)},
    {ALWAYS, true, "rt_sigaction", 0, 4, ANY_OF(0)},
    {ALWAYS, true, "rt_sigaction", 0, 8, ANY_OF(0)},
    {ALWAYS, true, "rt_sigaction", 0, 16, ANY_OF(0)},
};

/* What libraries try and can do without. error 0: EPERM. */
typedef struct answer {
    int when;
    int error;
    const char *names;
} answer;

static const answer answers[] = {
    /* Arguments in memory, where no filter sees them; the C library then takes clone and openat. */
    {ALWAYS, ENOSYS, "clone3 openat2"},
    /* Wishes about scheduling and memory: threads of libraries do without. */
    {ALWAYS, 0,
     "sched_setscheduler sched_setparam sched_setattr setpriority mlockall mbind set_mempolicy get_mempolicy"},
    /* A node that was not said to use the network says what it could not open. So does the C library, about nscd. */
    {NO_SOCKETS, 0, "socket"},
    /* Modes, owners and times of files: no Landlock binds them. */
    {ALWAYS, 0, "chmod fchmod fchmodat chown fchown fchownat utimensat truncate setxattr fsetxattr"},
};

/* --- making the filters --- */

typedef struct filters {
    scmp_filter_ctx stop, refuse;
    int when;
    int error; /* the first; 0: none */
} filters;

bool wr_calls_absent;

static bool counts(const filters *to, int when)
{
    return when == ALWAYS || (when & to->when) != 0;
}

/* action 0: what the filter does anyway. */
static void add(filters *to, scmp_filter_ctx filter, uint32_t action, int call, unsigned compares,
                const struct scmp_arg_cmp *compare)
{
    int rc = action ? seccomp_rule_add_array(filter, action, call, compares, compare) : 0;
    if (rc < 0 && !to->error)
        to->error = -rc;
}

/* Calls that this architecture lacks have numbers below zero. */
static int number(const char *name)
{
    return seccomp_syscall_resolve_name(name);
}

static void add_names(filters *to, const char *names, uint32_t refusal)
{
    char name[32];
    for (int used; sscanf(names, "%31s%n", name, &used) == 1; names += used) {
        int call = number(name);
        if (call < 0)
            continue;
        add(to, to->stop, SCMP_ACT_ALLOW, call, 0, NULL);
        add(to, to->refuse, refusal, call, 0, NULL);
    }
}

static void add_condition(filters *to, const condition *one)
{
    int call = number(one->name);
    if (call < 0)
        return;
    add(to, one->stops ? to->refuse : to->stop, SCMP_ACT_ALLOW, call, 0, NULL);
    for (unsigned i = 0; i < one->values; i++) {
        uint64_t value = one->value[i] & one->mask;
        struct scmp_arg_cmp compare = {one->argument, SCMP_CMP_MASKED_EQ, one->mask, value};
        add(to, one->stops ? to->stop : to->refuse, SCMP_ACT_ALLOW, call, 1, &compare);
    }
}

/* TCP, UDP, and what the resolver asks the kernel for its addresses by. */
static void add_sockets(filters *to)
{
    static const unsigned kinds[][3] = {
        {AF_INET, SOCK_STREAM, 0},          {AF_INET, SOCK_STREAM, IPPROTO_TCP}, {AF_INET, SOCK_DGRAM, 0},
        {AF_INET, SOCK_DGRAM, IPPROTO_UDP}, {AF_INET6, SOCK_STREAM, 0},          {AF_INET6, SOCK_STREAM, IPPROTO_TCP},
        {AF_INET6, SOCK_DGRAM, 0},          {AF_INET6, SOCK_DGRAM, IPPROTO_UDP}, {AF_NETLINK, SOCK_RAW, NETLINK_ROUTE},
    };
    int call = number("socket");
    add(to, to->stop, SCMP_ACT_ALLOW, call, 0, NULL);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        const struct scmp_arg_cmp compare[] = {
            {0, SCMP_CMP_MASKED_EQ, INT, kinds[i][0]},
            {1, SCMP_CMP_MASKED_EQ, INT & ~(uint64_t)(SOCK_CLOEXEC | SOCK_NONBLOCK), kinds[i][1]},
            {2, SCMP_CMP_MASKED_EQ, INT, kinds[i][2]},
        };
        add(to, to->refuse, SCMP_ACT_ALLOW, call, 3, compare);
    }
}

/* Signals to itself (abort() sends one), and its own limits, which it may read. */
static void add_self(filters *to)
{
    static const char *const to_pid[] = {"kill", "tgkill"};
    const struct scmp_arg_cmp self = {0, SCMP_CMP_MASKED_EQ, INT, (uint64_t)getpid()};
    const struct scmp_arg_cmp read_limit[] = {{0, SCMP_CMP_MASKED_EQ, INT, 0}, {2, SCMP_CMP_EQ, 0, 0}};
    for (size_t i = 0; i < sizeof to_pid / sizeof *to_pid; i++) {
        add(to, to->refuse, SCMP_ACT_ALLOW, number(to_pid[i]), 0, NULL);
        add(to, to->stop, SCMP_ACT_ALLOW, number(to_pid[i]), 1, &self);
    }
    add(to, to->stop, SCMP_ACT_ALLOW, number("prlimit64"), 0, NULL);
    add(to, to->refuse, SCMP_ACT_ALLOW, number("prlimit64"), 2, read_limit);
}

static void fill(filters *to)
{
    for (size_t i = 0; i < sizeof groups / sizeof *groups; i++)
        if (counts(to, groups[i].when))
            add_names(to, groups[i].names, SCMP_ACT_ALLOW);
    for (size_t i = 0; i < sizeof conditions / sizeof *conditions; i++)
        if (counts(to, conditions[i].when))
            add_condition(to, &conditions[i]);
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++)
        if (counts(to, answers[i].when))
            add_names(to, answers[i].names, answers[i].error ? SCMP_ACT_ERRNO((unsigned)answers[i].error) : 0);
    if (to->when & (NETWORK | BINDS))
        add_sockets(to);
    add_self(to);
    /* The second filter is loaded under the first. */
    add(to, to->refuse, SCMP_ACT_ALLOW, number("seccomp"), 0, NULL);
}

static int when_of(const wr_sandbox_wish *wish)
{
    bool writes = wish->write_paths && *wish->write_paths;
    bool binds = wish->listens || wish->datagrams, sockets = wish->network || binds;
    return (wish->network ? NETWORK : 0) | (sockets ? 0 : NO_SOCKETS) | (wish->listens ? LISTENS : 0) |
           (wish->devices ? DEVICES : 0) | (writes ? WRITES : 0) |
           (binds     ? BINDS
            : sockets ? NO_BINDS
                      : 0) |
           (writes || wish->devices ? OPENS : READS);
}

/* --- being stopped --- */

static _Atomic uint32_t *stopped;

/* Notes the call; making one that is not allowed here, where SIGSYS is blocked, kills whatever handlers say. */
static void on_stop(int signal, siginfo_t *info, void *context)
{
    (void)signal;
    (void)context;
    char line[64] = "stopped by the sandbox: system call ", digits[12];
    size_t used = strlen(line), count = 0;
    uint32_t call = (uint32_t)info->si_syscall;
    if (stopped)
        atomic_store(stopped, call + 1);
    do
        digits[count++] = (char)('0' + call % 10);
    while ((call /= 10) != 0);
    while (count)
        line[used++] = digits[--count];
    line[used++] = '\n';
    ssize_t written = write(STDERR_FILENO, line, used);
    (void)written;
    syscall(SYS_execve, NULL, NULL, NULL);
    _exit(128 + SIGSYS);
}

static bool handle_stop(_Atomic uint32_t *note)
{
    struct sigaction action = {.sa_sigaction = on_stop, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    sigset_t set;
    stopped = note;
    sigemptyset(&set);
    sigaddset(&set, SIGSYS);
    return sigfillset(&action.sa_mask) == 0 && sigaction(SIGSYS, &action, NULL) == 0 &&
           pthread_sigmask(SIG_UNBLOCK, &set, NULL) == 0;
}

/* --- entering --- */

static int set_up(scmp_filter_ctx filter)
{
    int rc = seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1);
    if (rc == 0) /* it is set already, and to set it is refused once the first is loaded */
        rc = seccomp_attr_set(filter, SCMP_FLTATR_CTL_NNP, 0);
    if (rc == 0)
        rc = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
    if (rc == 0)
        rc = seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
    return rc;
}

static int load(filters *made, const wr_sandbox_wish *wish)
{
    if (wr_calls_absent)
        return EINVAL;
    if (!made->stop || !made->refuse)
        return ENOMEM;
    int rc = set_up(made->stop);
    rc = rc < 0 ? rc : set_up(made->refuse);
    if (rc < 0)
        return -rc;
    fill(made);
    if (made->error)
        return made->error;
    if (!handle_stop(wish->stopped))
        return errno;
    rc = seccomp_load(made->refuse);
    return -(rc < 0 ? rc : seccomp_load(made->stop));
}

bool wr_calls_restrict(const wr_sandbox_wish *wish, char *why, size_t why_bytes)
{
    filters made = {
        .stop = seccomp_init(SCMP_ACT_TRAP), .refuse = seccomp_init(SCMP_ACT_ERRNO(EPERM)), .when = when_of(wish)};
    int error = load(&made, wish);
    if (error)
        snprintf(why, why_bytes, "seccomp: %s: calls are not bound", strerror(error));
    if (made.stop)
        seccomp_release(made.stop);
    if (made.refuse)
        seccomp_release(made.refuse);
    return error == 0;
}
