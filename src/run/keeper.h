/* Keeper: starts the worker processes of a run, hears them, and sees to it when one dies. It is a thread of its own: the
 * kernel ends a worker when the thread that started it ends.
 *
 * Thread-safety: the functions here may be called by the supervisor's thread alone.
 */
#ifndef WR_KEEPER_H
#define WR_KEEPER_H

#include "run/strand.h"

typedef struct wr_keeper wr_keeper;

/* Makes what processes share (bells, desks) and starts the workers of the graph. NULL with errno. */
wr_keeper *wr_keeper_new(wr_run *run, const char *pipeline);
/* Something has changed that workers should know of: all nodes are open, a source is to drain, everything is to stop. Any
 * thread. */
void wr_keeper_poke(wr_keeper *keeper);
/* Ends what workers are left, and the thread. What they counted stays readable. */
void wr_keeper_end(wr_keeper *keeper);
/* After that, when nobody looks at the nodes any more. */
void wr_keeper_free(wr_keeper *keeper);
/* Most memory that workers held, summed over them. */
uint64_t wr_keeper_rss(const wr_keeper *keeper);

#endif
