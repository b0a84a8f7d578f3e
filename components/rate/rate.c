/* rate: lets at most so many frames a second pass, evenly spaced: of the clock where a stream is live, of the media where
 * it is read as fast as possible. */
#include <weir/component.h>

#include <stdlib.h>

typedef struct rate_options {
    double fps;
} rate_options;

typedef struct rate_state {
    int64_t *due_ns; /* of each stream: the next frame at or after this passes */
} rate_state;

static weir_status open_rate(weir_node *node)
{
    rate_state *state = weir_state(node);
    state->due_ns = calloc(weir_streams(node) + 1u, sizeof *state->due_ns);
    for (uint32_t s = 0; state->due_ns && s < weir_streams(node); s++)
        state->due_ns[s] = INT64_MIN;
    return state->due_ns ? WEIR_OK : weir_fail(node, WEIR_NO_MEMORY, "no memory for so many streams");
}

static void close_rate(weir_node *node)
{
    rate_state *state = weir_state(node);
    free(state->due_ns);
}

static int64_t time_of(const weir_node *node, const weir_frame *frame)
{
    return weir_is_live(node) || frame->pts_ns == WEIR_NO_TIME ? frame->captured_ns : frame->pts_ns;
}

/* Steps along a fixed grid, so that passing a little late now does not make the next one late too; a jump of time, ahead
 * or back, begins a new grid. */
static weir_status process(weir_node *node, int input, const weir_frame *frame)
{
    const rate_options *options = weir_options(node);
    rate_state *state = weir_state(node);
    const int64_t interval_ns = (int64_t)(1e9 / options->fps), at_ns = time_of(node, frame);
    int64_t *due_ns = &state->due_ns[frame->stream];
    (void)input;
    bool jumped = *due_ns == INT64_MIN || at_ns - *due_ns >= interval_ns || *due_ns - at_ns > 2 * interval_ns;
    if (!jumped && at_ns < *due_ns)
        return WEIR_OK;
    *due_ns = (jumped ? at_ns : *due_ns) + interval_ns;
    weir_frame copy = weir_frame_fork(frame);
    weir_send(node, 0, &copy);
    return WEIR_OK;
}

static const weir_option options[] = {
    WEIR_OPTION(rate_options, fps, "most frames a second", .unit = "1/s", .text = "1", .min = 0.001, .max = 100000),
    {0},
};
static const weir_port inputs[] = {{.name = "in", .flags = WEIR_PORT_MANY}, {0}};
static const weir_port outputs[] = {{.name = "out"}, {0}};

extern const weir_component_class wr_class_rate;
const weir_component_class wr_class_rate = {
    .name = "rate",
    .summary = "lets at most so many frames a second pass",
    .inputs = inputs,
    .outputs = outputs,
    .options = options,
    .options_bytes = sizeof(rate_options),
    .state_bytes = sizeof(rate_state),
    .open = open_rate,
    .process = process,
    .close = close_rate,
};
