/* Ending: why a worker process ended, in words.
 * Thread-safety: the keeper's thread alone. */
#ifndef WR_ENDING_H
#define WR_ENDING_H

#include "run/keeper_inside.h"

/* One sentence without a full stop, from what it said last, what was done to it, and how waitpid() says that it ended. */
void wr_ending_describe(const wr_worker *worker, int status, char *text, size_t bytes);
/* How often the kernel has killed a process of this machine for want of memory; 0 where it does not say. */
uint64_t wr_ending_memory_kills(void);

#endif
