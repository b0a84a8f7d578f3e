#include "../lib/folder.h"
#include "line.h"
#include "output.h"
#include <stdlib.h>
#include <string.h>
#include <weir/component.h>

typedef struct jsonl_options {
    weir_path path;
    weir_bytes rotate;
    int keep;
    weir_duration flush;
    weir_choice frames;
} jsonl_options;

static const int64_t retry_ns = 1000000000;

enum { FRAMES_ALL, FRAMES_ANALYSED, FRAMES_FOUND };

typedef struct jsonl_state {
    wr_output output;
    bool each_line; /* flushed at once */
    bool failing;   /* said so already */
    bool waking;    /* a tick is on its way */
    uint64_t lost;  /* since it began to fail */
} jsonl_state;

static bool to_stdout(const jsonl_options *options)
{
    return strcmp(options->path.text, "-") == 0;
}

static weir_status plan(weir_node *node)
{
    char why[256];
    const jsonl_options *options = weir_options(node);
    weir_plan_memory(node, WR_OUTPUT_BYTES);
    weir_status status = to_stdout(options) ? WEIR_OK : wr_file_check(options->path.text, why, sizeof why);
    return status < 0 ? weir_fail(node, status, "%s", why) : WEIR_OK;
}

static weir_status prepare(weir_node *node)
{
    char why[256];
    const jsonl_options *options = weir_options(node);
    weir_status status = to_stdout(options) ? WEIR_OK : wr_folder_make_for(options->path.text, why, sizeof why);
    return status < 0 ? weir_fail(node, status, "%s", why) : WEIR_OK;
}

static weir_status open_output(weir_node *node)
{
    jsonl_state *state = weir_state(node);
    const jsonl_options *options = weir_options(node);
    state->each_line = to_stdout(options) || options->flush.ns == 0;
    state->output =
        (wr_output){.path = options->path.text, .rotate_bytes = options->rotate.count, .keep = options->keep};
    weir_status status = wr_output_open(&state->output);
    return status < 0 ? weir_fail(node, status, "%s", state->output.why) : WEIR_OK;
}

static weir_status flush(weir_node *node)
{
    jsonl_state *state = weir_state(node);
    weir_status status = wr_output_flush(&state->output);
    if (status == WEIR_END)
        return weir_fail(node, WEIR_IO, "%s", state->output.why);
    if (status < 0 && !state->failing && !weir_interrupted(node))
        weir_error(node, "%s", state->output.why);
    if (status == WEIR_OK && state->failing) {
        weir_note(node, WEIR_LOG_INFO, "writes to %s again; %llu lines were lost", state->output.path,
                  (unsigned long long)state->lost);
        state->lost = 0;
    }
    state->failing = status < 0;
    return WEIR_OK;
}

/* A later weir_wake_at() would replace an earlier one, so frames that come fast must not put it off for ever. */
static void flush_later(weir_node *node)
{
    const jsonl_options *options = weir_options(node);
    jsonl_state *state = weir_state(node);
    if (state->waking || !state->output.bytes)
        return;
    state->waking = true;
    weir_wake_at(node, weir_now(node) + (options->flush.ns ? options->flush.ns : retry_ns));
}

static bool wanted(const weir_frame *frame, int frames)
{
    const weir_boxes *boxes = weir_frame_boxes(frame);
    return frames == FRAMES_ALL || (boxes && (frames == FRAMES_ANALYSED || boxes->count > 0));
}

static void lose(weir_node *node)
{
    jsonl_state *state = weir_state(node);
    state->lost++;
    weir_count_lost(node, 1);
}

static weir_status gather(weir_node *node, const char *line)
{
    jsonl_state *state = weir_state(node);
    size_t bytes = strlen(line);
    weir_status status = WEIR_OK;
    if (wr_output_line(&state->output, line, bytes))
        return WEIR_OK;
    /* While writing fails, only the tick tries: not every frame pays for a hopeless write. */
    if (!state->failing)
        status = flush(node);
    if (status == WEIR_OK && !wr_output_line(&state->output, line, bytes))
        lose(node);
    return status;
}

static weir_status process(weir_node *node, int input, const weir_frame *frame)
{
    (void)input;
    jsonl_state *state = weir_state(node);
    const jsonl_options *options = weir_options(node);
    if (!wanted(frame, options->frames.index))
        return WEIR_OK;
    char *line = wr_line_new(frame, weir_stream_name(node, frame->stream), weir_now(node));
    if (!line) {
        lose(node);
        return WEIR_OK;
    }
    weir_status status = gather(node, line);
    free(line);
    if (status == WEIR_OK && state->each_line && !state->failing)
        status = flush(node);
    flush_later(node);
    return status;
}

static weir_status tick(weir_node *node)
{
    jsonl_state *state = weir_state(node);
    state->waking = false;
    weir_status status = flush(node);
    flush_later(node);
    return status;
}

static weir_status finish(weir_node *node, int input)
{
    (void)input;
    return flush(node);
}

static void interrupt(weir_node *node)
{
    jsonl_state *state = weir_state(node);
    wr_output_interrupt(&state->output);
}

static void close_output(weir_node *node)
{
    jsonl_state *state = weir_state(node);
    flush(node);
    weir_count_lost(node, wr_output_close(&state->output));
}

static const char *const frames_choices[] = {"all", "analysed", "found", NULL};

static const weir_option options[] = {
    WEIR_OPTION(jsonl_options, path, "file that lines are added to, - for standard output", .text = "-"),
    WEIR_OPTION(jsonl_options, rotate, "size at which the file is renamed to FILE.1 and begun anew, 0 for never",
                .text = "0"),
    WEIR_OPTION(jsonl_options, keep, "older files that stay when rotating", .text = "5", .min = 0, .max = 1000),
    WEIR_OPTION(jsonl_options, flush, "longest time a line waits in memory; standard output never waits", .text = "1s",
                .min = 0, .max = 3600),
    WEIR_OPTION(jsonl_options, frames, "which frames become a line", .text = "all", .choices = frames_choices),
    {0},
};

static const weir_port inputs[] = {
    {.name = "in", .wants = {"weir.boxes/1", "weir.points/1"}, .flags = WEIR_PORT_MANY},
    {0},
};

static const weir_component_class jsonl = {
    .name = "jsonl",
    .summary = "writes each frame and what was found in it as a line of JSON",
    .inputs = inputs,
    .options = options,
    .options_bytes = sizeof(jsonl_options),
    .state_bytes = sizeof(jsonl_state),
    .flags = WEIR_WRITES,
    .plan = plan,
    .prepare = prepare,
    .open = open_output,
    .process = process,
    .finish = finish,
    .tick = tick,
    .interrupt = interrupt,
    .close = close_output,
};

WEIR_PLUGIN(&jsonl);
