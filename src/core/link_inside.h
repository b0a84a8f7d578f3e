/* Link, inside: what the files of a link have in common. */
#ifndef WR_LINK_INSIDE_H
#define WR_LINK_INSIDE_H

#include "core/link.h"

#define RELAXED memory_order_relaxed
#define ACQUIRE memory_order_acquire
#define RELEASE memory_order_release

/* --- accounts: counters with one writer, in turns --- */

static inline void count(_Atomic uint64_t *counter, uint64_t more)
{
    atomic_store_explicit(counter, atomic_load_explicit(counter, RELAXED) + more, RELEASE);
}

/* Relaxed is enough: whatever a turn changes is stored with release or stronger, and so cannot be seen before the turn
 * is odd. */
static inline void turn_begins(_Atomic uint64_t *turn)
{
    atomic_store_explicit(turn, atomic_load_explicit(turn, RELAXED) + 1, RELAXED);
}

static inline void turn_ends(_Atomic uint64_t *turn)
{
    atomic_store_explicit(turn, atomic_load_explicit(turn, RELAXED) + 1, RELEASE);
}

static inline void move_head(wr_link *link, uint64_t head)
{
    atomic_store_explicit(&link->shared->head, head, RELEASE);
}

/* Frames that wait, by what the producer knows of head: never less than there are. It looks again if that is `enough`. */
uint64_t wr_link_occupied(wr_link *link, uint64_t tail, uint64_t enough);

/* Across: something makes no sense. */
void wr_link_break_off(wr_link *link);
/* Across: what was read from the ring is checked, and becomes a frame of this process, or is dropped and breaks the link.
 * One that only lacks something may come of a store that is full; it is dropped, and no more. */
void wr_link_receive(wr_link *link, weir_frame *frame);

#endif
