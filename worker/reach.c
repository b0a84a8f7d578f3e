#include "reach.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* As in the kernel's linux/landlock.h, of which a system may have an older one than its kernel. */
enum { CREATE_VERSION = 1, RULE_PATH_BENEATH = 1, RESTRICT_TSYNC = 1 << 3 };
enum { ABI_REFER = 2, ABI_TRUNCATE = 3, ABI_NETWORK = 4, ABI_IOCTL = 5, ABI_SCOPE = 6, ABI_TSYNC = 8 };
#define RIGHT(bit) (UINT64_C(1) << (bit))
static const uint64_t write_file = RIGHT(1), read_file = RIGHT(2), read_folder = RIGHT(3), all_of_abi_1 = RIGHT(13) - 1;
static const uint64_t remove_folder = RIGHT(4), remove_file = RIGHT(5), make_folder = RIGHT(7), make_file = RIGHT(8);
static const uint64_t refer = RIGHT(13), truncate_file = RIGHT(14), ioctl_device = RIGHT(15);
static const uint64_t bind_tcp = RIGHT(0), connect_tcp = RIGHT(1);
static const uint64_t scope_abstract_sockets = RIGHT(0), scope_signals = RIGHT(1);

typedef struct ruleset {
    uint64_t files, network, scope;
} ruleset;

typedef struct path_rule {
    uint64_t allowed;
    int32_t fd;
} __attribute__((packed)) path_rule;

/* What libraries read, whatever the worker is for. None of it tells of other processes or of users. */
static const char *const always_read[] = {
    "/proc/self",                     /* statm, status, maps: the C library finds the main thread's stack there */
    "/proc/cpuinfo",                  /* ONNX Runtime, libyuv: what the processor can do */
    "/proc/meminfo",                  /* sysconf() */
    "/proc/stat",                     /* sysconf(), where /sys is not there */
    "/proc/sys/vm/overcommit_memory", /* malloc */
    "/sys/devices/system/cpu",        /* how many there are, their caches */
    "/sys/devices/system/node",       /* the same, for memory */
    "/dev/null",
    "/dev/zero",
    "/dev/urandom",
    "/dev/random",
    "/etc/localtime",
    "/usr/share/zoneinfo",
    NULL,
};

/* What resolving names and checking certificates needs. */
static const char *const network_reads[] = {
    "/etc/resolv.conf",
    "/run/systemd/resolve", /* where it may lead to, and is replaced */
    "/etc/hosts",
    "/etc/host.conf",
    "/etc/nsswitch.conf",
    "/etc/gai.conf",
    "/etc/services",
    "/etc/protocols",
    "/etc/ssl/certs",
    "/etc/ssl/openssl.cnf",
    "/etc/gnutls",
    "/etc/pki/tls/certs",
    "/etc/pki/ca-trust/extracted",
    "/usr/share/ca-certificates",
    "/usr/local/share/ca-certificates",
    NULL,
};

int wr_reach_abi_most = INT_MAX;

int wr_reach_offered(void)
{
    long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, CREATE_VERSION);
    if (abi < 0)
        return 0;
    return abi > wr_reach_abi_most ? wr_reach_abi_most : (int)abi;
}

static ruleset what_is_handled(int abi, const wr_sandbox_wish *wish)
{
    ruleset set = {.files = all_of_abi_1};
    if (abi >= ABI_REFER)
        set.files |= refer;
    if (abi >= ABI_TRUNCATE)
        set.files |= truncate_file;
    if (abi >= ABI_IOCTL)
        set.files |= ioctl_device;
    if (abi >= ABI_NETWORK)
        set.network = (wish->listens ? 0 : bind_tcp) | (wish->network ? 0 : connect_tcp);
    if (abi >= ABI_SCOPE)
        set.scope = scope_abstract_sockets | scope_signals;
    return set;
}

static int make_ruleset(int abi, const ruleset *set)
{
    size_t bytes = abi < ABI_NETWORK ? sizeof set->files : abi < ABI_SCOPE ? 2 * sizeof set->files : sizeof *set;
    return (int)syscall(SYS_landlock_create_ruleset, set, bytes, 0);
}

/* --- paths --- */

/* Of the rights, those that a thing of its kind can have. */
static uint64_t fitting(int fd, uint64_t rights, bool devices)
{
    struct stat about;
    if (fstat(fd, &about) < 0)
        return 0;
    if (devices && S_ISCHR(about.st_mode))
        rights |= write_file;
    if (devices)
        rights |= ioctl_device;
    return S_ISDIR(about.st_mode) ? rights : rights & (read_file | write_file | truncate_file | ioctl_device);
}

static bool allow(int set_fd, const ruleset *set, const char *path, uint64_t rights, bool devices)
{
    path_rule rule = {.fd = open(path, O_PATH | O_CLOEXEC)};
    if (rule.fd < 0)
        return false;
    rule.allowed = fitting(rule.fd, rights, devices) & set->files;
    bool ok = syscall(SYS_landlock_add_rule, set_fd, RULE_PATH_BENEATH, &rule, 0) == 0;
    int error = errno;
    close(rule.fd);
    errno = error;
    return ok;
}

/* left_out: where to name the first that cannot be allowed, or NULL for those that need not be there. */
static void allow_all(int set_fd, const ruleset *set, const char *const *path, uint64_t rights, bool devices,
                      wr_reach *reach)
{
    for (; path && *path; path++)
        if (!allow(set_fd, set, *path, rights, devices) && reach && !*reach->left_out)
            snprintf(reach->left_out, sizeof reach->left_out, "%.60s: %s", *path, strerror(errno));
}

static void allow_wished(int set_fd, const ruleset *set, const wr_sandbox_wish *wish, wr_reach *reach)
{
    const uint64_t reads = read_file | read_folder;
    const uint64_t writes =
        reads | write_file | truncate_file | remove_folder | remove_file | make_folder | make_file | refer;
    allow_all(set_fd, set, always_read, reads, false, NULL);
    if (wish->network)
        allow_all(set_fd, set, network_reads, reads, false, NULL);
    allow_all(set_fd, set, wish->read_paths, reads, wish->devices, reach);
    allow_all(set_fd, set, wish->write_paths, writes, false, reach);
}

/* --- entering --- */

/* 0: not known. */
static int count_threads(void)
{
    int threads = 0;
    DIR *folder = opendir("/proc/self/task");
    for (const struct dirent *entry; folder && (entry = readdir(folder));)
        threads += entry->d_name[0] != '.';
    if (folder)
        closedir(folder);
    return threads;
}

static bool restrict_all(int set_fd, wr_reach *reach, int threads)
{
    if (threads != 1 && reach->abi >= ABI_TSYNC)
        return syscall(SYS_landlock_restrict_self, set_fd, RESTRICT_TSYNC) == 0;
    if (syscall(SYS_landlock_restrict_self, set_fd, 0) != 0)
        return false;
    if (threads != 1)
        snprintf(reach->why, sizeof reach->why, "Landlock binds one of %d threads that were there", threads);
    return threads == 1;
}

wr_reach wr_reach_bind(const wr_sandbox_wish *wish)
{
    wr_reach reach = {.abi = wr_reach_offered()};
    int threads = count_threads();
    if (reach.abi == 0) {
        snprintf(reach.why, sizeof reach.why, "no Landlock in this kernel: files are not bound");
        return reach;
    }
    ruleset set = what_is_handled(reach.abi, wish);
    int set_fd = make_ruleset(reach.abi, &set);
    if (set_fd >= 0) {
        allow_wished(set_fd, &set, wish, &reach);
        reach.files = restrict_all(set_fd, &reach, threads);
    }
    if (!reach.files && !*reach.why)
        snprintf(reach.why, sizeof reach.why, "Landlock: %s", strerror(errno));
    reach.network = reach.files && reach.abi >= ABI_NETWORK;
    if (set_fd >= 0)
        close(set_fd);
    return reach;
}
