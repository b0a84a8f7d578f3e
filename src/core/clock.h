/* Clock, inside: how threads wait on it. See <weir/clock.h>. NULL is the real clock everywhere. */
#ifndef WR_CLOCK_H
#define WR_CLOCK_H

#include "core/bell.h"
#include <stdatomic.h>
#include <weir/clock.h>

/* A thread that takes part keeps a virtual clock from moving while it is not waiting. Announced before the thread
 * starts, so that time cannot pass in between. */
void wr_clock_join(weir_clock *clock);
void wr_clock_leave(weir_clock *clock);

/* Waits while *word == 1, until deadline_ns; leaves *word == 0. Whoever wants the waiter sets the word to 0 and wakes
 * the futex (wr_bell_ring); the virtual clock does just that when the deadline comes. */
void wr_clock_wait(weir_clock *clock, _Atomic uint32_t *word, int64_t deadline_ns);
/* The same for a bell, wherever its word lies. Where it lies elsewhere: on the real clock, and for 200 ms at most. */
void wr_clock_wait_for(weir_clock *clock, wr_bell *bell, int64_t deadline_ns);

#endif
