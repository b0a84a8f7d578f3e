#include "core/clock.h"

#include "os/futex.h"
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

typedef struct waiter {
    struct waiter *next;
    _Atomic uint32_t *word;
    int64_t deadline_ns;
} waiter;

struct weir_clock {
    _Atomic int64_t now_ns;
    pthread_mutex_t lock;
    int taking_part; /* under lock */
    waiter *waiters; /* under lock */
};

static int64_t real_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

weir_clock *weir_clock_virtual_new(int64_t start_ns)
{
    weir_clock *clock = calloc(1, sizeof *clock);
    if (clock) {
        atomic_init(&clock->now_ns, start_ns);
        pthread_mutex_init(&clock->lock, NULL);
    }
    return clock;
}

void weir_clock_free(weir_clock *clock)
{
    if (clock)
        pthread_mutex_destroy(&clock->lock);
    free(clock);
}

int64_t weir_clock_now(weir_clock *clock)
{
    return clock ? atomic_load_explicit(&clock->now_ns, memory_order_acquire) : real_now();
}

/* Time moves only when every thread that takes part waits and none of them has been rung: then to the earliest
 * deadline, and every waiter that it reaches is rung. */
static void move_locked(weir_clock *clock)
{
    int waiting = 0;
    int64_t earliest = INT64_MAX;
    for (waiter *w = clock->waiters; w; w = w->next) {
        if (atomic_load(w->word) != 1)
            return;
        waiting++;
        if (w->deadline_ns < earliest)
            earliest = w->deadline_ns;
    }
    if (waiting < clock->taking_part || earliest == INT64_MAX)
        return;
    if (earliest > atomic_load(&clock->now_ns))
        atomic_store(&clock->now_ns, earliest);
    for (waiter *w = clock->waiters; w; w = w->next) {
        if (w->deadline_ns <= earliest) {
            atomic_store(w->word, 0);
            wr_futex_wake(w->word);
        }
    }
}

void wr_clock_join(weir_clock *clock)
{
    if (!clock)
        return;
    pthread_mutex_lock(&clock->lock);
    clock->taking_part++;
    pthread_mutex_unlock(&clock->lock);
}

void wr_clock_leave(weir_clock *clock)
{
    if (!clock)
        return;
    pthread_mutex_lock(&clock->lock);
    clock->taking_part--;
    move_locked(clock);
    pthread_mutex_unlock(&clock->lock);
}

static void virtual_wait(weir_clock *clock, _Atomic uint32_t *word, int64_t deadline_ns)
{
    waiter me = {.word = word, .deadline_ns = deadline_ns};
    pthread_mutex_lock(&clock->lock);
    if (deadline_ns > atomic_load(&clock->now_ns)) {
        me.next = clock->waiters;
        clock->waiters = &me;
        move_locked(clock);
        pthread_mutex_unlock(&clock->lock);
        while (atomic_load(word) == 1)
            wr_futex_wait(word, 1, INT64_MAX);
        pthread_mutex_lock(&clock->lock);
        waiter **at = &clock->waiters;
        while (*at != &me)
            at = &(*at)->next;
        *at = me.next;
    }
    pthread_mutex_unlock(&clock->lock);
}

void wr_clock_wait(weir_clock *clock, _Atomic uint32_t *word, int64_t deadline_ns)
{
    if (clock)
        virtual_wait(clock, word, deadline_ns);
    else
        while (atomic_load(word) == 1 && real_now() < deadline_ns)
            wr_futex_wait(word, 1, deadline_ns);
    atomic_store(word, 0);
}

enum { LOOK_NS = 200000000 };

void wr_clock_wait_for(weir_clock *clock, wr_bell *bell, int64_t deadline_ns)
{
    if (!bell->elsewhere) {
        wr_clock_wait(clock, &bell->word, deadline_ns);
        return;
    }
    int64_t look_ns = real_now() + LOOK_NS; /* a neighbour that lies could let it sleep for ever */
    if (deadline_ns > look_ns)
        deadline_ns = look_ns;
    while (atomic_load(bell->elsewhere) == 1 && real_now() < deadline_ns)
        wr_futex_wait_shared(bell->elsewhere, 1, deadline_ns);
    atomic_store(bell->elsewhere, 0);
}
