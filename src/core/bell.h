/* Bell: how a sleeping strand is woken, by any of its links, once.
 *
 * The sleeper arms the bell, looks once more for work, and waits only if there
 * is none. Whoever makes work publishes it first and rings then.
 *
 * Invariant (no lost wake-up): arming and publishing are sequentially consistent
 * stores, looking and ringing begin with sequentially consistent loads. So either
 * the sleeper's second look sees the work, or the ringer sees the bell armed.
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
    void (*rung)(struct wr_bell *); /* called by the one that disarmed it; NULL: wakes the futex */
} wr_bell;

static inline void wr_bell_arm(wr_bell *bell)
{
    atomic_store(&bell->word, 1);
}

/* True if it was still armed, so that nobody else will act on it. */
static inline bool wr_bell_disarm(wr_bell *bell)
{
    return atomic_exchange(&bell->word, 0) == 1;
}

/* Any thread; with rung NULL also from signal handlers. */
static inline void wr_bell_ring(wr_bell *bell)
{
    if (atomic_load(&bell->word) == 0 || !wr_bell_disarm(bell))
        return;
    if (bell->rung)
        bell->rung(bell);
    else
        wr_futex_wake(&bell->word);
}

#endif
