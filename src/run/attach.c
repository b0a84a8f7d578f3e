/* Links that come and go while a pipeline runs. Both ends are changed by their own strands, between two steps. */
#include "run/pipeline.h"
#include "run/supervisor.h"
#include <stdlib.h>
#include <string.h>

static weir_node *find(const wr_graph *graph, const char *end, bool output, int *port)
{
    size_t bytes = strcspn(end, ".");
    for (int i = 0; i < graph->nodes; i++) {
        weir_node *node = graph->node[i];
        const char *name = output ? node->shown : node->name;
        /* A dispatcher shares its name with the collector behind it, which sends the results. */
        bool other = output && node->class->flags & WEIR_ONE_ROOM;
        if (other || strlen(name) != bytes || strncmp(name, end, bytes) != 0)
            continue;
        const weir_port *ports = output ? node->class->outputs : node->class->inputs;
        *port = end[bytes] ? wr_port_find(ports, end + bytes + 1) : ports ? 0 : -1;
        if (*port >= 0)
            return node;
    }
    return NULL;
}

static wr_edge *spare_locked(wr_graph *graph, int *number)
{
    for (*number = 0; *number < graph->edges; ++*number) {
        wr_edge *edge = graph->edge[*number];
        if (!edge->spare)
            continue;
        if (!atomic_load(&edge->in_use))
            return edge;
        /* Both ends have let go of it: the consumer, and the producer with its end. */
        if (atomic_load(&edge->given_back) && !atomic_load(&edge->attached) && atomic_load(&edge->link.shared->ended)) {
            wr_link_close(&edge->link);
            return edge;
        }
    }
    return NULL;
}

static void change(weir_node *node, wr_change *change, int what, wr_edge *edge)
{
    *change = (wr_change){.what = what, .edge = edge};
    wr_node_change(node, change);
    wr_bell_ring(&node->strand->bell);
}

static weir_status attach_locked(wr_graph *graph, wr_edge *edge, const weir_policy *policy)
{
    wr_change *in = malloc(sizeof *in), *out = malloc(sizeof *out);
    edge->config = (wr_link_config){.policy = policy ? *policy : (weir_policy){0}};
    const weir_port *port = &edge->to->class->inputs[edge->to_port];
    edge->config.kinds = (wr_port_needs(port) | wr_port_wants(port)) & edge->from->output[edge->from_port].carried;
    wr_graph_configure(graph, edge);
    /* What was set aside for it. */
    uint32_t most = wr_spare_depth(edge->config.kinds);
    if (edge->config.policy.depth > most)
        edge->config.policy.depth = most;
    bool fits = !edge->config.waits || edge->config.burst <= most;
    if (!in || !out || !fits || !wr_link_open(&edge->link, &edge->config)) {
        free(in);
        free(out);
        return WEIR_NO_MEMORY;
    }
    edge->link.producer_bell = &edge->from->strand->bell;
    edge->link.consumer_bell = &edge->to->strand->bell;
    atomic_store(&edge->given_back, false);
    atomic_store(&edge->attached, true);
    atomic_store(&edge->in_use, true);
    change(edge->to, in, WR_ADD_INPUT, edge);
    change(edge->from, out, WR_ADD_OUTPUT, edge);
    return WEIR_OK;
}

static bool runs(const weir_node *node)
{
    return atomic_load(&node->tally->shown_phase) == WR_RUNNING;
}

/* Only at the end of the way is it known what a further link means: a node that passes on what comes would need more
 * room below, and one above a join could not say what has passed. */
static bool may_be_attached_to(const weir_node *node, int port)
{
    return runs(node) && node->class->inputs[port].flags & WEIR_PORT_MANY && !node->bounds && !node->through &&
           !(node->class->flags & WEIR_ONE_ROOM);
}

int weir_pipeline_attach(weir_pipeline *pipeline, const char *from, const char *to, const weir_policy *policy)
{
    wr_supervisor *s = wr_pipeline_supervisor(pipeline);
    int from_port = 0, to_port = 0, number;
    if (!atomic_load(&s->begun)) /* from then on nodes that run can be changed */
        return WEIR_BAD_GRAPH;
    weir_node *producer = find(s->graph, from, true, &from_port), *consumer = find(s->graph, to, false, &to_port);
    if (!producer || !consumer)
        return WEIR_NOT_FOUND;
    if (producer->worker >= 0 || consumer->worker >= 0 || !runs(producer) || !may_be_attached_to(consumer, to_port) ||
        producer->place >= consumer->place ||
        wr_port_needs(&consumer->class->inputs[to_port]) & ~producer->output[from_port].carried)
        return WEIR_BAD_GRAPH;
    pthread_mutex_lock(&s->graph->edges_lock);
    wr_edge *edge = spare_locked(s->graph, &number);
    weir_status status = WEIR_NO_MEMORY;
    if (edge) {
        edge->from = producer;
        edge->from_port = from_port;
        edge->to = consumer;
        edge->to_port = to_port;
        status = attach_locked(s->graph, edge, policy);
        atomic_store(&edge->in_use, status == WEIR_OK);
    }
    pthread_mutex_unlock(&s->graph->edges_lock);
    return status < 0 ? (int)status : number;
}

weir_status weir_pipeline_detach(weir_pipeline *pipeline, int link)
{
    wr_supervisor *s = wr_pipeline_supervisor(pipeline);
    weir_status status = WEIR_NOT_FOUND;
    pthread_mutex_lock(&s->graph->edges_lock);
    wr_edge *edge = link >= 0 && link < s->graph->edges ? s->graph->edge[link] : NULL;
    wr_change *out = malloc(sizeof *out);
    if (edge && out && edge->spare && atomic_load(&edge->in_use) && !atomic_load(&edge->given_back)) {
        wr_link_cut(&edge->link);
        change(edge->from, out, WR_REMOVE_OUTPUT, edge);
        wr_bell_ring(&edge->to->strand->bell);
        atomic_store(&edge->given_back, true);
        out = NULL;
        status = WEIR_OK;
    }
    free(out);
    pthread_mutex_unlock(&s->graph->edges_lock);
    return status;
}
