/* The thread runner: one thread a strand. */
#include "core/clock.h"
#include "run/runner.h"
#include <errno.h>
#include <stdio.h>

static void *thread_main(void *user)
{
    wr_strand *strand = user;
    weir_clock *clock = strand->graph->clock;
    int64_t deadline_ns;
    char name[16];
    snprintf(name, sizeof name, "%.15s", strand->node[strand->nodes - 1]->name);
    pthread_setname_np(pthread_self(), name); /* by itself: a sandbox lets no thread name another */
    wr_strand_open(strand);
    for (;;) {
        wr_moved moved = wr_strand_move(strand, 1 << 20, &deadline_ns);
        if (moved == WR_MOVED_OVER)
            break;
        if (moved == WR_MOVED_ASLEEP)
            wr_clock_wait_for(clock, &strand->bell, deadline_ns);
    }
    wr_strand_leave(strand);
    wr_clock_leave(clock);
    return NULL;
}

bool wr_thread_start(wr_strand *strand)
{
    strand->has_thread = true;
    wr_clock_join(strand->graph->clock);
    errno = pthread_create(&strand->thread, NULL, thread_main, strand);
    if (errno == 0)
        return true;
    strand->has_thread = false;
    wr_clock_leave(strand->graph->clock);
    return false;
}
