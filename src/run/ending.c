#include "run/ending.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

uint64_t wr_ending_memory_kills(void)
{
    char line[128];
    unsigned long long kills = 0;
    FILE *file = fopen("/proc/vmstat", "re");
    while (file && fgets(line, sizeof line, file))
        if (sscanf(line, "oom_kill %llu", &kills) == 1)
            break;
    if (file)
        fclose(file);
    return kills;
}

/* A library that gets no memory ends the process, or says so in words of its own. */
static bool lacked_memory(const wr_worker *w)
{
    uint64_t own_bytes = atomic_load(&w->desk->own_bytes);
    return w->memory_bytes && (own_bytes > w->memory_bytes / 10 * 9 || strstr(w->why, "bad_alloc"));
}

static void describe_signal(const wr_worker *w, int signal, char *text, size_t bytes)
{
    if (signal == SIGKILL && wr_ending_memory_kills() > w->memory_kills)
        snprintf(text, bytes, "its process was killed by the kernel: out of memory");
    else
        snprintf(text, bytes, "its process was ended by signal %d (%s)", signal, strsignal(signal));
}

static void describe(const wr_worker *w, int status, char *text, size_t bytes)
{
    uint32_t stopped = atomic_load(&w->desk->stopped);
    if (w->why[0]) /* who is taken apart is silent for a while */
        snprintf(text, bytes, "%.250s", w->why);
    else if (w->hung[0])
        snprintf(text, bytes, "%s", w->hung);
    else if (stopped)
        snprintf(text, bytes, "its process was stopped by the sandbox: it made system call %u", stopped - 1);
    else if (WIFSIGNALED(status))
        describe_signal(w, WTERMSIG(status), text, bytes);
    else
        snprintf(text, bytes, "its process ended with status %d", WEXITSTATUS(status));
}

void wr_ending_describe(const wr_worker *w, int status, char *text, size_t bytes)
{
    char how[256];
    describe(w, status, how, sizeof how);
    if (!w->hung[0] && lacked_memory(w))
        snprintf(text, bytes, "out of memory, limit %.4g MiB; raise memory= (%.150s)",
                 (double)w->memory_bytes / 1048576, how);
    else
        snprintf(text, bytes, "%s", how);
}
