/* What a graph means: who runs where, what is live, what each link carries, and how much memory it all can need.
 * Nodes are in topological order: forwards, producers come first; backwards, consumers. */
#include "core/graph.h"
#include "core/registry.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DEPTH_PICTURES = 8, DEPTH_PLAIN = 64, DEPTH_PACKETS = 256 };

typedef struct planner {
    wr_graph *graph;
    const char *file;
    wr_problems *problems;
} planner;

/* --- who runs where --- */

static const char *runner_of(const wr_graph *graph, const weir_node *node)
{
    if (!graph->runner_forced && node->runner[0])
        return node->runner;
    return !graph->runner_forced && graph->isolate && node->class->flags & WEIR_EXPOSED ? "process" : graph->runner;
}

static bool one_strand_above(const weir_node *node)
{
    for (int i = 0; i < node->inputs; i++)
        if (node->input[i].edge->from->strand_number != node->input[0].edge->from->strand_number)
            return false;
    return node->inputs > 0;
}

/* The process of its group, or a new one. */
static int worker_of(wr_graph *graph, const weir_node *node)
{
    for (int i = 0; node->group[0] && i < node->place; i++)
        if (graph->node[i]->worker >= 0 && strcmp(graph->node[i]->group, node->group) == 0)
            return graph->node[i]->worker;
    return graph->workers++;
}

static void choose_process(planner *p, weir_node *node, bool wanted)
{
    if (node->runs_inline)
        node->worker = node->input[0].edge->from->worker;
    else if (wanted && wr_component_origin(node->class)) /* a file may name no other; the command line forces all */
        node->worker = worker_of(p->graph, node);
    if (node->worker >= 0 && p->graph->clock)
        wr_problems_add(p->problems, p->file, node->at_place,
                        "%s.runner: no clock but the real one is known to other "
                        "processes; use thread",
                        node->name);
}

/* A worker of the pool cannot be rung from another process. */
static void leave_pool(wr_graph *graph)
{
    for (int i = 0; i < graph->edges; i++) {
        weir_node *ends[] = {graph->edge[i]->from, graph->edge[i]->to};
        for (int k = 0; k < 2 && wr_edge_is_across(graph->edge[i]); k++)
            for (int n = 0; n < graph->nodes; n++)
                if (graph->node[n]->strand_number == ends[k]->strand_number &&
                    strcmp(graph->node[n]->runner_used, "pool") == 0)
                    strcpy(graph->node[n]->runner_used, "thread");
    }
}

static void look_at_limits(planner *p, const weir_node *node)
{
    bool dispatches = (node->class->flags & WEIR_ONE_ROOM) != 0; /* its copies have the limits */
    if (node->limits.given && node->worker < 0 && !p->graph->runner_forced && !dispatches)
        wr_problems_add(p->problems, p->file, node->at_place,
                        "%s: memory=, files= and deadline= are limits of a process; say runner=process too",
                        node->name);
}

static void choose_strands(planner *p)
{
    int strands = 0;
    for (int i = 0; i < p->graph->nodes; i++) {
        weir_node *node = p->graph->node[i];
        const char *runner = runner_of(p->graph, node);
        bool wanted = strcmp(runner, "inline") == 0;
        node->runs_inline = wanted && one_strand_above(node);
        node->strand_number = node->runs_inline ? node->input[0].edge->from->strand_number : strands++;
        choose_process(p, node, strcmp(runner, "process") == 0);
        snprintf(node->runner_used, sizeof node->runner_used, "%s",
                 node->runs_inline             ? "inline"
                 : node->worker >= 0           ? "process"
                 : strcmp(runner, "pool") == 0 ? "pool"
                                               : "thread");
        look_at_limits(p, node);
        if (wanted && !node->runs_inline && !p->graph->runner_forced && strcmp(node->runner, "inline") == 0)
            wr_problems_add(p->problems, p->file, node->at_place, "%s.runner: %s; use thread", node->name,
                            node->class->inputs ? "its producers run in different threads, so it cannot be inline"
                                                : "a source has no producer to be inline with");
    }
    leave_pool(p->graph);
}

/* --- plan(), streams, liveness --- */

static void call_plan(planner *p, weir_node *node)
{
    weir_status status = node->class->plan ? node->class->plan(node) : WEIR_OK;
    if (status < 0)
        wr_problems_add(p->problems, p->file, node->at_place, "%s: %s", node->name,
                        node->error[0] ? node->error : weir_status_text(status));
}

static void number_streams(planner *p)
{
    wr_graph *graph = p->graph;
    for (int i = 0; i < graph->nodes; i++) {
        if (graph->node[i]->class->inputs)
            continue;
        if (graph->streams == WR_STREAMS_MAX) {
            wr_problems_add(p->problems, p->file, graph->node[i]->at_place, "a pipeline has at most %d sources",
                            WR_STREAMS_MAX);
            return;
        }
        graph->node[i]->stream = graph->streams;
        graph->source[graph->streams++] = graph->node[i];
    }
}

static void find_streams(wr_graph *graph, weir_node *node)
{
    for (int o = 0; o < node->outputs; o++)
        for (int e = 0; e < node->output[o].edges; e++) {
            wr_edge *edge = node->output[o].edge[e];
            edge->streams = wr_must(calloc(graph->streams + 1u, sizeof *edge->streams));
            edge->streams[node->stream] = node->class->inputs == NULL;
            for (int i = 0; i < node->inputs; i++)
                for (uint32_t s = 0; s < graph->streams; s++)
                    edge->streams[s] |= node->input[i].edge->streams[s];
        }
}

static void find_lag(weir_node *node)
{
    for (int i = 0; i < node->inputs; i++)
        if (node->input[i].edge->from->lag > node->lag)
            node->lag = node->input[i].edge->from->lag;
    node->lag += !(node->class->flags & WEIR_HOLDS) ? 0 : node->holds_back ? node->holds_back : node->keeps;
}

static void plan_nodes(planner *p)
{
    for (int i = 0; i < p->graph->nodes; i++) {
        weir_node *node = p->graph->node[i];
        for (int k = 0; k < node->inputs; k++)
            node->live |= node->input[k].edge->from->live;
        if (!node->bad)
            call_plan(p, node);
        find_lag(node);
        find_streams(p->graph, node);
    }
}

/* --- what links carry --- */

static void carry(weir_node *node, wr_edge *edge)
{
    const weir_port *in = &node->class->inputs[edge->to_port];
    uint64_t kinds = wr_port_needs(in) | wr_port_wants(in);
    bool bounds = (node->class->flags & WEIR_BOUNDS) != 0;
    for (int o = 0; o < node->outputs; o++)
        for (int e = 0; e < node->output[o].edges; e++) {
            const wr_edge *next = node->output[o].edge[e];
            bounds |= next->config.bounds;
            if (!(node->class->outputs[o].flags & WEIR_PORT_FRESH))
                node->through |= next->config.kinds & ~wr_port_adds(&node->class->outputs[o]);
        }
    kinds |= node->through;
    edge->config.kinds = kinds & edge->from->output[edge->from_port].kinds;
    edge->config.bounds = node->bounds = bounds;
}

static void find_output_carried(weir_node *node)
{
    for (int o = 0; o < node->outputs; o++) {
        const weir_port *port = &node->class->outputs[o];
        node->output[o].carried = wr_port_adds(port);
        for (int i = 0; !(port->flags & WEIR_PORT_FRESH) && i < node->inputs; i++)
            node->output[o].carried |= node->input[i].edge->config.kinds;
    }
}

static void carry_all(wr_graph *graph)
{
    for (int i = graph->nodes - 1; i >= 0; i--)
        for (int k = 0; k < graph->node[i]->inputs; k++)
            carry(graph->node[i], graph->node[i]->input[k].edge);
    for (int i = 0; i < graph->nodes; i++)
        find_output_carried(graph->node[i]);
}

/* --- how links are --- */

static uint32_t default_depth(uint64_t kinds)
{
    return kinds >> WEIR_KIND_PACKET & 1    ? DEPTH_PACKETS
           : kinds >> WEIR_KIND_PICTURE & 1 ? DEPTH_PICTURES
                                            : DEPTH_PLAIN;
}

uint32_t wr_spare_depth(uint64_t kinds)
{
    return default_depth(kinds);
}

unsigned wr_spare_places(weir_kind kind)
{
    return default_depth(1ull << kind) + 2;
}

static void configure_inline(wr_edge *edge)
{
    wr_link_config *config = &edge->config;
    config->policy = (weir_policy){.depth = config->burst, .max_age_ns = config->policy.max_age_ns};
    config->waits = true;
    edge->inline_ = true;
}

void wr_graph_configure(wr_graph *graph, wr_edge *edge)
{
    wr_link_config *config = &edge->config;
    const weir_port *out = &edge->from->class->outputs[edge->from_port];
    config->burst = out->burst ? out->burst : 1;
    config->streams = graph->streams;
    config->packets = config->kinds >> WEIR_KIND_PACKET & 1;
    if (edge->to->strand_number == edge->from->strand_number && !edge->spare) {
        configure_inline(edge);
        return;
    }
    if (config->policy.take == WEIR_LATEST)
        config->policy.depth = config->packets ? DEPTH_PACKETS : 1;
    else if (config->policy.depth == 0)
        config->policy.depth = default_depth(config->kinds);
    config->waits = edge->always_waits || (config->policy.take == WEIR_EVERY && !edge->from->live);
    if (config->waits && config->policy.depth < config->burst)
        config->policy.depth = config->burst;
    if (config->packets) {
        const wr_plan_store *origin = wr_node_origin(edge->from, WEIR_KIND_PACKET, ++graph->visits);
        config->limit_bytes = origin ? origin->budget_bytes : 0;
    }
}

static void check_policy(planner *p, const wr_edge *edge)
{
    if (edge->to->strand_number == edge->from->strand_number && edge->policy_given &&
        edge->config.policy.take != WEIR_EVERY && strcmp(edge->to->runner, "inline") == 0 && !p->graph->runner_forced)
        wr_problems_add(p->problems, p->file, edge->at,
                        "%s runs inline, without a queue, and takes every frame: leave take= out or use runner=thread",
                        edge->to->name);
    if (edge->config.policy.max_age_ns && !edge->from->live)
        wr_problems_add(p->problems, p->file, edge->at,
                        "max_age makes no sense between %s and %s: the source is read as fast as possible, so age says "
                        "nothing; use pace=live or leave max_age out",
                        edge->from->shown, edge->to->name);
}

/* --- how large stores are --- */

typedef struct need {
    uint64_t frames, bytes, hands;
} need;

/* Every place below `node` where an attachment of this kind may be kept at once: each link's depth, one frame in its
 * consumer's hand, and what that consumer keeps. */
static void count_places(weir_node *node, weir_kind kind, unsigned visit, need *sum)
{
    for (int o = 0; o < node->outputs; o++)
        for (int e = 0; e < node->output[o].edges; e++) {
            const wr_edge *edge = node->output[o].edge[e];
            if (!(edge->config.kinds >> kind & 1))
                continue;
            sum->frames += edge->config.policy.depth + 1 + edge->to->keeps;
            sum->hands += 1 + edge->to->keeps;
            sum->bytes += edge->config.limit_bytes;
            bool replaced = false;
            for (int i = 0; i < edge->to->plans; i++)
                replaced |= edge->to->plan[i].kind == kind;
            if (edge->to->visit == visit || replaced)
                continue;
            edge->to->visit = visit;
            count_places(edge->to, kind, visit, sum);
        }
}

static void add_cost(wr_graph *graph, size_t bytes, const char *format, ...) WEIR_PRINTF(3, 4);

static void add_cost(wr_graph *graph, size_t bytes, const char *format, ...)
{
    va_list args;
    if (bytes == 0)
        return;
    graph->cost = wr_must(realloc(graph->cost, (graph->costs + 1) * sizeof *graph->cost));
    wr_cost *cost = &graph->cost[graph->costs++];
    va_start(args, format);
    vsnprintf(cost->what, sizeof cost->what, format, args);
    va_end(args);
    cost->bytes = bytes;
    graph->bound_bytes += bytes;
}

/* By whoever a link may be attached to. */
static unsigned most_kept(const wr_graph *graph)
{
    unsigned most = 0;
    for (int i = 0; i < graph->nodes; i++)
        most = graph->node[i]->keeps > most ? graph->node[i]->keeps : most;
    return most;
}

static void size_store(planner *p, weir_node *node, wr_plan_store *plan)
{
    uint64_t spare = wr_spare_places(plan->kind) + most_kept(p->graph);
    const wr_tap_plan *taps = &node->tap_plan;
    need sum = {.frames = plan->held + 2 + p->graph->spare_links * spare + (uint64_t)taps->count * (taps->depth + 1),
                .bytes = plan->kind == WEIR_KIND_PACKET ? taps->all_bytes : 0};
    unsigned visit = ++p->graph->visits;
    node->visit = visit;
    count_places(node, plan->kind, visit, &sum);
    if (sum.frames > UINT32_MAX / 2) {
        wr_problems_add(p->problems, p->file, node->at_place,
                        "%s: %llu places for %s are too many; lower hold=", node->name, (unsigned long long)sum.frames,
                        weir_kind_name(plan->kind));
        return;
    }
    plan->slots = (uint32_t)sum.frames;
    if (plan->budget_bytes) /* what waits is bounded in bytes, what is in somebody's hand in number */
        plan->data_bytes = plan->item_bytes * (plan->held + 2 + sum.hands + p->graph->spare_links) + sum.bytes +
                           plan->budget_bytes * p->graph->spare_links;
    size_t item_bytes = plan->budget_bytes ? 0 : plan->item_bytes;
    add_cost(p->graph, wr_store_cost(plan->slots, item_bytes, plan->data_bytes), "%s: %u x %s", node->name, plan->slots,
             weir_kind_name(plan->kind));
}

static void size_all(planner *p)
{
    wr_graph *graph = p->graph;
    for (int i = 0; i < graph->nodes; i++)
        for (int k = 0; k < graph->node[i]->plans; k++)
            size_store(p, graph->node[i], &graph->node[i]->plan[k]);
    wr_graph_across(graph);
    for (int i = 0; i < graph->nodes; i++) {
        const weir_node *node = graph->node[i];
        add_cost(graph, node->plan_bytes, "%s: working memory", node->name);
        add_cost(graph, wr_taps_bytes(&node->tap_plan), "%s: links to viewers", node->name);
    }
    for (int i = 0; i < graph->edges; i++)
        add_cost(graph, wr_link_cost(&graph->edge[i]->config), "link from %s to %s", graph->edge[i]->from->shown,
                 graph->edge[i]->to->name);
    const wr_link_config spare = {.policy = {.depth = DEPTH_PACKETS}, .streams = graph->streams};
    add_cost(graph, graph->spare_links * wr_link_cost(&spare), "links to be attached");
    add_cost(graph, wr_views_cost(graph->views), "converted pictures");
}

bool wr_graph_plan(wr_graph *graph, const char *file, wr_problems *problems)
{
    planner p = {.graph = graph, .file = file, .problems = problems};
    size_t before = problems->count;
    number_streams(&p);
    choose_strands(&p);
    carry_all(graph);
    plan_nodes(&p);
    for (int i = 0; i < graph->edges; i++) {
        check_policy(&p, graph->edge[i]);
        wr_graph_configure(graph, graph->edge[i]);
    }
    if (problems->count == before)
        size_all(&p);
    return problems->count == before;
}
