#include "core/graph.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Building ends the process when memory is out, as descriptions do: nothing runs yet. */
void *wr_must(void *memory)
{
    if (!memory) {
        fputs("weir: out of memory\n", stderr);
        abort();
    }
    return memory;
}

wr_graph *wr_graph_new(void)
{
    wr_graph *graph = wr_must(calloc(1, sizeof *graph));
    graph->views = wr_must(wr_views_new());
    graph->runner = "thread";
    graph->bulletin.fd = -1;
    pthread_mutex_init(&graph->edges_lock, NULL);
    return graph;
}

int wr_port_find(const weir_port *ports, const char *name)
{
    for (int i = 0; ports && ports[i].name; i++)
        if (strcmp(ports[i].name, name) == 0)
            return i;
    return -1;
}

static int port_count(const weir_port *ports)
{
    int count = 0;
    while (ports && ports[count].name)
        count++;
    return count;
}

weir_node *wr_graph_add(wr_graph *graph, const char *name, const weir_component_class *class)
{
    weir_node *node = wr_must(wr_memory_lines(sizeof *node));
    graph->node = wr_must(realloc(graph->node, sizeof *graph->node * (size_t)(graph->nodes + 1)));
    graph->node[graph->nodes++] = node;
    node->class = class;
    node->graph = graph;
    snprintf(node->name, sizeof node->name, "%s", name);
    node->shown = node->name;
    node->at = -1;
    node->tap_memory.fd = -1;
    node->strand_number = node->worker = -1;
    node->stall_ns = 30ll * 1000000000;
    node->limits.deadline_ns = 30ll * 1000000000;
    node->options = wr_must(calloc(1, class->options_bytes + 1));
    node->state = wr_must(wr_memory_lines(class->state_bytes));
    node->tally = node->own_tally = wr_must(wr_memory_lines(sizeof *node->tally));
    node->outputs = port_count(class->outputs);
    node->output = wr_must(calloc((size_t)node->outputs + 1, sizeof *node->output));
    pthread_mutex_init(&node->changes_lock, NULL);
    pthread_mutex_init(&node->error_lock, NULL);
    return node;
}

static wr_edge *edge_new(wr_graph *graph)
{
    wr_edge *edge = wr_must(wr_memory_lines(sizeof *edge));
    graph->edge = wr_must(realloc(graph->edge, sizeof *graph->edge * (size_t)(graph->edges + 1)));
    graph->edge[graph->edges++] = edge;
    return edge;
}

static void enter_output(wr_output *out, wr_edge *edge)
{
    if (out->edges == out->room) {
        out->room = out->room * 2 + 4;
        out->edge = wr_must(realloc(out->edge, sizeof *out->edge * (size_t)out->room));
    }
    out->edge[out->edges++] = edge;
}

/* On cache lines of their own: the node's strand writes to them for each frame. */
static void make_input_room(weir_node *node, int room)
{
    wr_input *input = wr_must(wr_memory_lines(sizeof *input * (size_t)room));
    if (node->inputs)
        memcpy(input, node->input, sizeof *input * (size_t)node->inputs);
    free(node->input);
    node->input = input;
    node->inputs_room = room;
}

static void enter_input(weir_node *to, wr_edge *edge)
{
    if (to->inputs == to->inputs_room)
        make_input_room(to, to->inputs_room * 2 + 4);
    edge->input = to->inputs;
    to->input[to->inputs++] = (wr_input){.edge = edge, .accept = true};
}

wr_edge *wr_graph_connect(wr_graph *graph, weir_node *from, int from_port, weir_node *to, int to_port)
{
    wr_edge *edge = edge_new(graph);
    edge->from = from;
    edge->from_port = from_port;
    edge->to = to;
    edge->to_port = to_port;
    atomic_store(&edge->in_use, true);
    enter_output(&from->output[from_port], edge);
    enter_input(to, edge);
    return edge;
}

void wr_graph_move_start(wr_edge *edge, weir_node *from, int from_port)
{
    wr_output *out = &edge->from->output[edge->from_port];
    for (int i = 0; i < out->edges; i++) {
        if (out->edge[i] != edge)
            continue;
        memmove(&out->edge[i], &out->edge[i + 1], sizeof *out->edge * (size_t)(out->edges - i - 1));
        out->edges--;
        break;
    }
    edge->from = from;
    edge->from_port = from_port;
    enter_output(&from->output[from_port], edge);
}

/* --- order --- */

/* Depth first, producers before consumers; `mark` 1: on the way, 2: placed. */
static bool place(wr_graph *graph, weir_node *node, weir_node **order, int *count, char *mark, weir_node **culprit)
{
    if (mark[node->place] == 2)
        return true;
    if (mark[node->place] == 1) {
        *culprit = node;
        return false;
    }
    mark[node->place] = 1;
    for (int i = 0; i < node->inputs; i++)
        if (!place(graph, node->input[i].edge->from, order, count, mark, culprit))
            return false;
    mark[node->place] = 2;
    order[(*count)++] = node;
    return true;
}

weir_node *wr_graph_sort(wr_graph *graph)
{
    weir_node *culprit = NULL;
    weir_node **order = wr_must(calloc((size_t)graph->nodes + 1, sizeof *order));
    char *mark = wr_must(calloc((size_t)graph->nodes + 1, 1));
    int count = 0;
    for (int i = 0; i < graph->nodes; i++)
        graph->node[i]->place = i;
    for (int i = 0; i < graph->nodes && !culprit; i++)
        place(graph, graph->node[i], order, &count, mark, &culprit);
    if (culprit) {
        free(order);
    } else {
        free(graph->node);
        graph->node = order;
    }
    free(mark);
    for (int i = 0; i < graph->nodes; i++)
        graph->node[i]->place = i;
    return culprit;
}

/* --- memory --- */

static bool no_memory(wr_problems *problems, const char *what, size_t bytes)
{
    wr_problems_add(problems, NULL, (wr_place){0, 0},
                    "%s needs %zu bytes and the system refuses: %s; lower max_size=, hold= or the number of links",
                    what, bytes, strerror(errno));
    return false;
}

void wr_edge_make_bounds(const wr_graph *graph, wr_edge *edge)
{
    if (!edge->config.bounds)
        return;
    wr_input *in = &edge->to->input[edge->input];
    int64_t *bound = wr_must(calloc(2 * (graph->streams + 1u), sizeof *bound));
    for (uint32_t s = 0; s < graph->streams; s++)
        bound[s] = edge->streams[s] ? INT64_MIN : INT64_MAX;
    in->bound = bound;
    in->seen = bound + graph->streams + 1u;
}

void wr_node_make_passed(weir_node *node)
{
    const wr_graph *graph = node->graph;
    bool bounds = false;
    for (int o = 0; o < node->outputs; o++)
        for (int e = 0; e < node->output[o].edges; e++)
            bounds |= node->output[o].edge[e]->config.bounds;
    if (!bounds)
        return;
    node->passed = wr_must(calloc(graph->streams + 1u, sizeof *node->passed));
    for (uint32_t s = 0; s < graph->streams; s++)
        node->passed[s] = INT64_MIN;
}

static bool allocate_edge(wr_graph *graph, wr_edge *edge, wr_problems *problems)
{
    char what[200];
    snprintf(what, sizeof what, "the link from %s to %s", edge->from->shown, edge->to->name);
    if (!wr_link_open(&edge->link, &edge->config))
        return no_memory(problems, what, wr_link_cost(&edge->config));
    wr_edge_make_bounds(graph, edge);
    return true;
}

/* Places for what is attached later, so that nothing that a strand reads is moved then. */
static void make_spare(wr_graph *graph)
{
    int spare = (int)graph->spare_links;
    for (int i = 0; i < graph->nodes && spare; i++) {
        weir_node *node = graph->node[i];
        for (int o = 0; o < node->outputs; o++) {
            node->output[o].room = node->output[o].edges + spare;
            node->output[o].edge =
                wr_must(realloc(node->output[o].edge, sizeof(wr_edge *) * (size_t)node->output[o].room));
        }
        if (!node->class->inputs)
            continue;
        make_input_room(node, node->inputs + spare);
    }
    for (int i = 0; i < spare; i++)
        edge_new(graph)->spare = true;
}

/* Of a node that runs elsewhere: only the memory is made here. */
static bool allocate_elsewhere(wr_plan_store *plan, size_t item_bytes)
{
    return wr_memory_map(&plan->data, wr_store_data_bytes(plan->slots, item_bytes, plan->data_bytes), true) &&
           wr_memory_map(&plan->slot_memory, wr_store_slot_bytes(plan->slots), true);
}

static bool allocate_stores(weir_node *node, wr_problems *problems)
{
    for (int i = 0; i < node->plans; i++) {
        wr_plan_store *plan = &node->plan[i];
        size_t item_bytes = plan->budget_bytes ? 0 : plan->item_bytes;
        wr_store *store = NULL;
        if (node->worker < 0)
            store = wr_store_new(plan->kind, plan->slots, item_bytes, plan->data_bytes);
        if (node->worker < 0 ? !store : !allocate_elsewhere(plan, item_bytes))
            return no_memory(problems, node->name, wr_store_cost(plan->slots, item_bytes, plan->data_bytes));
        if (store)
            store->shared_id = plan->shared_id;
        node->store[plan->kind] = store;
    }
    return true;
}

static bool allocate_taps(weir_node *node, wr_problems *problems)
{
    size_t bytes = wr_taps_bytes(&node->tap_plan);
    if (bytes == 0)
        return true;
    if (!wr_memory_map(&node->tap_memory, bytes, node->worker >= 0))
        return no_memory(problems, node->name, bytes);
    if (node->worker < 0)
        node->taps = wr_taps_new(node, &node->tap_plan, node->tap_memory.data);
    return node->worker >= 0 || node->taps || no_memory(problems, node->name, bytes);
}

bool wr_graph_allocate(wr_graph *graph, wr_problems *problems)
{
    make_spare(graph);
    for (int i = 0; i < graph->edges; i++)
        graph->edge[i]->number = i;
    for (int i = 0; i < graph->edges; i++)
        if (!graph->edge[i]->spare && !allocate_edge(graph, graph->edge[i], problems))
            return false;
    for (int i = 0; i < graph->nodes; i++) {
        weir_node *node = graph->node[i];
        if (!allocate_stores(node, problems) || !allocate_taps(node, problems))
            return false;
        wr_node_make_passed(node);
    }
    if (!wr_graph_connect_stores(graph))
        return no_memory(problems, "the stores that processes share", graph->lent * sizeof(wr_store));
    return true;
}

static void node_free(weir_node *node)
{
    wr_taps_free(node->taps);
    wr_memory_unmap(&node->tap_memory);
    free(node->shown_options);
    for (int k = 0; k < WEIR_KINDS_MAX; k++)
        wr_store_free(node->store[k]);
    for (int i = 0; i < node->inputs; i++)
        free(node->input[i].bound);
    for (int o = 0; o < node->outputs; o++)
        free(node->output[o].edge);
    for (size_t i = 0; i < node->tolds; i++)
        free(node->told[i].value);
    for (int i = 0; i < node->plans; i++) {
        wr_memory_unmap(&node->plan[i].data);
        wr_memory_unmap(&node->plan[i].slot_memory);
    }
    while (node->changes) {
        wr_change *next = node->changes->next;
        free(node->changes);
        node->changes = next;
    }
    free(node->told);
    free(node->input);
    free(node->output);
    free(node->options);
    free(node->state);
    free(node->own_tally);
    free(node->passed);
    pthread_mutex_destroy(&node->changes_lock);
    pthread_mutex_destroy(&node->error_lock);
    free(node);
}

static void free_old(wr_edge *edge)
{
    while (edge->old) {
        wr_edge *old = edge->old;
        edge->old = old->old;
        wr_edge_forget_imports(old);
        wr_link_close(&old->link);
        free(old);
    }
}

void wr_graph_free(wr_graph *graph)
{
    if (!graph)
        return;
    for (int i = 0; i < graph->edges; i++) {
        free_old(graph->edge[i]);
        wr_edge_forget_imports(graph->edge[i]);
        wr_link_close(&graph->edge[i]->link);
        free(graph->edge[i]->streams);
        free(graph->edge[i]->carried);
        free(graph->edge[i]);
    }
    wr_views_free(graph->views);
    pthread_mutex_destroy(&graph->edges_lock);
    for (int i = 0; i < graph->nodes; i++)
        node_free(graph->node[i]);
    free(graph->edge);
    free(graph->node);
    wr_memory_unmap(&graph->bulletin);
    free(graph->cost);
    free(graph);
}
