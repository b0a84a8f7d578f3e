/* Strand: nodes that one thread at a time moves, together: a node and those that run inline below it.
 *
 * Downstream nodes go first, so that what a node sent has been dealt with before
 * the node runs again: that is what `inline` means. A strand sleeps on one bell,
 * which all its links and wake-ups ring.
 */
#ifndef WR_STRAND_H
#define WR_STRAND_H

#include "core/graph.h"
#include <stdalign.h>

/* Its bell has a cache line of its own: everybody looks at it after each frame, and hardly ever changes it. */
struct wr_strand {
    alignas(WR_MEMORY_LINE) wr_bell bell;
    alignas(WR_MEMORY_LINE) weir_node **node; /* downstream first */
    int nodes;
    wr_graph *graph;
    struct wr_run *run;
    pthread_t thread; /* thread runner */
    bool has_thread;
    uint32_t steps;         /* since it last slept */
    int from;               /* the node to look at first */
    _Atomic bool over;      /* its thread has ended */
    _Atomic int64_t cpu_ns; /* of its thread, once it is over */

    /* pool: under its lock */
    bool running, again;
    bool opened;
    struct wr_pool *pool;
    wr_memory bell_page;       /* where its bell is, if processes share it */
    const _Atomic int *others; /* strands that wait for a worker; any thread may read it. NULL without a pool */
    int64_t deadline_ns;
    wr_strand *next;
};

/* What all strands of a run share. */
typedef struct wr_run {
    alignas(WR_MEMORY_LINE) wr_graph *graph;
    wr_strand *strand;
    int strands;
    _Atomic int to_open; /* strands whose nodes are not open yet: sources wait for 0 */
    _Atomic bool open_failed;
    _Atomic bool stop_now; /* leave everything as it is */
    wr_bell *supervisor;
    _Atomic int alive; /* strands that are not over */
} wr_run;

typedef enum wr_moved { WR_MOVED_ASLEEP, WR_MOVED_BUSY, WR_MOVED_OVER } wr_moved;

/* Makes the strands of a graph, and joins its links to their bells. The caller frees them with wr_strands_free(). Nodes that
 * run elsewhere have strands too, which nobody moves here: for their bells. */
void wr_strands_make(wr_run *run, wr_graph *graph, wr_bell *supervisor);
void wr_strands_free(wr_run *run);
static inline bool wr_strand_is_elsewhere(const wr_strand *strand)
{
    return strand->nodes == 0 || strand->node[0]->worker >= 0;
}

/* Opens its nodes; the last strand to do so wakes the others. */
void wr_strand_open(wr_strand *strand);
/* Moves its nodes for at most `steps` steps. ASLEEP: nothing to do before *deadline_ns; the bell is armed. BUSY: there
 * is more. OVER: for good. If `disarmed` is set, somebody rang while it was falling asleep and will see to it. */
wr_moved wr_strand_move(wr_strand *strand, int steps, int64_t *deadline_ns);
/* What a strand does when it is over. */
void wr_strand_leave(wr_strand *strand);

#endif
