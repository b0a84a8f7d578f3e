/* Futex: sleeping on a word of memory until another thread of this process rings (the private kind: one that other
 * processes share costs a walk through the page tables each time).
 * Thread-safety: any thread; wr_futex_wake() also from signal handlers. */
#ifndef WR_FUTEX_H
#define WR_FUTEX_H

#include <stdatomic.h>
#include <stdint.h>

/* Sleeps while *word == value, until woken or until the monotonic clock reaches deadline_ns (INT64_MAX: no end).
 * May return early for no reason. */
void wr_futex_wait(_Atomic uint32_t *word, uint32_t value, int64_t deadline_ns);
void wr_futex_wake(_Atomic uint32_t *word);

/* The same for a word in memory that several processes have mapped. */
void wr_futex_wait_shared(_Atomic uint32_t *word, uint32_t value, int64_t deadline_ns);
void wr_futex_wake_shared(_Atomic uint32_t *word);

#endif
