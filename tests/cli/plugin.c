/* Components that the tests of the command steer: a source that counts, and a sink that prints, waits, fails or never
 * comes back. */
#include <stdio.h>
#include <unistd.h>
#include <weir/component.h>

typedef struct source_options {
    double rate;
    int64_t frames;
    weir_url url;
} source_options;

typedef struct source_state {
    int64_t sent, began_ns;
} source_state;

static const weir_option source_table[] = {
    WEIR_OPTION(source_options, rate, "frames a second", .unit = "1/s", .text = "10", .min = 0.1, .max = 1000),
    WEIR_OPTION(source_options, frames, "ends after that many, 0 never", .min = 0, .max = 1e9),
    WEIR_OPTION(source_options, url, "taken and not used"),
    {0},
};

static weir_status source_plan(weir_node *node)
{
    weir_plan_live(node);
    return WEIR_OK;
}

static weir_status source_produce(weir_node *node)
{
    const source_options *options = weir_options(node);
    source_state *state = weir_state(node);
    int64_t now = weir_now(node);
    if (state->sent == 0)
        state->began_ns = now;
    int64_t due = state->began_ns + (int64_t)((double)state->sent * 1e9 / options->rate);
    if (now >= due) {
        if (options->frames && state->sent == options->frames)
            return WEIR_END;
        weir_frame frame = weir_frame_new(node, due);
        state->sent++;
        weir_send(node, 0, &frame);
        due = state->began_ns + (int64_t)((double)state->sent * 1e9 / options->rate);
    }
    weir_wake_at(node, due);
    return WEIR_OK;
}

static const weir_port source_outputs[] = {{.name = "out"}, {0}};

static const weir_component_class source_class = {
    .name = "cli-source",
    .summary = "counts frames at a rate",
    .outputs = source_outputs,
    .options = source_table,
    .options_bytes = sizeof(source_options),
    .state_bytes = sizeof(source_state),
    .plan = source_plan,
    .produce = source_produce,
};

typedef struct sink_options {
    bool say;
    weir_duration delay;
    int64_t fail_at, stuck_at;
    weir_string words;
} sink_options;

static const weir_option sink_table[] = {
    WEIR_OPTION(sink_options, say, "prints every frame"),
    WEIR_OPTION(sink_options, delay, "waits at every frame", .max = 3600),
    WEIR_OPTION(sink_options, fail_at, "fails at that frame"),
    WEIR_OPTION(sink_options, stuck_at, "never comes back from that frame"),
    WEIR_OPTION(sink_options, words, "printed with every frame"),
    {0},
};

static weir_status sink_process(weir_node *node, int input, const weir_frame *frame)
{
    const sink_options *options = weir_options(node);
    (void)input;
    if (options->say) {
        printf("%s %lld%s%s\n", weir_name(node), (long long)frame->number, options->words.text[0] ? " " : "",
               options->words.text);
        fflush(stdout);
    }
    if (options->fail_at && frame->number == options->fail_at)
        return weir_fail(node, WEIR_IO, "the disk of rtsp://me:hunter2@host is full; make room");
    while (options->stuck_at && frame->number == options->stuck_at)
        pause();
    if (options->delay.ns)
        weir_sleep(node, options->delay.ns);
    return WEIR_OK;
}

static const weir_port sink_inputs[] = {{.name = "in", .wants = {"*"}, .flags = WEIR_PORT_MANY}, {0}};

static const weir_component_class sink_class = {
    .name = "cli-sink",
    .summary = "prints, waits, fails or never comes back",
    .inputs = sink_inputs,
    .options = sink_table,
    .options_bytes = sizeof(sink_options),
    .process = sink_process,
};

static weir_status pass_process(weir_node *node, int input, const weir_frame *frame)
{
    (void)input;
    weir_frame out = weir_frame_fork(frame);
    weir_send(node, 0, &out);
    return WEIR_OK;
}

static const weir_port pass_inputs[] = {{.name = "in", .wants = {"*"}, .flags = WEIR_PORT_MANY}, {0}};

static const weir_component_class pass_class = {
    .name = "cli-pass",
    .summary = "hands every frame on",
    .inputs = pass_inputs,
    .outputs = source_outputs,
    .process = pass_process,
};

WEIR_PLUGIN(&source_class, &sink_class, &pass_class);
