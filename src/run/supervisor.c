#include "run/supervisor.h"

#include "core/clock.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { POLL_NS = 100000000 };
static const int64_t drain_limit_ns = 5000000000, grace_ns = 2000000000;

static int64_t now(const wr_supervisor *s)
{
    return weir_clock_now(s->graph->clock);
}

void wr_supervisor_init(wr_supervisor *s, wr_graph *graph)
{
    *s = (wr_supervisor){.graph = graph};
    atomic_init(&s->end, "new");
    pthread_mutex_init(&s->threads_lock, NULL);
}

weir_status wr_supervisor_prepare(wr_supervisor *s, weir_node **culprit)
{
    for (int i = 0; i < s->graph->nodes; i++) {
        weir_node *node = s->graph->node[i];
        bool here = node->worker < 0;
        weir_status status = here && node->class->prepare ? node->class->prepare(node) : WEIR_OK;
        if (status < 0) {
            *culprit = node;
            return status;
        }
    }
    return WEIR_OK;
}

/* --- starting --- */

static bool in_pool(const wr_strand *strand)
{
    return strcmp(strand->node[strand->nodes - 1]->runner_used, "pool") == 0;
}

static int pool_workers(const wr_supervisor *s)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    return s->workers > 0 ? s->workers : cores > 2 ? (int)cores : 2;
}

/* A strand that nobody moves is over from the start. */
static void never_started(wr_supervisor *s)
{
    for (int i = 0; i < s->run.strands; i++) {
        wr_strand *strand = &s->run.strand[i];
        bool kept = wr_strand_is_elsewhere(strand) && atomic_load(&s->keeper); /* the keeper says when it is over */
        if (kept || strand->has_thread || (in_pool(strand) && s->pool && s->pool_runs))
            continue;
        atomic_store(&strand->over, true);
        atomic_fetch_sub(&s->run.alive, 1);
    }
    atomic_store(&s->run.open_failed, true);
}

static bool start(wr_supervisor *s)
{
    if (s->graph->workers > 0 && !atomic_load(&s->keeper))
        return false;
    for (int i = 0; i < s->run.strands; i++) {
        wr_strand *strand = &s->run.strand[i];
        if (!in_pool(strand))
            continue;
        if (!s->pool && !(s->pool = wr_pool_new(&s->run, pool_workers(s))))
            return false;
        wr_pool_add(s->pool, strand);
    }
    s->pool_runs = s->pool && wr_pool_start(s->pool);
    if (s->pool && !s->pool_runs)
        return false;
    for (int i = 0; i < s->run.strands; i++) {
        wr_strand *strand = &s->run.strand[i];
        if (!wr_strand_is_elsewhere(strand) && !in_pool(strand) && !wr_thread_start(strand))
            return false;
    }
    return true;
}

/* --- stopping --- */

static void ring_all(wr_supervisor *s)
{
    for (int i = 0; i < s->run.strands; i++)
        wr_bell_ring(&s->run.strand[i].bell);
}

static void drain(wr_supervisor *s, const char *why)
{
    if (s->draining)
        return;
    s->draining = true;
    atomic_store(&s->end, why);
    s->progress_at_ns = now(s);
    for (uint32_t i = 0; i < s->graph->streams; i++)
        wr_node_drain(s->graph->source[i]);
    ring_all(s);
    wr_keeper_poke(atomic_load(&s->keeper));
}

static void stop_now(wr_supervisor *s)
{
    if (atomic_exchange(&s->run.stop_now, true))
        return;
    s->grace_until_ns = weir_clock_now(NULL) + grace_ns;
    for (int i = 0; i < s->graph->nodes; i++)
        wr_node_interrupt(s->graph->node[i]);
    ring_all(s);
    wr_keeper_poke(atomic_load(&s->keeper));
}

/* Draining is given up when nothing has moved for a while and somebody is still inside a call. */
static void watch_drain(wr_supervisor *s)
{
    uint64_t progress = 0;
    const weir_node *inside = NULL;
    for (int i = 0; i < s->graph->nodes; i++) {
        const weir_node *node = s->graph->node[i];
        progress += atomic_load(&node->tally->steps);
        if (atomic_load(&node->tally->call_began_ns))
            inside = node;
    }
    if (progress != s->progress) {
        s->progress = progress;
        s->progress_at_ns = now(s);
    } else if (now(s) - s->progress_at_ns > drain_limit_ns) {
        weir_log(WEIR_LOG_WARNING, inside ? inside->name : NULL, "did not finish within 5 s of the stop; stopping now");
        stop_now(s);
    }
}

/* --- stall: somebody does not come back from a call while frames wait for its strand --- */

static bool producer_waits(const wr_edge *edge)
{
    return atomic_load(&edge->in_use) && !edge->inline_ && !wr_link_is_cut(&edge->link) &&
           wr_link_is_awaited(&edge->link);
}

/* Everything that leads to its strand is cut, and what leads from it has ended for those below. */
static void cut_off(wr_supervisor *s, const wr_strand *strand)
{
    for (int i = 0; i < strand->nodes; i++)
        atomic_store(&strand->node[i]->tally->shown_phase, WR_SHOWN_STUCK);
    for (int i = 0; i < s->graph->edges; i++) {
        wr_edge *edge = s->graph->edge[i];
        if (!atomic_load(&edge->in_use))
            continue;
        if (edge->to->strand == strand)
            wr_link_cut(&edge->link);
        else if (edge->from->strand == strand)
            wr_link_give_up_producer(&edge->link);
    }
}

static void cut_stuck(wr_supervisor *s, weir_node *node, const char *how)
{
    pthread_mutex_lock(&node->error_lock);
    snprintf(
        node->error, sizeof node->error,
        "%s for %.0f s while frames waited for it; its links were cut and the others go on; raise stall= if it may "
        "take that long",
        how, (double)node->stall_ns / 1e9);
    weir_log(WEIR_LOG_ERROR, node->name, "%s", node->error);
    pthread_mutex_unlock(&node->error_lock);
    cut_off(s, node->strand);
}

static bool is_stuck(const weir_node *node)
{
    return atomic_load(&node->tally->shown_phase) == WR_SHOWN_STUCK;
}

/* Who is inside a call for longer than it may; NULL if nobody of this strand is. */
static weir_node *too_long_inside(wr_supervisor *s, const wr_strand *strand)
{
    for (int i = 0; i < strand->nodes; i++) {
        weir_node *node = strand->node[i];
        int64_t began_ns = atomic_load(&node->tally->call_began_ns);
        if (node->worker < 0 && /* the keeper replaces others */ node->stall_ns && began_ns > 0 &&
            now(s) - began_ns > node->stall_ns && !is_stuck(node))
            return node;
    }
    return NULL;
}

/* Nobody is inside a call, nothing has moved for as long as the node may take, and frames wait for it: it waits for
 * what will never come. */
static bool stands_still(wr_supervisor *s, const weir_node *node)
{
    uint64_t steps = 0;
    bool anybody_inside = false;
    for (int i = 0; i < s->graph->nodes; i++) {
        steps += atomic_load(&s->graph->node[i]->tally->steps);
        anybody_inside |= atomic_load(&s->graph->node[i]->tally->call_began_ns) != 0 && !is_stuck(s->graph->node[i]);
    }
    if (anybody_inside || steps != s->all_steps) {
        s->all_steps = steps;
        s->still_since_ns = now(s);
    }
    return node->stall_ns && now(s) - s->still_since_ns > node->stall_ns && !is_stuck(node);
}

static void watch_stalls(wr_supervisor *s)
{
    pthread_mutex_lock(&s->graph->edges_lock);
    for (int i = 0; i < s->graph->edges; i++) {
        wr_edge *edge = s->graph->edge[i];
        if (!producer_waits(edge))
            continue;
        weir_node *inside = too_long_inside(s, edge->to->strand);
        if (inside)
            cut_stuck(s, inside, "did not come back from a call");
        else if (stands_still(s, edge->to))
            cut_stuck(s, edge->to, "made no progress");
    }
    pthread_mutex_unlock(&s->graph->edges_lock);
}

static bool may_stall(const wr_supervisor *s)
{
    for (int i = 0; i < s->graph->edges; i++)
        /* What spare ones are may be changing just now. */
        if (!s->graph->edge[i]->spare && s->graph->edge[i]->config.waits && !s->graph->edge[i]->inline_)
            return true;
    return s->graph->spare_links > 0;
}

/* --- watching --- */

static bool over(wr_supervisor *s)
{
    if (atomic_load(&s->run.alive) == 0)
        return true;
    return atomic_load(&s->run.stop_now) && weir_clock_now(NULL) > s->grace_until_ns;
}

/* Every strand that is not over waits for one that was left behind: a node that is stuck and cut off. */
static bool only_stuck_left(wr_supervisor *s)
{
    for (int i = 0; i < s->run.strands; i++) {
        const wr_strand *strand = &s->run.strand[i];
        bool stuck = false;
        for (int n = 0; n < strand->nodes; n++)
            stuck |= atomic_load(&strand->node[n]->tally->shown_phase) == WR_SHOWN_STUCK;
        if (!atomic_load(&strand->over) && !stuck)
            return false;
    }
    return atomic_load(&s->run.alive) > 0;
}

static void watch(wr_supervisor *s)
{
    bool poll = may_stall(s);
    while (!over(s)) {
        int64_t deadline_ns = s->duration_ns && !s->draining ? s->started_ns + s->duration_ns : INT64_MAX;
        int stops = atomic_load(&s->stops);
        if (atomic_load(&s->keeper) && !s->all_open && atomic_load(&s->run.to_open) == 0) {
            s->all_open = true;
            wr_keeper_poke(atomic_load(&s->keeper));
        }
        if (atomic_load(&s->run.open_failed) || stops >= 2 || only_stuck_left(s))
            stop_now(s);
        if (stops >= 1)
            drain(s, "stopped");
        if (deadline_ns <= now(s))
            drain(s, "duration");
        if (poll)
            watch_stalls(s);
        if (s->draining && !atomic_load(&s->run.stop_now))
            watch_drain(s);
        if ((poll || s->draining || atomic_load(&s->run.stop_now)) && now(s) + POLL_NS < deadline_ns)
            deadline_ns = now(s) + POLL_NS;
        wr_bell_arm(&s->bell);
        if (over(s) || atomic_load(&s->stops) != stops || (atomic_load(&s->run.open_failed) && !s->grace_until_ns)) {
            wr_bell_disarm(&s->bell);
            continue;
        }
        wr_clock_wait(s->graph->clock, &s->bell.word, deadline_ns);
    }
}

/* --- the end --- */

static void gather(wr_supervisor *s)
{
    int64_t until_ns = weir_clock_now(NULL) + grace_ns;
    for (int i = 0; i < s->run.strands; i++) {
        wr_strand *strand = &s->run.strand[i];
        bool over_now = atomic_load(&strand->over);
        s->left_behind |= !over_now && (strand->has_thread || strand->pool);
        if (wr_strand_is_elsewhere(strand))
            continue;
        if (!strand->has_thread)
            continue;
        if (over_now) {
            pthread_mutex_lock(&s->threads_lock);
            pthread_join(strand->thread, NULL);
            strand->has_thread = false;
            pthread_mutex_unlock(&s->threads_lock);
        } else {
            pthread_detach(strand->thread);
        }
    }
    s->left_behind |= !wr_pool_free(s->pool, until_ns);
    s->pool = NULL;
    wr_keeper_end(atomic_load(&s->keeper));
}

static void name_left_behind(weir_node *node)
{
    pthread_mutex_lock(&node->error_lock);
    bool said = node->error[0];
    if (!said)
        snprintf(node->error, sizeof node->error, "did not come back from a call and was left behind");
    pthread_mutex_unlock(&node->error_lock);
    if (!said)
        weir_log(WEIR_LOG_ERROR, node->name, "did not come back from a call and was left behind");
    atomic_store(&node->tally->shown_phase, WR_SHOWN_STUCK);
}

static weir_status verdict(wr_supervisor *s, weir_node **culprit)
{
    weir_status status = WEIR_OK;
    for (int i = 0; i < s->graph->nodes; i++) {
        weir_node *node = s->graph->node[i];
        if (s->left_behind && atomic_load(&node->tally->call_began_ns))
            name_left_behind(node);
        int phase = atomic_load(&node->tally->shown_phase);
        if (phase != WR_FAILED && phase != WR_SHOWN_STUCK)
            continue;
        /* What could not be opened is the reason, whoever hangs or crashed beside it. */
        bool reason =
            atomic_load(&s->run.open_failed) && phase == WR_FAILED && node->status < 0 && node->status != WEIR_FAILED;
        if (reason || !*culprit || (!(*culprit)->error[0] && node->error[0]))
            *culprit = node;
        if (reason)
            return node->status;
        status = WEIR_FAILED;
    }
    return s->left_behind ? WEIR_STUCK : status;
}

weir_status wr_supervisor_run(wr_supervisor *s, weir_node **culprit)
{
    wr_strands_make(&s->run, s->graph, &s->bell);
    s->started_ns = now(s);
    if (s->graph->workers > 0) /* before anybody may look at nodes: it moves what they count */
        atomic_store(&s->keeper, wr_keeper_new(&s->run, s->pipeline));
    int error = errno;
    atomic_store(&s->end, "running");
    atomic_store(&s->begun, true);
    wr_clock_join(s->graph->clock);
    s->still_since_ns = now(s);
    bool all_started = start(s);
    error = s->graph->workers > 0 && !atomic_load(&s->keeper) ? error : errno;
    if (!all_started)
        never_started(s);
    atomic_store(&s->started, true);
    watch(s);
    if (atomic_load(&s->run.open_failed))
        stop_now(s);
    wr_clock_leave(s->graph->clock);
    s->ended_ns = now(s);
    atomic_store(&s->ended, true);
    gather(s);
    weir_status status = verdict(s, culprit);
    if (!all_started) {
        weir_log(WEIR_LOG_ERROR, NULL, "cannot start a thread: %s", strerror(error));
        status = WEIR_NO_MEMORY;
    }
    if (strcmp(atomic_load(&s->end), "running") == 0)
        atomic_store(&s->end, status == WEIR_OK ? "end-of-stream" : "failed");
    return status;
}

void wr_supervisor_free(wr_supervisor *s)
{
    wr_keeper_free(atomic_load(&s->keeper));
    wr_strands_free(&s->run);
    pthread_mutex_destroy(&s->threads_lock);
}
