#include "sandbox.h"

#include "calls.h"
#include "reach.h"
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

static bool limit(int what, uint64_t most)
{
    struct rlimit value = {.rlim_cur = most, .rlim_max = most}, old;
    if (getrlimit(what, &old) == 0 && old.rlim_max < most)
        value.rlim_cur = value.rlim_max = old.rlim_max;
    return setrlimit(what, &value) == 0;
}

/* --- beginning --- */

static bool die_with(pid_t parent)
{
    pid_t before = getppid();
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0)
        return false;
    /* Who died before that was said is not told of. */
    errno = ESRCH;
    return getppid() == (parent ? parent : before);
}

static bool own_session(void)
{
    return setsid() >= 0 || getsid(0) == getpid();
}

static int by_number(const void *a, const void *b)
{
    return *(const int *)a - *(const int *)b;
}

static bool close_between(int first, int last)
{
    return first > last || close_range((unsigned)first, (unsigned)last, 0) == 0;
}

/* Descriptors 0 to 2, those that stand in `kept` aside. */
static bool fill_standard(const int *kept, int keeps)
{
    for (int fd = 0; fd <= STDERR_FILENO; fd++) {
        bool keeps_it = false;
        for (int i = 0; i < keeps; i++)
            keeps_it = keeps_it || kept[i] == fd;
        if (keeps_it)
            continue;
        int null = open("/dev/null", fd == STDIN_FILENO ? O_RDONLY : O_WRONLY);
        if (null < 0 || (null != fd && (dup2(null, fd) != fd || close(null) != 0)))
            return false;
    }
    return true;
}

static bool close_others(const int *keep, int keeps)
{
    int *sorted = malloc(((size_t)keeps + 1) * sizeof *sorted), next = STDERR_FILENO + 1;
    if (!sorted)
        return false;
    if (keeps > 0)
        memcpy(sorted, keep, (size_t)keeps * sizeof *sorted);
    qsort(sorted, (size_t)keeps, sizeof *sorted, by_number);
    bool ok = true;
    for (int i = 0; i < keeps && ok; i++) {
        ok = close_between(next, sorted[i] - 1);
        next = sorted[i] >= next ? sorted[i] + 1 : next;
    }
    ok = ok && close_range((unsigned)next, ~0U, 0) == 0 && fill_standard(keep, keeps);
    free(sorted);
    return ok;
}

/* The kernel put the environment's strings between these two. Others, of setenv(), nobody reads through /proc. */
static void wipe(char *entry)
{
    if ((uintptr_t)entry > getauxval(AT_RANDOM) && (uintptr_t)entry < getauxval(AT_EXECFN))
        explicit_bzero(entry, strlen(entry));
}

static bool clean_environment(const char *const *name)
{
    size_t count = 0, used = 0;
    while (name && name[count])
        count++;
    char **kept = calloc(count + 1, sizeof *kept), **old = environ;
    bool ok = kept != NULL;
    for (size_t i = 0; i < count && ok; i++) {
        const char *value = getenv(name[i]);
        ok = !value || asprintf(&kept[used++], "%s=%s", name[i], value) > 0;
    }
    for (; ok && old && *old; old++)
        wipe(*old);
    ok = ok && clearenv() == 0;
    for (size_t i = 0; i < used && ok; i++)
        ok = putenv(kept[i]) == 0; /* which keeps them */
    free(kept);
    return ok;
}

static bool dump_nothing(void)
{
    return limit(RLIMIT_CORE, 0) && prctl(PR_SET_DUMPABLE, 0) == 0;
}

bool wr_sandbox_begin(pid_t parent, const int *keep, int keeps, const char *const *environment_kept)
{
    return die_with(parent) && own_session() && dump_nothing() && close_others(keep, keeps) &&
           clean_environment(environment_kept);
}

/* --- what is loaded late, loaded now --- */

/* The resolver's sources of names, as /etc/nsswitch.conf lists them: "hosts: files mdns4_minimal [NOTFOUND=return] dns". */
static void load_resolver(void)
{
    char line[512], library[80];
    FILE *file = fopen("/etc/nsswitch.conf", "re");
    while (file && fgets(line, sizeof line, file)) {
        char *rest = line, *word = strtok_r(line, " \t\n", &rest);
        if (!word || strcmp(word, "hosts:") != 0)
            continue;
        while ((word = strtok_r(NULL, " \t\n", &rest)))
            if (*word != '[' && !strchr(word, '/') && snprintf(library, sizeof library, "libnss_%.60s.so.2", word) > 0)
                dlopen(library, RTLD_NOW);
    }
    if (file)
        fclose(file);
}

/* Threads that end by pthread_exit() or are cancelled are unwound by it. */
static void load_unwinder(void)
{
    dlopen("libgcc_s.so.1", RTLD_NOW);
}

/* --- entering --- */

__attribute__((format(printf, 2, 3))) static void say(wr_sandbox_report *report, const char *format, ...)
{
    size_t used = strlen(report->text);
    va_list args;
    va_start(args, format);
    if (used && used + 2 < sizeof report->text)
        used += (size_t)snprintf(report->text + used, sizeof report->text - used, "; ");
    vsnprintf(report->text + used, sizeof report->text - used, format, args);
    va_end(args);
}

/* Of this thread. As another user than root, there are none to begin with. */
static bool drop_capabilities(const wr_sandbox_wish *wish, bool files_bound)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];
    if (syscall(SYS_capget, &header, data) != 0)
        return false;
    uint32_t keep =
        (files_bound ? CAP_TO_MASK(CAP_DAC_OVERRIDE) : 0) | (wish->listens ? CAP_TO_MASK(CAP_NET_BIND_SERVICE) : 0);
    for (size_t i = 0; i < _LINUX_CAPABILITY_U32S_3; i++) {
        data[i].effective &= i == 0 ? keep : 0;
        data[i].permitted &= i == 0 ? keep : 0;
        data[i].inheritable = 0;
    }
    return syscall(SYS_capset, &header, data) == 0;
}

static bool set_limits(const wr_sandbox_wish *wish)
{
    bool ok = !wish->memory_bytes || limit(RLIMIT_DATA, wish->memory_bytes);
    if (wish->file_bytes) /* the signal would kill; ignored, it is an error of write() */
        ok = signal(SIGXFSZ, SIG_IGN) != SIG_ERR && limit(RLIMIT_FSIZE, wish->file_bytes) && ok;
    return (!wish->files || limit(RLIMIT_NOFILE, wish->files)) && ok;
}

static wr_sandbox_level sum_up(wr_sandbox_report *report, const wr_reach *reach, const char *calls_why)
{
    bool full = report->no_new_privs && report->seccomp && report->landlock && report->core_off &&
                report->not_dumpable && report->no_capabilities && report->limits;
    if (full && reach->abi >= 6)
        say(report, "full");
    else if (full)
        say(report, "full (Landlock %d: what later ones bind, the list of calls does)", reach->abi);
    if (!report->no_new_privs)
        say(report, "no_new_privs cannot be set");
    if (*calls_why)
        say(report, "%s", calls_why);
    if (*reach->why)
        say(report, "%s", reach->why);
    if (!report->core_off || !report->not_dumpable)
        say(report, "memory may be dumped");
    if (!report->no_capabilities)
        say(report, "capabilities stay");
    if (!report->limits)
        say(report, "limits cannot be set");
    if (*reach->left_out)
        say(report, "left out %s", reach->left_out);
    if (full)
        return WR_SANDBOX_FULL;
    return report->seccomp || report->landlock ? WR_SANDBOX_PARTIAL : WR_SANDBOX_NONE;
}

wr_sandbox_level wr_sandbox_enter(const wr_sandbox_wish *wish, wr_sandbox_report *report)
{
    char why[96] = "";
    *report = (wr_sandbox_report){0};
    load_unwinder();
    if (wish->network)
        load_resolver();
    report->core_off = limit(RLIMIT_CORE, 0);
    report->not_dumpable = prctl(PR_SET_DUMPABLE, 0) == 0;
    report->no_new_privs = prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0;
    wr_reach reach = wr_reach_bind(wish);
    report->landlock_abi = reach.abi;
    report->landlock = reach.files;
    report->landlock_network = reach.network;
    report->no_capabilities = drop_capabilities(wish, reach.files);
    report->limits = set_limits(wish);
    report->seccomp = wr_calls_restrict(wish, why, sizeof why);
    return sum_up(report, &reach, why);
}
