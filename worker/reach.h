/* Reach: the files and ports that a process still gets at, by Landlock.
 * Thread-safety: one thread. */
#ifndef WR_WORKER_REACH_H
#define WR_WORKER_REACH_H

#include "sandbox.h"
#include <stddef.h>

typedef struct wr_reach {
    int abi;           /* what the kernel offers; 0: no Landlock */
    bool files;        /* bound, for all threads */
    bool network;      /* TCP too */
    char why[96];      /* why not */
    char left_out[96]; /* a path of the wish that is not there, and why; "": none */
} wr_reach;

/* Binds this process to the paths of the wish. Needs no_new_privs. */
wr_reach wr_reach_bind(const wr_sandbox_wish *wish);

/* The version of Landlock that the kernel offers; 0: none. */
int wr_reach_offered(void);

/* For tests: a kernel that offers at most this. */
extern int wr_reach_abi_most;

#endif
