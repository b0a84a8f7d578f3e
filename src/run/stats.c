/* Snapshots of a pipeline, from any thread, while it runs and after. */
#include "run/pipeline.h"
#include "run/supervisor.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static double cpu_of_strand(wr_supervisor *s, const wr_strand *strand)
{
    clockid_t clock;
    struct timespec cpu = {0};
    pthread_mutex_lock(&s->threads_lock);
    if (strand->has_thread && !atomic_load(&strand->over) && pthread_getcpuclockid(strand->thread, &clock) == 0)
        clock_gettime(clock, &cpu);
    pthread_mutex_unlock(&s->threads_lock);
    double running_s = (double)cpu.tv_sec + (double)cpu.tv_nsec / 1e9;
    int64_t ended_ns = atomic_load(&strand->cpu_ns);
    return ended_ns ? (double)ended_ns / 1e9 : running_s;
}

/* A strand's processor time belongs to its nodes by the time they were busy; on a pool only that time is known. */
static double cpu_of_node(wr_supervisor *s, const weir_node *node)
{
    const wr_strand *strand = node->strand;
    int64_t mine_ns = atomic_load(&node->tally->busy_ns), all_ns = 0;
    if (!atomic_load(&s->started))
        return 0;
    if (node->worker >= 0)
        return (double)atomic_load(&node->tally->cpu_ns) / 1e9;
    if (strand->pool)
        return (double)mine_ns / 1e9;
    if (strand->nodes == 1)
        return cpu_of_strand(s, strand);
    for (int i = 0; i < strand->nodes; i++)
        all_ns += atomic_load(&strand->node[i]->tally->busy_ns);
    return all_ns > 0 ? cpu_of_strand(s, strand) * (double)mine_ns / (double)all_ns : 0;
}

static const char *state_of(int phase)
{
    switch (phase) {
    case WR_NEW:
        return "new";
    case WR_RUNNING:
        return "running";
    case WR_DONE:
        return "done";
    case WR_FAILED:
        return "failed";
    default:
        return "stuck";
    }
}

static const char *const sandbox_words[] = {"full", "partial", "none"};

static void read_node(wr_supervisor *s, weir_node *node, weir_node_stats *stats)
{
    *stats = (weir_node_stats){.name = node->name,
                               .component = node->class->name,
                               .summary = node->class->summary,
                               .runner = node->runner_used,
                               .state = state_of(atomic_load(&node->tally->shown_phase)),
                               .frames_in = atomic_load(&node->tally->frames_in),
                               .frames_out = atomic_load(&node->tally->frames_out),
                               .errors = atomic_load(&node->tally->errors),
                               .lost = atomic_load(&node->tally->lost),
                               .restarts = atomic_load(&node->tally->restarts),
                               .busy = wr_histogram_spread(&node->tally->busy),
                               .cpu_s = cpu_of_node(s, node),
                               .hidden_ns = atomic_load(&node->tally->hidden_ns),
                               .options = node->shown_options};
    pthread_mutex_lock(&node->error_lock);
    memcpy(stats->error, node->error, sizeof stats->error);
    memcpy(stats->sandbox_holds, node->sandbox, sizeof stats->sandbox_holds);
    stats->sandbox = node->sandbox[0] ? sandbox_words[node->sandbox_level] : NULL;
    pthread_mutex_unlock(&node->error_lock);
}

static void read_edge(const wr_edge *edge, weir_link_stats *stats)
{
    *stats = (weir_link_stats){.from = edge->from->shown,
                               .to = edge->to->name,
                               .from_port = edge->from_port,
                               .to_port = edge->to_port,
                               .policy = edge->config.policy,
                               .live = !edge->config.waits,
                               .inline_ = edge->inline_};
    if (!edge->link.shared)
        return;
    wr_link_read(&edge->link, stats);
    for (const wr_edge *old = edge->old; old; old = old->old) {
        weir_link_stats more = {0};
        wr_link_read(&old->link, &more);
        wr_link_add_counts(stats, &more);
        wr_link_add_counts(stats, &old->before);
    }
    wr_link_add_counts(stats, &edge->before);
}

/* --- links that lead out --- */

enum { TAP_NAME = 96 };

static size_t tap_places(const wr_graph *graph)
{
    size_t places = 0;
    for (int i = 0; i < graph->nodes; i++)
        places += graph->node[i]->tap_memory.data ? wr_taps_places(&graph->node[i]->tap_plan) : 0;
    return places;
}

static void read_taps(const weir_node *node, weir_stats *stats, size_t *named)
{
    wr_tap_seen seen;
    for (unsigned place = 0; node->tap_memory.data && place < wr_taps_places(&node->tap_plan); place++) {
        if (!wr_taps_read(&node->tap_plan, node->tap_memory.data, place, node->inputs, &seen))
            continue;
        const wr_edge *edge = node->input[seen.input].edge;
        char *name = stats->names + TAP_NAME * (*named)++;
        snprintf(name, TAP_NAME, seen.viewer ? "%s.%u" : "%s.gone", node->name, seen.viewer);
        weir_link_stats *link = &stats->link[stats->links++];
        *link = seen.stats;
        link->from = edge->from->shown;
        link->from_port = edge->from_port;
        link->to_port = edge->to_port;
        link->to = name;
        link->live = link->tap = true;
    }
}

static uint64_t store_peak(const wr_graph *graph)
{
    uint64_t bytes = 0;
    for (int i = 0; i < graph->nodes; i++)
        for (int k = 0; k < WEIR_KINDS_MAX; k++)
            if (graph->node[i]->store[k])
                bytes += atomic_load(&graph->node[i]->store[k]->peak_bytes);
    return bytes;
}

weir_stats *weir_pipeline_stats(weir_pipeline *pipeline)
{
    wr_supervisor *s = wr_pipeline_supervisor(pipeline);
    wr_graph *graph = s->graph;
    bool begun = atomic_load(&s->begun); /* before, the graph may still be in the making */
    weir_stats *stats = calloc(1, sizeof *stats);
    if (!stats)
        return NULL;
    stats->node = calloc(begun ? (size_t)graph->nodes + 1 : 1, sizeof *stats->node);
    size_t taps = begun ? tap_places(graph) : 0;
    stats->link = calloc(begun ? (size_t)graph->edges + taps + 1 : 1, sizeof *stats->link);
    stats->names = calloc(taps + 1, TAP_NAME);
    if (!stats->node || !stats->link || !stats->names) {
        weir_stats_free(stats);
        return NULL;
    }
    int64_t ended_ns = atomic_load(&s->ended) ? s->ended_ns : weir_clock_now(graph->clock);
    stats->pipeline = wr_pipeline_name(pipeline);
    stats->duration_s = begun ? (double)(ended_ns - s->started_ns) / 1e9 : 0;
    stats->end = atomic_load(&s->end);
    for (int i = 0; begun && i < graph->nodes; i++)
        read_node(s, graph->node[i], &stats->node[stats->nodes++]);
    pthread_mutex_lock(&graph->edges_lock);
    for (int i = 0; begun && i < graph->edges; i++)
        if (atomic_load(&graph->edge[i]->in_use))
            read_edge(graph->edge[i], &stats->link[stats->links++]);
    for (size_t named = 0, i = 0; begun && i < (size_t)graph->nodes; i++)
        read_taps(graph->node[i], stats, &named);
    pthread_mutex_unlock(&graph->edges_lock);
    stats->bound_bytes = begun ? graph->bound_bytes : 0;
    stats->pool_peak_bytes = begun ? store_peak(graph) : 0;
    stats->rss_peak_bytes = wr_memory_peak() + wr_keeper_rss(atomic_load(&s->keeper));
    return stats;
}

void weir_stats_free(weir_stats *stats)
{
    if (!stats)
        return;
    free(stats->node);
    free(stats->link);
    free(stats->names);
    free(stats);
}
