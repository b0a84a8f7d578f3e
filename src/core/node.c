#include "core/node.h"

#include "core/clock.h"
#include "core/graph.h"
#include "run/strand.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int64_t clock_now(const weir_node *node)
{
    return weir_clock_now(node->graph->clock);
}

static void count(_Atomic uint64_t *counter)
{
    atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + 1, memory_order_relaxed);
}

/* --- bounds: what can still come --- */

/* Tells the links below what has passed of a stream, once every input that carries it is past it. */
static void tell_passed(weir_node *node, uint32_t stream)
{
    int64_t least = INT64_MAX;
    for (int i = 0; i < node->inputs; i++)
        if (node->input[i].bound && node->input[i].bound[stream] < least)
            least = node->input[i].bound[stream];
    weir_passed(node, stream, least);
}

static void bound_moved(weir_node *node, int input, uint32_t stream, int64_t order)
{
    int64_t *bound = &node->input[input].bound[stream];
    if (order <= *bound)
        return;
    *bound = order;
    node->tick_wanted |= (node->class->flags & WEIR_BOUNDS) != 0;
    if (!(node->class->flags & WEIR_HOLDS))
        tell_passed(node, stream);
}

/* Nothing waits in the link: what its producer let pass has passed here. What had passed is read before looking again,
 * so a frame offered in between cannot be missed. */
static bool note_bounds(weir_node *node, int input)
{
    wr_link *link = &node->input[input].edge->link;
    bool moved = false;
    if (!node->input[input].bound)
        return false;
    for (uint32_t s = 0; s < node->graph->streams; s++) {
        int64_t passed = atomic_load(&link->passed[s]);
        if (passed > node->input[input].bound[s] && wr_link_empty(link)) {
            bound_moved(node, input, s, passed);
            moved = true;
        }
    }
    return moved;
}

/* The same where a frame is taken: what had passed before is noted, then how many frames had been offered by then. If
 * the frame is the last of these, all that had passed has, once it is dealt with. Without this a link that is never
 * found empty would never tell what passed of other streams. */
static uint64_t look_before_taking(wr_input *in, uint32_t streams)
{
    const wr_link *link = &in->edge->link;
    for (uint32_t s = 0; in->bound && s < streams; s++)
        in->seen[s] = atomic_load(&link->passed[s]);
    return in->bound ? wr_link_accepted(link) : 0;
}

static void note_seen(weir_node *node, int input)
{
    const wr_input *in = &node->input[input];
    for (uint32_t s = 0; in->last && s < node->graph->streams; s++)
        bound_moved(node, input, s, in->seen[s]);
}

static void all_passed(weir_node *node, int input)
{
    for (uint32_t s = 0; node->input[input].bound && s < node->graph->streams; s++)
        bound_moved(node, input, s, INT64_MAX);
}

void weir_passed(weir_node *node, uint32_t stream, int64_t order)
{
    if (!node->passed || order <= node->passed[stream])
        return;
    node->passed[stream] = order;
    for (int o = 0; o < node->outputs; o++)
        for (int i = 0; i < node->output[o].edges; i++)
            if (node->output[o].edge[i]->link.config.bounds)
                wr_link_pass(&node->output[o].edge[i]->link, stream, order);
}

int64_t weir_input_bound(const weir_node *node, int input, uint32_t stream)
{
    const wr_input *in = &node->input[input];
    return in->ended ? INT64_MAX : in->bound ? in->bound[stream] : INT64_MIN;
}

/* --- sending --- */

void weir_send(weir_node *node, int port, weir_frame *frame)
{
    const wr_output *out = &node->output[port];
    bool in_order = !node->class->inputs || node->class->flags & WEIR_HOLDS;
    count(&node->tally->frames_out);
    node->sent_ns = clock_now(node);
    if (frame->captured_ns == WEIR_WHEN_SENT)
        frame->captured_ns = node->sent_ns;
    if (frame->order > atomic_load_explicit(&node->tally->order, memory_order_relaxed))
        atomic_store_explicit(&node->tally->order, frame->order, memory_order_relaxed);
    for (int i = 0; i < out->edges; i++) {
        wr_link *link = &out->edge[i]->link;
        node->to_ring |= wr_link_publish(link, frame, node->sent_ns);
        node->output_was_cut |= wr_link_is_cut(link);
    }
    if (in_order && node->passed && frame->order != WEIR_NO_ORDER)
        weir_passed(node, frame->stream, frame->order);
    weir_frame_drop(frame);
}

void wr_node_send_to(weir_node *node, wr_edge *edge, weir_frame *frame)
{
    count(&node->tally->frames_out);
    node->sent_ns = clock_now(node);
    node->to_ring |= wr_link_publish(&edge->link, frame, node->sent_ns);
    weir_frame_drop(frame);
}

/* Whoever fell asleep while frames were sent to it. */
static void ring_outputs(weir_node *node)
{
    if (!node->to_ring)
        return;
    node->to_ring = false;
    wr_bell_fence();
    for (int o = 0; o < node->outputs; o++)
        for (int i = 0; i < node->output[o].edges; i++)
            wr_link_ring(&node->output[o].edge[i]->link);
}

/* What consumers in other processes left behind that died. */
static void look_after_outputs(weir_node *node)
{
    for (int o = 0; o < node->outputs; o++)
        for (int i = 0; i < node->output[o].edges; i++)
            if (node->output[o].edge[i]->config.across)
                wr_link_look_after(&node->output[o].edge[i]->link);
}

static void end_outputs(weir_node *node)
{
    for (int o = 0; o < node->outputs; o++)
        for (int i = 0; i < node->output[o].edges; i++)
            wr_link_end(&node->output[o].edge[i]->link);
}

static bool has_room(wr_link *link, bool before_sleep)
{
    return before_sleep ? wr_link_room(link) : wr_link_room_now(link);
}

static bool one_output_has_room(weir_node *node, bool before_sleep)
{
    bool all_cut = true;
    for (int i = 0; i < node->output[0].edges; i++) {
        wr_link *link = &node->output[0].edge[i]->link;
        if (wr_link_is_cut(link))
            continue;
        if (has_room(link, before_sleep))
            return true;
        all_cut = false;
    }
    node->output_was_cut |= all_cut;
    return all_cut;
}

static bool outputs_have_room(weir_node *node, bool before_sleep)
{
    if (node->gives_across)
        look_after_outputs(node);
    if (node->class->flags & WEIR_ONE_ROOM)
        return one_output_has_room(node, before_sleep);
    for (int o = 0; o < node->outputs; o++)
        for (int i = 0; i < node->output[o].edges; i++)
            if (!has_room(&node->output[o].edge[i]->link, before_sleep))
                return false;
    return true;
}

/* A node whose every consumer is gone has nobody to work for. */
static bool nobody_left(weir_node *node)
{
    int edges = 0;
    if (!node->output_was_cut)
        return false;
    node->output_was_cut = false;
    for (int o = 0; o < node->outputs; o++) {
        for (int i = 0; i < node->output[o].edges; i++)
            if (!wr_link_is_cut(&node->output[o].edge[i]->link))
                return false;
        edges += node->output[o].edges;
    }
    return edges > 0;
}

/* --- ending --- */

static void set_phase(weir_node *node, wr_phase phase)
{
    int shown = atomic_load(&node->tally->shown_phase);
    node->phase = phase;
    /* Who was found stuck and cut off stays so, even if it comes back. */
    while (shown != WR_SHOWN_STUCK && !atomic_compare_exchange_weak(&node->tally->shown_phase, &shown, (int)phase))
        ;
    if (node->graph->supervisor)
        wr_bell_ring(node->graph->supervisor);
}

static void close_component(weir_node *node)
{
    pthread_mutex_lock(&node->changes_lock);
    bool was_open = node->open;
    node->open = false;
    pthread_mutex_unlock(&node->changes_lock);
    if (was_open && node->class->close)
        node->class->close(node);
}

/* To the link that comes after one whose producer has died, once that is empty. */
static bool go_over(wr_input *in)
{
    wr_edge *left = in->edge;
    if (!in->next || !wr_link_is_left(&left->link))
        return false;
    in->edge = in->next;
    in->next = in->edge->follows;
    atomic_store(&left->left, true);
    wr_link_come_over(&in->edge->link);
    return true;
}

/* Lets go what still comes on inputs that nobody will look at. */
static bool refuse_inputs(weir_node *node)
{
    bool all_ended = true;
    for (int i = 0; i < node->inputs; i++) {
        wr_link *link = &node->input[i].edge->link;
        if (node->input[i].ended)
            continue;
        if (!wr_link_is_cut(link))
            wr_link_cut(link);
        node->input[i].ended = atomic_load(&link->shared->ended) || atomic_load(&link->shared->given_up);
        wr_link_discard(link);
        if (!node->input[i].ended)
            go_over(&node->input[i]); /* and refuse that, next time */
        if (node->input[i].ended)
            atomic_store(&node->input[i].edge->attached, false);
        all_ended &= node->input[i].ended;
    }
    return all_ended;
}

static void apply_all(weir_node *node, bool last);

static void leave(weir_node *node, wr_phase phase)
{
    weir_frame_drop(&node->frame);
    node->again = false;
    close_component(node);
    refuse_inputs(node);
    for (uint32_t s = 0; node->passed && s < node->graph->streams; s++)
        weir_passed(node, s, INT64_MAX);
    end_outputs(node);
    if (node->gives_across)
        look_after_outputs(node); /* the last time: from now on the supervisor does */
    set_phase(node, phase);
}

static void fail(weir_node *node, weir_status status)
{
    char text[256];
    pthread_mutex_lock(&node->error_lock);
    if (!node->error[0])
        snprintf(node->error, sizeof node->error, "%s", weir_status_text(status));
    snprintf(text, sizeof text, "%s", node->error);
    pthread_mutex_unlock(&node->error_lock);
    if (node->phase != WR_NEW) /* else whoever started it says so, with its place */
        weir_log(WEIR_LOG_ERROR, node->name, "%s", text);
    node->status = status;
    if (node->at >= 0 && !node->input[node->at].ended)
        weir_count_lost(node, 1);
    leave(node, WR_FAILED);
}

void wr_node_abandon(weir_node *node)
{
    if (node->phase == WR_RUNNING) {
        if (node->at >= 0) /* it was handed over, if not finished with */
            wr_link_done(&node->input[node->at].edge->link);
        weir_frame_drop(&node->frame);
        node->again = false;
        close_component(node);
        end_outputs(node);
        set_phase(node, WR_DONE);
    }
    apply_all(node, true);
}

/* --- calls --- */

static void call_begins(weir_node *node, int64_t now_ns)
{
    node->sent_ns = 0;
    atomic_store_explicit(&node->tally->call_began_ns, now_ns ? now_ns : 1, memory_order_relaxed);
}

static void call_ended_at(weir_node *node, int64_t *now_ns, int64_t ended_ns)
{
    int64_t began_ns = *now_ns;
    *now_ns = ended_ns;
    wr_histogram_add(&node->tally->busy, *now_ns - began_ns);
    atomic_store_explicit(&node->tally->busy_ns,
                          atomic_load_explicit(&node->tally->busy_ns, memory_order_relaxed) + *now_ns - began_ns,
                          memory_order_relaxed);
    atomic_store_explicit(&node->tally->call_began_ns, 0, memory_order_relaxed);
    count(&node->tally->steps);
}

static void call_ended(weir_node *node, int64_t *now_ns)
{
    ring_outputs(node);
    call_ended_at(node, now_ns, clock_now(node));
}

weir_status wr_node_open(weir_node *node)
{
    int64_t now_ns = clock_now(node);
    call_begins(node, now_ns);
    weir_status status = node->class->open ? node->class->open(node) : WEIR_OK;
    call_ended(node, &now_ns);
    if (status < 0) {
        fail(node, status);
        return status;
    }
    pthread_mutex_lock(&node->changes_lock);
    node->open = true;
    pthread_mutex_unlock(&node->changes_lock);
    set_phase(node, WR_RUNNING);
    return WEIR_OK;
}

/* The frame or the end in hand has been dealt with, or has not. */
static void finished(weir_node *node, weir_status status)
{
    int input = node->at;
    node->again = status == WEIR_MORE;
    if (node->again)
        return;
    node->at = -1;
    if (node->input[input].ended) {
        node->input[input].finished = true;
        all_passed(node, input);
        atomic_store(&node->input[input].edge->attached, false);
        return;
    }
    wr_link_done(&node->input[input].edge->link);
    if (node->input[input].bound && node->frame.order != WEIR_NO_ORDER)
        bound_moved(node, input, node->frame.stream, node->frame.order);
    note_seen(node, input);
    weir_frame_drop(&node->frame);
}

static void call_input(weir_node *node, int64_t *now_ns)
{
    const weir_component_class *class = node->class;
    weir_status status = WEIR_OK;
    call_begins(node, *now_ns);
    if (!node->input[node->at].ended)
        status = class->process(node, node->at, &node->frame);
    else if (class->finish)
        status = class->finish(node, node->at);
    call_ended(node, now_ns);
    if (status < 0) {
        fail(node, status);
        return;
    }
    finished(node, status);
    if (status == WEIR_END)
        leave(node, WR_DONE);
}

static bool take_turn(weir_node *node, int input, int64_t *now_ns)
{
    wr_input *in = &node->input[input];
    if (in->finished || !in->accept)
        return false;
    if (in->edge->spare && wr_link_is_cut(&in->edge->link)) { /* detached: ends when its producer has let go of it */
        bool ended = atomic_load(&in->edge->link.shared->ended) != 0;
        wr_link_discard(&in->edge->link);
        if (!ended)
            return false;
    }
    uint64_t accepted = look_before_taking(in, node->graph->streams);
    switch (wr_link_take(&in->edge->link, &node->frame, *now_ns)) {
    case WR_EMPTY:
        return go_over(in) || note_bounds(node, input);
    case WR_ENDED:
        in->ended = true;
        break;
    case WR_TAKEN:
        count(&node->tally->frames_in);
        in->last = in->bound && wr_link_took_last_of(&in->edge->link, accepted);
        if (in->bound && node->class->flags & WEIR_BOUNDS && node->frame.order > in->bound[node->frame.stream])
            in->bound[node->frame.stream] = node->frame.order;
        break;
    }
    node->at = input;
    call_input(node, now_ns);
    return true;
}

static bool inputs_finished(const weir_node *node)
{
    for (int i = 0; i < node->inputs; i++)
        if (!node->input[i].finished)
            return false;
    return true;
}

static bool due(weir_node *node, int64_t now_ns)
{
    return node->wake_at_ns <= now_ns || node->tick_wanted || atomic_load(&node->wake);
}

static void due_taken(weir_node *node)
{
    node->wake_at_ns = INT64_MAX;
    node->tick_wanted = false;
    if (atomic_load_explicit(&node->wake, memory_order_relaxed)) /* storing would be a fence */
        atomic_store(&node->wake, false);
}

static bool tick_turn(weir_node *node, int64_t *now_ns)
{
    if (!due(node, *now_ns))
        return false;
    due_taken(node);
    if (!node->class->tick)
        return false;
    call_begins(node, *now_ns);
    weir_status status = node->class->tick(node);
    call_ended(node, now_ns);
    node->tick_wanted |= status == WEIR_MORE;
    if (status < 0)
        fail(node, status);
    else if (status == WEIR_END)
        leave(node, WR_DONE);
    return true;
}

/* A source that has more, and whose strand has nothing else to do, is called again at once. What it last sent divides the
 * two calls: the clock is read once for both. */
static bool is_called_again(weir_node *node, weir_status status)
{
    return status == WEIR_MORE && node->sent_ns && node->strand->nodes == 1 && !atomic_load(&node->drain) &&
           !node->output_was_cut && !atomic_load_explicit(&node->any_change, memory_order_acquire) &&
           outputs_have_room(node, false);
}

static weir_status call_source(weir_node *node, int64_t *now_ns)
{
    enum { CALLS_AT_ONCE = 16 };
    for (int calls = 1;; calls++) {
        call_begins(node, *now_ns);
        weir_status status = node->class->produce(node);
        if (calls == CALLS_AT_ONCE || !is_called_again(node, status)) {
            call_ended(node, now_ns);
            return status;
        }
        ring_outputs(node);
        call_ended_at(node, now_ns, node->sent_ns);
    }
}

static wr_step step_source(weir_node *node, int64_t *now_ns)
{
    if (atomic_load(&node->drain) || nobody_left(node)) {
        leave(node, WR_DONE);
        return WR_STEP_WORKED;
    }
    if (!node->again && !due(node, *now_ns))
        return WR_STEP_IDLE;
    due_taken(node);
    weir_status status = call_source(node, now_ns);
    node->again = status == WEIR_MORE;
    if (status < 0)
        fail(node, status);
    else if (status == WEIR_END)
        leave(node, WR_DONE);
    return WR_STEP_WORKED;
}

static bool take_one(weir_node *node, int64_t *now_ns)
{
    for (int k = 0; k < node->inputs; k++) {
        int input = (node->turn + k) % node->inputs;
        if (!take_turn(node, input, now_ns))
            continue;
        node->turn = (input + 1) % node->inputs;
        return true;
    }
    return false;
}

/* A tick goes before frames, and before the end. But after one, a frame that waits goes before the next: a node that always
 * has more to do would take none. Not where frames wait for each other: what may leave leaves before more comes. */
static wr_step step_consumer(weir_node *node, int64_t *now_ns)
{
    if (node->again) {
        call_input(node, now_ns);
        return WR_STEP_WORKED;
    }
    const bool frame_first = node->ticked && !(node->class->flags & WEIR_BOUNDS) && !nobody_left(node);
    node->ticked = false;
    if (frame_first && take_one(node, now_ns))
        return WR_STEP_WORKED;
    if (tick_turn(node, now_ns)) {
        node->ticked = true;
        return WR_STEP_WORKED;
    }
    if (nobody_left(node) || inputs_finished(node)) {
        leave(node, WR_DONE);
        return WR_STEP_WORKED;
    }
    return take_one(node, now_ns) ? WR_STEP_WORKED : WR_STEP_IDLE;
}

wr_step wr_node_step(weir_node *node, int64_t *now_ns, bool before_sleep)
{
    if (atomic_load_explicit(&node->any_change, memory_order_acquire))
        apply_all(node, false);
    if (node->phase != WR_RUNNING)
        return refuse_inputs(node) ? WR_STEP_OVER : WR_STEP_IDLE;
    node->no_room =
        !outputs_have_room(node, before_sleep) && !(node->class->inputs == NULL && atomic_load(&node->drain));
    if (node->no_room)
        return WR_STEP_IDLE;
    return node->class->inputs ? step_consumer(node, now_ns) : step_source(node, now_ns);
}

int64_t wr_node_wake_at(const weir_node *node)
{
    return node->phase == WR_RUNNING && !node->no_room ? node->wake_at_ns : INT64_MAX;
}

/* --- from other threads --- */

void wr_node_interrupt(weir_node *node)
{
    atomic_store(&node->interrupted, true);
    wr_bell_ring(&node->sleep_bell);
    pthread_mutex_lock(&node->changes_lock);
    if (node->open && node->class->interrupt)
        node->class->interrupt(node);
    pthread_mutex_unlock(&node->changes_lock);
}

void wr_node_drain(weir_node *node)
{
    atomic_store(&node->drain, true);
    wr_node_interrupt(node);
}

static void add_output(weir_node *node, wr_edge *edge)
{
    wr_output *out = &node->output[edge->from_port];
    if (out->edges < out->room)
        out->edge[out->edges++] = edge;
    else
        wr_link_end(&edge->link);
}

static void remove_output(weir_node *node, wr_edge *edge)
{
    wr_output *out = &node->output[edge->from_port];
    for (int i = 0; i < out->edges; i++) {
        if (out->edge[i] != edge)
            continue;
        out->edge[i] = out->edge[--out->edges];
        wr_link_end(&edge->link);
        return;
    }
}

static void add_input(weir_node *node, wr_edge *edge)
{
    edge->input = node->inputs;
    for (int i = 0; i < node->inputs; i++)
        if (node->input[i].edge->spare && node->input[i].finished)
            edge->input = i;
    if (edge->input == node->inputs)
        node->input[node->inputs++] = (wr_input){.edge = edge};
    int64_t *bound = node->input[edge->input].bound, *seen = node->input[edge->input].seen;
    for (uint32_t s = 0; bound && s < node->graph->streams; s++)
        bound[s] = INT64_MIN;
    node->input[edge->input] = (wr_input){.edge = edge, .accept = true, .bound = bound, .seen = seen};
}

static void next_input(weir_node *node, wr_edge *edge)
{
    for (int i = 0; i < node->inputs; i++)
        if (node->input[i].edge->number == edge->number) {
            wr_edge **last = &node->input[i].next;
            while (*last)
                last = &(*last)->follows;
            edge->input = i;
            *last = edge;
        }
}

static void apply(weir_node *node, wr_change *change)
{
    wr_edge *edge = change->edge;
    bool running = node->phase == WR_RUNNING;
    if (change->what == WR_REMOVE_OUTPUT)
        remove_output(node, edge);
    else if (change->what == WR_NEXT_INPUT)
        next_input(node, edge);
    else if (change->what == WR_ADD_OUTPUT && running)
        add_output(node, edge);
    else if (change->what == WR_ADD_OUTPUT)
        wr_link_end(&edge->link);
    else if (running)
        add_input(node, edge);
    else {
        wr_link_cut(&edge->link);
        atomic_store(&edge->attached, false);
    }
    free(change);
}

static void apply_all(weir_node *node, bool last)
{
    pthread_mutex_lock(&node->changes_lock);
    wr_change *change = node->changes;
    node->changes = NULL;
    node->changes_closed |= last;
    atomic_store(&node->any_change, false);
    pthread_mutex_unlock(&node->changes_lock);
    while (change) {
        wr_change *next = change->next;
        apply(node, change);
        change = next;
    }
}

void wr_node_change(weir_node *node, wr_change *change)
{
    pthread_mutex_lock(&node->changes_lock);
    bool closed = node->changes_closed;
    wr_change **at = &node->changes;
    while (*at)
        at = &(*at)->next;
    if (!closed)
        *at = change;
    atomic_store(&node->any_change, true);
    pthread_mutex_unlock(&node->changes_lock);
    if (closed)
        apply(node, change); /* its strand is over: nobody else looks at it */
}
