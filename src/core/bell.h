/* Bell: how a sleeping strand is woken, by any of its links, once.
 *
 * The sleeper arms the bell, looks once more for work, and waits only if there
 * is none. Whoever makes work publishes it first and rings then.
 *
 * Invariant (no lost wake-up): between arming and the second look, and between
 * publishing and looking at the bell, all stores become visible. So either the
 * sleeper's second look sees the work, or the ringer sees the bell armed. Stores
 * become visible by being sequentially consistent, or by a wr_bell_fence() after
 * them, or because the sleeper makes them so with wr_barrier() (a link that is
 * hasty, core/link.h).
 */
#ifndef WR_BELL_H
#define WR_BELL_H

#include "os/futex.h"
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct wr_bell {
    _Atomic uint32_t word;          /* 1: armed, the sleeper waits or is about to */
    _Atomic uint32_t *elsewhere;    /* the word, if it lies in memory that processes share */
    void (*rung)(struct wr_bell *); /* called by the one that disarmed it; NULL: wakes the futex */
} wr_bell;

static inline _Atomic uint32_t *wr_bell_word(wr_bell *bell)
{
    return bell->elsewhere ? bell->elsewhere : &bell->word;
}

static inline void wr_bell_arm(wr_bell *bell)
{
    atomic_store(wr_bell_word(bell), 1);
    atomic_thread_fence(memory_order_seq_cst);
}

/* True if it was still armed, so that nobody else will act on it. */
static inline bool wr_bell_disarm(wr_bell *bell)
{
    return atomic_exchange(wr_bell_word(bell), 0) == 1;
}

/* Before wr_bell_ring(), where what was published was not stored sequentially consistently. */
static inline void wr_bell_fence(void)
{
    atomic_thread_fence(memory_order_seq_cst);
}

/* True if it was this ring that woke the sleeper. Any thread; with rung NULL also from signal handlers. */
static inline bool wr_bell_ring(wr_bell *bell)
{
    if (atomic_load(wr_bell_word(bell)) == 0 || !wr_bell_disarm(bell))
        return false;
    if (bell->rung)
        bell->rung(bell);
    else if (bell->elsewhere)
        wr_futex_wake_shared(bell->elsewhere);
    else
        wr_futex_wake(&bell->word);
    return true;
}

#endif
