/* The pool runner: workers shared by all strands.
 *
 * Invariant: a strand is in at most one of these: queue, one worker's hands, asleep with its bell armed. `running` and
 * `again`, under the lock, keep it so: a strand that is rung while a worker still holds it is queued by that worker
 * when it lets go.
 */
#include "core/clock.h"
#include "run/runner.h"
#include <errno.h>
#include <stdlib.h>
#include <time.h>

enum { SLICE_STEPS = 64 };

typedef struct worker {
    wr_bell bell;
    pthread_t thread;
    wr_pool *pool;
    struct worker *next_idle;
    int64_t deadline_ns; /* while idle: when it looks after the timers; under lock */
} worker;

struct wr_pool {
    wr_run *run;
    pthread_mutex_t lock;
    wr_strand *first, **last; /* the queue, under lock */
    _Atomic int queued;       /* how long it is; changed under lock */
    worker *idle;             /* under lock */
    wr_strand **strand;       /* all that were added */
    int strands, room;
    int workers, started;
    bool stopping; /* under lock */
    int alive;     /* workers that have not ended; under lock */
    worker worker[];
};

static void wake_one_locked(wr_pool *pool)
{
    worker *idle = pool->idle;
    if (!idle)
        return;
    pool->idle = idle->next_idle;
    wr_bell_ring(&idle->bell);
}

static void queue_locked(wr_pool *pool, wr_strand *strand)
{
    strand->next = NULL;
    strand->deadline_ns = INT64_MAX;
    *pool->last = strand;
    pool->last = &strand->next;
    atomic_fetch_add_explicit(&pool->queued, 1, memory_order_relaxed);
    wake_one_locked(pool);
}

/* A strand's bell was rung, and we disarmed it: it is ours to queue. */
static void strand_rung(wr_bell *bell)
{
    wr_strand *strand = (wr_strand *)((char *)bell - offsetof(wr_strand, bell));
    wr_pool *pool = strand->pool;
    pthread_mutex_lock(&pool->lock);
    if (strand->running)
        strand->again = true;
    else
        queue_locked(pool, strand);
    pthread_mutex_unlock(&pool->lock);
}

/* Strands whose time has come; returns the earliest deadline of the others. */
static int64_t queue_due_locked(wr_pool *pool)
{
    int64_t earliest_ns = INT64_MAX, now_ns = weir_clock_now(pool->run->graph->clock);
    for (int i = 0; i < pool->strands; i++) {
        wr_strand *strand = pool->strand[i];
        if (strand->deadline_ns > now_ns) {
            earliest_ns = strand->deadline_ns < earliest_ns ? strand->deadline_ns : earliest_ns;
            continue;
        }
        strand->deadline_ns = INT64_MAX;
        if (wr_bell_disarm(&strand->bell))
            queue_locked(pool, strand);
    }
    return earliest_ns;
}

static wr_strand *next_locked(wr_pool *pool)
{
    wr_strand *strand = pool->first;
    if (!strand)
        return NULL;
    pool->first = strand->next;
    if (!pool->first)
        pool->last = &pool->first;
    atomic_fetch_sub_explicit(&pool->queued, 1, memory_order_relaxed);
    strand->running = true;
    strand->again = false;
    return strand;
}

static void move(wr_pool *pool, wr_strand *strand)
{
    int64_t deadline_ns = INT64_MAX;
    pthread_mutex_unlock(&pool->lock);
    if (!strand->opened)
        wr_strand_open(strand);
    wr_moved moved = wr_strand_move(strand, SLICE_STEPS, &deadline_ns);
    if (moved == WR_MOVED_OVER)
        wr_strand_leave(strand);
    pthread_mutex_lock(&pool->lock);
    if (moved == WR_MOVED_OVER)
        return; /* it stays `running`, so that a late ring cannot queue it again */
    strand->running = false;
    strand->deadline_ns = deadline_ns;
    if (moved == WR_MOVED_BUSY || strand->again)
        queue_locked(pool, strand);
}

/* Before a worker turns to a strand, for who knows how long: somebody idle, if there is one, must watch the timers. */
static void keep_watch_locked(wr_pool *pool, int64_t deadline_ns)
{
    for (const worker *idle = pool->idle; idle; idle = idle->next_idle)
        if (idle->deadline_ns <= deadline_ns)
            return;
    wake_one_locked(pool);
}

static void idle(wr_pool *pool, worker *self, int64_t deadline_ns)
{
    self->deadline_ns = deadline_ns;
    wr_bell_arm(&self->bell);
    self->next_idle = pool->idle;
    pool->idle = self;
    pthread_mutex_unlock(&pool->lock);
    wr_clock_wait(pool->run->graph->clock, &self->bell.word, deadline_ns);
    pthread_mutex_lock(&pool->lock);
    for (worker **at = &pool->idle; *at; at = &(*at)->next_idle) {
        if (*at == self) {
            *at = self->next_idle;
            break;
        }
    }
}

static void *worker_main(void *user)
{
    worker *self = user;
    wr_pool *pool = self->pool;
    pthread_mutex_lock(&pool->lock);
    while (!pool->stopping) {
        int64_t deadline_ns = queue_due_locked(pool);
        wr_strand *strand = next_locked(pool);
        if (strand) {
            keep_watch_locked(pool, deadline_ns);
            move(pool, strand);
        } else {
            idle(pool, self, deadline_ns);
        }
    }
    pool->alive--;
    pthread_mutex_unlock(&pool->lock);
    wr_clock_leave(pool->run->graph->clock);
    return NULL;
}

wr_pool *wr_pool_new(wr_run *run, int workers)
{
    wr_pool *pool = calloc(1, sizeof *pool + (size_t)workers * sizeof(worker));
    if (!pool)
        return NULL;
    pool->strand = calloc((size_t)run->strands, sizeof(wr_strand *));
    if (!pool->strand) {
        free(pool);
        return NULL;
    }
    pool->run = run;
    pool->room = run->strands;
    pool->workers = workers;
    pool->last = &pool->first;
    pthread_mutex_init(&pool->lock, NULL);
    return pool;
}

void wr_pool_add(wr_pool *pool, wr_strand *strand)
{
    strand->pool = pool;
    strand->others = &pool->queued;
    strand->bell.rung = strand_rung;
    pool->strand[pool->strands++] = strand;
    pthread_mutex_lock(&pool->lock);
    queue_locked(pool, strand);
    pthread_mutex_unlock(&pool->lock);
}

bool wr_pool_start(wr_pool *pool)
{
    for (; pool->started < pool->workers; pool->started++) {
        worker *w = &pool->worker[pool->started];
        w->pool = pool;
        wr_clock_join(pool->run->graph->clock);
        pthread_mutex_lock(&pool->lock);
        pool->alive++;
        pthread_mutex_unlock(&pool->lock);
        errno = pthread_create(&w->thread, NULL, worker_main, w);
        if (errno == 0)
            continue;
        pthread_mutex_lock(&pool->lock);
        pool->alive--;
        pthread_mutex_unlock(&pool->lock);
        wr_clock_leave(pool->run->graph->clock);
        return pool->started > 0; /* fewer workers will do */
    }
    return true;
}

bool wr_pool_free(wr_pool *pool, int64_t deadline_ns)
{
    struct timespec pause = {.tv_nsec = 1000000};
    if (!pool)
        return true;
    pthread_mutex_lock(&pool->lock);
    pool->stopping = true;
    for (int i = 0; i < pool->started; i++)
        wr_bell_ring(&pool->worker[i].bell);
    while (pool->alive > 0 && weir_clock_now(NULL) < deadline_ns) {
        pthread_mutex_unlock(&pool->lock);
        nanosleep(&pause, NULL);
        pthread_mutex_lock(&pool->lock);
    }
    bool all_ended = pool->alive == 0;
    pthread_mutex_unlock(&pool->lock);
    for (int i = 0; i < pool->started; i++) {
        if (all_ended)
            pthread_join(pool->worker[i].thread, NULL);
        else
            pthread_detach(pool->worker[i].thread);
    }
    if (all_ended) {
        pthread_mutex_destroy(&pool->lock);
        free(pool->strand);
        free(pool);
    }
    return all_ended;
}
