/* debugger: prints the number of every frame. */
#include <weir/component.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

typedef struct debugger_options {
    weir_string label;
    bool detail;
} debugger_options;

static void print_detail(weir_node *node, const weir_frame *frame, char *text, size_t bytes)
{
    size_t at = strlen(text);
    at += (size_t)snprintf(text + at, bytes - at, " stream=%s age_ms=%.3f", weir_stream_name(node, frame->stream),
                           (double)(weir_now(node) - frame->captured_ns) / 1e6);
    if (frame->order != WEIR_NO_ORDER && at < bytes)
        at += (size_t)snprintf(text + at, bytes - at, " order=%" PRId64, frame->order);
    if (frame->flags & WEIR_FRAME_GAP && at < bytes)
        at += (size_t)snprintf(text + at, bytes - at, " gap");
    const weir_boxes *boxes = weir_frame_boxes(frame);
    for (uint32_t i = 0; boxes && i < boxes->count && at < bytes; i++)
        at += (size_t)snprintf(text + at, bytes - at, " %s:%.2f", boxes->box[i].label, (double)boxes->box[i].score);
}

static weir_status process(weir_node *node, int input, const weir_frame *frame)
{
    const debugger_options *options = weir_options(node);
    char text[1024];
    (void)input;
    snprintf(text, sizeof text, "%s %" PRId64, options->label.text, frame->number);
    if (options->detail)
        print_detail(node, frame, text, sizeof text);
    flockfile(stdout);
    bool good = puts(text) >= 0 && fflush(stdout) == 0;
    funlockfile(stdout);
    return good ? WEIR_OK : weir_fail(node, WEIR_IO, "cannot write to standard output; is its reader gone?");
}

static const weir_option options[] = {
    WEIR_OPTION(debugger_options, label, "word before the number", .text = "Debugger"),
    WEIR_OPTION(debugger_options, detail, "also stream, age, order, gaps and what was found", .text = "false"),
    {0},
};
static const weir_port inputs[] = {{.name = "in", .wants = {"weir.boxes/1"}, .flags = WEIR_PORT_MANY}, {0}};

extern const weir_component_class wr_class_debugger;
const weir_component_class wr_class_debugger = {
    .name = "debugger",
    .summary = "prints the number of every frame",
    .inputs = inputs,
    .options = options,
    .options_bytes = sizeof(debugger_options),
    .process = process,
};
