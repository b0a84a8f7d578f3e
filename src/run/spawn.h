/* Spawn: starts the program that runs nodes in a process of their own, by exec, since a process with threads cannot safely
 * go on after fork alone. */
#ifndef WR_SPAWN_H
#define WR_SPAWN_H

#include <sys/types.h>

enum { WR_SPAWN_CHANNEL = 3 }; /* where it finds its end of the channel */

/* Starts weir-worker for the node of that name. `channel` must not be WR_SPAWN_CHANNEL, and stays the caller's. 0 or an error
 * number. The thread that calls must live as long as the worker shall. */
int wr_spawn(int channel, const char *name, pid_t *pid);

#endif
