/* Sandbox: what a worker process may still do once it handles what comes from outside.
 *
 * A worker begins (wr_sandbox_begin), loads all code that it will ever run, opens what it was told of by descriptors,
 * and enters (wr_sandbox_enter). From then on, for good:
 *   - calls of the kernel that are not on a list stop the process (worker/calls.c has the list, and why each is there).
 *     No other program, no other process, no tracing, no mounting, no keys; no memory that can be executed comes into
 *     being; no signal leaves the process. Some calls that libraries try are answered by an error instead;
 *   - files are seen only below the paths of the wish, and a few that libraries read (worker/reach.c), by Landlock;
 *   - limits hold, capabilities are gone, no new ones come.
 * What the kernel lacks is said in the report, and what can be done without it is done.
 *
 * What to do before, since afterwards it is too late:
 *   - load all libraries (dlopen fails afterwards); of the resolver's and the unwinder's, which the C library loads
 *     late, enter does that itself;
 *   - create write_paths; a path that is not there is left out, and named in the report;
 *   - enter while there is one thread. Before Landlock 8 it binds the thread that calls and those it makes.
 *
 * What the engine must know:
 *   - who is stopped dies by SIGSYS, and *stopped holds the number of the call, plus 1. Threads that block SIGSYS die
 *     all the same, but leave no number;
 *   - a memfd handed over as read-only can be opened again for writing, through /proc/self/fd: no Landlock covers it. A
 *     worker without write_paths and devices may not open for writing at all; for others its mode must forbid it
 *     (os/memory.h sees to that), which binds all but root: whose workers keep CAP_DAC_OVERRIDE;
 *   - sockets handed over should be connected pairs of SOCK_SEQPACKET or SOCK_STREAM: one of datagrams can be made to
 *     send to any socket in the file system;
 *   - a worker that is not dumpable shows /proc/PID/stat and statm, but neither fd nor maps to others;
 *   - without Landlock a worker may read what its user may, the engine's /proc/PID/mem included, unless the engine is
 *     itself not dumpable;
 *   - /etc/resolv.conf is bound as the file it is: where it is replaced by another (not by systemd-resolved), workers
 *     that resolve names see it when they are started anew.
 *   - built with AddressSanitizer it works, but looking for leaks at the end is a process that traces: end by _exit(), or
 *     with detect_leaks=0. With ThreadSanitizer a thread is there before: partial, before Landlock 8.
 *
 * Thread-safety: one thread, once each.
 */
#ifndef WR_WORKER_SANDBOX_H
#define WR_WORKER_SANDBOX_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

typedef struct wr_sandbox_wish {
    /* Files or folders that may be read; NULL-terminated, or NULL. */
    const char *const *read_paths;
    /* Folders (or files) that may be read, written, created in, removed in, renamed and hard-linked in. Modes, owners
     * and times of files cannot be changed anywhere. */
    const char *const *write_paths;
    bool network;   /* may resolve names, and connect by TCP and UDP, but not bind or listen */
    bool datagrams; /* may bind too, but not by TCP where Landlock knows (ABI 4): UDP at ports of its own */
    bool listens;   /* may bind, listen and accept, by TCP and UDP */
    bool devices; /* cameras: what read_paths names as a character device may be opened for writing, and asked by ioctl
                   * of the kinds V4L2, media controller and dma-buf */
    uint64_t
        memory_bytes;    /* of its own: heap, stacks, what libraries write to, touched or not (RLIMIT_DATA); not what it
                            * shares, nor code; 0: no limit */
    unsigned files;      /* open at once (RLIMIT_NOFILE); 0: as it is */
    uint64_t file_bytes; /* of one file (RLIMIT_FSIZE): writing more fails with EFBIG; 0: no limit */
    _Atomic uint32_t *stopped; /* where to note the call that the process is stopped for, in memory that outlives it;
                                 * or NULL. It is also said on standard error */
} wr_sandbox_wish;

/* FULL: all that is named in the report holds, but for rules of Landlock that the calls' list makes up for. */
typedef enum wr_sandbox_level { WR_SANDBOX_FULL, WR_SANDBOX_PARTIAL, WR_SANDBOX_NONE } wr_sandbox_level;

typedef struct wr_sandbox_report {
    bool no_new_privs, seccomp, core_off, not_dumpable;
    bool landlock;         /* files, for all threads */
    bool landlock_network; /* TCP too (ABI 4) */
    bool no_capabilities;  /* but for reading and writing others' files below the paths, and low ports if it listens */
    bool limits;           /* those of the wish */
    int landlock_abi;      /* what the kernel offers; 0: none */
    char text[256];        /* "full", or what is missing and why, in one line; paths left out are named */
} wr_sandbox_report;

/* Before anything else of the worker: it dies with its parent, is in a session of its own, dumps no core, is not
 * dumpable, holds no descriptors but keep[0..keeps) and standard ones, and no environment but the names given.
 *
 * `parent` is the process that started it, as that one says: if it is gone already, this fails with ESRCH. 0: whoever
 * it is now. The kernel watches the *thread* that started the worker: it must live as long as the worker shall.
 * Standard descriptors that are not kept lead to /dev/null, so that no file gets their number. Of the environment,
 * nothing stays by itself: no PATH (nothing is executed), no TMPDIR (there is no such folder for it), no LD_* (they
 * have done their work), no TZ or LANG (weir writes UTC, and no language but one); what goes is wiped from memory, where
 * /proc/PID/environ reads it. So: before any getenv() whose result is kept.
 * False with errno: the worker must not go on. Needs Linux 5.9. */
bool wr_sandbox_begin(pid_t parent, const int *keep, int keeps, const char *const *environment_kept);

/* Enters it, for good. Never fails: says what was reached. */
wr_sandbox_level wr_sandbox_enter(const wr_sandbox_wish *wish, wr_sandbox_report *report);

#endif
