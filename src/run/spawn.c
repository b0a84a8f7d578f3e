#include "run/spawn.h"

#include <dlfcn.h>
#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <weir/log.h>

static bool can_run(const char *path)
{
    return access(path, X_OK) == 0;
}

/* $WEIR_WORKER, beside the program or library that this code is in, or where it was installed. */
static bool find_worker(char *path, size_t bytes)
{
    static const char *const places[] = {"worker/weir-worker", "../libexec/weir/weir-worker",
                                         "../../libexec/weir/weir-worker"};
    const char *given = getenv("WEIR_WORKER");
    char self[1024];
    Dl_info info;
    if (given && *given) {
        snprintf(path, bytes, "%s", given);
        return can_run(path);
    }
    bool placed = dladdr(places, &info) && info.dli_fname && strchr(info.dli_fname, '/');
    if (realpath(placed ? info.dli_fname : "/proc/self/exe", self)) {
        *strrchr(self, '/') = '\0';
        for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
            snprintf(path, bytes, "%.900s/%s", self, places[i]);
            if (can_run(path))
                return true;
        }
    }
    snprintf(path, bytes, "%s", WEIR_WORKER_PATH);
    return can_run(path);
}

int wr_spawn(int channel, const char *name, pid_t *pid)
{
    char path[1200], parent[16];
    if (!find_worker(path, sizeof path)) {
        weir_log(WEIR_LOG_ERROR, NULL, "there is no %s; install it, or say where it is with WEIR_WORKER", path);
        return ENOENT;
    }
    snprintf(parent, sizeof parent, "%d", (int)getpid());
    char *const arguments[] = {(char *)"weir-worker", parent, (char *)name, NULL};
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, channel, WR_SPAWN_CHANNEL);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    int error = posix_spawn(pid, path, &actions, &attributes, arguments, environ);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    return error;
}
