/* debugger: prints the number of every frame. */
#include <weir/component.h>

#include "../lib/say.h"

typedef struct debugger_options {
    weir_string label;
    bool detail;
} debugger_options;

static weir_status process(weir_node *node, int input, const weir_frame *frame)
{
    const debugger_options *options = weir_options(node);
    (void)input;
    return wr_say(node, frame, options->label.text, options->detail);
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
