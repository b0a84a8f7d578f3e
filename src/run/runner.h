/* Runner: who moves strands. Each runner starts threads and is told when to end. */
#ifndef WR_RUNNER_H
#define WR_RUNNER_H

#include "run/strand.h"

/* A thread for this strand alone. False with errno. */
bool wr_thread_start(wr_strand *strand);

/* A pool: `workers` threads that move any of the strands handed to it, each strand on one worker at a time. */
typedef struct wr_pool wr_pool;
wr_pool *wr_pool_new(wr_run *run, int workers);
void wr_pool_add(wr_pool *pool, wr_strand *strand);
bool wr_pool_start(wr_pool *pool);
/* Ends its workers; false if one did not come back by deadline_ns (of the real clock) and was left behind with the
 * pool's memory. */
bool wr_pool_free(wr_pool *pool, int64_t deadline_ns);

#endif
