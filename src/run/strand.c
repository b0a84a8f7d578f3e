#include "run/strand.h"

#include "core/clock.h"
#include "os/barrier.h"
#include "os/relax.h"
#include <sched.h>
#include <stdlib.h>
#include <time.h>

enum { SPIN_NS = 5000, FLOWING = 4, LOOK_EVERYWHERE = 16 };

static void all_rung(wr_run *run)
{
    for (int i = 0; i < run->strands; i++)
        wr_bell_ring(&run->strand[i].bell);
    wr_bell_ring(run->supervisor);
}

void wr_strand_open(wr_strand *strand)
{
    wr_run *run = strand->run;
    for (int i = strand->nodes - 1; i >= 0; i--)
        if (strand->node[i]->phase == WR_NEW && wr_node_open(strand->node[i]) < 0) {
            atomic_store(&run->open_failed, true);
            wr_bell_ring(run->supervisor);
        }
    strand->opened = true;
    if (atomic_fetch_sub(&run->to_open, 1) == 1)
        all_rung(run);
    else
        wr_bell_ring(run->supervisor); /* in a worker it says so, and was woken a moment too early by the node itself */
}

/* One step of the most downstream node that has something to do. Below the node that worked last nothing has, but what it
 * sent to and, once in a while, one whose time has come or that is fed from elsewhere. */
static wr_step step(wr_strand *strand, int64_t *now_ns, bool before_sleep)
{
    int over = 0, from = strand->steps % LOOK_EVERYWHERE ? strand->from : 0;
    for (int k = 0; k < strand->nodes; k++) {
        int i = from + k < strand->nodes ? from + k : from + k - strand->nodes;
        wr_step result = wr_node_step(strand->node[i], now_ns, before_sleep);
        over += result == WR_STEP_OVER;
        if (result != WR_STEP_WORKED)
            continue;
        strand->from = strand->node[i]->below;
        return WR_STEP_WORKED;
    }
    return over == strand->nodes ? WR_STEP_OVER : WR_STEP_IDLE;
}

static int64_t earliest(const wr_strand *strand)
{
    int64_t deadline_ns = INT64_MAX;
    for (int i = 0; i < strand->nodes; i++)
        if (wr_node_wake_at(strand->node[i]) < deadline_ns)
            deadline_ns = wr_node_wake_at(strand->node[i]);
    return deadline_ns;
}

static bool may_not_start(const wr_run *run)
{
    return atomic_load(&run->to_open) > 0 || atomic_load(&run->open_failed);
}

/* Others may give it work at any moment: frames, or room for them. Else it waits for a time, or to be woken. */
static bool waits_for_others(const wr_strand *strand)
{
    for (int i = 0; i < strand->nodes; i++)
        if (strand->node[i]->inputs > 0 || strand->node[i]->no_room)
            return true;
    return false;
}

static bool others_wait(const wr_strand *strand)
{
    return strand->others && atomic_load_explicit(strand->others, memory_order_relaxed) > 0;
}

/* Frames come faster than it could be woken for each. Then whoever it waits for may be waiting for this core. */
static bool gives_way(const wr_strand *strand)
{
    for (int i = 0; i < strand->nodes; i++)
        if (strand->node[i]->live)
            return false; /* it might not get the core back in time */
    return strand->steps >= FLOWING;
}

static void let_a_moment_pass(bool gives_way)
{
    if (gives_way)
        sched_yield();
    else
        for (int i = 0; i < 16; i++)
            wr_relax();
}

/* A frame often follows the one before within microseconds: looking again for that long costs less than going to sleep
 * and being woken. Only after work, so a pipeline at rest never spins; and not for a time, since the consumer that was
 * just woken may need this very core; and not while other strands wait for this worker. */
static wr_step step_or_spin(wr_strand *strand, int64_t *now_ns)
{
    wr_step result = step(strand, now_ns, false);
    if (strand->graph->clock || strand->steps == 0 || !waits_for_others(strand))
        return result;
    int64_t until_ns = *now_ns + SPIN_NS;
    bool way = result == WR_STEP_IDLE && gives_way(strand);
    while (result == WR_STEP_IDLE && *now_ns < until_ns && !others_wait(strand)) {
        let_a_moment_pass(way);
        result = step(strand, now_ns, false);
        *now_ns = weir_clock_now(NULL);
    }
    return result;
}

static bool is_by_hasty(const weir_node *node)
{
    for (int i = 0; i < node->inputs; i++)
        if (!node->input[i].ended && wr_link_producer_is_hasty(&node->input[i].edge->link))
            return true; /* the link of an input that has ended may be in other hands already */
    for (int o = 0; o < node->outputs; o++)
        for (int i = 0; i < node->output[o].edges; i++)
            if (wr_link_consumer_is_hasty(&node->output[o].edge[i]->link))
                return true;
    return false;
}

/* The bell is armed and the strand about to look for the last time: what others published in haste is to be seen. */
static void see_the_hasty(const wr_strand *strand)
{
    for (int i = 0; i < strand->nodes; i++)
        if (is_by_hasty(strand->node[i])) {
            wr_barrier();
            return;
        }
}

wr_moved wr_strand_move(wr_strand *strand, int steps, int64_t *deadline_ns)
{
    wr_run *run = strand->run;
    int64_t now_ns = weir_clock_now(strand->graph->clock);
    bool armed = false;
    *deadline_ns = INT64_MAX;
    while (steps > 0) {
        if (atomic_load(&run->stop_now))
            return WR_MOVED_OVER;
        wr_step result = may_not_start(run) ? WR_STEP_IDLE
                         : armed            ? step(strand, &now_ns, true)
                                            : step_or_spin(strand, &now_ns);
        if (result == WR_STEP_OVER)
            return WR_MOVED_OVER;
        if (result == WR_STEP_WORKED) {
            steps--;
            strand->steps++;
            if (armed && !wr_bell_disarm(&strand->bell) && strand->bell.rung)
                return WR_MOVED_ASLEEP; /* the ringer has seen to it that we are called again */
            armed = false;
            continue;
        }
        if (armed) {
            *deadline_ns = may_not_start(run) ? INT64_MAX : earliest(strand);
            return WR_MOVED_ASLEEP;
        }
        strand->steps = 0;
        wr_bell_arm(&strand->bell);
        see_the_hasty(strand);
        armed = true;
        now_ns = weir_clock_now(strand->graph->clock);
    }
    if (armed)
        wr_bell_disarm(&strand->bell);
    return WR_MOVED_BUSY;
}

void wr_strand_leave(wr_strand *strand)
{
    struct timespec cpu;
    for (int i = strand->nodes - 1; i >= 0; i--)
        wr_node_abandon(strand->node[i]);
    if (strand->has_thread && clock_gettime(CLOCK_THREAD_CPUTIME_ID, &cpu) == 0)
        atomic_store(&strand->cpu_ns, (int64_t)cpu.tv_sec * 1000000000 + cpu.tv_nsec);
    wr_bell_disarm(&strand->bell); /* a late ring finds nobody */
    atomic_store(&strand->over, true);
    atomic_fetch_sub(&strand->run->alive, 1);
    wr_bell_ring(strand->run->supervisor);
}

/* --- all of a graph --- */

static void join_bells(wr_graph *graph)
{
    for (int i = 0; i < graph->edges; i++) {
        wr_edge *edge = graph->edge[i];
        if (edge->spare || !edge->from->strand || !edge->to->strand)
            continue;
        edge->link.producer_bell = &edge->from->strand->bell;
        edge->link.consumer_bell = &edge->to->strand->bell;
        edge->link.carries = edge->streams;
        if (edge->to->strand == edge->from->strand && edge->to->rank < edge->from->below)
            edge->from->below = edge->to->rank;
    }
}

void wr_strands_make(wr_run *run, wr_graph *graph, wr_bell *supervisor)
{
    int strands = 0;
    for (int i = 0; i < graph->nodes; i++)
        if (graph->node[i]->strand_number >= strands)
            strands = graph->node[i]->strand_number + 1;
    *run = (wr_run){.graph = graph, .strands = strands, .supervisor = supervisor};
    run->strand = wr_must(wr_memory_lines(((size_t)strands + 1) * sizeof *run->strand));
    for (int i = graph->nodes - 1; i >= 0; i--) { /* consumers first */
        weir_node *node = graph->node[i];
        if (node->strand_number < 0)
            continue;
        wr_strand *strand = &run->strand[node->strand_number];
        strand->node = wr_must(realloc(strand->node, sizeof *strand->node * (size_t)(strand->nodes + 1)));
        node->rank = node->below = strand->nodes;
        strand->node[strand->nodes++] = node;
        strand->graph = graph;
        strand->run = run;
        strand->bell_page.fd = -1;
        node->strand = strand;
    }
    join_bells(graph);
    for (int i = 0; i < strands; i++)
        atomic_fetch_add(&run->to_open, wr_strand_is_elsewhere(&run->strand[i]) ? 0 : 1);
    atomic_store(&run->alive, strands);
    graph->supervisor = supervisor;
}

void wr_strands_free(wr_run *run)
{
    for (int i = 0; run->strand && i < run->strands; i++) {
        free(run->strand[i].node);
        wr_memory_unmap(&run->strand[i].bell_page);
    }
    free(run->strand);
}
