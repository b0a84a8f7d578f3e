/* join: puts the results of parallel branches back together, frame by frame.
 *
 * What came of a frame waits until every other branch has brought its part or is known never to: links tell how far
 * their branch has passed. Frames leave in the order of display, per stream, so nothing that is sent is overtaken.
 *
 * Invariant (no deadlock): while the window is full, only those inputs are taken from that the oldest frame of some
 * stream waits for. Each of them either brings that part or passes it, and then the frame leaves. */
#include <weir/component.h>

#include "merge.h"
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>

enum { INPUTS_MAX = 64, IN, LEFT, RIGHT };
static const int64_t live_wait_ns = 1000000000;

typedef struct join_options {
    int window;
    weir_duration max_wait;
    weir_choice missing;
} join_options;

typedef struct waiting {
    int64_t order; /* 0: free */
    uint32_t stream;
    int64_t since_ns;
    uint64_t have; /* inputs that have brought their part */
    weir_frame *part;
} waiting;

typedef struct join_state {
    waiting *entry;
    weir_frame *parts;
    int window; /* frames that may wait: as asked for, and what a branch holds back more than another */
    int entries, used;
    int order[INPUTS_MAX]; /* inputs, those whose attachments count first */
    int64_t *left;         /* of each stream: order of the frame that left last */
    int64_t max_wait_ns;
    wr_merge merge;
} join_state;

static weir_status plan(weir_node *node)
{
    join_state *state = weir_state(node);
    const join_options *options = weir_options(node);
    int inputs = weir_inputs(node), least = INT_MAX, most = 0;
    if (inputs < 2 || inputs > INPUTS_MAX)
        return weir_fail(node, WEIR_BAD_GRAPH, "a join has 2 to %d links that lead to it, this one has %d", INPUTS_MAX,
                         inputs);
    for (int i = 0; i < inputs; i++) {
        int lag = (int)weir_input_lag(node, i);
        least = lag < least ? lag : least;
        most = lag > most ? lag : most;
    }
    state->window = options->window + most - least;
    state->entries = state->window + 2 * inputs;
    weir_plan_keeps(node, (unsigned)state->entries);
    weir_plan_memory(node, (size_t)(state->entries * inputs) * sizeof(weir_frame));
    return wr_merge_plan(&state->merge, node);
}

/* The port left counts first, then in, then right; links to one port in the order they were written. */
static void rank_inputs(weir_node *node, join_state *state)
{
    static const int port[] = {LEFT - IN, IN - IN, RIGHT - IN};
    int ranked = 0;
    for (int p = 0; p < 3; p++)
        for (int i = 0; i < weir_inputs(node); i++)
            if (weir_input_port(node, i, NULL) == port[p])
                state->order[ranked++] = i;
}

static void close_join(weir_node *node)
{
    join_state *state = weir_state(node);
    for (int i = 0; state->parts && i < state->entries * weir_inputs(node); i++)
        weir_frame_drop(&state->parts[i]);
    free(state->entry);
    free(state->parts);
    free(state->left);
    wr_merge_close(&state->merge);
}

static weir_status open_join(weir_node *node)
{
    join_state *state = weir_state(node);
    const join_options *options = weir_options(node);
    size_t inputs = (size_t)weir_inputs(node), entries = (size_t)state->entries;
    state->entry = calloc(entries, sizeof *state->entry);
    state->parts = calloc(entries * inputs, sizeof *state->parts);
    state->left = calloc(weir_streams(node) + 1u, sizeof *state->left);
    weir_status status = wr_merge_open(&state->merge, node);
    if (!state->entry || !state->parts || !state->left || status < 0) {
        close_join(node);
        return weir_fail(node, WEIR_NO_MEMORY, "no memory for %zu frames; lower window=", entries);
    }
    for (size_t i = 0; i < entries; i++)
        state->entry[i].part = &state->parts[i * inputs];
    state->max_wait_ns = options->max_wait.ns ? options->max_wait.ns : weir_is_live(node) ? live_wait_ns : INT64_MAX;
    rank_inputs(node, state);
    return WEIR_OK;
}

/* --- what waits --- */

static waiting *oldest_of(const join_state *state, uint32_t stream)
{
    waiting *oldest = NULL;
    for (int i = 0; i < state->entries; i++) {
        waiting *w = &state->entry[i];
        if (w->order && w->stream == stream && (!oldest || w->order < oldest->order))
            oldest = w;
    }
    return oldest;
}

static waiting *find(const join_state *state, const weir_frame *frame)
{
    for (int i = 0; i < state->entries; i++)
        if (state->entry[i].order == frame->order && state->entry[i].stream == frame->stream)
            return &state->entry[i];
    return NULL;
}

static bool waits_for(const weir_node *node, const waiting *w, int input)
{
    return !(w->have >> input & 1) && weir_input_bound(node, input, w->stream) < w->order;
}

static bool complete(const weir_node *node, const waiting *w)
{
    for (int i = 0; i < weir_inputs(node); i++)
        if (waits_for(node, w, i))
            return false;
    return true;
}

static bool waited_enough(const weir_node *node, const join_state *state, const waiting *w)
{
    return state->max_wait_ns != INT64_MAX && weir_now(node) - w->since_ns >= state->max_wait_ns;
}

/* On a live stream nobody waits for a full window: its oldest frame leaves as it is. */
static bool crowded_out(const weir_node *node, const join_state *state, const waiting *w)
{
    bool full = state->used > (weir_is_live(node) ? state->window : state->entries - 1);
    for (int i = 0; i < state->entries && full; i++)
        full = !state->entry[i].order || state->entry[i].since_ns >= w->since_ns;
    return full;
}

/* A frame that may leave, NULL if there is none. */
static waiting *may_leave(const weir_node *node, const join_state *state)
{
    for (int i = 0; i < state->entries; i++) {
        if (!state->entry[i].order)
            continue;
        waiting *w = oldest_of(state, state->entry[i].stream);
        if (complete(node, w) || waited_enough(node, state, w) || crowded_out(node, state, w))
            return w;
    }
    return NULL;
}

/* --- leaving --- */

static void say_early(weir_node *node, const waiting *w)
{
    const char *from = "?";
    for (int i = 0; i < weir_inputs(node); i++)
        if (waits_for(node, w, i))
            weir_input_port(node, i, &from);
    weir_error(node, "frame %" PRId64 " of %s left without what %s may still make of it; raise max_wait= and window=",
               w->order, weir_stream_name(node, w->stream), from);
}

static void leave(weir_node *node, join_state *state, waiting *w)
{
    const join_options *options = weir_options(node);
    bool whole = complete(node, w), all = w->have == UINT64_MAX >> (64 - weir_inputs(node));
    weir_frame frame = {.count = 0};
    if (!whole)
        say_early(node, w);
    if (!wr_merge_parts(&state->merge, node, w->part, state->order, &frame))
        weir_error(node, "frame %" PRId64 " carries more than fits together; something was left out", w->order);
    uint32_t stream = w->stream;
    int64_t order = w->order;
    state->left[stream] = order;
    *w = (waiting){.part = w->part};
    state->used--;
    if (all || options->missing.index == 0) {
        weir_send(node, 0, &frame);
        return;
    }
    weir_frame_drop(&frame);
    weir_passed(node, stream, order);
}

/* --- taking --- */

/* Which inputs may bring more. */
static void set_accept(weir_node *node, const join_state *state)
{
    bool full = state->used >= state->window && !weir_is_live(node);
    for (int i = 0; i < weir_inputs(node); i++) {
        bool awaited = !full;
        for (int e = 0; e < state->entries && !awaited; e++)
            awaited = state->entry[e].order && waits_for(node, oldest_of(state, state->entry[e].stream), i);
        weir_accept(node, i, awaited);
    }
}

static waiting *begin(weir_node *node, join_state *state, const weir_frame *frame)
{
    for (int i = 0; i < state->entries; i++) {
        waiting *w = &state->entry[i];
        if (w->order)
            continue;
        *w = (waiting){.order = frame->order, .stream = frame->stream, .since_ns = weir_now(node), .part = w->part};
        state->used++;
        return w;
    }
    return NULL;
}

static weir_status process(weir_node *node, int input, const weir_frame *frame)
{
    join_state *state = weir_state(node);
    weir_wake_at(node, 0);
    if (frame->order == WEIR_NO_ORDER || frame->order <= state->left[frame->stream]) {
        weir_count_lost(node, 1); /* the frame has left; that it did so early was said then */
        return WEIR_OK;
    }
    waiting *w = find(state, frame);
    if (!w)
        w = begin(node, state, frame);
    if (!w || w->have >> input & 1) { /* a branch that sends a frame twice */
        weir_count_lost(node, 1);
        return WEIR_OK;
    }
    w->part[input] = weir_frame_fork(frame);
    w->have |= UINT64_C(1) << input;
    return WEIR_OK;
}

/* Nothing at or before that will be sent any more: what no input can bring and nothing here waits to be. */
static void tell_passed(weir_node *node, const join_state *state)
{
    for (uint32_t s = 0; s < weir_streams(node); s++) {
        int64_t least = INT64_MAX;
        for (int i = 0; i < weir_inputs(node); i++)
            if (weir_input_bound(node, i, s) < least)
                least = weir_input_bound(node, i, s);
        const waiting *oldest = oldest_of(state, s);
        weir_passed(node, s, oldest && oldest->order <= least ? oldest->order - 1 : least);
    }
}

static void wake_for_the_longest(weir_node *node, const join_state *state)
{
    int64_t at_ns = INT64_MAX;
    for (int i = 0; i < state->entries && state->max_wait_ns != INT64_MAX; i++)
        if (state->entry[i].order && state->entry[i].since_ns + state->max_wait_ns < at_ns)
            at_ns = state->entry[i].since_ns + state->max_wait_ns;
    weir_wake_at(node, at_ns);
}

static weir_status tick(weir_node *node)
{
    join_state *state = weir_state(node);
    waiting *w = may_leave(node, state);
    if (w)
        leave(node, state, w);
    set_accept(node, state);
    if (may_leave(node, state))
        return WEIR_MORE;
    tell_passed(node, state);
    wake_for_the_longest(node, state);
    return WEIR_OK;
}

static weir_status finish(weir_node *node, int input)
{
    (void)input;
    if (!may_leave(node, weir_state(node)))
        return WEIR_OK;
    tick(node);
    return WEIR_MORE;
}

static const char *const when_missing[] = {"send", "drop", NULL};
static const weir_option options[] = {
    WEIR_OPTION(join_options, window, "frames that may wait for their other parts", .text = "16", .min = 1, .max = 256),
    WEIR_OPTION(join_options, max_wait,
                "longest wait for a branch that says nothing; 0: 1s on a live stream, else no limit", .text = "0s",
                .min = 0, .max = 3600),
    WEIR_OPTION(join_options, missing, "what happens to a frame that a branch let go: it leaves without, or not at all",
                .text = "send", .choices = when_missing),
    {0},
};
static const weir_port inputs[] = {
    {.name = "in",
     .wants = {"weir.boxes/1", "weir.points/1"},
     .flags = WEIR_PORT_MANY | WEIR_PORT_OPTIONAL | WEIR_PORT_ORDERED},
    {.name = "left", .wants = {"weir.boxes/1", "weir.points/1"}, .flags = WEIR_PORT_OPTIONAL | WEIR_PORT_ORDERED},
    {.name = "right", .wants = {"weir.boxes/1", "weir.points/1"}, .flags = WEIR_PORT_OPTIONAL | WEIR_PORT_ORDERED},
    {0},
};
static const weir_port outputs[] = {{.name = "out"}, {0}};

extern const weir_component_class wr_class_join;
const weir_component_class wr_class_join = {
    .name = "join",
    .summary = "puts the results of parallel branches back together, frame by frame",
    .inputs = inputs,
    .outputs = outputs,
    .options = options,
    .options_bytes = sizeof(join_options),
    .state_bytes = sizeof(join_state),
    .flags = WEIR_HOLDS | WEIR_BOUNDS,
    .plan = plan,
    .open = open_join,
    .process = process,
    .finish = finish,
    .tick = tick,
    .close = close_join,
};
