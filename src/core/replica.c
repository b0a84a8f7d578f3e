/* Replicas: N copies of a stateless node at work at once, results in the order taken.
 *
 *     links in -> NAME (dispatcher) -> NAME-1 .. NAME-N -> NAME-order (collector) -> links out
 *
 * All by ordinary links. The dispatcher hands a frame to a copy that is idle: its link to each copy is `held`, so it
 * has room only when the copy has finished. What it hands to one copy has passed for the others, and so the bounds of
 * the copies' links tell the collector which results can still come: it merges them by order. A copy that fails ends
 * its link, and what it had in hand is a hole, counted as lost there.
 */
#include "core/graph.h"
#include <stdio.h>
#include <string.h>

/* Frames that wait, for each copy: when there are two a copy, only copies that are waited for may bring more; each of
 * these brings a frame of another stream or two before it has told what passed. */
enum { PENDING_EACH = 5, PENDING_MAX = PENDING_EACH * WR_REPLICAS_MAX };

/* --- dispatcher: one output port, a link to each copy --- */

typedef struct dispatcher {
    int next;
} dispatcher;

static const weir_port any_in[] = {{.name = "in", .flags = WEIR_PORT_MANY}, {0}};
static const weir_port any_out[] = {{.name = "out"}, {0}};

static weir_status dispatch(weir_node *node, int input, const weir_frame *frame)
{
    dispatcher *state = weir_state(node);
    const wr_output *out = &node->output[0];
    (void)input;
    for (int i = 0; i < out->edges; i++) {
        int copy = (state->next + i) % out->edges;
        wr_link *link = &out->edge[copy]->link;
        if (wr_link_is_cut(link) || !wr_link_room_now(link))
            continue;
        state->next = (copy + 1) % out->edges;
        weir_frame copy_frame = weir_frame_fork(frame);
        wr_node_send_to(node, out->edge[copy], &copy_frame);
        return WEIR_OK;
    }
    return WEIR_MORE;
}

static const weir_component_class dispatcher_class = {
    .name = "weir-dispatch",
    .summary = "hands frames to idle replicas",
    .inputs = any_in,
    .outputs = any_out,
    .state_bytes = sizeof(dispatcher),
    .flags = WEIR_ONE_ROOM,
    .process = dispatch,
};

/* --- collector: sends what no other copy can precede any more --- */

typedef struct collector {
    weir_frame pending[PENDING_MAX]; /* in no order */
    int used;
} collector;

static int64_t least_bound(const weir_node *node, uint32_t stream)
{
    int64_t least = INT64_MAX;
    for (int i = 0; i < weir_inputs(node); i++)
        if (weir_input_bound(node, i, stream) < least)
            least = weir_input_bound(node, i, stream);
    return least;
}

static int oldest_of(const collector *state, uint32_t stream)
{
    int oldest = -1;
    for (int i = 0; i < state->used; i++)
        if (state->pending[i].stream == stream &&
            (oldest < 0 || state->pending[i].order < state->pending[oldest].order))
            oldest = i;
    return oldest;
}

/* A frame that no result still to come precedes, -1 if there is none. */
static int may_leave(const weir_node *node, const collector *state)
{
    for (int i = 0; i < state->used; i++) {
        int oldest = oldest_of(state, state->pending[i].stream);
        if (least_bound(node, state->pending[oldest].stream) >= state->pending[oldest].order)
            return oldest;
    }
    return -1;
}

static bool waits_for(const weir_node *node, const collector *state, int input, uint32_t stream)
{
    int oldest = oldest_of(state, stream);
    return oldest >= 0 && weir_input_bound(node, input, stream) < state->pending[oldest].order;
}

/* When much is kept, only the copies that the oldest frame of a stream waits for may bring more: they always may, so it
 * leaves. */
static void set_accept(weir_node *node, const collector *state)
{
    bool full = state->used >= 2 * weir_inputs(node);
    for (int i = 0; i < weir_inputs(node); i++) {
        bool awaited = !full;
        for (uint32_t s = 0; s < node->graph->streams && !awaited; s++)
            awaited = waits_for(node, state, i, s);
        weir_accept(node, i, awaited);
    }
}

static weir_status collect(weir_node *node, int input, const weir_frame *frame)
{
    collector *state = weir_state(node);
    (void)input;
    if (state->used == PENDING_EACH * weir_inputs(node)) {
        weir_count_lost(node, 1);
        return WEIR_OK;
    }
    state->pending[state->used++] = weir_frame_fork(frame);
    weir_wake_at(node, 0);
    set_accept(node, state);
    return WEIR_OK;
}

static weir_status collector_tick(weir_node *node)
{
    collector *state = weir_state(node);
    int first = may_leave(node, state);
    if (first >= 0) {
        weir_frame frame = state->pending[first];
        state->pending[first] = state->pending[--state->used];
        weir_send(node, 0, &frame);
    }
    set_accept(node, state);
    if (may_leave(node, state) >= 0)
        return WEIR_MORE;
    for (uint32_t s = 0; s < node->graph->streams; s++)
        if (oldest_of(state, s) < 0)
            weir_passed(node, s, least_bound(node, s));
    return WEIR_OK;
}

static weir_status collector_finish(weir_node *node, int input)
{
    (void)input;
    if (may_leave(node, weir_state(node)) < 0)
        return WEIR_OK;
    collector_tick(node);
    return WEIR_MORE;
}

static void collector_close(weir_node *node)
{
    collector *state = weir_state(node);
    while (state->used > 0)
        weir_frame_drop(&state->pending[--state->used]);
}

static const weir_component_class collector_class = {
    .name = "weir-order",
    .summary = "puts the results of replicas in order",
    .inputs = any_in,
    .outputs = any_out,
    .state_bytes = sizeof(collector),
    .flags = WEIR_HOLDS | WEIR_BOUNDS,
    .process = collect,
    .finish = collector_finish,
    .tick = collector_tick,
    .close = collector_close,
};

/* --- putting them in --- */

static void take_over_inputs(weir_node *from, weir_node *to)
{
    to->input = from->input;
    to->inputs = from->inputs;
    to->inputs_room = from->inputs_room;
    from->input = NULL;
    from->inputs = from->inputs_room = 0;
    for (int i = 0; i < to->inputs; i++) {
        to->input[i].edge->to = to;
        to->input[i].edge->to_port = 0;
    }
}

static weir_node *copy_of(wr_graph *graph, const weir_node *node, int number)
{
    char name[80];
    snprintf(name, sizeof name, "%.63s-%d", node->name, number);
    weir_node *copy = wr_graph_add(graph, name, node->class);
    memcpy(copy->options, node->options, node->class->options_bytes);
    copy->stall_ns = node->stall_ns;
    copy->limits = node->limits;
    copy->at_place = node->at_place;
    memcpy(copy->runner, node->runner, sizeof copy->runner);
    copy->copy_of = node;
    return copy;
}

static wr_edge *join_up(wr_graph *graph, weir_node *from, weir_node *to)
{
    wr_edge *edge = wr_graph_connect(graph, from, 0, to, 0);
    edge->policy_given = true;
    edge->config.policy.depth = 1;
    return edge;
}

/* `node` itself becomes the first copy under the name NAME-1, so that its resolved options stay where they are. */
bool wr_graph_replicate(wr_graph *graph, weir_node *node, int copies)
{
    char name[80];
    weir_node *in = wr_graph_add(graph, node->name, &dispatcher_class);
    snprintf(name, sizeof name, "%.70s-order", node->name);
    weir_node *out = wr_graph_add(graph, name, &collector_class);
    out->shown = in->name;
    in->at_place = out->at_place = node->at_place;
    take_over_inputs(node, in);
    while (node->output[0].edges > 0)
        wr_graph_move_start(node->output[0].edge[0], out, 0);
    for (int i = 1; i <= copies; i++) {
        weir_node *copy = i == 1 ? node : copy_of(graph, node, i);
        wr_edge *to_copy = join_up(graph, in, copy);
        to_copy->config.held = true;
        to_copy->always_waits = true;
        join_up(graph, copy, out)->always_waits = true;
    }
    snprintf(node->name, sizeof node->name, "%.70s-1", in->name);
    out->keeps = PENDING_EACH * (unsigned)copies;
    return true;
}
