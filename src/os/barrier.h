/* Barrier: makes every thread of this process see, and have made visible, all stores up to now. The one who asks pays for
 * it, in microseconds; in return the others need no fence of their own on their way. */
#ifndef WR_BARRIER_H
#define WR_BARRIER_H

#include <stdbool.h>

/* Whether the kernel offers it; asked once, before the first wr_barrier(). */
bool wr_barrier_ready(void);
/* After this, stores that other threads made before it are seen here, and stores made here before it are seen by what
 * they load after it. */
void wr_barrier(void);

#endif
