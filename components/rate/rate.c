/* rate: lets at most so many frames a second pass, evenly spaced by capture time. */
#include <weir/component.h>

typedef struct rate_options {
    double fps;
} rate_options;

typedef struct rate_state {
    int64_t due_ns; /* the next frame captured at or after this passes */
    bool begun;
} rate_state;

/* Steps along a fixed grid, so that passing a little late now does not make the next one late too. */
static weir_status process(weir_node *node, int input, const weir_frame *frame)
{
    const rate_options *options = weir_options(node);
    rate_state *state = weir_state(node);
    const int64_t interval_ns = (int64_t)(1e9 / options->fps);
    (void)input;
    if (state->begun && frame->captured_ns < state->due_ns)
        return WEIR_OK;
    if (!state->begun || frame->captured_ns >= state->due_ns + interval_ns)
        state->due_ns = frame->captured_ns;
    state->begun = true;
    state->due_ns += interval_ns;
    weir_frame copy = weir_frame_fork(frame);
    weir_send(node, 0, &copy);
    return WEIR_OK;
}

static const weir_option options[] = {
    WEIR_OPTION(rate_options, fps, "most frames a second", .unit = "1/s", .text = "1", .min = 0.001, .max = 100000),
    {0},
};
static const weir_port inputs[] = {{.name = "in"}, {0}};
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
    .process = process,
};
