/* What goes from one process to another: which links, and whose attachments they may carry. */
#include "core/graph.h"
#include <stdlib.h>

bool wr_edge_is_across(const wr_edge *edge)
{
    return edge->from->worker != edge->to->worker;
}

static void add_carried(wr_edge *edge, const wr_plan_store *plan)
{
    wr_link_config *config = &edge->config;
    for (uint32_t i = 0; i < config->stores; i++)
        if (edge->carried[i].shared_id == plan->shared_id)
            return;
    edge->carried = wr_must(realloc(edge->carried, (config->stores + 1u) * sizeof *edge->carried));
    edge->carried[config->stores++] =
        (wr_hold_store){.shared_id = plan->shared_id, .kind = plan->kind, .slots = plan->slots};
    config->store = edge->carried;
}

/* Every store that attachments of this kind on the node's outputs can live in. */
static void find_stores(wr_graph *graph, weir_node *node, weir_kind kind, unsigned visit, wr_edge *edge)
{
    if (node->visit == visit)
        return;
    node->visit = visit;
    for (int i = 0; i < node->plans; i++) {
        wr_plan_store *plan = &node->plan[i];
        if (plan->kind != kind)
            continue;
        if (plan->shared_id == 0)
            plan->shared_id = ++graph->lent;
        add_carried(edge, plan);
    }
    for (int i = 0; i < node->inputs; i++)
        if (node->input[i].edge->config.kinds >> kind & 1)
            find_stores(graph, node->input[i].edge->from, kind, visit, edge);
}

static uint64_t needed_below(const weir_node *node)
{
    uint64_t needs = 0;
    for (int o = 0; o < node->outputs; o++) {
        const weir_port *port = &node->class->outputs[o];
        for (int e = 0; e < node->output[o].edges && !(port->flags & WEIR_PORT_FRESH); e++)
            needs |= node->output[o].edge[e]->config.needs & ~wr_port_adds(port);
    }
    return needs;
}

/* What a consumer needs, and those whom it passes it on to: who sends it from another process may be lying. */
static void find_needs(wr_graph *graph)
{
    for (int i = graph->nodes - 1; i >= 0; i--) {
        const weir_node *node = graph->node[i];
        uint64_t below = needed_below(node);
        for (int k = 0; k < node->inputs; k++) {
            wr_edge *edge = node->input[k].edge;
            edge->config.needs = (wr_port_needs(&node->class->inputs[edge->to_port]) | below) & edge->config.kinds;
        }
    }
}

void wr_graph_across(wr_graph *graph)
{
    find_needs(graph);
    for (int i = 0; i < graph->edges; i++) {
        wr_edge *edge = graph->edge[i];
        edge->config.shared = !edge->spare && edge->to->worker >= 0;
        if (edge->spare || !wr_edge_is_across(edge))
            continue;
        edge->config.across = edge->from->gives_across = true;
        for (unsigned kind = 0; kind < WEIR_KINDS_MAX; kind++)
            if (edge->config.kinds >> kind & 1)
                find_stores(graph, edge->from, (weir_kind)kind, ++graph->visits, edge);
    }
}

wr_plan_store *wr_graph_lent(wr_graph *graph, uint16_t shared_id, weir_node **owner)
{
    for (int i = 0; i < graph->nodes; i++)
        for (int k = 0; k < graph->node[i]->plans; k++)
            if (graph->node[i]->plan[k].shared_id == shared_id) {
                *owner = graph->node[i];
                return &graph->node[i]->plan[k];
            }
    abort(); /* wr_graph_across() gave the number to one of them */
}

static bool import_one(wr_graph *graph, wr_edge *edge, uint32_t i)
{
    weir_node *owner = NULL;
    wr_hold *hold = &edge->link.holds.hold[i];
    const wr_plan_store *plan = wr_graph_lent(graph, hold->of.shared_id, &owner);
    const wr_memory *data = owner->worker < 0 ? &owner->store[plan->kind]->data_memory : &plan->data;
    hold->import = wr_store_import(hold->of.shared_id, hold->of.kind, hold->of.slots, data, hold->returned);
    return hold->import != NULL;
}

static bool lend_one(wr_graph *graph, wr_edge *edge, uint32_t i)
{
    weir_node *owner = NULL;
    const wr_plan_store *plan = wr_graph_lent(graph, edge->carried[i].shared_id, &owner);
    return owner->worker >= 0 ||
           wr_link_lend(&edge->config, edge->link.memory.fd, i, owner->store[plan->kind], edge->from->place);
}

static bool connect_stores(wr_graph *graph, wr_edge *edge)
{
    bool good = true;
    for (uint32_t k = 0; good && k < edge->config.stores; k++)
        good = lend_one(graph, edge, k) && (edge->to->worker >= 0 || import_one(graph, edge, k));
    return good;
}

bool wr_graph_connect_stores(wr_graph *graph)
{
    for (int i = 0; i < graph->edges; i++)
        if (graph->edge[i]->config.across && !connect_stores(graph, graph->edge[i]))
            return false;
    return true;
}

void wr_edge_forget_imports(wr_edge *edge)
{
    for (uint32_t i = 0; i < edge->link.holds.holds; i++) {
        wr_store_free(edge->link.holds.hold[i].import);
        edge->link.holds.hold[i].import = NULL;
    }
}

bool wr_edge_holds_nothing(const wr_edge *edge)
{
    for (uint32_t i = 0; i < edge->link.holds.holds; i++)
        if (edge->link.holds.hold[i].import && wr_store_held(edge->link.holds.hold[i].import) > 0)
            return false;
    return true;
}

/* --- after a producer has died --- */

static void replace(wr_edge **list, int count, const wr_edge *old, wr_edge *edge)
{
    for (int i = 0; i < count; i++)
        if (list[i] == old)
            list[i] = edge;
}

static void put_in_place(wr_graph *graph, wr_edge *old, wr_edge *edge)
{
    wr_output *out = &old->from->output[old->from_port];
    weir_node *to = old->to;
    replace(out->edge, out->edges, old, edge);
    pthread_mutex_lock(&graph->edges_lock);
    for (int i = 0; to->worker >= 0 && i < to->inputs; i++) /* else its strand goes over to it */
        if (to->input[i].edge == old)
            to->input[i].edge = edge;
    replace(graph->edge, graph->edges, old, edge);
    pthread_mutex_unlock(&graph->edges_lock);
}

wr_edge *wr_edge_successor(wr_graph *graph, wr_edge *old)
{
    wr_edge *edge = wr_memory_lines(sizeof *edge);
    if (!edge)
        return NULL;
    *edge = *old;
    edge->link = (wr_link){.memory.fd = -1};
    edge->left = false;
    edge->old = old;
    edge->before = (weir_link_stats){0};
    old->streams = NULL; /* the successor has them */
    if (!wr_link_open(&edge->link, &edge->config) || !connect_stores(graph, edge)) {
        old->streams = edge->streams;
        wr_edge_forget_imports(edge);
        wr_link_close(&edge->link);
        free(edge);
        return NULL;
    }
    atomic_store(&edge->link.shared->not_yet, 1);
    edge->link.producer_bell = old->link.producer_bell;
    edge->link.consumer_bell = old->link.consumer_bell;
    edge->link.carries = edge->streams;
    put_in_place(graph, old, edge);
    return edge;
}
